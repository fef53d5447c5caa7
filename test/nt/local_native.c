/* Rule X12 on a Windows that has no Unix-domain sockets (before 10 1803). */
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
