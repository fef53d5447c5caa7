/* The rules of streams (R, W, S, L) once more, over pipes of every way in which they come to
 * be. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

/* Runs the body for each way, with `from` writing to `to`. */
#define EACH_WAY(way) for (enum test_way way = TEST_NAMED; way < TEST_WAYS; way++)

static uv_pipe_t from;
static uv_pipe_t to;

static uv_stream_t* from_stream(void) {
  return (uv_stream_t*) &from;
}

static uv_stream_t* to_stream(void) {
  return (uv_stream_t*) &to;
}

static void begin(enum test_way way) {
  test_pipe_way(way, &from, &to);
}

static void end(void) {
  net_close((uv_handle_t*) &to); /* first: it shall not see the other's end */
  net_close((uv_handle_t*) &from);
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
  FAIL("a read callback that nobody waits for");
}

static void never_write(uv_write_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a callback of a refused request");
}

/* ---- R ---- */

TEST(r1_read_start_of_pipes) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &pipe, net_alloc, never_read), UV_ENOTCONN);
  CHECK_EQ(uv_pipe_bind(&pipe, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &pipe, net_alloc, never_read), UV_ENOTCONN);
  EACH_WAY(way) {
    begin(way);
    CHECK_EQ(uv_read_start(to_stream(), NULL, never_read), UV_EINVAL);
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, never_read), 0);
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, never_read), UV_EALREADY);
    end();
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, never_read), UV_EINVAL);
  }
  net_end();
}

static int lent;
static int stopping; /* 1: alloc_cb stops reading, 2: it closes */
static int returns;
static size_t received;

static void lend(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  static char memory[64];

  (void) size;
  CHECK_EQ(lent, 0);
  lent = 1;
  *buf = uv_buf_init(memory, sizeof memory);
  if (stopping == 1) {
    CHECK_EQ(uv_read_stop((uv_stream_t*) handle), 0);
  } else if (stopping == 2) {
    uv_close(handle, net_count_close);
  }
}

static void take_back(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK_EQ(lent, 1);
  CHECK_EQ(buf->len, 64);
  lent = 0;
  returns++;
  if (stopping) {
    CHECK_EQ(nread, 0);
  }
  if (nread > 0) {
    pattern_check(buf->base, (size_t) nread, received);
    received += (size_t) nread;
  }
}

TEST(r2_pipe_buffers_come_back) {
  EACH_WAY(way) {
    int sent = 0;

    begin(way);
    received = 0;
    returns = 0;
    stopping = 1;
    net_send(from_stream(), 1000, 0, &sent);
    CHECK_EQ(uv_read_start(to_stream(), lend, take_back), 0);
    net_until(&returns, 1);
    CHECK_EQ(received, 0); /* nothing was consumed */
    stopping = 0;
    CHECK_EQ(uv_read_start(to_stream(), lend, take_back), 0);
    while (received < 1000) {
      CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
    }
    net_send(from_stream(), 1, 0, &sent);
    stopping = 2;
    returns = 0;
    net_until(&returns, 1);
    net_turns(3);
    CHECK_EQ(lent, 0);
    stopping = 0;
    net_close((uv_handle_t*) &from);
  }
  net_end();
}

static int refusals;

static void refuse_often(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  if (++refusals % 3 != 0) {
    *buf = uv_buf_init(NULL, 0);
  } else {
    net_alloc(handle, size, buf);
    buf->len = 100;
  }
}

static int nobufs;

static void read_patiently(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread == UV_ENOBUFS) {
    nobufs++;
  } else if (nread > 0) {
    pattern_check(buf->base, (size_t) nread, received);
    received += (size_t) nread;
  } else {
    CHECK_EQ(nread, 0);
  }
}

TEST(r3_pipe_without_a_buffer_loses_nothing) {
  EACH_WAY(way) {
    int sent = 0;

    begin(way);
    received = 0;
    nobufs = 0;
    net_send(from_stream(), 5000, 0, &sent);
    CHECK_EQ(uv_read_start(to_stream(), refuse_often, read_patiently), 0);
    while (received < 5000) {
      CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
    }
    CHECK(nobufs > 0);
    end();
  }
  net_end();
}

TEST(r4_pipe_eof_once) {
  EACH_WAY(way) {
    struct net_sink sink = {0};
    int sent = 0;

    begin(way);
    net_send(from_stream(), 1000, 0, &sent);
    net_until(&sent, 1);
    net_close((uv_handle_t*) &from);
    net_drain(to_stream(), &sink); /* P5: what was written before the end is read before it */
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.bytes, 1000);
    CHECK_EQ(sink.status, UV_EOF);
    net_turns(5);
    CHECK_EQ(sink.ended, 1);
    CHECK_EQ(uv_is_readable(to_stream()), 0);
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, never_read), UV_ENOTCONN);
    net_close((uv_handle_t*) &to);
  }
  net_end();
}

/* ---- W ---- */

static char trace[64];

static void note_write(uv_write_t* req, int status) {
  size_t length = strlen(trace);

  CHECK_EQ(status, 0);
  CHECK(length + 1 < sizeof trace);
  trace[length] = *(char*) req->data;
  trace[length + 1] = '\0';
}

TEST(w1_pipe_writes_are_in_order) {
  static char names[] = "abcdefgh";
  EACH_WAY(way) {
    struct net_sink sink = {0};
    uv_write_t reqs[8];
    size_t part = NET_BLOCK / 8;
    int i;

    begin(way);
    memset(trace, 0, sizeof trace);
    for (i = 0; i < 8; i++) {
      uv_buf_t bufs[3];

      /* W9: in pieces, one of them empty; W2: the array is gone after the call */
      bufs[0] = uv_buf_init(net_block() + (size_t) i * part, 1);
      bufs[1] = uv_buf_init(NULL, 0);
      bufs[2] = uv_buf_init(net_block() + (size_t) i * part + 1, (unsigned) part - 1);
      reqs[i].data = &names[i];
      CHECK_EQ(uv_write(&reqs[i], from_stream(), bufs, 3, note_write), 0);
      memset(bufs, 0xff, sizeof bufs);
    }
    CHECK(from.write_queue_size > 0); /* W3 */
    CHECK(from.write_queue_size <= NET_BLOCK);
    CHECK_EQ(uv_stream_get_write_queue_size(from_stream()), from.write_queue_size);
    CHECK_STR(trace, ""); /* L1 */
    net_drain(to_stream(), &sink);
    net_until_bytes(&sink, NET_BLOCK);
    while (strlen(trace) < 8) {
      CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
    }
    CHECK_STR(trace, names);
    CHECK_EQ(from.write_queue_size, 0);
    end();
  }
  net_end();
}

TEST(w5_pipe_writes_that_are_refused) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  char name[TEST_PIPE_NAME];
  uv_write_t req;
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &pipe, &buf, 1, never_write), UV_EBADF);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), UV_EBADF);
  CHECK_EQ(uv_pipe_bind(&pipe, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &pipe, &buf, 1, never_write), UV_EPIPE);
  EACH_WAY(way) {
    begin(way);
    CHECK_EQ(uv_write(&req, from_stream(), NULL, 1, never_write), UV_EINVAL);
    CHECK_EQ(uv_write(&req, from_stream(), &buf, 0, never_write), UV_EINVAL);
    end();
    CHECK_EQ(uv_write(&req, from_stream(), &buf, 1, never_write), UV_EBADF);
  }
  net_end();
}

static int failures;

static void note_failure(uv_write_t* req, int status) {
  (void) req;
  CHECK(status == UV_EPIPE || status == UV_ECONNRESET);
  failures++;
}

TEST(w6_pipe_failure_reaches_all_writes) {
  EACH_WAY(way) {
    uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
    uv_write_t reqs[3];
    int i;

    begin(way);
    failures = 0;
    for (i = 0; i < 3; i++) {
      CHECK_EQ(uv_write(&reqs[i], from_stream(), &buf, 1, note_failure), 0);
    }
    net_turns(3);
    CHECK_EQ(failures, 0);
    net_close((uv_handle_t*) &to);
    net_until(&failures, 3);
    CHECK_EQ(from.write_queue_size, 0);
    net_close((uv_handle_t*) &from);
  }
  net_end();
}

static int tried;

static void try_inside(uv_write_t* req, int status) {
  uv_buf_t buf = uv_buf_init(net_block() + 1, 1);

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_try_write(req->handle, &buf, 1), 1);
  tried++;
}

TEST(w7_try_write_to_pipes) {
  EACH_WAY(way) {
    struct net_sink sink = {0};
    uv_buf_t buf = uv_buf_init(net_block(), 1);
    uv_write_t req;
    size_t total = 2;
    int n;

    begin(way);
    tried = 0;
    CHECK_EQ(uv_write(&req, from_stream(), &buf, 1, try_inside), 0);
    net_until(&tried, 1);
    for (;;) {
      buf = uv_buf_init(net_block() + total, (unsigned) (NET_BLOCK - total));
      n = uv_try_write(from_stream(), &buf, 1);
      if (n == UV_EAGAIN) {
        break;
      }
      CHECK(n > 0);
      total += (size_t) n;
      CHECK(total < NET_BLOCK);
    }
    CHECK_EQ(from.write_queue_size, 0);
    net_drain(to_stream(), &sink);
    net_until_bytes(&sink, total);
    net_turns(2);
    CHECK_EQ(sink.bytes, total);
    end();
  }
  net_end();
}

struct trier {
  char name[TEST_PIPE_NAME];
  size_t taken;
};

static void try_when_connected(uv_connect_t* req, int status) {
  struct trier* trier = req->data;
  char bytes[4096];
  int n = 1;

  CHECK_EQ(status, 0);
  while (n > 0) {
    uv_buf_t buf = uv_buf_init(bytes, sizeof bytes);

    pattern_fill(bytes, sizeof bytes, trier->taken);
    n = uv_try_write(req->handle, &buf, 1);
    if (n > 0)
      trier->taken += (size_t) n;
  }
  CHECK_EQ(n, UV_EAGAIN);
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void try_and_end(void* data) {
  struct trier* trier = data;
  uv_loop_t loop;
  uv_pipe_t pipe;
  uv_connect_t req;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_pipe_init(&loop, &pipe, 0), 0);
  req.data = trier;
  uv_pipe_connect(&req, &pipe, trier->name, try_when_connected);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

static int arrivals;

static void accept_to(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_accept(listener, to_stream()), 0);
  arrivals++;
}

/* Nobody is left of those who tried: no stream, no loop and no thread. What a full pipe had yet to take goes with
 * the thread on Windows. */
TEST(w7_what_was_tried_outlives_its_thread) {
  struct net_sink sink = {0};
  struct trier trier = {"", 0};
  uv_pipe_t server;

  test_pipe_listen(&server, test_pipe_name(trier.name, sizeof trier.name), 1, accept_to);
  test_thread_join(test_thread_start(try_and_end, &trier));
  net_until(&arrivals, 1);
  net_drain(to_stream(), &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
#ifdef _WIN32
  CHECK(sink.bytes <= trier.taken && trier.taken - sink.bytes <= 4096);
#else
  CHECK_EQ(sink.bytes, trier.taken);
#endif
  net_end();
}

TEST(w7_try_write_does_not_overtake_on_pipes) {
  EACH_WAY(way) {
    uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
    uv_buf_t one = uv_buf_init(net_block(), 1);
    uv_write_t req;

    begin(way);
    CHECK_EQ(uv_write(&req, from_stream(), &buf, 1, NULL), 0);
    CHECK_EQ(uv_try_write(from_stream(), &one, 1), UV_EAGAIN);
    end();
  }
  net_end();
}

TEST(w9_many_buffers_over_pipes) {
  enum {
    MANY = 5000
  };
  EACH_WAY(way) {
    struct net_sink sink = {0};
    uv_buf_t* bufs = malloc(MANY * sizeof *bufs);
    uv_write_t req;
    int i;

    CHECK(bufs != NULL);
    begin(way);
    for (i = 0; i < MANY; i++) {
      bufs[i] = uv_buf_init(net_block() + i / 2 * 7, i % 2 ? 7 : 0);
    }
    CHECK_EQ(uv_write(&req, from_stream(), bufs, MANY, NULL), 0);
    free(bufs);
    net_drain(to_stream(), &sink);
    net_until_bytes(&sink, MANY / 2 * 7);
    end();
  }
  net_end();
}

static int statuses[3];
static int ended;

static void note_status(uv_write_t* req, int status) {
  CHECK(ended < 3);
  CHECK_EQ(*(int*) req->data, ended);
  statuses[ended++] = status;
}

TEST(w11_cancel_of_a_pipe_write) {
  static int names[3] = {0, 1, 2};
  EACH_WAY(way) {
    struct net_sink sink = {0};
    uv_write_t reqs[3];
    uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
    uv_buf_t other = uv_buf_init((char*) "never", 5);
    int i;

    begin(way);
    ended = 0;
    for (i = 0; i < 3; i++) {
      reqs[i].data = &names[i];
    }
    CHECK_EQ(uv_write(&reqs[0], from_stream(), &buf, 1, note_status), 0);
    CHECK_EQ(uv_write(&reqs[1], from_stream(), &other, 1, note_status), 0);
    CHECK_EQ(uv_cancel((uv_req_t*) &reqs[1]), 0);
    net_drain(to_stream(), &sink);
    net_until(&ended, 2);
    CHECK_EQ(statuses[0], 0);
    CHECK_EQ(statuses[1], UV_ECANCELED);
    net_until_bytes(&sink, NET_BLOCK);
    end();
  }
  net_end();
}

/* ---- S, P5, P6 ---- */

static int shut;

static void note_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(req->handle->write_queue_size, 0);
  shut++;
}

TEST(s1_pipe_shutdown_comes_after_the_bytes) {
  EACH_WAY(way) {
    struct net_sink sink = {0};
    uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
    uv_shutdown_t shutdown;
    uv_shutdown_t again;
    uv_write_t req;

    begin(way);
    shut = 0;
    CHECK_EQ(uv_write(&req, from_stream(), &buf, 1, NULL), 0);
    CHECK_EQ(uv_shutdown(&shutdown, from_stream(), note_shutdown), 0);
    CHECK_EQ(uv_shutdown(&again, from_stream(), note_shutdown), UV_ENOTCONN); /* S2 */
    CHECK_EQ(uv_write(&req, from_stream(), &buf, 1, never_write), UV_EPIPE);
    net_turns(3);
    CHECK_EQ(shut, 0);
    net_drain(to_stream(), &sink);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.bytes, NET_BLOCK);
    CHECK_EQ(sink.status, UV_EOF);
    net_until(&shut, 1);
    end();
  }
  net_end();
}

/* Two ends of this library: the answer comes over the side that is still open. */
TEST(p6_reply_after_our_shutdown) {
  static const enum test_way ways[] = {TEST_NAMED, TEST_IPC};
  size_t i;

  for (i = 0; i < 2; i++) {
    struct net_sink question = {0};
    struct net_sink answer = {0};
    uv_shutdown_t shutdown;
    int sent = 0;

    begin(ways[i]);
    shut = 0;
    net_drain(from_stream(), &answer);
    net_drain(to_stream(), &question);
    net_send(from_stream(), 1000, 0, &sent);
    CHECK_EQ(uv_shutdown(&shutdown, from_stream(), note_shutdown), 0);
    net_until(&question.ended, 1);
    CHECK_EQ(question.bytes, 1000);
    CHECK_EQ(question.status, UV_EOF);
    net_until(&shut, 1);
    net_turns(10);
    CHECK_EQ(answer.ended, 0);
    net_send(to_stream(), 100000, 0, &sent);
    net_until_bytes(&answer, 100000);
    net_until(&sent, 2);
    net_close((uv_handle_t*) &to);
    net_until(&answer.ended, 1);
    CHECK_EQ(answer.status, UV_EOF);
    net_close((uv_handle_t*) &from);
  }
  net_end();
}

TEST(p5_bytes_outlive_their_writer) {
  EACH_WAY(way) {
    struct net_sink sink = {0};
    int sent = 0;

    begin(way);
    net_send(from_stream(), 3000, 0, &sent); /* less than any pipe holds */
    net_until(&sent, 1);
    net_close((uv_handle_t*) &from);
    net_turns(5);
    net_drain(to_stream(), &sink);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.bytes, 3000);
    net_close((uv_handle_t*) &to);
  }
  net_end();
}

/* ---- L ---- */

static void note(char what) {
  size_t length = strlen(trace);

  CHECK(length + 1 < sizeof trace);
  trace[length] = what;
  trace[length + 1] = '\0';
}

static void canceled_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  note('w');
}

static void canceled_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  note('s');
}

static void note_close(uv_handle_t* handle) {
  (void) handle;
  note('c');
}

TEST(l5_close_of_a_pipe_with_work_pending) {
  EACH_WAY(way) {
    uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
    uv_shutdown_t shutdown;
    uv_write_t reqs[2];

    begin(way);
    memset(trace, 0, sizeof trace);
    CHECK_EQ(uv_write(&reqs[0], from_stream(), &buf, 1, canceled_write), 0);
    CHECK_EQ(uv_write(&reqs[1], from_stream(), &buf, 1, canceled_write), 0);
    CHECK_EQ(uv_shutdown(&shutdown, from_stream(), canceled_shutdown), 0);
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, never_read), 0);
    uv_close((uv_handle_t*) &to, NULL);
    uv_close((uv_handle_t*) &from, note_close);
    CHECK_STR(trace, "");
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    CHECK_STR(trace, "wwsc");
    CHECK_EQ(from.write_queue_size, 0);
  }
  net_end();
}

static void count_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

TEST(l5_close_of_a_pipe_keeps_what_the_system_takes) {
  EACH_WAY(way) {
    struct net_sink sink = {0};
    uv_write_t reqs[3];
    int wrote = 0;
    int i;

    begin(way);
    for (i = 0; i < 3; i++) {
      uv_buf_t buf = uv_buf_init(net_block() + 1000 * i, 1000);
      reqs[i].data = &wrote;
      CHECK_EQ(uv_write(&reqs[i], from_stream(), &buf, 1, count_write), 0);
    }
    uv_close((uv_handle_t*) &from, NULL);
    net_drain(to_stream(), &sink);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.bytes, 3000);
    CHECK_EQ(sink.status, UV_EOF);
    CHECK_EQ(wrote, 3);
    net_close((uv_handle_t*) &to);
  }
  net_end();
}

static void close_both(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread > 0) {
    uv_close((uv_handle_t*) &from, net_count_close);
    uv_close((uv_handle_t*) &to, net_count_close);
  }
}

TEST(l4_close_of_pipes_inside_a_read_callback) {
  EACH_WAY(way) {
    int sent = 0;

    begin(way);
    net_closed = 0;
    net_send(from_stream(), 10, 0, &sent);
    net_until(&sent, 1);
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, close_both), 0);
    net_until(&net_closed, 2);
  }
  net_end();
}

TEST(l3_pipes_that_do_nothing_let_the_loop_end) {
  EACH_WAY(way) {
    begin(way);
    CHECK_EQ(uv_is_active((uv_handle_t*) &to), 0);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    CHECK_EQ(uv_read_start(to_stream(), net_alloc, never_read), 0);
    CHECK_EQ(uv_is_active((uv_handle_t*) &to), 1);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_NOWAIT), 1);
    uv_unref((uv_handle_t*) &to);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    end();
  }
  net_end();
}
