/* A socket whose connect the program has begun itself, as long as it goes on: a table of its own, which
 * the usual one follows when it is over. Reading and writing wait for that as they wait for bytes and
 * for room, and tell how it failed. Nothing tells when it is over: it is asked every few milliseconds. */
#include "win/tcp/tcp.h"

#include "core/base/alloc.h"

/* Headers older than Windows 10 1703 lack these. */
static const DWORD info_code = 0xd8000027; /* SIO_TCP_INFO */
enum {
  SYN_SENT = 2 /* TCPSTATE_SYN_SENT */
};
union info { /* TCP_INFO_v0 */
  DWORD state;
  ULONGLONG room[11];
};

/* io->tail.more */
struct uv__tcp_early {
  struct uv__retry retry;
  struct uv__io* io;
  const struct uv__ops* usual;
  unsigned waits; /* lanes */
};

static struct uv__tcp_early* early_of(const struct uv__io* io) {
  return io->tail.more;
}

/* 1 or 0, or UV_E* when there is no telling at present. Who does not know the question has no such sockets. */
static int is_connecting(SOCKET sock) {
  DWORD version = 0;
  union info info;
  DWORD bytes;

  if (WSAIoctl(sock, info_code, &version, sizeof(version), &info, sizeof(info), &bytes, NULL,
               NULL) == 0)
    return info.state == SYN_SENT;
  return uv__sock_no_answer();
}

/* ---- Its end ---- */

static int outcome(struct uv__io* io) {
  SOCKET sock = io->tail.u.socket;
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  int error = 0;
  int why;

  if (getpeername(sock, (struct sockaddr*) &addr, &len) == 0) {
    uv__win_clear(io, UV__WIN_ONE_ACCEPT | UV__WIN_MISSED);
    uv__win_set(io, UV__WIN_CONNECTED);
    return 0;
  }
  why = WSAGetLastError();
  len = sizeof(error);
  if (getsockopt(sock, SOL_SOCKET, SO_ERROR, (char*) &error, &len) != 0)
    error = WSAGetLastError();
  if (error == 0)
    error = why == WSAENOTCONN ? WSAECONNREFUSED : why;
  return uv__error_translate((DWORD) error);
}

/* From here on it is a socket like others; `result` is what waits hears: a reader the one, who writes or
 * has shut down the other. */
static void leave(struct uv__io* io, int result) {
  struct uv__tcp_early* early = early_of(io);

  uv__retry_end(io->loop, &early->retry);
  io->ops = early->usual;
  uv__free(early);
  io->tail.more = NULL;
  io->tail.error = (short) result;
  io->tail.sent = result;
}

/* What waits begins anew, or hears the error; `r`: one that there is already. */
static void finish(struct uv__io* io, int r) {
  unsigned waits = early_of(io)->waits;

  if (r == 0)
    r = outcome(io);
  leave(io, r);
  if ((waits & UV__SHUTDOWN) && r == 0)
    io->tail.sent = io->ops->shutdown(io);
  if (waits & UV__READ)
    uv__ring(io, UV__READ);
  if (waits & UV__WRITE)
    uv__ring(io, UV__WRITE);
  if (waits & UV__SHUTDOWN)
    uv__ring(io, UV__SHUTDOWN);
}

int uv__tcp_early_is_over(struct uv__io* io) {
  int r = is_connecting(io->tail.u.socket);

  if (r > 0)
    return 0;
  finish(io, r);
  return 1;
}

static void again(struct uv__retry* retry) {
  (void) uv__tcp_early_is_over(uv__container_of(retry, struct uv__tcp_early, retry)->io);
}

static int await(struct uv__io* io, enum uv__lane lane) {
  struct uv__tcp_early* early = early_of(io);

  early->waits |= (unsigned) lane;
  if (early->retry.at == NULL)
    uv__retry_begin(io->loop, &early->retry);
  return UV__PENDING;
}

/* ---- Operations ---- */

static int early_read_arm(struct uv__io* io) {
  return uv__tcp_early_is_over(io) ? uv__tcp_read_arm(io) : await(io, UV__READ);
}

static int early_read_disarm(struct uv__io* io) {
  early_of(io)->waits &= ~(unsigned) UV__READ;
  return 0;
}

static ssize_t early_read_now(struct uv__io* io,
                              char* base,
                              size_t len,
                              struct uv__passed* passed) {
  return uv__tcp_early_is_over(io) ? uv__tcp_read_now(io, base, len, passed) : UV_EAGAIN;
}

static ssize_t early_write(struct uv__io* io,
                           const uv_buf_t* bufs,
                           unsigned nbufs,
                           enum uv__write_mode mode,
                           struct uv__io* const* pass) {
  if (!uv__tcp_early_is_over(io))
    return mode == UV__QUEUE ? await(io, UV__WRITE) : UV_EAGAIN;
  return io->tail.error < 0 ? io->tail.error : uv__tcp_write(io, bufs, nbufs, mode, pass);
}

static int early_shutdown(struct uv__io* io) {
  return uv__tcp_early_is_over(io) ? io->ops->shutdown(io) : await(io, UV__SHUTDOWN);
}

static int early_close(struct uv__io* io) {
  leave(io, UV_ECANCELED);
  return uv__tcp_close(io);
}

static int early_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  return early_of(io)->usual->name(io, end, addr, len);
}

static int early_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  return early_of(io)->usual->fileno(io, fd);
}

/* To the core it is connected, so that it asks for nothing that leads elsewhere. */
static const struct uv__ops early_ops = {
    .name = early_name,
    .option = uv__tcp_option,
    .fileno = early_fileno,
    .read_arm = early_read_arm,
    .read_disarm = early_read_disarm,
    .read_now = early_read_now,
    .write = early_write,
    .shutdown = early_shutdown,
    .close = early_close,
    .beyond = UV__WIN_BEYOND_EARLY,
};

/* ---- Opening ---- */

int uv__tcp_early_make(SOCKET sock, struct uv__tcp_early** early) {
  int r = is_connecting(sock);

  *early = NULL;
  if (r <= 0)
    return r;
  *early = uv__calloc(1, sizeof(**early));
  return *early != NULL ? 0 : UV_ENOMEM;
}

/* It is not passed on: who gets it could not know what it is. */
unsigned uv__tcp_early_adopt(struct uv__io* io, struct uv__tcp_early* early) {
  early->io = io;
  early->usual = io->ops;
  early->retry.again = again;
  io->tail.more = early;
  io->ops = &early_ops;
  return UV__OPENED_READABLE | UV__OPENED_WRITABLE | UV__OPENED_STAYS;
}
