/* What the system reports, and what follows from it for the callbacks. */
#include <stdlib.h>
#include <string.h>

#include "core/run/run.h"
#include "model.h"

enum {
  MOST_WIRES = 512,
  MOST_PASSED = 256,
  READS_PER_TURN = 64, /* what the core allows itself between two waits (R6) */
  IDLE_WAITS = 12,     /* in a row that do not wait, for nothing */
  READ_ROUNDS = 8,     /* the budgets of one turn of a stream, as in the core, to know when they */
  WRITE_ROUNDS = 16,   /* were used up */
  ACCEPT_ROUNDS = 16
};

/* All that one end of one connection sent, as the system took it. */
static struct wire {
  char* bytes;
  size_t sent;
  size_t size;
  size_t received;
  struct {
    int id; /* what it leads to */
    int is_tcp;
    size_t at; /* it goes with the byte that so many were sent before */
  } passed[MOST_PASSED];
  unsigned passed_count;
  unsigned arrived;
} wires[MOST_WIRES];

struct expected model_expected;
struct buffer model_buffer;

static struct {
  struct model_handle* handle;
  const char* bytes;
  size_t size;
  size_t taken;
  int pass;
} attempt;

static int passing;        /* what goes with the bytes that are taken next; 0: nothing */
static int passing_is_tcp; /* its kind */

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

struct model_handle* model_handle_of(const void* uv) {
  return ((const uv_handle_t*) uv)->data;
}

static struct model_handle* handle_of_io(const struct uv__io* io) {
  return model_handle_of(uv__container_of(io, uv_stream_t, stream.io));
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
  if (h != NULL && model_is_stream(h) && !h->closed)
    model_check_size(h);
}

int model_port_error(void) {
  return port_error;
}

int model_option_error(void) {
  return option_error;
}

void model_try_begin(struct model_handle* h, const char* bytes, size_t size, int pass) {
  attempt.handle = h;
  attempt.bytes = bytes;
  attempt.size = size;
  attempt.taken = 0;
  attempt.pass = pass;
}

size_t model_try_end(void) {
  attempt.handle = NULL;
  return attempt.taken;
}

/* W3. While a close is on its way to the callbacks, the bytes that will never be taken may
 * count or not. */
void model_check_size(const struct model_handle* h) {
  size_t size = uv_stream_get_write_queue_size(&h->uv->stream);
  const struct model_write* w;

  if (size == h->queued || (h->closing && size == 0))
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

/* The next bytes of a stream bring a handle with them, or must not. */
static void check_passing(const struct model_handle* h, int want) {
  struct wire* wire = &wires[h->out];

  if (passing != want)
    sim_fail("I3: handle %d passes %d, not %d", h->number, passing, want);
  if (passing == 0)
    return;
  if (wire->passed_count == MOST_PASSED)
    sim_fail("the model has no room for another passed handle");
  wire->passed[wire->passed_count].id = passing;
  wire->passed[wire->passed_count].is_tcp = passing_is_tcp;
  wire->passed[wire->passed_count++].at = wire->sent;
  passing = 0;
  sim_mark(MARK_PASSED);
}

static void on_passed(struct uv__io* io, int fd) {
  if (handle_of_io(io)->kind != KIND_IPC || passing != 0)
    sim_fail("I1: a handle goes over what carries none, or two go at once");
  passing = sim_identity(fd);
  passing_is_tcp = sim_is_tcp(fd);
}

static void on_arrived(struct uv__io* io, int fd) {
  struct model_handle* h = handle_of_io(io);
  struct wire* wire = &wires[h->in];
  struct model_arrival* arrival = &h->pending[h->pending_count];

  if (wire->arrived == wire->passed_count || wire->passed[wire->arrived].id != sim_identity(fd) ||
      wire->passed[wire->arrived].at != wire->received)
    sim_fail("I3: handle %d is brought another handle than was sent", h->number);
  if (h->pending_count++ == MODEL_PENDING)
    sim_fail("the model has no room for another handle that arrived");
  arrival->fd = fd;
  arrival->id = sim_identity(fd);
  arrival->is_tcp = wire->passed[wire->arrived++].is_tcp;
  if (h->pending_count > 1)
    sim_mark(MARK_ARRIVED_SEVERAL);
}

static int waits(const struct model_write* w) {
  return w->left > 0 && !w->cancelled && w->error == 0;
}

/* The write whose bytes come next. One that had not passed its handle when that closed ended with the
 * answer of the system to the call in which it was. */
static struct model_write* next_to_go(struct model_handle* h, struct model_write* w) {
  for (; w != NULL; w = w->next) {
    if (!waits(w))
      continue;
    if (!w->forsaken || w->passed || passing == w->send_id)
      return w;
    w->error = UV_EBADF;
    h->queued -= w->left;
    sim_mark(MARK_FORSAKEN_IN_FLIGHT);
  }
  return NULL;
}

static void on_taken(struct uv__io* io, const char* bytes, size_t n) {
  struct model_handle* h = handle_of_io(io);
  struct model_write* w = h->writes;
  size_t at;

  if (attempt.handle != NULL) {
    check_passing(h, attempt.taken == 0 ? attempt.pass : 0);
    append(h->out, bytes, n);
    if (attempt.handle != h || attempt.size - attempt.taken < n ||
        memcmp(attempt.bytes + attempt.taken, bytes, n) != 0)
      sim_fail("W7: try_write on handle %d gave other bytes", h->number);
    attempt.taken += n;
    return;
  }
  for (at = 0; at < n;) {
    size_t part;

    w = next_to_go(h, w);
    if (w == NULL)
      sim_fail("W1: handle %d wrote bytes that nobody submitted", h->number);
    part = w->left < n - at ? w->left : n - at;
    check_passing(h, w->left == w->size ? w->send_id : 0);
    w->passed |= w->send != NULL;
    append(h->out, bytes + at, part);
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
  if (result > 0 && w->send != NULL && w->passed)
    sim_mark(MARK_PARTIAL_PASSING);
  if (result > 0 && w->send != NULL && !w->passed)
    sim_mark(MARK_STOPS_BEFORE_PASSING);
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
  for (w = h->writes; w != NULL && result != UV_EAGAIN; w = w->next)
    w->flies = 0;
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
  struct model_write* first = NULL;
  struct model_write* w;

  for (w = handle_of_io(io)->writes; w != NULL; w = w->next) {
    w->started = 1;
    if (first == NULL && waits(w))
      first = w;
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
  struct model_handle* h = handle_of_io(io);

  if (!armed && model_buffer.handle != h)
    sim_fail("R2: handle %d reads into a buffer of another", h->number);
  if (!h->reading)
    sim_fail("R5: handle %d is read from, and was stopped", h->number);
  if (result == UV_EAGAIN)
    result = 0;
  model_expect(h, EXPECT_READ, result);
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

static void meet_peer(struct model_handle* h, int fd) {
  sim_serials(fd, &h->out, &h->in);
  if (h->out >= MOST_WIRES || h->in >= MOST_WIRES)
    sim_fail("the model has no wires left");
}

static void on_opened(struct uv__io* io, int result, int fd) {
  struct model_handle* h = handle_of_io(io);

  if (result < 0 && port_error == 0)
    port_error = result;
  if (result < 0)
    return;
  if (fd >= 0)
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
  if (port_error == 0)
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
    if (model_is_stream(h) && !h->closing && timeout_ms != 0 && h->writes != NULL &&
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
    .passed = on_passed,
    .arrived = on_arrived,
    .exited = on_exited,
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

/* ---- Bytes ---- */

void model_receive(struct model_handle* h, const char* bytes, size_t n) {
  struct wire* wire = &wires[h->in];

  if (wire->sent - wire->received < n || memcmp(wire->bytes + wire->received, bytes, n) != 0)
    sim_fail("handle %d received other bytes than were sent", h->number);
  wire->received += n;
  model.progress++;
  while (wire->arrived < wire->passed_count && wire->passed[wire->arrived].at < wire->received) {
    if (h->kind == KIND_IPC)
      sim_fail("I3: handle %d is not brought what came with its bytes", h->number);
    wire->arrived++; /* Where nobody asks for it, it is lost. */
  }
}

int model_has_received_all(const struct model_handle* h) {
  return wires[h->in].received == wires[h->in].sent;
}

void model_system_begin(void) {
  memset(wires, 0, sizeof(wires));
  memset(&model_expected, 0, sizeof(model_expected));
  memset(&model_buffer, 0, sizeof(model_buffer));
  memset(&attempt, 0, sizeof(attempt));
  finished = 0;
  passing = 0;
  quiet_waits = 0;
}

void model_system_end(void) {
  int i;

  for (i = 0; i < MOST_WIRES; i++)
    free(wires[i].bytes);
}
