/* The master's side of a pseudo-terminal as a stream. How the two sides come to be is in pair.c. */
#include "unix/pty/pty.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

/* tail.u.origin, in place of the slave's side, which this process has as well while there is a child: what
 * the child has closed it may open anew, and write. */
enum {
  LEFT = -1, /* nobody will tell of the child's end */
  OVER = -2  /* it has ended; less by what was read since */
};

enum {
  MOST_KEPT = 256 * 1024 /* bytes, of which no terminal keeps as many */
};

/* ---- Life ---- */

static int pty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int fds[2];
  int r = uv__pty_pair(fds);

  (void) domain;
  (void) desc;
  if (r < 0)
    return r;
  r = uv__fd_attach(io, fds[0], 0);
  if (r == 0) {
    r = uv__poller_add(io, 0);
    if (r < 0)
      uv__fd_detach(io);
  }
  if (r < 0) {
    uv__file_discard(fds[0]);
    uv__file_discard(fds[1]);
    return r;
  }
  io->tail.u.origin = fds[1];
  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE | UV__OPENED_STAYS;
  return (int) uv__fd_end(io, 0);
}

/* Of the slave's side. */
static void let_go(struct uv__io* io, int now) {
  if (io->tail.u.origin >= 0)
    uv__file_discard(io->tail.u.origin);
  io->tail.u.origin = now;
}

/* Whose terminal it is hears of it by SIGHUP. */
static int pty_close(struct uv__io* io) {
  if (io->tail.fd >= 0)
    let_go(io, LEFT);
  io->tail.u.more = NULL;
  return uv__fd_close(io);
}

/* ---- Control ---- */

static int pty_name(struct uv__io* io, enum uv__end end, void* to, int* len) {
  (void) io;
  (void) end;
  (void) to;
  *len = 0;
  return 0;
}

/* Before there is a child some systems know the size on the slave's side only, and after its end none does. */
static int set_size(const struct uv__io* io, const int size[2]) {
  struct winsize window = {.ws_col = (unsigned short) size[0], .ws_row = (unsigned short) size[1]};

  if (io->tail.u.origin >= 0 && ioctl(io->tail.u.origin, TIOCSWINSZ, &window) == 0)
    return 0;
  return ioctl(io->tail.fd, TIOCSWINSZ, &window) == 0 ? 0 : UV__ERR(errno);
}

/* All that it wrote is there by now. What it left behind may go on to have the terminal, and write. */
static int end_reading(struct uv__io* io) {
  let_go(io, OVER);
  (void) uv__loop_event(io, UV__SAW_IN | UV__SAW_OUT);
  return (int) uv__fd_end(io, 0);
}

static int pty_option(struct uv__io* io, enum uv__option option, void* value) {
  if (option == UV__PTY_SIZE)
    return set_size(io, value);
  if (option == UV__PTY_OVER)
    return end_reading(io);
  if (option == UV__PTY_LEAVE) {
    if (io->tail.u.origin >= 0) /* Else it has been told. */
      let_go(io, LEFT);
    return 0;
  }
  if (option == UV__PTY_GIVE) { /* The slave's side, which stays this one's. */
    *(int*) value = io->tail.u.origin;
    return 0;
  }
  if (option == UV__CHMOD)
    return UV_EBADF; /* Not bound. */
  return option == UV__INSTANCES ? 0 : UV_EINVAL;
}

/* ---- Moving bytes ---- */

/* Nobody has the slave's side: EIO says so on Linux, and nothing else does; others read nothing. What was
 * written before has been read by then. Who is left behind may be silent, of which nothing tells, or write
 * faster than anybody reads; what the child wrote comes before. Linux says EAGAIN also while another process is in
 * the middle of a read. */
static ssize_t pty_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  int is_over = io->tail.u.origin <= OVER;
  ssize_t n = 0;

  (void) passed;
  if (OVER - io->tail.u.origin <= MOST_KEPT) {
    do
      n = read(io->tail.fd, base, len);
    while (n < 0 && (errno == EINTR ||
                     (errno == EAGAIN && is_over && uv__file_is_ready(io->tail.fd, POLLIN))));
  }
  if (n < 0 && (errno == EIO || (errno == EAGAIN && is_over)))
    n = 0;
  n = uv__fd_was_read(io, n, len, 0);
  if (n > 0 && is_over) {
    io->tail.u.origin -= (int) n;
    io->tail.state |= UV__FD_READABLE;
  }
  return n;
}

/* After a write: EAGAIN stays, as nobody reads any more on the slave's side. */
static int is_full_for_ever(const struct uv__io* io) {
  struct pollfd other = {.fd = io->tail.fd, .events = POLLOUT};
  int error = errno;
  int r;

  if (error != EAGAIN || io->tail.u.origin <= OVER)
    return error == EAGAIN;
  r = poll(&other, 1, 0) > 0 && (other.revents & POLLHUP) != 0;
  errno = error;
  return r;
}

/* A write may be cut short though there is room (tty.c), so that the next one is made and finds out. */
static ssize_t pty_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* const* pass) {
  int r = uv__fd_write_waits(io, mode);
  ssize_t n;

  (void) pass; /* The core passes none over a kind that carries none. */
  if (r != 0)
    return r;
  do
    n = writev(io->tail.fd, (const struct iovec*) bufs, (int) uv__fd_most_bufs(nbufs));
  while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EIO || is_full_for_ever(io)))
    return UV_EPIPE;
  n = uv__fd_was_written(io, bufs, nbufs, mode, n);
  if (n > 0)
    io->tail.state &= ~(unsigned) UV__FD_FULL;
  return n;
}

/* Neither side of a terminal ends alone. */
static int pty_shutdown(struct uv__io* io) {
  (void) io;
  return 0;
}

const struct uv__ops uv__pty_ops = {
    .init = uv__fd_init,
    .open = pty_open,
    .name = pty_name,
    .option = pty_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = pty_read_now,
    .write = pty_write,
    .write_stop = uv__fd_write_stop,
    .shutdown = pty_shutdown,
    .done = uv__fd_done,
    .close = pty_close,
};
