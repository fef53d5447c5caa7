/* The operations that are the same for every kind of stream: reading, writing, what a ring
 * meant, closing. How descriptors come to be and what is special to a kind is in the kind's
 * file (tcp.c, pipe.c, ...), which puts these functions into its ops table. */
#include "unix/fd/fd.h"

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

/* ---- Life ---- */

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
  return (int) uv__fd_end(io, 0);
}

void uv__fd_detach(struct uv__io* io) {
  if (io->tail.state & UV__FD_POLLED)
    uv__poller_remove(io);
  if (io->tail.state & UV__FD_RESTORE) /* For whoever else has it. */
    uv__file_block(io->tail.fd);
  if (io->loop != NULL) /* Else it has left. */
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
    uv__file_discard(fd);
  }
  return (int) uv__fd_end(io, 0);
}

void uv__port_discard(struct uv__desc* desc) {
  uv__file_discard(desc->fd);
  desc->fd = -1;
  desc->kind = UV__DESC_NONE;
}

#if !defined(NDEBUG)

int uv__fd_valid(const struct uv__io* io) {
  unsigned int state = io->tail.state;
  unsigned int waits =
      state & (UV__READ | UV__WRITE | UV__CONNECT | UV__ACCEPT | UV__EVENT | UV__HANGUP);

  if (io->tail.fd < 0) /* Nothing is left of what was known of a descriptor. */
    return (state & ~(unsigned) UV__FD_OWN) == 0;
  if (!(state & UV__FD_POLLED)) /* Nobody would tell. */
    return waits == 0 && !(state & UV__FD_OUT);
  if ((waits & (UV__WRITE | UV__CONNECT)) && !(state & UV__FD_OUT))
    return 0;
  if ((waits & UV__READ) && (state & UV__FD_READABLE)) /* Of what was seen no event tells again. */
    return 0;
  if ((waits & UV__WRITE) && (state & UV__FD_FULL)) /* Room is what it waits for. */
    return 0;
  if ((waits & UV__HANGUP) && (state & UV__FD_ENDED))
    return 0;
  if ((state & UV__FD_RETOLD) && (state & UV__FD_OUT))
    return 0;
  if ((waits & UV__ACCEPT) && (waits != UV__ACCEPT || (state & UV__FD_DEAD)))
    return 0;
  return uv__poller_valid(io);
}

#endif

/* ---- Reading ---- */

int uv__fd_read_arm(struct uv__io* io) {
  if (io->tail.state & UV__FD_READABLE)
    return UV__READY;
  io->tail.state |= UV__READ;
  return (int) uv__fd_end(io, UV__PENDING);
}

int uv__fd_read_disarm(struct uv__io* io) {
  io->tail.state &= ~(unsigned) UV__READ;
  return (int) uv__fd_end(io, 0);
}

ssize_t uv__fd_was_read(struct uv__io* io, ssize_t n, size_t len, int is_dry) {
  struct uv__io_tail* tail = &io->tail;

  if (n > 0) {
    /* A socket that gives less than it could has no more, and makes an edge when it has
     * again: the call that would only say EAGAIN is saved. Not so when the end was seen, of
     * which no further edge would tell. What is no socket, or where urgent data may have cut the
     * read short, is told of again or asked: programs need not be handed a buffer back because nothing
     * is there. */
    if ((size_t) n < len && !(tail->state & UV__FD_ENDED) &&
        ((is_dry && !(tail->state & UV__FD_URGENT)) || uv__poller_retells(io) ||
         uv__file_poll(tail->fd, POLLIN) == 0))
      tail->state &= ~(unsigned) UV__FD_READABLE;
    return uv__fd_end(io, n);
  }
  if (n == 0)
    return uv__fd_end(io, UV_EOF);
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    tail->state &= ~(unsigned) UV__FD_READABLE;
    return uv__fd_end(io, UV_EAGAIN);
  }
  return uv__fd_end(io, UV__ERR(errno));
}

/* Whether a short read took all there was, or what it left will be told of, and so will the end. */
static int is_dry(unsigned int state) {
  return (state & (UV__FD_TCP | UV__FD_RETOLD)) && !(state & (UV__FD_ENDED | UV__FD_URGENT));
}

/* MSG_DONTWAIT although the descriptor is non-blocking: that is a property of the open file,
 * which another process that has it too may change. */
ssize_t uv__fd_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  ssize_t n;

  (void) passed; /* Of IPC pipes only (scm.c). */
  do
    n = recv(io->tail.fd, base, len, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n > 0 && (size_t) n == len) /* There may be more. */
    return uv__fd_end(io, n);
  if (n > 0 && is_dry(io->tail.state)) { /* what nearly all are */
    io->tail.state &= ~(unsigned) UV__FD_READABLE;
    return uv__fd_end(io, n);
  }
  return uv__fd_was_read(io, n, len, (io->tail.state & UV__FD_TCP) != 0);
}

/* ---- Writing ---- */

unsigned uv__fd_most_bufs(unsigned nbufs) {
  return nbufs < MOST_BUFS ? nbufs : MOST_BUFS;
}

/* What macOS says of a connection that is just going down, and others of one that is down. */
static ssize_t was_sent(ssize_t n) {
#if defined(__APPLE__)
  if (n < 0 && errno == EPROTOTYPE)
    errno = EPIPE;
#endif
  return n;
}

static ssize_t send_one(int fd, const uv_buf_t* buf) {
  ssize_t n;

  do
    n = send(fd, buf->base, buf->len, UV__SEND_FLAGS);
  while (n < 0 && errno == EINTR);
  return was_sent(n);
}

static ssize_t send_many(int fd, const uv_buf_t* bufs, unsigned nbufs) {
  struct msghdr msg;
  ssize_t n;

  memset(&msg, 0, sizeof(msg));
  msg.msg_iov = (struct iovec*) bufs;
  msg.msg_iovlen = uv__fd_most_bufs(nbufs);
  do
    n = sendmsg(fd, &msg, UV__SEND_FLAGS);
  while (n < 0 && errno == EINTR);
  return was_sent(n);
}

/* Waits for room. The first wait of a descriptor has the poller report it from then on. */
static int await_room(struct uv__io* io) {
  if (!(io->tail.state & UV__FD_OUT)) {
    int r = uv__poller_add_out(io);
    if (r < 0)
      return r;
  }
  io->tail.state |= UV__WRITE;
  return (int) uv__fd_end(io, UV__PENDING);
}

int uv__fd_write_waits(struct uv__io* io, enum uv__write_mode mode) {
  if (!(io->tail.state & UV__FD_FULL) || mode != UV__QUEUE)
    return 0;
  io->tail.state &= ~(unsigned) UV__FD_FULL;
  return await_room(io);
}

static int is_less(size_t n, const uv_buf_t* bufs, unsigned nbufs) {
  unsigned i;

  for (i = 0; i < nbufs && bufs[i].len <= n; i++)
    n -= bufs[i].len;
  return i < nbufs;
}

ssize_t uv__fd_was_written(
    struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, enum uv__write_mode mode, ssize_t n) {
  struct uv__io_tail* tail = &io->tail;
  int error = n < 0 ? errno : EAGAIN;

  if (n > 0) {
    /* What took less than all is full: the call that would only say EAGAIN, and that the core
     * makes right behind this one, is saved. After a try nobody knows when the next one comes. */
    if (mode == UV__QUEUE && is_less((size_t) n, bufs, uv__fd_most_bufs(nbufs)))
      tail->state |= UV__FD_FULL;
    return uv__fd_end(io, n);
  }
  if (error == ENOBUFS) /* The system's memory is short. No event tells when it is not. */
    return uv__fd_end(io, UV_EAGAIN);
  if (error != EAGAIN && error != EWOULDBLOCK)
    return uv__fd_end(io, UV__ERR(error));
  return mode == UV__TRY ? uv__fd_end(io, UV_EAGAIN) : await_room(io);
}

/* Several buffers, or one once more. */
UV__APART static ssize_t write_again(struct uv__io* io,
                                     const uv_buf_t* bufs,
                                     unsigned nbufs,
                                     enum uv__write_mode mode) {
  int fd = io->tail.fd;

  return uv__fd_was_written(io, bufs, nbufs, mode,
                            nbufs > 1 ? send_many(fd, bufs, nbufs) : send_one(fd, bufs));
}

ssize_t uv__fd_write(struct uv__io* io,
                     const uv_buf_t* bufs,
                     unsigned nbufs,
                     enum uv__write_mode mode,
                     struct uv__io* const* pass) {
  int r = uv__fd_write_waits(io, mode);
  ssize_t n;

  (void) pass; /* The core passes none over a kind that carries none. */
  if (r != 0)
    return r;
  if (nbufs > 1)
    return write_again(io, bufs, nbufs, mode);
  n = send(io->tail.fd, bufs->base, bufs->len, UV__SEND_FLAGS);
  if (n == (ssize_t) bufs->len) /* what nearly all are */
    return uv__fd_end(io, n);
  if (n < 0 && errno == EINTR)
    return write_again(io, bufs, 1, mode);
  return uv__fd_was_written(io, bufs, 1, mode, was_sent(n));
}

/* In flight is the wait for room alone. */
int uv__fd_write_stop(struct uv__io* io) {
  io->tail.state &= ~(unsigned) UV__WRITE;
  return (int) uv__fd_end(io, 0);
}

/* ---- Collecting ---- */

/* Writing starts again after its ring, as nothing was taken; connecting has its result from
 * uv__loop_event, so that it is there after a close as well. */
ssize_t uv__fd_done(struct uv__io* io, enum uv__lane lane) {
  if (lane == UV__CONNECT)
    return io->tail.error;
  return io->tail.fd < 0 ? UV_ECANCELED : 0;
}
