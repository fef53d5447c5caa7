/* The simulated system: ios with their lanes, the clock and the schedule. Sockets are in sim_socket.c,
 * what the core may ask is in sim_tcp.c and sim_pipe.c; numbers and memory are in sim_base.c. */
#include "sim_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_IOS = 256,
  PATIENCE = 6,     /* ticks a lane may be late */
  IDLE_TICKS = 100, /* without any event, until a wait without limit counts as stuck */
  HEADER = 16       /* in front of allocated memory; keeps its alignment */
};

const struct sim_observer* sim_seen;
const int sim_counts_lost = 0;
const unsigned sim_has =
    SIM_HAS_PIPES | SIM_HAS_PROCESSES | SIM_HAS_SIGNALS | SIM_HAS_LOOPS | SIM_HAS_THREADS;
int sim_starved;
int sim_is_calm;

static uint64_t clock_ms;
static struct uv__io* ios[MOST_IOS];
static unsigned io_count;
static unsigned rings;
static int polling;

uint64_t sim_clock_ms(void) {
  return clock_ms;
}

/* Of an assertion of the core: which run it was. */
static void on_abort(int signum) {
  (void) signum;
  sim_fail("an assertion failed");
}

void sim_catch_asserts(void) {
  signal(SIGABRT, on_abort);
}

int sim_fd(const struct uv__io* io) {
  return io->tail.fd;
}

/* What it owes, it rings: see PATIENCE. */
int sim_owes(const struct uv__io* io) {
  return ((io->busy & UV__CLOSED) && !(io->rung & UV__CLOSED)) || sim_owes_signal(io);
}

int sim_is_woken(const uv_loop_t* loop) {
  return loop->tail.woken;
}

void sim_starve(int on) {
  sim_starved = on;
}

void sim_calm(void) {
  memset(&sim_trouble, 0, sizeof(sim_trouble));
  sim_starved = 0;
  sim_is_calm = 1;
}

/* ---- Ios and their lanes ---- */

void sim_enter(struct uv__io* io) {
  if (io_count == MOST_IOS)
    sim_fail("the simulator has no room for another io");
  ios[io_count++] = io;
}

void sim_leave(struct uv__io* io) {
  unsigned i = 0;

  while (ios[i] != io)
    i++;
  ios[i] = ios[--io_count];
}

/* Eight bytes at a time, of which most writes have thousands. */
static uint64_t sum_of(const struct sim_pin* pin) {
  uint64_t sum = 0xcbf29ce484222325u;
  uint64_t word;
  unsigned i;

  for (i = 0; i < pin->nbufs; i++) {
    const char* at = pin->bufs[i].base;
    size_t left = pin->bufs[i].len;

    for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
      memcpy(&word, at, sizeof(word));
      sum = (sum ^ word) * 0x100000001b3u;
    }
    while (left-- > 0)
      sum = (sum ^ (unsigned char) *at++) * 0x100000001b3u;
  }
  return sum;
}

void sim_pin_bytes(struct uv__io* io,
                   const uv_buf_t* bufs,
                   unsigned nbufs,
                   const struct sim_passing* pass) {
  struct sim_pin* pin = malloc(sizeof(*pin) + nbufs * sizeof(bufs[0]));

  if (pin == NULL)
    sim_fail("the test itself is out of memory");
  pin->owned = NULL;
  pin->pass = *pass;
  pin->nbufs = nbufs;
  memcpy(pin->bufs, bufs, nbufs * sizeof(bufs[0]));
  pin->sum = sum_of(pin);
  io->tail.pin = pin;
}

void sim_unpin(struct uv__io* io) {
  if (io->tail.pin->sum != sum_of(io->tail.pin))
    sim_fail("the bytes of a write in flight were touched");
  while (io->tail.pin->pass.count > 0) /* They did not go. */
    sim_fd_close(io->tail.pin->pass.fds[--io->tail.pin->pass.count], 0);
  free(io->tail.pin->owned);
  free(io->tail.pin);
  io->tail.pin = NULL;
}

void sim_arm(struct uv__io* io, enum uv__lane lane) {
  io->tail.armed |= (unsigned) lane;
  io->tail.patience = PATIENCE;
  if ((io->tail.style & SIM_RINGS_INSIDE) && sim_chance(50) && sim_try_ring(io, lane))
    sim_mark(MARK_RING_INSIDE);
}

void sim_ring(struct uv__io* io, enum uv__lane lane) {
  if (!(io->tail.armed & (unsigned) lane))
    sim_fail("the simulator rings a lane that nothing was started on");
  io->tail.armed &= ~(unsigned) lane;
  io->tail.due |= (unsigned) lane;
  sim_trace("  ring %d fd %d", (int) lane, io->tail.fd);
  rings++;
  uv__ring(io, lane);
}

static size_t size_of(const struct sim_pin* pin) {
  size_t size = 0;
  unsigned i;

  for (i = 0; i < pin->nbufs; i++)
    size += pin->bufs[i].len;
  return size;
}

size_t sim_take_over(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t more) {
  struct sim_pin* pin = io->tail.pin;
  size_t limit = more + size_of(pin);
  size_t size = 0;
  struct sim_passing pass = pin->pass;
  unsigned i;

  for (i = 0; i < pin->nbufs; i++)
    if (i == nbufs || pin->bufs[i].base != bufs[i].base || pin->bufs[i].len > bufs[i].len)
      sim_fail("the last write does not begin with the bytes in flight");
  for (i = 0; i < nbufs; i++)
    size += bufs[i].len;
  pin->pass.count = 0;
  sim_unpin(io);
  sim_enlarge(sim_socket_of(io), limit);
  return sim_take(io, bufs, nbufs, limit < size ? limit : size, &pass);
}

/* A write in flight meets the system again. Completion style: it takes bytes now. Readiness
 * style: it only says that a new start would get on. */
static int try_write(struct uv__io* io) {
  struct sim_socket* sock = sim_socket_of(io);
  struct sim_pin* pin = io->tail.pin;

  if (!sock->reset && sim_room(sock) == 0)
    return 0;
  if (!(io->tail.style & SIM_COMPLETES)) {
    io->tail.write_result = 0;
  } else if (sock->reset) {
    io->tail.write_result = sim_dead(sock);
  } else if (sim_chance(sim_trouble.write_error)) {
    io->tail.write_result =
        UV_EIO; /* The connection lives: memory was short, or it was the disk. */
  } else {
    size_t limit = sim_chance(50) ? size_of(pin) : 1 + sim_below(100);
    io->tail.write_result =
        (ssize_t) sim_take(io, pin->bufs, pin->nbufs, sim_room_or(sock, limit), &pin->pass);
  }
  sim_unpin(io);
  sim_ring(io, UV__WRITE);
  return 1;
}

int sim_try_ring(struct uv__io* io, enum uv__lane lane) {
  struct sim_socket* sock = io->tail.fd >= 0 ? sim_socket_of(io) : NULL;

  switch (lane) {
  case UV__READ:
    if (!sim_readable(sock) && !io->tail.unasked)
      return 0;
    io->tail.unasked = 0;
    break;
  case UV__WRITE:
    return try_write(io);
  case UV__ACCEPT:
    if (sock->queue_seen == 0)
      return 0;
    break;
  case UV__CONNECT:
    if (io->tail.is_silent && !sim_is_calm)
      return 0;
    io->tail.connect_result = io->tail.is_silent ? UV_ETIMEDOUT : sim_connect_now(io);
    if (io->role == UV__ROLE_STREAM)
      sim_seen->connected(io, io->tail.connect_result);
    break;
  case UV__SHUTDOWN:
    io->tail.shutdown_result = sock->reset ? UV_ENOTCONN : 0;
    sim_fin(sock);
    sim_seen->shutdown_done(io, io->tail.shutdown_result);
    break;
  case UV__HANGUP:
    if (sim_hangup(sock) == 0)
      return 0;
    break;
  case UV__CLOSED:
    break;
  case UV__EVENT:
    sim_fail("an io that is no stream");
  }
  sim_ring(io, lane);
  return 1;
}

/* For nothing: legal where the core then finds nothing, a spin without the limit. */
static void ring_for_nothing(struct uv__io* io) {
  if (io->tail.spurious == 0 || !sim_chance(sim_trouble.spurious))
    return;
  io->tail.spurious--;
  if ((io->tail.armed & UV__WRITE) && sim_chance(50)) {
    io->tail.write_result = 0;
    sim_unpin(io);
    sim_mark(MARK_SPURIOUS_WRITE);
    sim_ring(io, UV__WRITE);
  } else if ((io->tail.armed & UV__READ) && sim_chance(50)) {
    io->tail.unasked = 0;
    sim_mark(MARK_SPURIOUS_READ);
    sim_ring(io, UV__READ);
  } else if (io->tail.armed & UV__ACCEPT) {
    sim_mark(MARK_SPURIOUS_ACCEPT);
    sim_ring(io, UV__ACCEPT);
  } else if (io->tail.armed & UV__HANGUP) {
    sim_mark(MARK_SPURIOUS_HANGUP);
    sim_ring(io, UV__HANGUP);
  }
}

void sim_cut(struct uv__io* io, unsigned lanes) {
  sim_decide(io, lanes);
  if (lanes & io->tail.armed & UV__WRITE)
    sim_unpin(io);
}

void sim_decide(struct uv__io* io, unsigned lanes) {
  struct uv__io_tail* tail = &io->tail;

  lanes &= tail->armed;
  if (lanes & UV__WRITE) {
    tail->write_result = UV_ECANCELED;
    if ((tail->style & SIM_COMPLETES) && sim_chance(50) && !sim_socket_of(io)->reset &&
        sim_room(sim_socket_of(io)) > 0)
      tail->write_result =
          (ssize_t) sim_take(io, tail->pin->bufs, tail->pin->nbufs,
                             sim_room_or(sim_socket_of(io), 1 + sim_below(200)), &tail->pin->pass);
    if (tail->write_result < 0)
      sim_mark(MARK_CUT_CANCELED);
    else if ((size_t) tail->write_result < size_of(tail->pin))
      sim_mark(MARK_CUT_SHORT);
  }
  if (lanes & UV__CONNECT) {
    tail->connect_result = !tail->is_silent && sim_chance(20) ? sim_connect_now(io) : UV_ECANCELED;
    if (tail->connect_result == 0)
      sim_mark(MARK_CONNECT_CUT_DONE);
    if (io->role == UV__ROLE_STREAM)
      sim_seen->connected(io, tail->connect_result);
  }
  if (lanes & UV__SHUTDOWN) {
    tail->shutdown_result = sim_chance(50) ? 0 : UV_ECANCELED;
    sim_seen->shutdown_done(io, tail->shutdown_result);
  }
}

void sim_hang_up(struct uv__io* io) {
  if (io->tail.fd >= 0)
    sim_fd_close(io->tail.fd, io->tail.resets);
  io->tail.fd = -1;
}

void sim_gone(struct uv__io* io) {
  if (io->tail.fd >= 0 || io->tail.magic == SIM_CLOSING)
    sim_leave(io);
  sim_hang_up(io);
  io->tail.magic = SIM_CLOSED;
}

void sim_left(struct uv__io* io) {
  sim_leave(io);
  io->tail.armed = 0;
  io->tail.due = 0;
  io->tail.unasked = 0;
  io->tail.magic = SIM_LEFT;
}

/* What was armed may still ring, once, and then CLOSED, after which nothing of it is touched. */
static void tick_leaving(struct uv__io* io) {
  if (io->tail.patience > 0 && sim_chance(30)) {
    io->tail.patience--;
    return;
  }
  if ((io->tail.armed & UV__READ) && sim_chance(50))
    sim_ring(io, UV__READ);
  sim_ring(io, UV__CLOSED);
  sim_left(io);
}

/* An io whose close is under way and whose socket is gone: the lanes that were cut short ring, each
 * once and in any order, then CLOSED, after which nothing of it is touched. */
static void tick_closing(struct uv__io* io) {
  unsigned lane;

  if (io->tail.patience > 0 && sim_chance(30)) {
    io->tail.patience--;
    return;
  }
  for (lane = UV__READ; lane < UV__CLOSED; lane <<= 1)
    if ((io->tail.armed & lane) && (io->tail.patience == 0 || sim_chance(70))) {
      if (lane == UV__WRITE)
        sim_unpin(io); /* Its bytes were the system's until here. */
      sim_mark(MARK_CLOSE_CUTS_LATE);
      sim_ring(io, (enum uv__lane) lane);
      if (sim_chance(50))
        return;
    }
  if (io->tail.armed != UV__CLOSED)
    return;
  sim_ring(io, UV__CLOSED);
  sim_gone(io);
}

static void tick_io(struct uv__io* io) {
  unsigned lane;

  if (io->tail.magic == SIM_CLOSING) {
    tick_closing(io);
    return;
  }
  if (io->tail.magic == SIM_LEAVING) {
    tick_leaving(io);
    return;
  }
  if (io->tail.magic != SIM_OPEN)
    sim_fail("an io was overwritten or freed before it was closed");
  if (io->tail.armed == 0)
    return;
  if (io->tail.patience > 0 && sim_chance(sim_trouble.late)) {
    io->tail.patience--;
    ring_for_nothing(io);
    return;
  }
  for (lane = UV__READ; lane <= UV__HANGUP; lane <<= 1)
    if ((io->tail.armed & lane) && sim_try_ring(io, (enum uv__lane) lane) && sim_chance(20))
      return;
}

/* ---- The clock and the schedule ---- */

/* The ios of this tick in an order of their own. Rings only note that they happened, so that
 * the list does not change but for ios that leave it. */
static void tick_ios(const uv_loop_t* loop) {
  struct uv__io* batch[MOST_IOS];
  unsigned count = io_count;
  unsigned i;

  memcpy(batch, ios, count * sizeof(ios[0]));
  for (i = 0; i < count; i++) {
    unsigned j = i + sim_below(count - i);
    struct uv__io* io = batch[j];
    batch[j] = batch[i];
    if (io->loop == loop)
      tick_io(io);
  }
}

/* A wait without limit in which nothing can happen: blocking mode waits for a peer of the
 * same thread. Real systems would stop here for ever; this one has larger buffers. */
static int make_room(void) {
  unsigned i;
  int made = 0;

  for (i = 0; i < io_count; i++) {
    if (ios[i]->tail.magic != SIM_OPEN || !(ios[i]->tail.armed & UV__WRITE) ||
        sim_socket_of(ios[i])->peer < 0)
      continue;
    sim_enlarge(sim_socket_of(ios[i]), 1 + sim_below(512));
    made = 1;
  }
  return made;
}

void uv__port_poll(uv_loop_t* loop, int timeout_ms) {
  uint64_t end = clock_ms + (timeout_ms > 0 ? (uint64_t) timeout_ms : 0);
  unsigned ticks;

  if (loop->tail.magic != SIM_LOOP || polling)
    sim_fail("poll of a loop that was not started, or inside poll");
  polling = 1;
  rings = 0;
  sim_trace("poll %d", timeout_ms);
  sim_seen->waits(loop, timeout_ms);
  for (ticks = 0;; ticks++) {
    sim_tick_network();
    tick_ios(loop);
    rings += sim_tick_children(loop);
    rings += sim_tick_signals(loop);
    sim_tick_threads();
    sim_seen->waiting();
    if (rings > 0 || loop->tail.woken || timeout_ms == 0)
      break;
    if (timeout_ms > 0 && clock_ms >= end)
      break;
    if (ticks > 0 && sim_chance(3))
      break; /* Early, and with nothing. */
    if (timeout_ms > 0) {
      clock_ms += 1 + sim_below((unsigned) (end - clock_ms));
      continue;
    }
    clock_ms += sim_below(3);
    if (ticks >= IDLE_TICKS && !make_room())
      break;
  }
  if (timeout_ms == 0)
    clock_ms += sim_chance(30);
  loop->tail.woken = 0;
  polling = 0;
}

void uv__port_wake(uv_loop_t* loop) {
  loop->tail.woken = 1;
}

uint64_t uv__port_now(const uv_loop_t* loop) {
  (void) loop;
  return clock_ms;
}

int uv__port_start(uv_loop_t* loop) {
  if (sim_chance(sim_trouble.open_error))
    return UV_EMFILE;
  loop->tail.magic = SIM_LOOP;
  loop->tail.woken = 0;
  return 0;
}

void uv__port_stop(uv_loop_t* loop) {
  if (loop->tail.magic != SIM_LOOP)
    sim_fail("stop of a loop that was not started");
  loop->tail.magic = 0;
}

int uv__port_backend_fd(const uv_loop_t* loop) {
  (void) loop;
  return -1;
}

int uv__port_limit(const uv_loop_t* loop, int timeout_ms) {
  (void) loop;
  return timeout_ms;
}

unsigned uv__port_zone(const char* name) {
  (void) name;
  return 0;
}

void uv__port_shutdown(void) {}

void sim_begin(uint64_t with_seed, const struct sim_observer* observer) {
  sim_base_begin(with_seed);
  clock_ms = 1000 + sim_below(1000);
  io_count = 0;
  polling = 0;
  sim_is_calm = 0;
  sim_starved = 0;
  sim_sockets_begin();
  sim_children_begin();
  sim_signals_begin();
  sim_files_begin();
  sim_threads_begin();
  sim_seen = observer;
  sim_offer(NULL, 0);
  sim_trouble.reset = sim_chance(30) ? 50 : 0;
  sim_trouble.write_error = sim_chance(20) ? 5 : 0;
  sim_trouble.open_error = sim_chance(20) ? 10 : 0;
  sim_trouble.accept_error = sim_chance(20) ? 20 : sim_chance(10) ? 95 : 0;
  sim_trouble.refuse = sim_chance(40) ? 20 : 0;
  sim_trouble.control = sim_chance(20) ? 10 : 0;
  sim_trouble.spurious = sim_chance(50) ? 30 : 0;
  sim_trouble.late = sim_chance(70) ? 20 + sim_below(60) : 0;
}

void sim_end(void) {
  if (io_count > 0)
    sim_fail("%u ios were never closed", io_count);
  sim_children_end();
  sim_signals_end();
  sim_threads_end();
  sim_lookups_end();
  sim_sockets_end();
  sim_base_end();
}
