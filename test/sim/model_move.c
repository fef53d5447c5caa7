/* Streams that go from one loop to the other (X6): what may leave, what is then in a uvs_moving_t, and that
 * it goes on with that in another handle. That no byte is lost on the way is seen where they arrive: the
 * wires of model_wire.c go along. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
  MOST_MOVINGS = 24
};

/* What has left, or is about to. */
static struct model_moving {
  uvs_moving_t* uv;
  struct model_handle* from; /* that still has its callback to come */
  struct model_handle was;   /* as it was when it left */
  int has_failed;            /* to get into a loop */
} movings[MOST_MOVINGS];

static int count;

void model_moves_begin(void) {
  count = 0;
}

int model_movings(void) {
  return count;
}

static void bury(struct model_moving* m) {
  memset(m->uv, 0xdb, sizeof(*m->uv)); /* It is the program's again. */
  free(m->uv);
  *m = movings[--count];
}

/* ---- Away ---- */

static struct model_moving* moving_of(const uvs_moving_t* uv) {
  int i = 0;

  while (i < count && movings[i].uv != uv)
    i++;
  if (i == count)
    sim_fail("X6: something has left that was not to");
  return &movings[i];
}

/* From its callback on it may lie anywhere. */
static void move_memory(struct model_moving* m) {
  uvs_moving_t* uv = model_memory(sizeof(*uv));

  *uv = *m->uv;
  memset(m->uv, 0xdb, sizeof(*m->uv));
  free(m->uv);
  m->uv = uv;
}

static void on_left(uvs_moving_t* uv, uv_stream_t* stream) {
  struct model_moving* m = moving_of(uv);
  struct model_handle* h = model_enter(stream, "moving_cb", EXPECT_ANY);

  if (m->from != h || !h->closing || uv->data != h)
    sim_fail("X6: handle %d leaves, and was not asked to", h->number);
  if (uv->type != (model_is_pipe(h) ? UV_NAMED_PIPE : UV_TCP) ||
      (model_is_pipe(h) && !uv->ipc != (h->kind != KIND_IPC)))
    sim_fail("X6: what left handle %d is no stream of its kind", h->number);
  m->from = NULL;
  model.progress++;
  model_end_handle(h);
  move_memory(m);
  program_in_callback(h);
}

/* What uvs_detach must say, where the port agrees. */
static int detach_answer(const struct model_handle* h) {
  int kind;

  if (h->closing)
    return UV_EINVAL;
  if (h->state == STATE_CONNECTING)
    return UV_EBUSY;
  if (h->state != STATE_CONNECTED)
    return UV_ENOTCONN;
  for (kind = 0; kind < 4; kind++)
    if (h->limits[kind].uv != NULL)
      return UV_EBUSY;
  if (h->writes != NULL || h->shutdown != NULL || h->asks != NULL || h->hangup != NULL ||
      h->uv->stream.stream.passing > 0)
    return UV_EBUSY;
  return 0;
}

static void mark_detach(const struct model_handle* h, unsigned busy, unsigned rung) {
  if (h->uv->stream.stream.io.busy & UV__CLOSED)
    sim_mark(MARK_DETACH_PENDING);
  if (busy & UV__READ)
    sim_mark(rung & UV__READ ? MARK_DETACH_READ_RUNG : MARK_DETACH_READ);
  if (busy & UV__HANGUP)
    sim_mark(MARK_DETACH_HANGUP);
  if (h->pending_count > 0)
    sim_mark(MARK_DETACH_ARRIVALS);
  if (!h->readable)
    sim_mark(MARK_DETACH_ENDED);
  if (h->shut)
    sim_mark(MARK_DETACH_SHUT);
  if (h == model.inside_of && model.inside != NULL && strcmp(model.inside, "alloc_cb") == 0)
    sim_mark(MARK_DETACH_IN_ALLOC_CB);
  if (h == model.inside_of && model.inside != NULL && strcmp(model.inside, "read_cb") == 0)
    sim_mark(MARK_DETACH_IN_READ_CB);
}

static void leaves(struct model_handle* h, uvs_moving_t* uv) {
  struct model_moving* m = &movings[count++];

  m->uv = uv;
  m->from = h;
  m->was = *h;
  m->has_failed = 0;
  h->leaving = 1;
  h->closing = 1;
  h->reading = 0;
  h->read_fails = 0;
  h->read_owes = 0;
  h->stopped_in_alloc = 1;
  h->pending_count = 0;
}

void model_detach(struct model_handle* h) {
  const struct uv__io* io = &h->uv->stream.stream.io;
  int want = detach_answer(h);
  unsigned busy = io->busy;
  unsigned rung = io->rung;
  uvs_moving_t* uv;
  int r;

  if (count == MOST_MOVINGS)
    return;
  uv = model_memory(sizeof(*uv));
  uv->data = h;
  model_enter_call();
  r = uvs_detach(&h->uv->stream, uv, on_left);
  if (want == 0 && model_port_error() != 0) {
    want = model_port_error();
    sim_mark(MARK_DETACH_REFUSED);
  }
  model_check(h, "detach", r, want);
  if (r == 0) {
    mark_detach(h, busy, rung);
    leaves(h, uv);
  } else {
    free(uv);
  }
  model_leave_call(h);
}

/* What has rung and had no turn, and what nobody asks for any more, is there for a short time only. */
static unsigned how_rare(const struct model_handle* h) {
  const struct uv__io* io = &h->uv->stream.stream.io;

  return io->busy & UV__HANGUP ? 70 : (io->rung & UV__READ) || h->pending_count > 0 ? 20 : 0;
}

void model_detach_late(void) {
  int i;

  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];

    if (!h->closing && model_is_stream(h) && h->state == STATE_CONNECTED && detach_answer(h) == 0 &&
        how_rare(h) > 0 && sim_chance(how_rare(h))) {
      model_detach(h);
      return;
    }
  }
}

/* ---- There ---- */

static int attach_answer(const struct model_handle* h, const struct model_moving* m) {
  if (m->from != NULL || h->closing || h->kind != m->was.kind)
    return UV_EINVAL;
  return h->state != STATE_FRESH ? UV_EBUSY : 0;
}

static void mark_attach(const struct model_handle* h, const struct model_moving* m) {
  sim_mark(h->loop != m->was.loop ? MARK_MOVED : MARK_MOVED_BACK);
  if (model_is_unread(h))
    sim_mark(MARK_MOVED_UNREAD);
  if (m->has_failed)
    sim_mark(MARK_ATTACH_AGAIN);
}

/* The handle is what the other one was. What it was asked before holds, too. */
static void becomes(struct model_handle* h, const struct model_handle* was) {
  if (h->out != was->out || h->in != was->in)
    sim_fail("X6: handle %d gets another connection than handle %d had", h->number, was->number);
  h->state = STATE_CONNECTED;
  h->read_fails = 0; /* A reading that waited for a connection has this one. */
  model_ask_anew(h);
  model_limit_connected(h);
  h->readable = was->readable;
  h->writable = was->writable;
  h->cut = was->cut;
  h->shut = was->shut;
  h->blocking |= was->blocking;
  memcpy(h->pending, was->pending, sizeof(h->pending));
  h->pending_count = was->pending_count;
}

static void attach(struct model_handle* h, struct model_moving* m) {
  int want = attach_answer(h, m);
  int r;

  model_enter_call();
  r = uvs_attach(&h->uv->stream, m->uv);
  model_check(h, "attach", r, want != 0 ? want : model_port_or(0));
  if (m->from != NULL)
    sim_mark(MARK_ATTACH_EARLY);
  m->has_failed |= want == 0 && r < 0;
  if (r == 0) {
    becomes(h, &m->was);
    mark_attach(h, m);
    if (m->uv->type != UV_UNKNOWN_HANDLE)
      sim_fail("X6: handle %d has what moved, and it is not gone", h->number);
    bury(m);
  }
  model_leave_call(h);
  if (r == 0)
    model_check_pending(h);
}

static struct model_moving* any_moving(void) {
  return &movings[sim_below((unsigned) count)];
}

void model_attach(struct model_handle* h) {
  if (count > 0)
    attach(h, any_moving());
}

struct model_handle* model_attach_new(uv_loop_t* loop) {
  struct model_moving* m = any_moving();
  struct model_handle* h;

  if (m->from != NULL && sim_chance(80))
    return NULL;
  h = model_new(m->was.kind, loop);
  if (h == NULL)
    return NULL;
  attach(h, m);
  return h;
}

/* ---- Nowhere ---- */

void model_drop_moving(void) {
  struct model_moving* m;

  if (count == 0)
    return;
  m = any_moving();
  model_enter_call();
  sim_trace("moving_drop of what was handle %d", m->was.number);
  uvs_moving_drop(m->uv);
  if (m->from == NULL) {
    sim_mark(m->was.pending_count > 0 ? MARK_DROP_ARRIVALS : MARK_DROP_MOVING);
    if (m->uv->type != UV_UNKNOWN_HANDLE)
      sim_fail("X6: what was dropped is not gone");
    uvs_moving_drop(m->uv); /* Where nothing is in it nothing is done. */
    bury(m);
  }
  model_leave_call(NULL);
}
