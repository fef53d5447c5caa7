/* Pipes of other machines (rule P1), of which this one is, by its names of the loopback: Windows goes
 * the way over the network to them, the model of NT too, and Wine knows none. */
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <io.h>

#include "harness.h"
#include "import.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

enum {
  LONG_MS = 10000 /* a close does not take it, on any machine */
};

static uv_pipe_t client;
static uv_pipe_t served;
static uv_connect_t req;
static char own[TEST_PIPE_NAME];
static char remote[TEST_PIPE_NAME + 32];

static int told;
static int told_status;

static void note_connect(uv_connect_t* connect, int status) {
  CHECK(connect == &req);
  told++;
  told_status = status;
}

static const char* remote_name(const char* machine) {
  const char* prefix = "\\\\.\\pipe\\";

  test_pipe_name(own, sizeof own);
  CHECK(strlen(own) > strlen(prefix));
  snprintf(remote, sizeof remote, "\\\\%s\\pipe\\%s", machine, own + strlen(prefix));
  return remote;
}

static void begin_connect(const char* name) {
  told = 0;
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  CHECK_EQ(uv_pipe_connect2(&req, &client, name, strlen(name), 0, note_connect), 0);
}

/* An instance that clients of other machines may come to. */
static HANDLE make_instance(DWORD instances) {
  HANDLE handle = CreateNamedPipeA(own, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                   PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, instances,
                                   65536, 65536, 0, NULL);

  CHECK(handle != INVALID_HANDLE_VALUE);
  return handle;
}

static void serve(HANDLE instance) {
  uv_file fd = _open_osfhandle((intptr_t) instance, _O_RDWR | _O_BINARY);

  CHECK(fd >= 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &served, 0), 0);
  CHECK_EQ(uv_pipe_open(&served, fd), 0);
}

static void need_way(HANDLE instance) {
  if (told_status == 0)
    return;
  CHECK(CloseHandle(instance));
  net_close((uv_handle_t*) &client);
  SKIP("this system does not lead to its own pipes over the network");
}

static void talk(uv_stream_t* from, uv_stream_t* to) {
  struct net_sink sink = {0};
  int sent = 0;

  net_drain(to, &sink);
  net_send(from, 1000, 0, &sent);
  net_until(&sent, 1);
  net_until_bytes(&sink, 1000);
  CHECK_EQ(sink.bytes, 1000);
  CHECK_EQ(uv_read_stop(to), 0);
}

TEST(p1_pipe_of_another_machine) {
  const char* name = remote_name("localhost");
  char found[sizeof remote];
  size_t size = sizeof found;
  HANDLE instance = make_instance(1);

  begin_connect(name);
  CHECK_EQ(told, 0);
  CHECK_EQ(uv_pipe_getpeername(&client, found, &size), UV_ENOTCONN);
  net_until(&told, 1);
  need_way(instance);
  size = sizeof found;
  CHECK_EQ(uv_pipe_getpeername(&client, found, &size), 0);
  CHECK_STR(found, name);
  CHECK_EQ(size, strlen(name));
  size = sizeof found;
  CHECK_EQ(uv_pipe_getsockname(&client, found, &size), 0);
  CHECK_STR(found, "");
  size = 5;
  CHECK_EQ(uv_pipe_getpeername(&client, found, &size), UV_ENOBUFS);
  CHECK_EQ(size, strlen(name) + 1);
  serve(instance);
  talk((uv_stream_t*) &client, (uv_stream_t*) &served);
  talk((uv_stream_t*) &served, (uv_stream_t*) &client);
  net_close((uv_handle_t*) &client);
  net_close((uv_handle_t*) &served);
  net_end();
}

TEST(p1_pipe_of_another_machine_by_slashes) {
  HANDLE instance;
  char* c;

  (void) remote_name("LocalHost");
  for (c = remote; *c != '\0'; c++)
    if (*c == '\\')
      *c = '/';
  instance = make_instance(1);
  begin_connect(remote);
  net_until(&told, 1);
  need_way(instance);
  CHECK(CloseHandle(instance));
  net_close((uv_handle_t*) &client);
  net_end();
}

IMPORTED(WaitNamedPipeW)

typedef BOOL(WINAPI* wait_fn)(LPCWSTR name, DWORD timeout);
static wait_fn wait_for_instance;
static volatile LONG waits;

static BOOL WINAPI note_wait(LPCWSTR name, DWORD timeout) {
  InterlockedIncrement(&waits);
  return wait_for_instance(name, timeout);
}

/* All instances are in use, until one comes. */
TEST(p3_client_of_another_machine_waits_for_an_instance) {
  const char* name = remote_name("localhost");
  HANDLE instance = make_instance(2);
  HANDLE taken = CreateFileA(own, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  HANDLE next;

  CHECK(taken != INVALID_HANDLE_VALUE);
  wait_for_instance = (wait_fn) import_replace(IMPORT(WaitNamedPipeW), (import_function) note_wait);
  begin_connect(name);
  while (InterlockedCompareExchange(&waits, 0, 0) == 0 && told == 0)
    net_turns(1);
  if (told > 0)
    need_way(instance);
  CHECK_EQ(told, 0);
  next = make_instance(2);
  net_until(&told, 1);
  CHECK_EQ(told_status, 0);
  CHECK(CloseHandle(taken) && CloseHandle(instance) && CloseHandle(next));
  net_close((uv_handle_t*) &client);
  net_end();
}

TEST(p1_pipe_that_another_machine_has_not) {
  begin_connect(remote_name("127.0.0.1"));
  net_until(&told, 1);
  CHECK(told_status < 0 && told_status != UV_ECANCELED);
  told = 0; /* It is no different the second time. */
  CHECK_EQ(uv_pipe_connect2(&req, &client, remote, strlen(remote), 0, note_connect), 0);
  net_until(&told, 1);
  CHECK(told_status < 0 && told_status != UV_ECANCELED);
  net_close((uv_handle_t*) &client);
  net_end();
}

TEST(e1_connect_to_another_machine_without_memory) {
  const char* name = remote_name("localhost");
  HANDLE instance = make_instance(1);
  long n;

  begin_connect(name);
  net_until(&told, 1);
  need_way(instance);
  net_close((uv_handle_t*) &client);
  for (n = 1; told_status != 0 || n == 1; n++) {
    long live = memory_live();

    CHECK(CloseHandle(instance));
    instance = make_instance(1);
    memory_fail_nth(n);
    begin_connect(name);
    net_until(&told, 1);
    memory_fail_nth(0);
    CHECK(told_status == 0 || told_status == UV_ENOMEM);
    CHECK(told_status == 0 || n < 10);
    net_close((uv_handle_t*) &client);
    CHECK_EQ(memory_live(), live);
  }
  CHECK(n > 3);
  CHECK(CloseHandle(instance));
  net_end();
}

/* A server of this library has no clients of other machines (P2). */
TEST(p2_client_of_another_machine_is_refused) {
  static uv_pipe_t server;
  const char* name = remote_name("localhost");

  CHECK_EQ(uv_pipe_init(net_loop(), &server, 0), 0);
  CHECK_EQ(uv_pipe_bind(&server, own), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) &server, 1, NULL), 0);
  begin_connect(name);
  net_until(&told, 1);
  CHECK(told_status < 0 && told_status != UV_ECANCELED);
  net_close((uv_handle_t*) &client);
  net_close((uv_handle_t*) &server);
  net_end();
}

TEST(p1_pipes_are_not_made_on_another_machine) {
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&pipe, remote_name("localhost")), UV_EINVAL);
  CHECK_EQ(uv_pipe_bind(&pipe, "\\\\localhost\\pipe\\"), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "\\\\localhost\\pipe\\", 17, 0, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "\\\\localhost\\pip\\e", 17, 0, note_connect), UV_EINVAL);
  CHECK_EQ(uv_pipe_connect2(&req, &pipe, "\\\\\\pipe\\nobody", 14, 0, note_connect), UV_EINVAL);
  net_close((uv_handle_t*) &pipe);
  net_end();
}

/* ---- Closing meanwhile ---- */

static int closed;
static int late;

static void note_close(uv_handle_t* handle) {
  CHECK_EQ(told, 1); /* L5 */
  CHECK_EQ(late, 0);
  memset(handle, 0x5c, sizeof(uv_pipe_t));
  closed++;
}

static void note_late(uv_timer_t* timer) {
  (void) timer;
  late++;
}

/* What was done for a stream that is gone is over when the network has answered, and then nothing of it
 * is left. No callback tells. */
static void await_answers(long live) {
  while (memory_live() > live)
    uv_sleep(20);
}

static void close_after(const char* name, int turns) {
  uv_timer_t timer;

  closed = 0;
  begin_connect(name);
  net_turns(turns);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_late, LONG_MS, 0), 0);
  uv_close((uv_handle_t*) &client, note_close);
  net_until(&closed, 1);
  CHECK(turns > 0 || told_status == UV_ECANCELED);
  net_close((uv_handle_t*) &timer);
}

TEST(c2_close_does_not_wait_for_the_network) {
  const char* name = remote_name("nowhere.invalid");

  close_after(name, 0);
  close_after(name, 1);
  close_after(name, 5);
  net_end();
  await_answers(0);
}

/* What was opened for a stream that is gone is closed: the instance becomes free again. In some of these
 * turns the helper has opened it and the loop has not heard so. */
TEST(c2_close_before_another_machine_answers) {
  const char* name = remote_name("localhost");
  HANDLE instance = make_instance(1);
  int turns;

  for (turns = 0; turns < 30; turns++)
    close_after(name, turns);
  CHECK(CloseHandle(instance));
  net_end();
  await_answers(0);
}

/* The loop is gone before the network answers. */
TEST(c2_loop_ends_before_another_machine_answers) {
  const char* name = remote_name("localhost");
  HANDLE instance = make_instance(1);
  long live = memory_live();
  uv_loop_t loop;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_pipe_init(&loop, &client, 1), 0);
  told = 0;
  CHECK_EQ(uv_pipe_connect2(&req, &client, name, strlen(name), 0, note_connect), 0);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(told, 1);
  CHECK_EQ(told_status, UV_ECANCELED);
  CHECK_EQ(uv_loop_close(&loop), 0);
  await_answers(live);
  CHECK(CloseHandle(instance));
}
