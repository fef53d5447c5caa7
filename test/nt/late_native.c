/* What is cancelled may end behind the call that cancels it. Under a seed that is so now and then, and here always. */
#include "harness.h"
#include "net.h"
#include "nt.h"
#include "pipes.h"
#include "uv.h"

static int came, sent;

static void on_channel(uv_stream_t* channel, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread >= 0);
  came = uv_pipe_pending_count((uv_pipe_t*) channel);
}

static void on_bytes(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
}

static void on_sent(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  sent++;
}

/* The read that has to be called back does not begin anew each time. */
static void pass_what_reads(int of_server) {
  uv_buf_t buf = uv_buf_init((char*) "h", 1);
  uv_pipe_t left, right, passed;
  uv_pipe_t ends[2];
  uv_write_t req;

  test_pipe_pair(&left, &right, 1);
  test_pipe_pair(&ends[0], &ends[1], 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &right, net_alloc, on_channel), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[of_server], net_alloc, on_bytes), 0);
  net_turns(3);
  nt_trouble.late = 100;
  CHECK_EQ(uv_write2(&req, (uv_stream_t*) &left, &buf, 1, (uv_stream_t*) &ends[of_server], on_sent),
           0);
  net_until(&sent, 1);
  net_until(&came, 1);
  CHECK_EQ(uv_pipe_init(net_loop(), &passed, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &right, (uv_stream_t*) &passed), 0);
  net_close((uv_handle_t*) &ends[of_server]);
  net_exchange((uv_stream_t*) &ends[!of_server], (uv_stream_t*) &passed, 100000);
  net_exchange((uv_stream_t*) &passed, (uv_stream_t*) &ends[!of_server], 100000);
  net_end();
}

TEST(i1_client_that_reads_is_passed_although_cancels_are_late) {
  pass_what_reads(0);
}

TEST(i1_server_that_reads_is_passed_although_cancels_are_late) {
  pass_what_reads(1);
}
