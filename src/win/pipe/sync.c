/* Pipes that were not opened for overlapped calls: the usual stdio of a process.
 *
 * Each call on such a handle blocks, and all calls on its file object, those of other
 * processes too, wait for each other. So the loop's thread makes none at all once the pipe is open: one
 * helper thread reads and one writes, each with a buffer of its own. Nothing of the program's
 * is in their hands; a helper that cannot be called back is left behind without harm.
 *
 * A helper is asked under the lock, works without it, and tells the loop by a packet. Both helpers and
 * the end share that lock, and are one file of more than 350 lines for it. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  BUFFER = 65536,  /* of a helper */
  TRY_MAX = 4096,  /* what is written without anybody waiting for it */
  PATIENCE_MS = 40 /* with a helper that does not come back, at close (rule L4) */
};

struct sync;

struct helper {
  struct uv__op op; /* its packet */
  struct sync* sync;
  void (*work)(struct helper* helper);
  HANDLE thread; /* NULL: not needed yet */
  CONDITION_VARIABLE asked;
  enum {
    IDLE,
    ASKED,
    WORKING,
    DONE, /* its packet is under way */
    GONE  /* the thread is about to end */
  } state;
  unsigned char packet;  /* posted, not dequeued */
  unsigned char alone;   /* nobody waits for it any more: it ends by itself */
  unsigned char silent;  /* writer: nobody waits for what it writes */
  unsigned char waited;  /* writer: a lane waits for it nevertheless */
  unsigned char unasked; /* reader: stopped meanwhile; nothing is to be taken */
  int error;             /* UV_E* of the work done */
  DWORD at;              /* reader: what was handed out of */
  DWORD size;            /* bytes in the buffer */
  char bytes[BUFFER];
};

/* io->tail.more; shared with the helpers. */
struct sync {
  SRWLOCK lock;
  volatile LONG owners; /* the stream and each thread */
  struct uv__io* io;
  HANDLE handle;
  volatile int closing;
  struct uv__retry retry;
  uint64_t until;        /* how long a close waits */
  struct helper* reader; /* NULL: cannot be read */
  struct helper* writer;
  int broken; /* error of a write: the pipe takes no more */
};

static struct sync* sync_of(const struct uv__io* io) {
  return io->tail.more;
}

static void disown(struct sync* sync) {
  if (InterlockedDecrement(&sync->owners) > 0)
    return;
  if (sync->handle != INVALID_HANDLE_VALUE)
    CloseHandle(sync->handle);
  uv__free(sync->reader);
  uv__free(sync->writer);
  uv__free(sync);
}

/* ---- Helpers ---- */

/* Under the lock, so that the loop is there: its stream waits for the packet. */
static void tell_loop(struct helper* helper) {
  if (helper->alone || helper->packet)
    return;
  helper->packet = 1;
  uv__loop_post(helper->sync->io->loop, &helper->op);
}

static DWORD WINAPI run(void* data) {
  struct helper* helper = data;
  struct sync* sync = helper->sync;

  AcquireSRWLockExclusive(&sync->lock);
  for (;;) {
    while (helper->state != ASKED && !sync->closing)
      SleepConditionVariableSRW(&helper->asked, &sync->lock, INFINITE, 0);
    if (helper->state != ASKED || (sync->closing && !helper->silent))
      break;
    helper->state = WORKING;
    ReleaseSRWLockExclusive(&sync->lock);
    helper->work(helper);
    AcquireSRWLockExclusive(&sync->lock);
    if (helper->silent && !helper->waited) {
      helper->state = IDLE;
    } else {
      helper->state = DONE;
      tell_loop(helper);
    }
  }
  helper->state = GONE;
  tell_loop(helper);
  ReleaseSRWLockExclusive(&sync->lock);
  disown(sync);
  return 0;
}

static struct helper* make_helper(struct sync* sync,
                                  void (*work)(struct helper* helper),
                                  void (*complete)(struct uv__op* op)) {
  struct helper* helper = uv__malloc(sizeof(*helper));

  if (helper == NULL)
    return NULL;
  memset(helper, 0, offsetof(struct helper, bytes));
  helper->sync = sync;
  helper->work = work;
  helper->op.complete = complete;
  InitializeConditionVariable(&helper->asked);
  return helper;
}

/* Has a helper work. Under the lock. The first time it needs a thread. */
static int ask(struct helper* helper) {
  struct sync* sync = helper->sync;

  if (helper->thread == NULL) {
    InterlockedIncrement(&sync->owners);
    helper->thread =
        CreateThread(NULL, UV__HELPER_STACK, run, helper, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (helper->thread == NULL) {
      InterlockedDecrement(&sync->owners);
      return uv__error_translate(GetLastError());
    }
  }
  helper->error = 0;
  helper->state = ASKED;
  WakeConditionVariable(&helper->asked);
  return 0;
}

/* Whether a close has to wait for it. Under the lock. */
static int expected(const struct helper* helper) {
  return helper != NULL && helper->thread != NULL &&
         (helper->packet || (helper->state != GONE && !helper->alone));
}

static int settled(struct sync* sync) {
  int r;

  AcquireSRWLockExclusive(&sync->lock);
  r = !expected(sync->reader) && !expected(sync->writer);
  ReleaseSRWLockExclusive(&sync->lock);
  return r;
}

/* ---- The end ---- */

static void release_helper(struct helper* helper) {
  if (helper == NULL || helper->thread == NULL)
    return;
  if (!helper->alone)
    WaitForSingleObject(helper->thread, INFINITE); /* It is at its last instructions. */
  CloseHandle(helper->thread);
}

static void release(struct uv__io* io) {
  struct sync* sync = sync_of(io);

  uv__retry_end(io->loop, &sync->retry);
  /* What a pending write came to, for `done`. */
  if ((io->busy & UV__WRITE) && !(io->rung & UV__WRITE)) {
    struct helper* writer = sync->writer;
    int whole = !writer->alone && !writer->silent && writer->error == 0 && writer->size > 0;
    io->tail.sent = whole ? (int) writer->size : UV_ECANCELED;
  }
  uv__loop_unlink(io);
  release_helper(sync->reader);
  release_helper(sync->writer);
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
  disown(sync);
}

static void settle(struct uv__io* io) {
  if (!settled(sync_of(io)))
    return;
  release(io);
  uv__ring(io, UV__CLOSED);
}

/* Between asking and the call of the system is a moment in which there is nothing to cancel
 * yet; hence again and again, until it comes back. What uv_try_write wrote is to arrive, and is
 * only waited for. Under the lock. */
static void call_back(struct helper* helper) {
  if (expected(helper) && helper->state == WORKING && !helper->silent)
    CancelSynchronousIo(helper->thread);
}

static void call_back_again(struct uv__retry* retry) {
  struct sync* sync = uv__container_of(retry, struct sync, retry);
  struct uv__io* io = sync->io;
  int give_up = uv__port_now(io->loop) >= sync->until;

  AcquireSRWLockExclusive(&sync->lock);
  call_back(sync->reader);
  call_back(sync->writer);
  if (give_up) {
    /* The system, or the reader, does not let go of it. It takes the handle along. */
    if (sync->reader != NULL && sync->reader->state != GONE)
      sync->reader->alone = 1;
    if (sync->writer != NULL && sync->writer->state != GONE)
      sync->writer->alone = 1;
  }
  ReleaseSRWLockExclusive(&sync->lock);
  if (give_up)
    settle(io);
}

int uv__pipe_sync_close(struct uv__io* io) {
  struct sync* sync = sync_of(io);
  struct helper* reader = sync->reader;
  struct helper* writer = sync->writer;

  uv__win_set(io, UV__WIN_CLOSING);
  AcquireSRWLockExclusive(&sync->lock);
  sync->closing = 1;
  if (reader != NULL)
    WakeConditionVariable(&reader->asked);
  if (writer != NULL)
    WakeConditionVariable(&writer->asked);
  call_back(reader);
  call_back(writer);
  ReleaseSRWLockExclusive(&sync->lock);
  if (settled(sync)) {
    release(io);
    return 0;
  }
  sync->until = uv__port_now(io->loop) + PATIENCE_MS;
  uv__retry_begin(io->loop, &sync->retry);
  return UV__PENDING;
}

/* ---- READ ---- */

/* Waits with a read of nothing, which takes nothing from others who have the pipe, and then
 * reads what is there. */
static void read_some(struct helper* helper) {
  struct sync* sync = helper->sync;
  DWORD total = 0;
  DWORD size = 0;
  int stop;

  helper->at = 0;
  helper->size = 0;
  if (!ReadFile(sync->handle, helper->bytes, 0, &size, NULL)) {
    helper->error = uv__pipe_read_error(GetLastError());
    return;
  }
  AcquireSRWLockExclusive(&sync->lock);
  stop = helper->unasked || sync->closing;
  ReleaseSRWLockExclusive(&sync->lock);
  if (stop)
    return;
  /* Nothing there: somebody was faster, or wrote nothing, which a real read steps over. It may
   * wait; what it then takes is kept. */
  if (!PeekNamedPipe(sync->handle, NULL, 0, NULL, &total, NULL) || total == 0 || total > BUFFER)
    total = BUFFER;
  if (ReadFile(sync->handle, helper->bytes, total, &size, NULL) ||
      GetLastError() == ERROR_MORE_DATA)
    helper->size = size;
  else
    helper->error = uv__pipe_read_error(GetLastError());
}

static void complete_read(struct uv__op* op) {
  struct helper* reader = uv__container_of(op, struct helper, op);
  struct sync* sync = reader->sync;
  struct uv__io* io = sync->io;

  AcquireSRWLockExclusive(&sync->lock);
  assert(reader->packet);
  reader->packet = 0;
  if (reader->state == DONE)
    reader->state = IDLE;
  ReleaseSRWLockExclusive(&sync->lock);
  if (io->tail.state & UV__WIN_CLOSING)
    settle(io);
  else if (io->busy & UV__READ)
    uv__ring(io, UV__READ);
}

int uv__pipe_sync_read_arm(struct uv__io* io) {
  struct sync* sync = sync_of(io);
  struct helper* reader = sync->reader;
  int r = UV__PENDING;

  if (reader == NULL)
    return UV_ENOTCONN;
  AcquireSRWLockExclusive(&sync->lock);
  reader->unasked = 0;
  if (reader->state == IDLE) {
    if (reader->at < reader->size || (reader->error < 0 && reader->error != UV_ECANCELED)) {
      r = UV__READY;
    } else {
      int error = ask(reader);
      if (error < 0)
        r = error;
    }
  }
  ReleaseSRWLockExclusive(&sync->lock);
  return r;
}

/* The helper goes on waiting, but takes nothing. */
int uv__pipe_sync_read_disarm(struct uv__io* io) {
  struct sync* sync = sync_of(io);

  AcquireSRWLockExclusive(&sync->lock);
  sync->reader->unasked = 1;
  ReleaseSRWLockExclusive(&sync->lock);
  return UV__PENDING;
}

ssize_t uv__pipe_sync_read_now(struct uv__io* io,
                               char* base,
                               size_t len,
                               struct uv__passed* passed) {
  struct sync* sync = sync_of(io);
  struct helper* reader = sync->reader;
  ssize_t r = UV_EAGAIN;

  (void) passed;
  AcquireSRWLockExclusive(&sync->lock);
  if (reader->state == IDLE) { /* Else the buffer is the helper's. */
    if (reader->at < reader->size) {
      size_t left = reader->size - reader->at;
      r = (ssize_t) (left < len ? left : len);
      memcpy(base, reader->bytes + reader->at, (size_t) r);
      reader->at += (DWORD) r;
    } else if (reader->error < 0 && reader->error != UV_ECANCELED) {
      r = reader->error;
      if (r != UV_EOF)
        reader->error = 0;
    }
  }
  ReleaseSRWLockExclusive(&sync->lock);
  return r;
}

/* ---- WRITE ---- */

static void write_all(struct helper* helper) {
  DWORD done = 0;
  DWORD size;

  while (done < helper->size) {
    if (!WriteFile(helper->sync->handle, helper->bytes + done, helper->size - done, &size, NULL)) {
      helper->error = uv__pipe_write_error(GetLastError());
      return;
    }
    done += size;
    if (size == 0) { /* Somebody made the pipe non-blocking, and it is full. */
      if (helper->sync->closing) {
        helper->error = UV_ECANCELED;
        return;
      }
      Sleep(1);
    }
  }
}

static void complete_write(struct uv__op* op) {
  struct helper* writer = uv__container_of(op, struct helper, op);
  struct sync* sync = writer->sync;
  struct uv__io* io = sync->io;

  AcquireSRWLockExclusive(&sync->lock);
  assert(writer->packet);
  writer->packet = 0;
  writer->waited = 0;
  if (writer->state == DONE)
    writer->state = IDLE;
  ReleaseSRWLockExclusive(&sync->lock);
  if (io->tail.state & UV__WIN_CLOSING) {
    settle(io);
    return;
  }
  if (io->busy & UV__SHUTDOWN) {
    uv__ring(io, UV__SHUTDOWN);
  } else if (io->busy & UV__WRITE) {
    /* After bytes that nobody waited for: start again. Their error is that of the stream. */
    io->tail.sent = writer->error < 0 ? writer->error : writer->silent ? 0 : (int) writer->size;
    uv__ring(io, UV__WRITE);
  }
}

/* The one kind of stream whose payload is copied: a helper that does not come back must not
 * hold on to bytes of the program. */
ssize_t uv__pipe_sync_write(struct uv__io* io,
                            const uv_buf_t* bufs,
                            unsigned nbufs,
                            enum uv__write_mode mode,
                            struct uv__io* pass) {
  struct sync* sync = sync_of(io);
  struct helper* writer = sync->writer;
  ssize_t r = mode == UV__TRY ? UV_EAGAIN : UV__PENDING;
  unsigned at = 0;
  size_t offset = 0;

  (void) pass;
  if (writer == NULL || sync->handle == INVALID_HANDLE_VALUE)
    return UV_EPIPE;
  AcquireSRWLockExclusive(&sync->lock);
  if (writer->state != IDLE) { /* With bytes that nobody waits for; the lane was free. */
    writer->waited = mode == UV__QUEUE;
  } else if (sync->broken < 0 || writer->error < 0) {
    sync->broken = sync->broken < 0 ? sync->broken : writer->error;
    r = sync->broken;
  } else {
    int error;
    writer->size =
        uv__bufs_copy(writer->bytes, mode == UV__TRY ? TRY_MAX : BUFFER, bufs, nbufs, &at, &offset);
    writer->silent = mode == UV__TRY;
    error = ask(writer);
    if (error < 0)
      r = error;
    else if (mode == UV__TRY)
      r = (ssize_t) writer->size;
  }
  ReleaseSRWLockExclusive(&sync->lock);
  return r;
}

/* The helper is idle: a pipe that is only written to is closed, which its reader sees. One that
 * is read from too must stay. */
static void end_writing(struct uv__io* io) {
  struct sync* sync = sync_of(io);

  if (sync->reader != NULL || sync->handle == INVALID_HANDLE_VALUE)
    return;
  CloseHandle(sync->handle);
  sync->handle = INVALID_HANDLE_VALUE;
}

int uv__pipe_sync_shutdown(struct uv__io* io) {
  struct sync* sync = sync_of(io);
  struct helper* writer = sync->writer;
  int pending;

  AcquireSRWLockExclusive(&sync->lock);
  pending = writer->state != IDLE;
  writer->waited = (unsigned char) pending;
  ReleaseSRWLockExclusive(&sync->lock);
  if (pending)
    return UV__PENDING;
  end_writing(io);
  return 0;
}

/* ---- The rest ---- */

ssize_t uv__pipe_sync_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0;

  if (lane == UV__WRITE) {
    r = io->tail.sent;
    io->tail.sent = 0;
  } else if (lane == UV__SHUTDOWN && io->tail.more != NULL) {
    end_writing(io);
  } else if (lane == UV__SHUTDOWN) {
    r = UV_ECANCELED;
  }
  return r;
}

/* Asking the system would wait for whoever reads. */
int uv__pipe_sync_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  (void) io;
  (void) end;
  (void) addr;
  *len = 0;
  return 0;
}

int uv__pipe_sync_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  HANDLE handle = sync_of(io)->handle;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  *fd = handle;
  return 0;
}

int uv__pipe_sync_open(struct uv__io* io, HANDLE handle, unsigned opened) {
  struct sync* sync = uv__calloc(1, sizeof(*sync));
  int ok;

  if (sync == NULL)
    return UV_ENOMEM;
  InitializeSRWLock(&sync->lock);
  sync->owners = 1;
  sync->io = io;
  sync->retry.again = call_back_again;
  sync->handle = INVALID_HANDLE_VALUE;
  if (opened & UV__OPENED_READABLE)
    sync->reader = make_helper(sync, read_some, complete_read);
  if (opened & UV__OPENED_WRITABLE)
    sync->writer = make_helper(sync, write_all, complete_write);
  ok = (sync->reader != NULL || !(opened & UV__OPENED_READABLE)) &&
       (sync->writer != NULL || !(opened & UV__OPENED_WRITABLE));
  io->tail.u.handle = handle;
  if (!ok || uv__loop_link(io) < 0) {
    io->tail.u.handle = INVALID_HANDLE_VALUE;
    disown(sync);
    return UV_ENOMEM;
  }
  sync->handle = handle;
  SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
  io->tail.more = sync;
  return 0;
}
