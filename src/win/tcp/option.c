/* Options of a TCP socket. */
#include "win/tcp/tcp.h"

#include <mstcpip.h>

/* Headers older than Windows 10 1709 lack these. */
enum {
  KEEPALIVE_IDLE = 3,     /* TCP_KEEPIDLE */
  KEEPALIVE_COUNT = 16,   /* TCP_KEEPCNT */
  KEEPALIVE_INTERVAL = 17 /* TCP_KEEPINTVL */
};

static int set_keepalive(SOCKET sock, const struct uv__keepalive* want) {
  struct tcp_keepalive vals;
  DWORD bytes;
  int r = uv__sock_set(sock, SOL_SOCKET, SO_KEEPALIVE, want->idle != 0);

  if (r < 0 || want->idle == 0)
    return r;
  if (uv__sock_set(sock, IPPROTO_TCP, KEEPALIVE_IDLE, want->idle) == 0 &&
      uv__sock_set(sock, IPPROTO_TCP, KEEPALIVE_INTERVAL, want->interval) == 0 &&
      uv__sock_set(sock, IPPROTO_TCP, KEEPALIVE_COUNT, want->count) == 0)
    return 0;
  /* Before Windows 10 1709: times in ms, and always ten probes. */
  vals.onoff = 1;
  vals.keepalivetime = want->idle * 1000UL;
  vals.keepaliveinterval = want->interval * 1000UL;
  if (WSAIoctl(sock, SIO_KEEPALIVE_VALS, &vals, sizeof(vals), NULL, 0, &bytes, NULL, NULL) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

static int buffer_size(SOCKET sock, int name, int* value) {
  int size = sizeof(*value);

  if (*value != 0)
    return uv__sock_set(sock, SOL_SOCKET, name, *value);
  if (getsockopt(sock, SOL_SOCKET, name, (char*) value, &size) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

/* No time to linger: the close drops what is unsent and resets the connection. */
static int set_reset(struct uv__io* io) {
  struct linger linger;

  linger.l_onoff = 1;
  linger.l_linger = 0;
  if (uv__sock_calls.set_option(io->tail.u.socket, SOL_SOCKET, SO_LINGER, (const char*) &linger,
                                sizeof(linger)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  uv__win_set(io, UV__WIN_RESET);
  return 0;
}

int uv__tcp_option(struct uv__io* io, enum uv__option option, void* value) {
  SOCKET sock = io->tail.u.socket;

  switch (option) {
  case UV__NODELAY:
    return uv__sock_set(sock, IPPROTO_TCP, TCP_NODELAY, *(int*) value);
  case UV__KEEPALIVE:
    return set_keepalive(sock, value);
  case UV__ACCEPTS:
    if (*(int*) value)
      uv__win_clear(io, UV__WIN_ONE_ACCEPT);
    else
      uv__win_set(io, UV__WIN_ONE_ACCEPT);
    return 0; /* For the accepts posted from now on. */
  case UV__RESET:
    return set_reset(io);
  case UV__SNDBUF:
    return buffer_size(sock, SO_SNDBUF, value);
  case UV__RCVBUF:
    return buffer_size(sock, SO_RCVBUF, value);
  default:
    return UV_ENOTSUP;
  }
}
