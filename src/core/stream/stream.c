/* A stream as a whole: its start, the order of one turn, and the small questions about it.
 * The rules of reading, writing, accepting and ending are in the files of those names. */
#include "core/stream/stream.h"

#include <string.h>

/* One turn of one stream: what rang is collected and served in a fixed order. The stream
 * outlives its turn even if a callback closes it, because close callbacks run elsewhere; each
 * step looks at the phase again for that reason. */
void uv__stream_turn(struct uv__io* io, unsigned rung) {
  uv_stream_t* stream = uv__container_of(io, uv_stream_t, stream.io);

  if (rung & UV__WRITE)
    uv__write_collect(stream); /* First: a callback that writes must find the lane free. */

  if (stream->stream.phase == UV__CONNECTING)
    uv__connect_turn(stream, rung);
  if (stream->stream.phase == UV__LISTENING)
    uv__accept_turn(stream);
  if (stream->flags & UV__STREAM_READING)
    uv__read_turn(stream, rung);
  if (stream->stream.phase != UV__CLOSING)
    uv__write_turn(stream);
  if (stream->stream.shutdown_req != NULL)
    uv__shutdown_turn(stream, rung);
  if (stream->stream.phase == UV__CLOSING)
    uv__close_turn(stream, rung);
}

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
}

int uv__stream_open(uv_stream_t* stream, int domain, const struct uv__desc* desc) {
  struct uv__io* io = uv__stream_io(stream);
  unsigned opened = UV__OPENED_FRESH;
  int r = io->ops->open(io, domain, desc, &opened);

  if (r < 0)
    return r;
  stream->stream.phase = UV__OPEN;
  if (opened != UV__OPENED_FRESH)
    uv__stream_connected(stream, opened);
  if (stream->type == UV_TCP)
    uv__tcp_opened((uv_tcp_t*) stream);
  return 0;
}

void uv__stream_connected(uv_stream_t* stream, unsigned opened) {
  stream->stream.phase = UV__CONNECTED;
  if (opened & UV__OPENED_READABLE)
    stream->flags |= UV__STREAM_READABLE;
  if ((opened & UV__OPENED_WRITABLE) && !(stream->flags & UV__STREAM_SHUT))
    stream->flags |= UV__STREAM_WRITABLE;
}

int uv__stream_has_requests(const uv_stream_t* stream) {
  return stream->stream.phase == UV__CONNECTING || stream->stream.shutdown_req != NULL ||
         !uv__write_drained(stream);
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

  if (!uv__handle_is_stream(handle))
    return UV_EINVAL;
  if (uv__handle_is_closing(handle) || stream->stream.phase == UV__FRESH)
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
  if (uv__handle_is_closing(handle) || stream->stream.phase == UV__FRESH)
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
