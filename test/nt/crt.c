/* The C run-time library of Windows as far as it is about descriptors, a table of the process's from
 * small numbers to handles, and about the end of a process. It is the debug version of UCRT, which
 * makes most of a number that is no descriptor. */
#include "proc.h"

#include <crtdbg.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>

static struct nt_descriptor* table(void) {
  return nt_here()->descriptors;
}

/* ---- What is no descriptor ---- */

static __thread _invalid_parameter_handler handler_of_thread;

_invalid_parameter_handler _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler handler) {
  _invalid_parameter_handler before = handler_of_thread;

  nt_enter("_set_thread_local_invalid_parameter_handler");
  handler_of_thread = handler;
  return before;
}

_invalid_parameter_handler _set_invalid_parameter_handler(_invalid_parameter_handler handler) {
  struct nt_crt* crt = &nt_here()->crt;
  _invalid_parameter_handler before = crt->handler;

  nt_enter("_set_invalid_parameter_handler");
  crt->handler = handler;
  return before;
}

/* Counts how often one is installed; the last that came is asked first. */
int _CrtSetReportHookW2(int mode, _CRT_REPORT_HOOKW hook) {
  struct nt_crt* crt = &nt_here()->crt;
  unsigned at = 0;

  nt_enter("_CrtSetReportHookW2");
  while (at < crt->hook_count && crt->hooks[at].hook != hook)
    at++;
  if (at == crt->hook_count) {
    if (mode == _CRT_RPTHOOK_REMOVE)
      return -1;
    if (at == NT_MOST_HOOKS)
      nt_absent("so many report hooks");
    crt->hooks[crt->hook_count++] = (struct nt_hook){hook, 0};
  }
  crt->hooks[at].count += mode == _CRT_RPTHOOK_INSTALL ? 1 : -1;
  if (crt->hooks[at].count > 0)
    return crt->hooks[at].count;
  for (crt->hook_count--; at < crt->hook_count; at++)
    crt->hooks[at] = crt->hooks[at + 1];
  return 0;
}

/* First there is a report, which is a dialog unless a hook says that it is none of its; then the
 * handler of the thread is called, or else that of the process, and there is one that ends it ("Parameter
 * validation", "_set_thread_local_invalid_parameter_handler", "_CrtSetReportHook2"). */
static void refuse(void) {
  static wchar_t message[] = L"no descriptor";
  struct nt_crt* crt = &nt_here()->crt;
  unsigned at = crt->hook_count;
  int result = 0;
  int is_handled = 0;

  while (!is_handled && at-- > 0)
    is_handled = crt->hooks[at].hook(_CRT_ASSERT, message, &result);
  if (!is_handled)
    nt_fault("a dialog of the debug library waits for somebody");
  if (handler_of_thread != NULL)
    handler_of_thread(NULL, NULL, NULL, 0, 0);
  else if (crt->handler != NULL)
    crt->handler(NULL, NULL, NULL, 0, 0);
  else
    nt_fault("what is no descriptor ends the process");
  errno = EBADF;
}

/* ---- Descriptors ---- */

static int is_open(int fd) {
  return fd >= 0 && fd < NT_DESCRIPTORS && table()[fd].used;
}

/* 0 to 2 are there also when nothing is behind them: -2 ("_get_osfhandle"). */
intptr_t _get_osfhandle(int fd) {
  nt_enter("_get_osfhandle");
  if (is_open(fd))
    return (intptr_t) table()[fd].handle;
  if (fd >= 0 && fd <= 2)
    return -2;
  refuse();
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
  if (!is_open(fd)) {
    refuse();
    return -1;
  }
  table()[fd].used = 0;
  return CloseHandle(table()[fd].handle) ? 0 : -1;
}

int _dup2(int from, int to) {
  HANDLE self = GetCurrentProcess();
  HANDLE handle;

  nt_enter("_dup2");
  if (!is_open(from) || to < 0 || to >= NT_DESCRIPTORS) {
    refuse();
    return -1;
  }
  if (is_open(to))
    (void) CloseHandle(table()[to].handle);
  if (!DuplicateHandle(self, table()[from].handle, self, &handle, 0, TRUE, DUPLICATE_SAME_ACCESS))
    nt_fault("_dup2 of a descriptor whose handle is closed");
  table()[to].used = 1;
  table()[to].handle = handle;
  return 0;
}

int _read(int fd, void* to, unsigned size) {
  intptr_t handle = _get_osfhandle(fd);
  DWORD got = 0;

  if (handle < 0)
    return -1;
  if (ReadFile((HANDLE) handle, to, size, &got, NULL) || GetLastError() == ERROR_BROKEN_PIPE)
    return (int) got;
  errno = EINVAL;
  return -1;
}

int _write(int fd, const void* from, unsigned size) {
  intptr_t handle = _get_osfhandle(fd);
  DWORD put = 0;

  if (handle < 0)
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

#undef atexit /* From here on that of this machine, which has those of the test's own process. */

int nt_atexit(void (*fn)(void)) {
  struct nt_crt* crt = &nt_here()->crt;

  if (nt_here() == nt_process_first())
    return atexit(fn);
  if (crt->at_exit_count == NT_MOST_AT_EXIT)
    return 1;
  crt->at_exit[crt->at_exit_count++] = fn;
  return 0;
}

void nt_exit(int code) {
  nt_enter("exit");
  fflush(NULL);
  if (nt_here() == nt_process_first() && code == 1 && nt_note != NULL)
    host_print(nt_note);
  while (nt_here()->crt.at_exit_count > 0)
    nt_here()->crt.at_exit[--nt_here()->crt.at_exit_count]();
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
