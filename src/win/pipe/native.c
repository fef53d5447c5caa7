/* What is asked of the system about any pipe, and what its answers mean. One question no documented
 * function of Win32 answers, but one of ntdll, which is documented itself; it is looked up at run
 * time, for not every SDK has an import library. */
#include "win/pipe/pipe.h"

int uv__pipe_access(HANDLE handle, unsigned* opened, ULONG* handles) {
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

/* The event of the file object stays as it is: others who have the same one may wait for it. */
int uv__pipe_set_modes(HANDLE handle) {
  if (!SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__pipe_attach(uv_loop_t* loop, HANDLE handle) {
  int r = uv__attach_handle(loop, handle);

  return r < 0 ? r : uv__pipe_set_modes(handle);
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
