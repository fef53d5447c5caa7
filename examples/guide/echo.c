/* Step 1 of docs/GUIDE.md: an echo server. guide_echo [PORT]; 7000, or 0 for a free one. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* A write, and the bytes that it sends. */
struct echo {
  uv_write_t req;
  uv_buf_t buf;
};

static void on_closed(uv_handle_t* handle) {
  free(handle);
}

static void on_written(uv_write_t* req, int status) {
  struct echo* echo = (struct echo*) req;
  (void) status;
  free(echo->buf.base);
  free(echo);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  *buf = uv_buf_init(malloc(suggested_size), (unsigned int) suggested_size);
}

static void on_read(uv_stream_t* client, ssize_t nread, const uv_buf_t* buf) {
  struct echo* echo;
  if (nread < 0) {
    free(buf->base);
    uv_close((uv_handle_t*) client, on_closed);
    return;
  }
  echo = malloc(sizeof(*echo));
  echo->buf = uv_buf_init(buf->base, (unsigned int) nread);
  uv_write(&echo->req, client, &echo->buf, 1, on_written);
}

static void on_connection(uv_stream_t* server, int status) {
  uv_tcp_t* client;
  if (status < 0)
    return;
  client = malloc(sizeof(*client));
  uv_tcp_init(server->loop, client);
  uv_accept(server, (uv_stream_t*) client);
  uv_read_start((uv_stream_t*) client, on_alloc, on_read);
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  struct sockaddr_in addr;
  int len = sizeof(addr);
  uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7000, &addr);
  uv_tcp_init(loop, &server);
  uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0);
  int err = uv_listen((uv_stream_t*) &server, 128, on_connection);
  if (err < 0) {
    fprintf(stderr, "cannot listen: %s\n", uv_strerror(err));
    return 1;
  }
  uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len);
  printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
