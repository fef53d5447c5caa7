/* The write queue: the order of requests, gathering them into one call, and what the system took of
 * them given back (rules W1-W3, W10, W11). No byte is written here.
 *
 * A request sits in write_queue until the system took its last byte, then in write_done until
 * its callback ran. */
#include <assert.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"

/* Bits of req->state. */
enum {
  BEGUN = 1,    /* the system took a byte of it, and with the first one its handle */
  IN_FLIGHT = 2 /* bytes of it are in a call that has not rung */
};

static uv_write_t* request_of(const struct uv__queue* link) {
  return uv__container_of(link, uv_write_t, link);
}

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
void uv__write_queue_advance(uv_stream_t* stream, size_t n) {
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
unsigned uv__write_queue_gather(uv_stream_t* stream, uv_buf_t* out, uv_stream_t** pass) {
  struct uv__queue* queue = &stream->stream.write_queue;
  struct uv__queue* link;
  unsigned count = 0;

  *pass = NULL;
  for (link = queue->next; link != queue && count < UV__GATHER; link = link->next) {
    uv_write_t* req = request_of(link);
    unsigned i;

    if (req->at < req->nbufs && handle_to_pass(req) != NULL) {
      if (count > 0)
        break;
      *pass = req->send_handle;
    }
    for (i = req->at; i < req->nbufs && count < UV__GATHER; i++)
      if (req->bufs[i].len > 0)
        out[count++] = req->bufs[i];
  }
  return count;
}

/* The requests behind the first `count` buffers with bytes are in flight, or none is. */
void uv__write_queue_mark(uv_stream_t* stream, unsigned count) {
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
  assert(uv__write_queue_valid(stream));
  return 0;
}

int uv__write_drained(const uv_stream_t* stream) {
  return uv__queue_empty(&stream->stream.write_queue) &&
         uv__queue_empty(&stream->stream.write_done);
}

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

#if !defined(NDEBUG)

enum {
  LOOKED_AT = 256 /* requests; an assertion must not take longer than what it is in */
};

static size_t bytes_left(const uv_write_t* req) {
  size_t size = 0;
  unsigned i;

  for (i = req->at; i < req->nbufs; i++)
    size += req->bufs[i].len;
  return size;
}

/* Of the requests with bytes left, only the first has begun, those in flight come before the
 * others, and all together have write_queue_size bytes. The last try of a close may have taken what
 * waited for a ring. */
int uv__write_queue_valid(const uv_stream_t* stream) {
  const struct uv__queue* queue = &stream->stream.write_queue;
  const struct uv__queue* done = &stream->stream.write_done;
  int flies = (stream->stream.io.busy & UV__WRITE) != 0;
  const struct uv__queue* link;
  size_t size = 0;
  int looked = 0;

  if (flies && uv__handle_is_closing(stream))
    flies = !uv__queue_empty(queue) && (request_of(queue->next)->state & IN_FLIGHT);
  else if (flies && uv__queue_empty(queue))
    return 0;
  for (link = queue->next; link != queue && looked < LOOKED_AT; link = link->next, looked++) {
    const uv_write_t* req = request_of(link);

    if (req->handle != stream || req->bufs == NULL || req->at > req->nbufs)
      return 0;
    if ((req->state & BEGUN) && link != queue->next)
      return 0;
    if ((req->state & IN_FLIGHT) ? !flies : link == queue->next && flies)
      return 0;
    flies = (req->state & IN_FLIGHT) != 0;
    size += bytes_left(req);
  }
  if (link == queue ? size != stream->write_queue_size : size > stream->write_queue_size)
    return 0;
  for (link = done->next; link != done && looked < LOOKED_AT; link = link->next, looked++)
    if (request_of(link)->handle != stream || request_of(link)->at != request_of(link)->nbufs)
      return 0;
  return 1;
}

#endif
