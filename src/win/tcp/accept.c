/* Accepting TCP connections: a pool of AcceptEx calls that wait in the kernel, and the
 * connections they brought, oldest first.
 *
 * A slot is idle, or in the kernel, or in the list of finished ones. The pool is filled up
 * when a program asks and nothing is finished, and at no other time: connections that the
 * program does not take stay in the system's backlog, where they are counted. */
#include "win/tcp/tcp.h"

enum {
  PLAIN_BACKLOG = 200,
  MOST_BACKLOG = 65535
};

static const struct uv__sock_family families[] = {{AF_INET, &uv__sock_calls.accept},
                                                  {AF_INET6, &uv__sock_calls.accept}};

static void complete(struct uv__op* op) {
  struct uv__tcp_slot* slot = uv__container_of(op, struct uv__tcp_slot, op);
  struct uv__io* io = slot->io;
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  int r;

  assert(uv__tcp_accept_valid(io) && pool->posted > 0 && op->complete == complete);
  assert(uv__win_io_valid(io) && slot->error == UV__PENDING);
  pool->posted--;
  slot->error = 0;
  if (io->tail.state & UV__WIN_CLOSING) {
    uv__tcp_settle(io); /* Frees the pool with the last of its packets. */
    return;
  }
  r = op->overlapped.Internal == 0 ? 0 : (int) uv__sock_result(io->tail.u.socket, op);
  if (r == UV_ECANCELED) {
    /* Not by us: somebody shares the socket. It is given to the kernel again when asked for. */
    pool->in_use--;
    uv__tcp_pool_put_idle(pool, slot);
  } else {
    uv__tcp_pool_finish(pool, slot, r);
  }
  uv__tcp_pool_returned(io);
  uv__ring(io, UV__ACCEPT);
}

/* Gives an idle slot to the kernel. An error means a shortage: nothing was begun. */
static int post(struct uv__io* io, struct uv__tcp_slot* slot) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  DWORD received;
  BOOL ok;
  int r = 0;

  if (slot->socket == INVALID_SOCKET) {
    r = uv__sock_create(pool->family->domain, &slot->socket);
    if (r < 0)
      return r;
    uv__own_note((HANDLE) slot->socket);
  }
  if (io->tail.state & UV__WIN_FOREIGN) /* There is one slot in use at a time. */
    uv__foreign_aim(&((struct uv__foreign_pair*) io->tail.more)->in, &slot->op);
  else
    slot->op.overlapped.hEvent = NULL;
  (void) uv__win_prepare(io, &slot->op, 0, complete);
  slot->number = pool->posts++;
  ok = (*pool->family->accept)(io->tail.u.socket, slot->socket, slot->addresses, 0,
                               UV__TCP_ADDRESS_SIZE, UV__TCP_ADDRESS_SIZE, &received,
                               &slot->op.overlapped);
  r = uv__sock_begun(ok, io->tail.state);
  if (r == UV__PENDING) {
    slot->error = UV__PENDING;
    pool->posted++;
    if (io->tail.state & UV__WIN_FOREIGN)
      uv__foreign_began(&((struct uv__foreign_pair*) io->tail.more)->in);
    else
      uv__expect(io->loop, &slot->op);
  } else if (r == UV__READY || r == UV_ECONNRESET || r == UV_ECONNABORTED) {
    uv__tcp_pool_finish(pool, slot, r); /* A connection, or one that was reset while it waited. */
  } else {
    return r;
  }
  return 0;
}

/* Fills the pool up, and says what it was that stopped it. */
static int refill(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  unsigned want;
  int ready = pool->is_leaving ? UV_EAGAIN : uv__tcp_ready(io);

  if (ready < 0)
    return ready == UV_EAGAIN ? 0 : ready;
  want = io->tail.state & (UV__WIN_ONE_ACCEPT | UV__WIN_FOREIGN) ? 1 : UV__TCP_SLOTS;
  while (pool->in_use < want) {
    struct uv__tcp_slot* slot = pool->idle;
    int r;

    pool->idle = slot->next;
    r = post(io, slot);
    if (r < 0) {
      uv__tcp_pool_put_idle(pool, slot);
      return r;
    }
    pool->in_use++;
  }
  return 0;
}

/* What listen is to be asked for: more than 200 only counts as a hint, SOMAXCONN_HINT, and without one
 * the clients beyond are reset. As on Unix less than 0 means the most there is. */
static int hint(int backlog) {
  if (backlog < 0 || backlog == SOMAXCONN)
    return SOMAXCONN;
  return backlog > PLAIN_BACKLOG ? -(backlog < MOST_BACKLOG ? backlog : MOST_BACKLOG) : backlog;
}

int uv__tcp_accept_listen(struct uv__io* io, int backlog) {
  struct uv__tcp_pool* pool;
  int r = uv__tcp_ready(io);

  if (r < 0)
    return r;
  pool = uv__tcp_pool_of(io);
  if (pool == NULL) {
    r = uv__tcp_pool_make(io, &families[(io->tail.state & UV__WIN_IPV6) != 0]);
    if (r < 0)
      return r;
    pool = uv__tcp_pool_of(io);
  }
  if (listen(io->tail.u.socket, hint(backlog)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  /* Whatever stops this is told by accept_now, where it can be waited out. */
  if (refill(io) < 0 || pool->oldest != NULL)
    uv__ring(io, UV__ACCEPT);
  assert(uv__tcp_accept_valid(io));
  return 0;
}

/* No slot could be posted: what accept_now may say for that. A code outside the four of the
 * port would be taken for the loss of one connection, and be asked for again at once. */
static int shortage(int error) {
  switch (error) {
  case UV_EMFILE:
  case UV_ENFILE:
  case UV_ENOBUFS:
  case UV_ENOMEM:
    return error;
  default:
    return UV_ENOBUFS;
  }
}

/* Whether an error means that the client has reset its connection while it waited: AcceptEx says
 * so itself, or leaves it to the socket to deny that it is connected. */
static int is_gone(int error) {
  return error == UV_ECONNRESET || error == UV_ECONNABORTED || error == UV_ENOTCONN;
}

int uv__tcp_accept_now(struct uv__io* io, struct uv__desc* desc) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  struct uv__tcp_slot* slot;
  int r = 0;

  if (pool->oldest == NULL)
    r = refill(io);
  slot = pool->oldest;
  if (slot == NULL || uv__tcp_pool_is_overtaking(pool, slot))
    return r < 0 && pool->posted == 0 ? shortage(r) : UV_EAGAIN;
  pool->oldest = slot->next;
  pool->in_use--;
  uv__tcp_pool_put_idle(pool, slot);
  assert(uv__tcp_accept_valid(io));
  r = slot->error;
  /* Until it is told of its listener the new socket has neither names nor a shutdown. */
  if (r == 0 &&
      uv__sock_calls.set_option(slot->socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                (const char*) &io->tail.u.socket, sizeof(io->tail.u.socket)) != 0)
    r = uv__error_translate((DWORD) WSAGetLastError());
  if (r < 0) {
    uv__own_drop((HANDLE) slot->socket, NULL);
    closesocket(slot->socket);
    slot->socket = INVALID_SOCKET;
    return is_gone(r) ? UV_ECONNABORTED : r;
  }
  desc->handle = (HANDLE) slot->socket;
  desc->kind = UV__DESC_TCP;
  desc->accepted = UV__TCP_ACCEPTED;
  desc->peer = io->tail.state & UV__WIN_IPV6 ? AF_INET6 : AF_INET;
  slot->socket = INVALID_SOCKET; /* The caller's from here on. */
  return 0;
}
