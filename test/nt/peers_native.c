/* Who is at the other end of a pipe, while each call of Windows that tells it fails once (rules E1, X4): less
 * is known then, and nobody is trusted for it. */
#include <string.h>

#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "memory.h"
#include "shortages_native.h"
#include "uvstream.h"

#define NAME "\\\\.\\pipe\\peers"

struct ends {
  uv_loop_t loop;
  uv_pipe_t listener;
  uv_pipe_t client;
  uv_pipe_t server;
  uvs_pipe_connect_t connect;
  int status;
  int met;
};

static void arrive(uv_stream_t* listener, int status) {
  struct ends* ends = listener->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &ends->server), 0);
  ends->met++;
}

static void meet(uvs_pipe_connect_t* req, int status) {
  struct ends* ends = req->data;

  ends->status = status;
  ends->met++;
}

/* A connection of this process with itself. */
static void begin(struct ends* ends) {
  memset(ends, 0, sizeof(*ends));
  CHECK_EQ(uv_loop_init(&ends->loop), 0);
  CHECK_EQ(uv_pipe_init(&ends->loop, &ends->listener, 0), 0);
  CHECK_EQ(uv_pipe_init(&ends->loop, &ends->client, 0), 0);
  CHECK_EQ(uv_pipe_init(&ends->loop, &ends->server, 0), 0);
  ends->listener.data = ends;
  ends->connect.data = ends;
  CHECK_EQ(uv_pipe_bind(&ends->listener, NAME), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &ends->listener, 8, arrive), 0);
  CHECK_EQ(uvs_pipe_connect(&ends->connect, &ends->client, NAME, NULL, meet), 0);
}

static void end(struct ends* ends) {
  uv_close((uv_handle_t*) &ends->listener, NULL);
  uv_close((uv_handle_t*) &ends->client, NULL);
  uv_close((uv_handle_t*) &ends->server, NULL);
  CHECK_EQ(uv_run(&ends->loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&ends->loop), 0);
}

static int ask(const uv_pipe_t* pipe) {
  uvs_peer_t before;
  uvs_peer_t peer;
  int r;

  memset(&before, 0x5b, sizeof(before));
  peer = before;
  faults_pause(0);
  r = uvs_pipe_peer(pipe, &peer);
  faults_pause(1);
  if (r < 0) {
    CHECK_EQ(memcmp(&peer, &before, sizeof(peer)), 0);
    return r;
  }
  CHECK((peer.known & UVS_PEER_USER) != 0 || (peer.user[0] == '\0' && !peer.is_trusted));
  CHECK(!(peer.known & UVS_PEER_PROCESS) || peer.pid == uv_os_getpid());
  return 0;
}

static int ask_one(int of_client) {
  struct ends ends;
  int r;

  memory_fail_nth(0);
  faults_pause(1);
  begin(&ends);
  while (ends.met < 2)
    CHECK(uv_run(&ends.loop, UV_RUN_ONCE) != 0);
  CHECK_EQ(ends.status, 0);
  r = ask(of_client ? &ends.server : &ends.client);
  end(&ends);
  faults_pause(0);
  return r;
}

static int ask_client(void) {
  return ask_one(1);
}

static int ask_server(void) {
  return ask_one(0);
}

/* What cannot be known is not trusted. */
static int connect_to_the_expected(void) {
  struct ends ends;

  memory_fail_nth(0);
  faults_pause(1);
  begin(&ends);
  while (ends.met < 2) {
    faults_pause(!faults_are_of(CALL_GetKernelObjectSecurity));
    CHECK(uv_run(&ends.loop, UV_RUN_ONCE) != 0);
    faults_pause(1);
  }
  if (ends.status != 0)
    CHECK_EQ(ends.status, UV_EACCES);
  end(&ends);
  faults_pause(0);
  return ends.status == 0 ? 0 : fault_error;
}

TEST(e1_windows_in_asking_who_is_there) {
  static const enum fault_call of_client[] = {CALL_GetNamedPipeClientProcessId};
  static const enum fault_call of_server[] = {CALL_GetNamedPipeServerProcessId};
  static const enum fault_call expected[] = {CALL_GetKernelObjectSecurity};

  shortages_in(ask_client, of_client, 1);
  shortages_in(ask_server, of_server, 1);
  shortages_in(connect_to_the_expected, expected, 1);
}
