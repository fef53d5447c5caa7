/* Rule X11 where the time is the model's: how late timers are with and without the timers of high
 * resolution, by either of the two ways in which these tell, how many calls of Windows that costs, and a
 * machine that sleeps meanwhile. */
#include <string.h>

#include "harness.h"
#include "nt.h"
#include "uv.h"

enum {
  ROUNDS = 100,
  HOUR_MS = 3600 * 1000,
  WAYS = 2
};

static uv_loop_t loop;
static uint64_t begun;
static uint64_t latest; /* of all: how late, in units of 100 ns */
static uint64_t due_ms;
static int left;

/* 0: by packets of ntdll, 1: by the pool; 2: neither, as before Windows 10 1803. */
static void begin(int way) {
  nt_has_exact_timers = way < WAYS;
  nt_has_wait_packets = way == 0;
  latest = 0;
  CHECK_EQ(uv_loop_init(&loop), 0);
}

static void end(void) {
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* By the clock of the loop, whose milliseconds are whole ones. */
static void start(uv_timer_t* timer, uv_timer_cb cb, uint64_t ms) {
  uv_update_time(timer->loop);
  due_ms = uv_now(timer->loop) + ms;
  begun = nt_now();
  CHECK_EQ(uv_timer_start(timer, cb, ms, 0), 0);
}

static void note_lateness(void) {
  uint64_t due = due_ms * NT_MS;

  CHECK(nt_now() >= due);
  if (nt_now() - due > latest)
    latest = nt_now() - due;
}

static uint64_t delay_ms;

static void again(uv_timer_t* timer) {
  note_lateness();
  if (--left > 0)
    start(timer, again, delay_ms);
  else
    uv_close((uv_handle_t*) timer, NULL);
}

/* How late the latest of many timers is that run one after the other. */
static uint64_t measure(int way, uint64_t ms) {
  uv_timer_t timer;

  begin(way);
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  left = ROUNDS;
  delay_ms = ms;
  start(&timer, again, ms);
  end();
  CHECK_EQ(left, 0);
  return latest;
}

TEST(x11_timer_of_a_millisecond_comes_within_two) {
  int way;

  for (way = 0; way < WAYS; way++)
    CHECK(measure(way, 1) < NT_MS);
}

TEST(x11_longer_timers_are_as_exact) {
  static const uint64_t delays[] = {2, 15, 16, 17, 31, 32, 33, 40, 100, 5000};
  int way;
  size_t i;

  for (way = 0; way < WAYS; way++)
    for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
      CHECK(measure(way, delays[i]) < NT_MS);
}

/* What the others are for. */
TEST(x11_system_without_such_timers_has_ticks) {
  CHECK(measure(WAYS, 1) > 2 * NT_MS);
  CHECK(measure(WAYS, 1) < 32 * NT_MS);
}

/* ---- What it costs ---- */

static unsigned sets, waits;

/* On whatever thread the call is made. */
static void count(const char* call) {
  if (strcmp(call, "SetWaitableTimer") == 0 || strcmp(call, "CreateWaitableTimerExW") == 0)
    __atomic_add_fetch(&sets, 1, __ATOMIC_SEQ_CST);
  if (strcmp(call, "GetQueuedCompletionStatusEx") == 0)
    __atomic_add_fetch(&waits, 1, __ATOMIC_SEQ_CST);
}

static uv_async_t async;
static uv_timer_t far_timer;
static uint64_t push_back_ms;

static uv_sem_t wanted; /* by the loop: the next message */

static void send_messages(void* arg) {
  int i;

  (void) arg;
  for (i = 0; i < ROUNDS; i++) {
    uv_sem_wait(&wanted);
    CHECK_EQ(uv_async_send(&async), 0);
  }
}

static void on_message(uv_async_t* handle) {
  if (push_back_ms != 0)
    start(&far_timer, again, push_back_ms + (uint64_t) (ROUNDS - left) / 10);
  if (--left > 0) {
    uv_sem_post(&wanted);
  } else {
    nt_watch = NULL;
    uv_close((uv_handle_t*) handle, NULL);
    uv_close((uv_handle_t*) &far_timer, NULL);
  }
}

/* A loop whose waits are ended by messages of another thread, so many times. */
static void keep_busy(int way, uint64_t timer_ms, uint64_t later_ms) {
  uv_thread_t thread;

  begin(way);
  CHECK_EQ(uv_async_init(&loop, &async, on_message), 0);
  CHECK_EQ(uv_timer_init(&loop, &far_timer), 0);
  CHECK_EQ(uv_sem_init(&wanted, 1), 0);
  push_back_ms = later_ms;
  left = ROUNDS;
  start(&far_timer, again, timer_ms);
  CHECK_EQ(uv_thread_create(&thread, send_messages, NULL), 0);
  sets = waits = 0;
  nt_watch = count;
  end();
  CHECK_EQ(uv_thread_join(&thread), 0);
  uv_sem_destroy(&wanted);
}

TEST(x11_loop_that_is_busy_sets_nothing_for_what_is_far) {
  int way;

  for (way = 0; way < WAYS; way++) {
    keep_busy(way, HOUR_MS, 0);
    CHECK_EQ(sets, 0);
    CHECK(waits >= ROUNDS / 2);
  }
}

/* One that is put off with each message, as a time-out of silence is, leaves the timer where it is. */
TEST(x11_timer_that_is_put_off_again_and_again_is_set_once) {
  int way;

  for (way = 0; way < WAYS; way++) {
    uint64_t from = nt_now();

    keep_busy(way, 20, 20);
    CHECK(sets > 0);
    CHECK(sets <= 3 + (nt_now() - from) / (20 * NT_MS)); /* One for each time that it comes. */
  }
}

static void run_once(uv_timer_t* timer) {
  note_lateness();
  uv_close((uv_handle_t*) timer, NULL);
}

static uv_timer_t sooner;

static void start_sooner(uv_async_t* handle) {
  CHECK_EQ(uv_timer_stop(&far_timer), 0);
  uv_close((uv_handle_t*) &far_timer, NULL);
  uv_close((uv_handle_t*) handle, NULL);
  start(&sooner, run_once, 2);
}

static void send_soon(void* arg) {
  (void) arg;
  uv_sleep(1);
  CHECK_EQ(uv_async_send(&async), 0);
}

/* One that is sooner than what it is set to has it set anew. */
TEST(x11_sooner_one_does_not_wait_for_a_later_one) {
  int way;

  for (way = 0; way < WAYS; way++) {
    uv_thread_t thread;

    begin(way);
    CHECK_EQ(uv_timer_init(&loop, &far_timer), 0);
    CHECK_EQ(uv_timer_init(&loop, &sooner), 0);
    CHECK_EQ(uv_async_init(&loop, &async, start_sooner), 0);
    start(&far_timer, run_once, 31);
    CHECK_EQ(uv_thread_create(&thread, send_soon, NULL), 0);
    end();
    CHECK(latest < NT_MS);
    CHECK_EQ(uv_thread_join(&thread), 0);
  }
}

static unsigned turns;

static void count_turn(uv_check_t* check) {
  (void) check;
  turns++;
}

static void stop_timer(uv_async_t* handle) {
  CHECK_EQ(uv_timer_stop(&far_timer), 0);
  start(&far_timer, run_once, 300);
  uv_close((uv_handle_t*) handle, NULL);
  turns = 0;
}

/* What comes of a timer that nobody wants any more is no news: the loop takes no turn for it. */
TEST(x11_timer_alone_ends_no_wait) {
  int way;

  for (way = 0; way < WAYS; way++) {
    uv_check_t check;
    uv_thread_t thread;

    begin(way);
    CHECK_EQ(uv_timer_init(&loop, &far_timer), 0);
    CHECK_EQ(uv_check_init(&loop, &check), 0);
    CHECK_EQ(uv_check_start(&check, count_turn), 0);
    uv_unref((uv_handle_t*) &check);
    CHECK_EQ(uv_async_init(&loop, &async, stop_timer), 0);
    start(&far_timer, run_once, 31);
    CHECK_EQ(uv_thread_create(&thread, send_soon, NULL), 0);
    CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
    CHECK(turns <= 3); /* That of the async, one of its close, and one of the timer. */
    CHECK_EQ(uv_thread_join(&thread), 0);
    uv_close((uv_handle_t*) &check, NULL);
    end();
  }
}

/* ---- A machine that sleeps ---- */

static void close_lid(uv_timer_t* timer) {
  nt_sleep_machine(HOUR_MS);
  uv_close((uv_handle_t*) timer, NULL);
}

/* Only the time counts in which it is awake, for the clock of the loop as for what waits. */
TEST(x11_time_in_which_the_machine_sleeps_does_not_count) {
  int way;

  for (way = 0; way <= WAYS; way++) {
    uv_timer_t lid, timer;
    uint64_t from;
    uint64_t hr;

    begin(way);
    CHECK_EQ(uv_timer_init(&loop, &lid), 0);
    CHECK_EQ(uv_timer_init(&loop, &timer), 0);
    uv_update_time(&loop);
    from = uv_now(&loop);
    hr = uv_hrtime();
    CHECK_EQ(uv_timer_start(&lid, close_lid, 100, 0), 0);
    start(&timer, run_once, 1000);
    end();
    CHECK(uv_now(&loop) - from >= 1000);
    CHECK(uv_now(&loop) - from < 1100);
    CHECK(uv_hrtime() - hr < (uint64_t) 1100 * 1000000);
  }
}
