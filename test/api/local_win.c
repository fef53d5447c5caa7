/* Rule X12: pipes of Windows whose name is a path. A system that has no sockets for them (Wine, and Windows
 * before 10 1803) says so, and is asked no more. They are in one file, since all of them need what stands
 * first. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

static uv_pipe_t server, client, accepted;
static uv_connect_t connecting;
static int arrivals, connects, status_of_connect;

/* Another one with each call, short enough for a socket. */
static const char* make_path(char path[TEST_PIPE_NAME]) {
  static int count;
  char folder[256];
  size_t size = sizeof folder;

  CHECK_EQ(uv_os_tmpdir(folder, &size), 0);
  CHECK(snprintf(path, TEST_PIPE_NAME, "%s\\x12-%d-%d", folder, uv_os_getpid(), ++count) <
        TEST_PIPE_NAME);
  (void) remove(path);
  return path;
}

static int exists(const char* path) {
  return GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES;
}

static void accept_one(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &accepted, 0), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &accepted), 0);
  arrivals++;
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  status_of_connect = status;
  connects++;
}

/* What the connect before this one left is closed. */
static int connect_to(const char* path) {
  int before = connects;

  if (before > 0)
    net_close((uv_handle_t*) &client);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&connecting, &client, path, note_connect);
  net_until(&connects, before + 1);
  return status_of_connect;
}

/* Skips the test where there are none. */
static void listen_at(uv_pipe_t* pipe, const char* path) {
  int r;

  CHECK_EQ(uv_pipe_init(net_loop(), pipe, 0), 0);
  r = uv_pipe_bind(pipe, path);
  if (r == UV_ENOTSUP) {
    net_end();
    SKIP("this system has no Unix-domain sockets");
  }
  CHECK_EQ(r, 0);
  CHECK_EQ(uv_listen((uv_stream_t*) pipe, 8, accept_one), 0);
}

static void make_pair(char path[TEST_PIPE_NAME]) {
  listen_at(&server, make_path(path));
  CHECK_EQ(connect_to(path), 0);
  net_until(&arrivals, 1);
}

/* Where there are none, each call says so, and leaves the handle as new. */
TEST(x12_path_is_a_socket_or_is_not_supported) {
  char path[TEST_PIPE_NAME];
  char name[TEST_PIPE_NAME];
  int r;

  make_path(path);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  r = uv_pipe_bind(&server, path);
  if (test_is_wine()) {
    CHECK_EQ(r, UV_ENOTSUP);
  }
  if (r == UV_ENOTSUP) {
    CHECK_EQ(connect_to(path), UV_ENOENT);
    CHECK_EQ(connect_to("."), UV_ENOTSUP);
    CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  } else {
    CHECK_EQ(r, 0);
    CHECK_EQ(exists(path), 1);
  }
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, accept_one), 0);
  CHECK_EQ(connect_to(r == 0 ? path : name), 0);
  net_until(&arrivals, 1);
  net_end();
  CHECK_EQ(exists(path), 0);
}

TEST(x12_bytes_in_both_directions) {
  char path[TEST_PIPE_NAME];
  struct net_sink there = {0}, back = {0};
  int sent = 0;

  make_pair(path);
  net_drain((uv_stream_t*) &accepted, &there);
  net_drain((uv_stream_t*) &client, &back);
  net_send((uv_stream_t*) &client, 1000000, 0, &sent);
  net_send((uv_stream_t*) &accepted, 1000000, 0, &sent);
  net_until_bytes(&there, 1000000);
  net_until_bytes(&back, 1000000);
  net_until(&sent, 2);
  net_end();
}

static int shut;

static void note_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  shut++;
}

TEST(x12_reply_after_our_shutdown) {
  char path[TEST_PIPE_NAME];
  struct net_sink there = {0}, back = {0};
  uv_shutdown_t req, other;
  int sent = 0;

  make_pair(path);
  net_drain((uv_stream_t*) &accepted, &there);
  net_drain((uv_stream_t*) &client, &back);
  net_send((uv_stream_t*) &client, 10, 0, &sent);
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &client, note_shutdown), 0);
  net_until(&there.ended, 1);
  CHECK_EQ(there.status, UV_EOF);
  CHECK_EQ(there.bytes, 10);
  net_send((uv_stream_t*) &accepted, 1000, 0, &sent);
  CHECK_EQ(uv_shutdown(&other, (uv_stream_t*) &accepted, note_shutdown), 0);
  net_until(&back.ended, 1);
  CHECK_EQ(back.status, UV_EOF);
  CHECK_EQ(back.bytes, 1000);
  net_until(&shut, 2);
  net_end();
}

static void check_name(int (*get)(const uv_pipe_t*, char*, size_t*),
                       const uv_pipe_t* pipe,
                       const char* wanted) {
  char name[TEST_PIPE_NAME];
  size_t size = sizeof name;

  CHECK_EQ(get(pipe, name, &size), 0);
  CHECK_EQ(size, strlen(wanted));
  CHECK_STR(name, wanted);
}

TEST(x12_names_of_both_ends) {
  char path[TEST_PIPE_NAME];
  char name[4];
  size_t size = sizeof name;

  make_pair(path);
  check_name(uv_pipe_getsockname, &server, path);
  check_name(uv_pipe_getsockname, &accepted, path);
  check_name(uv_pipe_getpeername, &accepted, "");
  check_name(uv_pipe_getsockname, &client, "");
  check_name(uv_pipe_getpeername, &client, path);
  CHECK_EQ(uv_pipe_getsockname(&server, name, &size), UV_ENOBUFS);
  CHECK_EQ(size, strlen(path) + 1);
  net_end();
}

TEST(x12_file_goes_with_its_pipe) {
  char path[TEST_PIPE_NAME];

  make_pair(path);
  CHECK_EQ(exists(path), 1);
  net_close((uv_handle_t*) &accepted);
  net_close((uv_handle_t*) &client);
  CHECK_EQ(exists(path), 1);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(exists(path), 0);
  net_end();
}

TEST(x12_file_of_another_stays) {
  char path[TEST_PIPE_NAME];
  uv_pipe_t second;

  listen_at(&server, make_path(path));
  CHECK_EQ(remove(path), 0);
  listen_at(&second, path);
  net_close((uv_handle_t*) &server);
  CHECK_EQ(exists(path), 1);
  CHECK_EQ(connect_to(path), 0);
  net_until(&arrivals, 1);
  net_end();
  CHECK_EQ(exists(path), 0);
}

TEST(x12_what_cannot_be_bound) {
  char path[TEST_PIPE_NAME];
  char longer[200];
  uv_pipe_t second;

  listen_at(&server, make_path(path));
  CHECK_EQ(uv_pipe_bind(&server, path), UV_EINVAL);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
  CHECK_EQ(uv_pipe_bind(&second, path), UV_EADDRINUSE);
  CHECK_EQ(uv_pipe_bind(&second, "C:\\uvstream-no-such-folder\\pipe"), UV_EACCES);
  memset(longer, 'x', sizeof longer);
  CHECK_EQ(uv_pipe_bind2(&second, longer, sizeof longer, UV_PIPE_NO_TRUNCATE), UV_ENAMETOOLONG);
  CHECK_EQ(uv_pipe_bind(&second, "\\\\server\\share\\file"), UV_EINVAL);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, accept_one), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind(&second, make_path(path)), 0);
  net_end();
}

TEST(x12_where_nobody_listens) {
  char path[TEST_PIPE_NAME];

  listen_at(&server, make_path(path));
  net_close((uv_handle_t*) &server);
  CHECK_EQ(connect_to(path), UV_ENOENT);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, path), 0);
  CHECK_EQ(connect_to(path), UV_ECONNREFUSED);
  net_end();
}

/* Handles go over named pipes only, and no socket over these. */
TEST(x12_no_handles_are_passed) {
  char path[TEST_PIPE_NAME];
  uv_pipe_t ipc;

  listen_at(&server, make_path(path));
  CHECK_EQ(uv_pipe_init(net_loop(), &ipc, 1), 0);
  CHECK_EQ(uv_pipe_bind(&ipc, path), UV_ENOTSUP);
  uv_pipe_connect(&connecting, &ipc, path, note_connect);
  net_until(&connects, 1);
  CHECK_EQ(status_of_connect, UV_ENOTSUP);
  net_end();
}

/* Nor does a child inherit one, which it could not read from. */
TEST(x12_no_child_inherits_a_socket) {
  char path[TEST_PIPE_NAME];
  uv_process_options_t options;
  uv_stdio_container_t stdio;
  uv_process_t child;
  char* args[8];

  make_pair(path);
  test_child(&options, args, "x12_no_child_inherits_a_socket", "child");
  options.stdio = &stdio;
  options.stdio_count = 1;
  stdio.flags = UV_INHERIT_STREAM;
  stdio.data.stream = (uv_stream_t*) &client;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_ENOTSUP);
  net_close((uv_handle_t*) &child);
  stdio.data.stream = (uv_stream_t*) &accepted;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_ENOTSUP);
  net_end();
}

TEST(x12_process_of_the_peer) {
  char path[TEST_PIPE_NAME];
  uvs_peer_t peer;

  make_pair(path);
  CHECK_EQ(uvs_pipe_peer(&client, &peer), 0);
  CHECK_EQ(peer.known, UVS_PEER_PROCESS);
  CHECK_EQ(peer.pid, uv_os_getpid());
  CHECK_EQ(uvs_pipe_peer(&accepted, &peer), 0);
  CHECK_EQ(peer.known, UVS_PEER_PROCESS);
  CHECK_EQ(peer.pid, uv_os_getpid());
  net_end();
}

/* A client has no name of its own on Windows, as with other pipes. */
TEST(x12_connect_of_what_was_bound) {
  char path[TEST_PIPE_NAME];
  char own[TEST_PIPE_NAME];

  listen_at(&server, make_path(path));
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_bind(&client, make_path(own)), 0);
  CHECK_EQ(exists(own), 1);
  uv_pipe_connect(&connecting, &client, path, note_connect);
  net_until(&connects, 1);
  CHECK_EQ(status_of_connect, 0);
  net_until(&arrivals, 1);
  CHECK_EQ(exists(own), 0);
  net_end();
}

/* What is no name undoes nothing. */
TEST(x12_refused_name_leaves_what_was_bound) {
  static const char remote[] = "\\\\server\\share\\file";
  char own[TEST_PIPE_NAME];
  char longer[200];

  listen_at(&server, make_path(own));
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_bind(&client, make_path(own)), 0);
  memset(longer, 'x', sizeof longer);
  CHECK_EQ(uv_pipe_connect2(&connecting, &client, longer, sizeof longer, UV_PIPE_NO_TRUNCATE,
                            note_connect),
           UV_ENAMETOOLONG);
  CHECK_EQ(uv_pipe_connect2(&connecting, &client, remote, strlen(remote), 0, note_connect),
           UV_EINVAL);
  CHECK_EQ(exists(own), 1);
  CHECK_EQ(uv_listen((uv_stream_t*) &client, 8, accept_one), 0);
  net_end();
}

TEST(x12_close_while_connecting) {
  char path[TEST_PIPE_NAME];

  listen_at(&server, make_path(path));
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&connecting, &client, path, note_connect);
  uv_close((uv_handle_t*) &client, NULL);
  net_until(&connects, 1);
  CHECK_EQ(status_of_connect, UV_ECANCELED);
  net_end();
}

/* Somebody who looks for viruses, say. */
TEST(x12_name_is_free_though_somebody_has_the_file_open) {
  char path[TEST_PIPE_NAME];
  HANDLE file;

  listen_at(&server, make_path(path));
  file = CreateFileA(path, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                     OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  CHECK(file != INVALID_HANDLE_VALUE);
  net_close((uv_handle_t*) &server);
  listen_at(&server, path);
  CHECK_EQ(connect_to(path), 0);
  net_until(&arrivals, 1);
  CHECK(CloseHandle(file));
  net_end();
}

/* A system without these sockets says so, too. */
TEST(x12_name_that_is_no_text) {
  char path[TEST_PIPE_NAME];

  strcat((char*) make_path(path), "\xc3(");
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, path), UV_EINVAL);
  CHECK_EQ(connect_to(path), UV_EINVAL);
  net_end();
}

/* As on Unix, and to the room that there is for one: 107 bytes and their end. */
TEST(x12_long_name_is_cut) {
  static const int lengths[] = {106, 107, 108, 109, 250};
  size_t i;

  for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char path[TEST_PIPE_NAME];
    char longer[300];
    char name[200];
    size_t size = sizeof name;
    int more = lengths[i] - (int) strlen(make_path(path));

    CHECK(more > 0);
    snprintf(longer, sizeof longer, "%s%0*d", path, more, 0);
    listen_at(&server, longer);
    CHECK_EQ(uv_pipe_getsockname(&server, name, &size), 0);
    CHECK_EQ(size, lengths[i] < 107 ? lengths[i] : 107);
    CHECK(memcmp(name, longer, size) == 0);
    CHECK_EQ(connect_to(longer), 0);
    net_until(&arrivals, (int) i + 1);
    net_end();
    connects = 0;
  }
}

TEST(x12_long_name_is_not_cut_within_a_character) {
  char path[TEST_PIPE_NAME];
  char longer[300];
  char name[200];
  size_t size = sizeof name;
  int more = 106 - (int) strlen(make_path(path));

  snprintf(longer, sizeof longer, "%s%0*d\xe2\x82\xac\xe2\x82\xac", path, more, 0);
  listen_at(&server, longer);
  CHECK_EQ(uv_pipe_getsockname(&server, name, &size), 0);
  CHECK_EQ(size, 106);
  CHECK_EQ(connect_to(longer), 0);
  net_until(&arrivals, 1);
  net_end();
}

TEST(x12_what_a_path_has_no_options_for) {
  char path[TEST_PIPE_NAME];
  int size = 0;

  listen_at(&server, make_path(path));
  uv_pipe_pending_instances(&server, 4);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), UV_ENOTSUP);
  CHECK_EQ(connect_to(path), 0);
  net_until(&arrivals, 1);
  CHECK_EQ(uv_send_buffer_size((uv_handle_t*) &client, &size), 0);
  CHECK(size > 0);
  CHECK_EQ(uv_pipe_chmod(&client, UV_READABLE), UV_ENOTSUP);
  net_end();
}

/* One that has a name of the other kind. */
TEST(x12_path_for_a_pipe_that_has_a_name) {
  char path[TEST_PIPE_NAME];
  char name[TEST_PIPE_NAME];

  listen_at(&server, make_path(path));
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_bind(&client, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_pipe_bind(&client, path), UV_EINVAL);
  uv_pipe_connect(&connecting, &client, path, note_connect);
  net_until(&connects, 1);
  CHECK_EQ(status_of_connect, 0);
  net_until(&arrivals, 1);
  net_end();
}
