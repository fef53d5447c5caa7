/* Descriptors of the C run-time library, whose numbers programs hand to the library. Asked about a
 * number that is none, that library calls a handler, which by default ends the process, and in a
 * debug build it shows a dialog before. A wrong number is nothing but UV_EBADF here, so that both are
 * kept from happening, for the call and on the calling thread only.
 *
 * The msvcrt.dll of the system, which programs of MinGW may use instead, has a handler of the whole
 * process alone, and MinGW's own start-up code has put one there that does nothing. */
#include <io.h>
#include <stdlib.h>

#include "win/handle/handle.h"

#if defined(_MSC_VER) || defined(_UCRT)
#  define HAS_HANDLER_OF_THREAD 1
#else
#  define HAS_HANDLER_OF_THREAD 0
#endif

#if HAS_HANDLER_OF_THREAD

#  if !defined(_MSC_VER)
/* Not in every version of MinGW's headers. */
_CRTIMP _invalid_parameter_handler __cdecl _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler handler);
#  endif

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

/* Also told by a build of the tests whose library is one of ours, and reports. */
#if (defined(_MSC_VER) && defined(_DEBUG)) || defined(UV__CRT_REPORTS)
#  include <crtdbg.h>

/* The mode of reports belongs to the process; a hook can tell whose report it is. */
static __declspec(thread) int asking;

static int __cdecl drop(int type, wchar_t* message, int* result) {
  (void) message;
  if (type != _CRT_ASSERT || !asking)
    return FALSE;
  *result = 0; /* no debugger */
  return TRUE;
}

static void hush(void) {
  asking = 1;
  (void) _CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, drop); /* The library counts how often. */
}

static void unhush(void) {
  (void) _CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, drop);
  asking = 0;
}

#else

static void hush(void) {}

static void unhush(void) {}

#endif

/* What the library is asked. */
static intptr_t handle_of(int fd) {
  return _get_osfhandle(fd);
}

static intptr_t close_fd(int fd) {
  return _close(fd);
}

static intptr_t ask(intptr_t (*question)(int fd), int fd) {
  intptr_t answer;
#if HAS_HANDLER_OF_THREAD
  _invalid_parameter_handler before = _set_thread_local_invalid_parameter_handler(ignore);
#endif

  hush();
  answer = question(fd);
  unhush();
#if HAS_HANDLER_OF_THREAD
  _set_thread_local_invalid_parameter_handler(before);
#endif
  return answer;
}

uv_os_fd_t uv_get_osfhandle(int fd) {
  intptr_t value = ask(handle_of, fd);

  /* -2 is a descriptor 0-2 that has nothing behind it. */
  return value == -1 || value == -2 ? INVALID_HANDLE_VALUE : (uv_os_fd_t) value;
}

int uv_open_osfhandle(uv_os_fd_t os_fd) {
  return _open_osfhandle((intptr_t) os_fd, 0); /* What is no handle is -1 without more ado. */
}

void uv__fd_give_back(int fd) {
  (void) ask(close_fd, fd);
}
