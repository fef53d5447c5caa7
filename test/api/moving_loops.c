/* Streams that go from thread to thread (rule X6), a thousand times, while bytes come and go. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "moving.h"
#include "thread.h"

enum {
  MOVES = 1000,
  CHUNK = 300, /* bytes of one write of the stream that moves */
  FLOW = 20000 /* and of its peer, which never stops */
};

/* What goes back and forth, with the place in the bytes that it read and wrote. */
struct traveller {
  uvs_moving_t moving;
  union moving_stream here; /* while it is in a loop */
  enum moving_way way;
  uint64_t heard;
  uint64_t said;
  int moves;
  int is_over; /* its peer has ended, and it was closed */
  uv_write_t write;
  char bytes[CHUNK];
  struct post* at;
};

/* One of the two threads: its loop, and what arrives there. */
struct post {
  uv_loop_t* loop;
  uv_async_t bell;
  struct traveller* arrived; /* written before the bell, and read behind it */
  struct post* other;
};

static struct post posts[2];

static void begin_stay(struct traveller* t);

static void on_bell(uv_async_t* bell) {
  struct post* post = uv_handle_get_data((uv_handle_t*) bell);
  struct traveller* t = post->arrived;

  if (t == NULL)
    return;
  post->arrived = NULL;
  if (t->is_over) {
    uv_close((uv_handle_t*) bell, NULL);
    return;
  }
  t->at = post;
  begin_stay(t);
}

static void send_to(struct post* post, struct traveller* t) {
  post->arrived = t;
  CHECK_EQ(uv_async_send(&post->bell), 0);
}

static void on_left(uvs_moving_t* moving, uv_stream_t* handle) {
  struct traveller* t = moving->data;

  CHECK(handle == &t->here.stream);
  t->moves++;
  send_to(t->at->other, t);
}

static void on_closed(uv_handle_t* handle) {
  struct traveller* t = handle->data;
  struct post* here = t->at;

  t->is_over = 1;
  uv_close((uv_handle_t*) &here->bell, NULL);
  send_to(here->other, t);
}

static void on_said(uv_write_t* req, int status) {
  struct traveller* t = req->handle->data;

  CHECK_EQ(status, 0);
  t->said += CHUNK;
  t->write.data = NULL;
  if (t->moves < MOVES) {
    int r = uvs_detach(&t->here.stream, &t->moving, on_left);
    if (r != UV_EBUSY) /* What a pipe says by itself; the next write leads here again. */
      CHECK_EQ(r, 0);
  }
}

static void on_heard(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct traveller* t = stream->data;
  uv_buf_t chunk;

  if (nread == 0)
    return;
  if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    uv_close((uv_handle_t*) stream, on_closed);
    return;
  }
  pattern_check(buf->base, (size_t) nread, t->heard);
  t->heard += (uint64_t) nread;
  if (t->moves == MOVES || t->write.data != NULL)
    return;
  pattern_fill(t->bytes, CHUNK, t->said);
  chunk = uv_buf_init(t->bytes, CHUNK);
  t->write.data = t;
  CHECK_EQ(uv_write(&t->write, stream, &chunk, 1, on_said), 0);
}

static void alloc_own(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  static char blocks[2][1500];
  struct traveller* t = handle->data;

  (void) size;
  *buf = uv_buf_init(blocks[t->at == &posts[1]], sizeof blocks[0]);
}

static void begin_stay(struct traveller* t) {
  moving_init(t->way, t->at->loop, &t->here);
  CHECK_EQ(uvs_attach(&t->here.stream, &t->moving), 0);
  t->here.stream.data = t;
  t->write.data = NULL;
  CHECK_EQ(uv_read_start(&t->here.stream, alloc_own, on_heard), 0);
}

static void run_post(void* post) {
  CHECK_EQ(uv_run(((struct post*) post)->loop, UV_RUN_DEFAULT), 0);
}

static void open_post(int i, uv_loop_t* loop) {
  posts[i].loop = loop;
  posts[i].other = &posts[!i];
  posts[i].arrived = NULL;
  CHECK_EQ(uv_async_init(loop, &posts[i].bell, on_bell), 0);
  uv_handle_set_data((uv_handle_t*) &posts[i].bell, &posts[i]);
}

/* ---- The peer, which stays in the test's loop ---- */

struct peer {
  union moving_stream end;
  struct traveller* t;
  struct net_sink sink;
  uint64_t said;
  uv_write_t write;
  uv_shutdown_t shut;
  char bytes[FLOW];
  int is_shut;
};

static void on_shut(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  ((struct peer*) req->data)->is_shut = 1;
}

static void flow(struct peer* peer);

static void on_flown(uv_write_t* req, int status) {
  struct peer* peer = req->data;

  CHECK_EQ(status, 0);
  peer->said += FLOW;
  if (peer->sink.bytes < (uint64_t) (MOVES - 1) * CHUNK) {
    flow(peer);
    return;
  }
  peer->shut.data = peer;
  CHECK_EQ(uv_shutdown(&peer->shut, &peer->end.stream, on_shut), 0);
}

static void flow(struct peer* peer) {
  uv_buf_t buf = uv_buf_init(peer->bytes, FLOW);

  pattern_fill(peer->bytes, FLOW, peer->said);
  peer->write.data = peer;
  CHECK_EQ(uv_write(&peer->write, &peer->end.stream, &buf, 1, on_flown), 0);
}

static void go_back_and_forth(enum moving_way way) {
  static struct traveller t;
  static struct peer peer;
  struct test_thread* thread;
  uv_loop_t other;

  memset(&t, 0, sizeof t);
  memset(&peer, 0, sizeof peer);
  t.way = way;
  peer.t = &t;
  moving_pair(way, &peer.end, &t.here);
  CHECK_EQ(uv_loop_init(&other), 0);
  open_post(0, net_loop());
  open_post(1, &other);
  t.moving.data = &t;
  t.here.stream.data = &t;
  t.at = &posts[0];
  net_drain(&peer.end.stream, &peer.sink);
  flow(&peer);
  thread = test_thread_start(run_post, &posts[1]);
  CHECK_EQ(uvs_detach(&t.here.stream, &t.moving, on_left), 0);
  while (!peer.is_shut || !peer.sink.ended) {
    net_goes_on();
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) >= 0);
  }
  test_thread_join(thread);
  CHECK_EQ(uv_loop_close(&other), 0);
  CHECK_EQ(t.moves, MOVES);
  CHECK_EQ(t.heard, peer.said);
  CHECK_EQ(peer.sink.bytes, t.said);
  CHECK_EQ(peer.sink.status, UV_EOF);
  net_end();
}

TEST(x6_tcp_goes_back_and_forth_between_threads) {
  const char* shim = getenv("UVTEST_SHIM");

  if (shim != NULL && strstr(shim, "lsp") != NULL)
    SKIP("what a layered provider has of a read it keeps until the peer says something");
  go_back_and_forth(MOVING_TCP);
}

TEST(x6_a_pipe_goes_back_and_forth_between_threads) {
  go_back_and_forth(MOVING_PIPE);
}

TEST(x6_an_ipc_pipe_goes_back_and_forth_between_threads) {
  go_back_and_forth(MOVING_IPC);
}
