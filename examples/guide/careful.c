/* Step 2 of docs/GUIDE.md: the echo server again, which survives its clients. guide_careful [PORT] */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct client {
  uv_tcp_t tcp; /* first, so that a pointer to the handle is a pointer to the client */
  uv_write_t write;
  uv_shutdown_t shutdown;
  char bytes[65536];
};

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);

static void on_closed(uv_handle_t* handle) {
  free(handle);
}

static void drop(uv_stream_t* stream, int err, const char* what) {
  if (err < 0)
    fprintf(stderr, "cannot %s a client: %s (%s)\n", what, uv_strerror(err), uv_err_name(err));
  uv_close((uv_handle_t*) stream, on_closed);
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct client* client = (struct client*) handle;
  (void) suggested_size;
  *buf = uv_buf_init(client->bytes, sizeof(client->bytes));
}

/* The bytes are ours again: more may come. */
static void on_written(uv_write_t* req, int status) {
  int err = status;
  if (err == 0)
    err = uv_read_start(req->handle, on_alloc, on_read);
  if (err < 0)
    drop(req->handle, err, "answer");
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  drop(req->handle, status, "say goodbye to");
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct client* client = (struct client*) stream;
  uv_buf_t out;
  int err;
  if (nread == 0)
    return; /* nothing now */
  if (nread == UV_EOF) {
    err = uv_shutdown(&client->shutdown, stream, on_shutdown);
    if (err < 0)
      drop(stream, err, "say goodbye to");
    return;
  }
  if (nread < 0) {
    drop(stream, (int) nread, "read from");
    return;
  }
  uv_read_stop(stream);
  out = uv_buf_init(buf->base, (unsigned int) nread);
  err = uv_write(&client->write, stream, &out, 1, on_written);
  if (err < 0)
    drop(stream, err, "answer");
}

static void on_connection(uv_stream_t* server, int status) {
  struct client* client;
  uv_stream_t* stream;
  int err;
  if (status < 0) {
    fprintf(stderr, "cannot accept: %s\n", uv_strerror(status));
    return;
  }
  client = malloc(sizeof(*client));
  if (client == NULL) {
    fprintf(stderr, "no memory for another client\n");
    uv_close((uv_handle_t*) server, NULL); /* a connection that nobody takes blocks the line */
    return;
  }
  stream = (uv_stream_t*) &client->tcp;
  uv_tcp_init(server->loop, &client->tcp);
  err = uv_accept(server, stream);
  if (err == 0)
    err = uv_read_start(stream, on_alloc, on_read);
  if (err < 0)
    drop(stream, err, "accept");
}

static int listen_on(uv_loop_t* loop, uv_tcp_t* server, int port) {
  struct sockaddr_in addr;
  int len = sizeof(addr);
  int err = uv_ip4_addr("127.0.0.1", port, &addr);
  if (err == 0)
    err = uv_tcp_init(loop, server);
  if (err == 0)
    err = uv_tcp_bind(server, (const struct sockaddr*) &addr, 0);
  if (err == 0)
    err = uv_listen((uv_stream_t*) server, 128, on_connection);
  if (err == 0)
    err = uv_tcp_getsockname(server, (struct sockaddr*) &addr, &len);
  if (err < 0)
    return err;
  printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return 0;
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  int err = loop == NULL ? UV_ENOMEM : listen_on(loop, &server, argc > 1 ? atoi(argv[1]) : 7000);
  if (err < 0) {
    fprintf(stderr, "cannot listen: %s\n", uv_strerror(err));
    return 1;
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}
