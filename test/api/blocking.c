/* Blocking mode (rule W8). The peer is a thread with a plain socket, since the loop's own
 * thread waits inside uv_write. */
#include "harness.h"
#include "net.h"
#include "raw.h"
#include "uv.h"

#ifndef _WIN32
#  include <unistd.h>
#endif

static int order[8];
static int ended;

static void note_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK(ended < 8);
  order[ended++] = *(int*) req->data;
}

/* A stream whose peer is a plain socket, with small buffers between them. */
static uv_os_sock_t open_stream(uv_tcp_t* stream) {
  uv_os_sock_t pair[2];

  CHECK_EQ(uv_tcp_init(net_loop(), stream), 0);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  raw_shrink(pair[0]);
  raw_shrink(pair[1]);
  CHECK_EQ(uv_tcp_open(stream, pair[0]), 0);
  return pair[1];
}

TEST(w8_blocking_write_is_complete_when_it_returns) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  struct raw_drain* drain;
  uv_write_t write;
  uv_tcp_t stream;
  int name = 0;

  drain = raw_drain_start(open_stream(&stream));
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), 0);
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &stream, &buf, 1, note_write), 0);
  CHECK_EQ(stream.write_queue_size, 0);
  CHECK_EQ(ended, 0); /* L1: from the loop, as ever */
  net_until(&ended, 1);
  uv_close((uv_handle_t*) &stream, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(raw_drain_join(drain), NET_BLOCK);
  net_end();
}

TEST(w8_order_holds_when_the_mode_changes_with_writes_pending) {
  static int names[4] = {0, 1, 2, 3};
  size_t quarter = NET_BLOCK / 4;
  struct raw_drain* drain = NULL;
  uv_write_t writes[4];
  uv_os_sock_t peer;
  uv_tcp_t stream;
  int i;

  peer = open_stream(&stream);
  for (i = 0; i < 4; i++) {
    uv_buf_t buf = uv_buf_init(net_block() + (size_t) i * quarter, (unsigned) quarter);

    if (i == 2) { /* two writes wait; the third must not overtake them */
      CHECK(stream.write_queue_size > 0);
      drain = raw_drain_start(peer);
      CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), 0);
    }
    if (i == 3) {
      CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 0), 0);
    }
    writes[i].data = &names[i];
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &stream, &buf, 1, note_write), 0);
    if (i == 2) {
      CHECK_EQ(stream.write_queue_size, 0);
    }
    CHECK_EQ(ended, 0);
  }
  net_until(&ended, 4);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(order[i], i);
  }
  uv_close((uv_handle_t*) &stream, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(raw_drain_join(drain), NET_BLOCK);
  net_end();
}

/* Nobody reads yet: what is queued goes first, then the try takes all of it. */
TEST(w8_blocking_try_write_waits_and_takes_all) {
  enum {
    PART = NET_BLOCK / 4,
    BUFS = 16 /* more than a request has room for */
  };
  uv_buf_t block = uv_buf_init(net_block(), 2 * PART);
  uv_buf_t last = uv_buf_init(net_block() + 3 * PART, PART);
  uv_buf_t bufs[BUFS];
  struct raw_drain* drain;
  uv_write_t write;
  uv_os_sock_t peer;
  uv_tcp_t stream;
  int name = 0;
  int i;

  peer = open_stream(&stream);
  write.data = &name;
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &stream, &block, 1, note_write), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &stream, &last, 1), UV_EAGAIN);
  drain = raw_drain_start(peer);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), 0);
  for (i = 0; i < BUFS; i++) {
    bufs[i] = uv_buf_init(net_block() + 2 * PART + i * (PART / BUFS), PART / BUFS);
  }
  CHECK_EQ(uv_try_write((uv_stream_t*) &stream, bufs, BUFS), PART);
  CHECK_EQ(stream.write_queue_size, 0);
  CHECK_EQ(ended, 0); /* that of the other one is still owed */
  net_until(&ended, 1);
  CHECK_EQ(uv_try_write((uv_stream_t*) &stream, &last, 1), PART);
  net_turns(2);
  CHECK_EQ(ended, 1);
  uv_close((uv_handle_t*) &stream, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(raw_drain_join(drain), NET_BLOCK);
  net_end();
}

TEST(w8_blocking_try_write_to_a_closed_peer_fails) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_tcp_t stream;
  int r = 1;
  int i;

  raw_close(open_stream(&stream));
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), 0);
  for (i = 0; i < 3 && r > 0; i++) { /* What the system took before it noticed is told. */
    r = uv_try_write((uv_stream_t*) &stream, &buf, 1);
  }
  CHECK(r == UV_EPIPE || r == UV_ECONNRESET || r == UV_ECONNABORTED);
  CHECK_EQ(stream.write_queue_size, 0);
  net_end();
}

static void fail_write(uv_write_t* req, int status) {
  (void) req;
  CHECK(status == UV_EPIPE || status == UV_ECONNRESET || status == UV_ECONNABORTED);
  ended++;
}

TEST(w8_blocking_write_to_a_closed_peer_fails_in_its_callback) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t write;
  uv_tcp_t stream;

  raw_close(open_stream(&stream));
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &stream, &buf, 1, fail_write), 0);
  CHECK_EQ(stream.write_queue_size, 0);
  CHECK_EQ(ended, 0);
  net_until(&ended, 1);
  net_end();
}

TEST(w8_mode_is_the_streams_own) {
#ifdef _WIN32
  SKIP("there is no blocking flag that holders of one socket share");
#else
  uv_os_sock_t peer;
  uv_os_fd_t fd;
  uv_tcp_t stream;
  int other;

  peer = open_stream(&stream);
  CHECK_EQ(uv_fileno((uv_handle_t*) &stream, &fd), 0);
  other = dup(fd); /* shares the file description, as a child process would */
  CHECK(other != -1);
  CHECK_EQ(raw_is_blocking(other), 0);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), 0);
  CHECK_EQ(raw_is_blocking(other), 0);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 0), 0);
  CHECK_EQ(raw_is_blocking(other), 0);
  close(other);
  raw_close(peer);
  net_end();
#endif
}

TEST(w8_set_blocking_of_a_closing_stream_is_einval) {
  uv_tcp_t stream;

  CHECK_EQ(uv_tcp_init(net_loop(), &stream), 0);
  uv_close((uv_handle_t*) &stream, NULL);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &stream, 1), UV_EINVAL);
  net_end();
}
