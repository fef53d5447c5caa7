/* Pairs of connected sockets. */
#include "win/tcp/tcp.h"

#include <string.h>

/* Whether the far end of `accepted` is at `ours`: anybody on this machine may connect to the port in the
 * moment it listens. An error when that cannot be known; of a stranger who is gone already it can. */
static int is_peer(SOCKET accepted, const struct sockaddr_in* ours) {
  struct sockaddr_in far_end;
  int len = sizeof(far_end);

  if (getpeername(accepted, (struct sockaddr*) &far_end, &len) != 0)
    return WSAGetLastError() == WSAENOTCONN ? 0 : uv__error_translate((DWORD) WSAGetLastError());
  return far_end.sin_port == ours->sin_port && far_end.sin_addr.s_addr == ours->sin_addr.s_addr;
}

/* Connects `client` to `listener` and accepts exactly that connection. */
static int join(SOCKET listener, SOCKET client, SOCKET* server) {
  struct sockaddr_in addr;
  struct sockaddr_in ours;
  int len = sizeof(addr);
  int ours_len = sizeof(ours);

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int r = uv__sock_bind_as(listener, (struct sockaddr*) &addr, 1);
  if (r < 0)
    return r;
  /* Once connect returned the connection is in the queue, so that accept comes to it, behind
   * strangers if there are any. */
  if (getsockname(listener, (struct sockaddr*) &addr, &len) != 0 ||
      listen(listener, SOMAXCONN) != 0 || connect(client, (struct sockaddr*) &addr, len) != 0 ||
      getsockname(client, (struct sockaddr*) &ours, &ours_len) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  for (;;) {
    SOCKET made = accept(listener, NULL, NULL);

    if (made == INVALID_SOCKET)
      return uv__error_translate((DWORD) WSAGetLastError());
    r = is_peer(made, &ours);
    if (r > 0) {
      *server = made;
      return 0;
    }
    closesocket(made);
    if (r < 0)
      return r;
  }
}

/* What both ends of a pair are: not inherited, without Nagle's delay (nothing is saved by it
 * on the loopback), and non-blocking where asked for. */
static int prepare(SOCKET sock, int flags) {
  u_long on = 1;

  if (!SetHandleInformation((HANDLE) sock, HANDLE_FLAG_INHERIT, 0))
    return uv__error_translate(GetLastError());
  if ((flags & UV_NONBLOCK_PIPE) && ioctlsocket(sock, (long) FIONBIO, &on) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return uv__sock_set(sock, IPPROTO_TCP, TCP_NODELAY, 1);
}

int uv_socketpair(int type, int protocol, uv_os_sock_t socket_vector[2], int flags0, int flags1) {
  SOCKET listener;
  SOCKET client = INVALID_SOCKET;
  SOCKET server = INVALID_SOCKET;
  int r;

  if (socket_vector == NULL || ((flags0 | flags1) & ~UV_NONBLOCK_PIPE) != 0)
    return UV_EINVAL;
  if (type != SOCK_STREAM)
    return UV_EPROTOTYPE;
  if (protocol != 0 && protocol != IPPROTO_TCP)
    return UV_EPROTONOSUPPORT;
  r = uv__sock_start();
  if (r < 0)
    return r;
  r = uv__sock_create(AF_INET, &listener);
  if (r < 0)
    return r;
  r = uv__sock_create(AF_INET, &client);
  if (r == 0)
    r = join(listener, client, &server);
  closesocket(listener);
  if (r == 0)
    r = prepare(server, flags0);
  if (r == 0)
    r = prepare(client, flags1);
  if (r < 0) {
    if (client != INVALID_SOCKET)
      closesocket(client);
    if (server != INVALID_SOCKET)
      closesocket(server);
    return r;
  }
  socket_vector[0] = server;
  socket_vector[1] = client;
  return 0;
}
