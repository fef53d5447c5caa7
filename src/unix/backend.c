/* The top of the Unix backend: it makes what a loop consists of and takes it down again, and orders
 * what one wait looks at. The only file that knows all the rooms. */
#include "unix/loop/loop.h"
#include "unix/pipe/pipe.h"
#include "unix/process/process.h"
#include "unix/system/system.h"

#include <pthread.h>
#include <signal.h>

#include "core/base/alloc.h"

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
  uv__queue_init(&block->poller.noted);
  block->poller.stalls = &block->stalls;
  block->poller.children = &block->children;
  uv__pipe_start(&block->stalls);
  uv__child_start(&block->children, loop);
  return block;
}

int uv__port_start(uv_loop_t* loop) {
  int r;

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

  uv__child_stop(loop);
  uv__poller_stop(loop);
  uv__loop_close_wake(loop);
  uv__free(poller->claimed);
  uv__free(poller);
  loop->tail.poller = NULL;
}

/* What is closed here is open in the parent too, and was the parent's: nothing is taken out of
 * it, as that would be taken out of the parent's. */
int uv__port_fork(uv_loop_t* loop) {
  int r;

  uv__loop_close_wake(loop);
  r = uv__loop_open_wake(loop);
  return r < 0 ? r : uv__poller_fork(loop);
}

int uv__port_fork_io(struct uv__io* io) {
  unsigned int out = io->tail.state & UV__FD_OUT;

  if (!(io->tail.state & UV__FD_POLLED))
    return 0;
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
  return uv__poller_add(io, out != 0);
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

void uv__port_poll(uv_loop_t* loop, int timeout_ms) {
  wait_until(loop, uv__pipe_timeout(loop, timeout_ms));
  uv__pipe_look(loop);
  uv__signal_look(loop);
  uv__child_look(loop);
}
