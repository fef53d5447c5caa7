/* Children where the system lacks something: a kernel without pidfd and close_range, a sandbox, a user who
 * may not become another. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "pipes.h"
#include "scenarios.h"

static uv_process_options_t options;
static char* args[8];
static int ended;

static void on_exit(uv_process_t* process, int64_t status, int signum) {
  CHECK_EQ(status, 0);
  CHECK_EQ(signum, 0);
  ended++;
  uv_close((uv_handle_t*) process, NULL);
}

/* A child that does nothing, and of which nothing is said. */
static void prepare(const char* test) {
  test_child(&options, args, test, "idle");
  options.exit_cb = on_exit;
}

static int start(uv_process_t* process) {
  int r = uv_spawn(scene, process, &options);

  if (r != 0) {
    uv_close((uv_handle_t*) process, NULL);
    CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  }
  return r;
}

/* ---- A kernel of before 2019 ---- */

TEST(e1_child_without_a_descriptor) {
  int round;

  calls_fail_all(CALL_syscall, ENOSYS);
  for (round = 0; round < 3; round++) {
    /* Whatever the program does with the signal that then tells of the end. */
    if (round == 1)
      CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
    if (round == 2)
      CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    scenario_spawn();
  }
  calls_fail_all(CALL_syscall, 0);
}

/* Each that ends costs a few calls, however many others there are. */
TEST(e1_children_without_descriptors_cost_a_few_calls_each) {
  enum {
    CHILDREN = 60,
    LOOK_NS = 200000000
  };
  static uv_process_t children[CHILDREN];
  static const int none[FAULT_ROW] = {0};
  uint64_t began;
  long looks;
  int i;

  if (harness_arg(0) != NULL)
    return;
  if (HARNESS_TSAN) {
    SKIP("a child that is a copy is started with calls of its own");
  }
  CHECK(scene_begin());
  prepare("e1_children_without_descriptors_cost_a_few_calls_each");
  calls_fail_all(CALL_syscall, ENOSYS);
  calls_fail_row(CALL_waitpid, none);
  began = uv_hrtime();
  for (i = 0; i < CHILDREN; i++)
    CHECK_EQ(start(&children[i]), 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(ended, CHILDREN);
  looks = (long) ((uv_hrtime() - began) / LOOK_NS) + 1;
  /* One look at all of them every 200 ms, and one for each that ends: a few for each, in place of all. */
  CHECK(calls_made() >= CHILDREN);
  CHECK(calls_made() < (4 + looks) * CHILDREN);
  calls_fail_all(CALL_syscall, 0);
  calls_fail_nth(CALL_waitpid, 0, 0);
  scene_end();
}

/* One by one, where there is no better way. */
TEST(e1_descriptors_are_hidden_one_by_one) {
  struct rlimit limit;
  int fd = dup(2);

  CHECK(fd > 2);
  calls_fail_all(CALL_syscall, ENOSYS);
  CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 100;
  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  uv_disable_stdio_inheritance();
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(fd, F_SETFD, 0), 0);
  calls_fail_all(CALL_getrlimit, EPERM);
  uv_disable_stdio_inheritance();
  CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
  calls_fail_all(CALL_getrlimit, 0);
  calls_fail_all(CALL_syscall, 0);
}

/* ---- Another user, or the same ---- */

/* The child's last calls by number are those: the groups, if it is root's, the group and the user. */
TEST(e1_user_that_a_child_may_not_become) {
  uv_process_t process;
  int refused = 0;
  long n;

  if (harness_arg(0) != NULL)
    return;
  CHECK(scene_begin());
  prepare("e1_user_that_a_child_may_not_become");
  options.flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID;
  options.uid = (uv_uid_t) getuid();
  options.gid = (uv_gid_t) getgid();
  for (n = 1; n < 500; n++) {
    int before = ended;
    long made;
    int r;

    calls_fail_nth(CALL_syscall, n, EPERM);
    r = start(&process);
    made = calls_made();
    CHECK(r == 0 || r == UV_EPERM);
    refused += r != 0;
    CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
    CHECK_EQ(ended, before + (r == 0));
    if (made < n)
      break;
  }
  calls_fail_nth(CALL_syscall, 0, 0);
  if (!HARNESS_TSAN) { /* else they are a copy's, and not counted */
    CHECK(n < 500);
    CHECK_EQ(refused, getuid() == 0 ? 3 : 2);
  }
  scene_end();
}

/* ---- Looking for the program ---- */

TEST(process_path_with_odd_entries) {
  static char path[6000];
  char program[1024];
  char* env[2] = {path, NULL};
  uv_process_t process;
  size_t size = sizeof program;
  char* name;

  if (harness_arg(0) != NULL)
    return;
  CHECK(scene_begin());
  prepare("process_path_with_odd_entries");
  CHECK_EQ(uv_exepath(program, &size), 0);
  name = strrchr(program, '/');
  CHECK(name != NULL);
  *name++ = '\0';
  /* The current folder, one that is too long for a path, a file, one that is not there, the right one. */
  memset(path, 'x', sizeof path);
  memcpy(path, "PATH=:/", 7);
  strcpy(path + 5000, ":/etc/passwd:/no-such-folder:");
  strcat(path, program);
  options.env = env;
  options.file = name;
  CHECK_EQ(start(&process), 0);
  CHECK_EQ(uv_run(scene, UV_RUN_DEFAULT), 0);
  CHECK_EQ(ended, 1);
  strcpy(path + 5000, "");
  CHECK_EQ(start(&process), UV_ENOENT);
  options.file = "";
  CHECK_EQ(start(&process), UV_ENOENT);
  scene_end();
}

/* The one that failed is buried, whatever interrupts that. */
TEST(e1_child_that_was_none_is_buried) {
  uv_process_t process;

  if (HARNESS_TSAN) {
    SKIP("a child that is a copy is buried in another way");
  }
  CHECK(scene_begin());
  prepare("e1_child_that_was_none_is_buried");
  options.file = "/no-such-program";
  calls_fail_nth(CALL_waitpid, 1, EINTR);
  CHECK_EQ(start(&process), UV_ENOENT);
  CHECK_EQ(calls_made(), 2);
  calls_fail_nth(CALL_waitpid, 0, 0);
  CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
  CHECK_EQ(errno, ECHILD);
  scene_end();
}
