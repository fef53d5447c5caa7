/* The simulated system: its sockets, clock and schedule. What the core may ask of it is in
 * sim_tcp.c; numbers and memory are in sim_base.c. */
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

struct sim_socket sim_sockets[SIM_SOCKETS];
const struct sim_observer* sim_seen;
const int sim_counts_lost = 0;
const int sim_close_turns = 60; /* A lane is at most a few late. */
int sim_starved;

static uint64_t clock_ms;
static struct uv__io* ios[MOST_IOS];
static unsigned io_count;
static unsigned rings;
static int polling;
static int calm;
static int next_port;
static int next_serial;
static int socket_top; /* above all sockets in use */

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

int sim_is_woken(const uv_loop_t* loop) {
  return loop->tail.woken;
}

/* ---- Sockets ---- */

struct sim_socket* sim_socket_of(struct uv__io* io) {
  return &sim_sockets[io->tail.fd];
}

int sim_socket_new(enum sim_holder holder) {
  int fd;

  for (fd = 0; fd < SIM_SOCKETS && sim_sockets[fd].state != SOCK_UNUSED; fd++)
    continue;
  if (fd == SIM_SOCKETS)
    sim_fail("the simulator has no sockets left");
  if (fd >= socket_top)
    socket_top = fd + 1;
  memset(&sim_sockets[fd], 0, sizeof(sim_sockets[fd]));
  sim_sockets[fd].state = SOCK_FRESH;
  sim_sockets[fd].holder = holder;
  sim_sockets[fd].peer = -1;
  return fd;
}

static void make_connected(struct sim_socket* sock, int peer) {
  sock->state = SOCK_CONNECTED;
  sock->serial = next_serial++;
  sock->peer = peer;
  sock->in_size = 1 + sim_below(sim_chance(50) ? 64 : 4096);
  sock->in = malloc(sock->in_size);
  if (sock->in == NULL)
    sim_fail("the test itself is out of memory");
}

void sim_socket_pair(int a, int b) {
  make_connected(&sim_sockets[a], b);
  make_connected(&sim_sockets[b], a);
  sim_sockets[a].peer_serial = sim_sockets[b].serial;
  sim_sockets[b].peer_serial = sim_sockets[a].serial;
}

void sim_socket_reset(struct sim_socket* sock) {
  sock->reset = 1;
  sock->in_len = 0;
  sock->in_seen = 0;
}

void sim_socket_close(int fd, int reset) {
  struct sim_socket* sock = &sim_sockets[fd];

  while (sock->queued > 0)
    sim_socket_close(sock->queue[--sock->queued], 1);
  if (sock->peer >= 0) {
    struct sim_socket* peer = &sim_sockets[sock->peer];
    peer->peer = -1;
    peer->fin = 1;
    /* A system that is closed on with bytes unread resets the connection. */
    if (reset || (sock->in_len > 0 && !calm && sim_chance(50)))
      sim_socket_reset(peer);
  }
  free(sock->in);
  sock->in = NULL;
  sock->state = SOCK_UNUSED;
}

size_t sim_room(const struct sim_socket* sock) {
  const struct sim_socket* peer;

  if (sock->peer < 0)
    return 1 << 20; /* Nobody is there: the system takes it and throws it away. */
  peer = &sim_sockets[sock->peer];
  return peer->in_size > peer->in_len ? peer->in_size - peer->in_len : 0;
}

int sim_readable(const struct sim_socket* sock) {
  return sock->reset || sock->in_seen > 0 || (sock->fin_seen && sock->in_len == 0);
}

int sim_dead(struct sim_socket* sock) {
  if (!sock->reset)
    return 0;
  if (sock->reset_told)
    return UV_EPIPE;
  sock->reset_told = 1;
  return UV_ECONNRESET;
}

static size_t take(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t limit) {
  struct sim_socket* sock = sim_socket_of(io);
  size_t taken = 0;
  unsigned i;

  for (i = 0; i < nbufs && taken < limit; i++) {
    size_t n = bufs[i].len < limit - taken ? bufs[i].len : limit - taken;

    if (sock->peer >= 0) {
      struct sim_socket* peer = &sim_sockets[sock->peer];
      memcpy(peer->in + peer->in_len, bufs[i].base, n);
      peer->in_len += n;
    }
    sim_seen->taken(io, bufs[i].base, n);
    taken += n;
  }
  /* An answer to bytes for nobody: the connection is reset. */
  if (sock->peer < 0 && sim_chance(50))
    sim_socket_reset(sock);
  return taken;
}

size_t sim_take(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t limit) {
  size_t room = sim_room(sim_socket_of(io));

  return take(io, bufs, nbufs, limit < room ? limit : room);
}

int sim_port_free(int port) {
  int fd;

  for (fd = 0; fd < socket_top; fd++)
    if (sim_sockets[fd].state != SOCK_UNUSED && sim_sockets[fd].state != SOCK_CONNECTED &&
        sim_sockets[fd].port == port)
      return 0;
  return 1;
}

int sim_connect_now(struct uv__io* io) {
  struct sim_socket* sock = sim_socket_of(io);
  int fd;

  if (sim_chance(sim_trouble.refuse))
    return sim_chance(50) ? UV_ETIMEDOUT : UV_ECONNREFUSED;
  for (fd = 0; fd < socket_top; fd++) {
    struct sim_socket* listener = &sim_sockets[fd];
    int other;

    if (listener->state != SOCK_LISTENING || listener->port != io->tail.connect_port)
      continue;
    if (listener->queued >= listener->backlog || listener->queued == SIM_BACKLOG)
      return UV_ECONNREFUSED;
    other = sim_socket_new(HELD_BY_QUEUE);
    sim_sockets[other].port = listener->port;
    if (sock->port == 0)
      sock->port = next_port++;
    sim_socket_pair(io->tail.fd, other);
    listener->queue[listener->queued++] = other;
    return 0;
  }
  return UV_ECONNREFUSED;
}

void sim_pair(int fds[2]) {
  fds[0] = sim_socket_new(HELD_BY_TEST);
  fds[1] = sim_socket_new(HELD_BY_TEST);
  sim_socket_pair(fds[0], fds[1]);
}

void sim_discard(int fd) {
  if (sim_sockets[fd].holder != HELD_BY_TEST)
    sim_fail("the test gives back a socket that is not its own");
  sim_socket_close(fd, 0);
}

void sim_serials(int fd, int* own, int* peer) {
  *own = sim_sockets[fd].serial;
  *peer = sim_sockets[fd].peer_serial;
}

void sim_starve(int on) {
  sim_starved = on;
}

void sim_calm(void) {
  memset(&sim_trouble, 0, sizeof(sim_trouble));
  sim_starved = 0;
  calm = 1;
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

static uint64_t sum_of(const struct sim_pin* pin) {
  uint64_t sum = 0xcbf29ce484222325u;
  unsigned i;

  for (i = 0; i < pin->nbufs; i++) {
    size_t k;
    for (k = 0; k < pin->bufs[i].len; k++)
      sum = (sum ^ (unsigned char) pin->bufs[i].base[k]) * 0x100000001b3u;
  }
  return sum;
}

void sim_pin_bytes(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  struct sim_pin* pin = malloc(sizeof(*pin) + nbufs * sizeof(bufs[0]));

  if (pin == NULL)
    sim_fail("the test itself is out of memory");
  pin->nbufs = nbufs;
  memcpy(pin->bufs, bufs, nbufs * sizeof(bufs[0]));
  pin->sum = sum_of(pin);
  io->tail.pin = pin;
}

void sim_unpin(struct uv__io* io) {
  if (io->tail.pin->sum != sum_of(io->tail.pin))
    sim_fail("the bytes of a write in flight were touched");
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

/* More than the peer has room for. */
static void enlarge(struct sim_socket* sock, size_t size) {
  struct sim_socket* peer;

  if (sock->peer < 0)
    return;
  peer = &sim_sockets[sock->peer];
  peer->in = realloc(peer->in, peer->in_size + peer->in_len + size);
  if (peer->in == NULL)
    sim_fail("the test itself is out of memory");
}

size_t sim_take_over(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t more) {
  const struct sim_pin* pin = io->tail.pin;
  size_t limit = more + size_of(pin);
  unsigned i;

  for (i = 0; i < pin->nbufs; i++)
    if (i == nbufs || pin->bufs[i].base != bufs[i].base || pin->bufs[i].len > bufs[i].len)
      sim_fail("the last write does not begin with the bytes in flight");
  sim_unpin(io);
  enlarge(sim_socket_of(io), limit);
  return take(io, bufs, nbufs, limit);
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
  } else {
    size_t limit = sim_chance(50) ? (size_t) -1 : 1 + sim_below(100);
    io->tail.write_result = (ssize_t) sim_take(io, pin->bufs, pin->nbufs, limit);
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
    io->tail.connect_result = sim_connect_now(io);
    sim_seen->connected(io, io->tail.connect_result);
    break;
  case UV__SHUTDOWN:
    io->tail.shutdown_result = sock->reset ? UV_ENOTCONN : 0;
    if (sock->peer >= 0)
      sim_sockets[sock->peer].fin = 1;
    sim_seen->shutdown_done(io, io->tail.shutdown_result);
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
          (ssize_t) sim_take(io, tail->pin->bufs, tail->pin->nbufs, 1 + sim_below(200));
    if (tail->write_result < 0)
      sim_mark(MARK_CUT_CANCELED);
    else if ((size_t) tail->write_result < size_of(tail->pin))
      sim_mark(MARK_CUT_SHORT);
  }
  if (lanes & UV__CONNECT) {
    tail->connect_result = sim_chance(20) ? sim_connect_now(io) : UV_ECANCELED;
    if (tail->connect_result == 0)
      sim_mark(MARK_CONNECT_CUT_DONE);
    sim_seen->connected(io, tail->connect_result);
  }
  if (lanes & UV__SHUTDOWN) {
    tail->shutdown_result = sim_chance(50) ? 0 : UV_ECANCELED;
    sim_seen->shutdown_done(io, tail->shutdown_result);
  }
}

void sim_hang_up(struct uv__io* io) {
  if (io->tail.fd >= 0)
    sim_socket_close(io->tail.fd, io->tail.resets);
  io->tail.fd = -1;
}

void sim_gone(struct uv__io* io) {
  if (io->tail.fd >= 0 || io->tail.magic == SIM_CLOSING)
    sim_leave(io);
  sim_hang_up(io);
  io->tail.magic = SIM_CLOSED;
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
  if (io->tail.magic != SIM_OPEN)
    sim_fail("an io was overwritten or freed before it was closed");
  if (io->tail.armed == 0)
    return;
  if (io->tail.patience > 0 && sim_chance(sim_trouble.late)) {
    io->tail.patience--;
    ring_for_nothing(io);
    return;
  }
  for (lane = UV__READ; lane < UV__CLOSED; lane <<= 1)
    if ((io->tail.armed & lane) && sim_try_ring(io, (enum uv__lane) lane) && sim_chance(20))
      return;
}

/* ---- The clock and the schedule ---- */

static void tick_network(void) {
  int fd;

  for (fd = 0; fd < socket_top; fd++) {
    struct sim_socket* sock = &sim_sockets[fd];

    if (sock->state == SOCK_LISTENING && sock->queue_seen < sock->queued && sim_chance(60))
      sock->queue_seen = sock->queued;
    if (sock->state != SOCK_CONNECTED)
      continue;
    if (sim_trouble.reset > 0 && sim_below(10000) < sim_trouble.reset) {
      sim_trace("  reset fd %d", fd);
      sim_socket_reset(sock);
      if (sock->peer >= 0)
        sim_socket_reset(&sim_sockets[sock->peer]);
      continue;
    }
    if (sock->in_seen < sock->in_len && sim_chance(70)) {
      size_t rest = sock->in_len - sock->in_seen;
      sock->in_seen += sim_chance(60) ? rest : 1 + sim_below((unsigned) rest);
    }
    if (sock->fin && sock->in_seen == sock->in_len && sim_chance(60))
      sock->fin_seen = 1;
  }
}

/* The ios of this tick in an order of their own. Rings only note that they happened, so that
 * the list does not change but for ios that leave it. */
static void tick_ios(void) {
  struct uv__io* batch[MOST_IOS];
  unsigned count = io_count;
  unsigned i;

  memcpy(batch, ios, count * sizeof(ios[0]));
  for (i = 0; i < count; i++) {
    unsigned j = i + sim_below(count - i);
    struct uv__io* io = batch[j];
    batch[j] = batch[i];
    tick_io(io);
  }
}

/* A wait without limit in which nothing can happen: blocking mode waits for a peer of the
 * same thread. Real systems would stop here for ever; this one has larger buffers. */
static int make_room(void) {
  unsigned i;
  int made = 0;

  for (i = 0; i < io_count; i++) {
    struct sim_socket* peer;

    if (ios[i]->tail.magic != SIM_OPEN || !(ios[i]->tail.armed & UV__WRITE))
      continue;
    if (sim_socket_of(ios[i])->peer < 0)
      continue;
    peer = &sim_sockets[sim_socket_of(ios[i])->peer];
    peer->in_size += 1 + sim_below(512);
    peer->in = realloc(peer->in, peer->in_size + peer->in_len);
    if (peer->in == NULL)
      sim_fail("the test itself is out of memory");
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
    tick_network();
    tick_ios();
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

unsigned uv__port_zone(const char* name) {
  (void) name;
  return 0;
}

int uv__port_random(void* buf, size_t len) {
  unsigned char* at = buf;

  while (len-- > 0)
    *at++ = (unsigned char) sim_below(256);
  return 0;
}

void uv__port_shutdown(void) {}

void sim_begin(uint64_t with_seed, const struct sim_observer* observer) {
  sim_base_begin(with_seed);
  clock_ms = 1000 + sim_below(1000);
  io_count = 0;
  polling = 0;
  calm = 0;
  sim_starved = 0;
  next_port = 40000;
  next_serial = 0;
  socket_top = 0;
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
  int fd;

  if (io_count > 0)
    sim_fail("%u ios were never closed", io_count);
  for (fd = 0; fd < SIM_SOCKETS; fd++)
    if (sim_sockets[fd].state != SOCK_UNUSED)
      sim_fail("socket %d was never given back", fd);
  sim_base_end();
}
