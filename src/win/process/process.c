/* Child processes: their start, whose call is in create.c, and signals to them. What a child is started with
 * is made in text.c and stdio.c; its end is in end.c. */
#include "win/process/process.h"

#include <signal.h>
#include <string.h>

#include "core/base/alloc.h"

static HANDLE job;
static INIT_ONCE job_made = INIT_ONCE_STATIC_INIT;

/* The job that all children are in but detached ones: the system closes it with this process,
 * however that ends, and ends who is in it. What children start is theirs. We are in it ourselves,
 * first: one that begins with a packaged program takes no other process afterwards. */
static BOOL CALLBACK make_job(PINIT_ONCE once, void* parameter, void** context) {
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;

  (void) once;
  (void) parameter;
  (void) context;
  memset(&limits, 0, sizeof(limits));
  limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE |
                                            JOB_OBJECT_LIMIT_BREAKAWAY_OK |
                                            JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
  job = CreateJobObjectW(NULL, NULL);
  if (job == NULL)
    return FALSE;
  if (SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits))) {
    (void) AssignProcessToJobObject(job, GetCurrentProcess());
    return TRUE;
  }
  CloseHandle(job);
  job = NULL;
  return FALSE;
}

/* A child that cannot be in it, because whoever started us forbids that, or it belongs to a job that
 * ours may not be a part of, outlives us if we end without it. That is no reason not to start it. */
static void join_job(HANDLE process) {
  if (InitOnceExecuteOnce(&job_made, make_job, NULL, NULL))
    (void) AssignProcessToJobObject(job, process);
}

/* Lets a created process run, once nothing can go wrong any more; or ends it before it ran. */
static int settle(struct uv__child* child,
                  const uv_process_options_t* options,
                  const struct uv__child_stdio* rows,
                  HANDLE thread) {
  struct uv__io* master = rows[0].how == UV__CHILD_PTY ? rows[0].master : NULL;
  int r = master == NULL ? 0 : master->ops->option(master, UV__PTY_CHILD, &child->process);

  if (r == 0)
    r = uv__process_watch(child);
  if (r < 0) {
    TerminateProcess(child->process, 1);
    if (master != NULL)
      (void) master->ops->option(master, UV__PTY_CHILD, NULL);
    CloseHandle(child->process);
    return r;
  }
  if (!(options->flags & UV_PROCESS_DETACHED))
    join_job(child->process);
  /* Can this fail, then because somebody ended the process already. Its end is being watched. */
  if (ResumeThread(thread) == (DWORD) -1)
    TerminateProcess(child->process, 1);
  return 0;
}

/* The parent's ends of pipes are the core's now, or nobody's. */
static void give_ends(struct uv__child_stdio* rows, int count, int r, DWORD pid) {
  int i;

  for (i = 0; i < count; i++) {
    if (rows[i].how != UV__CHILD_PIPE)
      continue;
    if (r < 0)
      uv__port_discard(&rows[i].parent);
    else
      rows[i].parent.peer = pid;
  }
}

/* `stdio` as of uv__process_create. */
static int launch(struct uv__child* child,
                  const uv_process_options_t* options,
                  const struct uv__process_text* text,
                  struct uv__process_stdio* stdio,
                  const struct uv__child_stdio* rows,
                  int* pid) {
  PROCESS_INFORMATION made;
  int r = uv__process_create(options, text, stdio, rows, &made);

  if (r < 0)
    return r;
  child->process = made.hProcess;
  r = settle(child, options, rows, made.hThread);
  CloseHandle(made.hThread);
  if (r == 0)
    *pid = (int) made.dwProcessId;
  return r;
}

static int start(struct uv__child* child,
                 const uv_process_options_t* options,
                 struct uv__child_stdio* rows,
                 int count,
                 int* pid) {
  struct uv__process_text text;
  struct uv__process_stdio stdio;
  int r = uv__process_text_make(&text, options);

  if (r < 0)
    return r;
  if (rows[0].how == UV__CHILD_PTY) {
    r = launch(child, options, &text, NULL, rows, pid);
  } else {
    r = uv__process_stdio_make(&stdio, rows, count);
    if (r == 0) {
      r = launch(child, options, &text, &stdio, rows, pid);
      uv__process_stdio_free(&stdio);
      give_ends(rows, count, r, (DWORD) *pid);
    }
  }
  uv__process_text_free(&text);
  return r;
}

int uv__port_spawn(struct uv__io* io,
                   const uv_process_options_t* options,
                   struct uv__child_stdio* stdio,
                   int stdio_count,
                   int* pid) {
  struct uv__child* child;
  int r;

  if (options->flags & (UV_PROCESS_SETUID | UV_PROCESS_SETGID))
    return UV_ENOTSUP;
  child = uv__calloc(1, sizeof(*child));
  if (child == NULL)
    return UV_ENOMEM;
  child->io = io;
  r = start(child, options, stdio, stdio_count, pid);
  if (r < 0) {
    uv__free(child);
    return r;
  }
  io->tail.more = child;
  return 0;
}

/* ---- Signals ---- */

/* Windows knows one way to end a process from outside. */
static int signal_process(HANDLE process, int signum) {
  if (signum < 0 || signum >= NSIG)
    return UV_EINVAL;
  switch (signum) {
  case SIGTERM:
  case SIGKILL:
  case SIGINT:
  case SIGQUIT:
    if (TerminateProcess(process, 1))
      return 0;
    break;
  case 0:
    break;
  default:
    return UV_ENOSYS;
  }
  /* A process that has ended cannot be terminated, and says "access denied" to it. */
  if (WaitForSingleObject(process, 0) == WAIT_OBJECT_0)
    return UV_ESRCH;
  return signum == 0 ? 0 : UV_EPERM;
}

int uv__port_child_kill(struct uv__io* io, int signum) {
  struct uv__child* child = io->tail.more;
  int r = signal_process(child->process, signum);

  if (r == 0 && signum != 0)
    child->term_signal = signum;
  return r;
}

int uv_kill(int pid, int signum) {
  DWORD access = SYNCHRONIZE | (signum == 0 ? 0 : PROCESS_TERMINATE);
  HANDLE process;
  int r;

  if (pid == 0) /* The caller's own. */
    return signal_process(GetCurrentProcess(), signum);
  process = OpenProcess(access, FALSE, (DWORD) pid);
  if (process == NULL)
    return GetLastError() == ERROR_INVALID_PARAMETER ? UV_ESRCH
                                                     : uv__error_translate(GetLastError());
  r = signal_process(process, signum);
  CloseHandle(process);
  return r;
}
