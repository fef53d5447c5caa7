/* Listening and accepting: one unclaimed connection at a time, oldest first, and what happens
 * when resources are short (rules A1-A6). */
#include <assert.h>

#include "core/stream/stream.h"

enum {
  ACCEPT_ROUNDS = 16 /* connections in one turn */
};

int uv_listen(uv_stream_t* stream, int backlog, uv_connection_cb cb) {
  struct uv__io* io;
  int r;

  if (stream == NULL || !uv__handle_is_stream((uv_handle_t*) stream))
    return UV_EINVAL;
  if (stream->stream.phase != UV__FRESH && stream->stream.phase != UV__OPEN &&
      stream->stream.phase != UV__LISTENING)
    return UV_EINVAL;
  if (uv__extras(stream) != NULL)
    return UV_EBUSY; /* It was not meant to listen. */
  if (stream->stream.delayed_error < 0)
    return stream->stream.delayed_error; /* Of the bind (A5). */
  if (stream->stream.phase == UV__FRESH) {
    struct uv__desc none = {0};
    if (stream->type != UV_TCP)
      return UV_EINVAL; /* Only TCP listens without having been bound: to any port. */
    r = uv__socket_open(stream, AF_INET, &none);
    if (r < 0)
      return r;
  }
  io = uv__stream_io(stream);
  r = io->ops->listen(io, backlog);
  if (r < 0)
    return r;
  stream->stream.phase = UV__LISTENING;
  stream->stream.u.connection_cb = cb;
  uv__handle_start((uv_handle_t*) stream);
  uv__loop_again(io);
  assert(uv__stream_valid(stream));
  return 0;
}

static uv_handle_type type_of(const struct uv__desc* desc) {
  return desc->kind == UV__DESC_TCP ? UV_TCP : UV_NAMED_PIPE;
}

/* A listener without a callback takes nobody by itself: somebody else may have it, too. The one that
 * uv_accept asks for is taken now. */
static int take_silently(uv_stream_t* server) {
  struct uv__io* io = uv__stream_io(server);
  int r;

  if (server->stream.kept.pending.kind != UV__DESC_NONE || server->stream.u.connection_cb != NULL)
    return 0;
  if (io->busy & UV__ACCEPT)
    return 0; /* Nobody was there; its ring tells when there is. */
  do
    r = io->ops->accept_now(io, &server->stream.kept.pending);
  while (r == UV_ECONNABORTED);
  uv__trace(io, UV__TRACE_COLLECT, UV__ACCEPT, r);
  if (r == UV_EAGAIN)
    io->busy |= UV__ACCEPT;
  return r;
}

int uv_accept(uv_stream_t* server, uv_stream_t* client) {
  struct uv__desc* desc;
  int r;

  if (server == NULL || client == NULL)
    return UV_EINVAL;
  desc = &server->stream.kept.pending;
  if (server->type == UV_NAMED_PIPE && server->stream.phase == UV__CONNECTED)
    desc = uv__arrival_oldest((uv_pipe_t*) server); /* A handle that was passed (I3). */
  else if (server->stream.phase != UV__LISTENING)
    return UV_EINVAL;
  else if ((r = take_silently(server)) < 0)
    return r;
  if (desc == NULL || desc->kind == UV__DESC_NONE)
    return UV_EAGAIN;
  if (client->loop != server->loop || client->type != type_of(desc) ||
      client->stream.phase == UV__CLOSING)
    return UV_EINVAL;
  if (client->stream.phase != UV__FRESH)
    return UV_EBUSY;
  r = desc->kind == UV__DESC_TCP ? uv__socket_open(client, AF_UNSPEC, desc)
                                 : uv__stream_open(client, AF_UNSPEC, desc);
  if (r < 0)
    return r;
  if (desc != &server->stream.kept.pending) {
    uv__arrival_claimed((uv_pipe_t*) server);
    return 0;
  }
  desc->kind = UV__DESC_NONE;
  uv__loop_again(uv__stream_io(server)); /* For the next connection. */
  assert(uv__stream_valid(server));
  return 0;
}

/* Errors that say nothing about the connection: it waits in the system until there is room. */
static int lacks_resources(int error) {
  return error == UV_EMFILE || error == UV_ENFILE || error == UV_ENOBUFS || error == UV_ENOMEM;
}

static void inform(uv_stream_t* server, int status) {
  uv__loop_told(server->loop, UV__TOLD_ARRIVAL);
  server->stream.u.connection_cb(server, status);
}

/* Reports a shortage once and tries again later; what waits is not lost (A4). */
static void starve(uv_stream_t* server, int error) {
  uv__loop_starve(uv__stream_io(server));
  if (server->flags & UV__STREAM_STARVED)
    return;
  server->flags |= UV__STREAM_STARVED;
  inform(server, error);
}

void uv__accept_turn(uv_stream_t* server) {
  struct uv__io* io = uv__stream_io(server);
  int rounds;

  for (rounds = 0; server->stream.phase == UV__LISTENING; rounds++) {
    int r;

    if (server->stream.kept.pending.kind != UV__DESC_NONE || (io->busy & UV__ACCEPT) ||
        server->stream.u.connection_cb == NULL)
      return; /* uv_accept, the ring, or uv_listen leads back here. */
    if (rounds == ACCEPT_ROUNDS) {
      uv__loop_again(io);
      return;
    }
    r = io->ops->accept_now(io, &server->stream.kept.pending);
    uv__trace(io, UV__TRACE_COLLECT, UV__ACCEPT, r);
    if (r == UV_EAGAIN) {
      io->busy |= UV__ACCEPT;
      server->flags &= ~(unsigned) UV__STREAM_STARVED;
      return;
    }
    if (lacks_resources(r)) {
      starve(server, r);
      return;
    }
    server->flags &= ~(unsigned) UV__STREAM_STARVED;
    if (r == UV_ECONNABORTED)
      continue; /* Its client gave it up before anybody asked for it (A4). */
    inform(server, r);
  }
}
