/* A connected end that goes to another loop. What it has read and not handed out lies in the pipe, but for the
 * mark of the end and for what the block of its kind has; both go along. */
#include "win/pipe/pipe.h"

/* What is to be written without a request, and what the loop tries again every few milliseconds, has an
 * end, of which nobody is told. */
static int is_busy(const struct uv__io* io) {
  const struct uv__pipe* pipe = uv__pipe_of(io);

  return (io->tail.state & UV__WIN_OUT) || pipe->more_room.at != NULL ||
         uv__spare_owes(pipe->spare);
}

int uv__pipe_end_leave(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);

  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_ENOTCONN;
  if (is_busy(io))
    return UV_EBUSY;
  uv__retry_end(io->loop, &pipe->look_again);
  if (pipe->owes_mark) { /* It joins a read that is over. */
    pipe->owes_mark = 0;
    uv__loop_post(io->loop, &pipe->mark);
  }
  if (!(io->tail.state & UV__WIN_IN)) {
    uv__pipe_end_left(io);
    return 0;
  }
  uv__win_set(io, UV__WIN_CLOSING);
  CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped); /* A packet of our own comes anyway. */
  return UV__PENDING;
}

/* Who was shut down before it was known how to say so still has to meet its peer. */
int uv__pipe_end_join(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);
  int r = uv__loop_link(io);

  if (r < 0)
    return r;
  pipe->io = io;
  pipe->linked = 1;
  if (pipe->owes_end)
    uv__pipe_read_look_later(io);
  return 0;
}
