/* Writing: when bytes go to the system; try and blocking mode (rules W6-W9). What may be written at
 * all is write_gate.c's, the requests and their bytes are write_queue.c's.
 *
 * A write that finds the queue empty goes to the system at once, so that a program which closes
 * the stream, or ends, right behind it has lost nothing. Only what is written behind bytes that
 * the system has not taken is gathered, and goes out in one call. The file is longer than others, as the
 * ways past the queue and through it are one rule. */
#include <assert.h>
#include <limits.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"
#include "uvstream.h"

enum {
  WRITE_ROUNDS = 16 /* calls in one turn */
};

/* What came of it is to be noted (uv__note_cut), unless all was taken. */
static inline ssize_t offer(uv_stream_t* stream,
                            const uv_buf_t* bufs,
                            unsigned count,
                            enum uv__write_mode mode,
                            struct uv__io* const* pass) {
  struct uv__io* io = uv__stream_io(stream);
  ssize_t n;

  assert(pass == NULL ||
         !uv__handle_is_closing(uv__container_of(*pass, const uv_stream_t, stream.io)));
  n = io->ops->write(io, bufs, count, mode, pass);
  uv__trace(io, UV__TRACE_START, UV__WRITE, n);
  return n;
}

static ssize_t give(uv_stream_t* stream,
                    const uv_buf_t* bufs,
                    unsigned count,
                    enum uv__write_mode mode,
                    struct uv__io* const* pass) {
  return uv__note_cut(stream, offer(stream, bufs, count, mode, pass));
}

/* What fails takes all that waits with it (W6): a file when it is told so, as what the program writes until
 * then is to come behind the whole of it (X8). */
static void fail(uv_stream_t* stream, int status) {
  uvs_send_file_t* file = uv__write_queue_file(stream);

  if (file == NULL || stream->stream.phase >= UV__DROPPED || uv__handle_is_closing(stream)) {
    uv__write_fail(stream, status);
    return;
  }
  file->write.status = status;
  file->stops = 0; /* Else it was over, and what is behind it went on. */
  uv__loop_again(uv__stream_io(stream));
}

/* What came of a call with the first `count` buffers of the queue, or with its file. */
static void settle(uv_stream_t* stream, unsigned count, ssize_t n) {
  if (n >= 0) {
    uv__write_queue_advance(stream, (size_t) n);
  } else if (n == UV__PENDING) {
    uv__stream_io(stream)->busy |= UV__WRITE;
    uv__write_queue_mark(stream, count); /* These cannot be cancelled. */
  } else if (n == UV_EAGAIN) {
    uv__loop_starve(uv__stream_io(stream));
  } else {
    fail(stream, (int) n);
  }
}

/* Gives the system what it takes. Of a write in flight the ring leads back here. 1: it is short of
 * something, and nothing tells when it is not. */
static int flush(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  const struct uv__queue* queue = &stream->stream.write_queue;
  struct uv__gathered what;
  int rounds;

  for (rounds = 0; !uv__queue_empty(queue) && !(io->busy & UV__WRITE); rounds++) {
    uvs_send_file_t* file;
    ssize_t n;

    if (rounds == WRITE_ROUNDS) {
      uv__loop_again(io);
      return 0;
    }
    uv__write_queue_gather(stream, &what);
    if (what.count > 0) {
      n = give(stream, what.bufs, what.count, UV__QUEUE, what.pass);
    } else if ((file = uv__write_queue_file(stream)) != NULL) {
      if (file->write.status < 0)
        return 0; /* The end of the turn tells. */
      n = file->ops->give(file);
      what.count = 1;
    } else {
      continue;
    }
    settle(stream, what.count, n);
    if (n == UV_EAGAIN)
      return 1;
  }
  return 0;
}

void uv__write_collect(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  uvs_send_file_t* file = uv__write_queue_file(stream);
  ssize_t n = io->ops->done(io, UV__WRITE);

  n = file != NULL ? file->ops->note(file, n) : uv__note_cut(stream, n);
  uv__trace(io, UV__TRACE_COLLECT, UV__WRITE, n);
  /* Its ring is answered here, also where no turn has done so, or no ring will come any more. */
  io->rung &= (unsigned char) ~UV__WRITE;
  io->busy &= (unsigned char) ~UV__WRITE;
  uv__write_queue_mark(stream, 0);
  if (n >= 0)
    uv__write_queue_advance(stream, (size_t) n);
  else
    fail(stream, stream->stream.phase == UV__DROPPED ? UV_ETIMEDOUT : (int) n);
}

void uv__write_last(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  struct uv__gathered what;
  int rounds;
  ssize_t n;

  if (stream->stream.phase != UV__CONNECTED)
    return;
  if (io->rung & UV__WRITE)
    uv__write_collect(stream);
  for (rounds = 0; rounds < WRITE_ROUNDS; rounds++) {
    uv__write_queue_gather(stream, &what);
    if (what.count == 0)
      return; /* Also before a file. */
    n = give(stream, what.bufs, what.count, UV__TRY, what.pass);
    if (n <= 0)
      return;
    io->busy &= (unsigned char) ~UV__WRITE; /* What was in flight is among them. */
    uv__write_queue_mark(stream, 0);
    uv__write_queue_advance(stream, (size_t) n);
    if ((size_t) n < what.size)
      return;
  }
}

/* Whether a file at the front has failed, and that was not told yet. */
static int is_stuck(const uv_stream_t* stream) {
  const uvs_send_file_t* file = uv__write_queue_file(stream);

  return file != NULL && file->write.status < 0;
}

/* Blocking mode: all of the queue, now. A write in flight is waited for in the port, which
 * runs no callbacks; what else rings meanwhile waits for its turn. */
static void flush_blocking(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);

  while (!uv__queue_empty(&stream->stream.write_queue) && !is_stuck(stream)) {
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

static int gate(const uv_stream_t* stream,
                const uv_buf_t bufs[],
                unsigned nbufs,
                uv_stream_t* send_handle) {
  int r = uv__write_gate(stream, bufs, nbufs);

  return r == 0 && send_handle != NULL ? uv__write_gate_handle(stream, bufs, nbufs, send_handle)
                                       : r;
}

void uv__write_fill(uv_write_t* req,
                    uv_stream_t* stream,
                    uv_buf_t room[],
                    const uv_buf_t bufs[],
                    unsigned nbufs,
                    uv_stream_t* send_handle,
                    uv_write_cb cb) {
  unsigned i;

  for (i = 0; i < nbufs; i++)
    room[i] = bufs[i];
  req->bufs = room;
  req->type = UV_WRITE;
  req->cb = cb;
  req->send_handle = send_handle;
  req->handle = stream;
  req->nbufs = nbufs;
  req->at = 0;
  req->status = 0;
  req->written = 0;
  req->state = 0;
}

static int fill(uv_write_t* req,
                uv_stream_t* stream,
                const uv_buf_t bufs[],
                unsigned nbufs,
                uv_stream_t* send_handle,
                uv_write_cb cb) {
  uv_buf_t* room = req->inline_bufs;

  if (nbufs > sizeof(req->inline_bufs) / sizeof(req->inline_bufs[0])) {
    room = uv__malloc(nbufs * sizeof(bufs[0]));
    if (room == NULL)
      return UV_ENOMEM;
  }
  uv__write_fill(req, stream, room, bufs, nbufs, send_handle, cb);
  return 0;
}

void uv__write_enqueue(uv_stream_t* stream, uv_write_t* req) {
  struct uv__io* io = uv__stream_io(stream);
  int first = uv__queue_empty(&stream->stream.write_queue);

  uv__write_queue_add(stream, req);
  if (stream->stream.phase != UV__CONNECTED)
    return; /* The connect turn leads to the queue. */
  if (stream->flags & UV__STREAM_BLOCKING)
    flush_blocking(stream);
  else if (first)
    (void) flush(stream);
  else if (!(io->busy & UV__WRITE))
    uv__loop_again(io);
  else if (io->ops->write_more != NULL)
    uv__write_follow(stream, req);
}

/* Whether it is one buffer, which is what nearly all write, that may be written (W4, W5). It asks all that
 * the gate asks: only a connected stream is writable. */
static inline int is_plain(const uv_stream_t* stream, const uv_buf_t bufs[], unsigned nbufs) {
  return nbufs == 1 && stream != NULL && bufs != NULL &&
         (stream->flags & (UV__STREAM_WRITABLE | UV__STREAM_BLOCKING)) == UV__STREAM_WRITABLE &&
         (size_t) bufs->len - 1 < INT_MAX && bufs->base != NULL; /* nor empty */
}

/* What the system did not take of the only one is queued. */
UV__APART static void send_rest(uv_stream_t* stream, uv_write_t* req, ssize_t n) {
  uv__write_queue_add(stream, req);
  settle(stream, 1, uv__note_cut(stream, n));
  if (n != UV_EAGAIN)
    (void) flush(stream);
}

UV__APART static int send_any(uv_write_t* req,
                              uv_stream_t* stream,
                              const uv_buf_t bufs[],
                              unsigned nbufs,
                              uv_stream_t* send_handle,
                              uv_write_cb cb) {
  int r = req == NULL ? UV_EINVAL : uv__write_gate(stream, bufs, nbufs);

  if (r < 0)
    return r;
  r = fill(req, stream, bufs, nbufs, send_handle, cb);
  if (r < 0)
    return r;
  uv__loop_hold(stream->loop);
  uv__write_enqueue(stream, req);
  assert(uv__stream_valid(stream));
  return 0;
}

int uv_write2(uv_write_t* req,
              uv_stream_t* stream,
              const uv_buf_t bufs[],
              unsigned int nbufs,
              uv_stream_t* send_handle,
              uv_write_cb cb) {
  int r;

  if (send_handle == NULL)
    return uv_write(req, stream, bufs, nbufs, cb);
  r = req == NULL ? UV_EINVAL : gate(stream, bufs, nbufs, send_handle);
  return r < 0 ? r : send_any(req, stream, bufs, nbufs, send_handle, cb);
}

int uv_write(uv_write_t* req,
             uv_stream_t* stream,
             const uv_buf_t bufs[],
             unsigned int nbufs,
             uv_write_cb cb) {
  ssize_t n;

  if (req == NULL || !is_plain(stream, bufs, nbufs))
    return send_any(req, stream, bufs, nbufs, NULL, cb);
  uv__write_fill(req, stream, req->inline_bufs, bufs, 1, NULL, cb);
  uv__loop_hold(stream->loop);
  if (!uv__queue_empty(&stream->stream.write_queue))
    uv__write_enqueue(stream, req);
  else if ((n = offer(stream, req->inline_bufs, 1, UV__QUEUE, NULL)) == (ssize_t) bufs->len)
    uv__write_queue_past(stream, req);
  else
    send_rest(stream, req, n);
  assert(uv__stream_valid(stream));
  return 0;
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
  int r;

  if (send_handle == NULL && is_plain(stream, bufs, nbufs) &&
      uv__queue_empty(&stream->stream.write_queue))
    return (int) give(stream, bufs, 1, UV__TRY, NULL);
  r = gate(stream, bufs, nbufs, send_handle);
  if (r < 0)
    return r;
  if (stream->stream.phase == UV__CONNECTED && (stream->flags & UV__STREAM_BLOCKING) &&
      !is_stuck(stream))
    return write_all(stream, bufs, nbufs, send_handle);
  if (stream->stream.phase != UV__CONNECTED || !uv__queue_empty(&stream->stream.write_queue))
    return UV_EAGAIN; /* Behind others it would overtake them. */
  what.count = 0;
  what.size = 0;
  what.pass = NULL;
  if (send_handle != NULL)
    uv__gathered_pass(&what, send_handle);
  for (i = 0; i < nbufs && uv__write_queue_put(&what, &bufs[i]); i++)
    continue;
  if (what.count == 0)
    return 0;
  r = (int) give(stream, what.bufs, what.count, UV__TRY, what.pass);
  assert(uv__stream_valid(stream));
  return r;
}

int uv_try_write(uv_stream_t* stream, const uv_buf_t bufs[], unsigned int nbufs) {
  return uv_try_write2(stream, bufs, nbufs, NULL);
}

/* ---- Turns ---- */

void uv__write_turn(uv_stream_t* stream) {
  uvs_send_file_t* file;

  if (stream->stream.phase == UV__CONNECTED && !uv__queue_empty(&stream->stream.write_queue))
    (void) flush(stream);
  uv__write_deliver(stream);
  if (uv__queue_empty(&stream->stream.write_queue) || uv__handle_is_closing(stream))
    return;
  file = uv__write_queue_file(stream);
  if (file != NULL)
    file->ops->progress(file);
}
