/* Slim locks, critical sections, condition variables, and what runs once. A lock's word is the
 * model's: the thread that has it alone, or how many share it, times two, plus one. */
#include "sched.h"

/* ---- Slim locks ---- */

static int is_free(void* arg) {
  return ((SRWLOCK*) arg)->Ptr == NULL;
}

static int is_sharable(void* arg) {
  return ((SRWLOCK*) arg)->Ptr == NULL || ((ULONG_PTR) ((SRWLOCK*) arg)->Ptr & 1);
}

static void acquire(PSRWLOCK lock) {
  if (lock->Ptr == nt_self())
    nt_fault("a slim lock is taken twice by one thread");
  nt_wait(is_free, lock, NT_NEVER);
  lock->Ptr = nt_self();
  nt_self()->locks++;
  host_acquire(lock);
}

static void release(PSRWLOCK lock) {
  if (lock->Ptr != nt_self())
    nt_fault("a slim lock is released by a thread that has it not");
  host_release(lock);
  nt_self()->locks--;
  lock->Ptr = NULL;
}

void WINAPI InitializeSRWLock(PSRWLOCK lock) {
  lock->Ptr = NULL;
}

void WINAPI AcquireSRWLockExclusive(PSRWLOCK lock) {
  nt_enter("AcquireSRWLockExclusive");
  acquire(lock);
}

BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock) {
  nt_enter("TryAcquireSRWLockExclusive");
  if (lock->Ptr != NULL)
    return FALSE;
  acquire(lock);
  return TRUE;
}

void WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock) {
  nt_enter("ReleaseSRWLockExclusive");
  release(lock);
}

static void share(PSRWLOCK lock) {
  nt_wait(is_sharable, lock, NT_NEVER);
  lock->Ptr = (void*) (((ULONG_PTR) lock->Ptr | 1) + 2);
  nt_self()->locks++;
  host_acquire(lock);
}

void WINAPI AcquireSRWLockShared(PSRWLOCK lock) {
  nt_enter("AcquireSRWLockShared");
  share(lock);
}

BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK lock) {
  nt_enter("TryAcquireSRWLockShared");
  if (!is_sharable(lock))
    return FALSE;
  share(lock);
  return TRUE;
}

void WINAPI ReleaseSRWLockShared(PSRWLOCK lock) {
  ULONG_PTR word;

  nt_enter("ReleaseSRWLockShared");
  word = (ULONG_PTR) lock->Ptr;
  if (!(word & 1))
    nt_fault("a slim lock is released that nobody shares");
  host_release(lock);
  nt_self()->locks--;
  word -= 2;
  lock->Ptr = word == 1 ? NULL : (void*) word;
}

/* ---- Critical sections ---- */

static int is_section_free(void* arg) {
  const CRITICAL_SECTION* section = arg;

  return section->RecursionCount == 0 || section->OwningThread == nt_self();
}

/* `is_section_free` is asked by others on a waiter's behalf: only "nobody has it" counts there. */
static int is_section_left(void* arg) {
  return ((CRITICAL_SECTION*) arg)->RecursionCount == 0;
}

void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section) {
  section->DebugInfo = NULL;
  section->LockCount = -1;
  section->RecursionCount = 0;
  section->OwningThread = NULL;
  section->LockSemaphore = NULL;
  section->SpinCount = 0;
}

void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section) {
  nt_enter("EnterCriticalSection");
  if (!is_section_free(section))
    nt_wait(is_section_left, section, NT_NEVER);
  section->OwningThread = nt_self();
  section->RecursionCount++;
  nt_self()->locks++;
  host_acquire(section);
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section) {
  nt_enter("TryEnterCriticalSection");
  if (!is_section_free(section))
    return FALSE;
  section->OwningThread = nt_self();
  section->RecursionCount++;
  nt_self()->locks++;
  host_acquire(section);
  return TRUE;
}

void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section) {
  nt_enter("LeaveCriticalSection");
  if (section->RecursionCount == 0 || section->OwningThread != nt_self())
    nt_fault("a critical section is left by a thread that has it not");
  host_release(section);
  nt_self()->locks--;
  if (--section->RecursionCount == 0)
    section->OwningThread = NULL;
}

void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section) {
  nt_enter("DeleteCriticalSection");
  if (section->RecursionCount != 0)
    nt_fault("a critical section is deleted that somebody has");
}

/* ---- Condition variables: a chain of those who sleep, on their stacks ---- */

struct sleeper {
  struct sleeper* next;
  int woken;
};

static int is_woken(void* arg) {
  return ((struct sleeper*) arg)->woken;
}

static void add(PCONDITION_VARIABLE variable, struct sleeper* sleeper) {
  struct sleeper** at = (struct sleeper**) &variable->Ptr;

  sleeper->woken = 0;
  sleeper->next = NULL;
  while (*at != NULL)
    at = &(*at)->next;
  *at = sleeper;
}

static void drop(PCONDITION_VARIABLE variable, struct sleeper* sleeper) {
  struct sleeper** at = (struct sleeper**) &variable->Ptr;

  while (*at != NULL && *at != sleeper)
    at = &(*at)->next;
  if (*at == sleeper)
    *at = sleeper->next;
}

/* With the lock given up. Wakes for nothing now and then, as documented ("Condition Variables"). */
static int sleep_on(PCONDITION_VARIABLE variable, struct sleeper* sleeper, DWORD timeout_ms) {
  int woken;

  if (nt_chance(nt_trouble.spurious))
    sleeper->woken = 1;
  if (sleeper->woken)
    nt_switch();
  woken = nt_wait_without_lock(is_woken, sleeper, nt_due(timeout_ms), "a condition");
  drop(variable, sleeper);
  return woken;
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable,
                                      PSRWLOCK lock,
                                      DWORD timeout_ms,
                                      ULONG flags) {
  struct sleeper sleeper;
  int woken;

  nt_enter("SleepConditionVariableSRW");
  if (flags & CONDITION_VARIABLE_LOCKMODE_SHARED)
    nt_absent("SleepConditionVariableSRW with a shared lock");
  add(variable, &sleeper);
  release(lock);
  woken = sleep_on(variable, &sleeper, timeout_ms);
  acquire(lock);
  return woken ? TRUE : nt_error(ERROR_TIMEOUT);
}

BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE variable,
                                     LPCRITICAL_SECTION section,
                                     DWORD timeout_ms) {
  struct sleeper sleeper;
  int woken;

  nt_enter("SleepConditionVariableCS");
  if (section->OwningThread != nt_self() || section->RecursionCount != 1)
    nt_fault("a thread sleeps with a critical section that it has not, or has more than once");
  add(variable, &sleeper);
  host_release(section);
  nt_self()->locks--;
  section->RecursionCount = 0;
  section->OwningThread = NULL;
  woken = sleep_on(variable, &sleeper, timeout_ms);
  nt_wait(is_section_left, section, NT_NEVER);
  section->OwningThread = nt_self();
  section->RecursionCount = 1;
  nt_self()->locks++;
  host_acquire(section);
  return woken ? TRUE : nt_error(ERROR_TIMEOUT);
}

void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable) {
  variable->Ptr = NULL;
}

/* Any one of them: the order of waking is not promised. */
void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable) {
  struct sleeper* sleeper;
  unsigned count = 0;

  nt_enter("WakeConditionVariable");
  for (sleeper = variable->Ptr; sleeper != NULL; sleeper = sleeper->next)
    count += !sleeper->woken;
  count = nt_below(count);
  for (sleeper = variable->Ptr; sleeper != NULL; sleeper = sleeper->next)
    if (!sleeper->woken && count-- == 0)
      sleeper->woken = 1;
}

void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable) {
  struct sleeper* sleeper;

  nt_enter("WakeAllConditionVariable");
  for (sleeper = variable->Ptr; sleeper != NULL; sleeper = sleeper->next)
    sleeper->woken = 1;
}

/* ---- Once ---- */

enum {
  ONCE_RUNS = 1,
  ONCE_DONE = 2
};

static int is_once_free(void* arg) {
  return (ULONG_PTR) ((INIT_ONCE*) arg)->Ptr != ONCE_RUNS;
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once,
                                PINIT_ONCE_FN fn,
                                PVOID parameter,
                                LPVOID* context) {
  BOOL ok = TRUE;

  nt_enter("InitOnceExecuteOnce");
  nt_wait(is_once_free, once, NT_NEVER);
  if (once->Ptr == NULL) {
    once->Ptr = (void*) ONCE_RUNS;
    ok = fn(once, parameter, context);
    nt_enter("InitOnceExecuteOnce");
    host_release(once);
    once->Ptr = ok ? (void*) ONCE_DONE : NULL;
  }
  host_acquire(once);
  return ok;
}
