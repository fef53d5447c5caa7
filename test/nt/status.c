/* NTSTATUS in the codes of Win32 and of Winsock, and the last error. */
#include "nt.h"

#include "sched.h"

static const struct {
  NTSTATUS status;
  DWORD error;
  int wsa;
} table[] = {
    {ST_SUCCESS, ERROR_SUCCESS, 0},
    {ST_PENDING, ERROR_IO_PENDING, WSA_IO_PENDING},
    {ST_BUFFER_OVERFLOW, ERROR_MORE_DATA, WSAEMSGSIZE},
    {ST_INVALID_HANDLE, ERROR_INVALID_HANDLE, WSAENOTSOCK},
    {ST_INVALID_PARAMETER, ERROR_INVALID_PARAMETER, WSAEINVAL},
    {ST_INVALID_DEVICE_REQUEST, ERROR_INVALID_FUNCTION, WSAEOPNOTSUPP},
    {ST_ACCESS_DENIED, ERROR_ACCESS_DENIED, WSAEACCES},
    {ST_INSUFFICIENT_RESOURCES, ERROR_NO_SYSTEM_RESOURCES, WSAENOBUFS},
    {ST_FILE_LOCK_CONFLICT, ERROR_LOCK_VIOLATION, ERROR_LOCK_VIOLATION},
    {ST_OBJECT_NAME_NOT_FOUND, ERROR_FILE_NOT_FOUND, 0},
    {ST_PIPE_NOT_AVAILABLE, ERROR_PIPE_BUSY, 0},
    {ST_INVALID_PIPE_STATE, ERROR_BAD_PIPE, 0},
    {ST_PIPE_BUSY, ERROR_PIPE_BUSY, 0},
    {ST_PIPE_DISCONNECTED, ERROR_PIPE_NOT_CONNECTED, 0},
    {ST_PIPE_CLOSING, ERROR_NO_DATA, 0},
    {ST_PIPE_CONNECTED, ERROR_PIPE_CONNECTED, 0},
    {ST_PIPE_LISTENING, ERROR_PIPE_LISTENING, 0},
    {ST_IO_TIMEOUT, ERROR_SEM_TIMEOUT, WSAETIMEDOUT},
    {ST_NOT_SUPPORTED, ERROR_NOT_SUPPORTED, WSAEOPNOTSUPP},
    {ST_PIPE_EMPTY, ERROR_NO_DATA, 0},
    {ST_END_OF_FILE, ERROR_HANDLE_EOF, ERROR_HANDLE_EOF},
    {ST_CANCELLED, ERROR_OPERATION_ABORTED, WSA_OPERATION_ABORTED},
    {ST_LOCAL_DISCONNECT, ERROR_NETNAME_DELETED, WSAECONNABORTED},
    {ST_PIPE_BROKEN, ERROR_BROKEN_PIPE, 0},
    {ST_CONNECTION_RESET, ERROR_NETNAME_DELETED, WSAECONNRESET},
    {ST_CONNECTION_REFUSED, ERROR_CONNECTION_REFUSED, WSAECONNREFUSED},
    {ST_CONNECTION_ABORTED, ERROR_CONNECTION_ABORTED, WSAECONNABORTED},
};

static unsigned find(NTSTATUS status) {
  unsigned i;

  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
    if (table[i].status == status)
      return i;
  nt_fault("status %x has no code of Win32 in status.c", (unsigned) status);
}

DWORD nt_status_error(NTSTATUS status) {
  return table[find(status)].error;
}

int nt_status_wsa(NTSTATUS status) {
  return table[find(status)].wsa;
}

DWORD WINAPI GetLastError(void) {
  return nt_sched.current == NULL ? 0 : nt_sched.current->error;
}

void WINAPI SetLastError(DWORD error) {
  nt_enter("SetLastError");
  nt_error(error);
}

int WSAAPI WSAGetLastError(void) {
  return (int) GetLastError();
}

void WSAAPI WSASetLastError(int error) {
  SetLastError((DWORD) error);
}
