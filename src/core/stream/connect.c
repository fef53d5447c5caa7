/* Connecting: one at a time, and what was started on the stream meanwhile (rules C1, C2,
 * W4). The connect itself is the port's. */
#include <assert.h>

#include "core/stream/stream.h"

int uv__connect_gate(const uv_stream_t* stream) {
  switch ((enum uv__phase) stream->stream.phase) {
  case UV__CLOSING:
  case UV__LISTENING:
  case UV__DROPPED:
    return UV_EINVAL;
  case UV__CONNECTING:
    return UV_EALREADY;
  case UV__CONNECTED:
    return UV_EISCONN;
  case UV__FRESH:
  case UV__OPEN: /* Bound, made with a socket, or its last connect failed. */
    break;
  }
  return 0;
}

int uv__connect_start(uv_connect_t* req, uv_stream_t* stream, const void* addr, uv_connect_cb cb) {
  struct uv__io* io = uv__stream_io(stream);
  int r = stream->stream.delayed_error;

  if (r == 0) /* A bind that failed is reported instead of trying (A5). */
    r = io->ops->connect(io, addr);
  if (r == UV_ENAMETOOLONG || (r == UV_EINVAL && stream->type == UV_NAMED_PIPE))
    return r; /* Of the argument, not of the connection; nothing is under way. */
  uv__trace(io, UV__TRACE_START, UV__CONNECT, r);
  req->type = UV_CONNECT;
  req->cb = cb;
  req->handle = stream;
  stream->stream.u.connect_req = req;
  stream->stream.phase = UV__CONNECTING;
  uv__loop_hold(stream->loop);
  uv__extra_tell(stream, 1u << UV__EXTRA_CONNECT_LIMIT);
  if (r == UV__PENDING) {
    io->busy |= UV__CONNECT;
    assert(uv__stream_valid(stream));
    return 0;
  }
  stream->stream.delayed_error = r; /* Known at once, also a success, told by the callback (C1). */
  uv__loop_again(io);
  assert(uv__stream_valid(stream));
  return 0;
}

/* Ends the request. Until its callback runs the stream counts as connecting, so that what
 * the program starts before that is queued behind it. */
void uv__connect_end(uv_stream_t* stream, int status) {
  uv_connect_t* req = stream->stream.u.connect_req;

  stream->stream.u.connect_req = NULL;
  stream->stream.delayed_error = 0;
  uv__loop_release(stream->loop);
  uv__loop_told(stream->loop, UV__TOLD_END);
  if (req->cb != NULL)
    req->cb(req, status);
}

void uv__connect_turn(uv_stream_t* stream, unsigned rung) {
  struct uv__io* io = uv__stream_io(stream);
  int status = stream->stream.delayed_error;

  if (rung & UV__CONNECT)
    status = (int) io->ops->done(io, UV__CONNECT);
  else if (io->busy & UV__CONNECT)
    return; /* A turn for another reason: the ring is still to come. */
  uv__trace(io, UV__TRACE_COLLECT, UV__CONNECT, status);

  if (status >= 0) {
    unsigned opened = status > 0 ? (unsigned) status : UV__OPENED_READABLE | UV__OPENED_WRITABLE;

    uv__stream_connected(stream, opened);
    if (!(opened & UV__OPENED_WRITABLE))
      uv__write_fail(stream, UV_EPIPE); /* As the next ones will be refused (W5). */
    uv__connect_end(stream, 0);
    return;
  }
  /* What waited for the connection ends too, after its callback. It is set apart before,
   * because the callback may try again, and what is started then waits for that. */
  stream->stream.phase = UV__OPEN;
  stream->flags &= ~(unsigned) UV__STREAM_SHUT;
  uv__write_fail(stream, UV_ECANCELED);
  uv__connect_end(stream, status);
  /* Reading is in force again if it does, or has another connection, and over if it closed. */
  if ((stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED)) &&
      stream->stream.phase != UV__CONNECTING && stream->stream.phase != UV__CONNECTED)
    uv__read_fail(stream, UV_ECANCELED);
}

/* For the one function that has no return value to refuse with (uv_pipe_connect): the error
 * comes through the callback, whatever the stream itself is doing. */
void uv__connect_refuse(uv_connect_t* req, uv_stream_t* stream, int error, uv_connect_cb cb) {
  req->type = UV_CONNECT;
  req->cb = cb;
  req->handle = stream;
  req->status = error;
  uv__queue_insert_tail(&stream->loop->refused, &req->link);
  uv__loop_hold(stream->loop);
}

void uv__connect_run_refused(uv_loop_t* loop) {
  struct uv__queue batch;

  uv__queue_move(&loop->refused, &batch);
  while (!uv__queue_empty(&batch)) {
    uv_connect_t* req = uv__container_of(uv__queue_head(&batch), uv_connect_t, link);

    uv__queue_remove(&req->link);
    uv__loop_release(loop);
    uv__loop_told(loop, UV__TOLD_END);
    if (req->cb != NULL)
      req->cb(req, req->status);
  }
}
