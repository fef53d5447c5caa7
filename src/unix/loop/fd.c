/* The operations that are the same for every kind of stream: reading, writing, what a ring
 * meant, closing. How descriptors come to be and what is special to a kind is in the kind's
 * file (tcp.c, pipe.c, ...), which puts these functions into its ops table. */
#include "unix/internal.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* A system with a lower limit than IOV_MAX usually has refuses more; POSIX demands 16. */
#if defined(IOV_MAX)
#  define MOST_BUFS IOV_MAX
#else
#  define MOST_BUFS 1024
#endif

static_assert(sizeof(uv_buf_t) == sizeof(struct iovec) &&
                  offsetof(uv_buf_t, base) == offsetof(struct iovec, iov_base) &&
                  offsetof(uv_buf_t, len) == offsetof(struct iovec, iov_len),
              "an array of uv_buf_t is handed to the system as an array of struct iovec");

/* ---- Descriptors ---- */

int uv__fd_unblock(int fd) {
  int flags = fcntl(fd, F_GETFL);

  if (flags < 0)
    return UV__ERR(errno);
  if (flags & O_NONBLOCK)
    return 0;
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 1 : UV__ERR(errno);
}

void uv__fd_block(int fd) {
  int flags = fcntl(fd, F_GETFL);

  if (flags >= 0)
    (void) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int uv__fd_hide(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : UV__ERR(errno);
}

int uv__fd_prepare(int fd) {
  int r = uv__fd_unblock(fd);
  return r < 0 ? r : uv__fd_hide(fd);
}

#if defined(__linux__)

/* The path by which a process opens one of its own descriptors anew. Written by hand: printf
 * must not be called between fork and exec. */
static void own_path(int fd, char path[32]) {
  static const char prefix[] = "/proc/self/fd/";
  char digits[12];
  int count = 0;

  memcpy(path, prefix, sizeof(prefix) - 1);
  path += sizeof(prefix) - 1;
  do {
    digits[count++] = (char) ('0' + fd % 10);
    fd /= 10;
  } while (fd > 0);
  while (count > 0)
    *path++ = digits[--count];
  *path = '\0';
}

int uv__fd_reopen(int fd, int access) {
  char path[32];
  int own;

  own_path(fd, path);
  own = open(path, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  return own >= 0 ? own : UV__ERR(errno);
}

#else

int uv__fd_reopen(int fd, int access) {
  (void) fd;
  (void) access;
  return UV_ENOTSUP;
}

#endif

void uv__fd_discard(int fd) {
  (void) close(fd);
}

void uv__fd_init(struct uv__io* io) {
  io->tail.fd = -1;
  io->tail.state = 0;
  io->tail.slot = 0;
  io->tail.error = UV_ECANCELED; /* What a connect is until it ended otherwise. */
  io->tail.u.more = NULL;
}

int uv__fd_attach(struct uv__io* io, int fd, unsigned int state) {
  int r = uv__loop_claim(io->loop, fd);

  if (r < 0)
    return r;
  io->tail.fd = fd;
  io->tail.state = state;
  return 0;
}

void uv__fd_detach(struct uv__io* io) {
  if (io->tail.state & UV__FD_POLLED)
    uv__poller_remove(io);
  if (io->tail.state & UV__FD_RESTORE) /* For whoever else has it. */
    uv__fd_block(io->tail.fd);
  uv__loop_unclaim(io->loop, io->tail.fd);
  io->tail.fd = -1;
  io->tail.state = 0;
}

int uv__fd_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  if (io->tail.fd < 0)
    return UV_EBADF;
  *fd = io->tail.fd;
  return 0;
}

int uv__fd_close(struct uv__io* io) {
  int fd = io->tail.fd;

  if (fd >= 0) {
    uv__fd_detach(io);
    uv__fd_discard(fd);
  }
  return 0;
}

/* ---- Reading ---- */

int uv__fd_read_arm(struct uv__io* io) {
  if (io->tail.state & UV__FD_READABLE)
    return UV__READY;
  io->tail.state |= UV__READ;
  return UV__PENDING;
}

int uv__fd_read_disarm(struct uv__io* io) {
  io->tail.state &= ~(unsigned) UV__READ;
  return 0;
}

static int nothing_waits(int fd) {
  struct pollfd asked = {.fd = fd, .events = POLLIN};

  return poll(&asked, 1, 0) == 0;
}

ssize_t uv__fd_was_read(struct uv__io* io, ssize_t n, size_t len, int is_dry) {
  struct uv__io_tail* tail = &io->tail;

  if (n > 0) {
    /* A socket that gives less than it could has no more, and makes an edge when it has
     * again: the call that would only say EAGAIN is saved. Not so when the end was seen, of
     * which no further edge would tell, and where urgent data cut reads short. What is no
     * socket is asked: programs need not be handed a buffer back because nothing is there. */
    if ((size_t) n < len && !(tail->state & (UV__FD_ENDED | UV__FD_URGENT)) &&
        (is_dry || nothing_waits(tail->fd)))
      tail->state &= ~(unsigned) UV__FD_READABLE;
    return n;
  }
  if (n == 0)
    return UV_EOF;
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    tail->state &= ~(unsigned) UV__FD_READABLE;
    return UV_EAGAIN;
  }
  return UV__ERR(errno);
}

/* MSG_DONTWAIT although the descriptor is non-blocking: that is a property of the open file,
 * which another process that has it too may change. */
ssize_t uv__fd_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  ssize_t n;

  (void) passed; /* Of IPC pipes only (scm.c). */
  do
    n = recv(io->tail.fd, base, len, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return uv__fd_was_read(io, n, len, (io->tail.state & UV__FD_TCP) != 0);
}

/* ---- Writing ---- */

unsigned uv__fd_most_bufs(unsigned nbufs) {
  return nbufs < MOST_BUFS ? nbufs : MOST_BUFS;
}

/* Whether a failed write is worth another try at once. */
static int is_interrupted(int error) {
#if defined(__APPLE__)
  /* What macOS says of a connection that is just going down; the next try says EPIPE. */
  if (error == EPROTOTYPE)
    return 1;
#endif
  return error == EINTR;
}

static ssize_t send_bufs(int fd, const uv_buf_t* bufs, unsigned nbufs) {
  struct msghdr msg;
  ssize_t n;

  if (nbufs == 1) {
    do
      n = send(fd, bufs[0].base, bufs[0].len, UV__SEND_FLAGS);
    while (n < 0 && is_interrupted(errno));
    return n;
  }
  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = (struct iovec*) bufs;
  msg.msg_iovlen = uv__fd_most_bufs(nbufs);
  do
    n = sendmsg(fd, &msg, UV__SEND_FLAGS);
  while (n < 0 && is_interrupted(errno));
  return n;
}

/* Waits for room. The first wait of a descriptor has the poller report it from then on. */
static int await_room(struct uv__io* io) {
  if (!(io->tail.state & UV__FD_OUT)) {
    int r = uv__poller_add_out(io);
    if (r < 0)
      return r;
  }
  io->tail.state |= UV__WRITE;
  return UV__PENDING;
}

int uv__fd_write_waits(struct uv__io* io, enum uv__write_mode mode) {
  if (!(io->tail.state & UV__FD_FULL) || mode != UV__QUEUE)
    return 0;
  io->tail.state &= ~(unsigned) UV__FD_FULL;
  return await_room(io);
}

ssize_t uv__fd_was_written(
    struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, enum uv__write_mode mode, ssize_t n) {
  struct uv__io_tail* tail = &io->tail;

  if (n > 0) {
    /* What took less than all is full: the call that would only say EAGAIN, and that the core
     * makes right behind this one, is saved. After a try nobody knows when the next one comes. */
    if (mode == UV__QUEUE && nbufs == 1 && (size_t) n < bufs[0].len)
      tail->state |= UV__FD_FULL;
    return n;
  }
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
    return UV__ERR(errno);
  return mode == UV__TRY ? UV_EAGAIN : await_room(io);
}

ssize_t uv__fd_write(struct uv__io* io,
                     const uv_buf_t* bufs,
                     unsigned nbufs,
                     enum uv__write_mode mode,
                     struct uv__io* pass) {
  int r = uv__fd_write_waits(io, mode);

  (void) pass; /* The core passes none over a kind that carries none. */
  if (r != 0)
    return r;
  return uv__fd_was_written(io, bufs, nbufs, mode, send_bufs(io->tail.fd, bufs, nbufs));
}

/* ---- Collecting ---- */

/* Writing starts again after its ring, as nothing was taken; connecting has its result from
 * uv__loop_event, so that it is there after a close as well. */
ssize_t uv__fd_done(struct uv__io* io, enum uv__lane lane) {
  if (lane == UV__CONNECT)
    return io->tail.error;
  return io->tail.fd < 0 ? UV_ECANCELED : 0;
}
