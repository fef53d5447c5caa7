/* Connecting pipes, also to a listener whose queue is full: of that Linux says EAGAIN, and tells
 * nothing when there is room again, so that it is tried from time to time. Other systems refuse such
 * a connection. */
#include "unix/pipe/pipe.h"

#include <string.h>
#include <sys/socket.h>

static int connect_to(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  uv__sock_unblock(io);
  return uv__sock_was_connected(io, connect(io->tail.fd, (const struct sockaddr*) addr, len));
}

#if defined(__linux__)

#  include <sys/timerfd.h>

/* How long to wait before the first try again, and after many in vain. */
enum {
  SOON_MS = 2,
  LATE_MS = 32
};

static struct uv__stalls* stalls_of(const uv_loop_t* loop) {
  return uv__loop_poller(loop)->stalls;
}

/* ---- The timer ---- */

/* A descriptor of the poller's, and not the time that the loop is told to wait: a loop that is part
 * of another one is woken by it, too. */
static int open_timer(struct uv__io* timer) {
  int r;

  if (timer->tail.fd >= 0)
    return 0;
  timer->tail.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (timer->tail.fd < 0)
    return UV__ERR(errno);
  r = uv__poller_add(timer, 0);
  if (r < 0) {
    uv__file_discard(timer->tail.fd);
    timer->tail.fd = -1;
  }
  return r;
}

static void close_timer(struct uv__io* timer) {
  uv__queue_remove(&timer->link);
  if (timer->tail.fd < 0)
    return;
  uv__poller_remove(timer);
  uv__file_discard(timer->tail.fd);
  timer->tail.fd = -1;
  timer->tail.state = UV__FD_OWN;
}

/* To set it anew also takes away what it had to tell. */
static void set_timer(struct uv__stalls* stalls) {
  struct itimerspec due;

  memset(&due, 0, sizeof(due));
  due.it_value.tv_nsec = (long) stalls->wait_ms * 1000000;
  stalls->retry_at = uv__port_now(stalls->timer.loop) + stalls->wait_ms;
  stalls->timer.tail.state |= UV__EVENT;
  (void) timerfd_settime(stalls->timer.tail.fd, 0, &due, NULL);
}

/* ---- Those who wait ---- */

#  if !defined(NDEBUG)
/* Who is in the list has a socket, and no connect of it is with the system; and while there are any
 * somebody wakes the loop. */
static int stalls_valid(const struct uv__stalls* stalls) {
  const struct uv__queue* link;

  for (link = stalls->queue.next; link != &stalls->queue; link = link->next) {
    const struct uv__pipe_names* names = uv__container_of(link, const struct uv__pipe_names, link);
    const struct uv__io_tail* tail = &names->io->tail;

    if (tail->u.more != names || tail->fd < 0 || (tail->state & UV__CONNECT))
      return 0;
  }
  return uv__queue_empty(&stalls->queue) || (stalls->timer.tail.state & UV__EVENT);
}
#  endif

static int is_same(const struct uv__pipe_names* a, const struct uv__pipe_names* b) {
  return a->target_len == b->target_len && memcmp(&a->target, &b->target, a->target_len) == 0;
}

/* Where one found no room those behind it need not ask. Non-zero when one got somewhere. */
static int try_all(struct uv__stalls* stalls) {
  const struct uv__pipe_names* refused = NULL;
  struct uv__queue batch;
  int moved = 0;

  uv__queue_move(&stalls->queue, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__pipe_names* names =
        uv__container_of(uv__queue_head(&batch), struct uv__pipe_names, link);
    int r = refused != NULL && is_same(refused, names)
                ? UV_EAGAIN
                : connect_to(names->io, &names->target, names->target_len);

    uv__queue_remove(&names->link);
    if (r == UV_EAGAIN) {
      refused = names;
      uv__queue_insert_tail(&stalls->queue, &names->link);
      continue;
    }
    moved = 1;
    if (r != UV__PENDING) {
      names->io->tail.error = r;
      uv__ring(names->io, UV__CONNECT);
    }
  }
  return moved;
}

static int look(struct uv__looker* looker) {
  struct uv__stalls* stalls = uv__container_of(looker, struct uv__stalls, looker);
  uint64_t now;

  uv__queue_remove(&stalls->timer.link);
  if (uv__queue_empty(&stalls->queue)) /* Who waited has closed. */
    return 0;
  now = uv__port_now(stalls->timer.loop);
  if (now < stalls->retry_at)
    return 1;
  if (try_all(stalls))
    stalls->wait_ms = SOON_MS;
  else if (stalls->wait_ms < LATE_MS)
    stalls->wait_ms *= 2;
  if (!uv__queue_empty(&stalls->queue))
    set_timer(stalls);
  assert(stalls_valid(stalls));
  return !uv__queue_empty(&stalls->queue);
}

static int stall(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  struct uv__stalls* stalls = stalls_of(io->loop);
  struct uv__pipe_names* names = io->tail.u.more;
  int r;

  if (names == NULL)
    names = uv__pipe_new_names(io, 1);
  if (names == NULL)
    return UV_ENOMEM;
  io->tail.u.more = names;
  r = open_timer(&stalls->timer);
  if (r < 0)
    return r;
  io->tail.error = UV_ECANCELED;
  names->target = *addr;
  names->target_len = len;
  if (uv__queue_empty(&stalls->queue)) {
    stalls->looker.look = look;
    uv__loop_want_look(io->loop, &stalls->looker);
    stalls->wait_ms = SOON_MS;
    set_timer(stalls);
  }
  uv__queue_insert_tail(&stalls->queue, &names->link);
  assert(stalls_valid(stalls));
  return (int) uv__fd_end(io, UV__PENDING);
}

/* ---- Life ---- */

void uv__pipe_start(struct uv__stalls* stalls, uv_loop_t* loop) {
  uv__queue_init(&stalls->looker.link);
  uv__queue_init(&stalls->looker.noted);
  uv__queue_init(&stalls->queue);
  uv__queue_init(&stalls->timer.link);
  stalls->timer.loop = loop;
  stalls->timer.tail.fd = -1;
  stalls->timer.tail.state = UV__FD_OWN;
  stalls->timer.tail.u.more = &stalls->looker;
}

void uv__pipe_stop(uv_loop_t* loop) {
  close_timer(&stalls_of(loop)->timer);
}

int uv__pipe_renew(uv_loop_t* loop) {
  struct uv__stalls* stalls = stalls_of(loop);
  int r = 0;

  if (uv__queue_empty(&stalls->queue))
    return 0;
  r = open_timer(&stalls->timer);
  if (r == 0)
    set_timer(stalls);
  return r;
}

#else

static int stall(struct uv__io* io, const struct sockaddr_un* addr, socklen_t len) {
  (void) io;
  (void) addr;
  (void) len;
  return UV_EAGAIN;
}

void uv__pipe_start(struct uv__stalls* stalls, uv_loop_t* loop) {
  (void) stalls;
  (void) loop;
}

void uv__pipe_stop(uv_loop_t* loop) {
  (void) loop;
}

int uv__pipe_renew(uv_loop_t* loop) {
  (void) loop;
  return 0;
}

#endif

/* ---- Connecting ---- */

int uv__pipe_connect(struct uv__io* io, const void* where) {
  struct sockaddr_un addr;
  socklen_t len;
  int r = uv__pipe_to_address(where, &addr, &len);

  if (r == 0 && io->tail.fd < 0)
    r = uv__sock_create(io, AF_UNIX, UV__FD_LOCAL);
  if (r == 0)
    r = connect_to(io, &addr, len);
  return r == UV_EAGAIN ? stall(io, &addr, len) : r;
}
