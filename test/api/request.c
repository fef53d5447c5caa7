/* Requests: exactly one callback for each that was accepted, none for the others (rule L2). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

/* What `data` of a request points to: how often its callback ran. */
static void count(void* data) {
  ++*(int*) data;
}

static void on_write(uv_write_t* req, int status) {
  (void) status;
  count(req->data);
}

static void on_connect(uv_connect_t* req, int status) {
  (void) status;
  count(req->data);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) status;
  count(req->data);
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

/* One connection with everything pending, and then what `end` does to it. */
static void check_fate(void (*end)(uv_tcp_t* ours, uv_tcp_t* peer)) {
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t small = uv_buf_init(net_block(), 100);
  int counts[6] = {0};
  uv_shutdown_t shutdown;
  uv_write_t writes[5];
  uv_tcp_t ours;
  uv_tcp_t peer;
  int i;

  net_small_pair(&ours, &peer);
  for (i = 0; i < 5; i++) {
    writes[i].data = &counts[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &ours, i == 1 ? &block : &small, 1, on_write), 0);
  }
  shutdown.data = &counts[5];
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &ours, on_shutdown), 0);
  net_turns(2);
  end(&ours, &peer);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  for (i = 0; i < 6; i++) {
    CHECK_EQ(counts[i], 1);
  }
  net_end();
  for (i = 0; i < 6; i++) {
    CHECK_EQ(counts[i], 1);
  }
}

static struct net_sink sink;

static void skip_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0 || nread == UV_EOF);
}

static void end_by_reading(uv_tcp_t* ours, uv_tcp_t* peer) {
  (void) ours;
  CHECK_EQ(uv_read_start((uv_stream_t*) peer, net_alloc, skip_read), 0);
}

TEST(l2_one_callback_when_all_goes_well) {
  check_fate(end_by_reading);
}

static void end_by_close(uv_tcp_t* ours, uv_tcp_t* peer) {
  (void) peer;
  uv_close((uv_handle_t*) ours, NULL);
}

TEST(l2_one_callback_when_we_close) {
  check_fate(end_by_close);
}

static void end_by_peer(uv_tcp_t* ours, uv_tcp_t* peer) {
  (void) ours;
  uv_close((uv_handle_t*) peer, NULL);
}

TEST(l2_one_callback_when_the_peer_closes) {
  check_fate(end_by_peer);
}

static void end_by_reset(uv_tcp_t* ours, uv_tcp_t* peer) {
  (void) ours;
  CHECK_EQ(uv_tcp_close_reset(peer, NULL), 0);
}

TEST(l2_one_callback_when_the_peer_resets) {
  check_fate(end_by_reset);
}

static void end_by_both(uv_tcp_t* ours, uv_tcp_t* peer) {
  end_by_reset(ours, peer);
  net_turns(1);
  end_by_close(ours, peer);
}

TEST(l2_one_callback_when_the_peer_resets_and_we_close) {
  check_fate(end_by_both);
}

TEST(l2_one_callback_when_the_connect_fails) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  struct sockaddr_in addr;
  int counts[3] = {0};
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_write_t write;
  uv_tcp_t holder;
  uv_tcp_t client;
  int i;

  addr = net_closed_port(&holder);
  connect.data = &counts[0];
  write.data = &counts[1];
  shutdown.data = &counts[2];
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, on_connect), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, on_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, on_shutdown), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
  for (i = 0; i < 3; i++) {
    CHECK_EQ(counts[i], 1);
  }
}

static void never_write(uv_write_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a refused write got a callback");
}

static void never_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a refused shutdown got a callback");
}

static void never_connect(uv_connect_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a refused connect got a callback");
}

TEST(l2_refused_requests_leave_no_trace) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  struct sockaddr_in addr;
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_write_t write;
  uv_tcp_t server;
  uv_tcp_t fresh;
  uv_tcp_t a;
  uv_tcp_t b;

  addr = net_listen(&server, 8, ignore_connection);
  uv_unref((uv_handle_t*) &server);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &fresh, &buf, 1, never_write), UV_EBADF);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &fresh, never_shutdown), UV_ENOTCONN);
  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_connect(&connect, &a, (struct sockaddr*) &addr, never_connect), UV_EISCONN);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 0, never_write), UV_EINVAL);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
}

/* A request may start the next one of its kind, and be used for it. */
static uv_shutdown_t chained_shutdown;
static int order;

static void then_shutdown(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(order++, 1);
  chained_shutdown.data = req->data;
  CHECK_EQ(uv_shutdown(&chained_shutdown, req->handle, on_shutdown), 0);
}

static uv_write_t chained_write;

static void then_write(uv_connect_t* req, int status) {
  uv_buf_t buf = uv_buf_init(net_block(), 100);

  CHECK_EQ(status, 0);
  CHECK_EQ(order++, 0);
  chained_write.data = req->data;
  CHECK_EQ(uv_write(&chained_write, req->handle, &buf, 1, then_shutdown), 0);
}

static uv_tcp_t accepted;

static void accept_and_drain(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  net_drain((uv_stream_t*) &accepted, &sink);
  uv_close((uv_handle_t*) server, NULL);
}

TEST(l2_each_callback_may_start_the_next_request) {
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_tcp_t server;
  uv_tcp_t client;
  int ended = 0;

  addr = net_listen(&server, 8, accept_and_drain);
  connect.data = &ended;
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, then_write), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(ended, 1);
  CHECK_EQ(sink.bytes, 100);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}
