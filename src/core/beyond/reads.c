/* Reads as requests (rule X3): bytes go from the system into the program's buffers, as many as it says it
 * needs. When the system is asked, and for whom, is core/stream/read.c's; here is the order of requests,
 * where the next bytes go, and how each one ends. */
#include <assert.h>

#include "core/beyond/beyond.h"

/* The oldest request is in the stream's list of extras, and the head of all others. */
static uvs_read_t* oldest(struct uv__extra* extra) {
  return uv__container_of(extra, uvs_read_t, extra);
}

static uvs_read_t* read_of(struct uv__queue* link) {
  return uv__container_of(link, uvs_read_t, link);
}

static const struct uv__extra_ops read_ops;

/* Whether one of them waits for bytes; those that have ended wait for their callback. */
static int any_waits(const uvs_read_t* head) {
  const uvs_read_t* req = head;

  do {
    if (req->status == UV__PENDING)
      return 1;
    req = read_of(req->link.next);
  } while (req != head);
  return 0;
}

static void note_waiting(uv_stream_t* stream) {
  struct uv__extra* extra = uv__extra_find(stream, UV__EXTRA_READS);

  if (!uv__handle_is_closing(stream) && extra != NULL && any_waits(oldest(extra)))
    stream->flags |= UV__STREAM_ASKED;
  else
    stream->flags &= ~(unsigned) UV__STREAM_ASKED;
}

/* It is the program's again; another one may become the oldest. */
static void end(uvs_read_t* req, int status) {
  uv_stream_t* stream = req->handle;
  struct uv__queue* next = req->link.next;

  if (req->extra.stream != NULL) {
    uv__extra_take(&req->extra);
    if (next != &req->link)
      uv__extra_put(stream, &read_of(next)->extra, &read_ops);
  }
  uv__queue_remove(&req->link);
  note_waiting(stream);
  uv__loop_release(stream->loop);
  uv__loop_told(stream->loop, UV__TOLD_ARRIVAL);
  req->status = status;
  req->cb(req, status);
}

/* What was read of a segment; empty ones are stepped over. */
static void advance(uvs_read_t* req, size_t n) {
  req->nread += n;
  req->offset += n;
  while (req->at < req->nbufs && req->offset == req->bufs[req->at].len) {
    req->at++;
    req->offset = 0;
  }
}

static void read_into(struct uv__extra* extra) {
  uvs_read_t* req = oldest(extra);
  const uv_buf_t* buf;
  ssize_t n;

  assert(req->status == UV__PENDING); /* Those that were taken back have been told. */
  buf = &req->bufs[req->at];
  n = uv__read_some(extra->stream, buf->base + req->offset, buf->len - req->offset);
  if (n > 0) {
    advance(req, (size_t) n);
    if (req->nread >= req->min)
      end(req, 0);
  } else if (n == UV_ENOBUFS) {
    end(req, UV_ENOBUFS); /* No memory for handles that may come: nothing was consumed (R3). */
  } else if (n < 0 && n != UV_EAGAIN) {
    uv__read_fail(extra->stream, uv__note_cut(extra->stream, n));
  }
}

/* Tells those that were taken back, wherever they are. */
static void take_turn(struct uv__extra* extra, unsigned rung) {
  uv_stream_t* stream = extra->stream;

  (void) rung;
  while ((extra = uv__extra_find(stream, UV__EXTRA_READS)) != NULL) {
    uvs_read_t* head = oldest(extra);
    uvs_read_t* req = head;

    while (req->status == UV__PENDING && read_of(req->link.next) != head)
      req = read_of(req->link.next);
    if (req->status == UV__PENDING)
      return;
    end(req, req->status);
  }
}

/* All that were made before: what a callback makes may wait for something else. */
static void finish(struct uv__extra* extra, int status) {
  uv_stream_t* stream = extra->stream;
  uvs_read_t* last = read_of(oldest(extra)->link.prev);
  uvs_read_t* req;

  do {
    req = oldest(extra);
    end(req, req->status == UV__PENDING ? status : req->status);
    extra = uv__extra_find(stream, UV__EXTRA_READS);
  } while (req != last && extra != NULL);
}

static const struct uv__extra_ops read_ops = {
    .kind = UV__EXTRA_READS, .turn = take_turn, .read = read_into, .finish = finish};

/* Whether the buffers are some, and hold that many bytes. */
static int holds(const uv_buf_t bufs[], unsigned nbufs, size_t min) {
  size_t size = 0;
  unsigned i;

  for (i = 0; i < nbufs; i++) {
    if (bufs[i].base == NULL && bufs[i].len > 0)
      return 0;
    size = bufs[i].len > SIZE_MAX - size ? SIZE_MAX : size + bufs[i].len;
  }
  return min > 0 && min <= size;
}

static void enqueue(uvs_read_t* req, uv_stream_t* stream) {
  struct uv__extra* extra = uv__extra_find(stream, UV__EXTRA_READS);

  uv__queue_init(&req->link);
  req->extra.stream = NULL;
  if (extra == NULL)
    uv__extra_put(stream, &req->extra, &read_ops);
  else
    uv__queue_insert_tail(&oldest(extra)->link, &req->link);
  if (!(stream->flags & UV__STREAM_ASKED))
    uv__extra_tell(stream, 1u << UV__EXTRA_READ_LIMIT);
  stream->flags |= UV__STREAM_ASKED;
}

int uvs_read(uvs_read_t* req,
             uv_stream_t* stream,
             const uv_buf_t bufs[],
             unsigned int nbufs,
             size_t min,
             uvs_read_cb cb) {
  if (req == NULL || stream == NULL || bufs == NULL || cb == NULL ||
      !uv__handle_is_stream((uv_handle_t*) stream) || uv__handle_is_closing(stream) ||
      !holds(bufs, nbufs, min))
    return UV_EINVAL;
  if (stream->stream.phase != UV__CONNECTING && !(stream->flags & UV__STREAM_READABLE))
    return UV_ENOTCONN;
  req->handle = stream;
  req->cb = cb;
  req->nread = 0;
  req->bufs = bufs;
  req->nbufs = nbufs;
  req->at = 0;
  req->offset = 0;
  req->min = min;
  req->status = UV__PENDING;
  advance(req, 0);
  enqueue(req, stream);
  uv__loop_hold(stream->loop);
  uv__loop_again(uv__stream_io(stream)); /* The next turn arms; no callback from here (L1). */
  assert(uv__stream_valid(stream));
  return 0;
}

int uvs_read_cancel(uvs_read_t* req) {
  uv_stream_t* stream = req->handle;

  if (req->status != UV__PENDING || uv__handle_is_closing(stream) ||
      stream->stream.phase == UV__DROPPED)
    return UV_EBUSY;
  req->status = UV_ECANCELED;
  note_waiting(stream);
  uv__read_rest(stream);
  uv__loop_again(uv__stream_io(stream));
  assert(uv__stream_valid(stream));
  return 0;
}
