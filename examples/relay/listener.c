/* Opens what an endpoint listens with, in both families where its name has both. */
#include "listener.h"

#include <string.h>

#include "report.h"

#define BACKLOG 128

/* At the port of the first one, in the other family. */
static int bind_other(const struct endpoint* endpoint,
                      const union any_stream* first,
                      union any_stream* other) {
  union tcp_address address = endpoint->also;
  struct sockaddr_storage known;
  unsigned int flags = address.any.sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
  int length = sizeof(known);
  int err = uv_tcp_getsockname(&first->tcp, (struct sockaddr*) &known, &length);
  if (err < 0)
    return err;
  address.in4.sin_port = ((const struct sockaddr_in*) &known)->sin_port; /* same place in both */
  return uv_tcp_bind(&other->tcp, &address.any, flags);
}

static int open_other(struct listener* listener, uv_connection_cb cb) {
  const struct endpoint* endpoint = listener->endpoint;
  union any_stream* other = &listener->streams[1];
  int err;
  if (endpoint->also.any.sa_family == AF_UNSPEC)
    return 0;
  uv_tcp_init(listener->streams[0].stream.loop, &other->tcp);
  listener->open[1] = 1;
  err = bind_other(endpoint, &listener->streams[0], other);
  if (err == 0)
    err = uv_listen(&other->stream, BACKLOG, cb);
  if (err == 0)
    return 0;
  listener_close_one(listener, 1);
  /* Nobody asked for the port that the first one got, and no machine need have both families. */
  return strcmp(endpoint->service, "0") == 0 || err == UV_EADDRNOTAVAIL || err == UV_EAFNOSUPPORT
             ? 0
             : err;
}

int listener_open(struct listener* listener,
                  const struct endpoint* endpoint,
                  uv_loop_t* loop,
                  void* data,
                  uv_connection_cb cb) {
  int err;
  memset(listener, 0, sizeof(*listener));
  listener->endpoint = endpoint;
  err = endpoint_bind(endpoint, loop, &listener->streams[0]);
  listener->open[0] = 1;
  if (err == 0)
    err = uv_listen(&listener->streams[0].stream, BACKLOG, cb);
  if (err == 0)
    err = open_other(listener, cb);
  listener->streams[0].handle.data = data;
  listener->streams[1].handle.data = data;
  if (err < 0)
    listener_close(listener);
  return err;
}

int listener_join(struct listener* listener,
                  const struct endpoint* endpoint,
                  uv_stream_t* channel,
                  void* data) {
  int index = listener->open[0];
  int err;
  if (listener->open[LISTENER_STREAMS - 1])
    return UV_EPROTO;
  listener->endpoint = endpoint;
  err = endpoint_accept(endpoint, (union any_stream*) channel, &listener->streams[index]);
  listener->open[index] = 1;
  listener->streams[index].handle.data = data;
  return err;
}

int listener_listen(struct listener* listener, uv_connection_cb cb) {
  int err = 0;
  int i;
  for (i = 0; i < LISTENER_STREAMS && err == 0; i++)
    if (listener->open[i])
      err = uv_listen(&listener->streams[i].stream, BACKLOG, cb);
  return err;
}

int listener_name(const struct listener* listener, int index, char* name, size_t size) {
  return endpoint_local_name(listener->endpoint, &listener->streams[index], name, size);
}

int listener_announce(const struct listener* listener, char* name, size_t size) {
  char other[ENDPOINT_NAME];
  int err = listener_name(listener, 0, name, size);
  if (err < 0)
    return err;
  report(REPORT_NORMAL, "listening on %s", name);
  if (!listener->open[1])
    return 0;
  err = listener_name(listener, 1, other, sizeof(other));
  if (err == 0)
    report(REPORT_NORMAL, "listening on %s", other);
  return err;
}

int listener_index(const struct listener* listener, const uv_stream_t* stream) {
  return stream == &listener->streams[1].stream;
}

int listener_is_open(const struct listener* listener) {
  return listener->open[0] || listener->open[1];
}

void listener_close_one(struct listener* listener, int index) {
  if (listener->open[index])
    uv_close(&listener->streams[index].handle, NULL);
  listener->open[index] = 0;
}

void listener_close(struct listener* listener) {
  int i;
  for (i = 0; i < LISTENER_STREAMS; i++)
    listener_close_one(listener, i);
}
