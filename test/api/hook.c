/* Idle, prepare and check handles: when in a turn they run, and what their callbacks may do. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

static char trace[64];

static void note(const char* what) {
  CHECK(strlen(trace) + strlen(what) < sizeof trace);
  strcat(trace, what);
}

static void note_idle(uv_idle_t* idle) {
  (void) idle;
  note("i");
}

static void note_prepare(uv_prepare_t* prepare) {
  (void) prepare;
  note("p");
}

static void note_check(uv_check_t* check) {
  (void) check;
  note("c");
}

static void note_timer(uv_timer_t* timer) {
  (void) timer;
  note("t");
}

static void note_close(uv_handle_t* handle) {
  (void) handle;
  note("x");
}

TEST(hook_order_within_a_turn) {
  uv_prepare_t prepare;
  uv_check_t check;
  uv_timer_t timer;
  uv_idle_t idle;
  uv_timer_t closing;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_timer, 0, 0), 0);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_check_start(&check, note_check), 0);
  CHECK_EQ(uv_prepare_init(net_loop(), &prepare), 0);
  CHECK_EQ(uv_prepare_start(&prepare, note_prepare), 0);
  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, note_idle), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &closing), 0);
  uv_close((uv_handle_t*) &closing, note_close);

  CHECK(uv_run(net_loop(), UV_RUN_NOWAIT) != 0);
  CHECK_STR(trace, "ipcxt");
  CHECK(uv_run(net_loop(), UV_RUN_NOWAIT) != 0);
  CHECK_STR(trace, "ipcxtipc");
  net_end();
}

/* What a loop does that only waits to be woken, until there are hooks again. */
struct rest {
  uv_prepare_t prepare;
  uv_idle_t idle;
  int sends;
};

static void note_async(uv_async_t* async) {
  struct rest* rest = async->data;

  note("a");
  switch (++rest->sends) {
  case 2:
    CHECK_EQ(uv_prepare_start(&rest->prepare, note_prepare), 0);
    break;
  case 3:
    CHECK_EQ(uv_idle_start(&rest->idle, note_idle), 0);
    break;
  case 4:
    uv_close((uv_handle_t*) &rest->prepare, NULL);
    uv_close((uv_handle_t*) &rest->idle, NULL);
    uv_close((uv_handle_t*) async, NULL);
    return;
  default:
    break;
  }
  CHECK_EQ(uv_async_send(async), 0);
}

/* A loop of its own, as that of the suite has a timer, and so never rests. */
TEST(hook_that_starts_in_a_loop_at_rest_runs_in_the_next_turn) {
  struct rest rest;
  uv_async_t async;
  uv_loop_t loop;

  rest.sends = 0;
  async.data = &rest;
  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_async_init(&loop, &async, note_async), 0);
  CHECK_EQ(uv_prepare_init(&loop, &rest.prepare), 0);
  CHECK_EQ(uv_idle_init(&loop, &rest.idle), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "aapaipa");
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(hook_start_checks_its_arguments) {
  uv_prepare_t prepare;
  uv_check_t check;
  uv_idle_t idle;

  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_prepare_init(net_loop(), &prepare), 0);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_idle_start(&idle, NULL), UV_EINVAL);
  CHECK_EQ(uv_prepare_start(&prepare, NULL), UV_EINVAL);
  CHECK_EQ(uv_check_start(&check, NULL), UV_EINVAL);
  CHECK_EQ(uv_idle_stop(&idle), 0);
  CHECK_EQ(uv_prepare_stop(&prepare), 0);
  CHECK_EQ(uv_check_stop(&check), 0);
  uv_close((uv_handle_t*) &idle, NULL);
  uv_close((uv_handle_t*) &prepare, NULL);
  uv_close((uv_handle_t*) &check, NULL);
  CHECK_EQ(uv_idle_start(&idle, note_idle), UV_EINVAL);
  CHECK_EQ(uv_prepare_start(&prepare, note_prepare), UV_EINVAL);
  CHECK_EQ(uv_check_start(&check, note_check), UV_EINVAL);
  CHECK_EQ(uv_idle_stop(&idle), 0);
  CHECK_EQ(uv_prepare_stop(&prepare), 0);
  CHECK_EQ(uv_check_stop(&check), 0);
  net_end();
  CHECK_STR(trace, "");
}

static void other_idle(uv_idle_t* idle) {
  (void) idle;
  FAIL("the second start replaced the callback");
}

TEST(hook_second_start_changes_nothing) {
  uv_idle_t idle;

  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, note_idle), 0);
  CHECK_EQ(uv_idle_start(&idle, other_idle), 0);
  net_turns(1);
  CHECK_STR(trace, "i");
  net_end();
}

static void stop_self_idle(uv_idle_t* idle) {
  note("i");
  CHECK_EQ(uv_idle_stop(idle), 0);
}

static void close_self_prepare(uv_prepare_t* prepare) {
  note("p");
  uv_close((uv_handle_t*) prepare, note_close);
}

static void start_other_check(uv_check_t* check) {
  note("c");
  CHECK_EQ(uv_check_start(check->data, note_check), 0);
}

TEST(hook_callbacks_may_stop_close_and_start) {
  uv_prepare_t prepare;
  uv_check_t first;
  uv_check_t second;
  uv_idle_t idle;

  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, stop_self_idle), 0);
  CHECK_EQ(uv_prepare_init(net_loop(), &prepare), 0);
  CHECK_EQ(uv_prepare_start(&prepare, close_self_prepare), 0);
  CHECK_EQ(uv_check_init(net_loop(), &first), 0);
  CHECK_EQ(uv_check_init(net_loop(), &second), 0);
  first.data = &second;
  CHECK_EQ(uv_check_start(&first, start_other_check), 0);

  net_turns(1);
  CHECK_STR(trace, "ipcx"); /* what a callback starts waits for the next turn */
  net_turns(1);
  CHECK_STR(trace, "ipcxcc");
  net_end();
}

static uv_idle_t two[2];

/* Whichever runs first takes the other one out of the turn. */
static void stop_other_idle(uv_idle_t* idle) {
  note("i");
  CHECK_EQ(uv_idle_stop(idle == &two[0] ? &two[1] : &two[0]), 0);
}

TEST(hook_stopped_by_another_in_the_same_turn_does_not_run) {
  int i;

  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_idle_init(net_loop(), &two[i]), 0);
    CHECK_EQ(uv_idle_start(&two[i], stop_other_idle), 0);
  }
  net_turns(1);
  CHECK_STR(trace, "i");
  net_end();
}

static int idled;

static void idle_thrice(uv_idle_t* idle) {
  if (++idled == 3) {
    uv_close((uv_handle_t*) idle, NULL);
  }
}

TEST(hook_idle_keeps_the_loop_from_sleeping) {
  uv_timer_t timer;
  uv_idle_t idle;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_timer, 3600 * 1000, 0), 0);
  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, idle_thrice), 0);
  net_until(&idled, 3); /* would take an hour otherwise */
  CHECK_STR(trace, "");
  net_end();
}

static uint64_t begun_at;

static void end_of_wait(uv_check_t* check) {
  CHECK(uv_now(check->loop) >= begun_at + 25); /* 30, and as a clock may round */
  uv_close((uv_handle_t*) check, note_close);
}

/* It was the last: nothing is left to do but to wait (with UV_RUN_ONCE the turn is over, L3). */
TEST(hook_idle_that_stops_itself_lets_the_loop_sleep) {
  uv_timer_t timer;
  uv_check_t check;
  uv_idle_t idle;

  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_check_start(&check, end_of_wait), 0);
  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, stop_self_idle), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  uv_update_time(net_loop());
  begun_at = uv_now(net_loop());
  CHECK_EQ(uv_timer_start(&timer, note_timer, 30, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "ixt");
  net_end();
}
