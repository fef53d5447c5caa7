/* What can be opened as a pipe, and what that does to others who have it too (rules P4, W8, W10,
 * S1 for the ends of a pipe). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "raw.h"
#include "thread.h"
#include "uv.h"

#ifdef _WIN32
#  include <fcntl.h>
#  include <io.h>
#else
#  include <fcntl.h>
#  include <signal.h>
#  include <stdlib.h>
#  include <sys/stat.h>
#  include <termios.h>
#  include <unistd.h>
#endif

static void ignore_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data += 1;
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
  FAIL("a read callback that nobody waits for");
}

/* ---- uv_pipe ---- */

TEST(p4_pipe_refuses_unknown_flags) {
  uv_file fds[2] = {-7, -7};

  CHECK_EQ(uv_pipe(NULL, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_pipe(fds, UV_CREATE_PIPE, 0), UV_EINVAL);
  CHECK_EQ(uv_pipe(fds, 0, UV_READABLE_PIPE), UV_EINVAL);
  CHECK_EQ(fds[0], -7);
}

TEST(p4_pipe_of_plain_descriptors) {
  uv_file fds[2];
  char text[8];

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  test_fd_write(fds[1], "hello", 5);
  CHECK_EQ(test_fd_read(fds[0], text, sizeof text), 5);
  CHECK(memcmp(text, "hello", 5) == 0);
  test_fd_close(fds[1]);
  CHECK_EQ(test_fd_read(fds[0], text, sizeof text), 0);
  test_fd_close(fds[0]);
#ifndef _WIN32
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), 0);
  CHECK_EQ(raw_is_blocking(fds[0]), 0);
  CHECK_EQ(raw_is_blocking(fds[1]), 1);
  CHECK_EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
#endif
}

/* ---- The two directions ---- */

TEST(p4_ends_know_their_direction) {
  uv_shutdown_t shutdown;
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_write_t write;
  uv_pipe_t from;
  uv_pipe_t to;

  test_pipe_way(TEST_ENDS, &from, &to);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &to), 1);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &to), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &from), 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &from), 1);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &to, &buf, 1, NULL), UV_EPIPE);
  CHECK_EQ(uv_try_write((uv_stream_t*) &to, &buf, 1), UV_EPIPE);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &to, ignore_shutdown), UV_ENOTCONN);
  CHECK_EQ(uv_read_start((uv_stream_t*) &from, net_alloc, never_read), UV_ENOTCONN);
  net_end();
}

/* A plain reader at the other end sees the end of what we shut down. */
TEST(s1_shutdown_of_a_writing_end) {
  uv_shutdown_t shutdown;
  uv_file fds[2];
  uv_pipe_t from;
  char text[8];
  int sent = 0;
  int shut = 0;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, fds[1]), 0);
  net_send((uv_stream_t*) &from, 5, 0, &sent);
  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &from, ignore_shutdown), 0);
  net_until(&shut, 1);
  CHECK_EQ(sent, 1);
  CHECK_EQ(test_fd_read(fds[0], text, sizeof text), 5);
  pattern_check(text, 5, 0);
  CHECK_EQ(test_fd_read(fds[0], text, sizeof text), 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &from), 0);
  test_fd_close(fds[0]);
  net_end();
}

/* Its descriptor is given back by the shutdown, so that the next one may have its number. */
TEST(p4_open_of_ends_beside_one_that_was_shut_down) {
  uv_shutdown_t shutdown;
  uv_file fds[2];
  uv_pipe_t shut_;
  uv_pipe_t others[8];
  uv_file first;
  int shut = 0;
  int i;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  first = fds[0];
  CHECK_EQ(uv_pipe_init(net_loop(), &shut_, 0), 0);
  CHECK_EQ(uv_pipe_open(&shut_, fds[1]), 0);
  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &shut_, ignore_shutdown), 0);
  net_until(&shut, 1);
  for (i = 0; i < 8; i += 2) {
    CHECK_EQ(uv_pipe(fds, 0, 0), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &others[i], 0), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &others[i + 1], 0), 0);
    CHECK_EQ(uv_pipe_open(&others[i], fds[0]), 0);
    CHECK_EQ(uv_pipe_open(&others[i + 1], fds[1]), 0);
  }
  test_fd_close(first);
  net_end();
}

/* ---- What is refused ---- */

TEST(p4_open_twice) {
  uv_file fds[2];
  uv_pipe_t first;
  uv_pipe_t second;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &first, 0), 0);
  CHECK_EQ(uv_pipe_open(&first, fds[0]), 0);
  CHECK_EQ(uv_pipe_open(&first, fds[1]), UV_EBUSY);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
#ifndef _WIN32 /* Windows does not compare handles. */
  CHECK_EQ(uv_pipe_open(&second, fds[0]), UV_EEXIST);
#endif
  CHECK_EQ(uv_pipe_open(&second, fds[1]), 0);
  CHECK_EQ(uv_pipe_bind(&second, "x"), UV_EINVAL);
  uv_close((uv_handle_t*) &first, NULL);
  CHECK_EQ(uv_pipe_open(&first, fds[1]), UV_EINVAL);
  net_end();
}

TEST(p4_what_is_no_descriptor) {
  uv_file fds[2];
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, -1), UV_EBADF);
  test_fd_close(fds[0]);
  CHECK_EQ(uv_pipe_open(&pipe, fds[0]), UV_EBADF);
  CHECK_EQ(uv_pipe_open(&pipe, fds[1]), 0); /* the handle is as good as before */
  net_end();
}

/* ---- What is taken ---- */

static void exchange(uv_pipe_t* from, uv_pipe_t* to) {
  struct net_sink sink = {0};
  int sent = 0;

  net_drain((uv_stream_t*) to, &sink);
  net_send((uv_stream_t*) from, 100000, 0, &sent);
  net_until_bytes(&sink, 100000);
  net_until(&sent, 1);
  CHECK_EQ(uv_read_stop((uv_stream_t*) to), 0);
}

TEST(p4_open_of_sockets) {
#ifdef _WIN32
  SKIP("a socket is no C run-time descriptor there");
#else
  uv_os_sock_t pair[2];
  uv_pipe_t a;
  uv_pipe_t b;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &a, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &b, 0), 0);
  CHECK_EQ(uv_pipe_open(&a, pair[0]), 0);
  CHECK_EQ(uv_pipe_open(&b, pair[1]), 0);
  exchange(&a, &b);
  exchange(&b, &a);
  net_end();
#endif
}

#ifndef _WIN32
static int connects;

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connects++;
}

static uv_pipe_t accepted;
static int arrivals;

static void accept_one(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(server->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  arrivals++;
}
#endif

/* As a process gets it that is started on demand: bound by somebody else. */
TEST(p4_open_of_a_bound_socket) {
#ifdef _WIN32
  SKIP("a socket is no C run-time descriptor there");
#else
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t maker;
  uv_pipe_t server;
  uv_pipe_t client;
  uv_os_fd_t fd;
  int copy;

  CHECK_EQ(uv_pipe_init(net_loop(), &maker, 0), 0);
  CHECK_EQ(uv_pipe_bind(&maker, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &maker, &fd), 0);
  copy = dup(fd);
  CHECK(copy != -1);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_open(&server, copy), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &server), 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, accept_one), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, 1);
  net_until(&arrivals, 1);
  exchange(&client, &accepted);
  net_close((uv_handle_t*) &server);
  CHECK_EQ(access(name, F_OK), 0); /* P7: the file is not the finder's */
  net_end();
  CHECK_EQ(access(name, F_OK), -1);
#endif
}

TEST(p4_open_of_a_fifo) {
#ifdef _WIN32
  SKIP("there are none");
#else
  char name[TEST_PIPE_NAME];
  struct net_sink sink = {0};
  uv_pipe_t from;
  uv_pipe_t to;
  int in;
  int out;

  CHECK_EQ(mkfifo(test_pipe_name(name, sizeof name), 0600), 0);
  in = open(name, O_RDONLY | O_NONBLOCK);
  CHECK(in != -1);
  out = open(name, O_WRONLY);
  CHECK(out != -1);
  CHECK_EQ(unlink(name), 0); /* it can be opened anew all the same */
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, in), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, out), 0);
  exchange(&from, &to);
  net_close((uv_handle_t*) &from);
  net_drain((uv_stream_t*) &to, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
#endif
}

/* Its last writer has been and gone; what it wrote is still there, and then comes the end. */
TEST(p4_open_of_a_fifo_that_ended) {
#ifdef _WIN32
  SKIP("there are none");
#else
  int length;

  for (length = 0; length <= 5; length += 5) {
    char name[TEST_PIPE_NAME];
    struct net_sink sink = {0};
    char bytes[5];
    uv_pipe_t to;
    int in;
    int out;

    CHECK_EQ(mkfifo(test_pipe_name(name, sizeof name), 0600), 0);
    in = open(name, O_RDONLY | O_NONBLOCK);
    CHECK(in != -1);
    CHECK_EQ(fcntl(in, F_SETFL, 0), 0); /* as a shell opens it */
    out = open(name, O_WRONLY);
    CHECK(out != -1);
    pattern_fill(bytes, sizeof bytes, 0);
    if (length > 0)
      test_fd_write(out, bytes, sizeof bytes);
    test_fd_close(out);
    CHECK_EQ(unlink(name), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
    CHECK_EQ(uv_pipe_open(&to, in), 0);
    net_drain((uv_stream_t*) &to, &sink);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.status, UV_EOF);
    CHECK_EQ(sink.bytes, length);
    net_close((uv_handle_t*) &to);
  }
  net_end();
#endif
}

#ifndef _WIN32

static void make_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);

  CHECK(flags != -1);
  CHECK_EQ(fcntl(fd, F_SETFL, flags & ~O_NONBLOCK), 0);
}

static uv_write_t big_write;
static int big_done;

static void note_big(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  big_done++;
}

/* `in` and `out` come non-blocking, and do not stay so. */
static void talk_while_it_blocks(int in, int out) {
  static char block[300000];
  struct net_sink sink = {0};
  uv_buf_t buf = uv_buf_init(block, sizeof block);
  uv_pipe_t from;
  uv_pipe_t to;

  big_done = 0;
  pattern_fill(block, sizeof block, 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, in), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, out), 0);
  make_blocking(in);
  make_blocking(out);
  net_drain((uv_stream_t*) &to, &sink);
  net_turns(3); /* There is nothing to be read. */
  CHECK_EQ(uv_write(&big_write, (uv_stream_t*) &from, &buf, 1, note_big), 0);
  net_until(&big_done, 1); /* There is no room for all of it. */
  net_until_bytes(&sink, sizeof block);
  net_turns(3);
  net_close((uv_handle_t*) &from);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  net_close((uv_handle_t*) &to);
}

#endif

/* The open file is another's as well, who wants to wait and clears O_NONBLOCK. */
TEST(p4_ends_that_another_makes_blocking) {
#ifdef _WIN32
  SKIP("whether to wait is said with each call there");
#else
  char name[TEST_PIPE_NAME];
  uv_file fds[2];
  int out;
  int in;

  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  talk_while_it_blocks(fds[0], fds[1]);
  /* One that cannot be opened anew, for want of the right. */
  CHECK_EQ(mkfifo(test_pipe_name(name, sizeof name), 0600), 0);
  in = open(name, O_RDONLY | O_NONBLOCK);
  CHECK(in != -1);
  out = open(name, O_WRONLY | O_NONBLOCK);
  CHECK(out != -1);
  CHECK_EQ(unlink(name), 0);
  CHECK_EQ(fchmod(in, 0), 0);
  talk_while_it_blocks(in, out);
  net_end();
#endif
}

TEST(r4_end_of_a_fifo_is_not_final) {
#ifdef _WIN32
  SKIP("there are none");
#else
  char name[TEST_PIPE_NAME];
  struct net_sink sink = {0};
  uv_pipe_t to;
  int in;
  int out;
  int i;

  CHECK_EQ(mkfifo(test_pipe_name(name, sizeof name), 0600), 0);
  in = open(name, O_RDONLY | O_NONBLOCK);
  CHECK(in != -1);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, in), 0);
  for (i = 0; i < 3; i++) { /* each writer has its end */
    char byte = pattern_at((uint64_t) i);

    out = open(name, O_WRONLY);
    CHECK(out != -1);
    sink.ended = 0;
    net_drain((uv_stream_t*) &to, &sink);
    CHECK_EQ(write(out, &byte, 1), 1);
    net_until_bytes(&sink, (uint64_t) i + 1);
    CHECK_EQ(close(out), 0);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.status, UV_EOF);
    CHECK_EQ(uv_is_readable((uv_stream_t*) &to), 1);
  }
  CHECK_EQ(unlink(name), 0);
  net_end();
#endif
}

TEST(p4_open_of_a_pseudo_terminal) {
#ifdef _WIN32
  SKIP("there are none");
#else
  uv_buf_t buf = uv_buf_init((char*) "typed\n", 6);
  uv_pipe_t pipe;
  char text[16];
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  int slave;

  if (master == -1) {
    SKIP("this system gives us no pseudo-terminal");
  }
  CHECK_EQ(grantpt(master), 0);
  CHECK_EQ(unlockpt(master), 0);
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  CHECK(slave != -1);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, master), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), 6);
  CHECK_EQ(test_fd_read(slave, text, sizeof text), 6);
  CHECK(memcmp(text, "typed\n", 6) == 0);
  test_fd_close(slave);
  net_end();
#endif
}

/* ---- Others who have it, too ---- */

#ifndef _WIN32

/* The open file of `fd`, which `other` has, too. */
static void check_flags(int fd, int other, int blocks) {
  uv_os_fd_t found;
  uv_pipe_t pipe;

  CHECK_EQ(raw_is_blocking(other), 1);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fd), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &pipe, &found), 0);
  CHECK_EQ(found, fd);
  CHECK_EQ(raw_is_blocking(other), blocks);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &pipe, 1), 0);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &pipe, 0), 0);
  CHECK_EQ(raw_is_blocking(other), blocks);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(raw_is_blocking(other), 1);
  test_fd_close(other);
}

/* As standard input, which a shell and its other programs may have. What cannot be left alone is put
 * back: pipes elsewhere than on Linux, sockets on macOS. */
static void check_stdin(int fd, int blocks) {
  CHECK_EQ(dup2(fd, 0), 0);
  check_flags(0, fd, blocks);
}

#  ifdef __linux__
#    define PIPE_IS_LEFT 1
#  else
#    define PIPE_IS_LEFT 0
#  endif
#  ifdef __APPLE__
#    define SOCKET_IS_LEFT 0
#  else
#    define SOCKET_IS_LEFT 1
#  endif

#endif

TEST(w8_open_of_standard_input_does_not_disturb_others) {
#ifdef _WIN32
  SKIP("there is no blocking flag that holders of one pipe share");
#else
  uv_os_sock_t pair[2];
  uv_file fds[2];

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  check_stdin(fds[0], PIPE_IS_LEFT && test_has_proc());
  test_fd_close(fds[1]);
  check_stdin(pair[0], SOCKET_IS_LEFT);
  test_fd_close(pair[1]);
  net_end();
#endif
}

/* Who has the descriptor from uv_fileno reads and writes himself (asyncio's loops do). */
TEST(w8_descriptor_of_the_program_does_not_block) {
#ifdef _WIN32
  SKIP("there is no blocking flag");
#else
  uv_os_sock_t pair[2];
  uv_file fds[2];

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  check_flags(fds[0], dup(fds[0]), 0);
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  check_flags(fds[1], dup(fds[1]), 0);
  test_fd_close(fds[0]);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  check_flags(pair[0], dup(pair[0]), 0);
  test_fd_close(pair[1]);
  net_end();
#endif
}

/* Two numbers of one open file are two descriptors, and each can have its handle; a number has one. */
TEST(p4_two_handles_of_one_socket) {
#ifdef _WIN32
  SKIP("a socket is no C run-time descriptor there");
#else
  uv_os_sock_t pair[2];
  uv_pipe_t peer;
  uv_pipe_t again;
  uv_pipe_t in;
  uv_pipe_t out;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &peer, 0), 0);
  CHECK_EQ(uv_pipe_open(&peer, pair[1]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &in, 0), 0);
  CHECK_EQ(uv_pipe_open(&in, pair[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &out, 0), 0);
  CHECK_EQ(uv_pipe_open(&out, dup(pair[0])), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &again, 0), 0);
  CHECK_EQ(uv_pipe_open(&again, pair[0]), UV_EEXIST);
  exchange(&out, &peer);
  exchange(&peer, &in);
  net_close((uv_handle_t*) &in);
  exchange(&out, &peer);
  exchange(&peer, &out);
  net_end();
#endif
}

/* Descriptors: a peer, and two of the other end, which goes both ways. */
static void make_doubled(uv_file* peer, uv_file ends[2]) {
#ifdef _WIN32
  HANDLE self = GetCurrentProcess();
  char name[TEST_PIPE_NAME];
  HANDLE server;
  HANDLE client;
  HANDLE copy;

  server =
      CreateNamedPipeA(test_pipe_name(name, sizeof name), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                       PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
  CHECK(server != INVALID_HANDLE_VALUE);
  client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED, NULL);
  CHECK(client != INVALID_HANDLE_VALUE);
  CHECK(DuplicateHandle(self, client, self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS));
  *peer = _open_osfhandle((intptr_t) server, _O_RDWR | _O_BINARY);
  ends[0] = _open_osfhandle((intptr_t) client, _O_RDWR | _O_BINARY);
  ends[1] = _open_osfhandle((intptr_t) copy, _O_RDWR | _O_BINARY);
#else
  uv_os_sock_t pair[2];

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  *peer = pair[1];
  ends[0] = STDIN_FILENO; /* as the program of an inetd has them */
  ends[1] = STDOUT_FILENO;
  CHECK_EQ(dup2(pair[0], ends[0]), ends[0]);
  CHECK_EQ(dup2(pair[0], ends[1]), ends[1]);
  test_fd_close(pair[0]);
#endif
}

TEST(p4_standard_input_and_output_of_one_pipe) {
  uv_file ends[2];
  uv_file other;
  uv_pipe_t peer;
  uv_pipe_t in;
  uv_pipe_t out;

  make_doubled(&other, ends);
  CHECK_EQ(uv_pipe_init(net_loop(), &peer, 0), 0);
  CHECK_EQ(uv_pipe_open(&peer, other), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &in, 0), 0);
  CHECK_EQ(uv_pipe_open(&in, ends[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &out, 0), 0);
  CHECK_EQ(uv_pipe_open(&out, ends[1]), 0);
  exchange(&peer, &in);
  exchange(&out, &peer);
  exchange(&peer, &in);
  net_close((uv_handle_t*) &in);
  exchange(&out, &peer);
  net_end();
}

#ifndef _WIN32
/* Bytes go through it as they are. */
static void make_raw(int terminal) {
  struct termios mode;

  CHECK_EQ(tcgetattr(terminal, &mode), 0);
  mode.c_lflag &= ~(tcflag_t) (ICANON | ECHO | ISIG);
  mode.c_iflag &= ~(tcflag_t) (IXON | ICRNL | IMAXBEL);
  CHECK_EQ(tcsetattr(terminal, TCSANOW, &mode), 0);
}
#endif

/* The first handle puts the flags back that it found, which the second one has, too: its accept must
 * not wait. */
TEST(l6_listener_that_others_made_blocking) {
#ifdef _WIN32
  SKIP("a socket is no C run-time descriptor there");
#else
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t maker;
  uv_pipe_t first;
  uv_pipe_t server;
  uv_pipe_t client;
  uv_os_fd_t fd;
  int copies[2];

  CHECK_EQ(uv_pipe_init(net_loop(), &maker, 0), 0);
  CHECK_EQ(uv_pipe_bind(&maker, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &maker, &fd), 0);
  CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
  copies[0] = dup(fd);
  copies[1] = dup(fd);
  CHECK_EQ(uv_pipe_init(net_loop(), &first, 0), 0);
  CHECK_EQ(uv_pipe_open(&first, copies[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_open(&server, copies[1]), 0);
  net_close((uv_handle_t*) &first);
  CHECK_EQ(raw_is_blocking(copies[1]), 1);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, accept_one), 0);
  net_turns(3);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, 1);
  net_until(&arrivals, 1);
  CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
  exchange(&client, &accepted);
  net_end();
#endif
}

/* Room for some is not room for all there. */
TEST(l6_terminal_that_others_made_blocking) {
#ifdef _WIN32
  SKIP("there are none");
#else
  uv_buf_t block = uv_buf_init(net_block(), NET_BLOCK);
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  uv_write_t req;
  uv_pipe_t first;
  uv_pipe_t pipe;
  int slave;

  if (master == -1) {
    SKIP("this system gives us no pseudo-terminal");
  }
  CHECK_EQ(grantpt(master), 0);
  CHECK_EQ(unlockpt(master), 0);
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  CHECK(slave != -1);
  make_raw(slave);
  CHECK_EQ(uv_pipe_init(net_loop(), &first, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, dup(master)), 0);
  CHECK_EQ(uv_pipe_open(&first, master), 0);
  CHECK_EQ(fcntl(master, F_SETFL, fcntl(master, F_GETFL) & ~O_NONBLOCK), 0);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &pipe, &block, 1, NULL), 0);
  net_turns(3);
  CHECK(pipe.write_queue_size > 0);
  test_fd_close(slave);
  net_end();
#endif
}

/* Standard input and output are not made non-blocking once more, for whoever else has them. */
TEST(l6_terminal_as_standard_input_that_others_made_blocking) {
#ifdef _WIN32
  SKIP("there are none");
#else
  enum {
    SIZE = 300000
  };
  struct net_sink sink = {0};
  struct termios mode;
  uv_pipe_t screen;
  uv_pipe_t pipe;
  int sent = 0;
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  int slave;

  if (master == -1) {
    SKIP("this system gives us no pseudo-terminal");
  }
  CHECK_EQ(grantpt(master), 0);
  CHECK_EQ(unlockpt(master), 0);
  slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  CHECK(slave != -1);
  make_raw(slave);
  CHECK_EQ(tcgetattr(slave, &mode), 0);
  mode.c_oflag &= ~(tcflag_t) OPOST;
  CHECK_EQ(tcsetattr(slave, TCSANOW, &mode), 0);
  CHECK_EQ(dup2(slave, STDIN_FILENO), STDIN_FILENO);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, STDIN_FILENO), 0);
  CHECK_EQ(fcntl(slave, F_SETFL, fcntl(slave, F_GETFL) & ~O_NONBLOCK), 0);
  net_send((uv_stream_t*) &pipe, 100, 0, &sent); /* What is free then is less than a whole part. */
  net_send((uv_stream_t*) &pipe, SIZE - 100, 100, &sent);
  net_turns(3);
  CHECK(pipe.write_queue_size > 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &screen, 0), 0);
  CHECK_EQ(uv_pipe_open(&screen, master), 0);
  net_drain((uv_stream_t*) &screen, &sink);
  net_until(&sent, 2);
  net_until_bytes(&sink, SIZE);
  CHECK_EQ(sink.bytes, SIZE);
  test_fd_close(slave);
  net_end();
#endif
}

TEST(w8_flags_of_a_terminal_are_put_back) {
#ifdef _WIN32
  SKIP("there is no blocking flag that holders of one terminal share");
#else
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  uv_pipe_t pipe;
  int other;

  if (master == -1) {
    SKIP("this system gives us no pseudo-terminal");
  }
  other = dup(master);
  CHECK(other != -1);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, master), 0);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(raw_is_blocking(other), 1);
  test_fd_close(other);
  net_end();
#endif
}

/* Connecting and accepting cannot do without it. */
TEST(w8_flags_of_an_unconnected_socket_are_put_back) {
#ifdef _WIN32
  SKIP("a socket is no C run-time descriptor there");
#else
  uv_pipe_t pipe;
  int other;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  CHECK(fd != -1);
  other = dup(fd);
  CHECK(other != -1);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fd), 0);
  CHECK_EQ(raw_is_blocking(other), 0);
  net_close((uv_handle_t*) &pipe);
  CHECK_EQ(raw_is_blocking(other), 1);
  test_fd_close(other);
  net_end();
#endif
}

/* ---- W10 ---- */

static int write_status;
static int writes;

static void note_write(uv_write_t* req, int status) {
  (void) req;
  write_status = status;
  writes++;
}

TEST(w10_pipe_without_a_reader) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_write_t write;
  uv_file fds[2];
  uv_pipe_t pipe;
  int r;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fds[1]), 0);
  test_fd_close(fds[0]);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &pipe, &buf, 1, note_write), 0);
  net_until(&writes, 1);
  CHECK_EQ(write_status, UV_EPIPE);
  r = uv_try_write((uv_stream_t*) &pipe, &buf, 1);
  CHECK_EQ(r, UV_EPIPE);
  net_end();
}

TEST(w10_named_pipe_without_a_reader) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t write;
  uv_pipe_t from;
  uv_pipe_t to;

  test_pipe_pair(&from, &to, 0);
  net_close((uv_handle_t*) &to);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &from, &buf, 1, note_write), 0);
  net_until(&writes, 1);
  CHECK(write_status == UV_EPIPE || write_status == UV_ECONNRESET);
  CHECK_EQ(from.write_queue_size, 0);
  net_end();
}

TEST(w10_a_signal_of_the_program_stays) {
#ifdef _WIN32
  SKIP("there are no signals");
#else
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  sigset_t sigpipe, pending;
  uv_file fds[2];
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fds[1]), 0);
  test_fd_close(fds[0]);
  sigemptyset(&sigpipe);
  sigaddset(&sigpipe, SIGPIPE);
  CHECK_EQ(sigprocmask(SIG_BLOCK, &sigpipe, NULL), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), UV_EPIPE);
  CHECK_EQ(sigpending(&pending), 0);
  CHECK_EQ(sigismember(&pending, SIGPIPE), 0);
  CHECK_EQ(raise(SIGPIPE), 0);
  CHECK_EQ(uv_try_write((uv_stream_t*) &pipe, &buf, 1), UV_EPIPE);
  CHECK_EQ(sigpending(&pending), 0);
  CHECK_EQ(sigismember(&pending, SIGPIPE), 1);
  net_end();
#endif
}

/* ---- W8: blocking mode, with a plain reader on a thread ---- */

static uint64_t drained;

static void drain_fd(void* arg) {
  static char memory[65536];
  uv_file fd = *(uv_file*) arg;
  size_t n;

  while ((n = test_fd_read(fd, memory, sizeof memory)) > 0) {
    pattern_check(memory, n, drained);
    drained += n;
  }
}

TEST(w8_blocking_write_to_a_pipe) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  struct test_thread* thread;
  uv_write_t write;
  uv_file fds[2];
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fds[1]), 0);
  CHECK_EQ(uv_stream_set_blocking((uv_stream_t*) &pipe, 1), 0);
  thread = test_thread_start(drain_fd, &fds[0]);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &pipe, &buf, 1, note_write), 0);
  CHECK_EQ(pipe.write_queue_size, 0);
  CHECK_EQ(writes, 0);
  net_until(&writes, 1);
  CHECK_EQ(write_status, 0);
  net_close((uv_handle_t*) &pipe);
  test_thread_join(thread);
  CHECK_EQ(drained, NET_BLOCK);
  test_fd_close(fds[0]);
  net_end();
}

/* ---- Short reads: what is left is neither lost nor asked for ---- */

static void count_fired(uv_timer_t* timer) {
  *(int*) timer->data += 1;
}

/* How many turns the loop makes in 50 ms in which nothing is to be done. */
static unsigned turns_of_silence(void) {
  uv_metrics_t before;
  uv_metrics_t after;
  uv_timer_t timer;
  int fired = 0;

  timer.data = &fired;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  net_turns(3); /* What came is told once. */
  CHECK_EQ(uv_metrics_info(net_loop(), &before), 0);
  CHECK_EQ(uv_timer_start(&timer, count_fired, 50, 0), 0);
  net_until(&fired, 1);
  CHECK_EQ(uv_metrics_info(net_loop(), &after), 0);
  net_close((uv_handle_t*) &timer);
  return (unsigned) (after.loop_count - before.loop_count);
}

/* Makes a pipe of which the stream reads one end. */
static void read_pipe(uv_pipe_t* pipe, uv_file fds[2], struct net_sink* sink) {
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(pipe, fds[0]), 0);
  net_drain((uv_stream_t*) pipe, sink);
}

/* Three bytes or one of the pattern, of which `*at` are written already. */
static void write_next(int fd, size_t len, uint64_t* at) {
  char bytes[3];

  pattern_fill(bytes, len, *at);
  test_fd_write(fd, bytes, len);
  *at += len;
}

TEST(r5_stopped_reader_of_a_pipe_lets_the_loop_sleep) {
  struct net_sink sink = {0};
  uint64_t written = 0;
  uv_file fds[2];
  uv_pipe_t pipe;
  int round;

  read_pipe(&pipe, fds, &sink);
  for (round = 0; round < 3; round++) {
    write_next(fds[1], 1, &written);
    net_until_bytes(&sink, written);
    CHECK_EQ(uv_read_stop((uv_stream_t*) &pipe), 0);
    write_next(fds[1], 1, &written);
    CHECK(turns_of_silence() < 10);
    CHECK(sink.bytes == written - 1);
    net_drain((uv_stream_t*) &pipe, &sink);
    net_until_bytes(&sink, written);
    CHECK(turns_of_silence() < 10);
  }
  CHECK_EQ(uv_read_stop((uv_stream_t*) &pipe), 0);
  test_fd_close(fds[1]);
  CHECK(turns_of_silence() < 10);
  net_drain((uv_stream_t*) &pipe, &sink);
  net_until(&sink.ended, 1);
  CHECK(turns_of_silence() < 10);
  net_end();
}

/* A read takes one packet, however large its buffer, and nothing comes any more that would tell of the
 * others. */
TEST(r1_packets_of_a_pipe_are_all_read) {
#if !defined(__linux__) || !defined(O_DIRECT)
  SKIP("its pipes have no packets");
#else
  struct net_sink sink = {0};
  uint64_t written = 0;
  uv_file fds[2];
  uv_pipe_t pipe;
  int i;

  read_pipe(&pipe, fds, &sink);
  CHECK_EQ(fcntl(fds[1], F_SETFL, O_DIRECT), 0); /* The reader has no sign of it. */
  for (i = 0; i < 3; i++) {
    write_next(fds[1], 3, &written);
    write_next(fds[1], 3, &written);
    write_next(fds[1], 3, &written);
    net_until_bytes(&sink, written);
  }
  test_fd_close(fds[1]);
  net_until(&sink.ended, 1);
  net_end();
#endif
}
