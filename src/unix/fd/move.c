/* A descriptor that becomes another io's, mostly of another loop: what the two loops and their pollers know
 * of it. */
#include "unix/fd/fd.h"

/* What was seen of the descriptor is seen anew: a poller tells of what is there when it is added. Nothing
 * was read that the program has not got. */
int uv__fd_leave_as(struct uv__io* io, int claimed) {
  const unsigned stays = UV__FD_TCP | UV__FD_LOCAL | UV__FD_RESTORE | UV__FD_SHARED;

  if (io->tail.fd < 0)
    return UV_ENOTCONN;
  if (io->tail.state & UV__FD_POLLED)
    uv__poller_remove(io);
  uv__loop_unclaim(io->loop, claimed);
  io->tail.state &= stays;
  return (int) uv__fd_end(io, 0);
}

int uv__fd_join_as(struct uv__io* io, int claimed) {
  int r = uv__loop_claim(io->loop, claimed);

  if (r < 0)
    return r;
  r = uv__poller_add(io, 0);
  if (r < 0)
    uv__loop_unclaim(io->loop, claimed);
  return (int) uv__fd_end(io, r);
}

int uv__fd_leave(struct uv__io* io) {
  return uv__fd_leave_as(io, io->tail.fd);
}

int uv__fd_join(struct uv__io* io) {
  return uv__fd_join_as(io, io->tail.fd);
}

/* Within a loop, to an io of another place. */
int uv__fd_move(struct uv__io* to, struct uv__io* from) {
  int fd = from->tail.fd;
  unsigned int state = from->tail.state & (UV__FD_TCP | UV__FD_RESTORE | UV__FD_SHARED);
  int is_polled = (from->tail.state & UV__FD_POLLED) != 0;
  int r = 0;

  if (is_polled)
    uv__poller_remove(from);
  uv__fd_init(from);
  to->tail.fd = fd;
  to->tail.state = state;
  if (is_polled)
    r = uv__poller_add(to, 0);
  if (r < 0) {
    uv__fd_init(to);
    from->tail.fd = fd;
    from->tail.state = state;
  }
  return (int) uv__fd_end(to, r);
}
