/* How a TCP stream's operations end: by packets of the loop's port, or by events. */
#include "win/tcp/tcp.h"

static void leave_port(struct uv__io* io) {
  uv__attach_undo(io);
  if (!(io->tail.state & UV__WIN_ATTACHED))
    uv__win_clear(io, UV__WIN_SKIP);
}

/* Accepts that are in the kernel would end in no packet: those of a listener come back first. A layered
 * provider does not give them back. */
void uv__tcp_detach(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);

  if (pool == NULL || pool->posted == 0) {
    leave_port(io);
    return;
  }
  uv__win_set(io, UV__WIN_OUTSIDE);
  if ((io->tail.state & (UV__WIN_ATTACHED | UV__WIN_IFS)) != (UV__WIN_ATTACHED | UV__WIN_IFS))
    return;
  pool->is_leaving = 1;
  uv__tcp_pool_cancel(io);
}

void uv__tcp_pool_returned(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);

  if (!pool->is_leaving || pool->posted > 0)
    return;
  pool->is_leaving = 0;
  leave_port(io);
}

/* Only where the socket is the system's own handle can an immediate success be told from one that
 * also posts. The event of the file object stays as it is: others may wait for it. */
int uv__tcp_attach(struct uv__io* io) {
  struct uv__foreign_pair* pair = io->tail.more;
  int shared;
  int r;

  if (io->tail.state & UV__WIN_FOREIGN) {
    void* block = pair->block;
    if (!uv__tcp_shared_is_idle(block) || !uv__foreign_leave(io, pair))
      return 0;
    io->tail.more = NULL;
    (void) uv__tcp_shared_end(block, io, 0);
  }
  shared = (io->tail.state & UV__WIN_OUTSIDE) && uv__object_is_shared(io->tail.u.handle);
  /* Its mode is ours from now on. */
  if (!shared && (io->tail.state & UV__WIN_PLAIN)) {
    r = uv__sock_unblock(io->tail.u.socket);
    if (r < 0)
      return r;
    uv__win_clear(io, UV__WIN_PLAIN);
  }
  r = uv__attach_as(io, shared, &pair);
  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_FOREIGN) {
    pair->more = io->tail.more; /* The pool of a listener. */
    io->tail.more = pair;
  } else if ((io->tail.state & UV__WIN_IFS) &&
             SetFileCompletionNotificationModes(io->tail.u.handle,
                                                FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
    uv__win_set(io, UV__WIN_SKIP);
  }
  return 0;
}
