/* Child processes: their life, from the start, whose call is in create.c, to their end. What a child
 * is started with is made in text.c and stdio.c. */
#include "win/process/process.h"

#include <signal.h>
#include <string.h>

#include "core/base/alloc.h"

/* io->tail.more of a child. */
struct child {
  struct uv__io* io;
  HANDLE process;
  HANDLE wait;
  volatile LONG posted; /* the child is gone, and the loop will hear of it */
  int closing;
  int term_signal; /* that we sent */
  DWORD exit_code;
  struct uv__op op;
};

/* ---- Its end ---- */

/* Takes back the wait. This waits for its callback if that runs at this moment; all that it does
 * is post, so that it is over at once. */
static void join(struct child* child) {
  if (child->wait != NULL)
    UnregisterWaitEx(child->wait, INVALID_HANDLE_VALUE);
  child->wait = NULL;
}

static void release(struct child* child) {
  join(child);
  child->io->tail.more = NULL;
  CloseHandle(child->process);
  uv__free(child);
}

/* On the loop's thread. */
static void complete(struct uv__op* op) {
  struct child* child = uv__container_of(op, struct child, op);
  struct uv__io* io = child->io;

  if (child->closing) {
    release(child);
    uv__ring(io, UV__CLOSED);
    return;
  }
  child->exit_code = (DWORD) -1; /* Where the system does not say it. */
  (void) GetExitCodeProcess(child->process, &child->exit_code);
  uv__ring(io, UV__EVENT);
}

/* On a thread of the system's pool. */
static void CALLBACK ended(void* context, BOOLEAN timed_out) {
  struct child* child = context;

  (void) timed_out;
  InterlockedExchange(&child->posted, 1);
  uv__loop_post(child->io->loop, &child->op);
}

static int watch(struct child* child) {
  child->op.complete = complete;
  if (!RegisterWaitForSingleObject(&child->wait, child->process, ended, child, INFINITE,
                                   WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE)) {
    child->wait = NULL;
    return uv__error_translate(GetLastError());
  }
  return 0;
}

void uv__port_child_status(struct uv__io* io, int64_t* exit_status, int* term_signal) {
  const struct child* child = io->tail.more;

  *exit_status = (int64_t) child->exit_code;
  *term_signal = child->term_signal;
}

int uv__port_child_close(struct uv__io* io) {
  struct child* child = io->tail.more;

  if (child == NULL)
    return 0;
  join(child); /* From here on the callback either has run or never will. */
  if (child->posted && (io->busy & UV__EVENT) && !(io->rung & UV__EVENT)) {
    child->closing = 1;
    return UV__PENDING; /* Its packet leads into the child's memory. */
  }
  release(child);
  return 0;
}

/* ---- Its start ---- */

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
static int settle(struct child* child,
                  const uv_process_options_t* options,
                  const struct uv__child_stdio* rows,
                  HANDLE thread) {
  struct uv__io* master = rows[0].how == UV__CHILD_PTY ? rows[0].master : NULL;
  int r = master == NULL ? 0 : master->ops->option(master, UV__PTY_CHILD, &child->process);

  if (r == 0)
    r = watch(child);
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
static int launch(struct child* child,
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

static int start(struct child* child,
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
  struct child* child;
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
  struct child* child = io->tail.more;
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
