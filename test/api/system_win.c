/* The system around the streams as Windows has it and no test machine: many processors, what the
 * library asks for when it starts threads, and what the descriptors of others turn out to be. */
#include <io.h>
#include <string.h>

#include "import.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

/* ---- Processors ---- */

IMPORTED(GetProcessAffinityMask)
IMPORTED(GetProcessGroupAffinity)
IMPORTED(GetActiveProcessorCount)

static DWORD_PTR mask;

static BOOL WINAPI tell_mask(HANDLE process, DWORD_PTR* mine, DWORD_PTR* all) {
  (void) process;
  *mine = mask;
  *all = mask == 0 ? 0 : ~(DWORD_PTR) 0;
  return TRUE;
}

static BOOL WINAPI tell_groups(HANDLE process, USHORT* count, USHORT* groups) {
  (void) process;
  CHECK(*count >= 2);
  *count = 2;
  groups[0] = 0;
  groups[1] = 3;
  return TRUE;
}

static DWORD WINAPI count_active(WORD group) {
  CHECK(group == 0 || group == 3);
  return group == 0 ? 64 : 32;
}

/* A process that is in several groups has no mask. */
TEST(available_parallelism_beyond_one_group) {
  import_replace(IMPORT(GetProcessAffinityMask), (import_function) tell_mask);
  import_replace(IMPORT(GetProcessGroupAffinity), (import_function) tell_groups);
  import_replace(IMPORT(GetActiveProcessorCount), (import_function) count_active);
  mask = 0;
  CHECK_EQ(uv_available_parallelism(), 96);
  mask = 0x15;
  CHECK_EQ(uv_available_parallelism(), 3);
}

/* ---- Threads ---- */

IMPORTED(CreateThread)

static import_create_thread create_thread;
static int threads;

static HANDLE WINAPI create_with_room(SECURITY_ATTRIBUTES* security,
                                      SIZE_T stack,
                                      LPTHREAD_START_ROUTINE run,
                                      void* arg,
                                      DWORD flags,
                                      DWORD* id) {
  threads++;
  CHECK(stack == 0 || stack >= 1024 * 1024);
  CHECK(stack == 0 || (flags & STACK_SIZE_PARAM_IS_A_RESERVATION)); /* which costs no memory */
  return create_thread(security, stack, run, arg, flags, id);
}

/* What others put into a process runs on these threads, too. */
TEST(process_helper_threads_have_room) {
  uv_pipe_t pipe;
  uv_file fds[2];
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  int taken;

  create_thread = (import_create_thread) import_replace(IMPORT(CreateThread),
                                                        (import_function) create_with_room);
  CHECK_EQ(uv_pipe(fds, 0, 0), 0); /* not overlapped, so that a thread has to write */
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, fds[1]), 0);
  taken = uv_try_write((uv_stream_t*) &pipe, &buf, 1);
  CHECK_EQ(taken, 1);
  CHECK(threads > 0);
  net_close((uv_handle_t*) &pipe);
  test_fd_close(fds[0]);
  net_end();
}

/* ---- Descriptors of others ---- */

static void check_guess_of_a_socket(int type, uv_handle_type guessed) {
  SOCKET sock = socket(AF_INET, type, 0);
  int fd = _open_osfhandle((intptr_t) sock, 0);

  CHECK(sock != INVALID_SOCKET);
  CHECK(fd >= 0);
  CHECK_EQ(uv_guess_handle(fd), guessed);
  CHECK_EQ(closesocket(sock), 0); /* The number stays: to close it would close another handle. */
}

/* The system calls it a pipe. */
TEST(guess_handle_of_a_socket) {
  uv_file fds[2];

  CHECK(net_loop() != NULL); /* which starts Winsock */
  check_guess_of_a_socket(SOCK_STREAM, UV_TCP);
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), 0);
  CHECK_EQ(uv_guess_handle(fds[0]), UV_NAMED_PIPE);
  CHECK_EQ(uv_guess_handle(fds[1]), UV_NAMED_PIPE);
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
  net_end();
}

TEST(guess_handle_of_a_socket_of_datagrams) {
  CHECK(net_loop() != NULL);
  check_guess_of_a_socket(SOCK_DGRAM, UV_UDP);
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
  long before = memory_live();
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
  while (memory_live() != before) /* The thread that asked has its answer now, and goes. */
    (void) SwitchToThread();
  CHECK(CloseHandle(both_ways[1]));
  test_fd_close(fd);
}

/* ---- The current folder ---- */

IMPORTED(SetCurrentDirectoryW)

static BOOL(WINAPI* set_current)(const WCHAR* path);

/* As Windows has it for programs that do not say that they can do more. */
static BOOL WINAPI set_current_if_short(const WCHAR* path) {
  if (wcslen(path) >= MAX_PATH - 1) {
    SetLastError(ERROR_FILENAME_EXCED_RANGE);
    return FALSE;
  }
  return set_current(path);
}

TEST(path_chdir_to_a_folder_with_a_long_name) {
  static const WCHAR deep[] =
      L"\\current-folder-with-a-name-of-a-hundred-letters-or-so-that-there-is-"
      L"no-room-for-when-it-is-the-whole-of-it";
  WCHAR made[1024] = L"\\\\?\\";
  char start[1024], want[1024], told[2048], name[1024];
  size_t size = sizeof start;
  int depth;

  CHECK_EQ(uv_os_tmpdir(start, &size), 0);
  CHECK_EQ(uv_chdir(start), 0);
  size = sizeof start;
  CHECK_EQ(uv_cwd(start, &size), 0);
  CHECK(GetCurrentDirectoryW(200, made + 4) > 0);
  for (depth = 0; depth < 3; depth++) {
    wcscat(made, deep);
    (void) CreateDirectoryW(made, NULL); /* May be left over from a run that was cut short. */
  }
  CHECK(WideCharToMultiByte(CP_UTF8, 0, made + 4, -1, want, sizeof want, NULL, NULL) > MAX_PATH);
  CHECK(WideCharToMultiByte(CP_UTF8, 0, deep + 1, -1, name, sizeof name, NULL, NULL) > 0);
  set_current = (BOOL(WINAPI*)(const WCHAR*)) import_replace(
      IMPORT(SetCurrentDirectoryW), (import_function) set_current_if_short);
  CHECK_EQ(uv_chdir(want), 0);
  size = sizeof told;
  CHECK_EQ(uv_cwd(told, &size), 0);
  CHECK_STR(told, want);
  CHECK_EQ(size, strlen(want));
  /* Step by step, from where the name is long already. */
  CHECK_EQ(uv_chdir(".."), 0);
  CHECK_EQ(uv_chdir(name), 0);
  size = sizeof told;
  CHECK_EQ(uv_cwd(told, &size), 0);
  CHECK_STR(told, want);
  strcat(want, "\\no-such-folder-here");
  CHECK_EQ(uv_chdir(want), UV_ENOENT);
  CHECK_EQ(uv_chdir(start), 0);
  for (; depth > 0; depth--) {
    CHECK(RemoveDirectoryW(made));
    *wcsrchr(made, L'\\') = L'\0';
  }
}
