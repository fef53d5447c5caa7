/* Timers: order, ties, repetition, and what their callbacks may do. Nothing here measures
 * how soon a timer runs, only that it never runs early and in what order. */
#include "harness.h"
#include "net.h"
#include "uv.h"

enum {
  HOUR_MS = 3600 * 1000,
  MANY = 1000
};

static int fired;
static int order[16];

static void note(uv_timer_t* timer) {
  CHECK(fired < 16);
  order[fired++] = *(int*) timer->data;
}

static void count(uv_timer_t* timer) {
  (void) timer;
  fired++;
}

static void never(uv_timer_t* timer) {
  (void) timer;
  FAIL("this timer must not run");
}

static void start_noting(uv_timer_t* timer, int* name, uint64_t timeout) {
  CHECK_EQ(uv_timer_init(net_loop(), timer), 0);
  timer->data = name;
  CHECK_EQ(uv_timer_start(timer, note, timeout, 0), 0);
}

TEST(timer_order_is_that_of_due_time) {
  static int names[] = {0, 1, 2, 3};
  static const uint64_t timeouts[] = {30, 10, 20, 0};
  uv_timer_t timers[4];
  int i;

  for (i = 0; i < 4; i++) {
    start_noting(&timers[i], &names[i], timeouts[i]);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 4);
  CHECK_EQ(order[0], 3);
  CHECK_EQ(order[1], 1);
  CHECK_EQ(order[2], 2);
  CHECK_EQ(order[3], 0);
  net_end();
}

TEST(timer_ties_run_in_order_of_start) {
  static int names[] = {0, 1, 2, 3, 4, 5, 6, 7};
  uv_timer_t timers[8];
  int i;

  for (i = 0; i < 8; i++) {
    start_noting(&timers[i], &names[i], 5);
  }
  CHECK_EQ(uv_timer_start(&timers[2], note, 5, 0), 0); /* started anew: last */
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 8);
  for (i = 0; i < 7; i++) {
    CHECK_EQ(order[i], i < 2 ? i : i + 1);
  }
  CHECK_EQ(order[7], 2);
  net_end();
}

static uint64_t last_due;

static void check_due(uv_timer_t* timer) {
  uint64_t due = *(uint64_t*) timer->data;

  CHECK(due >= last_due);
  CHECK(uv_now(timer->loop) >= due);
  last_due = due;
  fired++;
}

TEST(timer_many_in_random_order_run_in_order_and_never_early) {
  static uv_timer_t timers[MANY];
  static uint64_t due[MANY];
  uint32_t random = 12345;
  int i;

  for (i = 0; i < MANY; i++) {
    uint64_t timeout;

    random = random * 1664525 + 1013904223;
    timeout = (random >> 16) % 40;
    due[i] = uv_now(net_loop()) + timeout;
    CHECK_EQ(uv_timer_init(net_loop(), &timers[i]), 0);
    timers[i].data = &due[i];
    CHECK_EQ(uv_timer_start(&timers[i], check_due, timeout, 0), 0);
  }
  for (i = 0; i < MANY; i += 3) {
    CHECK_EQ(uv_timer_stop(&timers[i]), 0);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, MANY - (MANY + 2) / 3);
  net_end();
}

TEST(timer_start_checks_its_arguments) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, NULL, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_is_active((uv_handle_t*) &timer), 0);
  CHECK_EQ(uv_timer_stop(&timer), 0);
  CHECK_EQ(uv_timer_again(&timer), UV_EINVAL); /* never started */
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_timer_start(&timer, never, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_timer_stop(&timer), 0);
  net_end();
}

TEST(timer_restart_replaces_everything) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never, HOUR_MS, HOUR_MS), 0);
  CHECK_EQ(uv_timer_start(&timer, count, 1, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 1);
  net_end();
}

static void stop_at_three(uv_timer_t* timer) {
  if (++fired == 3) {
    CHECK_EQ(uv_timer_stop(timer), 0);
  }
}

TEST(timer_repeats_until_stopped) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, stop_at_three, 0, 1), 0);
  CHECK_EQ(uv_timer_get_repeat(&timer), 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 3);
  CHECK_EQ(uv_timer_stop(&timer), 0);
  net_end();
}

TEST(timer_again_uses_the_repeat_value) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, stop_at_three, HOUR_MS, 0), 0);
  CHECK_EQ(uv_timer_again(&timer), 0); /* no repeat value: it goes on as it is */
  CHECK(uv_timer_get_due_in(&timer) > HOUR_MS / 2);
  uv_timer_set_repeat(&timer, 2);
  CHECK_EQ(uv_timer_get_repeat(&timer), 2);
  CHECK(uv_timer_get_due_in(&timer) > HOUR_MS / 2);
  CHECK_EQ(uv_timer_again(&timer), 0);
  CHECK(uv_timer_get_due_in(&timer) <= 2);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 3);
  CHECK_EQ(uv_timer_again(&timer), 0); /* a stopped timer starts again */
  CHECK_EQ(uv_is_active((uv_handle_t*) &timer), 1);
  net_end();
}

static void end_repeat(uv_timer_t* timer) {
  fired++;
  uv_timer_set_repeat(timer, 0);
}

TEST(timer_repeat_set_in_the_callback_counts_from_the_next_time) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, end_repeat, 0, 1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 2); /* the second run was arranged before the first callback */
  net_end();
}

TEST(timer_due_in) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_get_due_in(&timer), 0);
  CHECK_EQ(uv_timer_start(&timer, count, 1000, 0), 0);
  CHECK_EQ(uv_timer_get_due_in(&timer), 1000); /* the loop's time stands still */
  CHECK_EQ(uv_timer_stop(&timer), 0);
  CHECK_EQ(uv_timer_get_due_in(&timer), 1000); /* for who pauses it */
  CHECK_EQ(uv_timer_start(&timer, count, 0, 0), 0);
  CHECK_EQ(uv_timer_get_due_in(&timer), 0);
  CHECK_EQ(uv_timer_stop(&timer), 0);
  CHECK_EQ(uv_timer_get_due_in(&timer), 0);
  net_end();
}

TEST(timer_for_ever_does_not_wrap_around) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never, UINT64_MAX, 0), 0);
  net_turns(3);
  CHECK(uv_timer_get_due_in(&timer) > (uint64_t) INT64_MAX);
  net_end();
}

static void start_at_once(uv_timer_t* timer) {
  fired++;
  CHECK_EQ(uv_timer_start(timer, start_at_once, 0, 0), 0);
}

TEST(timer_started_by_a_timer_waits_for_the_next_turn) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, start_at_once, 0, 0), 0);
  net_turns(1);
  CHECK_EQ(fired, 1);
  net_turns(2);
  CHECK_EQ(fired, 3);
  net_end();
}

static uv_timer_t others[2];

static void close_all(uv_timer_t* timer) {
  fired++;
  uv_close((uv_handle_t*) timer, net_count_close);
  uv_close((uv_handle_t*) &others[0], net_count_close);
  CHECK_EQ(uv_timer_stop(&others[1]), 0);
}

TEST(timer_callback_may_close_itself_and_others_that_are_due) {
  uv_timer_t timer;
  int i;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, close_all, 0, 1), 0);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_timer_init(net_loop(), &others[i]), 0);
    CHECK_EQ(uv_timer_start(&others[i], never, 0, 0), 0);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 1);
  CHECK_EQ(net_closed, 2);
  net_end();
}

static uint64_t begun_at;

static void check_short(uv_timer_t* timer) {
  uint64_t ms = (uint64_t) (uintptr_t) timer->data;

  CHECK(uv_now(timer->loop) >= begun_at + ms);
  CHECK(uv_hrtime() / 1000000 >= begun_at + ms);
  fired++;
  uv_close((uv_handle_t*) timer, NULL);
}

/* Each distance from the next tick of a system that has such, and beyond. */
TEST(x11_short_timers_are_never_early) {
  enum {
    COUNT = 60
  };
  uv_timer_t timers[COUNT];
  uintptr_t i;

  begun_at = uv_now(net_loop());
  for (i = 0; i < COUNT; i++) {
    timers[i].data = (void*) i;
    CHECK_EQ(uv_timer_init(net_loop(), &timers[i]), 0);
    CHECK_EQ(uv_timer_start(&timers[i], check_short, i, 0), 0);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, COUNT);
  net_end();
}

static void sooner_first(uv_timer_t* timer) {
  CHECK_EQ(++fired, 2);
  uv_close((uv_handle_t*) timer, NULL);
}

static void then_later(uv_timer_t* timer) {
  CHECK_EQ(++fired, 3);
  uv_close((uv_handle_t*) timer, NULL);
}

static void start_sooner(uv_timer_t* timer) {
  CHECK_EQ(++fired, 1);
  CHECK_EQ(uv_timer_start(timer, sooner_first, 1, 0), 0);
}

/* What the loop waits with is set to the later one meanwhile, or was. */
TEST(x11_timer_of_a_callback_overtakes_a_later_one) {
  uv_timer_t first, later;

  CHECK_EQ(uv_timer_init(net_loop(), &first), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &later), 0);
  CHECK_EQ(uv_timer_start(&first, start_sooner, 3, 0), 0);
  CHECK_EQ(uv_timer_start(&later, then_later, 30000, 0), 0);
  while (fired < 2)
    CHECK_EQ(uv_run(net_loop(), UV_RUN_ONCE), 1);
  CHECK_EQ(uv_timer_start(&later, then_later, 2, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 3);
  net_end();
}
