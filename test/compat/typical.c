/* See typical.h. */
#include "typical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MESSAGE "the quick brown fox"
#define ROUNDS 10

typedef struct {
  uv_write_t req;
  uv_buf_t buf;
} write_req_t;

typedef struct {
  uv_tcp_t handle;
  uv_connect_t connect_req;
  uv_shutdown_t shutdown_req;
  uv_timer_t pause;
  int rounds;
  size_t received;
  char input[256];
} client_t;

static uv_loop_t* loop;
static uv_tcp_t server;
static client_t client;
static int failures;

static int failed(const char* what, int err) {
  if (err >= 0)
    return 0;
  fprintf(stderr, "%s: %s (%s)\n", what, uv_strerror(err), uv_err_name(err));
  failures++;
  return 1;
}

static void alloc_buffer(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  buf->base = (char*) malloc(suggested_size);
  buf->len = buf->base == NULL ? 0 : (unsigned int) suggested_size;
}

/* ---- Server -------------------------------------------------------------------------- */

static void free_handle(uv_handle_t* handle) {
  free(handle);
}

static void free_write_req(uv_write_t* req, int status) {
  write_req_t* wr = (write_req_t*) req;

  failed("echo", status);
  free(wr->buf.base);
  free(wr);
}

static void echo_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    write_req_t* wr = (write_req_t*) malloc(sizeof(write_req_t));

    wr->buf = uv_buf_init(buf->base, (unsigned int) nread);
    if (failed("write", uv_write(&wr->req, stream, &wr->buf, 1, free_write_req))) {
      free(buf->base);
      free(wr);
    }
    return;
  }
  if (nread < 0) {
    if (nread != UV_EOF)
      failed("read", (int) nread);
    uv_close((uv_handle_t*) stream, free_handle);
  }
  free(buf->base);
}

static void on_new_connection(uv_stream_t* listener, int status) {
  uv_tcp_t* peer;

  if (failed("listen", status))
    return;
  peer = (uv_tcp_t*) malloc(sizeof(uv_tcp_t));
  uv_tcp_init(listener->loop, peer);
  if (uv_accept(listener, (uv_stream_t*) peer) == 0) {
    uv_read_start((uv_stream_t*) peer, alloc_buffer, echo_read);
  } else {
    failures++;
    uv_close((uv_handle_t*) peer, free_handle);
  }
  uv_close((uv_handle_t*) listener, NULL);
}

/* ---- Client -------------------------------------------------------------------------- */

static void send_message(client_t* c);

static void client_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  client_t* c = (client_t*) handle->data;

  (void) suggested_size;
  *buf = uv_buf_init(c->input + c->received, (unsigned int) (sizeof(c->input) - c->received));
}

static void on_client_shutdown(uv_shutdown_t* req, int status) {
  failed("shutdown", status);
  if (uv_is_writable(req->handle) || !uv_is_readable(req->handle))
    failures++;
}

static void on_pause_over(uv_timer_t* timer) {
  send_message((client_t*) timer->data);
}

static void client_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  client_t* c = (client_t*) stream->data;

  (void) buf;
  if (nread < 0) {
    if (nread != UV_EOF || c->rounds != ROUNDS)
      failures++;
    uv_close((uv_handle_t*) stream, NULL);
    uv_close((uv_handle_t*) &c->pause, NULL);
    return;
  }
  c->received += (size_t) nread;
  if (c->received < strlen(MESSAGE))
    return;
  if (memcmp(c->input, MESSAGE, strlen(MESSAGE)) != 0)
    failures++;
  c->received = 0;
  if (++c->rounds < ROUNDS)
    uv_timer_start(&c->pause, on_pause_over, 1, 0);
  else
    failed("shutdown", uv_shutdown(&c->shutdown_req, stream, on_client_shutdown));
}

static void on_client_write(uv_write_t* req, int status) {
  failed("client write", status);
  free(req);
}

static void send_message(client_t* c) {
  uv_write_t* req = (uv_write_t*) malloc(sizeof(uv_write_t));
  uv_buf_t bufs[2];
  char text[] = MESSAGE;
  static char first[8], rest[32];

  memcpy(first, text, 7);
  memcpy(rest, text + 7, sizeof(text) - 7);
  bufs[0] = uv_buf_init(first, 7);
  bufs[1] = uv_buf_init(rest, (unsigned int) strlen(MESSAGE) - 7);
  if (failed("client write", uv_write(req, (uv_stream_t*) &c->handle, bufs, 2, on_client_write)))
    free(req);
}

static void on_connect(uv_connect_t* req, int status) {
  client_t* c = (client_t*) req->handle->data;

  if (failed("connect", status)) {
    uv_close((uv_handle_t*) req->handle, NULL);
    return;
  }
  uv_read_start(req->handle, client_alloc, client_read);
  send_message(c);
}

/* ---- Both ---------------------------------------------------------------------------- */

int typical_run(void) {
  struct sockaddr_in addr;
  int namelen = sizeof(addr);

  loop = uv_default_loop();
  failures = 0;
  memset(&client, 0, sizeof(client));

  uv_ip4_addr("127.0.0.1", 0, &addr);
  uv_tcp_init(loop, &server);
  uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0);
  if (failed("listen", uv_listen((uv_stream_t*) &server, 128, on_new_connection)))
    return 1;
  uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &namelen);

  uv_tcp_init(loop, &client.handle);
  uv_timer_init(loop, &client.pause);
  client.handle.data = &client;
  client.pause.data = &client;
  uv_tcp_nodelay(&client.handle, 1);
  if (failed("connect", uv_tcp_connect(&client.connect_req, &client.handle,
                                       (const struct sockaddr*) &addr, on_connect)))
    return 1;

  uv_run(loop, UV_RUN_DEFAULT);
  failed("loop", uv_loop_close(loop));
  return failures == 0 && client.rounds == ROUNDS ? 0 : 1;
}
