/* The poller of the BSDs and macOS: an edge-triggered (EV_CLEAR) filter for reading, and one
 * for writing where it is needed. The lanes that are armed are looked at only when an event
 * comes (loop.c), so that reading and writing never change a registration.
 *
 * Some devices have no filters, /dev/tty of macOS above all, which is how a program gets at its
 * terminal when its standard input is something else. As long as a loop has one of those it waits
 * with select(2), for them and for the kqueue: poll(2) of macOS does not know devices either. Who
 * waits for the loop's descriptor (uv_backend_fd) does not hear of them. */
#include "unix/loop/loop.h"

#include <fcntl.h>
#include <sys/event.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/alloc.h"

enum {
  BATCH = 512,
  FIRST_CAPACITY = 4
};

/* No system has both. */
const int uv__poller_takes_children = 0;
const enum uv__tells uv__poller_tells_ends = UV__TELLS_ENDS_WITH_ROOM;

/* ---- What the kqueue does not take ---- */

static int is_refusal(int r) {
  return r == UV_EINVAL || r == UV_ENOTSUP || r == UV__ERR(ENODEV) || r == UV__ERR(EOPNOTSUPP);
}

/* A row of poller->ios; that of an io is tail.slot - 1. */
static int enlist(struct uv__io* io) {
  struct uv__poller* poller = uv__loop_poller(io->loop);

  if (poller->rows == poller->capacity) {
    unsigned int capacity = poller->capacity == 0 ? FIRST_CAPACITY : 2 * poller->capacity;
    struct uv__io** ios = uv__realloc(poller->ios, capacity * sizeof(struct uv__io*));

    if (ios == NULL)
      return UV_ENOMEM;
    poller->ios = ios;
    poller->capacity = capacity;
  }
  poller->ios[poller->rows++] = io;
  io->tail.slot = (int) poller->rows;
  io->tail.state |= UV__FD_POLLED | UV__FD_OUT;
  return 0;
}

static void strike_out(struct uv__io* io) {
  struct uv__poller* poller = uv__loop_poller(io->loop);
  struct uv__io* last = poller->ios[--poller->rows];

  poller->ios[io->tail.slot - 1] = last;
  last->tail.slot = io->tail.slot;
  io->tail.slot = 0;
}

static unsigned int asks_for(const struct uv__io* io) {
  unsigned int state = io->tail.state;

  return (state & (UV__READ | UV__ACCEPT | UV__EVENT) ? UV__SAW_IN : 0u) |
         (state & (UV__WRITE | UV__CONNECT) ? UV__SAW_OUT : 0u);
}

/* Waits until there is something of theirs or of the kqueue's, and tells of what is theirs. */
static int wait_refused(uv_loop_t* loop, int timeout_ms) {
  struct uv__poller* poller = uv__loop_poller(loop);
  struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  int most = loop->tail.backend_fd;
  fd_set in;
  fd_set out;
  unsigned int i;

  FD_ZERO(&in);
  FD_ZERO(&out);
  FD_SET(loop->tail.backend_fd, &in);
  for (i = 0; i < poller->rows; i++) {
    int fd = poller->ios[i]->tail.fd;
    unsigned int asked = asks_for(poller->ios[i]);

    if (asked & UV__SAW_IN)
      FD_SET(fd, &in);
    if (asked & UV__SAW_OUT)
      FD_SET(fd, &out);
    most = fd > most ? fd : most;
  }
  if (select(most + 1, &in, &out, NULL, timeout_ms < 0 ? NULL : &timeout) < 0)
    return UV__ERR(errno);
  /* No callback runs in here, so the rows stay as they are. */
  for (i = 0; i < poller->rows; i++) {
    int fd = poller->ios[i]->tail.fd;

    (void) uv__loop_event(poller->ios[i], (FD_ISSET(fd, &in) ? UV__SAW_IN : 0u) |
                                              (FD_ISSET(fd, &out) ? UV__SAW_OUT : 0u));
  }
  return 0;
}

/* ---- What it takes ---- */

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
  uv__free(uv__loop_poller(loop)->ios);
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

  if (is_refusal(r) && io->tail.fd < FD_SETSIZE && io->loop->tail.backend_fd < FD_SETSIZE)
    return enlist(io);
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

  if (io->tail.slot != 0) /* The rows are memory, and so the child's own. */
    return 0;
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
  return uv__poller_add(io, out != 0);
}

int uv__poller_add_out(struct uv__io* io) {
  int r = change(io->loop->tail.backend_fd, io->tail.fd, EVFILT_WRITE, EV_ADD | EV_CLEAR, io);

  if (r == 0)
    io->tail.state |= UV__FD_OUT;
  return r;
}

/* Only an edge tells. */
int uv__poller_retells(struct uv__io* io) {
  (void) io;
  return 0;
}

/* Closing would do, as filters belong to the number and not to what is behind it; but the
 * descriptor may also stay with the caller, when adopting it fails later on. */
void uv__poller_remove(struct uv__io* io) {
  int kq = io->loop->tail.backend_fd;

  if (io->tail.slot != 0) {
    strike_out(io);
  } else {
    (void) change(kq, io->tail.fd, EVFILT_READ, EV_DELETE, io);
    if (io->tail.state & UV__FD_OUT)
      (void) change(kq, io->tail.fd, EVFILT_WRITE, EV_DELETE, io);
  }
  io->tail.state &= ~(unsigned) (UV__FD_POLLED | UV__FD_OUT);
}

/* The error of a socket comes with the end. The writing filter tells of the end of that direction, which of
 * a socket may be our own doing; of a pipe it is that nobody reads. */
static unsigned int ends(const struct uv__io* io, const struct kevent* event) {
  int is_socket = (io->tail.state & (UV__FD_TCP | UV__FD_LOCAL)) != 0;

  if (!(event->flags & EV_EOF))
    return 0;
  if (event->fflags != 0 || (event->filter == EVFILT_WRITE && !is_socket))
    return UV__SAW_ENDED | UV__SAW_FAILED;
  return event->filter == EVFILT_WRITE ? 0 : UV__SAW_ENDED;
}

static void dispatch(uv_loop_t* loop, const struct kevent* event) {
  struct uv__io* io = event->udata;
  unsigned int saw;

  if (io == NULL) { /* A full pipe would make no more edges. */
    uv__loop_drain_wake(loop);
    return;
  }
  saw = (event->filter == EVFILT_WRITE ? UV__SAW_OUT : UV__SAW_IN) | ends(io, event);
  /* What the peer has taken is an edge each time, of TCP, too, and would wake a loop that has nothing
   * to write for every message sent. That forgetting could fail costs just that. Who waits for the end of a
   * pipe needs it. */
  if (uv__loop_event(io, saw) && !(io->tail.state & UV__HANGUP) &&
      change(loop->tail.backend_fd, io->tail.fd, EVFILT_WRITE, EV_DELETE, io) == 0)
    io->tail.state &= ~(unsigned) UV__FD_OUT;
}

int uv__poller_wait(uv_loop_t* loop, int timeout_ms) {
  struct kevent events[BATCH];
  struct timespec timeout;
  int n;
  int i;

  if (uv__loop_poller(loop)->rows > 0) {
    int r = wait_refused(loop, timeout_ms);

    if (r < 0)
      return r;
    timeout_ms = 0;
  }
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
  const struct uv__poller* poller = uv__loop_poller(io->loop);
  unsigned int slot = (unsigned int) io->tail.slot;

  if (slot == 0)
    return io->loop->tail.backend_fd >= 0; /* The table is the system's. */
  return slot <= poller->rows && poller->ios[slot - 1] == io;
}
#endif
