/* Signals that come: how often, to whom, and what becomes of the program's own handlers. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

enum {
  WATCHERS = 4,
  SHAKES = 3000
};

static uv_signal_t watchers[WATCHERS];
static int came[WATCHERS];

static void count(uv_signal_t* handle, int signum) {
  CHECK_EQ(signum, *(int*) handle->data);
  came[handle - watchers]++;
}

static void never(uv_signal_t* handle, int signum) {
  (void) handle;
  (void) signum;
  FAIL("this watcher has no part in it");
}

static void watch(int which, uv_loop_t* loop, int* signum) {
  CHECK_EQ(uv_signal_init(loop, &watchers[which]), 0);
  watchers[which].data = signum;
  CHECK_EQ(uv_signal_start(&watchers[which], count, *signum), 0);
}

static void (*handler_of(int signum))(int) {
  struct sigaction now;

  CHECK_EQ(sigaction(signum, NULL, &now), 0);
  return now.sa_handler;
}

/* ---- Delivery ---- */

static int raised;

static void raise_again(uv_signal_t* handle, int signum) {
  raised++;
  CHECK(raised < 100000); /* before anybody else had a turn */
  CHECK_EQ(raise(signum), 0);
  (void) handle;
}

static void end_raising(uv_timer_t* timer) {
  if (raised < 2)
    return; /* A machine that is slow: in five more. */
  uv_close((uv_handle_t*) timer, net_count_close);
  uv_close((uv_handle_t*) &watchers[0], net_count_close);
}

TEST(r6_signal_that_is_raised_in_its_callback_gives_way) {
  uv_timer_t timer;

  CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
  CHECK_EQ(uv_signal_start(&watchers[0], raise_again, SIGUSR1), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, end_raising, 5, 5), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&net_closed, 2);
  CHECK(raised > 1);
  net_end();
}

TEST(signal_runs_once_for_each) {
  static int usr1 = SIGUSR1;
  int i;

  watch(0, net_loop(), &usr1);
  for (i = 0; i < 5; i++) {
    CHECK_EQ(raise(SIGUSR1), 0);
  }
  CHECK_EQ(came[0], 0); /* L1 */
  net_until(&came[0], 5);
  net_turns(3);
  CHECK_EQ(came[0], 5);
  net_end();
}

static int in_order[8];
static int told_in_order;

static void note_signal(uv_signal_t* handle, int signum) {
  (void) handle;
  CHECK(told_in_order < 8);
  in_order[told_in_order++] = signum;
}

/* Whatever their numbers are. */
TEST(signals_are_told_in_the_order_in_which_they_came) {
  static const int orders[][4] = {{SIGHUP, SIGUSR2, SIGUSR1, SIGTERM},
                                  {SIGTERM, SIGUSR1, SIGUSR2, SIGHUP},
                                  {SIGUSR2, SIGHUP, SIGTERM, SIGUSR1}};
  size_t which;
  int i;

  for (i = 0; i < WATCHERS; i++) {
    CHECK_EQ(uv_signal_init(net_loop(), &watchers[i]), 0);
    CHECK_EQ(uv_signal_start(&watchers[i], note_signal, orders[0][i]), 0);
  }
  for (which = 0; which < 3; which++) {
    told_in_order = 0;
    for (i = 0; i < WATCHERS; i++)
      CHECK_EQ(raise(orders[which][i]), 0);
    CHECK_EQ(raise(orders[which][0]), 0); /* told with the first */
    net_until(&told_in_order, WATCHERS + 1);
    CHECK_EQ(in_order[0], orders[which][0]);
    for (i = 0; i < WATCHERS; i++)
      CHECK_EQ(in_order[i + 1], orders[which][i]);
  }
  net_end();
}

TEST(signal_started_again_has_the_new_callback) {
  static int usr1 = SIGUSR1;

  CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
  watchers[0].data = &usr1;
  CHECK_EQ(uv_signal_start(&watchers[0], never, SIGUSR1), 0);
  CHECK_EQ(uv_signal_start(&watchers[0], count, SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&came[0], 1);
  net_end();
}

TEST(signal_all_there_are) {
  static int signum;
  int watched = 0;

  for (signum = 1; signum < NSIG; signum++) {
    if (signum == SIGKILL || signum == SIGSTOP) {
      CHECK_EQ(uv_signal_init(net_loop(), &watchers[1]), 0);
      CHECK_EQ(uv_signal_start(&watchers[1], never, signum), UV_EINVAL);
      net_close((uv_handle_t*) &watchers[1]);
      continue;
    }
    came[0] = 0;
    CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
    watchers[0].data = &signum;
    if (uv_signal_start(&watchers[0], count, signum) == 0) {
      watched++;
      CHECK_EQ(raise(signum), 0);
      net_until(&came[0], 1);
    }
    net_close((uv_handle_t*) &watchers[0]);
  }
  CHECK(watched >= 25); /* some numbers belong to the C library */
  net_end();
}

TEST(signal_several_watchers_and_loops) {
  static int usr1 = SIGUSR1, usr2 = SIGUSR2;
  uv_loop_t other;
  int i;

  CHECK_EQ(uv_loop_init(&other), 0);
  watch(0, net_loop(), &usr1);
  watch(1, net_loop(), &usr1);
  watch(2, &other, &usr1);
  watch(3, net_loop(), &usr2);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&came[1], 2);
  CHECK_EQ(came[0], 2);
  CHECK_EQ(came[2], 0);
  while (came[2] < 2) {
    uv_run(&other, UV_RUN_ONCE);
  }
  CHECK_EQ(came[3], 0);
  CHECK_EQ(uv_signal_stop(&watchers[0]), 0);
  CHECK_EQ(raise(SIGUSR2), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&came[1], 3);
  net_until(&came[3], 1);
  for (i = 0; i < 2; i++) {
    uv_run(&other, UV_RUN_NOWAIT);
  }
  CHECK_EQ(came[0], 2);
  CHECK_EQ(came[2], 3);
  uv_close((uv_handle_t*) &watchers[2], NULL);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other), 0);
  net_end();
}

static void send_from_afar(void* arg) {
  (void) arg;
  CHECK_EQ(uv_kill(getpid(), SIGUSR1), 0);
}

TEST(signal_wakes_a_loop_that_waits) {
  static int usr1 = SIGUSR1;
  struct test_thread* thread;
  int i;

  watch(0, net_loop(), &usr1);
  for (i = 1; i <= 100; i++) {
    thread = test_thread_start(send_from_afar, NULL);
    net_until(&came[0], i);
    test_thread_join(thread);
  }
  CHECK_EQ(came[0], 100);
  net_end();
}

/* ---- Watchers that change in their callback ---- */

static void once(uv_signal_t* handle, int signum) {
  count(handle, signum);
  CHECK_EQ(uv_is_active((uv_handle_t*) handle), 0);
}

TEST(signal_oneshot_stops_before_its_callback) {
  static int usr1 = SIGUSR1;

  CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
  watchers[0].data = &usr1;
  CHECK_EQ(uv_signal_start_oneshot(&watchers[0], once, SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(came[0], 1);
  CHECK(handler_of(SIGUSR1) == SIG_IGN);
  CHECK_EQ(uv_signal_start_oneshot(&watchers[0], once, SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(came[0], 2);
  net_end();
}

static void stop_both(uv_signal_t* handle, int signum) {
  (void) signum;
  came[handle - watchers]++;
  CHECK_EQ(uv_signal_stop(&watchers[0]), 0);
  CHECK_EQ(uv_signal_stop(&watchers[1]), 0);
}

TEST(signal_stop_takes_back_what_came) {
  int i;

  CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_signal_init(net_loop(), &watchers[i]), 0);
    CHECK_EQ(uv_signal_start(&watchers[i], stop_both, SIGUSR1), 0);
  }
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(came[0] + came[1], 1);
  for (i = 0; i < 2; i++) { /* and what came for one life is nothing to the next */
    CHECK_EQ(uv_signal_start(&watchers[i], never, SIGUSR1), 0);
  }
  net_turns(3);
  net_end();
}

static void begin_anew(uv_signal_t* handle, int signum) {
  came[0]++;
  CHECK_EQ(uv_signal_stop(handle), 0);
  CHECK_EQ(uv_signal_start(handle, begin_anew, signum), 0);
}

/* Also where the next one begins in the callback. */
TEST(signal_stopped_and_started_in_its_callback_has_nothing_of_before) {
  int i;

  CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
  CHECK_EQ(uv_signal_start(&watchers[0], begin_anew, SIGUSR1), 0);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(raise(SIGUSR1), 0);
  }
  net_until(&came[0], 1);
  net_turns(3);
  CHECK_EQ(came[0], 1);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&came[0], 2);
  net_end();
}

static void close_itself(uv_signal_t* handle, int signum) {
  (void) signum;
  came[0]++;
  uv_close((uv_handle_t*) handle, net_count_close);
}

TEST(l4_signal_closes_in_its_callback) {
  CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
  CHECK_EQ(uv_signal_start(&watchers[0], close_itself, SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(came[0], 1);
  CHECK_EQ(net_closed, 1);
  net_end();
}

TEST(signal_changes_to_another) {
  static int usr1 = SIGUSR1, usr2 = SIGUSR2;

  CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  watch(0, net_loop(), &usr1);
  CHECK_EQ(raise(SIGUSR1), 0);
  watchers[0].data = &usr2;
  CHECK_EQ(uv_signal_start(&watchers[0], count, SIGUSR2), 0);
  CHECK(handler_of(SIGUSR1) == SIG_IGN);
  net_turns(3);
  CHECK_EQ(came[0], 0);
  CHECK_EQ(raise(SIGUSR2), 0);
  net_until(&came[0], 1);
  net_end();
}

/* ---- The program's own handlers ---- */

static volatile sig_atomic_t own_calls;

static void own(int signum) {
  (void) signum;
  own_calls++;
}

TEST(signal_gives_the_old_handler_back) {
  static int usr1 = SIGUSR1;

  CHECK(signal(SIGUSR1, own) != SIG_ERR);
  watch(0, net_loop(), &usr1);
  watch(1, net_loop(), &usr1);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&came[0], 1);
  CHECK_EQ(own_calls, 0);
  net_close((uv_handle_t*) &watchers[0]);
  CHECK(handler_of(SIGUSR1) != own); /* the other one still watches */
  net_close((uv_handle_t*) &watchers[1]);
  CHECK(handler_of(SIGUSR1) == own);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(own_calls, 1);
  net_end();
}

TEST(signal_leaves_a_later_handler_alone) {
  static int usr1 = SIGUSR1;

  watch(0, net_loop(), &usr1);
  CHECK(signal(SIGUSR1, own) != SIG_ERR);
  CHECK_EQ(uv_signal_stop(&watchers[0]), 0);
  CHECK(handler_of(SIGUSR1) == own);
  CHECK_EQ(uv_signal_start(&watchers[0], count, SIGUSR1), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&came[0], 1);
  CHECK_EQ(own_calls, 0);
  net_close((uv_handle_t*) &watchers[0]);
  CHECK(handler_of(SIGUSR1) == own);
  net_end();
}

/* ---- SIGCHLD, which the library may watch for as well ---- */

TEST(signal_sigchld_beside_children) {
  static int sigchld = SIGCHLD;
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  char* args[8];
  int i;

  if (harness_arg(0) != NULL) {
    return;
  }
  CHECK(signal(SIGCHLD, own) != SIG_ERR);
  for (i = 0; i < 6; i++) { /* each of the two comes first, and each goes first */
    if (i % 2 == 0) {
      watch(0, net_loop(), &sigchld);
    }
    test_child(&options, args, "signal_sigchld_beside_children", "child");
    test_spawn(&child, &options, &end);
    if (i % 2 == 1) {
      watch(0, net_loop(), &sigchld);
      CHECK_EQ(raise(SIGCHLD), 0); /* the child may be gone already */
    }
    test_await_child(&end);
    net_until(&came[0], 1);
    came[0] = 0;
    if (i % 3 == 0) {
      net_close((uv_handle_t*) &watchers[0]);
      net_close((uv_handle_t*) &child);
    } else {
      net_close((uv_handle_t*) &child);
      net_close((uv_handle_t*) &watchers[0]);
    }
    came[0] = 0;
  }
  CHECK(own_calls > 0);
  net_end();
  CHECK(handler_of(SIGCHLD) == own);
}

/* ---- Under load ---- */

static void once_more(uv_signal_t* handle, int signum) {
  came[handle - watchers]++;
  CHECK_EQ(raise(signum), 0);
}

static void close_both(uv_timer_t* timer) {
  if (came[0] < 2) {
    CHECK_EQ(uv_timer_start(timer, close_both, 1, 0), 0);
    return;
  }
  uv_close((uv_handle_t*) timer, NULL);
  uv_close((uv_handle_t*) &watchers[0], NULL);
}

/* Whoever gets his signal again in its callback leaves the others their turn. */
TEST(signal_that_its_callback_sends_again) {
  uv_timer_t timer;

  CHECK_EQ(uv_signal_init(net_loop(), &watchers[0]), 0);
  CHECK_EQ(uv_signal_start(&watchers[0], once_more, SIGUSR1), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, close_both, 5, 0), 0);
  CHECK_EQ(raise(SIGUSR1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
}

static volatile long shaking;

/* Without a watcher the signal is not to end the process. Runs on both threads. */
static void nothing(int signum) {
  (void) signum;
}

static void shake(void* arg) {
  (void) arg;
  while (test_load(&shaking)) {
    CHECK_EQ(kill(getpid(), SIGUSR1), 0);
    test_thread_yield();
  }
}

TEST(signal_watchers_come_and_go_under_fire) {
  static int usr1 = SIGUSR1;
  struct test_thread* thread;
  int i;

  CHECK(signal(SIGUSR1, nothing) != SIG_ERR);
  for (i = 0; i < WATCHERS; i++) {
    CHECK_EQ(uv_signal_init(net_loop(), &watchers[i]), 0);
    watchers[i].data = &usr1;
  }
  test_add(&shaking, 1);
  thread = test_thread_start(shake, NULL);
  for (i = 0; i < SHAKES || came[0] + came[1] + came[2] + came[3] < SHAKES / 10; i++) {
    uv_signal_t* watcher = &watchers[i % WATCHERS];
    if (uv_is_active((uv_handle_t*) watcher)) {
      CHECK_EQ(uv_signal_stop(watcher), 0);
    } else {
      CHECK_EQ(uv_signal_start(watcher, count, SIGUSR1), 0);
    }
    uv_run(net_loop(), UV_RUN_NOWAIT);
  }
  test_add(&shaking, -1);
  test_thread_join(thread);
  net_end();
  CHECK(handler_of(SIGUSR1) == nothing);
}
