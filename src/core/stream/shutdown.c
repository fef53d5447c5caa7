/* How the outgoing side of a stream ends, after its last byte (rules S1, S2). */
#include <assert.h>

#include "core/stream/stream.h"

int uv_shutdown(uv_shutdown_t* req, uv_stream_t* stream, uv_shutdown_cb cb) {
  if (req == NULL || stream == NULL || !uv__handle_is_stream((uv_handle_t*) stream))
    return UV_EINVAL;
  if (uv__handle_is_closing(stream) || (stream->flags & UV__STREAM_SHUT))
    return UV_ENOTCONN;
  if (stream->stream.shutdown_req != NULL)
    return UV_ENOTCONN; /* Of a connect that failed; its callback is due. */
  if (stream->stream.phase != UV__CONNECTING && !(stream->flags & UV__STREAM_WRITABLE))
    return UV_ENOTCONN;
  req->type = UV_SHUTDOWN;
  req->handle = stream;
  req->cb = cb;
  stream->stream.shutdown_req = req;
  stream->flags |= UV__STREAM_SHUT;
  stream->flags &= ~(unsigned) UV__STREAM_WRITABLE;
  uv__extra_tell(stream, 1u << UV__EXTRA_SHUTDOWN_LIMIT);
  uv__loop_hold(stream->loop);
  uv__loop_again(uv__stream_io(stream));
  assert(uv__stream_valid(stream));
  return 0;
}

void uv__shutdown_end(uv_stream_t* stream, int status) {
  uv_shutdown_t* req = stream->stream.shutdown_req;

  stream->stream.shutdown_req = NULL;
  uv__trace(uv__stream_io(stream), UV__TRACE_COLLECT, UV__SHUTDOWN, status);
  uv__loop_release(stream->loop);
  uv__loop_told(stream->loop, UV__TOLD_END);
  if (req->cb != NULL)
    req->cb(req, status);
}

/* Waits for the connection, for the queue, and for the callbacks of what was in it. */
void uv__shutdown_turn(uv_stream_t* stream, unsigned rung) {
  struct uv__io* io = uv__stream_io(stream);
  int r;

  if (stream->stream.phase >= UV__DROPPED)
    return;                                 /* uv__stream_finish ends it, or its turn. */
  if (!(stream->flags & UV__STREAM_SHUT)) { /* The connect it waited for failed (W4). */
    if (uv__queue_empty(&stream->stream.write_done))
      uv__shutdown_end(stream, UV_ECANCELED);
    return;
  }
  if (stream->stream.phase == UV__CONNECTING)
    return; /* The connect turn leads back here. */
  if (!uv__write_drained(stream))
    return; /* The turn of the last write callback comes by here. */
  if (rung & UV__SHUTDOWN) {
    uv__shutdown_end(stream, (int) io->ops->done(io, UV__SHUTDOWN));
    return;
  }
  if (io->busy & UV__SHUTDOWN)
    return;
  r = io->ops->shutdown(io);
  uv__trace(io, UV__TRACE_START, UV__SHUTDOWN, r);
  if (r == UV__PENDING)
    io->busy |= UV__SHUTDOWN;
  else
    uv__shutdown_end(stream, r);
}
