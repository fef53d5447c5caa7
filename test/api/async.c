/* Waking the loop (rule L7): from any thread, from a signal handler, many sends as one. */
#include "harness.h"
#include "net.h"
#include "pages.h"
#include "thread.h"
#include "uv.h"

#include <stdlib.h>
#include <string.h>

#ifndef _WIN32
#  include <pthread.h>
#  include <signal.h>
#endif

static int woken;

static void count_async(uv_async_t* async) {
  (void) async;
  woken++;
}

TEST(l7_many_sends_are_one_callback) {
  uv_async_t async;
  int i;

  CHECK_EQ(uv_async_init(net_loop(), &async, count_async), 0);
  /* More than any pipe or counter behind it could hold: a send never fails for that. */
  for (i = 0; i < 300000; i++) {
    CHECK_EQ(uv_async_send(&async), 0);
  }
  net_turns(5);
  CHECK_EQ(woken, 1);
  CHECK_EQ(uv_async_send(&async), 0);
  net_turns(5);
  CHECK_EQ(woken, 2);
  net_end();
}

TEST(l7_each_async_has_its_own_callback) {
  uv_async_t asyncs[20];
  int i;

  for (i = 0; i < 20; i++) {
    CHECK_EQ(uv_async_init(net_loop(), &asyncs[i], count_async), 0);
  }
  for (i = 0; i < 20; i += 2) {
    CHECK_EQ(uv_async_send(&asyncs[i]), 0);
  }
  net_turns(5);
  CHECK_EQ(woken, 10);
  net_end();
}

static void send_again(uv_async_t* async) {
  if (++woken < 5) {
    CHECK_EQ(uv_async_send(async), 0);
  }
}

TEST(l7_send_inside_the_callback_runs_it_again) {
  uv_async_t async;

  CHECK_EQ(uv_async_init(net_loop(), &async, send_again), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  net_until(&woken, 5);
  net_turns(5);
  CHECK_EQ(woken, 5);
  net_end();
}

TEST(l7_async_without_callback_only_wakes) {
  uv_async_t async;

  CHECK_EQ(uv_async_init(net_loop(), &async, NULL), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0); /* returns, though nothing else happens */
  net_end();
}

static int timed_out;

static void count_timer(uv_timer_t* timer) {
  (void) timer;
  timed_out++;
}

TEST(l7_loop_sleeps_again_after_a_wakeup) {
  uv_async_t async;
  uv_timer_t timer;
  int turns = 0;

  CHECK_EQ(uv_async_init(net_loop(), &async, count_async), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  net_until(&woken, 1);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, count_timer, 50, 0), 0);
  while (!timed_out) {
    uv_run(net_loop(), UV_RUN_ONCE);
    turns++;
  }
  CHECK(turns < 10); /* it waited for the timer, and did not spin */
  net_end();
}

static void never_async(uv_async_t* async) {
  (void) async;
  FAIL("a closed async ran");
}

TEST(l7_close_forgets_what_was_sent) {
  uv_async_t async;

  CHECK_EQ(uv_async_init(net_loop(), &async, never_async), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  net_close((uv_handle_t*) &async);
  net_end();
}

static uv_async_t others[2];

static void close_other(uv_async_t* async) {
  woken++;
  uv_close((uv_handle_t*) (async == &others[0] ? &others[1] : &others[0]), NULL);
}

TEST(l7_callback_may_close_another_that_was_sent) {
  int i;

  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_async_init(net_loop(), &others[i], close_other), 0);
    CHECK_EQ(uv_async_send(&others[i]), 0);
  }
  net_turns(3);
  CHECK_EQ(woken, 1);
  net_end();
}

TEST(l7_close_of_one_keeps_the_others_that_were_sent) {
  uv_async_t asyncs[3];
  int i;

  for (i = 0; i < 3; i++)
    CHECK_EQ(uv_async_init(net_loop(), &asyncs[i], i == 0 ? never_async : count_async), 0);
  CHECK_EQ(uv_async_send(&asyncs[0]), 0);
  CHECK_EQ(uv_async_send(&asyncs[1]), 0);
  uv_close((uv_handle_t*) &asyncs[0], NULL);
  CHECK_EQ(uv_async_send(&asyncs[2]), 0);
  net_turns(5);
  CHECK_EQ(woken, 2);
  net_end();
}

TEST(l7_unreferenced_async_does_not_keep_the_loop) {
  uv_async_t async;

  CHECK_EQ(uv_async_init(net_loop(), &async, count_async), 0);
  uv_unref((uv_handle_t*) &async);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
}

/* ---- Threads ---- */

enum {
  THREADS = 4,
  SENDS = 2000
};

static uv_async_t shared;
static volatile long sent;
static volatile long seen;

static void send_many(void* arg) {
  int i;

  (void) arg;
  for (i = 0; i < SENDS; i++) {
    test_add(&sent, 1);
    CHECK_EQ(uv_async_send(&shared), 0);
    if (i % 100 == 0) {
      test_thread_yield();
    }
  }
}

static void see(uv_async_t* async) {
  long total = test_load(&sent);

  test_add(&seen, total - test_load(&seen));
  woken++;
  if (total == THREADS * SENDS) {
    uv_close((uv_handle_t*) async, net_count_close);
  }
}

/* What a thread did before it sent is seen by a callback: the last send is never lost. */
TEST(l7_send_from_threads) {
  struct test_thread* threads[THREADS];
  int i;

  CHECK_EQ(uv_async_init(net_loop(), &shared, see), 0);
  for (i = 0; i < THREADS; i++) {
    threads[i] = test_thread_start(send_many, NULL);
  }
  net_until(&net_closed, 1);
  for (i = 0; i < THREADS; i++) {
    test_thread_join(threads[i]);
  }
  CHECK_EQ(test_load(&seen), THREADS * SENDS);
  CHECK(woken <= THREADS * SENDS);
  net_end();
}

enum {
  ROUNDS = 2000
};

static void ping(void* arg) {
  long round;

  (void) arg;
  for (round = 1; round <= ROUNDS; round++) {
    test_add(&sent, 1);
    CHECK_EQ(uv_async_send(&shared), 0);
    while (test_load(&seen) < round) {
      test_thread_yield();
    }
  }
}

static void pong(uv_async_t* async) {
  long total = test_load(&sent);

  test_add(&seen, total - test_load(&seen));
  if (total == ROUNDS) {
    uv_close((uv_handle_t*) async, net_count_close);
  }
}

/* Every send meets a loop that is falling asleep, asleep or waking. One lost wake-up and
 * both sides wait for ever. */
TEST(l7_no_wakeup_is_lost) {
  struct test_thread* thread;

  CHECK_EQ(uv_async_init(net_loop(), &shared, pong), 0);
  thread = test_thread_start(ping, NULL);
  net_until(&net_closed, 1);
  test_thread_join(thread);
  CHECK_EQ(test_load(&seen), ROUNDS);
  net_end();
}

/* ---- Signals ---- */

#ifndef _WIN32

enum {
  SIGNALS = 200
};

static void send_in_handler(int signum) {
  (void) signum;
  test_add(&sent, 1);
  uv_async_send(&shared);
}

static pthread_t main_thread;

static void interrupt_main(void* arg) {
  long round;

  (void) arg;
  for (round = 2; round <= SIGNALS; round++) {
    pthread_kill(main_thread, SIGUSR1);
    while (test_load(&seen) < round) {
      test_thread_yield();
    }
  }
}

static void see_signal(uv_async_t* async) {
  long total = test_load(&sent);

  test_add(&seen, total - test_load(&seen));
  if (total == SIGNALS) {
    uv_close((uv_handle_t*) async, net_count_close);
  }
}

#endif

/* The handler interrupts the loop's own thread wherever it is, most often asleep. */
TEST(l7_send_from_a_signal_handler) {
#ifdef _WIN32
  SKIP("Windows has no signal handlers that interrupt a thread");
#else
  struct test_thread* thread;
  struct sigaction action;

  CHECK_EQ(uv_async_init(net_loop(), &shared, see_signal), 0);
  memset(&action, 0, sizeof action);
  action.sa_handler = send_in_handler;
  CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
  CHECK_EQ(raise(SIGUSR1), 0); /* the first one before the loop runs at all */
  main_thread = pthread_self();
  thread = test_thread_start(interrupt_main, NULL);
  net_until(&net_closed, 1);
  test_thread_join(thread);
  CHECK_EQ(test_load(&seen), SIGNALS);
  net_end();
#endif
}

/* ---- The last send ---- */

enum {
  LAST_SENDS = 300
};

struct last {
  uv_loop_t loop;
  uv_async_t async;
  uv_idle_t idle;
};

static void send_once(void* arg) {
  CHECK_EQ(uv_async_send(arg), 0);
}

static void go_round(uv_idle_t* idle) {
  (void) idle;
}

static void end_loop(uv_async_t* async) {
  struct last* last = async->data;

  uv_close((uv_handle_t*) &last->idle, NULL);
  uv_close((uv_handle_t*) async, NULL);
}

/* A loop that `send` ends, on another thread, and that does not wait for the thread before its
 * memory goes. On its feet it can be faster than the sender; asleep it is woken by it. */
static void outlive_sender(void (*send)(void* arg), int asleep) {
  int round;

  for (round = 0; round < LAST_SENDS; round++) {
    struct last* last = malloc(sizeof *last);
    struct test_thread* thread;

    CHECK(last != NULL);
    CHECK_EQ(uv_loop_init(&last->loop), 0);
    CHECK_EQ(uv_async_init(&last->loop, &last->async, end_loop), 0);
    CHECK_EQ(uv_idle_init(&last->loop, &last->idle), 0);
    if (!asleep) {
      CHECK_EQ(uv_idle_start(&last->idle, go_round), 0);
    }
    last->async.data = last;
    thread = test_thread_start(send, &last->async);
    CHECK_EQ(uv_run(&last->loop, UV_RUN_DEFAULT), 0);
    CHECK_EQ(uv_loop_close(&last->loop), 0);
    memset(last, 0xdd, sizeof *last);
    free(last);
    test_thread_join(thread);
  }
  net_end();
}

TEST(l7_loop_may_be_gone_before_its_last_send_returns) {
  outlive_sender(send_once, 0);
}

TEST(l7_loop_that_slept_may_be_gone_before_its_last_send_returns) {
  outlive_sender(send_once, 1);
}

#ifndef _WIN32

static uv_async_t* of_handler;

static void send_to_last(int signum) {
  (void) signum;
  uv_async_send(of_handler);
}

static void send_in_own_handler(void* arg) {
  of_handler = arg;
  CHECK_EQ(raise(SIGUSR2), 0);
}

#endif

TEST(l7_loop_may_be_gone_before_its_last_signal_handler_returns) {
#ifdef _WIN32
  SKIP("Windows has no signal handlers that interrupt a thread");
#else
  struct sigaction action;

  memset(&action, 0, sizeof action);
  action.sa_handler = send_to_last;
  CHECK_EQ(sigaction(SIGUSR2, &action, NULL), 0);
  outlive_sender(send_in_own_handler, 0);
#endif
}

/* ---- Many asyncs ---- */

enum {
  FEW = 512, /* An assertion looks at the oldest handles of a loop. */
  MANY = 20000
};

/* A send looks at those that were sent, and at no others: these cannot be looked at. */
TEST(l7_send_costs_the_same_among_many) {
  size_t size = MANY * sizeof(uv_async_t);
  uv_async_t* idle = pages_new(size);
  static uv_async_t few[FEW];
  uv_loop_t loop;
  unsigned i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < FEW; i++) {
    CHECK_EQ(uv_async_init(&loop, &few[i], count_async), 0);
  }
  for (i = 0; i < MANY; i++) {
    CHECK_EQ(uv_async_init(&loop, &idle[i], never_async), 0);
  }
  woken = 0;
  pages_hide(idle, size, 1);
  for (i = 0; i < 2 * FEW; i++) {
    CHECK_EQ(uv_async_send(&few[i % FEW]), 0);
    (void) uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(woken, i + 1);
  }
  pages_hide(idle, size, 0);
  for (i = 0; i < MANY; i++) {
    uv_close((uv_handle_t*) &idle[i], NULL);
  }
  for (i = 0; i < FEW; i++) {
    uv_close((uv_handle_t*) &few[i], NULL);
  }
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  pages_free(idle, size);
  net_end();
}

static uv_async_t in_order[8];
static unsigned next_in_order;

static void check_order(uv_async_t* async) {
  CHECK(async == &in_order[7 - next_in_order]);
  next_in_order++;
}

TEST(l7_callbacks_come_in_the_order_of_the_sends) {
  unsigned i;

  for (i = 0; i < 8; i++) {
    CHECK_EQ(uv_async_init(net_loop(), &in_order[i], check_order), 0);
  }
  for (i = 0; i < 8; i++) {
    CHECK_EQ(uv_async_send(&in_order[7 - i]), 0);
    CHECK_EQ(uv_async_send(&in_order[7]), 0);
  }
  net_turns(3);
  CHECK_EQ(next_in_order, 8);
  net_end();
}

/* Sent, seen by nobody yet, and closed: between two that are not. */
TEST(l7_close_in_the_middle_of_what_was_sent) {
  uv_async_t asyncs[3];
  int i;

  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_async_init(net_loop(), &asyncs[i], i == 1 ? never_async : count_async), 0);
    CHECK_EQ(uv_async_send(&asyncs[i]), 0);
  }
  uv_close((uv_handle_t*) &asyncs[1], net_count_close);
  CHECK_EQ(uv_async_send(&asyncs[1]), 0); /* Too late, but still its memory: nothing comes. */
  CHECK_EQ(uv_async_send(&asyncs[0]), 0);
  net_until(&net_closed, 1);
  net_turns(3);
  CHECK_EQ(woken, 2);
  net_end();
}
