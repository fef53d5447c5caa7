/* Connecting to a name: what the handle is meanwhile and afterwards, and what was asked of it before
 * (rule X1). */
#include <string.h>

#include "dial.h"
#include "harness.h"
#include "net.h"
#include "raw.h"
#include "uv.h"
#include "uvstream.h"

#ifndef _WIN32
#  include <netinet/tcp.h>
#endif

static struct dial_end end;
static char trace[16];

static void note(const char* what) {
  CHECK(strlen(trace) + strlen(what) < sizeof(trace));
  strcat(trace, what);
}

static void note_end(uvs_connect_t* req, int status) {
  note(status == 0 ? "C" : "c");
  dial_note(req, status);
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

static void note_canceled_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK_EQ(nread, UV_ECANCELED);
  note("r");
}

/* Begins on a handle that is there. */
static void begin(uvs_connect_t* req, uv_tcp_t* client, const char* node, const char* service) {
  memset(&end, 0, sizeof(end));
  req->data = &end;
  CHECK_EQ(uvs_connect(req, client, node, service, 0, note_end), 0);
}

static uv_os_sock_t socket_of(const uv_tcp_t* tcp) {
  uv_os_fd_t fd;

  CHECK_EQ(uv_fileno((const uv_handle_t*) tcp, &fd), 0);
  return (uv_os_sock_t) fd;
}

/* ---- Meanwhile ---- */

static uv_tcp_t accepted;
static struct net_sink accepted_sink;

static void accept_and_drain(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  net_drain((uv_stream_t*) &accepted, &accepted_sink);
}

/* The listener at 127.0.0.1 takes one, and waits for it. */
static void expect_client(struct dial_place* place) {
  CHECK_EQ(uv_listen((uv_stream_t*) &place->four, 16, accept_and_drain), 0);
  uv_ref((uv_handle_t*) &place->four);
}

TEST(x1_writes_and_shutdown_wait_for_the_connection) {
  struct dial_place place;
  uvs_connect_t req;
  uv_shutdown_t shutdown;
  uv_write_t write;
  uv_tcp_t client;
  char bytes[100];
  uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));

  pattern_fill(bytes, sizeof(bytes), 0);
  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  expect_client(&place);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  begin(&req, &client, "localhost", place.port);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 1);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), UV_EAGAIN);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), 0);
  net_until_bytes(&accepted_sink, 101);
  CHECK_EQ(accepted_sink.bytes, sizeof(bytes));
  CHECK_EQ(accepted_sink.status, UV_EOF);
  CHECK_STR(trace, "CWS");
  net_end();
}

TEST(x1_what_waited_ends_with_the_failure) {
  struct dial_place place;
  uvs_connect_t req;
  uv_shutdown_t shutdown;
  uv_write_t write;
  uv_tcp_t client;
  uv_buf_t buf = uv_buf_init("hello", 5);

  dial_place_make(&place, DIAL_REFUSES, DIAL_REFUSES);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  begin(&req, &client, "localhost", place.port);
  CHECK_EQ(uv_read_start((uv_stream_t*) &client, net_alloc, note_canceled_read), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "crws");
  CHECK_EQ(end.status, UV_ECONNREFUSED);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 0);
  net_end();
}

TEST(x1_close_meanwhile) {
  struct dial_place place;
  uvs_connect_t req;
  uv_write_t write;
  uv_tcp_t client;
  uv_buf_t buf = uv_buf_init("hello", 5);

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  begin(&req, &client, "localhost", place.port);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  uv_close((uv_handle_t*) &client, note_close);
  CHECK_EQ(uvs_connect_cancel(&req), UV_EBUSY);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "cwx");
  CHECK_EQ(end.status, UV_ECANCELED);
  net_end();
}

static void count_handles(uv_handle_t* handle, void* arg) {
  (void) handle;
  ++*(int*) arg;
}

TEST(x1_nothing_of_it_is_the_programs_to_see) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;
  uv_os_fd_t fd;
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  int size = 0;
  int before = 0;
  int meanwhile = 0;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  uv_walk(net_loop(), count_handles, &before);
  begin(&req, &client, "localhost", place.port);
  uv_walk(net_loop(), count_handles, &meanwhile);
  CHECK_EQ(meanwhile, before);
  CHECK_EQ(uv_fileno((uv_handle_t*) &client, &fd), UV_EBADF);
  CHECK_EQ(uv_tcp_getsockname(&client, (struct sockaddr*) &addr, &len), UV_EBADF);
  CHECK_EQ(uv_recv_buffer_size((uv_handle_t*) &client, &size), UV_EBADF);
  CHECK_EQ(uv_tcp_close_reset(&client, note_close), UV_EBADF);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &client, &fd), 0);
  net_end();
}

/* ---- Afterwards ---- */

static uv_connect_t second;
static struct sockaddr_in second_address;

static void note_second(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  note("2");
}

static void connect_elsewhere(uvs_connect_t* req, int status) {
  dial_note(req, status);
  CHECK_EQ(status, UV_ECONNREFUSED);
  CHECK_EQ(
      uv_tcp_connect(&second, req->handle, (const struct sockaddr*) &second_address, note_second),
      0);
}

TEST(x1_handle_is_fresh_after_a_failure) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t listener;
  uv_tcp_t client;
  int second_time = 0;

  dial_place_make(&place, DIAL_REFUSES, DIAL_REFUSES);
  second_address = net_listen(&listener, 16, accept_and_drain);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  begin(&req, &client, "127.0.0.1", place.port);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, UV_ECONNREFUSED);
  /* By the same call, and by that of uv.h. */
  for (; second_time < 2; second_time++) {
    memset(&end, 0, sizeof(end));
    CHECK_EQ(uvs_connect(&req, &client, "127.0.0.1", place.port, 0,
                         second_time ? connect_elsewhere : dial_note),
             0);
    net_until(&end.calls, 1);
  }
  while (uv_is_writable((uv_stream_t*) &client) == 0)
    uv_run(net_loop(), UV_RUN_ONCE);
  CHECK_STR(trace, "c2");
  net_end();
}

TEST(x1_connection_works_like_any_other) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;
  struct net_sink sink = {0};
  int sent = 0;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  expect_client(&place);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  begin(&req, &client, "localhost", place.port);
  net_until(&end.calls, 1);
  net_drain((uv_stream_t*) &client, &sink);
  net_send((uv_stream_t*) &client, NET_BLOCK, 0, &sent);
  net_until_bytes(&accepted_sink, NET_BLOCK);
  net_send((uv_stream_t*) &accepted, 100000, 0, &sent);
  net_until_bytes(&sink, 100000);
  net_until(&sent, 2);
  net_end();
}

/* ---- What was asked before ---- */

TEST(x1_wishes_hold_for_the_connection) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_nodelay(&client, 1), 0);
  begin(&req, &client, "localhost", place.port);
  CHECK_EQ(uv_tcp_keepalive(&client, 1, 60), 0);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  CHECK(raw_option(socket_of(&client), IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(raw_option(socket_of(&client), SOL_SOCKET, SO_KEEPALIVE) != 0);
  net_end();
}

TEST(x1_family_of_the_handle_is_the_only_one) {
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &client, AF_INET), 0);
  CHECK_EQ(uvs_connect(&req, &client, "::1", place.port, 0, note_end), UV_EAI_ADDRFAMILY);
  begin(&req, &client, "localhost", place.port);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.attempts, 1);
  CHECK_STR(end.names[0], "127.0.0.1");
  net_end();
}

TEST(x1_address_of_the_handle_is_that_of_the_connection) {
  struct sockaddr_in local = net_address(0);
  struct dial_place place;
  uvs_connect_t req;
  uv_tcp_t client;

  dial_place_make(&place, DIAL_REFUSES, DIAL_LISTENS);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_bind(&client, (struct sockaddr*) &local, 0), 0);
  begin(&req, &client, "localhost", place.port);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, 0);
  CHECK_EQ(end.attempts, 1);
  CHECK_EQ(net_bound_to(&client).sin_addr.s_addr, local.sin_addr.s_addr);
  net_end();
}

TEST(x1_bind_that_failed_is_told) {
  struct sockaddr_in taken;
  uvs_connect_t req;
  uv_tcp_t listener;
  uv_tcp_t client;

  taken = net_listen(&listener, 16, accept_and_drain);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_bind(&client, (struct sockaddr*) &taken, 0), 0);
  begin(&req, &client, "localhost", "1");
  CHECK_EQ(uvs_connect_cancel(&req), UV_EBUSY);
  net_until(&end.calls, 1);
  CHECK_EQ(end.status, UV_EADDRINUSE);
  CHECK_EQ(end.attempts, 0);
  net_end();
}

TEST(x1_socket_of_the_program_is_left_alone) {
  uvs_connect_t req;
  uv_tcp_t client;
  uv_os_sock_t sock;

  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  sock = socket(AF_INET, SOCK_STREAM, 0);
  CHECK((int) sock >= 0);
  CHECK_EQ(uv_tcp_open(&client, sock), 0);
  CHECK_EQ(uvs_connect(&req, &client, "localhost", "1", 0, note_end), UV_EBUSY);
  CHECK(socket_of(&client) == sock);
  net_end();
}
