/* What of children is so on Windows only: which handles reach them, who ends with whom, and
 * programs that a shell would have to run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

/* ---- Handles ---- */

/* The child sets the event of that number, if it has one. */
TEST(process_inheritable_handles_stay_here) {
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  char* args[8];
  char number[32];
  HANDLE event;

  if (harness_arg(0) != NULL) {
    SetEvent((HANDLE) (uintptr_t) strtoull(harness_arg(1), NULL, 10));
    return;
  }
  event = CreateEventA(&inherit, TRUE, FALSE, NULL);
  CHECK(event != NULL);
  snprintf(number, sizeof number, "%llu", (unsigned long long) (uintptr_t) event);
  test_child(&options, args, "process_inheritable_handles_stay_here", "child");
  args[3] = number;
  args[4] = NULL;
  test_spawn(&child, &options, &end);
  test_await_child(&end);
  CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
  CloseHandle(event);
  net_end();
}

static void nothing(uv_process_t* process, int64_t status, int signal) {
  (void) status;
  (void) signal;
  ++*(int*) process->data;
}

/* Children that ran, and such that could not be started, leave no handle behind. */
TEST(process_handles_are_given_back) {
  uv_stdio_container_t stdio[4];
  uv_process_options_t options;
  char* args[8];
  DWORD first = 0;
  DWORD last;
  int round;

  if (harness_arg(0) != NULL)
    return;
  for (round = 0; round < 12; round++) {
    uv_process_t child, missing;
    uv_pipe_t pipes[2], unused;
    int ended = 0;

    test_child(&options, args, "process_handles_are_given_back", "child");
    options.exit_cb = nothing;
    memset(stdio, 0, sizeof stdio);
    CHECK_EQ(uv_pipe_init(net_loop(), &pipes[0], 0), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &pipes[1], 1), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &unused, 0), 0);
    stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
    stdio[0].data.stream = (uv_stream_t*) &pipes[0];
    stdio[2].flags = UV_INHERIT_FD;
    stdio[2].data.fd = 2;
    stdio[3].flags = UV_CREATE_PIPE;
    stdio[3].data.stream = (uv_stream_t*) &pipes[1];
    options.stdio = stdio;
    options.stdio_count = 4;
    child.data = &ended;
    CHECK_EQ(uv_spawn(net_loop(), &child, &options), 0);
    net_until(&ended, 1);
    net_close((uv_handle_t*) &child);
    net_close((uv_handle_t*) &pipes[0]);
    net_close((uv_handle_t*) &pipes[1]);

    stdio[0].data.stream = (uv_stream_t*) &unused;
    options.stdio_count = 1;
    options.file = "no-such-program-anywhere";
    CHECK_EQ(uv_spawn(net_loop(), &missing, &options), UV_ENOENT);
    net_close((uv_handle_t*) &missing);
    net_close((uv_handle_t*) &unused);
    CHECK(GetProcessHandleCount(GetCurrentProcess(), &last));
    if (round == 3) /* By then the job, the threads of the system's pool and so on are there. */
      first = last;
  }
  CHECK(last <= first + 2); /* That pool may grow; a leak would be eight times as much. */
  net_end();
}

/* ---- Who ends with whom ---- */

/* Exit codes from here on are process ids, which can be small, and no verdicts of the harness. */
enum {
  PAST_VERDICTS = 256
};

/* Ends this process, with the process id of a child that would live on as its exit code. */
static void leave_child(const char* test_name, unsigned flags) {
  static uv_process_options_t options;
  static uv_process_t child;
  char* args[8];

  test_child(&options, args, test_name, "idle");
  options.flags = flags;
  options.exit_cb = NULL;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), 0);
  ExitProcess(PAST_VERDICTS + (UINT) uv_process_get_pid(&child));
}

/* The exit code of a child, which is what leave_child said there or below. */
static DWORD code_of_child(const char* test_name, const char* role) {
  static uv_process_t child;
  uv_process_options_t options;
  struct test_exit end;
  char* args[8];

  test_child(&options, args, test_name, role);
  test_spawn(&child, &options, &end);
  net_until(&end.done, 1);
  CHECK(end.status > PAST_VERDICTS);
  return (DWORD) end.status;
}

/* The process that a child of ours started, just after that child ended; NULL: it is gone. */
static HANDLE grandchild(const char* test_name) {
  DWORD code = code_of_child(test_name, "parent");

  return OpenProcess(SYNCHRONIZE | PROCESS_TERMINATE, FALSE, code - PAST_VERDICTS);
}

static void end_it(HANDLE process) {
  CHECK(TerminateProcess(process, 0));
  CHECK_EQ(test_thread_wait(process, 30000), WAIT_OBJECT_0);
  CloseHandle(process);
}

static void idle(void) {
  uv_sleep(100000); /* Ended long before, by somebody else. */
}

TEST(process_ends_with_its_parent) {
  static const char name[] = "process_ends_with_its_parent";
  HANDLE process;

  if (harness_arg(0) != NULL) {
    if (strcmp(harness_arg(0), "parent") == 0)
      leave_child(name, 0);
    idle();
  }
  process = grandchild(name);
  if (process != NULL) {
    CHECK_EQ(test_thread_wait(process, 30000), WAIT_OBJECT_0);
    CloseHandle(process);
  }
  net_end();
}

TEST(process_detached_lives_on) {
  static const char name[] = "process_detached_lives_on";
  HANDLE process;

  if (harness_arg(0) != NULL) {
    if (strcmp(harness_arg(0), "parent") == 0)
      leave_child(name, UV_PROCESS_DETACHED);
    idle();
  }
  process = grandchild(name);
  CHECK(process != NULL);
  CHECK_EQ(WaitForSingleObject(process, 0), WAIT_TIMEOUT);
  end_it(process);
  net_end();
}

/* What children start is theirs: it is not in the job that ends with us. */
TEST(process_of_a_child_outlives_who_started_that) {
  static const char name[] = "process_of_a_child_outlives_who_started_that";
  HANDLE process;

  if (harness_arg(0) != NULL) {
    if (strcmp(harness_arg(0), "parent") == 0)
      ExitProcess(code_of_child(name, "child"));
    if (strcmp(harness_arg(0), "child") == 0)
      leave_child(name, UV_PROCESS_DETACHED);
    idle();
  }
  process = grandchild(name);
  CHECK(process != NULL);
  /* A job that closes ends who is in it a moment later. */
  CHECK_EQ(test_thread_wait(process, 200), WAIT_TIMEOUT);
  end_it(process);
  net_end();
}

/* ---- A close when a child ends ---- */

/* Its end is on its way then from the thread of the system that waits for it. */
TEST(process_close_at_its_end) {
  uv_process_options_t options;
  char* args[8];
  int round;

  if (harness_arg(0) != NULL)
    return;
  test_child(&options, args, "process_close_at_its_end", "child");
  for (round = 0; round < 20; round++) {
    uv_process_t* child = malloc(sizeof *child);

    CHECK(child != NULL);
    CHECK_EQ(uv_spawn(net_loop(), child, &options), 0);
    while (uv_process_kill(child, 0) == 0)
      test_thread_yield();
    net_close((uv_handle_t*) child);
    free(child);
  }
  net_end();
}

/* ---- Batch files ---- */

/* Their shell would take an argument for a command. */
TEST(process_batch_files_are_refused) {
  static const char* const endings[] = {".bat", ".CMD"};
  char folder[MAX_PATH];
  char path[MAX_PATH + 64];
  char* args[] = {"batch", "\"&calc&\"", NULL};
  uv_process_options_t options;
  uv_process_t child;
  unsigned i;

  CHECK(GetTempPathA(sizeof folder, folder) > 0);
  for (i = 0; i < 2; i++) {
    FILE* file;

    snprintf(path, sizeof path, "%suvstream-%lu%s", folder, GetCurrentProcessId(), endings[i]);
    file = fopen(path, "w");
    CHECK(file != NULL);
    fputs("exit 0\n", file);
    fclose(file);
    memset(&options, 0, sizeof options);
    options.file = path;
    options.args = args;
    CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_EINVAL);
    net_close((uv_handle_t*) &child);
    CHECK_EQ(remove(path), 0);
  }
  net_end();
}

/* ---- Arguments ---- */

/* The code page of the system has no room for most of these. */
static char* const texts[] = {"gr\xc3\xbc\xc3\x9f"
                              "e",
                              "\xe6\xbc\xa2 \xf0\x9f\x98\x80",
                              "",
                              "half \xed\xa0\x80 a pair",
                              "back\\\\slash\\",
                              "a \"quoted\\\" \\\\\"word"};

enum {
  TEXTS = sizeof texts / sizeof texts[0]
};

static void check_arguments(const char* name) {
  char** argv = uv_setup_args(__argc, __argv);
  int i;

  CHECK_EQ(__argc, 3 + TEXTS);
  CHECK(argv != __argv);
  CHECK(strstr(argv[0], "uvtest_") != NULL);
  CHECK_STR(argv[1], name);
  CHECK_STR(argv[2], "child");
  for (i = 0; i < TEXTS; i++)
    CHECK_STR(argv[3 + i], texts[i]);
  CHECK(argv[3 + TEXTS] == NULL);
  CHECK(uv_setup_args(__argc, __argv) == __argv); /* once */
  CHECK_STR(argv[3], texts[0]);
}

TEST(setup_args_gives_utf8) {
  static const char name[] = "setup_args_gives_utf8";
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  char* args[4 + TEXTS];

  if (harness_arg(0) != NULL) {
    check_arguments(name);
    return;
  }
  test_child(&options, args, name, "child");
  memcpy(args + 3, texts, sizeof texts);
  args[3 + TEXTS] = NULL;
  test_spawn(&child, &options, &end);
  test_await_child(&end);
  net_close((uv_handle_t*) &child);
  net_end();
}

/* What cannot be had leaves main with what it has. */
TEST(setup_args_gives_back_what_it_cannot_improve) {
  int nth;

  char* none[] = {NULL};

  CHECK(uv_setup_args(__argc, NULL) == NULL);
  CHECK(uv_setup_args(0, __argv) == __argv);
  CHECK(uv_setup_args(1, none) == none);
  CHECK(uv_setup_args(__argc + 1, __argv) == __argv);
  CHECK(uv_setup_args(__argc - 1, __argv) == __argv);
  for (nth = 1; nth <= 2; nth++) {
    memory_fail_nth(nth);
    CHECK(uv_setup_args(__argc, __argv) == __argv);
    memory_fail_nth(0);
  }
  CHECK(uv_setup_args(__argc, __argv) != __argv);
}
