/* Writing: order, memory, the queue's size, refusals, failures, try, cancel
 * (rules W1-W3, W5-W7, W9-W11). Blocking mode is in blocking.c, writes on a connecting
 * stream in connect.c. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pages.h"
#include "pipes.h"
#include "uv.h"

static int order[64];
static int ended;
static int last_status;

static void note_write(uv_write_t* req, int status) {
  CHECK_EQ(req->type, UV_WRITE);
  CHECK(ended < 64);
  order[ended++] = *(int*) req->data;
  last_status = status;
}

static void never_write(uv_write_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a refused write got a callback");
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

static void ignore_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  (void) status;
}

/* ---- W1 ---- */

TEST(w1_order_of_bytes_and_callbacks) {
  enum {
    WRITES = 48
  };
  static uv_write_t writes[WRITES];
  static int names[WRITES];
  struct net_sink sink = {0};
  uint64_t at = 0;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_small_pair(&a, &b);
  for (i = 0; i < WRITES; i++) {
    size_t len = (size_t) (i * 7919) % 70000; /* from nothing to more than the system takes */
    uv_buf_t bufs[3];

    bufs[0] = uv_buf_init(net_block() + at, (unsigned) (len / 2));
    bufs[1] = uv_buf_init(net_block(), 0);
    bufs[2] = uv_buf_init(net_block() + at + len / 2, (unsigned) (len - len / 2));
    at += len;
    names[i] = i;
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, bufs, 3, note_write), 0);
    CHECK_EQ(ended, 0);
  }
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, at);
  net_until(&ended, WRITES);
  for (i = 0; i < WRITES; i++) {
    CHECK_EQ(order[i], i);
  }
  CHECK_EQ(last_status, 0);
  CHECK_EQ(sink.bytes, at);
  CHECK_EQ(a.write_queue_size, 0);
  net_end();
}

/* ---- W2 ---- */

TEST(w2_array_of_buffers_may_go_at_once) {
  struct net_sink sink = {0};
  uv_buf_t bufs[9];
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int name = 0;
  size_t i;

  net_small_pair(&a, &b);
  for (i = 0; i < 9; i++) {
    bufs[i] = uv_buf_init(net_block() + i * 200000, 200000);
  }
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, bufs, 9, note_write), 0);
  memset(bufs, 0, sizeof bufs);
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, 9 * 200000);
  net_until(&ended, 1);
  net_end();
}

static int chained;

static void write_again(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  if (++chained < 100) {
    uv_buf_t buf = uv_buf_init(net_block() + chained * 100, 100);

    CHECK_EQ(uv_write(req, req->handle, &buf, 1, write_again), 0);
  }
}

TEST(w2_request_may_be_used_again_in_its_callback) {
  uv_buf_t buf = uv_buf_init(net_block(), 100);
  struct net_sink sink = {0};
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, write_again), 0);
  net_until(&chained, 100);
  net_until_bytes(&sink, 100 * 100);
  net_end();
}

static void free_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  memset(req, 0x5a, sizeof *req);
  free(req);
  ended++;
}

TEST(w2_request_may_be_freed_in_its_callback) {
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_pair(&a, &b);
  for (i = 0; i < 3; i++) {
    uv_buf_t buf = uv_buf_init("hello", 5);
    uv_write_t* req = malloc(sizeof *req);

    CHECK(req != NULL);
    CHECK_EQ(uv_write(req, (uv_stream_t*) &a, &buf, 1, free_write), 0);
  }
  net_until(&ended, 3);
  net_end();
}

TEST(w2_callback_may_be_missing) {
  uv_buf_t buf = uv_buf_init(net_block(), 100);
  struct net_sink sink = {0};
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, NULL), 0);
  net_until_bytes(&sink, 100);
  net_end();
}

/* ---- W3 ---- */

TEST(w3_first_write_of_a_turn_goes_to_the_system_at_once) {
  uv_buf_t buf = uv_buf_init(net_block(), 100);
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int name = 0;

  net_pair(&a, &b);
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, note_write), 0);
  CHECK_EQ(a.write_queue_size, 0);
  CHECK_EQ(ended, 0); /* the callback comes later all the same */
  net_until(&ended, 1);
  net_end();
}

TEST(w3_queue_size_counts_what_the_system_has_not_taken) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  static char more[1000];
  uv_buf_t small = uv_buf_init(more, sizeof more);
  struct net_sink sink = {0};
  uv_write_t writes[2];
  size_t before;
  uv_tcp_t a;
  uv_tcp_t b;
  int name = 0;

  pattern_fill(more, sizeof more, NET_BLOCK);
  net_small_pair(&a, &b);
  CHECK_EQ(a.write_queue_size, 0);
  writes[0].data = writes[1].data = &name;
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &buf, 1, note_write), 0);
  CHECK(a.write_queue_size > 0);
  CHECK(a.write_queue_size <= NET_BLOCK);
  before = a.write_queue_size;
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &small, 1, note_write), 0);
  CHECK_EQ(a.write_queue_size, before + 1000);
  CHECK_EQ(uv_stream_get_write_queue_size((uv_stream_t*) &a), a.write_queue_size);

  net_drain((uv_stream_t*) &b, &sink);
  before = a.write_queue_size;
  while (ended < 2) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
    CHECK(a.write_queue_size <= before);
    before = a.write_queue_size;
  }
  CHECK_EQ(a.write_queue_size, 0);
  net_until_bytes(&sink, NET_BLOCK + sizeof more);
  net_end();
}

/* What the peer gets is what was accepted less what the queue still held. */
TEST(w3_queue_size_is_exact) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  struct net_sink sink = {0};
  uv_write_t write;
  uint64_t taken;
  uv_tcp_t a;
  uv_tcp_t b;
  int name = 0;

  net_small_pair(&a, &b);
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, note_write), 0);
  net_turns(10);
  taken = NET_BLOCK - a.write_queue_size;
  uv_close((uv_handle_t*) &a, NULL);
  net_until(&ended, 1);
  CHECK_EQ(last_status, UV_ECANCELED);
  CHECK_EQ(a.write_queue_size, 0);
  net_drain((uv_stream_t*) &b, &sink);
  net_until(&sink.ended, 1);
#ifdef _WIN32
  /* The system works on a write as a whole and tells only at its end how far it came. */
  CHECK(sink.bytes >= taken);
#else
  CHECK_EQ(sink.bytes, taken);
#endif
  net_end();
}

/* ---- W5 ---- */

static void expect_refusal(uv_stream_t* stream, int error) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  static uv_write_t write;

  CHECK_EQ(uv_write(&write, stream, &buf, 1, never_write), error);
  CHECK_EQ(uv_write2(&write, stream, &buf, 1, NULL, never_write), error);
  CHECK_EQ(uv_try_write(stream, &buf, 1), error);
  CHECK_EQ(uv_try_write2(stream, &buf, 1, NULL), error);
  CHECK_EQ(stream->write_queue_size, 0);
}

TEST(w5_write_refused_by_phase) {
  struct sockaddr_in any = net_address(0);
  uv_shutdown_t shutdown;
  uv_tcp_t fresh;
  uv_tcp_t with_socket;
  uv_tcp_t bound;
  uv_tcp_t listening;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  expect_refusal((uv_stream_t*) &fresh, UV_EBADF);
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &with_socket, AF_INET), 0);
  expect_refusal((uv_stream_t*) &with_socket, UV_EPIPE);
  CHECK_EQ(uv_tcp_init(net_loop(), &bound), 0);
  CHECK_EQ(uv_tcp_bind(&bound, (struct sockaddr*) &any, 0), 0);
  expect_refusal((uv_stream_t*) &bound, UV_EPIPE);
  net_listen(&listening, 8, ignore_connection);
  expect_refusal((uv_stream_t*) &listening, UV_EPIPE);
  net_pair(&a, &b);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, ignore_shutdown), 0);
  expect_refusal((uv_stream_t*) &a, UV_EPIPE);
  net_turns(3);
  expect_refusal((uv_stream_t*) &a, UV_EPIPE);
  uv_close((uv_handle_t*) &b, NULL);
  expect_refusal((uv_stream_t*) &b, UV_EBADF);
  net_end();
}

TEST(w5_write_refused_by_arguments) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  uv_buf_t nowhere = uv_buf_init(NULL, 5);
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, NULL, 1, never_write), UV_EINVAL);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 0, never_write), UV_EINVAL);
  CHECK_EQ(uv_write(NULL, (uv_stream_t*) &a, &buf, 1, never_write), UV_EINVAL);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, NULL, 1), UV_EINVAL);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, &buf, 0), UV_EINVAL);
  /* A number that went below 0 on its way here. */
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, (unsigned) -42, never_write), UV_EINVAL);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, &buf, (unsigned) -42), UV_EINVAL);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &nowhere, 1, never_write), UV_EINVAL);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, &nowhere, 1), UV_EINVAL);
  /* TCP carries no handles. */
  CHECK_EQ(uv_write2(&write, (uv_stream_t*) &a, &buf, 1, (uv_stream_t*) &b, never_write),
           UV_EINVAL);
  CHECK_EQ(uv_try_write2((uv_stream_t*) &a, &buf, 1, (uv_stream_t*) &b), UV_EINVAL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
}

/* Arguments are looked at before the state. */
TEST(w5_arguments_come_before_the_state) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  uv_write_t write;
  uv_tcp_t fresh;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &fresh, &buf, 1, never_write), UV_EBADF);
  CHECK_EQ(uv_write(NULL, (uv_stream_t*) &fresh, &buf, 1, never_write), UV_EINVAL);
  CHECK_EQ(uv_write2(NULL, (uv_stream_t*) &fresh, &buf, 1, (uv_stream_t*) &fresh, never_write),
           UV_EINVAL);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &fresh, &buf, (unsigned) -1, never_write), UV_EINVAL);
  CHECK_EQ(uv_try_write((uv_stream_t*) &fresh, &buf, (unsigned) -1), UV_EINVAL);
  net_end();
}

/* ---- Very much ---- */

enum {
  BLOCKS = INT_MAX / NET_BLOCK + 32 /* of NET_BLOCK bytes */
};

static int cancelled;

static void note_cancelled(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  cancelled++;
}

TEST(w9_more_bytes_than_an_int_counts) {
  uv_buf_t bufs[BLOCKS];
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  size_t size = 0;
  int i;
  int n;

  if (sizeof(size) < 8) {
    SKIP("there are not so many bytes");
  }
  for (i = 0; i < BLOCKS; i++) {
    bufs[i] = uv_buf_init(net_block(), NET_BLOCK);
    size += NET_BLOCK;
  }
  net_small_pair(&a, &b);
  n = uv_try_write((uv_stream_t*) &a, bufs, BLOCKS);
  CHECK(n > 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, bufs, BLOCKS, note_cancelled), 0);
  CHECK(a.write_queue_size > size - NET_BLOCK);
  net_close((uv_handle_t*) &a);
  CHECK_EQ(cancelled, 1);
  net_end();
}

static int arrived;

static void note_arrival(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  arrived++;
}

/* Half of NET_BLOCK bytes, with nobody looking at the pages. */
static void let_half_go(uv_tcp_t* tcp, void* pages, size_t size) {
#ifdef _WIN32 /* One call takes all of the rest, and the next piece is the end. */
  (void) tcp;
  (void) pages;
  (void) size;
#else
  size_t left = NET_BLOCK;
  int pieces = 0;

  pages_hide(pages, size, 1);
  while (tcp->write_queue_size > NET_BLOCK / 2) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
    pieces += tcp->write_queue_size < left;
    left = tcp->write_queue_size;
  }
  CHECK(pieces > 2);
  pages_hide(pages, size, 0);
#endif
}

/* What stands behind a large write and has no bytes is not walked over for each piece of it: what is far
 * behind cannot be looked at while the first half goes. */
TEST(w9_empty_writes_behind_a_large_one_cost_nothing) {
  enum {
    FRONT = 4096,   /* A call may look at some of them, */
    BEYOND = 100000 /* and at none of these. */
  };
  size_t size = BEYOND * sizeof(uv_write_t);
  uv_write_t* beyond = pages_new(size);
  uv_write_t* front = malloc(FRONT * sizeof *front);
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t nothing = uv_buf_init(NULL, 0);
  struct net_sink sink = {0};
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  CHECK(front != NULL);
  net_small_pair(&a, &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &block, 1, note_arrival), 0);
  for (i = 0; i < FRONT; i++) {
    CHECK_EQ(uv_write(&front[i], (uv_stream_t*) &a, &nothing, 1, note_arrival), 0);
  }
  for (i = 0; i < BEYOND; i++) {
    CHECK_EQ(uv_write(&beyond[i], (uv_stream_t*) &a, &nothing, 1, note_arrival), 0);
  }
  net_drain((uv_stream_t*) &b, &sink);
  let_half_go(&a, beyond, size);
  net_until(&arrived, 1 + FRONT + BEYOND);
  net_close((uv_handle_t*) &a);
  net_close((uv_handle_t*) &b);
  pages_free(beyond, size);
  free(front);
  net_end();
}

/* ---- W6, W10 ---- */

static int failure;

static void note_failure(uv_write_t* req, int status) {
  note_write(req, status);
  CHECK(status == UV_EPIPE || status == UV_ECONNRESET || status == UV_ECONNABORTED);
  if (ended == 1) {
    failure = status;
  }
  CHECK_EQ(status, failure);
  CHECK_EQ(req->handle->write_queue_size, 0);
}

TEST(w6_failed_write_fails_those_behind_it) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  static int names[4] = {0, 1, 2, 3};
  uv_write_t writes[4];
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_small_pair(&a, &b);
  for (i = 0; i < 4; i++) {
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &buf, 1, note_failure), 0);
  }
  net_turns(3);
  CHECK_EQ(ended, 0);
  CHECK_EQ(uv_tcp_close_reset(&b, NULL), 0);
  net_until(&ended, 4);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(order[i], i);
  }
  CHECK_EQ(a.write_queue_size, 0);
  net_end();
}

static void pump_until_it_fails(uv_write_t* req, int status) {
  uv_buf_t buf = uv_buf_init("hello", 5);

  last_status = status;
  if (status != 0) {
    ended = 1;
    return;
  }
  CHECK_EQ(uv_write(req, req->handle, &buf, 1, pump_until_it_fails), 0);
}

/* SIGPIPE would end the process; nothing here asks to ignore it. */
TEST(w10_writing_to_a_closed_peer_is_an_error_not_a_signal) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int r;

  net_pair(&a, &b);
  net_close((uv_handle_t*) &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, pump_until_it_fails), 0);
  net_until(&ended, 1);
  CHECK(last_status == UV_EPIPE || last_status == UV_ECONNRESET || last_status == UV_ECONNABORTED);
  r = uv_try_write((uv_stream_t*) &a, &buf, 1);
  CHECK(r == UV_EPIPE || r == UV_ECONNRESET || r == UV_ECONNABORTED);
  net_end();
}

/* ---- W7 ---- */

TEST(w7_try_write_takes_what_fits) {
  struct net_sink sink = {0};
  uint64_t total = 0;
  uv_tcp_t a;
  uv_tcp_t b;
  int r;

  net_small_pair(&a, &b);
  for (;;) {
    uv_buf_t bufs[2];

    CHECK(total + 200000 < NET_BLOCK); /* it must say no before that */
    bufs[0] = uv_buf_init(net_block() + total, 1000);
    bufs[1] = uv_buf_init(net_block() + total + 1000, 99000);
    r = uv_try_write((uv_stream_t*) &a, bufs, 2);
    if (r < 0) {
      break;
    }
    CHECK(r > 0 && r <= 100000);
    total += (uint64_t) r;
    CHECK_EQ(a.write_queue_size, 0);
  }
  CHECK_EQ(r, UV_EAGAIN);
  CHECK(total > 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &a), 0); /* it leaves nothing behind */
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, total);
  net_turns(3);
  CHECK_EQ(sink.bytes, total);
  net_end();
}

TEST(w7_try_write_does_not_overtake_queued_writes) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t small = uv_buf_init("x", 1);
  struct net_sink sink = {0};
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int name = 0;

  net_small_pair(&a, &b);
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, note_write), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, &small, 1), UV_EAGAIN);
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, NET_BLOCK);
  net_until(&ended, 1);
  CHECK_EQ(sink.bytes, NET_BLOCK);
  net_end();
}

static int tried;

static void try_in_write(uv_write_t* req, int status) {
  uv_buf_t buf = uv_buf_init(net_block() + 100, 50);

  CHECK_EQ(status, 0);
  tried = uv_try_write(req->handle, &buf, 1);
}

TEST(w7_try_write_inside_write_callback) {
  uv_buf_t buf = uv_buf_init(net_block(), 100);
  struct net_sink sink = {0};
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, try_in_write), 0);
  net_until(&tried, 1); /* It may be a part. */
  net_until_bytes(&sink, (uint64_t) (100 + tried));
  net_end();
}

TEST(w7_try_write_of_nothing) {
  uv_buf_t bufs[2] = {uv_buf_init(NULL, 0), uv_buf_init("x", 0)};
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, bufs, 2), 0);
  net_end();
}

/* Room that was made after a try filled the connection is there for the next write. */
TEST(w3_room_after_a_try_is_used_at_once) {
  struct net_sink sink = {0};
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t byte;
  uint64_t taken;
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int n;

  net_small_pair(&a, &b);
  n = uv_try_write((uv_stream_t*) &a, &block, 1);
  CHECK(n > 0 && (size_t) n < NET_BLOCK);
  taken = (uint64_t) n;
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, taken);
  byte = uv_buf_init(net_block() + taken, 1);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &byte, 1, NULL), 0);
  CHECK_EQ(a.write_queue_size, 0);
  net_until_bytes(&sink, taken + 1);
  net_end();
}

/* Nothing waits for the end of the turn: each write is the system's when uv_write returns. */
TEST(w3_writes_of_one_turn_go_to_the_system_at_once) {
  struct net_sink sink = {0};
  uv_write_t writes[3];
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_pair(&a, &b);
  for (i = 0; i < 3; i++) {
    uv_buf_t buf = uv_buf_init(net_block() + i, 1);
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &buf, 1, NULL), 0);
    CHECK_EQ(a.write_queue_size, 0);
  }
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, 3);
  net_end();
}

/* ---- W9 ---- */

TEST(w9_many_buffers_in_one_write) {
  enum {
    BUFS = 3000, /* more than any system takes in one call */
    EACH = 37
  };
  static uv_buf_t bufs[BUFS];
  struct net_sink sink = {0};
  uv_write_t write;
  uint64_t at = 0;
  uv_tcp_t a;
  uv_tcp_t b;
  int name = 0;
  int i;

  net_pair(&a, &b);
  for (i = 0; i < BUFS; i++) {
    unsigned len = i % 5 == 0 ? 0 : EACH;

    bufs[i] = uv_buf_init(len == 0 ? NULL : net_block() + at, len);
    at += len;
  }
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, bufs, BUFS, note_write), 0);
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, at);
  net_until(&ended, 1);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(a.write_queue_size, 0);
  net_end();
}

TEST(w9_empty_writes_keep_their_place) {
  static int names[7] = {0, 1, 2, 3, 4, 5, 6};
  struct net_sink sink = {0};
  uv_write_t writes[7];
  uint64_t at = 0;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  for (i = 0; i < 7; i++) {
    unsigned len = i % 2 == 0 ? 0 : 100;
    uv_buf_t bufs[2];

    bufs[0] = uv_buf_init(NULL, 0);
    bufs[1] = uv_buf_init(net_block() + at, len);
    at += len;
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, bufs, 2, note_write), 0);
  }
  net_until(&ended, 7);
  for (i = 0; i < 7; i++) {
    CHECK_EQ(order[i], i);
  }
  net_until_bytes(&sink, at);
  CHECK_EQ(last_status, 0);
  net_end();
}

/* Four writes, of which the first is more than the system takes: the three behind it go out in one
 * call. */
static void make_gathered(uv_buf_t bufs[4], uv_buf_t third) {
  bufs[0] = uv_buf_init(net_block(), NET_BLOCK - 20);
  bufs[1] = uv_buf_init(net_block() + NET_BLOCK - 20, 10);
  bufs[2] = third;
  bufs[3] = uv_buf_init(net_block() + NET_BLOCK - 10, 10);
}

TEST(w9_empty_write_between_two_that_are_gathered) {
  static int names[4] = {0, 1, 2, 3};
  struct net_sink sink = {0};
  uv_write_t writes[4];
  uv_buf_t bufs[4];
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  make_gathered(bufs, uv_buf_init(NULL, 0));
  net_small_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  for (i = 0; i < 4; i++) {
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &bufs[i], 1, note_write), 0);
  }
  net_until(&ended, 4);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(order[i], i);
  }
  net_until_bytes(&sink, NET_BLOCK);
  CHECK_EQ(a.write_queue_size, 0);
  net_end();
}

/* ---- W11 ---- */

static int canceled_status[4];

static void note_cancel(uv_write_t* req, int status) {
  canceled_status[*(int*) req->data] = status;
  note_write(req, status);
}

TEST(w11_cancel_of_queued_writes) {
  static int names[4] = {0, 1, 2, 3};
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t small = uv_buf_init("must not be sent", 16);
  struct net_sink sink = {0};
  uv_write_t writes[4];
  size_t before;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_small_pair(&a, &b);
  for (i = 0; i < 4; i++) {
    writes[i].data = &names[i];
  }
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &block, 1, note_cancel), 0);
  net_turns(3);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &small, 1, note_cancel), 0);
  CHECK_EQ(uv_write(&writes[2], (uv_stream_t*) &a, &small, 1, note_cancel), 0);
  before = a.write_queue_size;
  CHECK_EQ(uv_cancel((uv_req_t*) &writes[1]), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &writes[1]), UV_EBUSY); /* not twice */
  CHECK_EQ(uv_cancel((uv_req_t*) &writes[2]), 0);
  CHECK_EQ(a.write_queue_size, before - 32);
  CHECK_EQ(ended, 0);

  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, NET_BLOCK);
  net_until(&ended, 3);
  CHECK_EQ(canceled_status[0], 0);
  CHECK_EQ(canceled_status[1], UV_ECANCELED);
  CHECK_EQ(canceled_status[2], UV_ECANCELED);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(order[i], i); /* W1 holds for them too */
  }
  CHECK_EQ(sink.bytes, NET_BLOCK);
  net_end();
}

static size_t told[2];

static void note_part(uv_write_t* req, int status) {
  CHECK(ended < 2);
  told[ended] = uv_write_nwritten(req);
  note_cancel(req, status);
}

/* What went, went, and the next write follows it. Where the system works on a write as a whole it
 * goes on. */
TEST(w11_cancel_of_a_write_that_began) {
  static int names[2] = {0, 1};
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  struct net_sink sink = {0};
  uv_write_t writes[2];
  char bytes[1000];
  uv_buf_t rest;
  size_t went;
  uv_tcp_t a;
  uv_tcp_t b;
  int r;

  net_small_pair(&a, &b);
  writes[0].data = &names[0];
  writes[1].data = &names[1];
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &block, 1, note_part), 0);
  net_turns(3);
  went = NET_BLOCK - a.write_queue_size;
  r = uv_cancel((uv_req_t*) &writes[0]);
#ifdef _WIN32
  CHECK(r == 0 || r == UV_EBUSY);
#else
  CHECK_EQ(r, 0);
  CHECK(went > 0);
#endif
  if (r < 0) {
    went = NET_BLOCK;
  } else {
    CHECK_EQ(a.write_queue_size, 0);
    CHECK_EQ(uv_cancel((uv_req_t*) &writes[0]), UV_EBUSY); /* not twice */
  }
  CHECK_EQ(ended, 0);
  pattern_fill(bytes, sizeof bytes, went);
  rest = uv_buf_init(bytes, sizeof bytes);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &rest, 1, note_part), 0);
  net_drain((uv_stream_t*) &b, &sink);
  net_until(&ended, 2);
  net_until_bytes(&sink, went + sizeof bytes);
  CHECK_EQ(canceled_status[0], r == 0 ? UV_ECANCELED : 0);
  CHECK_EQ(canceled_status[1], 0);
  CHECK_EQ(told[0], went);
  CHECK_EQ(told[1], sizeof bytes);
  CHECK_EQ(sink.bytes, went + sizeof bytes);
  net_end();
}

/* Those that were handed to the system in one call with it go on without it. */
TEST(w11_cancel_of_the_first_of_a_full_pipe) {
  static int names[2] = {0, 1};
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  struct net_sink sink = {0};
  uv_write_t writes[2];
  size_t went = 0;
  char bytes[100];
  uv_buf_t rest;
  uv_tcp_t a;
  uv_tcp_t b;
  int n;
  int r;

  net_small_pair(&a, &b);
  while ((n = uv_try_write((uv_stream_t*) &a, &block, 1)) > 0) {
    went += (size_t) n;
    block = uv_buf_init(net_block() + went, (unsigned) (NET_BLOCK - went));
  }
  pattern_fill(bytes, sizeof bytes, went);
  rest = uv_buf_init(bytes, sizeof bytes);
  block.len = 500;
  writes[0].data = &names[0];
  writes[1].data = &names[1];
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &block, 1, note_part), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &rest, 1, note_part), 0);
  net_turns(3);
  r = uv_cancel((uv_req_t*) &writes[0]);
  if (r < 0) {
    SKIP("the system has the write as a whole");
  }
  net_drain((uv_stream_t*) &b, &sink);
  net_until(&ended, 2);
  net_until_bytes(&sink, went + sizeof bytes);
  CHECK_EQ(canceled_status[0], UV_ECANCELED);
  CHECK_EQ(told[0], 0);
  CHECK_EQ(canceled_status[1], 0);
  CHECK_EQ(sink.bytes, went + sizeof bytes);
  net_end();
}

/* Its place in the order is the first, which it need not wait for: the peer reads nothing. */
TEST(w11_canceled_first_write_does_not_wait_for_the_peer) {
  static int names[2] = {0, 1};
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t small = uv_buf_init((char*) "behind", 6);
  uv_write_t writes[2];
  uv_pipe_t a;
  uv_pipe_t b;
  int r;

  test_pipe_pair(&a, &b, 0);
  writes[0].data = &names[0];
  writes[1].data = &names[1];
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &block, 1, note_cancel), 0);
  net_turns(3);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &small, 1, note_cancel), 0);
  r = uv_cancel((uv_req_t*) &writes[0]);
  if (r < 0) {
    SKIP("the system has the write as a whole");
  }
  net_until(&ended, 1);
  CHECK_EQ(canceled_status[0], UV_ECANCELED);
  net_end();
}

static void come_second(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, 6);
  CHECK_EQ(ended, 1); /* W1 */
  CHECK_EQ(uv_read_stop(stream), 0);
  ended++;
}

/* As of any write that is over. */
TEST(w11_canceled_write_is_told_before_more_is_read) {
  static int name = 0;
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_buf_t small = uv_buf_init((char*) "answer", 6);
  uv_write_t req;
  uv_pipe_t a;
  uv_pipe_t b;

  test_pipe_pair(&a, &b, 0);
  req.data = &name;
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &a, &block, 1, note_cancel), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &b, &small, 1), 6);
  net_turns(3);
  if (uv_cancel((uv_req_t*) &req) < 0)
    SKIP("the system has the write as a whole");
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, come_second), 0);
  net_until(&ended, 2);
  CHECK_EQ(canceled_status[0], UV_ECANCELED);
  net_end();
}

static void free_stream(uv_handle_t* handle) {
  free(handle);
}

static void close_its_stream(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  uv_close((uv_handle_t*) req->handle, free_stream);
}

/* The request is the program's again, and tells by itself that it is over. */
TEST(w11_cancel_of_a_write_whose_stream_is_gone) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tcp_t* a = malloc(sizeof *a);
  uv_write_t req;
  uv_tcp_t b;

  CHECK(a != NULL);
  net_pair(a, &b);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) a, &buf, 1, close_its_stream), 0);
  net_close((uv_handle_t*) &b);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &req), UV_EBUSY);
  net_end();
}

/* The canceled one stands between two that are written, in one turn. */
TEST(w11_cancel_between_two_writes) {
  static int names[4] = {0, 1, 2, 3};
  struct net_sink sink = {0};
  uv_write_t writes[4];
  uv_buf_t bufs[4];
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  make_gathered(bufs, uv_buf_init("must not be sent", 16));
  net_small_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  for (i = 0; i < 4; i++) {
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &bufs[i], 1, note_cancel), 0);
  }
  CHECK_EQ(uv_cancel((uv_req_t*) &writes[2]), 0);
  net_until(&ended, 4);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(order[i], i);
    CHECK_EQ(canceled_status[i], i == 2 ? UV_ECANCELED : 0);
  }
  net_until_bytes(&sink, NET_BLOCK);
  CHECK_EQ(a.write_queue_size, 0);
  net_end();
}

TEST(w11_canceled_write_stays_canceled_when_the_stream_fails) {
  static int names[3] = {0, 1, 2};
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t writes[3];
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_small_pair(&a, &b);
  for (i = 0; i < 3; i++) {
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &block, 1, note_cancel), 0);
    net_turns(3); /* so that the first goes to the system by itself */
  }
  CHECK_EQ(uv_cancel((uv_req_t*) &writes[1]), 0);
  CHECK_EQ(uv_tcp_close_reset(&b, NULL), 0);
  net_until(&ended, 3);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(order[i], i);
  }
  CHECK(canceled_status[0] != 0 && canceled_status[0] != UV_ECANCELED);
  CHECK_EQ(canceled_status[1], UV_ECANCELED);
  CHECK_EQ(canceled_status[2], canceled_status[0]);
  net_end();
}

static void expect_connect_canceled(uv_connect_t* req, int status) {
  (void) req;
  CHECK(status == 0 || status == UV_ECANCELED);
  ended++;
}

TEST(w11_cancel_of_other_requests_is_einval) {
  struct sockaddr_in addr;
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, ignore_shutdown), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &shutdown), UV_EINVAL);
  addr = net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, expect_connect_canceled), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &connect), UV_EINVAL);
  net_until(&ended, 1);
  net_end();
}
