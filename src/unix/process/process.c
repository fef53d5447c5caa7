/* Starting children: the fork, and how the parent learns that the child's preparations failed. What
 * is made before is plan.c's, what the child does up to exec is exec.c's, and waiting for its end is
 * child.c's. */
#include "unix/process/process.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- In the child ---- */

static _Noreturn void give_up(const struct uv__plan* plan, int error) {
  ssize_t n;

  do
    n = write(plan->report, &error, sizeof(error));
  while (n < 0 && errno == EINTR);
  _exit(127); /* Of the forked child, which nothing of the program's may outlive. */
}

/* ---- In the parent ---- */

/* Signals wait meanwhile: in the child, a handler of the program's would run in a process that
 * is not the one it knows. */
static int fork_child(struct uv__plan* plan) {
  sigset_t all;
  sigset_t mask;
  int error;
  int pid;

  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &mask) != 0)
    return UV_EINVAL;
  pid = fork();
  error = errno;
  if (pid == 0)
    give_up(plan, uv__exec_become(plan));
  (void) pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return pid > 0 ? pid : UV__ERR(error);
}

/* 0 once the new program runs, or why it does not; then the child is gone, too. */
static int hear_report(int fd, int pid) {
  int error = 0;
  ssize_t n;

  do
    n = read(fd, &error, sizeof(error));
  while (n < 0 && errno == EINTR);
  if (n == 0)
    return 0; /* The exec closed it. */
  /* It ends by itself, unless the report got lost: then it may run, and nobody would know it. */
  (void) kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  return n == (ssize_t) sizeof(error) ? UV__ERR(error) : UV_EIO;
}

static int start(struct uv__plan* plan, int* pid) {
  int report[2];
  int r = uv_pipe(report, 0, 0);

  if (r < 0)
    return r;
  plan->report = report[1];
  r = fork_child(plan);
  uv__file_discard(report[1]);
  if (r > 0) {
    *pid = r;
    r = hear_report(report[0], *pid);
  }
  uv__file_discard(report[0]);
  return r;
}

int uv__port_spawn(struct uv__io* io,
                   const uv_process_options_t* options,
                   struct uv__child_stdio* stdio,
                   int stdio_count,
                   int* pid) {
  struct uv__child* child = uv__child_new(io->loop);
  struct uv__plan plan;
  int r;

  if (child == NULL)
    return UV_ENOMEM;
  r = uv__plan_make(&plan, options, stdio_count);
  if (r == 0) {
    int started = 0;

    r = uv__plan_stdio(&plan, stdio);
    if (r == 0)
      r = start(&plan, &started);
    uv__plan_end(&plan, stdio, r == 0);
    if (r == 0) {
      *pid = started;
      uv__child_watch(child, started, io);
      return 0;
    }
  }
  uv__child_free(child);
  return r;
}

void uv_disable_stdio_inheritance(void) {
  uv__exec_hide_from(0);
}
