/* See every.h. */
#include "every.h"

#include <stddef.h>

#include "harness.h"
#include "memory.h"

enum {
  MOST_ALLOCATIONS = 2000,
  PATIENCE_MS = 90000
};

uv_loop_t* scene;
int scene_failed;
int fault_error = UV_ENOMEM;
int fault_also;
int fault_times = 1;

static uv_loop_t loop_memory;
static uv_timer_t watchdog;
static int owed;

void for_every_allocation(void (*scenario)(void)) {
  long n;

  for (n = 1; n < MOST_ALLOCATIONS; n++) {
    long live = memory_live();
    long calls = memory_calls();

    memory_fail_nth(n);
    scenario();
    memory_fail_nth(0);
    CHECK_EQ(memory_live(), live);
    if (memory_calls() - calls < n) {
      CHECK(!scene_failed); /* nothing failed, so it must have gone well */
      return;
    }
  }
  FAIL("a scenario with more allocations than anybody wrote");
}

void check_fault(int result) {
  if (fault_also == 0 || result != fault_also)
    CHECK_EQ(result, fault_error);
}

static void on_watchdog(uv_timer_t* timer) {
  (void) timer;
  FAIL("the loop hangs");
}

int scene_begin(void) {
  int r;

  scene = NULL;
  scene_failed = 0;
  owed = 0;
  r = uv_loop_init(&loop_memory);
  if (r != 0) {
    check_fault(r);
    scene_failed = 1;
    return 0;
  }
  scene = &loop_memory;
  CHECK_EQ(uv_timer_init(scene, &watchdog), 0);
  CHECK_EQ(uv_timer_start(&watchdog, on_watchdog, PATIENCE_MS, 0), 0);
  uv_unref((uv_handle_t*) &watchdog);
  return 1;
}

static void close_one(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!uv_is_closing(handle) && handle != (uv_handle_t*) &watchdog)
    uv_close(handle, NULL);
}

void scene_fail(void) {
  scene_failed = 1;
  uv_walk(scene, close_one, NULL);
}

void scene_end(void) {
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(owed, 0);
  uv_walk(scene, close_one, NULL);
  uv_close((uv_handle_t*) &watchdog, NULL);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(scene), 0);
  scene = NULL;
}

int went_on(int result) {
  if (result >= 0)
    return 1;
  check_fault(result);
  if (!scene_failed)
    scene_fail();
  return 0;
}

int owes_callback(int result) {
  if (!went_on(result))
    return 0;
  owed++;
  return 1;
}

int got_callback(int status) {
  owed--;
  CHECK(owed >= 0);
  if (status == UV_ECANCELED) {
    CHECK(scene_failed); /* nobody else cancels */
    return 0;
  }
  /* Once one side gave up, the other sees a connection that ends, or that does not come. */
  if (scene_failed && (status == UV_ECONNRESET || status == UV_EPIPE || status == UV_ECONNREFUSED ||
                       status == UV_ENOTCONN))
    return 0;
  return went_on(status);
}
