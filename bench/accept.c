/* Connections from birth to death: connect, accept, a byte, reset by the server, close of both
 * ends, all on one loop, some at a time. They are reset so that no port is left in TIME_WAIT and
 * a long run does not use them up; by the server, as a client that does it may never be accepted.
 *
 * usage: bench_accept CONNECTIONS
 * Prints messages (connections), cpu_ns and wall_ns. */
#include "stream.h"

#define AT_ONCE 32

struct pair {
  union any_stream client;
  uv_connect_t connect;
};

static union any_stream server;
static struct pair pairs[AT_ONCE];
static struct place place;
static long connects_left;
static long ends_left; /* of either kind, not yet closed */

static void end_closed(void) {
  if (--ends_left == 0)
    uv_close(&server.handle, NULL);
}

static void start_connect(struct pair* pair);

static void on_client_closed(uv_handle_t* handle) {
  end_closed();
  if (connects_left > 0)
    start_connect((struct pair*) handle);
}

static void on_reset(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread < 0)
    uv_close((uv_handle_t*) stream, on_client_closed);
}

static void on_connected(uv_connect_t* req, int status) {
  uv_buf_t byte = uv_buf_init("x", 1);

  check(status, "connect");
  check(uv_try_write(req->handle, &byte, 1), "uv_try_write");
  check(uv_read_start(req->handle, small_room, on_reset), "uv_read_start");
}

static void start_connect(struct pair* pair) {
  connects_left--;
  stream_connect(server.handle.loop, &pair->connect, &pair->client, &place, on_connected);
}

static void on_accepted_closed(uv_handle_t* handle) {
  free(handle);
  end_closed();
}

static void on_byte(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  check((int) nread, "the byte");
  check(uv_tcp_close_reset((uv_tcp_t*) stream, on_accepted_closed), "uv_tcp_close_reset");
}

static void on_connection(uv_stream_t* listener, int status) {
  union any_stream* accepted;

  check(status, "connection");
  accepted = allocate(sizeof(*accepted));
  stream_accept(listener, accepted);
  check(uv_read_start(&accepted->stream, small_room, on_byte), "uv_read_start");
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  struct measure measure;
  long connections = argument(argc, argv, 1, 1000);
  int i;

  connects_left = connections;
  ends_left = 2 * connections;
  check(uv_loop_init(&loop), "uv_loop_init");
  place = stream_listen(&loop, &server, TCP, on_connection);

  measure = measure_begin();
  for (i = 0; i < AT_ONCE && connects_left > 0; i++)
    start_connect(&pairs[i]);
  uv_run(&loop, UV_RUN_DEFAULT);
  measure_end(&measure, connections);
  check(uv_loop_close(&loop), "uv_loop_close");
  return 0;
}
