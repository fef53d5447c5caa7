/* The top of the Unix backend: it makes what a loop consists of and takes it down again, and orders
 * what one wait looks at. The only file that knows all the rooms. */
#include "unix/loop/loop.h"
#include "unix/pipe/pipe.h"
#include "unix/process/process.h"
#include "unix/system/system.h"
#include "unix/tty/tty.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/atomic.h"

/* ---- Forking ---- */

/* A fork finds our locks held by the thread that forks and by no other, so that in the child they
 * can be let go, and what they guard is whole. The handlers of the core, which come with its pool of
 * threads, are called from here as well: see settle. */
static struct {
  int core_listens; /* atomic: the three below are there */
  void (*before)(void);
  void (*in_parent)(void);
  void (*in_child)(void);

  /* While a fork is under way, guarded by the locks themselves. */
  int pid; /* of the process that forks; 0: none is */
  int with_core;
  sigset_t mask;
} forks;

static void before_fork(void) {
  sigset_t all;
  sigset_t mask;
  int with_core;

  sigfillset(&all);
  (void) pthread_sigmask(SIG_SETMASK, &all, &mask);
  with_core = uv__atomic_load(&forks.core_listens);
  if (with_core)
    forks.before();
  uv__spawn_hold();
  uv__title_hold();
  uv__mode_hold();
  uv__signal_hold();
  forks.pid = (int) getpid();
  forks.with_core = with_core;
  forks.mask = mask;
}

/* `core` is there to be read if it listened when the fork began. */
static void end_fork(void (*const* core)(void)) {
  sigset_t mask = forks.mask;
  int with_core = forks.with_core;

  forks.pid = 0;
  uv__signal_unhold();
  uv__mode_unhold();
  uv__title_unhold();
  uv__spawn_unhold();
  if (with_core)
    (*core)();
  (void) pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void in_parent(void) {
  end_fork(&forks.in_parent);
}

/* In the child, by whoever comes first: a handler of the program's that was there before ours, and
 * calls uv_loop_fork, or our own. */
static void settle(void) {
  if (forks.pid == 0 || forks.pid == (int) getpid())
    return;
  uv__signal_forget();
  uv__spawn_forget();
  end_fork(&forks.in_child);
}

static pthread_once_t forks_once = PTHREAD_ONCE_INIT;
static int forks_error;

static void listen_to_forks(void) {
  forks_error = UV__ERR(pthread_atfork(before_fork, in_parent, settle));
}

int uv__port_at_fork(void (*before)(void), void (*parent)(void), void (*child)(void)) {
  (void) pthread_once(&forks_once, listen_to_forks);
  if (forks_error < 0)
    return forks_error;
  forks.before = before;
  forks.in_parent = parent;
  forks.in_child = child;
  uv__atomic_store(&forks.core_listens, 1);
  return 0;
}

/* What is closed here is open in the parent too, and was the parent's: nothing is taken out of
 * it, as that would be taken out of the parent's. All of it is let go of before anything can
 * fail. */
int uv__port_fork(uv_loop_t* loop) {
  int r;

  settle();
  uv__poller_leave(loop);
  uv__loop_close_wake(loop);
  uv__pipe_stop(loop);
  uv__child_fork(loop);
  r = uv__loop_open_wake(loop);
  if (r == 0)
    r = uv__poller_renew(loop);
  if (r == 0)
    r = uv__pipe_renew(loop);
  /* To whom a signal came since the fork, and to look at the children. */
  if (r == 0)
    uv__port_wake(loop);
  return r;
}

int uv__port_fork_io(struct uv__io* io) {
  return io->tail.state & UV__FD_POLLED ? uv__poller_renew_io(io) : 0;
}

/* ---- Life ---- */

/* loop->tail.poller is the address of the first. */
struct block {
  struct uv__poller poller;
  struct uv__stalls stalls;
  struct uv__children children;
};

static struct block* make_block(uv_loop_t* loop) {
  struct block* block = uv__calloc(1, sizeof(*block));

  if (block == NULL)
    return NULL;
  block->poller.loop = loop;
  uv__queue_init(&block->poller.lookers);
  block->poller.stalls = &block->stalls;
  block->poller.children = &block->children;
  uv__pipe_start(&block->stalls, loop);
  uv__child_start(&block->children, loop);
  return block;
}

int uv__port_start(uv_loop_t* loop) {
  int r;

  (void) pthread_once(&forks_once, listen_to_forks);
  if (forks_error < 0)
    return forks_error;
  loop->tail.backend_fd = -1;
  loop->tail.wake_rd = -1;
  loop->tail.wake_wr = -1;
  loop->tail.no_sigprof = 0;
  loop->tail.poller = make_block(loop);
  if (loop->tail.poller == NULL)
    return UV_ENOMEM;
  r = uv__loop_open_wake(loop);
  if (r == 0)
    r = uv__poller_start(loop);
  if (r < 0)
    uv__port_stop(loop);
  return r;
}

void uv__port_stop(uv_loop_t* loop) {
  struct uv__poller* poller = uv__loop_poller(loop);

  uv__pipe_stop(loop);
  uv__child_stop(loop);
  uv__poller_stop(loop);
  uv__loop_close_wake(loop);
  uv__free(poller->claimed);
  uv__free(poller);
  loop->tail.poller = NULL;
}

/* ---- Waiting ---- */

int uv__port_block_signal(uv_loop_t* loop, int signum) {
  if (signum != SIGPROF)
    return UV_EINVAL;
  loop->tail.no_sigprof = 1;
  return 0;
}

/* A profiler's signals come hundreds of times a second, and would wake a loop as often that has
 * nothing to do. */
static int wait_once(uv_loop_t* loop, int timeout_ms) {
  sigset_t sigprof;
  sigset_t before;
  int r;

  if (!loop->tail.no_sigprof)
    return uv__poller_wait(loop, timeout_ms);
  (void) sigemptyset(&sigprof);
  (void) sigaddset(&sigprof, SIGPROF);
  (void) pthread_sigmask(SIG_BLOCK, &sigprof, &before);
  r = uv__poller_wait(loop, timeout_ms);
  (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
  return r;
}

/* The core counted `timeout_ms` from loop->time, so the wait ends at their sum, also when
 * signals cut it into pieces. */
static void wait_until(uv_loop_t* loop, int timeout_ms) {
  int left_ms = timeout_ms;

  while (wait_once(loop, left_ms) == UV_EINTR && timeout_ms != 0) {
    uint64_t now;

    if (timeout_ms < 0)
      continue;
    now = uv__port_now(loop);
    if (now >= loop->time + (unsigned int) timeout_ms)
      return;
    left_ms = (int) (loop->time + (unsigned int) timeout_ms - now);
  }
}

int uv__port_limit(const uv_loop_t* loop, int timeout_ms) {
  return uv__child_timeout(loop, timeout_ms);
}

/* Few turns have more than streams to look at. A signal, of which others tell at any time, is in no list, and
 * first: who waits for children is told by it that there is something to look at. */
void uv__port_poll(uv_loop_t* loop, int timeout_ms) {
  const struct uv__poller* poller = uv__loop_poller(loop);

  wait_until(loop, uv__port_limit(loop, timeout_ms));
  if (uv__atomic_load(&poller->signals))
    uv__signal_look(loop);
  if (!uv__queue_empty(&poller->lookers))
    uv__loop_look(loop);
}
