/* What uvstream.h puts on streams that are there already: being told of a hang-up (hangup.c), limits of
 * time (deadline.c), and reads as requests (reads.c). It stands on the streams and is called by them
 * through loop->beyond alone (extra.c); nobody stands on it but the program, and who does not ask for it has
 * none of it linked. */
#ifndef UV__BEYOND_H_
#define UV__BEYOND_H_

#include "core/stream/stream.h"
#include "uvstream.h"

/* NULL: it does not want to know. */
struct uv__extra_ops {
  enum uv__extra_kind kind;
  /* In a turn of the stream, behind its reads. */
  void (*turn)(struct uv__extra* extra, unsigned rung);
  /* With UV__STREAM_ASKED: there may be something to read. */
  void (*read)(struct uv__extra* extra);
  /* What it waits for began, or got on. No callback of the program may run. */
  void (*tell)(struct uv__extra* extra);
  /* The stream has gone: it is on none from now on, and may tell why, which is `status`. */
  void (*finish)(struct uv__extra* extra, int status);
};

/* extra.c */
struct uv__extra* uv__extra_find(const uv_stream_t* stream, enum uv__extra_kind kind);
void uv__extra_put(uv_stream_t* stream, struct uv__extra* extra, const struct uv__extra_ops* ops);
void uv__extra_take(struct uv__extra* extra);

/* drop.c: its time is over: the descriptor goes now, and a TCP connection is reset. What waits ends, in the
 * stream's turn, with UV_ETIMEDOUT. Of one that connects or is connected, and not in a turn of it. */
void uv__stream_drop(uv_stream_t* stream);
void uv__drop_turn(uv_stream_t* stream, unsigned rung);

#endif /* UV__BEYOND_H_ */
