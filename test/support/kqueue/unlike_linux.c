/* Where Linux answers differently from macOS and the BSDs, and the library or a test can see it: calls
 * of the system that are led here (--wrap, kqueue.cmake). Each is one that a suite may lead elsewhere,
 * to make it fail. */
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

int __real_connect(int fd, const struct sockaddr* addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr* addr, socklen_t len);
int __real_fstat(int fd, struct stat* st);
int __wrap_fstat(int fd, struct stat* st);
int __real_poll(struct pollfd* rows, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd* rows, nfds_t count, int timeout_ms);

/* A Unix-domain listener whose queue is full refuses. */
int __attribute__((weak)) __wrap_connect(int fd, const struct sockaddr* addr, socklen_t len) {
  int r = __real_connect(fd, addr, len);

  if (r != 0 && errno == EAGAIN && addr->sa_family == AF_UNIX)
    errno = ECONNREFUSED;
  return r;
}

/* A pipe that has no name has no links. */
int __attribute__((weak)) __wrap_fstat(int fd, struct stat* st) {
  struct statfs fs;
  int r = __real_fstat(fd, st);

  if (r == 0 && S_ISFIFO(st->st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS_MAGIC)
    st->st_nlink = 0;
  return r;
}

/* /dev/tty is no descriptor to it. */
int __attribute__((weak)) __wrap_poll(struct pollfd* rows, nfds_t count, int timeout_ms) {
  int n = __real_poll(rows, count, timeout_ms);
  struct stat st;
  nfds_t i;

  for (i = 0; n >= 0 && i < count; i++) {
    if (__real_fstat(rows[i].fd, &st) != 0 || st.st_rdev != makedev(5, 0))
      continue;
    n += rows[i].revents == 0;
    rows[i].revents = POLLNVAL;
  }
  return n;
}
