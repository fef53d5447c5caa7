/* TCP handles: options, binding, adopting, addresses, reset (rules T1, T2, E3). */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "raw.h"
#include "uv.h"

#ifndef _WIN32
#  include <fcntl.h>
#  include <netinet/tcp.h>
#  include <unistd.h>
#endif

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

static uv_os_sock_t socket_of(const uv_tcp_t* tcp) {
  uv_os_fd_t fd;

  CHECK_EQ(uv_fileno((const uv_handle_t*) tcp, &fd), 0);
  return (uv_os_sock_t) fd;
}

/* ---- T1 ---- */

TEST(t1_nodelay_is_stored_and_applied) {
  uv_tcp_t tcp;

  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_nodelay(&tcp, 1), 0); /* there is no socket yet */
  {
    struct sockaddr_in any = net_address(0);

    CHECK_EQ(uv_tcp_bind(&tcp, (struct sockaddr*) &any, 0), 0);
  }
  CHECK(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK_EQ(uv_tcp_nodelay(&tcp, 0), 0);
  CHECK_EQ(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_NODELAY), 0);
  CHECK_EQ(uv_tcp_nodelay(&tcp, 1), 0);
  CHECK(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_NODELAY) != 0);
  uv_close((uv_handle_t*) &tcp, NULL);
  CHECK_EQ(uv_tcp_nodelay(&tcp, 1), UV_EINVAL);
  net_end();
}

static uv_tcp_t accepted;
static int claimed;

static void claim_with_wishes(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted), 0);
  CHECK_EQ(uv_tcp_nodelay(&accepted, 1), 0);
  CHECK_EQ(uv_tcp_keepalive(&accepted, 1, 60), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  claimed++;
}

TEST(t1_wishes_are_applied_to_accepted_and_connected_sockets) {
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, claim_with_wishes);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_nodelay(&client, 1), 0);
  CHECK_EQ(uv_tcp_keepalive(&client, 1, 60), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, NULL), 0);
  net_until(&claimed, 1);
  CHECK(raw_option(socket_of(&client), IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(raw_option(socket_of(&client), SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(raw_option(socket_of(&accepted), IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(raw_option(socket_of(&accepted), SOL_SOCKET, SO_KEEPALIVE) != 0);
  net_end();
}

TEST(t1_keepalive_takes_three_values) {
  uv_tcp_t tcp;

  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 61, 7, 5), 0);
  {
    struct sockaddr_in any = net_address(0);

    CHECK_EQ(uv_tcp_bind(&tcp, (struct sockaddr*) &any, 0), 0);
  }
  CHECK(raw_option(socket_of(&tcp), SOL_SOCKET, SO_KEEPALIVE) != 0);
#if defined(TCP_KEEPIDLE) && !defined(_WIN32)
  CHECK_EQ(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_KEEPIDLE), 61);
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT) && !defined(_WIN32)
  CHECK_EQ(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_KEEPINTVL), 7);
  CHECK_EQ(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_KEEPCNT), 5);
  CHECK_EQ(uv_tcp_keepalive(&tcp, 1, 90), 0);
  CHECK_EQ(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_KEEPINTVL), 1);
  CHECK_EQ(raw_option(socket_of(&tcp), IPPROTO_TCP, TCP_KEEPCNT), 10);
#endif
  CHECK_EQ(uv_tcp_keepalive(&tcp, 0, 0), 0);
  CHECK_EQ(raw_option(socket_of(&tcp), SOL_SOCKET, SO_KEEPALIVE), 0);
  net_end();
}

TEST(t1_keepalive_refuses_bad_values) {
  uv_tcp_t tcp;

  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_keepalive(&tcp, 1, 0), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 0, 1, 1), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 1, 0, 1), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 1, 1, 0), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 32768, 1, 1), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 0, 0, 0, 0), 0);
  uv_close((uv_handle_t*) &tcp, NULL);
  CHECK_EQ(uv_tcp_keepalive(&tcp, 1, 60), UV_EINVAL);
  CHECK_EQ(uv_tcp_simultaneous_accepts(&tcp, 1), UV_EINVAL);
  net_end();
}

static int shut;

static void count_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  (void) status;
  shut++;
}

TEST(t1_close_reset_resets) {
  struct net_sink sink = {0};
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  net_turns(3);
  net_closed = 0;
  CHECK_EQ(uv_tcp_close_reset(&a, net_count_close), 0);
  CHECK_EQ(uv_is_closing((uv_handle_t*) &a), 1);
  CHECK_EQ(net_closed, 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 1);
  CHECK_EQ(sink.status, UV_ECONNRESET);
  net_end();
}

TEST(t1_close_reset_refused) {
  uv_shutdown_t req;
  uv_tcp_t fresh;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_tcp_close_reset(&fresh, NULL), UV_EBADF);
  CHECK_EQ(uv_is_closing((uv_handle_t*) &fresh), 0);
  net_pair(&a, &b);
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &a, count_shutdown), 0);
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), UV_EINVAL);
  CHECK_EQ(uv_is_closing((uv_handle_t*) &a), 0);
  net_until(&shut, 1);
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), 0); /* the orderly end is over */
  CHECK_EQ(uv_tcp_close_reset(&a, NULL), UV_EBADF);
  net_end();
}

/* ---- T2 ---- */

TEST(t2_nobody_steals_a_port) {
  struct sockaddr_in addr;
  uv_tcp_t first;
  uv_tcp_t second;

  addr = net_listen(&first, 8, ignore_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &second), 0);
  CHECK_EQ(uv_tcp_bind(&second, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, ignore_connection), UV_EADDRINUSE);
  net_end();
}

TEST(t2_reuseport_shares_where_the_system_balances) {
  struct sockaddr_in addr = net_address(0);
  uv_tcp_t first;
  uv_tcp_t second;
  int r;

  CHECK_EQ(uv_tcp_init(net_loop(), &first), 0);
  r = uv_tcp_bind(&first, (struct sockaddr*) &addr, UV_TCP_REUSEPORT);
#if defined(__linux__)
  CHECK_EQ(r, 0);
#elif defined(_WIN32) || defined(__APPLE__)
  CHECK_EQ(r, UV_ENOTSUP);
#endif
  if (r == 0) {
    CHECK_EQ(uv_listen((uv_stream_t*) &first, 8, ignore_connection), 0);
    addr = net_bound_to(&first);
    CHECK_EQ(uv_tcp_init(net_loop(), &second), 0);
    CHECK_EQ(uv_tcp_bind(&second, (struct sockaddr*) &addr, UV_TCP_REUSEPORT), 0);
    CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, ignore_connection), 0);
  } else {
    CHECK_EQ(r, UV_ENOTSUP);
  }
  net_end();
}

static int connect_status = 1;
static int connects;

static void store_connect(uv_connect_t* req, int status) {
  (void) req;
  connect_status = status;
  connects++;
}

/* Listen on [::], connect to 127.0.0.1: the flag decides. */
static int reach_ipv6_listener_by_ipv4(unsigned flags) {
  struct sockaddr_in6 any;
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;
  int len = sizeof any;

  CHECK_EQ(uv_ip6_addr("::", 0, &any), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &server), 0);
  CHECK_EQ(uv_tcp_bind(&server, (struct sockaddr*) &any, flags), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, ignore_connection), 0);
  CHECK_EQ(uv_tcp_getsockname(&server, (struct sockaddr*) &any, &len), 0);
  addr = net_address(ntohs(any.sin6_port));
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  connects = 0;
  CHECK_EQ(uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, store_connect), 0);
  net_until(&connects, 1);
  net_close((uv_handle_t*) &client);
  net_close((uv_handle_t*) &server);
  return connect_status;
}

TEST(t2_ipv6only_decides_about_ipv4_peers) {
  if (!net_has_ipv6()) {
    SKIP("this machine has no IPv6 loopback");
  }
  CHECK_EQ(reach_ipv6_listener_by_ipv4(0), 0);
  CHECK_EQ(reach_ipv6_listener_by_ipv4(UV_TCP_IPV6ONLY), UV_ECONNREFUSED);
  net_end();
}

TEST(t2_bind_refuses_bad_arguments) {
  struct sockaddr_in addr = net_address(0);
  struct sockaddr unknown;
  uv_tcp_t tcp;
  uv_tcp_t a;
  uv_tcp_t b;

  memset(&unknown, 0, sizeof unknown);
  unknown.sa_family = AF_UNSPEC;
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_bind(&tcp, &unknown, 0), UV_EINVAL);
  CHECK_EQ(uv_tcp_bind(&tcp, NULL, 0), UV_EINVAL);
  CHECK_EQ(uv_tcp_bind(&tcp, (struct sockaddr*) &addr, UV_TCP_IPV6ONLY), UV_EINVAL);
  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_bind(&a, (struct sockaddr*) &addr, 0), UV_EINVAL);
  uv_close((uv_handle_t*) &tcp, NULL);
  CHECK_EQ(uv_tcp_bind(&tcp, (struct sockaddr*) &addr, 0), UV_EINVAL);
  net_end();
}

/* ---- Initialising and adopting ---- */

TEST(e3_init_ex_refuses_unknown_flags) {
  uv_loop_t loop;
  uv_tcp_t tcp;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_tcp_init_ex(&loop, &tcp, 0x100), UV_EINVAL);
  CHECK_EQ(uv_tcp_init_ex(&loop, &tcp, 0xfe), UV_EINVAL);
  CHECK_EQ(uv_loop_close(&loop), 0); /* the refused handle is not on the loop */
}

TEST(tcp_open_adopts_a_connected_socket) {
  struct net_sink sink = {0};
  uv_os_sock_t pair[2];
  uv_tcp_t tcp;
  int done = 0;
  char memory[100];
  size_t got = 0;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_open(&tcp, pair[0]), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &tcp), 1);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &tcp), 1);
  CHECK(socket_of(&tcp) == pair[0]);
  net_send((uv_stream_t*) &tcp, sizeof memory, 0, &done);
  net_until(&done, 1);
  while (got < sizeof memory) {
    got += raw_receive(pair[1], memory + got, sizeof memory - got);
  }
  pattern_check(memory, got, 0);
  raw_send(pair[1], net_block(), 5000);
  raw_close(pair[1]);
  net_drain((uv_stream_t*) &tcp, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 5000);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

TEST(tcp_open_refused) {
  uv_os_sock_t pair[2];
  uv_tcp_t first;
  uv_tcp_t second;
  uv_tcp_t with_socket;

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &first), 0);
  CHECK_EQ(uv_tcp_open(&first, pair[0]), 0);
  CHECK_EQ(uv_tcp_open(&first, pair[1]), UV_EBUSY);
  CHECK_EQ(uv_tcp_init(net_loop(), &second), 0);
  CHECK_EQ(uv_tcp_open(&second, pair[0]), UV_EEXIST);
  CHECK_EQ(uv_tcp_open(&second, (uv_os_sock_t) -1), UV_EBADF);
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &with_socket, AF_INET), 0);
  CHECK_EQ(uv_tcp_open(&with_socket, pair[1]), UV_EBUSY);
  CHECK_EQ(uv_tcp_open(&second, pair[1]), 0); /* the refusals left both as they were */
  net_end();
}

TEST(tcp_open_refuses_what_is_no_socket) {
#ifdef _WIN32
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
  uv_tcp_t tcp;

  CHECK(event != NULL);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_open(&tcp, (uv_os_sock_t) event), UV_ENOTSOCK);
  CHECK(CloseHandle(event)); /* still ours */
#else
  int ends[2];
  uv_tcp_t tcp;

  CHECK_EQ(pipe(ends), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_open(&tcp, ends[0]), UV_ENOTSOCK);
  CHECK_EQ(close(ends[0]), 0); /* still ours */
  CHECK_EQ(close(ends[1]), 0);
#endif
  net_end();
}

static int written;
static int write_status;

static void note_write(uv_write_t* req, int status) {
  (void) req;
  write_status = status;
  written++;
}

/* A socket whose connect the program began itself, and which goes on. */
static uv_os_sock_t begin_connect(const struct sockaddr_in* addr) {
  uv_os_sock_t sock = socket(AF_INET, SOCK_STREAM, 0);
#ifdef _WIN32
  u_long on = 1;

  CHECK(sock != INVALID_SOCKET);
  CHECK_EQ(ioctlsocket(sock, FIONBIO, &on), 0);
#else
  CHECK(sock != -1);
  CHECK_EQ(fcntl(sock, F_SETFL, O_NONBLOCK), 0);
#endif
  if (connect(sock, (const struct sockaddr*) addr, sizeof *addr) == 0) {
    SKIP("this system connects at once");
  }
  return sock;
}

static void need_state(const uv_tcp_t* tcp) {
  if (!uv_is_writable((const uv_stream_t*) tcp))
    SKIP("this system does not tell that a socket connects");
}

/* Where a listener has no room, a connect waits until it has. */
TEST(tcp_open_of_a_socket_that_connects) {
#ifdef _WIN32
  SKIP("who finds no room is refused there");
#else
  uv_buf_t buf = uv_buf_init((char*) "hello", 5);
  struct sockaddr_in addr = net_address(0);
  uv_tcp_t clients[8];
  uv_write_t req;
  uv_os_sock_t listener;
  uv_os_sock_t sock;
  socklen_t len = sizeof addr;
  struct sockaddr_storage name;
  int name_len = sizeof name;
  char text[8];
  int i;

  listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK_EQ(bind(listener, (struct sockaddr*) &addr, sizeof addr), 0);
  CHECK_EQ(listen(listener, 1), 0);
  CHECK_EQ(getsockname(listener, (struct sockaddr*) &addr, &len), 0);
  for (i = 0; i < 8; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    CHECK_EQ(uv_tcp_open(&clients[i], begin_connect(&addr)), 0);
  }
  /* The last one waits, and is a stream like any other meanwhile. */
  sock = socket_of(&clients[7]);
  if (getpeername(sock, (struct sockaddr*) &name, &len) == 0) {
    SKIP("this system has more room than it was asked for");
  }
  CHECK_EQ(uv_tcp_getpeername(&clients[7], (struct sockaddr*) &name, &name_len), UV_ENOTCONN);
  CHECK_EQ(uv_try_write((uv_stream_t*) &clients[7], &buf, 1), UV_EAGAIN);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &clients[7], &buf, 1, note_write), 0);
  net_turns(3);
  CHECK_EQ(written, 0);
  for (i = 0; i < 7; i++) {
    net_close((uv_handle_t*) &clients[i]);
  }
  CHECK_EQ(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
  while ((sock = accept(listener, NULL, NULL)) != -1) { /* Those that had room go. */
    raw_close(sock);
  }
  net_until(&written, 1);
  CHECK_EQ(write_status, 0);
  sock = accept(listener, NULL, NULL);
  CHECK(sock != -1);
  CHECK_EQ(fcntl(sock, F_SETFL, 0), 0);
  CHECK_EQ(raw_receive(sock, text, sizeof text), 5);
  raw_close(sock);
  raw_close(listener);
  net_end();
#endif
}

#ifdef _WIN32
static uv_tcp_t arrived;
static int arrivals;

static void take_arrival(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &arrived), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &arrived), 0);
  arrivals++;
}

static void note_shutdown(uv_shutdown_t* req, int status) {
  *(int*) req->data = status;
}
#endif

/* Windows asks again before it takes a refusal for one. */
TEST(tcp_open_of_a_socket_that_connects_to_who_is_about_to_listen) {
#ifndef _WIN32
  SKIP("who does not listen yet refuses at once there");
#else
  uv_buf_t buf = uv_buf_init((char*) "hello", 5);
  struct sockaddr_in addr;
  struct net_sink sink = {0};
  struct net_sink other = {0};
  struct sockaddr_storage name;
  int name_len = sizeof name;
  uv_shutdown_t shutdown;
  int end_status = 1;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_closed_port(&server);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_open(&client, begin_connect(&addr)), 0);
  need_state(&client);
  CHECK_EQ(uv_tcp_getpeername(&client, (struct sockaddr*) &name, &name_len), UV_ENOTCONN);
  CHECK_EQ(uv_try_write((uv_stream_t*) &client, &buf, 1), UV_EAGAIN);
  net_drain((uv_stream_t*) &client, &sink);
  net_send((uv_stream_t*) &client, 1000, 0, &written);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), 0);
  shutdown.data = &end_status;
  net_turns(2);
  CHECK_EQ(written, 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, take_arrival), 0);
  net_until(&arrivals, 1);
  net_until(&written, 1);
  CHECK_EQ(uv_tcp_getpeername(&client, (struct sockaddr*) &name, &name_len), 0);
  net_send((uv_stream_t*) &arrived, 500, 0, &written);
  net_until_bytes(&sink, 500);
  CHECK_EQ(sink.bytes, 500);
  net_drain((uv_stream_t*) &arrived, &other);
  net_until(&other.ended, 1);
  CHECK_EQ(other.status, UV_EOF);
  CHECK_EQ(other.bytes, 1000);
  CHECK_EQ(end_status, 0);
  net_end();
#endif
}

#ifdef _WIN32
static int closes;

static void note_close(uv_handle_t* handle) {
  CHECK_EQ(written, 1); /* L5 */
  CHECK_EQ(write_status, UV_ECANCELED);
  memset(handle, 0x5c, sizeof(uv_tcp_t));
  closes++;
}
#endif

TEST(tcp_open_of_a_socket_that_connects_and_is_closed) {
#ifndef _WIN32
  SKIP("who does not listen yet refuses at once there");
#else
  uv_buf_t buf = uv_buf_init((char*) "hello", 5);
  struct sockaddr_in addr;
  uv_tcp_t holder;
  uv_tcp_t client;
  uv_write_t req;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_open(&client, begin_connect(&addr)), 0);
  need_state(&client);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  uv_close((uv_handle_t*) &client, note_close);
  net_until(&closes, 1);
  net_end();
#endif
}

/* Nobody is there: that is told by what waits. */
TEST(tcp_open_of_a_socket_whose_connect_fails) {
  uv_buf_t buf = uv_buf_init((char*) "hello", 5);
  struct sockaddr_in addr;
  uv_tcp_t holder;
  uv_tcp_t client;
  uv_write_t req;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_open(&client, begin_connect(&addr)), 0);
  need_state(&client);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &client, &buf, 1, note_write), 0);
  net_until(&written, 1);
  CHECK_EQ(write_status, UV_ECONNREFUSED);
  net_end();
}

TEST(tcp_socketpair) {
  uv_os_sock_t pair[2];
  char memory[16] = "";

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
  raw_send(pair[0], "ping", 4);
  CHECK_EQ(raw_receive(pair[1], memory, sizeof memory), 4);
  CHECK_STR(memory, "ping");
  raw_send(pair[1], "pong", 4);
  CHECK_EQ(raw_receive(pair[0], memory, sizeof memory), 4);
  CHECK_STR(memory, "pong");
  raw_close(pair[0]);
  CHECK_EQ(raw_receive(pair[1], memory, sizeof memory), 0);
  raw_close(pair[1]);

  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, UV_NONBLOCK_PIPE, 0), 0);
#ifndef _WIN32
  CHECK_EQ(raw_is_blocking(pair[0]), 0);
  CHECK_EQ(raw_is_blocking(pair[1]), 1);
#endif
  raw_close(pair[0]);
  raw_close(pair[1]);
}

TEST(tcp_socketpair_misuse) {
  uv_os_sock_t pair[2];

  memset(pair, 0x5b, sizeof pair);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, NULL, 0, 0), UV_EINVAL);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, UV_NONBLOCK_PIPE << 1, 0), UV_EINVAL);
#ifdef _WIN32
  CHECK_EQ(uv_socketpair(SOCK_DGRAM, 0, pair, 0, 0), UV_EPROTOTYPE);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, IPPROTO_UDP, pair, 0, 0), UV_EPROTONOSUPPORT);
#endif
  CHECK_EQ(((unsigned char*) pair)[0], 0x5b);
#ifdef _WIN32
  CHECK_EQ(uv_socketpair(SOCK_STREAM, IPPROTO_TCP, pair, 0, 0), 0);
  raw_close(pair[0]);
  raw_close(pair[1]);
#endif
}

/* ---- Names ---- */

TEST(tcp_names) {
  struct sockaddr_storage name;
  struct sockaddr_in local;
  uv_tcp_t fresh;
  uv_tcp_t server;
  uv_tcp_t a;
  uv_tcp_t b;
  int len = sizeof name;

  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_tcp_getsockname(&fresh, (struct sockaddr*) &name, &len), UV_EBADF);
  CHECK_EQ(uv_tcp_getpeername(&fresh, (struct sockaddr*) &name, &len), UV_EBADF);
  CHECK_EQ(len, sizeof name); /* E2 */

  net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_tcp_getpeername(&server, (struct sockaddr*) &name, &len), UV_ENOTCONN);

  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_getpeername(&b, (struct sockaddr*) &name, &len), 0);
  CHECK_EQ(len, sizeof local);
  local = net_bound_to(&a);
  CHECK_EQ(((struct sockaddr_in*) &name)->sin_port, local.sin_port);
  CHECK_EQ(((struct sockaddr_in*) &name)->sin_family, AF_INET);
  CHECK(memcmp(&((struct sockaddr_in*) &name)->sin_addr, &local.sin_addr, sizeof local.sin_addr) ==
        0);

  len = -1;
  CHECK_EQ(uv_tcp_getsockname(&a, (struct sockaddr*) &name, &len), UV_EINVAL);
  CHECK_EQ(uv_tcp_getsockname(&a, NULL, &len), UV_EINVAL);
  len = sizeof name;
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uv_tcp_getsockname(&a, (struct sockaddr*) &name, &len), UV_EBADF);
  net_end();
}
