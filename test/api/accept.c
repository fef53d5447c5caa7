/* Listening and accepting (rules A1-A6). Running out of descriptors is in exhaust.c. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "raw.h"
#include "uv.h"

enum {
  MOST = 16
};

static int callbacks; /* of the listener, with status 0 */
static uv_tcp_t accepted[MOST];
static int claimed;

static void count_connection(uv_stream_t* server, int status) {
  (void) server;
  CHECK_EQ(status, 0);
  callbacks++;
}

static void claim(uv_stream_t* server) {
  CHECK(claimed < MOST);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted[claimed]), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted[claimed]), 0);
  claimed++;
}

static void claim_connection(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  callbacks++;
  claim(server);
}

static int connected;

static void count_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected++;
}

/* Connects `count` clients, one after the other, so that the order is known. */
static void connect_clients(uv_tcp_t* clients, int count, const struct sockaddr_in* addr) {
  static uv_connect_t reqs[MOST];
  int before = connected;
  int i;

  for (i = 0; i < count; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &clients[i], (const struct sockaddr*) addr, count_connect),
             0);
    net_until(&connected, before + i + 1);
  }
}

static int peer_port(const uv_tcp_t* handle) {
  struct sockaddr_in addr;
  int len = sizeof addr;

  CHECK_EQ(uv_tcp_getpeername(handle, (struct sockaddr*) &addr, &len), 0);
  return addr.sin_port;
}

static void accept_then_again(uv_stream_t* server, int status) {
  uv_tcp_t* next = &accepted[1];

  CHECK_EQ(status, 0);
  callbacks++;
  claim(server);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &accepted[0]), 1);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &accepted[0]), 1);
  CHECK_EQ(uv_tcp_init(server->loop, next), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) next), UV_EAGAIN);
}

TEST(a1_accept_succeeds_once_after_the_callback) {
  struct sockaddr_in addr;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, accept_then_again);
  connect_clients(&client, 1, &addr);
  net_until(&callbacks, 1);
  CHECK_EQ(peer_port(&accepted[0]), net_bound_to(&client).sin_port);
  net_end();
}

TEST(a1_accept_before_any_connection_is_eagain) {
  uv_tcp_t server;
  uv_tcp_t client;

  net_listen(&server, 8, count_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &client), UV_EAGAIN);
  net_turns(3);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &client), UV_EAGAIN);
  net_end();
}

TEST(a2_connections_come_in_the_order_they_were_made) {
  static uv_tcp_t clients[MOST];
  struct sockaddr_in addr;
  uv_tcp_t server;
  int i;

  addr = net_listen(&server, MOST, claim_connection);
  connect_clients(clients, MOST, &addr);
  net_until(&claimed, MOST);
  for (i = 0; i < MOST; i++) {
    CHECK_EQ(peer_port(&accepted[i]), net_bound_to(&clients[i]).sin_port);
  }
  CHECK_EQ(callbacks, MOST);
  net_end();
}

TEST(a2_callback_is_not_repeated_until_the_connection_is_claimed) {
  static uv_tcp_t clients[4];
  struct sockaddr_in addr;
  uv_tcp_t server;
  int i;

  addr = net_listen(&server, 8, count_connection);
  connect_clients(clients, 4, &addr);
  net_until(&callbacks, 1);
  net_turns(20);
  CHECK_EQ(callbacks, 1);
  for (i = 0; i < 4; i++) {
    claim((uv_stream_t*) &server); /* outside of the callback */
    if (i < 3) {
      net_until(&callbacks, i + 2);
    }
    net_turns(10);
    CHECK_EQ(callbacks, i < 3 ? i + 2 : 4);
    CHECK_EQ(peer_port(&accepted[i]), net_bound_to(&clients[i]).sin_port);
  }
  net_end();
}

TEST(a3_wrong_accept_leaves_the_connection_waiting) {
  struct sockaddr_in addr;
  uv_loop_t other_loop;
  uv_tcp_t elsewhere;
  uv_tcp_t with_socket;
  uv_tcp_t closing;
  uv_timer_t timer;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  addr = net_listen(&server, 8, count_connection);
  connect_clients(&client, 1, &addr);
  net_until(&callbacks, 1);

  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &a), UV_EBUSY); /* in use */
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &with_socket, AF_INET), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &with_socket), UV_EBUSY);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &server), UV_EBUSY);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &timer), UV_EINVAL); /* no stream */
  CHECK_EQ(uv_tcp_init(net_loop(), &closing), 0);
  uv_close((uv_handle_t*) &closing, NULL);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &closing), UV_EINVAL);
  CHECK_EQ(uv_loop_init(&other_loop), 0);
  CHECK_EQ(uv_tcp_init(&other_loop, &elsewhere), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &elsewhere), UV_EINVAL);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, NULL), UV_EINVAL);

  claim((uv_stream_t*) &server); /* it is still there */
  CHECK_EQ(peer_port(&accepted[0]), net_bound_to(&client).sin_port);
  uv_close((uv_handle_t*) &elsewhere, NULL);
  CHECK_EQ(uv_run(&other_loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other_loop), 0);
  net_end();
}

TEST(a3_accept_from_what_does_not_listen_is_einval) {
  uv_tcp_t fresh;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &fresh, (uv_stream_t*) &client), UV_EINVAL);
  net_pair(&a, &b);
  CHECK_EQ(uv_accept((uv_stream_t*) &a, (uv_stream_t*) &client), UV_EINVAL);
  net_listen(&server, 8, count_connection);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &client), UV_EINVAL);
  net_end();
}

/* A client that is gone before it was accepted: nothing, or a dead connection, as the system
 * likes, and the next one is served. */
static int events;

static void claim_next(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  events++;
  claim(server);
}

/* So many that on Windows some are connected to sockets of the listener, and others wait in the
 * system: those meet an accept when they are gone already. */
TEST(a4_client_that_reset_does_not_disturb_the_listener) {
  enum {
    LAST = MOST - 1
  };
  static uv_tcp_t clients[MOST];
  struct net_sink sink = {0};
  struct sockaddr_in addr;
  uv_tcp_t server;
  int done = 0;
  int i;

  addr = net_listen(&server, MOST, count_connection);
  connect_clients(clients, MOST, &addr);
  net_until(&callbacks, 1);
  for (i = 0; i < LAST; i++) {
    CHECK_EQ(uv_tcp_close_reset(&clients[i], NULL), 0);
  }
  net_turns(5);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, MOST, claim_next), 0); /* A6 */
  claim((uv_stream_t*) &server);                                    /* the first, held so far */
  net_send((uv_stream_t*) &clients[LAST], 100, 0, &done);
  while (claimed == 0 || sink.bytes == 0) {
    uv_run(net_loop(), UV_RUN_ONCE);
    for (i = 0; i < claimed; i++) { /* the last client is one of them */
      struct sockaddr_in peer;
      int len = sizeof peer;

      if (accepted[i].data == NULL &&
          uv_tcp_getpeername(&accepted[i], (struct sockaddr*) &peer, &len) == 0 &&
          peer.sin_port == net_bound_to(&clients[LAST]).sin_port) {
        net_drain((uv_stream_t*) &accepted[i], &sink);
      }
    }
  }
  net_until_bytes(&sink, 100);
  CHECK(events <= LAST); /* at most one per client, and no repetition */
  net_turns(10);
  CHECK(events <= LAST);
  net_end();
}

/* ---- A5 ---- */

static int connect_status = 1;

static void store_connect(uv_connect_t* req, int status) {
  (void) req;
  connect_status = status;
}

TEST(a5_port_in_use_is_reported_by_listen) {
  struct sockaddr_in any = net_address(0);
  struct sockaddr_in addr;
  uv_tcp_t first;
  uv_tcp_t second;

  addr = net_listen(&first, 8, count_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &second), 0);
  CHECK_EQ(uv_tcp_bind(&second, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, count_connection), UV_EADDRINUSE);
  CHECK_EQ(uv_is_active((uv_handle_t*) &second), 0);
  CHECK_EQ(uv_tcp_bind(&second, (struct sockaddr*) &any, 0), 0); /* clears it */
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, count_connection), 0);
  CHECK(net_bound_to(&second).sin_port != addr.sin_port);
  net_end();
}

/* A host with a port, for either family. */
static int bind_again(uv_tcp_t* handle, const char* host, int port, unsigned flags) {
  union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } addr;

  if (uv_ip4_addr(host, port, &addr.in) < 0)
    CHECK_EQ(uv_ip6_addr(host, port, &addr.in6), 0);
  return uv_tcp_bind(handle, &addr.any, flags);
}

static int bind_to(uv_tcp_t* handle, const char* host, int port, unsigned flags) {
  CHECK_EQ(uv_tcp_init(net_loop(), handle), 0);
  return bind_again(handle, host, port, flags);
}

static int port_of(const uv_tcp_t* handle) {
  struct sockaddr_storage name;
  int len = sizeof name;

  CHECK_EQ(uv_tcp_getsockname(handle, (struct sockaddr*) &name, &len), 0);
  return ntohs(((struct sockaddr_in*) &name)->sin_port); /* in one place for both families */
}

/* Somebody listens on the address, on all addresses, or on one of those that we want all of. */
TEST(a5_port_in_use_has_one_name_for_all_addresses) {
  static const struct {
    const char* first;
    unsigned first_flags;
    const char* second;
    unsigned second_flags;
    int result;
  } rows[] = {
      {"0.0.0.0", 0, "0.0.0.0", 0, UV_EADDRINUSE},
      {"0.0.0.0", 0, "127.0.0.1", 0, UV_EADDRINUSE},
      {"127.0.0.1", 0, "0.0.0.0", 0, UV_EADDRINUSE},
      {"127.0.0.1", 0, "127.0.0.2", 0, 0},
      {"::", 0, "0.0.0.0", 0, UV_EADDRINUSE},
      {"::", 0, "127.0.0.1", 0, UV_EADDRINUSE},
      {"0.0.0.0", 0, "::", 0, UV_EADDRINUSE},
      {"127.0.0.1", 0, "::", 0, UV_EADDRINUSE},
      {"::", 0, "::1", 0, UV_EADDRINUSE},
      {"::1", 0, "::", 0, UV_EADDRINUSE},
      {"::", UV_TCP_IPV6ONLY, "0.0.0.0", 0, 0},
      {"0.0.0.0", 0, "::", UV_TCP_IPV6ONLY, 0},
  };
  struct sockaddr_in any = net_address(0);
  uv_tcp_t handles[2 * sizeof rows / sizeof rows[0]];
  unsigned i;

  for (i = 0; i < (net_has_ipv6() ? sizeof rows / sizeof rows[0] : 4); i++) {
    uv_tcp_t* first = &handles[2 * i];
    uv_tcp_t* second = &handles[2 * i + 1];
    int tries = 20;
    int r;

    for (;;) {
      CHECK_EQ(bind_to(first, rows[i].first, 0, rows[i].first_flags), 0);
      CHECK_EQ(uv_listen((uv_stream_t*) first, 8, count_connection), 0);
      CHECK_EQ(bind_to(second, rows[i].second, port_of(first), rows[i].second_flags), 0);
      r = uv_listen((uv_stream_t*) second, 8, count_connection);
      /* Another program may have this port, of the second one's address. */
      if (r != UV_EADDRINUSE || rows[i].result != 0 || --tries == 0)
        break;
      net_close((uv_handle_t*) first);
      net_close((uv_handle_t*) second);
    }
    CHECK_EQ(r, rows[i].result);
    if (rows[i].result < 0 && strchr(rows[i].second, ':') == NULL) {
      CHECK_EQ(uv_tcp_bind(second, (struct sockaddr*) &any, 0), 0); /* clears it */
      CHECK_EQ(uv_listen((uv_stream_t*) second, 8, count_connection), 0);
    }
  }
  net_end();
}

/* A socket that is not the library's listens on a host, and shares its port with nobody; the port. */
static int stranger_listens(const char* host, int both_families, uv_os_sock_t* sock) {
  union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } addr;
  socklen_t len = sizeof addr.in6;
  int only_ipv6 = !both_families;
#ifdef SO_EXCLUSIVEADDRUSE /* Elsewhere it is how all are. */
  int alone = 1;
#endif

  if (uv_ip4_addr(host, 0, &addr.in) < 0)
    CHECK_EQ(uv_ip6_addr(host, 0, &addr.in6), 0);
  *sock = socket(addr.any.sa_family, SOCK_STREAM, 0);
  if (addr.any.sa_family == AF_INET6)
    CHECK_EQ(
        setsockopt(*sock, IPPROTO_IPV6, IPV6_V6ONLY, (const void*) &only_ipv6, sizeof only_ipv6),
        0);
  else
    len = sizeof addr.in;
#ifdef SO_EXCLUSIVEADDRUSE
  CHECK_EQ(setsockopt(*sock, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const void*) &alone, sizeof alone),
           0);
#endif
  CHECK_EQ(bind(*sock, &addr.any, len), 0);
  CHECK_EQ(listen(*sock, 8), 0);
  len = sizeof addr;
  CHECK_EQ(getsockname(*sock, &addr.any, &len), 0);
  return ntohs(addr.in.sin_port);
}

/* The same of a port that another program listens on. */
TEST(a5_port_of_a_stranger_is_in_use) {
  static const struct {
    const char* first;
    const char* second;
    int both_families;
  } rows[] = {
      {"0.0.0.0", "0.0.0.0", 0},
      {"0.0.0.0", "127.0.0.1", 0},
      {"127.0.0.1", "0.0.0.0", 0},
      {"127.0.0.1", "127.0.0.1", 0},
      {"::", "::", 0},
      {"::", "::1", 0},
      {"::1", "::", 0},
      {"::1", "::1", 0},
      {"::", "0.0.0.0", 1},
      {"::", "127.0.0.1", 1},
      {"0.0.0.0", "::", 0},
      {"127.0.0.1", "::", 0},
  };
  uv_tcp_t handles[sizeof rows / sizeof rows[0]];
  unsigned i;

  for (i = 0; i < (net_has_ipv6() ? sizeof rows / sizeof rows[0] : 4); i++) {
    uv_os_sock_t sock;
    int port;

    port = stranger_listens(rows[i].first, rows[i].both_families, &sock);
    CHECK_EQ(bind_to(&handles[i], rows[i].second, port, 0), 0);
    CHECK_EQ(uv_listen((uv_stream_t*) &handles[i], 8, count_connection), UV_EADDRINUSE);
    raw_close(sock);
    uv_close((uv_handle_t*) &handles[i], NULL);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  }
  net_end();
}

/* Nobody listens yet; then the second to try is told. */
TEST(a5_port_that_is_bound_is_in_use_for_the_second_listener) {
  static const char* const rows[][2] = {{"0.0.0.0", "0.0.0.0"},
                                        {"0.0.0.0", "127.0.0.1"},
                                        {"127.0.0.1", "0.0.0.0"},
                                        {"127.0.0.1", "127.0.0.1"}};
  uv_tcp_t handles[8];
  unsigned i;

  for (i = 0; i < 4; i++) {
    uv_tcp_t* first = &handles[2 * i];
    uv_tcp_t* second = &handles[2 * i + 1];

    CHECK_EQ(bind_to(first, rows[i][0], 0, 0), 0);
    CHECK_EQ(bind_to(second, rows[i][1], port_of(first), 0), 0);
    CHECK_EQ(uv_listen((uv_stream_t*) first, 8, count_connection), 0);
    CHECK_EQ(uv_listen((uv_stream_t*) second, 8, count_connection), UV_EADDRINUSE);
  }
  net_end();
}

TEST(a5_port_in_use_is_reported_by_connect) {
  struct sockaddr_in addr;
  struct sockaddr_in name;
  int len = sizeof name;
  uv_connect_t req;
  uv_tcp_t server;
  uv_tcp_t client;
  int r;

  addr = net_listen(&server, 8, count_connection);
  uv_unref((uv_handle_t*) &server);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_bind(&client, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_tcp_getsockname(&client, (struct sockaddr*) &name, &len), UV_EADDRINUSE);
  r = uv_tcp_connect(&req, &client, (struct sockaddr*) &addr, store_connect);
  if (r == 0) {
    CHECK_EQ(uv_tcp_getsockname(&client, (struct sockaddr*) &name, &len), UV_EADDRINUSE);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    r = connect_status;
  }
  CHECK_EQ(r, UV_EADDRINUSE);
  CHECK_EQ(callbacks, 0);
  net_end();
}

TEST(a5_other_bind_errors_come_from_bind) {
  struct sockaddr_in addr;
  uv_tcp_t handle;

  CHECK_EQ(uv_ip4_addr("192.0.2.1", 0, &addr), 0); /* reserved for documents: not ours */
  CHECK_EQ(uv_tcp_init(net_loop(), &handle), 0);
  CHECK_EQ(uv_tcp_bind(&handle, (struct sockaddr*) &addr, 0), UV_EADDRNOTAVAIL);
  addr = net_address(0);
  CHECK_EQ(uv_tcp_bind(&handle, (struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_tcp_bind(&handle, (struct sockaddr*) &addr, 0), UV_EINVAL); /* bound already */
  net_end();
}

/* It is of no family yet, and may still be given a socket. */
TEST(e3_bind_that_fails_leaves_the_handle_fresh) {
  const char* host = net_has_ipv6() ? "::1" : "127.0.0.1";
  uv_tcp_t handle;
  uv_os_fd_t fd;

  CHECK_EQ(bind_to(&handle, "192.0.2.1", 0, 0), UV_EADDRNOTAVAIL);
  CHECK_EQ(uv_fileno((uv_handle_t*) &handle, &fd), UV_EBADF);
  CHECK(uv_tcp_open(&handle, (uv_os_sock_t) -1) != UV_EBUSY);
  CHECK_EQ(bind_again(&handle, host, 0, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &handle, 8, count_connection), 0);
  net_end();
}

TEST(a5_address_of_the_other_family_clears_it) {
  struct sockaddr_in addr;
  uv_tcp_t first;
  uv_tcp_t second;

  if (!net_has_ipv6())
    SKIP("this machine has no IPv6 loopback");
  addr = net_listen(&first, 8, count_connection);
  CHECK_EQ(bind_to(&second, "127.0.0.1", ntohs(addr.sin_port), 0), 0);
  CHECK_EQ(bind_again(&second, "2001:db8::1", 0, 0), UV_EADDRNOTAVAIL); /* for documents, too */
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, count_connection), UV_EADDRINUSE);
  CHECK_EQ(bind_again(&second, "::1", 0, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, count_connection), 0);
  net_end();
}

/* What the program gave is not exchanged for another one. */
TEST(a5_socket_of_the_program_stays) {
#ifdef _WIN32
  SKIP("of a descriptor of Unix");
#else
  struct sockaddr_in addr;
  uv_tcp_t first;
  uv_tcp_t second;
  uv_os_fd_t fd;
  int sock = socket(AF_INET, SOCK_STREAM, 0);

  CHECK(sock != -1);
  addr = net_listen(&first, 8, count_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &second), 0);
  CHECK_EQ(uv_tcp_open(&second, sock), 0);
  CHECK_EQ(uv_tcp_bind(&second, (struct sockaddr*) &addr, 0), 0);
  CHECK(bind_again(&second, "::1", 0, 0) < 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &second, &fd), 0);
  CHECK_EQ(fd, sock);
  CHECK_EQ(uv_listen((uv_stream_t*) &second, 8, count_connection), UV_EADDRINUSE);
  net_end();
#endif
}

/* ---- A6 ---- */

static void wrong_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
  FAIL("the callback was replaced");
}

TEST(a6_listen_again_replaces_the_callback) {
  struct sockaddr_in addr;
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 1, wrong_connection);
  net_turns(2);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, claim_connection), 0);
  connect_clients(&client, 1, &addr);
  net_until(&claimed, 1);
  net_end();
}

TEST(a6_simultaneous_accepts_before_and_after_listen) {
  static uv_tcp_t clients[4];
  struct sockaddr_in any = net_address(0);
  struct sockaddr_in addr;
  uv_tcp_t server;

  CHECK_EQ(uv_tcp_init(net_loop(), &server), 0);
  CHECK_EQ(uv_tcp_simultaneous_accepts(&server, 0), 0);
  CHECK_EQ(uv_tcp_bind(&server, (struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, claim_connection), 0);
  addr = net_bound_to(&server);
  connect_clients(clients, 4, &addr);
  net_until(&claimed, 4);
  CHECK_EQ(uv_tcp_simultaneous_accepts(&server, 1), 0);
  CHECK_EQ(uv_tcp_simultaneous_accepts(&server, 0), 0);
  net_end();
}

TEST(e3_listen_refuses_bad_arguments) {
  uv_timer_t timer;
  uv_tcp_t server;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_tcp_init(net_loop(), &server), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &timer, 8, count_connection), UV_EINVAL);
  net_pair(&a, &b);
  CHECK_EQ(uv_listen((uv_stream_t*) &a, 8, count_connection), UV_EINVAL);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, count_connection), UV_EINVAL);
  net_end();
}

static uv_tcp_t claimed_tcp;

static int accept_when_there(uv_tcp_t* server) {
  int r;

  CHECK_EQ(uv_tcp_init(net_loop(), &claimed_tcp), 0);
  while ((r = uv_accept((uv_stream_t*) server, (uv_stream_t*) &claimed_tcp)) == UV_EAGAIN)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  return r;
}

/* For who holds or passes a listener: connections wait until somebody asks. */
TEST(e3_listener_without_a_callback_waits_to_be_asked) {
  struct sockaddr_in addr;
  uv_tcp_t server;
  uv_tcp_t clients[3];

  addr = net_listen(&server, 8, NULL);
  CHECK_EQ(uv_is_active((uv_handle_t*) &server), 1);
  CHECK_EQ(uv_tcp_init(net_loop(), &claimed_tcp), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &claimed_tcp), UV_EAGAIN);
  net_close((uv_handle_t*) &claimed_tcp);
  connect_clients(clients, 2, &addr);
  net_turns(5);
  CHECK_EQ(accept_when_there(&server), 0);
  net_close((uv_handle_t*) &claimed_tcp);
  CHECK_EQ(accept_when_there(&server), 0);
  net_close((uv_handle_t*) &claimed_tcp);
  connect_clients(&clients[2], 1, &addr);
  net_turns(5);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, count_connection), 0); /* now it tells */
  net_until(&callbacks, 1);
  CHECK_EQ(callbacks, 1);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, NULL), 0);
  CHECK_EQ(accept_when_there(&server), 0);
  net_end();
}

/* Without a bind the system chooses address and port. */
TEST(a6_listen_without_bind) {
  struct sockaddr_in addr;
  uv_tcp_t server;
  uv_tcp_t client;

  CHECK_EQ(uv_tcp_init(net_loop(), &server), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 8, claim_connection), 0);
  addr = net_bound_to(&server);
  CHECK(addr.sin_port != 0);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", ntohs(addr.sin_port), &addr), 0);
  connect_clients(&client, 1, &addr);
  net_until(&claimed, 1);
  net_end();
}
