/* See condition.h. Of sockets the BSDs know the two directions, of pipes both ends. */
#include "condition.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

enum kind {
  SOCKET,
  PIPE,
  TERMINAL,
  PLAIN, /* a file: it holds as long as there is more of it */
  TTY,   /* /dev/tty */
  DEVICE
};

static enum kind kind_of(int fd, struct stat* st) {
  struct termios mode;

  if (fstat(fd, st) != 0 || S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
    return PLAIN;
  if (S_ISSOCK(st->st_mode))
    return SOCKET;
  if (S_ISFIFO(st->st_mode))
    return PIPE;
  if (!S_ISCHR(st->st_mode))
    return TERMINAL; /* An eventfd, an epoll: whatever poll(2) says of it. */
  if (major(st->st_rdev) == 5 && minor(st->st_rdev) == 0)
    return TTY;
  return tcgetattr(fd, &mode) == 0 ? TERMINAL : DEVICE;
}

static int ask(int fd, short events) {
  struct timespec none = {0, 0};
  struct pollfd row = {fd, events, 0};

  return syscall(SYS_ppoll, &row, 1, &none, NULL, (size_t) 0) > 0 ? row.revents : 0;
}

/* Whether the descriptor was opened for that direction. */
static int may(int fd, int is_writing) {
  int access = fcntl(fd, F_GETFL) & O_ACCMODE;

  return access != (is_writing ? O_RDONLY : O_WRONLY);
}

int condition_refuses(int fd, int is_writing) {
  struct stat st;
  enum kind kind = kind_of(fd, &st);

  if (kind == TTY)
    return EINVAL;
  if (kind == DEVICE)
    return ENODEV;
  if (kind == PIPE && is_writing && may(fd, 1) && (ask(fd, POLLOUT) & POLLERR))
    return EPIPE;
  return 0;
}

static intptr_t bytes(int fd, unsigned long what) {
  int count = 0;

  return ioctl(fd, what, &count) == 0 ? count : 0;
}

static int end_of(int seen, int ends) {
  if (seen & POLLERR)
    return CONDITION_FAILED;
  return seen & ends ? CONDITION_ENDED : CONDITION_GOES_ON;
}

static int socket_holds(int fd, int is_writing, intptr_t* data, int* eof) {
  int seen = ask(fd, POLLIN | POLLOUT | POLLRDHUP);

  if ((seen & (POLLIN | POLLHUP)) == POLLHUP) /* It has no connection yet. */
    return 0;
  if (is_writing) {
    *eof = end_of(seen, POLLHUP);
    return *eof || (seen & POLLOUT);
  }
  *eof = end_of(seen, POLLRDHUP | POLLHUP);
  *data = bytes(fd, FIONREAD); /* EINVAL of a listener, which has a connection. */
  return *eof || (seen & POLLIN);
}

static int pipe_holds(int fd, int is_writing, intptr_t* data, int* eof) {
  int seen = ask(fd, POLLIN | POLLOUT);

  if (!may(fd, is_writing))
    return 0;
  *eof = (seen & (is_writing ? POLLERR : POLLHUP)) != 0;
  *data = is_writing ? PIPE_BUF : bytes(fd, FIONREAD);
  return *eof || (seen & (is_writing ? POLLOUT : POLLIN));
}

static int other_holds(int fd, int is_writing, intptr_t* data, int* eof) {
  int seen = ask(fd, POLLIN | POLLOUT);

  if (!may(fd, is_writing))
    return 0;
  *eof = (seen & POLLHUP) != 0;
  *data = is_writing ? 0 : bytes(fd, FIONREAD);
  return *eof || (seen & (is_writing ? POLLOUT : POLLIN));
}

int condition_holds(int fd, int is_writing, intptr_t* data, int* eof) {
  struct stat st;

  switch (kind_of(fd, &st)) {
  case SOCKET:
    return socket_holds(fd, is_writing, data, eof);
  case PIPE:
    return pipe_holds(fd, is_writing, data, eof);
  case PLAIN:
    *data = (intptr_t) (st.st_size - lseek(fd, 0, SEEK_CUR));
    return is_writing || *data != 0;
  default:
    return other_holds(fd, is_writing, data, eof);
  }
}

/* What TCP's other side has acknowledged; of a Unix-domain socket, what waits there. */
uint64_t condition_progress(int fd) {
  struct tcp_info info;
  socklen_t len = sizeof(info);

  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
      len >= offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked))
    return info.tcpi_bytes_acked;
  return (uint64_t) bytes(fd, SIOCOUTQ);
}
