/* What a message costs on Windows, in calls of the system (docs/BENCH.md, "calls per operation"). Where
 * they can be counted: through the shim under Wine and on Windows, and in the model. The whole table is
 * bench/ledger_win.c's. */
#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

#ifdef UVTEST_SHIM

enum {
  WARM_UP = 5,
  ROUNDS = 50,
  EACH = 32,
  BURST = 100
};

static uv_pipe_t ends[2];
static uv_write_t writes[BURST];
static int rounds;
static size_t arrived;

static void say(int from, unsigned size, uv_write_t* req) {
  uv_buf_t buf = uv_buf_init(net_block(), size);

  CHECK_EQ(uv_write(req, (uv_stream_t*) &ends[from], &buf, 1, NULL), 0);
}

static void on_echo(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  int at = stream == (uv_stream_t*) &ends[1];

  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, EACH);
  rounds++;
  if (rounds == WARM_UP)
    shim_count_begin();
  if (rounds == WARM_UP + ROUNDS)
    shim_count_end();
  else
    say(at, EACH, &writes[at]);
}

static void echo(int ipc) {
  test_pipe_pair(&ends[0], &ends[1], ipc);
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[0], net_alloc, on_echo), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[1], net_alloc, on_echo), 0);
  net_turns(3);
  say(0, EACH, &writes[0]);
  net_until(&rounds, WARM_UP + ROUNDS);
  CHECK_EQ(shim_count("WriteFile"), ROUNDS);
  CHECK_EQ(shim_count("ReadFile"), 2 * ROUNDS);
  CHECK_EQ(shim_count("PeekNamedPipe"), 0);
  net_end();
}

static void on_burst(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0);
  arrived += (size_t) nread;
  rounds = arrived == (size_t) BURST * EACH;
}

#endif

/* A read of nothing that waits, one of what came, and a write. */
TEST(r2_message_of_a_pipe_is_not_looked_for) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  echo(0);
#endif
}

/* Head and payload in one piece, both ways. */
TEST(i5_small_frame_is_one_write_and_one_read) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  echo(1);
#endif
}

/* One look tells of all that came, not one for each. */
TEST(r2_messages_of_a_pipe_are_counted_once) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  int i;

  test_pipe_pair(&ends[0], &ends[1], 0);
  for (i = 0; i < BURST; i++)
    say(0, EACH, &writes[i]);
  shim_count_begin();
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[1], net_alloc, on_burst), 0);
  net_until(&rounds, 1);
  shim_count_end();
  CHECK(shim_count("ReadFile") <= BURST + 3);
  CHECK(shim_count("PeekNamedPipe") <= 3);
  net_end();
#endif
}
