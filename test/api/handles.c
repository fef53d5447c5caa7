/* Several handles with one write (rule X7): within one process and to a child. The frames that carry them on
 * Windows, and peers that break them, are in handles_wire_win.c. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

#ifndef _WIN32
#  include <sys/resource.h>
#endif

enum {
  MOST = UVS_HANDLES_MOST
};

static uv_pipe_t left;
static uv_pipe_t right;

/* ---- Sending ---- */

static int told; /* writes of which something was told, */
static int ends_of[4];

static void note_end(uv_write_t* req, int status) {
  (void) req;
  ends_of[told++] = status;
}

static int write_handles(uv_write_t* req, uv_stream_t* const handles[], unsigned count) {
  static const uv_buf_t bufs[] = {{.base = (char*) "abc", .len = 3},
                                  {.base = (char*) "de", .len = 2}};

  return uvs_write_handles(req, (uv_stream_t*) &left, bufs, 2, handles, count, note_end);
}

/* Bound to a port of the system's choice: as much as is needed to be passed. */
static uv_stream_t* make_bound(uv_tcp_t* tcp) {
  struct sockaddr_in addr = net_address(0);

  CHECK_EQ(uv_tcp_init(net_loop(), tcp), 0);
  CHECK_EQ(uv_tcp_bind(tcp, (struct sockaddr*) &addr, 0), 0);
  return (uv_stream_t*) tcp;
}

/* What is written behind it waits. Nothing is queued. */
static void fill_channel(void) {
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);

  while (uv_try_write((uv_stream_t*) &left, &block, 1) > 0)
    continue;
}

/* ---- Receiving ---- */

static int heard;   /* bytes */
static int came;    /* handles that wait to be claimed */
static int first;   /* of these with the first byte */
static int trouble; /* how the channel ended, or 0 */

static void on_channel(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  came = uv_pipe_pending_count((uv_pipe_t*) stream);
  if (nread > 0) {
    first = heard == 0 ? came : first;
    heard += (int) nread;
  } else if (nread < 0) {
    trouble = (int) nread;
  }
}

static void alloc_one(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  net_alloc(handle, size, buf);
  buf->len = 1;
}

static void listen_to(uv_pipe_t* channel) {
  CHECK_EQ(uv_read_start((uv_stream_t*) channel, net_alloc, on_channel), 0);
}

static uv_stream_t* claim(uv_pipe_t* channel, uv_handle_type type) {
  static union {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } claimed[2 * MOST];
  static unsigned count;
  uv_stream_t* stream = (uv_stream_t*) &claimed[count++];

  CHECK_EQ(uv_pipe_pending_type(channel), type);
  if (type == UV_TCP)
    CHECK_EQ(uv_tcp_init(channel->loop, (uv_tcp_t*) stream), 0);
  else
    CHECK_EQ(uv_pipe_init(channel->loop, (uv_pipe_t*) stream, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) channel, stream), 0);
  return stream;
}

/* ---- Whether a handle waits to be passed: then it cannot leave its loop (X6) ---- */

static uvs_moving_t moving;
static int has_left;

static void note_left(uvs_moving_t* what, uv_stream_t* handle) {
  (void) what;
  (void) handle;
  has_left++;
}

static int leave(uv_stream_t* handle) {
  int r = uvs_detach(handle, &moving, note_left);

  if (r == 0)
    net_until(&has_left, 1);
  return r;
}

/* ---- What arrives ---- */

/* All of them are there with the first byte, in the order in which they were given; and the sender may
 * close his at once. */
TEST(x7_sockets_and_pipes_come_at_once_and_in_order) {
  uv_tcp_t tcps[4];
  uv_tcp_t bound;
  uv_pipe_t pipes[4];
  uv_stream_t* handles[5];
  uv_stream_t* passed[5];
  uv_write_t req;
  struct sockaddr_in addr;
  int i;

  test_needs_fds(40);
  test_pipe_pair(&left, &right, 1);
  for (i = 0; i < 2; i++) {
    net_pair(&tcps[2 * i], &tcps[2 * i + 1]);
    test_pipe_pair(&pipes[2 * i], &pipes[2 * i + 1], 0);
    handles[2 * i] = (uv_stream_t*) &tcps[2 * i + 1];
    handles[2 * i + 1] = (uv_stream_t*) &pipes[2 * i + 1];
  }
  handles[4] = make_bound(&bound);
  addr = net_bound_to(&bound);
  CHECK_EQ(uv_read_start((uv_stream_t*) &right, alloc_one, on_channel), 0);
  CHECK_EQ(write_handles(&req, handles, 5), 0);
  CHECK(req.send_handle == handles[0]);
  net_until(&heard, 5);
  CHECK_EQ(first, 5);
  CHECK_EQ(came, 5);
  net_until(&told, 1);
  CHECK_EQ(ends_of[0], 0);
  CHECK_EQ(uv_write_nwritten(&req), 5);
  for (i = 0; i < 5; i++)
    net_close((uv_handle_t*) handles[i]);
  for (i = 0; i < 5; i++)
    passed[i] = claim(&right, i % 2 == 0 ? UV_TCP : UV_NAMED_PIPE);
  CHECK_EQ(uv_pipe_pending_count(&right), 0);
  for (i = 0; i < 2; i++) {
    net_exchange((uv_stream_t*) &tcps[2 * i], passed[2 * i], 1000);
    net_exchange(passed[2 * i], (uv_stream_t*) &tcps[2 * i], 1000);
    net_exchange((uv_stream_t*) &pipes[2 * i], passed[2 * i + 1], 1000);
    net_exchange(passed[2 * i + 1], (uv_stream_t*) &pipes[2 * i], 1000);
  }
  CHECK_EQ(net_bound_to((uv_tcp_t*) passed[4]).sin_port, addr.sin_port);
  net_end();
}

/* Each message has its own, and what is written between them has none. */
TEST(x7_messages_behind_each_other) {
  static uv_tcp_t tcps[9];
  uv_stream_t* handles[9];
  uv_buf_t buf = uv_buf_init((char*) "-", 1);
  uv_write_t reqs[4];
  int i;

  test_needs_fds(40);
  test_pipe_pair(&left, &right, 1);
  for (i = 0; i < 9; i++)
    handles[i] = make_bound(&tcps[i]);
  CHECK_EQ(write_handles(&reqs[0], handles, 3), 0);
  CHECK_EQ(uv_write(&reqs[1], (uv_stream_t*) &left, &buf, 1, note_end), 0);
  CHECK_EQ(uv_write2(&reqs[2], (uv_stream_t*) &left, &buf, 1, handles[3], note_end), 0);
  CHECK_EQ(write_handles(&reqs[3], handles + 4, 5), 0);
  listen_to(&right);
  net_until(&heard, 12);
  CHECK_EQ(first, 3);
  CHECK_EQ(came, 9);
  for (i = 0; i < 9; i++)
    CHECK_EQ(net_bound_to((uv_tcp_t*) claim(&right, UV_TCP)).sin_port,
             net_bound_to(&tcps[i]).sin_port);
  net_until(&told, 4);
  for (i = 0; i < 4; i++)
    CHECK_EQ(ends_of[i], 0);
  net_end();
}

TEST(x7_none_and_one_are_the_writes_of_libuv) {
  uv_write_t reqs[2];
  uv_stream_t* handle;
  uv_tcp_t tcp;

  test_pipe_pair(&left, &right, 1);
  handle = make_bound(&tcp);
  CHECK_EQ(write_handles(&reqs[0], NULL, 0), 0);
  CHECK(reqs[0].send_handle == NULL);
  listen_to(&right);
  net_until(&heard, 5);
  CHECK_EQ(came, 0);
  CHECK_EQ(write_handles(&reqs[1], &handle, 1), 0);
  CHECK(reqs[1].send_handle == handle);
  net_until(&heard, 10);
  CHECK_EQ(came, 1);
  net_until(&told, 2);
  (void) claim(&right, UV_TCP);
  net_end();
}

TEST(x7_as_many_as_there_may_be) {
  static uv_tcp_t tcps[MOST + 1];
  static uv_stream_t* handles[MOST + 1];
  uv_write_t req;
  int i;

  test_needs_fds(4 * MOST);
  test_fd_most();
  test_pipe_pair(&left, &right, 1);
  for (i = 0; i <= MOST; i++)
    handles[i] = make_bound(&tcps[i]);
  CHECK_EQ(write_handles(&req, handles, MOST + 1), UV_E2BIG);
  CHECK_EQ(left.write_queue_size, 0);
  CHECK_EQ(write_handles(&req, handles, MOST), 0);
  listen_to(&right);
  net_until(&heard, 5);
  CHECK_EQ(first, MOST);
  for (i = 0; i < MOST; i++)
    CHECK_EQ(net_bound_to((uv_tcp_t*) claim(&right, UV_TCP)).sin_port,
             net_bound_to(&tcps[i]).sin_port);
  net_until(&told, 1);
  CHECK_EQ(ends_of[0], 0);
  net_end();
}

TEST(x7_in_blocking_mode) {
  uv_tcp_t tcps[3];
  uv_stream_t* handles[3];
  uv_write_t req;
  int i;

  test_pipe_pair(&left, &right, 1);
  listen_to(&right);
  net_turns(3); /* What an end says first has come to the other one. */
  for (i = 0; i < 3; i++)
    handles[i] = make_bound(&tcps[i]);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &left, 1), 0);
  CHECK_EQ(write_handles(&req, handles, 3), 0);
  CHECK_EQ(left.write_queue_size, 0);
  net_until(&heard, 5);
  CHECK_EQ(first, 3);
  net_until(&told, 1);
  CHECK_EQ(ends_of[0], 0);
  net_end();
}

/* ---- All or nothing ---- */

/* One of them is a mistake: none goes, and none is kept for it. */
TEST(x7_mistakes_among_them) {
  uv_buf_t empty = uv_buf_init((char*) "x", 0);
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_stream_t* handles[3];
  uv_tcp_t tcps[2];
  uv_tcp_t other[3];
  uv_timer_t timer;
  uv_write_t req;
  uv_pipe_t a, b;

  test_pipe_pair(&left, &right, 1);
  test_pipe_pair(&a, &b, 0);
  net_pair(&tcps[0], &tcps[1]);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &other[0]), 0);
  handles[0] = (uv_stream_t*) &tcps[1];
  handles[1] = (uv_stream_t*) &b;
  handles[2] = (uv_stream_t*) &timer;
  CHECK_EQ(write_handles(&req, handles, 3), UV_EINVAL);
  handles[2] = (uv_stream_t*) &other[0]; /* It has no socket. */
  CHECK_EQ(write_handles(&req, handles, 3), UV_EINVAL);
  handles[2] = NULL;
  CHECK_EQ(write_handles(&req, handles, 3), UV_EINVAL);
  handles[2] = handles[0];
  CHECK_EQ(write_handles(&req, handles, 3), UV_EINVAL);
  CHECK_EQ(write_handles(&req, NULL, 2), UV_EINVAL);
  CHECK_EQ(write_handles(NULL, handles, 2), UV_EINVAL);
  CHECK_EQ(uvs_write_handles(&req, (uv_stream_t*) &left, &empty, 1, handles, 2, NULL), UV_EINVAL);
  CHECK_EQ(uvs_write_handles(&req, (uv_stream_t*) &a, &buf, 1, handles, 2, NULL), UV_EINVAL);
  CHECK_EQ(uvs_write_handles(&req, NULL, &buf, 1, handles, 2, NULL), UV_EINVAL);
  handles[2] = make_bound(&other[1]);
  uv_close((uv_handle_t*) &other[1], NULL);
  CHECK_EQ(write_handles(&req, handles, 3), UV_EBADF);
  handles[2] = make_bound(&other[2]);
  memory_fail_nth(1);
  CHECK_EQ(write_handles(&req, handles, 3), UV_ENOMEM);
  memory_fail_nth(0);
  CHECK_EQ(left.write_queue_size, 0);
  listen_to(&right);
  net_turns(3);
  CHECK_EQ(heard, 0);
  CHECK_EQ(leave((uv_stream_t*) &b), 0);
  uvs_moving_drop(&moving);
  net_exchange((uv_stream_t*) &tcps[0], (uv_stream_t*) &tcps[1], 1000);
  net_end();
}

static int freed;

static void free_handle(uv_handle_t* handle) {
  memset(handle, 0xdd, sizeof(uv_tcp_t));
  free(handle);
  freed++;
}

/* It is not looked at again, and the others are free for whatever comes. */
TEST(x7_one_closes_before_the_write_has_begun) {
  uv_buf_t buf = uv_buf_init((char*) "-", 1);
  uv_tcp_t* gone = malloc(sizeof *gone);
  uv_stream_t* handles[3];
  uv_write_t reqs[3];
  uv_tcp_t a, b, bound;

  test_pipe_pair(&left, &right, 1);
  net_pair(&a, &b);
  CHECK(gone != NULL);
  handles[0] = make_bound(&bound);
  handles[1] = make_bound(gone);
  handles[2] = (uv_stream_t*) &b;
  fill_channel();
  CHECK_EQ(uv_write(&reqs[0], (uv_stream_t*) &left, &buf, 1, note_end), 0);
  CHECK_EQ(write_handles(&reqs[1], handles, 3), 0);
  CHECK_EQ(uv_write(&reqs[2], (uv_stream_t*) &left, &buf, 1, note_end), 0);
  CHECK_EQ(leave((uv_stream_t*) &b), UV_EBUSY);
  uv_close((uv_handle_t*) gone, free_handle);
  net_until(&freed, 1);
  listen_to(&right);
  net_until(&told, 3);
  CHECK_EQ(ends_of[0], 0);
  CHECK_EQ(ends_of[1], UV_EBADF);
  CHECK_EQ(uv_write_nwritten(&reqs[1]), 0);
  CHECK_EQ(ends_of[2], 0);
  CHECK_EQ(came, 0);
  CHECK_EQ(leave((uv_stream_t*) &b), 0);
  uvs_moving_drop(&moving);
  net_end();
}

/* The first of the queue: the port may be at it. */
TEST(x7_one_closes_while_the_system_is_asked) {
  uv_tcp_t* gone = malloc(sizeof *gone);
  uv_stream_t* handles[3];
  uv_tcp_t tcps[2];
  uv_write_t reqs[2];

  test_pipe_pair(&left, &right, 1);
  CHECK(gone != NULL);
  handles[0] = make_bound(&tcps[0]);
  handles[1] = make_bound(&tcps[1]);
  handles[2] = make_bound(gone);
  fill_channel();
  CHECK_EQ(write_handles(&reqs[0], handles, 3), 0);
  CHECK_EQ(write_handles(&reqs[1], handles, 3), 0);
  net_turns(2);
  uv_close((uv_handle_t*) gone, free_handle);
  net_until(&freed, 1);
  listen_to(&right);
  net_until(&told, 2);
  CHECK(ends_of[0] == UV_EBADF || ends_of[0] == 0); /* Windows has taken it as a whole. */
  CHECK_EQ(ends_of[1], UV_EBADF);
  if (ends_of[0] == 0)
    net_until(&came, 3);
  net_turns(3);
  CHECK_EQ(came, (ends_of[0] == 0 ? 3 : 0));
  net_end();
}

TEST(x7_taken_back) {
  uv_buf_t buf = uv_buf_init((char*) "-", 1);
  uv_stream_t* handles[2];
  uv_write_t reqs[2];
  uv_tcp_t a, b, bound;

  test_pipe_pair(&left, &right, 1);
  net_pair(&a, &b);
  handles[0] = (uv_stream_t*) &b;
  handles[1] = make_bound(&bound);
  fill_channel();
  CHECK_EQ(uv_write(&reqs[0], (uv_stream_t*) &left, &buf, 1, note_end), 0);
  CHECK_EQ(write_handles(&reqs[1], handles, 2), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &reqs[1]), 0);
  CHECK_EQ(leave((uv_stream_t*) &b), 0);
  listen_to(&right);
  net_until(&told, 2);
  CHECK_EQ(ends_of[0], 0);
  CHECK_EQ(ends_of[1], UV_ECANCELED);
  CHECK_EQ(came, 0);
  uvs_moving_drop(&moving);
  net_end();
}

/* What it has not given by then stays the sender's. */
TEST(x7_channel_closes_before_the_write_has_begun) {
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  uv_stream_t* handles[2];
  uv_write_t reqs[2];
  uv_tcp_t a, b, bound;

  test_pipe_pair(&left, &right, 1);
  net_pair(&a, &b);
  handles[0] = (uv_stream_t*) &b;
  handles[1] = make_bound(&bound);
  CHECK_EQ(uv_write(&reqs[0], (uv_stream_t*) &left, &block, 1, note_end), 0);
  CHECK_EQ(write_handles(&reqs[1], handles, 2), 0);
  net_close((uv_handle_t*) &left);
  CHECK_EQ(told, 2);
  CHECK_EQ(ends_of[1], UV_ECANCELED);
  listen_to(&right);
  while (trouble == 0)
    net_turns(1);
  CHECK_EQ(came, 0);
  net_exchange((uv_stream_t*) &a, (uv_stream_t*) &b, 1000);
  net_end();
}

/* The receiver has no descriptors left for all of them: it has none then, and the channel ends. */
TEST(x7_no_room_for_all_of_them) {
#ifdef _WIN32
  SKIP("there is no limit to reach");
#else
  enum {
    HANDLES = 20
  };
  static uv_tcp_t tcps[HANDLES];
  uv_stream_t* handles[HANDLES];
  struct rlimit limit;
  uv_write_t req;
  int fds;
  int i;

  test_needs_fds(60);
  test_needs_proc();
  test_pipe_pair(&left, &right, 1);
  for (i = 0; i < HANDLES; i++)
    handles[i] = make_bound(&tcps[i]);
  CHECK_EQ(write_handles(&req, handles, HANDLES), 0);
  net_until(&told, 1);
  fds = test_fd_count();
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = (rlim_t) fds + HANDLES / 2;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  listen_to(&right);
  while (trouble == 0)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0 || trouble != 0);
  CHECK_EQ(trouble, UV_EMFILE);
  CHECK_EQ(uv_pipe_pending_count(&right), 0);
  CHECK_EQ(test_fd_count(), fds);
  net_end();
#endif
}

/* ---- Nobody claims them ---- */

static void send_two_and_close(uv_tcp_t pairs[4], struct net_sink sinks[2]) {
  static uv_write_t req;
  uv_stream_t* handles[2];
  int i;

  test_pipe_pair(&left, &right, 1);
  for (i = 0; i < 2; i++) {
    net_pair(&pairs[2 * i], &pairs[2 * i + 1]);
    net_drain((uv_stream_t*) &pairs[2 * i], &sinks[i]);
    handles[i] = (uv_stream_t*) &pairs[2 * i + 1];
  }
  CHECK_EQ(write_handles(&req, handles, 2), 0);
  net_until(&told, 1);
  for (i = 0; i < 2; i++)
    net_close((uv_handle_t*) handles[i]);
  net_turns(3);
  CHECK_EQ(sinks[0].ended + sinks[1].ended, 0); /* They are on their way. */
}

TEST(x7_unread_ones_are_closed_with_the_pipe) {
  struct net_sink sinks[2] = {{0}};
  uv_tcp_t pairs[4];

  send_two_and_close(pairs, sinks);
  net_close((uv_handle_t*) &right);
  net_until(&sinks[0].ended, 1);
  net_until(&sinks[1].ended, 1);
  net_end();
}

TEST(x7_what_is_left_of_them_is_closed_with_the_pipe) {
  struct net_sink sinks[2] = {{0}};
  uv_tcp_t pairs[4];

  send_two_and_close(pairs, sinks);
  listen_to(&right);
  net_until(&came, 2);
  (void) claim(&right, UV_TCP);
  net_close((uv_handle_t*) &right);
  net_until(&sinks[1].ended, 1);
  net_turns(3);
  CHECK_EQ(sinks[0].ended, 0);
  net_end();
}

/* ---- To a child ---- */

enum {
  CHANNEL = 3, /* the child's descriptor */
  HANDLES = 3
};

/* The child: says something over each of the handles that come, and ends. */
static void answer_over_all(void) {
  int done = 0;
  int i;

  CHECK_EQ(uv_pipe_init(net_loop(), &left, 1), 0);
  CHECK_EQ(uv_pipe_open(&left, CHANNEL), 0);
  listen_to(&left);
  net_until(&heard, 5);
  CHECK_EQ(first, HANDLES);
  for (i = 0; i < HANDLES; i++)
    net_send(claim(&left, i == 1 ? UV_NAMED_PIPE : UV_TCP), 1000, 0, &done);
  net_until(&done, HANDLES);
  net_end();
}

TEST(x7_to_a_child) {
  struct net_sink sinks[HANDLES] = {{0}};
  uv_stdio_container_t stdio[4];
  uv_stream_t* handles[HANDLES];
  uv_process_options_t options;
  struct test_exit end;
  uv_process_t child;
  uv_tcp_t tcps[4];
  uv_pipe_t pipes[2];
  uv_write_t req;
  char* args[8];
  int i;

  if (harness_arg(0) != NULL) {
    answer_over_all();
    return;
  }
  memset(stdio, 0, sizeof stdio);
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  stdio[CHANNEL].flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE;
  stdio[CHANNEL].data.stream = (uv_stream_t*) &left;
  CHECK_EQ(uv_pipe_init(net_loop(), &left, 1), 0);
  test_child(&options, args, "x7_to_a_child", "child");
  options.stdio = stdio;
  options.stdio_count = 4;
  test_spawn(&child, &options, &end);
  net_pair(&tcps[0], &tcps[1]);
  test_pipe_pair(&pipes[0], &pipes[1], 0);
  net_pair(&tcps[2], &tcps[3]);
  handles[0] = (uv_stream_t*) &tcps[1];
  handles[1] = (uv_stream_t*) &pipes[1];
  handles[2] = (uv_stream_t*) &tcps[3];
  net_drain((uv_stream_t*) &tcps[0], &sinks[0]);
  net_drain((uv_stream_t*) &pipes[0], &sinks[1]);
  net_drain((uv_stream_t*) &tcps[2], &sinks[2]);
  /* On Windows it waits for what tells that the other end is ours, whoever reads. */
  CHECK_EQ(write_handles(&req, handles, HANDLES), 0);
  net_until(&told, 1);
  CHECK_EQ(ends_of[0], 0);
  for (i = 0; i < HANDLES; i++)
    net_close((uv_handle_t*) handles[i]); /* The child has the only ones now. */
  for (i = 0; i < HANDLES; i++) {
    net_until(&sinks[i].ended, 1);
    CHECK_EQ(sinks[i].bytes, 1000);
    CHECK_EQ(sinks[i].status, UV_EOF);
  }
  test_await_child(&end);
  net_end();
}

/* ---- On to another loop ---- */

/* Those that nobody has claimed go with the channel (X6), and so do those that were read only in part. */
TEST(x7_channel_moves_with_what_is_left_of_them) {
  uv_tcp_t tcps[3];
  uv_stream_t* handles[3];
  uv_write_t reqs[2];
  uv_pipe_t there;
  int i;

  test_pipe_pair(&left, &right, 1);
  for (i = 0; i < 3; i++)
    handles[i] = make_bound(&tcps[i]);
  CHECK_EQ(write_handles(&reqs[0], handles, 3), 0);
  listen_to(&right);
  net_until(&came, 3);
  (void) claim(&right, UV_TCP);
  net_until(&heard, 5);
  CHECK_EQ(write_handles(&reqs[1], handles, 3), 0);
  net_until(&told, 2);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &right), 0);
  while (leave((uv_stream_t*) &right) == UV_EBUSY)
    net_turns(1); /* Windows may have something to say first. */
  CHECK_EQ(has_left, 1);
  CHECK_EQ(uv_pipe_init(net_loop(), &there, 1), 0);
  CHECK_EQ(uvs_attach((uv_stream_t*) &there, &moving), 0);
  came = uv_pipe_pending_count(&there);
  CHECK(came == 2 || came == 5); /* Of the second message all or none had come. */
  listen_to(&there);
  net_until(&came, 5);
  for (i = 0; i < 5; i++)
    CHECK_EQ(net_bound_to((uv_tcp_t*) claim(&there, UV_TCP)).sin_port,
             net_bound_to(&tcps[(i + 1) % 3]).sin_port);
  net_end();
}
