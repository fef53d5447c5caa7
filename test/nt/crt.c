/* The C run-time library of Windows as far as it is about descriptors: a table of the process's
 * from small numbers to handles. */
#include "sched.h"

#include <errno.h>
#include <io.h>
#include <process.h>
#include <stdio.h>

enum {
  DESCRIPTORS = 512
};

static struct {
  int used;
  HANDLE handle;
} table[DESCRIPTORS];

intptr_t _get_osfhandle(int fd) {
  nt_enter("_get_osfhandle");
  if (fd >= 0 && fd < DESCRIPTORS && table[fd].used)
    return (intptr_t) table[fd].handle;
  errno = EBADF;
  return -1;
}

/* The descriptor owns the handle from here on. 0 to 2 are the standard ones, never given out. */
int _open_osfhandle(intptr_t handle, int flags) {
  int fd;

  nt_enter("_open_osfhandle");
  (void) flags;
  for (fd = 3; fd < DESCRIPTORS; fd++) {
    if (!table[fd].used) {
      table[fd].used = 1;
      table[fd].handle = (HANDLE) handle;
      return fd;
    }
  }
  errno = EMFILE;
  return -1;
}

int _close(int fd) {
  nt_enter("_close");
  if (fd < 0 || fd >= DESCRIPTORS || !table[fd].used) {
    errno = EBADF;
    return -1;
  }
  table[fd].used = 0;
  return CloseHandle(table[fd].handle) ? 0 : -1;
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
