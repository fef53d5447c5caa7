/* How a stream ends: the outgoing side after its last byte, and the whole of it in the order
 * that programs rely on (rules S1, S2, L4, L5). */
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

/* Of a listener: the connection that nobody has claimed. connect_req shares its place with
 * connection_cb, and `extras` with that connection. */
static void forget_listening(uv_stream_t* stream) {
  if (stream->stream.kept.pending.kind != UV__DESC_NONE)
    uv__port_discard(&stream->stream.kept.pending);
  stream->stream.kept.extras = NULL;
  stream->stream.u.connect_req = NULL;
}

/* From uv_close: what the system takes of the queue goes out; then everything stops now, and the
 * callbacks are left to uv__stream_finish. */
int uv__stream_close(uv_handle_t* handle) {
  uv_stream_t* stream = (uv_stream_t*) handle;
  struct uv__io* io = uv__stream_io(stream);
  int is_dropped = stream->stream.phase == UV__DROPPED;

  if (stream->stream.passing > 0)
    uv__write_forsake(stream);
  stream->flags &= ~(unsigned) (UV__STREAM_READING | UV__STREAM_ASKED);
  uv__handle_stop(handle);
  if (is_dropped) { /* Its descriptor has gone, or will soon. */
    stream->stream.phase = UV__CLOSING;
    return io->busy & UV__CLOSED ? UV__PENDING : 0;
  }
  io->busy |= UV__CLOSED; /* The port may know that it is the last write. */
  if (!uv__queue_empty(&stream->stream.write_queue))
    uv__write_last(stream);
  if (stream->stream.phase == UV__LISTENING)
    forget_listening(stream);
  return uv__stream_give_back(stream, UV__CLOSING);
}

void uv__close_turn(uv_stream_t* stream, unsigned rung) {
  if (!(rung & UV__CLOSED))
    return;
  uv__loop_release(stream->loop);
  uv__loop_closing(stream->loop, (uv_handle_t*) stream);
  uv__loop_freed(stream->loop);
}

/* The port is done with the stream: connect, writes in order, shutdown; then, by the caller,
 * close_cb. What really completed says so. */
void uv__stream_finish(uv_handle_t* handle) {
  uv_stream_t* stream = (uv_stream_t*) handle;
  struct uv__io* io = uv__stream_io(stream);

  if (stream->stream.u.connect_req != NULL && !(stream->flags & UV__STREAM_MOVES))
    uv__connect_end(stream, UV_ECANCELED);
  if (io->busy & UV__WRITE)
    uv__write_collect(stream);
  if (!uv__write_drained(stream)) {
    uv__write_fail(stream, UV_ECANCELED);
    uv__write_deliver(stream);
  }
  if (stream->stream.shutdown_req != NULL)
    uv__shutdown_end(stream, io->busy & UV__SHUTDOWN ? (int) io->ops->done(io, UV__SHUTDOWN)
                                                     : UV_ECANCELED);
  if (stream->stream.kept.extras != NULL)
    stream->loop->beyond->finish(stream, UV_ECANCELED);
  /* Last, because ending a request asks for a turn, and the memory may go next. */
  if (io->waiting) {
    uv__queue_remove(&io->link);
    io->waiting = UV__WAITS_NOT;
  }
}

int uv__stream_has_requests(const uv_stream_t* stream) {
  return stream->stream.phase == UV__CONNECTING ||
         (stream->stream.phase == UV__DROPPED && stream->stream.u.connect_req != NULL) ||
         (stream->flags & UV__STREAM_ASKED) || stream->stream.shutdown_req != NULL ||
         !uv__write_drained(stream);
}
