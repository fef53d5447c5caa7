/* Being told that the peer has gone, without reading (rule X5). */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

#ifndef _WIN32
#  include <fcntl.h>
#  include <sys/stat.h>
#  include <unistd.h>
#endif

static uvs_hangup_t hangup;
static int told;
static int status;

static void on_hangup(uvs_hangup_t* which, int why) {
  CHECK(which == &hangup);
  CHECK(which->data == &told);
  told++;
  status = why;
}

static void watch(void* stream) {
  told = 0;
  status = 99;
  hangup.data = &told;
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) stream, on_hangup), 0);
  CHECK(hangup.stream == stream);
  CHECK_EQ(told, 0);
}

static int written;

static void on_write(uv_write_t* req, int result) {
  (void) req;
  CHECK_EQ(result, 0);
  written++;
}

static void write_bytes(void* stream, uv_write_t* req, const char* bytes) {
  uv_buf_t buf = uv_buf_init((char*) bytes, (unsigned) strlen(bytes));
  int goal = written + 1;

  CHECK_EQ(uv_write(req, (uv_stream_t*) stream, &buf, 1, on_write), 0);
  net_until(&written, goal);
}

static char heard[64];
static size_t heard_size;
static int heard_end;

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread > 0) {
    memcpy(heard + heard_size, buf->base, (size_t) nread);
    heard_size += (size_t) nread;
  } else if (nread < 0) {
    heard_end = (int) nread;
    told++;
  }
}

/* All that the stream still has, and its end. */
static void hear_rest(void* stream, const char* text, int end) {
  int goal = told + 1;

  heard_size = 0;
  heard_end = 0;
  CHECK_EQ(uv_read_start((uv_stream_t*) stream, net_alloc, on_read), 0);
  net_until(&told, goal);
  CHECK_EQ(heard_size, strlen(text));
  CHECK(memcmp(heard, text, heard_size) == 0);
  CHECK_EQ(heard_end, end);
}

/* ---- TCP ---- */

TEST(x5_end_is_told_to_who_does_not_read) {
  uv_tcp_t a, b;

  net_pair(&a, &b);
  watch(&a);
  net_turns(20);
  CHECK_EQ(told, 0);
  net_close((uv_handle_t*) &b);
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  CHECK(uv_is_readable((uv_stream_t*) &a));
  CHECK(uv_is_writable((uv_stream_t*) &a));
  hear_rest(&a, "", UV_EOF);
  net_end();
}

TEST(x5_reset_is_told_apart) {
  uv_tcp_t a, b;

  net_pair(&a, &b);
  watch(&a);
  net_turns(5);
  CHECK_EQ(uv_tcp_close_reset(&b, NULL), 0);
  net_until(&told, 1);
  CHECK_EQ(status, UV_ECONNRESET);
  hear_rest(&a, "", UV_ECONNRESET); /* Wine 8 tells who waits, once. */
  net_end();
}

/* A system tells of it once, and who is told first may be a write. */
TEST(x5_reset_that_a_write_has_met_is_told_too) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tcp_t client, server;

  net_pair(&client, &server);
  watch(&client);
  net_turns(3);
  CHECK_EQ(uv_tcp_close_reset(&server, NULL), 0);
  (void) uv_try_write((uv_stream_t*) &client, &buf, 1);
  net_until(&told, 1);
  CHECK_EQ(status, UV_ECONNRESET);
  net_end();
}

TEST(x5_end_of_one_direction_is_an_end) {
  uv_tcp_t a, b;
  uv_shutdown_t shutdown;
  uv_write_t write;

  net_pair(&a, &b);
  watch(&a);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &b, NULL), 0);
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  write_bytes(&a, &write, "still heard");
  hear_rest(&a, "", UV_EOF);
  net_end();
}

/* The end of `b`, which `a` hears of before it has read what came before. */
static void end_behind_unread(void* a, void* b) {
  uv_write_t write;

  write_bytes(b, &write, "unread");
  watch(a);
  net_turns(20);
  CHECK_EQ(told, 0);
  net_close((uv_handle_t*) b);
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  hear_rest(a, "unread", UV_EOF);
  net_end();
}

/* What the peer sent before lies unread: no byte of it is taken, and it does not hide the end. */
TEST(x5_unread_bytes_stay) {
  uv_tcp_t a, b;

  if (test_is_wine())
    SKIP("Wine tells of an end behind the bytes only");
  net_pair(&a, &b);
  end_behind_unread(&a, &b);
}

TEST(x5_end_that_is_there_already) {
  uv_tcp_t a, b;

  net_pair(&a, &b);
  net_close((uv_handle_t*) &b);
  net_turns(20);
  watch(&a);
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  hear_rest(&a, "", UV_EOF);
  watch(&a); /* It stays true when it has been read. */
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  net_end();
}

TEST(x5_reading_and_hangup_are_both_told) {
  struct net_sink sink = {0};
  uv_tcp_t a, b;
  int done = 0;

  net_pair(&a, &b);
  watch(&a);
  net_drain((uv_stream_t*) &a, &sink);
  net_send((uv_stream_t*) &b, 100000, 0, &done);
  net_until_bytes(&sink, 100000);
  CHECK_EQ(told, 0);
  net_close((uv_handle_t*) &b);
  net_until(&told, 1);
  net_until(&sink.ended, 1);
  CHECK_EQ(status, UV_EOF);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

/* ---- As a request ---- */

TEST(x5_refused) {
  static uvs_hangup_t other;
  uv_tcp_t a, b, fresh, server;
  uv_timer_t timer;

  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  (void) net_listen(&server, 1, NULL);
  CHECK_EQ(uvs_hangup_start(NULL, (uv_stream_t*) &a, on_hangup), UV_EINVAL);
  CHECK_EQ(uvs_hangup_start(&hangup, NULL, on_hangup), UV_EINVAL);
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) &a, NULL), UV_EINVAL);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) &timer, on_hangup), UV_EINVAL);
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) &fresh, on_hangup), UV_ENOTCONN);
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) &server, on_hangup), UV_ENOTCONN);
  watch(&a);
  CHECK_EQ(uvs_hangup_start(&other, (uv_stream_t*) &a, on_hangup), UV_EBUSY);
  uvs_hangup_stop(&hangup);
  uvs_hangup_stop(&hangup);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uvs_hangup_start(&hangup, (uv_stream_t*) &a, on_hangup), UV_EINVAL);
  net_end();
}

TEST(x5_stopped_hangup_is_not_told) {
  uv_tcp_t a, b;

  net_pair(&a, &b);
  watch(&a);
  net_turns(5);
  uvs_hangup_stop(&hangup);
  memset(&hangup, 0xdb, sizeof(hangup)); /* The memory is the caller's. */
  net_close((uv_handle_t*) &b);
  net_turns(20);
  CHECK_EQ(told, 0);
  watch(&a); /* And another one hears of it. */
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  net_end();
}

TEST(x5_close_ends_it) {
  uv_tcp_t a, b;

  net_pair(&a, &b);
  watch(&a);
  net_turns(5);
  net_closed = 0;
  uv_close((uv_handle_t*) &a, net_count_close);
  CHECK_EQ(told, 0);
  net_until(&told, 1);
  CHECK_EQ(status, UV_ECANCELED);
  net_until(&net_closed, 1);
  CHECK_EQ(told, 1);
  net_end();
}

static void close_in_hangup(uvs_hangup_t* which, int why) {
  uv_stream_t* stream = which->stream;

  memset(which, 0xdb, sizeof(*which)); /* It is the caller's again. */
  status = why;
  told++;
  uv_close((uv_handle_t*) stream, net_count_close);
}

TEST(x5_callback_may_close_and_free) {
  uvs_hangup_t* mine = malloc(sizeof(*mine));
  uv_tcp_t a, b;

  CHECK(mine != NULL);
  net_pair(&a, &b);
  told = 0;
  net_closed = 0;
  CHECK_EQ(uvs_hangup_start(mine, (uv_stream_t*) &a, close_in_hangup), 0);
  uv_close((uv_handle_t*) &b, NULL);
  net_until(&net_closed, 1);
  CHECK_EQ(told, 1);
  CHECK_EQ(status, UV_EOF);
  free(mine);
  net_end();
}

TEST(x5_hangup_keeps_the_loop_going) {
  uv_tcp_t a, b;

  net_pair(&a, &b);
  net_turns(5);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  watch(&a);
  CHECK(uv_loop_alive(net_loop()));
  uvs_hangup_stop(&hangup);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  net_end();
}

/* ---- Pipes ---- */

TEST(x5_pipe_whose_peer_closes) {
  enum test_way way;

  for (way = TEST_NAMED; way < TEST_ENDS; way++) {
    uv_pipe_t a, b;

    test_pipe_way(way, &a, &b);
    watch(&a);
    net_turns(20);
    CHECK_EQ(told, 0);
    net_close((uv_handle_t*) &b);
    net_until(&told, 1);
    CHECK_EQ(status, UV_EOF);
    hear_rest(&a, "", UV_EOF);
    net_close((uv_handle_t*) &a);
  }
  net_end();
}

TEST(x5_pipe_with_unread_bytes) {
  uv_pipe_t a, b;

  test_pipe_way(TEST_NAMED, &a, &b);
  end_behind_unread(&a, &b);
}

/* What goes one way only has its end at either side. */
TEST(x5_ends_of_a_one_way_pipe) {
  uv_pipe_t from, to;

  test_pipe_ends(UV_NONBLOCK_PIPE, &from, &to);
  watch(&to);
  net_turns(5);
  net_close((uv_handle_t*) &from);
  net_until(&told, 1);
  CHECK_EQ(status, UV_EOF);
  net_close((uv_handle_t*) &to);

  test_pipe_ends(UV_NONBLOCK_PIPE, &from, &to);
  watch(&from);
  net_turns(5);
  net_close((uv_handle_t*) &to);
  net_until(&told, 1);
  CHECK_EQ(status, UV_EPIPE);
  net_end();
}

static int shut;

static void on_shutdown(uv_shutdown_t* req, int why) {
  (void) req;
  CHECK_EQ(why, 0);
  shut++;
}

/* What can only be written to has no end but its own then. */
TEST(x5_shutdown_of_a_one_way_pipe_is_its_end) {
  uv_shutdown_t req;
  uv_pipe_t from, to;
  int is_late;

  for (is_late = 0; is_late < 2; is_late++) {
    test_pipe_ends(UV_NONBLOCK_PIPE, &from, &to);
    if (!is_late)
      watch(&from);
    net_turns(5);
    shut = 0;
    CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &from, on_shutdown), 0);
    net_until(&shut, 1);
    if (is_late)
      watch(&from);
    net_until(&told, 1);
    CHECK_EQ(status, UV_EPIPE);
    hear_rest(&to, "", UV_EOF);
    net_close((uv_handle_t*) &to);
    net_close((uv_handle_t*) &from);
  }
  net_end();
}

/* Whoever opens it is its peer from then on. */
TEST(x5_end_of_a_fifo_that_is_opened_anew) {
#ifdef _WIN32
  SKIP("there are none");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t to;
  int in, out;
  int i;

  CHECK_EQ(mkfifo(test_pipe_name(name, sizeof name), 0600), 0);
  in = open(name, O_RDONLY | O_NONBLOCK);
  CHECK(in != -1);
  out = open(name, O_WRONLY);
  CHECK(out != -1);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, in), 0);
  for (i = 0; i < 3; i++) { /* each writer has its end */
    watch(&to);
    net_turns(20);
    CHECK_EQ(told, 0);
    CHECK_EQ(close(out), 0);
    net_until(&told, 1);
    CHECK_EQ(status, UV_EOF);
    out = open(name, O_WRONLY);
    CHECK(out != -1);
  }
  CHECK_EQ(close(out), 0);
  CHECK_EQ(unlink(name), 0);
  net_end();
#endif
}

TEST(x5_pipe_that_closes) {
  uv_pipe_t a, b;

  test_pipe_way(TEST_IPC, &a, &b);
  watch(&a);
  net_turns(5);
  net_close((uv_handle_t*) &a);
  CHECK_EQ(told, 1);
  CHECK_EQ(status, UV_ECANCELED);
  net_end();
}

/* ---- Costs ---- */

TEST(x5_watching_again_allocates_nothing) {
  uv_tcp_t a, b;
  long before;
  int i;

  net_pair(&a, &b);
  watch(&a); /* Once a system may need something for it. */
  net_turns(5);
  uvs_hangup_stop(&hangup);
  before = memory_calls();
  for (i = 0; i < 50; i++) {
    watch(&a);
    net_turns(1);
    uvs_hangup_stop(&hangup);
  }
  CHECK_EQ(memory_calls(), before);
  net_end();
}
