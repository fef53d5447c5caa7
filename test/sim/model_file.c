/* Files that go through streams (X8), each as a write that has its bytes: where they come from, what ends
 * them, and what follows for the writes behind. What of them went is told as of any write. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

struct model_file {
  uvs_send_file_t req;
  uv_file number;
  char* content; /* more than what goes */
  int to_end;
  int end; /* of it all: 0, what reading behind the last byte is to say, or why a piece did not go */
  int has_met; /* and that it was */
  int stops;   /* it was taken back while a piece was in flight */
  size_t told; /* bytes that the core knows to have gone */
  size_t progressed;
  uint64_t progress_turn;
};

/* ---- Where it stands ---- */

static int is_complete(const struct model_write* w) {
  const struct model_file* f = w->file;

  return w->left == 0 && f->told == w->size && f->end == 0 && (!f->to_end || f->has_met);
}

int model_file_is_over(const struct model_write* w) {
  if (w->error != 0)
    return 1;
  return !w->flies && (w->cancelled || is_complete(w));
}

static int has_failed(const struct model_write* w) {
  return w->file->has_met && w->file->end < 0;
}

int model_file_fails(const struct model_handle* h) {
  const struct model_write* w = model_first_waiting(h);

  return w != NULL && w->file != NULL && has_failed(w);
}

static struct model_write* write_of(uv_file number) {
  int i;

  for (i = 0; i < model.count; i++) {
    struct model_write* w;

    for (w = model.handles[i].writes; w != NULL; w = w->next)
      if (w->file != NULL && w->file->number == number)
        return w;
  }
  sim_fail("X8: a file is read from that nobody sends");
  return NULL;
}

void model_file_ended(uv_file file, int result) {
  struct model_write* w = write_of(file);
  struct model_file* f = w->file;

  if (w->left > 0 || f->told < w->size || model_file_is_over(w) || f->has_met)
    sim_fail("X8: of handle %d a file is read on that is over, or not sent", w->handle->number);
  if (f->to_end && result == UV_EOF)
    result = 0;
  if (result != f->end)
    sim_fail("X8: of handle %d a file is read to its end, and that was not asked for",
             w->handle->number);
  f->has_met = 1;
}

/* A piece that cannot go ends its file in a turn, and what waits behind it with that; as its stream closes, or
 * is dropped, at once. */
int model_file_told(struct model_handle* h, ssize_t result) {
  struct model_write* w = h->telling;

  h->telling = NULL;
  if (w != NULL && result > 0) {
    w->flies = 0;
    w->file->told += (size_t) result;
    if (w->file->told != w->size - w->left)
      sim_fail("X8: of a file of handle %d another part went than is told", h->number);
    model_limit_begin(h, UVS_DEADLINE_WRITE);
    return 0;
  }
  w = model_first_waiting(h);
  if (w == NULL || w->file == NULL || result >= 0 || result == UV_EAGAIN)
    return 1;
  if (w->flies && (h->in_close || h->closing || h->state == STATE_DROPPED)) {
    w->error = w->cancelled && h->state != STATE_DROPPED ? (int) result : 0;
    return 1;
  }
  if (w->next != NULL)
    sim_mark(w->flies ? MARK_FILE_FAILS_LATER : MARK_FILE_WRITE_FAILS);
  w->flies = 0;
  w->cancelled = w->file->stops = 0; /* It failed first. */
  w->file->has_met = 1;
  w->file->end = (int) result;
  return 0;
}

/* ---- Callbacks ---- */

static int is_good(const struct model_handle* h, const struct model_write* w, int status) {
  const struct model_file* f = w->file;

  if (w->size == 0 && f->end == 0 &&
      (!f->to_end || f->has_met)) /* When it was over is not seen from here. */
    return status == 0 || status == w->error ||
           (status == UV_ECANCELED && (h->closing || w->cancelled)) ||
           (status == UV_ETIMEDOUT && h->state == STATE_DROPPED);
  if (status == 0)
    return w->error == 0 && is_complete(w) && (!w->cancelled || (f->stops && !f->to_end));
  if (status == w->error)
    return 1;
  if (sim_counts_lost && w->started &&
      ((w->lost != 0 && status == w->lost) || (h->closing && status == UV_ECANCELED) ||
       (w->left == 0 && status == UV_ECONNRESET)))
    return 1;
  if (h->state == STATE_DROPPED && status == UV_ETIMEDOUT)
    return !is_complete(w) && (!w->cancelled || f->stops);
  if (w->cancelled || (h->closing && status == UV_ECANCELED))
    return status == UV_ECANCELED && (w->cancelled || !is_complete(w));
  return f->has_met && status == f->end;
}

/* What was written behind one that failed goes with it (W6). */
static void fail_behind(struct model_handle* h, const struct model_write* w, int status) {
  struct model_write* next;

  if (w->next != NULL)
    sim_mark(MARK_FILE_FAILS_WITH_ALL);
  h->queued = 0;
  for (next = w->next; next != NULL; next = next->next)
    if ((next->file != NULL && !model_file_is_over(next)) ||
        ((next->left > 0 || next->size == 0) && !next->cancelled && next->error == 0))
      next->error = status;
}

static void mark_end(const struct model_write* w, int status) {
  const struct model_file* f = w->file;

  if (status == 0 && w->size > 0)
    sim_mark(f->to_end ? MARK_FILE_SENT_TO_END : MARK_FILE_SENT);
  if (status == UV_EOF)
    sim_mark(MARK_FILE_IS_SHORT);
  if (status == UV_EIO)
    sim_mark(MARK_FILE_IS_BAD);
  if (f->stops)
    sim_mark(status == 0 ? MARK_FILE_STOPS_TOO_LATE : MARK_FILE_STOPS);
}

static void on_file(uvs_send_file_t* req, int status) {
  struct model_write* w = req->data;
  struct model_file* f = w->file;
  struct model_handle* h = model_enter(w->handle->uv, "file_cb", EXPECT_ANY);
  size_t went = w->size - w->left;

  sim_trace("  status %d, sent %u of %u", status, (unsigned) req->sent, (unsigned) w->size);
  if (&f->req != req || req->handle != &h->uv->stream || req->type != UV_REQ)
    sim_fail("a file on its way lost its public fields");
  if (!is_good(h, w, status))
    sim_fail("X8: a file of handle %d (%u of %u bytes left, %d) ends with %d", h->number,
             (unsigned) w->left, (unsigned) w->size, f->end, status);
  if (sim_counts_lost && w->started && status < 0 ? req->sent > went : req->sent != went)
    sim_fail("X8: handle %d tells another part of a file than what went", h->number);
  mark_end(w, status);
  if (f->has_met && f->end < 0 && status == f->end && !h->closing && h->state != STATE_DROPPED)
    fail_behind(h, w, status);
  model_end_write(h, w, status);
  program_in_callback(h);
}

static void on_progress(uvs_send_file_t* req) {
  struct model_write* w = req->data;
  struct model_file* f = w->file;
  struct model_handle* h = model_enter(w->handle->uv, "progress_cb", EXPECT_ANY);

  sim_trace("  sent %u of %u", (unsigned) req->sent, (unsigned) w->size);
  if (h->closing || h->state != STATE_CONNECTED || model_first_waiting(h) != w)
    sim_fail("X8: handle %d tells of a file that is over, or has not begun", h->number);
  if (req->sent != f->told || req->sent <= f->progressed)
    sim_fail("X8: handle %d tells of %u bytes of a file, not %u", h->number, (unsigned) req->sent,
             (unsigned) f->told);
  if (f->progress_turn == h->loop->turns)
    sim_fail("X8: handle %d tells twice of a file in one turn", h->number);
  f->progressed = f->told;
  f->progress_turn = h->loop->turns;
  sim_mark(MARK_FILE_PROGRESS);
  program_in_callback(h);
}

/* ---- The calls ---- */

static size_t random_size(void) {
  if (sim_chance(20))
    return sim_below(10);
  if (sim_chance(4))
    return 60000 + sim_below(20000); /* More than is copied at once. */
  return sim_below(sim_chance(10) ? 20000 : 3000);
}

/* A file and what is asked of it: all, up to its end, more than there is, or more than can be read. Returns
 * the length. */
static uint64_t make(struct model_write* w, size_t before) {
  struct model_file* f = w->file;
  unsigned way = sim_below(100);
  size_t behind = way < 35 ? sim_below(20) : 0;

  f->to_end = way >= 35 && way < 70;
  f->end = way < 65 ? 0 : way < 85 && !f->to_end ? UV_EOF : UV_EIO;
  f->content = model_memory(before + w->size + behind);
  memcpy(f->content + before, w->bytes, w->size);
  f->number = sim_file_open(f->content, before + w->size + behind, f->end != 0 ? f->end : UV_EOF);
  f->progress_turn = UINT64_MAX;
  f->req.data = w;
  if (f->to_end)
    return UVS_TO_END;
  return f->end == 0 ? w->size : w->size + 1 + sim_below(100);
}

void model_file_free(struct model_write* w) {
  if (w->file->number >= 0)
    sim_file_close(w->file->number);
  free(w->file->content);
  memset(&w->file->req, 0xdb, sizeof(w->file->req));
  free(w->file);
}

static void take_away(struct model_handle* h, struct model_write* w) {
  struct model_write** at = &h->writes;

  while (*at != w)
    at = &(*at)->next;
  *at = NULL;
  model_file_free(w);
  free(w->bytes);
  free(w);
}

/* Of the room that it is copied with; elsewhere the system needs memory of its own. */
static int wants_no_memory(const struct model_handle* h) {
  return !sim_counts_lost && !h->blocking && model.budget > 0 && sim_chance(10);
}

static void after_send(struct model_handle* h, struct model_write* w, int no_memory) {
  if (no_memory && !sim_alloc_fail) {
    w->file->has_met = 1;
    w->file->end = UV_ENOMEM;
    sim_mark(MARK_FILE_NO_MEMORY);
  }
  if (!h->blocking || h->state != STATE_CONNECTED)
    return;
  if (model_first_waiting(h) != NULL && !model_file_fails(h))
    sim_fail("W8: a blocking file of handle %d returns before it is done", h->number);
  sim_mark(MARK_FILE_BLOCKING);
}

void model_send_file(struct model_handle* h) {
  struct model_write* w = model_write_new(h, random_size());
  int want = model_write_answer(h);
  int is_wrong = sim_chance(3);
  size_t before = sim_below(20);
  int no_memory = wants_no_memory(h);
  uint64_t length;
  int r;

  w->file = calloc(1, sizeof(*w->file));
  if (w->file == NULL)
    sim_fail("the test itself is out of memory");
  memset(&w->file->req, 0xa7, sizeof(w->file->req));
  length = make(w, before);
  if (want == 0 && (is_wrong || w->file->number < 0))
    want = UV_EINVAL;
  model_enter_call();
  if (want == 0 && !model_has_queue(h))
    model_limit_begin(h, UVS_DEADLINE_WRITE);
  model_append(h, w);
  sim_alloc_fail = no_memory;
  r = uvs_send_file(&w->file->req, &h->uv->stream, w->file->number,
                    is_wrong ? UINT64_MAX - 5 : before, length, sim_chance(40) ? on_progress : NULL,
                    on_file);
  if (r == 0)
    after_send(h, w, no_memory);
  sim_alloc_fail = 0;
  model_check(h, "send_file", r, want);
  sim_trace("  %u bytes from %u on, length %d, end %d", (unsigned) w->size, (unsigned) before,
            (int) length, w->file->end);
  if (r < 0)
    take_away(h, w);
  model_leave_call(h);
}

/* What is over cannot be cancelled; what begun over an IPC pipe neither. */
void model_file_cancel(struct model_handle* h, struct model_write* w) {
  struct model_file* f = w->file;
  int can = !h->closing && h->state != STATE_DROPPED && !model_file_is_over(w) && !has_failed(w);
  int good;
  int r;

  model_enter_call();
  r = uvs_send_file_cancel(&f->req);
  sim_trace("cancel of a file of handle %d, %u of %u left: %d", h->number, (unsigned) w->left,
            (unsigned) w->size, r);
  if (r == 0)
    good = can && (h->kind != KIND_IPC || f->told == 0);
  else if (r == UV_ENOTSUP)
    good = can && h->kind == KIND_IPC && f->told > 0;
  else
    good = r == UV_EBUSY && (!can || model_file_is_over(w) || has_failed(w));
  if (w->size == 0 && (r == UV_EBUSY || (r == 0 && !w->cancelled && !h->closing)))
    good = 1; /* When it was over is not seen from here. */
  if (!good)
    sim_fail("X8: cancel of a file of handle %d is %d", h->number, r);
  if (r == 0) {
    sim_mark(w->flies ? MARK_FILE_CANCEL_IN_FLIGHT : MARK_FILE_CANCEL);
    w->cancelled = 1;
    f->stops |= w->flies;
  } else if (r == UV_ENOTSUP) {
    sim_mark(MARK_FILE_CANCEL_IPC);
  }
  model_leave_call(h);
}

/* A piece is in flight for a short time only. */
void model_file_late(void) {
  int i;

  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];
    struct model_write* w = h->closing || h->writes == NULL ? NULL : model_first_waiting(h);

    if (w != NULL && w->file != NULL && w->flies && !w->cancelled &&
        sim_chance(w->file->to_end || w->left > 100 ? 15 : 70)) {
      model_file_cancel(h, w);
      return;
    }
  }
}
