/* Files through streams. */
#include "uvstream.h"

#include <stdio.h>
#include <string.h>
#ifdef _WIN32
#  include <io.h>
#else
#  include <unistd.h>
#endif

#include "every.h"
#include "harness.h"
#include "net.h"
#include "parts.h"
#include "pipes.h"
#include "scenarios.h"

enum {
  LENGTH = 70000 /* two pieces where it is copied */
};

static char path[600];
static uv_file file;
static struct sockaddr_in address;
static uvs_send_file_t file_req;
static uv_shutdown_t file_shutdown;
static uint64_t came;

void scene_make_file(void) {
  static char bytes[LENGTH];

  file = test_fd_make(path, sizeof(path), "fault");
  pattern_fill(bytes, LENGTH, 0);
  test_fd_write(file, bytes, LENGTH);
}

void scene_remove_file(void) {
  test_fd_close(file);
  CHECK_EQ(remove(path), 0);
}

static void on_much(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  static char bytes[16384];

  (void) handle;
  (void) size;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_bytes(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread >= 0) {
    pattern_check(buf->base, (size_t) nread, came);
    came += (uint64_t) nread;
    return;
  }
  if (nread != UV_EOF && !scene_failed)
    (void) went_on((int) nread);
  close_quietly((uv_handle_t*) stream);
}

static void on_shut(uv_shutdown_t* req, int status) {
  if (got_callback(status))
    close_quietly((uv_handle_t*) req->handle);
}

static void on_sent(uvs_send_file_t* req, int status) {
  if (!got_callback(status) || scene_failed)
    return;
  CHECK_EQ(req->sent, LENGTH);
  (void) owes_callback(uv_shutdown(&file_shutdown, req->handle, on_shut));
}

static void send_it(uv_stream_t* stream) {
  (void) owes_callback(uvs_send_file(&file_req, stream, file, 0, LENGTH, NULL, on_sent));
}

static void on_connected(uv_connect_t* req, int status) {
  if (got_callback(status) && !scene_failed)
    send_it(req->handle);
}

static void on_connection(uv_stream_t* listener, int status) {
  if (!has_connection(status) || !went_on(uv_tcp_init(listener->loop, &peer.tcp)))
    return;
  take(listener, &peer);
  close_quietly(&server.handle);
  (void) went_on(uv_read_start(&peer.stream, on_much, on_bytes));
}

void scenario_tcp_file(void) {
  int len = (int) sizeof(address);

  forget();
  came = 0;
  if (!scene_begin())
    return;
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &address), 0);
  if (went_on(uv_tcp_init(scene, &server.tcp)) &&
      went_on(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &address, 0)) &&
      went_on(uv_listen(&server.stream, 16, on_connection)) &&
      went_on(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &address, &len)) &&
      went_on(uv_tcp_init(scene, &client.tcp)))
    (void) owes_callback(
        uv_tcp_connect(&connect_req, &client.tcp, (const struct sockaddr*) &address, on_connected));
  scene_end();
  CHECK(scene_failed || came == LENGTH);
}

void scenario_pipe_file(void) {
  union part* parts[2] = {&peer, &client};
  uv_file ends[2];
  int i;

  forget();
  came = 0;
  if (!scene_begin())
    return;
  if (went_on(uv_pipe(ends, 0, 0))) {
    for (i = 0; i < 2; i++) {
      int r;
      int tries;

      CHECK_EQ(uv_pipe_init(scene, &parts[i]->pipe, 0), 0);
      r = uv_pipe_open(&parts[i]->pipe, ends[i]);
      for (tries = 0; r != 0 && tries < fault_times; tries++) {
        check_fault(r);
        r = uv_pipe_open(&parts[i]->pipe, ends[i]);
      }
      CHECK_EQ(r, 0);
    }
    if (went_on(uv_read_start(&peer.stream, on_much, on_bytes)))
      send_it(&client.stream);
  }
  scene_end();
  CHECK(scene_failed || came == LENGTH);
}

TEST(e1_file_over_tcp) {
  scene_make_file();
  for_every_allocation(scenario_tcp_file);
  scene_remove_file();
}

TEST(e1_file_over_a_pipe) {
  scene_make_file();
  for_every_allocation(scenario_pipe_file);
  scene_remove_file();
}
