/* Terminals: adopting them, and what one means by its answers; the rest of moving bytes is as with
 * any descriptor (fd/fd.c). Their modes, and putting them back, are mode.c's.
 *
 * O_NONBLOCK belongs to the open file, and the shell that started us, and whoever else it
 * started, have the same one. So the terminal is opened anew; the descriptor that the program gave
 * us is only looked at. */
#include "unix/tty/tty.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/alloc.h"

enum {
  LITTLE = 256 /* bytes that a terminal has room for when it says that it has any */
};

/* ---- Opening ---- */

/* A terminal that cannot be opened anew, a master or one that belongs to another user by now, is
 * shared after all, and made non-blocking as long as the handle lives. */
static int open_own(int fd, int access, unsigned int* state, int* is_shared) {
  int own = uv__reopen_terminal(fd, access);
  int r;

  if (own >= 0 || own == UV_EMFILE || own == UV_ENFILE)
    return own;
  own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (own < 0)
    return UV__ERR(errno);
  r = uv__file_unblock(own);
  if (r < 0) {
    uv__file_discard(own);
    return r;
  }
  *state = r == 1 ? UV__FD_RESTORE : 0;
  *is_shared = 1;
  return own;
}

/* Two descriptors of one terminal may have come by different names: /dev/tty is another one's. That
 * terminal, of which a session has one, has the name -1 here. */
static dev_t device_of(int fd) {
  struct stat st;

  if (tcgetsid(fd) == getsid(0))
    return (dev_t) -1;
  return fstat(fd, &st) == 0 ? st.st_rdev : 0;
}

int uv__port_tty_desc(uv_file file, struct uv__desc* desc) {
  if (fcntl(file, F_GETFD) < 0)
    return UV__ERR(errno);
  if (!isatty(file))
    return UV_EINVAL;
  desc->fd = file;
  desc->kind = UV__DESC_TTY;
  desc->known = 0;
  return 0;
}

/* ---- Life ---- */

static int tty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int flags = fcntl(desc->fd, F_GETFL);
  struct uv__terminal* terminal;
  unsigned int state = 0;
  int fd;
  int r;

  (void) domain;
  if (flags < 0)
    return UV__ERR(errno);
  terminal = uv__calloc(1, sizeof(*terminal));
  if (terminal == NULL)
    return UV_ENOMEM;
  fd = open_own(desc->fd, flags & O_ACCMODE, &state, &terminal->is_shared);
  r = fd < 0 ? fd : uv__fd_attach(io, fd, state);
  if (r == 0) {
    r = uv__poller_add(io, 0);
    if (r < 0)
      uv__fd_detach(io);
  }
  if (r < 0) {
    if (state & UV__FD_RESTORE)
      uv__file_block(fd);
    if (fd >= 0)
      uv__file_discard(fd);
    uv__free(terminal);
    return r;
  }
  terminal->fd = fd;
  terminal->device = device_of(fd);
  io->tail.u.more = terminal;
  uv__mode_enlist(terminal);
  *opened = 0;
  if ((flags & O_ACCMODE) != O_WRONLY)
    *opened |= UV__OPENED_READABLE | UV__OPENED_ENDLESS; /* Ctrl-D ends no more than a read. */
  if ((flags & O_ACCMODE) != O_RDONLY)
    *opened |= UV__OPENED_WRITABLE;
  return (int) uv__fd_end(io, 0);
}

static int tty_close(struct uv__io* io) {
  struct uv__terminal* terminal = io->tail.u.more;

  if (terminal != NULL) {
    uv__mode_drop(terminal);
    uv__free(terminal);
    io->tail.u.more = NULL;
  }
  return uv__fd_close(io);
}

/* ---- Control ---- */

static int set_mode(struct uv__io* io, int mode) {
  int r = uv__mode_set(io->tail.u.more, mode);

  /* What was typed may be readable in the new mode, and not every system makes an event of it. */
  io->tail.state |= UV__FD_READABLE;
  if (io->tail.state & UV__READ) {
    io->tail.state &= ~(unsigned) UV__READ;
    uv__ring(io, UV__READ);
  }
  return (int) uv__fd_end(io, r);
}

static int get_size(int fd, int size[2]) {
  struct winsize window;
  int r;

  do
    r = ioctl(fd, TIOCGWINSZ, &window);
  while (r != 0 && errno == EINTR);
  if (r != 0)
    return UV__ERR(errno);
  size[0] = window.ws_col;
  size[1] = window.ws_row;
  return 0;
}

static int tty_option(struct uv__io* io, enum uv__option option, void* value) {
  if (option == UV__TTY_MODE)
    return set_mode(io, *(int*) value);
  if (option == UV__TTY_SIZE)
    return get_size(io->tail.fd, value);
  return UV_EINVAL;
}

void uv_tty_set_vterm_state(uv_tty_vtermstate_t state) {
  (void) state;
}

int uv_tty_get_vterm_state(uv_tty_vtermstate_t* state) {
  (void) state;
  return UV_ENOTSUP;
}

/* ---- Moving bytes ---- */

/* EIO is what reading from a terminal without an other end says, and also what a process in the
 * background gets that must not read; only the first is an end. */
static int is_hung_up(int fd) {
  int r = uv__file_poll(fd, 0);

  errno = EIO;
  return r > 0;
}

static int may_block(const struct uv__io* io) {
  const struct uv__terminal* terminal = io->tail.u.more;

  return terminal->is_shared && uv__file_blocks(io->tail.fd);
}

static ssize_t tty_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  int fd = io->tail.fd;
  ssize_t n;

  (void) passed;
  /* Shells, for one, clear O_NONBLOCK. */
  if (may_block(io) && !uv__file_is_ready(fd, POLLIN)) {
    n = -1;
  } else {
    do
      n = read(fd, base, len);
    while (n < 0 && errno == EINTR);
  }
  if (n < 0 && errno == EIO && is_hung_up(fd))
    n = 0;
  /* A read ends with a line, however much more there is: a short one means nothing. */
  n = uv__fd_was_read(io, n, len, 0);
  /* Linux says EAGAIN also while somebody else is in a read, and nothing tells of what that leaves. */
  if (n == UV_EAGAIN && uv__file_is_ready(fd, POLLIN) && !uv__poller_retells(io))
    io->tail.state |= UV__FD_READABLE;
  return n;
}

/* Whether a write may have been cut short by a signal while there was room, of which no event would
 * tell. Linux looks for signals between pieces of 2048 bytes, and nowhere else. */
static int may_be_cut(ssize_t n) {
#if defined(__linux__)
  return n % 2048 == 0;
#else
  return n > 0;
#endif
}

static ssize_t write_bufs(int fd, const uv_buf_t* bufs, unsigned nbufs) {
  if (nbufs == 1)
    return write(fd, bufs[0].base, bufs[0].len);
  return writev(fd, (const struct iovec*) bufs, (int) uv__fd_most_bufs(nbufs));
}

/* So much goes without waiting where there is room at all. */
static ssize_t write_little(struct uv__io* io, const uv_buf_t* bufs, enum uv__write_mode mode) {
  uv_buf_t little = bufs[0];
  ssize_t n = -1;

  if (little.len > LITTLE)
    little.len = LITTLE;
  if (uv__file_is_ready(io->tail.fd, POLLOUT)) {
    do
      n = write_bufs(io->tail.fd, &little, 1);
    while (n < 0 && errno == EINTR);
  }
  if (n < 0 && errno == EIO && is_hung_up(io->tail.fd))
    return UV_EPIPE;
  n = uv__fd_was_written(io, &little, 1, mode, n);
  io->tail.state &= ~(unsigned) UV__FD_FULL; /* The next write takes more, or finds it full. */
  return n;
}

static ssize_t tty_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* const* pass) {
  int r = uv__fd_write_waits(io, mode);
  ssize_t n;

  (void) pass; /* The core passes none over a kind that carries none. */
  if (r != 0)
    return r;
  if (may_block(io))
    return write_little(io, bufs, mode);
  do
    n = write_bufs(io->tail.fd, bufs, nbufs);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EIO && is_hung_up(io->tail.fd))
    return UV_EPIPE;
  n = uv__fd_was_written(io, bufs, nbufs, mode, n);
  if (n > 0 && may_be_cut(n))
    io->tail.state &= ~(unsigned) UV__FD_FULL; /* The next write takes more, or finds it full. */
  return n;
}

/* There is no outgoing side to close: the terminal stays what it is for everybody else. */
static int tty_shutdown(struct uv__io* io) {
  (void) io;
  return 0;
}

/* An open terminal is connected, so that the core asks for nothing that leads there. */
const struct uv__ops uv__tty_ops = {
    .init = uv__fd_init,
    .open = tty_open,
    .option = tty_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = tty_read_now,
    .write = tty_write,
    .write_stop = uv__fd_write_stop,
    .shutdown = tty_shutdown,
    .done = uv__fd_done,
    .close = tty_close,
};
