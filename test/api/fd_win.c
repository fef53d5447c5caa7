/* Numbers that are no descriptors, in a program whose C run-time library would end it for asking; and what a
 * program finds behind one that it asked for. */
#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

#if defined(_DEBUG) && (defined(_MSC_VER) || defined(UV__CRT_REPORTS))
#  include <crtdbg.h>
#  define HAS_REPORTS 1
#else
#  define HAS_REPORTS 0
#endif

#if defined(_MSC_VER) || defined(_UCRT)
static void __cdecl end_the_host(const wchar_t* expression,
                                 const wchar_t* function,
                                 const wchar_t* file,
                                 unsigned int line,
                                 uintptr_t reserved) {
  (void) expression;
  (void) function;
  (void) file;
  (void) line;
  (void) reserved;
  harness_fail(__FILE__, __LINE__, "the handler of the host was called");
}
#endif

static void check_refused(uv_file fd) {
  uv_process_options_t options;
  uv_stdio_container_t stdio;
  uv_process_t child;
  uv_pipe_t pipe;
  uv_tty_t tty;
  char* args[8];

  CHECK(uv_get_osfhandle(fd) == INVALID_HANDLE_VALUE);
  CHECK_EQ(uv_guess_handle(fd), UV_UNKNOWN_HANDLE);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fd), UV_EBADF);
  net_close((uv_handle_t*) &pipe);
  CHECK(uv_tty_init(net_loop(), &tty, fd, 0) < 0);

  test_child(&options, args, "e3_what_is_no_descriptor_ends_nothing", "child");
  memset(&stdio, 0, sizeof stdio);
  stdio.flags = UV_INHERIT_FD;
  stdio.data.fd = fd;
  options.stdio = &stdio;
  options.stdio_count = 1;
  CHECK(uv_spawn(net_loop(), &child, &options) < 0);
  net_close((uv_handle_t*) &child);
}

#if !defined(_MSC_VER) && defined(_UCRT)
/* Not in every version of MinGW's headers. */
_CRTIMP _invalid_parameter_handler __cdecl _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler handler);
#endif

TEST(e3_what_is_no_descriptor_ends_nothing) {
  static const uv_file numbers[] = {-1, -2, -2147483647, 1000, 20000, 2147483647};
  uv_file fds[2];
  size_t i;
#if defined(_MSC_VER) || defined(_UCRT)
  _invalid_parameter_handler before = _set_invalid_parameter_handler(end_the_host);
  _invalid_parameter_handler of_thread;
#endif

  if (harness_arg(0) != NULL)
    return;
#if defined(_MSC_VER) || defined(_UCRT)
  of_thread = _set_thread_local_invalid_parameter_handler(end_the_host);
#endif
  for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    check_refused(numbers[i]);
  for (i = 0; i < 3; i++) /* They may have nothing behind them, of which there is a number, too. */
    CHECK(uv_get_osfhandle((uv_file) i) != (HANDLE) (intptr_t) -2);
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
  check_refused(fds[0]);
#if defined(_MSC_VER) || defined(_UCRT)
  CHECK(_set_thread_local_invalid_parameter_handler(of_thread) == end_the_host);
  CHECK(_set_invalid_parameter_handler(before) == end_the_host); /* it was left where it was */
#endif
  net_end();
}

#if HAS_REPORTS
enum {
  MISTAKES = 200
};

static volatile LONG reports;

static int __cdecl count_report(int type, wchar_t* message, int* result) {
  (void) type;
  (void) message;
  InterlockedIncrement(&reports);
  *result = 0;
  return TRUE;
}

static void __cdecl go_on(const wchar_t* expression,
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

static void make_mistakes(void* arg) {
  int i;

  (void) arg;
  for (i = 0; i < MISTAKES; i++)
    CHECK_EQ(_get_osfhandle(1000), -1);
}
#endif

/* What another thread does wrong at the same moment is the host's to hear of, and nothing of what the
 * library asks. */
TEST(e3_report_of_another_thread_is_shown) {
#if HAS_REPORTS
  _invalid_parameter_handler before = _set_invalid_parameter_handler(go_on);
  uv_thread_t thread;
  int i;

  CHECK_EQ(_CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, count_report), 1);
  CHECK_EQ(uv_thread_create(&thread, make_mistakes, NULL), 0);
  for (i = 0; i < MISTAKES; i++)
    CHECK(uv_get_osfhandle(1000) == INVALID_HANDLE_VALUE);
  CHECK_EQ(uv_thread_join(&thread), 0);
  CHECK_EQ(reports, MISTAKES);
  CHECK_EQ(_CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, count_report), 0);
  (void) _set_invalid_parameter_handler(before);
#else
  SKIP("this C run-time library reports nothing");
#endif
}

/* Whoever asks for the socket of a stream may use it as he would on Unix: a call on it does not wait. */
TEST(l6_socket_that_the_program_asks_for_does_not_wait) {
  uv_tcp_t ends[2];
  uv_os_fd_t fd;
  char byte;
  int i;

  net_pair(&ends[0], &ends[1]);
  for (i = 0; i < 2; i++) {
    CHECK_EQ(uv_fileno((uv_handle_t*) &ends[i], &fd), 0);
    CHECK_EQ(recv((SOCKET) fd, &byte, 1, 0), SOCKET_ERROR);
    CHECK_EQ(WSAGetLastError(), WSAEWOULDBLOCK);
  }
  net_close((uv_handle_t*) &ends[0]);
  net_close((uv_handle_t*) &ends[1]);
  net_end();
}
