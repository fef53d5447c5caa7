/* Roles:
 *
 *   child                    started by Node, which left the channel's number in NODE_CHANNEL_FD
 *   parent NODE ARGUMENT...  starts Node with such a channel
 *   pipe-server NAME         echoes one connection; says "ready" on stdout first
 *   pipe-client NAME HOW     sends, and checks the echo. HOW is "close": closes when it has the whole
 *                            echo; "shut": ends its side before, which must not cut the echo off;
 *                            or "half": and expects the end of the other side behind the echo
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_BYTES 300000

void peer_fail(int err, const char* what) {
  fprintf(stderr, "uvinterop: %s: %s\n", what, err < 0 ? uv_strerror(err) : "unexpected");
  exit(1);
}

void peer_check(int err, const char* what) {
  if (err < 0)
    peer_fail(err, what);
}

void peer_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[64 * 1024];
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

struct copy {
  uv_write_t req;
  char bytes[1];
};

static void on_written(uv_write_t* req, int status) {
  peer_check(status, "write");
  free(req->data);
}

void peer_write(uv_stream_t* stream, const char* bytes, size_t length) {
  struct copy* copy = malloc(sizeof(*copy) + length);
  uv_buf_t buf;
  if (copy == NULL)
    peer_fail(UV_ENOMEM, "write");
  memcpy(copy->bytes, bytes, length);
  copy->req.data = copy;
  buf = uv_buf_init(copy->bytes, (unsigned int) length);
  peer_check(uv_write(&copy->req, stream, &buf, 1, on_written), "write");
}

/* ---- Echo -------------------------------------------------------------------------------- */

static void on_echo_closed(uv_handle_t* handle) {
  free(handle);
}

static void on_echo_shutdown(uv_shutdown_t* req, int status) {
  /* Who closed instead of ending its side needs no end of ours. */
  if (status != UV_ENOTCONN && status != UV_EPIPE)
    peer_check(status, "shutdown");
  uv_close((uv_handle_t*) req->handle, on_echo_closed);
  free(req);
}

static void on_echo_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uv_shutdown_t* req;
  if (nread >= 0) {
    if (nread > 0)
      peer_write(stream, buf->base, (size_t) nread);
    return;
  }
  if (nread != UV_EOF)
    peer_fail((int) nread, "read what is to be echoed");
  req = malloc(sizeof(*req));
  if (req == NULL)
    peer_fail(UV_ENOMEM, "shutdown");
  if (uv_shutdown(req, stream, on_echo_shutdown) < 0) {
    free(req);
    uv_close((uv_handle_t*) stream, on_echo_closed);
  }
}

void peer_echo(uv_stream_t* stream, const char* greeting) {
  if (*greeting != '\0')
    peer_write(stream, greeting, strlen(greeting));
  peer_check(uv_read_start(stream, peer_alloc, on_echo_read), "read what is to be echoed");
}

/* ---- pipe-server ------------------------------------------------------------------------- */

static void on_connection(uv_stream_t* server, int status) {
  uv_pipe_t* pipe = malloc(sizeof(*pipe));
  peer_check(status, "connection");
  if (pipe == NULL)
    peer_fail(UV_ENOMEM, "connection");
  uv_pipe_init(server->loop, pipe, 0);
  peer_check(uv_accept(server, (uv_stream_t*) pipe), "accept");
  uv_close((uv_handle_t*) server, NULL);
  peer_echo((uv_stream_t*) pipe, "");
}

static void pipe_server(uv_loop_t* loop, const char* name) {
  static uv_pipe_t server;
  uv_pipe_init(loop, &server, 0);
  peer_check(uv_pipe_bind(&server, name), "bind");
  peer_check(uv_listen((uv_stream_t*) &server, 1, on_connection), "listen");
  puts("ready");
  fflush(stdout);
}

/* ---- pipe-client ------------------------------------------------------------------------- */

static struct {
  uv_pipe_t pipe;
  uv_connect_t connect;
  uv_shutdown_t shutdown;
  const char* how;
  int shut;  /* our side has ended */
  int ended; /* the other side has */
  size_t back;
  char sent[CLIENT_BYTES];
} client;

static void close_client_if_done(void) {
  int shut = client.shut || strcmp(client.how, "close") == 0;
  int ended = client.ended || strcmp(client.how, "half") != 0;
  if (shut && ended && client.back == CLIENT_BYTES && !uv_is_closing((uv_handle_t*) &client.pipe))
    uv_close((uv_handle_t*) &client.pipe, NULL);
}

static void on_client_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  peer_check(status, "shutdown");
  client.shut = 1;
  close_client_if_done();
}

static void on_client_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread == UV_EOF && client.back == CLIENT_BYTES) {
    client.ended = 1;
  } else {
    peer_check((int) nread, "read the echo");
    if (client.back + (size_t) nread > CLIENT_BYTES ||
        memcmp(client.sent + client.back, buf->base, (size_t) nread) != 0)
      peer_fail(0, "the echo is not what was sent");
    client.back += (size_t) nread;
  }
  close_client_if_done();
}

static void on_connect(uv_connect_t* req, int status) {
  uv_stream_t* stream = req->handle;
  size_t i;
  peer_check(status, "connect");
  for (i = 0; i < CLIENT_BYTES; i++)
    client.sent[i] = (char) (i * i / 7 + i / 1000);
  peer_write(stream, client.sent, CLIENT_BYTES);
  peer_check(uv_read_start(stream, peer_alloc, on_client_read), "read the echo");
  if (strcmp(client.how, "close") != 0)
    peer_check(uv_shutdown(&client.shutdown, stream, on_client_shutdown), "shutdown");
}

static void pipe_client(uv_loop_t* loop, const char* name, const char* how) {
  client.how = how;
  uv_pipe_init(loop, &client.pipe, 0);
  uv_pipe_connect(&client.connect, &client.pipe, name, on_connect);
}

/* ---- child and parent -------------------------------------------------------------------- */

static void child(uv_loop_t* loop) {
  static uv_pipe_t channel;
  const char* number = getenv("NODE_CHANNEL_FD");
  if (number == NULL)
    peer_fail(0, "there is no NODE_CHANNEL_FD");
  uv_pipe_init(loop, &channel, 1);
  peer_check(uv_pipe_open(&channel, atoi(number)), "open the channel");
  channel_start(&channel);
}

static void on_node_exit(uv_process_t* process, int64_t exit_status, int term_signal) {
  if (exit_status != 0 || term_signal != 0)
    peer_fail(0, "the end of Node");
  uv_close((uv_handle_t*) process, NULL);
}

static void parent(uv_loop_t* loop, char** args) {
  static uv_pipe_t channel;
  static uv_process_t process;
  uv_stdio_container_t stdio[4];
  uv_process_options_t options;
  int i;

#ifdef _WIN32
  _putenv_s("NODE_CHANNEL_FD", "3");
#else
  setenv("NODE_CHANNEL_FD", "3", 1);
#endif
  memset(&options, 0, sizeof(options));
  uv_pipe_init(loop, &channel, 1);
  stdio[0].flags = UV_IGNORE;
  for (i = 1; i < 3; i++) {
    stdio[i].flags = UV_INHERIT_FD;
    stdio[i].data.fd = i;
  }
  stdio[3].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  stdio[3].data.stream = (uv_stream_t*) &channel;
  options.file = args[0];
  options.args = args;
  options.stdio = stdio;
  options.stdio_count = 4;
  options.exit_cb = on_node_exit;
  peer_check(uv_spawn(loop, &process, &options), "start Node");
  channel_start(&channel);
}

int main(int argc, char** argv) {
  static uv_loop_t loop;
  const char* role = argc > 1 ? argv[1] : "";
  peer_check(uv_loop_init(&loop), "start");
  if (strcmp(role, "child") == 0)
    child(&loop);
  else if (strcmp(role, "parent") == 0 && argc > 2)
    parent(&loop, argv + 2);
  else if (strcmp(role, "pipe-server") == 0 && argc == 3)
    pipe_server(&loop, argv[2]);
  else if (strcmp(role, "pipe-client") == 0 && argc == 4)
    pipe_client(&loop, argv[2], argv[3]);
  else
    peer_fail(0, "its arguments");
  uv_run(&loop, UV_RUN_DEFAULT);
  peer_check(uv_loop_close(&loop), "something was left open");
  return 0;
}
