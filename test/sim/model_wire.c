/* What is under way: the bytes of each connection and the handles that go with them, from the moment at
 * which the system takes them until they are read. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum {
  MOST_WIRES = 512,
  MOST_PASSED = 256
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

static struct {
  struct model_handle* handle;
  const char* bytes;
  size_t size;
  size_t taken;
  int pass;
} attempt;

/* What goes with the bytes that are taken next. */
static struct {
  int id;
  int is_tcp;
} passing[MODEL_TOGETHER];
static unsigned passing_count;

unsigned model_finished;

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

int model_is_trying(void) {
  return attempt.handle != NULL;
}

void model_wire_turned_up(int serial, const char* bytes, size_t n) {
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

/* The next bytes of a stream bring these handles with them, all of them, and no others. */
static void check_passing(const struct model_handle* h, const int* want, unsigned count) {
  struct wire* wire = &wires[h->out];
  unsigned i;

  if (passing_count != count)
    sim_fail("I3, X7: handle %d passes %u handles, not %u", h->number, passing_count, count);
  for (i = 0; i < count; i++) {
    if (passing[i].id != want[i])
      sim_fail("I3: handle %d passes %d, not %d", h->number, passing[i].id, want[i]);
    if (wire->passed_count == MOST_PASSED)
      sim_fail("the model has no room for another passed handle");
    wire->passed[wire->passed_count].id = passing[i].id;
    wire->passed[wire->passed_count].is_tcp = passing[i].is_tcp;
    wire->passed[wire->passed_count++].at = wire->sent;
    sim_mark(MARK_PASSED);
  }
  if (count > 1)
    sim_mark(MARK_PASSED_SEVERAL);
  passing_count = 0;
}

void model_wire_passed(struct uv__io* io, int fd) {
  if (model_handle_of_io(io)->kind != KIND_IPC || passing_count == MODEL_TOGETHER)
    sim_fail("I1: a handle goes over what carries none, or too many go at once");
  passing[passing_count].id = sim_identity(fd);
  passing[passing_count++].is_tcp = sim_is_tcp(fd);
}

void model_wire_arrived(struct uv__io* io, int fd) {
  struct model_handle* h = model_handle_of_io(io);
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

int model_waits(const struct model_write* w) {
  return w->left > 0 && w->error == 0 && (!w->cancelled || (w->file != NULL && w->flies));
}

/* Whether what goes with the next bytes is what this write passes. */
static int goes(const struct model_write* w) {
  unsigned i;

  if (w->send_count == 0 || passing_count != w->send_count)
    return 0;
  for (i = 0; i < passing_count; i++)
    if (passing[i].id != w->send_ids[i])
      return 0;
  return 1;
}

/* The write whose bytes come next. One that had not passed its handle when that closed ended with the
 * answer of the system to the call in which it was. */
static struct model_write* next_to_go(struct model_handle* h, struct model_write* w) {
  for (; w != NULL; w = w->next) {
    if (w->file != NULL && !model_file_is_over(w))
      return model_waits(w) ? w : NULL; /* Behind one that failed nothing goes (X8). */
    if (!model_waits(w))
      continue;
    if (!w->forsaken || w->passed || goes(w))
      return w;
    w->error = UV_EBADF;
    h->queued -= w->left;
    sim_mark(MARK_FORSAKEN_IN_FLIGHT);
  }
  return NULL;
}

void model_wire_taken(struct uv__io* io, const char* bytes, size_t n) {
  struct model_handle* h = model_handle_of_io(io);
  struct model_write* w = h->writes;
  size_t at;

  if (attempt.handle != NULL) {
    check_passing(h, &attempt.pass, attempt.taken == 0 && attempt.pass != 0);
    model_wire_turned_up(h->out, bytes, n);
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
    check_passing(h, w->send_ids, w->left == w->size ? w->send_count : 0);
    w->passed |= w->send_count > 0;
    model_wire_turned_up(h->out, bytes + at, part);
    if (memcmp(w->bytes + (w->size - w->left), bytes + at, part) != 0)
      sim_fail("W1: handle %d wrote the wrong bytes", h->number);
    w->left -= part;
    model_finished += w->left == 0;
    if (w->file != NULL)
      h->telling = w;
    at += part;
  }
}

void model_meet_peer(struct model_handle* h, int fd) {
  sim_serials(fd, &h->out, &h->in);
  if (h->out >= MOST_WIRES || h->in >= MOST_WIRES)
    sim_fail("the model has no wires left");
}

void model_receive(struct model_handle* h, const char* bytes, size_t n) {
  struct wire* wire = &wires[h->in];
  const struct model_ask* ask;

  for (ask = h->asks; ask != NULL; ask = ask->next)
    if (ask->cancelled && ask->taken > 0)
      sim_fail("X3: handle %d reads on before it tells what was taken back", h->number);
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

int model_is_unread(const struct model_handle* h) {
  return wires[h->in].received < wires[h->in].sent;
}

int model_has_received_all(const struct model_handle* h) {
  return wires[h->in].received == wires[h->in].sent;
}

void model_wire_begin(void) {
  memset(wires, 0, sizeof(wires));
  memset(&attempt, 0, sizeof(attempt));
  model_finished = 0;
  passing_count = 0;
}

void model_wire_end(void) {
  int i;

  for (i = 0; i < MOST_WIRES; i++)
    free(wires[i].bytes);
}
