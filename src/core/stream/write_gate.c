/* What may be written, and which handle may go with it (rules W4, W5, I1, I2, A5). Nothing is written
 * here. */
#include <limits.h>

#include "core/stream/stream.h"

int uv__write_gate(const uv_stream_t* stream, const uv_buf_t bufs[], unsigned nbufs) {
  unsigned i;

  if (stream == NULL || bufs == NULL || nbufs == 0 || nbufs > INT_MAX)
    return UV_EINVAL;
  for (i = 0; i < nbufs; i++)
    if (bufs[i].base == NULL && bufs[i].len > 0)
      return UV_EINVAL;
  if (stream->flags & UV__STREAM_WRITABLE) /* Only a connected stream is. */
    return 0;
  if (!uv__handle_is_stream((const uv_handle_t*) stream))
    return UV_EINVAL;
  if (uv__handle_is_closing(stream) || stream->stream.phase == UV__FRESH)
    return UV_EBADF;
  return stream->stream.phase == UV__CONNECTING && !(stream->flags & UV__STREAM_SHUT) ? 0
                                                                                      : UV_EPIPE;
}

/* Whether a socket has a name, so that who it is passed to can listen on it, or an error. The two
 * families have the port in one place. */
static int is_bound(uv_stream_t* handle) {
  struct uv__io* io = uv__stream_io(handle);
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  int r = io->ops->name(io, UV__LOCAL, &addr, &len);

  return r < 0 ? r : ((const struct sockaddr_in*) &addr)->sin_port != 0;
}

/* The end of a pipe that only writes ends with its descriptor. */
static int has_gone(uv_stream_t* handle) {
  const struct uv__io* io = uv__stream_io(handle);
  uv_os_fd_t fd;

  return (handle->flags & UV__STREAM_SHUT) && io->ops->fileno(io, &fd) == UV_EBADF;
}

int uv__write_gate_handle(const uv_stream_t* stream,
                          const uv_buf_t bufs[],
                          unsigned nbufs,
                          uv_stream_t* send_handle) {
  unsigned i;
  int r;

  if (!(stream->flags & UV__STREAM_PASSES))
    return UV_EINVAL;
  if (send_handle->type != UV_TCP && send_handle->type != UV_NAMED_PIPE)
    return UV_EINVAL;
  if (send_handle->loop != stream->loop)
    return UV_EINVAL; /* Another thread might close it. */
  if (send_handle->stream.phase == UV__FRESH || send_handle->stream.phase == UV__CONNECTING)
    return UV_EINVAL;
  if (uv__handle_is_closing(send_handle) || send_handle->stream.phase == UV__DROPPED)
    return UV_EBADF;
  if (send_handle->flags & UV__STREAM_STAYS)
    return UV_EINVAL;
  if (has_gone(send_handle))
    return UV_EBADF;
  if (send_handle->type == UV_TCP && send_handle->stream.phase == UV__OPEN &&
      send_handle->stream.delayed_error == 0 && (r = is_bound(send_handle)) <= 0)
    return r < 0 ? r : UV_EINVAL;
  for (i = 0; i < nbufs; i++)
    if (bufs[i].len > 0)
      return 0;
  return UV_EINVAL;
}
