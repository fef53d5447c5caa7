/* Reading: when it may start, whose buffers, what nread means, stopping, fairness
 * (rules R1-R6). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

static void never_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  (void) buf;
  FAIL("asked for a buffer without need");
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
  FAIL("a read callback that nobody waits for");
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

/* ---- R1 ---- */

TEST(r1_start_refused) {
  struct sockaddr_in any = net_address(0);
  uv_tcp_t fresh;
  uv_tcp_t bound;
  uv_tcp_t listening;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &fresh, never_alloc, never_read), UV_ENOTCONN);
  CHECK_EQ(uv_tcp_init(net_loop(), &bound), 0);
  CHECK_EQ(uv_tcp_bind(&bound, (struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &bound, never_alloc, never_read), UV_ENOTCONN);
  net_listen(&listening, 8, ignore_connection);
  CHECK_EQ(uv_read_start((uv_stream_t*) &listening, never_alloc, never_read), UV_ENOTCONN);

  net_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, NULL, never_read), UV_EINVAL);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, never_alloc, NULL), UV_EINVAL);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, never_read), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, never_read), UV_EALREADY);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, never_read), UV_EINVAL);
  net_end();
}

static int connected;

static void note_connect(uv_connect_t* req, int status) {
  struct net_sink* sink = req->handle->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(sink->bytes, 0); /* the data flows after this callback */
  connected++;
}

static uv_tcp_t accepted;
static int sent;

static void accept_and_send(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  net_send((uv_stream_t*) &accepted, 1000, 0, &sent);
}

TEST(r1_start_while_connecting) {
  struct net_sink sink = {0};
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, accept_and_send);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, note_connect), 0);
  net_drain((uv_stream_t*) &client, &sink);
  net_until_bytes(&sink, 1000);
  CHECK_EQ(connected, 1);
  CHECK_EQ(sink.ended, 0);
  net_end();
}

/* ---- R2 ---- */

enum {
  STREAMS = 10
};

static char shared[512];
static uv_handle_t* borrower; /* who was given the shared buffer and did not return it yet */
static uint64_t places[STREAMS];
static int finished;

static void alloc_shared(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  CHECK(borrower == NULL);
  CHECK(size > 0);
  borrower = handle;
  *buf = uv_buf_init(shared, sizeof shared);
}

static void read_shared(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uint64_t* place = stream->data;

  if (nread == UV_EOF && borrower == NULL) {
    finished++; /* R4: the end may come without a buffer */
    return;
  }
  CHECK(borrower == (uv_handle_t*) stream);
  CHECK(buf->base == shared);
  borrower = NULL;
  if (nread > 0) {
    pattern_check(shared, (size_t) nread, *place);
    *place += (uint64_t) nread;
  } else if (nread == UV_EOF) {
    finished++;
  } else {
    CHECK_EQ(nread, 0);
  }
}

static void ignore_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
}

TEST(r2_one_static_buffer_serves_all_streams) {
  static uv_tcp_t a[STREAMS];
  static uv_tcp_t b[STREAMS];
  static uv_shutdown_t shutdowns[STREAMS];
  int done = 0;
  int i;

  for (i = 0; i < STREAMS; i++) {
    net_pair(&a[i], &b[i]);
    b[i].data = &places[i];
    CHECK_EQ(uv_read_start((uv_stream_t*) &b[i], alloc_shared, read_shared), 0);
  }
  for (i = 0; i < STREAMS; i++) {
    net_send((uv_stream_t*) &a[i], 100000, 0, &done);
    CHECK_EQ(uv_shutdown(&shutdowns[i], (uv_stream_t*) &a[i], ignore_shutdown), 0);
  }
  net_until(&finished, STREAMS);
  for (i = 0; i < STREAMS; i++) {
    CHECK_EQ(places[i], 100000);
  }
  CHECK(borrower == NULL);
  net_end();
}

static int handed_back;

static void alloc_and_stop(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) size;
  *buf = uv_buf_init(shared, sizeof shared);
  CHECK_EQ(uv_read_stop((uv_stream_t*) handle), 0);
}

static void read_back(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK_EQ(nread, 0);
  CHECK(buf->base == shared);
  handed_back++;
}

TEST(r2_buffer_comes_back_when_the_alloc_callback_stops_reading) {
  struct net_sink sink = {0};
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, alloc_and_stop, read_back), 0);
  net_send((uv_stream_t*) &a, 1000, 0, &done);
  net_until(&handed_back, 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(handed_back, 1);
  net_drain((uv_stream_t*) &b, &sink); /* nothing was consumed */
  net_until_bytes(&sink, 1000);
  net_end();
}

static void alloc_and_close(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) size;
  *buf = uv_buf_init(shared, sizeof shared);
  uv_close(handle, net_count_close);
}

static void read_back_before_close(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  CHECK_EQ(net_closed, 0);
  read_back(stream, nread, buf);
}

TEST(r2_buffer_comes_back_when_the_alloc_callback_closes) {
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  net_closed = 0;
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, alloc_and_close, read_back_before_close), 0);
  net_send((uv_stream_t*) &a, 1000, 0, &done);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(handed_back, 1);
  CHECK_EQ(net_closed, 1);
  net_end();
}

/* ---- R3 ---- */

static int refusals;
static int refused;

static void alloc_refusing(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  if (refusals > 0) {
    refusals--;
    /* both forms of "no" */
    *buf = refusals % 2 == 0 ? uv_buf_init(NULL, 0) : uv_buf_init(shared, 0);
    return;
  }
  net_alloc(handle, size, buf);
}

static struct net_sink r3_sink;

static void read_refused(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread == UV_ENOBUFS) {
    CHECK_EQ(buf->len, 0);
    CHECK_EQ(r3_sink.bytes, 0);
    refused++;
    return;
  }
  CHECK(nread >= 0);
  pattern_check(buf->base, (size_t) nread, r3_sink.bytes);
  r3_sink.bytes += (uint64_t) nread;
}

TEST(r3_no_buffer_is_enobufs_and_reading_goes_on) {
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  refusals = 4;
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, alloc_refusing, read_refused), 0);
  net_send((uv_stream_t*) &a, 5000, 0, &done);
  net_until_bytes(&r3_sink, 5000);
  CHECK_EQ(refused, 4);
  net_end();
}

/* ---- R4 ---- */

static int shut;

static void count_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  shut++;
}

TEST(r4_eof_comes_once_and_stops_reading) {
  struct net_sink sink = {0};
  uv_shutdown_t shutdown;
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  net_send((uv_stream_t*) &a, 3000, 0, &done);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, count_shutdown), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0); /* ends: nobody reads any more */
  CHECK_EQ(sink.bytes, 3000);
  CHECK_EQ(sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(uv_is_active((uv_handle_t*) &b), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &b), 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &b), 1);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, never_alloc, never_read), UV_ENOTCONN);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &b), 0);
  net_end();
}

static int resets;

TEST(r4_reset_is_an_error_and_stops_reading) {
  struct net_sink sink = {0};
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  net_turns(3); /* the read is pending when the reset comes */
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(sink.ended, 1);
  CHECK_EQ(sink.status, UV_ECONNRESET);
  CHECK_EQ(uv_is_active((uv_handle_t*) &b), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, never_alloc, never_read), UV_ENOTCONN);
  net_end();
}

/* What a reader hears who begins now. */
static void hear_reset(uv_stream_t* stream) {
  struct net_sink sink = {0};

  net_drain(stream, &sink);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(sink.ended, 1);
  CHECK_EQ(sink.status, UV_ECONNRESET);
}

/* The system tells of a reset once. Whoever reads must not take what is left for the end of all bytes. */
TEST(r4_reset_that_a_write_found_is_no_end) {
  uv_buf_t buf = uv_buf_init("?", 1);
  uv_tcp_t a;
  uv_tcp_t b;
  int r;

  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), 0);
  do {
    net_turns(1);
    r = uv_try_write((uv_stream_t*) &b, &buf, 1);
  } while (r > 0 || r == UV_EAGAIN);
  CHECK(r == UV_ECONNRESET || r == UV_ECONNABORTED || r == UV_EPIPE);
  hear_reset((uv_stream_t*) &b);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &b), 0);
  net_end();
}

static int ends;

static void count_reset(uv_write_t* req, int status) {
  (void) req;
  resets += status == UV_ECONNRESET || status == UV_ECONNABORTED || status == UV_EPIPE;
  ends++;
}

TEST(r4_reset_that_a_write_alone_found_is_no_end) {
  uv_buf_t buf = uv_buf_init("?", 1);
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), 0);
  while (resets == 0) {
    CHECK_EQ(uv_write(&write, (uv_stream_t*) &b, &buf, 1, count_reset), 0);
    net_until(&ends, ends + 1);
  }
  hear_reset((uv_stream_t*) &b);
  net_end();
}

/* So it is with a write that waits for room when the reset comes, and takes it before reading does. */
TEST(r4_reset_that_a_waiting_write_found_is_no_end) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_small_pair(&a, &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &b, &buf, 1, count_reset), 0);
  net_turns(3);
  CHECK_EQ(resets, 0);
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), 0);
  net_until(&resets, 1);
  hear_reset((uv_stream_t*) &b);
  net_end();
}

/* ---- R5 ---- */

TEST(r5_stop_is_idempotent_and_always_0) {
  struct net_sink sink = {0};
  uv_tcp_t fresh;
  uv_tcp_t listening;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &fresh), 0);
  net_listen(&listening, 8, ignore_connection);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &listening), 0);
  net_pair(&a, &b);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &a), 0);
  net_drain((uv_stream_t*) &a, &sink);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &a), 0);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &a), 0);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &a), 0);
  net_end();
}

TEST(r5_listener_that_was_stopped_still_listens) {
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, accept_and_send);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &server), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &server), 1);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, NULL), 0);
  net_until(&sent, 1);
  net_end();
}

TEST(r5_bytes_wait_while_stopped) {
  struct net_sink sink = {0};
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, never_alloc, never_read), 0);
  net_turns(3); /* the question to the system is open */
  CHECK_EQ(uv_read_stop((uv_stream_t*) &b), 0);
  net_send((uv_stream_t*) &a, 1000, 0, &done);
  net_until(&done, 1);
  net_turns(10);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0); /* no event is left to wake it */
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, 1000);
  net_end();
}

static uint64_t r5_place;
static int r5_eof;

static void read_one_and_stop(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread == UV_EOF) {
    r5_eof++;
    return;
  }
  CHECK(nread >= 0);
  pattern_check(buf->base, (size_t) nread, r5_place);
  r5_place += (uint64_t) nread;
  CHECK_EQ(uv_read_stop(stream), 0);
}

static void alloc_odd(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  *buf = uv_buf_init(shared, 333);
}

static int pulls;

static void pull(uv_check_t* check) {
  uv_stream_t* stream = check->data;

  pulls++;
  if (!uv_is_active((uv_handle_t*) stream) && !r5_eof) {
    CHECK_EQ(uv_read_start(stream, alloc_odd, read_one_and_stop), 0);
  }
  if (r5_eof) {
    uv_close((uv_handle_t*) check, NULL);
  }
}

static void wake(uv_idle_t* idle) {
  if (r5_eof) {
    uv_close((uv_handle_t*) idle, NULL);
  }
}

/* Stop after each read, start in the next turn: bytes and EOF arrive in order, none twice. */
TEST(r5_stop_and_start_again_loses_nothing) {
  uv_shutdown_t shutdown;
  uv_check_t check;
  uv_idle_t idle;
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  net_send((uv_stream_t*) &a, 50000, 0, &done);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, ignore_shutdown), 0);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  check.data = &b;
  CHECK_EQ(uv_check_start(&check, pull), 0);
  CHECK_EQ(uv_idle_init(net_loop(), &idle), 0);
  CHECK_EQ(uv_idle_start(&idle, wake), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(r5_place, 50000);
  CHECK_EQ(r5_eof, 1);
  CHECK(pulls > 50000 / 333);
  net_end();
}

static void read_second(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct net_sink* sink = stream->data;

  CHECK(nread >= 0);
  pattern_check(buf->base, (size_t) nread, sink->bytes);
  sink->bytes += (uint64_t) nread;
}

static void read_first(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    read_second(stream, nread, buf);
    CHECK_EQ(uv_read_stop(stream), 0);
    CHECK_EQ(uv_read_start(stream, net_alloc, read_second), 0);
  }
}

TEST(r5_start_with_other_callbacks_inside_the_read_callback) {
  struct net_sink sink = {0};
  uv_tcp_t a;
  uv_tcp_t b;
  int done = 0;

  net_pair(&a, &b);
  b.data = &sink;
  CHECK_EQ(uv_read_start((uv_stream_t*) &b, alloc_odd, read_first), 0);
  net_send((uv_stream_t*) &a, 20000, 0, &done);
  net_until_bytes(&sink, 20000);
  net_end();
}

static void read_and_stop_other(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread > 0) {
    uv_stream_t* other = stream->data;

    CHECK_EQ(uv_is_active((uv_handle_t*) stream), 1);
    CHECK_EQ(uv_read_stop(other), 0);
    CHECK_EQ(uv_read_stop(stream), 0);
    finished++;
  }
}

TEST(r5_no_read_callback_after_another_stream_stopped_it) {
  uv_tcp_t a[2];
  uv_tcp_t b[2];
  int done = 0;
  int i;

  for (i = 0; i < 2; i++) {
    net_pair(&a[i], &b[i]);
    net_send((uv_stream_t*) &a[i], 10, 0, &done);
  }
  net_until(&done, 2);
  for (i = 0; i < 2; i++) {
    b[i].data = &b[1 - i];
    CHECK_EQ(uv_read_start((uv_stream_t*) &b[i], net_alloc, read_and_stop_other), 0);
  }
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(finished, 1);
  net_end();
}

/* ---- R6 ---- */

static int flood_reads;    /* in this turn */
static int flood_most;     /* in any turn */
static uint64_t flood_all; /* bytes */
static uint64_t flood_all_at_small;
static int small_reads;

static void alloc_tiny(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  *buf = uv_buf_init(shared, 16);
}

static void read_flood(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0);
  flood_all += (uint64_t) nread;
  if (++flood_reads > flood_most) {
    flood_most = flood_reads;
  }
}

static void read_small(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread > 0) {
    flood_all_at_small = flood_all;
    small_reads++;
  }
}

static void end_turn(uv_check_t* check) {
  (void) check;
  flood_reads = 0;
}

/* All bytes are there before reading starts, and buffers are tiny: an unfair reader would
 * take them all in one turn. */
TEST(r6_reader_gives_way_after_a_bounded_number_of_reads) {
  enum {
    FLOOD = 30000,
    FAIR = 256 /* reads in a turn; far below FLOOD / 16 */
  };
  uv_check_t check;
  uv_tcp_t a[2];
  uv_tcp_t b[2];
  int done = 0;

  net_pair(&a[0], &b[0]);
  net_pair(&a[1], &b[1]);
  net_send((uv_stream_t*) &a[0], FLOOD, 0, &done);
  net_send((uv_stream_t*) &a[1], 1, 0, &done);
  net_until(&done, 2);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_check_start(&check, end_turn), 0);
  uv_unref((uv_handle_t*) &check);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b[0], alloc_tiny, read_flood), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &b[1], alloc_tiny, read_small), 0);
  while (flood_all < FLOOD) {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK(flood_most <= FAIR);
  CHECK_EQ(small_reads, 1);
  CHECK(flood_all_at_small < FLOOD); /* it did not have to wait for the end */
  net_end();
}

#ifndef _WIN32

static char heard[16];
static int heard_length;

static void hear(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK(nread >= 0);
  CHECK((size_t) heard_length + (size_t) nread < sizeof heard);
  memcpy(heard + heard_length, buf->base, (size_t) nread);
  heard_length += (int) nread;
}

#endif

/* A read ends where a byte was sent that is urgent, which says nothing about what is behind it. */
TEST(r5_urgent_byte_hides_nothing) {
#ifdef _WIN32
  SKIP("whether a read ends there is the system's affair, and no edge depends on it");
#else
  uv_tcp_t a;
  uv_tcp_t b;
  uv_os_fd_t fd;
  int round;

  net_pair(&a, &b);
  CHECK_EQ(uv_fileno((uv_handle_t*) &a, &fd), 0);
  for (round = 1; round <= 2; round++) {
    memset(heard, 0, sizeof heard);
    heard_length = 0;
    CHECK_EQ(send(fd, "abc", 3, 0), 3);
    CHECK_EQ(send(fd, "!", 1, MSG_OOB), 1);
    CHECK_EQ(send(fd, "def", 3, 0), 3);
    CHECK_EQ(uv_read_start((uv_stream_t*) &b, net_alloc, hear), 0);
    net_until(&heard_length, 6);
    CHECK_STR(heard, "abcdef");
    CHECK_EQ(uv_read_stop((uv_stream_t*) &b), 0);
  }
  net_end();
#endif
}
