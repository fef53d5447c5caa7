/* Rule X12 where Windows lacks something: Unix-domain sockets (before 10 1803), or files as on POSIX (FAT). */
#include "harness.h"
#include "net.h"
#include "nt.h"
#include "uv.h"

static int connects;

static void refused(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ENOTSUP);
  connects++;
}

TEST(x12_system_without_such_sockets) {
  uv_pipe_t pipe, other;
  uv_connect_t req;

  nt_has_unix_sockets = 0;
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_bind(&pipe, "C:\\users\\model\\temp\\none"), UV_ENOTSUP);
  CHECK(GetFileAttributesW(L"C:\\users\\model\\temp\\none") == INVALID_FILE_ATTRIBUTES);
  CHECK_EQ(uv_pipe_bind(&pipe, "\\\\.\\pipe\\x12-none"), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &other, 0), 0);
  uv_pipe_connect(&req, &other, "C:\\windows", refused);
  net_until(&connects, 1);
  net_end();
}

static const char path[] = "C:\\users\\model\\temp\\old";

/* The name is free when the last has closed the file. */
TEST(x12_files_that_know_nothing_of_posix) {
  uv_pipe_t first, second;
  HANDLE file;

  nt_files_are_old = 1;
  CHECK_EQ(uv_pipe_init(net_loop(), &first, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &second, 0), 0);
  CHECK_EQ(uv_pipe_bind(&first, path), 0);
  file = CreateFileA(path, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                     OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  CHECK(file != INVALID_HANDLE_VALUE);
  uv_close((uv_handle_t*) &first, NULL);
  CHECK(uv_pipe_bind(&second, path) < 0);
  CHECK(CloseHandle(file));
  CHECK_EQ(uv_pipe_bind(&second, path), 0);
  net_end();
}
