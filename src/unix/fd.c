/* The operations that are the same for every kind of stream socket: reading, writing, what a
 * ring meant, closing. How sockets come to be and what is special to a kind is in the kind's
 * file (tcp.c), which puts these functions into its ops table. */
#include "internal.h"

#include <assert.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* macOS before MSG_NOSIGNAL: SO_NOSIGPIPE does it (tcp.c). */
#if defined(MSG_NOSIGNAL)
#  define WRITE_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)
#else
#  define WRITE_FLAGS MSG_DONTWAIT
#endif

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

int uv__fd_prepare(int fd) {
  int flags = fcntl(fd, F_GETFL);

  if (flags < 0)
    return UV__ERR(errno);
  if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return UV__ERR(errno);
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return UV__ERR(errno);
  return 0;
}

void uv__fd_discard(int fd) {
  (void) close(fd);
}

void uv__fd_init(struct uv__io* io) {
  io->tail.fd = -1;
  io->tail.state = 0;
  io->tail.slot = 0;
  io->tail.error = UV_ECANCELED; /* What a connect is until it ended otherwise. */
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

/* MSG_DONTWAIT although the descriptor is non-blocking: that is a property of the open file,
 * which another process that has it too may change. */
ssize_t uv__fd_read_now(struct uv__io* io, char* base, size_t len, struct uv__desc* passed) {
  struct uv__io_tail* tail = &io->tail;
  ssize_t n;

  if (passed != NULL)
    passed->kind = UV__DESC_NONE;
  do
    n = recv(tail->fd, base, len, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);

  if (n > 0) {
    /* A TCP socket that gives less than it could has no more, and makes an edge when it has
     * again: the call that would only say EAGAIN is saved. Not so when the end was seen, of
     * which no further edge would tell, and where urgent data cut reads short. */
    if ((size_t) n < len &&
        (tail->state & (UV__FD_TCP | UV__FD_ENDED | UV__FD_URGENT)) == UV__FD_TCP)
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

/* ---- Writing ---- */

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
      n = send(fd, bufs[0].base, bufs[0].len, WRITE_FLAGS);
    while (n < 0 && is_interrupted(errno));
    return n;
  }
  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = (struct iovec*) bufs;
  msg.msg_iovlen = nbufs < MOST_BUFS ? nbufs : MOST_BUFS;
  do
    n = sendmsg(fd, &msg, WRITE_FLAGS);
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

ssize_t uv__fd_write(struct uv__io* io,
                     const uv_buf_t* bufs,
                     unsigned nbufs,
                     enum uv__write_mode mode,
                     struct uv__io* pass) {
  struct uv__io_tail* tail = &io->tail;
  ssize_t n;

  (void) pass; /* No kind carries descriptors yet, so the core passes none. */
  if ((tail->state & UV__FD_FULL) && mode == UV__QUEUE)
    return await_room(io);
  n = send_bufs(tail->fd, bufs, nbufs);
  if (n > 0) {
    /* What took less than all is full: the call that would only say EAGAIN is saved. */
    if (nbufs == 1 && (size_t) n < bufs[0].len)
      tail->state |= UV__FD_FULL;
    else
      tail->state &= ~(unsigned) UV__FD_FULL;
    return n;
  }
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
    return UV__ERR(errno);
  tail->state |= UV__FD_FULL;
  return mode == UV__TRY ? UV_EAGAIN : await_room(io);
}

/* ---- Collecting ---- */

/* Writing starts again after its ring, as nothing was taken; connecting has its result from
 * uv__loop_event, so that it is there after a close as well. */
ssize_t uv__fd_done(struct uv__io* io, enum uv__lane lane) {
  if (lane == UV__CONNECT)
    return io->tail.error;
  return io->tail.fd < 0 ? UV_ECANCELED : 0;
}
