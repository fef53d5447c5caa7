/* Who is at the other end of a pipe, a connect to nobody but whom it is meant for, and a name that is
 * open to nobody else (rule X4). What is
 * known of a peer, and who is trusted, is the port's. */
#include <string.h>

#include "core/stream/stream.h"
#include "uvstream.h"

int uvs_pipe_peer(const uv_pipe_t* pipe, uvs_peer_t* peer) {
  struct uv__io* io;
  uvs_peer_t found;
  int r;

  if (pipe == NULL || peer == NULL || pipe->type != UV_NAMED_PIPE)
    return UV_EINVAL;
  if (pipe->stream.phase != UV__CONNECTED)
    return UV_ENOTCONN;
  io = (struct uv__io*) &pipe->stream.io;
  memset(&found, 0, sizeof(found));
  r = io->ops->option(io, UV__PEER, &found);
  if (r < 0)
    return r == UV_EINVAL ? UV_ENOTSUP : r; /* Of a table that knows of no peers. */
  *peer = found;
  return 0;
}

/* A name that were cut off would be another one, and whose that is nobody has asked for. */
int uvs_pipe_bind(uv_pipe_t* pipe, const char* name, const uvs_access_t* access) {
  static const uvs_access_t nobody_else = {0, 0, 0, NULL};
  struct uv__pipe_name where = {name, 0, 0, access == NULL ? &nobody_else : access};
  struct uv__io* io;
  int r;

  if (pipe == NULL || name == NULL || *name == '\0' || pipe->type != UV_NAMED_PIPE ||
      pipe->stream.phase != UV__FRESH || where.access->mode > 0777)
    return UV_EINVAL;
  where.length = strlen(name);
  io = &pipe->stream.io;
  r = io->ops->bind(io, &where, 0);
  if (r == 0)
    pipe->stream.phase = UV__OPEN;
  return r;
}

static int is_expected(const uvs_pipe_connect_t* req) {
  uvs_peer_t peer;

  if (uvs_pipe_peer(req->handle, &peer) < 0 || !(peer.known & UVS_PEER_USER))
    return 0;
  return req->server[0] == '\0' ? peer.is_trusted : strcmp(req->server, peer.user) == 0;
}

/* The stream is connected, but none of its turn has come to the queue: what is in there goes nowhere. */
static void turn_away(uv_stream_t* stream) {
  stream->flags &= ~(unsigned) (UV__STREAM_READABLE | UV__STREAM_WRITABLE | UV__STREAM_SHUT);
  uv__write_fail(stream, UV_ECANCELED);
}

static void on_connect(uv_connect_t* connect, int status) {
  uvs_pipe_connect_t* req = uv__container_of(connect, uvs_pipe_connect_t, connect);
  uv_stream_t* stream = (uv_stream_t*) req->handle;
  int refused = status == 0 && !is_expected(req);

  if (refused)
    turn_away(stream);
  if (req->cb != NULL)
    req->cb(req, refused ? UV_EACCES : status);
  if (refused && (stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED)))
    uv__read_fail(stream, UV_ECANCELED);
}

int uvs_pipe_connect(uvs_pipe_connect_t* req,
                     uv_pipe_t* handle,
                     const char* name,
                     const char* server,
                     uvs_pipe_connect_cb cb) {
  int r;

  if (req == NULL || handle == NULL || name == NULL || handle->type != UV_NAMED_PIPE)
    return UV_EINVAL;
  if (server != NULL && (server[0] == '\0' || strlen(server) >= sizeof(req->server)))
    return UV_EINVAL;
  r = uv_pipe_connect2(&req->connect, handle, name, strlen(name), UV_PIPE_NO_TRUNCATE, on_connect);
  if (r < 0)
    return r;
  strcpy(req->server, server == NULL ? "" : server);
  req->type = UV_CONNECT;
  req->handle = handle;
  req->cb = cb;
  return 0;
}
