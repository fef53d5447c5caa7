/* Accepting TCP connections: a pool of AcceptEx calls that wait in the kernel, and the
 * connections they brought, oldest first.
 *
 * A slot is idle, or in the kernel, or in the list of finished ones. The pool is filled up
 * when a program asks and nothing is finished, and at no other time: connections that the
 * program does not take stay in the system's backlog, where they are counted. */
#include "win/internal.h"

#include <assert.h>
#include <string.h>

#include "core/base/alloc.h"

enum {
  /* Accepts in the kernel at a time. So many connections finish without a turn of the loop
   * between them, and more wait in the backlog, so that only the number of refills depends
   * on it; each slot holds a socket and connects a peer before anybody asked. */
  SLOTS = 8,
  ADDRESS_SIZE = sizeof(struct sockaddr_in6) + 16 /* as AcceptEx demands */
};

struct slot {
  struct uv__op op;
  struct uv__io* io;
  struct slot* next;
  SOCKET socket; /* may be made, but not yet in use, while the slot is idle */
  int error;     /* of a finished one */
  char addresses[2 * ADDRESS_SIZE];
};

/* io->tail.more of a listener. */
struct pool {
  struct slot* idle;
  struct slot* oldest; /* finished, in order of completion */
  struct slot* newest;
  unsigned posted; /* slots in the kernel */
  unsigned in_use; /* slots posted or finished */
  struct slot slots[SLOTS];
};

/* Where the pool is: behind the events of a foreign socket, of which one serves its only slot. */
static void** place(struct uv__io* io) {
  if (io->tail.state & UV__WIN_FOREIGN)
    return &((struct uv__foreign_pair*) io->tail.more)->more;
  return &io->tail.more;
}

static struct pool* pool_of(const struct uv__io* io) {
  return *place((struct uv__io*) io);
}

static void put_idle(struct pool* pool, struct slot* slot) {
  slot->next = pool->idle;
  pool->idle = slot;
}

static void drop_socket(struct slot* slot) {
  if (slot->socket != INVALID_SOCKET)
    closesocket(slot->socket);
  slot->socket = INVALID_SOCKET;
}

static struct pool* make(struct uv__io* io) {
  struct pool* pool = uv__calloc(1, sizeof(*pool));
  unsigned i;

  if (pool == NULL)
    return NULL;
  for (i = 0; i < SLOTS; i++) {
    pool->slots[i].io = io;
    pool->slots[i].socket = INVALID_SOCKET;
    put_idle(pool, &pool->slots[i]);
  }
  /* The one at the head of the list is the one that will be used, again and again. */
  if (io->tail.state & UV__WIN_FOREIGN)
    uv__foreign_aim(&((struct uv__foreign_pair*) io->tail.more)->in, &pool->idle->op);
  return pool;
}

int uv__tcp_accept_busy(const struct uv__io* io) {
  const struct pool* pool = pool_of(io);

  return pool != NULL && pool->posted > 0;
}

void uv__tcp_accept_free(struct uv__io* io) {
  struct pool* pool = pool_of(io);
  unsigned i;

  if (pool == NULL)
    return;
  assert(pool->posted == 0);
  for (i = 0; i < SLOTS; i++)
    drop_socket(&pool->slots[i]);
  uv__free(pool);
  *place(io) = NULL;
}

static void finish(struct pool* pool, struct slot* slot, int error) {
  slot->error = error;
  slot->next = NULL;
  if (pool->oldest == NULL)
    pool->oldest = slot;
  else
    pool->newest->next = slot;
  pool->newest = slot;
}

static void complete(struct uv__op* op) {
  struct slot* slot = uv__container_of(op, struct slot, op);
  struct uv__io* io = slot->io;
  struct pool* pool = pool_of(io);

  pool->posted--;
  if (io->tail.state & UV__WIN_CLOSING) {
    uv__tcp_settle(io); /* Frees the pool with the last of its packets. */
    return;
  }
  finish(pool, slot,
         op->overlapped.Internal == 0 ? 0 : (int) uv__sock_result(io->tail.u.socket, op));
  uv__ring(io, UV__ACCEPT);
}

/* Gives an idle slot to the kernel. An error means a shortage: nothing was begun. */
static int post(struct uv__io* io, struct slot* slot) {
  struct pool* pool = pool_of(io);
  DWORD received;
  BOOL ok;
  int r = 0;

  if (slot->socket == INVALID_SOCKET)
    r = uv__sock_create(io->tail.state & UV__WIN_IPV6 ? AF_INET6 : AF_INET, &slot->socket);
  if (r < 0)
    return r;
  (void) uv__win_prepare(io, &slot->op, 0, complete);
  ok = uv__sock_calls.accept(io->tail.u.socket, slot->socket, slot->addresses, 0, ADDRESS_SIZE,
                             ADDRESS_SIZE, &received, &slot->op.overlapped);
  r = uv__sock_begun(ok, io->tail.state);
  if (r == UV__PENDING)
    pool->posted++;
  else if (r == UV__READY || r == UV_ECONNRESET || r == UV_ECONNABORTED)
    finish(pool, slot, r); /* A connection, or one that was reset while it waited. */
  else
    return r;
  return 0;
}

/* Fills the pool up, and says what it was that stopped it. */
static int refill(struct uv__io* io) {
  struct pool* pool = pool_of(io);
  unsigned want = io->tail.state & (UV__WIN_ONE_ACCEPT | UV__WIN_FOREIGN) ? 1 : SLOTS;

  while (pool->in_use < want) {
    struct slot* slot = pool->idle;
    int r;

    pool->idle = slot->next;
    r = post(io, slot);
    if (r < 0) {
      put_idle(pool, slot);
      return r;
    }
    pool->in_use++;
  }
  return 0;
}

int uv__tcp_accept_listen(struct uv__io* io, int backlog) {
  struct pool* pool = pool_of(io);

  if (pool == NULL) {
    pool = make(io);
    if (pool == NULL)
      return UV_ENOMEM;
    *place(io) = pool;
  }
  if (listen(io->tail.u.socket, backlog) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  /* Whatever stops this is told by accept_now, where it can be waited out. */
  if (refill(io) < 0 || pool->oldest != NULL)
    uv__ring(io, UV__ACCEPT);
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
  struct pool* pool = pool_of(io);
  struct slot* slot;
  int r = 0;

  if (pool->oldest == NULL)
    r = refill(io);
  slot = pool->oldest;
  if (slot == NULL)
    return r < 0 && pool->posted == 0 ? shortage(r) : UV_EAGAIN;
  pool->oldest = slot->next;
  pool->in_use--;
  put_idle(pool, slot);
  r = slot->error;
  /* Until it is told of its listener the new socket has neither names nor a shutdown. */
  if (r == 0 &&
      uv__sock_calls.set_option(slot->socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                                (const char*) &io->tail.u.socket, sizeof(io->tail.u.socket)) != 0)
    r = uv__error_translate((DWORD) WSAGetLastError());
  if (r < 0) {
    drop_socket(slot);
    return is_gone(r) ? UV_ECONNABORTED : r;
  }
  desc->handle = (HANDLE) slot->socket;
  desc->kind = UV__DESC_TCP;
  desc->accepted = 1;
  desc->peer = 0;
  slot->socket = INVALID_SOCKET; /* The caller's from here on. */
  return 0;
}
