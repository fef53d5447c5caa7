/* Both ends at once: pairs of sockets and pipes, for the program and for its children. */
#include "unix/fd/fd.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int uv__pair_sockets(int fds[2], int flags0, int flags1) {
  int pair[2];
  int type = SOCK_STREAM;
  int r = 0;
  int i;

#if defined(SOCK_CLOEXEC)
  type |= SOCK_CLOEXEC;
#endif
  if (socketpair(AF_UNIX, type, 0, pair) != 0)
    return UV__ERR(errno);
  for (i = 0; i < 2 && r >= 0; i++) {
    if ((i == 0 ? flags0 : flags1) & UV_NONBLOCK_PIPE)
      r = uv__file_unblock(pair[i]);
#if !defined(SOCK_CLOEXEC)
    if (r >= 0)
      r = uv__file_hide(pair[i]);
#endif
  }
  if (r < 0) {
    uv__file_discard(pair[0]);
    uv__file_discard(pair[1]);
    return r;
  }
  fds[0] = pair[0];
  fds[1] = pair[1];
  return 0;
}

int uv_socketpair(int type, int protocol, uv_os_sock_t socket_vector[2], int flags0, int flags1) {
  if (socket_vector == NULL || type != SOCK_STREAM || (protocol != 0 && protocol != IPPROTO_TCP) ||
      ((flags0 | flags1) & ~UV_NONBLOCK_PIPE))
    return UV_EINVAL;
  /* Sockets of this host only, which carry a stream as a TCP connection does. */
  return uv__pair_sockets(socket_vector, flags0, flags1);
}

int uv_pipe(uv_file fds[2], int read_flags, int write_flags) {
  int pair[2];
  int r = 0;

  if (fds == NULL || ((read_flags | write_flags) & ~UV_NONBLOCK_PIPE))
    return UV_EINVAL;
#if defined(__APPLE__)
  if (pipe(pair) != 0)
    return UV__ERR(errno);
  r = uv__file_hide(pair[0]);
  if (r == 0)
    r = uv__file_hide(pair[1]);
#else
  if (pipe2(pair, O_CLOEXEC) != 0)
    return UV__ERR(errno);
#endif
  if (r == 0 && (read_flags & UV_NONBLOCK_PIPE))
    r = uv__file_unblock(pair[0]);
  if (r >= 0 && (write_flags & UV_NONBLOCK_PIPE))
    r = uv__file_unblock(pair[1]);
  if (r < 0) {
    uv__file_discard(pair[0]);
    uv__file_discard(pair[1]);
    return r;
  }
  fds[0] = pair[0];
  fds[1] = pair[1];
  return 0;
}
