/* The operations of the simulated system. Each checks first that the core may ask for it now
 * (the caller's side of the laws of port.h), then answers as the seed says. */
#include "sim_internal.h"

#include <stdio.h>
#include <string.h>

static char* offered_base;
static size_t offered_len;

void sim_offer(char* base, size_t len) {
  offered_base = base;
  offered_len = len;
}

/* ---- What is checked everywhere ---- */

static void check_open(const struct uv__io* io, const char* op) {
  if (io->tail.magic != SIM_OPEN)
    sim_fail("%s on an io that is closed, or is none", op);
}

struct sim_socket* sim_check_socket(struct uv__io* io, const char* op) {
  check_open(io, op);
  if (io->tail.fd < 0)
    sim_fail("%s without a descriptor", op);
  return sim_socket_of(io);
}

/* A start of an operation: nothing of its lane may be under way or uncollected. */
void sim_check_lane(const struct uv__io* io, enum uv__lane lane, const char* op) {
  if (io->tail.armed & (unsigned) lane)
    sim_fail("%s while one is in flight", op);
  if (io->tail.due & (unsigned) lane & (UV__WRITE | UV__CONNECT | UV__SHUTDOWN))
    sim_fail("%s before the last was collected", op);
  if (io->busy & (unsigned) lane)
    sim_fail("%s on a lane that is marked busy", op);
}

static struct sim_socket* check_connected(struct uv__io* io, const char* op) {
  struct sim_socket* sock = sim_check_socket(io, op);

  if (sock->state != SOCK_CONNECTED)
    sim_fail("%s on a socket that is not connected", op);
  return sock;
}

int sim_refuse(struct uv__io* io, int err) {
  sim_seen->refused(io, err);
  return err;
}

/* ---- Life ---- */

static void tcp_init(struct uv__io* io) {
  memset(&io->tail, 0, sizeof(io->tail));
  io->tail.magic = SIM_OPEN;
  io->tail.fd = -1;
  io->tail.spurious = 4;
  io->tail.style = sim_below(32) | (sim_chance(10) ? SIM_STINGY : 0) |
                   (sim_chance(30) ? SIM_COPIES : 0) | (sim_chance(20) ? SIM_MUTE : 0);
}

/* What a descriptor that is handed over turns out to be. */
static int adopt(const struct uv__io* io, const struct uv__desc* desc, unsigned* opened) {
  const struct sim_socket* sock;
  int kind = io->ops == &uv__tcp_ops ? UV__DESC_TCP : UV__DESC_PIPE;

  if (!sim_fd_is_open(desc->fd) || sim_holder_of(desc->fd) == HELD_BY_QUEUE ||
      sim_holder_of(desc->fd) == HELD_BY_CHILD)
    sim_fail("open of a descriptor that is not open");
  sock = sim_socket_at(desc->fd);
  if (desc->kind != kind || (int) sock->kind != kind)
    sim_fail("open of a descriptor of another kind");
  if (sim_holder_of(desc->fd) == HELD_BY_IO)
    return UV_EEXIST;
  if (sock->state == SOCK_CONNECTED)
    *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
  else if (kind == UV__DESC_TCP && sock->state == SOCK_FRESH && sock->port == 0 && sock->shared)
    *opened = UV__OPENED_MISSED;
  else
    *opened = UV__OPENED_FRESH;
  return 0;
}

static int tcp_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int fd = -1;
  int r = 0;

  check_open(io, "open");
  if (io->tail.fd >= 0)
    sim_fail("open of an io that has a descriptor");
  if (sim_chance(sim_trouble.open_error)) {
    r = sim_chance(50) ? UV_EMFILE : UV_ENOMEM;
  } else if (desc->kind == UV__DESC_NONE) {
    if (domain != AF_INET && domain != AF_INET6)
      sim_fail("open for a family that there is none of");
    fd = sim_socket_new(UV__DESC_TCP, HELD_BY_IO);
    *opened = UV__OPENED_FRESH;
  } else {
    fd = desc->fd;
    r = adopt(io, desc, opened);
  }
  sim_trace("  open %d fd %d", r, fd);
  if (r == 0) {
    sim_hold(fd, HELD_BY_IO);
    io->tail.fd = fd;
    sim_enter(io);
  }
  sim_seen->opened(io, r, fd);
  return r;
}

/* Nothing was begun that would have to end first. */
static int is_untouched(const struct uv__io* io) {
  const struct sim_socket* sock = io->tail.fd < 0 ? NULL : sim_socket_at(io->tail.fd);

  return sock != NULL && sock->state == SOCK_FRESH && sock->port == 0 && io->tail.armed == 0 &&
         io->tail.due == 0;
}

static int tcp_close(struct uv__io* io) {
  if (io->tail.magic == SIM_LEFT && io->loop == NULL) {
    sim_hang_up(io);
    io->tail.magic = SIM_CLOSED;
    return 0;
  }
  check_open(io, "close");
  sim_trace("  close fd %d style %u armed %u", io->tail.fd, io->tail.style, io->tail.armed);
  io->tail.armed &= ~(unsigned) UV__HANGUP; /* Of a question nothing is left. */
  if ((io->tail.style & SIM_CLOSES_LATE) && !is_untouched(io) && sim_chance(90)) {
    if (io->tail.fd < 0)
      sim_enter(io);
    sim_decide(io, UV__CLOSED - 1);
    sim_hang_up(io); /* Nobody gets through any more. */
    io->tail.magic = SIM_CLOSING;
    io->tail.armed |= UV__CLOSED;
    io->tail.patience = 3;
    if ((io->tail.style & SIM_RINGS_INSIDE) && io->tail.armed == UV__CLOSED && sim_chance(50)) {
      sim_mark(MARK_CLOSED_INSIDE);
      sim_ring(io, UV__CLOSED);
      sim_gone(io);
    }
    return UV__PENDING;
  }
  /* Its rings are taken back, but their lanes can be collected. */
  sim_cut(io, UV__CLOSED - 1);
  io->tail.due |= io->tail.armed & (UV__WRITE | UV__CONNECT | UV__SHUTDOWN);
  io->tail.armed = 0;
  sim_gone(io);
  return 0;
}

void uv__port_discard(struct uv__desc* desc) {
  if (desc->kind == UV__DESC_NONE || !sim_fd_is_open(desc->fd) ||
      sim_holder_of(desc->fd) != HELD_BY_CORE)
    sim_fail("discard of a descriptor that is not the core's");
  sim_trace("  discard fd %d", desc->fd);
  sim_fd_close(desc->fd, sim_chance(50));
  desc->kind = UV__DESC_NONE;
}

struct uv__desc uv__port_desc(uv_os_sock_t sock) {
  struct uv__desc desc;

  desc.fd = sock;
  desc.kind = UV__DESC_TCP;
  return desc;
}

/* ---- Control ---- */

int sim_bind_to(struct uv__io* io, int port) {
  struct sim_socket* sock = sim_check_socket(io, "bind");

  if (sock->state != SOCK_FRESH && !sock->shared)
    sim_fail("bind of a socket that is connected or listens");
  if (sim_chance(sim_trouble.control))
    return sim_refuse(io, UV_EACCES);
  if (sock->port != 0 || sock->state != SOCK_FRESH)
    return sim_refuse(io, UV_EINVAL);
  if (!sim_port_free(sock->kind, port))
    return sim_refuse(io, UV_EADDRINUSE);
  sock->port = port;
  return 0;
}

static int tcp_bind(struct uv__io* io, const void* addr, unsigned flags) {
  (void) flags;
  return sim_bind_to(io, ntohs(((const struct sockaddr_in*) addr)->sin_port));
}

static int tcp_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  const struct sim_socket* sock = sim_check_socket(io, "name");
  struct sockaddr_in name;

  if (end == UV__REMOTE && sock->peer < 0)
    return UV_ENOTCONN;
  memset(&name, 0, sizeof(name));
  name.sin_family = AF_INET;
  name.sin_port =
      htons((unsigned short) (end == UV__LOCAL ? sock->port : sim_sockets[sock->peer].port));
  memcpy(addr, &name, (size_t) *len < sizeof(name) ? (size_t) *len : sizeof(name));
  *len = (int) sizeof(name);
  return 0;
}

static int tcp_option(struct uv__io* io, enum uv__option option, void* value) {
  (void) sim_check_socket(io, "option");
  if (option == UV__RESET) {
    io->tail.resets = 1;
    return 0;
  }
  if (value == NULL)
    sim_fail("an option without a value");
  if (sim_chance(sim_trouble.control)) {
    sim_seen->option_failed(io, UV_ENOTSUP);
    return UV_ENOTSUP;
  }
  return 0;
}

static int tcp_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  check_open(io, "fileno");
  if (io->tail.fd < 0)
    return UV_EBADF;
  *fd = io->tail.fd;
  return 0;
}

/* ---- Reading ---- */

static int tcp_read_arm(struct uv__io* io) {
  struct sim_socket* sock = check_connected(io, "read_arm");

  sim_check_lane(io, UV__READ, "read_arm");
  io->tail.due &= ~(unsigned) UV__READ;
  if (sock->reset && !io->ops->arms_at_once && sim_chance(20)) {
    sim_mark(MARK_ARM_FAILS);
    sim_seen->read(io, UV_ECONNRESET, 1);
    return UV_ECONNRESET;
  }
  if (sim_readable(sock) && ((io->tail.style & SIM_EAGER) || sim_chance(50))) {
    io->tail.ready = 1;
    return UV__READY;
  }
  sim_arm(io, UV__READ);
  return UV__PENDING;
}

static int tcp_read_disarm(struct uv__io* io) {
  (void) check_connected(io, "read_disarm");
  if (!(io->tail.armed & UV__READ))
    sim_fail("read_disarm, and nothing is armed");
  if ((io->tail.style & SIM_DISARM_LATE) && sim_chance(70)) {
    io->tail.unasked = 1;
    sim_mark(MARK_DISARM_PENDING);
    return UV__PENDING;
  }
  io->tail.armed &= ~(unsigned) UV__READ;
  return 0;
}

/* Some systems do not tell by themselves. */
static int tcp_hangup_arm(struct uv__io* io) {
  const struct sim_socket* sock = check_connected(io, "hangup_arm");
  int r = sim_hangup(sock);

  sim_check_lane(io, UV__HANGUP, "hangup_arm");
  io->tail.due &= ~(unsigned) UV__HANGUP;
  if (r != 0 && ((io->tail.style & SIM_EAGER) || sim_chance(50))) {
    sim_seen->hung_up(io, r);
    return r;
  }
  if (io->tail.style & SIM_MUTE) {
    sim_mark(MARK_HANGUP_IS_ASKED_FOR);
    return UV_EAGAIN;
  }
  sim_arm(io, UV__HANGUP);
  return UV__PENDING;
}

/* Bytes, and a descriptor with the first of them, which may also come without any. */
static ssize_t take_some(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct sim_socket* sock = sim_socket_of(io);
  int alone = passed != NULL && sim_chance(5);
  struct sim_passing came;
  unsigned i;
  ssize_t n;

  n = (ssize_t) sim_receive(sock, base, alone ? 0 : len, &came);
  for (i = 0; i < came.count; i++) {
    if (passed == NULL) {
      sim_fd_close(came.fds[i], 0); /* Nobody asked for it. */
      continue;
    }
    sim_hold(came.fds[i], HELD_BY_CORE);
    passed->descs[i].fd = came.fds[i];
    passed->descs[i].kind = (int) sim_socket_at(came.fds[i])->kind;
    passed->count = i + 1;
    sim_seen->arrived(io, came.fds[i]);
    if (n == 0)
      sim_mark(MARK_PASSED_ALONE);
  }
  return n == 0 && came.count == 0 ? UV_EAGAIN : n;
}

static ssize_t tcp_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct sim_socket* sock = check_connected(io, "read_now");
  ssize_t n;

  sim_check_lane(io, UV__READ, "read_now");
  if (base == NULL || len == 0 ||
      ((base != offered_base || len != offered_len) && !sim_seen->may_read(io, base, len)) ||
      (passed != NULL) != (io->ops == &uv__ipc_ops))
    sim_fail("read_now into a buffer that alloc_cb did not just give");
  io->tail.due &= ~(unsigned) UV__READ;
  sim_offer(NULL, 0);
  if (sock->reset) {
    n = UV_ECONNRESET;
  } else if (sock->in_seen > 0 && !(sim_trouble.spurious > 0 && sim_chance(2))) {
    n = take_some(io, base, sim_chance(30) ? 1 + sim_below((unsigned) len) : len, passed);
  } else if (sock->fin_seen && sock->in_len == 0) {
    n = UV_EOF;
  } else {
    n = UV_EAGAIN;
    sim_mark(io->tail.ready ? MARK_READY_THEN_EAGAIN : MARK_RING_THEN_EAGAIN);
  }
  io->tail.ready = 0;
  sim_trace("  read_now fd %d: %d", io->tail.fd, (int) n);
  sim_seen->read(io, n, 0);
  return n;
}

/* ---- Writing ---- */

/* The last write comes while another one is in flight. */
static ssize_t write_last(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  ssize_t n;

  if (!(io->busy & UV__CLOSED))
    sim_fail("a write that is not the last while one is in flight");
  if (!(io->tail.style & SIM_COPIES) || sim_socket_of(io)->reset || (io->tail.due & UV__WRITE))
    return UV_EAGAIN; /* Behind the bytes in flight. */
  n = (ssize_t) sim_take_over(io, bufs, nbufs, sim_chance(50) ? 1 << 20 : sim_below(200));
  io->tail.armed &= ~(unsigned) UV__WRITE;
  sim_mark(MARK_LAST_TRY_TAKES_OVER);
  return n;
}

static size_t size_of(const uv_buf_t* bufs, unsigned nbufs) {
  size_t size = 0;
  unsigned i;

  for (i = 0; i < nbufs; i++)
    size += bufs[i].len;
  return size;
}

/* Descriptors of what is to be passed, for who has them then. */
static struct sim_passing dup_all(struct uv__io* const* pass, enum sim_holder holder) {
  struct sim_passing passing;

  for (passing.count = 0; pass != NULL && pass[passing.count] != NULL; passing.count++) {
    if (passing.count == SIM_TOGETHER)
      sim_fail("write with more handles than the simulator has room for");
    passing.fds[passing.count] = sim_dup(pass[passing.count]->tail.fd, holder);
  }
  return passing;
}

static void check_passing(const struct uv__io* io, struct uv__io* const* pass) {
  unsigned i;

  for (i = 0; pass != NULL && pass[i] != NULL; i++)
    if (io->ops != &uv__ipc_ops || pass[i]->tail.magic != SIM_OPEN || pass[i]->tail.fd < 0)
      sim_fail("write with a handle that cannot go, or over what carries none");
  if (pass != NULL && i == 0)
    sim_fail("write with a list of no handles");
}

static ssize_t tcp_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* const* pass) {
  struct sim_socket* sock = check_connected(io, "write");
  ssize_t n;
  unsigned i;

  if (mode != UV__TRY)
    sim_check_lane(io, UV__WRITE, "write");
  if (sock->shut && !sock->shared)
    sim_fail("write after shutdown");
  if (nbufs == 0)
    sim_fail("write of nothing");
  check_passing(io, pass);
  for (i = 0; i < nbufs; i++)
    if (bufs[i].len == 0 || bufs[i].base == NULL)
      sim_fail("write of an empty buffer");

  if (((io->tail.armed | io->tail.due) & UV__WRITE) &&
      ((io->tail.style & (SIM_COMPLETES | SIM_COPIES)) || (io->tail.due & UV__WRITE))) {
    n = write_last(io, bufs, nbufs); /* A port of readiness has no bytes in flight. */
  } else if (sock->reset) {
    n = sim_dead(sock);
    if (n == UV_EPIPE)
      sim_mark(MARK_WRITE_TO_RESET);
  } else if (sock->shut) {
    n = UV_EPIPE; /* By another holder of the socket. */
  } else if (sim_chance(sim_trouble.write_error)) {
    n = UV_ENOBUFS;
  } else if (sim_room(sock) > 0 && ((io->tail.style & SIM_EAGER) || sim_chance(60))) {
    size_t size = size_of(bufs, nbufs);
    size_t limit = io->tail.style & SIM_STINGY || sim_chance(40) ? 1 + sim_below(50) : size;
    struct sim_passing passing = dup_all(pass, HELD_BY_QUEUE);

    n = (ssize_t) sim_take(io, bufs, nbufs, sim_room_or(sock, limit < size ? limit : size),
                           &passing);
  } else if (mode == UV__TRY) {
    n = UV_EAGAIN;
  } else {
    struct sim_passing passing =
        dup_all(io->tail.style & (SIM_COMPLETES | SIM_COPIES) ? pass : NULL, HELD_BY_WRITE);

    n = UV__PENDING;
    /* A port that works on the bytes has the descriptors, too; one that waits for room does not. */
    sim_pin_bytes(io, bufs, nbufs, &passing);
    sim_seen->in_flight(io);
    sim_arm(io, UV__WRITE);
  }
  if (n > 0 && (io->tail.armed & UV__WRITE)) { /* What waited for room, and has it now. */
    io->tail.armed &= ~(unsigned) UV__WRITE;
    sim_unpin(io);
  }
  sim_trace("  write fd %d, %u bufs, mode %d: %d", io->tail.fd, nbufs, (int) mode, (int) n);
  /* Of a try that fails what is queued learns nothing. */
  if (n != UV__PENDING)
    sim_seen->told(io, n < 0 && mode == UV__TRY ? UV_EAGAIN : n);
  return n;
}

/* Readiness style: the system has nothing of it. */
static int tcp_write_stop(struct uv__io* io) {
  (void) check_connected(io, "write_stop");
  if (!(io->tail.armed & UV__WRITE))
    sim_fail("write_stop, and nothing is in flight");
  if (io->tail.style & SIM_COMPLETES)
    return UV_EBUSY;
  sim_unpin(io);
  io->tail.armed &= ~(unsigned) UV__WRITE;
  sim_seen->recalled(io);
  return 0;
}

/* ---- Connecting, ending ---- */

int sim_start_connect(struct uv__io* io, int port) {
  const struct sim_socket* sock = sim_check_socket(io, "connect");
  int r;

  sim_check_lane(io, UV__CONNECT, "connect");
  if (sock->state != SOCK_FRESH && !sock->shared)
    sim_fail("connect of a socket that is connected or listens");
  io->tail.connect_port = port;
  if (io->tail.is_silent || sim_chance(80)) {
    sim_arm(io, UV__CONNECT);
    return UV__PENDING;
  }
  r = sim_connect_now(io);
  sim_trace("  connect fd %d: %d", io->tail.fd, r);
  if (io->role == UV__ROLE_STREAM)
    sim_seen->connected(io, r);
  else
    sim_seen->dialed(io, r);
  return r;
}

/* Somebody whom nobody ever hears of again has the address that ends with SIM_SILENT. */
static int is_silent(const struct sockaddr* addr) {
  if (addr->sa_family == AF_INET6)
    return ((const struct sockaddr_in6*) addr)->sin6_addr.s6_addr[15] == SIM_SILENT;
  return (ntohl(((const struct sockaddr_in*) addr)->sin_addr.s_addr) & 0xff) == SIM_SILENT;
}

static int tcp_connect(struct uv__io* io, const void* addr) {
  io->tail.is_silent = is_silent(addr);
  return sim_start_connect(io, ntohs(((const struct sockaddr_in*) addr)->sin_port));
}

static int tcp_shutdown(struct uv__io* io) {
  struct sim_socket* sock = check_connected(io, "shutdown");

  sim_check_lane(io, UV__SHUTDOWN, "shutdown");
  if (sock->shut && !sock->shared)
    sim_fail("shutdown twice");
  if ((io->tail.armed | io->tail.due) & UV__WRITE)
    sim_fail("shutdown while a write is in flight");
  if (!sock->shared)
    sock->shut = 1;
  sim_seen->shutdown(io);
  if (sim_chance(50)) {
    sim_arm(io, UV__SHUTDOWN);
    return UV__PENDING;
  }
  sim_fin(sock);
  sim_seen->shutdown_done(io, sock->reset ? UV_ENOTCONN : 0);
  return sock->reset ? UV_ENOTCONN : 0;
}

/* It rang, and is collected. */
static void check_done(struct uv__io* io, enum uv__lane lane) {
  if (io->tail.magic != SIM_OPEN && io->tail.magic != SIM_CLOSED && io->tail.magic != SIM_CLOSING)
    sim_fail("done on memory that is not an io");
  if (!(io->tail.due & (unsigned) lane))
    sim_fail("done on lane %d, which did not ring", (int) lane);
  io->tail.due &= ~(unsigned) lane;
}

static int tcp_hangup_done(struct uv__io* io) {
  int r;

  check_done(io, UV__HANGUP);
  r = sim_hangup(sim_socket_of(io));
  if (r != 0)
    sim_seen->hung_up(io, r);
  return r;
}

static ssize_t tcp_done(struct uv__io* io, enum uv__lane lane) {
  check_done(io, lane);
  switch (lane) {
  case UV__WRITE:
    sim_trace("  done(write): %d", (int) io->tail.write_result);
    sim_seen->told(io, io->tail.write_result);
    return io->tail.write_result;
  case UV__CONNECT:
    if (io->role != UV__ROLE_STREAM)
      sim_seen->dialed(io, io->tail.connect_result);
    return io->tail.connect_result;
  case UV__SHUTDOWN:
    return io->tail.shutdown_result;
  default:
    sim_fail("done on lane %d, which is collected otherwise", (int) lane);
    return UV_EINVAL;
  }
}

static int tcp_move(struct uv__io* to, struct uv__io* from) {
  const struct sim_socket* sock = sim_check_socket(from, "move");

  check_open(to, "move");
  if (to->tail.fd >= 0)
    sim_fail("move to an io that has a descriptor");
  if (from->tail.armed || from->tail.due || from->busy || to->busy)
    sim_fail("move of an io with a lane that is busy");
  if (sock->state != SOCK_FRESH && sock->state != SOCK_CONNECTED && !sock->shared)
    sim_fail("move of a listener");
  if (sock->state == SOCK_CONNECTED && sim_chance(sim_trouble.open_error))
    return UV_ENOMEM;
  sim_trace("  move fd %d", from->tail.fd);
  sim_leave(from);
  to->tail = from->tail;
  sim_enter(to);
  tcp_init(from);
  return 0;
}

/* What it asked for is forgotten, or is answered once more before it is gone. */
static int tcp_leave(struct uv__io* io) {
  const struct sim_socket* sock = sim_check_socket(io, "leave");

  if ((io->busy | io->tail.armed | io->tail.due) & ~(unsigned) (UV__READ | UV__HANGUP))
    sim_fail("leave of an io with a lane that is busy");
  if (sock->state != SOCK_CONNECTED)
    sim_fail("leave of what is not connected");
  if (sim_chance(20)) {
    sim_trace("  leave fd %d: busy", io->tail.fd);
    return sim_refuse(io, UV_EBUSY);
  }
  sim_trace("  leave fd %d armed %u", io->tail.fd, io->tail.armed);
  io->tail.ready = 0;
  if ((io->tail.style & SIM_CLOSES_LATE) && sim_chance(90)) {
    io->tail.magic = SIM_LEAVING;
    io->tail.armed |= UV__CLOSED;
    io->tail.patience = 3;
    return UV__PENDING;
  }
  sim_left(io);
  return 0;
}

static int tcp_join(struct uv__io* io) {
  int r;

  if (io->tail.magic != SIM_LEFT || !sim_fd_is_open(io->tail.fd))
    sim_fail("join of an io that has not left");
  r = sim_chance(4 * sim_trouble.open_error) ? UV_ENOMEM : 0;
  sim_trace("  join fd %d: %d", io->tail.fd, r);
  if (r == 0) {
    io->tail.magic = SIM_OPEN;
    sim_enter(io);
  }
  sim_seen->opened(io, r, io->tail.fd);
  return r;
}

/* The core does not tell kinds apart once a stream is open, so one set of operations serves
 * them all, but for names. */
#define SIM_OPS(bind_op, name_op, connect_op, row, at_once)                                     \
  {                                                                                             \
    .init = tcp_init, .open = tcp_open, .bind = bind_op, .name = name_op, .option = tcp_option, \
    .fileno = tcp_fileno, .read_arm = tcp_read_arm, .read_disarm = tcp_read_disarm,             \
    .read_now = tcp_read_now, .write = tcp_write, .write_stop = tcp_write_stop,                 \
    .connect = connect_op, .shutdown = tcp_shutdown, .listen = sim_listen,                      \
    .accept_now = sim_accept_now, .done = tcp_done, .close = tcp_close, .beyond = row,          \
    .arms_at_once = at_once                                                                     \
  }

const struct uv__ops uv__tcp_ops = SIM_OPS(tcp_bind, tcp_name, tcp_connect, 1, 0);
const struct uv__ops uv__pipe_ops = SIM_OPS(sim_pipe_bind, sim_pipe_name, sim_pipe_connect, 0, 1);
const struct uv__ops uv__ipc_ops = SIM_OPS(sim_pipe_bind, sim_pipe_name, sim_pipe_connect, 0, 0);
const struct uv__ops uv__tty_ops = SIM_OPS(tcp_bind, tcp_name, tcp_connect, 0, 0);

/* There are none here. */
static int no_pty(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  (void) io;
  (void) domain;
  (void) desc;
  (void) opened;
  return UV_ENOTSUP;
}

const struct uv__ops uv__pty_ops = {.init = tcp_init, .open = no_pty};

static const struct uv__beyond_ops beyond[] = {
    {.hangup_arm = tcp_hangup_arm,
     .hangup_done = tcp_hangup_done,
     .send_file = sim_send_file,
     .leave = tcp_leave,
     .join = tcp_join},
    {.hangup_arm = tcp_hangup_arm,
     .hangup_done = tcp_hangup_done,
     .send_file = sim_send_file,
     .move = tcp_move,
     .leave = tcp_leave,
     .join = tcp_join},
};

const struct uv__beyond_ops* uv__port_beyond(const struct uv__io* io) {
  return &beyond[io->ops->beyond];
}
