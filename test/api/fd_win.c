/* Numbers that are no descriptors, in a program whose C run-time library would end it for asking; and what
 * descriptors of others turn out to be. */
#include <winsock2.h>

#include <io.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

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

TEST(e3_what_is_no_descriptor_ends_nothing) {
  static const uv_file numbers[] = {-1, -2, -2147483647, 1000, 20000, 2147483647};
  uv_file fds[2];
  size_t i;
#if defined(_MSC_VER) || defined(_UCRT)
  _invalid_parameter_handler before = _set_invalid_parameter_handler(end_the_host);
#endif

  if (harness_arg(0) != NULL)
    return;
  for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    check_refused(numbers[i]);
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
  check_refused(fds[0]);
#if defined(_MSC_VER) || defined(_UCRT)
  CHECK(_set_invalid_parameter_handler(before) == end_the_host); /* it was left where it was */
#endif
  net_end();
}

/* The system calls it a pipe. */
TEST(guess_handle_of_a_socket) {
  static const int types[][2] = {{SOCK_STREAM, UV_TCP}, {SOCK_DGRAM, UV_UDP}};
  uv_file fds[2];
  size_t i;

  CHECK(net_loop() != NULL); /* which starts Winsock */
  for (i = 0; i < sizeof types / sizeof types[0]; i++) {
    SOCKET sock = socket(AF_INET, types[i][0], 0);
    int fd = _open_osfhandle((intptr_t) sock, 0);

    CHECK(sock != INVALID_SOCKET);
    CHECK(fd >= 0);
    CHECK_EQ(uv_guess_handle(fd), types[i][1]);
    CHECK_EQ(closesocket(sock), 0); /* The number stays: to close it would close another handle. */
  }
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), 0);
  CHECK_EQ(uv_guess_handle(fds[0]), UV_NAMED_PIPE);
  CHECK_EQ(uv_guess_handle(fds[1]), UV_NAMED_PIPE);
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
  net_end();
}

static HANDLE both_ways[2];

static DWORD WINAPI read_for_ever(void* arg) {
  char byte;
  DWORD got;

  (void) arg;
  (void) ReadFile(both_ways[0], &byte, 1, &got, NULL);
  return 0;
}

/* Of a pipe that is not overlapped, and that somebody reads, every question to it would wait. Wine has no
 * such lock; the shim has. */
TEST(guess_handle_of_a_pipe_that_is_read) {
  char name[TEST_PIPE_NAME];
  HANDLE reader;
  DWORD wrote;
  int fd;

  (void) shim_use("lock");
  (void) test_pipe_name(name, sizeof name);
  both_ways[0] = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
  both_ways[1] = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(both_ways[0] != INVALID_HANDLE_VALUE);
  CHECK(both_ways[1] != INVALID_HANDLE_VALUE);
  reader = CreateThread(NULL, 0, read_for_ever, NULL, 0, NULL);
  CHECK(reader != NULL);
  fd = _open_osfhandle((intptr_t) both_ways[0], 0);
  CHECK_EQ(uv_guess_handle(fd), UV_NAMED_PIPE);
  CHECK_EQ(WaitForSingleObject(reader, 0), WAIT_TIMEOUT);
  CHECK(WriteFile(both_ways[1], "x", 1, &wrote, NULL));
  CHECK_EQ(WaitForSingleObject(reader, INFINITE), WAIT_OBJECT_0);
  CHECK(CloseHandle(reader));
  CHECK(CloseHandle(both_ways[1]));
  test_fd_close(fd);
}
