/* Threads: making them, their ends, their storage, and those of the model itself. */
#include "proc.h"

#include <errno.h>
#include <process.h>

static DWORD last_id;
static int ending;

/* ---- The object ---- */

static int signalled(struct nt_object* object) {
  return ((struct nt_thread*) object)->state == NT_THREAD_ENDED;
}

static void destroy(struct nt_object* object) {
  struct nt_thread* thread = (struct nt_thread*) object;

  /* The real thread of one that was killed is where it was, and waits at its gate for ever. */
  if (thread->killed)
    return;
  if (thread->host != NULL)
    host_thread_join(thread->host);
  nt_free(thread);
}

const struct nt_class nt_thread_class = {
    .name = "thread", .signalled = signalled, .destroy = destroy};

static struct nt_thread* make(struct nt_process* process, DWORD (*fn)(void* arg), void* arg) {
  struct nt_thread* thread = nt_object_new(&nt_thread_class, sizeof(*thread));
  struct nt_thread** at = &nt_sched.threads;

  thread->process = process;
  thread->id = last_id += 4;
  thread->state = NT_THREAD_RUNS;
  thread->fn = fn;
  thread->fn_arg = arg;
  thread->call = "its start";
  while (*at != NULL) /* In order of their making: the seed counts them. */
    at = &(*at)->next;
  *at = thread;
  return thread;
}

struct nt_thread* nt_thread_adopt(void) {
  struct nt_thread* thread;

  if (nt_sched.threads != NULL) {
    host_print("nt: a thread that the model does not know called it\n");
    host_exit(1);
  }
  thread = make(nt_process_first(), NULL, NULL);
  host_set_self(thread);
  nt_sched.current = thread;
  nt_devices();
  return thread;
}

/* ---- Its life ---- */

static void take_off(struct nt_thread* thread) {
  struct nt_thread** at = &nt_sched.threads;

  while (*at != thread)
    at = &(*at)->next;
  *at = thread->next;
}

static void end_self(struct nt_thread* self) {
  nt_fls_end(self);
  nt_io_part(self);
  nt_trace("ends");
  host_release(self);
  self->state = NT_THREAD_ENDED;
  take_off(self);
  nt_switch(); /* Does not come back: whoever joins it waits for the real thread's end too. */
}

static void enter(void* arg) {
  struct nt_thread* self = arg;

  host_set_self(self);
  host_gate_wait(&self->gate);
  host_acquire(self);
  self->code = self->fn(self->fn_arg);
  nt_enter("the end of a thread");
  end_self(self);
}

/* Its real thread. Its reference is of the model, which gives it up when it has ended. */
static int start(struct nt_thread* thread) {
  host_release(thread);
  thread->host = host_thread_start(enter, thread, 1 << 20);
  return thread->host != NULL;
}

/* Ended threads whose memory the model still holds are found by their handles alone; each keeps the
 * reference of its making until somebody looks for ended ones. */
static struct nt_thread* made[4096];
static unsigned made_count;

static void sweep(void) {
  unsigned i = 0;

  while (i < made_count) {
    if (made[i]->state == NT_THREAD_ENDED) {
      if (!made[i]->killed && made[i]->host != NULL)
        host_thread_join(made[i]->host);
      made[i]->host = NULL;
      nt_unref(made[i]);
      made[i] = made[--made_count];
    } else {
      i++;
    }
  }
}

struct nt_thread* nt_thread_create_in(struct nt_process* process,
                                      DWORD (*fn)(void* arg),
                                      void* arg,
                                      DWORD flags) {
  struct nt_thread* thread;

  sweep();
  if (made_count == sizeof(made) / sizeof(made[0]))
    nt_fault("too many threads for the model");
  thread = make(process, fn, arg);
  if (flags & CREATE_SUSPENDED)
    thread->state = NT_THREAD_SUSPENDED;
  if (!start(thread))
    nt_fault("the machine has no thread for the model");
  made[made_count++] = thread;
  return thread;
}

/* Wherever it is. What it waited for at a file object is cancelled, and the object's lock given up. */
static void kill_thread(struct nt_thread* thread) {
  struct nt_irp* irp = thread->irp;

  thread->killed = 1;
  thread->state = NT_THREAD_ENDED;
  take_off(thread);
  if (irp != NULL)
    nt_irp_orphan(irp);
}

void nt_thread_kill(struct nt_process* process) {
  struct nt_thread* thread = nt_sched.threads;

  while (thread != NULL) {
    struct nt_thread* next = thread->next;
    if (thread->process == process)
      kill_thread(thread);
    thread = next;
  }
}

void nt_thread_leave(void) {
  nt_switch();
  nt_fault("a thread goes on that was killed");
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security,
                           SIZE_T stack,
                           LPTHREAD_START_ROUTINE fn,
                           LPVOID arg,
                           DWORD flags,
                           LPDWORD id) {
  struct nt_thread* thread;

  nt_enter("CreateThread");
  (void) stack;
  thread = nt_thread_create_in(nt_here(), fn, arg, flags);
  if (id != NULL)
    *id = thread->id;
  return nt_handle(thread, 0x1fffff, security != NULL && security->bInheritHandle);
}

/* The same signature, but for unsigned and DWORD, which are one here. */
uintptr_t _beginthreadex(void* security,
                         unsigned stack,
                         unsigned (*fn)(void*),
                         void* arg,
                         unsigned flags,
                         unsigned* id) {
  return (uintptr_t) CreateThread(security, stack, fn, arg, flags, id);
}

DWORD WINAPI ResumeThread(HANDLE handle) {
  struct nt_thread* thread;

  nt_enter("ResumeThread");
  thread = nt_find(handle, &nt_thread_class, 0);
  if (thread == NULL)
    return (DWORD) -1;
  if (thread->state != NT_THREAD_SUSPENDED)
    return 0;
  host_release(thread);
  thread->state = NT_THREAD_RUNS;
  return 1;
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code) {
  struct nt_thread* thread;

  nt_enter("GetExitCodeThread");
  thread = nt_find(handle, &nt_thread_class, 0);
  if (thread == NULL)
    return FALSE;
  *code = thread->state == NT_THREAD_ENDED ? thread->code : STILL_ACTIVE;
  return TRUE;
}

HANDLE WINAPI GetCurrentThread(void) {
  return (HANDLE) (LONG_PTR) -2;
}

DWORD WINAPI GetCurrentThreadId(void) {
  nt_enter("GetCurrentThreadId");
  return nt_self()->id;
}

DWORD WINAPI GetThreadId(HANDLE handle) {
  struct nt_thread* thread;

  nt_enter("GetThreadId");
  thread = nt_find(handle, &nt_thread_class, 0);
  return thread == NULL ? 0 : thread->id;
}

/* ---- The model's own ---- */

struct daemon {
  void (*fn)(void* arg);
  void* arg;
};

static DWORD run_daemon(void* arg) {
  struct daemon daemon = *(struct daemon*) arg;

  nt_free(arg);
  daemon.fn(daemon.arg);
  return 0;
}

void nt_thread_daemon(void (*fn)(void* arg), void* arg) {
  struct daemon* daemon = nt_alloc(sizeof(*daemon));

  daemon->fn = fn;
  daemon->arg = arg;
  nt_thread_create_in(nt_process_first(), run_daemon, daemon, 0)->daemon = 1;
}

int nt_ending(void) {
  return ending;
}

static int are_daemons_gone(void* arg) {
  struct nt_thread* thread;

  (void) arg;
  for (thread = nt_sched.threads; thread != NULL; thread = thread->next)
    if (thread->daemon)
      return 0;
  return 1;
}

void nt_thread_end_daemons(void) {
  ending = 1;
  nt_wait(are_daemons_gone, NULL, NT_NEVER);
  ending = 0;
  sweep();
}

unsigned nt_thread_count(void) {
  struct nt_thread* thread;
  unsigned count = 0;

  for (thread = nt_sched.threads; thread != NULL; thread = thread->next)
    count += !thread->daemon;
  return count;
}

/* ---- For the other files ---- */

struct nt_irp* nt_thread_irp(const struct nt_thread* thread) {
  return thread->irp;
}

void nt_thread_set_irp(struct nt_thread* thread, struct nt_irp* irp) {
  thread->irp = irp;
}

int nt_thread_is_loops(const struct nt_thread* thread) {
  return thread->is_loops;
}

void nt_thread_mark_loops(struct nt_thread* thread) {
  thread->is_loops = 1;
}

/* ---- Storage ---- */

static unsigned char tls_used[NT_SLOTS];
static unsigned char fls_used[NT_SLOTS];
static PFLS_CALLBACK_FUNCTION fls_callback[NT_SLOTS];

static DWORD take(unsigned char* used) {
  DWORD i;

  for (i = 0; i < NT_SLOTS; i++) {
    if (!used[i]) {
      used[i] = 1;
      return i;
    }
  }
  nt_error(ERROR_NO_MORE_ITEMS);
  return TLS_OUT_OF_INDEXES;
}

static int is_taken(const unsigned char* used, DWORD index) {
  if (index < NT_SLOTS && used[index])
    return 1;
  return nt_error(ERROR_INVALID_PARAMETER);
}

DWORD WINAPI TlsAlloc(void) {
  struct nt_thread* thread;
  DWORD index;

  nt_enter("TlsAlloc");
  index = take(tls_used);
  for (thread = nt_sched.threads; index != TLS_OUT_OF_INDEXES && thread != NULL;
       thread = thread->next)
    thread->tls[index] = NULL;
  return index;
}

BOOL WINAPI TlsFree(DWORD index) {
  nt_enter("TlsFree");
  if (!is_taken(tls_used, index))
    return FALSE;
  tls_used[index] = 0;
  return TRUE;
}

/* Sets the last error to 0, so that a NULL can be told from a failure. */
LPVOID WINAPI TlsGetValue(DWORD index) {
  nt_enter("TlsGetValue");
  if (!is_taken(tls_used, index))
    return NULL;
  nt_error(ERROR_SUCCESS);
  return nt_self()->tls[index];
}

BOOL WINAPI TlsSetValue(DWORD index, LPVOID value) {
  nt_enter("TlsSetValue");
  if (!is_taken(tls_used, index))
    return FALSE;
  nt_self()->tls[index] = value;
  return TRUE;
}

DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback) {
  DWORD index;

  nt_enter("FlsAlloc");
  index = take(fls_used);
  if (index != FLS_OUT_OF_INDEXES)
    fls_callback[index] = callback;
  return index;
}

PVOID WINAPI FlsGetValue(DWORD index) {
  nt_enter("FlsGetValue");
  return is_taken(fls_used, index) ? nt_self()->fls[index] : NULL;
}

BOOL WINAPI FlsSetValue(DWORD index, PVOID value) {
  nt_enter("FlsSetValue");
  if (!is_taken(fls_used, index))
    return FALSE;
  nt_self()->fls[index] = value;
  return TRUE;
}

/* A thread that ends has its values handed to the callbacks, where they are not NULL. */
void nt_fls_end(struct nt_thread* thread) {
  DWORD i;

  for (i = 0; i < NT_SLOTS; i++) {
    void* value = thread->fls[i];

    thread->fls[i] = NULL;
    if (value != NULL && fls_callback[i] != NULL)
      fls_callback[i](value);
  }
}
