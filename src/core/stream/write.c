/* Writing: what may be written and when it goes to the system; try and blocking mode (rules W4-W9).
 * The requests and their bytes are write_queue.c's.
 *
 * A write that finds the queue empty goes to the system at once, so that a program which closes
 * the stream, or ends, right behind it has lost nothing. Only what is written behind bytes that
 * the system has not taken is gathered, and goes out in one call. */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

enum {
  WRITE_ROUNDS = 16 /* calls in one turn */
};

/* Whether a write may be accepted now (W4, W5). */
static int gate(const uv_stream_t* stream, const uv_buf_t bufs[], unsigned nbufs) {
  unsigned i;

  if (stream == NULL || bufs == NULL || nbufs == 0 || nbufs > INT_MAX)
    return UV_EINVAL;
  for (i = 0; i < nbufs; i++)
    if (bufs[i].base == NULL && bufs[i].len > 0)
      return UV_EINVAL;
  if (!uv__handle_is_stream((const uv_handle_t*) stream))
    return UV_EINVAL;
  if (uv__handle_is_closing(stream) || stream->stream.phase == UV__FRESH)
    return UV_EBADF;
  if (stream->stream.phase == UV__CONNECTING)
    return stream->flags & UV__STREAM_SHUT ? UV_EPIPE : 0;
  return stream->flags & UV__STREAM_WRITABLE ? 0 : UV_EPIPE;
}

/* Whether a socket has a name, so that who it is passed to can listen on it, or an error. The two
 * families have the port in one place. */
static int is_bound(uv_stream_t* handle) {
  struct uv__io* io = uv__stream_io(handle);
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  int r = io->ops->name(io, UV__LOCAL, &addr, &len);

  return r < 0 ? r : ((const struct sockaddr_in*) &addr)->sin_port != 0;
}

/* The end of a pipe that only writes ends with its descriptor. */
static int has_gone(uv_stream_t* handle) {
  const struct uv__io* io = uv__stream_io(handle);
  uv_os_fd_t fd;

  return (handle->flags & UV__STREAM_SHUT) && io->ops->fileno(io, &fd) == UV_EBADF;
}

/* Whether a handle may go with it: over an IPC pipe, a connected, listening or bound TCP socket
 * or pipe, and with at least one byte, as no system passes handles without (I1, I2). One whose bind
 * failed takes its error along (A5). */
static int gate_handle(const uv_stream_t* stream,
                       const uv_buf_t bufs[],
                       unsigned nbufs,
                       uv_stream_t* send_handle) {
  unsigned i;
  int r;

  if (send_handle == NULL)
    return 0;
  if (!(stream->flags & UV__STREAM_PASSES))
    return UV_EINVAL;
  if (send_handle->type != UV_TCP && send_handle->type != UV_NAMED_PIPE)
    return UV_EINVAL;
  if (send_handle->loop != stream->loop)
    return UV_EINVAL; /* Another thread might close it. */
  if (send_handle->stream.phase == UV__FRESH || send_handle->stream.phase == UV__CONNECTING)
    return UV_EINVAL;
  if (uv__handle_is_closing(send_handle))
    return UV_EBADF;
  if (send_handle->flags & UV__STREAM_STAYS)
    return UV_EINVAL;
  if (has_gone(send_handle))
    return UV_EBADF;
  if (send_handle->type == UV_TCP && send_handle->stream.phase == UV__OPEN &&
      send_handle->stream.delayed_error == 0 && (r = is_bound(send_handle)) <= 0)
    return r < 0 ? r : UV_EINVAL;
  for (i = 0; i < nbufs; i++)
    if (bufs[i].len > 0)
      return 0;
  return UV_EINVAL;
}

static ssize_t give(uv_stream_t* stream,
                    const struct uv__gathered* what,
                    enum uv__write_mode mode) {
  struct uv__io* io = uv__stream_io(stream);
  struct uv__io* pass = what->pass == NULL ? NULL : uv__stream_io(what->pass);
  ssize_t n;

  assert(what->pass == NULL || !uv__handle_is_closing(what->pass));
  n = io->ops->write(io, what->bufs, what->count, mode, pass);
  uv__trace(io, UV__TRACE_START, UV__WRITE, n);
  return n;
}

/* Gives the system what it takes. 1: it is short of something, and nothing tells when it is not. */
static int flush(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  struct uv__gathered what;
  int rounds;

  for (rounds = 0;; rounds++) {
    ssize_t n;

    if (io->busy & UV__WRITE)
      return 0;                         /* Its ring leads back here. */
    uv__write_queue_advance(stream, 0); /* One that was cancelled does not wait for the next. */
    if (uv__queue_empty(&stream->stream.write_queue))
      return 0;
    if (rounds == WRITE_ROUNDS) {
      uv__loop_again(io);
      return 0;
    }
    uv__write_queue_gather(stream, &what);
    assert(what.count > 0); /* The first of the queue has bytes left, or would be over. */
    n = give(stream, &what, UV__QUEUE);
    if (n == UV_EAGAIN) {
      uv__loop_starve(io);
      return 1;
    }
    if (n == UV__PENDING) {
      io->busy |= UV__WRITE;
      uv__write_queue_mark(stream, what.count); /* These cannot be cancelled. */
    } else if (n < 0) {
      uv__write_fail(stream, (int) n);
    } else {
      uv__write_queue_advance(stream, (size_t) n);
    }
  }
}

void uv__write_collect(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  ssize_t n = io->ops->done(io, UV__WRITE);

  uv__trace(io, UV__TRACE_COLLECT, UV__WRITE, n);
  /* Its ring is answered here, also where no turn has done so, or no ring will come any more. */
  io->rung &= (unsigned char) ~UV__WRITE;
  io->busy &= (unsigned char) ~UV__WRITE;
  uv__write_queue_mark(stream, 0);
  if (n >= 0)
    uv__write_queue_advance(stream, (size_t) n);
  else
    uv__write_fail(stream, (int) n);
}

static size_t size_of(const uv_buf_t* bufs, unsigned count) {
  size_t size = 0;
  unsigned i;

  for (i = 0; i < count; i++)
    size += bufs[i].len;
  return size;
}

void uv__write_last(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  struct uv__gathered what;
  size_t size;
  int rounds;
  ssize_t n;

  if (stream->stream.phase != UV__CONNECTED)
    return;
  if (io->rung & UV__WRITE)
    uv__write_collect(stream);
  if (!(io->busy & UV__WRITE))
    uv__write_queue_advance(stream, 0); /* Those without bytes are no reason to stop at. */
  for (rounds = 0; rounds < WRITE_ROUNDS; rounds++) {
    uv__write_queue_gather(stream, &what);
    if (what.count == 0)
      return;
    size = size_of(what.bufs, what.count);
    n = give(stream, &what, UV__TRY);
    if (n <= 0)
      return;
    io->busy &= (unsigned char) ~UV__WRITE; /* What was in flight is among them. */
    uv__write_queue_mark(stream, 0);
    uv__write_queue_advance(stream, (size_t) n);
    if ((size_t) n < size)
      return;
  }
}

/* Blocking mode: all of the queue, now. A write in flight is waited for in the port, which
 * runs no callbacks; what else rings meanwhile waits for its turn. */
static void flush_blocking(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);

  while (!uv__queue_empty(&stream->stream.write_queue)) {
    if (!(io->busy & UV__WRITE)) {
      if (flush(stream))
        uv_sleep(1);
      continue;
    }
    while (!(io->rung & UV__WRITE))
      uv__port_poll(stream->loop, -1);
    uv__write_collect(stream);
  }
}

/* ---- Public ---- */

/* Makes a request of the arguments; UV_ENOMEM. */
static int fill(uv_write_t* req,
                uv_stream_t* stream,
                const uv_buf_t bufs[],
                unsigned nbufs,
                uv_stream_t* send_handle,
                uv_write_cb cb) {
  req->bufs = req->inline_bufs;
  if (nbufs > sizeof(req->inline_bufs) / sizeof(req->inline_bufs[0])) {
    req->bufs = uv__malloc(nbufs * sizeof(bufs[0]));
    if (req->bufs == NULL)
      return UV_ENOMEM;
  }
  memcpy(req->bufs, bufs, nbufs * sizeof(bufs[0]));
  req->type = UV_WRITE;
  req->cb = cb;
  req->send_handle = send_handle;
  req->handle = stream;
  req->nbufs = nbufs;
  req->at = 0;
  req->status = 0;
  req->written = 0;
  req->state = 0;
  return 0;
}

/* A request was put behind the others; `first`: there were none. */
static void begin(uv_stream_t* stream, int first) {
  if (stream->stream.phase != UV__CONNECTED)
    return; /* The connect turn leads to the queue. */
  if (stream->flags & UV__STREAM_BLOCKING)
    flush_blocking(stream);
  else if (first)
    (void) flush(stream);
  else if (!(uv__stream_io(stream)->busy & UV__WRITE))
    uv__loop_again(uv__stream_io(stream));
}

int uv_write2(uv_write_t* req,
              uv_stream_t* stream,
              const uv_buf_t bufs[],
              unsigned int nbufs,
              uv_stream_t* send_handle,
              uv_write_cb cb) {
  int first;
  int r = req == NULL ? UV_EINVAL : gate(stream, bufs, nbufs);

  if (r < 0)
    return r;
  r = gate_handle(stream, bufs, nbufs, send_handle);
  if (r == 0)
    r = fill(req, stream, bufs, nbufs, send_handle, cb);
  if (r < 0)
    return r;
  first = uv__queue_empty(&stream->stream.write_queue);
  uv__write_queue_add(stream, req);
  uv__loop_hold(stream->loop);
  begin(stream, first);
  assert(uv__stream_valid(stream));
  return 0;
}

int uv_write(uv_write_t* req,
             uv_stream_t* stream,
             const uv_buf_t bufs[],
             unsigned int nbufs,
             uv_write_cb cb) {
  return uv_write2(req, stream, bufs, nbufs, NULL, cb);
}

/* In blocking mode: all of it, behind what is queued. */
static int write_all(uv_stream_t* stream,
                     const uv_buf_t bufs[],
                     unsigned nbufs,
                     uv_stream_t* send_handle) {
  uv_write_t req;
  size_t size = 0;
  unsigned i;
  int r;

  for (i = 0; i < nbufs; i++) {
    if (bufs[i].len > INT_MAX - size)
      return UV_EINVAL; /* The result could not tell. */
    size += bufs[i].len;
  }
  r = fill(&req, stream, bufs, nbufs, send_handle, NULL);
  if (r < 0)
    return r;
  uv__write_queue_add(stream, &req);
  flush_blocking(stream);
  r = (int) uv__write_take_back(&req);
  assert(uv__stream_valid(stream));
  return r;
}

int uv_try_write2(uv_stream_t* stream,
                  const uv_buf_t bufs[],
                  unsigned int nbufs,
                  uv_stream_t* send_handle) {
  struct uv__gathered what;
  unsigned i;
  int r = gate(stream, bufs, nbufs);

  if (r < 0)
    return r;
  r = gate_handle(stream, bufs, nbufs, send_handle);
  if (r < 0)
    return r;
  if (stream->stream.phase == UV__CONNECTED && (stream->flags & UV__STREAM_BLOCKING))
    return write_all(stream, bufs, nbufs, send_handle);
  if (stream->stream.phase != UV__CONNECTED || !uv__queue_empty(&stream->stream.write_queue))
    return UV_EAGAIN; /* Behind others it would overtake them. */
  what.count = 0;
  what.size = 0;
  what.pass = send_handle;
  for (i = 0; i < nbufs && uv__write_queue_put(&what, &bufs[i]); i++)
    continue;
  if (what.count == 0)
    return 0;
  r = (int) give(stream, &what, UV__TRY);
  assert(uv__stream_valid(stream));
  return r;
}

int uv_try_write(uv_stream_t* stream, const uv_buf_t bufs[], unsigned int nbufs) {
  return uv_try_write2(stream, bufs, nbufs, NULL);
}

/* ---- Turns ---- */

void uv__write_turn(uv_stream_t* stream) {
  if (stream->stream.phase == UV__CONNECTED)
    (void) flush(stream);
  uv__write_deliver(stream);
}
