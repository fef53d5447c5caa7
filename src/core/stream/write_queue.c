/* The write queue: the order of requests, gathering them into one call, and what the system took of
 * them given back (rules W1-W3, W10, W11). No byte is written here.
 *
 * A request sits in write_queue until the system took its last byte, then in write_done until
 * its callback ran. The file is longer than others, as all of it rests on the bits of req->state,
 * which nobody else knows. */
#include <assert.h>
#include <limits.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"
#include "uvstream.h"

/* Bits of req->state. */
enum {
  BEGUN = UV__WRITE_TAKEN, /* and with the first byte its handles */
  IN_FLIGHT = 2,           /* bytes of it are in a call that has not rung */
  HOLDS = 4,               /* its handles have yet to go, and count it */
  FORSAKEN = 8, /* one of them was closed while it was in flight: begun by then, or EBADF */
  OUTSIDE = 16, /* made while its stream had no turn; the loop's turn is in the bits from TURN on */
  TURN = 256    /* 1, 32 and 128 are in stream.h */
};

enum {
  MOST_PASSING = 0xffff, /* where the count of a handle stays for good */
  LOOKS = 1024           /* requests and buffers that are looked at for one call */
};

static uv_write_t* request_of(const struct uv__queue* link) {
  return uv__container_of(link, uv_write_t, link);
}

static uvs_send_file_t* file_of(uv_write_t* req) {
  return uv__container_of(req, uvs_send_file_t, write);
}

/* Whether it has no bytes of its own to go. */
static int is_file(const uv_write_t* req) {
  return (req->state & UV__WRITE_OF_FILE) && req->at < req->nbufs;
}

/* The turn of the loop, as far as a request remembers it. */
static unsigned turn_of(const uv_stream_t* stream) {
  return (unsigned) stream->loop->turns * TURN;
}

/* Whether its callback would come in the loop's turn in which the write was made, from outside of its
 * stream's callbacks: who made it is not done with it yet (W1). */
int uv__write_queue_is_early(const uv_stream_t* stream, const uv_write_t* req) {
  return (req->state & OUTSIDE) && (req->state & ~(TURN - 1u)) == turn_of(stream) &&
         !uv__handle_is_closing(stream);
}

/* The callback comes in a turn, never from here. */
static void ask_for_turn(uv_stream_t* stream, const uv_write_t* req) {
  if (uv__write_queue_is_early(stream, req))
    uv__loop_later(uv__stream_io(stream));
  else
    uv__loop_again(uv__stream_io(stream));
}

/* One that ended, and is in no list. It is told with those before it, who have asked for a turn. */
static void owe(uv_stream_t* stream, uv_write_t* req) {
  struct uv__queue* done = &stream->stream.write_done;
  int is_first = uv__queue_empty(done);

  uv__queue_insert_tail(done, &req->link);
  if (is_first && !(stream->flags & UV__STREAM_DELIVERS)) /* Else in this turn. */
    ask_for_turn(stream, req);
}

/* The first of the queue. */
static void complete(uv_stream_t* stream, uv_write_t* req, int status) {
  req->status = status;
  uv__queue_shift(&stream->stream.write_queue);
  owe(stream, req);
}

/* ---- Handles that are to be passed (I4) ---- */

void uv__write_count(uv_stream_t* handle, int by) {
  if (handle->stream.passing < MOST_PASSING)
    handle->stream.passing = (unsigned short) (handle->stream.passing + by);
}

static void count_handles(const uv_write_t* req, int by) {
  if (req->state & UV__WRITE_SEVERAL)
    uv__several_of(req)->ops->count(req, by);
  else
    uv__write_count(req->send_handle, by);
}

/* send_handle is the first of several. */
static int passes(const uv_write_t* req, const uv_stream_t* handle) {
  return req->send_handle == handle ||
         ((req->state & UV__WRITE_SEVERAL) && uv__several_of(req)->ops->has(req, handle));
}

/* From here on no handle is looked at for this request. */
static void let_go(uv_write_t* req) {
  if (!(req->state & HOLDS))
    return;
  req->state &= ~(unsigned) HOLDS;
  count_handles(req, -1);
}

/* It will not be written, and ends with `status` when its place in the order comes (W1). */
static void withdraw(uv_stream_t* stream, uv_write_t* req, int status) {
  unsigned i;

  for (i = req->at; i < req->nbufs; i++)
    stream->write_queue_size -= req->bufs[i].len;
  req->at = req->nbufs;
  req->status = status;
  let_go(req);
  uv__loop_again(uv__stream_io(stream));
}

static int is_forsaken(const uv_write_t* req) {
  return (req->state & (FORSAKEN | BEGUN)) == FORSAKEN && req->at < req->nbufs;
}

static void forsake(uv_stream_t* stream, const uv_stream_t* handle) {
  struct uv__queue* queue = &stream->stream.write_queue;
  struct uv__queue* link;

  for (link = queue->next; link != queue; link = link->next) {
    uv_write_t* req = request_of(link);

    if (!(req->state & HOLDS) || !passes(req, handle))
      continue;
    if (!(req->state & IN_FLIGHT)) {
      withdraw(stream, req, UV_EBADF);
      continue;
    }
    req->state |= FORSAKEN; /* The port may have it already. */
    let_go(req);
  }
}

void uv__write_forsake(uv_stream_t* handle) {
  struct uv__queue* handles = &handle->loop->handles;
  struct uv__queue* link;

  for (link = handles->next; link != handles && handle->stream.passing > 0; link = link->next) {
    uv_handle_t* other = uv__container_of(link, uv_handle_t, handle.link);

    if (uv__handle_is_stream(other) && (other->flags & UV__STREAM_PASSES))
      forsake((uv_stream_t*) other, handle);
  }
}

/* ---- The queue ---- */

static void note_turn(const uv_stream_t* stream, uv_write_t* req) {
  if (!(stream->flags & UV__STREAM_TURN))
    req->state |= OUTSIDE | turn_of(stream);
}

void uv__write_queue_add(uv_stream_t* stream, uv_write_t* req) {
  unsigned i;

  for (i = 0; i < req->nbufs; i++)
    stream->write_queue_size += req->bufs[i].len;
  note_turn(stream, req);
  if (stream->stream.kept.extras != NULL)
    stream->loop->beyond->write(stream);
  uv__queue_insert_tail(&stream->stream.write_queue, &req->link);
  if (req->send_handle != NULL) {
    req->state |= HOLDS;
    count_handles(req, 1);
  }
}

void uv__write_queue_past(uv_stream_t* stream, uv_write_t* req) {
  note_turn(stream, req);
  req->at = 1;
  req->written = req->inline_bufs[0].len;
  owe(stream, req);
}

/* The system took `n` bytes, of which this request's come first. Buffers that are empty, or have
 * become so, are stepped over. Returns how many were not its own. */
static size_t take(uv_stream_t* stream, uv_write_t* req, size_t n) {
  for (; req->at < req->nbufs; req->at++) {
    uv_buf_t* buf = &req->bufs[req->at];
    size_t part = n < buf->len ? n : buf->len;

    if (part > 0) {
      if ((req->state |= BEGUN) & HOLDS)
        let_go(req);
      req->written += part;
      stream->write_queue_size -= part;
      n -= part;
    }
    if (part < buf->len) {
      buf->base += part;
      buf->len -= (uv__buf_len_t) part;
      break;
    }
  }
  return n;
}

/* Whether bytes of the first request can go, or there is none: no request at the front is over. */
static int is_led(const uv_stream_t* stream) {
  const struct uv__queue* queue = &stream->stream.write_queue;
  const uv_write_t* req = request_of(queue->next);

  return queue->next == queue ||
         (req->at < req->nbufs && req->bufs[req->at].len > 0 && !(req->state & FORSAKEN));
}

void uv__write_queue_advance(uv_stream_t* stream, size_t n) {
  struct uv__queue* queue = &stream->stream.write_queue;

  if (n > 0)
    uv__extra_tell(stream, 1u << UV__EXTRA_WRITE_LIMIT);
  else if (is_led(stream))
    return;
  while (!uv__queue_empty(queue)) {
    uv_write_t* req = request_of(uv__queue_head(queue));

    if (is_file(req)) {
      file_of(req)->ops->take(file_of(req), n);
      n = 0; /* Nothing was gathered with it. */
    } else {
      n = take(stream, req, n);
    }
    if (req->at < req->nbufs) {
      if (!is_forsaken(req))
        return;
      withdraw(stream, req, UV_EBADF);
    }
    complete(stream, req, req->status);
  }
}

void uv__write_fail(uv_stream_t* stream, int status) {
  struct uv__queue* queue = &stream->stream.write_queue;

  stream->write_queue_size = 0;
  while (!uv__queue_empty(queue)) {
    uv_write_t* req = request_of(uv__queue_head(queue));
    req->at = req->nbufs; /* Nothing is left to take back. */
    let_go(req);
    complete(stream, req, req->status != 0 ? req->status : status); /* It may be cancelled. */
  }
}

int uv__write_queue_put(struct uv__gathered* to, const uv_buf_t* buf) {
  size_t room = INT_MAX - to->size;
  size_t len = buf->len < room ? buf->len : room;
  uv_buf_t* next = &to->bufs[to->count];

  if (to->count == UV__GATHER || room == 0)
    return 0;
  if (len == 0)
    return 1;
  next->base = buf->base;
  next->len = (uv__buf_len_t) len;
  to->size += len;
  to->count++;
  return len == buf->len;
}

/* Of a request that is more than bytes: 0 where the call ends before it. */
static int gather_more(struct uv__gathered* to, uv_write_t* req) {
  if (is_forsaken(req) || is_file(req))
    return 0;
  if (req->state & HOLDS) {
    if (to->count > 0)
      return 0;
    uv__gathered_pass(to, req->send_handle);
    if (req->state & UV__WRITE_SEVERAL)
      to->pass = uv__several_of(req)->list;
  }
  return 1;
}

/* What lies behind a large write can be long and have no bytes: it is not walked over for each
 * call. */
void uv__write_queue_gather(uv_stream_t* stream, struct uv__gathered* to) {
  struct uv__queue* queue = &stream->stream.write_queue;
  struct uv__queue* link;
  int looks = 0;

  if (!is_led(stream) && !(stream->stream.io.busy & UV__WRITE))
    uv__write_queue_advance(stream, 0); /* One that was cancelled does not wait for the next. */
  to->count = 0;
  to->size = 0;
  to->pass = NULL;
  for (link = queue->next; link != queue && looks < LOOKS && to->pass == NULL;
       link = link->next, looks++) {
    uv_write_t* req = request_of(link);
    unsigned i;

    if ((req->state & (FORSAKEN | HOLDS | UV__WRITE_OF_FILE)) && !gather_more(to, req))
      return;
    for (i = req->at; i < req->nbufs; i++, looks++)
      if (looks == LOOKS || !uv__write_queue_put(to, &req->bufs[i]))
        return;
  }
}

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
    if (req->state & UV__WRITE_OF_FILE)
      count = 0; /* It goes alone. */
    for (i = req->at; i < req->nbufs && count > 0; i++)
      if (req->bufs[i].len > 0)
        count--;
  }
}

int uv__write_queue_follows(const uv_stream_t* stream, const uv_write_t* req) {
  const struct uv__queue* before = req->link.prev;

  return before != &stream->stream.write_queue && (request_of(before)->state & IN_FLIGHT) &&
         !(req->state & (HOLDS | UV__WRITE_OF_FILE));
}

void uv__write_queue_mark_too(uv_write_t* req) {
  req->state |= IN_FLIGHT;
}

enum uv__write_stage uv__write_queue_stage(const uv_write_t* req) {
  if (req->at == req->nbufs || (is_file(req) && req->status < 0))
    return UV__WRITE_OVER;
  if (req->state & IN_FLIGHT)
    return UV__WRITE_FLIES;
  return req->state & BEGUN ? UV__WRITE_BEGUN : UV__WRITE_WAITS;
}

void uv__write_queue_withdraw(uv_write_t* req) {
  uv_stream_t* stream = req->handle;

  withdraw(stream, req, UV_ECANCELED);
  if (stream->stream.phase == UV__CONNECTED && !(stream->stream.io.busy & UV__WRITE))
    uv__write_queue_advance(stream, 0); /* The first is over, and is told before more is read. */
}

ssize_t uv__write_take_back(uv_write_t* req) {
  if (req->at < req->nbufs) /* Behind a file that has failed, which is yet to be told (X8). */
    withdraw(req->handle, req, UV_EAGAIN);
  uv__queue_remove(&req->link);
  if (req->bufs != req->inline_bufs)
    uv__free(req->bufs);
  req->bufs = NULL;
  return req->written > 0 ? (ssize_t) req->written : req->status;
}

void uv__write_tell(uv_stream_t* stream) {
  struct uv__queue* done = &stream->stream.write_done;
  struct uv__queue* last = done->prev;
  struct uv__queue* link = done;

  while (link != last) {
    uv_write_t* req = request_of(link = uv__queue_head(done));

    if (uv__write_queue_is_early(stream, req)) {
      uv__loop_later(uv__stream_io(stream));
      return; /* And those behind it wait for it. */
    }
    uv__queue_shift(done); /* Nobody looks for it in a list any more. */
    uv__loop_release(stream->loop);
    uv__loop_told(stream->loop, UV__TOLD_END);
    if (req->bufs != req->inline_bufs)
      uv__free(req->bufs);
    req->bufs = NULL;
    if (req->cb != NULL)
      req->cb(req, req->status); /* The request is the caller's again. */
  }
  /* What ended meanwhile did not ask: others were before it. */
  if (!uv__queue_empty(done) && !(stream->flags & UV__STREAM_DELIVERS))
    ask_for_turn(stream, request_of(uv__queue_head(done)));
}

void uv__write_deliver(uv_stream_t* stream) {
  stream->flags &= ~(unsigned) UV__STREAM_DELIVERS;
  if (!uv__queue_empty(&stream->stream.write_done))
    uv__write_tell(stream);
}

uvs_send_file_t* uv__write_queue_file(const uv_stream_t* stream) {
  const struct uv__queue* queue = &stream->stream.write_queue;
  uv_write_t* req = request_of(queue->next);

  return queue->next != queue && is_file(req) ? file_of(req) : NULL;
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

  if (flies && stream->stream.phase >= UV__DROPPED)
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
