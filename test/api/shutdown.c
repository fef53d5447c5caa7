/* Shutdown: after the writes, and only the outgoing side (rules S1, S2). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

static char trace[64];

static void note(const char* what) {
  CHECK(strlen(trace) + strlen(what) < sizeof trace);
  strcat(trace, what);
}

static void note_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  note("w");
}

static void note_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(req->handle->write_queue_size, 0);
  CHECK_EQ(uv_is_writable(req->handle), 0);
  note("s");
}

static void ignore_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
}

TEST(s1_shutdown_waits_for_writes_and_their_callbacks) {
  struct net_sink sink = {0};
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_shutdown_t shutdown;
  uv_write_t writes[2];
  uv_buf_t empty = uv_buf_init(net_block(), 0);
  uv_tcp_t a;
  uv_tcp_t b;

  net_small_pair(&a, &b);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &buf, 1, note_write), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &empty, 1, note_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, note_shutdown), 0);
  net_turns(5);
  CHECK_STR(trace, "");
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "wws");
  CHECK_EQ(sink.bytes, NET_BLOCK);
  CHECK_EQ(sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

TEST(s1_shutdown_comes_later_also_with_nothing_to_write) {
  struct net_sink sink = {0};
  uv_shutdown_t shutdown;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, note_shutdown), 0);
  CHECK_STR(trace, "");
  CHECK_EQ(uv_is_writable((uv_stream_t*) &a), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &a), 1);
  CHECK(shutdown.handle == (uv_stream_t*) &a);
  CHECK_EQ(shutdown.type, UV_SHUTDOWN);
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "s");
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

TEST(s1_reading_goes_on_after_our_shutdown) {
  struct net_sink requests = {0};
  struct net_sink replies = {0};
  uv_shutdown_t shutdowns[2];
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &a, &replies);
  net_drain((uv_stream_t*) &b, &requests);
  net_send((uv_stream_t*) &a, 100, 0, &done);
  CHECK_EQ(uv_shutdown(&shutdowns[0], (uv_stream_t*) &a, ignore_shutdown), 0);
  net_until(&requests.ended, 1);
  CHECK_EQ(requests.bytes, 100);
  CHECK_EQ(requests.status, UV_EOF);

  net_send((uv_stream_t*) &b, 200000, 0, &done);
  net_until_bytes(&replies, 200000);
  CHECK_EQ(replies.ended, 0);
  CHECK_EQ(uv_shutdown(&shutdowns[1], (uv_stream_t*) &b, ignore_shutdown), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(replies.bytes, 200000);
  CHECK_EQ(replies.status, UV_EOF);
  CHECK_EQ(done, 2);
  net_end();
}

static uv_shutdown_t from_write;

static void shut_in_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  note("w");
  CHECK_EQ(uv_shutdown(&from_write, req->handle, note_shutdown), 0);
}

TEST(s1_shutdown_from_a_write_callback) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, shut_in_write), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "ws");
  net_end();
}

/* ---- The peer's end ---- */

static uv_write_t answer;
static uv_shutdown_t behind;
static ssize_t asked; /* bytes of the request */

/* Answers, ends, and has nothing to wait for but the end of the other side. */
static void on_request(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uv_buf_t text = uv_buf_init("answer", 6);

  if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    note("e");
    uv_close((uv_handle_t*) stream, net_count_close);
  } else if (nread > 0 && (asked += nread) == 7) {
    note("r");
    CHECK_EQ(uv_write(&answer, stream, &text, 1, note_write), 0);
    CHECK_EQ(uv_shutdown(&behind, stream, note_shutdown), 0);
  }
  (void) buf;
}

/* The request and the client's end are there, both, when the server reads. */
static void serve_who_is_gone(uv_stream_t* client, uv_stream_t* server) {
  uv_buf_t text = uv_buf_init("request", 7);
  uv_shutdown_t shutdown;
  uv_write_t request;

  trace[0] = '\0';
  net_closed = 0;
  asked = 0;
  CHECK_EQ(uv_write(&request, client, &text, 1, NULL), 0);
  CHECK_EQ(uv_shutdown(&shutdown, client, ignore_shutdown), 0);
  net_turns(5);
  CHECK_EQ(uv_read_start(server, net_alloc, on_request), 0);
  net_until(&net_closed, 1);
  CHECK_STR(trace, "rwse");
  net_close((uv_handle_t*) client);
}

TEST(s1_shutdown_comes_before_an_end_that_is_there_already) {
  uv_pipe_t pipes[2];
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  serve_who_is_gone((uv_stream_t*) &a, (uv_stream_t*) &b);
  test_pipe_pair(&pipes[0], &pipes[1], 0);
  serve_who_is_gone((uv_stream_t*) &pipes[0], (uv_stream_t*) &pipes[1]);
  test_pipe_pair(&pipes[0], &pipes[1], 1);
  serve_who_is_gone((uv_stream_t*) &pipes[0], (uv_stream_t*) &pipes[1]);
  net_end();
}

TEST(s1_shutdown_without_callback) {
  struct net_sink sink = {0};
  uv_shutdown_t shutdown;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, NULL), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

TEST(s2_second_shutdown_is_enotconn) {
  uv_shutdown_t shutdowns[2];
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_shutdown(&shutdowns[0], (uv_stream_t*) &a, note_shutdown), 0);
  CHECK_EQ(uv_shutdown(&shutdowns[1], (uv_stream_t*) &a, note_shutdown), UV_ENOTCONN);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_shutdown(&shutdowns[1], (uv_stream_t*) &a, note_shutdown), UV_ENOTCONN);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "s");
  net_end();
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

TEST(s2_shutdown_of_a_stream_that_is_not_writable_is_enotconn) {
  struct sockaddr_in any = net_address(0);
  uv_shutdown_t shutdown;
  uv_tcp_t fresh;
  uv_tcp_t bound;
  uv_tcp_t listening;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &fresh, note_shutdown), UV_ENOTCONN);
  CHECK_EQ(uv_tcp_init(net_loop(), &bound), 0);
  CHECK_EQ(uv_tcp_bind(&bound, (struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &bound, note_shutdown), UV_ENOTCONN);
  net_listen(&listening, 8, ignore_connection);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &listening, note_shutdown), UV_ENOTCONN);
  net_pair(&a, &b);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, note_shutdown), UV_ENOTCONN);
  net_end();
  CHECK_STR(trace, "");
}
