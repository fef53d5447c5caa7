/* Terminals: adopting them, their modes, and putting them back as they were. Moving bytes is as
 * with any descriptor (fd.c), but for what a terminal means by its answers.
 *
 * O_NONBLOCK belongs to the open file, and the shell that started us, and whoever else it
 * started, have the same one. So the terminal is opened anew; the descriptor that the program gave
 * us is only looked at. */
#include "unix/internal.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/atomic.h"

/* tail.u.more */
struct terminal {
  struct uv__queue link; /* in `terminals` */
  int fd;                /* that of the io */
  dev_t device;          /* the same for all descriptors of one terminal */
  int is_changed;        /* by this handle, so that `found` says how it was before any did */
  struct termios found;
};

/* ---- Opening ---- */

/* A pseudo-terminal's master calls itself a terminal, but to open it anew makes another one. */
static int is_master(int fd) {
#if defined(TIOCGPTN)
  unsigned int number;
  return ioctl(fd, TIOCGPTN, &number) == 0;
#elif defined(TIOCPTYGNAME)
  char name[128];
  return ioctl(fd, TIOCPTYGNAME, name) == 0;
#elif defined(TIOCPTMASTER)
  return ioctl(fd, TIOCPTMASTER, 0) == 0;
#else
  return ptsname(fd) != NULL;
#endif
}

#if defined(__linux__)

static int reopen(int fd, int access) {
  return uv__fd_reopen(fd, access);
}

#else

static int reopen(int fd, int access) {
  char name[PATH_MAX];
  int own;

  if (ttyname_r(fd, name, sizeof(name)) != 0)
    return UV_ENOTSUP;
  own = open(name, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  return own >= 0 ? own : UV__ERR(errno);
}

#endif

/* On Linux it may be called in a forked child. */
int uv__tty_reopen(int fd, int access) {
  struct stat given;
  struct stat opened;
  int own;

  if (is_master(fd))
    return UV_ENOTSUP;
  own = reopen(fd, access);
  if (own < 0)
    return own;
  if (fstat(fd, &given) != 0 || fstat(own, &opened) != 0 || given.st_rdev != opened.st_rdev) {
    uv__fd_discard(own);
    return UV_ENOTSUP;
  }
  return own;
}

/* A terminal that cannot be opened anew, a master or one that belongs to another user by now, is
 * shared after all, and made non-blocking as long as the handle lives. */
static int open_own(int fd, int access, unsigned int* state) {
  int own = uv__tty_reopen(fd, access);
  int r;

  if (own >= 0 || own == UV_EMFILE || own == UV_ENFILE)
    return own;
  own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (own < 0)
    return UV__ERR(errno);
  r = uv__fd_unblock(own);
  if (r < 0) {
    uv__fd_discard(own);
    return r;
  }
  *state = r == 1 ? UV__FD_RESTORE : 0;
  return own;
}

/* Two descriptors of one terminal may have come by different names, /dev/tty for one. */
static dev_t device_of(int fd) {
  struct stat st;
#if defined(TIOCGDEV)
  unsigned int device;
  if (ioctl(fd, TIOCGDEV, &device) == 0)
    return device;
#endif
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

/* ---- The terminals that are open ---- */

/* The list is read by uv_tty_reset_mode in signal handlers. So its lock is held with all signals
 * blocked: a handler finds it taken by other threads only, and even for those it does not wait,
 * because in a forked child there may be none of them. */
static struct uv__queue terminals = {&terminals, &terminals};
static int lock;
static int exit_pid; /* of the process that puts its terminals back when it ends */

/* SIGTTOU is among them: without that a process in the background would be stopped when it changes
 * a terminal, and least of all should it be when it puts one back. */
static void block_signals(sigset_t* before) {
  sigset_t all;

  sigfillset(&all);
  (void) pthread_sigmask(SIG_SETMASK, &all, before);
}

static int try_acquire(void) {
  return uv__atomic_exchange(&lock, 1) == 0;
}

static void enter(sigset_t* before) {
  block_signals(before);
  while (!try_acquire())
    continue;
}

static void unblock_signals(const sigset_t* before) {
  (void) pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void leave(const sigset_t* before) {
  uv__atomic_store(&lock, 0);
  unblock_signals(before);
}

/* ---- Modes ---- */

/* The bits that are ours; what else is set stays as whoever set it wants it. RAW leaves output
 * alone: a program that writes "\n" still begins a new line at its beginning. */
#define OWN_INPUT \
  ((tcflag_t) (IGNBRK | BRKINT | PARMRK | INPCK | ISTRIP | INLCR | IGNCR | ICRNL | IXON))
#define OWN_OUTPUT ((tcflag_t) OPOST)
#define OWN_CONTROL ((tcflag_t) (CSIZE | PARENB))
#define OWN_LOCAL ((tcflag_t) (ECHO | ECHONL | ICANON | ISIG | IEXTEN))

static tcflag_t mix(tcflag_t now, tcflag_t found, tcflag_t own) {
  return (now & ~own) | (found & own);
}

static void restore_own(struct termios* now, const struct termios* found) {
  now->c_iflag = mix(now->c_iflag, found->c_iflag, OWN_INPUT);
  now->c_oflag = mix(now->c_oflag, found->c_oflag, OWN_OUTPUT);
  now->c_cflag = mix(now->c_cflag, found->c_cflag, OWN_CONTROL);
  now->c_lflag = mix(now->c_lflag, found->c_lflag, OWN_LOCAL);
  now->c_cc[VMIN] = found->c_cc[VMIN];
  now->c_cc[VTIME] = found->c_cc[VTIME];
}

static void set_own(struct termios* now, int mode) {
  now->c_iflag &= ~OWN_INPUT;
  now->c_cflag &= ~OWN_CONTROL;
  now->c_cflag |= CS8;
  now->c_lflag &= ~OWN_LOCAL;
  now->c_cc[VMIN] = 1;
  now->c_cc[VTIME] = 0;
  if (mode == UV_TTY_MODE_IO)
    now->c_oflag &= ~OWN_OUTPUT;
}

/* At once: output that a stopped terminal does not take is not waited for. */
static int set_attributes(int fd, const struct termios* attributes) {
  int r;

  do
    r = tcsetattr(fd, TCSANOW, attributes);
  while (r != 0 && errno == EINTR);
  return r == 0 ? 0 : UV__ERR(errno);
}

static int put_back(const struct terminal* terminal) {
  struct termios now;

  if (tcgetattr(terminal->fd, &now) != 0)
    return UV__ERR(errno);
  restore_own(&now, &terminal->found);
  return set_attributes(terminal->fd, &now);
}

/* Another handle that has changed the same terminal, or NULL. */
static const struct terminal* find_changed(const struct terminal* terminal) {
  struct uv__queue* link;

  for (link = terminals.next; link != &terminals; link = link->next) {
    const struct terminal* other = uv__container_of(link, struct terminal, link);
    if (other != terminal && other->is_changed && other->device == terminal->device)
      return other;
  }
  return NULL;
}

/* A forked child that ends is not the end of the program that its parent is. */
static void at_exit(void) {
  if (exit_pid == (int) getpid())
    (void) uv_tty_reset_mode();
}

static int change_mode(struct terminal* terminal, int mode) {
  const struct terminal* other = find_changed(terminal);
  struct termios now;

  if (tcgetattr(terminal->fd, &now) != 0)
    return UV__ERR(errno);
  if (exit_pid == 0 && atexit(at_exit) != 0)
    return UV_ENOMEM;
  exit_pid = (int) getpid();
  if (!terminal->is_changed)
    terminal->found = other != NULL ? other->found : now;
  terminal->is_changed = 1;
  restore_own(&now, &terminal->found);
  if (mode != UV_TTY_MODE_NORMAL)
    set_own(&now, mode);
  return set_attributes(terminal->fd, &now);
}

static int set_mode(struct uv__io* io, int mode) {
  sigset_t before;
  int r;

  enter(&before);
  r = change_mode(io->tail.u.more, mode);
  leave(&before);
  /* What was typed may be readable in the new mode, and not every system makes an event of it. */
  io->tail.state |= UV__FD_READABLE;
  if (io->tail.state & UV__READ) {
    io->tail.state &= ~(unsigned) UV__READ;
    uv__ring(io, UV__READ);
  }
  return r;
}

static int put_all_back(void) {
  struct uv__queue* link;
  int result = 0;

  for (link = terminals.next; link != &terminals; link = link->next) {
    const struct terminal* terminal = uv__container_of(link, struct terminal, link);
    int r = terminal->is_changed ? put_back(terminal) : 0;
    if (result == 0)
      result = r;
  }
  return result;
}

int uv_tty_reset_mode(void) {
  int saved_errno = errno;
  int r = UV_EBUSY;
  sigset_t before;

  block_signals(&before);
  if (try_acquire()) {
    r = put_all_back();
    leave(&before);
  } else {
    unblock_signals(&before);
  }
  errno = saved_errno;
  return r;
}

/* ---- Life ---- */

static int tty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int flags = fcntl(desc->fd, F_GETFL);
  struct terminal* terminal;
  unsigned int state = 0;
  sigset_t before;
  int fd;
  int r;

  (void) domain;
  if (flags < 0)
    return UV__ERR(errno);
  terminal = uv__calloc(1, sizeof(*terminal));
  if (terminal == NULL)
    return UV_ENOMEM;
  fd = open_own(desc->fd, flags & O_ACCMODE, &state);
  r = fd < 0 ? fd : uv__fd_attach(io, fd, state);
  if (r == 0) {
    r = uv__poller_add(io, 0);
    if (r < 0)
      uv__fd_detach(io);
  }
  if (r < 0) {
    if (fd >= 0)
      uv__fd_discard(fd);
    uv__free(terminal);
    return r;
  }
  terminal->fd = fd;
  terminal->device = device_of(fd);
  io->tail.u.more = terminal;
  enter(&before);
  uv__queue_insert_tail(&terminals, &terminal->link);
  leave(&before);
  *opened = 0;
  if ((flags & O_ACCMODE) != O_WRONLY)
    *opened |= UV__OPENED_READABLE;
  if ((flags & O_ACCMODE) != O_RDONLY)
    *opened |= UV__OPENED_WRITABLE;
  return 0;
}

/* The last handle that changed a terminal puts it back. */
static int tty_close(struct uv__io* io) {
  struct terminal* terminal = io->tail.u.more;
  sigset_t before;

  if (terminal != NULL) {
    enter(&before);
    if (terminal->is_changed && find_changed(terminal) == NULL)
      (void) put_back(terminal);
    uv__queue_remove(&terminal->link);
    leave(&before);
    uv__free(terminal);
    io->tail.u.more = NULL;
  }
  return uv__fd_close(io);
}

/* ---- Control ---- */

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

static int poll_now(int fd, short events) {
  struct pollfd row = {fd, events, 0};

  return poll(&row, 1, 0) > 0 ? row.revents : 0;
}

/* EIO is what reading from a terminal without an other end says, and also what a process in the
 * background gets that must not read; only the first is an end. */
static int is_hung_up(int fd) {
  int seen = poll_now(fd, 0);

  errno = EIO;
  return (seen & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static ssize_t tty_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  int fd = io->tail.fd;
  ssize_t n;

  (void) passed;
  /* Of an open file that is shared, O_NONBLOCK may be gone: shells clear it. */
  if ((io->tail.state & UV__FD_RESTORE) && poll_now(fd, POLLIN) == 0) {
    n = -1;
    errno = EAGAIN;
  } else {
    do
      n = read(fd, base, len);
    while (n < 0 && errno == EINTR);
  }
  if (n < 0 && errno == EIO && is_hung_up(fd))
    n = 0;
  /* A read ends with a line, however much more there is: a short one means nothing. */
  return uv__fd_was_read(io, n, len, 0);
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

static ssize_t tty_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* pass) {
  int r = uv__fd_write_waits(io, mode);
  ssize_t n;

  (void) pass; /* The core passes none over a kind that carries none. */
  if (r != 0)
    return r;
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
    .shutdown = tty_shutdown,
    .done = uv__fd_done,
    .close = tty_close,
};

/* ---- What a descriptor is ---- */

static uv_handle_type guess_socket(int fd) {
  struct sockaddr_storage addr;
  socklen_t len = sizeof(addr);
  int type;

  if (uv__sock_get_int(fd, SOL_SOCKET, SO_TYPE, &type) < 0 ||
      getsockname(fd, (struct sockaddr*) &addr, &len) != 0)
    return UV_UNKNOWN_HANDLE;
  if (addr.ss_family == AF_INET || addr.ss_family == AF_INET6) {
    if (type == SOCK_STREAM)
      return UV_TCP;
    if (type == SOCK_DGRAM)
      return UV_UDP;
  }
  return addr.ss_family == AF_UNIX && type == SOCK_STREAM ? UV_NAMED_PIPE : UV_UNKNOWN_HANDLE;
}

uv_handle_type uv_guess_handle(uv_file file) {
  struct stat st;

  if (isatty(file))
    return UV_TTY;
  if (fstat(file, &st) != 0)
    return UV_UNKNOWN_HANDLE;
  if (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode))
    return UV_FILE;
  if (S_ISFIFO(st.st_mode))
    return UV_NAMED_PIPE;
  return S_ISSOCK(st.st_mode) ? guess_socket(file) : UV_UNKNOWN_HANDLE;
}
