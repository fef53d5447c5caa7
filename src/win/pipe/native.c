/* What is asked of the system about any pipe, and what its answers mean. Some questions no documented
 * function of Win32 answers, but two of ntdll, which are documented themselves; these are looked up
 * at run time, for not every SDK has an import library. */
#include "win/pipe/pipe.h"

typedef LONG(NTAPI* query_file_fn)(HANDLE, void* status, void* info, ULONG size, int class_);
typedef LONG(NTAPI* query_object_fn)(HANDLE, int class_, void* info, ULONG size, ULONG* length);

/* PUBLIC_OBJECT_BASIC_INFORMATION */
struct object_info {
  ULONG attributes;
  ACCESS_MASK access;
  ULONG handles;
  ULONG pointers;
  ULONG reserved[10];
};

enum {
  OBJECT_BASIC_INFORMATION = 0,
  FILE_MODE_INFORMATION = 16,
  SYNCHRONOUS = 0x10 | 0x20 /* FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT */
};

static FARPROC find(const char* name) {
  HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");

  return ntdll == NULL ? NULL : GetProcAddress(ntdll, name);
}

int uv__pipe_access(HANDLE handle, unsigned* opened) {
  union {
    FARPROC proc;
    query_object_fn query;
  } entry;
  struct object_info info;

  entry.proc = find("NtQueryObject");
  if (entry.proc == NULL)
    return UV_ENOSYS;
  if (entry.query(handle, OBJECT_BASIC_INFORMATION, &info, sizeof(info), NULL) < 0)
    return UV_EBADF;
  *opened = 0;
  if (info.access & FILE_READ_DATA)
    *opened |= UV__OPENED_READABLE;
  if (info.access & FILE_WRITE_DATA)
    *opened |= UV__OPENED_WRITABLE;
  return 0;
}

int uv__pipe_is_overlapped(HANDLE handle) {
  union {
    FARPROC proc;
    query_file_fn query;
  } entry;
  ULONG_PTR status[2];
  ULONG mode;

  entry.proc = find("NtQueryInformationFile");
  if (entry.proc == NULL)
    return UV_ENOSYS;
  if (entry.query(handle, status, &mode, sizeof(mode), FILE_MODE_INFORMATION) < 0)
    return UV_EBADF;
  return !(mode & SYNCHRONOUS);
}

/* Who may write to an end only, and not ask about it, has a pipe nevertheless. Which processes are at
 * its ends everybody may ask; of what is no pipe nobody. */
int uv__pipe_info(HANDLE handle, DWORD* flags) {
  ULONG id;

  if (GetNamedPipeInfo(handle, flags, NULL, NULL, NULL))
    return 0;
  if (GetLastError() != ERROR_ACCESS_DENIED || !GetNamedPipeServerProcessId(handle, &id))
    return UV_ENOTSUP;
  *flags = 0;
  return 0;
}

/* The mode of an end is shared by all who hold it. Calls on an overlapped one never wait in
 * themselves, whatever it is. */
int uv__pipe_set_wait(HANDLE handle) {
  DWORD mode;

  if (!GetNamedPipeHandleStateW(handle, &mode, NULL, NULL, NULL, NULL, 0))
    mode = PIPE_NOWAIT; /* It cannot be asked, but perhaps set. */
  if (!(mode & PIPE_NOWAIT))
    return 1;
  mode &= ~(DWORD) PIPE_NOWAIT;
  return SetNamedPipeHandleState(handle, &mode, NULL, NULL);
}

int uv__pipe_attach(uv_loop_t* loop, HANDLE handle) {
  if (CreateIoCompletionPort(handle, loop->tail.iocp, 0, 0) == NULL) {
    DWORD error = GetLastError();
    /* On a port already; the system does not say on which. */
    if (error == ERROR_INVALID_PARAMETER && uv__loop_has(loop, handle))
      return UV_EEXIST;
    return uv__error_translate(error);
  }
  if (!SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                      FILE_SKIP_SET_EVENT_ON_HANDLE))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__pipe_read_error(DWORD error) {
  switch (error) {
  case ERROR_BROKEN_PIPE:
  case ERROR_NO_DATA: /* The other end is closing. */
  case ERROR_PIPE_NOT_CONNECTED:
    return UV_EOF;
  default:
    return uv__error_translate(error);
  }
}

int uv__pipe_write_error(DWORD error) {
  return error == ERROR_BROKEN_PIPE ? UV_EPIPE : uv__error_translate(error);
}
