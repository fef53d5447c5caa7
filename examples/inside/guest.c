/* The guest: a small server, and the loop that it is on. Nothing in here knows who the host is. */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uv.h"

#define MOMENT_MS 50

struct client {
  uv_tcp_t tcp; /* first, so that the handle is the client */
  uv_timer_t moment;
  uv_work_t greeting;
  uv_write_t write;
  int handles;
  int greets; /* a thread has the greeting */
  int gone;
  char text[64];
  char bytes[4096];
};

static uv_loop_t loop;
static uv_tcp_t server;
static unsigned turns;

/* ---- The end of a client ----------------------------------------------------------------- */

static void free_if_over(struct client* client) {
  if (client->handles == 0 && !client->greets)
    free(client);
}

static void on_closed(uv_handle_t* handle) {
  struct client* client = handle->data;
  client->handles--;
  free_if_over(client);
}

static void leave(struct client* client) {
  if (client->gone)
    return;
  client->gone = 1;
  uv_close((uv_handle_t*) &client->tcp, on_closed);
  uv_close((uv_handle_t*) &client->moment, on_closed);
}

static void close_all(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (uv_is_closing(handle))
    return;
  if (handle == (uv_handle_t*) &server)
    uv_close(handle, NULL);
  else
    leave(handle->data);
}

/* ---- Bytes ------------------------------------------------------------------------------- */

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct client* client = handle->data;
  (void) suggested_size;
  *buf = uv_buf_init(client->bytes, sizeof(client->bytes));
}

static void on_written(uv_write_t* req, int status) {
  struct client* client = req->handle->data;
  if (client->gone)
    return;
  if (status < 0 || uv_read_start(req->handle, on_alloc, on_read) < 0)
    leave(client);
}

static void send_bytes(struct client* client, char* bytes, size_t length) {
  uv_buf_t buf = uv_buf_init(bytes, (unsigned int) length);
  if (uv_write(&client->write, (uv_stream_t*) &client->tcp, &buf, 1, on_written) < 0)
    leave(client);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct client* client = stream->data;
  if (nread == 0)
    return;
  if (nread < 0) {
    leave(client);
  } else if (nread >= 4 && memcmp(buf->base, "quit", 4) == 0) {
    uv_walk(&loop, close_all, NULL);
  } else {
    uv_read_stop(stream);
    send_bytes(client, buf->base, (size_t) nread);
  }
}

/* ---- The greeting ------------------------------------------------------------------------ */

/* On a thread of the pool. */
static void compose(uv_work_t* req) {
  struct client* client = req->data;
  snprintf(client->text, sizeof(client->text), "welcome, from a thread\n");
}

static void on_composed(uv_work_t* req, int status) {
  struct client* client = req->data;
  (void) status;
  client->greets = 0;
  if (client->gone)
    free_if_over(client);
  else
    send_bytes(client, client->text, strlen(client->text));
}

static void on_moment(uv_timer_t* timer) {
  struct client* client = timer->data;
  client->greeting.data = client;
  client->greets = uv_queue_work(&loop, &client->greeting, compose, on_composed) == 0;
  if (!client->greets)
    leave(client);
}

static void on_connection(uv_stream_t* stream, int status) {
  struct client* client = status == 0 ? calloc(1, sizeof(*client)) : NULL;
  if (client == NULL)
    return;
  uv_tcp_init(&loop, &client->tcp);
  uv_timer_init(&loop, &client->moment);
  client->tcp.data = client;
  client->moment.data = client;
  client->handles = 2;
  if (uv_accept(stream, (uv_stream_t*) &client->tcp) < 0 ||
      uv_timer_start(&client->moment, on_moment, MOMENT_MS, 0) < 0)
    leave(client);
}

/* ---- What a host calls -------------------------------------------------------------------- */

static int listen_on(int port) {
  struct sockaddr_in addr;
  int length = sizeof(addr);
  int err = uv_ip4_addr("127.0.0.1", port, &addr);
  if (err == 0)
    err = uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0);
  if (err == 0)
    err = uv_listen((uv_stream_t*) &server, 128, on_connection);
  if (err == 0)
    err = uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &length);
  if (err == 0)
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return err;
}

int guest_open(int port) {
  int err = uv_loop_init(&loop);
  if (err == 0)
    err = uv_tcp_init(&loop, &server);
  return err == 0 ? listen_on(port) : err;
}

int guest_descriptor(void) {
  return uv_backend_fd(&loop);
}

/* The loop's time is that of its last turn, and the host may have been busy since. */
int guest_timeout(void) {
  uv_update_time(&loop);
  return uv_backend_timeout(&loop);
}

int guest_turn(void) {
  turns++;
  if (uv_run(&loop, UV_RUN_NOWAIT) != 0)
    return 1;
  return uv_loop_close(&loop) < 0; /* which it cannot be while something is left */
}

void guest_report(unsigned ticks) {
  printf("%u ticks, %u turns\n", ticks, turns);
  fflush(stdout);
}
