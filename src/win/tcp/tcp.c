/* TCP streams on a completion port: every lane but accepting, which is in tcp_accept.c.
 *
 * A socket is non-blocking as well as overlapped. What can be done at once is done by plain
 * calls, which post no packet; overlapped calls are for waiting: a receive of nothing for
 * "readable", a send of all that is left for "writable". */
#include "win/internal.h"

#include <assert.h>
#include <mstcpip.h>
#include <string.h>

enum {
  /* Bytes that one plain send may take. The kernel takes a send whole as long as less than
   * SO_SNDBUF is waiting, however large it is, and copies it into non-paged memory. */
  PLAIN_MAX = 1 << 20,
  /* Bytes of one overlapped send, whose pages stay locked until it is done. */
  LOCKED_MAX = 1 << 26,
  /* Buffers of one call, far beyond what the core gathers. Windows names no limit; Wine has
   * that of the system below it. */
  BUFS_MAX = 1024
};

/* An array of uv_buf_t is handed to Winsock as it is. */
_Static_assert(sizeof(uv_buf_t) == sizeof(WSABUF), "size of uv_buf_t");
_Static_assert(offsetof(uv_buf_t, len) == offsetof(WSABUF, len), "place of uv_buf_t.len");
_Static_assert(offsetof(uv_buf_t, base) == offsetof(WSABUF, buf), "place of uv_buf_t.base");

/* ---- Descriptor ---- */

static void tcp_init(struct uv__io* io) {
  memset(&io->tail, 0, sizeof(io->tail));
  io->tail.u.socket = INVALID_SOCKET;
}

/* What an adopted socket is already. One that was accepted is not asked: where its peer has
 * reset the connection meanwhile, Winsock would deny that there is one. */
static void look(const struct uv__desc* desc, unsigned short* state, unsigned* opened) {
  SOCKET sock = (SOCKET) desc->handle;
  struct sockaddr_storage addr;
  int len = sizeof(addr);

  *opened = UV__OPENED_FRESH;
  if (desc->accepted > 0 || getpeername(sock, (struct sockaddr*) &addr, &len) == 0) {
    *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
    *state |= UV__WIN_BOUND | UV__WIN_CONNECTED;
    return;
  }
  len = sizeof(addr);
  if (getsockname(sock, (struct sockaddr*) &addr, &len) == 0)
    *state |= UV__WIN_BOUND; /* Winsock refuses the question for an unbound socket. */
}

static int tcp_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int adopt = desc->kind != UV__DESC_NONE;
  SOCKET sock = (SOCKET) desc->handle;
  unsigned short state;
  int r;

  if (!adopt) {
    r = uv__sock_create(domain, &sock);
    if (r < 0)
      return r;
  }
  r = uv__sock_attach(io->loop, sock, &state);
  if (r < 0) {
    if (!adopt)
      closesocket(sock);
    return r;
  }
  if (state & UV__WIN_FOREIGN) {
    struct uv__foreign_pair* pair;
    r = uv__foreign_begin(io, &pair);
    if (r < 0)
      return r;
    io->tail.more = pair;
  }
  *opened = UV__OPENED_FRESH;
  if (adopt)
    look(desc, &state, opened);
  if (desc->accepted < 0) /* The bind that failed in the process that passed it. */
    io->tail.error = desc->accepted;
  io->tail.u.socket = sock;
  uv__win_set(io, state);
  uv__loop_link(io);
  return 0;
}

struct uv__desc uv__port_desc(uv_os_sock_t sock) {
  struct uv__desc desc;

  desc.handle = (HANDLE) sock;
  desc.kind = UV__DESC_TCP;
  desc.accepted = 0;
  desc.peer = 0;
  return desc;
}

void uv__port_discard(struct uv__desc* desc) {
  if (desc->kind == UV__DESC_TCP)
    closesocket((SOCKET) desc->handle);
  else if (desc->kind == UV__DESC_PIPE)
    CloseHandle(desc->handle);
  desc->handle = INVALID_HANDLE_VALUE;
  desc->kind = UV__DESC_NONE;
}

static int tcp_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  if (io->tail.u.socket == INVALID_SOCKET)
    return UV_EBADF;
  *fd = (HANDLE) io->tail.u.socket;
  return 0;
}

static int tcp_bind(struct uv__io* io, const void* where, unsigned flags) {
  const struct sockaddr* addr = where;
  int r = 0;

  if (flags & UV_TCP_REUSEPORT)
    return UV_ENOTSUP; /* Windows has no option that spreads connections over listeners. */
  if (io->tail.state & UV__WIN_BOUND)
    return UV_EINVAL;
  /* Windows keeps the two families apart unless told; Unix joins them unless told. */
  if (addr->sa_family == AF_INET6)
    r = uv__sock_set(io->tail.u.socket, IPPROTO_IPV6, IPV6_V6ONLY, (flags & UV_TCP_IPV6ONLY) != 0);
  if (r == 0)
    r = uv__sock_bind(io->tail.u.socket, addr);
  if (r == 0)
    uv__win_set(io, UV__WIN_BOUND);
  return r;
}

static int tcp_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  struct sockaddr_storage name;
  int size = sizeof(name);
  int r;

  memset(&name, 0, sizeof(name));
  if (end == UV__REMOTE) {
    r = getpeername(io->tail.u.socket, (struct sockaddr*) &name, &size);
  } else if (io->tail.state & UV__WIN_BOUND) {
    r = getsockname(io->tail.u.socket, (struct sockaddr*) &name, &size);
  } else {
    /* Winsock answers WSAEINVAL; on Unix a socket has the unspecified address from birth. */
    int ipv6 = (io->tail.state & UV__WIN_IPV6) != 0;
    name.ss_family = ipv6 ? AF_INET6 : AF_INET;
    size = ipv6 ? (int) sizeof(struct sockaddr_in6) : (int) sizeof(struct sockaddr_in);
    r = 0;
  }
  if (r != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  memcpy(addr, &name, (size_t) (*len < size ? *len : size));
  *len = size;
  return 0;
}

/* ---- Options ---- */

/* Headers older than Windows 10 1709 lack these. */
enum {
  KEEPALIVE_IDLE = 3,      /* TCP_KEEPIDLE */
  KEEPALIVE_COUNT = 16,    /* TCP_KEEPCNT */
  KEEPALIVE_INTERVAL = 17, /* TCP_KEEPINTVL */
  REUSE_UNICASTPORT = 0x3007
};

static int set_keepalive(SOCKET sock, const struct uv__keepalive* want) {
  struct tcp_keepalive vals;
  DWORD bytes;
  int r = uv__sock_set(sock, SOL_SOCKET, SO_KEEPALIVE, want->idle != 0);

  if (r < 0 || want->idle == 0)
    return r;
  if (uv__sock_set(sock, IPPROTO_TCP, KEEPALIVE_IDLE, want->idle) == 0 &&
      uv__sock_set(sock, IPPROTO_TCP, KEEPALIVE_INTERVAL, want->interval) == 0 &&
      uv__sock_set(sock, IPPROTO_TCP, KEEPALIVE_COUNT, want->count) == 0)
    return 0;
  /* Before Windows 10 1709: times in ms, and always ten probes. */
  vals.onoff = 1;
  vals.keepalivetime = want->idle * 1000UL;
  vals.keepaliveinterval = want->interval * 1000UL;
  if (WSAIoctl(sock, SIO_KEEPALIVE_VALS, &vals, sizeof(vals), NULL, 0, &bytes, NULL, NULL) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

static int buffer_size(SOCKET sock, int name, int* value) {
  int size = sizeof(*value);

  if (*value != 0)
    return uv__sock_set(sock, SOL_SOCKET, name, *value);
  if (getsockopt(sock, SOL_SOCKET, name, (char*) value, &size) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

/* No time to linger: the close drops what is unsent and resets the connection. */
static int set_reset(SOCKET sock) {
  struct linger linger;

  linger.l_onoff = 1;
  linger.l_linger = 0;
  if (uv__sock_calls.set_option(sock, SOL_SOCKET, SO_LINGER, (const char*) &linger,
                                sizeof(linger)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

static int tcp_option(struct uv__io* io, enum uv__option option, void* value) {
  SOCKET sock = io->tail.u.socket;

  switch (option) {
  case UV__NODELAY:
    return uv__sock_set(sock, IPPROTO_TCP, TCP_NODELAY, *(int*) value);
  case UV__KEEPALIVE:
    return set_keepalive(sock, value);
  case UV__ACCEPTS:
    if (*(int*) value)
      uv__win_clear(io, UV__WIN_ONE_ACCEPT);
    else
      uv__win_set(io, UV__WIN_ONE_ACCEPT);
    return 0; /* For the accepts posted from now on. */
  case UV__RESET:
    return set_reset(sock);
  case UV__SNDBUF:
    return buffer_size(sock, SO_SNDBUF, value);
  case UV__RCVBUF:
    return buffer_size(sock, SO_RCVBUF, value);
  default:
    return UV_ENOTSUP;
  }
}

/* ---- Operations of the kernel ---- */

/* Notes whether the kernel has the operation now, and passes on what began. */
static int begun(struct uv__io* io, BOOL ok, unsigned flag) {
  int r = uv__sock_begun(ok, io->tail.state);

  if (r == UV__PENDING)
    uv__win_set(io, flag);
  return r;
}

/* A packet was dequeued. Says whether its lane may ring; a stream that closes has but one. */
static int finished(struct uv__io* io, unsigned flag) {
  uv__win_clear(io, flag);
  if (!(io->tail.state & UV__WIN_CLOSING))
    return 1;
  uv__tcp_settle(io);
  return 0;
}

/* ---- READ ---- */

static void complete_read(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);

  if (!finished(io, UV__WIN_IN))
    return;
  /* The error of a connection is reported to whoever waits for it, and not again by a later
   * receive: it is kept for read_now. A cancellation that was not ours (somebody shares the
   * socket) says nothing about the connection. */
  io->tail.error = 0;
  if (op->overlapped.Internal != 0) {
    ssize_t r = uv__sock_result(io->tail.u.socket, op);
    if (r < 0 && r != UV_ECANCELED)
      io->tail.error = (short) r;
  }
  uv__ring(io, UV__READ);
}

/* A receive of no bytes: it finishes when there is something to receive, takes none of it,
 * and pins no memory while the connection is idle. */
static int tcp_read_arm(struct uv__io* io) {
  WSABUF nothing;
  DWORD flags = 0;
  int r;

  if (io->tail.error != 0)
    return UV__READY;
  nothing.len = 0;
  nothing.buf = NULL;
  (void) uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_read);
  r = WSARecv(io->tail.u.socket, &nothing, 1, NULL, &flags, &io->tail.in.overlapped, NULL);
  return begun(io, r == 0, UV__WIN_IN);
}

/* Cancelling would cost a call and still end in a packet, whereas the pending receive takes
 * nothing: it is left to answer the next read_start. */
static int tcp_read_disarm(struct uv__io* io) {
  (void) io;
  return UV__PENDING;
}

static ssize_t tcp_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  WSABUF buf;
  DWORD flags = 0;
  DWORD got;
  int error = io->tail.error;

  (void) passed;
  if (error != 0) {
    io->tail.error = 0;
    return error;
  }
  buf.len = len < INT_MAX ? (ULONG) len : INT_MAX;
  buf.buf = base;
  if (WSARecv(io->tail.u.socket, &buf, 1, &got, &flags, NULL, NULL) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return got > 0 ? (ssize_t) got : UV_EOF;
}

/* ---- WRITE ---- */

/* How many of the buffers hold at most `limit` bytes together. One that is larger alone goes
 * into *part, cut. */
static unsigned cut(const uv_buf_t* bufs, unsigned nbufs, size_t limit, WSABUF* part) {
  size_t size = 0;
  unsigned count = 0;

  if (nbufs > BUFS_MAX)
    nbufs = BUFS_MAX;
  while (count < nbufs && bufs[count].len <= limit - size)
    size += bufs[count++].len;
  if (count == 0) {
    part->len = (ULONG) limit;
    part->buf = bufs[0].base;
  }
  return count;
}

/* A send to a peer that is gone fails as reset or as aborted, depending on who noticed first;
 * a writer needs one code (rule W10). */
static ssize_t write_error(ssize_t r) {
  return r == UV_ECONNABORTED ? UV_ECONNRESET : r;
}

static void complete_write(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);

  /* Once closing any failure is our own doing, whatever its name; and the count that comes
   * with a cancelled send is not to be relied on. */
  if (op->overlapped.Internal != 0 && (io->tail.state & UV__WIN_CLOSING))
    io->tail.sent = UV_ECANCELED;
  else
    io->tail.sent = (int) write_error(uv__sock_result(io->tail.u.socket, op));
  if (finished(io, UV__WIN_OUT))
    uv__ring(io, UV__WRITE);
}

/* The plain send found the buffers of the system full: one overlapped send takes all that
 * is left, straight from the program's memory. */
static ssize_t send_rest(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  WSABUF part;
  unsigned count = cut(bufs, nbufs, LOCKED_MAX, &part);
  DWORD sent = 0;
  int r;

  (void) uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_write);
  r = WSASend(io->tail.u.socket, count > 0 ? (WSABUF*) bufs : &part, count > 0 ? count : 1, &sent,
              0, &io->tail.out.overlapped, NULL);
  r = begun(io, r == 0, UV__WIN_OUT);
  if (r == UV__READY)
    return (ssize_t) sent;
  if (r == UV__PENDING)
    return UV__PENDING;
  /* "Would block" from an overlapped call is a matter of memory: too much of it is locked. */
  return r == UV_EAGAIN ? UV_ENOBUFS : write_error(r);
}

static ssize_t tcp_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* pass) {
  WSABUF part;
  unsigned count = cut(bufs, nbufs, PLAIN_MAX, &part);
  DWORD sent;
  int r;

  assert(pass == NULL);
  (void) pass;
  if (io->tail.state & UV__WIN_OUT)
    return UV_EAGAIN; /* A try: behind the bytes in flight. */
  if (WSASend(io->tail.u.socket, count > 0 ? (WSABUF*) bufs : &part, count > 0 ? count : 1, &sent,
              0, NULL, NULL) == 0)
    return (ssize_t) sent;
  r = uv__error_translate((DWORD) WSAGetLastError());
  if (r == UV_EAGAIN && mode == UV__QUEUE)
    return send_rest(io, bufs, nbufs);
  return write_error(r);
}

static int tcp_shutdown(struct uv__io* io) {
  /* Takes effect behind all that was sent, without waiting for it. */
  if (shutdown(io->tail.u.socket, SD_SEND) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

/* ---- CONNECT ---- */

/* A socket connected by ConnectEx is half a socket (no shutdown, no peer name) until told. */
static int connected(struct uv__io* io) {
  if (uv__sock_calls.set_option(io->tail.u.socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL,
                                0) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  uv__win_set(io, UV__WIN_CONNECTED);
  return 0;
}

static void complete_connect(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);
  int ok = op->overlapped.Internal == 0;

  if (io->tail.state & UV__WIN_CLOSING)
    io->tail.error = (short) (ok ? 0 : UV_ECANCELED);
  else
    io->tail.error = (short) (ok ? connected(io) : uv__sock_result(io->tail.u.socket, op));
  if (finished(io, UV__WIN_IN))
    uv__ring(io, UV__CONNECT);
}

/* ConnectEx wants a bound socket. */
static int bind_any(struct uv__io* io) {
  struct sockaddr_in6 any; /* All zero it is the wildcard of either family. */
  int ipv6 = (io->tail.state & UV__WIN_IPV6) != 0;

  memset(&any, 0, sizeof(any));
  any.sin6_family = ipv6 ? AF_INET6 : AF_INET;
  /* Both best effort. An IPv6 socket then reaches mapped IPv4 addresses as on Unix; and an
   * explicit bind takes ports from the same pool as an implicit one, which lets go of them by
   * destination (Windows 10 and newer). */
  if (ipv6)
    uv__sock_set(io->tail.u.socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  uv__sock_set(io->tail.u.socket, SOL_SOCKET, REUSE_UNICASTPORT, 1);
  if (bind(io->tail.u.socket, (struct sockaddr*) &any,
           ipv6 ? (int) sizeof(struct sockaddr_in6) : (int) sizeof(struct sockaddr_in)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  uv__win_set(io, UV__WIN_BOUND);
  return 0;
}

/* Copies an address; the unspecified one means the loopback (rule T3). Returns its size. */
static int destination(struct sockaddr_storage* to, const struct sockaddr* addr) {
  memset(to, 0, sizeof(*to));
  if (addr->sa_family == AF_INET6) {
    struct sockaddr_in6* in6 = (struct sockaddr_in6*) to;
    memcpy(in6, addr, sizeof(*in6));
    if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
      in6->sin6_addr.s6_addr[15] = 1;
    return (int) sizeof(*in6);
  } else {
    struct sockaddr_in* in4 = (struct sockaddr_in*) to;
    memcpy(in4, addr, sizeof(*in4));
    if (in4->sin_addr.s_addr == htonl(INADDR_ANY))
      in4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return (int) sizeof(*in4);
  }
}

static int tcp_connect(struct uv__io* io, const void* addr) {
  struct sockaddr_storage to;
  int len = destination(&to, addr);
  BOOL ok;
  int r = 0;

  if (!(io->tail.state & UV__WIN_BOUND))
    r = bind_any(io);
  if (r < 0)
    return r;
  (void) uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_connect);
  ok = uv__sock_calls.connect(io->tail.u.socket, (struct sockaddr*) &to, len, NULL, 0, NULL,
                              &io->tail.in.overlapped);
  r = begun(io, ok, UV__WIN_IN);
  return r == UV__READY ? connected(io) : r;
}

/* ---- ACCEPT ---- */

static int tcp_listen(struct uv__io* io, int backlog) {
  if (io->tail.error < 0)
    return io->tail.error; /* Of a bind. */
  if (!(io->tail.state & UV__WIN_BOUND)) {
    struct sockaddr_in6 any;
    int r;

    memset(&any, 0, sizeof(any));
    any.sin6_family = io->tail.state & UV__WIN_IPV6 ? AF_INET6 : AF_INET;
    r = tcp_bind(io, (struct sockaddr*) &any, 0);
    if (r < 0)
      return r;
  }
  return uv__tcp_accept_listen(io, backlog);
}

/* ---- Results and the end ---- */

static ssize_t tcp_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0; /* A shutdown is never pending. */

  if (lane == UV__WRITE) {
    r = io->tail.sent;
  } else if (lane == UV__CONNECT) {
    r = io->tail.error;
    io->tail.error = 0;
  }
  return r;
}

static int in_kernel(const struct uv__io* io) {
  return (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) || uv__tcp_accept_busy(io);
}

static void release(struct uv__io* io) {
  uv__tcp_accept_free(io);
  if (io->tail.state & UV__WIN_FOREIGN)
    uv__foreign_end(io->tail.more);
  uv__loop_unlink(io);
  if (io->tail.u.socket != INVALID_SOCKET)
    closesocket(io->tail.u.socket);
  io->tail.u.socket = INVALID_SOCKET;
}

void uv__tcp_settle(struct uv__io* io) {
  if (in_kernel(io))
    return;
  release(io);
  uv__ring(io, UV__CLOSED);
}

/* The packets come first, then the socket goes: an OVERLAPPED is the kernel's until its packet
 * was dequeued, and the memory it lies in is the program's right after CLOSED. Cancelling
 * ends every operation within the machine, so that no peer can hold this up. */
static int tcp_close(struct uv__io* io) {
  if (io->tail.u.socket == INVALID_SOCKET)
    return 0; /* Never opened. */
  uv__win_set(io, UV__WIN_CLOSING);
  if (!in_kernel(io)) {
    release(io);
    return 0;
  }
  /* "Not found" means that all packets are in the port already. Should a layered provider
   * refuse to cancel, closing the socket is the other way to end what is pending. */
  if (!CancelIoEx((HANDLE) io->tail.u.socket, NULL) && GetLastError() != ERROR_NOT_FOUND) {
    closesocket(io->tail.u.socket);
    io->tail.u.socket = INVALID_SOCKET;
  }
  return UV__PENDING;
}

const struct uv__ops uv__tcp_ops = {
    .init = tcp_init,
    .open = tcp_open,
    .bind = tcp_bind,
    .name = tcp_name,
    .option = tcp_option,
    .fileno = tcp_fileno,
    .read_arm = tcp_read_arm,
    .read_disarm = tcp_read_disarm,
    .read_now = tcp_read_now,
    .write = tcp_write,
    .connect = tcp_connect,
    .shutdown = tcp_shutdown,
    .listen = tcp_listen,
    .accept_now = uv__tcp_accept_now,
    .done = tcp_done,
    .close = tcp_close,
};
