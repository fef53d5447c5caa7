/* The calls of Winsock that make, connect, use and end sockets. Options are in winsock_opt.c. */
#include "afd.h"
#include "sched.h"

#include <string.h>

static int started;

static int wsa_error(int error) {
  nt_error((DWORD) error);
  return error == 0 ? 0 : SOCKET_ERROR;
}

BOOL afd_run(struct nt_irp* irp) {
  ULONG_PTR info = 0;
  NTSTATUS status = nt_irp_run(irp, &info);

  return status == ST_SUCCESS ? TRUE : nt_error((DWORD) nt_status_wsa(status));
}

/* ---- Winsock itself ---- */

int WSAAPI WSAStartup(WORD version, LPWSADATA data) {
  nt_enter("WSAStartup");
  (void) version;
  memset(data, 0, sizeof(*data));
  data->wVersion = data->wHighVersion = MAKEWORD(2, 2);
  started++;
  return 0;
}

int WSAAPI WSACleanup(void) {
  nt_enter("WSACleanup");
  if (started == 0)
    return wsa_error(WSANOTINITIALISED);
  started--;
  return 0;
}

u_long WSAAPI htonl(u_long value) {
  return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

u_long WSAAPI ntohl(u_long value) {
  return htonl(value);
}

u_short WSAAPI htons(u_short value) {
  return (u_short) (value >> 8 | value << 8);
}

u_short WSAAPI ntohs(u_short value) {
  return htons(value);
}

/* ---- Making ---- */

/* What WSADuplicateSocketW left for the process that it names: a handle there already. */
static SOCKET take_duplicate(const WSAPROTOCOL_INFOW* info) {
  SOCKET handle = info->dwProviderReserved;

  return afd_find(handle) != NULL ? handle : INVALID_SOCKET;
}

SOCKET WSAAPI
WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags) {
  struct afd_sock* sock;
  HANDLE handle;

  nt_enter("WSASocketW");
  (void) group;
  if (started == 0) {
    nt_error(WSANOTINITIALISED);
    return INVALID_SOCKET;
  }
  if (info != NULL)
    return take_duplicate(info);
  if (family == AF_UNIX && nt_has_unix_sockets)
    protocol = protocol == 0 ? 0 : -1;
  if (type != SOCK_STREAM || (protocol != 0 && protocol != IPPROTO_TCP))
    nt_absent("a socket that is not TCP");
  if (family != AF_INET && family != AF_INET6 && (family != AF_UNIX || !nt_has_unix_sockets)) {
    nt_error(WSAEAFNOSUPPORT);
    return INVALID_SOCKET;
  }
  if (!(flags & WSA_FLAG_OVERLAPPED))
    nt_absent("a socket that is not overlapped");
  sock = afd_new(family);
  handle = nt_handle(sock, FILE_ALL_ACCESS, !(flags & WSA_FLAG_NO_HANDLE_INHERIT));
  nt_unref(sock);
  return (SOCKET) handle;
}

/* As documented it is overlapped, and inherited. */
SOCKET WSAAPI socket(int family, int type, int protocol) {
  return WSASocketW(family, type, protocol, NULL, 0, WSA_FLAG_OVERLAPPED);
}

int WSAAPI closesocket(SOCKET handle) {
  struct afd_sock* sock;

  nt_enter("closesocket");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  if (sock->file.object.handles > 1) /* With the last one all of it ends, below. */
    nt_irp_hang_up(&sock->file, (HANDLE) handle);
  nt_handle_close(NULL, (HANDLE) handle);
  return 0;
}

/* ---- Addresses ---- */

int WSAAPI bind(SOCKET handle, const struct sockaddr* addr, int len) {
  struct afd_sock* sock;
  struct afd_addr want;
  int error;

  nt_enter("bind");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  error = afd_read_addr(addr, len, &want);
  return wsa_error(error != 0 ? error : afd_bind(sock, &want));
}

int WSAAPI getsockname(SOCKET handle, struct sockaddr* addr, int* len) {
  struct afd_sock* sock;

  nt_enter("getsockname");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  afd_want_context(sock, "getsockname");
  /* An accepted socket has no names of its own until it is told of its listener. */
  if (sock->state == AFD_OPEN || (sock->lacks != NULL && !sock->inherits_names && sock->side == 1))
    return wsa_error(WSAEINVAL);
  return wsa_error(afd_write_addr(&sock->local, sock->family, addr, len));
}

int WSAAPI getpeername(SOCKET handle, struct sockaddr* addr, int* len) {
  struct afd_sock* sock;

  nt_enter("getpeername");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  afd_want_context(sock, "getpeername");
  if (sock->conn == NULL || !sock->inherits_names || sock->conn->told[sock->side])
    return wsa_error(WSAENOTCONN);
  return wsa_error(afd_write_addr(&sock->conn->name[1 - sock->side], sock->family, addr, len));
}

/* ---- Connecting ---- */

int WSAAPI listen(SOCKET handle, int backlog) {
  struct afd_sock* sock;

  nt_enter("listen");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  if (sock->state == AFD_OPEN)
    return wsa_error(WSAEINVAL);
  if (sock->state == AFD_CONNECTS || sock->state == AFD_CONNECTED)
    return wsa_error(WSAEISCONN);
  sock->state = AFD_LISTENS;
  sock->backlog = backlog;
  return 0;
}

static int has_outcome(void* arg) {
  return ((struct afd_sock*) arg)->state != AFD_CONNECTS;
}

static int has_client(void* arg) {
  return ((struct afd_sock*) arg)->queue != NULL;
}

/* What is connected so has its names at once. */
static int is_connectable(const struct afd_sock* sock) {
  return sock->state == AFD_CONNECTED  ? WSAEISCONN
         : sock->state == AFD_CONNECTS ? WSAEALREADY
         : sock->state == AFD_LISTENS  ? WSAEINVAL
                                       : 0;
}

int WSAAPI connect(SOCKET handle, const struct sockaddr* addr, int len) {
  struct afd_sock* sock;
  struct afd_addr to;
  struct afd_addr any;
  int error;

  nt_enter("connect");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  error = afd_read_addr(addr, len, &to);
  if (error == 0)
    error = is_connectable(sock);
  if (error == 0 && to.port == 0 && to.family != AF_UNIX)
    error = WSAEADDRNOTAVAIL;
  if (error == 0 && sock->state == AFD_OPEN) {
    memset(&any, 0, sizeof(any));
    any.family = sock->family;
    error = afd_bind(sock, &any);
  }
  if (error != 0)
    return wsa_error(error);
  sock->inherits_names = 1;
  afd_begin_connect(sock, &to);
  if (sock->nonblocking)
    return wsa_error(WSAEWOULDBLOCK);
  nt_ref(sock);
  if (afd_listener(&to) != NULL)
    nt_wait(has_outcome, sock, NT_NEVER); /* The machine's own work. */
  else
    nt_wait_for_peer(has_outcome, sock, NT_NEVER, "a connection");
  error = nt_status_wsa(sock->outcome);
  nt_unref(sock);
  return wsa_error(error);
}

SOCKET WSAAPI accept(SOCKET handle, struct sockaddr* addr, int* len) {
  struct afd_sock* listener;
  struct afd_sock* sock;
  HANDLE made;

  nt_enter("accept");
  listener = afd_find(handle);
  if (listener == NULL)
    return INVALID_SOCKET;
  if (listener->state != AFD_LISTENS || (listener->queue == NULL && listener->nonblocking)) {
    nt_error(listener->state != AFD_LISTENS ? WSAEINVAL : WSAEWOULDBLOCK);
    return INVALID_SOCKET;
  }
  nt_wait_for_peer(has_client, listener, NT_NEVER, "a client");
  sock = afd_new(listener->family);
  sock->nonblocking = listener->nonblocking;
  sock->inherits_names = 1;
  afd_take_connection(sock, listener);
  made = nt_handle(sock, FILE_ALL_ACCESS, 1);
  nt_unref(sock);
  if (addr != NULL)
    (void) afd_write_addr(&sock->conn->name[0], sock->family, addr, len);
  return (SOCKET) made;
}

/* "LPFN_CONNECTEX": the socket must be bound, and is half connected until told. It was seen to write behind an
 * address of AF_UNIX (libuv#4636); whether it does, the seed chooses. */
BOOL WINAPI nt_connect_ex(SOCKET handle,
                          const struct sockaddr* addr,
                          int len,
                          PVOID data,
                          DWORD size,
                          LPDWORD sent,
                          LPOVERLAPPED overlapped) {
  struct afd_sock* sock;
  struct nt_irp* irp;
  struct afd_addr to;
  int error;

  nt_enter("ConnectEx");
  (void) sent;
  if (data != NULL && size > 0)
    nt_absent("ConnectEx with data");
  sock = afd_find(handle);
  if (sock == NULL)
    return FALSE;
  error = sock->state == AFD_OPEN ? WSAEINVAL : is_connectable(sock);
  if (error == 0)
    error = afd_read_addr(addr, len, &to);
  if (error == 0 && to.port == 0 && to.family != AF_UNIX)
    error = WSAEADDRNOTAVAIL;
  if (error == 0 && to.family == AF_UNIX && nt_chance(50))
    memset((char*) addr + len, 0, sizeof(struct sockaddr_of_unix));
  if (error != 0)
    return nt_error((DWORD) error);
  irp = nt_irp_begin(&sock->file, NT_CONTROL, overlapped);
  irp->code = AFD_CONNECT;
  irp->device = &to;
  return afd_run(irp);
}

/* ---- Bytes ---- */

static void set_memory(struct nt_irp* irp, const WSABUF* bufs, DWORD count) {
  struct nt_part parts[64] = {{NULL, 0}};
  struct nt_part* all = count <= 64 ? parts : nt_alloc(count * sizeof(*all));
  DWORD i;

  for (i = 0; i < count; i++) {
    all[i].base = bufs[i].buf;
    all[i].size = bufs[i].len;
  }
  nt_irp_memory(irp, all, count);
  if (all != parts)
    nt_free(all);
}

static int can_go_on(void* arg) {
  struct nt_irp* irp = arg;
  struct afd_sock* sock = (struct afd_sock*) irp->file;
  const struct afd_way* way;

  if (sock->conn == NULL || sock->conn->told[sock->side])
    return 1;
  way = &sock->conn->way[irp->what == NT_READ ? 1 - sock->side : sock->side];
  if (irp->what == NT_READ)
    return way->arrived > 0 || way->end_arrived;
  return way->sends == NULL && afd_unsent(way) < (size_t) sock->send_room;
}

/* Without an OVERLAPPED: now, or by waiting where the socket is blocking; that sends all of it. */
static int plain(struct afd_sock* sock, struct nt_irp* irp, LPDWORD bytes) {
  int (*now)(struct afd_sock*, struct nt_irp*) =
      irp->what == NT_READ ? afd_receive_now : afd_send_now;
  int result = now(sock, irp);

  while (result == -WSAEWOULDBLOCK && !sock->nonblocking) {
    nt_wait_for_peer(can_go_on, irp, NT_NEVER, "a socket");
    result = now(sock, irp);
  }
  if (result >= 0)
    *bytes = (DWORD) result;
  if (result >= 0 && irp->what == NT_WRITE && !sock->nonblocking)
    while (irp->done < irp->size && result >= 0) {
      struct nt_part rest = {irp->parts[0].base + irp->done, irp->size - irp->done};
      if (irp->count != 1)
        nt_absent("a blocking send of several buffers that comes back short");
      irp->parts[0] = rest;
      irp->size = rest.size;
      irp->done = 0;
      nt_wait_for_peer(can_go_on, irp, NT_NEVER, "a socket");
      result = now(sock, irp);
      *bytes += result > 0 ? (DWORD) result : 0;
    }
  nt_irp_forget(irp);
  return wsa_error(result < 0 ? -result : 0);
}

static int transfer(SOCKET handle,
                    enum nt_what what,
                    LPWSABUF bufs,
                    DWORD count,
                    LPDWORD bytes,
                    LPWSAOVERLAPPED overlapped) {
  struct afd_sock* sock = afd_find(handle);
  struct nt_irp* irp;
  ULONG_PTR info = 0;
  NTSTATUS status;

  if (sock == NULL)
    return SOCKET_ERROR;
  if (sock->conn == NULL || (sock->state == AFD_CONNECTS))
    return wsa_error(WSAENOTCONN);
  if (what == NT_WRITE && sock->sent_end)
    return wsa_error(WSAESHUTDOWN);
  irp = nt_irp_begin(&sock->file, what, overlapped);
  set_memory(irp, bufs, count);
  if (overlapped == NULL)
    return plain(sock, irp, bytes);
  status = nt_irp_run(irp, &info);
  if (status == ST_SUCCESS && bytes != NULL)
    *bytes = (DWORD) info;
  return wsa_error(nt_status_wsa(status));
}

int WSAAPI WSARecv(SOCKET sock,
                   LPWSABUF bufs,
                   DWORD count,
                   LPDWORD got,
                   LPDWORD flags,
                   LPWSAOVERLAPPED overlapped,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  nt_enter("WSARecv");
  if (routine != NULL || *flags != 0)
    nt_absent("WSARecv with flags or a routine");
  return transfer(sock, NT_READ, bufs, count, got, overlapped);
}

int WSAAPI WSASend(SOCKET sock,
                   LPWSABUF bufs,
                   DWORD count,
                   LPDWORD sent,
                   DWORD flags,
                   LPWSAOVERLAPPED overlapped,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  nt_enter("WSASend");
  if (routine != NULL || flags != 0)
    nt_absent("WSASend with flags or a routine");
  return transfer(sock, NT_WRITE, bufs, count, sent, overlapped);
}

int WSAAPI recv(SOCKET sock, char* to, int size, int flags) {
  WSABUF buf;
  DWORD none = (DWORD) flags;
  DWORD got = 0;

  buf.len = (ULONG) size;
  buf.buf = to;
  return WSARecv(sock, &buf, 1, &got, &none, NULL, NULL) == 0 ? (int) got : SOCKET_ERROR;
}

int WSAAPI send(SOCKET sock, const char* from, int size, int flags) {
  WSABUF buf;
  DWORD sent = 0;

  buf.len = (ULONG) size;
  buf.buf = (char*) from;
  return WSASend(sock, &buf, 1, &sent, (DWORD) flags, NULL, NULL) == 0 ? (int) sent : SOCKET_ERROR;
}

BOOL WSAAPI WSAGetOverlappedResult(
    SOCKET handle, LPWSAOVERLAPPED overlapped, LPDWORD bytes, BOOL wait, LPDWORD flags) {
  NTSTATUS status;

  nt_enter("WSAGetOverlappedResult");
  if (afd_find(handle) == NULL)
    return FALSE;
  status = nt_overlapped_result(overlapped, bytes, wait);
  *flags = 0;
  if (status == ST_SUCCESS)
    return TRUE;
  return nt_error(status == ST_PENDING ? WSA_IO_INCOMPLETE : (DWORD) nt_status_wsa(status));
}

/* Without its context a socket of ConnectEx or AcceptEx cannot be shut down. */
int WSAAPI shutdown(SOCKET handle, int how) {
  struct afd_sock* sock;

  nt_enter("shutdown");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  afd_want_context(sock, "shutdown");
  if (sock->conn == NULL || !sock->inherits_names || sock->conn->told[sock->side])
    return wsa_error(WSAENOTCONN);
  if (how == SD_RECEIVE)
    nt_absent("shutdown for receiving");
  sock->sent_end = 1;
  sock->conn->way[sock->side].ended = 1;
  afd_move(sock->conn, sock->side);
  return 0;
}

/* ---- Sharing ---- */

/* The handle in the other process is made here; its number travels in the information. */
int WSAAPI WSADuplicateSocketW(SOCKET handle, DWORD id, LPWSAPROTOCOL_INFOW info) {
  struct afd_sock* sock;
  struct nt_process* process;
  int size = sizeof(*info);

  nt_enter("WSADuplicateSocketW");
  sock = afd_find(handle);
  if (sock == NULL)
    return SOCKET_ERROR;
  process = nt_process_by_id(id);
  if (process == NULL)
    return wsa_error(WSAEINVAL);
  if (getsockopt(handle, SOL_SOCKET, SO_PROTOCOL_INFOW, (char*) info, &size) != 0)
    return SOCKET_ERROR;
  info->dwProviderReserved = (DWORD) (ULONG_PTR) nt_handle_in(process, sock, FILE_ALL_ACCESS);
  return 0;
}
