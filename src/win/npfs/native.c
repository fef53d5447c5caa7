/* What is asked of the system about any pipe, and what its answers mean. */
#include "win/npfs/npfs.h"

#include <string.h>

enum {
  FILE_MODE_INFORMATION = 16,
  FILE_PIPE_LOCAL_INFORMATION = 24,
  LOCAL_STATE = 8,          /* the place of NamedPipeState among its ten numbers */
  CONNECTED = 3,            /* FILE_PIPE_CONNECTED_STATE */
  SYNCHRONOUS = 0x10 | 0x20 /* FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT */
};

int uv__native_access(HANDLE handle, unsigned* opened, ULONG* handles) {
  ACCESS_MASK access;
  int r = uv__object_look(handle, &access, handles);

  if (r < 0)
    return r;
  *opened = 0;
  if (access & FILE_READ_DATA)
    *opened |= UV__OPENED_READABLE;
  if (access & FILE_WRITE_DATA)
    *opened |= UV__OPENED_WRITABLE;
  return 0;
}

/* ---- Overlapped or not ---- */

/* No documented function of Win32 tells, but one of ntdll, which is documented itself. It waits as any
 * other question. */
typedef LONG(NTAPI* query_file_fn)(HANDLE, void* status, void* info, ULONG size, int class_);

static int ask_mode(HANDLE handle) {
  query_file_fn ask = (query_file_fn) uv__import(L"ntdll.dll", "NtQueryInformationFile");
  ULONG_PTR status[2];
  ULONG mode;

  if (ask == NULL)
    return UV_ENOSYS;
  if (ask(handle, status, &mode, sizeof(mode), FILE_MODE_INFORMATION) < 0)
    return UV_EBADF;
  return !(mode & SYNCHRONOUS);
}

/* Of an overlapped file object the answer is there at once. Should the thread be late for another
 * reason, nothing is wrong with taking the handle for a synchronous one (plain/blocking.c). One that
 * nobody else has, and that has not been used here yet, has no call to wait for. */
int uv__native_is_overlapped(HANDLE handle, ULONG handles, DWORD patience_ms) {
  return handles == 1 ? ask_mode(handle) : uv__question_ask(handle, 1, ask_mode, patience_ms, 0);
}

/* ---- Pipes ---- */

/* Who may write to an end only, and not ask about it, has a pipe nevertheless. Which processes are at
 * its ends everybody may ask; of what is no pipe nobody. */
int uv__native_info(HANDLE handle, DWORD* flags) {
  DWORD error;
  ULONG id;

  if (GetNamedPipeInfo(handle, flags, NULL, NULL, NULL))
    return 0;
  error = GetLastError();
  if (uv__native_is_short(error))
    return UV_ENOMEM;
  if (error != ERROR_ACCESS_DENIED || !GetNamedPipeServerProcessId(handle, &id))
    return UV_ENOTSUP;
  *flags = 0;
  return 0;
}

/* An end that may be written to only may be asked, too, as CreateFile gives that right to all. */
int uv__native_is_left(HANDLE handle) {
  query_file_fn ask = (query_file_fn) uv__import(L"ntdll.dll", "NtQueryInformationFile");
  ULONG_PTR status[2];
  ULONG info[10];

  if (ask == NULL || ask(handle, status, info, sizeof(info), FILE_PIPE_LOCAL_INFORMATION) < 0)
    return UV_ENOTSUP;
  return info[LOCAL_STATE] != CONNECTED;
}

/* The mode of an end is shared by all who hold it. Calls on an overlapped one never wait in
 * themselves, whatever it is. */
int uv__native_set_wait(HANDLE handle) {
  DWORD mode;

  if (!GetNamedPipeHandleStateW(handle, &mode, NULL, NULL, NULL, NULL, 0))
    mode = PIPE_NOWAIT; /* It cannot be asked, but perhaps set. */
  if (!(mode & PIPE_NOWAIT))
    return 1;
  mode &= ~(DWORD) PIPE_NOWAIT;
  return SetNamedPipeHandleState(handle, &mode, NULL, NULL);
}

/* The event of the file object stays as it is: others who have the same one may wait for it. */
int uv__native_set_modes(HANDLE handle) {
  if (!SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__native_attach(uv_loop_t* loop, HANDLE handle) {
  int r = uv__attach_handle(loop, handle);

  return r < 0 ? r : uv__native_set_modes(handle);
}

/* The end of a call on `overlapped` that left `error` behind. One that would wait is taken back, and joined
 * before its OVERLAPPED goes; if bytes were faster still, they are the result. */
static DWORD end_now(HANDLE handle, OVERLAPPED* overlapped, DWORD error, DWORD* bytes) {
  if (error == ERROR_IO_PENDING) {
    CancelIoEx(handle, overlapped);
    do
      error = GetOverlappedResult(handle, overlapped, bytes, TRUE) ? 0 : GetLastError();
    while (error == ERROR_IO_INCOMPLETE);
  }
  *bytes = error == 0 || error == ERROR_MORE_DATA ? (DWORD) overlapped->InternalHigh : 0;
  return error;
}

/* Clear, but for an event that keeps packets away: a message that does not fit would post one. */
static OVERLAPPED* prepare(OVERLAPPED* overlapped, HANDLE event) {
  memset(overlapped, 0, sizeof(*overlapped));
  overlapped->hEvent = (HANDLE) ((ULONG_PTR) event | 1);
  return overlapped;
}

/* It would wait should somebody who shares the pipe have been faster. */
DWORD uv__native_read_at_once(HANDLE handle, HANDLE event, char* base, DWORD len, DWORD* bytes) {
  OVERLAPPED overlapped;
  BOOL ok = ReadFile(handle, base, len, NULL, prepare(&overlapped, event));

  return end_now(handle, &overlapped, ok ? 0 : GetLastError(), bytes);
}

DWORD uv__native_write_at_once(
    HANDLE handle, HANDLE event, const char* base, DWORD len, DWORD* bytes) {
  OVERLAPPED overlapped;
  BOOL ok = WriteFile(handle, base, len, NULL, prepare(&overlapped, event));

  return end_now(handle, &overlapped, ok ? 0 : GetLastError(), bytes);
}

/* Quotas and pages that no disk backs are as short as what is called memory. */
int uv__native_is_short(DWORD error) {
  return error != 0 && uv__error_translate(error) == UV_ENOMEM;
}

int uv__native_read_error(DWORD error) {
  switch (error) {
  case ERROR_BROKEN_PIPE:
  case ERROR_NO_DATA: /* The other end is closing. */
  case ERROR_PIPE_NOT_CONNECTED:
    return UV_EOF;
  default:
    return uv__error_translate(error);
  }
}

int uv__native_write_error(DWORD error) {
  return error == ERROR_BROKEN_PIPE ? UV_EPIPE : uv__error_translate(error);
}
