/* TCP streams on a completion port: opening, addresses, and the table of operations. Reading and
 * writing are in stream.c, connecting in connect.c, accepting in accept.c, the end in end.c. */
#include "win/tcp/tcp.h"

#include <string.h>

#include "core/base/alloc.h"

/* ---- Descriptor ---- */

static void tcp_init(struct uv__io* io) {
  memset(&io->tail, 0, sizeof(io->tail));
  io->tail.u.socket = INVALID_SOCKET;
  uv__win_set(io, UV__WIN_SOCKET);
}

/* What an adopted socket is already. One that was accepted is not asked: where its peer has
 * reset the connection meanwhile, Winsock would deny that there is one. */
static int look(const struct uv__desc* desc, unsigned short* state, unsigned* opened) {
  SOCKET sock = (SOCKET) desc->handle;
  struct sockaddr_storage addr;
  int len = sizeof(addr);
  int r;

  if (desc->accepted > 0 || getpeername(sock, (struct sockaddr*) &addr, &len) == 0) {
    *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE;
    *state |= UV__WIN_BOUND | UV__WIN_CONNECTED;
    return 0;
  }
  r = uv__sock_no_answer();
  len = sizeof(addr);
  if (r == 0 && getsockname(sock, (struct sockaddr*) &addr, &len) == 0)
    *state |= UV__WIN_BOUND; /* Winsock refuses the question for an unbound socket. */
  else if (r == 0)
    r = uv__sock_no_answer();
  return r;
}

/* Whether a socket from elsewhere can be the io's, and what it is. The mode of one that others have, too,
 * is theirs; where there is a layered provider nothing tells who has it, nor is there another way. */
static int judge(const struct uv__io* io, SOCKET sock, unsigned short* state) {
  int r = uv__sock_look(sock, state);

  if (r < 0)
    return r;
  if (uv__own_has((HANDLE) sock, io->loop))
    return UV_EEXIST;
  if ((*state & UV__WIN_IFS) && uv__object_is_shared((HANDLE) sock))
    *state |= UV__WIN_PLAIN;
  return 0;
}

/* Makes a socket the io's, as far as it can be refused: a socket that stays the caller's was not
 * changed. One of our making is known, and inherited by nobody; it becomes non-blocking when a plain call
 * is to be made, which many never see: who listens, and who is passed on, or closed, as it came. */
static int take(struct uv__io* io, SOCKET sock, int is_alone, unsigned short state) {
  int r;

  io->tail.u.socket = sock;
  r = uv__loop_link(io);
  if (r == 0 && !is_alone && !(state & UV__WIN_PLAIN)) {
    r = uv__sock_unblock(sock);
    if (r < 0)
      uv__loop_unlink(io);
  }
  if (r < 0)
    io->tail.u.socket = INVALID_SOCKET;
  else if (!is_alone)
    SetHandleInformation((HANDLE) sock, HANDLE_FLAG_INHERIT, 0);
  return r;
}

static int tcp_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  int adopt = desc->kind != UV__DESC_NONE;
  int is_alone = !adopt || desc->accepted == UV__TCP_ACCEPTED;
  SOCKET sock = (SOCKET) desc->handle;
  struct uv__tcp_early* early = NULL;
  unsigned short state = uv__sock_own(adopt && desc->peer != 0 ? (int) desc->peer : domain);
  int r = adopt ? 0 : uv__sock_create(domain, &sock);

  if (r < 0)
    return r;
  *opened = UV__OPENED_FRESH;
  if (!is_alone)
    r = judge(io, sock, &state);
  if (r == 0 && adopt && desc->accepted == 0)
    r = uv__tcp_early_make(sock, &early);
  if (r == 0 && adopt)
    r = look(desc, &state, opened);
  if (r == 0)
    r = take(io, sock, is_alone, state);
  if (r == 0 && is_alone)
    state |= UV__WIN_PLAIN;
  if (r < 0) {
    uv__free(early);
    if (!adopt)
      closesocket(sock);
    return r;
  }
  if (adopt && desc->accepted != UV__TCP_ACCEPTED)
    state |= UV__WIN_OUTSIDE;
  if (desc->accepted < 0) { /* Its bind failed in the process that passed it. */
    state |= UV__WIN_MISSED;
    *opened = UV__OPENED_MISSED;
  }
  if (early != NULL)
    *opened = uv__tcp_early_adopt(io, early);
  else if ((state & (UV__WIN_BOUND | UV__WIN_CONNECTED)) == UV__WIN_BOUND)
    uv__listeners_add(sock);
  uv__win_set(io, state);
  assert(uv__win_io_valid(io));
  return 0;
}

/* Who asks may give it to others, which is remembered, or use it: as one that does not block. */
int uv__tcp_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  if (io->tail.u.socket == INVALID_SOCKET)
    return UV_EBADF;
  if (!(io->tail.state & UV__WIN_OUTSIDE)) {
    int r = uv__tcp_is_plain((struct uv__io*) io);
    if (r < 0)
      return r;
  }
  uv__win_set((struct uv__io*) io, UV__WIN_OUTSIDE);
  *fd = (HANDLE) io->tail.u.socket;
  return 0;
}

static int tcp_bind(struct uv__io* io, const void* where, unsigned flags) {
  const struct sockaddr* addr = where;
  int r = 0;

  if (flags & UV_TCP_REUSEPORT)
    return UV_ENOTSUP; /* Windows has no option that spreads connections over listeners. */
  if (io->tail.state & UV__WIN_BOUND)
    return UV_EINVAL;
  /* Windows keeps the two families apart unless told; Unix joins them unless told. */
  if (addr->sa_family == AF_INET6)
    r = uv__sock_set(io->tail.u.socket, IPPROTO_IPV6, IPV6_V6ONLY, (flags & UV_TCP_IPV6ONLY) != 0);
  if (r == 0)
    r = uv__sock_bind(io->tail.u.socket, addr);
  uv__win_clear(io, UV__WIN_MISSED);
  if (r == 0) {
    uv__win_set(io, UV__WIN_BOUND);
    uv__listeners_add(io->tail.u.socket);
  } else if (r == UV_EADDRINUSE) {
    uv__win_set(io, UV__WIN_MISSED); /* For whoever it is passed to. */
  }
  return r;
}

static int tcp_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  struct sockaddr_storage name;
  int size = sizeof(name);
  int r;

  memset(&name, 0, sizeof(name));
  if (end == UV__REMOTE) {
    r = getpeername(io->tail.u.socket, (struct sockaddr*) &name, &size);
  } else if (io->tail.state & UV__WIN_BOUND) {
    r = getsockname(io->tail.u.socket, (struct sockaddr*) &name, &size);
  } else {
    /* Winsock answers WSAEINVAL; on Unix a socket has the unspecified address from birth. */
    int ipv6 = (io->tail.state & UV__WIN_IPV6) != 0;
    name.ss_family = ipv6 ? AF_INET6 : AF_INET;
    size = ipv6 ? (int) sizeof(struct sockaddr_in6) : (int) sizeof(struct sockaddr_in);
    r = 0;
  }
  if (r != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  memcpy(addr, &name, (size_t) (*len < size ? *len : size));
  *len = size;
  return 0;
}

int uv__tcp_shutdown(struct uv__io* io) {
  /* Takes effect behind all that was sent, without waiting for it. */
  if (shutdown(io->tail.u.socket, SD_SEND) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

/* ---- ACCEPT ---- */

static int tcp_listen(struct uv__io* io, int backlog) {
  if (!(io->tail.state & UV__WIN_BOUND)) {
    struct sockaddr_in6 any;
    int r;

    memset(&any, 0, sizeof(any));
    any.sin6_family = io->tail.state & UV__WIN_IPV6 ? AF_INET6 : AF_INET;
    r = tcp_bind(io, (struct sockaddr*) &any, 0);
    if (r < 0)
      return r;
  }
  return uv__tcp_accept_listen(io, backlog);
}

/* ---- Results and the end ---- */

ssize_t uv__tcp_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = io->tail.error;

  /* A shutdown is pending in early.c alone, and never beside a write. */
  if (lane == UV__WRITE || lane == UV__SHUTDOWN)
    return io->tail.sent;
  if (lane == UV__HANGUP)
    return io->tail.watch->found;
  io->tail.error = 0;
  return r;
}

/* Nothing of it is with the kernel, and what the loop knows of the socket it knows by its number. */
static int tcp_move(struct uv__io* to, struct uv__io* from) {
  struct uv__foreign_pair* pair;

  assert(!(from->tail.state & (UV__WIN_IN | UV__WIN_OUT | UV__WIN_CLOSING)) &&
         from->tail.watch == NULL);
  to->tail = from->tail;
  if (to->tail.state & UV__WIN_FOREIGN) {
    pair = to->tail.more;
    uv__foreign_aim(&pair->in, &to->tail.in);
    uv__foreign_aim(&pair->out, &to->tail.out);
  }
  tcp_init(from);
  return 0;
}

const struct uv__ops uv__tcp_ops = {
    .init = tcp_init,
    .open = tcp_open,
    .bind = tcp_bind,
    .name = tcp_name,
    .option = uv__tcp_option,
    .fileno = uv__tcp_fileno,
    .read_arm = uv__tcp_read_arm,
    .read_disarm = uv__tcp_read_disarm,
    .hangup_arm = uv__tcp_hangup_arm,
    .read_now = uv__tcp_read_now,
    .write = uv__tcp_write,
    .send_file = uv__tcp_send_file,
    .connect = uv__tcp_connect,
    .shutdown = uv__tcp_shutdown,
    .listen = tcp_listen,
    .accept_now = uv__tcp_accept_now,
    .done = uv__tcp_done,
    .move = tcp_move,
    .close = uv__tcp_close,
};
