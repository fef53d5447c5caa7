/* The list of what uvstream.h has put on a stream, and the table by which the rules of streams reach it. What
 * each of them does is known by who put it there. */
#include <assert.h>

#include "core/beyond/beyond.h"

struct uv__extra* uv__extra_find(const uv_stream_t* stream, enum uv__extra_kind kind) {
  struct uv__extra* extra = uv__extras(stream);

  while (extra != NULL && extra->ops->kind != kind)
    extra = extra->next;
  return extra;
}

void uv__extra_take(struct uv__extra* extra) {
  struct uv__extra** at = &extra->stream->stream.kept.extras;

  while (*at != extra)
    at = &(*at)->next;
  *at = extra->next;
  extra->stream = NULL;
}

static void take_turn(uv_stream_t* stream, unsigned rung) {
  struct uv__extra* extra = uv__extra_find(stream, UV__EXTRA_READS);

  if (extra != NULL)
    extra->ops->turn(extra, rung);
  extra = uv__extra_find(stream, UV__EXTRA_HANGUP);
  if (extra != NULL && stream->stream.phase == UV__CONNECTED)
    extra->ops->turn(extra, rung);
}

/* One by one, as a callback may take any of them away. Nearly all streams have none. */
static void finish_all(uv_stream_t* stream, int status) {
  int kind;

  for (kind = 0; kind < UV__EXTRA_KINDS && uv__extras(stream) != NULL; kind++) {
    struct uv__extra* extra = uv__extra_find(stream, (enum uv__extra_kind) kind);

    if (extra != NULL)
      extra->ops->finish(extra, status);
  }
}

static void tell_all(const uv_stream_t* stream, unsigned kinds) {
  struct uv__extra* extra;

  for (extra = uv__extras(stream); extra != NULL; extra = extra->next)
    if ((kinds & 1u << extra->ops->kind) && extra->ops->tell != NULL)
      extra->ops->tell(extra);
}

/* ---- Requests to read ---- */

/* One that was taken back may have bytes that come before those that are read now. */
static int read_for_request(uv_stream_t* stream) {
  struct uv__extra* reads = uv__extra_find(stream, UV__EXTRA_READS);

  if (reads != NULL)
    reads->ops->turn(reads, 0);
  reads = stream->flags & UV__STREAM_ASKED ? uv__extra_find(stream, UV__EXTRA_READS) : NULL;
  if (reads == NULL)
    return 0;
  reads->ops->read(reads);
  return 1;
}

/* One of the callbacks may get the stream another connection after a connect that failed, which is read
 * from, then. */
static int fail_reads(uv_stream_t* stream, ssize_t why) {
  int was_connected = stream->stream.phase == UV__CONNECTED;
  struct uv__extra* reads = uv__extra_find(stream, UV__EXTRA_READS);

  uv__read_note_end(stream, why);
  if (reads != NULL)
    reads->ops->finish(reads, (int) why);
  return stream->stream.phase != UV__CONNECTING &&
         (stream->stream.phase != UV__CONNECTED || was_connected);
}

/* ---- Writes ---- */

/* Whether nothing is left to write. Those that were taken back stay in their place until their turn; who
 * writes behind them looks at no more than these. */
static int is_through(const struct uv__queue* queue) {
  const struct uv__queue* link;

  for (link = queue->prev; link != queue; link = link->prev) {
    const uv_write_t* req = uv__container_of(link, uv_write_t, link);

    if (req->at < req->nbufs)
      return 0;
  }
  return 1;
}

static void note_write(const uv_stream_t* stream) {
  if (is_through(&stream->stream.write_queue))
    tell_all(stream, 1u << UV__EXTRA_WRITE_LIMIT);
}

/* ---- The table ---- */

static const struct uv__beyond beyond = {
    .tell = tell_all,
    .turn = take_turn,
    .read = read_for_request,
    .fail_reads = fail_reads,
    .write = note_write,
    .finish = finish_all,
    .drop_turn = uv__drop_turn,
};

void uv__extra_put(uv_stream_t* stream, struct uv__extra* extra, const struct uv__extra_ops* ops) {
  assert(stream->stream.phase != UV__LISTENING && uv__extra_find(stream, ops->kind) == NULL);
  stream->loop->beyond = &beyond;
  extra->stream = stream;
  extra->ops = ops;
  extra->next = stream->stream.kept.extras;
  stream->stream.kept.extras = extra;
}
