/* Writing, passing handles, and the end of it: each call predicted from the model. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
  MOST_BUFFERS = 600 /* more than the core gathers into one call */
};

int model_write_answer(const struct model_handle* h) {
  if (h->closing || h->state == STATE_FRESH)
    return UV_EBADF;
  if (h->state == STATE_CONNECTING)
    return h->shut ? UV_EPIPE : 0;
  return h->writable ? 0 : UV_EPIPE;
}

static size_t random_size(void) {
  switch (sim_below(4)) {
  case 0:
    return sim_below(10);
  case 1:
    return sim_below(100);
  default:
    return sim_below(sim_chance(10) ? 20000 : 1500);
  }
}

static void fill(char* bytes, size_t size) {
  uint64_t x = sim_below(1u << 30);
  size_t i;

  for (i = 0; i < size; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    bytes[i] = (char) (x >> 56);
  }
}

/* Cuts `size` bytes into buffers, some of them empty; returns their number, at least 1. */
static unsigned cut(char* bytes, size_t size, uv_buf_t* bufs) {
  unsigned most = sim_chance(60)   ? 1
                  : sim_chance(80) ? 1 + sim_below(16)
                                   : 1 + sim_below(MOST_BUFFERS);
  unsigned step = (unsigned) (size / most) * 2 + 1;
  unsigned count = 0;

  while (count + 1 < most) {
    unsigned n = sim_chance(15) ? 0 : sim_below(step + 1);
    if (n > size)
      n = (unsigned) size;
    bufs[count++] = uv_buf_init(n == 0 && sim_chance(50) ? NULL : bytes, n);
    bytes += n;
    size -= n;
  }
  bufs[count++] = uv_buf_init(bytes, (unsigned) size);
  return count;
}

void model_append(struct model_handle* h, struct model_write* w) {
  struct model_write** last = &h->writes;

  while (*last != NULL)
    last = &(*last)->next;
  *last = w;
}

static void unappend(struct model_handle* h, struct model_write* w) {
  struct model_write** last = &h->writes;

  while (*last != w)
    last = &(*last)->next;
  *last = NULL;
}

/* Whether `send` may go with `size` bytes (I1, I2). */
static int pass_answer(const struct model_handle* h, const struct model_handle* send, size_t size) {
  if (send == NULL)
    return 0;
  if (h->kind != KIND_IPC || send->loop != h->loop)
    return UV_EINVAL;
  if (send->closing)
    return UV_EBADF;
  if (send->state == STATE_FRESH || send->state == STATE_CONNECTING)
    return UV_EINVAL;
  if (send->state == STATE_DROPPED)
    return UV_EBADF;
  if (send->kind == KIND_TCP && send->state == STATE_OPEN && send->bind_error == 0 &&
      !sim_is_bound(sim_fd(&send->uv->stream.stream.io)))
    return UV_EINVAL;
  return size == 0 ? UV_EINVAL : 0;
}

static int identity(const struct model_handle* send) {
  return send == NULL ? 0 : sim_identity(sim_fd(&send->uv->stream.stream.io));
}

static void mark_passing(const struct model_handle* send) {
  if (send == NULL)
    return;
  if (send->state == STATE_CONNECTED)
    sim_mark(send->shut ? MARK_PASS_SHUT : MARK_PASS_CONNECTED);
  else
    sim_mark(send->bind_error != 0            ? MARK_PASS_MISSED
             : send->state == STATE_LISTENING ? MARK_PASS_LISTENING
                                              : MARK_PASS_BOUND);
}

static int sends(const struct model_write* w, const struct model_handle* send) {
  unsigned i;

  for (i = 0; i < w->send_count; i++)
    if (w->sends[i] == send)
      return 1;
  return 0;
}

void model_forsake(struct model_handle* send) {
  int passing = 0;
  int i;

  for (i = 0; i < model.count; i++) {
    struct model_write* w;

    for (w = model.handles[i].writes; w != NULL; w = w->next) {
      if (!sends(w, send) || w->passed || w->cancelled || w->error != 0)
        continue;
      passing = 1;
      if (w->send_count > 1)
        sim_mark(MARK_CLOSE_ONE_OF_SEVERAL);
      if (w->flies) {
        w->forsaken = 1;
        continue;
      }
      w->error = UV_EBADF; /* I4 */
      model.handles[i].queued -= w->left;
    }
  }
  if (passing)
    sim_mark(send->state == STATE_LISTENING ? MARK_CLOSE_PASSING_LISTENER
             : send->state == STATE_OPEN    ? MARK_CLOSE_PASSING_OPEN
                                            : MARK_CLOSE_PASSING);
}

struct model_write* model_write_new(struct model_handle* h, size_t size) {
  struct model_write* w = model_memory(sizeof(*w));

  memset(w, 0, sizeof(*w));
  memset(&w->req, 0xa7, sizeof(w->req)); /* The library must not count on zeros. */
  w->req.data = w;
  w->handle = h;
  w->size = size;
  w->left = size;
  w->outside = model.inside == NULL || model.inside_of != h;
  w->turn = h->loop->turns;
  w->bytes = model_memory(size);
  fill(w->bytes, size);
  return w;
}

struct model_write* model_first_waiting(const struct model_handle* h) {
  struct model_write* w = h->writes;

  while (w != NULL && (w->file != NULL ? model_file_is_over(w) : !model_waits(w)))
    w = w->next;
  return w;
}

/* Whether a write waits that the system has not taken wholly, as the core knows it. */
int model_has_queue(const struct model_handle* h) {
  const struct model_write* w = model_first_waiting(h);

  return h->queued > 0 || (w != NULL && w->file != NULL);
}

/* It may need memory in the call that writes behind it. */
static int has_file(const struct model_handle* h) {
  const struct model_write* w = h->writes;

  while (w != NULL && w->file == NULL)
    w = w->next;
  return w != NULL;
}

/* The same of all of them, each of which has to be another one (X7). */
static int pass_all_answer(const struct model_handle* h, const struct model_write* w) {
  unsigned i;
  int r = 0;

  for (i = 0; r == 0 && i < w->send_count; i++)
    r = pass_answer(h, w->sends[i], w->size);
  return r;
}

static int is_double(const struct model_write* w) {
  unsigned i;
  unsigned k;

  for (i = 0; i < w->send_count; i++)
    for (k = 0; k < i; k++)
      if (w->sends[i] == w->sends[k])
        return 1;
  return 0;
}

static int call_write(struct model_handle* h,
                      struct model_write* w,
                      const uv_buf_t* bufs,
                      unsigned nbufs) {
  uv_stream_t* streams[MODEL_TOGETHER];
  unsigned i;
  int r;

  if (w->send_count == 0)
    return uv_write(&w->req, &h->uv->stream, bufs, nbufs, model_on_write);
  if (w->send_count == 1)
    return uv_write2(&w->req, &h->uv->stream, bufs, nbufs, &w->sends[0]->uv->stream,
                     model_on_write);
  for (i = 0; i < w->send_count; i++)
    streams[i] = &w->sends[i]->uv->stream;
  r = uvs_write_handles(&w->req, &h->uv->stream, bufs, nbufs, streams, w->send_count,
                        model_on_write);
  memset(streams, 0xdb, sizeof(streams)); /* Nor is this one needed any more. */
  return r;
}

void model_write(struct model_handle* h, struct model_handle* send) {
  model_write_several(h, &send, send != NULL);
}

void model_write_several(struct model_handle* h,
                         struct model_handle* const* handles,
                         unsigned count) {
  uv_buf_t bufs[MOST_BUFFERS];
  struct model_write* w = model_write_new(h, random_size());
  int want = model_write_answer(h);
  int out_of_memory = sim_chance(10) && model.budget > 0 && !has_file(h);
  unsigned nbufs;
  unsigned i;
  int r;

  w->send_count = count;
  memcpy(w->sends, handles, count * sizeof(handles[0]));
  nbufs = cut(w->bytes, w->size, bufs);
  if (is_double(w))
    want = UV_EINVAL;
  if (want == 0)
    want = pass_all_answer(h, w);
  for (i = 0; want == 0 && i < count; i++) {
    w->send_ids[i] = identity(w->sends[i]);
    mark_passing(w->sends[i]);
  }

  model_enter_call();
  /* Before the call: a part of it may be taken inside. */
  if (!model_has_queue(h)) /* Those before, whose callbacks may be due, are with the system. */
    model_limit_begin(h, UVS_DEADLINE_WRITE);
  model_append(h, w);
  h->queued += w->size;
  sim_alloc_fail = out_of_memory;
  r = call_write(h, w, bufs, nbufs);
  if (want == 0 && out_of_memory && !sim_alloc_fail) {
    want = UV_ENOMEM;
    sim_mark(MARK_WRITE_NO_MEMORY);
  }
  sim_alloc_fail = 0;
  memset(bufs, 0xdb, sizeof(bufs)); /* The array may go at once (W2). */
  model_check(h, "write", r, want);
  sim_trace("  %u bytes in %u buffers", (unsigned) w->size, nbufs);
  if (r < 0) {
    unappend(h, w);
    h->queued -= w->size;
    free(w->bytes);
    free(w);
  } else if (h->blocking && h->state == STATE_CONNECTED && h->queued > 0 && !model_file_fails(h)) {
    sim_fail("W8: a blocking write of handle %d returns before it is done", h->number);
  }
  model_leave_call(h);
}

/* In blocking mode it is as a write that is over when the call returns. */
static void try_all(struct model_handle* h,
                    struct model_handle* send,
                    char* bytes,
                    size_t size,
                    uv_buf_t* bufs,
                    unsigned n) {
  struct model_write* w = calloc(1, sizeof(*w));
  size_t taken;
  int r;

  if (w == NULL)
    sim_fail("the test itself is out of memory");
  w->bytes = bytes;
  w->size = size;
  w->left = size;
  w->sends[0] = send;
  w->send_ids[0] = identity(send);
  w->send_count = send != NULL;
  model_enter_call();
  model_append(h, w);
  h->queued += size;
  r = uv_try_write2(&h->uv->stream, bufs, n, send == NULL ? NULL : &send->uv->stream);
  taken = size - w->left;
  sim_trace("try_write handle %d, all of %u bytes: %d", h->number, (unsigned) size, r);
  (void) model_noted(h, r);
  if (model_file_fails(h)) { /* On the way, so that nothing goes behind it. */
    sim_mark(MARK_TRY_BEHIND_FAILED_FILE);
    w->error = UV_EAGAIN;
    h->queued -= w->left;
  } else if (h->queued > 0 || (w->error == 0 && w->left > 0)) {
    sim_fail("W8: a blocking try of handle %d returns before it is done", h->number);
  }
  if (r != (taken > 0 ? (int) taken : w->error))
    sim_fail("W8: a blocking try of handle %d is %d", h->number, r);
  unappend(h, w);
  free(w);
  model_leave_call(h);
}

void model_try_write(struct model_handle* h, struct model_handle* send) {
  uv_buf_t bufs[MOST_BUFFERS];
  size_t size = random_size();
  char* bytes = model_memory(size);
  int want = model_write_answer(h);
  size_t taken;
  unsigned nbufs;
  int r;

  fill(bytes, size);
  nbufs = cut(bytes, size, bufs);
  if (want == 0)
    want = pass_answer(h, send, size);
  if (want == 0 && h->blocking && h->state == STATE_CONNECTED && !model_file_fails(h)) {
    try_all(h, send, bytes, size, bufs, nbufs);
    free(bytes);
    return;
  }
  model_enter_call();
  model_try_begin(h, bytes, size, want == 0 ? identity(send) : 0);
  r = uv_try_write2(&h->uv->stream, bufs, nbufs, send == NULL ? NULL : &send->uv->stream);
  taken = model_try_end();
  sim_trace("try_write handle %d, %u bytes: %d", h->number, (unsigned) size, r);
  (void) model_noted(h, r);
  if (want < 0 ? r != want : r > 0 ? (size_t) r != taken : taken > 0)
    sim_fail("W5, W7: try_write of handle %d is %d, not %d", h->number, r, want);
  if (r >= 0 && (model_has_queue(h) || h->state == STATE_CONNECTING))
    sim_fail("W7: try_write of handle %d overtakes what is queued", h->number);
  if (r == UV_EAGAIN && model_has_queue(h))
    sim_mark(MARK_TRY_BEHIND_QUEUE);
  if (r == 0 && size > 0)
    sim_fail("W7: try_write of handle %d is 0", h->number);
  free(bytes);
  model_leave_call(h);
}

static int waits(const struct model_write* w) {
  return w != NULL && model_waits(w);
}

void model_cancel(struct model_handle* h) {
  struct model_write* w = h->writes;
  struct model_write* before = NULL;
  unsigned skip = sim_below(4);
  int r;

  while (skip-- > 0 && w != NULL && w->next != NULL) {
    before = w;
    w = w->next;
  }
  if (w == NULL)
    return;
  if (w->file != NULL) {
    model_file_cancel(h, w);
    return;
  }
  model_enter_call();
  r = uv_cancel((uv_req_t*) &w->req);
  sim_trace("cancel handle %d, %u of %u left: %d", h->number, (unsigned) w->left,
            (unsigned) w->size, r);
  if (r == 0) {
    if ((w->size > 0 && w->left == 0) || w->cancelled || w->error != 0)
      sim_fail("W11: a write of handle %d is cancelled, and was over", h->number);
    if (h->kind == KIND_IPC && w->left < w->size)
      sim_fail("W11: a write of handle %d is cancelled, and its peer waits for the rest",
               h->number);
    if (w->size > 0 && waits(before) && waits(w->next))
      sim_mark(MARK_CANCEL_BETWEEN);
    w->cancelled = 1;
    h->queued -= w->left;
  } else if (r == UV_ENOTSUP && h->kind == KIND_IPC && waits(w) && w->left < w->size) {
    sim_mark(MARK_CANCEL_BEGUN_IPC);
  } else if (r != UV_EBUSY ||
             (waits(w) && !w->started && !h->closing && h->state != STATE_DROPPED)) {
    sim_fail("W11: cancel of a write of handle %d is %d", h->number, r);
  } else if (w->started && w->left == w->size && waits(w)) {
    sim_mark(MARK_CANCEL_IN_FLIGHT);
  }
  model_leave_call(h);
}

void model_shutdown(struct model_handle* h) {
  uv_shutdown_t* req = model_memory(sizeof(*req));
  int can = !h->closing && !h->shut && h->shutdown == NULL &&
            (h->state == STATE_CONNECTING || h->writable);
  int r;

  model_enter_call();
  r = uv_shutdown(req, &h->uv->stream, model_on_shutdown);
  model_check(h, "shutdown", r, can ? 0 : UV_ENOTCONN);
  if (r == 0) {
    if (model_has_queue(h))
      sim_mark(MARK_SHUTDOWN_WAITS_FOR_QUEUE);
    h->shutdown = req;
    model_limit_begin(h, UVS_DEADLINE_SHUTDOWN);
    h->shutdown_known = 0;
    h->shut = 1;
    h->writable = 0;
  } else {
    free(req);
  }
  model_leave_call(h);
}

void model_set_blocking(struct model_handle* h, int on) {
  int r;

  model_enter_call();
  r = uv_stream_set_blocking(&h->uv->stream, on);
  model_check(h, "set_blocking", r, h->closing ? UV_EINVAL : 0);
  if (r == 0)
    h->blocking = on;
  model_leave_call(h);
}
