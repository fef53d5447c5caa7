/* The C run-time library of Windows as far as it is about descriptors, a table of the process's from
 * small numbers to handles, and about the end of a process. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>

static struct nt_descriptor* table(void) {
  return nt_here()->descriptors;
}

intptr_t _get_osfhandle(int fd) {
  nt_enter("_get_osfhandle");
  if (fd >= 0 && fd < NT_DESCRIPTORS && table()[fd].used)
    return (intptr_t) table()[fd].handle;
  errno = EBADF;
  return -1;
}

/* The descriptor owns the handle from here on. 0 to 2 are the standard ones, never given out. */
int _open_osfhandle(intptr_t handle, int flags) {
  int fd;

  nt_enter("_open_osfhandle");
  (void) flags;
  for (fd = 3; fd < NT_DESCRIPTORS; fd++) {
    if (!table()[fd].used) {
      table()[fd].used = 1;
      table()[fd].handle = (HANDLE) handle;
      return fd;
    }
  }
  errno = EMFILE;
  return -1;
}

int _close(int fd) {
  nt_enter("_close");
  if (fd < 0 || fd >= NT_DESCRIPTORS || !table()[fd].used) {
    errno = EBADF;
    return -1;
  }
  table()[fd].used = 0;
  return CloseHandle(table()[fd].handle) ? 0 : -1;
}

int _read(int fd, void* to, unsigned size) {
  intptr_t handle = _get_osfhandle(fd);
  DWORD got = 0;

  if (handle == -1)
    return -1;
  if (ReadFile((HANDLE) handle, to, size, &got, NULL) || GetLastError() == ERROR_BROKEN_PIPE)
    return (int) got;
  errno = EINVAL;
  return -1;
}

int _write(int fd, const void* from, unsigned size) {
  intptr_t handle = _get_osfhandle(fd);
  DWORD put = 0;

  if (handle == -1)
    return -1;
  if (WriteFile((HANDLE) handle, from, size, &put, NULL))
    return (int) put;
  errno = GetLastError() == ERROR_NO_DATA ? EPIPE : EINVAL;
  return -1;
}

int _open(const char* path, int flags, ...) {
  DWORD access = flags & _O_RDWR     ? GENERIC_READ | GENERIC_WRITE
                 : flags & _O_WRONLY ? GENERIC_WRITE
                                     : GENERIC_READ;
  HANDLE handle = CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              flags & _O_CREAT ? CREATE_ALWAYS : OPEN_EXISTING, 0, NULL);

  if (handle != INVALID_HANDLE_VALUE)
    return _open_osfhandle((intptr_t) handle, flags);
  errno = ENOENT;
  return -1;
}

/* Those of other processes end with their process alone. Functions for `atexit` are nobody's here. */
void nt_exit(int code) {
  nt_enter("exit");
  fflush(NULL);
  if (nt_here() == nt_process_first() && code == 1 && nt_note != NULL)
    host_print(nt_note);
  nt_process_exit((UINT) code);
}

int _getpid(void) {
  return (int) GetCurrentProcessId();
}

/* Of the harness, which makes its own output binary. */
int _setmode(int fd, int mode) {
  (void) fd;
  (void) mode;
  return 0;
}

int _fileno(FILE* file) {
  return file == stdin ? 0 : file == stdout ? 1 : 2;
}
