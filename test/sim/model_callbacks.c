/* The callbacks: each one compared with what must come next. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

static void enter_any(const char* name) {
  model.activity++;
  model_check_valid();
  model.callback = name;
}

void model_enter_callback(const char* name) {
  enter_any(name);
  if (model.in_call)
    sim_fail("L1: %s inside a call", name);
  if (model_expected.what != EXPECT_ANY || model_buffer.handle != NULL)
    sim_fail("%s, where handle %d owes a callback", name,
             model_buffer.handle != NULL ? model_buffer.handle->number
                                         : model_expected.handle->number);
}

struct model_handle* model_enter(const void* uv, const char* name, enum expectation what) {
  struct model_handle* h = model_handle_of(uv);

  enter_any(name);
  sim_trace("%s handle %d", name, h->number);
  if (model.in_call)
    sim_fail("L1: %s of handle %d inside a call", name, h->number);
  if (h->closed)
    sim_fail("L4: %s of handle %d after its close_cb", name, h->number);
  if (model_expected.what != EXPECT_ANY &&
      (model_expected.what != what || model_expected.handle != h))
    sim_fail("%s of handle %d, where handle %d owes a %s", name, h->number,
             model_expected.handle->number,
             model_expected.what == EXPECT_READ         ? "read_cb"
             : model_expected.what == EXPECT_CONNECTION ? "connection_cb"
             : model_expected.what == EXPECT_REQUEST    ? "callback of a request to read"
                                                        : "hangup_cb");
  if (model_buffer.handle != NULL && (what != EXPECT_READ || model_buffer.handle != h))
    sim_fail("R2: %s of handle %d while handle %d owes its buffer", name, h->number,
             model_buffer.handle->number);
  return h;
}

void model_on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct model_handle* h = model_enter(handle, "alloc_cb", EXPECT_ANY);

  if (!h->reading)
    sim_fail("R5: alloc_cb of handle %d, which does not read", h->number);
  if (suggested_size == 0)
    sim_fail("alloc_cb is asked for nothing");
  h->stopped_in_alloc = 0;
  if (!model.draining)
    program_in_callback(h);
  if (!model.draining && sim_chance(10)) {
    if (sim_chance(50)) {
      buf->base = NULL;
      buf->len = sim_below(10);
    } else {
      buf->len = 0;
    }
    if (h->reading)
      model_expect(h, EXPECT_READ, UV_ENOBUFS); /* R3 */
    return;
  }
  model_buffer.len = h->stingy || sim_chance(50) ? 1 + sim_below(16) : 1 + sim_below(4096);
  model_buffer.base = malloc(model_buffer.len);
  if (model_buffer.base == NULL)
    sim_fail("the test itself is out of memory");
  model_buffer.handle = h;
  *buf = uv_buf_init(model_buffer.base, (unsigned) model_buffer.len);
  sim_offer(model_buffer.base, model_buffer.len);
}

void model_on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct model_handle* h = model_enter(stream, "read_cb", EXPECT_READ);

  sim_trace("  nread %d", (int) nread);
  if (model_expected.what == EXPECT_READ) {
    if (model_expected.status != nread)
      sim_fail("R4: handle %d is told %d, not %d", h->number, (int) nread,
               (int) model_expected.status);
  } else if (nread == UV_ETIMEDOUT && h->reading) { /* X2 */
    model_limit_read(h);
    h->reading = 0;
    h->read_owes = 0;
  } else if (h->read_owes != 0 && nread == h->read_owes && model_asking(h) == NULL) { /* X3 */
    h->reading = 0;
    h->read_owes = 0;
  } else if (h->read_fails && nread == UV_ECANCELED) { /* With the connect (W4). */
    h->reading = 0;
    h->read_fails = 0;
  } else if (model_buffer.handle != h || nread != 0 || !h->stopped_in_alloc) {
    sim_fail("R5: read_cb of handle %d for no reason", h->number);
  } else {
    sim_mark(MARK_STOP_IN_ALLOC);
  }
  model_expected.what = EXPECT_ANY;
  if (model_buffer.handle == h) {
    if (buf->base != model_buffer.base || buf->len != model_buffer.len)
      sim_fail("R2: handle %d gives back another buffer", h->number);
    if (nread > 0)
      model_receive(h, buf->base, (size_t) nread);
    free(model_buffer.base);
    model_buffer.handle = NULL;
    sim_offer(NULL, 0);
  } else if (nread >= 0) {
    sim_fail("R2: handle %d gives back a buffer that is not out", h->number);
  }
  if (nread == UV_EOF && !model_has_received_all(h))
    sim_fail("handle %d sees EOF, and bytes are missing", h->number);
  model_check_pending(h);
  program_in_callback(h);
}

static void check_write_status(const struct model_handle* h,
                               const struct model_write* w,
                               int status) {
  int want;

  if (w->cancelled)
    want = UV_ECANCELED;
  else if (w->forsaken && !w->passed && status == UV_EBADF)
    want = status; /* That it had not begun is not seen from here. */
  else if (h->state == STATE_DROPPED && w->error == 0 && (w->left > 0 || w->size == 0))
    want = h->closing && status == UV_ECANCELED ? status
           : w->size > 0 || status != 0         ? UV_ETIMEDOUT
                                                : 0;
  else if (w->send_count > 0 && w->error == UV_EBADF &&
           ((h->closing && status == UV_ECANCELED) ||
            (h->state == STATE_DROPPED && status == UV_ETIMEDOUT)))
    want = status;       /* Its handle closed when all of the stream was cancelled already. */
  else if (w->size == 0) /* When it was over is not seen from here. */
    want = status == w->error || (h->closing && status == UV_ECANCELED) ? status : 0;
  else if (sim_counts_lost && w->started &&
           ((h->closing && status == UV_ECANCELED) ||
            (h->state == STATE_DROPPED && status == UV_ETIMEDOUT) ||
            (w->left == 0 && status == UV_ECONNRESET)))
    want = status;
  else if (sim_counts_lost && w->lost != 0 && status == w->lost)
    want = status;
  else if (w->left == 0)
    want = 0;
  else if (w->error != 0)
    want = w->error;
  else if (h->closing)
    want = UV_ECANCELED;
  else
    want = 0; /* And all bytes taken. */
  if (status != want || (status == 0 && w->left > 0))
    sim_fail("W1, W6, L5: a write of handle %d (%u of %u bytes left) ended with %d, not %d",
             h->number, (unsigned) w->left, (unsigned) w->size, status, want);
}

void model_end_write(struct model_handle* h, struct model_write* w, int status) {
  if (h->writes != w)
    sim_fail("W1, L2: handle %d calls back for a write out of turn", h->number);
  if (h->connect != NULL && w->error == 0 && !w->cancelled)
    sim_fail("L5: write_cb of handle %d before its connect_cb", h->number);
  if (w->outside && w->turn == h->loop->turns && !h->closing)
    sim_fail("W1: write_cb of handle %d in the turn in which another wrote", h->number);
  if (h->shutdown != NULL && !h->closing && h->queued == 0 && h->writes->next != NULL)
    sim_mark(MARK_SHUTDOWN_WAITS_FOR_CALLBACKS);
  model_check_size(h);
  h->writes = w->next;
  if (w->forsaken && !w->passed && status == UV_EBADF && w->error == 0 && !w->cancelled) {
    sim_mark(MARK_FORSAKEN_IN_FLIGHT);
    h->queued -= w->left;
  } else if ((h->closing || h->state == STATE_DROPPED) && !w->cancelled && w->error == 0 &&
             w->file == NULL) {
    h->queued -= w->left;
  }
  if (w->file != NULL)
    model_file_free(w);
  memset(w->bytes, 0xdb, w->size);
  free(w->bytes);
  memset(w, 0xdb, sizeof(*w)); /* The request is the program's again (W2). */
  free(w);
  if (h->writes == NULL && h->closing && uv_stream_get_write_queue_size(&h->uv->stream) != 0)
    sim_fail("W3: write_queue_size of handle %d is not 0 after the last callback", h->number);
}

void model_on_write(uv_write_t* req, int status) {
  struct model_write* w = req->data;
  struct model_handle* h = model_enter(w->handle->uv, "write_cb", EXPECT_ANY);
  size_t went = w->size - w->left;

  sim_trace("  status %d", status);
  if (req->handle != &h->uv->stream || req->type != UV_WRITE)
    sim_fail("a write request lost its public fields");
  check_write_status(h, w, status);
  if (sim_counts_lost && w->started && status < 0 ? uv_write_nwritten(req) > went
                                                  : uv_write_nwritten(req) != went)
    sim_fail("W11: handle %d tells another part of a write than what went", h->number);
  model_end_write(h, w, status);
  program_in_callback(h);
}

/* W4: what waited for the connection ends with it, after the connect callback. */
static void fail_with_connect(struct model_handle* h) {
  struct model_write* w;

  if (h->reading && h->writes != NULL && h->shutdown != NULL)
    sim_mark(MARK_CONNECT_FAILS_WITH_ALL);
  h->state = STATE_OPEN;
  h->queued = 0;
  for (w = h->writes; w != NULL; w = w->next)
    if (!w->cancelled && w->error == 0)
      w->error = UV_ECANCELED;
  h->shut = 0;
  if (h->shutdown != NULL) {
    h->shutdown_known = 1;
    h->shutdown_result = UV_ECANCELED;
  }
  h->read_fails = h->reading;
  if (model_asking(h) != NULL)
    model_asked(h, UV_ECANCELED);
}

struct model_handle* model_enter_connect(const void* uv) {
  return model_enter(uv, "connect_cb", EXPECT_ANY);
}

void model_end_connect(struct model_handle* h, int status) {
  h->connect = NULL;
  h->bind_error = 0;
  if (h->state == STATE_DROPPED) {
    h->read_owes = 0;
  } else if (!h->closing && status == 0) {
    model_limit_connected(h);
    h->state = STATE_CONNECTED;
    h->readable = 1;
    h->writable = !h->shut;
  } else if (!h->closing) {
    fail_with_connect(h);
  }
}

void model_on_connect(uv_connect_t* req, int status) {
  struct model_handle* h = model_enter_connect(req->handle);
  int want = h->connect_result;

  sim_trace("  status %d", status);
  if (h->connect != req)
    sim_fail("L2: connect_cb of handle %d, which does not connect", h->number);
  if (h->closing && status == UV_ECANCELED)
    want = status;
  else if (h->state == STATE_DROPPED)
    want = UV_ETIMEDOUT;
  else if (!h->connect_known)
    sim_fail("C2: connect_cb of handle %d, and the system does not know", h->number);
  if (status != want)
    sim_fail("handle %d connects with %d, not %d", h->number, status, want);
  memset(req, 0xdb, sizeof(*req));
  free(req);
  model_end_connect(h, status);
  program_in_callback(h);
}

/* A connect failed, and a callback started another, or gave the stream a socket: what is there now belongs
 * to that. */
static int ends_with_connect(const struct model_handle* h) {
  return (h->state == STATE_CONNECTING || h->state == STATE_CONNECTED) && h->shutdown_known;
}

void model_on_shutdown(uv_shutdown_t* req, int status) {
  struct model_handle* h = model_enter(req->handle, "shutdown_cb", EXPECT_ANY);
  int is_dropped = h->state == STATE_DROPPED && (!h->closing || status == UV_ETIMEDOUT);
  int want = is_dropped ? UV_ETIMEDOUT : h->shutdown_known ? h->shutdown_result : UV_ECANCELED;

  sim_trace("  status %d", status);
  if (h->shutdown != req)
    sim_fail("L2: shutdown_cb of handle %d, which does not shut down", h->number);
  if ((h->writes != NULL || h->connect != NULL) && !ends_with_connect(h))
    sim_fail("S1, L5: shutdown_cb of handle %d before its other requests", h->number);
  if (status != want && !(h->closing && status == UV_ECANCELED))
    sim_fail("S1: handle %d shuts down with %d, not %d", h->number, status, want);
  if (!h->shutdown_known && !h->closing && !is_dropped)
    sim_fail("S1: shutdown_cb of handle %d for no reason", h->number);
  h->shutdown = NULL;
  memset(req, 0xdb, sizeof(*req));
  free(req);
  program_in_callback(h);
}

void model_on_connection(uv_stream_t* server, int status) {
  struct model_handle* h = model_enter(server, "connection_cb", EXPECT_CONNECTION);

  sim_trace("  status %d", status);
  if (model_expected.what != EXPECT_CONNECTION || model_expected.status != status)
    sim_fail("A2, A4: connection_cb of handle %d with %d for no reason", h->number, status);
  model_expected.what = EXPECT_ANY;
  program_connection(h);
  program_in_callback(h);
}

void model_end_handle(struct model_handle* h) {
  h->closed = 1; /* It has let go of them. */
  model_limit_off(h);
  h->closed = 0;
  if (h->connect != NULL || h->writes != NULL || h->shutdown != NULL || h->hangup != NULL ||
      h->asks != NULL)
    sim_fail("L4: close_cb of handle %d before its requests", h->number);
  if (model_is_stream(h) && h->uv->stream.write_queue_size != 0)
    sim_fail("W3: handle %d closed with write_queue_size %u", h->number,
             (unsigned) h->uv->stream.write_queue_size);
  h->closed = 1;
  model_bury(h->uv);
  h->uv = NULL;
}

void model_on_close(uv_handle_t* handle) {
  struct model_handle* h = model_enter(handle, "close_cb", EXPECT_ANY);

  if (!h->closing || h->leaving)
    sim_fail("close_cb of handle %d, which was not closed", h->number);
  model_end_handle(h);
  program_in_callback(h);
}

void model_on_timer(uv_timer_t* handle) {
  struct model_handle* h = model_enter(handle, "timer_cb", EXPECT_ANY);

  if (!h->active || h->closing || uv_now(h->loop) < h->due)
    sim_fail("timer %d runs too early, or was stopped", h->number);
  h->late = 0;
  h->active = h->repeat > 0;
  h->due = uv_now(h->loop) + h->repeat;
  program_in_callback(h);
}

static void on_hook(void* uv, const char* name) {
  struct model_handle* h = model_enter(uv, name, EXPECT_ANY);

  if (!h->active || h->closing)
    sim_fail("hook %d runs and was stopped", h->number);
  if (++h->runs_in_turn > 1 && model.one_turn)
    sim_fail("hook %d runs twice in a turn", h->number);
  program_in_callback(h);
}

void model_on_idle(uv_idle_t* handle) {
  on_hook(handle, "idle_cb");
}

void model_on_prepare(uv_prepare_t* handle) {
  on_hook(handle, "prepare_cb");
}

void model_on_check(uv_check_t* handle) {
  on_hook(handle, "check_cb");
}

void model_on_async(uv_async_t* handle) {
  struct model_handle* h = model_enter(handle, "async_cb", EXPECT_ANY);

  if (!h->sent || h->closing)
    sim_fail("L7: async %d runs, and nobody sent", h->number);
  h->sent = 0;
  h->late = 0;
  program_in_callback(h);
}

void model_on_signal(uv_signal_t* handle, int signum) {
  struct model_handle* h = model_enter(handle, "signal_cb", EXPECT_ANY);

  if (h->raised == 0 || h->closing || h->signum != signum)
    sim_fail("signal handle %d is told %d, which nobody raised for it", h->number, signum);
  h->raised--;
  h->late = 0;
  if (h->oneshot) {
    h->active = 0;
    h->signum = 0;
    h->raised = 0;
  }
  program_in_callback(h);
}

void model_on_exit(uv_process_t* handle, int64_t exit_status, int term_signal) {
  struct model_handle* h = model_enter(handle, "exit_cb", EXPECT_ANY);

  if (!h->exit_known || h->exited || h->closing || h->refused)
    sim_fail("process %d ends for no reason", h->number);
  if (exit_status != h->exit_status || term_signal != h->exit_signal)
    sim_fail("process %d ends with %d and signal %d, which is not so", h->number, (int) exit_status,
             term_signal);
  h->exited = 1;
  model.progress++;
  program_in_callback(h);
}
