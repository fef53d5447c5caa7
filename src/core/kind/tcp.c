/* TCP handles: arguments, options that wait for a socket (rule T1), and delayed bind errors
 * (A5). What a socket does is the port's, what a stream does is core/stream's. */
#include "core/stream/stream.h"

enum {
  KEEPALIVE_INTERVAL_S = 1,
  KEEPALIVE_COUNT = 10,
  KEEPALIVE_MOST = 32767 /* what systems accept for each of the three values */
};

static const struct uv__desc no_desc = {0};

static uv_stream_t* stream_of(uv_tcp_t* handle) {
  return (uv_stream_t*) handle;
}

/* Whether there is a socket that options can be applied to. */
static int has_socket(const uv_tcp_t* handle) {
  return handle->stream.phase != UV__FRESH && handle->stream.phase < UV__DROPPED;
}

static int option(uv_tcp_t* handle, enum uv__option option, void* value) {
  struct uv__io* io = &handle->stream.io;
  return io->ops->option(io, option, value);
}

/* An address this kind can use: IPv4 or IPv6. */
static int is_inet(const struct sockaddr* addr) {
  return addr != NULL && (addr->sa_family == AF_INET || addr->sa_family == AF_INET6);
}

int uv_tcp_init_ex(uv_loop_t* loop, uv_tcp_t* handle, unsigned int flags) {
  int domain = (int) (flags & 0xFF);
  int r;

  if ((flags & ~0xFFu) != 0 || (domain != AF_UNSPEC && domain != AF_INET && domain != AF_INET6))
    return UV_EINVAL;
  uv__stream_init(loop, stream_of(handle), UV_TCP, &uv__tcp_ops);
  handle->keepalive.idle = 0;
  handle->keepalive.interval = 0;
  handle->keepalive.count = 0;
  if (domain == AF_UNSPEC)
    return 0;
  r = uv__socket_open(stream_of(handle), domain, &no_desc);
  if (r < 0)
    uv__handle_forget((uv_handle_t*) handle);
  return r;
}

int uv_tcp_init(uv_loop_t* loop, uv_tcp_t* handle) {
  return uv_tcp_init_ex(loop, handle, AF_UNSPEC);
}

int uv_tcp_open(uv_tcp_t* handle, uv_os_sock_t sock) {
  struct uv__desc desc = uv__port_desc(sock);
  int r;

  if (uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (handle->stream.phase != UV__FRESH)
    return UV_EBUSY;
  r = uv__socket_open(stream_of(handle), AF_UNSPEC, &desc);
  if (r == 0)
    handle->flags |= UV__TCP_GIVEN;
  return r;
}

int uv_tcp_nodelay(uv_tcp_t* handle, int enable) {
  int on = enable != 0;
  int r;

  if (uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (has_socket(handle)) {
    r = option(handle, UV__NODELAY, &on);
    if (r < 0)
      return r;
  }
  if (on)
    handle->flags |= UV__TCP_NODELAY;
  else
    handle->flags &= ~(unsigned) UV__TCP_NODELAY;
  return 0;
}

int uv_tcp_keepalive_ex(
    uv_tcp_t* handle, int on, unsigned int idle, unsigned int intvl, unsigned int cnt) {
  struct uv__keepalive wish = {0, 0, 0};
  int r;

  if (uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (on) {
    if (idle == 0 || intvl == 0 || cnt == 0)
      return UV_EINVAL;
    if (idle > KEEPALIVE_MOST || intvl > KEEPALIVE_MOST || cnt > KEEPALIVE_MOST)
      return UV_EINVAL;
    wish.idle = (unsigned short) idle;
    wish.interval = (unsigned short) intvl;
    wish.count = (unsigned short) cnt;
  }
  if (has_socket(handle)) {
    r = option(handle, UV__KEEPALIVE, &wish);
    if (r < 0)
      return r;
  }
  handle->keepalive = wish;
  return 0;
}

int uv_tcp_keepalive(uv_tcp_t* handle, int enable, unsigned int delay) {
  return uv_tcp_keepalive_ex(handle, enable, delay, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
}

int uv_tcp_simultaneous_accepts(uv_tcp_t* handle, int enable) {
  int several = enable != 0;
  int r;

  if (uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (has_socket(handle)) {
    r = option(handle, UV__ACCEPTS, &several);
    if (r < 0)
      return r;
  }
  if (several)
    handle->flags &= ~(unsigned) UV__TCP_ONE_ACCEPT;
  else
    handle->flags |= UV__TCP_ONE_ACCEPT;
  return 0;
}

/* A socket that has no name, and is of one family. The handle is fresh again. */
static void give_up_socket(uv_tcp_t* handle) {
  struct uv__io* io = &handle->stream.io;

  (void) io->ops->close(io); /* Nothing was begun on it, so that its close is not either. */
  io->ops->init(io);
  handle->stream.phase = UV__FRESH;
  handle->stream.delayed_error = 0;
}

static int is_of_family(uv_tcp_t* handle, const struct sockaddr* addr) {
  struct uv__io* io = &handle->stream.io;
  struct sockaddr local = *addr;
  int len = sizeof(local);

  (void) io->ops->name(io, UV__LOCAL, &local, &len);
  return local.sa_family == addr->sa_family;
}

int uv_tcp_bind(uv_tcp_t* handle, const struct sockaddr* addr, unsigned int flags) {
  struct uv__io* io = &handle->stream.io;
  int missed;
  int is_new;
  int r;

  if (!is_inet(addr) || (flags & ~(unsigned) (UV_TCP_IPV6ONLY | UV_TCP_REUSEPORT)) != 0)
    return UV_EINVAL;
  if ((flags & UV_TCP_IPV6ONLY) && addr->sa_family != AF_INET6)
    return UV_EINVAL;
  if (handle->stream.phase != UV__FRESH && handle->stream.phase != UV__OPEN)
    return UV_EINVAL;
  missed = handle->stream.delayed_error;
  if (missed < 0 && !(handle->flags & UV__TCP_GIVEN) && !is_of_family(handle, addr))
    give_up_socket(handle);
  is_new = handle->stream.phase == UV__FRESH;
  if (is_new) {
    r = uv__socket_open(stream_of(handle), addr->sa_family, &no_desc);
    if (r < 0)
      return r;
  }
  r = io->ops->bind(io, addr, flags);
  if (r < 0 && r != UV_EADDRINUSE) {
    handle->stream.delayed_error = missed;
    if (is_new && missed == 0)
      give_up_socket(handle);
    return r;
  }
  /* A port that somebody else has it is not bound to. The port is at the same place in IPv6. */
  if (r == 0 && ((const struct sockaddr_in*) (const void*) addr)->sin_port != 0)
    handle->flags |= UV__TCP_PORT;
  else
    handle->flags &= ~(unsigned) UV__TCP_PORT;
  handle->stream.delayed_error = r; /* 0 clears that of a bind before. */
  return 0;
}

static int name(const uv_tcp_t* handle, enum uv__end end, struct sockaddr* addr, int* len) {
  struct uv__io* io = (struct uv__io*) &handle->stream.io;

  if (addr == NULL || len == NULL || *len < 0)
    return UV_EINVAL;
  if (!has_socket(handle))
    return UV_EBADF;
  if (handle->stream.delayed_error < 0)
    return handle->stream.delayed_error; /* It has not got the name it asked for (A5). */
  return io->ops->name(io, end, addr, len);
}

int uv_tcp_getsockname(const uv_tcp_t* handle, struct sockaddr* addr, int* namelen) {
  return name(handle, UV__LOCAL, addr, namelen);
}

int uv_tcp_getpeername(const uv_tcp_t* handle, struct sockaddr* addr, int* namelen) {
  return name(handle, UV__REMOTE, addr, namelen);
}

int uv_tcp_connect(uv_connect_t* req,
                   uv_tcp_t* handle,
                   const struct sockaddr* addr,
                   uv_connect_cb cb) {
  int r;

  if (req == NULL || handle->type != UV_TCP || !is_inet(addr))
    return UV_EINVAL;
  r = uv__connect_gate(stream_of(handle));
  if (r == 0 && handle->stream.phase == UV__FRESH)
    r = uv__socket_open(stream_of(handle), addr->sa_family, &no_desc);
  if (r < 0)
    return r;
  return uv__connect_start(req, stream_of(handle), addr, cb);
}
