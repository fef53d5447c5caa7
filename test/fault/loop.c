/* Loops and what needs nothing but a loop. */
#include <stddef.h>

#include "every.h"
#include "harness.h"
#include "memory.h"

static void loop_alone(void) {
  if (scene_begin())
    scene_end();
}

TEST(e1_loop) {
  for_every_allocation(loop_alone);
}

static void loop_on_the_heap(void) {
  uv_loop_t* loop = uv_loop_new();

  scene_failed = loop == NULL;
  if (loop == NULL)
    return;
  CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0);
  uv_loop_delete(loop);
}

TEST(e1_loop_new) {
  for_every_allocation(loop_on_the_heap);
}

static void loop_of_the_process(void) {
  uv_loop_t* loop = uv_default_loop();

  scene_failed = loop == NULL;
  if (loop == NULL)
    return;
  CHECK(uv_default_loop() == loop);
  CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(loop), 0);
}

TEST(e1_default_loop) {
  for_every_allocation(loop_of_the_process);
}

static int ticks;

static void on_timer(uv_timer_t* timer) {
  if (++ticks == 3)
    uv_close((uv_handle_t*) timer, NULL);
}

static void on_idle(uv_idle_t* idle) {
  uv_close((uv_handle_t*) idle, NULL);
}

static void on_async(uv_async_t* async) {
  uv_close((uv_handle_t*) async, NULL);
}

static void hooks(void) {
  uv_timer_t timer;
  uv_idle_t idle;
  uv_async_t async;

  ticks = 0;
  if (!scene_begin())
    return;
  if (went_on(uv_timer_init(scene, &timer)))
    (void) went_on(uv_timer_start(&timer, on_timer, 1, 1));
  if (!scene_failed && went_on(uv_idle_init(scene, &idle)))
    (void) went_on(uv_idle_start(&idle, on_idle));
  if (!scene_failed && went_on(uv_async_init(scene, &async, on_async)))
    CHECK_EQ(uv_async_send(&async), 0); /* cannot fail (rule L7) */
  scene_end();
}

TEST(e1_timer_idle_async) {
  for_every_allocation(hooks);
}

/* The very code that must not need memory. */
TEST(l7_async_send_without_any_memory) {
  uv_async_t async;

  CHECK(scene_begin());
  CHECK_EQ(uv_async_init(scene, &async, on_async), 0);
  memory_fail_all(1);
  CHECK_EQ(uv_async_send(&async), 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  memory_fail_all(0);
  scene_end();
}

static void addresses(void) {
  uv_interface_address_t* all = NULL;
  int count = -1;
  int r = uv_interface_addresses(&all, &count);

  scene_failed = r != 0;
  if (r != 0) {
    CHECK_EQ(r, UV_ENOMEM);
    /* Out-parameters of a call that failed are untouched (rule E2). */
    CHECK(all == NULL);
    CHECK_EQ(count, -1);
    return;
  }
  CHECK(count >= 0);
  uv_free_interface_addresses(all, count);
}

TEST(e1_interface_addresses) {
  for_every_allocation(addresses);
}
