/* A message there and back, both ends on one loop: what is left of an echo where nothing but the
 * library, and the system below it, is in the way. Under Wine, where the load generator of the other
 * echo rows cannot come to a pipe, it is the only one.
 *
 * usage: bench_turns tcp|pipe MESSAGES
 * Prints messages, cpu_ns and wall_ns. */
#include "stream.h"

#define MESSAGE_SIZE 64

static union any_stream server;
static union any_stream there;
static union any_stream here;
static uv_write_t request; /* one message is under way */
static char message[MESSAGE_SIZE];
static size_t arrived; /* of it */
static long messages_left;

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[16384];

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  check(status, "write");
}

static void send_message(uv_stream_t* to) {
  uv_buf_t out = uv_buf_init(message, MESSAGE_SIZE);

  check(uv_write(&request, to, &out, 1, on_written), "uv_write");
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  check((int) nread, "read");
  arrived += (size_t) nread;
  if (arrived < MESSAGE_SIZE)
    return;
  arrived = 0;
  if (stream == &there.stream || --messages_left > 0) {
    send_message(stream);
    return;
  }
  uv_close(&here.handle, NULL);
  uv_close(&there.handle, NULL);
}

static void on_connection(uv_stream_t* listener, int status) {
  check(status, "connection");
  stream_accept(listener, &there);
  check(uv_read_start(&there.stream, on_alloc, on_read), "uv_read_start");
  uv_close((uv_handle_t*) listener, NULL);
}

static void on_connected(uv_connect_t* req, int status) {
  check(status, "connect");
  stream_nodelay(&here);
  check(uv_read_start(req->handle, on_alloc, on_read), "uv_read_start");
  send_message(req->handle);
}

int main(int argc, char** argv) {
  enum kind kind = kind_argument(argc, argv, 1);
  long messages = argument(argc, argv, 2, 1000);
  uv_loop_t loop;
  uv_connect_t connect;
  struct place place;
  struct measure measure;

  messages_left = messages;
  check(uv_loop_init(&loop), "uv_loop_init");
  place = stream_listen(&loop, &server, kind, on_connection);
  stream_connect(&loop, &connect, &here, &place, on_connected);

  measure = measure_begin();
  uv_run(&loop, UV_RUN_DEFAULT);
  measure_end(&measure, messages);
  check(uv_loop_close(&loop), "uv_loop_close");
  return 0;
}
