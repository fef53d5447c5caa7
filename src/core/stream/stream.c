/* What a stream is: its start, its peer, and the small questions about it. The rules of reading,
 * writing, accepting and ending are in the files of those names, the order of its turn is in
 * turn.c. */
#include "core/stream/stream.h"

#include <assert.h>
#include <string.h>

void uv__stream_init(uv_loop_t* loop,
                     uv_stream_t* stream,
                     uv_handle_type type,
                     const struct uv__ops* ops) {
  uv__handle_init(loop, (uv_handle_t*) stream, type);
  stream->write_queue_size = 0;
  stream->alloc_cb = NULL;
  stream->read_cb = NULL;
  memset(&stream->stream, 0, sizeof(stream->stream));
  stream->stream.phase = UV__FRESH;
  stream->stream.io.ops = ops;
  stream->stream.io.loop = loop;
  uv__queue_init(&stream->stream.io.link);
  uv__queue_init(&stream->stream.write_queue);
  uv__queue_init(&stream->stream.write_done);
  ops->init(&stream->stream.io);
  assert(uv__stream_valid(stream));
}

int uv__stream_open(uv_stream_t* stream, int domain, const struct uv__desc* desc) {
  struct uv__io* io = uv__stream_io(stream);
  unsigned opened = UV__OPENED_FRESH;
  int r = io->ops->open(io, domain, desc, &opened);

  if (r < 0)
    return r;
  stream->stream.phase = UV__OPEN;
  if (opened == UV__OPENED_MISSED)
    stream->stream.delayed_error = UV_EADDRINUSE; /* It came with the error of its bind (A5). */
  else if (opened != UV__OPENED_FRESH)
    uv__stream_connected(stream, opened);
  assert(uv__stream_valid(stream));
  return 0;
}

void uv__stream_connected(uv_stream_t* stream, unsigned opened) {
  stream->stream.phase = UV__CONNECTED;
  if (opened & UV__OPENED_READABLE)
    stream->flags |= UV__STREAM_READABLE;
  if (opened & UV__OPENED_ENDLESS)
    stream->flags |= UV__STREAM_ENDLESS;
  if (opened & UV__OPENED_STAYS)
    stream->flags |= UV__STREAM_STAYS;
  if ((opened & UV__OPENED_WRITABLE) && !(stream->flags & UV__STREAM_SHUT))
    stream->flags |= UV__STREAM_WRITABLE;
  uv__extra_tell(stream, 1u << UV__EXTRA_READ_LIMIT | 1u << UV__EXTRA_WRITE_LIMIT |
                             1u << UV__EXTRA_SHUTDOWN_LIMIT);
}

int uv_is_readable(const uv_stream_t* stream) {
  return (stream->flags & UV__STREAM_READABLE) != 0;
}

int uv_is_writable(const uv_stream_t* stream) {
  return (stream->flags & UV__STREAM_WRITABLE) != 0;
}

int uv_stream_set_blocking(uv_stream_t* stream, int blocking) {
  if (uv__handle_is_closing(stream))
    return UV_EINVAL;
  if (blocking)
    stream->flags |= UV__STREAM_BLOCKING;
  else
    stream->flags &= ~(unsigned) UV__STREAM_BLOCKING;
  return 0;
}

size_t uv_stream_get_write_queue_size(const uv_stream_t* stream) {
  return stream->write_queue_size;
}

int uv_fileno(const uv_handle_t* handle, uv_os_fd_t* fd) {
  const uv_stream_t* stream = (const uv_stream_t*) handle;

  if (fd == NULL || !uv__handle_is_stream(handle))
    return UV_EINVAL;
  if (uv__handle_is_closing(handle) || stream->stream.phase == UV__FRESH ||
      stream->stream.phase == UV__DROPPED)
    return UV_EBADF;
  return stream->stream.io.ops->fileno(&stream->stream.io, fd);
}

static int buffer_size(uv_handle_t* handle, enum uv__option option, int* value) {
  uv_stream_t* stream = (uv_stream_t*) handle;
  struct uv__io* io;

  if (handle == NULL || value == NULL || *value < 0)
    return UV_EINVAL;
  if (handle->type != UV_TCP && handle->type != UV_NAMED_PIPE)
    return UV_ENOTSUP;
  if (uv__handle_is_closing(handle) || stream->stream.phase == UV__FRESH ||
      stream->stream.phase == UV__DROPPED)
    return UV_EBADF;
  io = uv__stream_io(stream);
  return io->ops->option(io, option, value);
}

int uv_send_buffer_size(uv_handle_t* handle, int* value) {
  return buffer_size(handle, UV__SNDBUF, value);
}

int uv_recv_buffer_size(uv_handle_t* handle, int* value) {
  return buffer_size(handle, UV__RCVBUF, value);
}

#if !defined(NDEBUG)

enum {
  READS = UV__STREAM_READING | UV__STREAM_ASKED,
  EVERY_LANE =
      UV__READ | UV__WRITE | UV__CONNECT | UV__ACCEPT | UV__SHUTDOWN | UV__CLOSED | UV__HANGUP
};

/* What each phase allows. FRESH comes before everything, CLOSING after it: a lane that was under way
 * then stays so until its ring or the end. */
static const struct {
  unsigned lanes; /* that may be busy */
  unsigned flags; /* that may be set */
} allowed[] = {
    /* Reading: what waited for a connect that failed is told after the connect callback, which may
     * also begin to listen. Without a socket is who tried several. */
    [UV__FRESH] = {0, READS},
    [UV__OPEN] = {0, READS},
    [UV__CONNECTING] = {UV__CONNECT, READS | UV__STREAM_SHUT},
    [UV__CONNECTED] = {UV__READ | UV__WRITE | UV__SHUTDOWN | UV__HANGUP,
                       READS | UV__STREAM_READABLE | UV__STREAM_WRITABLE | UV__STREAM_SHUT},
    [UV__LISTENING] = {UV__ACCEPT, UV__STREAM_READING | UV__STREAM_STARVED},
    [UV__DROPPED] = {EVERY_LANE, READS | UV__STREAM_SHUT},
    [UV__CLOSING] = {EVERY_LANE, UV__STREAM_SHUT},
};

enum {
  OF_A_PHASE =
      READS | UV__STREAM_READABLE | UV__STREAM_WRITABLE | UV__STREAM_SHUT | UV__STREAM_STARVED
};

/* What a phase says of the fields that belong to it. */
static int phase_valid(const uv_stream_t* stream) {
  const struct uv__stream* s = &stream->stream;

  switch ((enum uv__phase) s->phase) {
  case UV__FRESH:
    return uv__queue_empty(&s->write_queue) && s->delayed_error == 0;
  case UV__CONNECTING:
    return s->u.connect_req != NULL && s->u.connect_req->handle == stream;
  case UV__CONNECTED:
    return s->delayed_error == 0;
  case UV__OPEN:
  case UV__LISTENING:
    return uv__queue_empty(&s->write_queue);
  case UV__DROPPED:
  case UV__CLOSING:
    return 1;
  }
  return 0;
}

int uv__stream_valid(const uv_stream_t* stream) {
  const struct uv__stream* s = &stream->stream;
  const struct uv__io* io = &s->io;
  unsigned flags = stream->flags;

  if (!uv__handle_valid((const uv_handle_t*) stream) || s->phase > UV__CLOSING ||
      uv__handle_is_closing(stream) != (s->phase == UV__CLOSING))
    return 0;
  if ((io->busy & ~allowed[s->phase].lanes) || (flags & OF_A_PHASE & ~allowed[s->phase].flags))
    return 0;
  if ((flags & UV__STREAM_WRITABLE) && (flags & UV__STREAM_SHUT))
    return 0;
  if ((flags & UV__STREAM_ASKED) && uv__extras(stream) == NULL)
    return 0;
  if ((flags & UV__STREAM_READING) && (stream->alloc_cb == NULL || stream->read_cb == NULL))
    return 0;
  if (uv__handle_is_active(stream) !=
      ((flags & UV__STREAM_READING) != 0 || s->phase == UV__LISTENING))
    return 0;
  /* A ring belongs to somebody who waits, or is one too many for a listener; and asks for a turn. */
  if ((io->rung & ~(io->busy | UV__ACCEPT)) || (io->rung != 0 && io->waiting != UV__WAITS_READY) ||
      (io->waiting != UV__WAITS_NOT) == uv__queue_empty(&io->link) || io->loop != stream->loop ||
      io->ops == NULL || io->role != UV__ROLE_STREAM)
    return 0;
  return phase_valid(stream) && uv__write_queue_valid(stream);
}

#endif
