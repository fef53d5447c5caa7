/* What a program asks about its process and its host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness.h"
#include "memory.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

#ifdef _WIN32
#  include <io.h>
#else
#  include <fcntl.h>
#  include <unistd.h>
#endif

/* ---- Clocks ---- */

TEST(clock_monotonic_is_hrtime) {
  uv_timespec64_t t;
  uint64_t before = uv_hrtime();
  uint64_t ns;

  CHECK_EQ(uv_clock_gettime(UV_CLOCK_MONOTONIC, &t), 0);
  CHECK(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
  ns = (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
  CHECK(ns >= before);
  CHECK(ns <= uv_hrtime());
}

/* Whether `sec` lies between two readings of time(2), with a second for its coarse clock. */
static void check_date(time_t before, int64_t sec) {
  CHECK(sec >= (int64_t) before - 1);
  CHECK(sec <= (int64_t) time(NULL) + 1);
}

TEST(clock_realtime_is_the_date) {
  time_t before = time(NULL);
  uv_timespec64_t ts;
  uv_timeval64_t tv;

  CHECK_EQ(uv_clock_gettime(UV_CLOCK_REALTIME, &ts), 0);
  CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
  check_date(before, ts.tv_sec);
  CHECK_EQ(uv_gettimeofday(&tv), 0);
  CHECK(tv.tv_usec >= 0 && tv.tv_usec < 1000000);
  check_date(before, tv.tv_sec);
}

TEST(clock_misuse) {
  uv_timespec64_t ts = {7, 7};

  CHECK_EQ(uv_clock_gettime((uv_clock_id) 1337, &ts), UV_EINVAL);
  CHECK_EQ(ts.tv_sec, 7);
  CHECK_EQ(ts.tv_nsec, 7);
  CHECK_EQ(uv_clock_gettime(UV_CLOCK_REALTIME, NULL), UV_EFAULT);
  CHECK_EQ(uv_gettimeofday(NULL), UV_EINVAL);
}

TEST(uptime_counts) {
  double first = -1;
  double second = -1;

  CHECK_EQ(uv_uptime(NULL), UV_EINVAL);
  CHECK_EQ(uv_uptime(&first), 0);
  CHECK(first > 0);
  CHECK(first < 3600.0 * 24 * 365 * 50);
  uv_sleep(20); /* more than the coarsest tick */
  CHECK_EQ(uv_uptime(&second), 0);
  CHECK(second > first);
}

/* ---- The process ---- */

TEST(pid_of_this_process) {
#ifdef _WIN32
  CHECK_EQ(uv_os_getpid(), GetCurrentProcessId());
#else
  CHECK_EQ(uv_os_getpid(), getpid());
  CHECK_EQ(uv_os_getppid(), getppid());
#endif
  CHECK(uv_os_getpid() > 0);
  CHECK(uv_os_getppid() != uv_os_getpid());
}

/* A child prints whose child it is. */
TEST(pid_of_the_parent) {
  char command[4400];
  char line[64];
  size_t size = 4096;
  char path[4096];
  FILE* child;

  if (harness_arg(0) != NULL) {
    printf("parent %d\n", (int) uv_os_getppid());
    return;
  }
  test_needs_proc();
  if (uv_exepath(path, &size) == UV_ENOSYS) {
    SKIP("this system does not tell where the program is");
  }
#ifdef _WIN32
  /* A shell in between would be the parent. */
  (void) command;
  (void) line;
  (void) child;
  {
    STARTUPINFOA info = {0};
    PROCESS_INFORMATION made;
    HANDLE in;
    HANDLE out;
    SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
    DWORD n = 0;

    CHECK(CreatePipe(&in, &out, &inherit, 0));
    info.cb = sizeof(info);
    info.dwFlags = STARTF_USESTDHANDLES;
    info.hStdOutput = out;
    info.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    snprintf(command, sizeof(command), "\"%s\" pid_of_the_parent child", path);
    CHECK(CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &info, &made));
    CloseHandle(out);
    CHECK(ReadFile(in, line, sizeof(line) - 1, &n, NULL));
    line[n] = '\0';
    CHECK_EQ(WaitForSingleObject(made.hProcess, INFINITE), WAIT_OBJECT_0);
    CloseHandle(made.hThread);
    CloseHandle(made.hProcess);
    CloseHandle(in);
  }
#else
  snprintf(command, sizeof(command), "exec '%s' pid_of_the_parent child", path);
  child = popen(command, "r");
  CHECK(child != NULL);
  CHECK(fgets(line, sizeof(line), child) != NULL);
  CHECK_EQ(pclose(child), 0);
#endif
  CHECK(strncmp(line, "parent ", 7) == 0);
  CHECK_EQ(atoi(line + 7), uv_os_getpid());
}

TEST(osfhandle_there_and_back) {
#ifdef _WIN32
  HANDLE in;
  HANDLE out;
  DWORD flags;
  int fd;

  CHECK(CreatePipe(&in, &out, NULL, 0));
  fd = uv_open_osfhandle(in);
  CHECK(fd >= 0);
  CHECK(uv_get_osfhandle(fd) == in);
  CHECK_EQ(_close(fd), 0);
  CHECK(!GetHandleInformation(in, &flags)); /* the descriptor owned it */
  CloseHandle(out);
  CHECK(uv_get_osfhandle(4711) == INVALID_HANDLE_VALUE);
  CHECK(uv_get_osfhandle(-1) == INVALID_HANDLE_VALUE);
#else
  CHECK_EQ(uv_get_osfhandle(17), 17);
  CHECK_EQ(uv_open_osfhandle(17), 17);
#endif
}

TEST(memory_in_ram_grows_when_it_is_used) {
  enum {
    BYTES = 32 * 1024 * 1024
  };
  size_t before = 0;
  size_t after = 0;
  char* block;

  CHECK_EQ(uv_resident_set_memory(NULL), UV_EINVAL);
  test_needs_proc();
  if (uv_resident_set_memory(&before) == UV_ENOSYS)
    SKIP("nobody knows how much memory a process has here");
  CHECK_EQ(uv_resident_set_memory(&before), 0);
  CHECK(before > 100 * 1024);
  block = malloc(BYTES);
  CHECK(block != NULL);
  memset(block, 1, BYTES);
  CHECK_EQ(uv_resident_set_memory(&after), 0);
  CHECK(after > before + BYTES / 2);
  CHECK_EQ(block[before % BYTES], 1); /* or the compiler leaves it all out */
  free(block);
}

static uint64_t microseconds(uv_timeval_t t) {
  CHECK(t.tv_sec >= 0);
  CHECK(t.tv_usec >= 0 && t.tv_usec < 1000000);
  return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_usec;
}

TEST(rusage_counts) {
  uv_rusage_t before;
  uv_rusage_t after;
  volatile unsigned work = 0;

  CHECK_EQ(uv_getrusage(NULL), UV_EINVAL);
  memset(&before, 0xff, sizeof(before));
  CHECK_EQ(uv_getrusage(&before), 0);
  CHECK(before.ru_maxrss > 100); /* KiB: neither pages nor bytes */
  CHECK(before.ru_maxrss < (uint64_t) 1024 * 1024 * 1024);
  /* Until the clock of the scheduler has ticked for us. */
  do {
    int i;

    for (i = 0; i < 1000000; i++) {
      work++;
    }
    CHECK_EQ(uv_getrusage(&after), 0);
  } while (microseconds(after.ru_utime) + microseconds(after.ru_stime) ==
           microseconds(before.ru_utime) + microseconds(before.ru_stime));
  CHECK(microseconds(after.ru_utime) >= microseconds(before.ru_utime));
  CHECK(after.ru_maxrss >= before.ru_maxrss);
#ifdef _WIN32
  CHECK_EQ(after.ru_ixrss + after.ru_idrss + after.ru_isrss + after.ru_minflt + after.ru_nswap, 0);
  CHECK_EQ(after.ru_msgsnd + after.ru_msgrcv + after.ru_nsignals, 0);
  CHECK_EQ(after.ru_nvcsw + after.ru_nivcsw, 0);
#else
  CHECK(after.ru_minflt > 0);
#endif
}

/* ---- The host ---- */

TEST(name_of_the_host) {
  char name[UV_MAXHOSTNAMESIZE];
  size_t size = sizeof(name);
  size_t len;

  CHECK_EQ(uv_os_gethostname(name, &size), 0);
  len = strlen(name);
  CHECK(len > 0);
  CHECK_EQ(size, len);
  size = len;
  CHECK_EQ(uv_os_gethostname(name, &size), UV_ENOBUFS);
  CHECK_EQ(size, len + 1);
  CHECK_EQ(uv_os_gethostname(name, &size), 0);
  CHECK_EQ(size, len);
  size = 0;
  CHECK_EQ(uv_os_gethostname(name, &size), UV_EINVAL);
  CHECK_EQ(uv_os_gethostname(NULL, &size), UV_EINVAL);
  CHECK_EQ(uv_os_gethostname(name, NULL), UV_EINVAL);
}

TEST(name_of_the_system) {
  uv_utsname_t name;

  CHECK_EQ(uv_os_uname(NULL), UV_EINVAL);
  memset(&name, 0x55, sizeof(name));
  CHECK_EQ(uv_os_uname(&name), 0);
#ifdef _WIN32
  CHECK_STR(name.sysname, "Windows_NT");
  CHECK(atoi(name.release) >= 6);
  CHECK(strchr(name.release, '.') != strrchr(name.release, '.'));
#else
  CHECK(strlen(name.sysname) > 0);
#  ifdef __linux__
  CHECK_STR(name.sysname, "Linux");
#  endif
  CHECK(strlen(name.version) > 0);
#endif
  CHECK(strlen(name.version) < sizeof(name.version));
  CHECK(name.release[0] >= '0' && name.release[0] <= '9');
  CHECK(strlen(name.machine) > 0);
}

/* ---- The title ---- */

/* Arguments as a kernel lays them out, in memory that nothing else lies in. */
static char* make_args(char** argv) {
  static const char text[] = "program\0-a\0second";
  char* memory = malloc(sizeof(text));

  CHECK(memory != NULL);
  memcpy(memory, text, sizeof(text));
  argv[0] = memory;
  argv[1] = memory + 8;
  argv[2] = memory + 11;
  argv[3] = NULL;
  return memory;
}

TEST(title_leaves_the_arguments_usable) {
  char* argv[4];
  char* memory = make_args(argv);
  char** args = uv_setup_args(3, argv);
  char title[64];

  CHECK_EQ(uv_get_process_title(title, sizeof(title)), 0);
  CHECK(strlen(title) > 0);
  CHECK_EQ(uv_set_process_title("a title"), 0);
  CHECK_EQ(uv_get_process_title(title, sizeof(title)), 0);
  CHECK_STR(title, "a title");
  CHECK_STR(args[0], "program");
  CHECK_STR(args[1], "-a");
  CHECK_STR(args[2], "second");
  CHECK(args[3] == NULL);
  CHECK_EQ(uv_set_process_title(""), 0);
  CHECK_EQ(uv_get_process_title(title, sizeof(title)), 0);
  CHECK_STR(title, "");
  free(memory);
}

TEST(title_that_is_too_long_is_cut) {
  char* argv[4];
  char* memory = make_args(argv);
  char text[5000];
  char title[5000];

  uv_setup_args(3, argv);
  memset(text, 't', sizeof(text));
  text[sizeof(text) - 1] = '\0';
  CHECK_EQ(uv_set_process_title(text), 0);
  CHECK_EQ(uv_get_process_title(title, sizeof(title)), 0);
  CHECK(strlen(title) >= 17); /* what the arguments took, without the terminator */
  CHECK(strlen(title) < sizeof(text) - 1);
  CHECK(strncmp(title, text, strlen(title)) == 0);
#ifndef _WIN32
  CHECK_EQ(strlen(title), 17);
#endif
  free(memory);
}

TEST(title_misuse) {
  char* argv[4];
  char* memory = make_args(argv);
  char title[64] = "x";

#ifndef _WIN32
  CHECK_EQ(uv_get_process_title(title, sizeof(title)), UV_ENOBUFS); /* no uv_setup_args */
  CHECK_EQ(uv_set_process_title("x"), UV_ENOBUFS);
  memory_fail_nth(1);
  CHECK(uv_setup_args(3, argv) == argv);
  memory_fail_nth(0);
  CHECK_EQ(uv_set_process_title("x"), UV_ENOBUFS);
#endif
  CHECK(uv_setup_args(0, argv) == argv);
  uv_setup_args(3, argv);
  CHECK_EQ(uv_set_process_title(NULL), UV_EINVAL);
  CHECK_EQ(uv_set_process_title("four"), 0);
  CHECK_EQ(uv_get_process_title(NULL, 10), UV_EINVAL);
  CHECK_EQ(uv_get_process_title(title, 0), UV_EINVAL);
  CHECK_EQ(uv_get_process_title(title, 4), UV_ENOBUFS);
  CHECK_STR(title, "x");
  CHECK_EQ(uv_get_process_title(title, 5), 0);
  CHECK_STR(title, "four");
  free(memory);
}

/* Where the system shows it, too. */
TEST(title_is_seen_from_outside) {
#ifdef __linux__
  char* argv[2];
  char line[256] = "";
  char want[64];
  FILE* file;

  test_needs_proc();
  /* The true ones: the first and only argument that this test may write over. */
  argv[0] = (char*) (uintptr_t) harness_self();
  argv[1] = NULL;
  uv_setup_args(1, argv);
  snprintf(want, sizeof(want), "t%d", (int) getpid());
  CHECK_EQ(uv_set_process_title(want), 0);
  file = fopen("/proc/self/cmdline", "r");
  CHECK(file != NULL);
  CHECK(fread(line, 1, sizeof(line) - 1, file) > 0);
  fclose(file);
  CHECK_STR(line, want);
  file = fopen("/proc/self/comm", "r");
  CHECK(file != NULL);
  CHECK(fgets(line, sizeof(line), file) != NULL);
  fclose(file);
  line[strcspn(line, "\n")] = '\0';
  CHECK_STR(line, want);
#elif defined(_WIN32)
  char title[64];

  CHECK_EQ(uv_set_process_title("uvstream title"), 0);
  if (GetConsoleTitleA(title, sizeof(title)) == 0) {
    SKIP("no console");
  }
  CHECK_STR(title, "uvstream title");
#else
  SKIP("no portable way to look");
#endif
}

static void change_title(void* arg) {
  const char* text = arg;
  char title[64];
  int i;

  for (i = 0; i < 2000; i++) {
    CHECK_EQ(uv_set_process_title(text), 0);
    CHECK_EQ(uv_get_process_title(title, sizeof(title)), 0);
    CHECK(strcmp(title, "aaaaaaaa") == 0 || strcmp(title, "bbbb") == 0);
  }
}

TEST(title_from_several_threads) {
  char* argv[4];
  char* memory = make_args(argv);
  struct test_thread* other;

  uv_setup_args(3, argv);
  CHECK_EQ(uv_set_process_title("bbbb"), 0);
  other = test_thread_start(change_title, "aaaaaaaa");
  change_title("bbbb");
  test_thread_join(other);
  free(memory);
}

/* ---- Random bytes ---- */

TEST(random_at_once) {
  unsigned char a[100];
  unsigned char b[100];
  unsigned seen[256] = {0};
  unsigned different = 0;
  size_t i;

  memset(a, 0, sizeof(a));
  memset(b, 0, sizeof(b));
  CHECK_EQ(uv_random(NULL, NULL, a, sizeof(a) - 1, 0, NULL), 0);
  CHECK_EQ(uv_random(NULL, NULL, b, sizeof(b) - 1, 0, NULL), 0);
  CHECK_EQ(a[99], 0); /* exactly so many */
  CHECK(memcmp(a, b, 99) != 0);
  for (i = 0; i < 99; i++) {
    different += seen[a[i]]++ == 0;
  }
  CHECK(different > 40); /* of 83 to be expected; 40 would take longer than the universe */
  CHECK_EQ(uv_random(NULL, NULL, a, 0, 0, NULL), 0);
}

TEST(random_many_bytes) {
  enum {
    BYTES = 3000000
  };
  unsigned char* bytes = calloc(BYTES, 1);
  int i;

  CHECK(bytes != NULL);
  CHECK_EQ(uv_random(NULL, NULL, bytes, BYTES, 0, NULL), 0);
  for (i = 0; i + 16 <= BYTES; i += 16) { /* no part was left out */
    static const unsigned char zeros[16];
    CHECK(memcmp(bytes + i, zeros, 16) != 0);
  }
  free(bytes);
}

static unsigned char filled[64];
static int fills;

static void on_random(uv_random_t* req, int status, void* buf, size_t buflen) {
  CHECK_EQ(status, 0);
  CHECK(buf == filled);
  CHECK_EQ(buflen, sizeof(filled));
  CHECK(req->data == &fills);
  CHECK_EQ(req->type, UV_RANDOM);
  fills++;
}

TEST(random_misuse) {
  uv_random_t req;
  char byte = 'x';

  CHECK_EQ(uv_random(NULL, NULL, &byte, 1, 1, NULL), UV_EINVAL);
  CHECK_EQ(uv_random(NULL, NULL, NULL, 1, 0, NULL), UV_EINVAL);
  CHECK_EQ(uv_random(NULL, NULL, &byte, (size_t) 0x80000000u, 0, NULL), UV_E2BIG);
  CHECK_EQ(uv_random(NULL, &req, &byte, 1, 0, on_random), UV_EINVAL); /* no loop */
  CHECK_EQ(byte, 'x');
}

TEST(random_on_the_work_queue) {
  static const unsigned char zeros[sizeof(filled)];
  uv_loop_t loop;
  uv_random_t req;

  CHECK_EQ(uv_loop_init(&loop), 0);
  req.data = &fills;
  CHECK_EQ(uv_random(&loop, &req, filled, sizeof(filled), 0, on_random), 0);
  CHECK_EQ(fills, 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(fills, 1);
  CHECK(memcmp(filled, zeros, sizeof(filled)) != 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

enum {
  THREADS = 4 /* of the pool, unless the environment says otherwise */
};

static volatile long go_on;

static void wait_for_go(uv_work_t* req) {
  (void) req;
  while (test_load(&go_on) == 0) {
    test_thread_yield();
  }
}

static void on_cancelled(uv_random_t* req, int status, void* buf, size_t buflen) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  CHECK(buf == filled);
  CHECK_EQ(buflen, sizeof(filled));
  fills++;
}

TEST(random_on_the_work_queue_is_taken_back) {
  uv_work_t works[THREADS];
  uv_random_t req;
  uv_loop_t loop;
  int i;

  CHECK_EQ(uv_loop_init(&loop), 0);
  for (i = 0; i < THREADS; i++) {
    CHECK_EQ(uv_queue_work(&loop, &works[i], wait_for_go, NULL), 0);
  }
  CHECK_EQ(uv_random(&loop, &req, filled, sizeof(filled), 0, on_cancelled), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &req), 0);
  CHECK_EQ(fills, 0); /* L1 */
  test_add(&go_on, 1);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(fills, 1);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

TEST(random_without_memory_is_refused) {
  uv_random_t req;
  uv_loop_t loop;

  CHECK_EQ(uv_loop_init(&loop), 0);
  memory_fail_all(1);
  CHECK_EQ(uv_random(&loop, &req, filled, sizeof(filled), 0, on_cancelled), UV_ENOMEM);
  memory_fail_all(0);
  CHECK_EQ(uv_loop_alive(&loop), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}
