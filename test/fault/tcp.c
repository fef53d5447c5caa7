/* TCP handles and their requests. */
#include <string.h>

#include "every.h"
#include "harness.h"
#include "memory.h"

enum {
  PIECES = 9, /* more buffers than a request has room for */
  WRITES = 4,
  BYTES = WRITES * PIECES
};

static uv_tcp_t server, client, peer;
static struct sockaddr_in address;
static uv_connect_t connect_req;
static uv_shutdown_t shutdown_req[2];
static uv_write_t write_req[WRITES], echo_req;
static char text[BYTES], heard[BYTES], input[256];
static size_t heard_bytes;
static int accepted;

static void forget(void) {
  memset(&server, 0xa5, sizeof(server));
  memset(&client, 0xa5, sizeof(client));
  memset(&peer, 0xa5, sizeof(peer));
  heard_bytes = 0;
  accepted = 0;
}

static void on_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  *buf = uv_buf_init(input, sizeof(input));
}

static void close_quietly(uv_handle_t* handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

/* ---- Echo ---------------------------------------------------------------------------- */

static void on_echoed(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void on_peer_shutdown(uv_shutdown_t* req, int status) {
  if (got_callback(status) && !scene_failed)
    close_quietly((uv_handle_t*) req->handle);
}

/* One byte per buffer, so that every write needs memory. */
static int write_pieces(uv_write_t* req, uv_tcp_t* to, char* base, uv_write_cb cb) {
  uv_buf_t bufs[PIECES];
  int i;

  for (i = 0; i < PIECES; i++)
    bufs[i] = uv_buf_init(base + i, 1);
  return uv_write(req, (uv_stream_t*) to, bufs, PIECES, cb);
}

/* The peer collects all, sends the first pieces back, and ends. */
static void on_peer_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(heard_bytes + (size_t) nread <= BYTES);
    memcpy(heard + heard_bytes, buf->base, (size_t) nread);
    heard_bytes += (size_t) nread;
    return;
  }
  if (nread == 0)
    return;
  if (scene_failed || nread != UV_EOF) {
    CHECK(scene_failed);
    close_quietly((uv_handle_t*) stream);
    return;
  }
  CHECK_EQ(heard_bytes, BYTES);
  CHECK(memcmp(heard, text, BYTES) == 0);
  if (owes_callback(write_pieces(&echo_req, &peer, heard, on_echoed)))
    (void) owes_callback(uv_shutdown(&shutdown_req[1], stream, on_peer_shutdown));
}

static void on_client_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread < 0) {
    CHECK(nread == UV_EOF || scene_failed);
    close_quietly((uv_handle_t*) stream);
  }
}

static void on_connection(uv_stream_t* listener, int status) {
  int r;

  if (status != 0) { /* reported, and the connection still comes (rule A4) */
    CHECK_EQ(status, UV_ENOMEM);
    return;
  }
  if (!went_on(uv_tcp_init(listener->loop, &peer)))
    return;
  r = uv_accept(listener, (uv_stream_t*) &peer);
  if (r == UV_ENOMEM) /* it has not been lost: the next try has the memory */
    r = uv_accept(listener, (uv_stream_t*) &peer);
  CHECK_EQ(r, 0);
  accepted++;
  close_quietly((uv_handle_t*) listener);
  (void) went_on(uv_read_start((uv_stream_t*) &peer, on_alloc, on_peer_read));
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void on_connected(uv_connect_t* req, int status) {
  int i;

  if (!got_callback(status) || scene_failed)
    return;
  for (i = 0; i < WRITES; i++)
    if (!owes_callback(write_pieces(&write_req[i], &client, text + i * PIECES, on_written)))
      return;
  if (owes_callback(uv_shutdown(&shutdown_req[0], req->handle, on_shutdown)))
    (void) went_on(uv_read_start(req->handle, on_alloc, on_client_read));
}

/* A listener on a port of its own; 0 when the scene is over. */
static int listen_somewhere(uv_connection_cb cb) {
  int len = (int) sizeof(address);

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &address), 0);
  return went_on(uv_tcp_init(scene, &server)) &&
         went_on(uv_tcp_bind(&server, (const struct sockaddr*) &address, 0)) &&
         went_on(uv_listen((uv_stream_t*) &server, 16, cb)) &&
         went_on(uv_tcp_getsockname(&server, (struct sockaddr*) &address, &len));
}

static void connect_to_it(uv_connect_cb cb) {
  if (went_on(uv_tcp_init(scene, &client)))
    (void) owes_callback(
        uv_tcp_connect(&connect_req, &client, (const struct sockaddr*) &address, cb));
}

static void echo(void) {
  int i;

  forget();
  for (i = 0; i < BYTES; i++)
    text[i] = (char) ('!' + i);
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection))
    connect_to_it(on_connected);
  scene_end();
  CHECK(scene_failed || accepted == 1);
}

TEST(e1_echo_with_many_buffers) {
  for_every_allocation(echo);
}

/* ---- Connections that come and go ------------------------------------------------------ */

static void on_connection_close(uv_stream_t* listener, int status) {
  on_connection(listener, status);
  if (accepted == 1)
    close_quietly((uv_handle_t*) &peer);
}

static void on_connected_close(uv_connect_t* req, int status) {
  if (got_callback(status))
    close_quietly((uv_handle_t*) req->handle);
}

static void come_and_go(void) {
  forget();
  if (!scene_begin())
    return;
  if (listen_somewhere(on_connection_close))
    connect_to_it(on_connected_close);
  scene_end();
}

TEST(e1_listen_accept_connect_close) {
  for_every_allocation(come_and_go);
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
  if (went_on(uv_tcp_init(scene, &server)) &&
      went_on(uv_tcp_bind(&server, (const struct sockaddr*) &address, 0)) &&
      went_on(uv_tcp_getsockname(&server, (struct sockaddr*) &address, &len)))
    connect_to_it(on_refused);
  scene_end();
}

TEST(e1_connect_refused) {
  for_every_allocation(refused);
}

static void adopt(void) {
  uv_os_sock_t pair[2];
  uv_tcp_t* tcp[2] = {&client, &peer};
  int i;

  forget();
  if (!scene_begin())
    return;
  if (went_on(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0))) {
    for (i = 0; i < 2; i++) {
      int r;

      CHECK_EQ(uv_tcp_init(scene, tcp[i]), 0);
      r = uv_tcp_open(tcp[i], pair[i]);
      if (r != 0) { /* the socket is still ours, and good */
        CHECK_EQ(r, UV_ENOMEM);
        r = uv_tcp_open(tcp[i], pair[i]);
      }
      CHECK_EQ(r, 0);
    }
  }
  scene_end();
}

TEST(e1_open) {
  for_every_allocation(adopt);
}

/* ---- Writes that are refused ------------------------------------------------------------ */

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
  CHECK_EQ(uv_tcp_init(scene, &client), 0);
  CHECK_EQ(uv_tcp_init(scene, &peer), 0);
  CHECK_EQ(uv_tcp_open(&client, pair[0]), 0);
  CHECK_EQ(uv_tcp_open(&peer, pair[1]), 0);
}

TEST(l2_refused_write_leaves_no_trace) {
  long live;

  pair_up();
  live = memory_live();
  memory_fail_nth(1);
  write_status = 1;
  CHECK_EQ(write_pieces(&write_req[0], &client, text, on_status), UV_ENOMEM);
  CHECK_EQ(memory_live(), live);
  CHECK_EQ(client.write_queue_size, 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 0);
  CHECK_EQ(uv_loop_alive(scene), 0); /* no request holds it */
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(write_status, 1); /* and no callback came */

  /* The same request, once there is memory. */
  CHECK_EQ(write_pieces(&write_req[0], &client, text, on_status), 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(write_status, 0);
  CHECK_EQ(memory_live(), live);
  scene_end();
}

TEST(l8_no_memory_for_data) {
  uv_buf_t bufs[64];
  size_t i;
  int turn;

  pair_up();
  CHECK_EQ(uv_read_start((uv_stream_t*) &peer, on_alloc, on_peer_read), 0);
  uv_run(scene, UV_RUN_NOWAIT);
  for (i = 0; i < BYTES; i++)
    text[i] = (char) ('!' + i);
  memory_fail_all(1);
  /* Four buffers fit into the request; try_write takes any number without it. */
  for (i = 0; i < 4; i++)
    bufs[i] = uv_buf_init(text + i, 1);
  CHECK_EQ(uv_write(&write_req[0], (uv_stream_t*) &client, bufs, 4, on_status), 0);
  for (turn = 0; heard_bytes < 4; turn++) {
    CHECK(turn < 1000);
    uv_run(scene, UV_RUN_ONCE);
  }
  for (i = 0; i < BYTES - 4; i++)
    bufs[i] = uv_buf_init(text + 4 + i, 1);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, bufs, BYTES - 4), BYTES - 4);
  for (turn = 0; heard_bytes < BYTES; turn++) {
    CHECK(turn < 1000);
    uv_run(scene, UV_RUN_ONCE);
  }
  CHECK(memcmp(heard, text, BYTES) == 0);
  uv_close((uv_handle_t*) &client, NULL);
  uv_close((uv_handle_t*) &peer, NULL);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  memory_fail_all(0);
  scene_end();
}
