/* Starting children: how there comes to be a second process, and how the parent learns that the
 * child's preparations failed. What is made before is plan.c's, what the child does up to exec is
 * exec.c's, and waiting for its end is child.c's. */
#include "unix/process/process.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sched.h>
#  include <sys/syscall.h>
#endif

#include "core/base/alloc.h"

/* ThreadSanitizer keeps books in the memory that the child would share. AddressSanitizer marks what is
 * on its stack, and does not hear that it left that. */
#if defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define KEEPS_BOOKS
#  endif
#  if __has_feature(address_sanitizer)
#    define MARKS_STACKS
#  endif
#elif defined(__SANITIZE_THREAD__)
#  define KEEPS_BOOKS
#elif defined(__SANITIZE_ADDRESS__)
#  define MARKS_STACKS
#endif

#if defined(MARKS_STACKS)
#  include <sanitizer/asan_interface.h>
#endif

#if defined(__linux__) && !defined(KEEPS_BOOKS)
#  define SHARES_MEMORY
#endif

/* ---- What both ways have in common ---- */

/* Signals wait while there is a child that has not become its program: a handler of ours or the
 * program's would run in a process that is not the one it knows. Nor must this thread be cancelled
 * in the child's calls. */
static void begin_quiet(sigset_t* mask, int* cancel) {
  sigset_t all;

  sigfillset(&all);
  (void) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancel);
  (void) pthread_sigmask(SIG_SETMASK, &all, mask);
}

static void end_quiet(const sigset_t* mask, int cancel) {
  (void) pthread_sigmask(SIG_SETMASK, mask, NULL);
  (void) pthread_setcancelstate(cancel, NULL);
}

static void bury(int pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    continue;
}

#if defined(SHARES_MEMORY)

/* ---- A child that shares our memory ---- */

enum {
  STACK_SIZE = 64 * 1024
};

static int run_child(void* arg) {
  struct uv__plan* plan = arg;

  plan->error = uv__exec_become(plan);
  _exit(127); /* Of the child, which did not become what it was meant to. */
}

/* Until it has become its program, the child has our memory and this thread waits, as with vfork;
 * its stack is its own. So nothing is copied, nobody's pthread_atfork handlers run in a process that
 * is not to stay, and there is no pipe to tell of a failure, which a process that another thread
 * forks in this moment would hold open. */
static int start(struct uv__plan* plan, int* pid) {
  char* stack = uv__malloc(STACK_SIZE);
  char* top;
  sigset_t mask;
  int cancel;
  int child;
  int error;

  if (stack == NULL)
    return UV_ENOMEM;
  top = stack + STACK_SIZE;
  top -= (uintptr_t) top % 16;
  begin_quiet(&mask, &cancel);
  child = clone(run_child, top, CLONE_VM | CLONE_VFORK | SIGCHLD, plan);
  error = errno;
  end_quiet(&mask, cancel);
#  if defined(MARKS_STACKS)
  __asan_unpoison_memory_region(stack, STACK_SIZE);
#  endif
  uv__free(stack);
  if (child < 0)
    return UV__ERR(error);
  if (plan->error != 0) {
    bury(child);
    return UV__ERR(plan->error);
  }
  *pid = child;
  return 0;
}

void uv__spawn_hold(void) {}
void uv__spawn_unhold(void) {}
void uv__spawn_forget(void) {}

#else

/* ---- A child that is a copy ---- */

/* The pipe by which it tells of a failure, and which ends when it has become its program. */
struct report {
  struct uv__queue link; /* in reports.queue */
  pthread_t forker;
  int fds[2]; /* -1: closed */
};

/* Those of all threads. What another thread forks meanwhile has copies of them, and this thread would
 * wait for as long as that lives: so it lets go of them at once, which is what the list is for. */
static struct {
  pthread_mutex_t lock;
  struct uv__queue queue;
} reports = {PTHREAD_MUTEX_INITIALIZER, {&reports.queue, &reports.queue}};

void uv__spawn_hold(void) {
  (void) pthread_mutex_lock(&reports.lock);
}

void uv__spawn_unhold(void) {
  (void) pthread_mutex_unlock(&reports.lock);
}

static int open_report(struct report* report) {
  int r;

  uv__spawn_hold();
  r = uv_pipe(report->fds, 0, 0);
  if (r == 0) {
    report->forker = pthread_self();
    uv__queue_insert_tail(&reports.queue, &report->link);
  }
  uv__spawn_unhold();
  return r;
}

static void close_end(struct report* report, int end) {
  uv__spawn_hold();
  uv__file_discard(report->fds[end]);
  report->fds[end] = -1;
  if (report->fds[1 - end] < 0)
    uv__queue_remove(&report->link);
  uv__spawn_unhold();
}

/* Their own thread's are the reason of this very fork. */
void uv__spawn_forget(void) {
  const struct uv__queue* link;

  for (link = reports.queue.next; link != &reports.queue; link = link->next) {
    const struct report* report = uv__container_of(link, const struct report, link);
    int end;

    for (end = 0; end < 2 && !pthread_equal(report->forker, pthread_self()); end++)
      if (report->fds[end] >= 0)
        uv__file_discard(report->fds[end]);
  }
  uv__queue_init(&reports.queue);
}

static _Noreturn void give_up(const struct uv__plan* plan, int error) {
  ssize_t n;

  do
    n = write(plan->report, &error, sizeof(error));
  while (n < 0 && errno == EINTR);
  _exit(127); /* Of the forked child, which nothing of the program's may outlive. */
}

static int fork_child(struct uv__plan* plan) {
  int pid = fork();

  if (pid == 0)
    give_up(plan, uv__exec_become(plan));
  return pid > 0 ? pid : UV__ERR(errno);
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
  bury(pid);
  return n == (ssize_t) sizeof(error) ? UV__ERR(error) : UV_EIO;
}

static int start(struct uv__plan* plan, int* pid) {
  struct report report;
  sigset_t mask;
  int cancel;
  int r;

  begin_quiet(&mask, &cancel);
  r = open_report(&report);
  if (r == 0) {
    plan->report = report.fds[1];
    r = fork_child(plan);
    close_end(&report, 1);
    if (r > 0) {
      *pid = r;
      r = hear_report(report.fds[0], *pid);
    }
    close_end(&report, 0);
  }
  end_quiet(&mask, cancel);
  return r;
}

#endif

/* ---- What the port promises ---- */

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

enum {
  MOST_FDS = 1 << 20 /* to go through one by one, where there is no better way */
};

void uv_disable_stdio_inheritance(void) {
  struct rlimit limit;
  int most = MOST_FDS;
  int fd;

#if defined(__linux__) && defined(SYS_close_range)
  if (syscall(SYS_close_range, 0, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) == 0)
    return;
#endif
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t) most)
    most = (int) limit.rlim_cur;
  for (fd = 0; fd < most; fd++)
    (void) uv__file_hide(fd);
}
