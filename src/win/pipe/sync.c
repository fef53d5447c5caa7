/* Pipes that were not opened for overlapped calls: the usual stdio of a process.
 *
 * Each call on such a handle blocks, and all calls on its file object, those of other processes and
 * those that only ask included, wait for each other. So the loop's thread makes none at all; a
 * helper makes one after the other, with buffers of its own. While it waits for something to read,
 * nobody else gets through: it is called back as soon as there is something to write, and when
 * nobody reads any more. Its calls are in blocking.c. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"
#include "win/pipe/blocking.h"

enum {
  BUFFER = 65536 /* of what was read */
};

/* io->tail.more */
struct sync {
  struct uv__helper helper;
  struct uv__io* io;
  struct uv__blocking calls;
  unsigned char readable;
  unsigned char writable;
  /* Under the lock. */
  unsigned char wanted;  /* something to read; until it is there */
  unsigned char reading; /* what follows is the helper's */
  int error;             /* of a read: UV_E*, or 0 */
  DWORD at;              /* what was handed out of */
  DWORD size;            /* bytes that were read */
  struct uv__outbox box;
  char bytes[BUFFER];
};

static struct sync* sync_of(const struct uv__io* io) {
  return io->tail.more;
}

/* ---- On the helper ---- */

/* Whether what it waits for, when it reads, is still wanted. */
static int is_wanted(struct uv__helper* helper) {
  struct sync* sync = (struct sync*) helper;
  int wanted;

  AcquireSRWLockExclusive(&helper->lock);
  wanted = sync->wanted && !helper->closing;
  ReleaseSRWLockExclusive(&helper->lock);
  return wanted;
}

/* Reads once, if that is wanted and nothing is to be written; says what follows. */
static unsigned read_if_wanted(struct sync* sync) {
  struct uv__helper* helper = &sync->helper;
  DWORD size = 0;
  int error;
  int done;

  AcquireSRWLockExclusive(&helper->lock);
  if (!sync->wanted || helper->closing) {
    ReleaseSRWLockExclusive(&helper->lock);
    return 0;
  }
  if (!uv__outbox_is_empty(&sync->box)) {
    ReleaseSRWLockExclusive(&helper->lock);
    return UV__HELPER_AGAIN;
  }
  sync->reading = 1;
  ReleaseSRWLockExclusive(&helper->lock);
  error = uv__blocking_read(&sync->calls, is_wanted, sync->bytes, BUFFER, &size);
  AcquireSRWLockExclusive(&helper->lock);
  sync->reading = 0;
  sync->at = 0;
  sync->size = size;
  sync->error = error;
  done = size > 0 || error < 0;
  if (done)
    sync->wanted = 0;
  ReleaseSRWLockExclusive(&helper->lock);
  return done ? UV__HELPER_TELL : UV__HELPER_AGAIN;
}

static int write_some(struct uv__helper* helper, const char* bytes, DWORD size, DWORD* taken) {
  return uv__blocking_write(&((struct sync*) helper)->calls, bytes, size, taken);
}

/* What was written is told before it waits for something to read. */
static unsigned work(struct uv__helper* helper) {
  struct sync* sync = (struct sync*) helper;

  if (uv__outbox_deliver(&sync->box, helper, write_some))
    return UV__HELPER_TELL | UV__HELPER_AGAIN;
  return read_if_wanted(sync);
}

/* Only from a read, which takes nothing then. */
static int cancel(struct uv__helper* helper) {
  struct sync* sync = (struct sync*) helper;

  if (sync->reading)
    uv__blocking_cancel(&sync->calls);
  return sync->reading;
}

/* ---- Its end ---- */

static void release(struct uv__helper* helper) {
  struct sync* sync = (struct sync*) helper;

  uv__blocking_end(&sync->calls);
  uv__free(sync);
}

static void end(struct uv__io* io) {
  struct sync* sync = sync_of(io);

  uv__outbox_end(&sync->box, &sync->helper, io);
  uv__loop_unlink(io);
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
  uv__helper_disown(&sync->helper);
}

static void closed(struct uv__helper* helper) {
  struct uv__io* io = ((struct sync*) helper)->io;

  end(io);
  uv__ring(io, UV__CLOSED);
}

/* Nobody reads, or somebody wants to write: a helper that waits with a read is to come back. */
static void interrupt(struct sync* sync, unsigned char wanted) {
  int reading;

  AcquireSRWLockExclusive(&sync->helper.lock);
  sync->wanted = sync->wanted && wanted;
  reading = sync->reading;
  ReleaseSRWLockExclusive(&sync->helper.lock);
  if (reading)
    uv__helper_recall(&sync->helper);
}

int uv__pipe_sync_close(struct uv__io* io) {
  struct sync* sync = sync_of(io);
  int r;

  interrupt(sync, 0);
  r = uv__helper_close(&sync->helper);
  if (r == 0)
    end(io);
  return r;
}

/* ---- READ ---- */

static int has_read(const struct sync* sync) {
  return !sync->reading && (sync->at < sync->size || sync->error < 0);
}

int uv__pipe_sync_read_arm(struct uv__io* io) {
  struct sync* sync = sync_of(io);
  int ready;
  int r;

  if (!sync->readable)
    return UV_ENOTCONN;
  AcquireSRWLockExclusive(&sync->helper.lock);
  ready = has_read(sync);
  sync->wanted = !ready;
  ReleaseSRWLockExclusive(&sync->helper.lock);
  if (ready)
    return UV__READY;
  r = uv__helper_ask(&sync->helper);
  return r < 0 ? r : UV__PENDING;
}

int uv__pipe_sync_read_disarm(struct uv__io* io) {
  interrupt(sync_of(io), 0);
  return 0;
}

ssize_t uv__pipe_sync_read_now(struct uv__io* io,
                               char* base,
                               size_t len,
                               struct uv__passed* passed) {
  struct sync* sync = sync_of(io);
  ssize_t r = UV_EAGAIN;

  (void) passed;
  AcquireSRWLockExclusive(&sync->helper.lock);
  if (has_read(sync)) {
    if (sync->at < sync->size) {
      size_t left = sync->size - sync->at;
      r = (ssize_t) (left < len ? left : len);
      memcpy(base, sync->bytes + sync->at, (size_t) r);
      sync->at += (DWORD) r;
    } else {
      r = sync->error;
      if (r != UV_EOF)
        sync->error = 0;
    }
  }
  ReleaseSRWLockExclusive(&sync->helper.lock);
  return r;
}

/* ---- WRITE, SHUTDOWN ---- */

ssize_t uv__pipe_sync_write(struct uv__io* io,
                            const uv_buf_t* bufs,
                            unsigned nbufs,
                            enum uv__write_mode mode,
                            struct uv__io* pass) {
  struct sync* sync = sync_of(io);
  ssize_t n;

  (void) pass;
  if (!sync->writable || sync->calls.handle == INVALID_HANDLE_VALUE)
    return UV_EPIPE;
  n = uv__outbox_write(&sync->box, &sync->helper, io, bufs, nbufs, mode);
  if (n > 0 || n == UV__PENDING)
    interrupt(sync, 1);
  return n;
}

static int has_written(struct sync* sync) {
  int r;

  AcquireSRWLockExclusive(&sync->helper.lock);
  r = uv__outbox_is_empty(&sync->box);
  ReleaseSRWLockExclusive(&sync->helper.lock);
  return r;
}

/* A pipe that is only written to is closed, which its reader sees. One that is read from too must
 * stay. Nothing is left to write, so that the helper does not use it. */
static void end_writing(struct sync* sync) {
  if (sync->readable || sync->calls.handle == INVALID_HANDLE_VALUE)
    return;
  CloseHandle(sync->calls.handle);
  sync->calls.handle = INVALID_HANDLE_VALUE;
}

int uv__pipe_sync_shutdown(struct uv__io* io) {
  if (!has_written(sync_of(io)))
    return UV__PENDING;
  end_writing(sync_of(io));
  return 0;
}

static void complete(struct uv__helper* helper) {
  struct sync* sync = (struct sync*) helper;
  struct uv__io* io = sync->io;
  int ready;

  AcquireSRWLockExclusive(&helper->lock);
  ready = has_read(sync);
  ReleaseSRWLockExclusive(&helper->lock);
  if (ready && (io->busy & UV__READ) && !(io->rung & UV__READ))
    uv__ring(io, UV__READ);
  uv__outbox_complete(&sync->box, helper, io);
  if ((io->busy & UV__SHUTDOWN) && !(io->rung & UV__SHUTDOWN) && has_written(sync))
    uv__ring(io, UV__SHUTDOWN);
}

ssize_t uv__pipe_sync_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0;

  if (lane == UV__WRITE) {
    r = io->tail.sent;
    io->tail.sent = 0;
  } else if (lane == UV__SHUTDOWN && io->tail.more != NULL) {
    end_writing(sync_of(io));
  } else if (lane == UV__SHUTDOWN) {
    r = UV_ECANCELED;
  }
  return r;
}

/* ---- Opening, and what may be asked ---- */

/* Asking the system would wait for whoever reads. */
int uv__pipe_sync_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  (void) io;
  (void) end;
  (void) addr;
  *len = 0;
  return 0;
}

int uv__pipe_sync_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  HANDLE handle = sync_of(io)->calls.handle;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  *fd = handle;
  return 0;
}

int uv__pipe_sync_open(struct uv__io* io, HANDLE handle, unsigned opened) {
  struct sync* sync = uv__malloc(sizeof(*sync));
  int r;

  if (sync == NULL)
    return UV_ENOMEM;
  io->tail.u.handle = handle;
  r = uv__loop_link(io);
  if (r < 0) {
    io->tail.u.handle = INVALID_HANDLE_VALUE;
    uv__free(sync);
    return r;
  }
  memset(sync, 0, offsetof(struct sync, box) + offsetof(struct uv__outbox, bytes));
  r = uv__blocking_begin(&sync->calls, &sync->helper, handle);
  if (r < 0) {
    uv__loop_unlink(io);
    io->tail.u.handle = INVALID_HANDLE_VALUE;
    uv__free(sync);
    return r;
  }
  uv__helper_init(&sync->helper, io->loop);
  sync->helper.work = work;
  sync->helper.cancel = cancel;
  sync->helper.complete = complete;
  sync->helper.closed = closed;
  sync->helper.release = release;
  sync->io = io;
  sync->readable = (opened & UV__OPENED_READABLE) != 0;
  sync->writable = (opened & UV__OPENED_WRITABLE) != 0;
  SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  io->tail.more = sync;
  return 0;
}
