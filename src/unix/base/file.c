/* A descriptor as the system knows it, by its number: the flags of its open file, and closing it.
 * What a stream does with one is fd/fd.c's. */
#include "unix/base/base.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

int uv__file_unblock(int fd) {
  int flags = fcntl(fd, F_GETFL);

  if (flags < 0)
    return UV__ERR(errno);
  if (flags & O_NONBLOCK)
    return 0;
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 1 : UV__ERR(errno);
}

void uv__file_block(int fd) {
  int flags = fcntl(fd, F_GETFL);

  if (flags >= 0)
    (void) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int uv__file_hide(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : UV__ERR(errno);
}

int uv__file_prepare(int fd) {
  int r = uv__file_unblock(fd);
  return r < 0 ? r : uv__file_hide(fd);
}

int uv__file_blocks(int fd) {
  return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

int uv__file_is_ready(int fd, short events) {
  struct pollfd row = {fd, events, 0};

  if (poll(&row, 1, 0) > 0)
    return 1;
  errno = EAGAIN;
  return 0;
}

void uv__file_discard(int fd) {
  (void) close(fd);
}
