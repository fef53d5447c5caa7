/* Sockets and pipes where a call of the system says what it seldom says: what is left is as it was, what
 * can wait waits, and there is another way. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "pipes.h"
#include "scenarios.h"
#include "uvstream.h"

/* ---- Pairs, and what a descriptor is ---- */

TEST(e3_pairs_that_are_none) {
  uv_os_sock_t pair[2] = {-7, -7};
  uv_file fds[2] = {-7, -7};
  long n;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, NULL, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_socketpair(SOCK_DGRAM, 0, pair, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, IPPROTO_UDP, pair, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 1, 0), UV_EINVAL);
  for (n = 1; n <= 4; n++) {
    calls_fail_nth(CALL_fcntl, n, EPERM);
    CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), UV_EPERM);
    calls_fail_nth(CALL_fcntl, n, EPERM);
    CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), UV_EPERM);
  }
  calls_fail_nth(CALL_fcntl, 0, 0);
  CHECK_EQ(pair[0], -7);
  CHECK_EQ(fds[0], -7);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, IPPROTO_TCP, pair, 0, 0), 0);
  close(pair[0]);
  close(pair[1]);
}

TEST(handle_guess_of_sockets) {
  static const struct {
    int family, type, protocol;
    uv_handle_type guess;
  } rows[] = {
      {AF_INET, SOCK_STREAM, 0, UV_TCP},
      {AF_INET, SOCK_DGRAM, 0, UV_UDP},
      {AF_UNIX, SOCK_STREAM, 0, UV_NAMED_PIPE},
      {AF_UNIX, SOCK_DGRAM, 0, UV_UNKNOWN_HANDLE},
  };
  size_t i;

  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int fd = socket(rows[i].family, rows[i].type, rows[i].protocol);

    CHECK(fd >= 0);
    CHECK_EQ(uv_guess_handle(fd), rows[i].guess);
    calls_fail_nth(CALL_getsockopt, 1, ENOBUFS);
    CHECK_EQ(uv_guess_handle(fd), UV_UNKNOWN_HANDLE);
    calls_fail_nth(CALL_getsockname, 1, ENOBUFS);
    CHECK_EQ(uv_guess_handle(fd), UV_UNKNOWN_HANDLE);
    calls_fail_nth(CALL_fstat, 1, EPERM);
    CHECK_EQ(uv_guess_handle(fd), UV_UNKNOWN_HANDLE);
    calls_fail_nth(CALL_fstat, 0, 0);
    close(fd);
  }
}

TEST(e3_tcp_open_of_what_is_no_tcp) {
  int udp = socket(AF_INET, SOCK_DGRAM, 0);

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, udp), UV_EINVAL);
  close(udp);
  CHECK_EQ(uv_tcp_open(&client.tcp, udp), UV_EBADF);
  scene_end();
}

/* ---- Options ---- */

static int bind_options(void) {
  struct sockaddr_in6 any;
  int r;

  CHECK_EQ(uv_ip6_addr("::", 0, &any), 0);
  CHECK_EQ(uv_tcp_init(scene, &server.tcp), 0);
  r = uv_tcp_bind(&server.tcp, (const struct sockaddr*) &any, UV_TCP_REUSEPORT | UV_TCP_IPV6ONLY);
  uv_close(&server.handle, NULL);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  return r;
}

static int keep_alive(void) {
  int r;

  CHECK_EQ(uv_tcp_init_ex(scene, &server.tcp, AF_INET), 0);
  r = uv_tcp_keepalive_ex(&server.tcp, 1, 60, 1, 2);
  uv_close(&server.handle, NULL);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  return r;
}

TEST(e1_options_that_are_refused) {
  long n;

  forget();
  CHECK(scene_begin());
  if (bind_options() == 0) {
    for (n = 1; n <= 3; n++) {
      calls_fail_nth(CALL_setsockopt, n, EPERM);
      CHECK_EQ(bind_options(), UV_EPERM);
    }
    calls_fail_nth(CALL_setsockopt, 2, ENOPROTOOPT); /* an old kernel shares no port */
    CHECK_EQ(bind_options(), UV_ENOTSUP);
  }
  for (n = 1; n <= 4; n++) {
    calls_fail_nth(CALL_setsockopt, n, EPERM);
    CHECK_EQ(keep_alive(), UV_EPERM);
  }
  calls_fail_nth(CALL_setsockopt, 0, 0);
  CHECK_EQ(keep_alive(), 0);
  scene_end();
}

/* The handle is as it was, and can be closed in the other way. */
TEST(e1_reset_that_is_refused) {
  struct sockaddr_in any;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &any), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_bind(&client.tcp, (const struct sockaddr*) &any, 0), 0);
  calls_fail_nth(CALL_setsockopt, 1, ENOBUFS);
  CHECK_EQ(uv_tcp_close_reset(&client.tcp, NULL), UV_ENOBUFS);
  calls_fail_nth(CALL_setsockopt, 0, 0);
  CHECK_EQ(uv_is_closing(&client.handle), 0);
  uv_close(&client.handle, NULL);
  scene_end();
}

/* ---- A listener that is one no more ---- */

static int connections;
static int last_status;

static void on_connection(uv_stream_t* listener, int status) {
  connections++;
  last_status = status;
  if (status != 0)
    return;
  CHECK_EQ(uv_tcp_init(listener->loop, &peer.tcp), 0);
  CHECK_EQ(uv_accept(listener, &peer.stream), 0);
  uv_close(&peer.handle, NULL);
  uv_close((uv_handle_t*) listener, NULL);
}

static void on_connected(uv_connect_t* req, int status) {
  CHECK_EQ(status, 0);
  uv_close((uv_handle_t*) req->handle, NULL);
}

/* It says so once, and does not spin; to listen again is a new beginning. */
TEST(a4_listener_that_fails_for_good) {
  struct sockaddr_in addr;
  int len = sizeof addr;
  int turn;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(scene, &server.tcp), 0);
  CHECK_EQ(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen(&server.stream, 16, on_connection), 0);
  CHECK_EQ(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &addr, &len), 0);
  calls_fail_nth(CALL_accept4, 1, EINVAL);
  for (turn = 0; turn < 20; turn++)
    (void) uv_run(scene, UV_RUN_NOWAIT);
  CHECK_EQ(connections, 1);
  CHECK_EQ(last_status, UV_EINVAL);
  CHECK_EQ(calls_made(), 1);
  calls_fail_nth(CALL_accept4, 0, 0);
  CHECK_EQ(uv_listen(&server.stream, 16, on_connection), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_connect(&connect_req, &client.tcp, (const struct sockaddr*) &addr, on_connected),
           0);
  scene_end();
  CHECK_EQ(connections, 2);
  CHECK_EQ(last_status, 0);
}

/* ---- Pipes that wait for room in their listener's queue ---- */

static uv_pipe_t waiting[3];
static uv_connect_t waiting_reqs[3];
static int waited;
static int waited_status;

static void on_waited(uv_connect_t* req, int status) {
  waited++;
  waited_status = status;
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void begin_to_wait(int i, const char* name) {
  CHECK_EQ(uv_pipe_init(scene, &waiting[i], 0), 0);
  CHECK_EQ(uv_pipe_connect2(&waiting_reqs[i], &waiting[i], name, strlen(name), 0, on_waited), 0);
}

static void on_enough(uv_timer_t* timer) {
  calls_fail_all(CALL_connect, 0);
  uv_close((uv_handle_t*) timer, NULL);
}

/* They are tried ever more seldom, those of one listener together; who then finds none is told. */
TEST(c2_pipes_that_wait_long) {
  static const int none[FAULT_ROW] = {0};
  char name[TEST_PIPE_NAME];
  uv_timer_t timer;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen(&server.stream, 16, NULL), 0);
  calls_fail_all(CALL_connect, EAGAIN);
  begin_to_wait(0, name);
  begin_to_wait(1, name);
  begin_to_wait(2, "/no-such-folder/no-such-pipe");
  CHECK_EQ(uv_timer_init(scene, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, on_enough, 300, 0), 0);
  while (waited < 3)
    (void) uv_run(scene, UV_RUN_ONCE);
  calls_fail_row(CALL_connect, none);
  uv_close(&server.handle, NULL);
  scene_end();
}

/* For want of what wakes them the connect fails. */
static void wait_in_vain(enum call call) {
  char name[TEST_PIPE_NAME];

  waited = 0;
  calls_fail_all(CALL_connect, EAGAIN);
  calls_fail_nth(call, 1, EMFILE);
  begin_to_wait(0, test_pipe_name(name, sizeof name));
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(calls_made(), 1);
  CHECK_EQ(waited, 1);
  CHECK_EQ(waited_status, UV_EMFILE);
  calls_fail_nth(call, 0, 0);
  calls_fail_all(CALL_connect, 0);
}

TEST(e1_pipes_that_cannot_wait) {
  forget();
  CHECK(scene_begin());
  wait_in_vain(CALL_timerfd_create);
  if (uv_backend_fd(scene) >= 0) /* poll(2) is told of nothing */
    wait_in_vain(CALL_epoll_ctl);
  scene_end();
}

/* ---- Socket files ---- */

TEST(e2_answers_about_socket_files) {
  char name[TEST_PIPE_NAME];
  char found[TEST_PIPE_NAME];
  size_t size = sizeof found;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  calls_fail_nth(CALL_getcwd, 1, ENOENT);
  CHECK_EQ(uv_pipe_bind(&server.pipe, "relative"), UV_ENOENT);
  calls_fail_nth(CALL_getcwd, 0, 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, test_pipe_name(name, sizeof name)), 0);
  calls_fail_nth(CALL_chmod, 1, EPERM);
  CHECK_EQ(uv_pipe_chmod(&server.pipe, UV_READABLE), UV_EPERM);
  calls_fail_nth(CALL_lstat, 2, EPERM);
  CHECK_EQ(uv_pipe_chmod(&server.pipe, UV_READABLE), UV_EPERM);
  calls_fail_nth(CALL_getsockname, 1, ENOBUFS);
  CHECK_EQ(uv_pipe_getsockname(&server.pipe, found, &size), UV_ENOBUFS);
  calls_fail_nth(CALL_getsockname, 0, 0);
  CHECK_EQ(size, sizeof found);
  CHECK_EQ(unlink(name), 0); /* Then the name is nobody's. */
  CHECK_EQ(uv_pipe_chmod(&server.pipe, UV_READABLE), UV_ENOENT);
  scene_end();
}

/* What has no name has no file, and whatever else its name leads to is not changed. */
/* What cannot be open to whom it is meant for is open to nobody: the file goes. */
TEST(x4_name_that_cannot_be_given) {
  static const struct {
    enum call call;
    long nth;
  } steps[] = {{CALL_lstat, 1}, {CALL_chmod, 1}, {CALL_lchown, 1}, {CALL_chmod, 2}};
  uvs_access_t access = {0660, 1, 0, NULL};
  char name[TEST_PIPE_NAME];
  unsigned i;

  access.group = getegid();
  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  test_pipe_name(name, sizeof name);
  for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
    calls_fail_nth(steps[i].call, steps[i].nth, EPERM);
    CHECK_EQ(uvs_pipe_bind(&server.pipe, name, &access), UV_EPERM);
    calls_fail_nth(steps[i].call, 0, 0);
    CHECK(unlink(name) != 0);
  }
  CHECK_EQ(uvs_pipe_bind(&server.pipe, name, &access), 0);
  scene_end();
}

TEST(p2_chmod_of_what_has_no_file) {
  char name[TEST_PIPE_NAME];
  uv_os_sock_t pair[2];
  uv_os_fd_t fd;
  FILE* file;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, pair[0]), 0);
  CHECK_EQ(uv_pipe_chmod(&client.pipe, UV_READABLE), UV_EBADF);
  calls_fail_nth(CALL_getsockname, 1, ENOBUFS);
  CHECK_EQ(uv_pipe_chmod(&client.pipe, UV_READABLE), UV_ENOBUFS);
  calls_fail_nth(CALL_getsockname, 0, 0);
  close(pair[1]);

  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_fileno(&server.handle, &fd), 0);
  CHECK_EQ(uv_pipe_init(scene, &peer.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&peer.pipe, dup(fd)), 0); /* whose file it is not */
  CHECK_EQ(unlink(name), 0);
  CHECK_EQ(uv_pipe_chmod(&peer.pipe, UV_READABLE), UV_ENOENT);
  file = fopen(name, "w");
  CHECK(file != NULL);
  fclose(file);
  CHECK_EQ(uv_pipe_chmod(&peer.pipe, UV_READABLE), UV_ENOENT);
  CHECK_EQ(unlink(name), 0);
  scene_end();
}

/* ---- Ends that cannot be opened anew ---- */

static void make_blocking(int fd) {
  CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

static uv_write_t big_write;
static int big_done;

static void on_big(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  big_done++;
  uv_close((uv_handle_t*) req->handle, NULL);
}

static size_t big_heard;

static void on_big_heard(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread > 0)
    big_heard += (size_t) nread;
  else if (nread < 0)
    uv_close((uv_handle_t*) stream, NULL);
}

/* They share their flags with whoever has them, too, and may block at any time: the loop does not. */
TEST(l6_ends_that_are_shared_and_block) {
  static char block[300000];
  uv_buf_t buf = uv_buf_init(block, sizeof block);
  uv_file ends[2];
  int turn;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe(ends, 0, 0), 0);
  calls_fail_all(CALL_open, EACCES);
  CHECK_EQ(uv_pipe_init(scene, &peer.pipe, 1), 0); /* also one that could carry handles */
  CHECK_EQ(uv_pipe_open(&peer.pipe, ends[0]), 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, ends[1]), 0);
  make_blocking(ends[0]);
  make_blocking(ends[1]);
  CHECK_EQ(uv_read_start(&peer.stream, on_alloc, on_big_heard), 0);
  for (turn = 0; turn < 3; turn++)
    (void) uv_run(scene, UV_RUN_NOWAIT);
  CHECK_EQ(uv_write(&big_write, &client.stream, &buf, 1, on_big), 0);
  scene_end();
  calls_fail_all(CALL_open, 0);
  CHECK_EQ(big_done, 1);
  CHECK_EQ(big_heard, sizeof block);
}

/* After its shutdown a writing end has no descriptor, and says so. */
static int shut;

static void on_shut(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  shut++;
}

TEST(s1_writing_end_that_was_shut_has_no_descriptor) {
  uv_shutdown_t req;
  uv_file ends[2];
  uv_os_fd_t fd;
  char found[8];
  size_t size = sizeof found;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe(ends, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, ends[1]), 0);
  CHECK_EQ(uv_shutdown(&req, &client.stream, on_shut), 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(shut, 1);
  CHECK_EQ(uv_fileno(&client.handle, &fd), UV_EBADF);
  CHECK_EQ(uv_pipe_getsockname(&client.pipe, found, &size), UV_EBADF);
  close(ends[0]);
  scene_end();
}

/* ---- Room that is waited for ---- */

static void on_flooded(uv_write_t* req, int status) {
  (void) got_callback(status);
  close_quietly((uv_handle_t*) req->handle);
}

/* More than two sockets hold, so that the poller is to tell of room. */
static void flood(void) {
  static char block[3000000];
  uv_buf_t buf = uv_buf_init(block, sizeof block);
  uv_os_sock_t pair[2];

  forget();
  big_heard = 0;
  if (!scene_begin())
    return;
  if (went_on(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0))) {
    CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
    CHECK_EQ(uv_tcp_init(scene, &peer.tcp), 0);
    if (!went_on(uv_tcp_open(&client.tcp, pair[0])))
      close(pair[0]);
    if (scene_failed || !went_on(uv_tcp_open(&peer.tcp, pair[1])))
      close(pair[1]);
  }
  if (!scene_failed) {
    (void) went_on(uv_read_start(&peer.stream, on_alloc, on_big_heard));
    (void) owes_callback(uv_write(&big_write, &client.stream, &buf, 1, on_flooded));
  }
  scene_end();
  CHECK(scene_failed || big_heard == sizeof block);
}

/* A shortage that no event ends is waited out, in blocking mode within the call. */
TEST(w8_blocking_write_waits_out_a_shortage) {
  static const int shortage[FAULT_ROW] = {ENOBUFS, ENOBUFS, ENOBUFS};
  uv_buf_t buf = uv_buf_init(text, 5);
  uv_os_sock_t pair[2];
  char found[16];
  uv_write_t first;
  uv_write_t req;
  long sleeps;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, pair[0]), 0);
  calls_fail_row(CALL_send, shortage);
  CHECK_EQ(uv_try_write(&client.stream, &buf, 1), UV_EAGAIN);
  CHECK_EQ(uv_stream_set_blocking(&client.stream, 1), 0);
  /* Not by turning and turning, also where the stream is to have a turn for another reason. */
  calls_fail_nth(CALL_send, 0, 0);
  CHECK(owes_callback(uv_write(&first, &client.stream, &buf, 1, on_flooded)));
  calls_fail_row(CALL_send, shortage);
  sleeps = calls_of(CALL_nanosleep);
  CHECK(owes_callback(uv_write(&req, &client.stream, &buf, 1, on_flooded)));
  CHECK_EQ(calls_made(), 4);
  CHECK_EQ(calls_of(CALL_nanosleep) - sleeps, 3);
  CHECK_EQ(client.stream.write_queue_size, 0);
  CHECK_EQ(recv(pair[1], found, sizeof found, 0), 10);
  calls_fail_nth(CALL_send, 0, 0);
  scene_end();
  close(pair[1]);
}

TEST(e1_calls_of_a_write_that_waits) {
  static const enum call calls[] = {CALL_epoll_ctl, CALL_epoll_wait};
  size_t i;
  long n;

  for (i = 0; i < 2; i++) {
    fault_error = i == 0 ? UV_ENOMEM : 0;
    for (n = 1; n < 100; n++) {
      calls_fail_nth(calls[i], n, i == 0 ? ENOMEM : EINTR);
      flood();
      if (calls_made() < n)
        break;
    }
    calls_fail_nth(calls[i], 0, 0);
  }
}

/* ---- Reads of more than a call may take (see the stand-in of recv) ---- */

static char small[16];

static void claim_much(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  buf->base = small;
  buf->len = (size_t) INT_MAX + 5; /* There never is so much. */
}

static void on_little(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  CHECK_EQ(nread, 5);
  CHECK_EQ(buf->len, (size_t) INT_MAX + 5);
  CHECK(memcmp(small, "hello", 5) == 0);
  uv_close((uv_handle_t*) stream, NULL);
  accepted++;
}

TEST(r2_buffer_of_more_than_an_int_counts) {
  uv_os_sock_t pair[2];

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, pair[0]), 0);
  CHECK_EQ(write(pair[1], "hello", 5), 5);
  CHECK_EQ(uv_read_start(&client.stream, claim_much, on_little), 0);
  scene_end();
  close(pair[1]);
  CHECK_EQ(accepted, 1);
}

/* ---- Waiting ---- */

static void on_data(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread > 0);
  accepted++;
  uv_close((uv_handle_t*) stream, NULL);
}

static void on_timer(uv_timer_t* timer) {
  uv_close((uv_handle_t*) timer, NULL);
}

/* A signal ends a wait before its time: it goes on, and ends in time. */
TEST(e1_wait_that_signals_end) {
  enum call wait;
  uv_loop_t loop;
  uv_timer_t timer;
  uv_os_sock_t pair[2];

  forget();
  CHECK_EQ(uv_loop_init(&loop), 0);
  wait = uv_backend_fd(&loop) >= 0 ? CALL_epoll_wait : CALL_poll;
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(write(pair[1], "x", 1), 1);
  CHECK_EQ(uv_tcp_init(&loop, &client.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, pair[0]), 0);
  CHECK_EQ(uv_read_start(&client.stream, on_alloc, on_data), 0);
  calls_fail_nth(wait, 1, EINTR); /* of a wait without an end */
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(accepted, 1);
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, on_timer, 20, 0), 0);
  calls_fail_all(wait, EINTR); /* and of one with */
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  calls_fail_all(wait, 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  close(pair[1]);
}

static void on_async(uv_async_t* async) {
  accepted++;
  uv_close((uv_handle_t*) async, NULL);
}

TEST(l7_send_that_a_signal_interrupts) {
  uv_async_t async;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_async_init(scene, &async, on_async), 0);
  calls_fail_nth(CALL_write, 1, EINTR);
  CHECK_EQ(uv_async_send(&async), 0);
  calls_fail_nth(CALL_write, 0, 0);
  scene_end();
  CHECK_EQ(accepted, 1);
}

/* ---- After a fork ---- */

/* Each call that the child's loop needs fails once: an error, and a loop that can be closed. */
TEST(e1_calls_of_a_forked_loop) {
  static const enum call calls[] = {CALL_eventfd, CALL_epoll_create1, CALL_epoll_ctl,
                                    CALL_timerfd_create};
  uv_os_sock_t pair[2];
  char name[TEST_PIPE_NAME];
  size_t i;
  long n;

  forget();
  CHECK(scene_begin());
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(scene, &client.tcp), 0);
  CHECK_EQ(uv_tcp_open(&client.tcp, pair[0]), 0);
  calls_fail_all(CALL_connect, EAGAIN);
  begin_to_wait(0, test_pipe_name(name, sizeof name));
  for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    int status = 1;

    for (n = 1; n < 20 && status == 1; n++) {
      pid_t pid = fork();

      CHECK(pid >= 0);
      if (pid == 0) {
        int r;

        calls_fail_nth(calls[i], n, EMFILE);
        r = uv_loop_fork(scene);
        _exit(calls_made() < n ? (r == 0 ? 0 : 2) : r == UV_EMFILE ? 1 : 3);
      }
      CHECK_EQ(waitpid(pid, &status, 0), pid);
      CHECK(WIFEXITED(status));
      status = WEXITSTATUS(status);
      CHECK(status == 0 || status == 1);
    }
    CHECK_EQ(status, 0);
  }
  calls_fail_all(CALL_connect, 0);
  close(pair[1]);
  scene_fail();
  scene_end();
}
