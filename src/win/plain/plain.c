/* Pipes that were not opened for overlapped calls, files and devices: the usual stdio of a process.
 *
 * Each call on such a handle blocks, and all calls on its file object, those of other processes and those
 * that only ask included, wait for each other. So the loop's thread makes none at all; a helper makes one
 * after the other (blocking.c), with buffers of its own. While it waits for something to read, nobody else
 * gets through: it is called back as soon as there is something to write, and when nobody reads any more. */
#include "win/plain/plain.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  BUFFER = 65536 /* of what was read */
};

/* io->tail.more */
struct plain {
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

static struct plain* plain_of(const struct uv__io* io) {
  return io->tail.more;
}

/* ---- On the helper ---- */

/* Whether what it waits for, when it reads, is still wanted. */
static int is_wanted(struct uv__helper* helper) {
  struct plain* plain = (struct plain*) helper;
  int wanted;

  AcquireSRWLockExclusive(&helper->lock);
  wanted = plain->wanted && !helper->closing;
  ReleaseSRWLockExclusive(&helper->lock);
  return wanted;
}

/* Reads once, if that is wanted and nothing is to be written; says what follows. */
static unsigned read_if_wanted(struct plain* plain) {
  struct uv__helper* helper = &plain->helper;
  DWORD size = 0;
  int wanted;
  int error;
  int done;

  AcquireSRWLockExclusive(&helper->lock);
  wanted = plain->wanted && !helper->closing;
  plain->reading = wanted && uv__outbox_is_empty(&plain->box);
  ReleaseSRWLockExclusive(&helper->lock);
  if (!plain->reading)
    return wanted ? UV__HELPER_AGAIN : 0;
  error = uv__blocking_read(&plain->calls, is_wanted, plain->bytes, BUFFER, &size);
  AcquireSRWLockExclusive(&helper->lock);
  plain->reading = 0;
  plain->at = 0;
  plain->size = size;
  plain->error = error;
  done = size > 0 || error < 0;
  if (done)
    plain->wanted = 0;
  ReleaseSRWLockExclusive(&helper->lock);
  return done ? UV__HELPER_TELL : UV__HELPER_AGAIN;
}

static int write_some(struct uv__helper* helper, const char* bytes, DWORD size, DWORD* taken) {
  return uv__blocking_write(&((struct plain*) helper)->calls, bytes, size, taken);
}

/* What was written is told before it waits for something to read. */
static unsigned work(struct uv__helper* helper) {
  struct plain* plain = (struct plain*) helper;

  if (uv__outbox_deliver(&plain->box, helper, write_some))
    return UV__HELPER_TELL | UV__HELPER_AGAIN;
  return read_if_wanted(plain);
}

/* Only from a read, which takes nothing then. */
static int cancel(struct uv__helper* helper) {
  struct plain* plain = (struct plain*) helper;

  if (plain->reading)
    uv__blocking_cancel(&plain->calls);
  return plain->reading;
}

/* ---- Its end ---- */

static void release(struct uv__helper* helper) {
  struct plain* plain = (struct plain*) helper;

  uv__blocking_end(&plain->calls);
  uv__free(plain);
}

static void end(struct uv__io* io) {
  struct plain* plain = plain_of(io);

  uv__outbox_end(&plain->box, &plain->helper, io);
  uv__loop_unlink(io);
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
  uv__helper_disown(&plain->helper);
}

static void closed(struct uv__helper* helper) {
  struct uv__io* io = ((struct plain*) helper)->io;

  end(io);
  uv__ring(io, UV__CLOSED);
}

/* Nobody reads, or somebody wants to write: a helper that waits with a read is to come back. */
static void interrupt(struct plain* plain, unsigned char wanted) {
  int reading;

  AcquireSRWLockExclusive(&plain->helper.lock);
  plain->wanted = plain->wanted && wanted;
  reading = plain->reading;
  ReleaseSRWLockExclusive(&plain->helper.lock);
  if (reading)
    uv__helper_recall(&plain->helper);
}

static int plain_close(struct uv__io* io) {
  struct plain* plain = plain_of(io);
  int r;

  interrupt(plain, 0);
  r = uv__helper_close(&plain->helper);
  if (r == 0)
    end(io);
  return r;
}

/* ---- READ ---- */

static int has_read(const struct plain* plain) {
  return !plain->reading && (plain->at < plain->size || plain->error < 0);
}

static int plain_read_arm(struct uv__io* io) {
  struct plain* plain = plain_of(io);
  int ready;
  int r;

  if (!plain->readable)
    return UV_ENOTCONN;
  AcquireSRWLockExclusive(&plain->helper.lock);
  ready = has_read(plain);
  plain->wanted = !ready;
  ReleaseSRWLockExclusive(&plain->helper.lock);
  if (ready)
    return UV__READY;
  r = uv__helper_ask(&plain->helper);
  return r < 0 ? r : UV__PENDING;
}

static int plain_read_disarm(struct uv__io* io) {
  interrupt(plain_of(io), 0);
  return 0;
}

static ssize_t plain_read_now(struct uv__io* io,
                              char* base,
                              size_t len,
                              struct uv__passed* passed) {
  struct plain* plain = plain_of(io);
  ssize_t r = UV_EAGAIN;

  (void) passed;
  AcquireSRWLockExclusive(&plain->helper.lock);
  if (has_read(plain)) {
    if (plain->at < plain->size) {
      r = (ssize_t) (plain->size - plain->at < len ? plain->size - plain->at : len);
      memcpy(base, plain->bytes + plain->at, (size_t) r);
      plain->at += (DWORD) r;
    } else {
      r = plain->error;
      if (r != UV_EOF)
        plain->error = 0;
    }
  }
  ReleaseSRWLockExclusive(&plain->helper.lock);
  return r;
}

/* ---- WRITE, SHUTDOWN ---- */

static ssize_t plain_write(struct uv__io* io,
                           const uv_buf_t* bufs,
                           unsigned nbufs,
                           enum uv__write_mode mode,
                           struct uv__io* const* pass) {
  struct plain* plain = plain_of(io);
  ssize_t n;

  (void) pass;
  if (!plain->writable || plain->calls.handle == INVALID_HANDLE_VALUE)
    return UV_EPIPE;
  n = uv__outbox_write(&plain->box, &plain->helper, io, bufs, nbufs, mode);
  if (n > 0 || n == UV__PENDING)
    interrupt(plain, 1);
  return n;
}

static size_t plain_more(struct uv__io* io, size_t ahead, const uv_buf_t* bufs, unsigned nbufs) {
  struct plain* plain = plain_of(io);
  size_t n = uv__outbox_write_more(&plain->box, &plain->helper, ahead, bufs, nbufs);

  if (n > 0)
    interrupt(plain, 1);
  return n;
}

/* A pipe that is only written to is closed, which its reader sees. One that is read from too must
 * stay. Nothing is left to write, so that the helper does not use it. */
static void end_writing(struct plain* plain) {
  if (plain->readable || plain->calls.handle == INVALID_HANDLE_VALUE)
    return;
  uv__own_drop(plain->calls.handle, plain->io->loop); /* The number is the next handle's. */
  CloseHandle(plain->calls.handle);
  plain->calls.handle = plain->io->tail.u.handle = INVALID_HANDLE_VALUE;
}

static int plain_shutdown(struct uv__io* io) {
  if (!uv__outbox_is_delivered(&plain_of(io)->box, &plain_of(io)->helper))
    return UV__PENDING;
  end_writing(plain_of(io));
  return 0;
}

static void complete(struct uv__helper* helper) {
  struct plain* plain = (struct plain*) helper;
  struct uv__io* io = plain->io;
  int ready;

  AcquireSRWLockExclusive(&helper->lock);
  ready = has_read(plain);
  ReleaseSRWLockExclusive(&helper->lock);
  if (ready && (io->busy & UV__READ) && !(io->rung & UV__READ))
    uv__ring(io, UV__READ);
  uv__outbox_complete(&plain->box, helper, io);
  if ((io->busy & UV__SHUTDOWN) && !(io->rung & UV__SHUTDOWN) &&
      uv__outbox_is_delivered(&plain->box, helper))
    uv__ring(io, UV__SHUTDOWN);
}

static ssize_t plain_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0;

  if (lane == UV__WRITE) {
    r = io->tail.sent;
    io->tail.sent = 0;
  } else if (lane == UV__SHUTDOWN && io->tail.more != NULL) {
    end_writing(plain_of(io));
  } else if (lane == UV__SHUTDOWN) {
    r = UV_ECANCELED;
  }
  return r;
}

/* ---- Opening, and what may be asked ---- */

/* Asking the system would wait for whoever reads. */
static int plain_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  (void) io;
  (void) end;
  (void) addr;
  *len = 0;
  return 0;
}

static int plain_option(struct uv__io* io, enum uv__option option, void* value) {
  (void) io;
  (void) value;
  if (option == UV__CHMOD)
    return UV_EBADF; /* Not bound. */
  return option == UV__INSTANCES ? 0 : UV_EINVAL;
}

static int plain_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  if (plain_of(io)->calls.handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  *fd = plain_of(io)->calls.handle;
  return 0;
}

/* It is connected from the first moment on, so that nothing binds it, connects it or has it listen. */
static const struct uv__ops plain_ops = {
    .name = plain_name,
    .option = plain_option,
    .fileno = plain_fileno,
    .read_arm = plain_read_arm,
    .read_disarm = plain_read_disarm,
    .read_now = plain_read_now,
    .write = plain_write,
    .write_more = plain_more,
    .shutdown = plain_shutdown,
    .done = plain_done,
    .close = plain_close,
};

int uv__plain_open(struct uv__io* io, HANDLE handle, unsigned opened, int is_file) {
  struct plain* plain = uv__malloc(sizeof(*plain));
  int r;

  if (plain == NULL)
    return UV_ENOMEM;
  io->tail.u.handle = handle;
  r = uv__loop_link(io);
  if (r == 0) {
    memset(plain, 0, offsetof(struct plain, box) + offsetof(struct uv__outbox, bytes));
    r = uv__blocking_begin(&plain->calls, &plain->helper, handle);
    if (r < 0)
      uv__loop_unlink(io);
  }
  if (r < 0) {
    io->tail.u.handle = INVALID_HANDLE_VALUE;
    uv__free(plain);
    return r;
  }
  uv__helper_init(&plain->helper, io->loop, &plain->box);
  plain->helper.work = work;
  plain->helper.cancel = cancel;
  plain->helper.complete = complete;
  plain->helper.closed = closed;
  plain->helper.release = release;
  plain->calls.is_file = is_file != 0;
  plain->io = io;
  plain->readable = (opened & UV__OPENED_READABLE) != 0;
  plain->writable = (opened & UV__OPENED_WRITABLE) != 0;
  SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  io->tail.more = plain;
  io->ops = &plain_ops;
  return 0;
}
