/* The portable poller: poll(2) over a table with a row per descriptor. What a row asks for
 * is read off the armed lanes at each wait, so a lane is reported once; a row that asks for
 * nothing is hidden from the system, which would otherwise report a dead connection again
 * and again. */
#include "unix/loop/loop.h"

#include <poll.h>
#include <sys/resource.h>

#include "core/base/alloc.h"

enum {
  FIRST_CAPACITY = 16,
  PART_MS = 10 /* how long one part of a table is waited for that is looked at in parts */
};

/* It could; but the portable poller goes with the portable way, so that both are tested. */
const int uv__poller_takes_children = 0;

/* Without this bit only a read finds that the peer has ended what it sends. */
#if defined(POLLRDHUP)
enum {
  ENDED = POLLRDHUP
};
const enum uv__tells uv__poller_tells_ends = UV__TELLS_ENDS;
#else
enum {
  ENDED = 0
};
const enum uv__tells uv__poller_tells_ends = UV__TELLS_NO_ENDS;
#endif

static int grow(struct uv__poller* poller) {
  unsigned int capacity = poller->capacity == 0 ? FIRST_CAPACITY : 2 * poller->capacity;
  struct pollfd* fds;
  struct uv__io** ios;

  fds = uv__realloc(poller->fds, capacity * sizeof(*fds));
  if (fds == NULL)
    return UV_ENOMEM;
  poller->fds = fds;
  ios = uv__realloc(poller->ios, capacity * sizeof(*ios));
  if (ios == NULL)
    return UV_ENOMEM; /* `fds` stays larger than it must be, which harms nobody. */
  poller->ios = ios;
  poller->capacity = capacity;
  return 0;
}

int uv__poller_start(uv_loop_t* loop) {
  struct uv__poller* poller = loop->tail.poller;
  int r = grow(poller);

  if (r < 0)
    return r;
  poller->fds[0].fd = loop->tail.wake_rd;
  poller->fds[0].events = POLLIN;
  poller->ios[0] = NULL;
  poller->rows = 1;
  return 0;
}

void uv__poller_stop(uv_loop_t* loop) {
  struct uv__poller* poller = loop->tail.poller;

  uv__free(poller->fds);
  uv__free(poller->ios);
}

/* The table is memory, and so the child's own: its rows stay as they are. */
void uv__poller_leave(uv_loop_t* loop) {
  uv__loop_poller(loop)->fds[0].fd = -1;
}

int uv__poller_renew(uv_loop_t* loop) {
  uv__loop_poller(loop)->fds[0].fd = loop->tail.wake_rd;
  return 0;
}

int uv__poller_renew_io(struct uv__io* io) {
  (void) io;
  return 0;
}

/* Room to write is reported whenever a lane waits for it, so there is nothing to add later. */
int uv__poller_add(struct uv__io* io, int out) {
  struct uv__poller* poller = io->loop->tail.poller;

  (void) out;
  if (poller->rows == poller->capacity) {
    int r = grow(poller);
    if (r < 0)
      return r;
  }
  io->tail.slot = (int) poller->rows;
  io->tail.state |= UV__FD_POLLED | UV__FD_OUT;
  poller->ios[poller->rows++] = io;
  return 0;
}

int uv__poller_add_out(struct uv__io* io) {
  io->tail.state |= UV__FD_OUT;
  return 0;
}

int uv__poller_retells(struct uv__io* io) {
  (void) io;
  return 1;
}

void uv__poller_remove(struct uv__io* io) {
  struct uv__poller* poller = io->loop->tail.poller;
  struct uv__io* last = poller->ios[--poller->rows];

  poller->ios[io->tail.slot] = last;
  last->tail.slot = io->tail.slot;
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
}

static void fill(struct pollfd* row, const struct uv__io* io) {
  unsigned int state = io->tail.state;

  row->events = 0;
  if (state & (UV__READ | UV__ACCEPT | UV__EVENT))
    row->events |= POLLIN;
  if (state & (UV__WRITE | UV__CONNECT))
    row->events |= POLLOUT;
  if (state & UV__HANGUP)
    row->events |= ENDED;
  /* Errors and hang-ups are reported unasked; a negative number is skipped. */
  row->fd = row->events != 0 ? io->tail.fd : -1;
}

/* A short read needs no UV__FD_ENDED here, nor urgent data their bit: whatever is left is
 * reported again by the next wait. */
static void dispatch(struct uv__io* io, int revents) {
  unsigned int saw = 0;

  if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
    saw |= UV__SAW_IN;
  if (revents & (POLLOUT | POLLHUP | POLLERR | POLLNVAL))
    saw |= UV__SAW_OUT;
  if ((io->tail.state & UV__HANGUP) && (revents & (ENDED | POLLHUP | POLLERR | POLLNVAL)))
    saw |= UV__SAW_ENDED;
  if (revents & (POLLERR | POLLNVAL))
    saw |= UV__SAW_FAILED;
  (void) uv__loop_event(io, saw);
}

/* No table is taken that has more rows than the process may have descriptors, which is fewer than it
 * has where RLIMIT_NOFILE was lowered. Then as many rows as are taken are looked at together, and it is
 * the first of these parts, with the descriptor that wakes, that is waited for. */
static int poll_in_parts(struct uv__poller* poller, int timeout_ms) {
  struct rlimit limit;
  nfds_t part = 1;
  nfds_t at;
  int found = 0;

  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 1)
    part = limit.rlim_cur < poller->rows ? (nfds_t) limit.rlim_cur : poller->rows;
  for (at = 0; at < poller->rows; at++)
    poller->fds[at].revents = 0;
  for (at = 0; at < poller->rows; at += part) {
    int n = poll(poller->fds + at, part < poller->rows - at ? part : poller->rows - at, 0);
    found += n > 0 ? n : 0;
  }
  if (found > 0 || timeout_ms == 0)
    return found;
  if (timeout_ms < 0 || timeout_ms > PART_MS)
    timeout_ms = PART_MS;
  found = poll(poller->fds, part, timeout_ms);
  if (found < 0)
    (void) poll(NULL, 0, timeout_ms);
  if (found <= 0)
    errno = EINTR; /* The wait goes on: see wait_until. */
  return found > 0 ? found : -1;
}

int uv__poller_wait(uv_loop_t* loop, int timeout_ms) {
  struct uv__poller* poller = loop->tail.poller;
  unsigned int row;
  int n;

  for (row = 1; row < poller->rows; row++)
    fill(&poller->fds[row], poller->ios[row]);
  n = poll(poller->fds, poller->rows, timeout_ms);
  if (n < 0 && errno == EINVAL)
    n = poll_in_parts(poller, timeout_ms);
  if (n < 0)
    return UV__ERR(errno);
  if (n > 0 && poller->fds[0].revents != 0) {
    uv__loop_drain_wake(loop);
    n--;
  }
  /* No callback runs in here, so the table stays as it is. */
  for (row = 1; n > 0 && row < poller->rows; row++) {
    if (poller->fds[row].revents == 0)
      continue;
    dispatch(poller->ios[row], poller->fds[row].revents);
    n--;
  }
  return 0;
}

#if !defined(NDEBUG)
int uv__poller_valid(const struct uv__io* io) {
  const struct uv__poller* poller = uv__loop_poller(io->loop);
  unsigned int row = (unsigned int) io->tail.slot;

  return row > 0 && row < poller->rows && poller->ios[row] == io;
}
#endif
