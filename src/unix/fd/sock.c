/* What TCP and Unix-domain sockets have in common: making them, listening, accepting, options.
 * Names, and what is special to one of the two, are in tcp.c and pipe.c; moving bytes is in
 * fd.c. */
#include "unix/fd/fd.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a socket can be born non-blocking and not inherited, so can an accepted one. */
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
#  define BORN_PREPARED
#endif

/* ---- Options ---- */

int uv__sock_set_int(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : UV__ERR(errno);
}

int uv__sock_get_int(int fd, int level, int name, int* value) {
  socklen_t len = sizeof(*value);

  return getsockopt(fd, level, name, value, &len) == 0 ? 0 : UV__ERR(errno);
}

int uv__sock_buffer_size(int fd, enum uv__option option, int* value) {
  int name = option == UV__SNDBUF ? SO_SNDBUF : SO_RCVBUF;

  return *value == 0 ? uv__sock_get_int(fd, SOL_SOCKET, name, value)
                     : uv__sock_set_int(fd, SOL_SOCKET, name, *value);
}

int uv__sock_mute(int fd) {
#if defined(__APPLE__)
  int r = uv__sock_set_int(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);

  /* What it says of a connection that is over. One that was accepted has the option of its listener. */
  return r == UV_EINVAL ? 0 : r;
#else
  (void) fd; /* MSG_NOSIGNAL with each write. */
  return 0;
#endif
}

/* ---- Making and connecting ---- */

int uv__sock_create(struct uv__io* io, int domain, unsigned int state) {
  int fd;
  int r = 0;

#if defined(BORN_PREPARED)
  fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return UV__ERR(errno);
#else
  fd = socket(domain, SOCK_STREAM, 0);
  if (fd < 0)
    return UV__ERR(errno);
  r = uv__file_prepare(fd);
#endif
  if (r == 0)
    r = uv__sock_mute(fd);
  if (r == 0)
    r = uv__fd_attach(io, fd, state);
  if (r < 0)
    uv__file_discard(fd);
  return r;
}

/* A connection that both sides have ended, or that was reset, has no peer any more, but an end to
 * be read, which a socket that was never connected has not. */
static int has_end(int fd) {
  struct pollfd look;
  int listening = 0;

  look.fd = fd;
  look.events = POLLIN;
  return uv__sock_get_int(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening) == 0 && !listening &&
         poll(&look, 1, 0) == 1 && (look.revents & POLLIN);
}

/* A connect that the program began itself is under way. Reading and writing wait for its end as they
 * wait for bytes and for room, and tell how it failed. */
static int is_connecting(int fd) {
  enum {
    SYN_SENT = 2 /* on all systems, under different names */
  };
#if defined(TCP_INFO)
  struct tcp_info info;
  socklen_t len =
      sizeof(info.tcpi_state); /* It comes first, and qemu can tell no more than an int. */

  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state == SYN_SENT;
#elif defined(TCP_CONNECTION_INFO)
  struct tcp_connection_info info;
  socklen_t len = sizeof(info);

  return getsockopt(fd, IPPROTO_TCP, TCP_CONNECTION_INFO, &info, &len) == 0 &&
         info.tcpi_state == SYN_SENT;
#else
  (void) fd;
  return 0 * SYN_SENT;
#endif
}

int uv__sock_is_connected(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);

  /* EINVAL is what macOS says of a connection that was shut down: reading tells the rest. */
  if (getpeername(fd, (struct sockaddr*) &addr, &len) == 0 || errno == EINVAL)
    return 1;
  if (errno != ENOTCONN)
    return UV__ERR(errno);
  return has_end(fd) || is_connecting(fd);
}

void uv__sock_unblock(struct uv__io* io) {
  if (io->tail.state & UV__FD_SHARED)
    (void) uv__file_unblock(io->tail.fd);
}

int uv__sock_was_connected(struct uv__io* io, int r) {
  struct uv__io_tail* tail = &io->tail;
  int pending = r != 0;

  /* A connect that a signal interrupts goes on by itself. */
  if (pending && errno != EINPROGRESS && errno != EINTR)
    return UV__ERR(errno);
  /* Only now, see uv__sock_create. An earlier connect that failed has left its marks. */
  tail->state &= ~(unsigned) (UV__FD_READABLE | UV__FD_FULL | UV__FD_ENDED | UV__FD_FAILED);
  if (tail->state & UV__FD_POLLED)
    r = pending ? uv__poller_add_out(io) : 0;
  else
    r = uv__poller_add(io, pending);
  if (r < 0 || !pending)
    return (int) uv__fd_end(io, r);
  tail->error = UV_ECANCELED;
  tail->state |= UV__CONNECT;
  return (int) uv__fd_end(io, UV__PENDING);
}

int uv__sock_shutdown(struct uv__io* io) {
  return shutdown(io->tail.fd, SHUT_WR) == 0 ? 0 : UV__ERR(errno);
}

/* ---- Listening ---- */

int uv__sock_listen(struct uv__io* io, int backlog) {
  if (listen(io->tail.fd, backlog) != 0)
    return UV__ERR(errno);
  /* One that was dead waits for a ring that nobody owed it. */
  if ((io->tail.state & UV__FD_DEAD) && (io->busy & UV__ACCEPT))
    uv__ring(io, UV__ACCEPT);
  io->tail.state &= ~(unsigned) UV__FD_DEAD;
  return (int) uv__fd_end(io, io->tail.state & UV__FD_POLLED ? 0 : uv__poller_add(io, 0));
}

static int accept_prepared(int listener) {
  int fd;

#if defined(BORN_PREPARED)
  fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0 || errno != ENOSYS) /* Some sandboxes do not know it. */
    return fd;
#endif
  fd = accept(listener, NULL, NULL);
  if (fd >= 0 && uv__file_prepare(fd) < 0) {
    int saved_errno = errno;
    uv__file_discard(fd);
    errno = saved_errno;
    return -1;
  }
  return fd;
}

/* Errors of the listener itself, say after a shutdown by another holder of the socket. The
 * poller would report it for ever and each accept fail the same way. */
static int is_hopeless(int error) {
  return error == EBADF || error == EINVAL || error == ENOTSOCK;
}

/* Linux looks for a free descriptor before it looks for a connection: a full table is an
 * error of accept also when nobody waits, and would be told as a shortage that is none. */
static int somebody_waits(int listener) {
  struct pollfd p = {listener, POLLIN, 0};

  return poll(&p, 1, 0) != 0;
}

int uv__sock_accept_now(struct uv__io* io, struct uv__desc* desc) {
  struct uv__io_tail* tail = &io->tail;
  int fd;
  int r;

  if (tail->state & UV__FD_DEAD)
    return UV_EAGAIN; /* Unarmed: this was reported once. */
  uv__sock_unblock(io);
  do
    fd = accept_prepared(tail->fd);
  while (fd < 0 && errno == EINTR);

  if (fd >= 0) {
    desc->fd = fd;
    return 0;
  }
  r = UV__ERR(errno);
  if (r == UV__ERR(EAGAIN) || r == UV__ERR(EWOULDBLOCK) ||
      ((r == UV_EMFILE || r == UV_ENFILE) && !somebody_waits(tail->fd))) {
    tail->state |= UV__ACCEPT;
    return (int) uv__fd_end(io, UV_EAGAIN);
  }
  /* When resources are short the connection waits in the system, and so does the core. */
  if (is_hopeless(-r))
    tail->state |= UV__FD_DEAD;
  return (int) uv__fd_end(io, r);
}
