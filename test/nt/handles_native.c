/* That no handle which the library makes is one that children inherit, of whatever kind of stream: any program
 * that starts another one by CreateProcess would keep connections and names open by these. Only the model can be
 * asked for all that a process has. */
#include "harness.h"
#include "net.h"
#include "nt.h"
#include "pipes.h"
#include "uv.h"

static int arrivals, connects;
static union {
  uv_tcp_t tcp;
  uv_pipe_t pipe;
  uv_stream_t stream;
} server, client, accepted;

static void check(void) {
  const char* maker = nt_inheritable();

  if (maker != NULL)
    FAIL(maker);
}

static void accept_pipe(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &accepted.pipe, client.pipe.ipc), 0);
  CHECK_EQ(uv_accept(listener, &accepted.stream), 0);
  arrivals++;
}

static void accept_tcp(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &accepted.tcp), 0);
  CHECK_EQ(uv_accept(listener, &accepted.stream), 0);
  arrivals++;
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connects++;
}

static void talk(void) {
  struct net_sink sink = {0};
  int sent = 0;

  net_until(&connects, 1);
  net_until(&arrivals, 1);
  net_drain(&accepted.stream, &sink);
  net_send(&client.stream, 1000, 0, &sent);
  net_until_bytes(&sink, 1000);
  net_until(&sent, 1);
  check();
  net_end();
}

static void meet_at(const char* name, int ipc) {
  uv_connect_t req;

  CHECK_EQ(uv_pipe_init(net_loop(), &server.pipe, ipc), 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, name), 0);
  CHECK_EQ(uv_listen(&server.stream, 4, accept_pipe), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client.pipe, ipc), 0);
  uv_pipe_connect(&req, &client.pipe, name, note_connect);
  talk();
}

TEST(win_children_inherit_no_socket) {
  struct sockaddr_in addr;
  uv_connect_t req;
  int size = sizeof(addr);

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &server.tcp), 0);
  CHECK_EQ(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_listen(&server.stream, 4, accept_tcp), 0);
  CHECK_EQ(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &addr, &size), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &client.tcp), 0);
  CHECK_EQ(uv_tcp_connect(&req, &client.tcp, (const struct sockaddr*) &addr, note_connect), 0);
  talk();
}

TEST(win_children_inherit_no_pipe) {
  char name[TEST_PIPE_NAME];

  meet_at(test_pipe_name(name, sizeof(name)), 0);
}

TEST(win_children_inherit_no_pipe_for_handles) {
  char name[TEST_PIPE_NAME];

  meet_at(test_pipe_name(name, sizeof(name)), 1);
}

TEST(win_children_inherit_no_path) {
  meet_at("C:\\users\\model\\temp\\inherit", 0);
}

TEST(win_children_inherit_no_pair) {
  uv_file ends[2];
  uv_os_sock_t socks[2];

  CHECK_EQ(uv_pipe(ends, 0, 0), 0);
  CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, socks, 0, 0), 0);
  check();
  CHECK_EQ(uv_pipe_init(net_loop(), &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&server.pipe, ends[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client.pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, ends[1]), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &accepted.tcp), 0);
  CHECK_EQ(uv_tcp_open(&accepted.tcp, socks[0]), 0);
  check();
  closesocket(socks[1]);
  net_end();
}
