/* The counting allocator; see memory.h. New memory is filled with garbage and freed memory
 * overwritten, so that use before initialisation and use after free show too. */
#include "memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "thread.h"
#include "uv.h"

enum {
  ALIVE = 0x600d600d,
  FREED = 0x0bad0bad,
  NEW_BYTE = 0xa5,
  FREED_BYTE = 0x5a,
  /* What does not get closed for so long that the library waits no more is freed by its own thread, and on a
   * busy machine that is easily the case. */
  PATIENCE_MS = 20000,
  LOOK_MS = 50
};

/* In front of each block; as large as the strictest alignment. */
union header {
  struct {
    size_t size;
    uint32_t state;
  } s;
  long double align;
  char room[32];
};

static volatile long live;
static volatile long calls;
static volatile long fail_at;
static volatile long fail_all;

static int must_fail(void) {
  long call = test_add(&calls, 1);

  return test_load(&fail_all) != 0 || call == test_load(&fail_at);
}

static union header* header_of(void* ptr) {
  union header* h = (union header*) ptr - 1;

  if (h->s.state != ALIVE) {
    FAIL(h->s.state == FREED ? "freed twice" : "not a block of this allocator, or overrun");
  }
  return h;
}

static void* counted_malloc(size_t size) {
  union header* h;

  if (must_fail() || size > SIZE_MAX - sizeof *h || (h = malloc(sizeof *h + size)) == NULL) {
    return NULL;
  }
  h->s.size = size;
  h->s.state = ALIVE;
  memset(h + 1, NEW_BYTE, size);
  test_add(&live, 1);
  return h + 1;
}

static void* counted_calloc(size_t count, size_t size) {
  void* ptr;

  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  ptr = counted_malloc(count * size);
  if (ptr != NULL) {
    memset(ptr, 0, count * size);
  }
  return ptr;
}

static void counted_free(void* ptr) {
  union header* h;

  if (ptr == NULL) {
    return;
  }
  h = header_of(ptr);
  h->s.state = FREED;
  memset(ptr, FREED_BYTE, h->s.size);
  test_add(&live, -1);
  free(h);
}

/* Always moves: a pointer kept from before the call is wrong every time, not now and then. */
static void* counted_realloc(void* ptr, size_t size) {
  void* moved = counted_malloc(size);

  if (moved != NULL && ptr != NULL) {
    size_t old = header_of(ptr)->s.size;

    memcpy(moved, ptr, old < size ? old : size);
    counted_free(ptr);
  }
  return moved;
}

void memory_begin(void) {
  CHECK_EQ(uv_replace_allocator(counted_malloc, counted_realloc, counted_calloc, counted_free), 0);
}

void memory_end(void) {
  int left;

  uv_library_shutdown();
  for (left = PATIENCE_MS; left > 0 && test_load(&live) != 0; left -= LOOK_MS)
    test_thread_sleep(LOOK_MS);
  CHECK_EQ(test_load(&live), 0);
}

long memory_live(void) {
  return test_load(&live);
}

long memory_calls(void) {
  return test_load(&calls);
}

void memory_fail_nth(long n) {
  long target = n == 0 ? 0 : test_load(&calls) + n;

  test_add(&fail_at, target - test_load(&fail_at));
}

void memory_fail_all(int on) {
  test_add(&fail_all, (on ? 1 : 0) - test_load(&fail_all));
}
