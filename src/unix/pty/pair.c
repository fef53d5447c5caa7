/* The two sides of a pseudo-terminal, which the systems make in the way of POSIX, but for the name of the
 * second: who has a function for that which other threads do not disturb, is listed here. */
#include "unix/pty/pty.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#if !defined(__linux__) && !defined(__APPLE__)
#  include <pthread.h>
#endif

enum {
  NAME = 128
};

#if defined(__linux__) || defined(__APPLE__)

/* Some return the error, as musl does, and some set errno. */
static int name_of(int master, char name[NAME]) {
  int r = ptsname_r(master, name, NAME);

  if (r == 0)
    return 0;
  return UV__ERR(r > 0 ? r : errno);
}

#else

/* Of the threads of this library at least, one at a time. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int name_of(int master, char name[NAME]) {
  const char* found;
  int r = 0;

  (void) pthread_mutex_lock(&lock);
  found = ptsname(master);
  if (found == NULL)
    r = UV__ERR(errno);
  else if (strlen(found) >= NAME)
    r = UV_ENAMETOOLONG;
  else
    strcpy(name, found);
  (void) pthread_mutex_unlock(&lock);
  return r;
}

#endif

/* What is erased is a character, and not a byte of one. */
static void use_utf8(int fd) {
#if defined(IUTF8)
  struct termios mode;

  if (tcgetattr(fd, &mode) != 0)
    return;
  mode.c_iflag |= IUTF8;
  (void) tcsetattr(fd, TCSANOW, &mode);
#else
  (void) fd;
#endif
}

/* 0, or an error; grantpt may be a program of its own on old systems. */
static int admit(int master) {
  return grantpt(master) == 0 && unlockpt(master) == 0 ? 0 : UV__ERR(errno);
}

static int open_slave(int master) {
  char name[NAME];
  int r = admit(master);
  int fd;

  if (r == 0)
    r = name_of(master, name);
  if (r < 0)
    return r;
  fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0)
    return UV__ERR(errno);
  use_utf8(fd);
  return fd;
}

/* A system without terminals, as a container may be, lacks the file they come from. */
static int open_master(void) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  int r;

  if (fd < 0 && errno == EINVAL) /* Older systems know the first two alone. */
    fd = posix_openpt(O_RDWR | O_NOCTTY);
  if (fd < 0)
    return errno == ENOENT || errno == ENODEV || errno == ENXIO ? UV_ENOTSUP : UV__ERR(errno);
  r = uv__file_hide(fd);
  if (r >= 0)
    r = uv__file_unblock(fd);
  if (r >= 0)
    return fd;
  uv__file_discard(fd);
  return r;
}

int uv__pty_pair(int fds[2]) {
  fds[0] = open_master();
  if (fds[0] < 0)
    return fds[0];
  fds[1] = open_slave(fds[0]);
  if (fds[1] >= 0)
    return 0;
  uv__file_discard(fds[0]);
  return fds[1];
}
