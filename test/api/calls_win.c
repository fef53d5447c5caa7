/* What a message costs on Windows, in calls of the system (docs/BENCH.md, "calls per operation"). Where
 * they can be counted: through the shim under Wine and on Windows, and in the model. The whole table is
 * bench/ledger_win.c's. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

#ifdef UVTEST_SHIM

enum {
  WARM_UP = 5,
  ROUNDS = 50,
  EACH = 32,
  BURST = 100
};

static uv_pipe_t ends[2];
static uv_write_t writes[BURST];
static int rounds;
static size_t arrived;

static void say(int from, unsigned size, uv_write_t* req) {
  uv_buf_t buf = uv_buf_init(net_block(), size);

  CHECK_EQ(uv_write(req, (uv_stream_t*) &ends[from], &buf, 1, NULL), 0);
}

static void on_echo(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  int at = stream == (uv_stream_t*) &ends[1];

  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, EACH);
  rounds++;
  if (rounds == WARM_UP)
    shim_count_begin();
  if (rounds == WARM_UP + ROUNDS)
    shim_count_end();
  else
    say(at, EACH, &writes[at]);
}

static void echo(int ipc) {
  test_pipe_pair(&ends[0], &ends[1], ipc);
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[0], net_alloc, on_echo), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[1], net_alloc, on_echo), 0);
  net_turns(3);
  say(0, EACH, &writes[0]);
  net_until(&rounds, WARM_UP + ROUNDS);
  CHECK_EQ(shim_count("WriteFile"), ROUNDS);
  CHECK_EQ(shim_count("ReadFile"), 2 * ROUNDS);
  CHECK_EQ(shim_count("PeekNamedPipe"), 0);
  net_end();
}

static void on_burst(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0);
  arrived += (size_t) nread;
  rounds = arrived == (size_t) BURST * EACH;
}

#endif

/* A read of nothing that waits, one of what came, and a write. */
TEST(r2_message_of_a_pipe_is_not_looked_for) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  echo(0);
#endif
}

/* Head and payload in one piece, both ways. */
TEST(i5_small_frame_is_one_write_and_one_read) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  echo(1);
#endif
}

/* One look tells of all that came, not one for each. */
TEST(r2_messages_of_a_pipe_are_counted_once) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  int i;

  test_pipe_pair(&ends[0], &ends[1], 0);
  for (i = 0; i < BURST; i++)
    say(0, EACH, &writes[i]);
  shim_count_begin();
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[1], net_alloc, on_burst), 0);
  net_until(&rounds, 1);
  shim_count_end();
  CHECK(shim_count("ReadFile") <= BURST + 3);
  CHECK(shim_count("PeekNamedPipe") <= 3);
  net_end();
#endif
}

/* A write of several buffers is one call, and those behind a full pipe are few; but none that finds
 * room waits for the next one (W3). */
TEST(w9_small_buffers_of_a_pipe_go_in_one_call) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  uv_buf_t bufs[4];
  int i;

  test_pipe_pair(&ends[0], &ends[1], 0);
  net_turns(3);
  for (i = 0; i < 4; i++)
    bufs[i] = uv_buf_init(net_block(), EACH / 4);
  shim_count_begin();
  for (i = 0; i < BURST; i++)
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &ends[0], bufs, 4, NULL), 0);
  shim_count_end();
  CHECK_EQ(shim_count("WriteFile"), BURST);
  CHECK_EQ(uv_read_start((uv_stream_t*) &ends[1], net_alloc, on_burst), 0);
  net_until(&rounds, 1);
  net_end();
#endif
}

#ifdef UVTEST_SHIM

static void on_waiting(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0);
  arrived += (size_t) nread;
  rounds = arrived == NET_BLOCK + (size_t) BURST * EACH;
}

#endif

TEST(w3_small_writes_behind_a_full_pipe_go_in_one_call) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  static uv_write_t first;
  const char* shim = getenv("UVTEST_SHIM");
  int bytewise;
  int i;

  if (shim != NULL && strstr(shim, "nosys") != NULL)
    SKIP("a large write is halved there");
  for (bytewise = 0; bytewise < 2; bytewise++) {
    rounds = 0;
    arrived = 0;
    if (bytewise)
      test_pipe_ends(UV_NONBLOCK_PIPE, &ends[0], &ends[1]);
    else
      test_pipe_pair(&ends[0], &ends[1], 0);
    net_turns(3);
    CHECK_EQ(uv_write(&first, (uv_stream_t*) &ends[0], &block, 1, NULL), 0);
    CHECK(ends[0].write_queue_size > 0);
    shim_count_begin();
    for (i = 0; i < BURST; i++)
      say(0, EACH, &writes[i]);
    CHECK_EQ(uv_read_start((uv_stream_t*) &ends[1], net_alloc, on_waiting), 0);
    net_until(&rounds, 1);
    shim_count_end();
    CHECK(shim_count("WriteFile") <= NET_BLOCK / (1 << 20) + 5);
    net_close((uv_handle_t*) &ends[1]);
    net_close((uv_handle_t*) &ends[0]);
  }
  net_end();
#endif
}

#ifdef UVTEST_SHIM

enum {
  LIVES = 10
};

static union {
  uv_tcp_t tcp;
  uv_pipe_t pipe;
  uv_handle_t handle;
  uv_stream_t stream;
} client, accepted;
static uv_connect_t connecting;
static int is_tcp;
static int met;

static void on_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  met++;
}

static void on_connection(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  if (is_tcp)
    CHECK_EQ(uv_tcp_init(net_loop(), &accepted.tcp), 0);
  else
    CHECK_EQ(uv_pipe_init(net_loop(), &accepted.pipe, 0), 0);
  CHECK_EQ(uv_accept(server, &accepted.stream), 0);
  met++;
}

static void live(const struct sockaddr_in* addr, const char* name) {
  int closed = net_closed;

  met = 0;
  if (is_tcp) {
    CHECK_EQ(uv_tcp_init(net_loop(), &client.tcp), 0);
    CHECK_EQ(uv_tcp_connect(&connecting, &client.tcp, (const struct sockaddr*) addr, on_connect),
             0);
  } else {
    CHECK_EQ(uv_pipe_init(net_loop(), &client.pipe, 0), 0);
    uv_pipe_connect(&connecting, &client.pipe, name, on_connect);
  }
  net_until(&met, 2);
  uv_close(&client.handle, net_count_close);
  uv_close(&accepted.handle, net_count_close);
  net_until(&net_closed, closed + 2);
}

#endif

/* What the library made itself it knows: neither end is asked what it is, or who else has it. */
TEST(c1_connection_of_tcp_is_asked_nothing) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  struct sockaddr_in addr;
  uv_tcp_t server;
  int i;

  is_tcp = 1;
  addr = net_listen(&server, 8, on_connection);
  live(&addr, NULL);
  shim_count_begin();
  for (i = 0; i < LIVES; i++)
    live(&addr, NULL);
  shim_count_end();
  CHECK_EQ(shim_count("getsockopt"), 0);
  CHECK_EQ(shim_count("NtQueryObject"), 0);
  CHECK_EQ(shim_count("SetHandleInformation"), 0);
  CHECK_EQ(shim_count("shutdown"), 0);
  /* Nor made ready for reading and writing, of which there is none. */
  CHECK_EQ(shim_count("SetFileCompletionNotificationModes"), 0);
  CHECK_EQ(shim_count("WSARecv"), 0);
  CHECK_EQ(shim_count("ioctlsocket"), 2 * LIVES); /* Whether something is unread, at the end. */
  net_end();
#endif
}

TEST(c1_connection_of_a_pipe_is_asked_little) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  int i;

  is_tcp = 0;
  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, on_connection);
  live(NULL, name);
  shim_count_begin();
  for (i = 0; i < LIVES; i++)
    live(NULL, name);
  shim_count_end();
  CHECK(shim_count("GetNamedPipeInfo") <= LIVES); /* Of the client's end, what the server is. */
  CHECK(shim_count("SetNamedPipeHandleState") <= LIVES);
  CHECK_EQ(shim_count("CreateEventW"), 0);
  net_end();
#endif
}

#ifdef UVTEST_SHIM

static void on_hang_up(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, UV_EOF);
  rounds++;
}

#endif

/* Behind the end of what the peer says nothing is unread. */
TEST(l4_close_behind_the_end_of_the_peer_looks_for_nothing) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  uv_tcp_t sockets[2];

  net_pair(&sockets[0], &sockets[1]);
  CHECK_EQ(uv_read_start((uv_stream_t*) &sockets[1], net_alloc, on_hang_up), 0);
  net_close((uv_handle_t*) &sockets[0]);
  net_until(&rounds, 1);
  shim_count_begin();
  uv_close((uv_handle_t*) &sockets[1], net_count_close);
  shim_count_end();
  CHECK_EQ(shim_count("closesocket"), 1);
  CHECK_EQ(shim_count("WSARecv"), 0);
  CHECK_EQ(shim_count("ioctlsocket"), 0);
  net_end();
#endif
}
