/* A stream that goes from one loop to another, mostly that of another thread (rule X6): what may go, and
 * what goes with it. How a descriptor leaves a loop is the port's, and that the handle which had it closes
 * core/stream's. */
#include <assert.h>
#include <string.h>

#include "core/stream/stream.h"
#include "uvstream.h"

enum {
  GOES = UV__STREAM_READABLE | UV__STREAM_WRITABLE | UV__STREAM_SHUT | UV__STREAM_BLOCKING |
         UV__STREAM_ENDLESS | UV__STREAM_CUT | UV__TCP_NODELAY | UV__TCP_ONE_ACCEPT | UV__TCP_PORT |
         UV__TCP_GIVEN
};

static void empty(uvs_moving_t* moving) {
  moving->type = UV_UNKNOWN_HANDLE;
  moving->cb = NULL;
  moving->flags = 0;
  moving->arrivals = NULL;
  memset(&moving->keepalive, 0, sizeof(moving->keepalive));
  memset(&moving->io, 0, sizeof(moving->io));
}

/* ---- Away ---- */

/* The close callback of the handle that it leaves, of which nothing is used after this. */
static void on_left(uv_handle_t* handle) {
  uv_stream_t* stream = (uv_stream_t*) handle;
  uvs_moving_t* moving = stream->stream.u.moving;
  uvs_moving_cb cb = moving->cb;

  moving->cb = NULL;
  moving->type = stream->type;
  moving->io.ops = stream->stream.io.ops;
  moving->io.tail = stream->stream.io.tail;
  cb(moving, stream);
}

/* The order of these is what a program is told first of. */
static int gate(const uv_stream_t* stream) {
  const struct uv__stream* s = &stream->stream;

  if (stream->type != UV_TCP && stream->type != UV_NAMED_PIPE)
    return UV_ENOTSUP;
  if (uv__handle_is_closing(stream))
    return UV_EINVAL;
  if (stream->flags & UV__STREAM_STAYS)
    return UV_ENOTSUP; /* Whatever it waits for. */
  if (s->phase != UV__CONNECTED && s->phase != UV__CONNECTING)
    return UV_ENOTCONN;
  if (uv__stream_has_requests(stream) || s->passing > 0 || uv__extras(stream) != NULL)
    return UV_EBUSY;
  return uv__port_beyond(&s->io)->leave == NULL ? UV_ENOTSUP : 0;
}

/* All that is the core's. */
static void pack(uvs_moving_t* moving, uv_stream_t* stream, unsigned flags, uvs_moving_cb cb) {
  empty(moving);
  moving->cb = cb;
  moving->flags = flags;
  if (stream->type == UV_TCP) {
    const uv_tcp_t* tcp = (const uv_tcp_t*) stream;

    moving->keepalive.idle = tcp->keepalive.idle;
    moving->keepalive.interval = tcp->keepalive.interval;
    moving->keepalive.count = tcp->keepalive.count;
  } else {
    moving->ipc = ((uv_pipe_t*) stream)->ipc;
    moving->arrivals = ((uv_pipe_t*) stream)->arrivals;
    ((uv_pipe_t*) stream)->arrivals = NULL;
  }
}

/* The handle closes, but nothing of the connection ends: its io leaves the loop for `moving`. The results
 * are those of the port; an error leaves all as it was. */
static int leave(uv_stream_t* stream, uvs_moving_t* moving) {
  struct uv__io* io = uv__stream_io(stream);
  int r = uv__port_beyond(io)->leave(io);

  uv__trace(io, UV__TRACE_START, UV__CLOSED, r);
  if (r < 0 && r != UV__PENDING)
    return r;
  stream->flags |= UV__STREAM_MOVES;
  stream->flags &= ~(unsigned) (UV__STREAM_READING | UV__STREAM_READABLE | UV__STREAM_WRITABLE);
  uv__handle_stop((uv_handle_t*) stream);
  stream->stream.u.moving = moving;
  stream->stream.phase = UV__CLOSING;
  if (r == UV__PENDING) {
    io->busy |= UV__CLOSED;
    uv__loop_hold(stream->loop);
  }
  return r;
}

int uvs_detach(uv_stream_t* stream, uvs_moving_t* moving, uvs_moving_cb cb) {
  uv_handle_t* handle = (uv_handle_t*) stream;
  unsigned flags;
  int r;

  if (stream == NULL || moving == NULL || cb == NULL)
    return UV_EINVAL;
  r = gate(stream);
  if (r < 0)
    return r;
  flags = stream->flags & GOES;
  r = leave(stream, moving);
  if (r < 0 && r != UV__PENDING)
    return r;
  pack(moving, stream, flags, cb);
  handle->flags |= UV__HANDLE_CLOSING;
  handle->handle.close_cb = on_left;
  if (r == 0)
    uv__loop_closing(handle->loop, handle);
  assert(uv__stream_valid(stream));
  return 0;
}

/* ---- There ---- */

/* What was asked of the new handle holds, too, before what the other one had been asked (T1). */
static void grant(uv_tcp_t* tcp, const uvs_moving_t* moving) {
  if (tcp->keepalive.idle != 0 || (tcp->flags & UV__TCP_NODELAY))
    uv__socket_grant(tcp);
  if (tcp->keepalive.idle != 0)
    return;
  tcp->keepalive.idle = moving->keepalive.idle;
  tcp->keepalive.interval = moving->keepalive.interval;
  tcp->keepalive.count = moving->keepalive.count;
}

int uvs_attach(uv_stream_t* stream, uvs_moving_t* moving) {
  const struct uv__ops* fresh;
  struct uv__io* io;
  int r;

  if (stream == NULL || moving == NULL || moving->type == UV_UNKNOWN_HANDLE ||
      stream->type != moving->type || uv__handle_is_closing(stream))
    return UV_EINVAL;
  if (stream->type == UV_NAMED_PIPE && ((uv_pipe_t*) stream)->ipc != moving->ipc)
    return UV_EINVAL;
  if (stream->stream.phase != UV__FRESH)
    return UV_EBUSY;
  io = uv__stream_io(stream);
  fresh = io->ops;
  io->ops = moving->io.ops;
  io->tail = moving->io.tail;
  r = uv__port_beyond(io)->join(io);
  if (r < 0) {
    io->ops = fresh;
    io->ops->init(io);
    return r;
  }
  stream->flags |= moving->flags;
  uv__stream_connected(stream, 0); /* It was opened before, and keeps what that told. */
  if (stream->type == UV_TCP)
    grant((uv_tcp_t*) stream, moving);
  else
    ((uv_pipe_t*) stream)->arrivals = moving->arrivals;
  empty(moving);
  assert(uv__stream_valid(stream));
  return 0;
}

/* ---- Nowhere ---- */

void uvs_moving_drop(uvs_moving_t* moving) {
  if (moving == NULL || moving->type == UV_UNKNOWN_HANDLE)
    return;
  uv__arrival_discard(moving->arrivals);
  (void) moving->io.ops->close(&moving->io);
  empty(moving);
}
