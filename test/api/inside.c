/* X10: a loop in somebody else's loop, which waits for uv_backend_fd as long as uv_backend_timeout says and
 * calls uv_run with UV_RUN_NOWAIT then. Here the other loop is poll(2), or WaitForSingleObject; those that
 * programs have (epoll, GLib, messages of Windows) are in examples/inside, and the rest of this suite runs in
 * one as outside.api. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"

enum {
  CLIENTS = 5,
  MOST_TURNS = 40 /* of a loop that has nothing to do; one that does not wait takes thousands */
};

static void run_until(const int* number, int goal) {
  while (*number < goal)
    CHECK(net_turn_outside(net_loop()) != 0 || *number >= goal);
}

static int fired;

static void note_timer(uv_timer_t* timer) {
  (void) timer;
  fired++;
}

/* How many turns the loop takes until a timer of 200 ms has fired: it may take one for each time that the
 * other loop's clock is early. */
static int turns_of_a_wait(void) {
  uv_timer_t timer;
  int turns = 0;

  fired = 0;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  uv_update_time(net_loop());
  CHECK_EQ(uv_timer_start(&timer, note_timer, 200, 0), 0);
  while (fired == 0) {
    net_turn_outside(net_loop());
    turns++;
  }
  net_close((uv_handle_t*) &timer);
  return turns;
}

static void no_async(uv_async_t* async) {
  (void) async;
  FAIL("nobody has sent anything");
}

static void no_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
  FAIL("nobody has come");
}

TEST(x10_loop_with_nothing_to_do_takes_no_turns) {
  struct net_sink sink = {0};
  uv_async_t async;
  uv_tcp_t listener;
  uv_tcp_t client;
  uv_tcp_t server;

  net_need_outside();
  net_pair(&client, &server);
  net_listen(&listener, 8, no_connection);
  CHECK_EQ(uv_async_init(net_loop(), &async, no_async), 0);
  net_drain((uv_stream_t*) &server, &sink);
  CHECK(turns_of_a_wait() <= MOST_TURNS);
  CHECK(turns_of_a_wait() <= MOST_TURNS);
  net_end();
}

TEST(x10_bytes_in_both_directions) {
  struct net_sink there = {0};
  struct net_sink back = {0};
  uv_tcp_t client;
  uv_tcp_t server;
  int sent = 0;

  net_need_outside();
  net_small_pair(&client, &server);
  net_drain((uv_stream_t*) &server, &there);
  net_drain((uv_stream_t*) &client, &back);
  net_send((uv_stream_t*) &client, NET_BLOCK / 2, 0, &sent);
  net_send((uv_stream_t*) &server, NET_BLOCK / 4, 0, &sent);
  run_until(&sent, 2);
  while (there.bytes < NET_BLOCK / 2 || back.bytes < NET_BLOCK / 4)
    net_turn_outside(net_loop());
  net_close((uv_handle_t*) &client);
  run_until(&there.ended, 1);
  CHECK_EQ(there.status, UV_EOF);
  CHECK(turns_of_a_wait() <= MOST_TURNS);
  net_end();
}

/* ---- Other threads ---- */

static int heard;
static uv_sem_t next;

static void hear(uv_async_t* async) {
  (void) async;
  heard++;
  uv_sem_post(&next);
}

static void send_often(void* arg) {
  int i;

  for (i = 0; i < 200; i++) {
    CHECK_EQ(uv_async_send(arg), 0);
    uv_sem_wait(&next);
  }
}

/* Each is sent when the one before was heard, in whatever the loop does just then. */
TEST(x10_other_threads_wake_it) {
  uv_async_t async;
  uv_thread_t thread;

  net_need_outside();
  CHECK_EQ(uv_sem_init(&next, 0), 0);
  CHECK_EQ(uv_async_init(net_loop(), &async, hear), 0);
  CHECK_EQ(uv_thread_create(&thread, send_often, &async), 0);
  run_until(&heard, 200);
  CHECK_EQ(uv_thread_join(&thread), 0);
  CHECK(turns_of_a_wait() <= MOST_TURNS);
  uv_sem_destroy(&next);
  net_end();
}

static void work(uv_work_t* req) {
  (void) req;
}

static int worked;

static void after_work(uv_work_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  worked++;
}

TEST(x10_work_ends) {
  uv_work_t req;

  net_need_outside();
  CHECK_EQ(uv_queue_work(net_loop(), &req, work, after_work), 0);
  run_until(&worked, 1);
  net_end();
}

TEST(x10_child_ends) {
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  char* args[8];

  if (harness_arg(0) != NULL)
    return; /* The child. */
  net_need_outside();
  test_child(&options, args, "x10_child_ends", "child");
  test_spawn(&child, &options, &end);
  run_until(&end.done, 1);
  CHECK_EQ(end.status, 0);
  net_end();
}

/* ---- What is due ---- */

static int refused;

static void note_refusal(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECONNREFUSED);
  refused++;
}

TEST(x10_refused_connect_is_told) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t holder;
  uv_tcp_t client;

  net_need_outside();
  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_refusal), 0);
  run_until(&refused, 1);
  net_end();
}

TEST(x10_close_needs_no_news) {
  uv_tcp_t client;
  uv_tcp_t server;
  int turns = 0;

  net_need_outside();
  net_pair(&client, &server);
  net_closed = 0;
  uv_close((uv_handle_t*) &client, net_count_close);
  uv_close((uv_handle_t*) &server, net_count_close);
  CHECK_EQ(uv_backend_timeout(net_loop()), 0);
  for (; net_closed < 2; turns++)
    net_turn_outside(net_loop());
  CHECK(turns <= MOST_TURNS);
  net_end();
}

static uv_pipe_t accepted[CLIENTS];
static int came;
static int connected;

static void let_in(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(server->loop, &accepted[came], 0), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted[came]), 0);
  came++;
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected++;
}

/* More clients than the line of the system holds: of those that wait for a place nobody tells (Linux), or
 * for an instance (Windows). */
TEST(x10_clients_that_wait_for_a_place_are_tried_again) {
  char name[TEST_PIPE_NAME];
  uv_connect_t reqs[CLIENTS];
  uv_pipe_t clients[CLIENTS];
  uv_pipe_t server;
  int i;

#if !defined(_WIN32) && !defined(__linux__)
  SKIP("a queue that is full refuses");
#endif
  net_need_outside();
  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, let_in);
  for (i = 0; i < CLIENTS; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &clients[i], 0), 0);
    uv_pipe_connect(&reqs[i], &clients[i], name, note_connect);
  }
  run_until(&connected, CLIENTS);
  run_until(&came, CLIENTS);
  CHECK(turns_of_a_wait() <= MOST_TURNS);
  net_end();
}

/* A loop within a loop within poll: the inner one's turn is a callback of the outer one's. */
static uv_loop_t inner;

static void run_inner(uv_timer_t* timer) {
  (void) timer;
  uv_run(&inner, UV_RUN_NOWAIT);
}

TEST(x10_turns_within_a_callback_of_another_loop) {
  uv_timer_t often;
  uv_timer_t once;

  net_need_outside();
  CHECK_EQ(uv_loop_init(&inner), 0);
  CHECK_EQ(uv_timer_init(&inner, &once), 0);
  CHECK_EQ(uv_timer_start(&once, note_timer, 20, 0), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &often), 0);
  CHECK_EQ(uv_timer_start(&often, run_inner, 1, 1), 0);
  run_until(&fired, 1);
  uv_close((uv_handle_t*) &once, NULL);
  CHECK_EQ(uv_run(&inner, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&inner), 0);
  net_end();
}
