/* That no handle which the library makes is one that children inherit, of sockets, pipes and processes: any program
 * that starts another one by CreateProcess would keep connections and names open by these. Only the model can be
 * asked for all that a process has. */
#include <io.h>

#include "harness.h"
#include "net.h"
#include "nt.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

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

static int exits;

static void on_exit(uv_process_t* process, int64_t status, int signal) {
  (void) process;
  (void) status;
  (void) signal;
  exits++;
}

static void wait_for_the_end_of_input(void) {
  char byte;

  while (_read(0, &byte, 1) > 0)
    continue;
}

/* What its pipes are there, it alone has. */
TEST(win_children_inherit_no_process) {
  static uv_process_t first, second;
  uv_process_options_t options = {0};
  uv_stdio_container_t stdio[2] = {{0}};
  char* args[8];

  if (harness_arg(0) != NULL) {
    wait_for_the_end_of_input();
    return;
  }
  test_child(&options, args, "win_children_inherit_no_process", "child");
  CHECK_EQ(uv_pipe_init(net_loop(), &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &client.pipe, 1), 0);
  stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
  stdio[0].data.stream = &server.stream;
  stdio[1].flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE;
  stdio[1].data.stream = &client.stream;
  options.stdio = stdio;
  options.stdio_count = 2;
  options.exit_cb = on_exit;
  CHECK_EQ(uv_spawn(net_loop(), &first, &options), 0);
  check();
  options.stdio_count = 0;
  options.stdio = NULL;
  CHECK_EQ(uv_pipe_init(net_loop(), &accepted.pipe, 0), 0);
  CHECK_EQ(uvs_pty_spawn(net_loop(), &second, &accepted.pipe, &options, 80, 25), 0);
  check();
  uv_close((uv_handle_t*) &server, NULL);
  uv_close((uv_handle_t*) &accepted, NULL);
  net_until(&exits, 2);
  net_end();
}
