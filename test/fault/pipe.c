/* Pipes, handles that travel over them, and children. */
#include <string.h>

#include "every.h"
#include "harness.h"
#include "memory.h"
#include "pipes.h"

enum {
  PIECES = 9 /* more buffers than a request has room for */
};

static uv_pipe_t server, client, peer;
static uv_connect_t connect_req;
static uv_shutdown_t shutdown_req;
static uv_write_t write_req;
static char text[PIECES + 1] = "123456789";
static char heard[64], input[64];
static size_t heard_bytes;
static int accepted;

static void forget(void) {
  memset(&server, 0xa5, sizeof(server));
  memset(&client, 0xa5, sizeof(client));
  memset(&peer, 0xa5, sizeof(peer));
  memset(heard, 0, sizeof(heard));
  heard_bytes = 0;
  accepted = 0;
}

static void on_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  *buf = uv_buf_init(input, sizeof(input));
}

static void close_quietly(uv_handle_t* handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void on_peer_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(heard_bytes + (size_t) nread < sizeof(heard));
    memcpy(heard + heard_bytes, buf->base, (size_t) nread);
    heard_bytes += (size_t) nread;
  } else if (nread < 0 && nread != UV_ENOBUFS) {
    CHECK(nread == UV_EOF || scene_failed);
    close_quietly((uv_handle_t*) stream);
  }
}

static void on_connection(uv_stream_t* listener, int status) {
  int r;

  if (status != 0) {
    CHECK_EQ(status, UV_ENOMEM);
    return;
  }
  CHECK_EQ(uv_pipe_init(listener->loop, &peer, 0), 0);
  r = uv_accept(listener, (uv_stream_t*) &peer);
  if (r == UV_ENOMEM) /* it has not been lost: the next try has the memory */
    r = uv_accept(listener, (uv_stream_t*) &peer);
  CHECK_EQ(r, 0);
  accepted++;
  close_quietly((uv_handle_t*) listener);
  (void) went_on(uv_read_start((uv_stream_t*) &peer, on_alloc, on_peer_read));
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  if (got_callback(status) && !scene_failed)
    close_quietly((uv_handle_t*) req->handle);
}

static void on_connected(uv_connect_t* req, int status) {
  uv_buf_t bufs[PIECES];
  int i;

  if (!got_callback(status) || scene_failed)
    return;
  for (i = 0; i < PIECES; i++)
    bufs[i] = uv_buf_init(text + i, 1);
  if (owes_callback(uv_write(&write_req, req->handle, bufs, PIECES, on_written)))
    (void) owes_callback(uv_shutdown(&shutdown_req, req->handle, on_shutdown));
}

/* ---- By a name ------------------------------------------------------------------------- */

static void by_name(void) {
  char name[TEST_PIPE_NAME];

  forget();
  if (!scene_begin())
    return;
  CHECK_EQ(uv_pipe_init(scene, &server, 0), 0);
  if (went_on(uv_pipe_bind(&server, test_pipe_name(name, sizeof(name)))) &&
      went_on(uv_listen((uv_stream_t*) &server, 16, on_connection))) {
    CHECK_EQ(uv_pipe_init(scene, &client, 0), 0);
    (void) owes_callback(
        uv_pipe_connect2(&connect_req, &client, name, strlen(name), 0, on_connected));
  }
  scene_end();
  CHECK(scene_failed || accepted == 1);
  CHECK(scene_failed || strcmp(heard, text) == 0);
}

TEST(e1_pipe_by_name) {
  for_every_allocation(by_name);
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
  int r;

  if (status != 0) {
    CHECK_EQ(status, UV_ENOMEM);
    return;
  }
  CHECK_EQ(uv_pipe_init(listener->loop, &peer, 0), 0);
  r = uv_accept(listener, (uv_stream_t*) &peer);
  if (r == UV_ENOMEM)
    r = uv_accept(listener, (uv_stream_t*) &peer);
  CHECK_EQ(r, 0);
  close_quietly((uv_handle_t*) listener);
}

static void crowded(void) {
  char name[TEST_PIPE_NAME];
  int i;

  forget();
  if (!scene_begin())
    return;
  CHECK_EQ(uv_pipe_init(scene, &server, 0), 0);
  if (went_on(uv_pipe_bind(&server, test_pipe_name(name, sizeof(name)))) &&
      went_on(uv_listen((uv_stream_t*) &server, 1, on_crowd_connection))) {
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

static void adopt_ends(void) {
  uv_pipe_t* pipes[2] = {&client, &peer};
  uv_file ends[2];
  int i;

  forget();
  if (!scene_begin())
    return;
  CHECK_EQ(uv_pipe(ends, 0, 0), 0);
  for (i = 0; i < 2; i++) {
    int r;

    CHECK_EQ(uv_pipe_init(scene, pipes[i], 0), 0);
    r = uv_pipe_open(pipes[i], ends[i]);
    if (r != 0) { /* it is still ours, and good */
      CHECK_EQ(r, UV_ENOMEM);
      r = uv_pipe_open(pipes[i], ends[i]);
    }
    CHECK_EQ(r, 0);
  }
  scene_end();
}

TEST(e1_open_pipe_ends) {
  for_every_allocation(adopt_ends);
}

/* ---- A handle on its way --------------------------------------------------------------------- */

static uv_tcp_t tcp, passed;
static int without_room;

static void on_channel(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == UV_ENOBUFS) { /* nothing was lost: it comes with the next try (R3) */
    without_room++;
    return;
  }
  if (nread == 0)
    return;
  if (nread < 0) {
    CHECK(nread == UV_EOF || scene_failed);
    close_quietly((uv_handle_t*) stream);
    return;
  }
  CHECK_EQ(uv_pipe_pending_count(&peer), 1);
  if (went_on(uv_tcp_init(scene, &passed))) {
    int r = uv_accept(stream, (uv_stream_t*) &passed);
    if (r == UV_ENOMEM) /* it still waits */
      r = uv_accept(stream, (uv_stream_t*) &passed);
    CHECK_EQ(r, 0);
    accepted++;
  }
}

static void on_passed(uv_write_t* req, int status) {
  if (got_callback(status) && !scene_failed) {
    close_quietly((uv_handle_t*) req->send_handle);
    close_quietly((uv_handle_t*) req->handle);
  }
}

static void on_channel_connected(uv_connect_t* req, int status) {
  uv_buf_t buf = uv_buf_init(text, 1);
  struct sockaddr_in any;

  if (!got_callback(status) || scene_failed)
    return;
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &any), 0);
  if (went_on(uv_tcp_init(scene, &tcp)) && went_on(uv_tcp_bind(&tcp, (struct sockaddr*) &any, 0)))
    (void) owes_callback(
        uv_write2(&write_req, req->handle, &buf, 1, (uv_stream_t*) &tcp, on_passed));
}

static void on_channel_connection(uv_stream_t* listener, int status) {
  int r;

  if (status != 0) {
    CHECK_EQ(status, UV_ENOMEM);
    return;
  }
  CHECK_EQ(uv_pipe_init(listener->loop, &peer, 1), 0);
  r = uv_accept(listener, (uv_stream_t*) &peer);
  if (r == UV_ENOMEM)
    r = uv_accept(listener, (uv_stream_t*) &peer);
  CHECK_EQ(r, 0);
  close_quietly((uv_handle_t*) listener);
  (void) went_on(uv_read_start((uv_stream_t*) &peer, on_alloc, on_channel));
}

static void pass(void) {
  char name[TEST_PIPE_NAME];

  forget();
  memset(&tcp, 0xa5, sizeof(tcp));
  memset(&passed, 0xa5, sizeof(passed));
  if (!scene_begin())
    return;
  CHECK_EQ(uv_pipe_init(scene, &server, 1), 0);
  if (went_on(uv_pipe_bind(&server, test_pipe_name(name, sizeof(name)))) &&
      went_on(uv_listen((uv_stream_t*) &server, 16, on_channel_connection))) {
    CHECK_EQ(uv_pipe_init(scene, &client, 1), 0);
    (void) owes_callback(
        uv_pipe_connect2(&connect_req, &client, name, strlen(name), 0, on_channel_connected));
  }
  scene_end();
  CHECK(scene_failed || accepted == 1);
}

TEST(e1_pass_a_handle) {
  for_every_allocation(pass);
  CHECK(without_room > 0); /* the case was met */
}

/* ---- A child ------------------------------------------------------------------------------------ */

static uv_process_t child;
static int child_ended;

static void on_exit(uv_process_t* process, int64_t status, int signal) {
  CHECK(scene_failed || (status == 0 && signal == 0));
  child_ended++;
  close_quietly((uv_handle_t*) process);
}

static void start_child(void) {
  uv_process_options_t options;
  uv_stdio_container_t stdio[3];
  char* args[8];
  int r;

  forget();
  if (!scene_begin())
    return;
  child_ended = 0;
  memset(stdio, 0, sizeof(stdio));
  test_child(&options, args, "e1_spawn", "child");
  options.exit_cb = on_exit;
  options.stdio = stdio;
  options.stdio_count = 3;
  CHECK_EQ(uv_pipe_init(scene, &client, 0), 0);
  stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
  stdio[0].data.stream = (uv_stream_t*) &client;
  CHECK_EQ(uv_pipe_init(scene, &peer, 0), 0);
  stdio[1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
  stdio[1].data.stream = (uv_stream_t*) &peer;
  r = uv_spawn(scene, &child, &options);
  if (went_on(r) && went_on(uv_read_start((uv_stream_t*) &peer, on_alloc, on_peer_read)))
    close_quietly((uv_handle_t*) &client);
  scene_end();
  CHECK(scene_failed || child_ended == 1);
  CHECK(scene_failed || strcmp(heard, "done") == 0);
}

TEST(e1_spawn) {
  if (harness_arg(0) != NULL) {
    char byte;

    while (test_fd_read(0, &byte, 1) > 0)
      continue;
    test_fd_write(1, "done", 4);
    return;
  }
  for_every_allocation(start_child);
}
