/* Loops of several threads, which have nothing in common but the process. */
#include "harness.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

enum {
  LOOPS = 3,
  ROUNDS = 12,
  HANDLES = 6
};

static const char itself[] = "thread_loops_open_close_and_spawn_at_once";

/* What one of them has in a round. */
struct life {
  uv_loop_t loop;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t accepted;
  uv_pipe_t ends[2];
  uv_process_t child;
  uv_connect_t connect;
  int met;
  int ended;
};

static void on_connection(uv_stream_t* server, int status) {
  struct life* life = server->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &life->accepted), 0);
  life->met++;
}

static void on_connect(uv_connect_t* req, int status) {
  CHECK_EQ(status, 0);
  ((struct life*) req->data)->met++;
}

static void on_exit(uv_process_t* child, int64_t status, int signum) {
  CHECK_EQ(status, 0);
  CHECK_EQ(signum, 0);
  ((struct life*) child->data)->ended++;
}

static void open_sockets(struct life* life) {
  struct sockaddr_in addr;
  int size = sizeof addr;

  CHECK_EQ(uv_tcp_init(&life->loop, &life->server), 0);
  CHECK_EQ(uv_tcp_init(&life->loop, &life->client), 0);
  CHECK_EQ(uv_tcp_init(&life->loop, &life->accepted), 0);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_bind(&life->server, (const struct sockaddr*) &addr, 0), 0);
  life->server.data = life;
  CHECK_EQ(uv_listen((uv_stream_t*) &life->server, 5, on_connection), 0);
  CHECK_EQ(uv_tcp_getsockname(&life->server, (struct sockaddr*) &addr, &size), 0);
  life->connect.data = life;
  CHECK_EQ(
      uv_tcp_connect(&life->connect, &life->client, (const struct sockaddr*) &addr, on_connect), 0);
}

static void open_pipe(struct life* life) {
  uv_file fds[2];
  int i;

  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_pipe_init(&life->loop, &life->ends[i], 0), 0);
    CHECK_EQ(uv_pipe_open(&life->ends[i], fds[i]), 0);
  }
}

static void spawn(struct life* life) {
  uv_process_options_t options;
  char* args[8];

  test_child(&options, args, itself, "child");
  options.exit_cb = on_exit;
  life->child.data = life;
  CHECK_EQ(uv_spawn(&life->loop, &life->child, &options), 0);
}

static void live(void* arg) {
  struct life* life = arg;
  int round;

  CHECK_EQ(uv_loop_init(&life->loop), 0);
  for (round = 0; round < ROUNDS; round++) {
    uv_handle_t* handles[HANDLES] = {(uv_handle_t*) &life->server,   (uv_handle_t*) &life->client,
                                     (uv_handle_t*) &life->accepted, (uv_handle_t*) &life->ends[0],
                                     (uv_handle_t*) &life->ends[1],  (uv_handle_t*) &life->child};
    int i;

    life->met = life->ended = 0;
    open_sockets(life);
    open_pipe(life);
    spawn(life);
    while (life->met < 2 || life->ended < 1)
      CHECK(uv_run(&life->loop, UV_RUN_ONCE) != 0);
    for (i = 0; i < HANDLES; i++)
      uv_close(handles[i], NULL);
    CHECK_EQ(uv_run(&life->loop, UV_RUN_DEFAULT), 0);
  }
  CHECK_EQ(uv_loop_close(&life->loop), 0);
}

TEST(thread_loops_open_close_and_spawn_at_once) {
  static struct life lives[LOOPS];
  struct test_thread* threads[LOOPS];
  int i;

  if (harness_arg(0) != NULL)
    return;
  for (i = 0; i < LOOPS; i++)
    threads[i] = test_thread_start(live, &lives[i]);
  for (i = 0; i < LOOPS; i++)
    test_thread_join(threads[i]);
}
