/* "The other side" of docs/GUIDE.md: guide_call HOST SERVICE says a line to a server, and prints what
 * comes back until the server ends. */
#include <stdio.h>
#include <string.h>
#include <uvstream.h>

static uv_tcp_t tcp;
static uvs_connect_t connecting;
static uv_write_t write_req;
static uv_shutdown_t shutdown_req;
static char room[4096];
static int failed;

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0)
    fwrite(buf->base, 1, (size_t) nread, stdout);
  else if (nread < 0)
    uv_close((uv_handle_t*) stream, NULL);
}

static void on_connected(uvs_connect_t* req, int status) {
  struct sockaddr_storage addr;
  unsigned int i;
  int err;
  if (status == 0)
    return;
  failed = 1;
  fprintf(stderr, "cannot connect: %s\n", uv_strerror(status));
  for (i = 0; uvs_connect_attempt(req, i, &addr, &err) == 0; i++) {
    char name[64];
    uv_ip_name((const struct sockaddr*) &addr, name, sizeof(name));
    fprintf(stderr, "  %s: %s\n", name, uv_strerror(err));
  }
}

static int call(uv_loop_t* loop, const char* host, const char* service) {
  uv_buf_t line = uv_buf_init("hello\n", 6);
  int err;
  uv_tcp_init(loop, &tcp);
  err = uvs_connect(&connecting, &tcp, host, service, 10000, on_connected);
  if (err < 0)
    return err;
  uv_write(&write_req, (uv_stream_t*) &tcp, &line, 1, NULL);
  uv_shutdown(&shutdown_req, (uv_stream_t*) &tcp, NULL);
  return uv_read_start((uv_stream_t*) &tcp, on_alloc, on_read);
}

int main(int argc, char** argv) {
  uv_loop_t* loop = uv_default_loop();
  int err = argc == 3 ? call(loop, argv[1], argv[2]) : UV_EINVAL;
  if (err < 0) {
    fprintf(stderr, "cannot call: %s\n", uv_strerror(err));
    return 1;
  }
  uv_run(loop, UV_RUN_DEFAULT);
  return failed;
}
