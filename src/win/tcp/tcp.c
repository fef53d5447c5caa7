/* TCP streams on a completion port: opening, reading, writing, and the table of
 * operations. Connecting is in connect.c, accepting in accept.c, the end in end.c.
 *
 * A socket is non-blocking as well as overlapped. What can be done at once is done by plain
 * calls, which post no packet; overlapped calls are for waiting: a receive of nothing for
 * "readable", a send of all that is left for "writable".
 *
 * A few lines longer than others: reading and writing share what one socket's operations know. */
#include "win/tcp/tcp.h"

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
  uv__win_set(io, UV__WIN_SOCKET);
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

/* Makes a socket the io's, as far as it can be refused: a socket that stays the caller's was not
 * changed. */
static int take(struct uv__io* io, SOCKET sock, unsigned short* state) {
  int r = uv__sock_look(sock, state);

  if (r < 0)
    return r;
  if (uv__own_has((HANDLE) sock, io->loop))
    return UV_EEXIST;
  io->tail.u.socket = sock;
  r = uv__loop_link(io);
  if (r == 0) {
    r = uv__sock_prepare(sock);
    if (r < 0)
      uv__loop_unlink(io);
  }
  if (r < 0)
    io->tail.u.socket = INVALID_SOCKET;
  return r;
}

static int tcp_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int adopt = desc->kind != UV__DESC_NONE;
  SOCKET sock = (SOCKET) desc->handle;
  unsigned short state;
  int r = adopt ? 0 : uv__sock_create(domain, &sock);

  if (r < 0)
    return r;
  r = take(io, sock, &state);
  if (r < 0) {
    if (!adopt)
      closesocket(sock);
    return r;
  }
  *opened = UV__OPENED_FRESH;
  if (adopt)
    look(desc, &state, opened);
  if (adopt && desc->accepted != UV__TCP_ACCEPTED)
    state |= UV__WIN_OUTSIDE;
  if (desc->accepted < 0) { /* Its bind failed in the process that passed it. */
    state |= UV__WIN_MISSED;
    *opened = UV__OPENED_MISSED;
  }
  if ((state & (UV__WIN_BOUND | UV__WIN_CONNECTED)) == UV__WIN_BOUND)
    uv__listeners_add(sock);
  uv__win_set(io, state);
  assert(uv__win_io_valid(io));
  return 0;
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
  uv__win_clear(io, UV__WIN_MISSED);
  if (r == 0) {
    uv__win_set(io, UV__WIN_BOUND);
    uv__listeners_add(io->tail.u.socket);
  } else if (r == UV_EADDRINUSE) {
    uv__win_set(io, UV__WIN_MISSED); /* For whoever it is passed to. */
  }
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

/* A connection that is gone fails as reset or as aborted, depending on who noticed first; a program
 * needs one code (rules R4, W10). */
static ssize_t lost(ssize_t r) {
  return r == UV_ECONNABORTED ? UV_ECONNRESET : r;
}

/* ---- READ ---- */

static void complete_read(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_IN, complete_read));
  if (!uv__tcp_finished(io, UV__WIN_IN))
    return;
  /* The error of a connection is reported to whoever waits for it, and not again by a later
   * receive: it is kept for read_now. A cancellation that was not ours (somebody shares the
   * socket) says nothing about the connection. */
  io->tail.error = 0;
  if (op->overlapped.Internal != 0) {
    ssize_t r = lost(uv__sock_result(io->tail.u.socket, op));
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
  r = uv__tcp_ready(io);
  if (r < 0)
    return r;
  nothing.len = 0;
  nothing.buf = NULL;
  (void) uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_read);
  r = WSARecv(io->tail.u.socket, &nothing, 1, NULL, &flags, &io->tail.in.overlapped, NULL);
  return (int) lost(uv__tcp_begun(io, r == 0, UV__WIN_IN));
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
    return lost(uv__error_translate((DWORD) WSAGetLastError()));
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

static void complete_write(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_OUT, complete_write));
  /* Once closing any failure is our own doing, whatever its name; and the count that comes
   * with a cancelled send is not to be relied on. */
  if (op->overlapped.Internal != 0 && (io->tail.state & UV__WIN_CLOSING))
    io->tail.sent = UV_ECANCELED;
  else
    io->tail.sent = (int) lost(uv__sock_result(io->tail.u.socket, op));
  if (uv__tcp_finished(io, UV__WIN_OUT))
    uv__ring(io, UV__WRITE);
}

/* The plain send found the buffers of the system full: one overlapped send takes all that
 * is left, straight from the program's memory. */
static ssize_t send_rest(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  WSABUF part;
  unsigned count = cut(bufs, nbufs, LOCKED_MAX, &part);
  DWORD sent = 0;
  int r = uv__tcp_ready(io);

  if (r < 0)
    return r;
  (void) uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_write);
  r = WSASend(io->tail.u.socket, count > 0 ? (WSABUF*) bufs : &part, count > 0 ? count : 1, &sent,
              0, &io->tail.out.overlapped, NULL);
  r = uv__tcp_begun(io, r == 0, UV__WIN_OUT);
  if (r == UV__READY)
    return (ssize_t) sent;
  if (r == UV__PENDING)
    return UV__PENDING;
  /* "Would block" from an overlapped call is a matter of memory: too much of it is locked. */
  return r == UV_EAGAIN ? UV_ENOBUFS : lost(r);
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
  return lost(r);
}

static int tcp_shutdown(struct uv__io* io) {
  /* Takes effect behind all that was sent, without waiting for it. */
  if (shutdown(io->tail.u.socket, SD_SEND) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

/* ---- ACCEPT ---- */

static int tcp_listen(struct uv__io* io, int backlog) {
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

const struct uv__ops uv__tcp_ops = {
    .init = tcp_init,
    .open = tcp_open,
    .bind = tcp_bind,
    .name = tcp_name,
    .option = uv__tcp_option,
    .fileno = tcp_fileno,
    .read_arm = tcp_read_arm,
    .read_disarm = tcp_read_disarm,
    .read_now = tcp_read_now,
    .write = tcp_write,
    .connect = uv__tcp_connect,
    .shutdown = tcp_shutdown,
    .listen = tcp_listen,
    .accept_now = uv__tcp_accept_now,
    .done = tcp_done,
    .close = uv__tcp_close,
};
