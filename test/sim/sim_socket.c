/* The sockets and pipes of the simulated system, the descriptors that lead to them, and what is under
 * way between them: bytes, ends, and descriptors that are passed. Several descriptors may lead to one
 * socket. When what happens to an io, and what the core may ask, is elsewhere. */
#include "sim_internal.h"

#include <stdlib.h>
#include <string.h>

static struct {
  int socket; /* -1: not in use */
  enum sim_holder holder;
} fds[SIM_FDS];

struct sim_socket sim_sockets[SIM_SOCKETS];
static int next_port;
static int next_serial;
static int next_id;
static int socket_top; /* above all sockets in use */
static int fd_top;

static void* memory(void* ptr, size_t size) {
  ptr = realloc(ptr, size);
  if (ptr == NULL)
    sim_fail("the test itself is out of memory");
  return ptr;
}

/* ---- Descriptors ---- */

int sim_fd_is_open(int fd) {
  return fd >= 0 && fd < SIM_FDS && fds[fd].socket >= 0;
}

struct sim_socket* sim_socket_at(int fd) {
  if (!sim_fd_is_open(fd))
    sim_fail("descriptor %d is not open", fd);
  return &sim_sockets[fds[fd].socket];
}

struct sim_socket* sim_socket_of(struct uv__io* io) {
  return sim_socket_at(io->tail.fd);
}

enum sim_holder sim_holder_of(int fd) {
  return fds[fd].holder;
}

void sim_hold(int fd, enum sim_holder holder) {
  fds[fd].holder = holder;
}

static int fd_new(int socket, enum sim_holder holder) {
  int fd;

  for (fd = 0; fd < SIM_FDS && fds[fd].socket >= 0; fd++)
    continue;
  if (fd == SIM_FDS)
    sim_fail("the simulator has no descriptors left");
  if (fd >= fd_top)
    fd_top = fd + 1;
  fds[fd].socket = socket;
  fds[fd].holder = holder;
  sim_sockets[socket].refs++;
  return fd;
}

int sim_socket_new(enum uv__desc_kind kind, enum sim_holder holder) {
  struct sim_socket* sock;
  int i;

  for (i = 0; i < SIM_SOCKETS && sim_sockets[i].state != SOCK_UNUSED; i++)
    continue;
  if (i == SIM_SOCKETS)
    sim_fail("the simulator has no sockets left");
  if (i >= socket_top)
    socket_top = i + 1;
  sock = &sim_sockets[i];
  memset(sock, 0, sizeof(*sock));
  sock->state = SOCK_FRESH;
  sock->kind = kind;
  sock->id = ++next_id;
  sock->peer = -1;
  return fd_new(i, holder);
}

int sim_dup(int fd, enum sim_holder holder) {
  struct sim_socket* sock = sim_socket_at(fd);

  sock->shared = 1;
  return fd_new((int) (sock - sim_sockets), holder);
}

int sim_identity(int fd) {
  return sim_socket_at(fd)->id;
}

int sim_is_connected(int fd) {
  return sim_socket_at(fd)->state == SOCK_CONNECTED;
}

int sim_is_tcp(int fd) {
  return sim_socket_at(fd)->kind == UV__DESC_TCP;
}

int sim_is_bound(int fd) {
  return sim_socket_at(fd)->port != 0;
}

/* ---- Connections ---- */

static void make_connected(struct sim_socket* sock, int peer) {
  sock->state = SOCK_CONNECTED;
  sock->serial = next_serial++;
  sock->peer = peer;
  sock->in_size = 1 + sim_below(sim_chance(50) ? 64 : 4096);
  sock->in = memory(NULL, sock->in_size);
}

static void connect_both(struct sim_socket* a, struct sim_socket* b) {
  make_connected(a, (int) (b - sim_sockets));
  make_connected(b, (int) (a - sim_sockets));
  a->peer_serial = b->serial;
  b->peer_serial = a->serial;
}

void sim_socket_pair(int a, int b) {
  connect_both(sim_socket_at(a), sim_socket_at(b));
}

static void drop_passed(struct sim_socket* sock) {
  while (sock->passed_count > 0)
    sim_fd_close(sock->passed[--sock->passed_count].fd, 0);
}

void sim_socket_reset(struct sim_socket* sock) {
  sock->reset = 1;
  sock->in_len = 0;
  sock->in_seen = 0;
  drop_passed(sock);
}

static void socket_end(struct sim_socket* sock, int reset) {
  int unread = sock->in_len > 0;

  while (sock->queued > 0)
    sim_fd_close(sock->queue[--sock->queued], 1);
  if (sock->peer >= 0) {
    struct sim_socket* peer = &sim_sockets[sock->peer];
    peer->peer = -1;
    peer->fin = 1;
    /* A system that is closed on with bytes unread resets the connection. */
    if (reset || (unread && !sim_is_calm && sim_chance(50)))
      sim_socket_reset(peer);
  }
  free(sock->in);
  sock->in = NULL;
  sock->state = SOCK_UNUSED;
  drop_passed(sock);
}

void sim_fd_close(int fd, int reset) {
  struct sim_socket* sock = sim_socket_at(fd);

  fds[fd].socket = -1;
  if (--sock->refs == 0)
    socket_end(sock, reset);
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

int sim_hangup(const struct sim_socket* sock) {
  if (sock->reset)
    return UV_ECONNRESET;
  return sock->fin_seen ? UV_EOF : 0;
}

int sim_dead(struct sim_socket* sock) {
  if (!sock->reset)
    return 0;
  if (sock->reset_told)
    return UV_EPIPE;
  sock->reset_told = 1;
  return UV_ECONNRESET;
}

void sim_fin(struct sim_socket* sock) {
  sock->shut = 1;
  if (sock->peer >= 0)
    sim_sockets[sock->peer].fin = 1;
}

/* ---- Bytes, and descriptors with them ---- */

static void pass_on(struct sim_socket* sock, int fd) {
  struct sim_socket* peer;

  if (sock->peer < 0 || sim_sockets[sock->peer].reset) {
    sim_fd_close(fd, 0);
    return;
  }
  peer = &sim_sockets[sock->peer];
  if (peer->passed_count == SIM_PASSED)
    sim_fail("the simulator has no room for another passed descriptor");
  sim_hold(fd, HELD_BY_QUEUE);
  peer->passed[peer->passed_count].fd = fd;
  peer->passed[peer->passed_count++].at = peer->in_taken + peer->in_len;
}

size_t sim_take(struct uv__io* io,
                const uv_buf_t* bufs,
                unsigned nbufs,
                size_t limit,
                struct sim_passing* pass) {
  struct sim_socket* sock = sim_socket_of(io);
  size_t taken = 0;
  unsigned i;

  for (i = 0; i < pass->count && limit > 0; i++) {
    sim_seen->passed(io, pass->fds[i]);
    pass_on(sock, pass->fds[i]);
  }
  if (limit > 0)
    pass->count = 0;
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

size_t sim_room_or(const struct sim_socket* sock, size_t limit) {
  size_t room = sim_room(sock);

  return limit < room ? limit : room;
}

void sim_enlarge(struct sim_socket* sock, size_t size) {
  struct sim_socket* peer;

  if (sock->peer < 0)
    return;
  peer = &sim_sockets[sock->peer];
  peer->in_size += size;
  peer->in = memory(peer->in, peer->in_size + peer->in_len);
}

size_t sim_send(int fd, const char* bytes, size_t size) {
  struct sim_socket* sock = sim_socket_at(fd);
  struct sim_socket* peer;
  size_t n = sim_room_or(sock, size);

  if (n == 0 || sock->state != SOCK_CONNECTED || sock->reset || sock->shut || sock->peer < 0)
    return 0;
  peer = &sim_sockets[sock->peer];
  memcpy(peer->in + peer->in_len, bytes, n);
  peer->in_len += n;
  sim_seen->turned_up(sock->serial, bytes, n);
  return n;
}

size_t sim_receive(struct sim_socket* sock, char* base, size_t len, struct sim_passing* passed) {
  size_t count = sock->in_seen < len ? sock->in_seen : len;

  passed->count = 0;
  while (sock->passed_count > 0 && sock->passed[0].at == sock->in_taken) {
    passed->fds[passed->count++] = sock->passed[0].fd;
    sock->passed_count--;
    memmove(sock->passed, sock->passed + 1, sock->passed_count * sizeof(sock->passed[0]));
  }
  /* A read ends in front of bytes that bring the next one. */
  if (sock->passed_count > 0 && count > sock->passed[0].at - sock->in_taken)
    count = sock->passed[0].at - sock->in_taken;
  memcpy(base, sock->in, count);
  memmove(sock->in, sock->in + count, sock->in_len - count);
  sock->in_len -= count;
  sock->in_seen -= count;
  sock->in_taken += count;
  return count;
}

/* ---- Names ---- */

int sim_port_free(enum uv__desc_kind kind, int port) {
  int i;

  for (i = 0; i < socket_top; i++)
    if (sim_sockets[i].state != SOCK_UNUSED && sim_sockets[i].state != SOCK_CONNECTED &&
        sim_sockets[i].kind == kind && sim_sockets[i].port == port)
      return 0;
  return 1;
}

int sim_connect_now(struct uv__io* io) {
  struct sim_socket* sock = sim_socket_of(io);
  int i;

  if (sock->state != SOCK_FRESH)
    return UV_EISCONN; /* Who has it, too, was faster. */
  if (sim_chance(sim_trouble.refuse))
    return sim_chance(50) ? UV_ETIMEDOUT : UV_ECONNREFUSED;
  for (i = 0; i < socket_top; i++) {
    struct sim_socket* listener = &sim_sockets[i];
    int other;

    if (listener->state != SOCK_LISTENING || listener->kind != sock->kind ||
        listener->port != io->tail.connect_port)
      continue;
    if (listener->queued >= listener->backlog || listener->queued == SIM_BACKLOG)
      return UV_ECONNREFUSED;
    other = sim_socket_new(sock->kind, HELD_BY_QUEUE);
    sim_socket_at(other)->port = listener->port;
    if (sock->port == 0)
      sock->port = next_port++;
    connect_both(sock, sim_socket_at(other));
    listener->queue[listener->queued++] = other;
    return 0;
  }
  return UV_ECONNREFUSED;
}

void sim_pair(int pair[2]) {
  sim_kind_pair(UV__DESC_TCP, HELD_BY_TEST, pair);
}

void sim_kind_pair(enum uv__desc_kind kind, enum sim_holder holder, int pair[2]) {
  pair[0] = sim_socket_new(kind, holder);
  pair[1] = sim_socket_new(kind, holder);
  sim_socket_pair(pair[0], pair[1]);
}

void sim_discard(int fd) {
  if (!sim_fd_is_open(fd) || fds[fd].holder != HELD_BY_TEST)
    sim_fail("the test gives back a socket that is not its own");
  sim_fd_close(fd, 0);
}

void sim_serials(int fd, int* own, int* peer) {
  *own = sim_socket_at(fd)->serial;
  *peer = sim_socket_at(fd)->peer_serial;
}

/* ---- What happens by itself ---- */

static void tick_connection(struct sim_socket* sock) {
  if (sim_trouble.reset > 0 && sim_below(10000) < sim_trouble.reset) {
    sim_trace("  reset socket %d", (int) (sock - sim_sockets));
    sim_socket_reset(sock);
    if (sock->peer >= 0)
      sim_socket_reset(&sim_sockets[sock->peer]);
    return;
  }
  if (sock->in_seen < sock->in_len && sim_chance(70)) {
    size_t rest = sock->in_len - sock->in_seen;
    sock->in_seen += sim_chance(60) ? rest : 1 + sim_below((unsigned) rest);
  }
  if (sock->fin && sock->in_seen == sock->in_len && sim_chance(60))
    sock->fin_seen = 1;
}

static void reach(struct sim_socket* sock) {
  unsigned i;
  int k;

  if (sock->reached)
    return;
  sock->reached = 1;
  for (i = 0; i < sock->passed_count; i++)
    reach(sim_socket_at(sock->passed[i].fd));
  for (k = 0; k < sock->queued; k++)
    reach(sim_socket_at(sock->queue[k]));
}

/* Descriptors that are under way in what only they lead to: nobody can ever have them. */
static void collect_lost(void) {
  int i;

  for (i = 0; i < socket_top; i++)
    sim_sockets[i].reached = 0;
  for (i = 0; i < fd_top; i++)
    if (fds[i].socket >= 0 && fds[i].holder != HELD_BY_QUEUE)
      reach(&sim_sockets[fds[i].socket]);
  for (i = 0; i < socket_top; i++) {
    struct sim_socket* sock = &sim_sockets[i];

    if (sock->state == SOCK_UNUSED || sock->reached)
      continue;
    sim_trace("  socket %d is lost", i);
    drop_passed(sock);
  }
}

void sim_tick_network(void) {
  int passing = 0;
  int i;

  for (i = 0; i < socket_top; i++) {
    struct sim_socket* sock = &sim_sockets[i];

    passing |= sock->state != SOCK_UNUSED && sock->passed_count > 0;
    if (sock->state == SOCK_LISTENING && sock->queue_seen < sock->queued && sim_chance(60))
      sock->queue_seen = sock->queued;
    if (sock->state == SOCK_CONNECTED)
      tick_connection(sock);
  }
  if (passing && sim_chance(20))
    collect_lost();
}

void sim_sockets_begin(void) {
  int i;

  for (i = 0; i < SIM_FDS; i++)
    fds[i].socket = -1;
  next_port = 40000;
  next_serial = 0;
  next_id = 0;
  socket_top = 0;
  fd_top = 0;
}

void sim_sockets_end(void) {
  int i;

  collect_lost();
  for (i = 0; i < fd_top; i++)
    if (fds[i].socket >= 0)
      sim_fail("descriptor %d was never given back", i);
}
