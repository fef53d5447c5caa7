/* The peer has gone: what the poller has seen of it, told to who does not read. */
#include "unix/fd/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

/* Whether the end that was seen still is one: what is no socket may have been opened anew since. */
static int has_ended(struct uv__io* io) {
  struct pollfd asked = {.fd = io->tail.fd, .events = 0};

  if (!(io->tail.state & UV__FD_ENDED))
    return 0;
  if (io->ops->beyond != UV__FD_BEYOND_PLAIN || poll(&asked, 1, 0) != 0)
    return 1;
  io->tail.state &= ~(unsigned) (UV__FD_ENDED | UV__FD_FAILED);
  return 0;
}

/* What was seen of an end. Of what can only be written to the end is that nobody reads any more, or that it was
 * shut down, and has no descriptor. */
static int hangup(struct uv__io* io) {
  int flags;

  if (io->tail.fd < 0)
    return UV_EPIPE;
  if (!has_ended(io))
    return 0;
  if (!(io->tail.state & UV__FD_FAILED))
    return UV_EOF;
  flags = fcntl(io->tail.fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_WRONLY ? UV_EPIPE : UV_ECONNRESET;
}

/* Where the poller does not tell, the system is asked what reading would find. */
static int look_for_end(struct uv__io* io) {
  struct pollfd asked = {.fd = io->tail.fd, .events = 0};
  char byte;

  if (poll(&asked, 1, 0) > 0)
    io->tail.state |= asked.revents & POLLERR ? UV__FD_ENDED | UV__FD_FAILED : UV__FD_ENDED;
  else if (recv(io->tail.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
    io->tail.state |= UV__FD_ENDED;
  return io->tail.state & UV__FD_ENDED ? hangup(io) : UV_EAGAIN;
}

/* Of what can be written to it may have to be asked for room, too. */
static int ask_for_end(struct uv__io* io) {
  int flags;

  if (uv__poller_tells_ends == UV__TELLS_ENDS ||
      (io->tail.state & (UV__FD_TCP | UV__FD_LOCAL | UV__FD_OUT)))
    return 0;
  flags = fcntl(io->tail.fd, F_GETFL);
  return flags < 0 || (flags & O_ACCMODE) == O_RDONLY ? 0 : uv__poller_add_out(io);
}

int uv__fd_hangup_arm(struct uv__io* io) {
  int r = hangup(io);

  if (r == 0)
    r = uv__poller_tells_ends == UV__TELLS_NO_ENDS ? look_for_end(io) : ask_for_end(io);
  if (r != 0)
    return (int) uv__fd_end(io, r);
  io->tail.state |= UV__HANGUP;
  return (int) uv__fd_end(io, UV__PENDING);
}

int uv__fd_hangup_done(struct uv__io* io) {
  return (int) uv__fd_end(io, hangup(io));
}
