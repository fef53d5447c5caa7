/* Sockets without a stream: Winsock itself, creating, binding, putting on a port, results of
 * overlapped calls, and pairs. What a TCP stream does with its socket is in tcp.c. */
#include "win/internal.h"

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

static int load_calls(void) {
  static const GUID accept_id = WSAID_ACCEPTEX;
  static const GUID connect_id = WSAID_CONNECTEX;
  struct uv__sock_calls* calls = &uv__sock_calls;
  SOCKET sock;
  int r;

  calls->socket = WSASocketW;
  calls->set_option = setsockopt;
  calls->post = PostQueuedCompletionStatus;
  r = uv__sock_create(AF_INET, &sock);
  if (r < 0)
    r = uv__sock_create(AF_INET6, &sock); /* A machine without IPv4. */
  if (r < 0)
    return r;
  r = extension(sock, accept_id, &calls->accept, sizeof(calls->accept));
  if (r == 0)
    r = extension(sock, connect_id, &calls->connect, sizeof(calls->connect));
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
  SOCKET made = uv__sock_calls.socket(domain, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                                      WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);

  if (made == INVALID_SOCKET)
    return uv__error_translate((DWORD) WSAGetLastError());
  *sock = made;
  return 0;
}

int uv__sock_set(SOCKET sock, int level, int name, int value) {
  if (uv__sock_calls.set_option(sock, level, name, (const char*) &value, sizeof(value)) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  return 0;
}

int uv__sock_bind(SOCKET sock, const struct sockaddr* addr) {
  int len = addr->sa_family == AF_INET6 ? (int) sizeof(struct sockaddr_in6)
                                        : (int) sizeof(struct sockaddr_in);
  /* Without it another process could bind the same port with SO_REUSEADDR and take the
   * connections (rule T2). */
  int r = uv__sock_set(sock, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);

  if (r == 0 && bind(sock, addr, len) != 0)
    r = uv__error_translate((DWORD) WSAGetLastError());
  return r;
}

/* ---- The port ---- */

int uv__sock_attach(uv_loop_t* loop, SOCKET sock, unsigned short* state) {
  WSAPROTOCOL_INFOW info;
  int size = sizeof(info);
  u_long on = 1;

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
  /* First the step that can be refused: a socket that stays the caller's was not changed. */
  *state = 0;
  if (CreateIoCompletionPort((HANDLE) sock, loop->tail.iocp, 0, 0) == NULL) {
    DWORD error = GetLastError();
    if (error != ERROR_INVALID_PARAMETER)
      return uv__error_translate(error);
    /* On a port already; the system does not say on which. */
    if (uv__loop_has(loop, (HANDLE) sock))
      return UV_EEXIST;
    *state = UV__WIN_FOREIGN;
  }
  if (ioctlsocket(sock, (long) FIONBIO, &on) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  SetHandleInformation((HANDLE) sock, HANDLE_FLAG_INHERIT, 0);
  if (info.iAddressFamily == AF_INET6)
    *state |= UV__WIN_IPV6;
  if (*state & UV__WIN_FOREIGN)
    return 0; /* Every operation ends in a packet. */
  /* A layered provider may finish a call behind the back of the port. Only where the socket
   * is the kernel's own handle can an immediate success be told from one that also posts. */
  if ((info.dwServiceFlags1 & XP1_IFS_HANDLES) &&
      SetFileCompletionNotificationModes((HANDLE) sock, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                            FILE_SKIP_SET_EVENT_ON_HANDLE))
    *state |= UV__WIN_SKIP;
  return 0;
}

int uv__sock_begun(BOOL ok, unsigned state) {
  int error;

  if (ok)
    return state & UV__WIN_SKIP ? UV__READY : UV__PENDING;
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

/* ---- Pairs ---- */

/* Whether the far end of `accepted` is `ours`: anybody on this machine may connect to the
 * port in the moment it listens. */
static int is_peer(SOCKET accepted, SOCKET ours) {
  struct sockaddr_in a;
  struct sockaddr_in b;
  int a_len = sizeof(a);
  int b_len = sizeof(b);

  return getpeername(accepted, (struct sockaddr*) &a, &a_len) == 0 &&
         getsockname(ours, (struct sockaddr*) &b, &b_len) == 0 && a.sin_port == b.sin_port &&
         a.sin_addr.s_addr == b.sin_addr.s_addr;
}

/* Connects `client` to `listener` and accepts exactly that connection. */
static int join(SOCKET listener, SOCKET client, SOCKET* server) {
  struct sockaddr_in addr;
  int len = sizeof(addr);

  memset(&addr, 0, sizeof(addr));
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int r = uv__sock_bind(listener, (struct sockaddr*) &addr);
  if (r < 0)
    return r;
  /* Once connect returned the connection is in the queue, so that accept comes to it, behind
   * strangers if there are any. */
  if (getsockname(listener, (struct sockaddr*) &addr, &len) != 0 ||
      listen(listener, SOMAXCONN) != 0 || connect(client, (struct sockaddr*) &addr, len) != 0)
    return uv__error_translate((DWORD) WSAGetLastError());
  for (;;) {
    SOCKET made = accept(listener, NULL, NULL);

    if (made == INVALID_SOCKET)
      return uv__error_translate((DWORD) WSAGetLastError());
    if (is_peer(made, client)) {
      *server = made;
      return 0;
    }
    closesocket(made);
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
