/* The end of what the peer sends, heard of without a receive: by a poll of AFD, the driver below Winsock,
 * which tells of a disconnect and of an abort whatever is unread. Winsock's own FD_CLOSE waits for all to
 * be read, and WSAPoll can only be asked again and again. What the request looks like is known from all
 * who wait for sockets so; on a system that does not know it there is no such thing. */
#include "win/tcp/tcp.h"

#include "core/base/alloc.h"

enum {
  POLL_CODE = 0x12024, /* IOCTL_AFD_POLL */
  DISCONNECT = 0x08,   /* AFD_POLL_DISCONNECT: the peer's FIN */
  ABORT = 0x10,        /* AFD_POLL_ABORT: a reset */
  PENDING = 0x103      /* STATUS_PENDING */
};

/* AFD_POLL_INFO, for one handle. It is written when the poll is over. */
struct poll {
  LARGE_INTEGER timeout; /* INT64_MAX: none; 0: only look */
  ULONG count;
  ULONG exclusive;
  struct {
    HANDLE handle;
    ULONG events;
    LONG status;
  } of[1];
};

struct uv__tcp_watch {
  struct uv__watch watch; /* what the loop knows of it */
  struct poll poll;
};

static struct uv__tcp_watch* watch_of(const struct uv__io* io) {
  return (struct uv__tcp_watch*) io->tail.watch;
}

static void prepare(struct poll* poll, SOCKET sock, int64_t timeout) {
  poll->timeout.QuadPart = timeout;
  poll->count = 1;
  poll->exclusive = 0;
  poll->of[0].handle = (HANDLE) sock;
  poll->of[0].events = DISCONNECT | ABORT;
  poll->of[0].status = 0;
}

/* What a poll that is over has found: 0, UV_EOF or an error. */
static int found(const struct poll* poll) {
  if (poll->count == 0)
    return 0;
  if (poll->of[0].events & ABORT)
    return UV_ECONNRESET;
  return poll->of[0].events & DISCONNECT ? UV_EOF : 0;
}

static void complete_poll(struct uv__op* op) {
  struct uv__watch* watch = uv__container_of(op, struct uv__watch, op);
  struct uv__io* io = watch->io;
  ssize_t r = 0;

  assert(watch->flies && io->tail.watch == watch);
  watch->flies = 0;
  if (io->tail.state & UV__WIN_CLOSING) {
    uv__tcp_settle(io);
    return;
  }
  if (op->overlapped.Internal != 0)
    r = uv__sock_result(io->tail.u.socket, op);
  /* Somebody else may have cancelled it, or memory was short: that says nothing of the connection. */
  if (r < 0)
    watch->found = r == UV_ECANCELED || r == UV_ENOMEM || r == UV_ENOBUFS ? 0 : (int) r;
  else
    watch->found = found(&watch_of(io)->poll);
  uv__ring(io, UV__HANGUP);
}

static int make_watch(struct uv__io* io) {
  struct uv__tcp_watch* made = uv__calloc(1, sizeof(*made));

  if (made == NULL || uv__expect_reserve(io->loop, 1) < 0) {
    uv__free(made);
    return UV_ENOMEM;
  }
  made->watch.io = io;
  io->tail.watch = &made->watch;
  return 0;
}

static LONG control(SOCKET sock, HANDLE event, OVERLAPPED* overlapped, struct poll* poll) {
  return uv__sock_calls.control((HANDLE) sock, event, NULL, event == NULL ? overlapped : NULL,
                                overlapped, POLL_CODE, poll, sizeof(*poll), poll, sizeof(*poll));
}

/* Short of memory: it is asked again later. Else the system does not know such a poll. */
static int refusal(LONG status) {
  return status == (LONG) 0xc000009a || status == (LONG) 0xc0000017 ? UV_EAGAIN : UV_ENOTSUP;
}

/* The file object may be on somebody else's port: a poll that only looks, and ends at once. Without a
 * context it brings no packet. */
static int look(struct uv__io* io) {
  OVERLAPPED overlapped = {0};
  struct poll poll;
  LONG status;

  prepare(&poll, io->tail.u.socket, 0);
  status = control(io->tail.u.socket, (HANDLE) io->loop->tail.event, &overlapped, &poll);
  if (status == PENDING) {
    WaitForSingleObject(io->loop->tail.event, INFINITE);
    status = (LONG) overlapped.Internal;
  }
  if (status < 0)
    return refusal(status);
  return found(&poll) != 0 ? found(&poll) : UV_EAGAIN;
}

static int begin(struct uv__io* io) {
  struct uv__watch* watch = io->tail.watch;
  struct poll* poll = &watch_of(io)->poll;
  OVERLAPPED* overlapped = uv__win_prepare(io, &watch->op, 0, complete_poll);
  LONG status;

  prepare(poll, io->tail.u.socket, INT64_MAX);
  status = control(io->tail.u.socket, NULL, overlapped, poll);
  if (status < 0)
    return refusal(status);
  if (status != PENDING && (io->tail.state & UV__WIN_SKIP)) {
    watch->found = found(poll);
    return watch->found != 0 ? watch->found : UV_EAGAIN;
  }
  watch->flies = 1;
  uv__expect(io->loop, &watch->op);
  return UV__PENDING;
}

int uv__tcp_hangup_arm(struct uv__io* io) {
  int r = io->tail.watch == NULL ? make_watch(io) : 0;

  if (r == 0 && io->tail.watch->found != 0)
    return io->tail.watch->found; /* It stays true. */
  if (r == 0 && io->tail.watch->flies)
    return UV__PENDING;
  if (r == 0)
    r = uv__sock_calls.control == NULL ? UV_ENOTSUP : uv__tcp_ready(io);
  if (r < 0)
    return r;
  /* What a layered provider gave is not given back by it: it would outlive a close where others have the
   * socket, too. */
  if ((io->tail.state & UV__WIN_FOREIGN) || !(io->tail.state & UV__WIN_IFS))
    return look(io);
  return begin(io);
}

int uv__tcp_hangup_done(struct uv__io* io) {
  return io->tail.watch->found;
}

int uv__tcp_early_hangup_arm(struct uv__io* io) {
  return uv__tcp_early_is_over(io) ? uv__tcp_hangup_arm(io) : UV_EAGAIN;
}
