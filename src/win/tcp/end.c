/* The end of a TCP stream. Its socket goes in the call, so that nobody gets through from then on and
 * the peer hears of it (rule L4); what was pending is called back, and joined by its packets. */
#include "win/tcp/tcp.h"

#include "core/base/alloc.h"

enum {
  /* What the peer sent and nobody read is taken out before the end, up to a megabyte. */
  DRAIN_SIZE = 16384,
  DRAIN_ROUNDS = 64
};

static int in_kernel(const struct uv__io* io) {
  const struct uv__tcp_pool* pool = uv__tcp_pool_of(io);

  return (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) || uv__win_watch_flies(io) ||
         (pool != NULL && pool->posted > 0);
}

/* Of hangup.c; the kernel does not have it. */
static void free_watch(struct uv__io* io) {
  if (io->tail.watch == NULL)
    return;
  uv__expect_release(io->loop, 1);
  uv__free(io->tail.watch);
  io->tail.watch = NULL;
}

static void release(struct uv__io* io) {
  uv__tcp_pool_free(io);
  free_watch(io);
  if (io->tail.state & UV__WIN_FOREIGN)
    uv__foreign_end(io->tail.more);
  uv__loop_unlink(io);
}

void uv__tcp_settle(struct uv__io* io) {
  assert(io->tail.state & UV__WIN_CLOSING);
  if (in_kernel(io))
    return;
  release(io);
  uv__ring(io, UV__CLOSED);
}

/* A close over bytes that nobody read resets the connection, and Windows then takes from the peer
 * also what it has not read yet: the answer that was written before. How many receives found something. */
static int drain(SOCKET sock) {
  char bytes[DRAIN_SIZE];
  WSABUF buf;
  int rounds;

  buf.len = sizeof(bytes);
  buf.buf = bytes;
  for (rounds = 0; rounds < DRAIN_ROUNDS; rounds++) {
    DWORD flags = 0;
    DWORD got = 0;

    if (WSARecv(sock, &buf, 1, &got, &flags, NULL, NULL) != 0 || got == 0)
      break;
  }
  return rounds;
}

/* Whether a close may be over bytes that nobody read. Of a socket that is non-blocking the first receive
 * tells; another one is asked before it becomes that. */
static int may_have_more(const struct uv__io* io) {
  u_long there = 0;

  if (io->tail.state & UV__WIN_HEARD)
    return 0;
  return !(io->tail.state & UV__WIN_PLAIN) ||
         ioctlsocket(io->tail.u.socket, (long) FIONREAD, &there) != 0 || there > 0;
}

/* Says goodbye on a connection: a FIN behind all that was sent, also while a receive is pending, over
 * which a close would reset it. Where nothing is pending and nothing unread the close itself says it.
 * It ends the connection for all who hold the socket, and so is only done by the last of them; for the
 * others the connection goes on. Of a socket that nobody got from us, nor we from anybody, there are no
 * others. */
static void part(struct uv__io* io) {
  SOCKET sock = io->tail.u.socket;
  int said = (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) != 0;

  if ((io->tail.state & (UV__WIN_CONNECTED | UV__WIN_RESET)) != UV__WIN_CONNECTED ||
      ((io->tail.state & UV__WIN_OUTSIDE) && uv__object_is_shared((HANDLE) sock)))
    return;
  if (said)
    (void) shutdown(sock, SD_SEND);
  if (!may_have_more(io) || ((io->tail.state & UV__WIN_PLAIN) && uv__sock_unblock(sock) != 0))
    return;
  if (drain(sock) > 0 && !said)
    (void) shutdown(sock, SD_SEND);
}

/* By OVERLAPPED: others who hold the socket, perhaps in this process, have operations of their own.
 * "Not found" means that the packet is in the port already, or that a layered provider refuses to
 * cancel: closing the socket is the other way to end what is pending. */
static void cancel(struct uv__io* io) {
  HANDLE handle = (HANDLE) io->tail.u.socket;

  if (io->tail.state & UV__WIN_IN)
    CancelIoEx(handle, &io->tail.in.overlapped);
  if (io->tail.state & UV__WIN_OUT)
    CancelIoEx(handle, &io->tail.out.overlapped);
  if (uv__win_watch_flies(io))
    CancelIoEx(handle, &io->tail.watch->op.overlapped);
  uv__tcp_pool_cancel(io);
}

/* Operations first, then the socket: it may be held by others, and then goes on, and Wine forgets
 * what is pending when a socket is closed with a send. An OVERLAPPED is the kernel's until its packet
 * was dequeued, and the memory it lies in is the program's right after CLOSED; no peer can hold that
 * up, for cancelling and closing end every operation within the machine. */
int uv__tcp_close(struct uv__io* io) {
  if (io->tail.u.socket == INVALID_SOCKET)
    return 0; /* Never opened. */
  assert(uv__win_io_valid(io) && !(io->tail.state & UV__WIN_CLOSING));
  uv__win_set(io, UV__WIN_CLOSING);
  cancel(io);
  part(io);
  if (io->tail.state & UV__WIN_BOUND)
    uv__listeners_drop(io->tail.u.socket);
  uv__own_drop(io->tail.u.handle, io->loop); /* The number may be somebody else's from then on. */
  if (!uv__tcp_shared_end(io, !(io->tail.state & UV__WIN_RESET)))
    closesocket(io->tail.u.socket);
  io->tail.u.socket = INVALID_SOCKET;
  uv__tcp_pool_hang_up(io);
  if (in_kernel(io))
    return UV__PENDING;
  release(io);
  return 0;
}
