/* The shim's sockets: a provider that is no IFS, and contexts that must be updated. */
#include <string.h>

#include "shim_internal.h"

/* ---- Sockets whose context is still that of a fresh one ---- */

enum {
  ROOM = 4096
};

static SRWLOCK stale_lock = SRWLOCK_INIT;
static SOCKET stale[ROOM];
static size_t stale_count;

static size_t find_stale(SOCKET sock) {
  size_t i = 0;

  while (i < stale_count && stale[i] != sock)
    i++;
  return i;
}

static void set_stale(SOCKET sock, int on) {
  size_t i;

  AcquireSRWLockExclusive(&stale_lock);
  i = find_stale(sock);
  if (!on && i < stale_count)
    stale[i] = stale[--stale_count];
  if (on && i == stale_count && stale_count < ROOM)
    stale[stale_count++] = sock;
  ReleaseSRWLockExclusive(&stale_lock);
}

static int is_stale(SOCKET sock) {
  int found;

  AcquireSRWLockShared(&stale_lock);
  found = find_stale(sock) < stale_count;
  ReleaseSRWLockShared(&stale_lock);
  return found;
}

/* A stale socket that is connected does not know it. One that is not has its own errors. */
static int knows_nothing(SOCKET sock) {
  struct sockaddr_storage peer;
  int size = sizeof(peer);

  if (!shim_has(SHIM_CONTEXT) || !is_stale(sock) ||
      REAL(getpeername)(sock, (struct sockaddr*) &peer, &size) != 0)
    return 0;
  WSASetLastError(WSAENOTCONN);
  return 1;
}

int WSAAPI __wrap_getpeername(SOCKET sock, struct sockaddr* name, int* size) {
  shim_tally(SHIM_getpeername);
  return knows_nothing(sock) ? SOCKET_ERROR : REAL(getpeername)(sock, name, size);
}

int WSAAPI __wrap_getsockname(SOCKET sock, struct sockaddr* name, int* size) {
  shim_tally(SHIM_getsockname);
  return knows_nothing(sock) ? SOCKET_ERROR : REAL(getsockname)(sock, name, size);
}

int WSAAPI __wrap_shutdown(SOCKET sock, int how) {
  shim_tally(SHIM_shutdown);
  return knows_nothing(sock) ? SOCKET_ERROR : REAL(shutdown)(sock, how);
}

int WSAAPI __wrap_setsockopt(SOCKET sock, int level, int name, const char* value, int size) {
  int r;

  shim_tally(SHIM_setsockopt);
  r = REAL(setsockopt)(sock, level, name, value, size);
  if (r == 0 && level == SOL_SOCKET &&
      (name == SO_UPDATE_ACCEPT_CONTEXT || name == SO_UPDATE_CONNECT_CONTEXT))
    set_stale(sock, 0);
  return r;
}

/* ---- What was begun with a descriptor ---- */

/* A layered provider ends with a descriptor what was begun with it, and with no other one of the same
 * socket. One that is over stays until its OVERLAPPED is used again, or its descriptor closed: then
 * there is nothing to cancel. */
static struct {
  SOCKET sock;
  OVERLAPPED* overlapped;
} begun[ROOM];
static size_t begun_count;

static void note_begun(SOCKET sock, OVERLAPPED* overlapped) {
  size_t i = 0;

  if (overlapped == NULL || !shim_has(SHIM_LSP))
    return;
  AcquireSRWLockExclusive(&stale_lock);
  while (i < begun_count && begun[i].overlapped != overlapped)
    i++;
  if (i < ROOM) {
    begun[i].sock = sock;
    begun[i].overlapped = overlapped;
    if (i == begun_count)
      begun_count++;
  }
  ReleaseSRWLockExclusive(&stale_lock);
}

static void end_begun(SOCKET sock) {
  size_t i = 0;

  AcquireSRWLockExclusive(&stale_lock);
  while (i < begun_count) {
    if (begun[i].sock == sock) {
      REAL(CancelIoEx)((HANDLE) sock, begun[i].overlapped);
      begun[i] = begun[--begun_count];
    } else {
      i++;
    }
  }
  ReleaseSRWLockExclusive(&stale_lock);
}

int WSAAPI __wrap_WSARecv(SOCKET sock,
                          WSABUF* bufs,
                          DWORD count,
                          DWORD* got,
                          DWORD* flags,
                          WSAOVERLAPPED* overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  shim_tally(SHIM_WSARecv);
  note_begun(sock, overlapped);
  return REAL(WSARecv)(sock, bufs, count, got, flags, overlapped, routine);
}

int WSAAPI __wrap_WSASend(SOCKET sock,
                          WSABUF* bufs,
                          DWORD count,
                          DWORD* sent,
                          DWORD flags,
                          WSAOVERLAPPED* overlapped,
                          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  shim_tally(SHIM_WSASend);
  note_begun(sock, overlapped);
  return REAL(WSASend)(sock, bufs, count, sent, flags, overlapped, routine);
}

/* ---- The functions that a provider hands out ---- */

static LPFN_ACCEPTEX real_accept;
static LPFN_CONNECTEX real_connect;

static BOOL PASCAL accept_ex(SOCKET listener,
                             SOCKET sock,
                             void* to,
                             DWORD data,
                             DWORD local,
                             DWORD remote,
                             DWORD* got,
                             OVERLAPPED* overlapped) {
  shim_tally(SHIM_AcceptEx);
  note_begun(listener, overlapped);
  set_stale(sock, 1);
  return real_accept(listener, sock, to, data, local, remote, got, overlapped);
}

static BOOL PASCAL connect_ex(SOCKET sock,
                              const struct sockaddr* name,
                              int size,
                              void* data,
                              DWORD data_size,
                              DWORD* sent,
                              OVERLAPPED* overlapped) {
  shim_tally(SHIM_ConnectEx);
  note_begun(sock, overlapped);
  set_stale(sock, 1);
  return real_connect(sock, name, size, data, data_size, sent, overlapped);
}

static void stand_in(const GUID* id, void* function) {
  static const GUID accept_id = WSAID_ACCEPTEX;
  static const GUID connect_id = WSAID_CONNECTEX;
  LPFN_ACCEPTEX accepts = accept_ex;
  LPFN_CONNECTEX connects = connect_ex;

  if (memcmp(id, &accept_id, sizeof(*id)) == 0) {
    memcpy(&real_accept, function, sizeof(real_accept));
    memcpy(function, &accepts, sizeof(accepts));
  } else if (memcmp(id, &connect_id, sizeof(*id)) == 0) {
    memcpy(&real_connect, function, sizeof(real_connect));
    memcpy(function, &connects, sizeof(connects));
  }
}

int WSAAPI __wrap_WSAIoctl(SOCKET sock,
                           DWORD code,
                           void* in,
                           DWORD in_size,
                           void* out,
                           DWORD out_size,
                           DWORD* got,
                           WSAOVERLAPPED* overlapped,
                           LPWSAOVERLAPPED_COMPLETION_ROUTINE routine) {
  int r;

  shim_tally(SHIM_WSAIoctl);
  r = REAL(WSAIoctl)(sock, code, in, in_size, out, out_size, got, overlapped, routine);
  if (r == 0 && code == SIO_GET_EXTENSION_FUNCTION_POINTER && in_size == sizeof(GUID) &&
      out_size == sizeof(real_accept))
    stand_in(in, out);
  return r;
}

/* ---- A provider that is no IFS ---- */

static int is_socket(HANDLE h) {
  DWORD error = GetLastError();
  int type;
  int size = sizeof(type);
  int yes = REAL(getsockopt)((SOCKET) h, SOL_SOCKET, SO_TYPE, (char*) &type, &size) == 0;

  SetLastError(error);
  return yes;
}

int WSAAPI __wrap_getsockopt(SOCKET sock, int level, int name, char* value, int* size) {
  int r;

  shim_tally(SHIM_getsockopt);
  r = REAL(getsockopt)(sock, level, name, value, size);
  /* The two kinds of the information begin alike. */
  if (r == 0 && shim_has(SHIM_LSP) && level == SOL_SOCKET &&
      (name == SO_PROTOCOL_INFOW || name == SO_PROTOCOL_INFOA))
    ((WSAPROTOCOL_INFOW*) (void*) value)->dwServiceFlags1 &= ~(DWORD) XP1_IFS_HANDLES;
  return r;
}

/* The mode is taken, and the packets come all the same: the provider posts them. */
BOOL WINAPI __wrap_SetFileCompletionNotificationModes(HANDLE h, UCHAR modes) {
  HANDLE lock;
  BOOL done;

  shim_tally(SHIM_SetFileCompletionNotificationModes);
  if (shim_has(SHIM_LSP) && is_socket(h))
    modes &= (UCHAR) ~FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
  if (modes == 0)
    return TRUE;
  lock = shim_lock_enter(h, "SetFileCompletionNotificationModes");
  done = REAL(SetFileCompletionNotificationModes)(h, modes);
  shim_lock_leave(lock);
  return done;
}

BOOL WINAPI __wrap_CancelIoEx(HANDLE h, OVERLAPPED* overlapped) {
  shim_tally(SHIM_CancelIoEx);
  if (shim_has(SHIM_LSP) && is_socket(h)) {
    SetLastError(ERROR_NOT_FOUND);
    return FALSE;
  }
  return REAL(CancelIoEx)(h, overlapped);
}

int WSAAPI __wrap_closesocket(SOCKET sock) {
  shim_tally(SHIM_closesocket);
  set_stale(sock, 0);
  if (shim_has(SHIM_LSP))
    end_begun(sock);
  return REAL(closesocket)(sock);
}
