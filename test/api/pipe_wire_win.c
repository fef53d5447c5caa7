/* What goes over a named pipe on Windows beside the program's bytes: the greeting of a client of
 * this library, and the empty message that is the end of one direction (rule P6). The client is
 * played by the test, with the calls of the system. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

static const char greeting[16] = {'\x9d', '\x1c', '\xe3', '\x52', '\xb8', '\x0f', '\xa6', '\x71',
                                  '\x44', '\xfa', '\x05', '\xd7', '\x3b', '\x8e', '\x60', '\xc9'};

static uv_pipe_t server;
static uv_pipe_t accepted;
static int arrivals;
static HANDLE raw;

static void on_connection(uv_stream_t* stream, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(stream->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &accepted), 0);
  arrivals++;
}

static void begin(void) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  char name[TEST_PIPE_NAME];

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, on_connection);
  raw = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  CHECK(SetNamedPipeHandleState(raw, &mode, NULL, NULL));
  net_until(&arrivals, 1);
}

static void end(void) {
  CHECK(CloseHandle(raw));
  net_end();
}

/* One message; none has length 0 but the end. */
static void say(const void* bytes, size_t size) {
  DWORD written;

  CHECK(WriteFile(raw, bytes, (DWORD) size, &written, NULL));
  CHECK_EQ(written, size);
}

static void count_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  ++*(int*) req->data;
}

static void shut_down(uv_shutdown_t* req, int* done) {
  req->data = done;
  CHECK_EQ(uv_shutdown(req, (uv_stream_t*) &accepted, count_shutdown), 0);
}

/* The peer has got the end of what we send, and can go on. */
static void check_half_closed(struct net_sink* sink) {
  char pattern[4];
  DWORD got = 1;

  CHECK(ReadFile(raw, pattern, sizeof pattern, &got, NULL)); /* would wait if there were none */
  CHECK_EQ(got, 0);
  CHECK_EQ(sink->ended, 0);
  net_pattern_fill(pattern, sizeof pattern, 0);
  say(pattern, sizeof pattern);
  net_until_bytes(sink, sizeof pattern);
  CHECK_EQ(sink->bytes, sizeof pattern);
  say("", 0);
  net_until(&sink->ended, 1);
  CHECK_EQ(sink->status, UV_EOF);
}

TEST(p6_greeting_comes_before_we_shut_down) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  say(greeting, sizeof greeting);
  net_drain((uv_stream_t*) &accepted, &sink);
  net_turns(3);
  shut_down(&req, &done);
  net_until(&done, 1);
  check_half_closed(&sink);
  end();
}

TEST(p6_greeting_comes_after_we_shut_down) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  shut_down(&req, &done);
  net_until(&done, 1);
  say(greeting, sizeof greeting);
  net_turns(3);
  check_half_closed(&sink);
  end();
}

/* The shutdown takes the greeting, which has woken the reader already: there is nothing for it. */
TEST(p6_greeting_comes_while_we_shut_down) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  net_turns(3);
  say(greeting, sizeof greeting);
  shut_down(&req, &done);
  net_until(&done, 1);
  net_turns(3);
  check_half_closed(&sink);
  end();
}

/* A client that is not of this library gets no mark, and may write nothing as often as it likes. */
TEST(p6_client_that_does_not_greet) {
  struct net_sink sink = {0};
  uv_shutdown_t req;
  DWORD total = 1;
  char pattern[4];
  int done = 0;

  begin();
  net_drain((uv_stream_t*) &accepted, &sink);
  net_pattern_fill(pattern, sizeof pattern, 0);
  say(pattern, sizeof pattern);
  net_until_bytes(&sink, sizeof pattern);
  shut_down(&req, &done);
  net_until(&done, 1);
  say("", 0);
  net_turns(3);
  CHECK_EQ(sink.ended, 0);
  CHECK(PeekNamedPipe(raw, NULL, 0, NULL, &total, NULL));
  CHECK_EQ(total, 0);
  CHECK(CloseHandle(raw));
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}
