/* Who is at the other end of a pipe, and a connect to nobody but whom it is meant for (rule X4). All
 * that tests can be is one user's; that others are told apart is shown with users who are not there. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

#ifdef _WIN32
#  include <windows.h>
#  define SOMEBODY_ELSE "S-1-5-21-7-7-7-7777" /* of a domain that nobody has */
#  define NO_NUMBER "SYSTEM"
#else
#  include <unistd.h>
#  define SOMEBODY_ELSE "3999999999"
#  define NO_NUMBER "root"
#endif

static int has_peers(void) {
#if defined(_WIN32) || defined(__linux__) || defined(__APPLE__) || defined(__FreeBSD__) || \
    defined(__NetBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)
  return 1;
#else
  return 0;
#endif
}

/* ---- Who it is ---- */

static void check_is_me(const uvs_peer_t* peer) {
  CHECK(peer->known & UVS_PEER_USER);
  CHECK(peer->is_trusted);
  CHECK_EQ(peer->known & UVS_PEER_PROCESS ? peer->pid : (int) uv_os_getpid(), uv_os_getpid());
#ifdef _WIN32
  CHECK(strncmp(peer->user, "S-1-5-", 6) == 0);
  CHECK(!(peer->known & UVS_PEER_GROUP));
#else
  {
    char own[32];

    snprintf(own, sizeof own, "%lu", (unsigned long) geteuid());
    CHECK_STR(peer->user, own);
    CHECK_EQ(peer->known & UVS_PEER_GROUP ? peer->group : getegid(), getegid());
    CHECK(!(peer->known & (UVS_PEER_SESSION | UVS_PEER_LEVEL)));
  }
#endif
}

static void read_a_byte(uv_pipe_t* from, uv_pipe_t* to) {
  static struct net_sink sink;
  int done = 0;

  memset(&sink, 0, sizeof sink);
  net_drain((uv_stream_t*) to, &sink);
  net_send((uv_stream_t*) from, 1, 0, &done);
  net_until(&done, 1);
  net_until_bytes(&sink, 1);
}

static void ask_both(int ipc) {
  uv_pipe_t client;
  uv_pipe_t server;
  uvs_peer_t peer;

  if (!has_peers())
    SKIP("this system does not tell who a peer is");
  test_pipe_pair(&client, &server, ipc);
  CHECK_EQ(uvs_pipe_peer(&client, &peer), 0);
  check_is_me(&peer);
  read_a_byte(&client, &server);
  CHECK_EQ(uvs_pipe_peer(&server, &peer), 0);
  check_is_me(&peer);
  net_end();
}

TEST(x4_both_ends_of_a_pipe_know_each_other) {
  ask_both(0);
}

TEST(x4_both_ends_of_an_ipc_pipe_know_each_other) {
  ask_both(1);
}

TEST(x4_client_is_known_before_it_says_anything) {
  uv_pipe_t client;
  uv_pipe_t server;
  uvs_peer_t peer;

  if (!has_peers())
    SKIP("this system does not tell who a peer is");
  test_pipe_pair(&client, &server, 0);
  CHECK_EQ(uvs_pipe_peer(&server, &peer), 0);
  CHECK(peer.known & UVS_PEER_PROCESS);
  CHECK_EQ(peer.pid, uv_os_getpid());
  net_end();
}

TEST(x4_peer_that_is_gone_was_who_it_was) {
  uv_pipe_t client;
  uv_pipe_t server;
  uvs_peer_t peer;
  int r;

  if (!has_peers())
    SKIP("this system does not tell who a peer is");
  test_pipe_pair(&client, &server, 0);
  read_a_byte(&client, &server);
  net_close((uv_handle_t*) &client);
  memset(&peer, 'x', sizeof peer);
  r = uvs_pipe_peer(&server, &peer);
  if (r == 0) {
    CHECK(!(peer.known & UVS_PEER_PROCESS) || peer.pid == uv_os_getpid());
  } else {
    CHECK_EQ(r, UV_ENOTCONN);
    CHECK_EQ(peer.user[0], 'x');
  }
  net_end();
}

TEST(x4_what_is_not_connected_has_no_peer) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t fresh;
  uv_pipe_t server;
  uv_tcp_t tcp;
  uvs_peer_t peer;
  uvs_peer_t before;

  memset(&before, 'x', sizeof before);
  peer = before;
  CHECK_EQ(uv_pipe_init(net_loop(), &fresh, 0), 0);
  CHECK_EQ(uvs_pipe_peer(&fresh, &peer), UV_ENOTCONN);
  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, test_pipe_name(name, sizeof name)), 0);
  CHECK_EQ(uvs_pipe_peer(&server, &peer), UV_ENOTCONN);
  uv_close((uv_handle_t*) &fresh, NULL);
  CHECK_EQ(uvs_pipe_peer(&fresh, &peer), UV_ENOTCONN);
  CHECK_EQ(uvs_pipe_peer(NULL, &peer), UV_EINVAL);
  CHECK_EQ(uvs_pipe_peer(&server, NULL), UV_EINVAL);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uvs_pipe_peer((uv_pipe_t*) (void*) &tcp, &peer), UV_EINVAL);
  CHECK_EQ(memcmp(&peer, &before, sizeof peer), 0);
  net_end();
}

/* No socket on Unix, not overlapped on Windows. */
TEST(x4_plain_ends_have_no_peer_that_is_known) {
  uv_pipe_t from;
  uv_pipe_t to;
  uvs_peer_t peer;
  uvs_peer_t before;

  memset(&before, 'x', sizeof before);
  peer = before;
  test_pipe_way(TEST_ENDS, &from, &to);
  CHECK_EQ(uvs_pipe_peer(&from, &peer), UV_ENOTSUP);
  CHECK_EQ(memcmp(&peer, &before, sizeof peer), 0);
  net_end();
}

/* ---- Whom one connects to ---- */

struct meeting {
  uvs_pipe_connect_t req;
  uv_pipe_t listener;
  uv_pipe_t client;
  uv_pipe_t server;
  int calls;
  int status;
  int arrivals;
};

static void arrive(uv_stream_t* listener, int status) {
  struct meeting* meeting = listener->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(listener->loop, &meeting->server, 0), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &meeting->server), 0);
  meeting->arrivals++;
}

static void met(uvs_pipe_connect_t* req, int status) {
  struct meeting* meeting = req->data;

  meeting->status = status;
  meeting->calls++;
}

static int meet(struct meeting* meeting, const char* server) {
  char name[TEST_PIPE_NAME];

  memset(meeting, 0, sizeof *meeting);
  test_pipe_listen(&meeting->listener, test_pipe_name(name, sizeof name), 8, arrive);
  meeting->listener.data = meeting;
  CHECK_EQ(uv_pipe_init(net_loop(), &meeting->client, 0), 0);
  meeting->req.data = meeting;
  return uvs_pipe_connect(&meeting->req, &meeting->client, name, server, met);
}

TEST(x4_server_of_this_user_is_expected) {
  struct meeting meeting;
  uvs_peer_t peer;

  if (!has_peers())
    SKIP("this system does not tell who a peer is");
  CHECK_EQ(meet(&meeting, NULL), 0);
  CHECK_EQ(meeting.req.type, UV_CONNECT);
  CHECK(meeting.req.handle == &meeting.client);
  CHECK_EQ(meeting.calls, 0);
  net_until(&meeting.calls, 1);
  net_until(&meeting.arrivals, 1);
  CHECK_EQ(meeting.status, 0);
  read_a_byte(&meeting.client, &meeting.server);
  CHECK_EQ(uvs_pipe_peer(&meeting.client, &peer), 0);
  net_close((uv_handle_t*) &meeting.client);
  net_close((uv_handle_t*) &meeting.server);
  net_close((uv_handle_t*) &meeting.listener);

  CHECK_EQ(meet(&meeting, peer.user), 0); /* By the number that was just told. */
  net_until(&meeting.calls, 1);
  CHECK_EQ(meeting.status, 0);
  net_end();
}

TEST(x4_connect_needs_no_callback) {
  struct meeting meeting;

  CHECK_EQ(meet(&meeting, NULL), 0);
  meeting.req.cb = NULL;
  net_until(&meeting.arrivals, 1);
  CHECK_EQ(meeting.calls, 0);
  net_end();
}

struct refusal {
  char order[8];
  size_t count;
  struct net_sink sink;
};
static struct refusal refusal;

static void note(char what) {
  CHECK(refusal.count + 1 < sizeof refusal.order);
  refusal.order[refusal.count++] = what;
}

static void on_refused(uvs_pipe_connect_t* req, int status) {
  met(req, status);
  note('c');
}

static void on_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  note('w');
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  note('s');
}

static void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK_EQ(n, UV_ECANCELED);
  note('r');
}

TEST(x4_other_server_gets_nothing) {
  char secret[] = "secret";
  uv_buf_t buf = uv_buf_init(secret, 6);
  uv_shutdown_t shutdown;
  uv_write_t writes[2];
  struct meeting meeting;

  memset(&refusal, 0, sizeof refusal);
  CHECK_EQ(meet(&meeting, SOMEBODY_ELSE), 0);
  meeting.req.cb = on_refused;
  CHECK_EQ(uv_read_start((uv_stream_t*) &meeting.client, net_alloc, on_read), 0);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &meeting.client, &buf, 1, on_write), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &meeting.client, &buf, 1, on_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &meeting.client, on_shutdown), 0);
  net_until(&meeting.calls, 1);
  CHECK_EQ(meeting.status, UV_EACCES);
  net_until(&meeting.arrivals, 1);
  net_drain((uv_stream_t*) &meeting.server, &refusal.sink);
  net_turns(8);
  CHECK_STR(refusal.order, "crwws");
  CHECK(!uv_is_readable((uv_stream_t*) &meeting.client));
  CHECK(!uv_is_writable((uv_stream_t*) &meeting.client));
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &meeting.client, &buf, 1, on_write), UV_EPIPE);
  CHECK_EQ(uv_try_write((uv_stream_t*) &meeting.client, &buf, 1), UV_EPIPE);
  CHECK_EQ(uv_read_start((uv_stream_t*) &meeting.client, net_alloc, on_read), UV_ENOTCONN);
  net_close((uv_handle_t*) &meeting.client);
  net_until(&refusal.sink.ended, 1);
  CHECK_EQ(refusal.sink.bytes, 0);
  net_end();
}

static void on_refused_close(uvs_pipe_connect_t* req, int status) {
  met(req, status);
  uv_close((uv_handle_t*) req->handle, net_count_close);
}

TEST(x4_other_server_and_close_in_the_callback) {
  struct meeting meeting;

  CHECK_EQ(meet(&meeting, SOMEBODY_ELSE), 0);
  meeting.req.cb = on_refused_close;
  memset(&refusal, 0, sizeof refusal);
  CHECK_EQ(uv_read_start((uv_stream_t*) &meeting.client, net_alloc, on_read), 0);
  net_until(&net_closed, 1);
  CHECK_EQ(meeting.status, UV_EACCES);
  CHECK_EQ(refusal.count, 0);
  net_end();
}

TEST(x4_names_are_no_users) {
  struct meeting meeting;

  CHECK_EQ(meet(&meeting, NO_NUMBER), 0); /* The text of no number is nobody's. */
  net_until(&meeting.calls, 1);
  CHECK_EQ(meeting.status, UV_EACCES);
  net_end();
}

TEST(x4_connect_that_fails_says_why) {
  char name[TEST_PIPE_NAME];
  struct meeting meeting;

  memset(&meeting, 0, sizeof meeting);
  CHECK_EQ(uv_pipe_init(net_loop(), &meeting.client, 0), 0);
  meeting.req.data = &meeting;
  CHECK_EQ(
      uvs_pipe_connect(&meeting.req, &meeting.client, test_pipe_name(name, sizeof name), NULL, met),
      0);
  net_until(&meeting.calls, 1);
  CHECK_EQ(meeting.status, UV_ENOENT);
  net_end();
}

TEST(x4_closed_meanwhile) {
  struct meeting meeting;

  CHECK_EQ(meet(&meeting, NULL), 0);
  uv_close((uv_handle_t*) &meeting.client, NULL);
  CHECK_EQ(meeting.calls, 0);
  net_until(&meeting.calls, 1);
  CHECK_EQ(meeting.status, UV_ECANCELED);
  net_end();
}

/* Cut off it would be the name of another server. */
TEST(x4_connect_to_a_name_that_does_not_fit) {
  struct meeting meeting;
  char name[2000];
  int r;

  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
#ifdef _WIN32
  memcpy(name, "\\\\.\\pipe\\", 9);
#endif
  memset(&meeting, 0, sizeof meeting);
  meeting.req.data = &meeting;
  CHECK_EQ(uv_pipe_init(net_loop(), &meeting.client, 0), 0);
  r = uvs_pipe_connect(&meeting.req, &meeting.client, name, NULL, met);
  if (r == 0) {
    net_until(&meeting.calls, 1);
    r = meeting.status;
  }
  CHECK_EQ(r, UV_ENAMETOOLONG);
  net_end();
}

TEST(x4_mistakes_of_a_connect) {
  static char long_user[UVS_USER_SIZE + 1];
  uvs_pipe_connect_t req;
  uv_pipe_t pipe;
  uv_tcp_t tcp;

  memset(long_user, '1', UVS_USER_SIZE);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uvs_pipe_connect(NULL, &pipe, "x", NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_connect(&req, NULL, "x", NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_connect(&req, (uv_pipe_t*) (void*) &tcp, "x", NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_connect(&req, &pipe, NULL, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_connect(&req, &pipe, "", NULL, NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_connect(&req, &pipe, "x", "", NULL), UV_EINVAL);
  CHECK_EQ(uvs_pipe_connect(&req, &pipe, "x", long_user, NULL), UV_EINVAL);
  net_end();
}
