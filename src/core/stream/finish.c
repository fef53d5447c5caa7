/* How the whole of a stream ends, in the order that programs rely on (rules L4, L5). */
#include "core/stream/stream.h"

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
