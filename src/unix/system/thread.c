/* Threads and what they wait for, over POSIX threads. What follows from these alone is in
 * core/loop/sync.c. A result that can only mean an error of the program is asserted. */
#include "unix/base/base.h"

#include <assert.h>
#include <limits.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sched.h>
#endif

#include "core/base/alloc.h"

static void must(int error) {
  assert(error == 0);
  (void) error;
}

/* ---- Threads ---- */

struct start {
  uv_thread_cb entry;
  void* arg;
};

static void* run(void* arg) {
  struct start start = *(struct start*) arg;

  uv__free(arg);
  start.entry(start.arg);
  return NULL;
}

/* Where nobody says how large a stack is to be it is as that of a main thread, or a usual one where
 * that has no limit. What C libraries do by themselves reaches from that down to 128 KB (musl). */
static size_t usual_stack(void) {
  const size_t usual = 2 << 20;
  struct rlimit limit;

  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      limit.rlim_cur > SIZE_MAX / 4)
    return usual;
  return (size_t) limit.rlim_cur;
}

static int set_stack(pthread_attr_t* attr, size_t size) {
  size_t page = (size_t) sysconf(_SC_PAGESIZE);

  if (size > SIZE_MAX - page)
    return EINVAL;
  size = (size + page - 1) & ~(page - 1);
#if defined(PTHREAD_STACK_MIN)
  /* Not a constant everywhere: what a thread needs at least depends on the processor. */
  if (size < (size_t) PTHREAD_STACK_MIN)
    size = ((size_t) PTHREAD_STACK_MIN + page - 1) & ~(page - 1);
#endif
  return pthread_attr_setstacksize(attr, size);
}

int uv_thread_create_ex(uv_thread_t* tid,
                        const uv_thread_options_t* params,
                        uv_thread_cb entry,
                        void* arg) {
  struct start* start;
  pthread_attr_t attr;
  int error;

  if (params == NULL || entry == NULL)
    return UV_EINVAL;
  start = uv__malloc(sizeof(*start));
  if (start == NULL)
    return UV_ENOMEM;
  start->entry = entry;
  start->arg = arg;
  error = pthread_attr_init(&attr);
  if (error == 0) {
    int is_said = (params->flags & UV_THREAD_HAS_STACK_SIZE) && params->stack_size > 0;

    error = set_stack(&attr, is_said ? params->stack_size : usual_stack());
    if (error == 0)
      error = pthread_create(tid, &attr, run, start);
    (void) pthread_attr_destroy(&attr);
  }
  if (error != 0)
    uv__free(start);
  return UV__ERR(error);
}

int uv_thread_detach(uv_thread_t* tid) {
  return UV__ERR(pthread_detach(*tid));
}

uv_thread_t uv_thread_self(void) {
  return pthread_self();
}

int uv_thread_join(uv_thread_t* tid) {
  return UV__ERR(pthread_join(*tid, NULL));
}

int uv_thread_equal(const uv_thread_t* t1, const uv_thread_t* t2) {
  return pthread_equal(*t1, *t2);
}

unsigned int uv_available_parallelism(void) {
  long online;

#if defined(__linux__)
  /* What this thread may use, which in a container is often less than what there is. Fails on a
   * machine with more processors than a cpu_set_t counts. */
  cpu_set_t set;

  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
    return (unsigned int) CPU_COUNT(&set);
#endif
  online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : (unsigned int) online;
}

/* ---- Mutexes ---- */

int uv_mutex_init(uv_mutex_t* mutex) {
  return UV__ERR(pthread_mutex_init(mutex, NULL));
}

int uv_mutex_init_recursive(uv_mutex_t* mutex) {
  pthread_mutexattr_t attr;
  int error = pthread_mutexattr_init(&attr);

  if (error != 0)
    return UV__ERR(error);
  error = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
  if (error == 0)
    error = pthread_mutex_init(mutex, &attr);
  (void) pthread_mutexattr_destroy(&attr);
  return UV__ERR(error);
}

void uv_mutex_destroy(uv_mutex_t* mutex) {
  must(pthread_mutex_destroy(mutex));
}

void uv_mutex_lock(uv_mutex_t* mutex) {
  must(pthread_mutex_lock(mutex));
}

int uv_mutex_trylock(uv_mutex_t* mutex) {
  return UV__ERR(pthread_mutex_trylock(mutex));
}

void uv_mutex_unlock(uv_mutex_t* mutex) {
  must(pthread_mutex_unlock(mutex));
}

/* ---- Locks for readers and writers ---- */

int uv_rwlock_init(uv_rwlock_t* rwlock) {
  int error;

  rwlock->lock = uv__malloc(sizeof(pthread_rwlock_t));
  if (rwlock->lock == NULL)
    return UV_ENOMEM;
  error = pthread_rwlock_init(rwlock->lock, NULL);
  if (error != 0)
    uv__free(rwlock->lock);
  return UV__ERR(error);
}

void uv_rwlock_destroy(uv_rwlock_t* rwlock) {
  must(pthread_rwlock_destroy(rwlock->lock));
  uv__free(rwlock->lock);
}

void uv_rwlock_rdlock(uv_rwlock_t* rwlock) {
  must(pthread_rwlock_rdlock(rwlock->lock));
}

int uv_rwlock_tryrdlock(uv_rwlock_t* rwlock) {
  return UV__ERR(pthread_rwlock_tryrdlock(rwlock->lock));
}

void uv_rwlock_rdunlock(uv_rwlock_t* rwlock) {
  must(pthread_rwlock_unlock(rwlock->lock));
}

void uv_rwlock_wrlock(uv_rwlock_t* rwlock) {
  must(pthread_rwlock_wrlock(rwlock->lock));
}

int uv_rwlock_trywrlock(uv_rwlock_t* rwlock) {
  return UV__ERR(pthread_rwlock_trywrlock(rwlock->lock));
}

void uv_rwlock_wrunlock(uv_rwlock_t* rwlock) {
  must(pthread_rwlock_unlock(rwlock->lock));
}

/* ---- Conditions ---- */

#if defined(__APPLE__)

/* No choice of clock there, but a wait for a span of time. */
int uv_cond_init(uv_cond_t* cond) {
  return UV__ERR(pthread_cond_init(cond, NULL));
}

static int wait_for(uv_cond_t* cond, uv_mutex_t* mutex, struct timespec* span) {
  return pthread_cond_timedwait_relative_np(cond, mutex, span);
}

#else

/* The clock that nobody can set, so that a wait is as long as it was meant to be. */
int uv_cond_init(uv_cond_t* cond) {
  pthread_condattr_t attr;
  int error = pthread_condattr_init(&attr);

  if (error != 0)
    return UV__ERR(error);
  error = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  if (error == 0)
    error = pthread_cond_init(cond, &attr);
  (void) pthread_condattr_destroy(&attr);
  return UV__ERR(error);
}

static int wait_for(uv_cond_t* cond, uv_mutex_t* mutex, struct timespec* span) {
  struct timespec due;

  (void) clock_gettime(CLOCK_MONOTONIC, &due);
  due.tv_sec += span->tv_sec;
  due.tv_nsec += span->tv_nsec;
  if (due.tv_nsec >= 1000000000) {
    due.tv_nsec -= 1000000000;
    due.tv_sec++;
  }
  return pthread_cond_timedwait(cond, mutex, &due);
}

#endif

void uv_cond_destroy(uv_cond_t* cond) {
  must(pthread_cond_destroy(cond));
}

void uv_cond_signal(uv_cond_t* cond) {
  must(pthread_cond_signal(cond));
}

void uv_cond_broadcast(uv_cond_t* cond) {
  must(pthread_cond_broadcast(cond));
}

void uv_cond_wait(uv_cond_t* cond, uv_mutex_t* mutex) {
  must(pthread_cond_wait(cond, mutex));
}

int uv_cond_timedwait(uv_cond_t* cond, uv_mutex_t* mutex, uint64_t timeout) {
  uint64_t seconds = timeout / 1000000000;
  struct timespec span;

  /* As good as for ever, and no time_t overflows. */
  if (seconds > 100000000)
    seconds = 100000000;
  span.tv_sec = (time_t) seconds;
  span.tv_nsec = (long) (timeout % 1000000000);
  return UV__ERR(wait_for(cond, mutex, &span));
}

/* ---- Once, keys ---- */

void uv_once(uv_once_t* guard, void (*callback)(void)) {
  must(pthread_once(guard, callback));
}

int uv_key_create(uv_key_t* key) {
  return UV__ERR(pthread_key_create(key, NULL));
}

void uv_key_delete(uv_key_t* key) {
  must(pthread_key_delete(*key));
}

void* uv_key_get(uv_key_t* key) {
  return pthread_getspecific(*key);
}

/* The memory behind a key can be short for the first values of a thread; the value is lost
 * then, as the signature leaves no other way. */
void uv_key_set(uv_key_t* key, void* value) {
  (void) pthread_setspecific(*key, value);
}
