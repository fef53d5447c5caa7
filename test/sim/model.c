/* What must come next: the simulator's reports and the callbacks, compared. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "core/run/run.h"

enum {
  MOST_WIRES = 256,
  READS_PER_TURN = 64, /* what the core allows itself between two waits (R6) */
  IDLE_WAITS = 12,     /* in a row that do not wait, for nothing */
  READ_ROUNDS = 8,     /* the budgets of one turn of a stream, as in the core, to know when they */
  WRITE_ROUNDS = 16,   /* were used up */
  ACCEPT_ROUNDS = 16
};

struct model model;

/* All that one end of one connection sent, as the system took it. */
static struct wire {
  char* bytes;
  size_t sent;
  size_t size;
  size_t received;
} wires[MOST_WIRES];

enum expectation {
  EXPECT_ANY,
  EXPECT_READ,
  EXPECT_CONNECTION
};

/* What the next callback must be. */
static struct {
  enum expectation what;
  struct model_handle* handle;
  ssize_t status;
} expected;

/* The buffer that is out. */
static struct {
  struct model_handle* handle;
  char* base;
  size_t len;
} buffer;

static struct {
  struct model_handle* handle;
  const char* bytes;
  size_t size;
  size_t taken;
} attempt;

/* What one stream did without a pause: nothing else happened in between. */
struct row {
  const struct model_handle* handle;
  unsigned activity;
  unsigned length;
};

static struct row writes_in_row;
static struct row accepts_in_row;
static unsigned finished; /* requests, by the bytes that the core has not been told of yet */

static int port_error;
static int option_error;
static unsigned quiet_since;
static int quiet_waits;

static struct model_handle* handle_of_uv(const void* uv) {
  return ((const uv_handle_t*) uv)->data;
}

static struct model_handle* handle_of_io(const struct uv__io* io) {
  return handle_of_uv(uv__container_of(io, uv_stream_t, stream.io));
}

static unsigned in_row(struct row* row, const struct model_handle* h) {
  if (row->handle != h || row->activity != model.activity)
    row->length = 0;
  row->handle = h;
  row->activity = model.activity;
  return ++row->length;
}

void model_check_valid(void) {
#if !defined(NDEBUG) /* Without assertions, for `./dev coverage`, the core has no such view. */
  if (!model.walking && !uv__kinds_valid(&model.loop))
    sim_fail("the loop or a handle does not fit together");
#endif
}

/* ---- Calls ---- */

void model_enter_call(void) {
  if (model.in_call)
    sim_fail("L1: a call inside a call");
  model.in_call = 1;
  model.activity++;
  port_error = 0;
  option_error = 0;
}

void model_leave_call(struct model_handle* h) {
  model.in_call = 0;
  model_check_valid();
  if (h != NULL && h->kind == KIND_TCP && !h->closed)
    model_check_size(h);
}

int model_port_error(void) {
  return port_error;
}

int model_option_error(void) {
  return option_error;
}

void model_try_begin(struct model_handle* h, const char* bytes, size_t size) {
  attempt.handle = h;
  attempt.bytes = bytes;
  attempt.size = size;
  attempt.taken = 0;
}

size_t model_try_end(void) {
  attempt.handle = NULL;
  return attempt.taken;
}

/* W3. While a close is on its way to the callbacks, the bytes that will never be taken may
 * count or not. */
void model_check_size(const struct model_handle* h) {
  size_t size = uv_stream_get_write_queue_size(&h->uv->stream);

  if (size == h->queued || (h->closing && size == 0))
    return;
  sim_fail("W3: handle %d has write_queue_size %u, not %u", h->number, (unsigned) size,
           (unsigned) h->queued);
}

/* ---- Reports of the simulator ---- */

static void append(int serial, const char* bytes, size_t n) {
  struct wire* wire = &wires[serial];

  if (wire->sent + n > wire->size) {
    wire->size = 2 * (wire->sent + n);
    wire->bytes = realloc(wire->bytes, wire->size);
    if (wire->bytes == NULL)
      sim_fail("the test itself is out of memory");
  }
  memcpy(wire->bytes + wire->sent, bytes, n);
  wire->sent += n;
}

static void on_taken(struct uv__io* io, const char* bytes, size_t n) {
  struct model_handle* h = handle_of_io(io);
  struct model_write* w = h->writes;
  size_t at;

  append(h->out, bytes, n);
  if (attempt.handle != NULL) {
    if (attempt.handle != h || attempt.size - attempt.taken < n ||
        memcmp(attempt.bytes + attempt.taken, bytes, n) != 0)
      sim_fail("W7: try_write on handle %d gave other bytes", h->number);
    attempt.taken += n;
    return;
  }
  for (at = 0; at < n;) {
    size_t part;

    while (w != NULL && (w->left == 0 || w->cancelled || w->error != 0))
      w = w->next;
    if (w == NULL)
      sim_fail("W1: handle %d wrote bytes that nobody submitted", h->number);
    part = w->left < n - at ? w->left : n - at;
    if (memcmp(w->bytes + (w->size - w->left), bytes + at, part) != 0)
      sim_fail("W1: handle %d wrote the wrong bytes", h->number);
    w->left -= part;
    finished += w->left == 0;
    at += part;
  }
}

static void mark_told(const struct model_handle* h, ssize_t result) {
  const struct model_write* w = h->writes;
  unsigned was_finished = finished;

  finished = 0;
  while (w != NULL && (w->left == 0 || w->cancelled || w->error != 0))
    w = w->next;
  if (w == NULL)
    return;
  if (result > 0 && was_finished > 0 && w->left < w->size)
    sim_mark(MARK_PARTIAL_ACROSS);
  if (result > 0 && !h->in_close && in_row(&writes_in_row, h) == WRITE_ROUNDS)
    sim_mark(MARK_WRITE_BUDGET);
  if (result < 0 && !h->in_close && !h->closing && w->next != NULL)
    sim_mark(MARK_WRITE_FAILS_ALL);
}

static void on_told(struct uv__io* io, ssize_t result) {
  struct model_handle* h = handle_of_io(io);
  struct model_write* w;

  if (attempt.handle != NULL)
    return; /* Of bytes that were never queued. */
  if (h->in_close) {
    h->tried = 1;
    sim_mark(result > 0 ? MARK_LAST_TRY_TAKES : MARK_LAST_TRY_EAGAIN);
  }
  mark_told(h, result);
  if (result >= 0) {
    h->queued -= (size_t) result;
    return;
  }
  /* The try of a close: what is left is canceled. A write that was in flight and had failed before is
   * told so, with those behind it. */
  if (result == UV_EAGAIN)
    return;
  /* W6: the failed one and all that wait behind it. */
  h->queued = 0;
  for (w = h->writes; w != NULL; w = w->next)
    if ((w->left > 0 || w->size == 0) && !w->cancelled && w->error == 0)
      w->error = (int) result;
}

static void on_in_flight(struct uv__io* io) {
  struct model_write* w;

  for (w = handle_of_io(io)->writes; w != NULL; w = w->next)
    w->started = 1;
}

static void expect(struct model_handle* h, enum expectation what, ssize_t status) {
  if (expected.what != EXPECT_ANY)
    sim_fail("two things happened, and no callback in between");
  expected.what = what;
  expected.handle = h;
  expected.status = status;
}

static void on_read_now(struct uv__io* io, ssize_t result, int armed) {
  struct model_handle* h = handle_of_io(io);

  if (!armed && buffer.handle != h)
    sim_fail("R2: handle %d reads into a buffer of another", h->number);
  if (!h->reading)
    sim_fail("R5: handle %d is read from, and was stopped", h->number);
  if (result == UV_EAGAIN)
    result = 0;
  expect(h, EXPECT_READ, result);
  if (result < 0) { /* R4 */
    h->reading = 0;
    h->readable = 0;
    if (result != UV_EOF)
      h->writable = 0;
  }
  if (h->reads_in_turn == READ_ROUNDS)
    sim_mark(MARK_READ_BUDGET);
  if (++h->reads_in_turn > READS_PER_TURN)
    sim_fail("R6: handle %d reads without an end", h->number);
}

static void on_port_shutdown(struct uv__io* io) {
  struct model_handle* h = handle_of_io(io);

  if (h->shutdown == NULL || h->writes != NULL)
    sim_fail("S1: handle %d shuts down before its writes are done", h->number);
}

static void on_shutdown_done(struct uv__io* io, int result) {
  struct model_handle* h = handle_of_io(io);

  h->shutdown_known = 1;
  h->shutdown_result = result;
}

static int lacks_resources(int error) {
  return error == UV_EMFILE || error == UV_ENFILE || error == UV_ENOBUFS || error == UV_ENOMEM;
}

static void on_accepted(struct uv__io* io, int result, int fd) {
  struct model_handle* h = handle_of_io(io);

  if (h->unclaimed >= 0)
    sim_fail("A2: handle %d takes another connection before the last was claimed", h->number);
  if (result == UV_EAGAIN) {
    h->starved = 0;
    return;
  }
  if (in_row(&accepts_in_row, h) == ACCEPT_ROUNDS)
    sim_mark(MARK_ACCEPT_BUDGET);
  if (lacks_resources(result)) {
    sim_mark(h->starved ? MARK_STARVED_STILL : MARK_STARVED);
    if (!h->starved)
      expect(h, EXPECT_CONNECTION, result);
    h->starved = 1;
    return;
  }
  if (h->starved && result == 0)
    sim_mark(MARK_STARVED_SERVED);
  h->starved = 0;
  if (result == UV_ECONNABORTED) {
    sim_mark(MARK_ABORTED);
    return; /* A4: nobody hears of it */
  }
  if (result == 0)
    h->unclaimed = fd;
  expect(h, EXPECT_CONNECTION, result);
}

static void meet_peer(struct model_handle* h, int fd) {
  sim_serials(fd, &h->out, &h->in);
  if (h->out >= MOST_WIRES || h->in >= MOST_WIRES)
    sim_fail("the model has no wires left");
}

static void on_opened(struct uv__io* io, int result, int fd) {
  struct model_handle* h = handle_of_io(io);

  if (result < 0)
    port_error = result;
  else if (fd >= 0)
    meet_peer(h, fd); /* Means something only where there is a peer. */
}

static void on_port_connected(struct uv__io* io, int result) {
  struct model_handle* h = handle_of_io(io);

  h->connect_known = 1;
  h->connect_result = result;
  if (result == 0)
    meet_peer(h, sim_fd(io));
}

static void on_refused(struct uv__io* io, int err) {
  (void) io;
  port_error = err;
}

static void on_option_failed(struct uv__io* io, int err) {
  (void) io;
  option_error = err;
}

/* A loop must not lie down over an async (L7), and must lie down when there is nothing to do
 * (A4). Waits of a blocking write are another matter. */
static void on_waits(const uv_loop_t* loop, int timeout_ms) {
  int idles = 0;
  int i;

  if (model.in_call) {
    if (timeout_ms < 0)
      sim_mark(MARK_BLOCKING_WAITS);
    return;
  }
  model.turns++;
  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];

    h->reads_in_turn = 0;
    if (h->kind == KIND_ASYNC && h->sent && !h->closing && timeout_ms != 0 && !sim_is_woken(loop))
      sim_fail("L7: the loop waits, and async %d was sent", h->number);
    if (h->kind == KIND_TCP && !h->closing && timeout_ms != 0 && h->writes != NULL &&
        !uv__queue_empty(&h->uv->stream.stream.write_done))
      sim_fail("W1: the loop waits, and write_cb of handle %d is owed", h->number);
    idles |= h->kind == KIND_IDLE && h->active;
  }
  if (timeout_ms != 0 || model.one_turn || idles || quiet_since != model.activity)
    quiet_waits = 0;
  else if (++quiet_waits > IDLE_WAITS)
    sim_fail("A4: a spin: the loop turns and turns for nothing");
  quiet_since = model.activity;
}

static void on_waiting(void) {
  if (model.polls_left > 0 && --model.polls_left == 0)
    uv_stop(&model.loop);
  if (model.budget > 0 && sim_chance(3)) {
    int i = (int) sim_below((unsigned) model.count + 1);

    if (i == model.count || model.handles[i].kind != KIND_ASYNC || model.handles[i].closing)
      return;
    sim_mark(MARK_ASYNC_WHILE_WAITING);
    model.handles[i].sent = 1;
    (void) uv_async_send(&model.handles[i].uv->async); /* As from another thread. */
  }
}

const struct sim_observer model_observer = {
    .taken = on_taken,
    .turned_up = append,
    .in_flight = on_in_flight,
    .told = on_told,
    .read = on_read_now,
    .shutdown = on_port_shutdown,
    .shutdown_done = on_shutdown_done,
    .accepted = on_accepted,
    .opened = on_opened,
    .connected = on_port_connected,
    .refused = on_refused,
    .option_failed = on_option_failed,
    .waits = on_waits,
    .waiting = on_waiting,
};

/* ---- Callbacks ---- */

static struct model_handle* enter(const void* uv, const char* name, enum expectation what) {
  struct model_handle* h = handle_of_uv(uv);

  model.activity++;
  model_check_valid();
  model.callback = name;
  sim_trace("%s handle %d", name, h->number);
  if (model.in_call)
    sim_fail("L1: %s of handle %d inside a call", name, h->number);
  if (h->closed)
    sim_fail("L4: %s of handle %d after its close_cb", name, h->number);
  if (expected.what != EXPECT_ANY && (expected.what != what || expected.handle != h))
    sim_fail("%s of handle %d, where handle %d owes a %s", name, h->number, expected.handle->number,
             expected.what == EXPECT_READ ? "read_cb" : "connection_cb");
  if (buffer.handle != NULL && (what != EXPECT_READ || buffer.handle != h))
    sim_fail("R2: %s of handle %d while handle %d owes its buffer", name, h->number,
             buffer.handle->number);
  return h;
}

void model_on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct model_handle* h = enter(handle, "alloc_cb", EXPECT_ANY);

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
      expect(h, EXPECT_READ, UV_ENOBUFS); /* R3 */
    return;
  }
  buffer.len = h->stingy || sim_chance(50) ? 1 + sim_below(16) : 1 + sim_below(4096);
  buffer.base = malloc(buffer.len);
  if (buffer.base == NULL)
    sim_fail("the test itself is out of memory");
  buffer.handle = h;
  *buf = uv_buf_init(buffer.base, (unsigned) buffer.len);
  sim_offer(buffer.base, buffer.len);
}

static void receive(struct model_handle* h, const char* bytes, size_t n) {
  struct wire* wire = &wires[h->in];

  if (wire->sent - wire->received < n || memcmp(wire->bytes + wire->received, bytes, n) != 0)
    sim_fail("handle %d received other bytes than were sent", h->number);
  wire->received += n;
  model.progress++;
}

void model_on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct model_handle* h = enter(stream, "read_cb", EXPECT_READ);

  sim_trace("  nread %d", (int) nread);
  if (expected.what == EXPECT_READ) {
    if (expected.status != nread)
      sim_fail("R4: handle %d is told %d, not %d", h->number, (int) nread, (int) expected.status);
  } else if (h->read_fails && nread == UV_ECANCELED) { /* With the connect (W4). */
    h->reading = 0;
    h->read_fails = 0;
  } else if (buffer.handle != h || nread != 0 || !h->stopped_in_alloc) {
    sim_fail("R5: read_cb of handle %d for no reason", h->number);
  } else {
    sim_mark(MARK_STOP_IN_ALLOC);
  }
  expected.what = EXPECT_ANY;
  if (buffer.handle == h) {
    if (buf->base != buffer.base || buf->len != buffer.len)
      sim_fail("R2: handle %d gives back another buffer", h->number);
    if (nread > 0)
      receive(h, buf->base, (size_t) nread);
    free(buffer.base);
    buffer.handle = NULL;
    sim_offer(NULL, 0);
  } else if (nread >= 0) {
    sim_fail("R2: handle %d gives back a buffer that is not out", h->number);
  }
  if (nread == UV_EOF && wires[h->in].received != wires[h->in].sent)
    sim_fail("handle %d sees EOF, and bytes are missing", h->number);
  program_in_callback(h);
}

static void check_write_status(const struct model_handle* h,
                               const struct model_write* w,
                               int status) {
  int want;

  if (w->cancelled)
    want = UV_ECANCELED;
  else if (w->size == 0) /* When it was over is not seen from here. */
    want = status == w->error || (h->closing && status == UV_ECANCELED) ? status : 0;
  else if (sim_counts_lost && h->closing && w->started && status == UV_ECANCELED)
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

void model_on_write(uv_write_t* req, int status) {
  struct model_write* w = req->data;
  struct model_handle* h = enter(w->handle->uv, "write_cb", EXPECT_ANY);

  sim_trace("  status %d", status);
  if (h->writes != w)
    sim_fail("W1, L2: handle %d calls back for a write out of turn", h->number);
  if (h->connect != NULL && w->error == 0 && !w->cancelled)
    sim_fail("L5: write_cb of handle %d before its connect_cb", h->number);
  if (w->outside && w->turn == model.loop.turns && !h->closing)
    sim_fail("W1: write_cb of handle %d in the turn in which another wrote", h->number);
  if (req->handle != &h->uv->stream || req->type != UV_WRITE)
    sim_fail("a write request lost its public fields");
  if (h->shutdown != NULL && !h->closing && h->queued == 0 && h->writes->next != NULL)
    sim_mark(MARK_SHUTDOWN_WAITS_FOR_CALLBACKS);
  check_write_status(h, w, status);
  if (sim_counts_lost && w->started && status < 0 ? uv_write_nwritten(req) > w->size - w->left
                                                  : uv_write_nwritten(req) != w->size - w->left)
    sim_fail("W11: handle %d tells another part of a write than what went", h->number);
  model_check_size(h);
  h->writes = w->next;
  if (h->closing && !w->cancelled && w->error == 0)
    h->queued -= w->left;
  memset(w->bytes, 0xdb, w->size);
  free(w->bytes);
  memset(w, 0xdb, sizeof(*w)); /* The request is the program's again (W2). */
  free(w);
  if (h->writes == NULL && h->closing && uv_stream_get_write_queue_size(&h->uv->stream) != 0)
    sim_fail("W3: write_queue_size of handle %d is not 0 after the last callback", h->number);
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
    if (!w->cancelled)
      w->error = UV_ECANCELED;
  h->shut = 0;
  if (h->shutdown != NULL) {
    h->shutdown_known = 1;
    h->shutdown_result = UV_ECANCELED;
  }
  h->read_fails = h->reading;
}

void model_on_connect(uv_connect_t* req, int status) {
  struct model_handle* h = enter(req->handle, "connect_cb", EXPECT_ANY);
  int want = h->connect_result;

  sim_trace("  status %d", status);
  if (h->connect != req)
    sim_fail("L2: connect_cb of handle %d, which does not connect", h->number);
  if (h->closing && status == UV_ECANCELED)
    want = status;
  else if (!h->connect_known)
    sim_fail("C2: connect_cb of handle %d, and the system does not know", h->number);
  if (status != want)
    sim_fail("handle %d connects with %d, not %d", h->number, status, want);
  h->connect = NULL;
  memset(req, 0xdb, sizeof(*req));
  free(req);
  h->bind_error = 0;
  if (!h->closing && status == 0) {
    h->state = STATE_CONNECTED;
    h->readable = 1;
    h->writable = !h->shut;
  } else if (!h->closing) {
    fail_with_connect(h);
  }
  program_in_callback(h);
}

/* A connect failed and its callback started another: what is there now belongs to that. */
static int ends_with_connect(const struct model_handle* h) {
  return h->state == STATE_CONNECTING && h->shutdown_known;
}

void model_on_shutdown(uv_shutdown_t* req, int status) {
  struct model_handle* h = enter(req->handle, "shutdown_cb", EXPECT_ANY);
  int want = h->shutdown_known ? h->shutdown_result : UV_ECANCELED;

  sim_trace("  status %d", status);
  if (h->shutdown != req)
    sim_fail("L2: shutdown_cb of handle %d, which does not shut down", h->number);
  if ((h->writes != NULL || h->connect != NULL) && !ends_with_connect(h))
    sim_fail("S1, L5: shutdown_cb of handle %d before its other requests", h->number);
  if (status != want && !(h->closing && status == UV_ECANCELED))
    sim_fail("S1: handle %d shuts down with %d, not %d", h->number, status, want);
  if (!h->shutdown_known && !h->closing)
    sim_fail("S1: shutdown_cb of handle %d for no reason", h->number);
  h->shutdown = NULL;
  memset(req, 0xdb, sizeof(*req));
  free(req);
  program_in_callback(h);
}

void model_on_connection(uv_stream_t* server, int status) {
  struct model_handle* h = enter(server, "connection_cb", EXPECT_CONNECTION);

  sim_trace("  status %d", status);
  if (expected.what != EXPECT_CONNECTION || expected.status != status)
    sim_fail("A2, A4: connection_cb of handle %d with %d for no reason", h->number, status);
  expected.what = EXPECT_ANY;
  program_connection(h);
  program_in_callback(h);
}

void model_on_close(uv_handle_t* handle) {
  struct model_handle* h = enter(handle, "close_cb", EXPECT_ANY);

  if (!h->closing)
    sim_fail("close_cb of handle %d, which was not closed", h->number);
  if (h->connect != NULL || h->writes != NULL || h->shutdown != NULL)
    sim_fail("L4: close_cb of handle %d before its requests", h->number);
  if (h->kind == KIND_TCP && h->uv->stream.write_queue_size != 0)
    sim_fail("W3: handle %d closed with write_queue_size %u", h->number,
             (unsigned) h->uv->stream.write_queue_size);
  h->closed = 1;
  memset(h->uv, 0xdb, sizeof(*h->uv));
  free(h->uv);
  h->uv = NULL;
  program_in_callback(h);
}

void model_on_timer(uv_timer_t* handle) {
  struct model_handle* h = enter(handle, "timer_cb", EXPECT_ANY);

  if (!h->active || h->closing || uv_now(&model.loop) < h->due)
    sim_fail("timer %d runs too early, or was stopped", h->number);
  h->late = 0;
  h->active = h->repeat > 0;
  h->due = uv_now(&model.loop) + h->repeat;
  program_in_callback(h);
}

static void on_hook(void* uv, const char* name) {
  struct model_handle* h = enter(uv, name, EXPECT_ANY);

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
  struct model_handle* h = enter(handle, "async_cb", EXPECT_ANY);

  if (!h->sent || h->closing)
    sim_fail("L7: async %d runs, and nobody sent", h->number);
  h->sent = 0;
  h->late = 0;
  program_in_callback(h);
}

/* ---- Between turns ---- */

static int has_requests(const struct model_handle* h) {
  return h->connect != NULL || h->writes != NULL || h->shutdown != NULL;
}

static int is_active(const struct model_handle* h) {
  if (h->kind == KIND_TCP)
    return h->reading || h->state == STATE_LISTENING;
  return h->active;
}

static void check_promptness(struct model_handle* h, int ran) {
  int due = h->kind == KIND_TIMER ? h->active && h->due <= uv_now(&model.loop) : h->sent;

  if (h->kind != KIND_TIMER && h->kind != KIND_ASYNC)
    return;
  if (!due || h->closing)
    h->late = 0;
  else if (ran && ++h->late > 3)
    sim_fail("L7: handle %d is due and does not run", h->number);
}

void model_check_turn(int ran) {
  int alive = 0;
  int i;

  if (expected.what != EXPECT_ANY || buffer.handle != NULL)
    sim_fail("a turn ends, and handle %d owes a callback",
             buffer.handle != NULL ? buffer.handle->number : expected.handle->number);
  model_check_valid();
  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];
    int active;

    if (h->closed)
      continue;
    h->runs_in_turn = 0;
    check_promptness(h, ran);
    active = !h->closing && (is_active(h) || has_requests(h));
    if (!uv_is_active(&h->uv->handle) != !active)
      sim_fail("uv_is_active of handle %d is wrong", h->number);
    if (!uv_is_closing(&h->uv->handle) != !h->closing)
      sim_fail("uv_is_closing of handle %d is wrong", h->number);
    alive |= h->closing || has_requests(h) || (is_active(h) && h->referenced);
    if (h->closing && ran && ++h->close_turns > sim_close_turns)
      sim_fail("L4: handle %d does not get closed", h->number);
    if (h->kind != KIND_TCP)
      continue;
    model_check_size(h);
    if (h->read_fails && !h->closing)
      sim_fail("W4: handle %d still reads, and its connect failed", h->number);
    if (!uv_is_readable(&h->uv->stream) != !(h->readable && !h->closing) ||
        !uv_is_writable(&h->uv->stream) != !(h->writable && !h->closing))
      sim_fail("uv_is_readable or uv_is_writable of handle %d is wrong", h->number);
  }
  if (!uv_loop_alive(&model.loop) != !alive)
    sim_fail("L3: the loop is %s", alive ? "dead, and work is left" : "alive without any work");
}

static void start_loop(uv_loop_t* loop) {
  int r;

  memset(loop, 0xa7, sizeof(*loop));
  while ((r = uv_loop_init(loop)) < 0)
    if (r != UV_EMFILE)
      sim_fail("uv_loop_init is %d", r);
}

static void end_loop(uv_loop_t* loop) {
  int r = uv_loop_close(loop);

  if (r != 0)
    sim_fail("L3: uv_loop_close is %d", r);
}

void model_begin(void) {
  memset(&model, 0, sizeof(model));
  memset(wires, 0, sizeof(wires));
  memset(&expected, 0, sizeof(expected));
  memset(&buffer, 0, sizeof(buffer));
  memset(&attempt, 0, sizeof(attempt));
  finished = 0;
  quiet_waits = 0;
  start_loop(&model.loop);
  start_loop(&model.other_loop);
  if (uv_tcp_init(&model.other_loop, &model.stranger) != 0)
    sim_fail("uv_tcp_init fails without a socket");
}

void model_end(void) {
  int i;

  uv_close((uv_handle_t*) &model.stranger, NULL);
  if (uv_run(&model.other_loop, UV_RUN_DEFAULT) != 0)
    sim_fail("L3: a loop without handles is alive");
  end_loop(&model.other_loop);
  end_loop(&model.loop);
  for (i = 0; i < MOST_WIRES; i++)
    free(wires[i].bytes);
}
