/* What is asked of the system about any pipe, and what its answers mean. One question no documented
 * function of Win32 answers, but one of ntdll, which is documented itself; it is looked up at run
 * time, for not every SDK has an import library. */
#include "win/pipe/pipe.h"

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
  OBJECT_BASIC_INFORMATION = 0
};

int uv__pipe_access(HANDLE handle, unsigned* opened, ULONG* handles) {
  union {
    uv__function function;
    query_object_fn query;
  } entry;
  struct object_info info;

  entry.function = uv__wide_import(L"ntdll.dll", "NtQueryObject");
  if (entry.function == NULL)
    return UV_ENOSYS;
  if (entry.query(handle, OBJECT_BASIC_INFORMATION, &info, sizeof(info), NULL) < 0)
    return UV_EBADF;
  *handles = info.handles;
  *opened = 0;
  if (info.access & FILE_READ_DATA)
    *opened |= UV__OPENED_READABLE;
  if (info.access & FILE_WRITE_DATA)
    *opened |= UV__OPENED_WRITABLE;
  return 0;
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
