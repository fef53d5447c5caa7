/* Ways through the core that a call of the system has to open, or that nobody goes by chance. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "net.h"
#include "parts.h"
#include "pipes.h"
#include "uvstream.h"

/* ---- A listener without a callback ---- */

TEST(a6_silent_listener_is_asked_again_and_again) {
  struct sockaddr_in addr;
  int len = sizeof addr;
  int turn;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(scene, &server.tcp), 0);
  CHECK_EQ(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen(&server.stream, 16, NULL), 0);
  CHECK_EQ(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &addr, &len), 0);
  CHECK_EQ(uv_tcp_init(scene, &peer.tcp), 0);
  calls_fail_nth(CALL_accept4, 1, ECONNABORTED); /* who gave up is passed over */
  CHECK_EQ(uv_accept(&server.stream, &peer.stream), UV_EAGAIN);
  CHECK_EQ(calls_made(), 2);
  CHECK_EQ(uv_accept(&server.stream, &peer.stream), UV_EAGAIN);
  CHECK_EQ(calls_made(), 2); /* the poller will tell */
  calls_fail_nth(CALL_accept4, 0, 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_connect(&connect_req, &client.tcp, (const struct sockaddr*) &addr, NULL), 0);
  for (turn = 0; uv_accept(&server.stream, &peer.stream) == UV_EAGAIN; turn++) {
    CHECK(turn < 1000);
    (void) uv_run(scene, UV_RUN_ONCE);
  }
  scene_fail();
  scene_end();
}

/* ---- Arguments ---- */

TEST(w5_handle_of_another_loop_is_not_passed) {
  uv_buf_t buf = uv_buf_init(text, 1);
  struct sockaddr_in any;
  uv_os_sock_t pair[2];
  uv_loop_t other;
  uv_write_t req;
  uv_tcp_t stranger;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_loop_init(&other), 0);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &any), 0);
  CHECK_EQ(uv_tcp_init(&other, &stranger), 0);
  CHECK_EQ(uv_tcp_bind(&stranger, (const struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 1), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, pair[0]), 0);
  CHECK_EQ(uv_write2(&req, &client.stream, &buf, 1, (uv_stream_t*) &stranger, NULL), UV_EINVAL);
  CHECK_EQ(uv_try_write2(&client.stream, &buf, 1, (uv_stream_t*) &stranger), UV_EINVAL);
  uv_close((uv_handle_t*) &stranger, NULL);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other), 0);
  close(pair[1]);
  scene_end();
}

/* In blocking mode a try takes all, or says why not before it takes anything. */
TEST(w7_blocking_try_write_that_is_refused) {
  uv_buf_t bufs[PIECES];
  uv_os_sock_t pair[2];
  char found[16];
  int i;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, pair[0]), 0);
  CHECK_EQ(uv_stream_set_blocking(&client.stream, 1), 0);
  bufs[0] = uv_buf_init(text, INT_MAX);
  bufs[1] = uv_buf_init(text, 1);
  CHECK_EQ(uv_try_write(&client.stream, bufs, 2), UV_EINVAL);
  for (i = 0; i < PIECES; i++)
    bufs[i] = uv_buf_init(text + i, 1);
  memory_fail_nth(1);
  CHECK_EQ(uv_try_write(&client.stream, bufs, PIECES), UV_ENOMEM);
  memory_fail_nth(0);
  CHECK_EQ(recv(pair[1], found, sizeof found, MSG_DONTWAIT), -1);
  CHECK_EQ(uv_try_write(&client.stream, bufs, PIECES), PIECES);
  CHECK_EQ(recv(pair[1], found, sizeof found, 0), PIECES);
  close(pair[1]);
  scene_end();
}

/* ---- A peer that never was ---- */

TEST(p1_no_peer_of_a_connect_that_failed_at_once) {
  char found[64];
  size_t size = sizeof found;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
  uv_pipe_connect(&connect_req, &client.pipe, "/no-such-folder/no-such-pipe", NULL);
  CHECK_EQ(uv_pipe_getpeername(&client.pipe, found, &size), UV_ENOTCONN);
  scene_end();
}

/* ---- A socket of a connect before, which the poller knows ---- */

static int refusals;

static void on_refused(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECONNREFUSED);
  refusals++;
}

static void on_dial_refused(uvs_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECONNREFUSED);
  refusals++;
}

TEST(x1_socket_that_cannot_be_moved_is_closed) {
  struct sockaddr_in addr;
  int len = sizeof addr;
  uvs_connect_t dial;
  char port[8];
  int fds;

  forget();
  CHECK(scene_begin());
  if (uv_backend_fd(scene) < 0) {
    scene_end();
    SKIP("poll(2) is told of nothing");
  }
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(scene, &server.tcp), 0);
  CHECK_EQ(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &addr, &len), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_connect(&connect_req, &client.tcp, (const struct sockaddr*) &addr, on_refused),
           0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(refusals, 1);
  fds = test_fd_count();
  snprintf(port, sizeof port, "%d", ntohs(addr.sin_port));
  calls_fail_nth(CALL_epoll_ctl, 1, ENOMEM);
  CHECK_EQ(uvs_connect(&dial, &client.tcp, "127.0.0.1", port, 0, on_dial_refused), 0);
  CHECK(calls_made() >= 1);
  calls_fail_nth(CALL_epoll_ctl, 0, 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(refusals, 2);
  CHECK_EQ(test_fd_count(), fds - 1);
  scene_end();
}

/* ---- A child that never was, and pipes that cannot be made for it ---- */

TEST(e1_pipes_of_a_child_that_never_was) {
  static const enum call calls[] = {CALL_pipe2, CALL_epoll_ctl};
  uv_process_options_t options;
  uv_stdio_container_t stdio[3];
  uv_process_t process;
  char* args[2] = {(char*) "none", NULL};
  size_t i;

  for (i = 0; i < 2; i++) {
    uv_buf_t buf = uv_buf_init(text, 1);
    int spawned;
    int r;

    forget();
    CHECK(scene_begin());
    memset(&options, 0, sizeof options);
    memset(stdio, 0, sizeof stdio);
    options.file = "/no-such-program";
    options.args = args;
    options.stdio = stdio;
    options.stdio_count = 1;
    CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
    stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE);
    stdio[0].data.stream = &client.stream;
    calls_fail_nth(calls[i], 1, EMFILE);
    spawned = uv_spawn(scene, &process, &options);
    /* A child that is forked reports through a pipe, which is then the one that is missing. */
    CHECK(spawned == UV_ENOENT || spawned == UV_EMFILE);
    r = uv_try_write(&client.stream, &buf, 1);
    CHECK(r == UV_EBADF || r == UV_EPIPE); /* without a descriptor, or with a pipe that has ended */
    CHECK(spawned == UV_EMFILE || calls_made() == 0 || r == UV_EBADF);
    calls_fail_nth(calls[i], 0, 0);
    uv_close((uv_handle_t*) &process, NULL);
    scene_fail();
    scene_end();
  }
}

/* ---- A fork between a send and its callback ---- */

static void never_called(uv_async_t* async) {
  (void) async;
  FAIL("a callback of a handle that was closed before");
}

TEST(l7_async_that_closes_while_the_program_forks) {
  uv_async_t async;
  int status;
  pid_t pid;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_async_init(scene, &async, never_called), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  uv_close((uv_handle_t*) &async, NULL);
  pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK_EQ(uv_loop_fork(scene), 0);
    CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
    _exit(0);
  }
  CHECK_EQ(waitpid(pid, &status, 0), pid);
  CHECK_EQ(status, 0);
  scene_end();
}

/* ---- Files that are no files of a disk ---- */

static int read_status;

static void on_file(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  read_status = (int) nread;
  uv_close((uv_handle_t*) stream, NULL);
}

static int read_file(enum call call, const int errors[FAULT_ROW]) {
  int fd = open("/dev/zero", O_RDONLY);

  CHECK(fd >= 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, fd), 0);
  CHECK_EQ(uv_read_start(&client.stream, on_alloc, on_file), 0);
  calls_fail_row(call, errors);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  calls_fail_nth(call, 0, 0);
  return read_status;
}

TEST(p4_calls_of_a_device) {
  static const int interrupted[FAULT_ROW] = {EINTR, EINTR};
  static const int nothing[FAULT_ROW] = {EAGAIN};
  static const int broken[FAULT_ROW] = {EIO};
  static const int taken[FAULT_ROW] = {FAULT_NOBODY};
  uv_buf_t buf = uv_buf_init(text, 5);
  int fd = open("/dev/null", O_WRONLY);

  forget();
  CHECK(scene_begin());
  CHECK(read_file(CALL_read, interrupted) > 0);
  CHECK_EQ(read_file(CALL_read, broken), UV_EIO);
  CHECK_EQ(uv_pipe_init(scene, &peer.pipe, 0), 0);
  calls_fail_nth(CALL_fcntl, 1, EPERM);
  CHECK_EQ(uv_pipe_open(&peer.pipe, fd), UV_EPERM);
  CHECK_EQ(uv_pipe_open(&peer.pipe, fd), 0);
  if (uv_backend_fd(scene) >= 0) { /* poll(2) takes devices, too */
    CHECK_EQ(read_file(CALL_read, nothing), UV_ENOTSUP);
    calls_fail_row(CALL_writev, interrupted);
    CHECK_EQ(uv_try_write(&peer.stream, &buf, 1), 5);
    calls_fail_row(CALL_writev, nothing);
    CHECK_EQ(uv_try_write(&peer.stream, &buf, 1), UV_EAGAIN);
    calls_fail_row(CALL_writev, broken);
    CHECK_EQ(uv_try_write(&peer.stream, &buf, 1), UV_EIO);
    calls_fail_row(CALL_writev, taken); /* Nobody asks for ever who takes nothing. */
    CHECK_EQ(uv_try_write(&peer.stream, &buf, 1), UV_EIO);
    calls_fail_nth(CALL_writev, 0, 0);
  }
  scene_fail();
  scene_end();
}

/* ---- Handles that wait to be passed ---- */

static uv_tcp_t waits[2];
static uv_write_t wait_reqs[2];
static int wait_status[2];
static int wait_count;

static void on_wait_over(uv_write_t* req, int status) {
  wait_status[req - wait_reqs] = status;
  wait_count++;
}

static void pass_behind(int i) {
  uv_buf_t buf = uv_buf_init(text, 1);
  struct sockaddr_in any;

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &any), 0);
  CHECK_EQ(uv_tcp_init(scene, &waits[i]), 0);
  CHECK_EQ(uv_tcp_bind(&waits[i], (const struct sockaddr*) &any, 0), 0);
  CHECK_EQ(
      uv_write2(&wait_reqs[i], &client.stream, &buf, 1, (uv_stream_t*) &waits[i], on_wait_over), 0);
}

/* Two wait behind a full pipe, and one of them is closed: that one is not passed, the other is. */
TEST(i4_one_of_two_that_wait_is_closed) {
  static char block[65536];
  uv_buf_t buf = uv_buf_init(block, sizeof block);
  uv_os_sock_t pair[2];

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_tcp_init_ex(scene, &peer.tcp, AF_INET), 0); /* which has nothing to do with it */
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 1), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, pair[0]), 0);
  while (uv_try_write(&client.stream, &buf, 1) > 0)
    continue;
  pass_behind(0);
  pass_behind(1);
  uv_close((uv_handle_t*) &waits[0], NULL);
  while (wait_count < 2) {
    while (recv(pair[1], block, sizeof block, 0) > 0)
      continue;
    (void) uv_run(scene, UV_RUN_NOWAIT);
  }
  CHECK_EQ(wait_status[0], UV_EBADF);
  CHECK_EQ(wait_status[1], 0);
  close(pair[1]);
  scene_fail();
  scene_end();
}

/* ---- Whose an error is ---- */

static uvs_send_file_t file_req;
static int file_status;
static ssize_t peer_status;

static void on_away(uvs_send_file_t* req, int status) {
  (void) req;
  file_status = status;
}

static void on_peer_end(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  peer_status = nread;
  uv_close((uv_handle_t*) stream, NULL);
}

static void fail_a_file(int moved_by_the_system) {
  uv_os_sock_t pair[2];
  char path[600];
  uv_file file = test_fd_make(path, sizeof path, "away");

  test_fd_write(file, "some", 4);
  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, pair[0]), 0);
  calls_fail_all(CALL_sendfile, moved_by_the_system ? ETIMEDOUT : EINVAL);
  calls_fail_nth(CALL_pread, 1, ETIMEDOUT);
  CHECK_EQ(uvs_send_file(&file_req, &client.stream, file, 0, 4, NULL, on_away), 0);
  for (file_status = 0; file_status == 0;)
    (void) uv_run(scene, UV_RUN_ONCE);
  CHECK_EQ(file_status, UV_ETIMEDOUT);
  calls_fail_nth(CALL_pread, 0, 0);
  calls_fail_all(CALL_sendfile, 0);
  close(pair[1]);
  CHECK_EQ(uv_read_start(&client.stream, net_alloc, on_peer_end), 0);
  for (peer_status = 0; peer_status == 0;)
    (void) uv_run(scene, UV_RUN_ONCE);
  CHECK_EQ(peer_status, UV_EOF);
  scene_end();
  test_fd_close(file);
  CHECK_EQ(remove(path), 0);
}

TEST(x8_file_that_times_out_says_nothing_of_the_connection) {
  fail_a_file(1);
  fail_a_file(0);
}
