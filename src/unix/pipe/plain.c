/* Pipes that are no sockets: fifos, the ends of a pipe(2), and terminals as far as a pipe handle
 * can serve them (a pseudo-terminal's master, above all), and other devices. What nobody can wait for
 * (files, /dev/null) is disk.c's.
 *
 * There is no per-call flag against blocking, and O_NONBLOCK belongs to the open file, which
 * other processes may share. So where the system can open a pipe anew, an own open file does
 * the reading and writing, and the descriptor that the program gave us is only kept for it. */
#include "unix/pipe/pipe.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/vfs.h>
#endif

enum {
  LITTLE = 256 /* bytes that a terminal has room for when it says that it has any */
};

static const struct uv__ops plain_ops;

/* ---- Opening and closing ---- */

static int is_pipe(int fd) {
  struct stat st;

  return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* An own descriptor of the pipe, or the same one with O_NONBLOCK set. A terminal is not opened
 * anew: for a pseudo-terminal's master that would make another one. What is no standard input or output
 * is the program's own, which may count on that it does not block. */
static int own(struct uv__io* io, int fd, int access) {
  int r = is_pipe(fd) ? uv__reopen_pipe(fd, access) : UV_ENOTSUP;

  int unblocked = r < 0 || fd > STDERR_FILENO ? uv__file_unblock(fd) : 0;

  io->tail.fd = r < 0 ? fd : r;
  if (unblocked == 1)
    io->tail.state |= UV__FD_RESTORE;
  return r < 0 && unblocked < 0 ? unblocked : 0;
}

/* Gives back all but the program's descriptor. */
static void release(struct uv__io* io) {
  int fd = io->tail.fd;
  int origin = io->tail.u.origin;

  if (io->tail.state & UV__FD_POLLED)
    uv__poller_remove(io);
  if (fd != origin)
    uv__file_discard(fd);
  if (io->tail.state & UV__FD_RESTORE)
    uv__file_block(origin);
  if (io->loop != NULL) /* Else it has left. */
    uv__loop_unclaim(io->loop, origin);
  io->tail.fd = -1;
  io->tail.state = 0;
}

/* A fifo has an end whenever it has no writers, and may get new ones. A pipe(2), which looks the same,
 * has a last one. */
static int has_name(int fd) {
#if defined(__linux__)
  const unsigned pipefs =
      0x50495045; /* PIPEFS_MAGIC, of a header that not every C library brings. */
  struct statfs fs;

  return fstatfs(fd, &fs) == 0 && (unsigned) fs.f_type != pipefs;
#else
  struct stat stat;

  return fstat(fd, &stat) == 0 && stat.st_nlink > 0;
#endif
}

/* Behind its end. What else is a device has one end, and whether it is here depends on the poller. */
static int goes_on(int fd) {
  return is_pipe(fd) ? has_name(fd) : isatty(fd);
}

int uv__plain_open(struct uv__io* io, int fd, unsigned* opened) {
  int flags = fcntl(fd, F_GETFL);
  int access = flags & O_ACCMODE;
  int r;

  if (flags < 0)
    return UV__ERR(errno);
  r = uv__loop_claim(io->loop, fd);
  if (r < 0)
    return r;
  io->tail.u.origin = fd;
  r = own(io, fd, access);
#if defined(F_SETNOSIGPIPE)
  if (r == 0 && access != O_RDONLY && fcntl(io->tail.fd, F_SETNOSIGPIPE, 1) != 0)
    r = UV__ERR(errno);
#endif
  if (r == 0)
    r = uv__poller_add(io, 0);
  if (r < 0) {
    release(io);
    io->tail.u.more = NULL;
    return r;
  }
  *opened = is_pipe(fd) ? 0 : UV__OPENED_STAYS;
  if (access != O_WRONLY)
    *opened |= UV__OPENED_READABLE | (goes_on(fd) ? UV__OPENED_ENDLESS : 0);
  if (access != O_RDONLY)
    *opened |= UV__OPENED_WRITABLE;
  io->ops = &plain_ops;
  return (int) uv__fd_end(io, 0);
}

static int plain_close(struct uv__io* io) {
  int origin = io->tail.u.origin;

  if (io->tail.fd >= 0) {
    release(io);
    uv__file_discard(origin);
  }
  return (int) uv__fd_end(io, 0);
}

int uv__plain_leave(struct uv__io* io) {
  return uv__fd_leave_as(io, io->tail.u.origin);
}

int uv__plain_join(struct uv__io* io) {
  return uv__fd_join_as(io, io->tail.u.origin);
}

/* The end of a pipe(2) that only writes has no other way to say that no more will come. Who waits for a
 * hang-up hears of nothing else. */
static int plain_shutdown(struct uv__io* io) {
  int flags = fcntl(io->tail.fd, F_GETFL);

  if (flags < 0)
    return UV__ERR(errno);
  if ((flags & O_ACCMODE) != O_WRONLY)
    return UV_ENOTSUP;
  if (io->busy & UV__HANGUP)
    uv__ring(io, UV__HANGUP);
  return plain_close(io);
}

/* ---- Control ---- */

static int plain_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  if (io->tail.fd < 0)
    return UV_EBADF;
  *fd = io->tail.u.origin;
  return 0;
}

int uv__plain_name(struct uv__io* io, enum uv__end end, void* to, int* len) {
  (void) end;
  (void) to;
  *len = 0;
  return io->tail.fd < 0 ? UV_EBADF : 0;
}

int uv__plain_option(struct uv__io* io, enum uv__option option, void* value) {
  (void) io;
  (void) value;
  if (option == UV__CHMOD)
    return UV_EBADF; /* Not bound. */
  return option == UV__INSTANCES ? 0 : UV_EINVAL;
}

/* ---- Moving bytes ---- */

static int may_block(const struct uv__io* io) {
  return io->tail.fd == io->tail.u.origin && uv__file_blocks(io->tail.fd);
}

static ssize_t plain_read_now(struct uv__io* io,
                              char* base,
                              size_t len,
                              struct uv__passed* passed) {
  ssize_t n;

  if (passed != NULL)
    passed->count = 0;
  if (may_block(io) && !uv__file_is_ready(io->tail.fd, POLLIN))
    return uv__fd_was_read(io, -1, len, 0);
  do
    n = read(io->tail.fd, base, len);
  while (n < 0 && errno == EINTR);
  return uv__fd_was_read(io, n, len, 0);
}

static ssize_t write_mutely(int fd, const uv_buf_t* bufs, unsigned nbufs) {
#if defined(F_SETNOSIGPIPE)
  return uv__mute_write(fd, bufs, nbufs, 0);
#else
  return uv__mute_write(fd, bufs, nbufs, SIGPIPE); /* of a pipe without a reader */
#endif
}

/* Room of a terminal is not room for all, and who else has it may have put it back. What is no
 * standard input or output is the program's own (`own`). */
static int unblock_own(const struct uv__io* io) {
  return io->tail.u.origin > STDERR_FILENO && uv__file_unblock(io->tail.fd) >= 0;
}

/* So much goes without waiting where there is room at all. */
static ssize_t write_little(struct uv__io* io, const uv_buf_t* bufs, enum uv__write_mode mode) {
  size_t most = is_pipe(io->tail.fd) ? PIPE_BUF : LITTLE;
  uv_buf_t little = bufs[0];
  ssize_t n = -1;

  if (little.len > most)
    little.len = most;
  if (uv__file_is_ready(io->tail.fd, POLLOUT))
    n = write_mutely(io->tail.fd, &little, 1);
  return uv__fd_was_written(io, &little, 1, mode, n);
}

static ssize_t plain_write(struct uv__io* io,
                           const uv_buf_t* bufs,
                           unsigned nbufs,
                           enum uv__write_mode mode,
                           struct uv__io* const* pass) {
  int r = pass != NULL ? UV_EINVAL : uv__fd_write_waits(io, mode);

  if (r != 0)
    return r;
  if (may_block(io) && !unblock_own(io))
    return write_little(io, bufs, mode);
  return uv__fd_was_written(io, bufs, nbufs, mode, write_mutely(io->tail.fd, bufs, nbufs));
}

ssize_t uv__plain_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len) {
  return is_pipe(io->tail.fd) ? uv__fd_move_file(io, file, offset, len, 1) : UV_ENOSYS;
}

/* An open pipe is connected, so that the core asks for nothing that leads there. */
static const struct uv__ops plain_ops = {
    .init = uv__fd_init,
    .name = uv__plain_name,
    .option = uv__plain_option,
    .fileno = plain_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = plain_read_now,
    .write = plain_write,
    .write_stop = uv__fd_write_stop,
    .shutdown = plain_shutdown,
    .done = uv__fd_done,
    .close = plain_close,
    .beyond = UV__FD_BEYOND_PLAIN,
};
