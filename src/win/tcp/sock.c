/* Sockets without a stream: Winsock itself, creating, binding, what a socket is, its options,
 * and results of overlapped calls. What a TCP stream does with its socket is in tcp.c. */
#include "win/tcp/tcp.h"

#include <mstcpip.h>
#include <string.h>

struct uv__sock_calls uv__sock_calls;

static INIT_ONCE started = INIT_ONCE_STATIC_INIT;

/* ---- Winsock ---- */

/* The address of one extension function. These are looked up by a socket since they come
 * from its provider; all TCP sockets have the same one, unless it is not a real handle, and
 * then the function dispatches. */
static int extension(SOCKET sock, GUID id, void* function, DWORD size) {
  DWORD bytes;

  if (WSAIoctl(sock, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof(id), function, size, &bytes,
               NULL, NULL) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

int uv__sock_extensions(SOCKET sock, LPFN_ACCEPTEX* accept, LPFN_CONNECTEX* connect) {
  static const GUID accept_id = WSAID_ACCEPTEX;
  static const GUID connect_id = WSAID_CONNECTEX;
  int r = extension(sock, accept_id, accept, sizeof(*accept));

  return r < 0 ? r : extension(sock, connect_id, connect, sizeof(*connect));
}

/* All that we make have the same provider, and are looked at once. */
static int make_one(int domain, unsigned short* own, SOCKET* sock) {
  int r = uv__sock_create(domain, sock);

  if (r < 0)
    return r;
  r = uv__sock_look(*sock, own);
  if (r < 0)
    closesocket(*sock);
  return r;
}

static int load_calls(void) {
  static const GUID transmit_id = WSAID_TRANSMITFILE;
  struct uv__sock_calls* calls = &uv__sock_calls;
  SOCKET sock;
  SOCKET other;
  int r;

  calls->socket = WSASocketW;
  calls->set_option = setsockopt;
  calls->control = (uv__sock_control_fn) uv__import(L"ntdll.dll", "NtDeviceIoControlFile");
  calls->own[1] = UV__WIN_IPV6; /* Of a machine that has none of them. */
  r = make_one(AF_INET6, &calls->own[1], &other);
  if (r == 0 && make_one(AF_INET, &calls->own[0], &sock) == 0)
    closesocket(other);
  else if (r == 0)
    sock = other; /* A machine without IPv4. */
  else
    r = make_one(AF_INET, &calls->own[0], &sock);
  if (r < 0)
    return r;
  r = uv__sock_extensions(sock, &calls->accept, &calls->connect);
  if (extension(sock, transmit_id, &calls->transmit, sizeof(calls->transmit)) < 0)
    calls->transmit = NULL; /* Files are copied then. */
  closesocket(sock);
  return r;
}

static BOOL CALLBACK start_once(PINIT_ONCE once, void* result, void** context) {
  WSADATA data;
  int r = WSAStartup(MAKEWORD(2, 2), &data);

  (void) once;
  (void) context;
  if (r != 0) {
    *(int*) result = uv__error_translate((DWORD) r);
    return FALSE;
  }
  *(int*) result = load_calls();
  if (*(int*) result < 0)
    WSACleanup();
  /* The start that succeeds is never taken back: sockets outlive loops, and the end of the
   * process ends it. One that fails is tried again by the next caller. */
  return *(int*) result == 0;
}

int uv__sock_start(void) {
  int result = 0;

  return InitOnceExecuteOnce(&started, start_once, &result, NULL) ? 0 : result;
}

/* ---- Creating and binding ---- */

int uv__sock_create(int domain, SOCKET* sock) {
  SOCKET made = uv__sock_calls.socket(domain, SOCK_STREAM, domain == AF_UNIX ? 0 : IPPROTO_TCP,
                                      NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);

  if (made == INVALID_SOCKET)
    return uv__error_translate((DWORD) WSAGetLastError());
  *sock = made;
  return 0;
}

unsigned short uv__sock_own(int domain) {
  return uv__sock_calls.own[domain == AF_INET6];
}

int uv__sock_set(SOCKET sock, int level, int name, int value) {
  if (uv__sock_calls.set_option(sock, level, name, (const char*) &value, sizeof(value)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

int uv__sock_bind_as(SOCKET sock, const struct sockaddr* addr, int exclusive) {
  int len = addr->sa_family == AF_INET6 ? (int) sizeof(struct sockaddr_in6)
                                        : (int) sizeof(struct sockaddr_in);
  int r = uv__sock_set(sock, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, exclusive);

  if (r == 0 && bind(sock, addr, len) != 0)
    r = uv__error_translate((DWORD) WSAGetLastError());
  return r;
}

/* Exclusive, for else another process could bind the same port with SO_REUSEADDR and take the
 * connections (rule T2). It may be refused where nobody listens, over connections that a listener of
 * before has left behind; the documentation warns of that and does not say which. A plain bind then
 * does not mind them, and a server that starts again must get its port. With a listener it would be
 * no answer: there are pairs of addresses that two plain listeners share. And "access denied" has
 * two meanings: somebody has the address, as it says of one and all, or the port is reserved. */
int uv__sock_bind(SOCKET sock, const struct sockaddr* addr) {
  int r = uv__sock_bind_as(sock, addr, 1);
  int plain;

  if (r != UV_EADDRINUSE && r != UV_EACCES)
    return r;
  if (uv__listeners_have(addr))
    return UV_EADDRINUSE;
  plain = uv__sock_bind_as(sock, addr, 0);
  return plain == UV_EACCES ? r : plain;
}

/* ---- What it is ---- */

int uv__sock_look(SOCKET sock, unsigned short* state) {
  WSAPROTOCOL_INFOW info;
  int size = sizeof(info);

  if (getsockopt(sock, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &size) != 0) {
    DWORD error = (DWORD) WSAGetLastError();
    DWORD flags;
    /* Winsock says the same of a file and of a number that is no handle at all. */
    if (error == WSAENOTSOCK &&
        (sock == INVALID_SOCKET || !GetHandleInformation((HANDLE) sock, &flags)))
      return UV_EBADF;
    return uv__error_translate(error);
  }
  if (info.iSocketType != SOCK_STREAM)
    return UV_EINVAL;
  *state = info.iAddressFamily == AF_INET6 ? UV__WIN_IPV6 : 0;
  /* A layered provider may finish a call behind the back of the port, and cannot cancel one. */
  if (info.dwServiceFlags1 & XP1_IFS_HANDLES)
    *state |= UV__WIN_IFS;
  return 0;
}

int uv__sock_no_answer(void) {
  int error = WSAGetLastError();

  return error == WSAENOBUFS || error == WSAENETDOWN ? uv__error_translate((DWORD) error) : 0;
}

int uv__sock_is_tcp(SOCKET sock) {
  WSAPROTOCOL_INFOW info;
  int size = sizeof(info);

  return getsockopt(sock, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) &info, &size) != 0 ||
         info.iAddressFamily != AF_UNIX;
}

int uv__sock_unblock(SOCKET sock) {
  u_long on = 1;

  if (ioctlsocket(sock, (long) FIONBIO, &on) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

/* ---- Overlapped calls ---- */

int uv__sock_begun(BOOL ok, unsigned state) {
  int error;

  if (ok)
    return state & (UV__WIN_SKIP | UV__WIN_FOREIGN) ? UV__READY : UV__PENDING;
  error = WSAGetLastError();
  return error == WSA_IO_PENDING ? UV__PENDING : uv__error_translate((DWORD) error);
}

ssize_t uv__sock_result(SOCKET sock, struct uv__op* op) {
  DWORD bytes;
  DWORD flags;

  /* Internal is the NTSTATUS, 0 for success, and InternalHigh the count: documented, and
   * cheaper than a call. Winsock knows how to say a failure in its own codes. */
  if (op->overlapped.Internal == 0)
    return (ssize_t) op->overlapped.InternalHigh;
  if (WSAGetOverlappedResult(sock, &op->overlapped, &bytes, FALSE, &flags))
    return (ssize_t) bytes;
  return uv__error_translate((DWORD) WSAGetLastError());
}

/* ---- Options ---- */

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
    if (io->tail.state & UV__WIN_CONNECTED)
      return 0; /* It will not listen. */
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
