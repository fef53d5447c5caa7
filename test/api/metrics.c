/* What a loop tells about itself, and its options. */
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "thread.h"
#include "uv.h"

#ifndef _WIN32
#  include <signal.h>
#endif

enum {
  WAIT_MS = 30,
  NS_PER_MS = 1000000
};

static int called;

static void note_timer(uv_timer_t* timer) {
  (void) timer;
  called++;
}

static void wait_once(void) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_timer, WAIT_MS, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_close((uv_handle_t*) &timer);
}

TEST(metrics_idle_time_is_measured_when_asked_for) {
  uint64_t before;

  wait_once();
  CHECK(uv_metrics_idle_time(net_loop()) == 0);
  CHECK_EQ(uv_loop_configure(net_loop(), UV_METRICS_IDLE_TIME), 0);
  CHECK_EQ(uv_loop_configure(net_loop(), UV_METRICS_IDLE_TIME), 0); /* once more changes nothing */
  CHECK(uv_metrics_idle_time(net_loop()) == 0);
  before = uv_hrtime();
  wait_once();
  /* The loop's clock counts whole ms, so that a wait can be one short. */
  CHECK(uv_metrics_idle_time(net_loop()) >= (WAIT_MS - 2) * (uint64_t) NS_PER_MS);
  CHECK(uv_metrics_idle_time(net_loop()) <= uv_hrtime() - before);
  net_end();
}

static void be_busy(uv_timer_t* timer) {
  uint64_t end = uv_hrtime() + WAIT_MS * (uint64_t) NS_PER_MS;

  while (uv_hrtime() < end)
    continue;
  *(uint64_t*) timer->data = uv_metrics_idle_time(timer->loop);
}

TEST(metrics_idle_time_is_not_what_callbacks_take) {
  uv_timer_t timer;
  uint64_t seen = 0;

  CHECK_EQ(uv_loop_configure(net_loop(), UV_METRICS_IDLE_TIME), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  timer.data = &seen;
  CHECK_EQ(uv_timer_start(&timer, be_busy, 0, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK(seen == uv_metrics_idle_time(net_loop()));
  CHECK(seen < NS_PER_MS); /* It never had to wait. */
  net_end();
}

struct watcher {
  uv_loop_t* loop;
  uv_async_t* async;
};

/* Looks at a loop that waits, which nothing but this thread can end. */
static void watch(void* arg) {
  struct watcher* watcher = arg;
  uint64_t first = 0;

  while (first == 0)
    first = uv_metrics_idle_time(watcher->loop);
  while (uv_metrics_idle_time(watcher->loop) <= first)
    continue;
  CHECK_EQ(uv_async_send(watcher->async), 0);
}

static void close_async(uv_async_t* handle) {
  called++;
  uv_close((uv_handle_t*) handle, NULL);
}

TEST(metrics_idle_time_counts_a_wait_that_goes_on) {
  struct watcher watcher;
  uv_thread_t thread;
  uv_async_t async;

  CHECK_EQ(uv_loop_configure(net_loop(), UV_METRICS_IDLE_TIME), 0);
  CHECK_EQ(uv_async_init(net_loop(), &async, close_async), 0);
  watcher.loop = net_loop();
  watcher.async = &async;
  CHECK_EQ(uv_thread_create(&thread, watch, &watcher), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  CHECK_EQ(uv_thread_join(&thread), 0);
  net_end();
}

TEST(e1_metrics_idle_time_without_memory) {
  (void) net_loop();
  memory_fail_all(1);
  CHECK_EQ(uv_loop_configure(net_loop(), UV_METRICS_IDLE_TIME), UV_ENOMEM);
  memory_fail_all(0);
  wait_once();
  CHECK(uv_metrics_idle_time(net_loop()) == 0);
  net_end();
}

TEST(metrics_info_counts_turns_and_events) {
  struct net_sink sink = {0};
  uv_metrics_t before;
  uv_metrics_t after;
  uv_tcp_t client;
  uv_tcp_t server;
  int sent = 0;

  memset(&before, 0x5a, sizeof(before));
  CHECK_EQ(uv_metrics_info(net_loop(), &before), 0);
  CHECK(before.loop_count == 0);
  CHECK(before.events == 0);
  CHECK(before.events_waiting == 0);
  net_turns(3);
  CHECK_EQ(uv_metrics_info(net_loop(), &after), 0);
  CHECK(after.loop_count == 0); /* It is not alive. */

  net_pair(&client, &server);
  net_turns(3);
  CHECK_EQ(uv_metrics_info(net_loop(), &before), 0);
  net_turns(3);
  CHECK_EQ(uv_metrics_info(net_loop(), &after), 0);
  CHECK(after.events == before.events); /* Nothing happens. */

  net_drain((uv_stream_t*) &server, &sink);
  net_turns(3);
  CHECK_EQ(uv_metrics_info(net_loop(), &before), 0);
  net_send((uv_stream_t*) &client, 10, 0, &sent);
  net_until_bytes(&sink, 10);
  CHECK_EQ(uv_metrics_info(net_loop(), &after), 0);
  CHECK(after.events > before.events);
  CHECK(after.loop_count > before.loop_count);
  CHECK(after.events_waiting <= after.events);
  net_end();
}

static void count_async(uv_async_t* handle) {
  (void) handle;
  called++;
}

TEST(metrics_info_counts_asyncs) {
  uv_metrics_t before;
  uv_metrics_t after;
  uv_async_t async;

  CHECK_EQ(uv_async_init(net_loop(), &async, count_async), 0);
  net_turns(2);
  CHECK_EQ(uv_metrics_info(net_loop(), &before), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  net_turns(2);
  CHECK_EQ(called, 1);
  CHECK_EQ(uv_metrics_info(net_loop(), &after), 0);
  CHECK(after.events == before.events + 1);
  CHECK(after.loop_count == before.loop_count + 2);
  net_end();
}

TEST(loop_configure_refuses_what_it_does_not_know) {
  CHECK_EQ(uv_loop_configure(net_loop(), (uv_loop_option) 1000), UV_ENOSYS);
#ifdef _WIN32
  CHECK_EQ(uv_loop_configure(net_loop(), UV_LOOP_BLOCK_SIGNAL, 27), UV_ENOSYS);
#else
  CHECK_EQ(uv_loop_configure(net_loop(), UV_LOOP_BLOCK_SIGNAL, SIGTERM), UV_EINVAL);
#endif
  net_end();
}

TEST(loop_configure_block_signal) {
#ifdef _WIN32
  SKIP("there are no such signals");
#else
  sigset_t mask;

  CHECK_EQ(uv_loop_configure(net_loop(), UV_LOOP_BLOCK_SIGNAL, SIGPROF), 0);
  wait_once();
  /* As it was outside of the wait. */
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
  CHECK_EQ(sigismember(&mask, SIGPROF), 0);
  net_end();
#endif
}

#ifndef _WIN32

static volatile long seen_blocked;

/* Within a handler the mask is that of the moment that was interrupted. */
static void on_sigusr1(int signum) {
  sigset_t mask;

  (void) signum;
  if (pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, SIGPROF) == 1)
    test_add(&seen_blocked, 1);
}

struct knocker {
  pthread_t loop_thread;
  uv_async_t* async;
};

static void knock(void* arg) {
  struct knocker* knocker = arg;

  while (test_load(&seen_blocked) == 0) {
    CHECK_EQ(pthread_kill(knocker->loop_thread, SIGUSR1), 0);
    test_thread_yield();
  }
  CHECK_EQ(uv_async_send(knocker->async), 0);
}

#endif

TEST(loop_configure_block_signal_while_it_waits) {
#ifdef _WIN32
  SKIP("there are no such signals");
#else
  struct knocker knocker;
  uv_thread_t thread;
  uv_async_t async;

  CHECK(signal(SIGUSR1, on_sigusr1) != SIG_ERR);
  CHECK_EQ(uv_loop_configure(net_loop(), UV_LOOP_BLOCK_SIGNAL, SIGPROF), 0);
  CHECK_EQ(uv_async_init(net_loop(), &async, close_async), 0);
  knocker.loop_thread = pthread_self();
  knocker.async = &async;
  CHECK_EQ(uv_thread_create(&thread, knock, &knocker), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  CHECK_EQ(uv_thread_join(&thread), 0);
  net_end();
#endif
}
