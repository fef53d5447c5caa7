/* What a loop is to those above: waking, the clock, who holds which descriptor, and what an event
 * means to the lanes of an io. How events are fetched is the poller's (epoll.c, kqueue.c, poll.c);
 * when, and what else a turn looks at, is backend.c's. */
#include "unix/loop/loop.h"

#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/eventfd.h>
#else
#  include <fcntl.h>
#endif

#include "core/base/alloc.h"

/* ---- Waking ---- */

#if defined(__linux__)

int uv__loop_open_wake(uv_loop_t* loop) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

  if (fd < 0)
    return UV__ERR(errno);
  loop->tail.wake_rd = fd;
  loop->tail.wake_wr = fd;
  return 0;
}

#else

int uv__loop_open_wake(uv_loop_t* loop) {
  int fds[2];
  int r = 0;

#  if defined(__APPLE__)
  if (pipe(fds) != 0)
    return UV__ERR(errno);
  r = uv__file_prepare(fds[0]);
  if (r == 0)
    r = uv__file_prepare(fds[1]);
#  else
  if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0)
    return UV__ERR(errno);
#  endif
  loop->tail.wake_rd = fds[0];
  loop->tail.wake_wr = fds[1];
  return r;
}

#endif

void uv__loop_close_wake(uv_loop_t* loop) {
  struct uv__loop_tail* tail = &loop->tail;

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

int uv__port_backend_fd(const uv_loop_t* loop) {
  return loop->tail.backend_fd;
}

/* ---- Who holds which descriptor ---- */

/* A bit per descriptor rather than the pollers' own knowledge: a socket is made known to its
 * poller late, and kqueue does not tell a second registration from a changed one. */
int uv__loop_claim(uv_loop_t* loop, int fd) {
  struct uv__poller* poller = loop->tail.poller;
  size_t byte = (unsigned int) fd / 8;
  unsigned int bit = 1u << ((unsigned int) fd % 8);

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

  poller->claimed[(unsigned int) fd / 8] &= (unsigned char) ~(1u << ((unsigned int) fd % 8));
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

void uv__loop_tell(struct uv__io* io) {
  struct uv__looker* looker = io->tail.u.more;

  if (!(io->tail.state & UV__FD_OWN)) {
    uv__ring(io, UV__EVENT);
    return;
  }
  uv__queue_remove(&io->link); /* It may be noted already. */
  uv__queue_insert_tail(&looker->noted, &io->link);
  uv__loop_want_look(io->loop, looker);
}

void uv__loop_want_look(uv_loop_t* loop, struct uv__looker* looker) {
  uv__queue_remove(&looker->link);
  uv__queue_insert_tail(&uv__loop_poller(loop)->lookers, &looker->link);
}

void uv__loop_look(uv_loop_t* loop) {
  struct uv__queue batch;

  uv__queue_move(&uv__loop_poller(loop)->lookers, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__looker* looker = uv__container_of(uv__queue_head(&batch), struct uv__looker, link);

    uv__queue_remove(&looker->link);
    if (looker->look(looker))
      uv__loop_want_look(loop, looker);
  }
}

/* It connects, or listens, or is connected: of these lanes one rings. */
static void ring_others(struct uv__io* io, unsigned int lanes) {
  unsigned int lane = lanes & (UV__CONNECT | UV__ACCEPT | UV__HANGUP);

  if (lane == UV__CONNECT)
    io->tail.error = connect_result(io->tail.fd);
  if (lane != 0)
    uv__ring(io, (enum uv__lane) lane);
  if (lanes & UV__EVENT)
    uv__loop_tell(io);
}

int uv__loop_event(struct uv__io* io, unsigned int saw) {
  unsigned int state = (io->tail.state | saw) & ~(saw & UV__SAW_OUT);
  unsigned int lanes = 0;
  unsigned int moves; /* of bytes */
  int is_unwanted;

  if (saw & UV__SAW_IN)
    lanes |= UV__READ | UV__ACCEPT | UV__EVENT;
  if (saw & UV__SAW_OUT)
    lanes |= UV__WRITE | UV__CONNECT;
  if (saw & UV__SAW_ENDED)
    lanes |= UV__HANGUP;
  lanes &= state;
  io->tail.state = state & ~lanes;

  is_unwanted = (saw & UV__SAW_OUT) && (state & UV__FD_OUT) && !(lanes & (UV__WRITE | UV__CONNECT));
  moves = lanes & (UV__READ | UV__WRITE);
  if (moves != 0)
    uv__ring(io, (enum uv__lane) moves);
  if (lanes != moves)
    ring_others(io, lanes);
  return is_unwanted;
}
