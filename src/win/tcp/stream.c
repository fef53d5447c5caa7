/* TCP streams: reading and writing.
 *
 * A socket is non-blocking as well as overlapped. What can be done at once is done by plain
 * calls, which post no packet; overlapped calls are for waiting: a receive of nothing for
 * "readable", a send of all that is left for "writable". Where others have the socket and rely on its
 * calls to wait, the first kind is in shared.c. */
#include "win/tcp/tcp.h"

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

/* A connection that is gone fails as reset or as aborted, depending on who noticed first; a program
 * needs one code (rules R4, W10). */
static ssize_t lost(ssize_t r) {
  return r == UV_ECONNABORTED ? UV_ECONNRESET : r;
}

/* ---- READ ---- */

static void complete_read(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_IN, complete_read));
  /* The error of a connection is reported to whoever waits for it, and not again by a later
   * receive: it is kept for read_now, also that of one that leaves its loop. A cancellation that was not
   * ours (somebody shares the socket) says nothing about the connection. */
  io->tail.error = 0;
  if (op->overlapped.Internal != 0 && io->tail.u.socket != INVALID_SOCKET) {
    ssize_t r = lost(uv__sock_result(io->tail.u.socket, op));
    if (r < 0 && r != UV_ECANCELED)
      io->tail.error = (short) r;
  }
  if (uv__tcp_finished(io, UV__WIN_IN))
    uv__ring(io, UV__READ);
}

/* A receive of no bytes: it finishes when there is something to receive, takes none of it,
 * and pins no memory while the connection is idle. Where something was there already, and a read then
 * was filled, there is more as a rule, and the next read itself tells. */
int uv__tcp_read_arm(struct uv__io* io) {
  WSABUF nothing;
  DWORD flags = 0;
  int r;

  if (io->tail.error != 0 || (io->tail.state & UV__WIN_FLOWS))
    return UV__READY;
  r = uv__tcp_ready(io);
  if (r < 0)
    return r;
  nothing.len = 0;
  nothing.buf = NULL;
  (void) uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_read);
  r = WSARecv(io->tail.u.socket, &nothing, 1, NULL, &flags, &io->tail.in.overlapped, NULL);
  r = uv__tcp_begun(io, r == 0, UV__WIN_IN);
  if (r == UV__READY)
    uv__win_set(io, UV__WIN_FLOWS); /* As long as reads are filled. */
  /* "Would block" from an overlapped call is a matter of memory, too. Nobody would come again: with
   * UV_ENOBUFS a program hears that reading goes on (rule R3). */
  return r == UV_EAGAIN || r == UV_ENOBUFS ? UV_ENOMEM : (int) lost(r);
}

/* Cancelling would cost a call and still end in a packet, whereas the pending receive takes
 * nothing: it is left to answer the next read_start. */
int uv__tcp_read_disarm(struct uv__io* io) {
  (void) io;
  return UV__PENDING;
}

/* Nothing can come behind it. */
static ssize_t heard(struct uv__io* io) {
  uv__win_set(io, UV__WIN_HEARD);
  return UV_EOF;
}

ssize_t uv__tcp_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  WSABUF buf;
  DWORD flags = 0;
  DWORD got;
  int error = io->tail.error;
  int flows = (io->tail.state & UV__WIN_FLOWS) != 0;
  int r;

  (void) passed;
  uv__win_clear(io, UV__WIN_FLOWS);
  if (error != 0) {
    io->tail.error = 0;
    return error;
  }
  buf.len = len < INT_MAX ? (ULONG) len : INT_MAX;
  buf.buf = base;
  r = uv__tcp_is_plain(io);
  if (r < 0)
    return r;
  if (r > 0) {
    ssize_t n = uv__tcp_shared_read(io, &buf);
    return n == 0 ? heard(io) : lost(n);
  }
  if (WSARecv(io->tail.u.socket, &buf, 1, &got, &flags, NULL, NULL) != 0)
    return lost(uv__error_translate((DWORD) WSAGetLastError()));
  if (flows && got == buf.len)
    uv__win_set(io, UV__WIN_FLOWS);
  return got > 0 ? (ssize_t) got : heard(io);
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

/* Memory, of which the core waits for more (rule A4). Also "would block" of an overlapped call: too much of
 * it is locked. */
static int is_short(int error) {
  return error == UV_EAGAIN || error == UV_ENOBUFS || error == UV_ENOMEM;
}

/* The plain send found the buffers of the system full: one overlapped send takes all that
 * is left, straight from the program's memory. */
static ssize_t send_rest(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  WSABUF part;
  unsigned count = cut(bufs, nbufs, LOCKED_MAX, &part);
  DWORD sent = 0;
  int r = uv__tcp_ready(io);

  if (r < 0)
    return is_short(r) ? UV_EAGAIN : r;
  (void) uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_write);
  r = WSASend(io->tail.u.socket, count > 0 ? (WSABUF*) bufs : &part, count > 0 ? count : 1, &sent,
              0, &io->tail.out.overlapped, NULL);
  r = uv__tcp_begun(io, r == 0, UV__WIN_OUT);
  if (r == UV__READY)
    return (ssize_t) sent;
  if (r == UV__PENDING)
    return UV__PENDING;
  return is_short(r) ? UV_EAGAIN : lost(r);
}

ssize_t uv__tcp_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* const* pass) {
  WSABUF part;
  unsigned count = cut(bufs, nbufs, PLAIN_MAX, &part);
  DWORD sent;
  int r;

  assert(pass == NULL);
  (void) pass;
  if (io->tail.state & UV__WIN_OUT)
    return UV_EAGAIN; /* A try: behind the bytes in flight. */
  r = uv__tcp_is_plain(io);
  if (r != 0 && mode == UV__QUEUE)
    return send_rest(io, bufs, nbufs);
  if (r != 0)
    return r < 0 ? r : lost(uv__tcp_shared_try(io, bufs, nbufs));
  if (WSASend(io->tail.u.socket, count > 0 ? (WSABUF*) bufs : &part, count > 0 ? count : 1, &sent,
              0, NULL, NULL) == 0)
    return (ssize_t) sent;
  r = uv__error_translate((DWORD) WSAGetLastError());
  if (!is_short(r))
    return lost(r);
  return mode == UV__QUEUE ? send_rest(io, bufs, nbufs) : UV_EAGAIN;
}
