/* What the system reports, and what follows from it for the callbacks. */
#include <stdlib.h>
#include <string.h>

#include "core/run/run.h"
#include "model.h"

enum {
  READS_PER_TURN = 64, /* what the core allows itself between two waits (R6) */
  IDLE_WAITS = 12,     /* in a row that do not wait, for nothing */
  READ_ROUNDS = 8,     /* the budgets of one turn of a stream, as in the core, to know when they */
  WRITE_ROUNDS = 16,   /* were used up */
  ACCEPT_ROUNDS = 16
};

struct expected model_expected;
struct buffer model_buffer;

/* What one stream did without a pause: nothing else happened in between. */
struct row {
  const struct model_handle* handle;
  unsigned activity;
  unsigned length;
};

static struct row writes_in_row;
static struct row accepts_in_row;

static int port_error;
static int option_error;
static unsigned quiet_since;
static int quiet_waits;

struct model_handle* model_handle_of(const void* uv) {
  return ((const uv_handle_t*) uv)->data;
}

struct model_handle* model_handle_of_io(const struct uv__io* io) {
  return model_handle_of(uv__container_of(io, uv_stream_t, stream.io));
}

static void look_for_drops(void) {
  int k;

  for (k = 0; k < model.count; k++)
    if (!model.handles[k].closed && model_is_stream(&model.handles[k]))
      model_limit_look(&model.handles[k]);
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
  int i;

  for (i = 0; i < MODEL_LOOPS; i++)
    if (!uv__kinds_valid(&model.loops[i]))
      sim_fail("a loop or a handle does not fit together");
#endif
  look_for_drops();
}

/* ---- Calls ---- */

void model_enter_call(void) {
  if (model.in_call)
    sim_fail("L1: a call inside a call");
  model.in_call = 1;
  look_for_drops();
  model.activity++;
  port_error = 0;
  option_error = 0;
}

void model_leave_call(struct model_handle* h) {
  model.in_call = 0;
  model_check_valid();
  if (h != NULL && model_is_stream(h) && !h->closed)
    model_check_size(h);
}

int model_port_error(void) {
  return port_error;
}

int model_option_error(void) {
  return option_error;
}

/* W3. While a close is on its way to the callbacks, the bytes that will never be taken may
 * count or not. */
void model_check_size(const struct model_handle* h) {
  size_t size = uv_stream_get_write_queue_size(&h->uv->stream);
  const struct model_write* w;

  if (size == h->queued || ((h->closing || h->state == STATE_DROPPED) && size == 0))
    return;
  /* A write whose handle closed while it was in flight leaves the queue when the system has said
   * that it did not begin. */
  for (w = h->writes; w != NULL; w = w->next)
    if (w->forsaken && !w->passed && w->error == 0 && !w->cancelled && size + w->left == h->queued)
      return;
  sim_fail("W3: handle %d has write_queue_size %u, not %u", h->number, (unsigned) size,
           (unsigned) h->queued);
}

/* ---- Reports of the simulator ---- */

static void mark_told(const struct model_handle* h, ssize_t result) {
  const struct model_write* w;
  unsigned was_finished = model_finished;

  model_finished = 0;
  w = model_first_waiting(h);
  if (w == NULL)
    return;
  if (result > 0 && was_finished > 0 && w->left < w->size)
    sim_mark(MARK_PARTIAL_ACROSS);
  if (result > 0 && w->send_count > 0 && w->passed)
    sim_mark(MARK_PARTIAL_PASSING);
  if (result > 0 && w->send_count > 0 && !w->passed)
    sim_mark(MARK_STOPS_BEFORE_PASSING);
  if (result > 0 && !h->in_close && in_row(&writes_in_row, h) == WRITE_ROUNDS)
    sim_mark(MARK_WRITE_BUDGET);
  if (result < 0 && !h->in_close && !h->closing && w->next != NULL)
    sim_mark(MARK_WRITE_FAILS_ALL);
}

ssize_t model_noted(struct model_handle* h, ssize_t result) {
  if (result == UV_ECONNRESET || result == UV_ECONNABORTED || result == UV_ETIMEDOUT)
    h->cut = 1;
  return result == UV_EOF && h->cut ? UV_ECONNRESET : result;
}

static void on_told(struct uv__io* io, ssize_t result) {
  struct model_handle* h = model_handle_of_io(io);
  struct model_write* w;

  (void) model_noted(h, result);
  if (model_is_trying())
    return; /* Of bytes that were never queued. */
  look_for_drops();
  if (h->in_close) {
    h->tried = 1;
    sim_mark(result > 0 ? MARK_LAST_TRY_TAKES : MARK_LAST_TRY_EAGAIN);
  }
  if (!model_file_told(h, result))
    return;
  for (w = h->writes; w != NULL && result != UV_EAGAIN; w = w->next) {
    /* All had arrived when the connection broke, and the system does not say so. */
    if (result < 0 && w->started && w->left == 0)
      w->lost = (int) result;
    w->flies = 0;
  }
  mark_told(h, result);
  if (result > 0)
    model_limit_begin(h, UVS_DEADLINE_WRITE);
  if (result >= 0) {
    h->queued -= (size_t) result;
    return;
  }
  if (h->state == STATE_DROPPED && !h->closing)
    return; /* They end with it. */
  /* The try of a close: what is left is canceled. A write that was in flight and had failed before is
   * told so, with those behind it. */
  if (result == UV_EAGAIN)
    return;
  /* W6: the failed one and all that wait behind it. */
  h->queued = 0;
  for (w = h->writes; w != NULL; w = w->next)
    if ((w->file != NULL && !model_file_is_over(w)) ||
        ((w->left > 0 || w->size == 0) && !w->cancelled && w->error == 0))
      w->error = (int) result;
}

static void on_recalled(struct uv__io* io) {
  struct model_write* w;

  for (w = model_handle_of_io(io)->writes; w != NULL; w = w->next)
    w->flies = 0;
}

static void on_in_flight(struct uv__io* io) {
  struct model_write* first = NULL;
  struct model_write* w;

  look_for_drops();
  for (w = model_handle_of_io(io)->writes; w != NULL; w = w->next) {
    w->started = 1;
    if (first == NULL && model_waits(w) && (!w->forsaken || w->passed))
      first = w; /* What lost its handle before it began has ended, and not told so yet. */
  }
  if (first != NULL)
    first->flies = 1;
}

void model_expect(struct model_handle* h, enum expectation what, ssize_t status) {
  if (model_expected.what != EXPECT_ANY)
    sim_fail("two things happened, and no callback in between");
  model_expected.what = what;
  model_expected.handle = h;
  model_expected.status = status;
}

static void on_read_now(struct uv__io* io, ssize_t result, int armed) {
  struct model_handle* h = model_handle_of_io(io);

  if (result >= 0)
    model_limit_begin(h, UVS_DEADLINE_READ);
  result = result == UV_EAGAIN ? 0 : model_noted(h, result);
  if (model_asking(h) != NULL) {
    if (h->reading && result < 0 && result != UV_ENOBUFS)
      h->read_owes = result;
    model_asked(h, result);
  } else {
    if (!armed && model_buffer.handle != h)
      sim_fail("R2: handle %d reads into a buffer of another", h->number);
    if (!h->reading)
      sim_fail("R5: handle %d is read from, and was stopped", h->number);
    model_expect(h, EXPECT_READ, result);
  }
  if (result < 0) { /* R4 */
    h->reading = h->read_owes != 0;
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
  struct model_handle* h = model_handle_of_io(io);

  if (h->shutdown == NULL || h->writes != NULL)
    sim_fail("S1: handle %d shuts down before its writes are done", h->number);
}

static void on_shutdown_done(struct uv__io* io, int result) {
  struct model_handle* h = model_handle_of_io(io);

  h->shutdown_known = 1;
  h->shutdown_result = result;
}

static int lacks_resources(int error) {
  return error == UV_EMFILE || error == UV_ENFILE || error == UV_ENOBUFS || error == UV_ENOMEM;
}

static void on_accepted(struct uv__io* io, int result, int fd) {
  struct model_handle* h = model_handle_of_io(io);

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
      model_expect(h, EXPECT_CONNECTION, result);
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
  model_expect(h, EXPECT_CONNECTION, result);
}

static void on_opened(struct uv__io* io, int result, int fd) {
  struct model_handle* h;

  if (model_dial_is_one(io)) {
    model_dial_opened(io, result);
    return;
  }
  h = model_handle_of_io(io);
  if (result < 0 && port_error == 0)
    port_error = result;
  if (result < 0)
    return;
  if (fd >= 0)
    model_meet_peer(h, fd); /* Means something only where there is a peer. */
}

static void on_port_connected(struct uv__io* io, int result) {
  struct model_handle* h = model_handle_of_io(io);

  h->connect_known = 1;
  h->connect_result = result;
  if (result == 0)
    model_meet_peer(h, sim_fd(io));
}

static void on_refused(struct uv__io* io, int err) {
  if (model_dial_is_one(io))
    model_dial_refused(io, err);
  else if (port_error == 0)
    port_error = err;
}

static void on_exited(struct uv__io* io, int64_t status, int signum) {
  struct model_handle* h = model_handle_of(uv__container_of(io, uv_process_t, io));

  if (h->exit_known || h->closing)
    sim_fail("process %d ends again, or is closed", h->number);
  h->exit_known = 1;
  h->exit_status = status;
  h->exit_signal = signum;
  h->active = 0;
}

static void on_option_failed(struct uv__io* io, int err) {
  (void) io;
  option_error = err;
}

/* Whether it has writes in its queue, none of them is in flight, and no turn will try them. */
static int is_left_lying(const struct model_handle* h) {
  const uv_stream_t* stream = &h->uv->stream;

  return model_is_stream(h) && !h->closing && h->state == STATE_CONNECTED &&
         !uv__queue_empty(&stream->stream.write_queue) && !(stream->stream.io.busy & UV__WRITE) &&
         stream->stream.io.waiting == UV__WAITS_NOT;
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
  if (loop != model.running)
    sim_fail("a loop waits that nobody runs");
  model.turns++;
  for (i = 0; i < model.count; i++) {
    struct model_handle* h = &model.handles[i];

    if (h->loop != loop || h->closed)
      continue;
    h->reads_in_turn = 0;
    if (h->kind == KIND_ASYNC && h->sent && !h->closing && timeout_ms != 0 && !sim_is_woken(loop))
      sim_fail("L7: the loop waits, and async %d was sent", h->number);
    if (model_is_stream(h) && !h->closing && h->state != STATE_DROPPED && timeout_ms != 0 &&
        h->writes != NULL && !uv__queue_empty(&h->uv->stream.stream.write_done))
      sim_fail("W1: the loop waits, and write_cb of handle %d is owed", h->number);
    if (timeout_ms != 0 && is_left_lying(h) && !sim_is_woken(loop))
      sim_fail("W6: the loop waits, and nobody goes on with the writes of handle %d", h->number);
    model_dial_waits(h);
    idles |= h->kind == KIND_IDLE && h->active;
  }
  if (timeout_ms != 0 && !sim_is_woken(loop) && model_works_cancelled(loop) > 0)
    sim_fail("the loop waits, and owes the callback of a cancel");
  if (timeout_ms != 0 || model.one_turn || idles || quiet_since != model.activity)
    quiet_waits = 0;
  else if (++quiet_waits > IDLE_WAITS)
    sim_fail("A4: a spin: the loop turns and turns for nothing");
  quiet_since = model.activity;
}

static void on_waiting(void) {
  if (model.polls_left > 0 && --model.polls_left == 0)
    uv_stop(model.running);
  if (model.budget > 0 && (sim_has & SIM_HAS_SIGNALS) && sim_chance(3)) {
    model_raise(1 + (int) sim_below(4));
  } else if (model.budget > 0 && sim_chance(3)) {
    int i = (int) sim_below((unsigned) model.count + 1);

    if (i == model.count || model.handles[i].kind != KIND_ASYNC || model.handles[i].closing)
      return;
    sim_mark(MARK_ASYNC_WHILE_WAITING);
    model.handles[i].sent = 1;
    (void) uv_async_send(&model.handles[i].uv->async); /* As from another thread. */
  }
}

const struct sim_observer model_observer = {
    .passed = model_wire_passed,
    .arrived = model_wire_arrived,
    .exited = on_exited,
    .taken = model_wire_taken,
    .turned_up = model_wire_turned_up,
    .in_flight = on_in_flight,
    .told = on_told,
    .recalled = on_recalled,
    .file_ended = model_file_ended,
    .read = on_read_now,
    .may_read = model_may_read,
    .hung_up = model_hung_up,
    .shutdown = on_port_shutdown,
    .shutdown_done = on_shutdown_done,
    .accepted = on_accepted,
    .opened = on_opened,
    .connected = on_port_connected,
    .dialed = model_dialed,
    .refused = on_refused,
    .option_failed = on_option_failed,
    .asked_for_name = model_asked_for_name,
    .asked_for_address = model_asked_for_address,
    .asked_for_bytes = model_asked_for_bytes,
    .waits = on_waits,
    .waiting = on_waiting,
};

void model_system_begin(void) {
  memset(&model_expected, 0, sizeof(model_expected));
  memset(&model_buffer, 0, sizeof(model_buffer));
  model_wire_begin();
  quiet_waits = 0;
}
