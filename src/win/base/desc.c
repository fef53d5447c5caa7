/* Handles outside a stream: what is on its way from one to the next, and descriptors of the C
 * run-time library. */
#include <io.h>
#include <stdlib.h>

#include "win/base/base.h"

struct uv__desc uv__port_desc(uv_os_sock_t sock) {
  struct uv__desc desc;

  desc.handle = (HANDLE) sock;
  desc.kind = UV__DESC_TCP;
  desc.accepted = 0;
  desc.peer = 0;
  return desc;
}

void uv__port_discard(struct uv__desc* desc) {
  if (desc->kind == UV__DESC_TCP)
    closesocket((SOCKET) desc->handle);
  else if (desc->kind == UV__DESC_PIPE)
    CloseHandle(desc->handle);
  desc->handle = INVALID_HANDLE_VALUE;
  desc->kind = UV__DESC_NONE;
}

#if defined(_MSC_VER)
static void __cdecl ignore(const wchar_t* expression,
                           const wchar_t* function,
                           const wchar_t* file,
                           unsigned int line,
                           uintptr_t reserved) {
  (void) expression;
  (void) function;
  (void) file;
  (void) line;
  (void) reserved;
}
#endif

uv_os_fd_t uv_get_osfhandle(int fd) {
  intptr_t value;

#if defined(_MSC_VER)
  /* That library ends a process that names a descriptor which does not exist, unless told. */
  _invalid_parameter_handler before = _set_thread_local_invalid_parameter_handler(ignore);
#endif
  value = _get_osfhandle(fd);
#if defined(_MSC_VER)
  _set_thread_local_invalid_parameter_handler(before);
#endif
  /* -2 is a descriptor 0-2 that has nothing behind it. */
  return value == -1 || value == -2 ? INVALID_HANDLE_VALUE : (uv_os_fd_t) value;
}

int uv_open_osfhandle(uv_os_fd_t os_fd) {
  return _open_osfhandle((intptr_t) os_fd, 0);
}
