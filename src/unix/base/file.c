/* A descriptor as the system knows it, by its number: the flags of its open file, and closing it;
 * and the short files in which Linux tells about itself. What a stream does with a descriptor is
 * fd/fd.c's. */
#include "unix/base/base.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <unistd.h>

#include "core/base/alloc.h"

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

#if defined(__linux__)

int uv__file_poll(int fd, short events) {
  struct pollfd row = {fd, events, 0};

  return poll(&row, 1, 0);
}

#else

static int select_now(int fd, short events) {
  struct timeval none = {0, 0};
  fd_set in;
  fd_set out;

  FD_ZERO(&in);
  FD_ZERO(&out);
  if (events & POLLIN)
    FD_SET(fd, &in);
  if (events & POLLOUT)
    FD_SET(fd, &out);
  return select(fd + 1, &in, &out, NULL, &none);
}

/* To poll(2) of macOS a device is no descriptor. */
int uv__file_poll(int fd, short events) {
  struct pollfd row = {fd, events, 0};
  int n = poll(&row, 1, 0);

  return n > 0 && (row.revents & POLLNVAL) && fd < FD_SETSIZE ? select_now(fd, events) : n;
}

#endif

int uv__file_is_ready(int fd, short events) {
  if (uv__file_poll(fd, events) > 0)
    return 1;
  errno = EAGAIN;
  return 0;
}

void uv__file_discard(int fd) {
  (void) close(fd);
}

ssize_t uv__file_read(const char* path, char* text, size_t room) {
  size_t len = 0;
  ssize_t n;
  int fd = open(path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return UV__ERR(errno);
  do {
    n = read(fd, text + len, room - 1 - len);
    if (n > 0)
      len += (size_t) n;
  } while (len < room - 1 && (n > 0 || (n < 0 && errno == EINTR)));
  text[len] = '\0';
  if (n < 0)
    n = UV__ERR(errno);
  (void) close(fd);
  return n < 0 ? n : (ssize_t) len;
}

int uv__file_take(const char* path, char** text) {
  size_t room = 4096;
  char* at = NULL;
  ssize_t len;

  do {
    char* more = uv__realloc(at, room *= 2);

    if (more == NULL) {
      uv__free(at);
      return UV_ENOMEM;
    }
    at = more;
    len = uv__file_read(path, at, room);
  } while (len == (ssize_t) (room - 1));
  if (len < 0) {
    uv__free(at);
    return (int) len;
  }
  *text = at;
  return 0;
}
