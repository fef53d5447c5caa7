/* The accepts of a listener: slots that are idle, in the kernel, or finished. What is done with
 * them is in accept.c. */
#include "win/tcp/tcp.h"

#include "core/base/alloc.h"

/* Where the pool is: behind the events of a foreign socket, of which one serves its only slot. */
static void** place(struct uv__io* io) {
  if (io->tail.state & UV__WIN_FOREIGN)
    return &((struct uv__foreign_pair*) io->tail.more)->more;
  return &io->tail.more;
}

/* A connection has none, but may have what shared.c needs there. */
struct uv__tcp_pool* uv__tcp_pool_of(const struct uv__io* io) {
  return io->tail.state & UV__WIN_CONNECTED ? NULL : *place((struct uv__io*) io);
}

void uv__tcp_pool_put_idle(struct uv__tcp_pool* pool, struct uv__tcp_slot* slot) {
  slot->next = pool->idle;
  pool->idle = slot;
}

static void drop_socket(struct uv__tcp_slot* slot) {
  if (slot->socket != INVALID_SOCKET) {
    uv__own_drop((HANDLE) slot->socket, NULL);
    closesocket(slot->socket);
  }
  slot->socket = INVALID_SOCKET;
}

int uv__tcp_pool_make(struct uv__io* io, const struct uv__sock_family* family) {
  struct uv__tcp_pool* pool = uv__calloc(1, sizeof(*pool));
  unsigned i;

  if (pool == NULL || uv__expect_reserve(io->loop, UV__TCP_SLOTS) < 0) {
    uv__free(pool);
    return UV_ENOMEM;
  }
  pool->family = family;
  for (i = 0; i < UV__TCP_SLOTS; i++) {
    pool->slots[i].io = io;
    pool->slots[i].socket = INVALID_SOCKET;
    uv__tcp_pool_put_idle(pool, &pool->slots[i]);
  }
  *place(io) = pool;
  return 0;
}

void uv__tcp_pool_cancel(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  unsigned i;

  for (i = 0; pool != NULL && pool->posted > 0 && i < UV__TCP_SLOTS; i++)
    if (pool->slots[i].error == UV__PENDING)
      CancelIoEx((HANDLE) io->tail.u.socket, &pool->slots[i].op.overlapped);
}

void uv__tcp_pool_hang_up(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  unsigned i;

  for (i = 0; pool != NULL && i < UV__TCP_SLOTS; i++)
    drop_socket(&pool->slots[i]);
}

void uv__tcp_pool_free(struct uv__io* io) {
  struct uv__tcp_pool* pool = uv__tcp_pool_of(io);

  if (pool == NULL)
    return;
  assert(pool->posted == 0);
  uv__expect_release(io->loop, UV__TCP_SLOTS);
  uv__free(pool);
  *place(io) = NULL;
}

/* Numbers may wrap around; those that are in use at a time are close to each other. */
static int is_before(const struct uv__tcp_slot* a, const struct uv__tcp_slot* b) {
  return (int) (a->number - b->number) < 0;
}

/* One that succeeds at once may overtake the packets of earlier ones. */
void uv__tcp_pool_finish(struct uv__tcp_pool* pool, struct uv__tcp_slot* slot, int error) {
  struct uv__tcp_slot** at = &pool->oldest;

  while (*at != NULL && is_before(*at, slot))
    at = &(*at)->next;
  slot->error = error;
  slot->next = *at;
  *at = slot;
}

int uv__tcp_pool_is_overtaking(const struct uv__tcp_pool* pool, const struct uv__tcp_slot* slot) {
  unsigned i;

  for (i = 0; i < UV__TCP_SLOTS; i++)
    if (pool->slots[i].error == UV__PENDING && is_before(&pool->slots[i], slot))
      return 1;
  return 0;
}

#if !defined(NDEBUG)

int uv__tcp_accept_valid(const struct uv__io* io) {
  const struct uv__tcp_pool* pool = uv__tcp_pool_of(io);
  const struct uv__tcp_slot* slot;
  unsigned idle = 0;
  unsigned finished = 0;
  unsigned posted = 0;
  unsigned i;

  for (slot = pool->idle; slot != NULL && idle <= UV__TCP_SLOTS; slot = slot->next)
    idle++;
  for (slot = pool->oldest; slot != NULL && finished <= UV__TCP_SLOTS; slot = slot->next)
    if (finished++ < UV__TCP_SLOTS && slot->next != NULL && !is_before(slot, slot->next))
      return 0;
  for (i = 0; i < UV__TCP_SLOTS; i++)
    posted += pool->slots[i].error == UV__PENDING;
  if (posted != pool->posted)
    return 0;
  if (io->tail.state & UV__WIN_CLOSING) /* Slots are counted out, and go nowhere. */
    return idle + finished + pool->posted <= UV__TCP_SLOTS;
  return idle + finished + pool->posted == UV__TCP_SLOTS && pool->in_use == pool->posted + finished;
}

#endif
