/* The call that makes a child: with which flags, handles and error mode, and what its failure means.
 * What it is given is made in text.c and stdio.c; the child's life is in process.c. */
#include "win/process/process.h"

#include <string.h>

#include "core/base/alloc.h"
#include "win/handle/handle.h"

enum {
  ELEVATION_REQUIRED = 740, /* Some headers lack the name, */
  PSEUDO_CONSOLE = 0x20016  /* and PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE. */
};

static int spawn_error(DWORD error) {
  switch (error) {
  case ERROR_ACCESS_DENIED:
  case ELEVATION_REQUIRED:
    return UV_EACCES;
  case ERROR_DIRECTORY: /* Of the child's folder. */
    return UV_ENOENT;
  case ERROR_BAD_EXE_FORMAT:
  case ERROR_EXE_MACHINE_TYPE_MISMATCH:
    return UV_EINVAL;
  default:
    return uv__error_translate(error);
  }
}

/* A hidden console is a new one: a child that is to have a descriptor of ours, which may be our
 * console's, or a stream that is, would not get it to work with. */
static int shares_console(const struct uv__child_stdio* rows) {
  int i;

  for (i = 0; i < 3; i++)
    if (rows[i].how == UV__CHILD_FD ||
        (rows[i].how == UV__CHILD_HANDLE && uv__handle_is_console(rows[i].handle)))
      return 1;
  return 0;
}

static DWORD creation_flags(unsigned flags, const struct uv__child_stdio* rows) {
  DWORD result = CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED;

  if (rows[0].how == UV__CHILD_PTY)
    return result; /* Its console is there. */
  if (flags & UV_PROCESS_DETACHED)
    result |= DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP;
  else if ((flags & (UV_PROCESS_WINDOWS_HIDE | UV_PROCESS_WINDOWS_HIDE_CONSOLE)) &&
           !shares_console(rows))
    result |= CREATE_NO_WINDOW;
  return result;
}

static void fill_startup(STARTUPINFOEXW* startup,
                         const struct uv__process_stdio* stdio,
                         unsigned flags) {
  STARTUPINFOW* info = &startup->StartupInfo;

  memset(startup, 0, sizeof(*startup));
  info->cb = sizeof(*startup);
  info->dwFlags = STARTF_USESTDHANDLES | STARTF_USESHOWWINDOW;
  if (stdio != NULL) { /* Else none: it opens its console, and does not get those of ours. */
    info->cbReserved2 = stdio->block_size;
    info->lpReserved2 = stdio->block;
    info->hStdInput = stdio->handles[0];
    info->hStdOutput = stdio->handles[1];
    info->hStdError = stdio->handles[2];
  }
  info->wShowWindow =
      flags & (UV_PROCESS_WINDOWS_HIDE | UV_PROCESS_WINDOWS_HIDE_GUI) ? SW_HIDE : SW_SHOWDEFAULT;
}

/* A child has the error mode that its parent has when it starts: one that crashes, or that lacks a
 * DLL, is to end at once, and not to wait for somebody to answer a dialog. Ours stays as it is. */
static BOOL create_quietly(const struct uv__process_text* text,
                           DWORD flags,
                           STARTUPINFOEXW* startup,
                           BOOL inherits,
                           PROCESS_INFORMATION* made) {
  static SRWLOCK lock = SRWLOCK_INIT;
  UINT before;
  UINT quiet;
  DWORD error;
  BOOL ok;

  AcquireSRWLockExclusive(&lock);
  before = GetErrorMode();
  quiet = before | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX;
  (void) SetErrorMode(quiet);
  ok = CreateProcessW(text->program, text->command, NULL, NULL, inherits, flags, text->block,
                      text->cwd, &startup->StartupInfo, made);
  error = GetLastError();
  if (GetErrorMode() == quiet) /* Else the program has chosen another one meanwhile. */
    (void) SetErrorMode(before);
  ReleaseSRWLockExclusive(&lock);
  SetLastError(error);
  return ok;
}

/* The one attribute of a child: the handles that it inherits, or the terminal that it is on. */
static int set_attribute(STARTUPINFOEXW* startup,
                         const struct uv__process_stdio* stdio,
                         const struct uv__child_stdio* rows) {
  LPPROC_THREAD_ATTRIBUTE_LIST list = startup->lpAttributeList;
  void* console;
  BOOL ok;
  int r;

  if (stdio != NULL) {
    ok = UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, stdio->inherited,
                                   stdio->inherited_count * sizeof(HANDLE), NULL, NULL);
  } else {
    r = rows[0].master->ops->option(rows[0].master, UV__PTY_GIVE, &console);
    if (r < 0)
      return r;
    ok = UpdateProcThreadAttribute(list, 0, PSEUDO_CONSOLE, console, sizeof(console), NULL, NULL);
  }
  return ok ? 0 : uv__error_translate(GetLastError());
}

/* Starts it suspended. */
int uv__process_create(const uv_process_options_t* options,
                       const struct uv__process_text* text,
                       struct uv__process_stdio* stdio,
                       const struct uv__child_stdio* rows,
                       PROCESS_INFORMATION* made) {
  STARTUPINFOEXW startup;
  SIZE_T size = 0;
  int r = 0;

  fill_startup(&startup, stdio, options->flags);
  InitializeProcThreadAttributeList(NULL, 1, 0, &size); /* Fails, and says how large it is. */
  startup.lpAttributeList = uv__malloc(size);
  if (startup.lpAttributeList == NULL)
    return UV_ENOMEM;
  if (!InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size)) {
    r = uv__error_translate(GetLastError());
  } else {
    r = set_attribute(&startup, stdio, rows);
    if (r == 0 &&
        !create_quietly(text, creation_flags(options->flags, rows), &startup, stdio != NULL, made))
      r = spawn_error(GetLastError());
    DeleteProcThreadAttributeList(startup.lpAttributeList);
  }
  uv__free(startup.lpAttributeList);
  return r;
}
