/* The system's pool: waits that are registered (RegisterWaitForSingleObject), those of the newer
 * interface (CreateThreadpoolWait), and timers (CreateTimerQueueTimer). Two threads call back: one
 * for the first kind, which may ask for the thread that waits, one for the others. Either comes when
 * it likes, so that what has been cancelled in time never runs, and what was not may be running. */
#include "proc.h"

enum kind {
  REGISTERED,
  POOL_WAIT,
  TIMER,
  KINDS
};

/* All three. The first two members make a registered wait and a timer objects with handles, so that
 * one that is forgotten shows as a leak. */
struct nt_pool_wait {
  struct nt_object object;
  enum kind kind;
  struct nt_pool_wait* next;
  struct nt_process* process; /* whose callback it is; referenced */
  struct nt_object* awaited;  /* referenced, or NULL */
  uint64_t due;
  uint64_t period;
  DWORD timeout_ms;
  int armed;
  int once;
  int deleted; /* no call may begin any more */
  unsigned running;
  struct nt_thread* runner;
  WAITORTIMERCALLBACK callback;
  PTP_WAIT_CALLBACK pool_callback;
  void* context;
};

static struct nt_pool_wait* waits;
static int has_thread[KINDS];

static void destroy(struct nt_object* object) {
  struct nt_pool_wait* wait = (struct nt_pool_wait*) object;
  struct nt_pool_wait** at = &waits;

  while (*at != wait)
    at = &(*at)->next;
  *at = wait->next;
  if (wait->awaited != NULL)
    nt_unref(wait->awaited);
  nt_unref(wait->process);
  nt_free(wait);
}

static void closed(struct nt_object* object, int last) {
  struct nt_pool_wait* wait = (struct nt_pool_wait*) object;

  (void) last;
  if (!wait->deleted)
    nt_fault("the handle of a wait or timer of the pool is closed by CloseHandle");
}

static const struct nt_class wait_class = {
    .name = "wait or timer of the pool", .closed = closed, .destroy = destroy};

/* ---- The threads ---- */

static int is_due(const struct nt_pool_wait* wait) {
  if (!wait->armed || wait->deleted)
    return 0;
  if (wait->awaited != NULL && wait->awaited->class->signalled(wait->awaited))
    return 1;
  return nt_now() >= wait->due;
}

static struct nt_pool_wait* find_due(int registered) {
  struct nt_pool_wait* wait;
  struct nt_pool_wait* found = NULL;

  for (wait = waits; wait != NULL; wait = wait->next)
    if ((wait->kind == REGISTERED) == registered && is_due(wait))
      found = wait;
  return found;
}

static int has_work(void* arg) {
  return nt_ending() || find_due(arg != NULL) != NULL;
}

static uint64_t next_due(int registered) {
  struct nt_pool_wait* wait;
  uint64_t next = NT_NEVER;

  for (wait = waits; wait != NULL; wait = wait->next)
    if ((wait->kind == REGISTERED) == registered && wait->armed && !wait->deleted &&
        wait->due < next)
      next = wait->due;
  return next;
}

static void run(struct nt_pool_wait* wait) {
  int fired = wait->awaited != NULL && wait->awaited->class->signalled(wait->awaited);
  BOOLEAN timed_out = (BOOLEAN) !fired;
  struct nt_process* was = nt_process_enter(wait->process);

  if (fired) {
    host_acquire(wait->awaited);
    if (wait->awaited->class->satisfied != NULL)
      wait->awaited->class->satisfied(wait->awaited);
  }
  if (wait->kind == POOL_WAIT || wait->once)
    wait->armed = 0;
  else if (wait->kind == TIMER && wait->period == 0)
    wait->armed = 0;
  else if (wait->kind == TIMER)
    wait->due = nt_now() + wait->period;
  else
    wait->due = nt_due(wait->timeout_ms);
  nt_ref(wait);
  wait->running++;
  wait->runner = nt_self();
  host_acquire(wait);
  nt_trace("the pool calls back");
  if (nt_chance(nt_trouble.preempt))
    nt_switch(); /* It has begun, and done nothing yet. */
  if (wait->kind == POOL_WAIT)
    wait->pool_callback(NULL, wait->context, wait, timed_out ? WAIT_TIMEOUT : WAIT_OBJECT_0);
  else
    wait->callback(wait->context, timed_out);
  nt_enter("the end of a callback of the pool");
  host_release(wait);
  nt_process_enter(was);
  wait->running--;
  nt_unref(wait);
}

static void serve(void* arg) {
  int registered = arg != NULL;

  while (!nt_ending()) {
    struct nt_pool_wait* wait;

    (void) nt_wait(has_work, arg, next_due(registered));
    wait = find_due(registered);
    if (wait == NULL)
      continue;
    /* It has not begun until it has begun. */
    if (nt_chance(nt_trouble.preempt)) {
      nt_switch();
      wait = find_due(registered);
    }
    if (wait != NULL)
      run(wait);
  }
  has_thread[registered] = 0;
}

static struct nt_pool_wait* make(enum kind kind, void* context) {
  struct nt_pool_wait* wait = nt_object_new(&wait_class, sizeof(*wait));
  int registered = kind == REGISTERED;

  wait->kind = kind;
  wait->process = nt_here();
  nt_ref(wait->process);
  wait->context = context;
  wait->due = NT_NEVER;
  wait->next = waits;
  waits = wait;
  host_release(wait);
  if (!has_thread[registered]) {
    has_thread[registered] = 1;
    nt_thread_daemon(serve, registered ? &has_thread : NULL);
  }
  return wait;
}

static int is_quiet(void* arg) {
  return ((struct nt_pool_wait*) arg)->running == 0;
}

/* No call begins after this; waits for the one that runs, if asked to. */
static BOOL end(struct nt_pool_wait* wait, HANDLE handle, HANDLE done) {
  int ran = wait->running > 0;
  struct nt_event* event = NULL;

  if (wait->awaited != NULL && wait->awaited->handles == 0)
    nt_fault("an object was closed while the pool waited for it");
  if (done == INVALID_HANDLE_VALUE && ran && wait->runner == nt_self())
    nt_fault("a callback waits for its own end");
  if (done != NULL && done != INVALID_HANDLE_VALUE) {
    event = nt_find(done, &nt_event_class, EVENT_MODIFY_STATE);
    if (event == NULL)
      return FALSE;
  }
  wait->deleted = 1;
  nt_ref(wait);
  nt_handle_close(NULL, handle);
  if (done == INVALID_HANDLE_VALUE || event != NULL)
    nt_wait_without_lock(is_quiet, wait, NT_NEVER, "a callback of the pool");
  if (event != NULL)
    event->set = 1;
  host_acquire(wait);
  nt_unref(wait);
  if (ran && done == NULL)
    return nt_error(ERROR_IO_PENDING);
  return TRUE;
}

/* ---- The calls ---- */

BOOL WINAPI RegisterWaitForSingleObject(PHANDLE to,
                                        HANDLE handle,
                                        WAITORTIMERCALLBACK callback,
                                        PVOID context,
                                        ULONG timeout_ms,
                                        ULONG flags) {
  struct nt_pool_wait* wait;
  struct nt_object* object;

  nt_enter("RegisterWaitForSingleObject");
  object = nt_find(handle, NULL, 0);
  if (object == NULL)
    return FALSE;
  if (object->class->signalled == NULL)
    return nt_error(ERROR_INVALID_HANDLE);
  wait = make(REGISTERED, context);
  nt_ref(object);
  wait->awaited = object;
  wait->callback = callback;
  wait->timeout_ms = timeout_ms;
  wait->due = nt_due(timeout_ms);
  wait->once = (flags & WT_EXECUTEONLYONCE) != 0;
  wait->armed = 1;
  *to = nt_handle(wait, 0, 0);
  nt_unref(wait);
  return TRUE;
}

BOOL WINAPI UnregisterWaitEx(HANDLE handle, HANDLE done) {
  struct nt_pool_wait* wait;

  nt_enter("UnregisterWaitEx");
  wait = nt_find(handle, &wait_class, 0);
  return wait != NULL && end(wait, handle, done);
}

BOOL WINAPI CreateTimerQueueTimer(PHANDLE to,
                                  HANDLE queue,
                                  WAITORTIMERCALLBACK callback,
                                  PVOID context,
                                  DWORD due_ms,
                                  DWORD period_ms,
                                  ULONG flags) {
  struct nt_pool_wait* timer;

  nt_enter("CreateTimerQueueTimer");
  if (queue != NULL)
    nt_absent("CreateTimerQueueTimer with a queue");
  timer = make(TIMER, context);
  timer->callback = callback;
  timer->due = nt_due(due_ms);
  timer->period = period_ms * NT_MS;
  timer->once = (flags & WT_EXECUTEONLYONCE) != 0;
  timer->armed = 1;
  *to = nt_handle(timer, 0, 0);
  nt_unref(timer);
  return TRUE;
}

BOOL WINAPI DeleteTimerQueueTimer(HANDLE queue, HANDLE handle, HANDLE done) {
  struct nt_pool_wait* timer;

  nt_enter("DeleteTimerQueueTimer");
  (void) queue;
  timer = nt_find(handle, &wait_class, 0);
  return timer != NULL && end(timer, handle, done);
}

PTP_WAIT WINAPI CreateThreadpoolWait(PTP_WAIT_CALLBACK callback,
                                     PVOID context,
                                     PTP_CALLBACK_ENVIRON environment) {
  struct nt_pool_wait* wait;

  nt_enter("CreateThreadpoolWait");
  (void) environment;
  wait = make(POOL_WAIT, context);
  wait->pool_callback = callback;
  return wait;
}

/* From now on. */
static DWORD ms_of(const FILETIME* time) {
  int64_t ticks = (int64_t) ((uint64_t) time->dwHighDateTime << 32 | time->dwLowDateTime);

  return (DWORD) (-ticks / 10000);
}

/* One call for each time it is set. */
void WINAPI SetThreadpoolWait(PTP_WAIT wait, HANDLE handle, LPFILETIME timeout) {
  struct nt_object* object = NULL;

  nt_enter("SetThreadpoolWait");
  if (timeout != NULL && !(timeout->dwHighDateTime & 0x80000000u))
    nt_absent("SetThreadpoolWait until a time");
  if (handle != NULL)
    object = nt_find(handle, NULL, 0);
  if (handle != NULL && object == NULL)
    nt_fault("the pool is to wait for what is no handle");
  if (wait->awaited != NULL)
    nt_unref(wait->awaited);
  if (object != NULL)
    nt_ref(object);
  host_release(wait);
  wait->awaited = object;
  wait->due = timeout == NULL ? NT_NEVER : nt_due(ms_of(timeout));
  wait->armed = object != NULL;
}

void WINAPI WaitForThreadpoolWaitCallbacks(PTP_WAIT wait, BOOL cancel) {
  nt_enter("WaitForThreadpoolWaitCallbacks");
  if (wait->running > 0 && wait->runner == nt_self())
    nt_fault("a callback waits for its own end");
  if (cancel)
    wait->armed = 0;
  nt_wait_without_lock(is_quiet, wait, NT_NEVER, "a callback of the pool");
  host_acquire(wait);
}

/* A call that runs keeps it until it returns. */
void WINAPI CloseThreadpoolWait(PTP_WAIT wait) {
  nt_enter("CloseThreadpoolWait");
  wait->deleted = 1;
  wait->armed = 0;
  nt_unref(wait);
}

int nt_pool_runs(const struct nt_process* process) {
  struct nt_pool_wait* wait;

  for (wait = waits; wait != NULL; wait = wait->next)
    if (wait->process == process && wait->running > 0)
      return 1;
  return 0;
}

/* Of a process that ends: none of its calls begins any more. */
void nt_pool_forget(struct nt_process* process) {
  struct nt_pool_wait* wait = waits;

  while (wait != NULL) {
    struct nt_pool_wait* next = wait->next;
    if (wait->process == process && !wait->deleted) {
      wait->deleted = 1;
      wait->armed = 0;
      if (wait->kind == POOL_WAIT)
        nt_unref(wait);
    }
    wait = next;
  }
}

int nt_pool_is_idle(void) {
  struct nt_pool_wait* wait;

  for (wait = waits; wait != NULL; wait = wait->next)
    if (wait->running > 0 || is_due(wait))
      return 0;
  return 1;
}

void nt_pool_end(void) {
  const struct nt_pool_wait* wait;

  for (wait = waits; wait != NULL; wait = wait->next)
    if (!nt_process_is_dying(wait->process))
      nt_fault("a wait or timer of the pool was not closed");
}
