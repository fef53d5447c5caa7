/* TCP sockets begin here, whoever asks for one: uv_tcp_*, uv_listen, uv_accept. What the program
 * wished for before there was a socket is applied to it (rule T1). */
#include "core/stream/stream.h"

static void grant(uv_tcp_t* handle, enum uv__option option, void* value) {
  struct uv__io* io = &handle->stream.io;

  /* These are wishes about a socket that works without them; a system that refuses one has
   * no call to report it to. */
  (void) io->ops->option(io, option, value);
}

void uv__socket_grant(uv_tcp_t* handle) {
  int one_accept = 0;
  int on = 1;

  if (handle->flags & UV__TCP_NODELAY)
    grant(handle, UV__NODELAY, &on);
  if (handle->keepalive.idle != 0)
    grant(handle, UV__KEEPALIVE, &handle->keepalive);
  if (handle->flags & UV__TCP_ONE_ACCEPT)
    grant(handle, UV__ACCEPTS, &one_accept);
}

int uv__socket_open(uv_stream_t* stream, int domain, const struct uv__desc* desc) {
  int r = uv__stream_open(stream, domain, desc);

  if (r == 0)
    uv__socket_grant((uv_tcp_t*) stream);
  return r;
}
