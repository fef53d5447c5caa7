/* A socket whose connect the program began itself and that goes on when uv_tcp_open gets it: what is asked
 * of it meanwhile waits, and hears how it ends (rules W4, R1, L4, L5). Windows asks again before it takes a
 * refusal for one, so that there is time; where a system does not tell that a socket connects, nothing of
 * this can be seen. What Unix does of it is in tcp.c. */
#include <winsock2.h>

#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

enum {
  LARGE = 300000
};

static uv_tcp_t server;
static uv_tcp_t client;
static uv_tcp_t arrived;
static int arrivals;
static int ends;
static int end_status;
static int writes;
static int write_status;
static int closes;

static uv_stream_t* stream(void) {
  return (uv_stream_t*) &client;
}

static void on_arrival(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(listener->loop, &arrived), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &arrived), 0);
  arrivals++;
}

static void on_end(uv_shutdown_t* req, int status) {
  (void) req;
  end_status = status;
  ends++;
}

static void on_write(uv_write_t* req, int status) {
  (void) req;
  write_status = status;
  writes++;
}

/* `client` connects to the port of `server`, who does not listen yet. */
static void begin(void) {
  struct sockaddr_in addr = net_closed_port(&server);
  SOCKET sock = socket(AF_INET, SOCK_STREAM, 0);
  u_long on = 1;

  CHECK(sock != INVALID_SOCKET);
  CHECK_EQ(ioctlsocket(sock, FIONBIO, &on), 0);
  CHECK(connect(sock, (struct sockaddr*) &addr, sizeof addr) != 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_open(&client, sock), 0);
  if (!uv_is_writable(stream()))
    SKIP("this system does not tell that a socket connects");
}

static void let_in(void) {
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, on_arrival), 0);
  net_until(&arrivals, 1);
}

TEST(w4_shutdown_alone_goes_out_when_an_early_connect_is_over) {
  struct net_sink there = {0};
  struct net_sink here = {0};
  uv_shutdown_t req;
  int sent = 0;

  begin();
  net_drain(stream(), &here);
  CHECK_EQ(uv_shutdown(&req, stream(), on_end), 0);
  net_turns(3);
  CHECK_EQ(ends, 0);
  let_in();
  net_drain((uv_stream_t*) &arrived, &there);
  net_until(&there.ended, 1);
  CHECK_EQ(there.status, UV_EOF);
  CHECK_EQ(there.bytes, 0);
  net_until(&ends, 1);
  CHECK_EQ(end_status, 0);
  /* The other direction goes on. */
  net_send((uv_stream_t*) &arrived, 500, 0, &sent);
  net_until_bytes(&here, 500);
  net_end();
}

TEST(w4_write_that_waits_for_an_early_connect_arrives_whole) {
  struct net_sink there = {0};
  uv_shutdown_t req;
  int sent = 0;

  begin();
  net_send(stream(), LARGE, 0, &sent);
  net_send(stream(), 10, LARGE, &sent);
  CHECK_EQ(uv_shutdown(&req, stream(), on_end), 0);
  net_turns(3);
  CHECK_EQ(sent, 0);
  CHECK_EQ(uv_stream_get_write_queue_size(stream()), LARGE + 10);
  let_in();
  net_drain((uv_stream_t*) &arrived, &there);
  net_until(&there.ended, 1);
  CHECK_EQ(there.status, UV_EOF);
  CHECK_EQ(there.bytes, LARGE + 10);
  net_until(&ends, 1);
  CHECK_EQ(sent, 2);
  CHECK_EQ(end_status, 0);
  net_end();
}

/* Nobody comes to listen: what waits hears so, each lane once. */
TEST(w4_failed_early_connect_is_told_to_a_reader_and_a_shutdown) {
  struct net_sink here = {0};
  uv_shutdown_t req;

  begin();
  net_drain(stream(), &here);
  CHECK_EQ(uv_shutdown(&req, stream(), on_end), 0);
  net_until(&ends, 1);
  net_until(&here.ended, 1);
  CHECK_EQ(end_status, UV_ECONNREFUSED);
  CHECK_EQ(here.status, UV_ECONNREFUSED);
  CHECK_EQ(here.bytes, 0);
  net_end();
}

TEST(w4_failed_early_connect_is_told_to_writes_and_a_reader) {
  uv_buf_t buf = uv_buf_init((char*) "hello", 5);
  struct net_sink here = {0};
  uv_write_t reqs[2];
  uv_shutdown_t req;

  begin();
  net_drain(stream(), &here);
  CHECK_EQ(uv_write(&reqs[0], stream(), &buf, 1, on_write), 0);
  CHECK_EQ(uv_write(&reqs[1], stream(), &buf, 1, on_write), 0);
  CHECK_EQ(uv_shutdown(&req, stream(), on_end), 0);
  net_until(&writes, 1);
  CHECK_EQ(write_status, UV_ECONNREFUSED);
  net_until(&here.ended, 1);
  CHECK_EQ(here.status, UV_ECONNREFUSED);
  net_until(&writes, 2);
  CHECK(write_status < 0);
  net_until(&ends, 1);
  CHECK(end_status < 0);
  net_end();
}

/* Who stops reading before there is a connection reads nothing of it, until he starts again. */
TEST(r5_reader_of_an_early_connect_stops_before_it_is_over) {
  struct net_sink here = {0};
  int sent = 0;

  begin();
  net_drain(stream(), &here);
  net_turns(2);
  CHECK_EQ(uv_read_stop(stream()), 0);
  let_in();
  net_send((uv_stream_t*) &arrived, 500, 0, &sent);
  net_until(&sent, 1);
  net_turns(3);
  CHECK_EQ(here.reads, 0);
  net_drain(stream(), &here);
  net_until_bytes(&here, 500);
  net_end();
}

static void on_close(uv_handle_t* handle) {
  CHECK_EQ(ends, 1); /* L5 */
  CHECK_EQ(end_status, UV_ECANCELED);
  memset(handle, 0x5c, sizeof(uv_tcp_t));
  closes++;
}

TEST(l4_early_connect_is_closed_with_a_shutdown_that_waits) {
  struct net_sink here = {0};
  uv_shutdown_t req;

  begin();
  net_drain(stream(), &here);
  CHECK_EQ(uv_shutdown(&req, stream(), on_end), 0);
  net_turns(2);
  uv_close((uv_handle_t*) &client, on_close);
  net_until(&closes, 1);
  CHECK_EQ(here.reads, 0);
  net_end();
}
