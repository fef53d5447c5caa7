/* Named pipes whose system lacks something for longer than a moment, or for good: memory for instances, an
 * instance, the wait for one; and what only the clock of the model makes short. */
#include <string.h>

#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "parts.h"
#include "pipes.h"
#include "scenarios.h"

enum {
  CLIENTS = 6,
  SEEDS = 10,
  WAIT_MS = 30000 /* for an instance, as the documentation has it */
};

static uv_pipe_t clients[CLIENTS];
static uv_pipe_t peers[CLIENTS];
static uv_connect_t reqs[CLIENTS];
static uv_timer_t timer;
static int connected;
static int lacked; /* how often the listener was told so */
static int instances;
static DWORD shortage;

static void each_seed(void (*what)(uint64_t seed)) {
  uint64_t seed;

  nt_end();
  for (seed = 1; seed <= SEEDS; seed++) {
    nt_begin(seed);
    connected = 0;
    lacked = 0;
    accepted = 0;
    what(seed);
    nt_end();
  }
  nt_begin(1);
}

static void begin(void) {
  forget();
  fault_error = 0;
  fault_also = 0;
  CHECK(scene_begin());
}

static void on_connected(uv_connect_t* req, int status) {
  CHECK_EQ(status, 0);
  (void) req;
  connected++;
}

static void connect_all(const char* name) {
  int i;

  for (i = 0; i < CLIENTS; i++) {
    CHECK_EQ(uv_pipe_init(scene, &clients[i], 0), 0);
    CHECK_EQ(uv_pipe_connect2(&reqs[i], &clients[i], name, strlen(name), 0, on_connected), 0);
  }
}

static void close_all(void) {
  int i;

  for (i = 0; i < CLIENTS; i++) {
    close_quietly((uv_handle_t*) &clients[i]);
    close_quietly((uv_handle_t*) &peers[i]);
  }
  close_quietly(&server.handle);
  close_quietly((uv_handle_t*) &timer);
}

/* ---- A listener without memory ---- */

static void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) {
    CHECK_EQ(status, UV_ENOMEM);
    lacked++;
    return;
  }
  CHECK(accepted < CLIENTS);
  CHECK_EQ(uv_pipe_init(scene, &peers[accepted], 0), 0);
  if (uv_accept(listener, (uv_stream_t*) &peers[accepted]) == 0)
    accepted++;
  if (accepted == CLIENTS)
    close_all();
}

static void end_shortage(uv_timer_t* handle) {
  (void) handle;
  faults_plan(CALL_ReadFile, ANY_FORM, 0, 0);
  fault_times = 1;
}

/* Nothing of that kind is to be had from the first time on, for a second. */
static void lack(enum fault_call call) {
  fault_times = 1000000;
  faults_plan(call, ANY_FORM, 1, shortage);
  CHECK_EQ(uv_timer_init(scene, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, end_shortage, 1000, 0), 0);
}

static void serve_without(enum fault_call call) {
  char name[TEST_PIPE_NAME];

  begin();
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, test_pipe_name(name, sizeof(name))), 0);
  uv_pipe_pending_instances(&server.pipe, instances);
  lack(call);
  CHECK_EQ(uv_listen(&server.stream, 16, on_connection), 0);
  connect_all(name);
  scene_end();
  CHECK_EQ(connected, CLIENTS);
  CHECK_EQ(accepted, CLIENTS);
}

static void serve_without_waits(uint64_t seed) {
  (void) seed;
  serve_without(CALL_ConnectNamedPipe);
}

static void serve_without_instances(uint64_t seed) {
  (void) seed;
  serve_without(CALL_CreateNamedPipeW);
}

/* Clients that came to an instance which could not wait are served when it can. */
TEST(a4_pipe_clients_wait_out_a_shortage_of_waits) {
  shortage = ERROR_NO_SYSTEM_RESOURCES;
  for (instances = 1; instances < CLIENTS; instances += 2)
    each_seed(serve_without_waits);
}

TEST(a4_pipe_clients_wait_out_a_shortage_of_instances) {
  shortage = ERROR_NOT_ENOUGH_MEMORY;
  for (instances = 1; instances < CLIENTS; instances += 2)
    each_seed(serve_without_instances);
}

/* ---- A client without memory ---- */

static uv_write_t said;
static uv_shutdown_t half;
static int ends;

static void on_answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread == 0)
    return;
  CHECK_EQ(nread, 1);
  CHECK_EQ(buf->base[0], 'a');
  close_quietly((uv_handle_t*) &clients[0]);
  close_quietly((uv_handle_t*) &peers[0]);
  close_quietly(&server.handle);
  close_quietly((uv_handle_t*) &timer);
}

static void on_end(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  uv_buf_t answer = uv_buf_init((char*) "a", 1);

  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, UV_EOF);
  ends++;
  CHECK_EQ(uv_write(&said, stream, &answer, 1, NULL), 0);
}

static void on_one_that_listens(uv_stream_t* listener, int status) {
  uv_stream_t* peer_of = (uv_stream_t*) &peers[0];

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(scene, &peers[0], 0), 0);
  CHECK_EQ(uv_accept(listener, peer_of), 0);
  CHECK_EQ(uv_read_start(peer_of, on_alloc, on_answer), 0);
  CHECK_EQ(uv_shutdown(&half, peer_of, NULL), 0);
}

static void end_half_without_writes(uint64_t seed) {
  char name[TEST_PIPE_NAME];

  (void) seed;
  ends = 0;
  begin();
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, test_pipe_name(name, sizeof(name))), 0);
  CHECK_EQ(uv_listen(&server.stream, 1, on_one_that_listens), 0);
  lack(CALL_WriteFile);
  CHECK_EQ(uv_pipe_init(scene, &clients[0], 0), 0);
  CHECK_EQ(uv_pipe_connect2(&reqs[0], &clients[0], name, strlen(name), 0, on_connected), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &clients[0], on_alloc, on_end), 0);
  scene_end();
  CHECK_EQ(connected, 1);
  CHECK_EQ(ends, 1);
}

/* Its greeting goes when there is memory: without it the server would not say that one direction has ended. */
TEST(p6_pipe_client_greets_after_a_shortage) {
  shortage = ERROR_NO_SYSTEM_RESOURCES;
  each_seed(end_half_without_writes);
}

/* ---- Clients that wait ---- */

static void on_one_of_many(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(scene, &peers[accepted], 0), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &peers[accepted]), 0);
  accepted++;
  if (accepted == CLIENTS)
    close_all();
}

static void wait_for_instances(uint64_t seed) {
  char name[TEST_PIPE_NAME];

  nt_pipes_have_folder = seed % 2 == 0;
  begin();
  CHECK_EQ(uv_timer_init(scene, &timer), 0);
  CHECK_EQ(uv_pipe_init(scene, &server.pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server.pipe, test_pipe_name(name, sizeof(name))), 0);
  uv_pipe_pending_instances(&server.pipe, 1);
  CHECK_EQ(uv_listen(&server.stream, 1, on_one_of_many), 0);
  connect_all(name);
  scene_end();
  CHECK_EQ(connected, CLIENTS);
}

/* Also where the folder of pipes cannot be opened, so that the system does not
 * tell when there is an instance. */
TEST(p1_clients_wait_for_an_instance_without_the_system) {
  each_seed(wait_for_instances);
}

static void on_refused(uv_connect_t* req, int status) {
  CHECK_EQ(status, UV_ETIMEDOUT);
  CHECK(uv_now(req->handle->loop) - *(uint64_t*) req->data >= WAIT_MS);
  uv_close((uv_handle_t*) req->handle, NULL);
  connected++;
}

/* On a loop without the watchdog of a scene, which has less patience. */
static void wait_too_long(uint64_t seed) {
  char name[TEST_PIPE_NAME];
  uv_loop_t loop;
  uint64_t began;
  HANDLE end;
  HANDLE other;

  nt_pipes_have_folder = seed % 2 == 0;
  test_pipe_name(name, sizeof(name));
  end = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
  CHECK(end != INVALID_HANDLE_VALUE);
  other = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(other != INVALID_HANDLE_VALUE);
  CHECK_EQ(uv_loop_init(&loop), 0);
  began = uv_now(&loop);
  CHECK_EQ(uv_pipe_init(&loop, &clients[0], 0), 0);
  reqs[0].data = &began;
  CHECK_EQ(uv_pipe_connect2(&reqs[0], &clients[0], name, strlen(name), 0, on_refused), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(connected, 1);
  CHECK_EQ(uv_loop_close(&loop), 0);
  CHECK(CloseHandle(other) && CloseHandle(end));
}

/* Half a minute, and not less by a tick. */
TEST(p1_client_does_not_wait_for_an_instance_for_ever) {
  each_seed(wait_too_long);
}

/* ---- Ends that somebody else has, too ------------------------------------------------------- */

static void share(const uv_file* pair) {
  static HANDLE others[2];
  HANDLE self = GetCurrentProcess();
  int i;

  faults_pause(1);
  for (i = 0; i < 2; i++) {
    if (pair == NULL)
      CHECK(CloseHandle(others[i]));
    else
      CHECK(DuplicateHandle(self, uv_get_osfhandle(pair[i]), self, &others[i], 0, FALSE,
                            DUPLICATE_SAME_ACCESS));
  }
  faults_pause(0);
}

static void scenario_shared(void) {
  scenario_shared_ends(share);
}

TEST(e1_windows_in_shared_pipe_ends) {
  FAIL_CALLS_OF(scenario_shared, CALL_CreateEventW, CALL_RegisterWaitForSingleObject, CALL_ReadFile,
                CALL_WriteFile);
}

TEST(e1_memory_in_shared_pipe_ends) {
  for_every_allocation(scenario_shared);
}
