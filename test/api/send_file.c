/* Files through streams (rule X8). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "raw.h"
#include "uvstream.h"

#ifdef _WIN32
#  include <io.h>
#else
#  include <fcntl.h>
#  include <unistd.h>
#endif

enum {
  LITTLE = 5000,
  SMALL = 300000,
  LARGE = 3 << 20,     /* more than one piece, and more than the buffers of a small pair */
  ENORMOUS = 24 << 20, /* more than goes in one turn */
  MANY = 4
};

/* A file of this test's own with the pattern from place 0 on. */
static char path[600];
static uv_file file = -1;

static void open_file(void) {
  file = test_fd_make(path, sizeof path, "send");
}

#ifndef UVTEST_MODEL
static int put(const char* bytes, unsigned size) {
#  ifdef _WIN32
  return _write(file, bytes, size);
#  else
  return (int) write(file, bytes, size);
#  endif
}
#endif

static void make_file(size_t size) {
  open_file();
  test_fd_write(file, net_block(), size);
}

static void make_huge_file(void) {
  enum {
    PIECE = 1 << 20
  };
  char* piece = malloc(PIECE);
  uint64_t at;

  CHECK(piece != NULL);
  open_file();
  for (at = 0; at < ENORMOUS; at += PIECE) {
    pattern_fill(piece, PIECE, at);
    test_fd_write(file, piece, PIECE);
  }
  free(piece);
}

static void end_file(void) {
  test_fd_close(file);
  CHECK_EQ(remove(path), 0);
  net_end();
}

/* ---- What came of one ---- */

struct sent {
  uvs_send_file_t req;
  int done;
  int status;
  uint64_t told; /* by the last progress */
  int tells;
};

static int order; /* of callbacks */

static void note_progress(uvs_send_file_t* req) {
  struct sent* sent = req->data;

  CHECK_EQ(sent->done, 0);
  CHECK(req->sent > sent->told);
  sent->told = req->sent;
  sent->tells++;
}

static void note_end(uvs_send_file_t* req, int status) {
  struct sent* sent = req->data;

  CHECK_EQ(sent->done, 0);
  CHECK(req->sent >= sent->told);
  sent->status = status;
  sent->done = ++order;
}

static int begin(struct sent* sent, void* stream, uint64_t offset, uint64_t length) {
  memset(sent, 0, sizeof *sent);
  sent->req.data = sent;
  return uvs_send_file(&sent->req, stream, file, offset, length, note_progress, note_end);
}

/* All of the file over a stream, with the pattern behind and before. */
static void check_between(uv_stream_t* from, uv_stream_t* to) {
  struct net_sink sink = {0};
  struct sent first;
  struct sent second;
  int writes = 0;

  net_drain(to, &sink);
  net_send(from, 1000, 0, &writes);
  CHECK_EQ(begin(&first, from, 1000, SMALL - 1000), 0);
  net_send(from, 500, SMALL, &writes);
  CHECK_EQ(begin(&second, from, SMALL + 500, UVS_TO_END), 0);
  CHECK_EQ(first.done + second.done, 0); /* not from inside the call (L1) */
  net_until(&second.done, 1);
  CHECK_EQ(first.status, 0);
  CHECK_EQ(first.req.sent, SMALL - 1000);
  CHECK_EQ(second.status, 0);
  CHECK_EQ(second.req.sent, LARGE - SMALL - 500);
  CHECK(first.done < second.done);
  net_send(from, 10, LARGE, &writes);
  net_until_bytes(&sink, LARGE + 10);
  net_until(&writes, 3);
  CHECK_EQ(sink.ended, 0);
  CHECK_EQ(uv_read_stop(to), 0);
  CHECK_EQ(from->write_queue_size, 0);
}

TEST(x8_file_in_its_place_over_tcp) {
  uv_tcp_t client, server;

  make_file(LARGE);
  net_pair(&client, &server);
  check_between((uv_stream_t*) &client, (uv_stream_t*) &server);
  end_file();
}

TEST(x8_file_in_its_place_over_a_slow_tcp) {
  uv_tcp_t client, server;

  make_file(LARGE);
  net_small_pair(&client, &server);
  check_between((uv_stream_t*) &client, (uv_stream_t*) &server);
  end_file();
}

TEST(x8_file_in_its_place_over_pipes) {
  int way;

  make_file(LARGE);
  for (way = 0; way < TEST_WAYS; way++) {
    uv_pipe_t from, to;

    test_pipe_way((enum test_way) way, &from, &to);
    check_between((uv_stream_t*) &from, (uv_stream_t*) &to);
    net_close((uv_handle_t*) &from);
    net_close((uv_handle_t*) &to);
  }
  end_file();
}

TEST(x8_progress_is_told_while_it_goes) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;

  make_huge_file();
  net_small_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 0, ENORMOUS), 0);
  net_turns(20);
  CHECK_EQ(sent.done, 0);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  CHECK_EQ(sent.req.sent, ENORMOUS);
  CHECK(sent.tells > 0);
  net_until_bytes(&sink, ENORMOUS);
  end_file();
}

TEST(x8_file_that_is_shorter_ends_with_eof) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;
  struct sent behind;
  int writes = 0;

  make_file(SMALL);
  net_pair(&client, &server);
  net_drain((uv_stream_t*) &server, &sink);
  net_send((uv_stream_t*) &client, 1000, 0, &writes);
  CHECK_EQ(begin(&sent, &client, 1000, SMALL), 0); /* 1000 bytes more than there are */
  CHECK_EQ(begin(&behind, &client, 0, 1), 0);
  net_until(&behind.done, 1);
  CHECK_EQ(sent.status, UV_EOF);
  CHECK_EQ(sent.req.sent, SMALL - 1000);
  /* What was to come behind it does not come in its place (W6). */
  CHECK_EQ(behind.status, UV_EOF);
  CHECK_EQ(behind.req.sent, 0);
  CHECK(sent.done < behind.done);
  CHECK_EQ(begin(&sent, &client, SMALL, UVS_TO_END), 0); /* nothing is all there is */
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  CHECK_EQ(sent.req.sent, 0);
  end_file();
}

static void never_left(uvs_moving_t* moving, uv_stream_t* handle) {
  (void) moving;
  (void) handle;
  FAIL("it has not left");
}

/* As a write it belongs to its handle (X6). */
TEST(x8_file_on_its_way_keeps_its_stream_in_its_loop) {
  struct net_sink sink = {0};
  uvs_moving_t moving;
  struct sent sent;
  uv_tcp_t a, b;

  make_file(SMALL);
  net_pair(&a, &b);
  CHECK_EQ(begin(&sent, &a, 0, SMALL), 0);
  CHECK_EQ(uvs_detach((uv_stream_t*) &a, &moving, never_left), UV_EBUSY);
  net_drain((uv_stream_t*) &b, &sink);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  end_file();
}

TEST(x8_length_zero_ends_in_its_turn) {
  uv_tcp_t client, server;
  struct sent sent;

  make_file(10);
  net_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 7, 0), 0);
  CHECK_EQ(sent.done, 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  CHECK_EQ(sent.req.sent, 0);
  CHECK_EQ(sent.tells, 0);
  end_file();
}

/* Who does not ask is not told. */
TEST(x8_needs_no_callback) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  uvs_send_file_t req;
  int done = 0;

  make_file(10);
  net_pair(&client, &server);
  CHECK_EQ(uvs_send_file(&req, (uv_stream_t*) &client, file, 0, UVS_TO_END, NULL, NULL), 0);
  net_send((uv_stream_t*) &client, 5, 10, &done);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&done, 1); /* Whose turn comes after it (W1). */
  CHECK_EQ(req.sent, 10);
  net_until_bytes(&sink, 15);
  end_file();
}

/* A file with a hole that is larger than a number of 32 bits counts; nothing where there are none. */
TEST(x8_offset_beyond_four_gib) {
#ifdef UVTEST_MODEL
  SKIP("the model has its files in memory");
#else
  const uint64_t place = ((uint64_t) 5 << 30) + 12345;
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;

  open_file();
#  ifdef _WIN32
  {
    DWORD bytes;
    (void) DeviceIoControl(uv_get_osfhandle(file), 0x900c4 /* FSCTL_SET_SPARSE */, NULL, 0, NULL, 0,
                           &bytes, NULL);
    if (_lseeki64(file, (__int64) place, SEEK_SET) < 0)
      SKIP("no file of this size");
  }
#  else
  if (lseek(file, (off_t) place, SEEK_SET) < 0)
    SKIP("no file of this size");
#  endif
  if (put(net_block(), SMALL) != SMALL)
    SKIP("no file of this size");
  net_pair(&client, &server);
  net_drain((uv_stream_t*) &server, &sink);
  CHECK_EQ(begin(&sent, &client, place, UVS_TO_END), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  CHECK_EQ(sent.req.sent, SMALL);
  net_until_bytes(&sink, SMALL);
  end_file();
#endif
}

/* Where no file of the system has a byte, and where a read of more than one would end behind all that counts. */
TEST(x8_offset_where_no_file_is) {
  const uint64_t places[] = {(uint64_t) 1 << 44, INT64_MAX - 1, INT64_MAX};
  uv_tcp_t client, server;
  struct sent sent;
  size_t i;

  make_file(10);
  net_pair(&client, &server);
  for (i = 0; i < sizeof places / sizeof places[0]; i++) {
    CHECK_EQ(begin(&sent, &client, places[i], UVS_TO_END), 0);
    net_until(&sent.done, (int) i + 1);
    CHECK_EQ(sent.status, 0);
    CHECK_EQ(sent.req.sent, 0);
  }
  CHECK_EQ(begin(&sent, &client, INT64_MAX - 1, 1), 0);
  net_until(&sent.done, 4);
  CHECK_EQ(sent.status, UV_EOF);
  end_file();
}

/* ---- Taking it back ---- */

/* Its peer reads `to` only after the cancel, and finds what was counted and what follows. */
static void check_cancel(uv_stream_t* from, uv_stream_t* to) {
  struct net_sink sink = {0};
  struct sent sent;
  struct sent waits;
  int writes = 0;

  CHECK_EQ(begin(&sent, from, 0, LARGE), 0);
  CHECK_EQ(begin(&waits, from, 0, LARGE), 0);
  net_turns(20);
  CHECK_EQ(sent.done, 0);
  CHECK_EQ(uvs_send_file_cancel(&waits.req), 0); /* nothing of it has gone */
  CHECK_EQ(uvs_send_file_cancel(&sent.req), 0);
  CHECK_EQ(sent.done, 0);
  net_drain(to, &sink);
  net_until(&waits.done, 1);
  CHECK(sent.done < waits.done);
  CHECK_EQ(sent.status, UV_ECANCELED);
  CHECK(sent.req.sent < LARGE);
  CHECK_EQ(waits.status, UV_ECANCELED);
  CHECK_EQ(waits.req.sent, 0);
  net_send(from, 1000, sent.req.sent, &writes);
  net_until_bytes(&sink, sent.req.sent + 1000);
  CHECK_EQ(sink.ended, 0);
  CHECK_EQ(uv_read_stop(to), 0);
  net_until(&writes, 1);
}

TEST(x8_cancel_loses_no_count_over_tcp) {
  uv_tcp_t client, server;

  make_file(LARGE);
  net_small_pair(&client, &server);
  check_cancel((uv_stream_t*) &client, (uv_stream_t*) &server);
  end_file();
}

TEST(x8_cancel_loses_no_count_over_pipes) {
  uv_pipe_t from, to;

  make_file(LARGE);
  test_pipe_way(TEST_NAMED, &from, &to);
  check_cancel((uv_stream_t*) &from, (uv_stream_t*) &to);
  net_close((uv_handle_t*) &from);
  net_close((uv_handle_t*) &to);
  test_pipe_way(TEST_ENDS, &from, &to);
  check_cancel((uv_stream_t*) &from, (uv_stream_t*) &to);
  end_file();
}

TEST(x8_cancel_of_what_is_over) {
  uv_tcp_t client, server;
  struct sent sent;

  make_file(10);
  net_pair(&client, &server);
  CHECK_EQ(uvs_send_file_cancel(NULL), UV_EINVAL);
  CHECK_EQ(begin(&sent, &client, 0, 0), 0);
  CHECK_EQ(uvs_send_file_cancel(&sent.req), UV_EBUSY);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  end_file();
}

static struct sent* in_progress;

static void cancel_in_progress(uvs_send_file_t* req) {
  CHECK_EQ(uvs_send_file_cancel(req), 0);
  in_progress->tells++;
}

/* From inside its own callback, too, where a piece may be under way again. */
TEST(x8_cancel_in_its_progress) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;

  make_huge_file();
  net_small_pair(&client, &server);
  memset(&sent, 0, sizeof sent);
  sent.req.data = in_progress = &sent;
  CHECK_EQ(uvs_send_file(&sent.req, (uv_stream_t*) &client, file, 0, ENORMOUS, cancel_in_progress,
                         note_end),
           0);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_ECANCELED);
  CHECK(sent.tells > 0);
  net_until_bytes(&sink, sent.req.sent);
  end_file();
}

/* ---- Ends ---- */

static int closed;

static void note_close(uv_handle_t* handle) {
  (void) handle;
  closed = ++order;
}

TEST(x8_close_meanwhile) {
  uv_tcp_t client, server;
  struct sent sent;
  struct sent behind;

  make_file(LARGE);
  net_small_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 0, LARGE), 0);
  CHECK_EQ(begin(&behind, &client, 0, LARGE), 0);
  net_turns(5);
  uv_close((uv_handle_t*) &client, note_close);
  CHECK_EQ(uvs_send_file_cancel(&sent.req), UV_EBUSY);
  net_until(&closed, 1);
  CHECK_EQ(sent.status, UV_ECANCELED);
  CHECK_EQ(behind.status, UV_ECANCELED);
  CHECK_EQ(behind.req.sent, 0);
  CHECK(sent.done < behind.done && behind.done < closed);
  end_file();
}

static int shut;

static void note_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  shut = ++order;
}

TEST(x8_shutdown_waits_for_it) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  uv_shutdown_t req;
  struct sent sent;

  make_file(LARGE);
  net_small_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 0, LARGE), 0);
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &client, note_shutdown), 0);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(sink.bytes, LARGE);
  net_until(&shut, 1);
  CHECK_EQ(sent.status, 0);
  CHECK(sent.done < shut);
  end_file();
}

/* Neither a signal nor a hang: an error, as of a write (W10). */
static void check_dead(uv_stream_t* from, uv_handle_t* to) {
  struct sent sent;
  int rounds;

  net_close(to);
  for (rounds = 0; rounds < 100; rounds++) {
    CHECK_EQ(begin(&sent, from, 0, LARGE), 0);
    net_until(&sent.done, 1);
    if (sent.status < 0)
      break;
  }
  CHECK(sent.status == UV_EPIPE || sent.status == UV_ECONNRESET);
  net_close((uv_handle_t*) from);
}

TEST(x8_peer_that_is_gone) {
  uv_tcp_t client, server;
  int way;

  make_file(LARGE);
  if (!test_is_wine()) { /* whose TransmitFile never hears of a reset while it waits for room */
    net_pair(&client, &server);
    check_dead((uv_stream_t*) &client, (uv_handle_t*) &server);
  }
  for (way = 0; way < TEST_WAYS; way++) {
    uv_pipe_t from, to;

    test_pipe_way((enum test_way) way, &from, &to);
    check_dead((uv_stream_t*) &from, (uv_handle_t*) &to);
  }
  end_file();
}

TEST(x8_what_is_no_file) {
  uv_tcp_t client, server;
  uv_file ends[2];
  struct sent sent;
  uv_file kept;

  make_file(10);
  net_pair(&client, &server);
  kept = file;
  CHECK_EQ(uv_pipe(ends, 0, 0), 0);
  test_fd_write(ends[1], "x", 1);
  file = ends[0]; /* It has no places, and who reads it would take from it. */
  CHECK_EQ(begin(&sent, &client, 0, 1), 0);
  net_until(&sent.done, 1);
  CHECK(sent.status < 0 && sent.status != UV_EOF);
  CHECK_EQ(sent.req.sent, 0);
  test_fd_close(ends[0]);
  test_fd_close(ends[1]);
  CHECK_EQ(begin(&sent, &client, 0, 1), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EBADF);
  file = kept;
  CHECK_EQ(begin(&sent, &client, 0, 10), 0); /* The stream goes on. */
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  end_file();
}

/* The same on every system, whether it was to move the bytes or to read them. */
TEST(x8_file_that_is_only_written_to) {
  uv_pipe_t from, to;
  uv_tcp_t client, server;
  struct sent sent;

  make_file(10);
  test_fd_close(file);
  file = test_fd_open(path, 1);
  net_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 0, 10), 0);
  net_until(&sent.done, 1);
  if (sent.status != 0 || !test_is_wine()) /* Wine 8 sends it all the same. */
    CHECK_EQ(sent.status, UV_EBADF);
  CHECK_EQ(begin(&sent, &client, 10, 1), 0); /* where it has no bytes */
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EBADF);
  test_pipe_pair(&from, &to, 0);
  CHECK_EQ(begin(&sent, &from, 0, 10), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EBADF);
  end_file();
}

/* A descriptor of it is there on every system, and has no bytes on none. */
TEST(x8_folder) {
  uv_pipe_t from, to;
  uv_tcp_t client, server;
  struct sent sent;

  file = test_fd_folder();
  net_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 0, 10), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EISDIR);
  CHECK_EQ(begin(&sent, &client, 0, UVS_TO_END), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EISDIR);
  test_pipe_pair(&from, &to, 0);
  CHECK_EQ(begin(&sent, &from, 0, 10), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EISDIR);
  test_fd_close(file);
  net_end();
}

/* A number that is no descriptor any more. */
static uv_file no_file(void) {
  uv_file ends[2];

  CHECK_EQ(uv_pipe(ends, 0, 0), 0);
  test_fd_close(ends[0]);
  test_fd_close(ends[1]);
  return ends[0];
}

/* W8 waits for what can come: a file that cannot be read has failed, and has its callback in a turn. */
TEST(x8_what_is_no_file_in_blocking_mode) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_tcp_t client, server;
  struct sent sent;

  net_pair(&client, &server);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &client, 1), 0);
  file = no_file();
  CHECK_EQ(begin(&sent, &client, 0, 1), 0);
  CHECK_EQ(sent.done, 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1),
           UV_EAGAIN); /* It overtakes nothing (W7). */
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EBADF);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), 1);
  net_end();
}

static uv_tcp_t sender;
static struct sent early;
static int looks;

static void send_early(uv_prepare_t* prepare) {
  CHECK_EQ(uv_prepare_stop(prepare), 0);
  CHECK_EQ(begin(&early, &sender, 0, 1), 0);
}

static void look_at_early(uv_check_t* check) {
  CHECK_EQ(early.done, 0);
  CHECK_EQ(uv_check_stop(check), 0);
  looks++;
}

/* L1: the turn of who sends is not that of the callback. */
TEST(x8_what_is_no_file_is_told_in_another_turn) {
  uv_prepare_t prepare;
  uv_check_t check;
  uv_tcp_t server;

  net_pair(&sender, &server);
  file = no_file();
  CHECK_EQ(uv_prepare_init(net_loop(), &prepare), 0);
  CHECK_EQ(uv_check_init(net_loop(), &check), 0);
  CHECK_EQ(uv_prepare_start(&prepare, send_early), 0);
  CHECK_EQ(uv_check_start(&check, look_at_early), 0);
  net_turns(1); /* Who waits for the loop from outside has no reason to begin one. */
  net_until(&early.done, 1);
  CHECK_EQ(looks, 1);
  CHECK_EQ(early.status, UV_EBADF);
  net_end();
}

/* Between two writes, of which the first goes on. */
TEST(x8_cancel_of_one_that_waits) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;
  int writes = 0;

  make_file(10);
  net_small_pair(&client, &server);
  net_send((uv_stream_t*) &client, NET_BLOCK, 0, &writes);
  CHECK_EQ(begin(&sent, &client, 0, 10), 0);
  net_send((uv_stream_t*) &client, 100, NET_BLOCK, &writes);
  net_turns(2);
  CHECK_EQ(uv_cancel((uv_req_t*) &sent.req), UV_EINVAL); /* It is no request of uv.h. */
  CHECK_EQ(uvs_send_file_cancel(&sent.req), 0);
  CHECK_EQ(uvs_send_file_cancel(&sent.req), UV_EBUSY);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_ECANCELED);
  CHECK_EQ(sent.req.sent, 0);
  CHECK(writes >= 1); /* The one before it has been told (W1). */
  net_until(&writes, 2);
  net_until_bytes(&sink, NET_BLOCK + 100);
  end_file();
}

static void never(uvs_send_file_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a request that was refused has no callback");
}

TEST(x8_refused) {
  uvs_send_file_t req;
  uv_tcp_t client, server, fresh;
  uv_stream_t* stream = (uv_stream_t*) &client;
  uv_shutdown_t shutdown;

  make_file(10);
  net_pair(&client, &server);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uvs_send_file(NULL, stream, file, 0, 1, NULL, never), UV_EINVAL);
  CHECK_EQ(uvs_send_file(&req, NULL, file, 0, 1, NULL, never), UV_EINVAL);
  CHECK_EQ(uvs_send_file(&req, stream, -1, 0, 1, NULL, never), UV_EINVAL);
  CHECK_EQ(uvs_send_file(&req, stream, file, UINT64_MAX, 1, NULL, never), UV_EINVAL);
  CHECK_EQ(uvs_send_file(&req, stream, file, 1, INT64_MAX, NULL, never), UV_EINVAL);
  CHECK_EQ(uvs_send_file(&req, (uv_stream_t*) &fresh, file, 0, 1, NULL, never), UV_EBADF);
  CHECK_EQ(uv_shutdown(&shutdown, stream, note_shutdown), 0);
  CHECK_EQ(uvs_send_file(&req, stream, file, 0, 1, NULL, never), UV_EPIPE);
  net_until(&shut, 1);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK_EQ(uvs_send_file(&req, stream, file, 0, 1, NULL, never), UV_EBADF);
  end_file();
}

/* ---- Together with other rules ---- */

static void connected(uv_connect_t* req, int status) {
  *(int*) req->data = status == 0 ? 1 : -1;
}

/* W4: in the queue of a connect, and with it when that fails. */
TEST(x8_before_there_is_a_connection) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t holder, client;
  struct sent sent;
  int came = 0;

  make_file(10);
  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  req.data = &came;
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, connected), 0);
  CHECK_EQ(begin(&sent, &client, 0, 10), 0);
  net_until(&sent.done, 1);
  CHECK_EQ(came, -1);
  CHECK_EQ(sent.status, UV_ECANCELED);
  end_file();
}

/* W8: all of it goes in the call, and what is written behind it, too. */
TEST(x8_blocking_mode) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;
  uv_buf_t buf;
  char rest[1000];

  make_file(LITTLE);
  net_pair(&client, &server);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &client, 1), 0);
  CHECK_EQ(begin(&sent, &client, 0, LITTLE), 0);
  CHECK_EQ(sent.req.sent, LITTLE);
  CHECK_EQ(sent.done, 0);
  pattern_fill(rest, sizeof rest, LITTLE);
  buf = uv_buf_init(rest, sizeof rest);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), (int) sizeof rest);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  net_until_bytes(&sink, LITTLE + sizeof rest);
  end_file();
}

/* W7: a try does not overtake a file. */
/* The system's way to move a file has no flag against waiting. */
TEST(l6_file_over_a_socket_that_others_made_blocking) {
#ifdef _WIN32
  SKIP("there is no blocking flag that others change");
#else
  struct net_sink sink = {0};
  struct sent sent;
  uv_tcp_t client, server;
  uv_os_fd_t fd;

  make_file(LARGE);
  net_small_pair(&client, &server);
  CHECK_EQ(uv_fileno((uv_handle_t*) &client, &fd), 0);
  CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
  CHECK_EQ(begin(&sent, &client, 0, LARGE), 0);
  net_turns(3);
  CHECK_EQ(sent.done, 0);
  net_drain((uv_stream_t*) &server, &sink);
  net_until_bytes(&sink, LARGE);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  CHECK_EQ(sent.req.sent, LARGE);
  CHECK_EQ(raw_is_blocking((uv_os_sock_t) fd), 1);
  end_file();
#endif
}

TEST(w8_file_over_standard_input_leaves_its_mode) {
#if defined(_WIN32) || defined(__APPLE__)
  SKIP("there is no blocking flag, or it is put back at the end");
#else
  struct net_sink sink = {0};
  struct sent sent;
  uv_os_sock_t pair[2];
  uv_pipe_t from, to;

  make_file(SMALL);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(dup2(pair[0], STDIN_FILENO), STDIN_FILENO);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, STDIN_FILENO), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, pair[1]), 0);
  net_drain((uv_stream_t*) &to, &sink);
  CHECK_EQ(begin(&sent, &from, 0, SMALL), 0);
  net_until_bytes(&sink, SMALL);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, 0);
  CHECK_EQ(raw_is_blocking(pair[0]), 1);
  test_fd_close(pair[0]);
  end_file();
#endif
}

TEST(x8_try_write_waits_behind_it) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  struct sent sent;

  make_file(LARGE);
  net_small_pair(&client, &server);
  CHECK_EQ(begin(&sent, &client, 0, LARGE), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), UV_EAGAIN);
  net_drain((uv_stream_t*) &server, &sink);
  net_until(&sent.done, 1);
  net_until_bytes(&sink, LARGE);
  end_file();
}

/* Peers that do not read hold up nobody else, however many there are. */
TEST(x8_many_at_once) {
  struct net_sink sinks[MANY];
  uv_tcp_t clients[MANY], servers[MANY];
  struct sent sents[MANY];
  int i;

  make_file(LARGE);
  memset(sinks, 0, sizeof sinks);
  for (i = 0; i < MANY; i++) {
    net_small_pair(&clients[i], &servers[i]);
    CHECK_EQ(begin(&sents[i], &clients[i], 0, LARGE), 0);
  }
  net_turns(5);
  for (i = MANY - 1; i >= 0; i--) {
    net_drain((uv_stream_t*) &servers[i], &sinks[i]);
    net_until(&sents[i].done, 1);
    CHECK_EQ(sents[i].status, 0);
    net_until_bytes(&sinks[i], LARGE);
  }
  end_file();
}

/* X2: a peer that takes nothing. */
TEST(x8_limit_for_a_file) {
  uvs_deadline_t limit;
  uv_tcp_t client, server;
  struct sent sent;
  struct sent behind;

  make_file(LARGE);
  net_small_pair(&client, &server);
  CHECK_EQ(uvs_deadline_start(&limit, (uv_stream_t*) &client, UVS_DEADLINE_WRITE, 50), 0);
  CHECK_EQ(begin(&sent, &client, 0, LARGE), 0);
  CHECK_EQ(begin(&behind, &client, 0, LARGE), 0);
  net_until(&behind.done, 1);
  CHECK_EQ(sent.status, UV_ETIMEDOUT);
  CHECK_EQ(behind.status, UV_ETIMEDOUT);
  CHECK_EQ(behind.req.sent, 0);
  end_file();
}

/* ---- Behind one that fails ---- */

static struct {
  uv_stream_t* stream;
  uv_write_t writes
      [4]; /* before it, in its callback before it, behind it, and when it is known to have failed */
  struct sent sent;
  int ended[4];
  int status[4];
} gap;

static void gap_over(uv_write_t* req, int status);

static void gap_write(int number, uint64_t at) {
  static char bytes[4];
  uv_buf_t buf = uv_buf_init(&bytes[number], 1);

  bytes[number] = pattern_at(at);
  CHECK_EQ(uv_write(&gap.writes[number], gap.stream, &buf, 1, gap_over), 0);
}

static void gap_over(uv_write_t* req, int status) {
  int number = (int) (req - gap.writes);

  gap.ended[number] = ++order;
  gap.status[number] = status;
  if (number == 0) {
    gap_write(1, 1);
    CHECK_EQ(begin(&gap.sent, gap.stream, 2, 20), 0);
    gap_write(2, 12);
  } else if (number == 1) {
    gap_write(3, 13);
  }
}

static void on_gap_shut(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data = 1;
}

/* W6: also what is written in a callback that comes before that of the file, when that has failed already. */
TEST(x8_nothing_goes_over_the_gap_of_a_file_that_fails) {
  struct net_sink sink = {0};
  uv_tcp_t client, server;
  uv_shutdown_t req;
  int is_shut = 0;

  make_file(12);
  net_pair(&client, &server);
  net_drain((uv_stream_t*) &server, &sink);
  memset(&gap, 0, sizeof gap);
  gap.stream = (uv_stream_t*) &client;
  gap_write(0, 0);
  net_until(&gap.ended[3], 1);
  CHECK_EQ(gap.status[0], 0);
  CHECK_EQ(gap.status[1], 0);
  CHECK_EQ(gap.sent.status, UV_EOF);
  CHECK_EQ(gap.status[2], UV_EOF);
  CHECK_EQ(gap.status[3], UV_EOF);
  CHECK(gap.ended[1] < gap.sent.done && gap.sent.done < gap.ended[2] &&
        gap.ended[2] < gap.ended[3]);
  req.data = &is_shut;
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &client, on_gap_shut), 0);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ((int) sink.bytes, 12);
  end_file();
}

/* W7, W8: in blocking mode a try sends what is before it, and goes nowhere when that is a file which fails. The
 * peer is of another loop, as this one stands still meanwhile. */
TEST(x8_try_in_blocking_mode_behind_a_file_that_fails) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  struct net_sink sink = {0};
  uv_os_sock_t ends[2];
  uv_tcp_t client, server;
  uv_loop_t other;
  struct sent sent;
  size_t size = 0;
  int limit = 65536;
  int done = 0;

  CHECK_EQ(uv_loop_init(&other), 0);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, ends, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_open(&client, ends[0]), 0);
  CHECK_EQ(uv_tcp_init(&other, &server), 0);
  CHECK_EQ(uv_tcp_open(&server, ends[1]), 0);
  CHECK_EQ(uv_send_buffer_size((uv_handle_t*) &client, &limit), 0);
  CHECK_EQ(uv_recv_buffer_size((uv_handle_t*) &server, &limit), 0);
  for (; client.write_queue_size == 0; size += 4096)
    net_send((uv_stream_t*) &client, 4096, size, &done);
  make_file(size + 100);
  CHECK_EQ(begin(&sent, &client, size, 200), 0);
  net_drain((uv_stream_t*) &server, &sink);
  while (sink.bytes < size - client.write_queue_size)
    (void) uv_run(&other, UV_RUN_ONCE);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &client, 1), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), UV_EAGAIN);
  CHECK_EQ((int) client.write_queue_size, 0);
  net_until(&sent.done, 1);
  CHECK_EQ(sent.status, UV_EOF);
  CHECK_EQ(sent.req.sent, 100);
  while (sink.bytes < size + 100)
    (void) uv_run(&other, UV_RUN_ONCE);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other), 0);
  end_file();
}
