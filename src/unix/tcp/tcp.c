/* TCP: how its sockets are adopted, bound and connected, and what can be set. What they share
 * with other sockets is in sock.c; moving bytes is fd.c's. */
#include "unix/fd/fd.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#if defined(__APPLE__)
#  define KEEPALIVE_IDLE TCP_KEEPALIVE
#elif defined(TCP_KEEPIDLE)
#  define KEEPALIVE_IDLE TCP_KEEPIDLE
#endif

static socklen_t address_size(const struct sockaddr* addr) {
  return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* ---- Opening ---- */

struct uv__desc uv__port_desc(uv_os_sock_t sock) {
  struct uv__desc desc;

  desc.fd = sock;
  desc.kind = UV__DESC_TCP;
  desc.known = 0;
  return desc;
}

/* UV__KNOWN_TCP or 0 for a socket we did not make; UV_EINVAL when it is no stream. */
static int examine(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  int type;
  int r = uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type);

  if (r < 0)
    return r;
  if (type != SOCK_STREAM)
    return UV_EINVAL;
  if (getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV__ERR(errno);
  if (addr.ss_family != AF_INET && addr.ss_family != AF_INET6)
    return 0;
#if defined(SO_PROTOCOL)
  if (uv__sock_get_int(fd, SOL_SOCKET, SO_PROTOCOL, &type) < 0 || type != IPPROTO_TCP)
    return 0; /* SCTP is a stream too, and reads it in messages. */
#endif
  return UV__KNOWN_TCP;
}

/* What is neither connected nor bound is not passed, but for one whose bind failed: there is no other
 * place on Unix for that error to travel in (A5). */
static int missed(const struct uv__desc* desc) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);

  return (desc->known & UV__KNOWN_PASSED) &&
         getsockname(desc->fd, (struct sockaddr*) &addr, &len) == 0 &&
         ((const struct sockaddr_in*) &addr)->sin_port == 0;
}

static int adopt(struct uv__io* io, const struct uv__desc* desc, unsigned* opened) {
  int made = desc->known & UV__KNOWN_MADE;
  int known = made ? desc->known : examine(desc->fd);
  int connected;
  int r;

  if (known < 0)
    return known;
  r = uv__fd_attach(io, desc->fd,
                    (known & UV__KNOWN_TCP ? UV__FD_TCP : 0) | (made ? 0 : UV__FD_SHARED));
  if (r < 0)
    return r;
  connected = made ? 1 : uv__sock_is_connected(desc->fd);
  if (connected != 0)
    r = connected < 0 ? connected : uv__poller_add(io, 0);
  if (r == 0 && !made)
    r = uv__file_prepare(desc->fd);
  if (r == 0)
    r = uv__sock_mute(desc->fd);
  if (r < 0) {
    uv__fd_detach(io);
    return r;
  }
  *opened = connected      ? UV__OPENED_READABLE | UV__OPENED_WRITABLE
            : missed(desc) ? UV__OPENED_MISSED
                           : UV__OPENED_FRESH;
  return (int) uv__fd_end(io, 0);
}

static int tcp_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int r;

  if (desc->kind != UV__DESC_NONE)
    return adopt(io, desc, opened);
  r = uv__sock_create(io, domain, UV__FD_TCP);
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
  r = uv__sock_set_int(fd, SOL_SOCKET, SO_REUSEPORT_LB, 1);
#elif defined(SO_REUSEPORT) && (defined(__linux__) || defined(__DragonFly__) || defined(__sun))
  r = uv__sock_set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
#else
  (void) fd;
#endif
  return r == UV_ENOPROTOOPT ? UV_ENOTSUP : r; /* An old kernel: Linux before 3.9. */
}

static int tcp_bind(struct uv__io* io, const void* where, unsigned flags) {
  const struct sockaddr* addr = where;
  int fd = io->tail.fd;
  int r;

  /* A port whose last connections are still winding down can be listened on again. */
  r = uv__sock_set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (r == 0 && (flags & UV_TCP_REUSEPORT))
    r = share_port(fd);
#if !defined(__OpenBSD__) /* There it is always on and cannot be set. */
  if (r == 0 && addr->sa_family == AF_INET6)
    r = uv__sock_set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, (flags & UV_TCP_IPV6ONLY) != 0);
#endif
  if (r == 0 && bind(fd, addr, address_size(addr)) != 0)
    r = UV__ERR(errno);
  return r;
}

static int tcp_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
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
  int r = uv__sock_set_int(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive->idle != 0);

  if (r < 0 || keepalive->idle == 0)
    return r;
#if defined(KEEPALIVE_IDLE)
  r = uv__sock_set_int(fd, IPPROTO_TCP, KEEPALIVE_IDLE, keepalive->idle);
#endif
#if defined(TCP_KEEPINTVL)
  if (r == 0)
    r = uv__sock_set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, keepalive->interval);
#endif
#if defined(TCP_KEEPCNT)
  if (r == 0)
    r = uv__sock_set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, keepalive->count);
#endif
  return r;
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
    return uv__sock_set_int(fd, IPPROTO_TCP, TCP_NODELAY, *(int*) value);
  case UV__KEEPALIVE:
    return set_keepalive(fd, value);
  case UV__ACCEPTS:
    return 0;
  case UV__RESET:
    return reset_on_close(fd);
  case UV__SNDBUF:
  case UV__RCVBUF:
    return uv__sock_buffer_size(fd, option, value);
  case UV__INSTANCES:
  case UV__CHMOD:
  case UV__PEER: /* Of pipes, */
  case UV__TTY_MODE:
  case UV__PTY_SIZE:
  case UV__PTY_OVER:
  case UV__PTY_LEAVE:
  case UV__PTY_GIVE:
  case UV__PTY_CHILD:
  case UV__TTY_SIZE: /* of terminals. */
    break;
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

static int tcp_connect(struct uv__io* io, const void* where) {
  const struct sockaddr* addr = where;
  struct sockaddr_storage target;
  int r;

  aim(&target, addr);
  uv__sock_unblock(io);
  r = connect(io->tail.fd, (struct sockaddr*) &target, address_size(addr));
  /* Linux says so once on a socket whose last connect failed, and then begins the next. */
  if (r != 0 && errno == ECONNABORTED)
    r = connect(io->tail.fd, (struct sockaddr*) &target, address_size(addr));
  return uv__sock_was_connected(io, r);
}

/* ---- Listening ---- */

static int tcp_accept_now(struct uv__io* io, struct uv__desc* desc) {
  int r = uv__sock_accept_now(io, desc);

  if (r < 0)
    return r;
  desc->kind = UV__DESC_TCP;
  desc->known = UV__KNOWN_MADE;
  if (io->tail.state & UV__FD_TCP)
    desc->known |= UV__KNOWN_TCP;
  return 0;
}

const struct uv__ops uv__tcp_ops = {
    .init = uv__fd_init,
    .open = tcp_open,
    .bind = tcp_bind,
    .name = tcp_name,
    .option = tcp_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = uv__fd_read_now,
    .write = uv__fd_write,
    .write_stop = uv__fd_write_stop,
    .connect = tcp_connect,
    .shutdown = uv__sock_shutdown,
    .listen = uv__sock_listen,
    .accept_now = tcp_accept_now,
    .done = uv__fd_done,
    .close = uv__fd_close,
    .beyond = UV__FD_BEYOND_TCP,
    .arms_at_once = 1,
};
