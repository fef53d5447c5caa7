/* One-way pump: one end of a connection writes, the other reads, both on one loop, so that
 * the figure is the CPU time of a write and a read together and no scheduler is in it.
 *
 * usage: bench_pump MESSAGES
 * Prints messages, cpu_ns and wall_ns. */
#include "bench.h"

#define MESSAGE_SIZE 65536
#define IN_FLIGHT 4 /* enough that there is always a write to do while a read is done */

static uv_tcp_t server;
static uv_tcp_t sender;
static uv_tcp_t receiver;
static uv_write_t requests[IN_FLIGHT];
static char outgoing[MESSAGE_SIZE];
static char incoming[MESSAGE_SIZE];
static long messages_to_write;
static double bytes_to_read;

static void on_written(uv_write_t* req, int status) {
  uv_buf_t out = uv_buf_init(outgoing, MESSAGE_SIZE);

  check(status, "write");
  if (messages_to_write == 0)
    return;
  messages_to_write--;
  check(uv_write(req, (uv_stream_t*) &sender, &out, 1, on_written), "uv_write");
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(incoming, MESSAGE_SIZE);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  check((int) nread, "read");
  bytes_to_read -= (double) nread;
  if (bytes_to_read > 0)
    return;
  uv_close((uv_handle_t*) stream, NULL);
  uv_close((uv_handle_t*) &sender, NULL);
}

static void on_connection(uv_stream_t* listener, int status) {
  check(status, "connection");
  check(uv_tcp_init(listener->loop, &receiver), "uv_tcp_init");
  check(uv_accept(listener, (uv_stream_t*) &receiver), "uv_accept");
  check(uv_read_start((uv_stream_t*) &receiver, on_alloc, on_read), "uv_read_start");
  uv_close((uv_handle_t*) listener, NULL);
}

static void on_connected(uv_connect_t* req, int status) {
  int i;

  (void) req;
  check(status, "connect");
  for (i = 0; i < IN_FLIGHT; i++)
    on_written(&requests[i], 0);
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  uv_connect_t connect;
  struct sockaddr_in addr;
  uint64_t cpu_ns;
  uint64_t wall_ns;
  long messages = argument(argc, argv, 1, 1000);

  messages_to_write = messages;
  bytes_to_read = (double) messages * MESSAGE_SIZE;
  check(uv_loop_init(&loop), "uv_loop_init");
  check(uv_tcp_init(&loop, &server), "uv_tcp_init");
  addr = listen_somewhere(&server, on_connection);
  check(uv_tcp_init(&loop, &sender), "uv_tcp_init");
  check(uv_tcp_connect(&connect, &sender, (const struct sockaddr*) &addr, on_connected),
        "uv_tcp_connect");

  cpu_ns = bench_cpu_ns();
  wall_ns = uv_hrtime();
  uv_run(&loop, UV_RUN_DEFAULT);
  result("cpu_ns", (double) (bench_cpu_ns() - cpu_ns));
  result("wall_ns", (double) (uv_hrtime() - wall_ns));
  result("messages", (double) messages);
  check(uv_loop_close(&loop), "uv_loop_close");
  return 0;
}
