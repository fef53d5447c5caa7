/* See driver.h. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "native.h"

enum {
  PATIENCE_MS = 30000, /* of the port's clock, for what must come */
  POLL_MS = 100,
  SCRIBBLE = 0xa5
};

uv_loop_t* loop;

/* The connection that `settle` passes its bytes over. */
static struct stream* fence[2];

/* ---- Loop ---------------------------------------------------------------------------- */

static unsigned round_number;

static void loop_begin(void) {
  native_begin(round_number);
  memory_begin();
  loop = (uv_loop_t*) calloc(1, sizeof(*loop));
  CHECK(loop != NULL);
  uv__queue_init(&loop->ready);
  CHECK_EQ(uv__port_start(loop), 0);
}

static void loop_end(void) {
  if (fence[0] != NULL) {
    stream_end(fence[0]);
    stream_end(fence[1]);
    fence[0] = NULL;
    fence[1] = NULL;
  }
  CHECK(uv__queue_empty(&loop->ready));
  uv__port_stop(loop);
  memset(loop, SCRIBBLE, sizeof(*loop));
  free(loop);
  loop = NULL;
  native_end();
  memory_end();
}

const struct kind* round_begin(void) {
  round_number = 0;
  loop_begin();
  return kinds;
}

const struct kind* round_next(const struct kind* kind) {
  loop_end();
  if (++round_number == native_rounds) {
    round_number = 0;
    kind++;
  }
  if (kind->desc == UV__DESC_PIPE && !native_pipes)
    return NULL;
  if (kind->name == NULL)
    return NULL;
  loop_begin();
  return kind;
}

static unsigned lane_index(unsigned lane) {
  unsigned i = 0;

  while (lane > 1) {
    lane >>= 1;
    i++;
  }
  return i;
}

static void take_rings(struct stream* s) {
  unsigned lane;

  for (lane = UV__READ; lane <= UV__HANGUP; lane <<= 1) {
    if (!(s->io.rung & lane))
      continue;
    /* Law 2: a ring belongs to a start. Listeners may hear of several connections. */
    if (lane != UV__ACCEPT && !s->closed)
      CHECK(s->io.busy & lane);
    s->io.busy &= (unsigned char) ~lane;
    s->rings[lane_index(lane)]++;
  }
  s->io.rung = 0;
}

/* What uv__ring left behind: the core's turn, without its rules. */
static void take_ready(void) {
  struct uv__queue list;

  uv__queue_move(&loop->ready, &list);
  while (!uv__queue_empty(&list)) {
    struct uv__queue* q = uv__queue_head(&list);
    struct uv__io* io = uv__container_of(q, struct uv__io, link);

    uv__queue_remove(q);
    CHECK(io->waiting);
    io->waiting = 0;
    take_rings(uv__container_of(io, struct stream, io));
  }
}

void turn(int timeout_ms) {
  take_ready();
  loop->time = uv__port_now(loop); /* as the core does before it waits */
  uv__port_poll(loop, timeout_ms);
  take_ready();
}

unsigned rings(const struct stream* s, enum uv__lane lane) {
  return s->rings[lane_index(lane)];
}

void await(struct stream* s, enum uv__lane lane) {
  uint64_t begin = uv__port_now(loop);

  take_ready();
  while (rings(s, lane) == 0) {
    turn(POLL_MS);
    CHECK(rings(s, lane) != 0 || uv__port_now(loop) - begin < PATIENCE_MS);
  }
  s->rings[lane_index(lane)]--;
}

void settle(void) {
  int i;

  if (fence[0] == NULL)
    make_pair(&kinds[0], &fence[0], &fence[1]);
  for (i = 0; i < 6; i++) {
    CHECK_EQ(write_byte(fence[i & 1], 'f'), 0);
    CHECK_EQ(read_byte(fence[1 - (i & 1)]), 'f');
    turn(0);
  }
}

unsigned polls_during(int ms) {
  uint64_t begin = uv__port_now(loop);
  unsigned polls = 0;

  for (;;) {
    uint64_t gone = uv__port_now(loop) - begin;

    if (gone >= (uint64_t) ms)
      return polls;
    turn(ms - (int) gone);
    polls++;
  }
}

/* ---- Streams ------------------------------------------------------------------------- */

struct stream* stream_new(const struct kind* kind) {
  struct stream* s = (struct stream*) calloc(1, sizeof(*s));

  CHECK(s != NULL);
  /* The tail is not cleared for the backend: `init` has to set all it reads. */
  memset(&s->io.tail, SCRIBBLE, sizeof(s->io.tail));
  s->kind = kind;
  s->io.ops = kind->ops;
  s->io.loop = loop;
  uv__queue_init(&s->io.link);
  s->io.ops->init(&s->io);
  return s;
}

struct stream* stream_open(const struct kind* kind, const struct uv__desc* desc) {
  struct stream* s = stream_new(kind);
  unsigned opened = 0;

  if (desc == NULL)
    CHECK_EQ(kind->open(s), 0);
  else
    CHECK_EQ(s->io.ops->open(&s->io, AF_UNSPEC, desc, &opened), 0);
  return s;
}

void stream_begin_close(struct stream* s) {
  int r;

  take_ready();
  s->closed = 1;
  r = s->io.ops->close(&s->io);
  CHECK(r == 0 || r == UV__PENDING);
  if (r == UV__PENDING)
    s->io.busy |= UV__CLOSED;
}

void stream_await_close(struct stream* s) {
  if ((s->io.busy & UV__CLOSED) || rings(s, UV__CLOSED) > 0)
    await(s, UV__CLOSED);
  /* The ready list is the core's: it forgets the io, the port no longer has it. */
  uv__queue_remove(&s->io.link);
}

void stream_close(struct stream* s) {
  stream_begin_close(s);
  stream_await_close(s);
}

void stream_free(struct stream* s) {
  memset(s, SCRIBBLE, sizeof(*s));
  free(s);
}

void stream_end(struct stream* s) {
  stream_close(s);
  stream_free(s);
}

void stream_reset(struct stream* s) {
  if (s->kind->resets)
    CHECK_EQ(s->io.ops->option(&s->io, UV__RESET, NULL), 0);
  stream_end(s);
}

/* ---- Lanes --------------------------------------------------------------------------- */

int arm(struct stream* s) {
  int r;

  CHECK(!(s->io.busy & UV__READ));
  r = s->io.ops->read_arm(&s->io);
  CHECK(r <= 0);
  if (r == UV__PENDING)
    s->io.busy |= UV__READ;
  return r;
}

void arm_dry(struct stream* s) {
  int tries;

  /* "Ready" may turn out to be nothing, as a ring may, but not again and again. */
  for (tries = 0; tries < 3; tries++) {
    char byte;

    if (arm(s) == UV__PENDING)
      return;
    CHECK_EQ(read_now(s, &byte, 1), UV_EAGAIN);
  }
  FAIL("read_arm says ready for ever, and there is nothing");
}

void disarm(struct stream* s) {
  int r;

  take_ready();
  if (!(s->io.busy & UV__READ))
    return; /* It rang before. */
  r = s->io.ops->read_disarm(&s->io);
  CHECK(r == 0 || r == UV__PENDING);
  if (r == 0)
    s->io.busy &= (unsigned char) ~UV__READ;
  else
    await(s, UV__READ);
}

ssize_t read_now(struct stream* s, char* base, size_t len) {
  static struct uv__passed passed; /* Nobody passes anything here. */
  ssize_t n;

  CHECK(!(s->io.busy & UV__READ)); /* law 1 */
  native_offer(base, len);
  n = s->io.ops->read_now(&s->io, base, len, s->kind->ops == &uv__ipc_ops ? &passed : NULL);
  CHECK(n != 0); /* the end is UV_EOF, nothing is UV_EAGAIN */
  CHECK_EQ(passed.count, 0);
  CHECK(n < 0 || (size_t) n <= len);
  return n;
}

ssize_t read_some(struct stream* s, char* base, size_t len) {
  for (;;) {
    int r = (s->io.busy & UV__READ) ? UV__PENDING : arm(s);
    ssize_t n;

    if (r == UV__PENDING)
      await(s, UV__READ);
    else if (r < 0)
      return r;
    n = read_now(s, base, len);
    if (n != UV_EAGAIN)
      return n;
  }
}

char read_byte(struct stream* s) {
  char byte;

  CHECK_EQ(read_some(s, &byte, 1), 1);
  return byte;
}

void hear(struct stream* s) {
  static char sink[65536];
  ssize_t n;

  if (s->io.busy & UV__READ)
    return;
  while ((n = read_now(s, sink, sizeof(sink))) != UV_EAGAIN) {
    CHECK(n > 0);
    pattern_check(sink, (size_t) n, s->heard);
    s->heard += (size_t) n;
  }
}

void hear_until(struct stream* s, size_t total) {
  static char sink[65536];

  while (s->heard < total) {
    size_t want = total - s->heard < sizeof(sink) ? total - s->heard : sizeof(sink);
    ssize_t n = read_some(s, sink, want);

    CHECK(n > 0);
    pattern_check(sink, (size_t) n, s->heard);
    s->heard += (size_t) n;
  }
}

ssize_t read_to_end(struct stream* s) {
  static char sink[65536];
  ssize_t n;

  do
    n = read_some(s, sink, sizeof(sink));
  while (n > 0);
  return n;
}

static size_t total_of(const uv_buf_t* bufs, unsigned n) {
  size_t total = 0;
  unsigned i;

  for (i = 0; i < n; i++)
    total += bufs[i].len;
  return total;
}

ssize_t write_start(struct stream* s, const uv_buf_t* bufs, unsigned n, enum uv__write_mode mode) {
  size_t total = total_of(bufs, n);
  ssize_t r;

  CHECK(!(s->io.busy & UV__WRITE));
  r = s->io.ops->write(&s->io, bufs, n, mode, NULL);
  CHECK(r != 0);
  if (r > 0)
    CHECK((size_t) r <= total);
  if (mode == UV__QUEUE)
    CHECK(r != UV_EAGAIN);
  else
    CHECK(r != UV__PENDING);
  if (r == UV__PENDING)
    s->io.busy |= UV__WRITE;
  return r;
}

ssize_t write_byte(struct stream* s, char byte) {
  ssize_t n;

  do {
    uv_buf_t buf = uv_buf_init(&byte, 1);

    n = collect(s, UV__WRITE, write_start(s, &buf, 1, UV__QUEUE));
  } while (n == 0); /* of `done`: start again */
  return n < 0 ? n : 0;
}

ssize_t collect_heard(struct stream* s, ssize_t r, struct stream* peer) {
  if (r != UV__PENDING)
    return r;
  take_ready();
  while (rings(s, UV__WRITE) == 0) {
    hear(peer);
    turn(1);
  }
  return collect(s, UV__WRITE, r);
}

ssize_t write_pattern(struct stream* s, size_t at, size_t len, struct stream* peer) {
  char* bytes = (char*) malloc(len);
  size_t done = 0;
  ssize_t n = 0;

  CHECK(bytes != NULL);
  pattern_fill(bytes, len, at);
  while (done < len && n >= 0) {
    uv_buf_t buf = uv_buf_init(bytes + done, (unsigned) (len - done));

    n = collect_heard(s, write_start(s, &buf, 1, UV__QUEUE), peer);
    if (n > 0) {
      /* Taken: these bytes are the caller's again, nobody may look at them any more. */
      memset(bytes + done, 0xee, (size_t) n);
      done += (size_t) n;
    }
  }
  free(bytes);
  return n < 0 ? n : 0;
}

size_t write_full(struct stream* s) {
  static char block[65536];
  size_t total = 0;
  unsigned refusals = 0;

  /* A full buffer can drain into the peer's for a moment; asked again and again it stays
   * full. The peer does not read. */
  while (refusals < 12) {
    uv_buf_t buf = uv_buf_init(block, sizeof(block));
    ssize_t n;

    pattern_fill(block, sizeof(block), total);
    n = write_start(s, &buf, 1, UV__TRY);
    if (n == UV_EAGAIN) {
      refusals++;
      settle();
      continue;
    }
    CHECK(n > 0);
    total += (size_t) n;
    refusals = 0;
  }
  return total;
}

int start(struct stream* s, enum uv__lane lane, const void* addr) {
  int r;

  CHECK(!(s->io.busy & lane));
  r = lane == UV__CONNECT ? s->io.ops->connect(&s->io, addr) : s->io.ops->shutdown(&s->io);
  CHECK(r <= 0);
  if (r == UV__PENDING)
    s->io.busy |= (unsigned char) lane;
  return r;
}

ssize_t collect(struct stream* s, enum uv__lane lane, ssize_t r) {
  if (r != UV__PENDING)
    return r;
  await(s, lane);
  r = s->io.ops->done(&s->io, lane);
  CHECK(r != UV__PENDING);
  return r;
}

int accept_start(struct stream* listener, struct uv__desc* desc) {
  int r;

  /* A ring from before the question is no answer to it: a port may tell of each connection,
   * and this one call finds them all. */
  take_ready();
  listener->rings[lane_index(UV__ACCEPT)] = 0;
  CHECK(!(listener->io.busy & UV__ACCEPT)); /* law 1 */
  desc->kind = UV__DESC_NONE;
  r = listener->io.ops->accept_now(&listener->io, desc);
  CHECK(r <= 0 && r != UV__PENDING);
  if (r == UV_EAGAIN)
    listener->io.busy |= UV__ACCEPT;
  return r;
}

struct stream* accept_stream(struct stream* listener) {
  struct uv__desc desc;
  struct stream* s;
  unsigned opened = 0;

  if (listener->io.busy & UV__ACCEPT)
    await(listener, UV__ACCEPT);
  while (accept_start(listener, &desc) == UV_EAGAIN)
    await(listener, UV__ACCEPT);
  CHECK_EQ(desc.kind, listener->kind->desc);
  s = stream_new(listener->kind);
  CHECK_EQ(s->io.ops->open(&s->io, AF_UNSPEC, &desc, &opened), 0);
  CHECK_EQ(opened, UV__OPENED_READABLE | UV__OPENED_WRITABLE);
  return s;
}

int hear_hangup(struct stream* s) {
  uint64_t begin = uv__port_now(loop);
  int r = 0;

  while (r == 0) {
    r = uv__port_beyond(&s->io)->hangup_arm(&s->io);
    if (r == UV__PENDING) {
      s->io.busy |= UV__HANGUP;
      await(s, UV__HANGUP);
      r = uv__port_beyond(&s->io)->hangup_done(&s->io);
    } else if (r == UV_EAGAIN) {
      turn(POLL_MS / 10);
      r = 0;
    }
    CHECK(uv__port_now(loop) - begin < PATIENCE_MS);
  }
  return r;
}
