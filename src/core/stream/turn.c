/* The order of one stream's turn. What each step does is in the file of its name. */
#include <assert.h>

#include "core/stream/stream.h"

/* One turn of one stream: what rang is collected and served in a fixed order. The stream
 * outlives its turn even if a callback closes it, because close callbacks run elsewhere; each
 * step looks at the phase again for that reason. */
void uv__stream_turn(struct uv__io* io, unsigned rung) {
  uv_stream_t* stream = uv__container_of(io, uv_stream_t, stream.io);

  stream->flags |= UV__STREAM_TURN | UV__STREAM_DELIVERS;
  if (rung & UV__WRITE)
    uv__write_collect(stream); /* First: a callback that writes must find the lane free. */

  if (stream->stream.phase == UV__CONNECTING)
    uv__connect_turn(stream, rung);
  if (stream->stream.phase == UV__LISTENING) {
    uv__accept_turn(stream);
  } else {
    if (stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED))
      uv__read_turn(stream, rung);
    if (stream->stream.kept.extras != NULL)
      stream->loop->beyond->turn(stream, rung);
  }
  if (stream->stream.phase < UV__DROPPED) {
    if (uv__write_drained(stream))
      stream->flags &= ~(unsigned) UV__STREAM_DELIVERS;
    else
      uv__write_turn(stream);
  }
  if (stream->stream.shutdown_req != NULL)
    uv__shutdown_turn(stream, rung);
  if (stream->stream.phase == UV__DROPPED)
    stream->loop->beyond->drop_turn(stream, rung);
  else if (stream->stream.phase == UV__CLOSING)
    uv__close_turn(stream, rung);
  stream->flags &= ~(unsigned) (UV__STREAM_TURN | UV__STREAM_DELIVERS);
  assert(uv__stream_valid(stream));
}
