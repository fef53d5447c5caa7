/* Pipes: names, binding, connecting, accepting, and what can be opened as one (rules P1-P4, P7,
 * and A and C for pipes). Moving bytes is in pipe_stream.c. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

#ifndef _WIN32
#  include <fcntl.h>
#  include <poll.h>
#  include <stdlib.h>
#  include <sys/socket.h>
#  include <sys/stat.h>
#  include <sys/un.h>
#  include <unistd.h>
#endif

static uv_pipe_t accepted;
static int arrivals;
static int connects;
static int connect_status;

static void accept_one(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(server->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  arrivals++;
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  connect_status = status;
  connects++;
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

static int connect_to(const char* name) {
  uv_connect_t req;
  uv_pipe_t client;
  int goal = connects + 1;

  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, goal);
  net_close((uv_handle_t*) &client);
  return connect_status;
}

/* ---- P1: names ---- */

static void check_name(int (*ask)(const uv_pipe_t* handle, char* buffer, size_t* size),
                       const uv_pipe_t* handle,
                       const char* name,
                       size_t length) {
  char text[300];
  size_t size = sizeof text;

  memset(text, 'x', sizeof text);
  CHECK_EQ(ask(handle, text, &size), 0);
  CHECK_EQ(size, length);
  CHECK(memcmp(text, name, length) == 0);
  CHECK_EQ(text[length], 0);
}

TEST(p1_names_of_both_ends) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t server;
  uv_pipe_t client;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, accept_one);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, 1);
  net_until(&arrivals, 1);
  CHECK_EQ(connect_status, 0);
  check_name(uv_pipe_getsockname, &server, name, strlen(name));
  check_name(uv_pipe_getsockname, &client, "", 0);
  check_name(uv_pipe_getpeername, &client, name, strlen(name));
  check_name(uv_pipe_getsockname, &accepted, name, strlen(name));
  check_name(uv_pipe_getpeername, &accepted, "", 0);
  net_end();
}

TEST(p1_name_of_the_peer_while_connecting) {
  char name[TEST_PIPE_NAME];
  char text[TEST_PIPE_NAME];
  size_t size = sizeof text;
  uv_connect_t req;
  uv_pipe_t server;
  uv_pipe_t client;
  int r;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, accept_one);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  r = uv_pipe_getpeername(&client, text, &size);
  CHECK(r == 0 || r == UV_ENOTCONN); /* as far as the system is by then */
#ifndef _WIN32
  CHECK_EQ(r, 0);
#endif
  if (r == 0) {
    CHECK_STR(text, name);
  }
  net_until(&connects, 1);
  net_end();
}

/* Of the arguments, not of the connection: at once, and before the state. */
TEST(p1_arguments_are_refused_at_once) {
  uv_connect_t req;
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&pipe, NULL), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind(&pipe, ""), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind2(&pipe, NULL, 1, 0), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind2(&pipe, "a\0b", 3, 0), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind2(&pipe, "a", 1, ~0u), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, NULL, 1, 0, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "", 0, 0, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "a\0b", 3, 0, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "a", 1, ~0u, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(NULL, &pipe, "a", 1, 0, note_connect), UV_EINVAL);
#ifndef __linux__
  CHECK_EQ(uv_pipe_bind2(&pipe, "\0b", 2, 0), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "\0b", 2, 0, note_connect), UV_EINVAL);
#endif
  net_turns(2);
  CHECK_EQ(connects, 0);
  net_end();
}

TEST(p1_the_system_chooses_an_abstract_name) {
  uv_pipe_t first;
  uv_pipe_t second;

  CHECK_EQ(uv_pipe_init(net_loop(), &first, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
#ifdef __linux__
  {
    char names[2][TEST_PIPE_NAME];
    size_t sizes[2] = {TEST_PIPE_NAME, TEST_PIPE_NAME};

    CHECK_EQ(uv_pipe_bind2(&first, "", 0, 0), 0);
    CHECK_EQ(uv_pipe_bind2(&second, "", 0, 0), 0);
    CHECK_EQ(uv_pipe_getsockname(&first, names[0], &sizes[0]), 0);
    CHECK_EQ(uv_pipe_getsockname(&second, names[1], &sizes[1]), 0);
    CHECK(sizes[0] > 1 && names[0][0] == '\0');
    CHECK(sizes[0] != sizes[1] || memcmp(names[0], names[1], sizes[0]) != 0);
  }
#else
  CHECK_EQ(uv_pipe_bind2(&first, "", 0, 0), UV_EINVAL);
#endif
  net_end();
}

TEST(p1_name_that_does_not_fit_into_the_buffer) {
  char name[TEST_PIPE_NAME];
  char text[TEST_PIPE_NAME + 1];
  uv_pipe_t server;
  size_t size;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, ignore_connection);
  size = strlen(name); /* no room for the terminator */
  text[0] = 'x';
  CHECK_EQ(uv_pipe_getsockname(&server, text, &size), UV_ENOBUFS);
  CHECK_EQ(size, strlen(name) + 1);
  CHECK_EQ(text[0], 'x');
  CHECK_EQ(uv_pipe_getsockname(&server, text, &size), 0);
  CHECK_STR(text, name);
  size = 0;
  CHECK_EQ(uv_pipe_getsockname(&server, text, &size), UV_EINVAL);
  CHECK_EQ(uv_pipe_getsockname(&server, NULL, &size), UV_EINVAL);
  CHECK_EQ(uv_pipe_getsockname(&server, text, NULL), UV_EINVAL);
  net_end();
}

TEST(p1_names_of_pipes_that_have_none) {
  char name[TEST_PIPE_NAME];
  char text[TEST_PIPE_NAME];
  size_t size = sizeof text;
  uv_pipe_t fresh;
  uv_pipe_t bound;

  CHECK_EQ(uv_pipe_init(net_loop(), &fresh, 0), 0);
  CHECK_EQ(uv_pipe_getsockname(&fresh, text, &size), UV_EBADF);
  CHECK_EQ(uv_pipe_getpeername(&fresh, text, &size), UV_EBADF);
  CHECK_EQ(uv_pipe_init(net_loop(), &bound, 0), 0);
  CHECK_EQ(uv_pipe_bind(&bound, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_pipe_getpeername(&bound, text, &size), UV_ENOTCONN);
  uv_close((uv_handle_t*) &bound, NULL);
  CHECK_EQ(uv_pipe_getsockname(&bound, text, &size), UV_EBADF);
  net_end();
}

/* A name that looks like those of the library's own pairs, which are not told, is told. */
TEST(p1_name_like_an_internal_one) {
  char name[TEST_PIPE_NAME];
  char digits[33];
  uv_connect_t req;
  uv_pipe_t server;
  uv_pipe_t client;
  char* at;
  uv_file fds[2];

  snprintf(digits, sizeof digits, "%032lx", (unsigned long) uv_os_getpid());
  at = strstr(test_pipe_name(name, sizeof name), "test-");
  CHECK(at != NULL && at + sizeof digits <= name + sizeof name);
  memcpy(at, digits, sizeof digits); /* uvstream-0000...1a2b */
  test_pipe_listen(&server, name, 8, accept_one);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, 1);
  net_until(&arrivals, 1);
  check_name(uv_pipe_getsockname, &server, name, strlen(name));
  check_name(uv_pipe_getsockname, &accepted, name, strlen(name));
  check_name(uv_pipe_getpeername, &client, name, strlen(name));
  net_close((uv_handle_t*) &client);

  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_open(&client, fds[1]), 0);
  check_name(uv_pipe_getsockname, &client, "", 0);
  check_name(uv_pipe_getpeername, &client, "", 0);
  test_fd_close(fds[0]);
  net_end();
}

static void refuse_name(const char* name, size_t length, unsigned flags, int error) {
  uv_connect_t req;
  uv_pipe_t handle;

  CHECK_EQ(uv_pipe_init(net_loop(), &handle, 0), 0);
  CHECK_EQ(uv_pipe_bind2(&handle, name, length, flags), error);
  CHECK_EQ(uv_pipe_connect2(&req, &handle, name, length, flags, note_connect), error);
  CHECK_EQ(uv_is_active((uv_handle_t*) &handle), 0);
  net_close((uv_handle_t*) &handle);
  CHECK_EQ(connects, 0);
}

TEST(p1_names_that_are_none) {
  char name[TEST_PIPE_NAME];
  size_t length = strlen(test_pipe_name(name, sizeof name));
  uv_pipe_t handle;

  refuse_name(NULL, 0, 0, UV_EINVAL);
  refuse_name(name, length, 2, UV_EINVAL);
  refuse_name(name, length + 1, 0, UV_EINVAL); /* a NUL that is not in front */
  CHECK_EQ(uv_pipe_init(net_loop(), &handle, 0), 0);
  CHECK_EQ(uv_pipe_bind(&handle, NULL), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind(&handle, ""), UV_EINVAL);
  net_end();
}

/* A name with 500 more characters; its length. */
static size_t long_name(char name[700]) {
  size_t length = strlen(test_pipe_name(name, TEST_PIPE_NAME));

  name[length++] = '-';
  memset(name + length, 'n', 500);
  name[length + 500] = '\0';
  return length + 500;
}

TEST(p1_name_that_is_too_long) {
  char name[700];
  size_t length = long_name(name);
  char fits[TEST_PIPE_NAME];
  uv_pipe_t handle;

  refuse_name(name, length, UV_PIPE_NO_TRUNCATE, UV_ENAMETOOLONG);
  /* The handle is as good as before. */
  CHECK_EQ(uv_pipe_init(net_loop(), &handle, 0), 0);
  CHECK_EQ(uv_pipe_bind2(&handle, name, length, UV_PIPE_NO_TRUNCATE), UV_ENAMETOOLONG);
  test_pipe_name(fits, sizeof fits);
  CHECK_EQ(uv_pipe_bind2(&handle, fits, strlen(fits), UV_PIPE_NO_TRUNCATE), 0);
  net_end();
}

TEST(p1_name_that_is_too_long_is_cut) {
  char name[700];
  char text[700];
  size_t size = sizeof text;
  size_t length = long_name(name);
  uv_pipe_t server;

  test_pipe_listen(&server, name, 8, accept_one);
  CHECK_EQ(uv_pipe_getsockname(&server, text, &size), 0);
  CHECK(size < length);
  CHECK(memcmp(text, name, size) == 0);
  CHECK_EQ(connect_to(name), 0); /* cut in the same place */
  net_until(&arrivals, 1);
  net_end();
}

TEST(p1_abstract_name) {
  static const char name[] = "\0uvstream-test\0with a NUL";
  size_t length = sizeof name - 1;
  uv_pipe_t server;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
#ifdef __linux__
  uv_connect_t req;
  uv_pipe_t client;
  uv_pipe_t second;

  CHECK_EQ(uv_pipe_bind2(&server, name, length, UV_PIPE_NO_TRUNCATE), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, accept_one), 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_connect2(&req, &client, name, length, 0, note_connect), 0);
  net_until(&connects, 1);
  net_until(&arrivals, 1);
  CHECK_EQ(connect_status, 0);
  check_name(uv_pipe_getsockname, &server, name, length);
  check_name(uv_pipe_getsockname, &accepted, name, length);
  check_name(uv_pipe_getpeername, &client, name, length);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
  CHECK_EQ(uv_pipe_bind2(&second, name, length, 0), UV_EADDRINUSE);
  net_close((uv_handle_t*) &server);
  CHECK_EQ(uv_pipe_bind2(&second, name, length, 0), 0); /* it goes with its socket */
#else
  CHECK_EQ(uv_pipe_bind2(&server, name, length, 0), UV_EINVAL);
#endif
  net_end();
}

TEST(p1_bind_of_a_name_in_use) {
  char name[TEST_PIPE_NAME];
  char other[TEST_PIPE_NAME];
  uv_pipe_t server;
  uv_pipe_t second;

  if (test_is_wine() && !shim_use("first_instance")) {
    SKIP("Wine lets two servers have one pipe name");
  }
  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, accept_one);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
  CHECK_EQ(uv_pipe_bind(&second, name), UV_EADDRINUSE);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, accept_one), UV_EINVAL);   /* it is not bound */
  CHECK_EQ(uv_pipe_bind(&second, test_pipe_name(other, sizeof other)), 0); /* A5 */
  CHECK_EQ(uv_pipe_bind(&second, name), UV_EINVAL);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, accept_one), 0);
  CHECK_EQ(connect_to(other), 0);
  net_until(&arrivals, 1);
  net_end();
}

TEST(p1_connect_where_nobody_listens) {
  char name[TEST_PIPE_NAME];

  CHECK_EQ(connect_to(test_pipe_name(name, sizeof name)), UV_ENOENT);
  CHECK_EQ(connect_to(""), UV_EINVAL); /* also told by the callback */
  net_end();
}

TEST(p1_relative_path) {
#ifdef _WIN32
  SKIP("pipe names know no folders");
#else
  char here[4096];
  char folder[] = "/tmp/uvstream-test-XXXXXX";
  uv_pipe_t server;

  test_needs_folder();
  CHECK(getcwd(here, sizeof here) != NULL);
  CHECK(mkdtemp(folder) != NULL);
  CHECK_EQ(chdir(folder), 0);
  test_pipe_listen(&server, "near", 8, accept_one);
  CHECK_EQ(connect_to("near"), 0);
  net_until(&arrivals, 1);
  check_name(uv_pipe_getsockname, &accepted, "near", 4);
  CHECK_EQ(chdir(here), 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_WRITABLE), 0); /* finds it from anywhere */
  net_close((uv_handle_t*) &server);
  CHECK_EQ(rmdir(folder), 0); /* P7: and so does its end, which leaves nothing behind */
  net_end();
#endif
}

/* ---- P2 ---- */

TEST(p2_chmod) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t fresh;
  uv_pipe_t server;

  CHECK_EQ(uv_pipe_init(net_loop(), &fresh, 0), 0);
  CHECK_EQ(uv_pipe_chmod(&fresh, UV_READABLE), UV_EBADF);
  CHECK_EQ(uv_pipe_chmod(NULL, UV_READABLE), UV_EBADF);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_pipe_chmod(&server, 0), UV_EINVAL);
  CHECK_EQ(uv_pipe_chmod(&server, 4), UV_EINVAL);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE | UV_WRITABLE), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, accept_one), 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_WRITABLE), 0);
  CHECK_EQ(connect_to(name), 0);
  net_until(&arrivals, 1);
  net_end();
}

TEST(p2_mode_of_the_socket_file) {
#ifdef _WIN32
  SKIP("pipes have no file mode");
#else
  char name[TEST_PIPE_NAME];
  mode_t before = umask(077);
  struct stat st;
  uv_pipe_t server;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(umask(before), 077); /* nobody touched it */
  CHECK_EQ(stat(name, &st), 0);
  CHECK_EQ(st.st_mode & 077, 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), 0);
  CHECK_EQ(stat(name, &st), 0);
  CHECK_EQ(st.st_mode & 0666, 0644);
  CHECK_EQ(uv_pipe_chmod(&server, UV_WRITABLE), 0);
  CHECK_EQ(stat(name, &st), 0);
  CHECK_EQ(st.st_mode & 0666, 0666);
  CHECK_EQ(unlink(name), 0);
  CHECK_EQ(uv_pipe_chmod(&server, UV_READABLE), UV_ENOENT); /* not that of somebody else */
  net_end();
#endif
}

/* ---- P3, C1, C2: connecting ---- */

enum {
  CLIENTS = 100
};

static uv_pipe_t clients[CLIENTS];
static uv_connect_t reqs[CLIENTS];
static uv_pipe_t servers[CLIENTS];
static int refused;

/* Who finds the queue of a listener full waits on Windows and on Linux. Elsewhere that is as if nobody
 * listened. */
#if defined(_WIN32) || defined(__linux__)
#  define FULL_QUEUE_REFUSES 0
#else
#  define FULL_QUEUE_REFUSES 1
#endif

static void count_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK(status == 0 || status == UV_ECANCELED || (FULL_QUEUE_REFUSES && status == UV_ECONNREFUSED));
  if (status == 0) {
    connects++;
  } else {
    refused++;
  }
}

static void accept_next(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK(arrivals < CLIENTS);
  CHECK_EQ(uv_pipe_init(server->loop, &servers[arrivals], 0), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &servers[arrivals]), 0);
  arrivals++;
}

static void connect_all(const char* name) {
  int i;

  for (i = 0; i < CLIENTS; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &clients[i], 0), 0);
    uv_pipe_connect(&reqs[i], &clients[i], name, count_connect);
  }
}

TEST(p3_burst_of_clients) {
  int backlog = FULL_QUEUE_REFUSES ? CLIENTS : 2; /* far fewer than come */
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;

  test_needs_fds(2 * CLIENTS);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  uv_pipe_pending_instances(&server, 2);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, backlog, accept_next), 0);
  connect_all(name);
  net_until(&connects, CLIENTS);
  net_until(&arrivals, CLIENTS);
  CHECK_EQ(refused, 0);
  net_end();
}

/* Who waits for an instance is told, and does not ask again and again: what a burst costs grows with
 * its clients, not with their square (rule P3). */
TEST(p3_burst_costs_each_client_a_few_calls) {
#ifndef UVTEST_SHIM
  SKIP("calls of the system cannot be counted here");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 2, accept_next);
  shim_count_begin();
  connect_all(name);
  net_until(&connects, CLIENTS);
  net_until(&arrivals, CLIENTS);
  shim_count_end();
  CHECK(shim_count("CreateFileW") <= 4 * CLIENTS);
  CHECK(shim_count(NULL) <= 60 * CLIENTS);
  CHECK_EQ(refused, 0);
  net_end();
#endif
}

TEST(c2_close_while_pipes_connect) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  int i;

  test_needs_fds(CLIENTS);
  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, ignore_connection);
  connect_all(name); /* most find nobody who has time for them */
  net_turns(10);
  CHECK(connects < CLIENTS);
  for (i = 0; i < CLIENTS; i++) {
    if (!uv_is_writable((uv_stream_t*) &clients[i])) {
      uv_close((uv_handle_t*) &clients[i], net_count_close);
    }
  }
  net_turns(1); /* nothing has to be waited for, but by the last, whom the system has to let go */
  CHECK(net_closed >= CLIENTS - connects - 1);
  net_until(&net_closed, CLIENTS - connects);
  for (i = 0; i < CLIENTS; i++) {
    if (!uv_is_closing((uv_handle_t*) &clients[i])) {
      uv_close((uv_handle_t*) &clients[i], net_count_close);
    }
  }
  net_until(&net_closed, CLIENTS);
  CHECK_EQ(connects + refused, CLIENTS);
  CHECK(refused > 0);
  net_end();
}

static uv_pipe_t brief[2]; /* connections whose clients are gone */
static int briefs;

static void accept_brief(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK(briefs < 2);
  CHECK_EQ(uv_pipe_init(listener->loop, &brief[briefs], 0), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &brief[briefs]), 0);
  briefs++;
}

/* A connect to who listens is the system's own affair, and over with the call: closed before its
 * callback, the server hears of it all the same, and of its end. */
TEST(c2_server_hears_of_clients_that_close_at_once) {
  struct net_sink sinks[2] = {{0}, {0}};
  uv_pipe_t two[2];
  uv_connect_t two_reqs[2];
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  int i;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 4, accept_brief);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &two[i], 0), 0);
    uv_pipe_connect(&two_reqs[i], &two[i], name, count_connect);
    uv_close((uv_handle_t*) &two[i], net_count_close);
  }
  net_until(&net_closed, 2);
  CHECK_EQ(refused, 2); /* The callbacks say UV_ECANCELED. */
  net_until(&briefs, 2);
  for (i = 0; i < 2; i++) {
    net_drain((uv_stream_t*) &brief[i], &sinks[i]);
    net_until(&sinks[i].ended, 1);
    CHECK_EQ(sinks[i].status, UV_EOF);
    CHECK_EQ(sinks[i].bytes, 0);
  }
  net_end();
}

TEST(c2_loop_ends_with_the_connecting_pipe) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t server;
  uv_pipe_t client;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, ignore_connection);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, count_connect);
  uv_close((uv_handle_t*) &client, net_count_close);
  uv_close((uv_handle_t*) &server, net_count_close);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 2);
  CHECK_EQ(connects + refused, 1);
  net_end();
}

/* Linux tells nothing when a full queue of a listener has room again, and the loop is asleep in
 * another one's. */
TEST(c2_connect_that_found_no_room) {
#if defined(_WIN32) || !defined(__linux__)
  SKIP("a queue that is full refuses, or tells when it is not");
#else
  char name[TEST_PIPE_NAME];
  struct sockaddr_un addr;
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  uv_pipe_t pipes[5];
  struct pollfd loop;
  int accepted_fd;
  int i;

  memset(&addr, 0, sizeof addr);
  addr.sun_family = AF_UNIX;
  strcpy(addr.sun_path, test_pipe_name(name, sizeof name));
  CHECK_EQ(bind(listener, (struct sockaddr*) &addr, sizeof addr), 0);
  CHECK_EQ(listen(listener, 0), 0);
  connects = 0;
  for (i = 0; i < 5; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &pipes[i], 0), 0);
    uv_pipe_connect(&reqs[i], &pipes[i], name, note_connect);
  }
  net_turns(3);
  CHECK(connects < 5);
  loop.fd = uv_backend_fd(net_loop());
  loop.events = POLLIN;
  for (i = 0; i < 5; i++) {
    accepted_fd = accept(listener, NULL, NULL);
    CHECK(accepted_fd >= 0);
    while (connects < (i + 2 < 5 ? i + 2 : 5)) {
      if (loop.fd >= 0)
        CHECK_EQ(poll(&loop, 1, uv_backend_timeout(net_loop())), 1);
      uv_run(net_loop(), loop.fd >= 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    }
    CHECK_EQ(close(accepted_fd), 0);
  }
  CHECK_EQ(close(listener), 0);
  CHECK_EQ(unlink(name), 0);
  net_end();
#endif
}

TEST(c1_second_connect_of_a_pipe) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_connect_t other;
  uv_pipe_t server;
  uv_pipe_t client;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, accept_one);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_connect2(&req, &client, name, strlen(name), 0, note_connect), 0);
  CHECK_EQ(uv_pipe_connect2(&other, &client, name, strlen(name), 0, note_connect), UV_EALREADY);
  CHECK_EQ(connects, 0); /* L1 */
  net_until(&connects, 1);
  CHECK_EQ(connect_status, 0);
  CHECK_EQ(uv_pipe_connect2(&other, &client, name, strlen(name), 0, note_connect), UV_EISCONN);
  CHECK_EQ(uv_pipe_connect2(&other, &server, name, strlen(name), 0, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(NULL, &client, name, strlen(name), 0, note_connect), UV_EINVAL);
  uv_pipe_connect(&other, &client, name, note_connect); /* has only the callback to say so */
  CHECK_EQ(connects, 1);
  net_until(&connects, 2);
  CHECK_EQ(connect_status, UV_EISCONN);
  net_end();
}

#ifdef _WIN32
static int trouble;

static void note_trouble(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  trouble = (int) nread;
}

static int written;
static int write_status;

static void note_write(uv_write_t* req, int status) {
  (void) req;
  write_status = status;
  written++;
}

/* A client of a server that goes one way, which is busy at first or not. What the client queues
 * meanwhile for the way that there is not ends as it would later. */
static void connect_one_way(DWORD access, int readable, int busy) {
  DWORD mine = readable ? GENERIC_READ | FILE_WRITE_ATTRIBUTES : GENERIC_WRITE;
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  char name[TEST_PIPE_NAME];
  OVERLAPPED overlapped = {0};
  uv_connect_t connect;
  uv_write_t first, second;
  uv_stream_t* client;
  uv_pipe_t pipe;
  HANDLE server = CreateNamedPipeA(test_pipe_name(name, sizeof name), access | FILE_FLAG_OVERLAPPED,
                                   0, 1, 4096, 4096, 0, NULL);

  CHECK(server != INVALID_HANDLE_VALUE);
  connects = written = trouble = 0;
  client = (uv_stream_t*) &pipe;
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  if (busy) {
    HANDLE rival = CreateFileA(name, mine, 0, NULL, OPEN_EXISTING, 0, NULL);

    CHECK(rival != INVALID_HANDLE_VALUE);
    uv_pipe_connect(&connect, &pipe, name, note_connect);
    net_turns(3);
    CHECK_EQ(connects, 0);
    CHECK(CloseHandle(rival));
    CHECK(DisconnectNamedPipe(server));
    CHECK(!ConnectNamedPipe(server, &overlapped));
  } else {
    uv_pipe_connect(&connect, &pipe, name, note_connect);
  }
  CHECK_EQ(uv_write(&first, client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_read_start(client, net_alloc, note_trouble), 0);
  net_until(&connects, 1);
  CHECK_EQ(connect_status, 0);
  net_until(&written, 1);
  CHECK_EQ(write_status, readable ? UV_EPIPE : 0);
  CHECK_EQ(uv_is_writable(client), !readable);
  CHECK_EQ(uv_is_readable(client), readable);
  CHECK_EQ(trouble, readable ? 0 : UV_ENOTCONN);
  CHECK_EQ(uv_write(&second, client, &buf, 1, note_write), readable ? UV_EPIPE : 0);
  if (!readable)
    CHECK_EQ(uv_read_start(client, net_alloc, note_trouble), UV_ENOTCONN);
  net_close((uv_handle_t*) &pipe);
  CHECK(CloseHandle(server));
}
#endif

TEST(r1_client_of_a_one_way_server) {
#ifdef _WIN32
  int busy;

  for (busy = 0; busy < 2; busy++) {
    connect_one_way(PIPE_ACCESS_OUTBOUND, 1, busy);
    connect_one_way(PIPE_ACCESS_INBOUND, 0, busy);
  }
  net_end();
#else
  SKIP("a socket goes both ways");
#endif
}

TEST(c1_connect_again_after_a_failure) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t server;
  uv_pipe_t client;

  test_pipe_name(name, sizeof name);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, 1);
  CHECK_EQ(connect_status, UV_ENOENT);
  test_pipe_listen(&server, name, 8, accept_one);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&connects, 2);
  CHECK_EQ(connect_status, 0);
  net_until(&arrivals, 1);
  net_end();
}

/* A failed connect gives a pipe no name: it can neither listen nor be bound any more. One that was
 * bound before keeps its name on Unix; on Windows the connect has given it up. */
TEST(c1_failed_connect_gives_a_pipe_no_name) {
  char nobody[TEST_PIPE_NAME];
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_pipe_t nameless;
  uv_pipe_t named;

  test_pipe_name(nobody, sizeof nobody);
  test_pipe_name(name, sizeof name);
  CHECK_EQ(uv_pipe_init(net_loop(), &nameless, 0), 0);
  uv_pipe_connect(&req, &nameless, nobody, note_connect);
  net_until(&connects, 1);
  CHECK_EQ(connect_status, UV_ENOENT);
  CHECK_EQ(uv_listen((uv_stream_t*) &nameless, 8, accept_one), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind(&nameless, name), UV_EINVAL);

  CHECK_EQ(uv_pipe_init(net_loop(), &named, 0), 0);
  CHECK_EQ(uv_pipe_bind(&named, name), 0);
  uv_pipe_connect(&req, &named, nobody, note_connect);
  net_until(&connects, 2);
  CHECK_EQ(connect_status, UV_ENOENT);
#ifdef _WIN32
  CHECK_EQ(uv_listen((uv_stream_t*) &named, 8, accept_one), UV_EINVAL);
  CHECK_EQ(connect_to(name), UV_ENOENT);
#else
  CHECK_EQ(uv_listen((uv_stream_t*) &named, 8, accept_one), 0);
  CHECK_EQ(connect_to(name), 0);
  net_until(&arrivals, 1);
#endif
  net_end();
}

/* ---- A1, A2, A3, A6: accepting ---- */

TEST(a1_further_accept_of_a_pipe_is_eagain) {
  static uv_pipe_t second;
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, accept_one);
  CHECK_EQ(connect_to(name), 0);
  net_until(&arrivals, 1);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &second), UV_EAGAIN);
  CHECK_EQ(uv_accept((uv_stream_t*) &second, (uv_stream_t*) &server), UV_EINVAL);
  net_end();
}

/* Clients are told apart by the byte that each sends. */
static uv_write_t hellos[CLIENTS];
static char letters[CLIENTS];
static int heard;

static void hear_letter(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread == 0) {
    return;
  }
  CHECK_EQ(nread, 1);
  CHECK_EQ(buf->base[0], 'a' + (int) ((uv_pipe_t*) stream - servers));
  heard++;
  CHECK_EQ(uv_read_stop(stream), 0);
}

TEST(a2_pipes_are_accepted_in_order) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  int count = 8;
  int i;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  uv_pipe_pending_instances(&server, 10);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 16, accept_next), 0);
  for (i = 0; i < count; i++) {
    uv_buf_t buf = uv_buf_init(&letters[i], 1);

    letters[i] = (char) ('a' + i);
    CHECK_EQ(uv_pipe_init(net_loop(), &clients[i], 0), 0);
    uv_pipe_connect(&reqs[i], &clients[i], name, count_connect);
    CHECK_EQ(uv_write(&hellos[i], (uv_stream_t*) &clients[i], &buf, 1, NULL), 0); /* W4 */
  }
  net_until(&arrivals, count);
  for (i = 0; i < count; i++) {
    CHECK_EQ(uv_read_start((uv_stream_t*) &servers[i], net_alloc, hear_letter), 0);
  }
  net_until(&heard, count);
  net_end();
}

static void count_arrival(uv_stream_t* server, int status) {
  (void) server;
  CHECK_EQ(status, 0);
  arrivals++;
}

TEST(a2_pipe_callback_waits_for_the_claim) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  int i;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 16, count_arrival);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &clients[i], 0), 0);
    uv_pipe_connect(&reqs[i], &clients[i], name, count_connect);
  }
  net_until(&connects, 3);
  for (i = 0; i < 3; i++) {
    net_until(&arrivals, i + 1);
    net_turns(5);
    CHECK_EQ(arrivals, i + 1);
    CHECK_EQ(uv_pipe_init(net_loop(), &servers[i], 0), 0);
    CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &servers[i]), 0);
  }
  net_end();
}

TEST(a3_accept_onto_the_wrong_handle) {
  char name[TEST_PIPE_NAME];
  uv_connect_t req;
  uv_loop_t other_loop;
  uv_pipe_t server;
  uv_pipe_t client;
  uv_pipe_t elsewhere;
  uv_tcp_t tcp;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, count_arrival);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, note_connect);
  net_until(&arrivals, 1);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &tcp), UV_EINVAL);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &server), UV_EBUSY);
  CHECK_EQ(uv_loop_init(&other_loop), 0);
  CHECK_EQ(uv_pipe_init(&other_loop, &elsewhere, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &elsewhere), UV_EINVAL);
  CHECK_EQ(uv_pipe_init(net_loop(), &accepted, 0), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &accepted), 0);
  uv_close((uv_handle_t*) &elsewhere, NULL);
  CHECK_EQ(uv_run(&other_loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other_loop), 0);
  net_end();
}

TEST(a6_listen_twice_on_a_pipe) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  uv_pipe_t fresh;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, ignore_connection);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 16, accept_one), 0);
  CHECK_EQ(connect_to(name), 0);
  net_until(&arrivals, 1);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 16, NULL), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &accepted, 16, accept_one), UV_EINVAL);
  CHECK_EQ(uv_pipe_init(net_loop(), &fresh, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &fresh, 16, accept_one), UV_EINVAL); /* without a name */
  net_end();
}

/* ---- P7: the life of the socket file ---- */

#ifndef _WIN32

static int exists(const char* path) {
  struct stat st;

  return lstat(path, &st) == 0;
}

/* A socket file whose socket is gone, as a server leaves it that was killed. */
static void leave_stale_file(const char* path) {
  struct sockaddr_un addr;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  CHECK(fd != -1);
  memset(&addr, 0, sizeof addr);
  addr.sun_family = AF_UNIX;
  CHECK(strlen(path) < sizeof addr.sun_path);
  strcpy(addr.sun_path, path);
  CHECK_EQ(bind(fd, (struct sockaddr*) &addr, sizeof addr), 0);
  CHECK_EQ(close(fd), 0);
}

#endif

TEST(p7_file_goes_with_its_pipe) {
#ifdef _WIN32
  SKIP("pipes have no file");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t bound;
  uv_pipe_t server;

  CHECK_EQ(uv_pipe_init(net_loop(), &bound, 0), 0);
  CHECK_EQ(uv_pipe_bind(&bound, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(exists(name), 1);
  net_close((uv_handle_t*) &bound);
  CHECK_EQ(exists(name), 0);
  test_pipe_listen(&server, name, 8, accept_one);
  CHECK_EQ(connect_to(name), 0);
  net_until(&arrivals, 1);
  net_close((uv_handle_t*) &accepted); /* neither this end's, nor a client's */
  CHECK_EQ(exists(name), 1);
  net_close((uv_handle_t*) &server);
  CHECK_EQ(exists(name), 0);
  net_end();
#endif
}

TEST(p7_file_of_another_stays) {
#ifdef _WIN32
  SKIP("pipes have no file");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t first;
  uv_pipe_t second;

  test_pipe_listen(&first, test_pipe_name(name, sizeof name), 8, ignore_connection);
  CHECK_EQ(unlink(name), 0);
  test_pipe_listen(&second, name, 8, accept_one); /* took the name over */
  net_close((uv_handle_t*) &first);
  CHECK_EQ(exists(name), 1);
  CHECK_EQ(connect_to(name), 0);
  net_until(&arrivals, 1);
  net_close((uv_handle_t*) &second);
  CHECK_EQ(exists(name), 0);
  net_end();
#endif
}

TEST(p7_stale_file_is_somebody_elses) {
#ifdef _WIN32
  SKIP("pipes have no file");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;

  leave_stale_file(test_pipe_name(name, sizeof name));
  CHECK_EQ(connect_to(name), UV_ECONNREFUSED);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, name), UV_EADDRINUSE);
  CHECK_EQ(exists(name), 1);
  CHECK_EQ(unlink(name), 0); /* whoever knows that it is stale */
  CHECK_EQ(uv_pipe_bind(&server, name), 0);
  net_end();
  CHECK_EQ(exists(name), 0);
#endif
}

TEST(p7_bind_errors_leave_nothing_behind) {
#ifdef _WIN32
  SKIP("pipes have no file");
#else
  char name[TEST_PIPE_NAME];
  uv_pipe_t server;
  int before;

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  before = test_fd_count();
  CHECK_EQ(uv_pipe_bind(&server, "/uvstream-no-such-folder/pipe"), UV_EACCES);
  CHECK_EQ(uv_pipe_bind(&server, "/dev/null"), UV_EADDRINUSE);
  CHECK_EQ(uv_pipe_bind(&server, "/dev/null/pipe"), UV_ENOTDIR);
  CHECK_EQ(test_fd_count(), before);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  net_end();
#endif
}
