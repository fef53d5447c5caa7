/* An echo server on 127.0.0.1: echo [PORT], by default 7000; 0 lets the system choose. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct client {
  uv_tcp_t tcp; /* first, so that the handle is the client */
  uv_write_t write;
  char bytes[65536];
};

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);
static void on_close(uv_handle_t* handle) {
  free(handle);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) suggested_size;
  *buf = uv_buf_init(((struct client*) handle)->bytes, sizeof(((struct client*) handle)->bytes));
}

static void on_write(uv_write_t* req, int status) { /* the buffer is free: read again */
  if (status < 0 || uv_read_start(req->handle, on_alloc, on_read) < 0)
    uv_close((uv_handle_t*) req->handle, on_close);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uv_buf_t out = uv_buf_init(buf->base, nread > 0 ? (unsigned int) nread : 0);
  if (nread == 0)
    return;
  uv_read_stop(stream); /* a client that does not read its echo is not read from */
  if (nread < 0 || uv_write(&((struct client*) stream)->write, stream, &out, 1, on_write) < 0)
    uv_close((uv_handle_t*) stream, on_close);
}

static void on_connection(uv_stream_t* server, int status) {
  struct client* client = status == 0 ? malloc(sizeof(*client)) : NULL;
  if (client == NULL)
    return;
  uv_tcp_init(server->loop, &client->tcp);
  if (uv_accept(server, (uv_stream_t*) client) < 0 ||
      uv_read_start((uv_stream_t*) client, on_alloc, on_read) < 0)
    uv_close((uv_handle_t*) client, on_close);
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  struct sockaddr_in addr;
  int err, len = sizeof(addr);
  if ((err = uv_ip4_addr("127.0.0.1", argc > 1 ? atoi(argv[1]) : 7000, &addr)) < 0 ||
      (err = uv_tcp_init(loop, &server)) < 0 ||
      (err = uv_tcp_bind(&server, (struct sockaddr*) &addr, 0)) < 0 ||
      (err = uv_listen((uv_stream_t*) &server, 128, on_connection)) < 0 ||
      (err = uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len)) < 0) {
    fprintf(stderr, "echo: %s\n", uv_strerror(err));
    return 1;
  }
  printf("echo: listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout); /* also when the output is a file or a pipe */
  return uv_run(loop, UV_RUN_DEFAULT);
}
