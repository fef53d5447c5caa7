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

  /* Its mode is theirs, too, from now on. Of a layered provider nothing will tell when they have gone. */
  if ((io->tail.state & UV__WIN_CONNECTED) && (io->tail.state & UV__WIN_IFS))
    uv__win_set(io, UV__WIN_PLAIN);
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

/* The mode is ours from now on, if the socket is. A try that is on its way is before all else. */
static int claim_mode(struct uv__io* io, int shared) {
  int r;

  if (shared || !(io->tail.state & UV__WIN_PLAIN) || !uv__tcp_shared_is_idle(io))
    return 0;
  r = uv__sock_unblock(io->tail.u.socket);
  if (r < 0)
    return r;
  (void) uv__tcp_shared_end(io, 0);
  uv__win_clear(io, UV__WIN_PLAIN);
  return 0;
}

static int is_shared(const struct uv__io* io) {
  return (io->tail.state & UV__WIN_OUTSIDE) && uv__object_is_shared(io->tail.u.handle);
}

int uv__tcp_attach(struct uv__io* io) {
  struct uv__foreign_pair* pair = io->tail.more;
  void* more;
  int shared;
  int r;

  if (io->tail.state & UV__WIN_ATTACHED)
    return 0;
  if (io->tail.state & UV__WIN_FOREIGN) {
    void* block = pair->block;
    if (!uv__tcp_shared_is_idle(io) || !uv__foreign_leave(io, pair))
      return 0;
    io->tail.more = block;
  }
  shared = is_shared(io);
  r = io->tail.state & UV__WIN_OUTSIDE ? claim_mode(io, shared) : 0;
  if (r < 0)
    return r;
  more = io->tail.more;
  r = uv__attach_as(io, shared, &pair);
  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_FOREIGN) {
    *(io->tail.state & UV__WIN_CONNECTED ? &pair->block : &pair->more) = more; /* Or a pool. */
    io->tail.more = pair;
  }
  return 0;
}

/* Only where the socket is the system's own handle can an immediate success be told from one that
 * also posts. The event of the file object stays as it is: others may wait for it. */
int uv__tcp_attach_whole(struct uv__io* io) {
  int r = uv__tcp_attach(io);

  if (r == 0 &&
      (io->tail.state & (UV__WIN_ATTACHED | UV__WIN_IFS)) == (UV__WIN_ATTACHED | UV__WIN_IFS) &&
      SetFileCompletionNotificationModes(io->tail.u.handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
    uv__win_set(io, UV__WIN_SKIP);
  return r;
}

int uv__tcp_is_plain(struct uv__io* io) {
  int r;

  if (!(io->tail.state & UV__WIN_PLAIN))
    return 0;
  if (!(io->tail.state & UV__WIN_OUTSIDE))
    return claim_mode(io, 0);
  if ((io->tail.state & UV__WIN_ATTACHED) && !(io->tail.state & (UV__WIN_IN | UV__WIN_OUT)))
    leave_port(io); /* It was passed on while it had operations. */
  r = io->tail.state & UV__WIN_ATTACHED ? claim_mode(io, is_shared(io)) : uv__tcp_attach(io);
  return r < 0 ? r : (io->tail.state & UV__WIN_PLAIN) != 0;
}
