/* Named pipes on Windows that nobody reads from: ends with bytes of uv_try_write on their way when their
 * streams close (rule L4), and one that has no client yet (rule W10). */
#include <winsock2.h>

#include <fcntl.h>
#include <io.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

static uv_pipe_t server;
static uv_pipe_t accepted;
static int arrivals;

static void on_connection(uv_stream_t* stream, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(stream->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &accepted), 0);
  arrivals++;
}

/* So many that some wait for a reader: how many in all. */
static size_t fill(uv_stream_t* stream) {
  static char bytes[4096];
  uv_buf_t buf = uv_buf_init(bytes, sizeof bytes);
  size_t size = 0;
  int r;

  while ((r = uv_try_write(stream, &buf, 1)) > 0)
    size += (size_t) r;
  CHECK_EQ(r, UV_EAGAIN);
  return size;
}

static size_t got;

/* One call after the other: it does not read until it has written. */
static DWORD WINAPI write_and_read(void* handle) {
  static char bytes[300000];
  DWORD count;

  CHECK(WriteFile(handle, bytes, sizeof bytes, &count, NULL));
  while (ReadFile(handle, bytes, sizeof bytes, &count, NULL) && count > 0)
    got += count;
  CHECK(CloseHandle(handle));
  return 0;
}

static HANDLE client_of(const char* name) {
  HANDLE handle = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

  CHECK(handle != INVALID_HANDLE_VALUE);
  return handle;
}

TEST(l4_bytes_on_their_way_do_not_hold_up_who_writes_first) {
  char name[TEST_PIPE_NAME];
  HANDLE thread, raw;
  size_t size;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, on_connection);
  raw = client_of(name);
  net_until(&arrivals, 1);
  size = fill((uv_stream_t*) &accepted);
  thread = CreateThread(NULL, 0, write_and_read, raw, 0, NULL);
  CHECK(thread != NULL);
  net_close((uv_handle_t*) &accepted);
  while (WaitForSingleObject(thread, 0) != WAIT_OBJECT_0)
    net_turns(1);
  CHECK_EQ(got, size);
  CHECK(CloseHandle(thread));
  net_end();
}

TEST(l4_bytes_on_their_way_to_each_other_let_go) {
  char name[TEST_PIPE_NAME];
  HANDLE probe = INVALID_HANDLE_VALUE;
  uv_connect_t req;
  uv_pipe_t client;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 1, on_connection);
  CHECK_EQ(uv_pipe_init(net_loop(), &client, 0), 0);
  uv_pipe_connect(&req, &client, name, NULL);
  net_until(&arrivals, 1);
  while (!uv_is_writable((uv_stream_t*) &client))
    net_turns(1);
  (void) fill((uv_stream_t*) &client);
  (void) fill((uv_stream_t*) &accepted);
  net_close((uv_handle_t*) &client);
  net_close((uv_handle_t*) &accepted);
  net_close((uv_handle_t*) &server);
  do { /* As long as there is an end there is the name. */
    net_turns(1);
    probe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  } while (probe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY);
  CHECK(probe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND);
  net_end();
}

static void keep_status(uv_write_t* req, int status) {
  *(int*) req->data = status;
}

/* A server's end that still waits for its client has an error that says so. */
TEST(w10_write_to_an_end_without_a_client) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  int status = 0;
  uv_write_t req;
  uv_pipe_t end;
  char name[TEST_PIPE_NAME];
  HANDLE handle;

  test_pipe_name(name, sizeof name);
  handle = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1,
                            4096, 4096, 0, NULL);
  CHECK(handle != INVALID_HANDLE_VALUE);
  CHECK_EQ(uv_pipe_init(net_loop(), &end, 0), 0);
  CHECK_EQ(uv_pipe_open(&end, _open_osfhandle((intptr_t) handle, _O_BINARY)), 0);
  req.data = &status;
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &end, &buf, 1, keep_status), 0);
  while (status == 0)
    net_turns(1);
  CHECK_EQ(status, UV_ENOTCONN);
  net_end();
}
