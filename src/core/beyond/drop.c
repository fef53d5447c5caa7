/* A stream whose time is over: it has no descriptor any more, and what waited for something is told so. Closing
 * it is core/stream/finish.c's. */
#include <assert.h>

#include "core/beyond/beyond.h"

void uv__stream_drop(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);

  assert(stream->stream.phase == UV__CONNECTING || stream->stream.phase == UV__CONNECTED);
  if (stream->stream.passing > 0)
    uv__write_forsake(stream);
  if (stream->type == UV_TCP && stream->stream.phase == UV__CONNECTED)
    (void) io->ops->option(io, UV__RESET, NULL); /* The peer is to hear of it in any case. */
  io->busy |= UV__CLOSED;
  if (uv__stream_give_back(stream, UV__DROPPED) == 0)
    uv__loop_again(io); /* For the callbacks. */
  assert(uv__stream_valid(stream));
}

/* What waited hears of it, in the order of a turn. Who closes meanwhile hears the rest as such a one. */
void uv__drop_turn(uv_stream_t* stream, unsigned rung) {
  struct uv__io* io = uv__stream_io(stream);

  if (rung & UV__CLOSED) {
    uv__loop_release(stream->loop);
    uv__loop_freed(stream->loop);
  } else if (io->busy & UV__CLOSED) {
    return;
  }
  if (stream->stream.u.connect_req != NULL)
    uv__connect_end(stream, UV_ETIMEDOUT);
  if (stream->stream.phase == UV__DROPPED)
    uv__read_fail(stream, UV_ETIMEDOUT);
  if (stream->stream.phase == UV__DROPPED)
    stream->loop->beyond->finish(stream, UV_ETIMEDOUT);
  if (stream->stream.phase != UV__DROPPED)
    return;
  if (io->busy & UV__WRITE)
    uv__write_collect(stream);
  uv__write_fail(stream, UV_ETIMEDOUT);
  uv__write_deliver(stream);
  if (stream->stream.phase == UV__DROPPED && stream->stream.shutdown_req != NULL &&
      uv__write_drained(stream))
    uv__shutdown_end(stream, UV_ETIMEDOUT);
}
