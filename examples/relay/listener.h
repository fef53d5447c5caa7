/* What an endpoint listens with: one stream, and a second one where its name has addresses of both
 * families, as localhost has. */
#ifndef RELAY_LISTENER_H_
#define RELAY_LISTENER_H_

#include "endpoint.h"

#define LISTENER_STREAMS 2

struct listener {
  const struct endpoint* endpoint; /* the caller's */
  union any_stream streams[LISTENER_STREAMS];
  int open[LISTENER_STREAMS];
};

/* `cb` gets the stream that somebody has come to, whose data is `data`. 0 or a UV_E* code; then nothing is
 * open. */
int listener_open(struct listener* listener,
                  const struct endpoint* endpoint,
                  uv_loop_t* loop,
                  void* data,
                  uv_connection_cb cb);

/* The same with streams that come from another process: the next one that is to be accepted from `channel`,
 * as often as there is one; and then they listen. 0 or a UV_E* code; what is open stays so. */
int listener_join(struct listener* listener,
                  const struct endpoint* endpoint,
                  uv_stream_t* channel,
                  void* data);
int listener_listen(struct listener* listener, uv_connection_cb cb);

/* Say where it listens. `name` gets the first of its names. */
int listener_announce(const struct listener* listener, char* name, size_t size);

/* The name of one of its streams. */
int listener_name(const struct listener* listener, int index, char* name, size_t size);

/* Which of its streams that is. */
int listener_index(const struct listener* listener, const uv_stream_t* stream);

/* 1 as long as one of its streams is open. */
int listener_is_open(const struct listener* listener);

/* One of its streams, or all; those that are closed stay so. */
void listener_close_one(struct listener* listener, int index);
void listener_close(struct listener* listener);

#endif /* RELAY_LISTENER_H_ */
