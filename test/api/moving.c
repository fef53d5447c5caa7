/* Streams that leave a loop (rule X6): what goes, what goes along, and what refuses. Here they come back
 * to the same loop; other threads are in moving_loops.c. */
#include "moving.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "raw.h"
#include "thread.h"

#ifdef _WIN32
#  include <io.h>
#else
#  include <netinet/tcp.h>
#endif
#include <fcntl.h>

void moving_pair(enum moving_way way, union moving_stream* a, union moving_stream* b) {
  if (way == MOVING_TCP)
    net_pair(&a->tcp, &b->tcp);
  else
    test_pipe_pair(&a->pipe, &b->pipe, way == MOVING_IPC);
}

void moving_init(enum moving_way way, uv_loop_t* loop, union moving_stream* fresh) {
  if (way == MOVING_TCP)
    CHECK_EQ(uv_tcp_init(loop, &fresh->tcp), 0);
  else
    CHECK_EQ(uv_pipe_init(loop, &fresh->pipe, way == MOVING_IPC), 0);
}

static int left;

static void on_left(uvs_moving_t* moving, uv_stream_t* handle) {
  CHECK(handle == moving->data);
  CHECK(moving->type == UV_TCP || moving->type == UV_NAMED_PIPE);
  memset(handle, 0xdd, moving->type == UV_TCP ? sizeof(uv_tcp_t) : sizeof(uv_pipe_t));
  left++;
}

static void take_off(union moving_stream* from, uvs_moving_t* moving) {
  int r;

  moving->data = from;
  moving->type = UV_UNKNOWN_HANDLE;
  r = uvs_detach(&from->stream, moving, on_left);
#ifdef _WIN32
  if (r == UV_EBUSY && from->stream.type == UV_TCP)
    SKIP("a layered provider does not give back a receive that waits");
#endif
  CHECK_EQ(r, 0);
  CHECK_EQ(uv_is_closing((uv_handle_t*) from), 1);
  CHECK_EQ(uv_is_readable(&from->stream), 0);
}

void moving_take(union moving_stream* from, uvs_moving_t* moving) {
  int goal = left + 1;

  take_off(from, moving);
  net_until(&left, goal);
}

void moving_over(enum moving_way way, union moving_stream* from, union moving_stream* to) {
  uvs_moving_t moving;

  moving_take(from, &moving);
  moving_init(way, net_loop(), to);
  CHECK_EQ(uvs_attach(&to->stream, &moving), 0);
  CHECK_EQ(moving.type, UV_UNKNOWN_HANDLE);
}

#define EACH_WAY(way) \
  for (enum moving_way way = MOVING_TCP; way < MOVING_WAYS; way = (enum moving_way)(way + 1))

/* ---- Bytes ---- */

static char piece[7];
static uint64_t heard;

static void give_piece(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  *buf = uv_buf_init(piece, sizeof piece);
}

static uvs_moving_t in_callback;

static void read_and_leave(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread == 0)
    return;
  CHECK(nread > 0);
  pattern_check(buf->base, (size_t) nread, heard);
  heard += (uint64_t) nread;
  take_off((union moving_stream*) stream, &in_callback);
}

TEST(x6_bytes_that_nobody_has_read_come_along) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    struct net_sink sink;
    int goal = left + 1;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    heard = 0;
    moving_pair(way, &a, &b);
    net_send(&a.stream, 5000, 0, &done);
    net_send(&a.stream, 5000, 5000, &done);
    CHECK_EQ(uv_read_start(&b.stream, give_piece, read_and_leave), 0);
    net_until(&left, goal);
    CHECK(heard > 0 && heard <= sizeof piece);
    moving_init(way, net_loop(), &c);
    CHECK_EQ(uvs_attach(&c.stream, &in_callback), 0);
    sink.bytes = heard;
    net_drain(&c.stream, &sink);
    net_until_bytes(&sink, 10000);
    net_send(&a.stream, 100, 10000, &done);
    net_until_bytes(&sink, 10100);
    net_until(&done, 3);
    net_end();
  }
}

/* In all states that a reader can be in: it never read, it waits, it has stopped, something came since. */
TEST(x6_a_reader_that_waits_goes) {
  EACH_WAY(way) {
    union moving_stream a, b, c, d, e;
    struct net_sink sink;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    moving_pair(way, &a, &b);
    moving_over(way, &b, &c);
    net_drain(&c.stream, &sink);
    net_send(&a.stream, 10, 0, &done);
    net_until_bytes(&sink, 10);
    net_turns(3);
    moving_over(way, &c, &d); /* It waits. */
    net_drain(&d.stream, &sink);
    net_turns(3);
    CHECK_EQ(uv_read_stop(&d.stream), 0);
    net_send(&a.stream, 10, 10, &done);
    net_until(&done, 2);
    net_turns(3);
    moving_over(way, &d, &e);
    net_drain(&e.stream, &sink);
    net_until_bytes(&sink, 20);
    done = 0;
    memset(&sink, 0, sizeof sink);
    net_drain(&a.stream, &sink);
    net_send(&e.stream, 1000, 0, &done);
    net_until_bytes(&sink, 1000);
    net_until(&done, 1);
    net_end();
  }
}

/* Written behind a move, and with what a try had taken before. */
TEST(x6_what_was_tried_arrives_in_front) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    struct net_sink sink;
    char bytes[3000];
    uv_buf_t buf = uv_buf_init(bytes, sizeof bytes);
    uint64_t sent = 0;
    int done = 0;
    int n;

    memset(&sink, 0, sizeof sink);
    moving_pair(way, &a, &b);
    pattern_fill(bytes, sizeof bytes, 0);
    n = uv_try_write(&a.stream, &buf, 1);
    CHECK(n > 0 || n == UV_EAGAIN);
    sent = n > 0 ? (uint64_t) n : 0;
    moving_over(way, &a, &c);
    net_send(&c.stream, 1000, sent, &done);
    net_drain(&b.stream, &sink);
    net_until_bytes(&sink, sent + 1000);
    net_until(&done, 1);
    net_end();
  }
}

/* ---- Ends ---- */

static void note_shut(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data = 1;
}

TEST(x6_what_ended_stays_ended) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    struct net_sink sink, back;
    uv_shutdown_t shut;
    uv_write_t write;
    uv_buf_t buf = uv_buf_init("x", 1);
    int is_shut = 0;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    memset(&back, 0, sizeof back);
    moving_pair(way, &a, &b);
    net_send(&b.stream, 10, 0, &done);
    shut.data = &is_shut;
    CHECK_EQ(uv_shutdown(&shut, &b.stream, note_shut), 0);
    net_drain(&a.stream, &sink);
    net_until(&is_shut, 1);
    moving_over(way, &b, &c);
    CHECK_EQ(uv_is_writable(&c.stream), 0);
    CHECK_EQ(uv_write(&write, &c.stream, &buf, 1, NULL), UV_EPIPE);
    CHECK_EQ(uv_shutdown(&shut, &c.stream, note_shut), UV_ENOTCONN);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.bytes, 10);
    CHECK_EQ(sink.status, UV_EOF);
    /* The other way goes on, and it moves once more with the end that it has heard. */
    net_drain(&c.stream, &back);
    net_send(&a.stream, 10, 0, &done);
    net_until_bytes(&back, 10);
    is_shut = 0;
    CHECK_EQ(uv_shutdown(&shut, &a.stream, note_shut), 0);
    net_until(&back.ended, 1);
    CHECK_EQ(back.status, UV_EOF);
    net_until(&is_shut, 1);
    moving_over(way, &c, &b);
    CHECK_EQ(uv_is_readable(&b.stream), 0);
    CHECK_EQ(uv_read_start(&b.stream, net_alloc, read_and_leave), UV_ENOTCONN);
    net_end();
  }
}

/* The end, which a read of nothing may have met already. */
TEST(x6_an_end_that_was_not_read_is_read_there) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    struct net_sink sink, back;
    uv_shutdown_t shut;
    int is_shut = 0;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    memset(&back, 0, sizeof back);
    moving_pair(way, &a, &b);
    net_drain(&b.stream, &sink);
    net_send(&a.stream, 10, 0, &done);
    net_until_bytes(&sink, 10);
    net_turns(3);
    CHECK_EQ(uv_read_stop(&b.stream), 0);
    shut.data = &is_shut;
    CHECK_EQ(uv_shutdown(&shut, &a.stream, note_shut), 0);
    net_until(&is_shut, 1);
    net_turns(3);
    moving_over(way, &b, &c);
    net_drain(&c.stream, &sink);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.status, UV_EOF);
    CHECK_EQ(sink.bytes, 10);
    net_drain(&a.stream, &back);
    net_send(&c.stream, 10, 0, &done);
    net_until_bytes(&back, 10);
    net_until(&done, 2);
    net_end();
  }
}

TEST(x6_a_reset_that_was_not_read_is_read_there) {
  union moving_stream a, b, c;
  struct net_sink sink;
  int done = 0;

  memset(&sink, 0, sizeof sink);
  moving_pair(MOVING_TCP, &a, &b);
  net_drain(&b.stream, &sink);
  net_send(&a.stream, 10, 0, &done);
  net_until_bytes(&sink, 10);
  net_turns(3);
  CHECK_EQ(uv_read_stop(&b.stream), 0);
  net_until(&done, 1);
  net_closed = 0;
  CHECK_EQ(uv_tcp_close_reset(&a.tcp, net_count_close), 0);
  net_until(&net_closed, 1);
  net_turns(3);
  moving_over(MOVING_TCP, &b, &c);
  net_drain(&c.stream, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_ECONNRESET);
  net_end();
}

static void drop_it(void* moving) {
  uvs_moving_drop(moving);
}

TEST(x6_what_is_dropped_ends) {
  EACH_WAY(way) {
    int elsewhere;

    for (elsewhere = 0; elsewhere < 2; elsewhere++) {
      union moving_stream a, b;
      struct net_sink sink;
      uvs_moving_t moving;
      int done = 0;

      memset(&sink, 0, sizeof sink);
      moving_pair(way, &a, &b);
      net_send(&b.stream, 100, 0, &done);
      net_until(&done, 1);
      moving_take(&b, &moving);
      if (elsewhere)
        test_thread_join(test_thread_start(drop_it, &moving));
      else
        uvs_moving_drop(&moving);
      CHECK_EQ(moving.type, UV_UNKNOWN_HANDLE);
      uvs_moving_drop(&moving);
      net_drain(&a.stream, &sink);
      net_until(&sink.ended, 1);
      CHECK_EQ(sink.bytes, 100);
      CHECK_EQ(sink.status, UV_EOF);
      net_end();
    }
  }
}

/* ---- Handles that came ---- */

static void note_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread >= 0);
  *(int*) stream->data += (int) nread;
}

static void note_written(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

/* Two handles go over a pipe; the first has come, the second is on its way, when it moves. */
static void send_two(union moving_stream* a,
                     union moving_stream* b,
                     uv_tcp_t stays[2],
                     uv_tcp_t goes[2]) {
  uv_write_t writes[2];
  uv_buf_t buf = uv_buf_init("h", 1);
  int written = 0;
  int bytes = 0;
  int i;

  moving_pair(MOVING_IPC, a, b);
  b->stream.data = &bytes;
  for (i = 0; i < 2; i++) {
    net_pair(&stays[i], &goes[i]);
    writes[i].data = &written;
  }
  CHECK_EQ(uv_write2(&writes[0], &a->stream, &buf, 1, (uv_stream_t*) &goes[0], note_written), 0);
  CHECK_EQ(uv_read_start(&b->stream, net_alloc, note_read), 0);
  net_until(&bytes, 1);
  CHECK_EQ(uv_read_stop(&b->stream), 0);
  CHECK_EQ(uv_write2(&writes[1], &a->stream, &buf, 1, (uv_stream_t*) &goes[1], note_written), 0);
  net_until(&written, 2);
  net_close((uv_handle_t*) &goes[0]);
  net_close((uv_handle_t*) &goes[1]);
  CHECK_EQ(uv_pipe_pending_count(&b->pipe), 1);
}

TEST(x6_handles_that_came_go_along) {
  union moving_stream a, b, c;
  uv_tcp_t stays[2], goes[2], again[2];
  int bytes = 0;
  int i;

  send_two(&a, &b, stays, goes);
  moving_over(MOVING_IPC, &b, &c);
  CHECK_EQ(uv_pipe_pending_count(&c.pipe), 1);
  c.stream.data = &bytes;
  CHECK_EQ(uv_read_start(&c.stream, net_alloc, note_read), 0);
  net_until(&bytes, 1);
  CHECK_EQ(uv_pipe_pending_count(&c.pipe), 2);
  for (i = 0; i < 2; i++) {
    struct net_sink sink;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    CHECK_EQ(uv_tcp_init(net_loop(), &again[i]), 0);
    CHECK_EQ(uv_accept(&c.stream, (uv_stream_t*) &again[i]), 0);
    net_drain((uv_stream_t*) &stays[i], &sink);
    net_send((uv_stream_t*) &again[i], 10, 0, &done);
    net_until_bytes(&sink, 10);
    net_until(&done, 1);
  }
  net_end();
}

TEST(x6_handles_that_came_end_with_what_is_dropped) {
  union moving_stream a, b;
  uv_tcp_t stays[2], goes[2];
  uvs_moving_t moving;
  int i;

  send_two(&a, &b, stays, goes);
  moving_take(&b, &moving);
  uvs_moving_drop(&moving);
  for (i = 0; i < 2; i++) {
    struct net_sink sink;

    memset(&sink, 0, sizeof sink);
    net_drain((uv_stream_t*) &stays[i], &sink);
    net_until(&sink.ended, 1);
  }
  net_end();
}

/* ---- What does not go ---- */

static void nothing_moves(uvs_moving_t* moving, uv_stream_t* handle) {
  (void) moving;
  (void) handle;
  CHECK(0);
}

static int ask(void* stream) {
  uvs_moving_t moving;

  return uvs_detach(stream, &moving, nothing_moves);
}

TEST(x6_requests_keep_a_stream_where_it_is) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    struct net_sink sink, back;
    uv_shutdown_t shut;
    int is_shut = 0;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    memset(&back, 0, sizeof back);
    moving_pair(way, &a, &b);
    net_drain(&b.stream, &sink);
    net_drain(&a.stream, &back);
    net_send(&b.stream, 10, 0, &done);
    CHECK_EQ(ask(&b), UV_EBUSY);
    shut.data = &is_shut;
    CHECK_EQ(uv_shutdown(&shut, &b.stream, note_shut), 0);
    CHECK_EQ(ask(&b), UV_EBUSY);
    /* It reads on. */
    CHECK_EQ(uv_is_active((uv_handle_t*) &b), 1);
    net_send(&a.stream, 10, 0, &done);
    net_until_bytes(&sink, 10);
    net_until(&is_shut, 1);
    net_until(&done, 2);
    moving_over(way, &b, &c);
    net_end();
  }
}

static void no_hangup(uvs_hangup_t* hangup, int status) {
  (void) hangup;
  (void) status;
  CHECK(0);
}

/* What is put on a stream is its handle's. A question that was asked for it may still be open. */
TEST(x6_what_is_put_on_a_stream_keeps_it) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    uvs_deadline_t deadline;
    uvs_hangup_t hangup;
    struct net_sink sink;
    int done = 0;

    memset(&sink, 0, sizeof sink);
    moving_pair(way, &a, &b);
    CHECK_EQ(uvs_deadline_start(&deadline, &b.stream, UVS_DEADLINE_READ, 1000000), 0);
    CHECK_EQ(ask(&b), UV_EBUSY);
    uvs_deadline_stop(&deadline);
    CHECK_EQ(uvs_hangup_start(&hangup, &b.stream, no_hangup), 0);
    net_turns(3);
    CHECK_EQ(ask(&b), UV_EBUSY);
    uvs_hangup_stop(&hangup);
    moving_over(way, &b, &c);
    CHECK_EQ(uvs_hangup_start(&hangup, &c.stream, no_hangup), 0);
    net_drain(&c.stream, &sink);
    net_send(&a.stream, 10, 0, &done);
    net_until_bytes(&sink, 10);
    uvs_hangup_stop(&hangup);
    net_until(&done, 1);
    net_end();
  }
}

static void on_connect(uv_connect_t* req, int status) {
  *(int*) req->data = status == 0 ? 1 : status;
}

TEST(x6_only_what_is_connected_goes) {
  uv_tcp_t server, fresh, client;
  uv_pipe_t pipe;
  uv_timer_t timer;
  uv_connect_t req;
  struct sockaddr_in addr = net_listen(&server, 8, NULL);
  uvs_moving_t moving;
  int is_connected = 0;

  CHECK_EQ(ask(&server), UV_ENOTCONN);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(ask(&fresh), UV_ENOTCONN);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(ask(&pipe), UV_ENOTCONN);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(ask(&timer), UV_ENOTSUP);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  req.data = &is_connected;
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, on_connect), 0);
  CHECK_EQ(ask(&client), UV_EBUSY);
  net_until(&is_connected, 1);
  CHECK_EQ(uvs_detach(NULL, &moving, nothing_moves), UV_EINVAL);
  CHECK_EQ(uvs_detach((uv_stream_t*) &client, NULL, nothing_moves), UV_EINVAL);
  CHECK_EQ(uvs_detach((uv_stream_t*) &client, &moving, NULL), UV_EINVAL);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK_EQ(ask(&client), UV_EINVAL);
  net_end();
}

/* A handle that a write has still to pass is that write's. */
TEST(x6_what_is_to_be_passed_stays) {
  static char first[1];
  union moving_stream a, b;
  uv_tcp_t stays, goes;
  uv_write_t writes[2];
  uv_buf_t bufs[2];
  int written = 0;
  int bytes = 0;

  moving_pair(MOVING_IPC, &a, &b);
  net_pair(&stays, &goes);
  bufs[0] = uv_buf_init(net_block(), NET_BLOCK);
  bufs[1] = uv_buf_init(first, 1);
  writes[0].data = writes[1].data = &written;
  CHECK_EQ(uv_write(&writes[0], &a.stream, bufs, 1, note_written), 0);
  CHECK_EQ(uv_write2(&writes[1], &a.stream, bufs + 1, 1, (uv_stream_t*) &goes, note_written), 0);
  CHECK_EQ(ask(&goes), UV_EBUSY);
  b.stream.data = &bytes;
  CHECK_EQ(uv_read_start(&b.stream, net_alloc, note_read), 0);
  net_until(&written, 2);
  net_until(&bytes, (int) NET_BLOCK + 1);
  net_end();
}

TEST(x6_a_file_stays) {
#ifdef _WIN32
  int fd = _open("NUL", _O_RDWR);
#else
  int fd = open("/dev/null", O_RDWR);
#endif
  uv_pipe_t pipe;

  CHECK(fd >= 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fd), 0);
  CHECK_EQ(ask(&pipe), UV_ENOTSUP);
  net_end();
}

TEST(x6_nothing_is_attached_where_it_does_not_belong) {
  union moving_stream a, b, c, d;
  uv_pipe_t pipe, ipc;
  uv_tcp_t closing;
  uvs_moving_t moving;
  struct net_sink sink;
  int done = 0;

  memset(&sink, 0, sizeof sink);
  moving_pair(MOVING_TCP, &a, &b);
  moving_init(MOVING_TCP, net_loop(), &c);
  take_off(&b, &moving);
  CHECK_EQ(uvs_attach(&c.stream, &moving), UV_EINVAL); /* Not before the callback. */
  net_turns(2);
  while (moving.type == UV_UNKNOWN_HANDLE)
    net_turns(1);
  CHECK_EQ(uvs_attach(NULL, &moving), UV_EINVAL);
  CHECK_EQ(uvs_attach(&c.stream, NULL), UV_EINVAL);
  uvs_moving_drop(NULL);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &ipc, 1), 0);
  CHECK_EQ(uvs_attach((uv_stream_t*) &pipe, &moving), UV_EINVAL);
  CHECK_EQ(uvs_attach(&a.stream, &moving), UV_EBUSY);
  CHECK_EQ(uv_tcp_init(net_loop(), &closing), 0);
  uv_close((uv_handle_t*) &closing, NULL);
  CHECK_EQ(uvs_attach((uv_stream_t*) &closing, &moving), UV_EINVAL);
  CHECK_EQ(uvs_attach(&c.stream, &moving), 0);
  CHECK_EQ(uvs_attach(&c.stream, &moving), UV_EINVAL); /* It is empty. */
  net_drain(&c.stream, &sink);
  net_send(&a.stream, 10, 0, &done);
  net_until_bytes(&sink, 10);
  /* A pipe with frames is no pipe without. */
  moving_pair(MOVING_PIPE, &b, &d);
  moving_take(&d, &moving);
  CHECK_EQ(moving.ipc, 0);
  CHECK_EQ(uvs_attach((uv_stream_t*) &ipc, &moving), UV_EINVAL);
  CHECK_EQ(uvs_attach((uv_stream_t*) &pipe, &moving), 0);
  net_end();
}

/* ---- What was asked of it ---- */

TEST(x6_wishes_go_along) {
  union moving_stream a, b, c;
  uv_write_t write;
  uv_buf_t buf = uv_buf_init("0123456789", 10);

  moving_pair(MOVING_TCP, &a, &b);
  CHECK_EQ(uv_stream_set_blocking(&b.stream, 1), 0);
  moving_over(MOVING_TCP, &b, &c);
  CHECK_EQ(uv_write(&write, &c.stream, &buf, 1, NULL), 0);
  CHECK_EQ(uv_stream_get_write_queue_size(&c.stream), 0);
  net_turns(2);
  moving_over(MOVING_TCP, &c, &b);
  CHECK_EQ(uv_tcp_nodelay(&b.tcp, 1), 0);
  net_end();
}

/* Of the handle it becomes, also where the other one had asked for something else. */
TEST(x6_wishes_of_the_new_handle_hold) {
  union moving_stream a, b, c;
  uvs_moving_t moving;
  uv_os_fd_t fd;
  int idle;

  for (idle = 30; idle <= 60; idle += 30) {
    moving_pair(MOVING_TCP, &a, &b);
    CHECK_EQ(uv_tcp_keepalive(&b.tcp, 1, 60), 0);
    moving_take(&b, &moving);
    moving_init(MOVING_TCP, net_loop(), &c);
    CHECK_EQ(uv_tcp_nodelay(&c.tcp, 1), 0);
    if (idle == 30)
      CHECK_EQ(uv_tcp_keepalive(&c.tcp, 1, 30), 0);
    CHECK_EQ(uvs_attach(&c.stream, &moving), 0);
    CHECK_EQ(uv_fileno((uv_handle_t*) &c, &fd), 0);
    CHECK(raw_option((uv_os_sock_t) fd, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(raw_option((uv_os_sock_t) fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
#if defined(TCP_KEEPIDLE) && !defined(_WIN32)
    CHECK_EQ(raw_option((uv_os_sock_t) fd, IPPROTO_TCP, TCP_KEEPIDLE), idle);
#endif
    moving_take(&c, &moving); /* They are what goes along now. */
    CHECK_EQ(moving.keepalive.idle, idle);
    uvs_moving_drop(&moving);
    net_close((uv_handle_t*) &a);
  }
  net_end();
}

/* A loop may end as soon as all has left it. */
TEST(x6_the_loop_it_left_may_end) {
  EACH_WAY(way) {
    union moving_stream a, b, c;
    uvs_moving_t there, back;
    struct net_sink sink;
    uv_loop_t first;
    int done = 0;
    int goal;

    memset(&sink, 0, sizeof sink);
    moving_pair(way, &a, &b);
    moving_take(&b, &there);
    CHECK_EQ(uv_loop_init(&first), 0);
    moving_init(way, &first, &c);
    CHECK_EQ(uvs_attach(&c.stream, &there), 0);
    sink.bytes = 0;
    net_drain(&c.stream, &sink);
    CHECK_EQ(uv_run(&first, UV_RUN_NOWAIT), 1); /* So that it waits for something. */
    goal = left + 1;
    take_off(&c, &back);
    while (left < goal)
      CHECK(uv_run(&first, UV_RUN_ONCE) >= 0);
    CHECK_EQ(uv_run(&first, UV_RUN_DEFAULT), 0);
    CHECK_EQ(uv_loop_close(&first), 0);
    moving_init(way, net_loop(), &b);
    CHECK_EQ(uvs_attach(&b.stream, &back), 0);
    net_drain(&b.stream, &sink);
    net_send(&a.stream, 10, 0, &done);
    net_until_bytes(&sink, 10);
    net_until(&done, 1);
    net_end();
  }
}
