/* The loop's half of the port: start and stop, waking, the clock, and what an event means to
 * the lanes of an io. How events are fetched is the poller's (epoll.c, kqueue.c, poll.c). */
#include "unix/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/eventfd.h>
#endif

#include "core/base/alloc.h"

/* ---- Waking ---- */

#if defined(__linux__)

static int open_wake(struct uv__loop_tail* tail) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  if (fd < 0)
    return UV__ERR(errno);
  tail->wake_rd = fd;
  tail->wake_wr = fd;
  return 0;
}

#else

static int open_wake(struct uv__loop_tail* tail) {
  int fds[2];
  int r;

  if (pipe(fds) != 0)
    return UV__ERR(errno);
  tail->wake_rd = fds[0];
  tail->wake_wr = fds[1];
  r = uv__fd_prepare(fds[0]);
  if (r == 0)
    r = uv__fd_prepare(fds[1]);
  return r;
}

#endif

static void close_wake(struct uv__loop_tail* tail) {
  if (tail->wake_wr != tail->wake_rd)
    (void) close(tail->wake_wr);
  if (tail->wake_rd >= 0)
    (void) close(tail->wake_rd);
  tail->wake_rd = -1;
  tail->wake_wr = -1;
}

/* Runs in signal handlers and on other threads: one system call, errno as it was. */
void uv__port_wake(uv_loop_t* loop) {
  int saved_errno = errno;
  uint64_t one = 1; /* What an eventfd wants; a pipe takes any bytes. */
  ssize_t n;

  do
    n = write(loop->tail.wake_wr, &one, sizeof(one));
  while (n < 0 && errno == EINTR);
  /* EAGAIN means that the pipe is full of earlier wake-ups, which is all that is asked. */
  errno = saved_errno;
}

void uv__loop_drain_wake(uv_loop_t* loop) {
  char sink[256];
  ssize_t n;

  do
    n = read(loop->tail.wake_rd, sink, sizeof(sink));
  while (n == (ssize_t) sizeof(sink) || (n < 0 && errno == EINTR));
}

/* ---- Life ---- */

int uv__port_start(uv_loop_t* loop) {
  struct uv__poller* poller = uv__calloc(1, sizeof(*poller));
  int r;

  loop->tail.backend_fd = -1;
  loop->tail.wake_rd = -1;
  loop->tail.wake_wr = -1;
  loop->tail.no_sigprof = 0;
  if (poller == NULL)
    return UV_ENOMEM;
  loop->tail.poller = poller;
  poller->loop = loop;
  uv__queue_init(&poller->stalled);
  uv__queue_init(&poller->children);
  uv__queue_init(&poller->ended);
  uv__queue_init(&poller->sigchld.watcher);
  poller->sigchld.io.loop = loop;
  r = open_wake(&loop->tail);
  if (r == 0)
    r = uv__poller_start(loop);
  if (r < 0)
    uv__port_stop(loop);
  return r;
}

void uv__port_stop(uv_loop_t* loop) {
  struct uv__poller* poller = loop->tail.poller;

  uv__child_stop(loop);
  uv__poller_stop(loop);
  close_wake(&loop->tail);
  uv__free(poller->claimed);
  uv__free(poller);
  loop->tail.poller = NULL;
}

/* What is closed here is open in the parent too, and was the parent's: nothing is taken out of
 * it, as that would be taken out of the parent's. */
int uv__port_fork(uv_loop_t* loop) {
  int r;

  close_wake(&loop->tail);
  r = open_wake(&loop->tail);
  return r < 0 ? r : uv__poller_fork(loop);
}

int uv__port_fork_io(struct uv__io* io) {
  unsigned int out = io->tail.state & UV__FD_OUT;

  if (!(io->tail.state & UV__FD_POLLED))
    return 0;
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
  return uv__poller_add(io, out != 0);
}

int uv__port_block_signal(uv_loop_t* loop, int signum) {
  if (signum != SIGPROF)
    return UV_EINVAL;
  loop->tail.no_sigprof = 1;
  return 0;
}

int uv__port_backend_fd(const uv_loop_t* loop) {
  return loop->tail.backend_fd;
}

uint64_t uv__port_now(const uv_loop_t* loop) {
  (void) loop;
  return uv_hrtime() / 1000000;
}

/* ---- Who holds which descriptor ---- */

/* A bit per descriptor rather than the pollers' own knowledge: a socket is made known to its
 * poller late, and kqueue does not tell a second registration from a changed one. */
int uv__loop_claim(uv_loop_t* loop, int fd) {
  struct uv__poller* poller = loop->tail.poller;
  size_t byte = (size_t) fd / 8;
  unsigned int bit = 1u << (fd % 8);

  if (byte >= poller->claimed_bytes) {
    size_t bytes = (byte + 64) & ~(size_t) 63;
    unsigned char* claimed;

    if (bytes < 2 * poller->claimed_bytes)
      bytes = 2 * poller->claimed_bytes;
    claimed = uv__realloc(poller->claimed, bytes);
    if (claimed == NULL)
      return UV_ENOMEM;
    memset(claimed + poller->claimed_bytes, 0, bytes - poller->claimed_bytes);
    poller->claimed = claimed;
    poller->claimed_bytes = bytes;
  }
  if (poller->claimed[byte] & bit)
    return UV_EEXIST;
  poller->claimed[byte] |= (unsigned char) bit;
  return 0;
}

void uv__loop_unclaim(uv_loop_t* loop, int fd) {
  struct uv__poller* poller = loop->tail.poller;

  poller->claimed[fd / 8] &= (unsigned char) ~(1u << (fd % 8));
}

/* ---- Events ---- */

/* The result of a connect, fetched when it is known: `done` must still have it after the
 * descriptor was closed. */
static int connect_result(int fd) {
  int error = 0;
  socklen_t len = sizeof(error);

  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
    return UV__ERR(errno);
  return UV__ERR(error);
}

int uv__loop_event(struct uv__io* io, unsigned int saw) {
  unsigned int state = io->tail.state;
  unsigned int lanes = 0;

  if (saw & UV__SAW_IN) {
    state |= UV__FD_READABLE;
    lanes |= UV__READ | UV__ACCEPT | UV__EVENT;
  }
  if (saw & UV__SAW_OUT) {
    state &= ~(unsigned) UV__FD_FULL;
    lanes |= UV__WRITE | UV__CONNECT;
  }
  if (saw & UV__SAW_ENDED)
    state |= UV__FD_ENDED;
  if (saw & UV__SAW_URGENT)
    state |= UV__FD_URGENT;
  lanes &= state;
  io->tail.state = state & ~lanes;

  if (lanes & UV__CONNECT) {
    io->tail.error = connect_result(io->tail.fd);
    uv__ring(io, UV__CONNECT);
  }
  if (lanes & UV__ACCEPT)
    uv__ring(io, UV__ACCEPT);
  if (lanes & UV__EVENT)
    uv__child_event(io);
  if (lanes & UV__READ)
    uv__ring(io, UV__READ);
  if (lanes & UV__WRITE)
    uv__ring(io, UV__WRITE);

  /* A TCP socket reports room only after it was full. Others do whenever their peer has read
   * something, which would wake a loop that has nothing to write for every message sent. */
  return (saw & UV__SAW_OUT) && (state & (UV__FD_OUT | UV__FD_TCP)) == UV__FD_OUT &&
         !(lanes & (UV__WRITE | UV__CONNECT));
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
  const struct uv__poller* poller = loop->tail.poller;
  int stalled = !uv__queue_empty(&poller->stalled);

  if (stalled && (timeout_ms < 0 || timeout_ms > UV__RETRY_MS))
    timeout_ms = UV__RETRY_MS;
  wait_until(loop, timeout_ms);
  if (stalled)
    uv__pipe_retry(loop);
  uv__signal_look(loop);
  if (!uv__queue_empty(&poller->children) || !uv__queue_empty(&poller->ended))
    uv__child_look(loop);
}
