/* The bytes of a file, for whoever copies them into a stream. */
#include <string.h>

#include "win/handle/handle.h"

/* Of a handle that is overlapped the read is waited for; its event also keeps a packet away from whoever
 * has it on a port. */
static DWORD read_at(HANDLE file, OVERLAPPED* overlapped, char* base, DWORD len, DWORD* got) {
  DWORD error = ReadFile(file, base, len, got, overlapped) ? 0 : GetLastError();

  if (error != ERROR_IO_PENDING)
    return error;
  return GetOverlappedResult(file, overlapped, got, TRUE) ? 0 : GetLastError();
}

ssize_t uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len) {
  HANDLE handle = uv_get_osfhandle(file);
  OVERLAPPED overlapped;
  HANDLE event;
  DWORD got = 0;
  DWORD error;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  if (GetFileType(handle) != FILE_TYPE_DISK)
    return UV_ESPIPE; /* A pipe's read would wait for its peer. */
  event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (event == NULL)
    return uv__error_translate(GetLastError());
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.Offset = (DWORD) offset;
  overlapped.OffsetHigh = (DWORD) (offset >> 32);
  overlapped.hEvent = (HANDLE) ((ULONG_PTR) event | 1);
  error = read_at(handle, &overlapped, base, (DWORD) len, &got);
  CloseHandle(event);
  if (error == ERROR_ACCESS_DENIED)
    return UV_EBADF; /* It is open for writing only, and Unix says this of it. */
  if (error == ERROR_INVALID_FUNCTION)
    return UV_EISDIR; /* The handle is that of a folder. */
  if (error != 0 && error != ERROR_HANDLE_EOF)
    return uv__error_translate(error);
  return error == 0 && got > 0 ? (ssize_t) got : UV_EOF;
}
