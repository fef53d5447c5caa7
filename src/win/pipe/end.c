/* One connected, overlapped end of a pipe: its block, writing, and its end. Reading is in read.c; who
 * stands on it is reached through its kind. */
#include "win/pipe/pipe.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  WRITE_MAX = 1 << 20 /* bytes of one turn */
};

/* ---- The block ---- */

static void free_block(struct uv__pipe* pipe) {
  if (pipe->foreign != NULL)
    uv__foreign_end(pipe->foreign);
  if (pipe->spare != NULL)
    uv__spare_end(pipe->spare, INVALID_HANDLE_VALUE, NULL);
  if (pipe->kind != NULL)
    pipe->kind->drop(pipe);
  uv__free(pipe->remote);
  uv__free(pipe);
}

int uv__pipe_end_adopt(struct uv__io* io,
                       HANDLE handle,
                       unsigned state,
                       unsigned opened,
                       const struct uv__pipe_kind* kind) {
  struct uv__pipe* pipe = uv__calloc(1, kind != NULL ? kind->size : sizeof(*pipe));

  if (pipe == NULL)
    return UV_ENOMEM;
  pipe->kind = kind;
  pipe->io = io;
  pipe->out = handle;
  uv__pipe_room_init(&pipe->room);
  if (kind != NULL && uv__spare_make(pipe) < 0) { /* Its first frame has to go. */
    free_block(pipe);
    return UV_ENOMEM;
  }
  if (kind == NULL && (opened & UV__OPENED_WRITABLE))
    uv__bundle_make(io->loop);
  pipe->write_only = !(opened & UV__OPENED_READABLE);
  io->tail.u.handle = handle;
  if (uv__loop_link(io) < 0) {
    io->tail.u.handle = INVALID_HANDLE_VALUE;
    free_block(pipe);
    return UV_ENOMEM;
  }
  pipe->linked = 1;
  io->tail.more = pipe;
  uv__win_clear(io, UV__WIN_MESSAGES | UV__WIN_ALLY | UV__WIN_GREET | UV__WIN_DATA | UV__WIN_LOOK |
                        UV__WIN_ENDED | UV__WIN_SERVER | UV__WIN_DOT);
  uv__win_set(io, state);
  assert(uv__win_io_valid(io));
  return 0;
}

int uv__pipe_end_attach(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);
  int r;

  if (io->tail.state & UV__WIN_FOREIGN) {
    if (!uv__foreign_leave(io, pipe->foreign))
      return 0;
    pipe->foreign = NULL;
  }
  r = uv__attach(io, &pipe->foreign);
  if (r == 0 && (io->tail.state & UV__WIN_ATTACHED)) {
    r = uv__native_set_modes(io->tail.u.handle);
    if (r < 0)
      uv__win_clear(io, UV__WIN_ATTACHED); /* The next one tries again. */
  }
  return r;
}

/* Closes the handle. The peer hears of it when it has read what uv_try_write wrote. */
static void hang_up(struct uv__io* io) {
  struct uv__pipe* pipe = io->tail.more;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return;
  uv__own_drop(io->tail.u.handle, io->loop); /* The number may be somebody else's from then on. */
  if (pipe->out != io->tail.u.handle)
    CloseHandle(io->tail.u.handle);
  uv__spare_end(pipe->spare, pipe->out, io->loop);
  pipe->spare = NULL;
  pipe->out = io->tail.u.handle = INVALID_HANDLE_VALUE;
}

void uv__pipe_end_release(struct uv__io* io) {
  struct uv__pipe* pipe = io->tail.more;

  hang_up(io);
  if (pipe == NULL || !pipe->linked)
    return; /* Never was one, or released already. */
  pipe->linked = 0;
  uv__loop_unlink(io);
  if (pipe->foreign != NULL)
    uv__foreign_end(pipe->foreign);
  pipe->foreign = NULL;
}

/* ---- The end of one direction ---- */

static void complete_end(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);
  DWORD bytes;
  DWORD error = op->overlapped.Internal == 0 ? 0 : uv__pipe_end_result(io, op, &bytes);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_OUT, complete_end));
  if (!uv__pipe_end_finished(io, UV__WIN_OUT))
    return;
  /* Somebody else cancelled it. Nothing can have been taken of nothing, so it is said again. */
  if (error == ERROR_OPERATION_ABORTED && uv__pipe_end_say(io) == UV__PENDING)
    return;
  if (io->busy & UV__SHUTDOWN)
    uv__ring(io, UV__SHUTDOWN);
}

static void say_again(struct uv__retry* retry) {
  struct uv__io* io = uv__container_of(retry, struct uv__pipe, more_room)->io;

  uv__retry_end(io->loop, retry);
  if (uv__pipe_end_say(io) != UV__PENDING && (io->busy & UV__SHUTDOWN))
    uv__ring(io, UV__SHUTDOWN);
}

/* The error of an attempt: ERROR_IO_PENDING when a packet comes, ERROR_MORE_DATA when something is
 * still owed before it. */
static DWORD say(struct uv__io* io) {
  DWORD error = uv__spare_push(uv__pipe_of(io), uv__pipe_of(io)->out);
  OVERLAPPED* overlapped;
  BOOL ok;

  if (error != 0)
    return error;
  overlapped = uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_end);
  ok = WriteFile(uv__pipe_of(io)->out, "", 0, NULL, overlapped);
  return uv__pipe_end_begun(io, ok, UV__WIN_OUT);
}

int uv__pipe_end_say(struct uv__io* io) {
  int r = uv__pipe_end_ready(io);
  DWORD error = r == 0 ? say(io) : 0;

  if (error == ERROR_IO_PENDING)
    return UV__PENDING;
  if (r == UV_ENOMEM || error == ERROR_MORE_DATA || uv__native_is_short(error)) {
    uv__pipe_put_later(io, say_again);
    return UV__PENDING;
  }
  return error == ERROR_OPERATION_ABORTED ? UV_ECANCELED : r; /* Of what was written before. */
}

/* ---- WRITE ---- */

static void write_again(struct uv__retry* retry) {
  struct uv__pipe* pipe = uv__container_of(retry, struct uv__pipe, more_room);

  uv__retry_end(pipe->io->loop, retry);
  pipe->io->tail.sent = 0; /* The core starts it again. */
  uv__ring(pipe->io, UV__WRITE);
}

static void complete_write(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);
  struct uv__pipe* pipe = uv__pipe_of(io);
  DWORD bytes = 0;
  DWORD error = uv__pipe_end_result(io, op, &bytes);
  int again = uv__pipe_room_told(&pipe->room, error, bytes);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_OUT, complete_write));
  uv__bundle_return(io);
  /* What went before the pending part counts in any case; the error of the part comes again
   * with the next write. That somebody cancelled it does not by itself. */
  if (error == ERROR_OPERATION_ABORTED && io->tail.sent > 0 && !(io->tail.state & UV__WIN_CLOSING))
    pipe->lost = 1;
  if (error == 0)
    io->tail.sent += (int) bytes;
  else if (io->tail.sent == 0 && (!again || (io->tail.state & UV__WIN_CLOSING)))
    io->tail.sent = io->tail.state & UV__WIN_CLOSING ? UV_ECANCELED : uv__native_write_error(error);
  if (!uv__pipe_end_finished(io, UV__WIN_OUT))
    return;
  uv__ring(io, UV__WRITE);
}

/* One call with what comes first: small buffers together, or one from where it is. As uv__pipe_put. */
static ssize_t write_some(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t from) {
  const char* bytes;
  DWORD size = uv__bundle_fill(io, bufs, nbufs, from, &bytes);
  ssize_t n;

  if (size == 0)
    return uv__pipe_put(io, bufs->base + from, bufs->len - from, complete_write);
  n = uv__pipe_put(io, bytes, size, complete_write);
  if (n == UV__PENDING)
    uv__bundle_lend(io);
  return n;
}

/* One call after the other, until the pipe is full. */
static ssize_t write_queue(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  size_t done = 0; /* of bufs[i] */
  int total = 0;
  unsigned i = 0;
  int r = uv__pipe_end_ready(io);

  if (r < 0)
    return r == UV_ENOMEM ? UV_EAGAIN : r;
  while (i < nbufs && total < WRITE_MAX) {
    ssize_t n = write_some(io, bufs + i, nbufs - i, done);

    if (n == UV__PENDING) {
      io->tail.sent = total;
      return UV__PENDING;
    }
    if (n == 0 && total == 0) {
      uv__pipe_put_later(io, write_again);
      return UV__PENDING;
    }
    if (n <= 0)
      return total > 0 ? total : n == UV_ENOMEM ? UV_EAGAIN : n;
    total += (int) n;
    done += (size_t) n;
    while (i < nbufs && done >= bufs[i].len)
      done -= bufs[i++].len;
  }
  return total;
}

ssize_t uv__pipe_end_write(struct uv__io* io,
                           const uv_buf_t* bufs,
                           unsigned nbufs,
                           enum uv__write_mode mode,
                           struct uv__io* const* pass) {
  (void) pass;
  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_EPIPE;
  if ((io->tail.state & UV__WIN_OUT) || uv__pipe_of(io)->more_room.at != NULL)
    return UV_EAGAIN; /* A try: behind the bytes in flight. */
  if (mode == UV__TRY)
    return uv__spare_write(uv__pipe_of(io), uv__pipe_of(io)->out, bufs, nbufs);
  return write_queue(io, bufs, nbufs);
}

void uv__pipe_end_write_first(struct uv__io* io, const void* bytes, DWORD size) {
  uv__spare_write_first(uv__pipe_of(io), uv__pipe_of(io)->out, io->loop, bytes, size);
}

/* ---- Its end ---- */

static int in_kernel(const struct uv__io* io) {
  return (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) != 0;
}

static void release(struct uv__io* io) {
  uv__pipe_end_release(io);
  if (io->tail.more != NULL)
    free_block(io->tail.more);
  io->tail.more = NULL;
}

void uv__pipe_end_undo(struct uv__io* io) {
  release(io);
}

void uv__pipe_end_left(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);

  if (pipe->foreign != NULL) {
    uv__foreign_end(pipe->foreign);
    pipe->foreign = NULL;
    io->tail.in.overlapped.hEvent = NULL;
    io->tail.out.overlapped.hEvent = NULL;
  }
  uv__win_clear(io, UV__WIN_FOREIGN | UV__WIN_CLOSING);
  uv__attach_leave(io);
  pipe->linked = 0;
}

void uv__pipe_end_settle(struct uv__io* io) {
  assert(io->tail.state & UV__WIN_CLOSING);
  if (in_kernel(io))
    return;
  if (io->tail.u.handle != INVALID_HANDLE_VALUE) {
    uv__pipe_end_left(io);
  } else {
    const struct uv__pipe_kind* kind = uv__pipe_of(io)->kind;
    int r = kind != NULL && kind->gone != NULL ? kind->gone(uv__pipe_of(io)) : 0;

    release(io);
    if (r != 0)
      return; /* It still has something to close, and rings when that is. */
  }
  uv__ring(io, UV__CLOSED);
}

/* The handle goes in the call, so that the peer hears of it (rule L4); the packets of what was pending
 * come later. What the kernel took stays readable when the handle is closed, on either end;
 * DisconnectNamedPipe would discard it. */
int uv__pipe_end_close(struct uv__io* io) {
  assert(uv__win_io_valid(io));
  if (io->tail.more != NULL) {
    uv__retry_end(io->loop, &uv__pipe_of(io)->more_room);
    uv__retry_end(io->loop, &uv__pipe_of(io)->look_again);
    if (uv__pipe_of(io)->owes_mark) /* A packet that is still to come finds nobody. */
      uv__loop_post(io->loop, &uv__pipe_of(io)->mark);
  }
  /* One by one: what uv_try_write wrote is to arrive. */
  if (io->tail.state & UV__WIN_IN)
    CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped);
  if (io->tail.state & UV__WIN_OUT)
    CancelIoEx(uv__pipe_of(io)->out, &io->tail.out.overlapped);
  hang_up(io);
  if (in_kernel(io))
    return UV__PENDING;
  release(io);
  return 0;
}
