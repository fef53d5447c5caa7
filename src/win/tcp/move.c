/* A connection that becomes another handle's, of the same loop or of another one. */
#include "win/tcp/tcp.h"

/* Nothing of it is with the kernel, and what the loop knows of the socket it knows by its number. */
int uv__tcp_move(struct uv__io* to, struct uv__io* from) {
  struct uv__foreign_pair* pair;

  assert(!(from->tail.state & (UV__WIN_IN | UV__WIN_OUT | UV__WIN_CLOSING)) &&
         from->tail.watch == NULL);
  to->tail = from->tail;
  if (to->tail.state & UV__WIN_FOREIGN) {
    pair = to->tail.more;
    uv__foreign_aim(&pair->in, &to->tail.in);
    uv__foreign_aim(&pair->out, &to->tail.out);
  }
  uv__tcp_init(from);
  return 0;
}

/* A receive of nothing waits as soon as there was a read, and a poll where somebody waited for a hang-up. They
 * take no bytes, and are joined by their packets. A layered provider does not give them back; there they end
 * when the peer says something. */
int uv__tcp_leave(struct uv__io* io) {
  unsigned state = io->tail.state;

  if (state & UV__WIN_OUT)
    return UV_EBUSY;
  if (!(state & UV__WIN_IN) && !uv__win_watch_flies(io)) {
    uv__tcp_left(io);
    return 0;
  }
  if (!(state & UV__WIN_IFS))
    return UV_EBUSY;
  uv__win_set(io, UV__WIN_CLOSING);
  if (state & UV__WIN_IN)
    CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped);
  if (uv__win_watch_flies(io))
    CancelIoEx(io->tail.u.handle, &io->tail.watch->op.overlapped);
  return UV__PENDING;
}

int uv__tcp_join(struct uv__io* io) {
  return uv__loop_link(io);
}
