/* Writing: what may be written and when it goes to the system; try and blocking mode (rules W4-W9).
 * The requests and their bytes are write_queue.c's.
 *
 * A write that finds the queue empty goes to the system at once, so that a program which closes
 * the stream, or ends, right behind it has lost nothing. Only what is written behind bytes that
 * the system has not taken is gathered, and goes out in one call. */
#include <assert.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

enum {
  WRITE_ROUNDS = 16 /* calls in one turn */
};

/* Whether a write may be accepted now (W4, W5). */
static int gate(const uv_stream_t* stream, const uv_buf_t bufs[], unsigned nbufs) {
  if (stream == NULL || bufs == NULL || nbufs == 0)
    return UV_EINVAL;
  if (!uv__handle_is_stream((const uv_handle_t*) stream))
    return UV_EINVAL;
  if (uv__handle_is_closing(stream) || stream->stream.phase == UV__FRESH)
    return UV_EBADF;
  if (stream->stream.phase == UV__CONNECTING)
    return stream->flags & UV__STREAM_SHUT ? UV_EPIPE : 0;
  return stream->flags & UV__STREAM_WRITABLE ? 0 : UV_EPIPE;
}

/* Whether a handle may go with it: over an IPC pipe, a connected, listening or bound TCP socket
 * or pipe, and with at least one byte, as no system passes handles without (I1, I2). */
static int gate_handle(const uv_stream_t* stream,
                       const uv_buf_t bufs[],
                       unsigned nbufs,
                       const uv_stream_t* send_handle) {
  unsigned i;

  if (send_handle == NULL)
    return 0;
  if (!(stream->flags & UV__STREAM_PASSES))
    return UV_EINVAL;
  if (send_handle->type != UV_TCP && send_handle->type != UV_NAMED_PIPE)
    return UV_EINVAL;
  if (send_handle->stream.phase == UV__FRESH || send_handle->stream.phase == UV__CONNECTING)
    return UV_EINVAL;
  if (uv__handle_is_closing(send_handle))
    return UV_EBADF;
  for (i = 0; i < nbufs; i++)
    if (bufs[i].len > 0)
      return 0;
  return UV_EINVAL;
}

static ssize_t write_bufs(uv_stream_t* stream,
                          const uv_buf_t* bufs,
                          unsigned count,
                          enum uv__write_mode mode,
                          uv_stream_t* pass) {
  struct uv__io* io = uv__stream_io(stream);
  ssize_t n;

  if (pass == NULL)
    n = io->ops->write(io, bufs, count, mode, NULL);
  else if (uv__handle_is_closing(pass))
    n = UV_EBADF; /* Closed before its write began: it cannot be passed any more. */
  else
    n = io->ops->write(io, bufs, count, mode, uv__stream_io(pass));
  uv__trace(io, UV__TRACE_START, UV__WRITE, n);
  return n;
}

/* Gives the system what it takes. */
static void flush(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  uv_buf_t bufs[UV__GATHER];
  int rounds;

  for (rounds = 0; !uv__queue_empty(&stream->stream.write_queue); rounds++) {
    uv_stream_t* pass;
    unsigned count;
    ssize_t n;

    if (io->busy & UV__WRITE)
      return; /* Its ring leads back here. */
    if (rounds == WRITE_ROUNDS) {
      uv__loop_again(io);
      return;
    }
    count = uv__write_queue_gather(stream, bufs, &pass);
    n = count == 0 ? 0 : write_bufs(stream, bufs, count, UV__QUEUE, pass);
    if (n == UV__PENDING) {
      io->busy |= UV__WRITE;
      uv__write_queue_mark(stream, count); /* These cannot be cancelled. */
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
  uv_buf_t bufs[UV__GATHER];
  uv_stream_t* pass;
  unsigned count;
  int rounds;
  ssize_t n;

  if (stream->stream.phase != UV__CONNECTED)
    return;
  if (io->rung & UV__WRITE)
    uv__write_collect(stream);
  for (rounds = 0; rounds < WRITE_ROUNDS; rounds++) {
    count = uv__write_queue_gather(stream, bufs, &pass);
    if (count == 0)
      return;
    n = write_bufs(stream, bufs, count, UV__TRY, pass);
    if (n <= 0)
      return;
    io->busy &= (unsigned char) ~UV__WRITE; /* What was in flight is among them. */
    uv__write_queue_mark(stream, 0);
    uv__write_queue_advance(stream, (size_t) n);
    if ((size_t) n < size_of(bufs, count))
      return;
  }
}

/* Blocking mode: all of the queue, now. A write in flight is waited for in the port, which
 * runs no callbacks; what else rings meanwhile waits for its turn. */
static void flush_blocking(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);

  while (!uv__queue_empty(&stream->stream.write_queue)) {
    if (!(io->busy & UV__WRITE)) {
      flush(stream);
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
  req->type = UV_WRITE;
  req->cb = cb;
  req->send_handle = send_handle;
  req->handle = stream;
  req->nbufs = nbufs;
  req->at = 0;
  req->status = 0;
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
    flush(stream);
  else if (!(uv__stream_io(stream)->busy & UV__WRITE))
    uv__loop_again(uv__stream_io(stream));
}

int uv_write2(uv_write_t* req,
              uv_stream_t* stream,
              const uv_buf_t bufs[],
              unsigned int nbufs,
              uv_stream_t* send_handle,
              uv_write_cb cb) {
  size_t size = 0;
  int first;
  unsigned i;
  int r = gate(stream, bufs, nbufs);

  if (r < 0)
    return r;
  if (req == NULL)
    return UV_EINVAL;
  r = gate_handle(stream, bufs, nbufs, send_handle);
  if (r == 0)
    r = fill(req, stream, bufs, nbufs, send_handle, cb);
  if (r < 0)
    return r;
  for (i = 0; i < nbufs; i++) {
    req->bufs[i] = bufs[i];
    size += bufs[i].len;
  }
  first = uv__queue_empty(&stream->stream.write_queue);
  uv__queue_insert_tail(&stream->stream.write_queue, &req->link);
  stream->write_queue_size += size;
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

int uv_try_write2(uv_stream_t* stream,
                  const uv_buf_t bufs[],
                  unsigned int nbufs,
                  uv_stream_t* send_handle) {
  uv_buf_t filled[UV__GATHER];
  unsigned count = 0;
  unsigned i;
  int r = gate(stream, bufs, nbufs);

  if (r < 0)
    return r;
  r = gate_handle(stream, bufs, nbufs, send_handle);
  if (r < 0)
    return r;
  if (stream->stream.phase != UV__CONNECTED || !uv__queue_empty(&stream->stream.write_queue))
    return UV_EAGAIN; /* Behind others it would overtake them. */
  for (i = 0; i < nbufs && count < UV__GATHER; i++)
    if (bufs[i].len > 0)
      filled[count++] = bufs[i];
  if (count == 0)
    return 0;
  r = (int) write_bufs(stream, filled, count, UV__TRY, send_handle);
  assert(uv__stream_valid(stream));
  return r;
}

int uv_try_write(uv_stream_t* stream, const uv_buf_t bufs[], unsigned int nbufs) {
  return uv_try_write2(stream, bufs, nbufs, NULL);
}

/* ---- Turns ---- */

void uv__write_turn(uv_stream_t* stream) {
  if (stream->stream.phase == UV__CONNECTED)
    flush(stream);
  uv__write_deliver(stream);
}
