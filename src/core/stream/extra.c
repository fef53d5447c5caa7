/* The list of what uvstream.h has put on a stream. What each of them does is known by who put it there. */
#include <assert.h>

#include "core/stream/stream.h"

struct uv__extra* uv__extra_find(const uv_stream_t* stream, enum uv__extra_kind kind) {
  struct uv__extra* extra = uv__extras(stream);

  while (extra != NULL && extra->ops->kind != kind)
    extra = extra->next;
  return extra;
}

void uv__extra_put(uv_stream_t* stream, struct uv__extra* extra, const struct uv__extra_ops* ops) {
  assert(stream->stream.phase != UV__LISTENING && uv__extra_find(stream, ops->kind) == NULL);
  extra->stream = stream;
  extra->ops = ops;
  extra->next = stream->stream.kept.extras;
  stream->stream.kept.extras = extra;
}

void uv__extra_take(struct uv__extra* extra) {
  struct uv__extra** at = &extra->stream->stream.kept.extras;

  while (*at != extra)
    at = &(*at)->next;
  *at = extra->next;
  extra->stream = NULL;
}

void uv__extra_turn(uv_stream_t* stream, unsigned rung) {
  struct uv__extra* extra = uv__extra_find(stream, UV__EXTRA_READS);

  if (extra != NULL)
    extra->ops->turn(extra, rung);
  extra = uv__extra_find(stream, UV__EXTRA_HANGUP);
  if (extra != NULL && stream->stream.phase == UV__CONNECTED)
    extra->ops->turn(extra, rung);
}

/* One by one, as a callback may take any of them away. Nearly all streams have none. */
void uv__extra_finish(uv_stream_t* stream, int status) {
  int kind;

  for (kind = 0; kind < UV__EXTRA_KINDS && uv__extras(stream) != NULL; kind++) {
    struct uv__extra* extra = uv__extra_find(stream, (enum uv__extra_kind) kind);

    if (extra != NULL)
      extra->ops->finish(extra, status);
  }
}

void uv__extra_tell_all(const uv_stream_t* stream, unsigned kinds) {
  struct uv__extra* extra;

  for (extra = uv__extras(stream); extra != NULL; extra = extra->next)
    if ((kinds & 1u << extra->ops->kind) && extra->ops->tell != NULL)
      extra->ops->tell(extra);
}
