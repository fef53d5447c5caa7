/* Step 3 of docs/GUIDE.md: an echo server on TCP and on a pipe. guide_pipes PORT NAME, where NAME
 * is a path on Unix and \\.\pipe\SOMETHING on Windows. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "../relay/report.h"
#include "client.h"

static uv_tcp_t tcp;
static uv_pipe_t pipe_listener;

static void on_connection(uv_stream_t* server, int status) {
  int err = status;
  if (err == 0)
    err = client_take(server, server->type);
  if (err < 0)
    report_error(err, "cannot accept");
  if (err == UV_ENOMEM)
    uv_close((uv_handle_t*) server, NULL); /* a connection that nobody takes blocks the line */
}

static int listen_on_port(uv_loop_t* loop, int port) {
  struct sockaddr_in addr;
  int len = sizeof(addr);
  int err = uv_ip4_addr("127.0.0.1", port, &addr);
  if (err == 0)
    err = uv_tcp_init(loop, &tcp);
  if (err == 0)
    err = uv_tcp_bind(&tcp, (const struct sockaddr*) &addr, 0);
  if (err == 0)
    err = uv_listen((uv_stream_t*) &tcp, 128, on_connection);
  if (err == 0)
    err = uv_tcp_getsockname(&tcp, (struct sockaddr*) &addr, &len);
  if (err == 0)
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
  return err;
}

static int listen_on_name(uv_loop_t* loop, const char* name) {
  int err = uv_pipe_init(loop, &pipe_listener, 0);
  if (err == 0)
    err = uv_pipe_bind(&pipe_listener, name);
  if (err == 0)
    err = uv_listen((uv_stream_t*) &pipe_listener, 128, on_connection);
  if (err == 0)
    printf("listening on %s\n", name);
  return err;
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  int err;
  argv = uv_setup_args(argc, argv); /* UTF-8 on Windows, too */
  report_setup("guide_pipes", REPORT_NORMAL);
  if (argc != 3 || loop == NULL) {
    fprintf(stderr, "usage: guide_pipes PORT NAME\n");
    return 2;
  }
  err = listen_on_port(loop, atoi(argv[1]));
  if (err == 0)
    err = listen_on_name(loop, argv[2]);
  if (err < 0) {
    report_error(err, "cannot listen");
    return 1;
  }
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
