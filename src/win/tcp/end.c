/* The end of a TCP stream: what is pending is called back, and with its last packet the socket
 * goes. */
#include "win/tcp/tcp.h"

static int in_kernel(const struct uv__io* io) {
  const struct uv__tcp_pool* pool = uv__tcp_pool_of(io);

  return (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) || (pool != NULL && pool->posted > 0);
}

static void release(struct uv__io* io) {
  uv__tcp_pool_free(io);
  if (io->tail.state & UV__WIN_FOREIGN)
    uv__foreign_end(io->tail.more);
  uv__loop_unlink(io);
  if (io->tail.u.socket != INVALID_SOCKET)
    closesocket(io->tail.u.socket);
  io->tail.u.socket = INVALID_SOCKET;
}

void uv__tcp_settle(struct uv__io* io) {
  assert(io->tail.state & UV__WIN_CLOSING);
  if (in_kernel(io))
    return;
  release(io);
  uv__ring(io, UV__CLOSED);
}

/* Whether the packet of an operation is sure to come. By its OVERLAPPED: a call without one would
 * cancel what others in this process do with the same file object. "Not found" means that the packet
 * is in the port already; from a layered provider it means nothing. */
static int call_back(struct uv__io* io, struct uv__op* op) {
  return CancelIoEx(io->tail.u.handle, &op->overlapped) ||
         (GetLastError() == ERROR_NOT_FOUND && (io->tail.state & UV__WIN_IFS));
}

static int call_all_back(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  int sure = 1;
  unsigned i;

  if (io->tail.state & UV__WIN_IN)
    sure &= call_back(io, &io->tail.in);
  if (io->tail.state & UV__WIN_OUT)
    sure &= call_back(io, &io->tail.out);
  for (i = 0; pool != NULL && i < UV__TCP_SLOTS; i++)
    if (pool->slots[i].error == UV__PENDING)
      sure &= call_back(io, &pool->slots[i].op);
  return sure;
}

/* The packets come first, then the socket goes: an OVERLAPPED is the kernel's until its packet
 * was dequeued, and the memory it lies in is the program's right after CLOSED. Cancelling
 * ends every operation within the machine, so that no peer can hold this up. */
int uv__tcp_close(struct uv__io* io) {
  if (io->tail.u.socket == INVALID_SOCKET)
    return 0; /* Never opened. */
  assert(uv__win_io_valid(io) && !(io->tail.state & UV__WIN_CLOSING));
  uv__win_set(io, UV__WIN_CLOSING);
  if (!in_kernel(io)) {
    release(io);
    return 0;
  }
  if (!call_all_back(io)) {
    /* The other way to end what is pending. The number may be somebody else's from then on. */
    uv__own_drop(io->tail.u.handle, io->loop);
    closesocket(io->tail.u.socket);
    io->tail.u.socket = INVALID_SOCKET;
  }
  return UV__PENDING;
}
