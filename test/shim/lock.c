/* The lock of synchronous file objects: who waits, in which process, and who does not. */
#include "harness.h"
#include "shim.h"
#include "thread.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

static HANDLE in, out;

static void open_pipe(void) {
  SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};

  CHECK(shim_use("lock"));
  /* The first pipe is not the one of the test, so that nothing agrees by chance. */
  CHECK(CreatePipe(&in, &out, NULL, 0) && CreatePipe(&in, &out, &inherit, 0));
}

struct call {
  HANDLE pipe;
  HANDLE begun;
  HANDLE ended;
  DWORD error;
};

static DWORD WINAPI read_one(void* arg) {
  struct call* call = arg;
  DWORD got = 0;
  char c;

  SetEvent(call->begun);
  call->error = ReadFile(call->pipe, &c, 1, &got, NULL) ? ERROR_SUCCESS : GetLastError();
  SetEvent(call->ended);
  return 0;
}

static DWORD WINAPI peek(void* arg) {
  struct call* call = arg;
  DWORD waiting;

  SetEvent(call->begun);
  call->error =
      PeekNamedPipe(call->pipe, NULL, 0, NULL, &waiting, NULL) ? ERROR_SUCCESS : GetLastError();
  SetEvent(call->ended);
  return 0;
}

static HANDLE begin(struct call* call, HANDLE pipe, LPTHREAD_START_ROUTINE run) {
  HANDLE thread;

  call->pipe = pipe;
  call->error = ~0U;
  call->begun = CreateEventW(NULL, TRUE, FALSE, NULL);
  call->ended = CreateEventW(NULL, TRUE, FALSE, NULL);
  thread = CreateThread(NULL, 0, run, call, 0, NULL);
  CHECK(thread != NULL && call->begun != NULL && call->ended != NULL);
  CHECK_EQ(WaitForSingleObject(call->begun, INFINITE), WAIT_OBJECT_0);
  return thread;
}

static int ends(struct call* call, DWORD within_ms) {
  return WaitForSingleObject(call->ended, within_ms) == WAIT_OBJECT_0;
}

/* The reader has the lock once a question is not answered, for long enough. */
static void until_locked(struct call* question, HANDLE pipe) {
  for (;;) {
    begin(question, pipe, peek);
    if (!ends(question, 250))
      return;
  }
}

static void write_one(void) {
  DWORD n;

  CHECK(WriteFile(out, "x", 1, &n, NULL));
}

TEST(lock_makes_a_question_wait_for_a_read) {
  struct call reading, asking;

  open_pipe();
  begin(&reading, in, read_one);
  until_locked(&asking, in);
  CHECK(!ends(&reading, 0));
  write_one(); /* The other end is another file object. */
  CHECK(ends(&reading, INFINITE) && ends(&asking, INFINITE));
  CHECK_EQ(reading.error, ERROR_SUCCESS);
  CHECK_EQ(asking.error, ERROR_SUCCESS);
}

TEST(lock_is_that_of_a_duplicate) {
  struct call reading, asking;
  HANDLE twin;

  open_pipe();
  CHECK(DuplicateHandle(GetCurrentProcess(), in, GetCurrentProcess(), &twin, 0, FALSE,
                        DUPLICATE_SAME_ACCESS));
  begin(&reading, in, read_one);
  until_locked(&asking, twin);
  write_one();
  CHECK(ends(&reading, INFINITE) && ends(&asking, INFINITE));
}

TEST(lock_is_not_asked_for_a_type) {
  struct call reading, asking;
  DWORD flags;

  open_pipe();
  begin(&reading, in, read_one);
  until_locked(&asking, in);
  CHECK_EQ(GetFileType(in), FILE_TYPE_PIPE);
  CHECK(GetHandleInformation(in, &flags));
  CHECK(!ends(&asking, 0));
  write_one();
  CHECK(ends(&asking, INFINITE));
}

TEST(lock_is_given_back_by_a_canceled_read) {
  struct call reading, asking;
  HANDLE thread;

  open_pipe();
  thread = begin(&reading, in, read_one);
  until_locked(&asking, in);
  do { /* There is nothing to cancel until it is inside. */
    CancelSynchronousIo(thread);
  } while (!ends(&reading, 10));
  CHECK(ends(&asking, INFINITE));
  CHECK_EQ(reading.error, ERROR_OPERATION_ABORTED);
  CHECK_EQ(asking.error, ERROR_SUCCESS);
}

static DWORD WINAPI close_it(void* arg) {
  struct call* call = arg;

  SetEvent(call->begun);
  call->error = CloseHandle(call->pipe) ? ERROR_SUCCESS : GetLastError();
  SetEvent(call->ended);
  return 0;
}

TEST(lock_is_waited_for_by_the_last_close) {
  struct call reading, asking, closing;

  open_pipe();
  begin(&reading, in, read_one);
  until_locked(&asking, in);
  begin(&closing, in, close_it);
  CHECK(!ends(&closing, 100));
  write_one();
  CHECK(ends(&closing, INFINITE));
  CHECK_EQ(closing.error, ERROR_SUCCESS);
}

TEST(lock_is_nothing_to_overlapped_ends) {
  char name[64];
  HANDLE server, client;
  OVERLAPPED read;
  DWORD waiting;
  char c;

  CHECK(shim_use("lock"));
  snprintf(name, sizeof(name), "\\\\.\\pipe\\uvtest-shim-%lu", GetCurrentProcessId());
  server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 0,
                            0, 0, NULL);
  client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(server != INVALID_HANDLE_VALUE && client != INVALID_HANDLE_VALUE);
  memset(&read, 0, sizeof(read));
  CHECK(!ReadFile(server, &c, 1, NULL, &read));
  CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
  CHECK(PeekNamedPipe(server, NULL, 0, NULL, &waiting, NULL));
}

/* Without the lock nobody waits: it is the shim that makes the tests above pass. */
TEST(lock_is_off_by_itself) {
  struct call reading, asking;

  CHECK(shim_use(""));
  CHECK(CreatePipe(&in, &out, NULL, 0));
  begin(&reading, in, read_one);
  while (!ends(&reading, 50)) {
    begin(&asking, in, peek);
    CHECK(ends(&asking, INFINITE));
    if (asking.error == ERROR_SUCCESS)
      write_one();
  }
}

/* ---- Another process ---- */

static HANDLE start_child(void) {
  STARTUPINFOA info;
  PROCESS_INFORMATION made;
  char command[1024];

  memset(&info, 0, sizeof(info));
  info.cb = sizeof(info);
  info.dwFlags = STARTF_USESTDHANDLES;
  info.hStdInput = in;
  info.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  info.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  snprintf(command, sizeof(command), "\"%s\" lock_reaches_a_child child", harness_self());
  CHECK(CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made));
  return made.hProcess;
}

TEST(lock_reaches_a_child) {
  struct call asking;
  HANDLE child;
  DWORD code;

  if (harness_arg(0) != NULL) {
    char c;
    DWORD got;
    CHECK(ReadFile(GetStdHandle(STD_INPUT_HANDLE), &c, 1, &got, NULL));
    CHECK_EQ(got, 1);
    return;
  }
  open_pipe();
  child = start_child();
  until_locked(&asking, in); /* by the child's read */
  write_one();
  CHECK(ends(&asking, INFINITE));
  CHECK_EQ(WaitForSingleObject(child, INFINITE), WAIT_OBJECT_0);
  CHECK(GetExitCodeProcess(child, &code));
  CHECK_EQ(code, 0);
}

TEST(lock_is_given_back_by_a_killed_child) {
  struct call asking;
  HANDLE child;

  open_pipe();
  child = start_child();
  until_locked(&asking, in);
  CHECK(TerminateProcess(child, 1));
  CHECK(ends(&asking, INFINITE));
  CHECK_EQ(asking.error, ERROR_SUCCESS);
}
