/* Native codes on Windows: those that streams meet. */
#include "harness.h"
#include "uv.h"

TEST(e2_native_codes) {
  static const struct {
    int native;
    int uv;
  } map[] = {
      {WSAEWOULDBLOCK, UV_EAGAIN},
      {WSAECONNREFUSED, UV_ECONNREFUSED},
      {ERROR_CONNECTION_REFUSED, UV_ECONNREFUSED},
      {WSAECONNRESET, UV_ECONNRESET},
      {ERROR_NETNAME_DELETED, UV_ECONNRESET},
      {WSAECONNABORTED, UV_ECONNABORTED},
      {WSAEADDRINUSE, UV_EADDRINUSE},
      {WSAEADDRNOTAVAIL, UV_EADDRNOTAVAIL},
      {WSAENOTCONN, UV_ENOTCONN},
      {WSAESHUTDOWN, UV_EPIPE},
      {WSAETIMEDOUT, UV_ETIMEDOUT},
      {WSAEMFILE, UV_EMFILE},
      {WSAENOBUFS, UV_ENOBUFS},
      {WSAENOTSOCK, UV_ENOTSOCK},
      {ERROR_INVALID_HANDLE, UV_EBADF},
      {ERROR_NOT_ENOUGH_MEMORY, UV_ENOMEM},
      {ERROR_OPERATION_ABORTED, UV_ECANCELED},
      {ERROR_BROKEN_PIPE, UV_EOF},
      {ERROR_HOST_UNREACHABLE, UV_EHOSTUNREACH},
      {ERROR_NETWORK_UNREACHABLE, UV_ENETUNREACH},
  };
  unsigned i;

  for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
    CHECK_EQ(uv_translate_sys_error(map[i].native), map[i].uv);
  CHECK_EQ(uv_translate_sys_error(0), 0);
  CHECK_EQ(uv_translate_sys_error(UV_EPIPE), UV_EPIPE);
  CHECK_EQ(uv_translate_sys_error(99999), UV_UNKNOWN);
}

/* Whatever Windows says, the answer is a code with a name (rule E2). */
TEST(e2_every_native_code_has_an_answer) {
  int native;

  for (native = 1; native < 20000; native++) {
    const char* name = uv_err_name(uv_translate_sys_error(native));

    CHECK(name[0] == 'E' || name[0] == 'U');
    CHECK(uv_translate_sys_error(native) > UV_ERRNO_MAX);
  }
}
