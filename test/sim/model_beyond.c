/* What uvstream.h adds, as the program calls it and is called back: hang-ups (X5), reads as requests
 * (X3). */
#include <stdlib.h>
#include <string.h>

#include "model.h"

static void bury(uvs_hangup_t* hangup) {
  memset(hangup, 0xdb, sizeof(*hangup)); /* It is the program's again. */
  free(hangup);
}

static void on_hangup(uvs_hangup_t* hangup, int status) {
  struct model_handle* h = model_enter(hangup->stream, "hangup_cb", EXPECT_HANGUP);
  int is_dropped = h->state == STATE_DROPPED && (!h->closing || status == UV_ETIMEDOUT);
  int want = is_dropped ? UV_ETIMEDOUT : h->closing ? UV_ECANCELED : (int) model_expected.status;

  sim_trace("  status %d", status);
  if (h->hangup != hangup)
    sim_fail("X5: handle %d tells of a hang-up that nobody waits for", h->number);
  if (!h->closing && !is_dropped && model_expected.what != EXPECT_HANGUP)
    sim_fail("X5: handle %d tells of a hang-up for no reason", h->number);
  if (status != want)
    sim_fail("X5: handle %d is told %d, not %d", h->number, status, want);
  if (h->closing)
    sim_mark(MARK_HANGUP_CLOSED);
  else if (h->reading)
    sim_mark(MARK_HANGUP_WHILE_READING);
  model_expected.what = EXPECT_ANY;
  h->hangup = NULL;
  bury(hangup);
  program_in_callback(h);
}

void model_hung_up(struct uv__io* io, int result) {
  struct model_handle* h = model_handle_of_io(io);

  if (h->hangup == NULL || h->closing)
    sim_fail("X5: the system is asked for a hang-up of handle %d, and nobody waits", h->number);
  model_expect(h, EXPECT_HANGUP, model_noted(h, result));
}

static void stop(struct model_handle* h) {
  uvs_hangup_t* hangup = h->hangup;

  model_enter_call();
  sim_trace("hangup_stop handle %d", h->number);
  if (h->uv->stream.stream.io.rung & UV__HANGUP)
    sim_mark(MARK_HANGUP_STOP_AFTER_RING);
  uvs_hangup_stop(hangup);
  h->hangup = NULL;
  bury(hangup);
  model_leave_call(h);
}

void model_hangup_late(void) {
  int i;

  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];

    if (h->hangup != NULL && !h->closing && (h->uv->stream.stream.io.rung & UV__HANGUP) &&
        sim_chance(30)) {
      stop(h);
      return;
    }
  }
}

void model_hangup(struct model_handle* h) {
  uvs_hangup_t* hangup;
  int want = h->closing ? UV_EINVAL : h->state != STATE_CONNECTED ? UV_ENOTCONN : 0;
  int r;

  if (h->hangup != NULL && !h->closing && sim_chance(60)) {
    stop(h);
    return;
  }
  if (want == 0 && h->hangup != NULL)
    want = UV_EBUSY;
  hangup = model_memory(sizeof(*hangup));
  model_enter_call();
  r = uvs_hangup_start(hangup, &h->uv->stream, on_hangup);
  model_check(h, "hangup_start", r, want);
  if (r == 0)
    h->hangup = hangup;
  else
    bury(hangup);
  model_leave_call(h);
}

/* ---- Reads as requests ---- */

struct model_ask* model_asking(const struct model_handle* h) {
  struct model_ask* ask = h->asks;

  while (ask != NULL && (ask->cancelled || ask->ended != 0))
    ask = ask->next;
  return h->closing ? NULL : ask;
}

static char* next_place(const struct model_ask* ask, size_t* room) {
  size_t at = ask->taken;
  int i = 0;

  while (at >= ask->bufs[i].len)
    at -= ask->bufs[i++].len;
  *room = ask->bufs[i].len - at;
  return ask->bufs[i].base + at;
}

int model_may_read(struct uv__io* io, const char* base, size_t len) {
  const struct model_ask* ask = model_asking(model_handle_of_io(io));
  size_t room;

  return ask != NULL && next_place(ask, &room) == base && room == len;
}

void model_asked(struct model_handle* h, ssize_t result) {
  struct model_ask* ask = model_asking(h);
  size_t room;

  if (result > 0) {
    model_receive(h, next_place(ask, &room), (size_t) result);
    ask->taken += (size_t) result;
    if (ask->taken >= ask->min)
      model_expect(h, EXPECT_REQUEST, 0);
    return;
  }
  if (result == UV_ENOBUFS) {
    model_expect(h, EXPECT_REQUEST, result);
    return;
  }
  if (result == UV_EOF && !model_has_received_all(h))
    sim_fail("handle %d sees EOF, and bytes are missing", h->number);
  for (; result < 0 && ask != NULL; ask = ask->next)
    if (!ask->cancelled)
      ask->ended = result;
}

static void unlink_ask(struct model_handle* h, const struct model_ask* ask) {
  struct model_ask** at = &h->asks;

  while (*at != NULL && *at != ask)
    at = &(*at)->next;
  if (*at == NULL)
    sim_fail("X3, L2: handle %d calls back for a read that does not wait", h->number);
  *at = ask->next;
}

static void bury_ask(struct model_ask* ask) {
  memset(ask->bytes, 0xdb, ask->size); /* They are the program's again. */
  free(ask->bytes);
  memset(ask, 0xdb, sizeof(*ask));
  free(ask);
}

static void end_ask(struct model_handle* h, struct model_ask* ask, int status, int is_first) {
  const uvs_read_t* req = &ask->req;
  ssize_t want = ask->cancelled || (h->closing && ask->ended == 0) ? UV_ECANCELED
                 : ask->ended != 0                                 ? ask->ended
                                                                   : model_expected.status;

  sim_trace("  status %d, nread %u", status, (unsigned) req->nread);
  if (h->closing && status == UV_ECANCELED)
    want = status; /* Of those that had ended some heard of it, and then it was closed. */
  if (status != want || (want == 0 && model_expected.what != EXPECT_REQUEST))
    sim_fail("X3: a read of handle %d ends with %d, not %d", h->number, status, (int) want);
  if (!ask->cancelled && !h->closing && ask->ended == 0 && !is_first)
    sim_fail("X3: a read of handle %d overtakes another", h->number);
  if (req->nread != ask->taken)
    sim_fail("X3: a read of handle %d tells of %u bytes, not %u", h->number, (unsigned) req->nread,
             (unsigned) ask->taken);
  if (status < 0 && ask->taken > 0)
    sim_mark(MARK_ASK_ENDS_PARTLY);
  if (status == 0 && h->reading)
    sim_mark(MARK_ASK_WHILE_READING);
  model_expected.what = EXPECT_ANY;
  unlink_ask(h, ask);
  bury_ask(ask);
  model_check_pending(h);
  program_in_callback(h);
}

static void on_ask(uvs_read_t* req, int status) {
  struct model_ask* ask = req->data;
  struct model_handle* h = model_enter(req->handle, "callback of a request", EXPECT_REQUEST);
  int is_first = model_asking(h) == ask;

  if (status == UV_ETIMEDOUT && !ask->cancelled && ask->ended == 0) { /* X2 */
    model_limit_read(h);
    h->read_owes = 0;
    if (model_asking(h) != NULL)
      model_asked(h, UV_ETIMEDOUT);
  }
  end_ask(h, ask, status, is_first);
}

void model_ask(struct model_handle* h) {
  struct model_ask* ask = model_memory(sizeof(*ask));
  struct model_ask** at = &h->asks;
  unsigned size = 1 + sim_below(300);
  int want = h->closing                                     ? UV_EINVAL
             : h->state != STATE_CONNECTING && !h->readable ? UV_ENOTCONN
                                                            : 0;
  int r;

  ask->handle = h;
  ask->next = NULL;
  ask->bytes = model_memory(size);
  ask->size = size;
  ask->min = 1 + sim_below(size);
  ask->taken = 0;
  ask->cancelled = 0;
  ask->ended = 0;
  ask->req.data = ask;
  ask->bufs[1] = uv_buf_init(ask->bytes, sim_below(size));
  ask->bufs[0] = uv_buf_init(NULL, 0);
  ask->bufs[2] = uv_buf_init(ask->bytes + ask->bufs[1].len, size - (unsigned) ask->bufs[1].len);
  model_enter_call();
  r = uvs_read(&ask->req, &h->uv->stream, ask->bufs, 3, ask->min, on_ask);
  model_check(h, "read", r, want);
  if (r < 0) {
    bury_ask(ask);
  } else {
    h->stopped_in_alloc = 1;
    if (model_asking(h) == NULL)
      model_limit_begin(h, UVS_DEADLINE_READ);
    while (*at != NULL)
      at = &(*at)->next;
    *at = ask;
  }
  model_leave_call(h);
}

void model_ask_anew(struct model_handle* h) {
  struct model_ask* ask;

  if (h != model.inside_of || model.inside == NULL || strcmp(model.inside, "connect_cb") != 0)
    return;
  for (ask = h->asks; ask != NULL; ask = ask->next)
    ask->ended = 0;
}

/* Any of them. */
void model_ask_cancel(struct model_handle* h) {
  struct model_ask* ask = h->asks;

  while (ask != NULL && ask->next != NULL && sim_chance(60))
    ask = ask->next;
  if (ask == NULL)
    return;
  model_enter_call();
  model_check(h, "read_cancel", uvs_read_cancel(&ask->req),
              h->closing || ask->cancelled || h->state == STATE_DROPPED ? UV_EBUSY : 0);
  if (!h->closing && h->state != STATE_DROPPED)
    ask->cancelled = 1; /* Also one whose stream has ended, and whose turn has not come. */
  model_leave_call(h);
}
