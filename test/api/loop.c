/* The loop: when it ends, what one turn does, who keeps it going (rules L1, L3). */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

enum {
  HOUR_MS = 3600 * 1000
};

static int fired;

static void count_timer(uv_timer_t* timer) {
  (void) timer;
  fired++;
}

static void never_timer(uv_timer_t* timer) {
  (void) timer;
  FAIL("a timer ran that is not due");
}

TEST(l3_empty_loop_ends_at_once) {
  uv_loop_t loop;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_loop_alive(&loop), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_ONCE), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_NOWAIT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(l3_active_referenced_handle_keeps_the_loop_alive) {
  uv_loop_t loop;
  uv_timer_t timer;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_loop_alive(&loop), 0);
  CHECK_EQ(uv_timer_start(&timer, count_timer, HOUR_MS, 0), 0);
  CHECK_EQ(uv_loop_alive(&loop), 1);
  uv_unref((uv_handle_t*) &timer);
  CHECK_EQ(uv_loop_alive(&loop), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  uv_ref((uv_handle_t*) &timer);
  CHECK_EQ(uv_loop_alive(&loop), 1);
  CHECK_EQ(uv_timer_stop(&timer), 0);
  CHECK_EQ(uv_loop_alive(&loop), 0);
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_loop_alive(&loop), 1);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  CHECK_EQ(fired, 0);
}

static void stop_loop(uv_timer_t* timer) {
  fired++;
  uv_stop(timer->loop);
}

/* Timers that are due run before the first turn, and there is none when one of them stops the loop. */
TEST(l3_stop_before_the_first_turn_tells_what_is_left) {
  uv_loop_t loop;
  uv_timer_t timer;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, stop_loop, 0, 0), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_timer_start(&timer, stop_loop, 0, HOUR_MS), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 1);
  CHECK_EQ(fired, 2);
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(l3_loop_close_is_busy_until_all_handles_are_closed) {
  uv_loop_t loop;
  uv_timer_t timer;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_loop_close(&loop), UV_EBUSY); /* not even started */
  CHECK_EQ(uv_timer_start(&timer, count_timer, 0, 0), 0);
  CHECK_EQ(uv_loop_close(&loop), UV_EBUSY);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0); /* the refusal did no harm */
  CHECK_EQ(fired, 1);
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_loop_close(&loop), UV_EBUSY);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(l3_closing_an_unreferenced_handle_still_runs_its_callback) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  uv_unref((uv_handle_t*) &timer);
  uv_close((uv_handle_t*) &timer, net_count_close);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 1);
  net_end();
}

static int connected;

static void count_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected++;
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  CHECK_EQ(status, 0);
}

TEST(l3_request_keeps_the_loop_alive_on_an_unreferenced_handle) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, ignore_connection);
  uv_unref((uv_handle_t*) &server);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  uv_unref((uv_handle_t*) &client);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, count_connect), 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(connected, 1);
  net_end();
}

TEST(l3_connected_stream_keeps_the_loop_alive_only_while_it_works) {
  struct net_sink sink = {0};
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0); /* two idle connections */
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &b), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_send((uv_stream_t*) &a, 10, 0, &done);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(done, 1);
  net_end();
}

TEST(l3_listener_keeps_the_loop_alive_unless_unreferenced) {
  uv_tcp_t server;

  net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK(uv_run(net_loop(), UV_RUN_NOWAIT) != 0);
  uv_unref((uv_handle_t*) &server);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
}

/* ---- Modes ---- */

TEST(loop_nowait_does_not_wait) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never_timer, HOUR_MS, 0), 0);
  CHECK(uv_run(net_loop(), UV_RUN_NOWAIT) != 0);
  net_end();
}

TEST(loop_once_waits_for_a_timer) {
  uv_timer_t timer;
  int turns = 0;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, count_timer, 50, 0), 0);
  while (uv_run(net_loop(), UV_RUN_ONCE) != 0) {
    turns++;
  }
  CHECK_EQ(fired, 1);
  CHECK(turns < 10); /* it waited, and did not spin */
  net_end();
}

static void count_idle(uv_idle_t* idle) {
  if (++*(int*) idle->data == 3) {
    uv_stop(idle->loop);
  }
}

TEST(loop_stop_ends_run_after_the_turn) {
  uv_idle_t idle;
  int count = 0;

  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  idle.data = &count;
  CHECK_EQ(uv_idle_start(&idle, count_idle), 0);
  CHECK(uv_run(net_loop(), UV_RUN_DEFAULT) != 0);
  CHECK_EQ(count, 3);
  CHECK(uv_run(net_loop(), UV_RUN_NOWAIT) != 0); /* and only that run */
  CHECK_EQ(count, 4);
  net_end();
}

TEST(loop_stop_before_run_does_not_wait) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never_timer, HOUR_MS, 0), 0);
  uv_stop(net_loop());
  CHECK(uv_run(net_loop(), UV_RUN_DEFAULT) != 0);
  CHECK_EQ(uv_timer_start(&timer, count_timer, 1, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 1);
  net_end();
}

/* ---- Time ---- */

static void sleep_in_callback(uv_timer_t* timer) {
  uint64_t before = uv_now(timer->loop);

  uv_sleep(20);
  CHECK(uv_now(timer->loop) == before);
  uv_update_time(timer->loop);
  CHECK(uv_now(timer->loop) > before);
  fired++;
}

TEST(loop_time_stands_still_within_a_callback) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, sleep_in_callback, 0, 0), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 1);
  net_end();
}

static uv_timer_t behind; /* due when the callback that starts it returns */
static int late_callbacks;

static void dawdle(void) {
  late_callbacks++;
  CHECK_EQ(uv_timer_start(&behind, count_timer, 10, 0), 0);
  uv_sleep(20);
}

static void dawdle_async(uv_async_t* async) {
  (void) async;
  dawdle();
}

static void dawdle_check(uv_check_t* check) {
  uv_check_stop(check);
  dawdle();
}

static void dawdle_close(uv_handle_t* handle) {
  (void) handle;
  dawdle();
}

static void dawdle_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, 1);
  CHECK_EQ(uv_read_stop(stream), 0);
  dawdle();
}

/* Nothing but what dawdles has a callback in that turn. */
static void run_the_turn_of(int callbacks) {
  while (late_callbacks < callbacks)
    uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_EQ(fired, callbacks);
}

TEST(l3_timers_of_a_turn_see_how_long_it_took) {
  uv_buf_t byte = uv_buf_init((char*) "x", 1);
  uv_async_t async;
  uv_check_t check;
  uv_tcp_t client;
  uv_tcp_t server;

  CHECK_EQ(uv_timer_init(net_loop(), &behind), 0);
  net_pair(&client, &server);
  CHECK_EQ(uv_async_init(net_loop(), &async, dawdle_async), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  run_the_turn_of(1);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_check_start(&check, dawdle_check), 0);
  run_the_turn_of(2);
  uv_close((uv_handle_t*) &check, dawdle_close);
  run_the_turn_of(3);
  CHECK_EQ(uv_read_start((uv_stream_t*) &server, net_alloc, dawdle_read), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &byte, 1), 1);
  run_the_turn_of(4);
  net_end();
}

/* ---- The end of a turn ---- */

static uv_pipe_t refused_pipe;
static uv_pipe_t other_pipe;
static uv_connect_t refused_connect;
static char told[3]; /* r: refused, c: closed */

static void note_refused(uv_connect_t* req, int status) {
  (void) req;
  CHECK(status < 0);
  strcat(told, "r");
}

static void note_closed(uv_handle_t* handle) {
  (void) handle;
  strcat(told, "c");
}

static void connect_to_nothing(uv_check_t* check) {
  uv_check_stop(check);
  uv_pipe_connect(&refused_connect, &refused_pipe, "", note_refused);
  CHECK_STR(told, "");
}

static void connect_and_close(uv_check_t* check) {
  connect_to_nothing(check);
  uv_close((uv_handle_t*) &other_pipe, note_closed);
}

/* The callback is that of the turn, and before those of what closed in it. */
TEST(l4_connect_that_is_refused_at_the_end_of_a_turn) {
  uv_check_t check;

  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &refused_pipe, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &other_pipe, 0), 0);
  CHECK_EQ(uv_check_start(&check, connect_to_nothing), 0);
  uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_STR(told, "r");
  told[0] = '\0';
  CHECK_EQ(uv_check_start(&check, connect_and_close), 0);
  while (strlen(told) < 2)
    uv_run(net_loop(), UV_RUN_NOWAIT);
  CHECK_STR(told, "rc");
  net_end();
}

/* ---- Clocks ---- */

TEST(loop_hrtime_never_goes_back) {
  uint64_t last = uv_hrtime();
  uint64_t start = last;
  int i;

  for (i = 0; i < 10000; i++) {
    uint64_t now = uv_hrtime();

    CHECK(now >= last);
    last = now;
  }
  uv_sleep(5);
  CHECK(uv_hrtime() - start >= 1000000); /* nanoseconds, not something coarser */
}

/* ---- Small questions ---- */

TEST(loop_default_is_one_loop) {
  uv_loop_t* loop = uv_default_loop();

  CHECK(loop != NULL);
  CHECK(uv_default_loop() == loop);
  CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(loop), 0);
  CHECK(uv_default_loop() != NULL); /* it can be made anew */
  CHECK_EQ(uv_run(uv_default_loop(), UV_RUN_NOWAIT), 0);
}

TEST(loop_new_and_delete) {
  uv_loop_t* loop = uv_loop_new();
  uv_timer_t timer;

  CHECK(loop != NULL);
  CHECK_EQ(uv_timer_init(loop, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, count_timer, 0, 0), 0);
  CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(fired, 1);
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0);
  uv_loop_delete(loop);
}

TEST(loop_size_and_data) {
  uv_loop_t* loop = net_loop();
  int mine;

  CHECK_EQ(uv_loop_size(), sizeof(uv_loop_t));
  uv_loop_set_data(loop, &mine);
  CHECK(uv_loop_get_data(loop) == &mine);
  CHECK(loop->data == &mine);
  net_end();
}

static void count_walk(uv_handle_t* handle, void* arg) {
  (void) handle;
  ++*(int*) arg;
}

static void close_walk(uv_handle_t* handle, void* arg) {
  ++*(int*) arg;
  if (!uv_is_closing(handle)) {
    uv_close(handle, net_count_close);
  }
}

TEST(loop_walk_visits_every_handle_and_may_close) {
  uv_loop_t loop;
  uv_timer_t timer;
  uv_async_t async;
  uv_tcp_t tcp;
  int count = 0;

  CHECK_EQ(uv_loop_init(&loop), 0);
  uv_walk(&loop, count_walk, &count);
  CHECK_EQ(count, 0); /* nothing of the library's own is seen */
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_async_init(&loop, &async, NULL), 0);
  uv_unref((uv_handle_t*) &async);
  CHECK_EQ(uv_tcp_init(&loop, &tcp), 0);
  uv_walk(&loop, close_walk, &count);
  CHECK_EQ(count, 3);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 3);
  count = 0;
  uv_walk(&loop, count_walk, &count);
  CHECK_EQ(count, 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

static void count_again(uv_handle_t* handle, void* arg) {
  int count = 0;

  (void) handle;
  uv_walk(handle->loop, count_walk, &count);
  CHECK_EQ(count, 3);
  ++*(int*) arg;
}

/* Nobody is missing while a walk is under way. */
TEST(loop_walk_within_a_walk_visits_every_handle) {
  uv_timer_t timers[3];
  uv_loop_t loop;
  int count = 0;
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_timer_init(&loop, &timers[i]), 0);
  }
  uv_walk(&loop, count_again, &count);
  CHECK_EQ(count, 3);
  uv_walk(&loop, close_walk, &count);
  CHECK_EQ(count, 6);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* What a walk within a walk meets, and what it makes on the way. */
struct maker {
  uv_timer_t timers[4];
  uv_timer_t made;
  int seen[5];
  int inner;
};

static void make_one(uv_handle_t* handle, void* arg) {
  struct maker* maker = arg;

  if (++maker->inner == 2) {
    CHECK_EQ(uv_timer_init(handle->loop, &maker->made), 0);
  }
}

static void see_and_walk(uv_handle_t* handle, void* arg) {
  struct maker* maker = arg;
  uv_timer_t* timer = (uv_timer_t*) handle;

  maker->seen[timer == &maker->made ? 4 : timer - maker->timers]++;
  if (maker->inner == 0) {
    uv_walk(handle->loop, make_one, maker);
  }
}

TEST(loop_walk_does_not_miss_one_for_a_handle_that_another_walk_makes) {
  struct maker maker = {0};
  uv_loop_t loop;
  int count = 0;
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(uv_timer_init(&loop, &maker.timers[i]), 0);
  }
  uv_walk(&loop, see_and_walk, &maker);
  CHECK_EQ(maker.inner, 4);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(maker.seen[i], 1);
  }
  CHECK_EQ(maker.seen[4], 0);
  uv_walk(&loop, close_walk, &count);
  CHECK_EQ(count, 5);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

static void free_handle(uv_handle_t* handle) {
  free(handle);
}

static void close_and_run(uv_handle_t* handle, void* arg) {
  ++*(int*) arg;
  uv_close(handle, free_handle);
  CHECK_EQ(uv_run(handle->loop, UV_RUN_DEFAULT), 0);
}

/* Where the callback runs the loop, which then lets go of what was closed. */
TEST(loop_walk_goes_on_where_its_callback_frees_the_handle) {
  uv_loop_t loop;
  int count = 0;
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < 3; i++) {
    uv_timer_t* timer = malloc(sizeof *timer);

    CHECK(timer != NULL);
    CHECK_EQ(uv_timer_init(&loop, timer), 0);
  }
  uv_walk(&loop, close_and_run, &count);
  CHECK_EQ(count, 3);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* Five timers, of which the walk's callback lets others go than the one it was given. */
struct victims {
  uv_timer_t* timers[5];
  int at;    /* the one in whose callback, */
  int first; /* those from here */
  int last;  /* to here go */
  int seen[5];
};

static void let_others_go(uv_handle_t* handle, void* arg) {
  struct victims* victims = arg;
  int i;

  for (i = 0; i < 5 && (uv_handle_t*) victims->timers[i] != handle; i++) {
    continue;
  }
  CHECK(i < 5);
  victims->seen[i]++;
  if (i != victims->at) {
    return;
  }
  for (i = victims->first; i <= victims->last; i++) {
    uv_close((uv_handle_t*) victims->timers[i], free_handle);
    victims->timers[i] = NULL;
  }
  CHECK_EQ(uv_run(handle->loop, UV_RUN_DEFAULT), 0);
}

/* Those that come next, to the last one or not, and the last one alone: each other one is seen, and
 * nothing is looked at that has gone. */
TEST(loop_walk_goes_on_where_its_callback_frees_others) {
  static const int rows[][3] = {{0, 1, 1}, {1, 2, 3}, {3, 4, 4}, {0, 1, 4}, {0, 4, 4}, {2, 0, 1}};
  size_t k;

  for (k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    struct victims victims = {{NULL}, rows[k][0], rows[k][1], rows[k][2], {0}};
    uv_loop_t loop;
    int count = 0;
    int i;

    CHECK_EQ(uv_loop_init(&loop), 0);
    for (i = 0; i < 5; i++) {
      victims.timers[i] = malloc(sizeof *victims.timers[i]);
      CHECK(victims.timers[i] != NULL);
      CHECK_EQ(uv_timer_init(&loop, victims.timers[i]), 0);
    }
    uv_walk(&loop, let_others_go, &victims);
    for (i = 0; i < 5; i++) {
      int gone = i >= victims.first && i <= victims.last;

      CHECK_EQ(victims.timers[i] == NULL, gone);
      CHECK_EQ(victims.seen[i], !gone || i < victims.at);
    }
    uv_walk(&loop, close_and_run, &count);
    CHECK_EQ(count, 4 - (victims.last - victims.first));
    CHECK_EQ(uv_loop_close(&loop), 0);
  }
}

static void nothing_idle(uv_idle_t* idle) {
  (void) idle;
}

TEST(loop_backend_timeout_is_what_run_would_wait) {
  uv_async_t async;
  uv_timer_t timer;
  uv_idle_t idle;
  uv_loop_t loop;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_backend_timeout(&loop), 0);
  CHECK_EQ(uv_async_init(&loop, &async, NULL), 0);
  CHECK_EQ(uv_backend_timeout(&loop), net_limit(&loop, -1));
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never_timer, 5000, 0), 0);
  CHECK(uv_backend_timeout(&loop) > 0);
  CHECK(uv_backend_timeout(&loop) <= 5000);
  CHECK_EQ(uv_idle_init(&loop, &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, nothing_idle), 0);
  CHECK_EQ(uv_backend_timeout(&loop), 0);
  CHECK_EQ(uv_idle_stop(&idle), 0);
  CHECK(uv_backend_timeout(&loop) > 0);
  uv_close((uv_handle_t*) &idle, NULL);
  CHECK_EQ(uv_backend_timeout(&loop), 0);
  uv_close((uv_handle_t*) &async, NULL);
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

static int woken;

static void count_async(uv_async_t* async) {
  (void) async;
  woken++;
}

/* Two loops, one inside the other: the outer waits on uv_backend_fd. */
TEST(loop_backend_fd_becomes_readable) {
  uv_async_t async;

  net_need_outside();
  CHECK_EQ(uv_async_init(net_loop(), &async, count_async), 0);
  net_turns(1);
  CHECK_EQ(net_wait_outside(net_loop(), 0), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  CHECK_EQ(net_wait_outside(net_loop(), -1), 1);
  net_turns(1);
  CHECK_EQ(woken, 1);
  CHECK_EQ(net_wait_outside(net_loop(), 0), 0);
  net_end();
}

/* ---- L1 ---- */

/* Not 0 while a call of the library is running that the test made outside of uv_run. */
static int in_call;
static int outside;

#define CALL(expression) (in_call++, outside = (expression), in_call--, outside)

static void l1_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  CHECK_EQ(in_call, 0);
  net_alloc(handle, size, buf);
}

static int l1_read_bytes;
static int l1_eof;
static uv_shutdown_t l1_shutdown_req;
static uv_write_t l1_write_req;
static int l1_shut;
static int l1_closed;

static void l1_close_cb(uv_handle_t* handle) {
  (void) handle;
  CHECK_EQ(in_call, 0);
  l1_closed++;
}

static void l1_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK_EQ(in_call, 0);
  if (nread == UV_EOF) {
    l1_eof++;
    in_call++;
    uv_close((uv_handle_t*) stream, l1_close_cb);
    in_call--;
  } else {
    l1_read_bytes += (int) nread;
  }
}

static void l1_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(in_call, 0);
  CHECK_EQ(status, 0);
  l1_shut++;
  in_call++;
  uv_close((uv_handle_t*) req->handle, l1_close_cb);
  in_call--;
}

static void l1_write(uv_write_t* req, int status) {
  CHECK_EQ(in_call, 0);
  CHECK_EQ(status, 0);
  CHECK_EQ(CALL(uv_shutdown(&l1_shutdown_req, req->handle, l1_shutdown)), 0);
}

static void l1_connect(uv_connect_t* req, int status) {
  uv_buf_t buf = uv_buf_init("hello", 5);

  CHECK_EQ(in_call, 0);
  CHECK_EQ(status, 0);
  CHECK_EQ(CALL(uv_write(&l1_write_req, req->handle, &buf, 1, l1_write)), 0);
}

static uv_tcp_t l1_accepted;

static void l1_connection(uv_stream_t* server, int status) {
  uv_stream_t* client = (uv_stream_t*) &l1_accepted;

  CHECK_EQ(in_call, 0);
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &l1_accepted), 0);
  CHECK_EQ(CALL(uv_accept(server, client)), 0);
  CHECK_EQ(CALL(uv_read_start(client, l1_alloc, l1_read)), 0);
  in_call++;
  uv_close((uv_handle_t*) server, l1_close_cb);
  in_call--;
}

static void l1_timer(uv_timer_t* timer) {
  (void) timer;
  CHECK_EQ(in_call, 0);
  fired++;
}

static void l1_async(uv_async_t* async) {
  CHECK_EQ(in_call, 0);
  woken++;
  in_call++;
  uv_close((uv_handle_t*) async, l1_close_cb);
  in_call--;
}

TEST(l1_no_callback_runs_inside_the_call_that_started_the_work) {
  struct sockaddr_in addr;
  uv_connect_t connect_req;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_async_t async;
  uv_timer_t timer;

  in_call++;
  addr = net_listen(&server, 8, l1_connection);
  in_call--;
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(CALL(uv_tcp_connect(&connect_req, &client, (struct sockaddr*) &addr, l1_connect)), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(CALL(uv_timer_start(&timer, l1_timer, 0, 0)), 0);
  CHECK_EQ(CALL(uv_async_init(net_loop(), &async, l1_async)), 0);
  CHECK_EQ(CALL(uv_async_send(&async)), 0);

  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(l1_read_bytes, 5);
  CHECK_EQ(l1_eof, 1);
  CHECK_EQ(l1_shut, 1);
  CHECK_EQ(fired, 1);
  CHECK_EQ(woken, 1);
  CHECK_EQ(l1_closed, 4); /* listener, accepted, client, async */
  net_end();
}
