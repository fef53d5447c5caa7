/* The write queue: how requests are gathered into calls, and how what the system took is
 * given back to them. The system is a handful of functions in this file that take exactly as
 * much as they are told to, so that every place where a write can be cut is tried. */
#include <string.h>

#include "core/stream/stream.h"
#include "harness.h"

enum {
  TOTAL = 11, /* bytes of all requests below */
  REQUESTS = 6
};

/* Buffer lengths of each request; ends with -1. Empty buffers are everywhere they can be. */
static const int lengths[REQUESTS][5] = {
    {0, 3, -1}, {0, -1}, {2, 0, 1, -1}, {0, 0, -1}, {0, 0, 4, 0, -1}, {1, 0, -1},
};

/* What the system has been told to do: bit i of `cuts` ends a write before byte i + 1. */
static struct {
  unsigned cuts;
  int later;     /* every second write is pending, and `done` says what was taken */
  int fail_at;   /* the write that begins with this byte fails; -1: none */
  int began;     /* the first call has been held up */
  size_t result; /* of the pending write */
  char taken[TOTAL];
  size_t count;
} sys;

static uv_loop_t loop;
static uv_tcp_t tcp;
static uv_write_t req[REQUESTS];
static char bytes[TOTAL];
static int status_of[REQUESTS];
static int called;

static void sys_init(struct uv__io* io) {
  (void) io;
}

static size_t take(const uv_buf_t* bufs, unsigned nbufs) {
  size_t begin = sys.count;
  unsigned i;
  size_t k;

  for (i = 0; i < nbufs; i++) {
    CHECK(bufs[i].len > 0);
    for (k = 0; k < bufs[i].len; k++) {
      if (sys.count > begin && (sys.cuts >> (sys.count - 1) & 1))
        return sys.count - begin;
      CHECK(sys.count < TOTAL);
      sys.taken[sys.count++] = bufs[i].base[k];
    }
  }
  return sys.count - begin;
}

static ssize_t sys_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* const* pass) {
  size_t n;

  CHECK(nbufs > 0);
  CHECK(pass == NULL);
  if (mode == UV__TRY) {
    CHECK(io->busy & UV__WRITE); /* from uv_close, behind what is in flight */
    return UV_EAGAIN;
  }
  CHECK(!(io->busy & UV__WRITE));
  if (!sys.began) { /* so that the other requests are queued behind it */
    sys.began = 1;
    sys.result = 0;
    return UV__PENDING;
  }
  if (sys.fail_at >= 0 && sys.count >= (size_t) sys.fail_at)
    return UV_ECONNRESET;
  n = take(bufs, nbufs);
  if (sys.later && sys.count % 2 == 0) {
    sys.result = n;
    return UV__PENDING;
  }
  return (ssize_t) n;
}

static ssize_t sys_done(struct uv__io* io, enum uv__lane lane) {
  (void) io;
  CHECK_EQ(lane, UV__WRITE);
  return (ssize_t) sys.result;
}

static int sys_close(struct uv__io* io) {
  (void) io;
  return 0;
}

static const struct uv__ops sys_ops = {
    .init = sys_init, .write = sys_write, .done = sys_done, .close = sys_close};

static void on_write(uv_write_t* r, int status) {
  int i = (int) (r - req);

  CHECK_EQ(i, called); /* in the order of submission (rule W1) */
  status_of[i] = status;
  called++;
}

static void begin(unsigned cuts, int later, int fail_at) {
  int i;

  memset(&sys, 0, sizeof(sys));
  sys.cuts = cuts;
  sys.later = later;
  sys.fail_at = fail_at;
  called = 0;
  for (i = 0; i < TOTAL; i++)
    bytes[i] = (char) ('a' + i);
  uv__stream_init(&loop, (uv_stream_t*) &tcp, UV_TCP, &sys_ops);
  uv__stream_connected((uv_stream_t*) &tcp, UV__OPENED_READABLE | UV__OPENED_WRITABLE);
}

static void submit(void) {
  size_t at = 0;
  int i;

  for (i = 0; i < REQUESTS; i++) {
    uv_buf_t bufs[5];
    unsigned n;

    for (n = 0; lengths[i][n] >= 0; n++) {
      bufs[n] = uv_buf_init(bytes + at, (unsigned) lengths[i][n]);
      at += (size_t) lengths[i][n];
    }
    memset(&req[i], 0xa5, sizeof(req[i]));
    CHECK_EQ(uv_write(&req[i], (uv_stream_t*) &tcp, bufs, n, on_write), 0);
    memset(bufs, 0xa5, sizeof(bufs));
    CHECK_EQ(tcp.write_queue_size, at - sys.count);
  }
  CHECK_EQ(at, TOTAL);
  CHECK_EQ(called, 0);
}

/* Turns of the loop, with a ring whenever a write is pending, until all callbacks ran. */
static void run(void) {
  int turns;

  for (turns = 0; called < REQUESTS; turns++) {
    CHECK(turns < 200);
    if (tcp.stream.io.busy & UV__WRITE)
      uv__ring(&tcp.stream.io, UV__WRITE);
    uv_run(&loop, UV_RUN_NOWAIT);
  }
  CHECK_EQ(tcp.write_queue_size, 0);
}

static void end(void) {
  uv_close((uv_handle_t*) &tcp, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

TEST(w1_every_way_to_cut_a_queue) {
  unsigned cuts;
  int i, later;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (cuts = 0; cuts < 1u << (TOTAL - 1); cuts++) {
    for (later = 0; later < 2; later++) {
      begin(cuts, later, -1);
      submit();
      run();
      CHECK_EQ(sys.count, TOTAL);
      CHECK(memcmp(sys.taken, bytes, TOTAL) == 0);
      for (i = 0; i < REQUESTS; i++)
        CHECK_EQ(status_of[i], 0);
      end();
    }
  }
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* Requests whose last byte was taken succeeded, the others have the error, in order. */
TEST(w6_failure_at_every_byte) {
  unsigned cuts;
  int fail_at;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (cuts = 0; cuts < 1u << (TOTAL - 1); cuts += 7) {
    for (fail_at = 0; fail_at < TOTAL; fail_at++) {
      size_t at = 0;
      int i, k, failed = 0;

      begin(cuts, 0, fail_at);
      submit();
      run();
      for (i = 0; i < REQUESTS; i++) {
        size_t length = 0;

        for (k = 0; lengths[i][k] >= 0; k++)
          length += (size_t) lengths[i][k];
        at += length;
        if (at > sys.count)
          failed = 1;
        /* An empty request right at the place of the failure may go either way. */
        if (at != sys.count || length > 0)
          CHECK_EQ(status_of[i], failed ? UV_ECONNRESET : 0);
      }
      end();
    }
  }
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* A cancelled request gives no byte to the system, and keeps its place among the callbacks. */
TEST(w11_cancel_each_request) {
  unsigned cuts;
  int victim, i, k;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (cuts = 0; cuts < 1u << (TOTAL - 1); cuts += 5) {
    for (victim = 1; victim < REQUESTS; victim++) {
      char want[TOTAL];
      size_t count = 0, at = 0, own = 0;

      begin(cuts, 1, -1);
      submit();
      for (i = 0; i < REQUESTS; i++) {
        for (k = 0; lengths[i][k] >= 0; k++) {
          if (i != victim) {
            memcpy(want + count, bytes + at, (size_t) lengths[i][k]);
            count += (size_t) lengths[i][k];
          } else {
            own += (size_t) lengths[i][k];
          }
          at += (size_t) lengths[i][k];
        }
      }
      i = uv_cancel((uv_req_t*) &req[victim]);
      CHECK_EQ(i, 0);
      CHECK_EQ(tcp.write_queue_size, TOTAL - own);
      run();
      CHECK_EQ(sys.count, count);
      CHECK(memcmp(sys.taken, want, count) == 0);
      for (i = 0; i < REQUESTS; i++)
        CHECK_EQ(status_of[i], i == victim ? UV_ECANCELED : 0);
      end();
    }
  }
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* Bytes that a pending write may already have taken cannot be called back. */
TEST(w11_bytes_in_flight_cannot_be_cancelled) {
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  begin(0, 0, -1);
  sys.later = 1;
  sys.cuts = 1u << 9; /* ten of the eleven bytes: an even number, so that they are pending */
  submit();
  uv__ring(&tcp.stream.io, UV__WRITE);
  uv_run(&loop, UV_RUN_NOWAIT);
  CHECK(tcp.stream.io.busy & UV__WRITE);
  for (i = 0; i < REQUESTS; i++)
    if (i != 1 && i != 3) /* those carry nothing */
      CHECK_EQ(uv_cancel((uv_req_t*) &req[i]), UV_EBUSY);
  run();
  CHECK(memcmp(sys.taken, bytes, TOTAL) == 0);
  end();
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* Closed with a write in flight: what that took counts, the rest is cancelled (rule L5). */
TEST(l5_close_with_a_write_in_flight) {
  int taken;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (taken = 0; taken <= lengths[0][1]; taken++) {
    size_t at = 0;
    int i, k;

    begin(0, 0, -1);
    submit();
    sys.result = (size_t) taken; /* of the first call, whose array held one request */
    uv_close((uv_handle_t*) &tcp, NULL);
    CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
    CHECK_EQ(called, REQUESTS);
    CHECK_EQ(tcp.write_queue_size, 0);
    for (i = 0; i < REQUESTS; i++) {
      size_t length = 0;

      for (k = 0; lengths[i][k] >= 0; k++)
        length += (size_t) lengths[i][k];
      at += length;
      if (length > 0)
        CHECK_EQ(status_of[i], at <= sys.result ? 0 : UV_ECANCELED);
    }
  }
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* A stream that waits for what it lacks, as a listener that was a client before may do, does not let what it
 * owes wait as long. */
TEST(w1_callback_does_not_wait_for_what_the_stream_lacks) {
  uv_buf_t buf;

  CHECK_EQ(uv_loop_init(&loop), 0);
  begin(0, 0, -1);
  sys.began = 1;
  uv__loop_starve(&tcp.stream.io);
  buf = uv_buf_init(bytes, 1);
  CHECK_EQ(uv_write(&req[0], (uv_stream_t*) &tcp, &buf, 1, on_write), 0);
  CHECK_EQ(called, 0);
  (void) uv_run(&loop, UV_RUN_NOWAIT);
  CHECK_EQ(called, 1);
  end();
  CHECK_EQ(uv_loop_close(&loop), 0);
}
