/* Connecting, and what was started meanwhile (rules C1, C2, W4, T3). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

static char trace[64];
static int last_status;

static void note(const char* what) {
  CHECK(strlen(trace) + strlen(what) < sizeof trace);
  strcat(trace, what);
}

static void note_connect(uv_connect_t* req, int status) {
  CHECK_EQ(req->type, UV_CONNECT);
  note(status == 0 ? "C" : "c");
  last_status = status;
}

static void note_write(uv_write_t* req, int status) {
  (void) req;
  CHECK(status == 0 || status == UV_ECANCELED);
  note(status == 0 ? "W" : "w");
}

static void note_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK(status == 0 || status == UV_ECANCELED);
  note(status == 0 ? "S" : "s");
}

static void note_close(uv_handle_t* handle) {
  (void) handle;
  note("x");
}

static void canceled_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK_EQ(nread, UV_ECANCELED);
  note("r");
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

TEST(c1_connect_reaches_the_listener) {
  struct sockaddr_in addr;
  struct sockaddr_in peer;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;
  int len = sizeof peer;

  addr = net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK(req.handle == (uv_stream_t*) &client);
  CHECK_STR(trace, "");
  CHECK_EQ(uv_is_readable((uv_stream_t*) &client), 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &client), 0);
  while (trace[0] == '\0') {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK_STR(trace, "C");
  CHECK_EQ(uv_is_readable((uv_stream_t*) &client), 1);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &client), 1);
  CHECK_EQ(uv_tcp_getpeername(&client, (struct sockaddr*) &peer, &len), 0);
  CHECK_EQ(peer.sin_port, addr.sin_port);
  net_end();
}

TEST(c1_second_connect_is_ealready_then_eisconn) {
  struct sockaddr_in addr;
  uv_connect_t reqs[2];
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&reqs[0], &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK_EQ(uv_tcp_connect(&reqs[1], &client, (struct sockaddr*) &addr, note_connect), UV_EALREADY);
  while (trace[0] == '\0') {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK_EQ(uv_tcp_connect(&reqs[1], &client, (struct sockaddr*) &addr, note_connect), UV_EISCONN);
  net_turns(3);
  CHECK_STR(trace, "C");
  net_end();
}

TEST(c1_refused_connect_is_told_by_the_callback) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t holder;
  uv_tcp_t client;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "c");
  CHECK_EQ(last_status, UV_ECONNREFUSED);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &client), 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &client), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 0);
  net_end();
}

/* Port 0 is nobody's: what the system calls that differs. */
TEST(c1_connect_to_an_impossible_address_fails_cleanly) {
  struct sockaddr_in addr = net_address(0);
  uv_connect_t req;
  uv_tcp_t client;
  int r;

  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  r = uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  if (r == 0) {
    CHECK_STR(trace, "c");
    CHECK(last_status == UV_ECONNREFUSED || last_status == UV_EADDRNOTAVAIL);
  } else {
    CHECK(r == UV_ECONNREFUSED || r == UV_EADDRNOTAVAIL);
    CHECK_STR(trace, "");
  }
  net_end();
}

TEST(c1_connect_refuses_bad_arguments) {
  struct sockaddr unknown;
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, ignore_connection);
  memset(&unknown, 0, sizeof unknown);
  unknown.sa_family = AF_UNSPEC;
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, &unknown, note_connect), UV_EINVAL);
  CHECK_EQ(uv_tcp_connect(&req, &client, NULL, note_connect), UV_EINVAL);
  CHECK_EQ(uv_tcp_connect(NULL, &client, (struct sockaddr*) &addr, note_connect), UV_EINVAL);
  CHECK_EQ(uv_tcp_connect(&req, &server, (struct sockaddr*) &addr, note_connect), UV_EINVAL);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), UV_EINVAL);
  net_end();
  CHECK_STR(trace, "");
}

static void close_on_failure(uv_connect_t* req, int status) {
  CHECK_EQ(status, UV_ECONNREFUSED);
  note("c");
  uv_close((uv_handle_t*) req->handle, note_close);
}

TEST(c1_handle_closes_from_a_failed_connect) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  struct sockaddr_in addr;
  uv_write_t write;
  uv_connect_t req;
  uv_tcp_t holder;
  uv_tcp_t client;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, close_on_failure), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "cwx");
  net_end();
}

static struct sockaddr_in second_address;
static uv_connect_t second_req;
static uv_write_t second_write;

static void connect_elsewhere(uv_connect_t* req, int status) {
  uv_tcp_t* client = (uv_tcp_t*) req->handle;
  uv_buf_t buf = uv_buf_init("hello", 5);

  note("c");
  CHECK_EQ(status, UV_ECONNREFUSED);
  CHECK_EQ(uv_tcp_connect(&second_req, client, (struct sockaddr*) &second_address, note_connect),
           0);
  CHECK_EQ(uv_write(&second_write, req->handle, &buf, 1, note_write), 0);
}

/* What waited for the first connect ends with it; what is started in its callback waits for
 * the second. Whether a socket can connect again is up to the system; a new handle always
 * can. */
TEST(c1_connect_again_inside_the_callback_of_a_failed_connect) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_write_t write;
  uv_tcp_t holder;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_closed_port(&holder);
  second_address = net_listen(&server, 8, ignore_connection);
  uv_unref((uv_handle_t*) &server);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, connect_elsewhere), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK(strcmp(trace, last_status == 0 ? "cwCW" : "cwcw") == 0);
  net_end();
}

/* ---- C2 ---- */

TEST(c2_close_right_after_connect) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, ignore_connection);
  uv_unref((uv_handle_t*) &server);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  uv_close((uv_handle_t*) &client, note_close);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK(strcmp(trace, "cx") == 0 || strcmp(trace, "Cx") == 0);
  CHECK(last_status == UV_ECANCELED || last_status == 0);
  net_end();
}

static int canceled;
static int completed;
static int refused;

static void count_connect(uv_connect_t* req, int status) {
  (void) req;
  if (status == 0) {
    completed++;
  } else if (status == UV_ECONNREFUSED) {
    refused++;
  } else {
    CHECK_EQ(status, UV_ECANCELED);
    canceled++;
  }
}

/* A listener on a loop that never runs, with a full backlog, leaves connects hanging; or has them
 * refused, as Windows does ("listen" in its documentation). Either way each is called back once. */
TEST(c2_close_while_the_connect_hangs) {
  enum {
    CLIENTS = 24
  };
  static uv_connect_t reqs[CLIENTS];
  static uv_tcp_t clients[CLIENTS];
  struct sockaddr_in any = net_address(0);
  struct sockaddr_in addr;
  uv_loop_t still;
  uv_tcp_t server;
  int i;

  CHECK_EQ(uv_loop_init(&still), 0);
  CHECK_EQ(uv_tcp_init(&still, &server), 0);
  CHECK_EQ(uv_tcp_simultaneous_accepts(&server, 0), 0);
  CHECK_EQ(uv_tcp_bind(&server, (struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 1, ignore_connection), 0);
  addr = net_bound_to(&server);
  for (i = 0; i < CLIENTS; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &clients[i], (struct sockaddr*) &addr, count_connect), 0);
  }
  net_turns(5);
  for (i = 0; i < CLIENTS; i++) {
    uv_close((uv_handle_t*) &clients[i], net_count_close);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, CLIENTS);
  CHECK_EQ(completed + refused + canceled, CLIENTS);
  CHECK(refused + canceled > 0);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(uv_run(&still, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&still), 0);
  net_end();
}

/* ---- W4 ---- */

static uv_tcp_t accepted;
static struct net_sink accepted_sink;

static void accept_and_drain(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  net_drain((uv_stream_t*) &accepted, &accepted_sink);
  uv_close((uv_handle_t*) server, NULL);
}

TEST(w4_writes_and_shutdown_on_a_connecting_stream_are_queued) {
  uv_buf_t bufs[2] = {uv_buf_init(net_block(), 1000), uv_buf_init(net_block() + 1000, 500)};
  struct sockaddr_in addr;
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_write_t writes[2];
  uv_write_t late;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, accept_and_drain);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &client, &bufs[0], 1, note_write), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &client, &bufs[1], 1, note_write), 0);
  CHECK_EQ(client.write_queue_size, 1500);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, bufs, 1), UV_EAGAIN);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), 0);
  CHECK_EQ(uv_write(&late, (uv_stream_t*) &client, &bufs[0], 1, note_write), UV_EPIPE);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), UV_ENOTCONN);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "CWWS");
  CHECK_EQ(accepted_sink.bytes, 1500);
  CHECK_EQ(accepted_sink.status, UV_EOF);
  net_end();
}

TEST(w4_failed_connect_cancels_what_was_queued) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  struct sockaddr_in addr;
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_write_t writes[2];
  uv_tcp_t holder;
  uv_tcp_t client;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "cwws");
  CHECK_EQ(last_status, UV_ECONNREFUSED);
  CHECK_EQ(client.write_queue_size, 0);
  net_end();
}

static struct {
  uv_pipe_t pipe;
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
} in_one_turn;

static void connect_write_and_shut(uv_prepare_t* prepare) {
  char name[TEST_PIPE_NAME];
  uv_stream_t* stream = (uv_stream_t*) &in_one_turn.pipe;
  uv_buf_t buf = uv_buf_init("hello", 5);

  uv_close((uv_handle_t*) prepare, NULL);
  CHECK_EQ(uv_pipe_init(prepare->loop, &in_one_turn.pipe, 0), 0);
  uv_pipe_connect(&in_one_turn.connect, &in_one_turn.pipe, test_pipe_name(name, sizeof name),
                  note_connect);
  CHECK_EQ(uv_write(&in_one_turn.write, stream, &buf, 1, note_write), 0);
  CHECK_EQ(uv_shutdown(&in_one_turn.shutdown, stream, note_shutdown), 0);
}

/* A write's callback comes in the turn after the one in which it was made, whatever becomes of it;
 * that of the shutdown waits for it. */
TEST(w4_failed_connect_cancels_in_order_what_was_queued_in_that_turn) {
  uv_prepare_t prepare;

  CHECK_EQ(uv_prepare_init(net_loop(), &prepare), 0);
  CHECK_EQ(uv_prepare_start(&prepare, connect_write_and_shut), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "cws");
  CHECK_EQ(last_status, UV_ENOENT);
  net_end();
}

TEST(w4_failed_connect_cancels_reading) {
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_tcp_t holder;
  uv_tcp_t client;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &client, net_alloc, canceled_read), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "cr");
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 0);
  net_end();
}

/* ---- T3 ---- */

TEST(t3_unspecified_address_reaches_the_loopback) {
  struct sockaddr_in any;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;

  any = net_listen(&server, 8, ignore_connection);
  memset(&any.sin_addr, 0, sizeof any.sin_addr);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &any, note_connect), 0);
  while (trace[0] == '\0') {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK_STR(trace, "C");
  net_end();
}

TEST(t3_unspecified_ipv6_address_reaches_the_loopback) {
  struct sockaddr_in6 addr;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;
  int len = sizeof addr;

  if (!net_has_ipv6()) {
    SKIP("this machine has no IPv6 loopback");
  }
  CHECK_EQ(uv_ip6_addr("::1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &server), 0);
  CHECK_EQ(uv_tcp_bind(&server, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, ignore_connection), 0);
  CHECK_EQ(uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len), 0);
  memset(&addr.sin6_addr, 0, sizeof addr.sin6_addr);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, note_connect), 0);
  while (trace[0] == '\0') {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK_STR(trace, "C");
  net_end();
}
