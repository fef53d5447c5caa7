/* The poller of Linux: one edge-triggered registration per descriptor, made once. The lanes
 * that are armed are looked at only when an event comes (loop.c), so that reading and
 * writing never change a registration.
 *
 * The exception are pipes. A pipe(2) may hand out less than it has (packets), a Unix-domain socket what
 * came before descriptors; one would have to be asked after each short read, the other be read by a
 * dearer call. They are told of again and again (UV__FD_RETOLD) from the first read on, until they are
 * told of while nobody reads; a socket stays with edges then (UV__FD_EDGES). */
#include "unix/loop/loop.h"

#include <sys/epoll.h>
#include <unistd.h>

enum {
  BATCH = 1024
};

/* EPOLLPRI tells of urgent data, at which reads stop early (UV__FD_URGENT). */
#define EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET)
#define RETOLD (EPOLLIN | EPOLLRDHUP)

const int uv__poller_takes_children = 1;
const enum uv__tells uv__poller_tells_ends = UV__TELLS_ENDS;

static int control(struct uv__io* io, int op, uint32_t events) {
  struct epoll_event event;

  event.events = events;
  event.data.ptr = io;
  if (epoll_ctl(io->loop->tail.backend_fd, op, io->tail.fd, &event) != 0)
    return UV__ERR(errno);
  return 0;
}

int uv__poller_start(uv_loop_t* loop) {
  struct epoll_event event;

  loop->tail.backend_fd = epoll_create1(EPOLL_CLOEXEC);
  if (loop->tail.backend_fd < 0)
    return UV__ERR(errno);
  /* Edge-triggered, so that nobody has to read it: every write to an eventfd is an edge. */
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = NULL;
  if (epoll_ctl(loop->tail.backend_fd, EPOLL_CTL_ADD, loop->tail.wake_rd, &event) != 0)
    return UV__ERR(errno);
  return 0;
}

void uv__poller_stop(uv_loop_t* loop) {
  if (loop->tail.backend_fd >= 0)
    (void) close(loop->tail.backend_fd);
  loop->tail.backend_fd = -1;
}

/* Parent and child share the registrations: they are left as they are, with the descriptor. */
void uv__poller_leave(uv_loop_t* loop) {
  uv__poller_stop(loop);
}

int uv__poller_renew(uv_loop_t* loop) {
  return uv__poller_start(loop);
}

int uv__poller_add(struct uv__io* io, int out) {
  int r = control(io, EPOLL_CTL_ADD, out ? EVENTS | EPOLLOUT : EVENTS);

  if (r == 0)
    io->tail.state |= out ? UV__FD_POLLED | UV__FD_OUT : UV__FD_POLLED;
  return r;
}

int uv__poller_renew_io(struct uv__io* io) {
  unsigned int out = io->tail.state & UV__FD_OUT;

  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT | UV__FD_RETOLD);
  return uv__poller_add(io, out != 0);
}

int uv__poller_add_out(struct uv__io* io) {
  int r = control(io, EPOLL_CTL_MOD, EVENTS | EPOLLOUT);

  if (r < 0)
    return r;
  io->tail.state &= ~(unsigned) UV__FD_RETOLD;
  io->tail.state |= UV__FD_OUT;
  return 0;
}

int uv__poller_retells(struct uv__io* io) {
  unsigned int state = io->tail.state;

  if (state & UV__FD_RETOLD)
    return 1;
  if ((state & (UV__FD_OUT | UV__FD_TCP | UV__FD_EDGES)) || control(io, EPOLL_CTL_MOD, RETOLD) != 0)
    return 0;
  io->tail.state |= UV__FD_RETOLD;
  return 1;
}

/* Never left to the close that follows: where a duplicate of the descriptor lives on, in
 * another process say, so does the registration, with a pointer to an io that does not. */
void uv__poller_remove(struct uv__io* io) {
  (void) control(io, EPOLL_CTL_DEL, 0);
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT | UV__FD_RETOLD);
}

/* What a program stops and starts would change its registration each time. A socket can do without. */
static void stop_retelling(struct uv__io* io) {
  if (control(io, EPOLL_CTL_MOD, EVENTS) != 0)
    return;
  io->tail.state &= ~(unsigned) UV__FD_RETOLD;
  if (io->tail.state & UV__FD_LOCAL)
    io->tail.state |= UV__FD_EDGES;
}

static unsigned int seen(uint32_t events) {
  unsigned int saw = 0;

  if (events & EPOLLIN)
    saw |= UV__SAW_IN;
  if (events & EPOLLOUT)
    saw |= UV__SAW_OUT;
  if (!(events & ~(uint32_t) (EPOLLIN | EPOLLOUT))) /* as nearly always */
    return saw;
  saw |= UV__SAW_IN;
  if (events & (EPOLLHUP | EPOLLERR))
    saw |= UV__SAW_OUT;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    saw |= UV__SAW_ENDED;
  if (events & EPOLLERR)
    saw |= UV__SAW_FAILED;
  if (events & EPOLLPRI)
    saw |= UV__SAW_URGENT;
  return saw;
}

static void dispatch(const struct epoll_event* event) {
  struct uv__io* io = event->data.ptr;

  if (io == NULL) /* The eventfd: to return is all there is to do. */
    return;
  /* Told once is enough where nobody reads; the loop would not sleep. */
  if ((io->tail.state & (UV__FD_RETOLD | UV__READ)) == UV__FD_RETOLD)
    stop_retelling(io);
  /* A TCP socket reports room only after it was full. Others do whenever their peer has read
   * something, which would wake a loop that has nothing to write for every message sent. That this
   * could fail costs just that. */
  if (uv__loop_event(io, seen(event->events)) && !(io->tail.state & UV__FD_TCP) &&
      control(io, EPOLL_CTL_MOD, EVENTS) == 0)
    io->tail.state &= ~(unsigned) UV__FD_OUT;
}

int uv__poller_wait(uv_loop_t* loop, int timeout_ms) {
  struct epoll_event events[BATCH];
  int n = epoll_wait(loop->tail.backend_fd, events, BATCH, timeout_ms);
  int i;

  if (n < 0)
    return UV__ERR(errno);
  /* No callback runs in here, so no io of this batch can go away before its turn. */
  for (i = 0; i < n; i++)
    dispatch(&events[i]);
  return 0;
}

#if !defined(NDEBUG)
int uv__poller_valid(const struct uv__io* io) {
  return io->loop->tail.backend_fd >= 0; /* The table is the system's. */
}
#endif
