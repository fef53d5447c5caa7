/* Which packets a loop believes.
 *
 * A port belongs to a file object, and whoever has a handle to that can have a packet with an
 * address of his own come out of our port, also after we have closed ours. So the loop keeps the
 * addresses of its operations that the kernel has; what else is dequeued is dropped, counted, and
 * never looked into. What the loop posts to itself has a key that no file object has.
 *
 * Room is made when a stream gets its descriptor or a listener its slots, so that none is needed
 * while data flows. */
#include "win/loop/loop.h"

#include "core/base/alloc.h"

enum {
  STILL_PENDING = 0x103 /* STATUS_PENDING, in an OVERLAPPED that the kernel has */
};

struct uv__expected {
  struct uv__table ops; /* their OVERLAPPEDs */
  size_t reserved;      /* how many there may be */
  size_t strays;
};

int uv__expect_start(uv_loop_t* loop) {
  loop->tail.expected = uv__calloc(1, sizeof(*loop->tail.expected));
  return loop->tail.expected == NULL ? UV_ENOMEM : 0;
}

void uv__expect_stop(uv_loop_t* loop) {
  assert(loop->tail.expected->reserved == 0 && loop->tail.expected->ops.count == 0);
  uv__table_free(&loop->tail.expected->ops);
  uv__free(loop->tail.expected);
  loop->tail.expected = NULL;
}

#if !defined(NDEBUG)

int uv__expect_valid(const uv_loop_t* loop) {
  const struct uv__expected* expected = loop->tail.expected;

  return uv__table_valid(&expected->ops) && expected->ops.count <= expected->reserved;
}

#endif

int uv__expect_reserve(uv_loop_t* loop, size_t count) {
  struct uv__expected* expected = loop->tail.expected;
  int r = uv__table_reserve(&expected->ops, expected->reserved + count);

  if (r == 0)
    expected->reserved += count;
  return r;
}

void uv__expect_release(uv_loop_t* loop, size_t count) {
  assert(loop->tail.expected->reserved >= count);
  loop->tail.expected->reserved -= count;
  assert(uv__expect_valid(loop));
}

void uv__expect(uv_loop_t* loop, struct uv__op* op) {
  assert(uv__table_find(&loop->tail.expected->ops, &op->overlapped, NULL) == NULL);
  uv__table_add(&loop->tail.expected->ops, &op->overlapped, NULL);
  assert(uv__expect_valid(loop));
}

/* An address of ours whose operation is not over yet was guessed. */
struct uv__op* uv__expect_meet(uv_loop_t* loop, OVERLAPPED* overlapped) {
  struct uv__expected* expected = loop->tail.expected;
  struct uv__pair* pair = uv__table_find(&expected->ops, overlapped, NULL);

  if (pair == NULL || overlapped->Internal == STILL_PENDING) {
    expected->strays++;
    return NULL;
  }
  uv__table_remove(&expected->ops, pair);
  return uv__win_op(overlapped);
}

size_t uv__expect_strays(const uv_loop_t* loop) {
  return loop->tail.expected->strays;
}
