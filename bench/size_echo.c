/* An echo server as small as its user can write it. It is linked statically and stripped,
 * and its size beyond size_empty.c is what the library and the C library behind it weigh.
 * Only built, never run by bench/run; it works all the same (port 7000). */
#include <stdlib.h>

#include "uv.h"

struct message {
  uv_write_t req;
  char bytes[4096];
};

static void on_closed(uv_handle_t* handle) {
  free(handle);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct message* message = malloc(sizeof(*message));

  (void) handle;
  (void) suggested_size;
  if (message != NULL)
    *buf = uv_buf_init(message->bytes, sizeof(message->bytes));
}

static void on_written(uv_write_t* req, int status) {
  (void) status;
  free(req);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct message* message = NULL;
  uv_buf_t out;

  if (buf->base != NULL)
    message = (struct message*) (buf->base - offsetof(struct message, bytes));
  if (nread > 0) {
    out = uv_buf_init(message->bytes, (unsigned int) nread);
    if (uv_write(&message->req, stream, &out, 1, on_written) == 0)
      return;
  }
  free(message);
  if (nread < 0)
    uv_close((uv_handle_t*) stream, on_closed);
}

static void on_connection(uv_stream_t* server, int status) {
  uv_tcp_t* client = status == 0 ? malloc(sizeof(*client)) : NULL;

  if (client == NULL)
    return;
  uv_tcp_init(server->loop, client);
  if (uv_accept(server, (uv_stream_t*) client) != 0)
    uv_close((uv_handle_t*) client, on_closed);
  else
    uv_read_start((uv_stream_t*) client, on_alloc, on_read);
}

int main(void) {
  uv_tcp_t server;
  struct sockaddr_in addr;
  uv_loop_t* loop = uv_default_loop();

  if (loop == NULL || uv_ip4_addr("127.0.0.1", 7000, &addr) != 0 ||
      uv_tcp_init(loop, &server) != 0 ||
      uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0) != 0 ||
      uv_listen((uv_stream_t*) &server, 128, on_connection) != 0)
    return 1;
  return uv_run(loop, UV_RUN_DEFAULT);
}
