/* main() of every suite, and the checks. See harness.h. */
#include "harness.h"
#include "pattern.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#  include <fcntl.h>
#  include <io.h>
#  include <windows.h>
#  ifdef _MSC_VER
#    include <crtdbg.h>
#  endif
#else
#  include <poll.h>
#endif

enum {
  PASSED = 0,
  FAILED = 1,
  MISUSED = 2,
  SKIPPED = 77
};

static int arg_count;
static char** args;

/* A test that ends early leaves handles and memory behind on purpose, so nothing that runs
 * at a normal exit (a leak checker above all) may change its exit code. */
static _Noreturn void end_process(int code) {
  fflush(stdout);
  fflush(stderr);
  _Exit(code);
}

#if defined(UVSTREAM_COVERAGE) && !defined(_WIN32)
/* A forked child that leaves by _exit, or becomes another program, would take what it covered with it;
 * `./dev coverage` has the linker bring it here first. */
void __gcov_dump(void);
void __gcov_reset(void);
void __real__exit(int code);
void __wrap__exit(int code);
int __real_execve(const char* file, char* const argv[], char* const envp[]);
int __wrap_execve(const char* file, char* const argv[], char* const envp[]);

void __wrap__exit(int code) {
  __gcov_dump();
  __gcov_reset(); /* Its memory may be another process's, too, which goes on. */
  __real__exit(code);
}

int __wrap_execve(const char* file, char* const argv[], char* const envp[]) {
  __gcov_dump();
  __gcov_reset();
  return __real_execve(file, argv, envp);
}
#endif

void harness_fail(const char* file, int line, const char* why) {
  fprintf(stderr, "%s:%d: failed: %s\n", file, line, why);
  end_process(FAILED);
}

void harness_skip(const char* file, int line, const char* why) {
  fprintf(stderr, "%s:%d: skipped: %s\n", file, line, why);
  end_process(SKIPPED);
}

void harness_check_eq(
    const char* file, int line, const char* a_text, const char* b_text, int64_t a, int64_t b) {
  if (a == b) {
    return;
  }
  fprintf(stderr, "%s:%d: failed: %s == %s (%" PRId64 " != %" PRId64 ")\n", file, line, a_text,
          b_text, a, b);
  end_process(FAILED);
}

void harness_check_str(const char* file,
                       int line,
                       const char* a_text,
                       const char* b_text,
                       const char* a,
                       const char* b) {
  if (a == b || (a != NULL && b != NULL && strcmp(a, b) == 0)) {
    return;
  }
  fprintf(stderr, "%s:%d: failed: %s == %s (\"%s\" != \"%s\")\n", file, line, a_text, b_text,
          a == NULL ? "(NULL)" : a, b == NULL ? "(NULL)" : b);
  end_process(FAILED);
}

const char* harness_arg(int index) {
  return index >= -1 && index < arg_count - 2 ? args[index + 2] : NULL;
}

const char* harness_self(void) {
  return args[0];
}

static void prepare_process(void) {
#ifdef _WIN32
  /* The same bytes as elsewhere, and no message box that waits for somebody. */
  _setmode(_fileno(stdout), _O_BINARY);
  _setmode(_fileno(stderr), _O_BINARY);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
#  ifdef _MSC_VER
  _set_abort_behavior(0, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
  _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_FILE);
  _CrtSetReportFile(_CRT_ASSERT, _CRTDBG_FILE_STDERR);
#  endif
#else
  /* ThreadSanitizer makes a thread's memory for signals at its first call that may wait, and
   * loses a signal that comes while it does: such a call is made before a test watches any. */
  if (HARNESS_TSAN) {
    (void) poll(NULL, 0, 0);
  }
#endif
}

static int list_tests(void) {
  const struct harness_test* t;

  for (t = harness_tests; t->name != NULL; t++) {
    puts(t->name);
  }
  return PASSED;
}

int main(int argc, char** argv) {
  const struct harness_test* t;

  arg_count = argc;
  args = argv;
  prepare_process();
  pattern_begin();

  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    return list_tests();
  }
  if (argc < 2) {
    fprintf(stderr, "usage: %s NAME [ARGUMENT...] | --list\n", argv[0]);
    return MISUSED;
  }
  for (t = harness_tests; t->name != NULL; t++) {
    if (strcmp(t->name, argv[1]) == 0) {
      if (harness_before != NULL) {
        harness_before();
      }
      t->run();
      if (harness_after != NULL) {
        harness_after();
      }
      return PASSED;
    }
  }
  fprintf(stderr, "%s: no test named '%s'\n", argv[0], argv[1]);
  return MISUSED;
}
