/* Writing: order, gathering, partial writes, try and blocking mode (rules W1-W11).
 *
 * A request sits in write_queue until the system took its last byte, then in write_done until
 * its callback ran. A write that finds the queue empty goes to the system at once, so that a
 * program which closes the stream, or ends, right behind it has lost nothing. Only what is written
 * behind bytes that the system has not taken is gathered, and goes out in one call. */
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

enum {
  GATHER = 256,     /* buffers in one call */
  WRITE_ROUNDS = 16 /* calls in one turn */
};

/* Bits of req->state. */
enum {
  BEGUN = 1,    /* the system took a byte of it, and with the first one its handle */
  IN_FLIGHT = 2 /* bytes of it are in a call that has not rung */
};

static uv_write_t* request_of(const struct uv__queue* link) {
  return uv__container_of(link, uv_write_t, link);
}

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
  if (stream->type != UV_NAMED_PIPE || !((const uv_pipe_t*) stream)->ipc)
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

/* ---- From the queue to the done list ---- */

static void complete(uv_stream_t* stream, uv_write_t* req, int status) {
  req->status = status;
  uv__queue_remove(&req->link);
  uv__queue_insert_tail(&stream->stream.write_done, &req->link);
  uv__loop_again(uv__stream_io(stream)); /* The callback comes in a turn, never from here. */
}

/* Steps over buffers that are empty, or have become so. */
static void skip_empty(uv_write_t* req) {
  while (req->at < req->nbufs && req->bufs[req->at].len == 0)
    req->at++;
}

/* The system took `n` bytes from the front of the queue. Requests that have none left, also
 * those that never had any or were cancelled, are over when they come to the front. */
static void advance(uv_stream_t* stream, size_t n) {
  struct uv__queue* queue = &stream->stream.write_queue;

  stream->write_queue_size -= n;
  while (!uv__queue_empty(queue)) {
    uv_write_t* req = request_of(uv__queue_head(queue));
    uv_buf_t* buf;

    skip_empty(req);
    if (req->at == req->nbufs) {
      complete(stream, req, req->status);
      continue;
    }
    if (n == 0)
      return;
    buf = &req->bufs[req->at];
    req->state |= BEGUN;
    if (n < buf->len) {
      buf->base += n;
      buf->len -= (uv__buf_len_t) n;
      return;
    }
    n -= buf->len;
    req->at++;
  }
}

void uv__write_fail(uv_stream_t* stream, int status) {
  struct uv__queue* queue = &stream->stream.write_queue;

  stream->write_queue_size = 0;
  while (!uv__queue_empty(queue)) {
    uv_write_t* req = request_of(uv__queue_head(queue));
    req->at = req->nbufs; /* Nothing is left to take back. */
    complete(stream, req, req->status != 0 ? req->status : status); /* It may be cancelled. */
  }
}

/* The handle that has to go out with the next byte of a request, or NULL. */
static uv_stream_t* handle_to_pass(const uv_write_t* req) {
  return req->state & BEGUN ? NULL : req->send_handle;
}

/* Puts the buffers with bytes at the front of the queue into one array, across requests, and
 * returns their number. It ends before a request with a handle that is not the first: the
 * handle has to arrive with that request's first byte. */
static unsigned gather(uv_stream_t* stream, uv_buf_t* out, uv_stream_t** pass) {
  struct uv__queue* queue = &stream->stream.write_queue;
  struct uv__queue* link;
  unsigned count = 0;

  *pass = NULL;
  for (link = queue->next; link != queue && count < GATHER; link = link->next) {
    uv_write_t* req = request_of(link);
    unsigned i;

    if (req->at < req->nbufs && handle_to_pass(req) != NULL) {
      if (count > 0)
        break;
      *pass = req->send_handle;
    }
    for (i = req->at; i < req->nbufs && count < GATHER; i++)
      if (req->bufs[i].len > 0)
        out[count++] = req->bufs[i];
  }
  return count;
}

/* The requests behind the first `count` buffers with bytes are in flight, or none is. */
static void mark_in_flight(uv_stream_t* stream, unsigned count) {
  struct uv__queue* queue = &stream->stream.write_queue;
  struct uv__queue* link;

  for (link = queue->next; link != queue; link = link->next) {
    uv_write_t* req = request_of(link);
    unsigned i;

    if (count == 0 && !(req->state & IN_FLIGHT))
      return;
    req->state &= ~(unsigned) IN_FLIGHT;
    if (count > 0)
      req->state |= IN_FLIGHT;
    for (i = req->at; i < req->nbufs && count > 0; i++)
      if (req->bufs[i].len > 0)
        count--;
  }
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
  uv_buf_t bufs[GATHER];
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
    count = gather(stream, bufs, &pass);
    n = count == 0 ? 0 : write_bufs(stream, bufs, count, UV__QUEUE, pass);
    if (n == UV__PENDING) {
      io->busy |= UV__WRITE;
      mark_in_flight(stream, count); /* These cannot be cancelled. */
    } else if (n < 0) {
      uv__write_fail(stream, (int) n);
    } else {
      advance(stream, (size_t) n);
    }
  }
}

/* The ring of the lane is answered here, not in a turn. */
static void take_ring(struct uv__io* io) {
  io->rung &= (unsigned char) ~UV__WRITE;
  io->busy &= (unsigned char) ~UV__WRITE;
}

void uv__write_collect(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  ssize_t n = io->ops->done(io, UV__WRITE);

  uv__trace(io, UV__TRACE_COLLECT, UV__WRITE, n);
  mark_in_flight(stream, 0);
  if (n >= 0)
    advance(stream, (size_t) n);
  else
    uv__write_fail(stream, (int) n);
}

void uv__write_last(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  uv_buf_t bufs[GATHER];
  uv_stream_t* pass;
  unsigned count;
  ssize_t n;

  if (stream->stream.phase != UV__CONNECTED)
    return;
  if (io->rung & UV__WRITE) {
    take_ring(io);
    uv__write_collect(stream);
  }
  count = gather(stream, bufs, &pass);
  if (count == 0)
    return;
  n = write_bufs(stream, bufs, count, UV__TRY, pass);
  if (n > 0)
    advance(stream, (size_t) n);
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
    take_ring(io);
    uv__write_collect(stream);
  }
}

/* ---- Public ---- */

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
  if (r < 0)
    return r;
  req->bufs = req->inline_bufs;
  if (nbufs > sizeof(req->inline_bufs) / sizeof(req->inline_bufs[0])) {
    req->bufs = uv__malloc(nbufs * sizeof(bufs[0]));
    if (req->bufs == NULL)
      return UV_ENOMEM;
  }
  for (i = 0; i < nbufs; i++) {
    req->bufs[i] = bufs[i];
    size += bufs[i].len;
  }
  req->type = UV_WRITE;
  req->cb = cb;
  req->send_handle = send_handle;
  req->handle = stream;
  req->nbufs = nbufs;
  req->at = 0;
  req->status = 0;
  req->state = 0;

  first = uv__queue_empty(&stream->stream.write_queue);
  uv__queue_insert_tail(&stream->stream.write_queue, &req->link);
  stream->write_queue_size += size;
  uv__loop_hold(stream->loop);
  if (stream->stream.phase != UV__CONNECTED)
    return 0; /* The connect turn leads to the queue. */
  if (stream->flags & UV__STREAM_BLOCKING)
    flush_blocking(stream);
  else if (first)
    flush(stream);
  else if (!(uv__stream_io(stream)->busy & UV__WRITE))
    uv__loop_again(uv__stream_io(stream));
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
  uv_buf_t filled[GATHER];
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
  for (i = 0; i < nbufs && count < GATHER; i++)
    if (bufs[i].len > 0)
      filled[count++] = bufs[i];
  if (count == 0)
    return 0;
  return (int) write_bufs(stream, filled, count, UV__TRY, send_handle);
}

int uv_try_write(uv_stream_t* stream, const uv_buf_t bufs[], unsigned int nbufs) {
  return uv_try_write2(stream, bufs, nbufs, NULL);
}

int uv__write_cancel(uv_write_t* req) {
  uv_stream_t* stream = req->handle;
  unsigned i;

  if (req->state != 0 || req->at == req->nbufs)
    return UV_EBUSY;
  for (i = req->at; i < req->nbufs; i++)
    stream->write_queue_size -= req->bufs[i].len;
  /* Its callback keeps its place: those of the requests before it come first (W1). */
  req->at = req->nbufs;
  req->status = UV_ECANCELED;
  uv__loop_again(uv__stream_io(stream));
  return 0;
}

int uv__write_drained(const uv_stream_t* stream) {
  return uv__queue_empty(&stream->stream.write_queue) &&
         uv__queue_empty(&stream->stream.write_done);
}

/* ---- Turns ---- */

void uv__write_deliver(uv_stream_t* stream) {
  struct uv__queue batch;

  uv__queue_move(&stream->stream.write_done, &batch);
  while (!uv__queue_empty(&batch)) {
    uv_write_t* req = request_of(uv__queue_head(&batch));

    uv__queue_remove(&req->link);
    uv__loop_release(stream->loop);
    if (req->bufs != req->inline_bufs)
      uv__free(req->bufs);
    req->bufs = NULL;
    if (req->cb != NULL)
      req->cb(req, req->status); /* The request is the caller's again. */
  }
}

void uv__write_turn(uv_stream_t* stream) {
  if (stream->stream.phase == UV__CONNECTED)
    flush(stream);
  uv__write_deliver(stream);
}
