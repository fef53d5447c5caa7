/* What Windows has against the start of a child, and what a child gets there that others do not: the job, the
 * error mode, folders, texts and consoles. Where no test machine has it a function is replaced. */
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "console.h"
#include "import.h"
#include "net.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

/* ---- The job, and what else Windows has against children ---- */

IMPORTED(AssignProcessToJobObject)
IMPORTED(CreateProcessW)
IMPORTED(RegisterWaitForSingleObject)

static int joined;
static int joined_first;

/* As after a packaged program was the first in the job. */
static BOOL WINAPI refuse_to_join(HANDLE job, HANDLE process) {
  (void) job;
  if (joined++ == 0)
    joined_first = GetProcessId(process) == GetCurrentProcessId();
  SetLastError(joined % 2 ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
  return FALSE;
}

TEST(process_job_that_takes_nobody_fails_no_start) {
  uv_process_options_t options;
  struct test_exit end;
  char* args[8];
  int i;

  if (harness_arg(0) != NULL)
    return;
  import_replace(IMPORT(AssignProcessToJobObject), (import_function) refuse_to_join);
  for (i = 0; i < 3; i++) {
    uv_process_t child;

    test_child(&options, args, "process_job_that_takes_nobody_fails_no_start", "child");
    test_spawn(&child, &options, &end);
    test_await_child(&end);
    net_close((uv_handle_t*) &child);
  }
  CHECK(joined > 3);
  CHECK(joined_first); /* so that a packaged program is not */
  net_end();
}

typedef BOOL(WINAPI* create_fn)(const WCHAR* path,
                                WCHAR* command,
                                SECURITY_ATTRIBUTES* process,
                                SECURITY_ATTRIBUTES* thread,
                                BOOL inherit,
                                DWORD flags,
                                void* env,
                                const WCHAR* folder,
                                STARTUPINFOW* start,
                                PROCESS_INFORMATION* made);
static create_fn create_process;
static UINT child_error_mode;
static DWORD child_flags;

/* As on Windows a folder is not longer than that. */
static BOOL WINAPI create_and_look(const WCHAR* path,
                                   WCHAR* command,
                                   SECURITY_ATTRIBUTES* process,
                                   SECURITY_ATTRIBUTES* thread,
                                   BOOL inherit,
                                   DWORD flags,
                                   void* env,
                                   const WCHAR* folder,
                                   STARTUPINFOW* start,
                                   PROCESS_INFORMATION* made) {
  child_error_mode = GetErrorMode();
  child_flags = flags;
  if (folder != NULL && wcslen(folder) >= MAX_PATH) {
    SetLastError(ERROR_DIRECTORY);
    return FALSE;
  }
  return create_process(path, command, process, thread, inherit, flags, env, folder, start, made);
}

static void look_at_starts(void) {
  create_process =
      (create_fn) import_replace(IMPORT(CreateProcessW), (import_function) create_and_look);
}

/* No dialog that somebody would have to answer first. */
TEST(process_that_crashes_ends_at_once) {
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  char* args[8];
  UINT before;

  if (harness_arg(0) != NULL)
    RaiseException(EXCEPTION_ACCESS_VIOLATION, EXCEPTION_NONCONTINUABLE, 0, NULL);
  look_at_starts();
  before = SetErrorMode(SEM_NOOPENFILEERRORBOX);
  test_child(&options, args, "process_that_crashes_ends_at_once", "child");
  test_spawn(&child, &options, &end);
  CHECK_EQ(child_error_mode & (SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX),
           SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
  CHECK_EQ(GetErrorMode(), SEM_NOOPENFILEERRORBOX); /* ours is ours */
  (void) SetErrorMode(before);
  net_until(&end.done, 1);
  CHECK_EQ(end.status, (int64_t) (DWORD) EXCEPTION_ACCESS_VIOLATION);
  net_close((uv_handle_t*) &child);
  net_end();
}

/* Others start children meanwhile, each of which is to be one that does not ask. */
static BOOL WINAPI refuse_to_create(const WCHAR* path,
                                    WCHAR* command,
                                    SECURITY_ATTRIBUTES* process,
                                    SECURITY_ATTRIBUTES* thread,
                                    BOOL inherit,
                                    DWORD flags,
                                    void* env,
                                    const WCHAR* folder,
                                    STARTUPINFOW* start,
                                    PROCESS_INFORMATION* made) {
  (void) path;
  (void) command;
  (void) process;
  (void) thread;
  (void) inherit;
  (void) flags;
  (void) env;
  (void) folder;
  (void) start;
  (void) made;
  test_thread_yield();
  CHECK_EQ(GetErrorMode() & (SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX),
           SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
  SetLastError(ERROR_ACCESS_DENIED);
  return FALSE;
}

static void start_many(void* unused) {
  uv_process_options_t options;
  char* args[8];
  uv_loop_t loop;
  int i;

  (void) unused;
  test_child(&options, args, "", "child");
  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < 100; i++) {
    uv_process_t child;

    CHECK_EQ(uv_spawn(&loop, &child, &options), UV_EACCES);
    uv_close((uv_handle_t*) &child, NULL);
    CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  }
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(process_starts_at_once_leave_the_error_mode) {
  struct test_thread* threads[3];
  UINT before;
  int i;

  import_replace(IMPORT(CreateProcessW), (import_function) refuse_to_create);
  before = SetErrorMode(SEM_NOOPENFILEERRORBOX);
  for (i = 0; i < 3; i++)
    threads[i] = test_thread_start(start_many, NULL);
  for (i = 0; i < 3; i++)
    test_thread_join(threads[i]);
  CHECK_EQ(SetErrorMode(before), SEM_NOOPENFILEERRORBOX);
}

/* ---- A child whose end cannot be watched ---- */

static HANDLE unwatched;

static BOOL WINAPI refuse_to_watch(
    HANDLE* wait, HANDLE process, WAITORTIMERCALLBACK run, void* arg, ULONG timeout, ULONG flags) {
  HANDLE self = GetCurrentProcess();

  (void) wait;
  (void) run;
  (void) arg;
  (void) timeout;
  (void) flags;
  CHECK(DuplicateHandle(self, process, self, &unwatched, 0, FALSE, DUPLICATE_SAME_ACCESS));
  /* One that ran would come to its end in that time. */
  CHECK_EQ(test_thread_wait(process, 200), WAIT_TIMEOUT);
  SetLastError(ERROR_NO_SYSTEM_RESOURCES);
  return FALSE;
}

/* It is there by then, and has done nothing. */
TEST(process_that_cannot_be_watched_never_ran) {
  uv_process_options_t options;
  uv_process_t child;
  import_function watch;
  DWORD status;
  char* args[8];

  if (harness_arg(0) != NULL)
    return;
  watch = import_replace(IMPORT(RegisterWaitForSingleObject), (import_function) refuse_to_watch);
  test_child(&options, args, "process_that_cannot_be_watched_never_ran", "child");
  CHECK(uv_spawn(net_loop(), &child, &options) < 0);
  (void) import_replace(IMPORT(RegisterWaitForSingleObject), watch);
  net_close((uv_handle_t*) &child);
  CHECK_EQ(test_thread_wait(unwatched, 30000), WAIT_OBJECT_0);
  CHECK(GetExitCodeProcess(unwatched, &status));
  CHECK_EQ(status, 1); /* as somebody ended it */
  CloseHandle(unwatched);
  net_end();
}

/* ---- Folders ---- */

static const WCHAR deep[] = L"another-folder-with-a-name-of-a-hundred-letters-or-so-that-"
                            L"the-start-of-a-process-has-no-room-for";

/* From a file, or a folder, up to the first of those folders. */
static void remove_tree(WCHAR* path) {
  CHECK(DeleteFileW(path));
  for (;;) {
    *wcsrchr(path, L'\\') = L'\0';
    if (wcsstr(path, deep) == NULL)
      return;
    CHECK(RemoveDirectoryW(path));
  }
}

TEST(process_folder_with_a_long_name) {
  WCHAR folder[1024] = L"\\\\?\\";
  WCHAR here[1024];
  char cwd[1024];
  char* args[8];
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  HANDLE file;
  int depth;

  if (harness_arg(0) != NULL) {
    CHECK(GetFileAttributesA("here") != INVALID_FILE_ATTRIBUTES);
    return;
  }
  look_at_starts();
  CHECK(GetTempPathW(200, folder + 4) > 0);
  for (depth = 0; depth < 4; depth++) {
    wcscat(folder, deep);
    (void) CreateDirectoryW(folder, NULL); /* It may be there from a run that was cut short. */
    wcscat(folder, L"\\");
  }
  wcscat(folder, L"here");
  wcscpy(here, folder);
  file = CreateFileW(folder, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  CHECK(file != INVALID_HANDLE_VALUE);
  CHECK(CloseHandle(file));
  folder[wcslen(folder) - 5] = L'\0';
  CHECK(WideCharToMultiByte(CP_UTF8, 0, folder, -1, cwd, sizeof cwd, NULL, NULL) > MAX_PATH);
  test_child(&options, args, "process_folder_with_a_long_name", "child");
  options.cwd = cwd;
  test_spawn(&child, &options, &end);
  test_await_child(&end);
  net_close((uv_handle_t*) &child);
  options.cwd = cwd + 4;
  test_spawn(&child, &options, &end);
  test_await_child(&end);
  net_close((uv_handle_t*) &child);
  remove_tree(here);
  net_end();
}

/* ---- Texts with bounds ---- */

TEST(process_command_line_that_is_too_long) {
  static char line[32768];
  char* args[8];
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;

  test_child(&options, args, "", "");
  args[0] = (char*) "x";
  args[1] = line;
  args[2] = NULL;
  memset(line, 'a', sizeof line - 1);
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_E2BIG);
  net_close((uv_handle_t*) &child);
  line[32767 - 2] = '\0'; /* with "x " and the terminator one too many */
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_E2BIG);
  net_close((uv_handle_t*) &child);
  line[32767 - 3] = '\0';
  test_spawn(&child, &options, &end); /* It knows no such test. */
  net_until(&end.done, 1);
  net_close((uv_handle_t*) &child);
  net_end();
}

TEST(process_names_that_differ_in_case_are_one) {
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  char* args[8];
  char* env[] = {(char*) "UVSTREAM_b=other",     (char*) "uvstream_TEST=first",
                 (char*) "UVSTREAM_TEST=second", (char*) "Uvstream_Test=third",
                 (char*) "UVSTREAM_A=other",     NULL};

  if (harness_arg(0) != NULL) {
    WCHAR* block = GetEnvironmentStringsW();
    const WCHAR* at;
    int found = 0;

    CHECK(block != NULL);
    for (at = block; *at != L'\0'; at += wcslen(at) + 1)
      if (CompareStringOrdinal(at, 14, L"UVSTREAM_TEST=", 14, TRUE) == CSTR_EQUAL) {
        CHECK(wcscmp(at + 14, L"first") == 0);
        found++;
      }
    CHECK_EQ(found, 1);
    CHECK_STR(getenv("UVSTREAM_TEST"), "first");
    CHECK_STR(getenv("UVSTREAM_A"), "other");
    CHECK_STR(getenv("UVSTREAM_B"), "other");
    CHECK(FreeEnvironmentStringsW(block));
    return;
  }
  test_child(&options, args, "process_names_that_differ_in_case_are_one", "child");
  options.env = env;
  test_spawn(&child, &options, &end);
  test_await_child(&end);
  net_close((uv_handle_t*) &child);
  net_end();
}

/* The folder of this program is a part of each; a quotation that has no end hides no other part. */
TEST(process_path_with_quotation_marks) {
  static const char* const paths[] = {"PATH=%s",
                                      "PATH=C:\\none;\"%s\"",
                                      "PATH=\"%s",
                                      "PATH=\"C:\\none;%s",
                                      "PATH=\"C:\\none;%s;C:\\other",
                                      "PATH=\"C:\\none;\"%s\"",
                                      "PATH=\"C:\\no;ne\";%s",
                                      "Path=\"\";;%s;"};
  char self[MAX_PATH];
  char path[2 * MAX_PATH];
  char* env[] = {path, NULL};
  char* args[8];
  char* name;
  size_t i;

  if (harness_arg(0) != NULL)
    return;
  CHECK(GetModuleFileNameA(NULL, self, sizeof self) < sizeof self);
  name = strrchr(self, '\\');
  CHECK(name != NULL);
  *name++ = '\0';
  for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    uv_process_options_t options;
    uv_process_t child;
    struct test_exit end;

    snprintf(path, sizeof path, paths[i], self);
    test_child(&options, args, "process_path_with_quotation_marks", "child");
    options.file = name;
    options.env = env;
    options.cwd = "C:\\";
    test_spawn(&child, &options, &end);
    test_await_child(&end);
    net_close((uv_handle_t*) &child);
  }
  /* A semicolon between two marks ends nothing: the folder is another one. */
  snprintf(path, sizeof path, "PATH=\"%s;none\"", self);
  for (i = 0; i < 1; i++) {
    uv_process_options_t options;
    uv_process_t child;

    test_child(&options, args, "process_path_with_quotation_marks", "child");
    options.file = name;
    options.env = env;
    options.cwd = "C:\\";
    CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_ENOENT);
    net_close((uv_handle_t*) &child);
  }
  net_end();
}

/* ---- A console ---- */

/* A stream of our console is of no use in a new one, but in Wine's. */
TEST(process_hidden_child_with_a_stream_of_the_console) {
  static const char name[] = "process_hidden_child_with_a_stream_of_the_console";
  uv_stdio_container_t stdio[2];
  uv_process_options_t options;
  uv_process_t child;
  struct test_exit end;
  COORD origin = {0, 0};
  char* args[8];
  HANDLE screen;
  const char* text = "here";
  uv_tty_t tty;
  DWORD wrote;
  int fd;

  if (harness_arg(0) != NULL && strcmp(harness_arg(0), "grandchild") == 0) {
    for (; *text != '\0'; text += wrote)
      CHECK(
          WriteConsoleA(GetStdHandle(STD_OUTPUT_HANDLE), text, (DWORD) strlen(text), &wrote, NULL));
    return;
  }
  if (!console_child(name))
    return;
  look_at_starts();
  screen = console_open("CONOUT$");
  CHECK(SetConsoleCursorPosition(screen, origin));
  fd = console_open_file("CONOUT$");
  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 0), 0);
  CHECK_EQ(_close(fd), 0);
  test_child(&options, args, name, "grandchild");
  memset(stdio, 0, sizeof stdio);
  stdio[1].flags = UV_INHERIT_STREAM;
  stdio[1].data.stream = (uv_stream_t*) &tty;
  options.stdio = stdio;
  options.stdio_count = 2;
  options.flags = UV_PROCESS_WINDOWS_HIDE;
  test_spawn(&child, &options, &end);
  CHECK_EQ(child_flags & CREATE_NO_WINDOW, 0);
  test_await_child(&end);
  console_expect(screen, 0, L"here");
  CloseHandle(screen);
  net_end();
}
