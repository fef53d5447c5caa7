/* Limits of time for what a stream waits for (rule X2). A limit is an alarm among the timers of its loop,
 * and is moved only when it rings: what begins or gets on does no more than note the time. */
#include <assert.h>

#include "core/beyond/beyond.h"

static uvs_deadline_t* deadline_of(struct uv__extra* extra) {
  return uv__container_of(extra, uvs_deadline_t, extra);
}

/* Whether there is something that could take too long. */
static int is_waiting(const uvs_deadline_t* deadline) {
  const uv_stream_t* stream = deadline->extra.stream;
  int is_connected = stream->stream.phase == UV__CONNECTED;

  switch (deadline->extra.ops->kind) {
  case UV__EXTRA_CONNECT_LIMIT:
    return stream->stream.phase == UV__CONNECTING;
  case UV__EXTRA_READ_LIMIT:
    return is_connected && (stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED)) != 0;
  case UV__EXTRA_WRITE_LIMIT:
    return is_connected && !uv__queue_empty(&stream->stream.write_queue);
  default:
    return is_connected && stream->stream.shutdown_req != NULL;
  }
}

/* Loops may be told of a time that does not come. */
static uint64_t due(const uvs_deadline_t* deadline) {
  return deadline->timeout_ms < UINT64_MAX - deadline->since
             ? deadline->since + deadline->timeout_ms
             : UINT64_MAX - 1;
}

static void arm(uvs_deadline_t* deadline, uint64_t when) {
  deadline->is_set = 1;
  uv__alarm_set(deadline->stream->loop, &deadline->alarm, when);
}

static void disarm(uvs_deadline_t* deadline) {
  if (deadline->is_set)
    uv__alarm_unset(deadline->stream->loop, &deadline->alarm);
  deadline->is_set = 0;
}

/* The time counts from here. */
static void begin(uvs_deadline_t* deadline) {
  deadline->since = deadline->stream->loop->time;
  deadline->is_over = 0;
  if (!deadline->is_set)
    arm(deadline, due(deadline));
}

/* The stream stays what it is; what comes after all waits for the next reader. */
static void end_reading(uv_stream_t* stream) {
  struct uv__extra* reads = uv__extra_find(stream, UV__EXTRA_READS);
  uv_buf_t none = uv_buf_init(NULL, 0);
  uv_read_cb read_cb;

  if (reads != NULL)
    reads->ops->finish(reads, UV_ETIMEDOUT);
  if (stream->flags & UV__STREAM_ASKED) /* In those callbacks, before all had heard. */
    uv__extra_tell(stream, 1u << UV__EXTRA_READ_LIMIT);
  if (!(stream->flags & UV__STREAM_READING))
    return;
  read_cb = stream->read_cb;
  (void) uv_read_stop(stream);
  uv__loop_told(stream->loop, UV__TOLD_ARRIVAL);
  read_cb(stream, UV_ETIMEDOUT, &none);
}

/* What is there by now counts, also where the loop could not look for it in time: it is over when the
 * system has been asked once more. */
static void ring(struct uv__alarm* alarm) {
  uvs_deadline_t* deadline = uv__container_of(alarm, uvs_deadline_t, alarm);
  uv_stream_t* stream = deadline->stream;

  disarm(deadline);
  if (!is_waiting(deadline))
    return;
  if (due(deadline) > stream->loop->time) {
    arm(deadline, due(deadline));
  } else if (!deadline->is_over || deadline->turn == stream->loop->turns) {
    if (!deadline->is_over)
      deadline->turn = stream->loop->turns;
    deadline->is_over = 1;
    arm(deadline, stream->loop->time);
  } else if (deadline->extra.ops->kind == UV__EXTRA_READ_LIMIT) {
    end_reading(stream);
  } else {
    uv__stream_drop(stream);
  }
}

static void begin_anew(struct uv__extra* extra) {
  begin(deadline_of(extra));
}

static void finish(struct uv__extra* extra, int status) {
  (void) status;
  disarm(deadline_of(extra));
  uv__extra_take(extra);
}

#define LIMIT_OPS(which) \
  { .kind = which, .tell = begin_anew, .finish = finish }

static const struct uv__extra_ops ops_of[] = {
    [UVS_DEADLINE_CONNECT] = LIMIT_OPS(UV__EXTRA_CONNECT_LIMIT),
    [UVS_DEADLINE_READ] = LIMIT_OPS(UV__EXTRA_READ_LIMIT),
    [UVS_DEADLINE_WRITE] = LIMIT_OPS(UV__EXTRA_WRITE_LIMIT),
    [UVS_DEADLINE_SHUTDOWN] = LIMIT_OPS(UV__EXTRA_SHUTDOWN_LIMIT),
};

/* Whether it is on the stream, of whatever kind. Before its first start nothing of it may be read. */
static int is_on(const uv_stream_t* stream, const uvs_deadline_t* deadline) {
  const struct uv__extra* extra = uv__extras(stream);

  while (extra != NULL && extra != &deadline->extra)
    extra = extra->next;
  return extra != NULL;
}

/* Why it cannot be put on a stream, or 0. */
static int refuse(const uv_stream_t* stream, uvs_deadline_kind kind) {
  if (uv__handle_is_closing(stream) || stream->stream.phase == UV__LISTENING)
    return UV_EINVAL;
  if (stream->stream.phase == UV__DROPPED)
    return UV_ENOTCONN;
  /* A terminal is not the stream's alone to give up. */
  return stream->type == UV_TTY && kind != UVS_DEADLINE_READ ? UV_ENOTSUP : 0;
}

int uvs_deadline_start(uvs_deadline_t* deadline,
                       uv_stream_t* stream,
                       uvs_deadline_kind kind,
                       uint64_t timeout_ms) {
  struct uv__extra* other;
  int r;

  if (deadline == NULL || stream == NULL || !uv__handle_is_stream((uv_handle_t*) stream) ||
      (unsigned) kind >= sizeof(ops_of) / sizeof(ops_of[0]) || timeout_ms == 0)
    return UV_EINVAL;
  r = refuse(stream, kind);
  if (r < 0)
    return r;
  other = uv__extra_find(stream, ops_of[kind].kind);
  if (other != NULL ? other != &deadline->extra : is_on(stream, deadline))
    return UV_EBUSY;
  if (other != NULL) {
    disarm(deadline);
  } else {
    deadline->stream = stream;
    deadline->kind = kind;
    deadline->is_set = 0;
    deadline->alarm.ring = ring;
    uv__extra_put(stream, &deadline->extra, &ops_of[kind]);
  }
  deadline->timeout_ms = timeout_ms;
  if (is_waiting(deadline))
    begin(deadline);
  assert(uv__stream_valid(stream));
  return 0;
}

void uvs_deadline_stop(uvs_deadline_t* deadline) {
  if (deadline->extra.stream != NULL)
    finish(&deadline->extra, 0);
}
