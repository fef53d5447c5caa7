/* After uv_close nobody gets through (rule L4): who comes to the name of a listener, and what the peer
 * of a connection hears, while the closer's loop does not turn. The others are on a loop of their
 * own for that. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

/* ---- The others' loop ---- */

static uv_loop_t others;

static void bark(uv_timer_t* timer) {
  (void) timer;
  FAIL("what the others wait for does not happen");
}

static uv_timer_t watchdog;

static void begin_others(void) {
  CHECK_EQ(uv_loop_init(&others), 0);
  CHECK_EQ(uv_timer_init(&others, &watchdog), 0);
  CHECK_EQ(uv_timer_start(&watchdog, bark, 20000, 0), 0);
}

static void others_until(const int* number, int goal) {
  while (*number < goal)
    uv_run(&others, UV_RUN_ONCE);
}

static void close_open(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void end_others(void) {
  uv_walk(&others, close_open, NULL);
  CHECK_EQ(uv_run(&others, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&others), 0);
}

/* ---- Clients and servers ---- */

static int connects;
static int connect_status;

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  connects++;
  connect_status = status;
}

static int accepts;
static union {
  uv_tcp_t tcp;
  uv_pipe_t pipe;
} accepted;

static void accept_tcp(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted.tcp), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted.tcp), 0);
  accepts++;
}

static void accept_pipe(uv_stream_t* server, int status) {
  int ipc = *(int*) server->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(server->loop, &accepted.pipe, ipc), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted.pipe), 0);
  accepts++;
}

static void never_accept(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
  FAIL("a client of a listener that was closed");
}

/* ---- Listeners ---- */

TEST(l4_closed_listener_takes_no_client) {
  struct sockaddr_in addr;
  uv_connect_t reqs[3];
  uv_tcp_t clients[3];
  uv_tcp_t server;
  int i;

  begin_others();
  addr = net_listen(&server, 16, never_accept);
  net_turns(3);
  uv_close((uv_handle_t*) &server, net_count_close);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_tcp_init(&others, &clients[i]), 0);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &clients[i], (struct sockaddr*) &addr, note_connect), 0);
    others_until(&connects, i + 1);
    CHECK_EQ(connect_status, UV_ECONNREFUSED);
  }
  CHECK_EQ(net_closed, 0);
  end_others();
  net_end();
}

TEST(l4_port_of_a_closed_listener_is_free_in_the_same_turn) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t client;
  uv_tcp_t old;
  uv_tcp_t fresh;

  begin_others();
  addr = net_listen(&old, 16, never_accept);
  net_turns(3);
  uv_close((uv_handle_t*) &old, net_count_close);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_tcp_bind(&fresh, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &fresh, 16, accept_tcp), 0);
  CHECK_EQ(uv_tcp_init(&others, &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  others_until(&connects, 1);
  CHECK_EQ(connect_status, 0);
  CHECK_EQ(net_closed, 0);
  net_until(&accepts, 1);
  end_others();
  net_end();
}

/* A server goes and comes back, and its clients, who are still there, do not hinder it. */
TEST(l4_port_of_a_closed_listener_is_free_beside_its_connections) {
  struct sockaddr_in addr;
  struct net_sink sink = {0};
  uv_connect_t req;
  uv_tcp_t client;
  uv_tcp_t old;
  uv_tcp_t fresh;
  int sent = 0;

  addr = net_listen(&old, 16, accept_tcp);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  net_until(&connects, 1);
  net_until(&accepts, 1);
  uv_close((uv_handle_t*) &old, NULL);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_tcp_bind(&fresh, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &fresh, 16, never_accept), 0);
  net_drain((uv_stream_t*) &client, &sink);
  net_send((uv_stream_t*) &accepted.tcp, 1000, 0, &sent);
  net_until_bytes(&sink, 1000);
  net_end();
}

static void closed_name(int ipc) {
  char name[TEST_PIPE_NAME];
  uv_connect_t reqs[2];
  uv_pipe_t clients[2];
  uv_pipe_t old;
  uv_pipe_t fresh;

  begin_others();
  connects = accepts = net_closed = 0;
  CHECK_EQ(uv_pipe_init(net_loop(), &old, ipc), 0);
  CHECK_EQ(uv_pipe_bind(&old, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &old, 16, never_accept), 0);
  net_turns(3);
  uv_close((uv_handle_t*) &old, net_count_close);
  CHECK_EQ(uv_pipe_init(&others, &clients[0], ipc), 0);
  uv_pipe_connect(&reqs[0], &clients[0], name, note_connect);
  others_until(&connects, 1);
  CHECK_EQ(connect_status, UV_ENOENT);

  CHECK_EQ(uv_pipe_init(net_loop(), &fresh, ipc), 0);
  fresh.data = &ipc;
  CHECK_EQ(uv_pipe_bind(&fresh, name), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &fresh, 16, accept_pipe), 0);
  CHECK_EQ(uv_pipe_init(&others, &clients[1], ipc), 0);
  uv_pipe_connect(&reqs[1], &clients[1], name, note_connect);
  others_until(&connects, 2);
  CHECK_EQ(connect_status, 0);
  CHECK_EQ(net_closed, 0);
  net_until(&accepts, 1);
  end_others();
  net_end();
}

TEST(l4_closed_pipe_takes_no_client_and_its_name_is_free) {
  closed_name(0);
}

TEST(l4_closed_ipc_pipe_takes_no_client_and_its_name_is_free) {
  closed_name(1);
}

enum {
  EARLY = 3
};

static void expect_dropped(uv_stream_t* client) {
  struct net_sink sink = {0};

  net_drain(client, &sink);
  others_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 0);
  CHECK(sink.status == UV_EOF || sink.status == UV_ECONNRESET);
}

/* They are connected as far as they know, and wait with the system or, on Windows, with the library. */
TEST(l4_clients_that_nobody_was_told_of_end_with_their_listener) {
  struct sockaddr_in addr;
  char name[TEST_PIPE_NAME];
  uv_connect_t reqs[2 * EARLY];
  uv_tcp_t tcps[EARLY];
  uv_pipe_t pipes[EARLY];
  uv_tcp_t tcp;
  uv_pipe_t pipe;
  int i;

  begin_others();
  addr = net_listen(&tcp, 16, never_accept);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&pipe, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &pipe, 16, never_accept), 0);
  for (i = 0; i < EARLY; i++) {
    CHECK_EQ(uv_tcp_init(&others, &tcps[i]), 0);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &tcps[i], (struct sockaddr*) &addr, note_connect), 0);
    CHECK_EQ(uv_pipe_init(&others, &pipes[i], 0), 0);
    uv_pipe_connect(&reqs[EARLY + i], &pipes[i], name, note_connect);
    others_until(&connects, 2 * (i + 1));
    CHECK_EQ(connect_status, 0);
  }
  uv_close((uv_handle_t*) &tcp, NULL);
  uv_close((uv_handle_t*) &pipe, NULL);
  for (i = 0; i < EARLY; i++) {
    expect_dropped((uv_stream_t*) &tcps[i]);
    expect_dropped((uv_stream_t*) &pipes[i]);
  }
  end_others();
  net_end();
}

/* ---- Connections ---- */

static const char question[] = "what is the answer?";

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread > 0); /* Or nothing at all. */
}

static void count_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

/* `client` is of the others; the server's end answers and closes, and turns no more: the client reads
 * all of the answer and then the end. Unread: that of the question the server has read nothing. */
static void hear_the_end(uv_stream_t* client, uv_stream_t* server, int reads, int unread) {
  struct net_sink sink = {0};
  uv_buf_t buf = uv_buf_init((char*) question, sizeof question);
  uv_write_t asks;
  static uv_write_t answer; /* Its end comes after this function. */
  static char text[5000];
  uv_buf_t out = uv_buf_init(text, sizeof text);
  int asked = 0;

  if (reads)
    CHECK_EQ(uv_read_start(server, net_alloc, never_read), 0);
  net_turns(3);
  if (unread) {
    asks.data = &asked;
    CHECK_EQ(uv_write(&asks, client, &buf, 1, count_write), 0);
    others_until(&asked, 1);
  }
  pattern_fill(text, sizeof text, 0);
  net_closed = 0;
  CHECK_EQ(uv_write(&answer, server, &out, 1, NULL), 0);
  uv_close((uv_handle_t*) server, net_count_close);
  net_drain(client, &sink);
  others_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, sizeof text);
  /* Unix resets a connection over what was not read; what was sent has arrived by then. */
  CHECK(sink.status == UV_EOF || (unread && sink.status == UV_ECONNRESET));
  CHECK_EQ(net_closed, 0);
}

static void tcp_end(int reads, int unread) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t client;
  uv_tcp_t server;

  begin_others();
  addr = net_listen(&server, 16, accept_tcp);
  CHECK_EQ(uv_tcp_init(&others, &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  others_until(&connects, 1);
  net_until(&accepts, 1);
  hear_the_end((uv_stream_t*) &client, (uv_stream_t*) &accepted.tcp, reads, unread);
  end_others();
  net_end();
}

TEST(l4_peer_hears_the_end_without_a_turn_of_ours) {
  tcp_end(0, 0);
}

TEST(l4_peer_hears_the_end_of_a_reading_stream) {
  tcp_end(1, 0);
}

TEST(l4_answer_arrives_although_the_question_was_not_read) {
  tcp_end(0, 1);
}

static void pipe_end(int ipc, int reads) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t client;
  uv_pipe_t server;

  begin_others();
  CHECK_EQ(uv_pipe_init(net_loop(), &server, ipc), 0);
  server.data = &ipc;
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 16, accept_pipe), 0);
  CHECK_EQ(uv_pipe_init(&others, &client, ipc), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  others_until(&connects, 1);
  net_until(&accepts, 1);
  hear_the_end((uv_stream_t*) &client, (uv_stream_t*) &accepted.pipe, reads, 0);
  end_others();
  net_end();
}

TEST(l4_peer_of_a_pipe_hears_the_end_without_a_turn_of_ours) {
  pipe_end(0, 0);
}

TEST(l4_peer_of_a_reading_pipe_hears_the_end) {
  pipe_end(0, 1);
}

TEST(l4_peer_of_an_ipc_pipe_hears_the_end) {
  pipe_end(1, 1);
}
