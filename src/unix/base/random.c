/* Random bytes from the system. uv_random itself is in core/handle/random.c. */
#include "unix/base/base.h"

#include <stdlib.h>
#include <unistd.h>

#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__)

int uv__port_random(void* buf, size_t len) {
  arc4random_buf(buf, len); /* cannot fail, and seeds itself anew after a fork */
  return 0;
}

#else

#  include <fcntl.h>
#  if defined(__linux__)
#    include <sys/random.h>
#  endif

/* For a kernel, or a sandbox, without getrandom. The device never blocks, also right after the
 * start of the system when it is not seeded; the other one then does, so it is asked first. */
static int read_device(const char* path, char* at, size_t len) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return UV__ERR(errno);
  while (len > 0) {
    ssize_t n = read(fd, at, len);
    if (n > 0) {
      at += n;
      len -= (size_t) n;
    } else if (n == 0 || errno != EINTR) {
      int r = n == 0 ? UV_EIO : UV__ERR(errno);
      close(fd);
      return r;
    }
  }
  close(fd);
  return 0;
}

static int ask_devices(char* at, size_t len) {
  char seeded;
  int r = read_device("/dev/random", &seeded, 1);

  return r < 0 ? r : read_device("/dev/urandom", at, len);
}

int uv__port_random(void* buf, size_t len) {
  char* at = buf;

#  if defined(__linux__)
  while (len > 0) {
    ssize_t n = getrandom(at, len, 0);
    if (n >= 0) {
      at += n;
      len -= (size_t) n;
    } else if (errno == ENOSYS || errno == EPERM) {
      break;
    } else if (errno != EINTR) {
      return UV__ERR(errno);
    }
  }
#  endif
  return len > 0 ? ask_devices(at, len) : 0;
}

#endif
