/* Processes: how one begins, from a program, and how it ends. Their handles are in object.c, jobs in
 * job.c, and what a program finds when it starts in program.c. Rules without a source are from the
 * pages of CreateProcessW, UpdateProcThreadAttribute, ExitProcess and TerminateProcess. */
#include "host.h"
#include "proc.h"

#include <string.h>

enum {
  PROCESS_TERMINATE_RIGHT = 1,
  MOST_COMMAND = 32767, /* units, with the terminator */
  TOO_LONG = 206        /* ERROR_FILENAME_EXCED_RANGE */
};

/* ---- Its end ---- */

static int is_quiet(void* process) {
  return !nt_pool_runs(process);
}

/* Everything of it goes, but for what others hold: its threads, with what they wait for; its handles;
 * its operations. */
static void end(struct nt_process* process, UINT code) {
  process->dying = 1;
  process->code = code;
  nt_pool_forget(process);
  nt_thread_kill(process);
  nt_console_leave(process);
  nt_pseudo_leave(process);
  nt_handle_close_all(process);
  nt_io_abandon(process);
  nt_job_leave(process);
  host_release(process);
  process->ended = 1;
  nt_trace("process %u ends with %u", process->id, code);
  nt_unref(process);
}

void nt_process_exit(UINT code) {
  struct nt_process* process = nt_here();

  if (process == nt_process_first())
    host_exit((int) code);
  nt_wait(is_quiet, process, NT_NEVER);
  end(process, code);
  nt_thread_leave();
}

struct termination {
  struct nt_process* process; /* referenced */
  UINT code;
};

/* TerminateProcess asks for it and returns. A call of the pool's is finished first. */
static void terminate_now(void* arg) {
  struct termination* termination = arg;

  if (!termination->process->ended && !is_quiet(termination->process)) {
    (void) nt_later(NT_US, terminate_now, termination);
    return;
  }
  if (!termination->process->ended)
    end(termination->process, termination->code);
  nt_unref(termination->process);
  nt_free(termination);
}

void nt_process_terminate(struct nt_process* process, UINT code) {
  struct termination* termination;

  if (process->ended || process->dying)
    return;
  if (process == nt_process_first())
    nt_fault("the process of the test is terminated");
  termination = nt_alloc(sizeof(*termination));
  nt_ref(process);
  termination->process = process;
  termination->code = code;
  (void) nt_later(nt_latency(), terminate_now, termination);
}

void nt_process_end_programs(void) {
  struct nt_process* process = nt_process_first();

  while (process != NULL) {
    if (process->is_program && !process->ended) {
      nt_wait(is_quiet, process, NT_NEVER);
      if (!process->ended)
        end(process, 1);
      process = nt_process_first();
    } else {
      process = process->next;
    }
  }
}

struct nt_process* nt_process_new(void) {
  nt_enter("nt_process_new");
  return nt_process_make();
}

void nt_process_end(struct nt_process* process, UINT code) {
  nt_enter("nt_process_end");
  process->code = code;
  nt_handle_close_all(process);
  process->ended = 1;
  nt_unref(process);
}

void WINAPI ExitProcess(UINT code) {
  nt_enter("ExitProcess");
  nt_process_exit(code);
}

BOOL WINAPI TerminateProcess(HANDLE handle, UINT code) {
  struct nt_process* process;

  nt_enter("TerminateProcess");
  process = nt_find(handle, &nt_process_class, PROCESS_TERMINATE_RIGHT);
  if (process == NULL)
    return FALSE;
  if (process->ended)
    return nt_error(ERROR_ACCESS_DENIED);
  if (process == nt_here())
    nt_process_exit(code);
  nt_process_terminate(process, code);
  return TRUE;
}

/* ---- Which one it is ---- */

/* No call of Windows: the clock stands, and nobody else goes on, as what is printed must not change a run. */
int nt_is_child(void) {
  const struct nt_thread* self = host_self();

  return self != NULL && self->process->is_program;
}

int nt_process_is_dying(const struct nt_process* process) {
  return process->dying;
}

DWORD nt_process_id(const struct nt_process* process) {
  return process->id;
}

struct nt_process* nt_process_by_id(DWORD id) {
  struct nt_process* process;

  for (process = nt_process_list(); process != NULL; process = process->next)
    if (process->id == id && !process->ended)
      return process;
  return NULL;
}

HANDLE WINAPI GetCurrentProcess(void) {
  return INVALID_HANDLE_VALUE;
}

DWORD WINAPI GetCurrentProcessId(void) {
  nt_enter("GetCurrentProcessId");
  return nt_here()->id;
}

DWORD WINAPI GetProcessId(HANDLE handle) {
  struct nt_process* process;

  nt_enter("GetProcessId");
  process = nt_find(handle, &nt_process_class, 0);
  return process == NULL ? 0 : process->id;
}

/* One that has ended is there as long as somebody has a handle to it ("Terminating a Process"). */
HANDLE WINAPI OpenProcess(DWORD access, BOOL inherit, DWORD id) {
  struct nt_process* process;

  nt_enter("OpenProcess");
  for (process = nt_process_list(); process != NULL; process = process->next)
    if (process->id == id && (!process->ended || process->object.handles > 0))
      return nt_handle(process, access, inherit);
  nt_error(ERROR_INVALID_PARAMETER);
  return NULL;
}

BOOL WINAPI GetExitCodeProcess(HANDLE handle, LPDWORD code) {
  struct nt_process* process;

  nt_enter("GetExitCodeProcess");
  process = nt_find(handle, &nt_process_class, 0);
  if (process == NULL)
    return FALSE;
  *code = process->ended ? process->code : STILL_ACTIVE;
  return TRUE;
}

UINT WINAPI SetErrorMode(UINT mode) {
  UINT was;

  nt_enter("SetErrorMode");
  was = nt_here()->error_mode;
  nt_here()->error_mode = mode;
  return was;
}

UINT WINAPI GetErrorMode(void) {
  nt_enter("GetErrorMode");
  return nt_here()->error_mode;
}

/* ---- What is given to a new one ---- */

struct nt_attribute_list {
  DWORD room;
  DWORD count;
  const HANDLE* handles; /* the caller's, until the list is deleted */
  unsigned handle_count;
  struct nt_pseudo* pseudo; /* NULL: none */
};

BOOL WINAPI InitializeProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                              DWORD count,
                                              DWORD flags,
                                              SIZE_T* size) {
  SIZE_T room = *size;

  nt_enter("InitializeProcThreadAttributeList");
  *size = sizeof(*list);
  if (flags != 0)
    return nt_error(ERROR_INVALID_PARAMETER);
  if (list == NULL || room < sizeof(*list))
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  memset(list, 0, sizeof(*list));
  list->room = count;
  nt_here()->attribute_lists++;
  return TRUE;
}

BOOL WINAPI UpdateProcThreadAttribute(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                      DWORD flags,
                                      DWORD_PTR attribute,
                                      PVOID value,
                                      SIZE_T size,
                                      PVOID previous,
                                      SIZE_T* returned) {
  nt_enter("UpdateProcThreadAttribute");
  if (attribute != PROC_THREAD_ATTRIBUTE_HANDLE_LIST &&
      attribute != PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE)
    nt_absent("UpdateProcThreadAttribute with another attribute");
  if (flags != 0 || previous != NULL || returned != NULL || list->count == list->room)
    return nt_error(ERROR_INVALID_PARAMETER);
  if (size == 0 || size % sizeof(HANDLE) != 0)
    return nt_error(ERROR_BAD_LENGTH);
  list->count++;
  if (attribute == PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE) { /* Of which it is the value itself. */
    list->pseudo = value;
    return TRUE;
  }
  list->handles = value;
  list->handle_count = (unsigned) (size / sizeof(HANDLE));
  return TRUE;
}

void WINAPI DeleteProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list) {
  nt_enter("DeleteProcThreadAttributeList");
  nt_here()->attribute_lists--;
  memset(list, 0xdb, sizeof(*list));
}

/* "All strings in the environment block must be sorted alphabetically by name. The sort is case-
 * insensitive, Unicode order, without regard to locale" ("Changing Environment Variables"). */
static void check_order(const WCHAR* block) {
  const WCHAR* before = NULL;

  for (; *block != 0; block += wcslen(block) + 1) {
    const WCHAR* end = wcschr(block + 1, L'=');
    const WCHAR* end_before = before == NULL ? NULL : wcschr(before + 1, L'=');

    if (end == NULL)
      nt_fault("the environment of a child has what is no variable");
    if (before != NULL && CompareStringOrdinal(before, (int) (end_before - before), block,
                                               (int) (end - block), TRUE) != CSTR_LESS_THAN)
      nt_fault("the environment of a child is not in the order of its names, or has one twice");
    before = block;
  }
}

/* Of a list each handle has to be inheritable, and inheriting has to be asked for. */
static DWORD check_handles(const STARTUPINFOW* startup, DWORD flags, BOOL inherit) {
  const struct nt_attribute_list* list;
  unsigned i;

  if (!(flags & EXTENDED_STARTUPINFO_PRESENT))
    return 0;
  list = ((const STARTUPINFOEXW*) startup)->lpAttributeList;
  if (list == NULL || list->handles == NULL)
    return 0;
  if (!inherit)
    return ERROR_INVALID_PARAMETER;
  for (i = 0; i < list->handle_count; i++)
    if (!nt_handle_is_inheritable(list->handles[i]))
      return ERROR_INVALID_PARAMETER;
  return 0;
}

static void inherit(struct nt_process* process, const STARTUPINFOW* startup, DWORD flags) {
  const struct nt_attribute_list* list = NULL;

  if (flags & EXTENDED_STARTUPINFO_PRESENT)
    list = ((const STARTUPINFOEXW*) startup)->lpAttributeList;
  if (list != NULL && list->handles != NULL)
    nt_process_inherit(process, nt_here(), list->handles, list->handle_count);
  else
    nt_process_inherit(process, nt_here(), NULL, 0);
}

static struct nt_pseudo* pseudo_of(const STARTUPINFOW* startup, DWORD flags) {
  const struct nt_attribute_list* list = NULL;

  if (flags & EXTENDED_STARTUPINFO_PRESENT)
    list = ((const STARTUPINFOEXW*) startup)->lpAttributeList;
  return list == NULL ? NULL : list->pseudo;
}

/* ---- Its beginning ---- */

/* Behind the last separator of a path. */
static const WCHAR* file_name(const WCHAR* path) {
  const WCHAR* name = path;

  for (; *path != 0; path++)
    if (*path == L'\\' || *path == L'/')
      name = path + 1;
  return name;
}

/* The first word of a command line is the program when nothing else says so. The page of CreateProcessW,
 * lpCommandLine: "If the file name does not contain an extension, .exe is appended", and not where it ends in
 * a period. It also says that none is appended to a path; but in its own example each path that is tried
 * ("c:\program.exe", ...) has one. */
static const WCHAR* first_word(const WCHAR* command, WCHAR* to, size_t room) {
  WCHAR stop = *command == L'"' ? L'"' : L' ';
  size_t n = 0;

  if (stop == L'"')
    command++;
  while (*command != 0 && *command != stop && n + 5 < room)
    to[n++] = *command++;
  to[n] = 0;
  if (wcschr(file_name(to), L'.') == NULL)
    wcscat(to, L".exe");
  return to;
}

static DWORD check(const WCHAR* program,
                   const WCHAR* command,
                   BOOL inherits,
                   DWORD flags,
                   const WCHAR* environment,
                   const WCHAR* folder,
                   const STARTUPINFOW* startup) {
  if (command != NULL && wcslen(command) >= MOST_COMMAND)
    return TOO_LONG;
  if (!nt_program_is(program))
    return ERROR_FILE_NOT_FOUND;
  if (folder != NULL && (wcslen(folder) >= MAX_PATH || !nt_folder_is(folder)))
    return ERROR_DIRECTORY;
  if (environment != NULL) {
    if (!(flags & CREATE_UNICODE_ENVIRONMENT))
      nt_absent("CreateProcessW with an environment of bytes");
    check_order(environment);
  }
  return check_handles(startup, flags, inherits);
}

/* A child is in the jobs of its parent, unless they let it go. */
static void give_ids(struct nt_process* process,
                     struct nt_thread* thread,
                     PROCESS_INFORMATION* made) {
  made->hProcess = nt_handle(process, 0x1fffff, 0);
  made->hThread = nt_handle(thread, 0x1fffff, 0);
  made->dwProcessId = process->id;
  made->dwThreadId = thread->id;
}

BOOL WINAPI CreateProcessW(LPCWSTR program,
                           LPWSTR command,
                           LPSECURITY_ATTRIBUTES process_security,
                           LPSECURITY_ATTRIBUTES thread_security,
                           BOOL inherits,
                           DWORD flags,
                           LPVOID environment,
                           LPCWSTR folder,
                           LPSTARTUPINFOW startup,
                           LPPROCESS_INFORMATION made) {
  struct nt_process* process;
  WCHAR word[MAX_PATH];
  DWORD error;

  nt_enter("CreateProcessW");
  (void) process_security;
  (void) thread_security;
  if (program == NULL)
    program = first_word(command, word, MAX_PATH);
  error = check(program, command, inherits, flags, environment, folder, startup);
  if (error != 0)
    return nt_error(error);
  process = nt_process_make();
  process->is_program = 1;
  process->parent_id = nt_here()->id;
  process->error_mode = nt_here()->error_mode;
  if (inherits)
    inherit(process, startup, flags);
  nt_environ_set_up(process, environment, folder);
  error = nt_program_set_up(process, program, command != NULL ? command : program, startup);
  if (error != 0) {
    nt_handle_close_all(process);
    process->ended = 1;
    nt_unref(process);
    return nt_error(error);
  }
  nt_console_set_up(process, flags, (startup->dwFlags & STARTF_USESTDHANDLES) != 0,
                    pseudo_of(startup, flags));
  nt_job_inherit(process, nt_here());
  give_ids(process,
           nt_thread_create_in(process, nt_program_main, process, flags & CREATE_SUSPENDED), made);
  nt_trace("process %u begins", process->id);
  return TRUE;
}

/* With texts of ASCII, which is all that anybody needs. */
BOOL WINAPI CreateProcessA(LPCSTR program,
                           LPSTR command,
                           LPSECURITY_ATTRIBUTES process,
                           LPSECURITY_ATTRIBUTES thread,
                           BOOL inherits,
                           DWORD flags,
                           LPVOID environment,
                           LPCSTR folder,
                           LPSTARTUPINFOA startup,
                           LPPROCESS_INFORMATION made) {
  STARTUPINFOW wide;
  WCHAR* line;
  BOOL ok;

  if (program != NULL || environment != NULL || folder != NULL ||
      (flags & EXTENDED_STARTUPINFO_PRESENT))
    nt_absent("CreateProcessA with more than a command line");
  memset(&wide, 0, sizeof(wide));
  wide.cb = sizeof(wide);
  wide.dwFlags = startup->dwFlags;
  wide.hStdInput = startup->hStdInput;
  wide.hStdOutput = startup->hStdOutput;
  wide.hStdError = startup->hStdError;
  line = nt_text_from(command);
  ok = CreateProcessW(NULL, line, process, thread, inherits, flags, NULL, NULL, &wide, made);
  nt_free(line);
  return ok;
}
