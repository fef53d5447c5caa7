/* Many small writes in one callback: 1,000 uv_writes of 64 bytes each, round after round.
 * The reading end is on the same loop and reads in large pieces, so that its share is small
 * and the same for both libraries.
 *
 * usage: bench_small_writes ROUNDS
 * Prints messages, cpu_ns and wall_ns. */
#include "bench.h"

#define WRITES 1000
#define MESSAGE_SIZE 64

static uv_tcp_t server;
static uv_tcp_t sender;
static uv_tcp_t receiver;
static uv_write_t requests[WRITES];
static char outgoing[MESSAGE_SIZE];
static char incoming[65536];
static long rounds_left;
static int callbacks_left; /* of this round */
static size_t bytes_left;

static void on_written(uv_write_t* req, int status);

static void start_round(void) {
  uv_buf_t out = uv_buf_init(outgoing, MESSAGE_SIZE);
  int i;

  callbacks_left = WRITES;
  bytes_left = (size_t) WRITES * MESSAGE_SIZE;
  for (i = 0; i < WRITES; i++)
    check(uv_write(&requests[i], (uv_stream_t*) &sender, &out, 1, on_written), "uv_write");
}

/* A round is over when all its bytes and all its callbacks have come. */
static void end_part(void) {
  if (callbacks_left > 0 || bytes_left > 0)
    return;
  if (--rounds_left > 0) {
    start_round();
    return;
  }
  uv_close((uv_handle_t*) &receiver, NULL);
  uv_close((uv_handle_t*) &sender, NULL);
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  check(status, "write");
  callbacks_left--;
  end_part();
}

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(incoming, sizeof(incoming));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
  if (nread == 0)
    return;
  bytes_left -= (size_t) nread;
  end_part();
}

static void on_connection(uv_stream_t* listener, int status) {
  check(status, "connection");
  check(uv_tcp_init(listener->loop, &receiver), "uv_tcp_init");
  check(uv_accept(listener, (uv_stream_t*) &receiver), "uv_accept");
  check(uv_read_start((uv_stream_t*) &receiver, on_alloc, on_read), "uv_read_start");
  uv_close((uv_handle_t*) listener, NULL);
}

static void on_connected(uv_connect_t* req, int status) {
  (void) req;
  check(status, "connect");
  check(uv_tcp_nodelay(&sender, 1), "uv_tcp_nodelay");
  start_round();
}

int main(int argc, char** argv) {
  uv_loop_t loop;
  uv_connect_t connect;
  struct sockaddr_in addr;
  uint64_t cpu_ns;
  uint64_t wall_ns;
  long rounds = argument(argc, argv, 1, 100);

  rounds_left = rounds;
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
  result("messages", (double) rounds * WRITES);
  check(uv_loop_close(&loop), "uv_loop_close");
  return 0;
}
