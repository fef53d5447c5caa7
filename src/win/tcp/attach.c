/* How a TCP stream's operations end: by packets of the loop's port, or by events. */
#include "win/tcp/tcp.h"

void uv__tcp_detach(struct uv__io* io) {
  uv__attach_undo(io);
  if (!(io->tail.state & UV__WIN_ATTACHED))
    uv__win_clear(io, UV__WIN_SKIP);
}

/* Only where the socket is the system's own handle can an immediate success be told from one that
 * also posts. The event of the file object stays as it is: others may wait for it. */
int uv__tcp_attach(struct uv__io* io) {
  struct uv__foreign_pair* pair;
  int r = uv__attach(io);

  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_FOREIGN) {
    uv__win_clear(io, UV__WIN_FOREIGN);
    r = uv__foreign_begin(io, &pair);
    if (r < 0)
      return r;
    assert(io->tail.more == NULL);
    io->tail.more = pair;
    uv__win_set(io, UV__WIN_FOREIGN);
  } else if ((io->tail.state & UV__WIN_IFS) &&
             SetFileCompletionNotificationModes(io->tail.u.handle,
                                                FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)) {
    uv__win_set(io, UV__WIN_SKIP);
  }
  return 0;
}
