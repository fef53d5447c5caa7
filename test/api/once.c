/* Single turns (uv_run with UV_RUN_ONCE and UV_RUN_NOWAIT): what they wait for, and how much of what
 * comes they tell (rule L3). */
#include "harness.h"
#include "net.h"
#include "raw.h"
#include "uv.h"

static uv_timer_t timer;
static int timed_out;

static void count_timer(uv_timer_t* handle) {
  (void) handle;
  timed_out++;
}

/* A turn that waits for something returns with the timer's callback, or before it with another one:
 * never without any. */
static void start_timer(unsigned timeout_ms) {
  timed_out = 0;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, count_timer, timeout_ms, 0), 0);
}

static void once_until_timer(void) {
  CHECK(uv_run(net_loop(), UV_RUN_ONCE) >= 0);
  CHECK_EQ(timed_out, 1);
}

static int reads;

static void count_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread > 0);
  reads++;
}

TEST(l3_once_waits_after_reading_began) {
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_turns(2);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, count_read), 0);
  start_timer(20);
  once_until_timer();
  CHECK_EQ(reads, 0);
  net_end();
}

static void never_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
  FAIL("nobody connects");
}

TEST(l3_once_waits_after_listening_began) {
  uv_tcp_t server;

  (void) net_listen(&server, 8, never_connection);
  start_timer(20);
  once_until_timer();
  net_end();
}

static int connections;
static int connects;

static void count_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connects++;
}

static void count_connection(uv_stream_t* server, int status) {
  (void) server;
  CHECK_EQ(status, 0);
  connections++;
}

TEST(l3_once_waits_after_an_accept) {
  uv_connect_t connect;
  struct sockaddr_in addr;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t accepted;

  addr = net_listen(&server, 8, count_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, count_connect), 0);
  net_until(&connections, 1);
  net_until(&connects, 1);
  net_turns(3);
  CHECK_EQ(uv_tcp_init(net_loop(), &accepted), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &accepted), 0);
  start_timer(20);
  once_until_timer();
  net_end();
}

static void stop_idle(uv_idle_t* idle) {
  CHECK_EQ(uv_idle_stop(idle), 0);
}

/* It was there when the turn began: something happened. */
TEST(l3_once_does_not_wait_after_an_idle_that_stopped_itself) {
  uv_idle_t idle;

  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, stop_idle), 0);
  start_timer(60000);
  CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  CHECK_EQ(timed_out, 0);
  net_end();
}

/* ---- One step in a turn ---- */

static uv_tcp_t accepted_tcp;

static void accept_and_read(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted_tcp), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted_tcp), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &accepted_tcp, net_alloc, count_read), 0);
  connections++;
}

static void once_until(const int* number) {
  int before = *number;

  while (*number == before) {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
}

/* The byte is there long before the connection is told. */
TEST(l3_once_tells_a_connection_and_then_what_came_over_it) {
  uv_loop_t other;
  uv_connect_t connect;
  struct sockaddr_in addr;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_buf_t buf = uv_buf_init((char*) "x", 1);

  addr = net_listen(&server, 8, accept_and_read);
  CHECK_EQ(uv_loop_init(&other), 0);
  CHECK_EQ(uv_tcp_init(&other, &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, NULL), 0);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), 1);
  once_until(&connections);
  CHECK_EQ(reads, 0);
  once_until(&reads); /* which would wait for ever if it had been told before */
  CHECK_EQ(reads, 1);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other), 0);
  net_close((uv_handle_t*) &accepted_tcp);
  net_end();
}

static uv_stream_t* answers_to;
static uv_stream_t* waits_for_answer;

static void answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uv_buf_t out = uv_buf_init((char*) "y", 1);

  (void) buf;
  CHECK(nread > 0);
  CHECK(stream == answers_to);
  reads++;
  CHECK_EQ(uv_try_write(stream, &out, 1), 1);
}

static int answers;

static void count_answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread > 0);
  CHECK(stream == waits_for_answer);
  answers++;
}

/* A question, its answer: both ends are on this loop, and each turn tells one step. Data waits for
 * the reader, or the reader for data. */
static void ask(int read_first) {
  uv_buf_t out = uv_buf_init((char*) "x", 1);
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  answers_to = (uv_stream_t*) &b;
  waits_for_answer = (uv_stream_t*) &a;
  net_turns(2);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, count_answer), 0);
  if (!read_first) {
    CHECK_EQ(uv_try_write((uv_stream_t*) &a, &out, 1), 1);
  }
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, net_alloc, answer), 0);
  if (read_first) {
    net_turns(2);
    CHECK_EQ(uv_try_write((uv_stream_t*) &a, &out, 1), 1);
  }
  once_until(&reads);
  CHECK_EQ(answers, 0);
  once_until(&answers);
  net_end();
}

TEST(l3_once_tells_a_question_and_then_its_answer) {
  ask(1);
}

TEST(l3_once_tells_a_question_that_waited_and_then_its_answer) {
  ask(0);
}
