/* What differs between TCP and pipes, for all benchmarks; see stream.h. */
#include "stream.h"

#include <string.h>

enum kind kind_argument(int argc, char** argv, int n) {
  const char* name = n < argc ? argv[n] : "";

  if (strcmp(name, "pipe") == 0)
    return PIPE;
  check(strcmp(name, "tcp") == 0 ? 0 : UV_EINVAL, "kind of stream");
  return TCP;
}

void stream_init(uv_loop_t* loop, union any_stream* stream, enum kind kind) {
  if (kind == TCP)
    check(uv_tcp_init(loop, &stream->tcp), "uv_tcp_init");
  else
    check(uv_pipe_init(loop, &stream->pipe, 0), "uv_pipe_init");
}

struct place stream_listen(uv_loop_t* loop,
                           union any_stream* server,
                           enum kind kind,
                           uv_connection_cb cb) {
  struct place place = {0};
  int len = sizeof(place.addr);

  place.kind = kind;
  stream_init(loop, server, kind);
  if (kind == TCP) {
    check(uv_ip4_addr("127.0.0.1", 0, &place.addr), "uv_ip4_addr");
    check(uv_tcp_bind(&server->tcp, (const struct sockaddr*) &place.addr, 0), "uv_tcp_bind");
  } else {
    bench_pipe_name(place.name);
    check(uv_pipe_bind(&server->pipe, place.name), "uv_pipe_bind");
  }
  check(uv_listen(&server->stream, 1024, cb), "uv_listen");
  if (kind == TCP)
    check(uv_tcp_getsockname(&server->tcp, (struct sockaddr*) &place.addr, &len),
          "uv_tcp_getsockname");
  return place;
}

void stream_accept(uv_stream_t* listener, union any_stream* stream) {
  stream_init(listener->loop, stream, listener->type == UV_TCP ? TCP : PIPE);
  check(uv_accept(listener, &stream->stream), "uv_accept");
  stream_nodelay(stream);
}

void stream_connect(uv_loop_t* loop,
                    uv_connect_t* req,
                    union any_stream* stream,
                    const struct place* place,
                    uv_connect_cb cb) {
  stream_init(loop, stream, place->kind);
  if (place->kind == TCP)
    check(uv_tcp_connect(req, &stream->tcp, (const struct sockaddr*) &place->addr, cb),
          "uv_tcp_connect");
  else
    uv_pipe_connect(req, &stream->pipe, place->name, cb);
}

void stream_nodelay(union any_stream* stream) {
  if (stream->stream.type == UV_TCP)
    check(uv_tcp_nodelay(&stream->tcp, 1), "uv_tcp_nodelay");
}
