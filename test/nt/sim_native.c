/* The random programs of test/sim over the core and src/win and the model of NT: what the model of
 * the contract is told is seen at the operations of the port, for which the linker puts tables
 * in front of uv__tcp_ops and uv__port_beyond (--wrap). The clock and the schedule are those of the
 * model of NT. Which bytes a connection has taken is in sim_ways_native.c. */
#include "sim_native.h"

#include <string.h>

#include "provider_native.h"

enum {
  MOST_IOS = 256,
  IDLE_MS = 60,  /* a wait without limit is over then, if nothing came */
  MOST_IDLE = 10 /* of these in a row, and a blocking write gets room */
};

const int sim_counts_lost = 1;
const unsigned sim_has = SIM_HAS_LOOPS;

static const struct sim_observer* seen;
static struct uv__io* ios[MOST_IOS]; /* with a socket */
static unsigned io_count;
static int starved;
static int inside_open;
static int inside_accept;
static unsigned idle;

extern const struct uv__ops __real_uv__tcp_ops;
extern const struct uv__ops __wrap_uv__tcp_ops;
#define REAL __real_uv__tcp_ops

const struct uv__beyond_ops* __real_uv__port_beyond(const struct uv__io* io);

/* ---- Bytes ---- */

static ssize_t watch_write(struct uv__io* io,
                           const uv_buf_t* bufs,
                           unsigned nbufs,
                           enum uv__write_mode mode,
                           struct uv__io* const* pass) {
  ssize_t n = REAL.write(io, bufs, nbufs, mode, pass);

  sim_trace("  write fd %d, %u bufs, mode %d: %d", sim_fd(io), nbufs, (int) mode, (int) n);
  idle = 0;
  if (n > 0)
    sim_ways_took(io, bufs, nbufs, (size_t) n);
  if (n == UV__PENDING) {
    sim_ways_fly(io, bufs, nbufs);
    seen->in_flight(io);
  } else {
    seen->told(io, n < 0 && mode == UV__TRY ? UV_EAGAIN : n);
  }
  return n;
}

static ssize_t watch_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len) {
  idle = 0;
  return sim_files_send(__real_uv__port_beyond(io), io, file, offset, len);
}

static void collect_write(struct uv__io* io, ssize_t n) {
  if (n == UV_ECANCELED)
    sim_mark(MARK_CUT_CANCELED);
  sim_ways_landed(io, n);
  seen->told(io, n);
}

static ssize_t watch_read_now(struct uv__io* io,
                              char* base,
                              size_t len,
                              struct uv__passed* passed) {
  ssize_t n = REAL.read_now(io, base, len, passed);

  sim_trace("  read_now fd %d: %d", sim_fd(io), (int) n);
  idle = 0;
  if (n > 0)
    sim_ways_read(io, (size_t) n);
  seen->read(io, n, 0);
  return n;
}

static int watch_read_arm(struct uv__io* io) {
  int r = REAL.read_arm(io);

  if (r < 0 && r != UV__PENDING)
    seen->read(io, r, 1);
  return r;
}

/* ---- Life ---- */

static SOCKET(WSAAPI* real_socket)(int, int, int, LPWSAPROTOCOL_INFOW, GROUP, DWORD);
static LPFN_CONNECTEX real_connect;

static SOCKET WSAAPI make_socket(
    int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags) {
  if ((inside_accept && starved) || (inside_open && sim_chance(sim_trouble.open_error))) {
    WSASetLastError(sim_chance(50) ? WSAEMFILE : WSAENOBUFS);
    return INVALID_SOCKET;
  }
  return real_socket(family, type, protocol, info, group, flags);
}

static BOOL WSAAPI connect_socket(SOCKET sock,
                                  const struct sockaddr* addr,
                                  int len,
                                  PVOID data,
                                  DWORD size,
                                  LPDWORD sent,
                                  LPOVERLAPPED overlapped) {
  if (!sim_chance(sim_trouble.refuse))
    return real_connect(sock, addr, len, data, size, sent, overlapped);
  WSASetLastError(sim_chance(50) ? WSAENETUNREACH : WSAENOBUFS);
  return FALSE;
}

/* The first loop has looked the calls up. */
static void watch_init(struct uv__io* io) {
  if (uv__sock_calls.socket != make_socket) {
    real_socket = uv__sock_calls.socket;
    real_connect = uv__sock_calls.connect;
    uv__sock_calls.socket = make_socket;
    uv__sock_calls.connect = connect_socket;
  }
  REAL.init(io);
}

/* Small buffers now and then, so that writes wait. */
static void narrow(struct uv__io* io) {
  int size = 1 + (int) sim_below(1000);

  if (sim_chance(80))
    (void) REAL.option(io, UV__SNDBUF, &size);
  size = 1 + (int) sim_below(2000);
  if (sim_chance(80))
    (void) REAL.option(io, UV__RCVBUF, &size);
}

static void enter(struct uv__io* io) {
  if (io_count == MOST_IOS)
    sim_fail("there is no room for another stream");
  ios[io_count++] = io;
}

static void leave(const struct uv__io* io) {
  unsigned i;

  for (i = 0; i < io_count; i++)
    if (ios[i] == io)
      ios[i] = ios[--io_count];
}

static int watch_open(struct uv__io* io,
                      int domain,
                      const struct uv__desc* desc,
                      unsigned* opened) {
  int r;

  inside_open = 1;
  r = REAL.open(io, domain, desc, opened);
  inside_open = 0;
  sim_trace("  open %d fd %d", r, r == 0 ? sim_fd(io) : -1);
  if (r == 0) {
    enter(io);
    narrow(io);
  }
  seen->opened(io, r, r == 0 ? sim_fd(io) : -1);
  return r;
}

/* L4: that a close cancels what is under way, and waits for no peer, is seen when it returns: then each
 * operation has its result. From there it is the system that has to tell it, within a time of its own;
 * and from the last packet on it is the core's turn. */
static int watch_close(struct uv__io* io) {
  struct nt_file* file = nt_file_watch((HANDLE) io->tail.u.socket);
  int r;

  sim_trace("  close fd %d", sim_fd(io));
  leave(io);
  r = REAL.close(io);
  if (file != NULL && nt_file_has_pending(file))
    sim_fail("L4: a closed stream leaves an operation with the system that may never end");
  sim_partings_add(io, file, r == UV__PENDING);
  return r;
}

/* X6: the same of a stream that leaves its loop with its socket. */
static int watch_leave(struct uv__io* io) {
  struct nt_file* file = nt_file_watch((HANDLE) io->tail.u.socket);
  int r = __real_uv__port_beyond(io)->leave(io);

  sim_trace("  leave fd %d: %d", sim_fd(io), r);
  if (r < 0 && r != UV__PENDING)
    seen->refused(io, r);
  else
    leave(io);
  if (file != NULL && (r == 0 || r == UV__PENDING) && nt_file_has_pending(file))
    sim_fail("X6: a stream leaves an operation with the system that may never end");
  sim_partings_add(io, file, r == UV__PENDING);
  return r;
}

static int watch_join(struct uv__io* io) {
  int r = __real_uv__port_beyond(io)->join(io);

  sim_trace("  join fd %d: %d", sim_fd(io), r);
  if (r == 0)
    enter(io);
  seen->opened(io, r, sim_fd(io));
  return r;
}

/* ---- Control ---- */

static int watch_bind(struct uv__io* io, const void* addr, unsigned flags) {
  int r = REAL.bind(io, addr, flags);

  if (r < 0)
    seen->refused(io, r);
  return r;
}

static int watch_listen(struct uv__io* io, int backlog) {
  int r;

  inside_accept = 1;
  r = REAL.listen(io, backlog);
  inside_accept = 0;
  if (r < 0)
    seen->refused(io, r);
  return r;
}

static int watch_option(struct uv__io* io, enum uv__option option, void* value) {
  int r = REAL.option(io, option, value);

  if (r < 0)
    seen->option_failed(io, r);
  return r;
}

/* ---- Connecting, ending ---- */

static int watch_connect(struct uv__io* io, const void* addr) {
  int r = REAL.connect(io, addr);

  sim_trace("  connect fd %d: %d", sim_fd(io), r);
  if (r != UV__PENDING)
    seen->connected(io, r);
  return r;
}

static int watch_accept_now(struct uv__io* io, struct uv__desc* desc) {
  int fd = -1;
  int r;

  inside_accept = 1;
  r = REAL.accept_now(io, desc);
  inside_accept = 0;
  if (r == 0)
    fd = (int) (ULONG_PTR) desc->handle;
  sim_trace("  accept_now fd %d: %d, fd %d", sim_fd(io), r, fd);
  seen->accepted(io, r, fd);
  return r;
}

static int watch_shutdown(struct uv__io* io) {
  int r;

  seen->shutdown(io);
  r = REAL.shutdown(io);
  if (r != UV__PENDING)
    seen->shutdown_done(io, r);
  return r;
}

static void hung_up(struct uv__io* io, int result) {
  if (result != 0 && result != UV__PENDING && result != UV_EAGAIN)
    seen->hung_up(io, result);
}

static int watch_hangup_arm(struct uv__io* io) {
  int r = uv__tcp_hangup_arm(io);

  sim_trace("  hangup_arm fd %d: %d", sim_fd(io), r);
  hung_up(io, r);
  return r;
}

static ssize_t watch_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = REAL.done(io, lane);

  sim_trace("  done(%d): %d", (int) lane, (int) r);
  idle = 0;
  if (lane == UV__WRITE)
    collect_write(io, r);
  else if (lane == UV__CONNECT)
    seen->connected(io, (int) r);
  else
    seen->shutdown_done(io, (int) r);
  return r;
}

static int watch_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  return REAL.name(io, end, addr, len);
}

static int watch_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  return REAL.fileno(io, fd);
}

static int watch_read_disarm(struct uv__io* io) {
  int r = REAL.read_disarm(io);

  if (r == UV__PENDING)
    sim_mark(MARK_DISARM_PENDING);
  return r;
}

static int watch_hangup_done(struct uv__io* io) {
  int r = uv__tcp_hangup_done(io);

  sim_trace("  hangup_done: %d", r);
  idle = 0;
  hung_up(io, r);
  return r;
}

/* There is no TCP here but what was watched, and none of it gets other operations behind the core's back
 * (`move`). */
static const struct uv__beyond_ops watched = {.hangup_arm = watch_hangup_arm,
                                              .hangup_done = watch_hangup_done,
                                              .send_file = watch_send_file,
                                              .leave = watch_leave,
                                              .join = watch_join};
const struct uv__beyond_ops* __wrap_uv__port_beyond(const struct uv__io* io);

const struct uv__beyond_ops* __wrap_uv__port_beyond(const struct uv__io* io) {
  (void) io;
  return &watched;
}

const struct uv__ops __wrap_uv__tcp_ops = {
    .init = watch_init,
    .open = watch_open,
    .bind = watch_bind,
    .name = watch_name,
    .option = watch_option,
    .fileno = watch_fileno,
    .read_arm = watch_read_arm,
    .read_disarm = watch_read_disarm,
    .read_now = watch_read_now,
    .write = watch_write,
    .connect = watch_connect,
    .shutdown = watch_shutdown,
    .listen = watch_listen,
    .accept_now = watch_accept_now,
    .done = watch_done,
    .close = watch_close,
    .beyond = UV__WIN_BEYOND_TCP,
};

/* ---- The loop ---- */

static int never(void* arg) {
  (void) arg;
  return 0;
}

/* A blocking write waits for a peer of the same thread. A real system would wait for ever; this one
 * has larger buffers then. */
static void make_room(void) {
  unsigned i;

  for (i = 0; i < io_count; i++)
    nt_sock_make_room(ios[i]->tail.u.socket);
}

void __real_uv__port_poll(uv_loop_t* loop, int timeout_ms);
void __wrap_uv__port_poll(uv_loop_t* loop, int timeout_ms);

void __wrap_uv__port_poll(uv_loop_t* loop, int timeout_ms) {
  sim_trace("poll %d", timeout_ms);
  seen->waits(loop, timeout_ms);
  seen->waiting();
  if (io_count > 0 && sim_below(2000) < sim_trouble.reset) {
    sim_trace("  reset");
    nt_sock_reset(ios[sim_below(io_count)]->tail.u.socket);
  }
  if (timeout_ms < 0 && ++idle > MOST_IDLE)
    make_room();
  if (timeout_ms == 0 && sim_chance(50)) /* A turn takes its time. */
    (void) nt_wait(never, NULL, nt_now() + sim_below(2 * NT_MS));
  __real_uv__port_poll(loop, timeout_ms < 0 ? IDLE_MS : timeout_ms);
}

int sim_is_woken(const uv_loop_t* loop) {
  return loop->tail.wake != 0;
}

uint64_t sim_clock_ms(void) {
  return nt_now() / NT_MS;
}

/* ---- What the programs ask for ---- */

void sim_offer(char* base, size_t len) {
  (void) base; /* The model of NT has it in its hands. */
  (void) len;
}

void sim_starve(int on) {
  starved = on;
}

void sim_calm(void) {
  memset(&sim_trouble, 0, sizeof(sim_trouble));
  memset(&nt_trouble, 0, sizeof(nt_trouble));
  starved = 0;
}

void sim_pair(int fds[2]) {
  uv_os_sock_t pair[2];

  if (uv_socketpair(SOCK_STREAM, 0, pair, 0, 0) != 0)
    sim_fail("there is no pair of sockets");
  fds[0] = (int) pair[0];
  fds[1] = (int) pair[1];
}

void sim_discard(int fd) {
  closesocket((SOCKET) fd);
}

void __wrap___assert_fail(const char* what, const char* file, unsigned line, const char* function);

void __wrap___assert_fail(const char* what, const char* file, unsigned line, const char* function) {
  (void) function;
  sim_fail("%s:%u: an assertion failed: %s", file, line, what);
}

/* They come by here already. Nothing of Windows is asked before a seed has begun: a run that is traced would
 * not be the one that is not. */
void sim_catch_asserts(void) {}

/* What the library does once for the process is none of a seed's: else the first of many would not be
 * what it is alone. */
static void warm_up(void) {
  static int is_warm;
  uv_loop_t loop;
  uv_os_sock_t pair[2];

  if (is_warm)
    return;
  is_warm = 1;
  nt_begin(0);
  if (uv_loop_init(&loop) != 0 || uv_socketpair(SOCK_STREAM, 0, pair, 0, 0) != 0 ||
      uv_loop_close(&loop) != 0)
    sim_fail("there is no loop, or no socket");
  closesocket(pair[0]);
  closesocket(pair[1]);
  nt_end();
}

void sim_begin(uint64_t seed, const struct sim_observer* observer) {
  warm_up();
  sim_base_begin(seed);
  nt_begin(seed);
  let_sockets_be_ifs(seed % 4 != 3);
  seen = observer;
  sim_ways_begin(observer);
  sim_files_begin(observer);
  io_count = 0;
  starved = 0;
  idle = 0;
  sim_trouble.reset = sim_chance(30) ? 20 : 0;
  sim_trouble.open_error = sim_chance(20) ? 10 : 0;
  sim_trouble.refuse = sim_chance(40) ? 20 : 0;
}

void sim_end(void) {
  sim_partings_end();
  sim_ways_end();
  sim_base_end();
  nt_end();
}
