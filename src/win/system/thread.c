/* Threads and what they wait for. What follows from these alone is in core/loop/sync.c. Slim locks and
 * conditions need no memory and no clean-up, so that nearly nothing in here can fail. */
#include "win/base/base.h"

#include <assert.h>
#include <process.h>

#include "core/base/alloc.h"

enum {
  NS_PER_MS = 1000000,
  MAX_GROUPS = 64 /* of processors; the system has room for 32 */
};

/* ---- Threads ---- */

/* Where each thread keeps its own handle for uv_thread_self. */
static INIT_ONCE self_once = INIT_ONCE_STATIC_INIT;
static DWORD self_index = FLS_OUT_OF_INDEXES;

struct start {
  uv_thread_cb entry;
  void* arg;
  HANDLE thread;
};

/* The value of a thread that the library started is the handle of whoever joins it, and kept out
 * of here by a NULL at its end. */
static void WINAPI close_self(void* handle) {
  if (handle != NULL)
    CloseHandle(handle);
}

static BOOL CALLBACK make_self_index(INIT_ONCE* once, void* arg, void** context) {
  HMODULE self;

  (void) once;
  (void) arg;
  (void) context;
  self_index = FlsAlloc(close_self);
  /* Threads may end when a program has let go of the DLL; close_self must still be there. */
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     (const WCHAR*) (const void*) &self_index, &self);
  return TRUE;
}

static void set_self(HANDLE thread) {
  InitOnceExecuteOnce(&self_once, make_self_index, NULL, NULL);
  /* Without a slot uv_thread_self makes a new handle each time, which nobody closes. */
  if (self_index != FLS_OUT_OF_INDEXES)
    FlsSetValue(self_index, thread);
}

static unsigned __stdcall run(void* arg) {
  struct start start = *(struct start*) arg;

  uv__free(arg);
  set_self(start.thread);
  start.entry(start.arg);
  set_self(NULL);
  return 0;
}

int uv_thread_create_ex(uv_thread_t* tid,
                        const uv_thread_options_t* params,
                        uv_thread_cb entry,
                        void* arg) {
  struct start* start;
  unsigned stack_size = 0;
  HANDLE thread;

  if (params == NULL || entry == NULL)
    return UV_EINVAL;
  if ((params->flags & UV_THREAD_HAS_STACK_SIZE) && params->stack_size > 0) {
    /* A multiple of the granularity, which is one of the page size too. */
    if (params->stack_size > UINT_MAX - 0xffff)
      return UV_EINVAL;
    stack_size = ((unsigned) params->stack_size + 0xffff) & ~0xffffu;
  }
  start = uv__malloc(sizeof(*start));
  if (start == NULL)
    return UV_ENOMEM;
  start->entry = entry;
  start->arg = arg;
  /* Suspended, so that it finds its own handle. */
  thread = (HANDLE) _beginthreadex(NULL, stack_size, run, start,
                                   CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  if (thread == NULL) {
    int r = errno == EINVAL ? UV_EINVAL : UV_EAGAIN;
    uv__free(start);
    return r;
  }
  start->thread = thread;
  *tid = thread;
  ResumeThread(thread);
  return 0;
}

int uv_thread_detach(uv_thread_t* tid) {
  return CloseHandle(*tid) ? 0 : uv__error_translate(GetLastError());
}

uv_thread_t uv_thread_self(void) {
  HANDLE thread;

  InitOnceExecuteOnce(&self_once, make_self_index, NULL, NULL);
  thread = self_index == FLS_OUT_OF_INDEXES ? NULL : FlsGetValue(self_index);
  if (thread != NULL)
    return thread;
  if (!DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &thread, 0,
                       FALSE, DUPLICATE_SAME_ACCESS))
    return NULL;
  set_self(thread);
  return thread;
}

int uv_thread_join(uv_thread_t* tid) {
  if (WaitForSingleObject(*tid, INFINITE) != WAIT_OBJECT_0)
    return uv__error_translate(GetLastError());
  CloseHandle(*tid);
  *tid = NULL;
  return 0;
}

int uv_thread_equal(const uv_thread_t* t1, const uv_thread_t* t2) {
  DWORD id;

  if (*t1 == *t2)
    return 1;
  /* Two handles may be of one thread. No thread has the number 0, which is the failure. */
  id = GetThreadId(*t1);
  return id != 0 && id == GetThreadId(*t2);
}

/* All processors of the groups that threads of the process are in. */
static unsigned int count_groups(void) {
  USHORT groups[MAX_GROUPS];
  USHORT count = MAX_GROUPS;
  unsigned int processors = 0;

  if (!GetProcessGroupAffinity(GetCurrentProcess(), &count, groups))
    return GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  while (count > 0)
    processors += GetActiveProcessorCount(groups[--count]);
  return processors;
}

/* More than 64 processors are in groups. Before Windows 11 a process begins in one of them, and the mask
 * is about that one; a process in several, as all are since, has empty masks. */
unsigned int uv_available_parallelism(void) {
  DWORD_PTR mine;
  DWORD_PTR all;
  unsigned int count = 0;

  if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all)) {
    for (; mine != 0; mine &= mine - 1)
      count++;
    if (count == 0)
      count = count_groups();
  }
  return count > 0 ? count : 1;
}

/* ---- Mutexes ---- */

int uv_mutex_init(uv_mutex_t* mutex) {
  InitializeSRWLock(&mutex->u.plain);
  mutex->is_recursive = 0;
  return 0;
}

int uv_mutex_init_recursive(uv_mutex_t* mutex) {
  InitializeCriticalSection(&mutex->u.recursive);
  mutex->is_recursive = 1;
  return 0;
}

void uv_mutex_destroy(uv_mutex_t* mutex) {
  if (mutex->is_recursive)
    DeleteCriticalSection(&mutex->u.recursive);
}

void uv_mutex_lock(uv_mutex_t* mutex) {
  if (mutex->is_recursive)
    EnterCriticalSection(&mutex->u.recursive);
  else
    AcquireSRWLockExclusive(&mutex->u.plain);
}

int uv_mutex_trylock(uv_mutex_t* mutex) {
  BOOLEAN locked;

  if (mutex->is_recursive)
    locked = TryEnterCriticalSection(&mutex->u.recursive) != 0;
  else
    locked = TryAcquireSRWLockExclusive(&mutex->u.plain);
  return locked ? 0 : UV_EBUSY;
}

void uv_mutex_unlock(uv_mutex_t* mutex) {
  if (mutex->is_recursive)
    LeaveCriticalSection(&mutex->u.recursive);
  else
    ReleaseSRWLockExclusive(&mutex->u.plain);
}

/* ---- Locks for readers and writers ---- */

int uv_rwlock_init(uv_rwlock_t* rwlock) {
  InitializeSRWLock(&rwlock->lock);
  return 0;
}

void uv_rwlock_destroy(uv_rwlock_t* rwlock) {
  (void) rwlock; /* Holds nothing. */
}

void uv_rwlock_rdlock(uv_rwlock_t* rwlock) {
  AcquireSRWLockShared(&rwlock->lock);
}

int uv_rwlock_tryrdlock(uv_rwlock_t* rwlock) {
  return TryAcquireSRWLockShared(&rwlock->lock) ? 0 : UV_EBUSY;
}

void uv_rwlock_rdunlock(uv_rwlock_t* rwlock) {
  ReleaseSRWLockShared(&rwlock->lock);
}

void uv_rwlock_wrlock(uv_rwlock_t* rwlock) {
  AcquireSRWLockExclusive(&rwlock->lock);
}

int uv_rwlock_trywrlock(uv_rwlock_t* rwlock) {
  return TryAcquireSRWLockExclusive(&rwlock->lock) ? 0 : UV_EBUSY;
}

void uv_rwlock_wrunlock(uv_rwlock_t* rwlock) {
  ReleaseSRWLockExclusive(&rwlock->lock);
}

/* ---- Conditions ---- */

int uv_cond_init(uv_cond_t* cond) {
  InitializeConditionVariable(cond);
  return 0;
}

void uv_cond_destroy(uv_cond_t* cond) {
  (void) cond; /* Holds nothing. */
}

void uv_cond_signal(uv_cond_t* cond) {
  WakeConditionVariable(cond);
}

void uv_cond_broadcast(uv_cond_t* cond) {
  WakeAllConditionVariable(cond);
}

static BOOL sleep_on(uv_cond_t* cond, uv_mutex_t* mutex, DWORD timeout_ms) {
  if (mutex->is_recursive)
    return SleepConditionVariableCS(cond, &mutex->u.recursive, timeout_ms);
  return SleepConditionVariableSRW(cond, &mutex->u.plain, timeout_ms, 0);
}

void uv_cond_wait(uv_cond_t* cond, uv_mutex_t* mutex) {
  BOOL ok = sleep_on(cond, mutex, INFINITE);

  assert(ok); /* Without a limit there is nothing to fail with. */
  (void) ok;
}

int uv_cond_timedwait(uv_cond_t* cond, uv_mutex_t* mutex, uint64_t timeout) {
  uint64_t now = uv_hrtime();
  uint64_t due = timeout < UINT64_MAX - now ? now + timeout : UINT64_MAX;

  /* The system counts ticks of its timer, and so can be early; and its largest number means
   * for ever. */
  do {
    uint64_t left_ms = (due - now) / NS_PER_MS + ((due - now) % NS_PER_MS != 0);

    if (sleep_on(cond, mutex, left_ms < INFINITE ? (DWORD) left_ms : INFINITE - 1))
      return 0;
    now = uv_hrtime();
  } while (now < due);
  return UV_ETIMEDOUT;
}

/* ---- Once, keys ---- */

static BOOL CALLBACK call_once(INIT_ONCE* once, void* callback, void** context) {
  (void) once;
  (void) context;
  (*(void (**)(void)) callback)();
  return TRUE;
}

void uv_once(uv_once_t* guard, void (*callback)(void)) {
  InitOnceExecuteOnce(guard, call_once, (void*) &callback, NULL);
}

int uv_key_create(uv_key_t* key) {
  DWORD index = TlsAlloc();

  if (index == TLS_OUT_OF_INDEXES)
    return UV_ENOMEM;
  key->index = index;
  return 0;
}

void uv_key_delete(uv_key_t* key) {
  TlsFree(key->index);
  key->index = TLS_OUT_OF_INDEXES;
}

void* uv_key_get(uv_key_t* key) {
  return TlsGetValue(key->index);
}

void uv_key_set(uv_key_t* key, void* value) {
  TlsSetValue(key->index, value);
}
