/* TCP handles and their requests. */
#include <stdio.h>
#include <string.h>

#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "scenarios.h"
#include "uvstream.h"

static struct sockaddr_in address;

/* A listener on a port of its own; 0 when the scene is over. */
static int listen_somewhere(uv_connection_cb cb) {
  int len = (int) sizeof(address);

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &address), 0);
  return went_on(uv_tcp_init(scene, &server.tcp)) &&
         went_on(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &address, 0)) &&
         went_on(uv_listen(&server.stream, 16, cb)) &&
         went_on(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &address, &len));
}

static void connect_to_it(uv_connect_cb cb) {
  if (went_on(uv_tcp_init(scene, &client.tcp)))
    (void) owes_callback(
        uv_tcp_connect(&connect_req, &client.tcp, (const struct sockaddr*) &address, cb));
}

static int take_peer(uv_stream_t* listener, int status) {
  if (!has_connection(status) || !went_on(uv_tcp_init(listener->loop, &peer.tcp)))
    return 0;
  take(listener, &peer);
  close_quietly(&server.handle);
  return 1;
}

/* ---- A conversation ---------------------------------------------------------------------- */

static void on_connection(uv_stream_t* listener, int status) {
  if (take_peer(listener, status))
    listen_to(&peer);
}

void scenario_tcp_talk(void) {
  forget();
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection))
    connect_to_it(talk);
  scene_end();
  CHECK(scene_failed || (accepted == 1 && answered));
}

/* The same by name, over an attempt in front that fails: nobody listens at ::1, or there is none. */
static uvs_connect_t dial_req;

static void on_dialed(uvs_connect_t* req, int status) {
  connect_req.handle = (uv_stream_t*) req->handle;
  talk(&connect_req, status);
}

void scenario_tcp_dial(void) {
  char port[8];

  forget();
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection) && went_on(uv_tcp_init(scene, &client.tcp))) {
    snprintf(port, sizeof(port), "%d", ntohs(address.sin_port));
    (void) owes_callback(uvs_connect(&dial_req, &client.tcp, "localhost", port, 0, on_dialed));
  }
  scene_end();
  CHECK(scene_failed || (accepted == 1 && answered));
}

TEST(e1_connect_to_a_name) {
  for_every_allocation(scenario_tcp_dial);
}

/* ---- The same with a peer that goes to another handle before anything was read ---- */

static uvs_moving_t moving;
static union part moved;

/* What a loop has no room for is as before, and can be attached again. */
static void on_left(uvs_moving_t* left, uv_stream_t* stream) {
  int tries;
  int r;

  if (scene_failed || !went_on(uv_tcp_init(stream->loop, &moved.tcp))) {
    uvs_moving_drop(left);
    return;
  }
  r = uvs_attach(&moved.stream, left);
  for (tries = 0; r != 0 && tries < fault_times; tries++) {
    check_fault(r);
    r = uvs_attach(&moved.stream, left);
  }
  CHECK_EQ(r, 0);
  listen_to(&moved);
}

static void on_connection_move(uv_stream_t* listener, int status) {
  if (take_peer(listener, status))
    (void) went_on(uvs_detach(&peer.stream, &moving, on_left));
}

void scenario_tcp_move(void) {
  forget();
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection_move))
    connect_to_it(talk);
  scene_end();
  CHECK(scene_failed || (accepted == 1 && answered));
}

TEST(e1_stream_that_moves) {
  for_every_allocation(scenario_tcp_move);
}

TEST(e1_echo_with_many_buffers) {
  for_every_allocation(scenario_tcp_talk);
}

/* ---- What uvstream.h adds: the peer reads by a request and closes, of which the client hears without
 * reading; all of it within limits that are not reached ---- */

static uvs_read_t ask;
static uvs_hangup_t gone;
static uvs_deadline_t limits[4];
static uv_write_t said;
static char asked[BYTES];
static uv_buf_t asked_bufs[2];
static int hung_up;

static void on_asked(uvs_read_t* req, int status) {
  uv_stream_t* stream = req->handle;

  if (got_callback(status))
    CHECK_EQ(req->nread, BYTES);
  close_quietly((uv_handle_t*) stream);
}

static void on_connection_ask(uv_stream_t* listener, int status) {
  if (!take_peer(listener, status))
    return;
  asked_bufs[0] = uv_buf_init(asked, 7);
  asked_bufs[1] = uv_buf_init(asked + 7, BYTES - 7);
  (void) owes_callback(uvs_read(&ask, &peer.stream, asked_bufs, 2, BYTES, on_asked));
}

/* A connection that fails hangs up, too. */
static void on_gone(uvs_hangup_t* hangup, int status) {
  uv_stream_t* stream = hangup->stream;

  hung_up = got_callback(status == UV_EOF ? 0 : status);
  close_quietly((uv_handle_t*) stream);
}

static void on_said(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void on_connected_limit(uv_connect_t* req, int status) {
  uv_buf_t bufs[2];
  int kind;

  if (!got_callback(status)) {
    close_quietly((uv_handle_t*) req->handle);
    return;
  }
  for (kind = 0; kind < 4; kind++)
    CHECK_EQ(uvs_deadline_start(&limits[kind], req->handle, (uvs_deadline_kind) kind, 60000), 0);
  bufs[0] = uv_buf_init(text, 1);
  bufs[1] = uv_buf_init(text + 1, BYTES - 1);
  if (owes_callback(uvs_hangup_start(&gone, req->handle, on_gone)))
    (void) owes_callback(uv_write(&said, req->handle, bufs, 2, on_said));
}

void scenario_tcp_beyond(void) {
  forget();
  hung_up = 0;
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection_ask))
    connect_to_it(on_connected_limit);
  scene_end();
  CHECK(scene_failed || (accepted == 1 && hung_up));
}

TEST(e1_limits_requests_and_hang_ups) {
  for_every_allocation(scenario_tcp_beyond);
}

/* ---- Connections that come and go ------------------------------------------------------ */

static void on_connection_close(uv_stream_t* listener, int status) {
  if (take_peer(listener, status))
    close_quietly(&peer.handle);
}

static void on_connected_close(uv_connect_t* req, int status) {
  if (got_callback(status))
    close_quietly((uv_handle_t*) req->handle);
}

void scenario_tcp_come_and_go(void) {
  forget();
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection_close))
    connect_to_it(on_connected_close);
  scene_end();
}

TEST(e1_listen_accept_connect_close) {
  for_every_allocation(scenario_tcp_come_and_go);
}

static void on_refused(uv_connect_t* req, int status) {
  if (status == UV_ECONNREFUSED)
    (void) got_callback(0);
  else
    CHECK_EQ(got_callback(status), 0);
  close_quietly((uv_handle_t*) req->handle);
}

static void refused(void) {
  int len = (int) sizeof(address);

  forget();
  if (!scene_begin())
    return;
  /* Bound and not listening: the port is nobody else's, and nobody answers. */
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &address), 0);
  if (went_on(uv_tcp_init(scene, &server.tcp)) &&
      went_on(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &address, 0)) &&
      went_on(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &address, &len)))
    connect_to_it(on_refused);
  scene_end();
}

TEST(e1_connect_refused) {
  for_every_allocation(refused);
}

static int init_tcp(union part* who) {
  return uv_tcp_init(scene, &who->tcp);
}

static int open_tcp(union part* who, uv_os_sock_t sock) {
  return uv_tcp_open(&who->tcp, sock);
}

void scenario_tcp_adopt(void) {
  scenario_adopt(init_tcp, open_tcp);
}

TEST(e1_open) {
  for_every_allocation(scenario_tcp_adopt);
}

/* ---- Writes that are refused ------------------------------------------------------------ */

static uv_write_t write_req;
static int write_status;

static void on_status(uv_write_t* req, int status) {
  (void) req;
  write_status = status;
}

/* Two connected handles, without any failure. */
static void pair_up(void) {
  uv_os_sock_t pair[2];

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_init(scene, &peer.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, pair[0]), 0);
  CHECK_EQ(uv_tcp_open(&peer.tcp, pair[1]), 0);
}

TEST(l2_refused_write_leaves_no_trace) {
  long live;

  pair_up();
  live = memory_live();
  memory_fail_nth(1);
  write_status = 1;
  CHECK_EQ(write_pieces(&write_req, &client.stream, text, on_status), UV_ENOMEM);
  CHECK_EQ(memory_live(), live);
  CHECK_EQ(client.stream.write_queue_size, 0);
  CHECK_EQ(uv_is_active(&client.handle), 0);
  CHECK_EQ(uv_loop_alive(scene), 0); /* no request holds it */
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(write_status, 1); /* and no callback came */

  /* The same request, once there is memory. */
  CHECK_EQ(write_pieces(&write_req, &client.stream, text, on_status), 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(write_status, 0);
  CHECK_EQ(memory_live(), live);
  scene_end();
}

static void on_data(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread > 0) {
    CHECK(heard_bytes + (size_t) nread <= BYTES);
    memcpy(heard + heard_bytes, buf->base, (size_t) nread);
    heard_bytes += (size_t) nread;
  }
}

TEST(l8_no_memory_for_data) {
  uv_buf_t bufs[64];
  size_t i;
  int turn;
  int n;

  pair_up();
  CHECK_EQ(uv_read_start(&peer.stream, on_alloc, on_data), 0);
  uv_run(scene, UV_RUN_NOWAIT);
  memory_fail_all(1);
  /* Eight buffers fit into the request; try_write takes any number without it. */
  for (i = 0; i < 8; i++)
    bufs[i] = uv_buf_init(text + i, 1);
  CHECK_EQ(uv_write(&write_req, &client.stream, bufs, 8, on_status), 0);
  for (turn = 0; heard_bytes < 8; turn++) {
    CHECK(turn < 1000);
    uv_run(scene, UV_RUN_ONCE);
  }
  for (i = 0; i < BYTES - 8; i++)
    bufs[i] = uv_buf_init(text + 8 + i, 1);
  for (i = 0; i < BYTES - 8; i += (size_t) n) { /* It may take a part. */
    n = uv_try_write(&client.stream, bufs + i, (unsigned) (BYTES - 8 - i));
    CHECK(n > 0);
  }
  for (turn = 0; heard_bytes < BYTES; turn++) {
    CHECK(turn < 1000);
    uv_run(scene, UV_RUN_ONCE);
  }
  CHECK(memcmp(heard, text, BYTES) == 0);
  uv_close(&client.handle, NULL);
  uv_close(&peer.handle, NULL);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  memory_fail_all(0);
  scene_end();
}
