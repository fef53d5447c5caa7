/* Being told that the peer has gone, without reading (rule X5). What the system knows of that is the
 * port's (UV__HANGUP); here is who hears of it, and when. */
#include <assert.h>

#include "core/beyond/beyond.h"

static uvs_hangup_t* hangup_of(struct uv__extra* extra) {
  return uv__container_of(extra, uvs_hangup_t, extra);
}

static void end(uvs_hangup_t* hangup, int status) {
  uv_loop_t* loop = hangup->extra.stream->loop;

  uv__extra_take(&hangup->extra);
  uv__loop_release(loop);
  uv__loop_told(loop, UV__TOLD_END);
  hangup->cb(hangup, status); /* It is the caller's again. */
}

/* What is known without waiting, or UV__PENDING when a ring comes, or UV_EAGAIN. */
static int ask(struct uv__io* io) {
  int r = uv__port_beyond(io)->hangup_arm(io);

  uv__trace(io, UV__TRACE_START, UV__HANGUP, r);
  if (r == UV__PENDING)
    io->busy |= UV__HANGUP;
  else if (r == UV_EAGAIN)
    uv__loop_starve(io);
  return r;
}

static void take_turn(struct uv__extra* extra, unsigned rung) {
  uv_stream_t* stream = extra->stream;
  struct uv__io* io = uv__stream_io(stream);
  int r = 0;

  if (rung & UV__HANGUP) {
    r = uv__port_beyond(io)->hangup_done(io);
    uv__trace(io, UV__TRACE_COLLECT, UV__HANGUP, r);
  }
  if (r == 0) {
    if (io->busy & UV__HANGUP)
      return;
    r = ask(io);
  }
  (void) uv__note_cut(stream, r);
  if (r == UV_EOF && (stream->flags & UV__STREAM_CUT))
    r = UV_ECONNRESET; /* That was told to who asked before. */
  if (r != UV__PENDING && r != UV_EAGAIN)
    end(hangup_of(extra), r);
}

static void finish(struct uv__extra* extra, int status) {
  end(hangup_of(extra), status);
}

static const struct uv__extra_ops hangup_ops = {
    .kind = UV__EXTRA_HANGUP, .turn = take_turn, .finish = finish};

int uvs_hangup_start(uvs_hangup_t* hangup, uv_stream_t* stream, uvs_hangup_cb cb) {
  if (hangup == NULL || stream == NULL || cb == NULL ||
      !uv__handle_is_stream((uv_handle_t*) stream) || uv__handle_is_closing(stream))
    return UV_EINVAL;
  if (stream->stream.phase != UV__CONNECTED)
    return UV_ENOTCONN;
  if (uv__port_beyond(uv__stream_io(stream))->hangup_arm == NULL)
    return UV_ENOTSUP;
  if (uv__extra_find(stream, UV__EXTRA_HANGUP) != NULL)
    return UV_EBUSY;
  hangup->stream = stream;
  hangup->cb = cb;
  uv__extra_put(stream, &hangup->extra, &hangup_ops);
  uv__loop_hold(stream->loop);
  uv__loop_again(uv__stream_io(stream)); /* The next turn asks; no callback from here (L1). */
  assert(uv__stream_valid(stream));
  return 0;
}

/* A question to the system takes nothing, so that it is left open. */
void uvs_hangup_stop(uvs_hangup_t* hangup) {
  uv_stream_t* stream = hangup->extra.stream;

  if (stream == NULL)
    return;
  uv__extra_take(&hangup->extra);
  uv__loop_release(stream->loop);
}
