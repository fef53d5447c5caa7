/* Pipes, handles that travel over them, and children. */
#include <string.h>

#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "pipes.h"
#include "scenarios.h"
#include "uvstream.h"

#ifndef _WIN32
#  include <unistd.h>
#endif

/* A listener with a name of its own; 0 when the scene is over. */
static int listen_at(const char* name, int ipc, int backlog, uv_connection_cb cb) {
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, ipc), 0);
  return went_on(uv_pipe_bind(&server.pipe, name)) &&
         went_on(uv_listen(&server.stream, backlog, cb));
}

static int listen_to_name(char name[TEST_PIPE_NAME], int ipc, int backlog, uv_connection_cb cb) {
  return listen_at(test_pipe_name(name, TEST_PIPE_NAME), ipc, backlog, cb);
}

static void connect_to_name(const char* name, int ipc, uv_connect_cb cb) {
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, ipc), 0);
  (void) owes_callback(uv_pipe_connect2(&connect_req, &client.pipe, name, strlen(name), 0, cb));
}

static int take_peer(uv_stream_t* listener, int status) {
  if (!has_connection(status))
    return 0;
  CHECK_EQ(uv_pipe_init(listener->loop, &peer.pipe, ((uv_pipe_t*) listener)->ipc), 0);
  take(listener, &peer);
  close_quietly(&server.handle);
  return 1;
}

/* ---- A conversation, by a name ------------------------------------------------------------ */

static void on_connection(uv_stream_t* listener, int status) {
  if (take_peer(listener, status))
    listen_to(&peer);
}

static void talk_at(const char* name, int ipc) {
  forget();
  if (!scene_begin())
    return;
  if (listen_at(name, ipc, 16, on_connection))
    connect_to_name(name, ipc, talk);
  scene_end();
  CHECK(scene_failed || (accepted == 1 && answered));
}

static void by_name(int ipc) {
  char name[TEST_PIPE_NAME];

  talk_at(test_pipe_name(name, sizeof name), ipc);
}

void scenario_pipe_talk_at(const char* name) {
  talk_at(name, 0);
}

void scenario_pipe_talk(void) {
  by_name(0);
}

TEST(e1_pipe_by_name) {
  for_every_allocation(scenario_pipe_talk);
}

void scenario_pipe_for_few(void) {
  static const uvs_access_t few = {0600, 1, 0, "D:(D;;GA;;;NU)(A;;GRGW;;;SY)"};
  uvs_access_t access = few;
  char name[TEST_PIPE_NAME];

#ifndef _WIN32
  access.group = getegid();
#endif
  forget();
  if (!scene_begin())
    return;
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  test_pipe_name(name, sizeof name);
  if (went_on(uvs_pipe_bind(&server.pipe, name, &access)) &&
      went_on(uv_listen(&server.stream, 16, on_connection)))
    connect_to_name(name, 0, talk);
  scene_end();
  CHECK(scene_failed || (accepted == 1 && answered));
}

TEST(e1_pipe_for_few) {
  for_every_allocation(scenario_pipe_for_few);
}

void scenario_ipc_talk(void) {
  by_name(1);
}

TEST(e1_ipc_by_name) {
  for_every_allocation(scenario_ipc_talk);
}

/* ---- More clients than the listener's queue holds ----------------------------------------- */

enum {
  CROWD = 12
};

static uv_pipe_t crowd[CROWD];
static uv_connect_t crowd_reqs[CROWD];

static void on_crowd_connected(uv_connect_t* req, int status) {
  (void) got_callback(status);
  close_quietly((uv_handle_t*) req->handle);
}

static void on_crowd_connection(uv_stream_t* listener, int status) {
  if (!has_connection(status))
    return;
  CHECK_EQ(uv_pipe_init(listener->loop, &peer.pipe, 0), 0);
  take(listener, &peer);
  close_quietly(&server.handle);
}

static void crowded(void) {
  char name[TEST_PIPE_NAME];
  int i;

  forget();
  if (!scene_begin())
    return;
  if (listen_to_name(name, 0, 1, on_crowd_connection)) {
    for (i = 0; i < CROWD && !scene_failed; i++) {
      CHECK_EQ(uv_pipe_init(scene, &crowd[i], 0), 0);
      (void) owes_callback(
          uv_pipe_connect2(&crowd_reqs[i], &crowd[i], name, strlen(name), 0, on_crowd_connected));
    }
    scene_fail(); /* close them while they wait */
  }
  scene_end();
}

TEST(e1_pipe_connects_that_wait) {
  long n;

  for (n = 1; n < 40; n++) {
    long live = memory_live();

    memory_fail_nth(n);
    crowded();
    memory_fail_nth(0);
    CHECK_EQ(memory_live(), live);
  }
}

/* ---- Ends of a pipe ------------------------------------------------------------------------ */

static int adopt_end(union part* part, uv_file end) {
  int r;
  int i;

  CHECK_EQ(uv_pipe_init(scene, &part->pipe, 0), 0);
  r = uv_pipe_open(&part->pipe, end);
  for (i = 0; r != 0 && i < fault_times; i++) { /* it is still ours, and good */
    check_fault(r);
    r = uv_pipe_open(&part->pipe, end);
  }
  return r;
}

/* Without the flags the ends are such as a helper thread has to serve on Windows. `share` has somebody have
 * them, too, and, called with NULL, have them no longer; or NULL. */
static void adopt_ends(int flags, void (*share)(const uv_file* ends)) {
  uv_file ends[2];

  forget();
  if (!scene_begin())
    return;
  if (went_on(uv_pipe(ends, flags, flags))) {
    if (share != NULL)
      share(ends);
    CHECK_EQ(adopt_end(&peer, ends[0]), 0);
    CHECK_EQ(adopt_end(&client, ends[1]), 0);
    overhear(&peer);
    if (!scene_failed)
      tell_part(&client);
    if (share != NULL)
      share(NULL);
  }
  scene_end();
  CHECK(scene_failed || heard_bytes == BYTES);
}

void scenario_pipe_ends(void) {
  adopt_ends(0, NULL);
}

void scenario_nonblocking_ends(void) {
  adopt_ends(UV_NONBLOCK_PIPE, NULL);
}

void scenario_shared_ends(void (*share)(const uv_file* ends)) {
  adopt_ends(UV_NONBLOCK_PIPE, share);
}

TEST(e1_open_pipe_ends) {
  for_every_allocation(scenario_pipe_ends);
}

TEST(e1_open_nonblocking_pipe_ends) {
  for_every_allocation(scenario_nonblocking_ends);
}

/* ---- A handle on its way --------------------------------------------------------------------- */

static union part sent[2], passed[2]; /* the second one where there are several */
static uv_write_t pass_req;
static unsigned passes; /* how many */
static int passes_pipe; /* and whether the first one is a pipe; the second one is */
static int tries;       /* before it writes */
static int without_room;

static int is_pipe(unsigned index) {
  return index == 1 || passes_pipe;
}

static void take_passed(uv_stream_t* stream) {
  unsigned i;

  CHECK_EQ(uv_pipe_pending_count(&peer.pipe), (int) passes); /* all of them, or none */
  for (i = 0; i < passes; i++) {
    CHECK_EQ(uv_pipe_pending_type(&peer.pipe), is_pipe(i) ? UV_NAMED_PIPE : UV_TCP);
    if (went_on(is_pipe(i) ? uv_pipe_init(scene, &passed[i].pipe, 0)
                           : uv_tcp_init(scene, &passed[i].tcp)))
      take(stream, &passed[i]);
  }
}

static void on_channel(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == UV_ENOBUFS) { /* nothing was lost: it comes with the next try (R3) */
    without_room++;
    return;
  }
  if (nread == 0)
    return;
  if (nread < 0) {
    if (nread != UV_EOF && !scene_failed)
      (void) went_on((int) nread);
    close_quietly((uv_handle_t*) stream);
    return;
  }
  if (scene_failed)
    return;
  take_passed(stream);
}

static void on_passed(uv_write_t* req, int status) {
  if (got_callback(status) && !scene_failed) {
    close_quietly((uv_handle_t*) req->send_handle);
    if (passes == 2)
      close_quietly(&sent[1].handle);
    close_quietly((uv_handle_t*) req->handle);
  }
}

/* Something to pass: a bound socket or a bound pipe. */
static int make_sent(unsigned index) {
  char name[TEST_PIPE_NAME];
  struct sockaddr_in any;

  if (is_pipe(index))
    return went_on(uv_pipe_init(scene, &sent[index].pipe, 0)) &&
           went_on(uv_pipe_bind(&sent[index].pipe, test_pipe_name(name, sizeof(name))));
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &any), 0);
  return went_on(uv_tcp_init(scene, &sent[index].tcp)) &&
         went_on(uv_tcp_bind(&sent[index].tcp, (struct sockaddr*) &any, 0));
}

static void send_both(uv_stream_t* channel) {
  uv_stream_t* handles[2] = {&sent[0].stream, &sent[1].stream};
  uv_buf_t buf = uv_buf_init(text, 1);

  if (make_sent(0) && make_sent(1))
    (void) owes_callback(
        uvs_write_handles(&pass_req, channel, &buf, 1, handles, passes, on_passed));
}

static void send_it(uv_stream_t* channel) {
  uv_buf_t buf = uv_buf_init(text, 1);
  int r = UV_EAGAIN;

  if (!make_sent(0))
    return;
  if (tries)
    r = uv_try_write2(channel, &buf, 1, &sent[0].stream);
  if (r == UV_EAGAIN) {
    (void) owes_callback(uv_write2(&pass_req, channel, &buf, 1, &sent[0].stream, on_passed));
  } else if (went_on(r)) {
    close_quietly(&sent[0].handle);
    close_quietly((uv_handle_t*) channel);
  }
}

static void on_channel_connected(uv_connect_t* req, int status) {
  if (!got_callback(status) || scene_failed)
    return;
  if (passes == 2)
    send_both(req->handle);
  else
    send_it(req->handle);
}

static void on_channel_connection(uv_stream_t* listener, int status) {
  if (take_peer(listener, status))
    (void) went_on(uv_read_start(&peer.stream, on_alloc, on_channel));
}

static void pass(unsigned count, int with_pipe, int by_try) {
  char name[TEST_PIPE_NAME];

  forget();
  passes = count;
  passes_pipe = with_pipe;
  tries = by_try;
  memset(&sent, 0xa5, sizeof(sent));
  memset(&passed, 0xa5, sizeof(passed));
  if (!scene_begin())
    return;
  if (listen_to_name(name, 1, 16, on_channel_connection))
    connect_to_name(name, 1, on_channel_connected);
  scene_end();
  CHECK(scene_failed || accepted == 1 + (int) count);
}

void scenario_pass_tcp(void) {
  pass(1, 0, 0);
}

void scenario_try_tcp(void) {
  pass(1, 0, 1);
}

void scenario_pass_pipe(void) {
  pass(1, 1, 0);
}

void scenario_pass_both(void) {
  pass(2, 0, 0);
}

TEST(e1_pass_a_handle) {
  for_every_allocation(scenario_pass_tcp);
  CHECK(without_room > 0); /* the case was met */
}

TEST(e1_pass_a_handle_by_a_try) {
  for_every_allocation(scenario_try_tcp);
}

TEST(e1_pass_a_pipe) {
  for_every_allocation(scenario_pass_pipe);
}

TEST(e1_pass_both) {
  without_room = 0;
  for_every_allocation(scenario_pass_both);
  CHECK(without_room > 0);
}

/* ---- A child ------------------------------------------------------------------------------------ */

static uv_process_t child;
static int child_ended;

static void on_exit(uv_process_t* process, int64_t status, int signal) {
  CHECK(scene_failed || (status == 0 && signal == 0));
  child_ended++;
  close_quietly((uv_handle_t*) process);
}

static void on_child_said(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(heard_bytes + (size_t) nread <= BYTES);
    memcpy(heard + heard_bytes, buf->base, (size_t) nread);
    heard_bytes += (size_t) nread;
  } else if (nread < 0 && nread != UV_ENOBUFS) {
    if (nread != UV_EOF && !scene_failed)
      (void) went_on((int) nread);
    close_quietly((uv_handle_t*) stream);
  }
}

/* A child whose descriptor 0 is the client and whose descriptor 1 is the peer; 1 when it runs. */
static int start_child(const char* test, int ipc, int flags) {
  uv_process_options_t options;
  uv_stdio_container_t stdio[3];
  char* args[8];

  child_ended = 0;
  memset(stdio, 0, sizeof(stdio));
  test_child(&options, args, test, "child");
  options.exit_cb = on_exit;
  options.stdio = stdio;
  options.stdio_count = 3;
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, ipc), 0);
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE | flags);
  stdio[0].data.stream = &client.stream;
  CHECK_EQ(uv_pipe_init(scene, &peer.pipe, 0), 0);
  stdio[1].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  stdio[1].data.stream = &peer.stream;
  return went_on(uv_spawn(scene, &child, &options)) &&
         went_on(uv_read_start(&peer.stream, on_alloc, on_child_said));
}

static void check_child(void) {
  CHECK(scene_failed || child_ended == 1);
  CHECK(scene_failed || (heard_bytes == 4 && memcmp(heard, "done", 4) == 0));
}

void scenario_spawn(void) {
  forget();
  if (!scene_begin())
    return;
  if (start_child("e1_spawn", 0, 0))
    close_quietly(&client.handle);
  scene_end();
  check_child();
}

TEST(e1_spawn) {
  if (harness_arg(0) != NULL) {
    char byte;

    while (test_fd_read(0, &byte, 1) > 0)
      continue;
    test_fd_write(1, "done", 4);
    return;
  }
  for_every_allocation(scenario_spawn);
}

/* The child takes handles from its descriptor 0 to the end, and says that it got some. */
static void on_inherited(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  while (uv_pipe_pending_count((uv_pipe_t*) stream) > 0) {
    CHECK_EQ(uv_tcp_init(stream->loop, &passed[0].tcp), 0);
    CHECK_EQ(uv_accept(stream, &passed[0].stream), 0);
    close_quietly(&passed[0].handle);
    accepted++;
  }
  if (nread < 0)
    close_quietly((uv_handle_t*) stream);
}

static void be_ipc_child(void) {
  CHECK(scene_begin());
  CHECK_EQ(uv_pipe_init(scene, &client.pipe, 1), 0);
  CHECK_EQ(uv_pipe_open(&client.pipe, 0), 0);
  CHECK_EQ(uv_read_start(&client.stream, on_alloc, on_inherited), 0);
  scene_end();
  if (accepted == 1)
    test_fd_write(1, "done", 4);
}

void scenario_spawn_ipc(void) {
  forget();
  passes = 1;
  passes_pipe = 0;
  tries = 0;
  memset(&sent, 0xa5, sizeof(sent));
  if (!scene_begin())
    return;
  if (start_child("e1_spawn_ipc", 1, UV_WRITABLE_PIPE))
    send_it(&client.stream);
  scene_end();
  check_child();
}

TEST(e1_spawn_ipc) {
  if (harness_arg(0) != NULL) {
    be_ipc_child();
    return;
  }
  for_every_allocation(scenario_spawn_ipc);
}
