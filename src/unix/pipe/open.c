/* What a pipe handle can be given: a socket becomes a pipe; what is none is plain.c's, or disk.c's where
 * nobody can wait for it. */
#include "unix/pipe/pipe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int uv__port_pipe_desc(uv_file file, struct uv__desc* desc) {
  if (fcntl(file, F_GETFD) < 0)
    return UV__ERR(errno);
  desc->fd = file;
  desc->kind = UV__DESC_PIPE;
  desc->known = 0;
  return 0;
}

/* What we made ourselves: accepted, or for a child. */
static int adopt_made(struct uv__io* io, const struct uv__desc* desc, unsigned* opened) {
  int r = uv__fd_attach(io, desc->fd, UV__FD_LOCAL);

  if (r == 0)
    r = uv__sock_mute(desc->fd);
  if (r == 0)
    r = uv__poller_add(io, 0);
  if (r < 0) {
    if (io->tail.fd >= 0)
      uv__fd_detach(io);
    return r;
  }
  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
  if (desc->known & UV__KNOWN_INPUT)
    *opened = UV__OPENED_READABLE;
  if (desc->known & UV__KNOWN_OUTPUT)
    *opened = UV__OPENED_WRITABLE;
  return (int) uv__fd_end(io, 0);
}

/* Whether the open file must be made non-blocking. Each read and write of a connection says
 * so itself (but for writes on macOS, where that does not help); connecting and accepting cannot.
 * What is no standard input or output is the program's own, which may count on that it is. */
static int must_unblock(int fd, int is_connected) {
#if defined(__APPLE__)
  (void) fd;
  (void) is_connected;
  return 1;
#else
  return !is_connected || fd > STDERR_FILENO;
#endif
}

static int adopt_socket(struct uv__io* io, int fd, unsigned* opened) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  int is_connected;
  int type;
  int r = uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type);

  if (r < 0)
    return r;
  if (type != SOCK_STREAM)
    return UV_ENOTSUP;
  if (getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV__ERR(errno);
  is_connected = uv__sock_is_connected(fd);
  if (is_connected < 0)
    return is_connected;
  r = uv__fd_attach(io, fd, UV__FD_SHARED | (addr.ss_family == AF_UNIX ? UV__FD_LOCAL : 0));
  if (r < 0)
    return r;
  if (must_unblock(fd, is_connected))
    r = uv__file_unblock(fd);
  if (r == 1)
    io->tail.state |= UV__FD_RESTORE;
  if (r >= 0)
    r = uv__sock_mute(fd);
  if (r == 0 && is_connected)
    r = uv__poller_add(io, 0);
  if (r < 0) {
    uv__fd_detach(io);
    return r;
  }
  *opened = is_connected ? UV__OPENED_READABLE | UV__OPENED_WRITABLE : UV__OPENED_FRESH;
  return (int) uv__fd_end(io, 0);
}

/* The pollers' ways to say that nobody can be told when such a device is ready. */
static int is_no_poll(int error) {
  return error == UV_EPERM || error == UV_EINVAL || error == UV_ENODEV || error == UV_ENOTSUP;
}

static int adopt_device(struct uv__io* io, int fd, unsigned* opened) {
  int r = uv__plain_open(io, fd, opened);

  return is_no_poll(r) ? uv__disk_open(io, fd, opened) : r;
}

int uv__pipe_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  struct stat st;
  int r;

  (void) domain;
  if (desc->known & UV__KNOWN_MADE)
    return adopt_made(io, desc, opened);
  if (fstat(desc->fd, &st) != 0)
    return UV__ERR(errno);
  if (S_ISSOCK(st.st_mode))
    r = adopt_socket(io, desc->fd, opened);
  else if (S_ISFIFO(st.st_mode))
    r = uv__plain_open(io, desc->fd, opened);
  else if (S_ISCHR(st.st_mode))
    r = adopt_device(io, desc->fd, opened);
  else if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
    r = uv__disk_open(io, desc->fd, opened);
  else
    r = UV_ENOTSUP;
  /* Standard input and output are what any child expects to find, also one that is started
   * without this library. */
  if (r == 0 && desc->fd > STDERR_FILENO)
    (void) uv__file_hide(desc->fd);
  return r;
}
