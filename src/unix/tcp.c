/* TCP: how its sockets are made, adopted, bound, connected and accepted from, and the pair of
 * connected sockets of uv_socketpair. Moving bytes is fd.c's. */
#include "internal.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a socket can be born non-blocking and not inherited, so can an accepted one. */
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
#  define BORN_PREPARED
#endif

#if defined(__APPLE__)
#  define KEEPALIVE_IDLE TCP_KEEPALIVE
#elif defined(TCP_KEEPIDLE)
#  define KEEPALIVE_IDLE TCP_KEEPIDLE
#endif

static int set_int(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : UV__ERR(errno);
}

static int get_int(int fd, int level, int name, int* value) {
  socklen_t len = sizeof(*value);

  return getsockopt(fd, level, name, value, &len) == 0 ? 0 : UV__ERR(errno);
}

static socklen_t address_size(const struct sockaddr* addr) {
  return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* ---- Descriptors on their way ---- */

struct uv__desc uv__port_desc(uv_os_sock_t sock) {
  struct uv__desc desc;

  desc.fd = sock;
  desc.kind = UV__DESC_TCP;
  desc.known = 0;
  return desc;
}

void uv__port_discard(struct uv__desc* desc) {
  uv__fd_discard(desc->fd);
  desc->fd = -1;
  desc->kind = UV__DESC_NONE;
}

/* ---- Opening ---- */

/* The one place for what every socket needs that will be written to. */
static int mute(int fd) {
#if defined(__APPLE__)
  return set_int(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#else
  (void) fd; /* MSG_NOSIGNAL with each write. */
  return 0;
#endif
}

static int create(struct uv__io* io, int domain) {
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
  r = uv__fd_prepare(fd);
#endif
  if (r == 0)
    r = mute(fd);
  /* The poller hears of it later: it would report a socket that is not connected as dead. */
  if (r == 0)
    r = uv__fd_attach(io, fd, UV__FD_TCP);
  if (r < 0)
    uv__fd_discard(fd);
  return r;
}

/* UV__KNOWN_TCP or 0 for a socket we did not make; UV_EINVAL when it is no stream. */
static int examine(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  int type;
  int r = get_int(fd, SOL_SOCKET, SO_TYPE, &type);

  if (r < 0)
    return r;
  if (type != SOCK_STREAM)
    return UV_EINVAL;
  if (getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV__ERR(errno);
  if (addr.ss_family != AF_INET && addr.ss_family != AF_INET6)
    return 0;
#if defined(SO_PROTOCOL)
  if (get_int(fd, SOL_SOCKET, SO_PROTOCOL, &type) < 0 || type != IPPROTO_TCP)
    return 0; /* SCTP is a stream too, and reads it in messages. */
#endif
  return UV__KNOWN_TCP;
}

static int is_connected(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);

  /* EINVAL is what macOS says of a connection that was shut down: reading tells the rest. */
  return getpeername(fd, (struct sockaddr*) &addr, &len) == 0 || errno == EINVAL;
}

static int adopt(struct uv__io* io, const struct uv__desc* desc, unsigned* opened) {
  int accepted = desc->known & UV__KNOWN_ACCEPTED;
  int known = accepted ? desc->known : examine(desc->fd);
  int connected;
  int r;

  if (known < 0)
    return known;
  r = uv__fd_attach(io, desc->fd, known & UV__KNOWN_TCP ? UV__FD_TCP : 0);
  if (r < 0)
    return r;
  connected = accepted || is_connected(desc->fd);
  if (connected)
    r = uv__poller_add(io, 0);
  if (r == 0 && !accepted)
    r = uv__fd_prepare(desc->fd);
  if (r == 0)
    r = mute(desc->fd);
  if (r < 0) {
    uv__fd_detach(io);
    return r;
  }
  *opened = connected ? UV__OPENED_READABLE | UV__OPENED_WRITABLE : UV__OPENED_FRESH;
  return 0;
}

static int tcp_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int r;

  if (desc->kind != UV__DESC_NONE)
    return adopt(io, desc, opened);
  r = create(io, domain);
  if (r == 0)
    *opened = UV__OPENED_FRESH;
  return r;
}

/* ---- Addresses and options ---- */

/* Several listeners on one port, and connections spread over them. The option of that name
 * on macOS, NetBSD and OpenBSD gives all connections to one of them. */
static int share_port(int fd) {
  int r = UV_ENOTSUP;

#if defined(SO_REUSEPORT_LB)
  r = set_int(fd, SOL_SOCKET, SO_REUSEPORT_LB, 1);
#elif defined(SO_REUSEPORT) && (defined(__linux__) || defined(__DragonFly__) || defined(__sun))
  r = set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
#else
  (void) fd;
#endif
  return r == UV_ENOPROTOOPT ? UV_ENOTSUP : r; /* An old kernel: Linux before 3.9. */
}

static int tcp_bind(struct uv__io* io, const struct sockaddr* addr, unsigned flags) {
  int fd = io->tail.fd;
  int r;

  /* A port whose last connections are still winding down can be listened on again. */
  r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (r == 0 && (flags & UV_TCP_REUSEPORT))
    r = share_port(fd);
#if !defined(__OpenBSD__) /* There it is always on and cannot be set. */
  if (r == 0 && addr->sa_family == AF_INET6)
    r = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, (flags & UV_TCP_IPV6ONLY) != 0);
#endif
  if (r == 0 && bind(fd, addr, address_size(addr)) != 0)
    r = UV__ERR(errno);
  return r;
}

static int tcp_name(struct uv__io* io, enum uv__end end, struct sockaddr* addr, int* len) {
  socklen_t size;
  int r;

  if (*len < 0)
    return UV_EINVAL;
  size = (socklen_t) *len;
  r = end == UV__LOCAL ? getsockname(io->tail.fd, addr, &size)
                       : getpeername(io->tail.fd, addr, &size);
  if (r != 0)
    return UV__ERR(errno);
  *len = (int) size;
  return 0;
}

static int set_keepalive(int fd, const struct uv__keepalive* keepalive) {
  int r = set_int(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive->idle != 0);

  if (r < 0 || keepalive->idle == 0)
    return r;
#if defined(KEEPALIVE_IDLE)
  r = set_int(fd, IPPROTO_TCP, KEEPALIVE_IDLE, keepalive->idle);
#endif
#if defined(TCP_KEEPINTVL)
  if (r == 0)
    r = set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive->interval);
#endif
#if defined(TCP_KEEPCNT)
  if (r == 0)
    r = set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive->count);
#endif
  return r;
}

static int buffer_size(int fd, int name, int* value) {
  return *value == 0 ? get_int(fd, SOL_SOCKET, name, value) : set_int(fd, SOL_SOCKET, name, *value);
}

static int reset_on_close(int fd) {
  struct linger linger;

  linger.l_onoff = 1;
  linger.l_linger = 0;
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) != 0)
    return UV__ERR(errno);
  return 0;
}

static int tcp_option(struct uv__io* io, enum uv__option option, void* value) {
  int fd = io->tail.fd;

  switch (option) {
  case UV__NODELAY:
    return set_int(fd, IPPROTO_TCP, TCP_NODELAY, *(int*) value);
  case UV__KEEPALIVE:
    return set_keepalive(fd, value);
  case UV__ACCEPTS:
    return 0;
  case UV__RESET:
    return reset_on_close(fd);
  case UV__SNDBUF:
    return buffer_size(fd, SO_SNDBUF, value);
  case UV__RCVBUF:
    return buffer_size(fd, SO_RCVBUF, value);
  }
  return UV_EINVAL;
}

/* ---- Connecting ---- */

/* An unspecified address means this host. Linux takes it so, others refuse it. */
static void aim(struct sockaddr_storage* target, const struct sockaddr* addr) {
  memcpy(target, addr, address_size(addr));
  if (addr->sa_family == AF_INET) {
    struct sockaddr_in* in = (struct sockaddr_in*) target;
    if (in->sin_addr.s_addr == htonl(INADDR_ANY))
      in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    struct sockaddr_in6* in6 = (struct sockaddr_in6*) target;
    if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
      in6->sin6_addr = in6addr_loopback;
  }
}

static int tcp_connect(struct uv__io* io, const struct sockaddr* addr) {
  struct uv__io_tail* tail = &io->tail;
  struct sockaddr_storage target;
  int pending;
  int r;

  aim(&target, addr);
  pending = connect(tail->fd, (struct sockaddr*) &target, address_size(addr)) != 0;
  /* Linux says so once on a socket whose last connect failed, and then begins the next. */
  if (pending && errno == ECONNABORTED)
    pending = connect(tail->fd, (struct sockaddr*) &target, address_size(addr)) != 0;
  /* A connect that a signal interrupts goes on by itself. */
  if (pending && errno != EINPROGRESS && errno != EINTR)
    return UV__ERR(errno);
  /* Only now, see create(). An earlier connect that failed has left its marks. */
  tail->state &= ~(unsigned) (UV__FD_READABLE | UV__FD_FULL | UV__FD_ENDED);
  r = tail->state & UV__FD_POLLED ? uv__poller_add_out(io) : uv__poller_add(io, 1);
  if (r < 0 || !pending)
    return r;
  tail->error = UV_ECANCELED;
  tail->state |= UV__CONNECT;
  return UV__PENDING;
}

static int tcp_shutdown(struct uv__io* io) {
  return shutdown(io->tail.fd, SHUT_WR) == 0 ? 0 : UV__ERR(errno);
}

/* ---- Listening ---- */

static int tcp_listen(struct uv__io* io, int backlog) {
  if (listen(io->tail.fd, backlog) != 0)
    return UV__ERR(errno);
  io->tail.state &= ~(unsigned) UV__FD_DEAD;
  return io->tail.state & UV__FD_POLLED ? 0 : uv__poller_add(io, 0);
}

static int accept_prepared(int listener) {
#if defined(BORN_PREPARED)
  return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
  int fd = accept(listener, NULL, NULL);

  if (fd >= 0 && uv__fd_prepare(fd) < 0) {
    int saved_errno = errno;
    uv__fd_discard(fd);
    errno = saved_errno;
    return -1;
  }
  return fd;
#endif
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

static int tcp_accept_now(struct uv__io* io, struct uv__desc* desc) {
  struct uv__io_tail* tail = &io->tail;
  int fd;
  int r;

  if (tail->state & UV__FD_DEAD)
    return UV_EAGAIN; /* Unarmed: this was reported once. */
  do
    fd = accept_prepared(tail->fd);
  while (fd < 0 && errno == EINTR);

  if (fd >= 0) {
    desc->fd = fd;
    desc->kind = UV__DESC_TCP;
    desc->known = UV__KNOWN_ACCEPTED;
    if (tail->state & UV__FD_TCP)
      desc->known |= UV__KNOWN_TCP;
    return 0;
  }
  r = UV__ERR(errno);
  if (r == UV__ERR(EAGAIN) || r == UV__ERR(EWOULDBLOCK) ||
      ((r == UV_EMFILE || r == UV_ENFILE) && !somebody_waits(tail->fd))) {
    tail->state |= UV__ACCEPT;
    return UV_EAGAIN;
  }
  /* When resources are short the connection waits in the system, and so does the core. */
  if (is_hopeless(-r))
    tail->state |= UV__FD_DEAD;
  return r;
}

const struct uv__ops uv__tcp_ops = {
    uv__fd_init,     tcp_open,           tcp_bind,        tcp_name,     tcp_option,  uv__fd_fileno,
    uv__fd_read_arm, uv__fd_read_disarm, uv__fd_read_now, uv__fd_write, tcp_connect, tcp_shutdown,
    tcp_listen,      tcp_accept_now,     uv__fd_done,     uv__fd_close,
};

/* ---- A pair ---- */

int uv_socketpair(int type, int protocol, uv_os_sock_t socket_vector[2], int flags0, int flags1) {
  int fds[2];
  int r = 0;
  int i;

  if (socket_vector == NULL || type != SOCK_STREAM || (protocol != 0 && protocol != IPPROTO_TCP) ||
      ((flags0 | flags1) & ~UV_NONBLOCK_PIPE))
    return UV_EINVAL;
#if defined(SOCK_CLOEXEC)
  type |= SOCK_CLOEXEC;
#endif
  /* Sockets of this host only, which carry a stream as a TCP connection does. */
  if (socketpair(AF_UNIX, type, 0, fds) != 0)
    return UV__ERR(errno);
  for (i = 0; i < 2 && r == 0; i++) {
    int wanted = i == 0 ? flags0 : flags1;
    int flags = fcntl(fds[i], F_GETFL);

    if (wanted & UV_NONBLOCK_PIPE)
      flags |= O_NONBLOCK;
    if (fcntl(fds[i], F_SETFL, flags) != 0 || fcntl(fds[i], F_SETFD, FD_CLOEXEC) != 0)
      r = UV__ERR(errno);
  }
  if (r < 0) {
    uv__fd_discard(fds[0]);
    uv__fd_discard(fds[1]);
    return r;
  }
  socket_vector[0] = fds[0];
  socket_vector[1] = fds[1];
  return 0;
}
