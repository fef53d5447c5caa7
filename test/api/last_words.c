/* What a program has written in its last turn (rule W3): each write is with the system when it returns, so
 * that one that ends there has lost nothing, whatever it writes to and whoever else has that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

#ifdef _WIN32
#  include <io.h>

#  include "console.h"
#else
#  include "pty.h"
#endif

enum {
  CHANNEL = 3,
  MUCH = 500000,
  MANY = 300 /* writes, of which every tenth is empty */
};

static uv_process_t child;
static uv_process_options_t options;
static uv_stdio_container_t stdio[CHANNEL + 1];
static struct test_exit child_exit;
static char* args[8];
static uv_pipe_t channel;

/* ---- The child ---- */

static int is_child(void) {
  return harness_arg(0) != NULL;
}

/* With `passed`, if it is not NULL, beside the second one. Does not return. */
static void say_all(uv_stream_t* to, uv_stream_t* passed) {
  static uv_write_t writes[3];
  int i;

  for (i = 0; i < 3; i++) {
    uv_buf_t buf = uv_buf_init((char*) "abc" + i, 1);

    CHECK_EQ(uv_write2(&writes[i], to, &buf, 1, i == 1 ? passed : NULL, NULL), 0);
  }
  exit(0);
}

static void say_all_to(uv_file fd, int ipc) {
  CHECK_EQ(uv_pipe_init(net_loop(), &channel, ipc), 0);
  CHECK_EQ(uv_pipe_open(&channel, fd), 0);
  say_all((uv_stream_t*) &channel, NULL);
}

/* ---- Its parent ---- */

static char said[1000];
static int said_length;
static int said_end;

static void on_said(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    said_end = 1;
    return;
  }
  CHECK(said_length + (size_t) nread < sizeof said);
  memcpy(said + said_length, buf->base, (size_t) nread);
  said_length += (int) nread;
}

static void hear(uv_stream_t* from) {
  CHECK_EQ(uv_read_start(from, net_alloc, on_said), 0);
}

static void prepare(const char* test) {
  memset(stdio, 0, sizeof stdio);
  test_child(&options, args, test, "child");
  options.stdio = stdio;
  options.stdio_count = CHANNEL + 1;
  stdio[2].flags = UV_INHERIT_FD; /* for what a failing check has to say */
  stdio[2].data.fd = 2;
}

static void pipe_at(int fd, int ipc, int flags) {
  CHECK_EQ(uv_pipe_init(net_loop(), &channel, ipc), 0);
  stdio[fd].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE | flags);
  stdio[fd].data.stream = (uv_stream_t*) &channel;
}

/* The pipe to a child that says all. */
static void hear_child(void) {
  test_spawn(&child, &options, &child_exit);
  hear((uv_stream_t*) &channel);
  net_until(&said_end, 1);
  CHECK_STR(said, "abc");
  test_await_child(&child_exit);
}

/* An end as nobody else has it. */
TEST(w3_last_words_to_a_pipe) {
  if (is_child())
    say_all_to(1, 0);
  prepare("w3_last_words_to_a_pipe");
  pipe_at(1, 0, UV_NONBLOCK_PIPE);
  hear_child();
  net_end();
}

/* The parent has it too, as one has it that starts several children with it. */
TEST(w3_last_words_to_a_pipe_that_others_have) {
  uv_file ends[2];

  if (is_child())
    say_all_to(1, 0);
  prepare("w3_last_words_to_a_pipe_that_others_have");
  CHECK_EQ(uv_pipe(ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &channel, 0), 0);
  CHECK_EQ(uv_pipe_open(&channel, ends[0]), 0);
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = ends[1];
  test_spawn(&child, &options, &child_exit);
  test_await_child(&child_exit);
  test_fd_close(ends[1]);
  hear((uv_stream_t*) &channel);
  net_until(&said_end, 1);
  CHECK_STR(said, "abc");
  net_end();
}

/* ---- Over a pipe that carries handles ---- */

TEST(w3_last_words_in_frames) {
  if (is_child())
    say_all_to(CHANNEL, 1);
  prepare("w3_last_words_in_frames");
  pipe_at(CHANNEL, 1, UV_READABLE_PIPE);
  hear_child();
  net_end();
}

/* A socket goes with them, and is there when its first owner is not. */
TEST(w3_last_words_with_a_handle) {
  struct sockaddr_in addr;
  uv_tcp_t server;

  if (is_child()) {
    net_listen(&server, 8, NULL);
    CHECK_EQ(uv_pipe_init(net_loop(), &channel, 1), 0);
    CHECK_EQ(uv_pipe_open(&channel, CHANNEL), 0);
    say_all((uv_stream_t*) &channel, (uv_stream_t*) &server);
  }
  prepare("w3_last_words_with_a_handle");
  pipe_at(CHANNEL, 1, UV_READABLE_PIPE);
  hear_child();
  CHECK_EQ(uv_pipe_pending_count(&channel), 1);
  CHECK_EQ(uv_tcp_init(net_loop(), &server), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &channel, (uv_stream_t*) &server), 0);
  addr = net_bound_to(&server);
  CHECK(addr.sin_port != 0);
  net_end();
}

/* ---- To a socket that others have ---- */

static void take_socket(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  static uv_tcp_t passed;

  (void) buf;
  CHECK(nread >= 0);
  if (uv_pipe_pending_count((uv_pipe_t*) stream) == 0)
    return;
  CHECK_EQ(uv_tcp_init(stream->loop, &passed), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &passed), 0);
  say_all((uv_stream_t*) &passed, NULL);
}

TEST(w3_last_words_to_a_socket_that_others_have) {
  uv_buf_t buf = uv_buf_init((char*) "h", 1);
  uv_write_t pass;
  uv_tcp_t here;
  uv_tcp_t there;

  if (is_child()) {
    CHECK_EQ(uv_pipe_init(net_loop(), &channel, 1), 0);
    CHECK_EQ(uv_pipe_open(&channel, CHANNEL), 0);
    CHECK_EQ(uv_read_start((uv_stream_t*) &channel, net_alloc, take_socket), 0);
    net_until(&said_end, 1); /* It ends there. */
  }
  prepare("w3_last_words_to_a_socket_that_others_have");
  pipe_at(CHANNEL, 1, UV_READABLE_PIPE);
  test_spawn(&child, &options, &child_exit);
  net_pair(&here, &there);
  CHECK_EQ(uv_write2(&pass, (uv_stream_t*) &channel, &buf, 1, (uv_stream_t*) &there, NULL), 0);
  test_await_child(&child_exit);
  hear((uv_stream_t*) &here);
  net_close((uv_handle_t*) &there);
  net_until(&said_end, 1);
  CHECK_STR(said, "abc");
  net_end();
}

/* ---- To what a helper writes to (Windows) ---- */

static uv_tty_t terminal;

static uv_stream_t* own_output(void) {
  if (uv_guess_handle(1) == UV_TTY) {
    CHECK_EQ(uv_tty_init(net_loop(), &terminal, 1, 0), 0);
    return (uv_stream_t*) &terminal;
  }
  CHECK_EQ(uv_pipe_init(net_loop(), &channel, 0), 0);
  CHECK_EQ(uv_pipe_open(&channel, 1), 0);
  return (uv_stream_t*) &channel;
}

static void say_all_out(void) {
  say_all(own_output(), NULL);
}

/* Blocking mode waits in each call. */
static void say_all_waiting(void) {
  uv_stream_t* out = own_output();

  CHECK_EQ(uv_stream_set_blocking(out, 1), 0);
  say_all(out, NULL);
}

TEST(w3_last_words_to_a_pipe_that_waits) {
  if (is_child())
    say_all_out();
  prepare("w3_last_words_to_a_pipe_that_waits");
  pipe_at(1, 0, 0);
  hear_child();
  net_end();
}

TEST(w8_last_words_to_a_pipe_that_waits) {
  if (is_child())
    say_all_waiting();
  prepare("w8_last_words_to_a_pipe_that_waits");
  pipe_at(1, 0, 0);
  hear_child();
  net_end();
}

TEST(w3_many_last_words_to_a_pipe_that_waits) {
  static uv_write_t writes[MANY];
  static const char text[] = "0123456789";
  int i;

  if (is_child()) {
    uv_stream_t* out = own_output();

    for (i = 0; i < MANY; i++) {
      uv_buf_t buf = uv_buf_init((char*) text + i % 10, i % 10 != 0);

      CHECK_EQ(uv_write(&writes[i], out, &buf, 1, NULL), 0);
    }
    exit(0);
  }
  prepare("w3_many_last_words_to_a_pipe_that_waits");
  pipe_at(1, 0, 0);
  test_spawn(&child, &options, &child_exit);
  hear((uv_stream_t*) &channel);
  net_until(&said_end, 1);
  CHECK_EQ(said_length, MANY / 10 * 9);
  for (i = 0; i < said_length; i++)
    CHECK_EQ(said[i], text[i % 9 + 1]);
  test_await_child(&child_exit);
  net_end();
}

/* More than the pipe holds, and nobody reads until the child has gone, as it does. */
TEST(w3_last_words_that_nobody_hears) {
  struct net_sink sink = {0};
  int sent = 0;

  if (is_child()) {
    net_send(own_output(), MUCH, 0, &sent);
    exit(0);
  }
  prepare("w3_last_words_that_nobody_hears");
  pipe_at(1, 0, 0);
  test_spawn(&child, &options, &child_exit);
  test_await_child(&child_exit);
  net_drain((uv_stream_t*) &channel, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK(sink.bytes < MUCH);
  net_end();
}

/* ---- Beside a thread that writes on ---- */

static uv_pipe_t noise;
static volatile long noises;
static int noise_end;

static void make_noise(uv_write_t* req, int status) {
  uv_buf_t buf = uv_buf_init((char*) "noise", 5);

  if (status < 0)
    return; /* The process is about to go. */
  test_add(&noises, 1);
  CHECK_EQ(uv_write(req, (uv_stream_t*) &noise, &buf, 1, make_noise), 0);
}

static void make_noise_for_ever(void* arg) {
  static uv_loop_t loop;
  static uv_write_t write;

  (void) arg;
  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_pipe_init(&loop, &noise, 0), 0);
  CHECK_EQ(uv_pipe_open(&noise, CHANNEL), 0);
  make_noise(&write, 0);
  (void) uv_run(&loop, UV_RUN_DEFAULT);
}

static void on_noise(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  noise_end = nread < 0;
}

/* The end of a process waits for what was there when it began, not for what comes meanwhile. */
TEST(w3_last_words_beside_a_thread_that_writes_on) {
  if (is_child()) {
    (void) test_thread_start(make_noise_for_ever, NULL);
    while (test_load(&noises) < 3)
      test_thread_yield();
    say_all_out();
  }
  prepare("w3_last_words_beside_a_thread_that_writes_on");
  pipe_at(1, 0, 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &noise, 0), 0);
  stdio[CHANNEL].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  stdio[CHANNEL].data.stream = (uv_stream_t*) &noise;
  test_spawn(&child, &options, &child_exit);
  CHECK_EQ(uv_read_start((uv_stream_t*) &noise, net_alloc, on_noise), 0);
  hear((uv_stream_t*) &channel);
  net_until(&said_end, 1);
  CHECK_STR(said, "abc");
  test_await_child(&child_exit);
  net_until(&noise_end, 1);
  net_end();
}

static void run_into_a_file(const char* test) {
  char path[600];
  uv_file fd = test_fd_make(path, sizeof path, "words");

  prepare(test);
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = fd;
  options.stdio_count = CHANNEL;
  test_spawn(&child, &options, &child_exit);
  test_await_child(&child_exit);
  test_fd_close(fd);
  fd = test_fd_open(path, 0);
  CHECK_EQ(test_fd_read(fd, said, sizeof said), 3);
  CHECK_STR(said, "abc");
  test_fd_close(fd);
  CHECK_EQ(remove(path), 0);
  net_end();
}

TEST(w3_last_words_to_a_file) {
  if (is_child())
    say_all_out();
  run_into_a_file("w3_last_words_to_a_file");
}

TEST(w8_last_words_to_a_file) {
  if (is_child())
    say_all_waiting();
  run_into_a_file("w8_last_words_to_a_file");
}

/* `say` is for the child. On Windows the one that runs it is in turn that of a child with a console. */
static void run_on_a_terminal(const char* test, void (*say)(void)) {
#ifdef _WIN32
  COORD origin = {0, 0};
  HANDLE screen;
  uv_file fd;

  if (is_child() && strcmp(harness_arg(0), "words") == 0)
    say();
  if (!console_child(test))
    return;
  screen = console_open("CONOUT$");
  CHECK(SetConsoleCursorPosition(screen, origin));
  fd = console_open_file("CONOUT$");
  prepare(test);
  args[2] = (char*) "words";
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = fd;
  options.stdio_count = CHANNEL;
  test_spawn(&child, &options, &child_exit);
  test_await_child(&child_exit);
  console_expect(screen, 0, L"abc");
  CHECK_EQ(_close(fd), 0);
  CloseHandle(screen);
#else
  struct pty pty;

  if (is_child())
    say();
  pty_open(&pty);
  prepare(test);
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = pty.slave;
  options.stdio_count = CHANNEL;
  test_spawn(&child, &options, &child_exit);
  test_await_child(&child_exit);
  pty_expect(&pty, "abc");
  pty_close(&pty);
#endif
  net_end();
}

TEST(w3_last_words_to_a_terminal) {
  run_on_a_terminal("w3_last_words_to_a_terminal", say_all_out);
}

TEST(w8_last_words_to_a_terminal) {
  run_on_a_terminal("w8_last_words_to_a_terminal", say_all_waiting);
}
