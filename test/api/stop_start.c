/* Rule R5 under load, for every kind of stream that needs no terminal: reading is stopped and
 * started at random while bytes keep coming.
 *
 *   uvtest_api r5_stop_and_start_under_load 1000000     with as many rounds as that, for `./dev soak` */
#include <stdlib.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

enum {
#ifdef _WIN32
  ROUNDS = 3000, /* unless the command line says otherwise; each is ten times as dear under Wine */
#else
  ROUNDS = 10000,
#endif
  WATCHED = 1000, /* rounds that should not take as long as the watchdog waits */
  CHUNK = 4096
};

static unsigned long rounds;
static unsigned long written;
static unsigned long stops;
static uint64_t received;
static unsigned dice;

static unsigned roll(unsigned sides) {
  dice = dice * 1103515245u + 12345u;
  return (dice >> 16) % sides;
}

/* ---- The reader ---- */

static void alloc_chunk(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  net_alloc(handle, size, buf);
  buf->len = CHUNK;
}

static void read_now_and_then(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  CHECK(nread >= 0);
  pattern_check(buf->base, (size_t) nread, received);
  received += (size_t) nread;
  if (roll(2) == 0) {
    stops++;
    CHECK_EQ(uv_read_stop(stream), 0);
  }
}

/* ---- The writer: one chunk a round ---- */

static char chunk[CHUNK];

static void write_chunk(uv_write_t* req, int status) {
  uv_buf_t buf = uv_buf_init(chunk, CHUNK);

  CHECK_EQ(status, 0);
  if (written == rounds) {
    return;
  }
  pattern_fill(chunk, CHUNK, (uint64_t) written * CHUNK);
  written++;
  if (written % WATCHED == 0) {
    net_goes_on();
  }
  CHECK_EQ(uv_write(req, req->data, &buf, 1, write_chunk), 0);
}

/* The writer's chunk is the reader's buffer, so that reads and writes meet. */
static void stop_and_start(uv_stream_t* from, uv_stream_t* to) {
  const char* wanted = harness_arg(0);
  uv_write_t req;

  rounds = wanted == NULL ? ROUNDS : strtoul(wanted, NULL, 10);
  CHECK(rounds > 0);
  dice = 12345;
  received = 0;
  written = stops = 0;
  req.data = from;
  write_chunk(&req, 0);
  while (received < (uint64_t) rounds * CHUNK) {
    int r = uv_read_start(to, alloc_chunk, read_now_and_then);

    CHECK(r == 0 || r == UV_EALREADY);
    if (roll(4) == 0) {
      CHECK_EQ(uv_read_stop(to), 0);
      CHECK_EQ(uv_read_stop(to), 0);
      CHECK_EQ(uv_read_start(to, alloc_chunk, read_now_and_then), 0);
    }
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK(stops > rounds / 4);
  net_close((uv_handle_t*) to); /* first: it shall not see the other's end */
  net_close((uv_handle_t*) from);
}

static void over_pipes(enum test_way way) {
  uv_pipe_t from;
  uv_pipe_t to;

  test_pipe_way(way, &from, &to);
  stop_and_start((uv_stream_t*) &from, (uv_stream_t*) &to);
  net_end();
}

TEST(r5_stop_and_start_under_load) {
  over_pipes(TEST_NAMED);
}

TEST(r5_stop_and_start_under_load_over_ipc) {
  over_pipes(TEST_IPC);
}

TEST(r5_stop_and_start_under_load_over_plain_pipes) {
  over_pipes(TEST_ENDS);
}

TEST(r5_stop_and_start_under_load_over_tcp) {
  uv_tcp_t from;
  uv_tcp_t to;

  net_pair(&from, &to);
  stop_and_start((uv_stream_t*) &from, (uv_stream_t*) &to);
  net_end();
}
