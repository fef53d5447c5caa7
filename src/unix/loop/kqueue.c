/* The poller of the BSDs and macOS: an edge-triggered (EV_CLEAR) filter for reading, and one
 * for writing where it is needed. The lanes that are armed are looked at only when an event
 * comes (loop.c), so that reading and writing never change a registration. */
#include "unix/loop/loop.h"

#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

enum {
  BATCH = 512
};

/* No system has both. */
const int uv__poller_takes_children = 0;

static int change(int kq, int fd, short filter, unsigned short flags, struct uv__io* io) {
  struct kevent event;

  EV_SET(&event, fd, filter, flags, 0, 0, io);
  while (kevent(kq, &event, 1, NULL, 0, NULL) != 0) {
    if (errno != EINTR) /* Asking for the same once more changes nothing. */
      return UV__ERR(errno);
  }
  return 0;
}

int uv__poller_start(uv_loop_t* loop) {
  int kq = kqueue();

  if (kq < 0)
    return UV__ERR(errno);
  loop->tail.backend_fd = kq;
  /* A child does not inherit it; what this process itself becomes by an exec would. */
  if (fcntl(kq, F_SETFD, FD_CLOEXEC) != 0)
    return UV__ERR(errno);
  return change(kq, loop->tail.wake_rd, EVFILT_READ, EV_ADD | EV_CLEAR, NULL);
}

void uv__poller_stop(uv_loop_t* loop) {
  if (loop->tail.backend_fd >= 0)
    (void) close(loop->tail.backend_fd);
  loop->tail.backend_fd = -1;
}

/* A kqueue is not inherited: its number is free, or somebody else's by now. */
void uv__poller_leave(uv_loop_t* loop) {
  loop->tail.backend_fd = -1;
}

int uv__poller_renew(uv_loop_t* loop) {
  return uv__poller_start(loop);
}

int uv__poller_add(struct uv__io* io, int out) {
  int r = change(io->loop->tail.backend_fd, io->tail.fd, EVFILT_READ, EV_ADD | EV_CLEAR, io);

  if (r < 0)
    return r;
  /* Nothing in an event tells of urgent data, at which reads stop short: each read has to go
   * on until the system says that there is no more. */
  io->tail.state |= UV__FD_POLLED | UV__FD_URGENT;
  if (!out)
    return 0;
  r = uv__poller_add_out(io);
  if (r < 0)
    uv__poller_remove(io);
  return r;
}

int uv__poller_renew_io(struct uv__io* io) {
  unsigned int out = io->tail.state & UV__FD_OUT;

  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
  return uv__poller_add(io, out != 0);
}

int uv__poller_add_out(struct uv__io* io) {
  int r = change(io->loop->tail.backend_fd, io->tail.fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, io);

  if (r == 0)
    io->tail.state |= UV__FD_OUT;
  return r;
}

/* Closing would do, as filters belong to the number and not to what is behind it; but the
 * descriptor may also stay with the caller, when adopting it fails later on. */
void uv__poller_remove(struct uv__io* io) {
  int kq = io->loop->tail.backend_fd;

  (void) change(kq, io->tail.fd, EVFILT_READ, EV_DELETE, io);
  if (io->tail.state & UV__FD_OUT)
    (void) change(kq, io->tail.fd, EVFILT_WRITE, EV_DELETE, io);
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
}

static void dispatch(uv_loop_t* loop, const struct kevent* event) {
  struct uv__io* io = event->udata;
  unsigned int saw;

  if (io == NULL) { /* A full pipe would make no more edges. */
    uv__loop_drain_wake(loop);
    return;
  }
  saw = event->filter == EVFILT_WRITE ? UV__SAW_OUT : UV__SAW_IN;
  if (event->flags & EV_EOF)
    saw |= UV__SAW_ENDED;
  /* That this could fail costs wake-ups and nothing else. */
  if (uv__loop_event(io, saw) &&
      change(loop->tail.backend_fd, io->tail.fd, EVFILT_WRITE, EV_DELETE, io) == 0)
    io->tail.state &= ~(unsigned) UV__FD_OUT;
}

int uv__poller_wait(uv_loop_t* loop, int timeout_ms) {
  struct kevent events[BATCH];
  struct timespec timeout;
  int n;
  int i;

  timeout.tv_sec = timeout_ms / 1000;
  timeout.tv_nsec = timeout_ms % 1000 * 1000000L;
  n = kevent(loop->tail.backend_fd, NULL, 0, events, BATCH, timeout_ms < 0 ? NULL : &timeout);
  if (n < 0)
    return UV__ERR(errno);
  /* No callback runs in here, so no io of this batch can go away before its turn. */
  for (i = 0; i < n; i++)
    dispatch(loop, &events[i]);
  return 0;
}

#if !defined(NDEBUG)
int uv__poller_valid(const struct uv__io* io) {
  return io->loop->tail.backend_fd >= 0; /* The table is the system's. */
}
#endif
