/* Another open file of what a descriptor is: a pipe or a terminal can be opened anew, and then has
 * flags of its own, which no other process shares. */
#include "unix/base/base.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#if defined(__linux__)

/* The path by which a process opens one of its own descriptors anew. Written by hand: printf
 * must not be called between fork and exec. */
static void own_path(int fd, char path[32]) {
  static const char prefix[] = "/proc/self/fd/";
  char digits[12];
  int count = 0;

  memcpy(path, prefix, sizeof(prefix) - 1);
  path += sizeof(prefix) - 1;
  do {
    digits[count++] = (char) ('0' + fd % 10);
    fd /= 10;
  } while (fd > 0);
  while (count > 0)
    *path++ = digits[--count];
  *path = '\0';
}

static int open_anew(int fd, int access) {
  char path[32];
  int own;

  own_path(fd, path);
  own = open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  return own >= 0 ? own : UV__ERR(errno);
}

/* Of a fifo whose last writer is gone only those know the end who had it open before. */
static int knows_end(int fd) {
  struct pollfd row = {fd, POLLIN, 0};

  return poll(&row, 1, 0) > 0 && (row.revents & POLLHUP);
}

int uv__reopen_pipe(int fd, int access) {
  int own = open_anew(fd, access);

  if (own >= 0 && access != O_WRONLY && knows_end(fd)) {
    uv__file_discard(own);
    return UV_ENOTSUP;
  }
  return own;
}

#else

int uv__reopen_pipe(int fd, int access) {
  (void) fd;
  (void) access;
  return UV_ENOTSUP;
}

#endif

/* A pseudo-terminal's master calls itself a terminal, but to open it anew makes another one. */
static int is_master(int fd) {
#if defined(TIOCGPTN)
  unsigned int number;
  return ioctl(fd, TIOCGPTN, &number) == 0;
#elif defined(TIOCPTYGNAME)
  char name[128];
  return ioctl(fd, TIOCPTYGNAME, name) == 0;
#elif defined(TIOCPTMASTER)
  return ioctl(fd, TIOCPTMASTER, 0) == 0;
#else
  return ptsname(fd) != NULL;
#endif
}

#if defined(__linux__)

static int reopen(int fd, int access) {
  return open_anew(fd, access);
}

#else

static int reopen(int fd, int access) {
  char name[PATH_MAX];
  int own;

  if (ttyname_r(fd, name, sizeof(name)) != 0)
    return UV_ENOTSUP;
  own = open(name, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  return own >= 0 ? own : UV__ERR(errno);
}

#endif

/* On Linux it may be called in a forked child. */
int uv__reopen_terminal(int fd, int access) {
  struct stat given;
  struct stat opened;
  int own;

  if (is_master(fd))
    return UV_ENOTSUP;
  own = reopen(fd, access);
  if (own < 0)
    return own;
  if (fstat(fd, &given) != 0 || fstat(own, &opened) != 0 || given.st_rdev != opened.st_rdev) {
    uv__file_discard(own);
    return UV_ENOTSUP;
  }
  return own;
}
