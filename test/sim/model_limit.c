/* Limits of time, as the program sets them and what follows when one is over (X2). That none comes early is
 * seen here; what it ends is told in the callbacks. */
#include <stdlib.h>
#include <string.h>

#include "core/stream/stream.h"
#include "model.h"

enum {
  MOST_LATE = 3 /* turns: the system is asked once more, before */
};

static int is_over(const struct model_handle* h, uvs_deadline_kind kind) {
  const struct model_limit* limit = &h->limits[kind];

  return limit->uv != NULL && uv_now(h->loop) - limit->since >= limit->ms;
}

void model_limit_begin(struct model_handle* h, uvs_deadline_kind kind) {
  h->limits[kind].since = uv_now(h->loop);
  h->limits[kind].late = 0; /* Each turn may bring bytes, and end when their time is over. */
}

void model_limit_connected(struct model_handle* h) {
  model_limit_begin(h, UVS_DEADLINE_READ);
  model_limit_begin(h, UVS_DEADLINE_WRITE);
  model_limit_begin(h, UVS_DEADLINE_SHUTDOWN);
}

static int is_waiting(const struct model_handle* h, uvs_deadline_kind kind) {
  if (kind == UVS_DEADLINE_CONNECT)
    return h->state == STATE_CONNECTING;
  if (h->state != STATE_CONNECTED)
    return 0;
  if (kind == UVS_DEADLINE_READ)
    return h->reading || model_asking(h) != NULL;
  return kind == UVS_DEADLINE_WRITE ? model_has_queue(h) : h->shutdown != NULL;
}

void model_limit_turned(struct model_handle* h) {
  int kind;

  for (kind = 0; kind < 4; kind++) {
    struct model_limit* limit = &h->limits[kind];

    if (h->closing || !is_waiting(h, (uvs_deadline_kind) kind) ||
        !is_over(h, (uvs_deadline_kind) kind))
      limit->late = 0;
    else if (++limit->late > MOST_LATE)
      sim_fail("X2: limit %d of handle %d is over, and nothing ends", kind, h->number);
  }
}

void model_limit_read(struct model_handle* h) {
  if (h->state == STATE_DROPPED || h->silent_turn == h->loop->turns + 1)
    return;
  if (!is_over(h, UVS_DEADLINE_READ))
    sim_fail("X2: reading of handle %d ends before its time", h->number);
  sim_mark(MARK_SILENCE);
  h->silent_turn = h->loop->turns + 1;
}

/* A close takes the deadlines with it, as a drop does when all have heard of it. */
void model_limit_off(struct model_handle* h) {
  int kind;

  for (kind = 0; kind < 4; kind++) {
    if (h->limits[kind].uv == NULL)
      continue;
    if (!h->closed)
      uvs_deadline_stop(h->limits[kind].uv);
    memset(h->limits[kind].uv, 0xdb, sizeof(uvs_deadline_t));
    free(h->limits[kind].uv);
    h->limits[kind].uv = NULL;
  }
}

void model_limit_look(struct model_handle* h) {
  if (h->state == STATE_DROPPED || h->closing || h->uv->stream.stream.phase != UV__DROPPED)
    return;
  if (!(h->state == STATE_CONNECTING && is_over(h, UVS_DEADLINE_CONNECT)) &&
      !(h->state == STATE_CONNECTED &&
        (is_over(h, UVS_DEADLINE_WRITE) || is_over(h, UVS_DEADLINE_SHUTDOWN))))
    sim_fail("X2: handle %d is dropped before its time", h->number);
  sim_mark(h->state == STATE_CONNECTING ? MARK_DROP_CONNECT
           : h->shutdown != NULL        ? MARK_DROP_SHUTDOWN
                                        : MARK_DROP_WRITE);
  model_forsake(h);
  if (model_asking(h) != NULL)
    model_asked(h, UV_ETIMEDOUT);
  h->state = STATE_DROPPED;
  h->readable = 0;
  h->writable = 0;
  h->pending_count = 0;
  h->bind_error = 0;
}

void model_limit(struct model_handle* h) {
  uvs_deadline_kind kind = (uvs_deadline_kind) sim_below(4);
  struct model_limit* limit = &h->limits[kind];
  uint64_t ms = 1 + sim_below(sim_chance(50) ? 5 : 60);
  int want = h->closing || h->state == STATE_LISTENING ? UV_EINVAL
             : h->state == STATE_DROPPED               ? UV_ENOTCONN
                                                       : 0;
  uvs_deadline_t* uv = limit->uv != NULL ? limit->uv : model_memory(sizeof(*uv));
  int r;

  if (h->closing && limit->uv != NULL)
    return;
  model_enter_call();
  if (limit->uv != NULL && want == 0 && sim_chance(40)) {
    sim_trace("deadline_stop handle %d, kind %d", h->number, (int) kind);
    uvs_deadline_stop(uv);
    r = UV_ECANCELED;
  } else {
    r = uvs_deadline_start(uv, &h->uv->stream, kind, ms);
    model_check(h, "deadline_start", r, want);
  }
  if (r == 0) {
    limit->uv = uv;
    limit->ms = ms;
    limit->since = uv_now(h->loop);
  } else if (limit->uv == NULL || r == UV_ECANCELED) {
    limit->uv = NULL;
    memset(uv, 0xdb, sizeof(*uv));
    free(uv);
  }
  model_leave_call(h);
}
