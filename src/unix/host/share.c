/* A thread's and a process's share of the processors: priorities, and on which they run; and what
 * threads are called. Threads themselves are in system/thread.c. */
#include "unix/base/base.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/syscall.h>
#endif
#if defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)
#  include <pthread_np.h>
#endif
#if defined(__FreeBSD__)
#  include <sys/cpuset.h>
#endif

/* ---- Names ---- */

enum {
#if defined(__linux__)
  MAX_NAME = 16 /* with the terminator (prctl(2)) */
#elif defined(__APPLE__)
  MAX_NAME = 64
#elif defined(__NetBSD__)
  MAX_NAME = PTHREAD_MAX_NAMELEN_NP
#else
  MAX_NAME = 20 /* MAXCOMLEN of the other BSDs, and the terminator */
#endif
};

/* How much of a text fits into `most` bytes, by whole characters. */
static size_t cut_length(const char* text, size_t most) {
  size_t length = strnlen(text, most + 1);

  if (length <= most)
    return length;
  length = most;
  while (length > 0 && ((unsigned char) text[length] & 0xc0) == 0x80)
    length--;
  return length;
}

int uv_thread_setname(const char* name) {
  char cut[MAX_NAME];

  if (name == NULL)
    return UV_EINVAL;
  memset(cut, 0, sizeof(cut));
  memcpy(cut, name, cut_length(name, sizeof(cut) - 1));
#if defined(__APPLE__)
  return UV__ERR(pthread_setname_np(cut));
#elif defined(__NetBSD__)
  return UV__ERR(pthread_setname_np(pthread_self(), "%s", cut));
#elif defined(__linux__)
  return UV__ERR(pthread_setname_np(pthread_self(), cut));
#elif defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__DragonFly__)
  pthread_set_name_np(pthread_self(), cut);
  return 0;
#else
  return UV_ENOSYS;
#endif
}

int uv_thread_getname(uv_thread_t* tid, char* name, size_t size) {
  char whole[MAX_NAME];
  size_t len;
  int error = 0;

  if (name == NULL || size == 0)
    return UV_EINVAL;
  whole[0] = '\0';
#if defined(__APPLE__) || defined(__NetBSD__) || defined(__linux__)
  error = pthread_getname_np(*tid, whole, sizeof(whole));
#elif defined(__FreeBSD__) || defined(__OpenBSD__)
  pthread_get_name_np(*tid, whole, sizeof(whole));
#else
  (void) tid;
  error = ENOSYS;
#endif
  if (error != 0)
    return UV__ERR(error);
  len = cut_length(whole, size - 1);
  memcpy(name, whole, len);
  name[len] = '\0';
  return 0;
}

/* ---- Priorities ---- */

#if defined(__linux__)

/* By the ordinary policy a thread has only a nice value, which is known by the kernel's number of
 * the thread; and only its own does a thread know. 0: not such a thread. */
static id_t find_nice_thread(uv_thread_t tid, int policy) {
  if (!pthread_equal(tid, pthread_self()) || (policy != SCHED_OTHER && policy != SCHED_BATCH))
    return 0;
  return (id_t) syscall(SYS_gettid);
}

static int set_nice(id_t thread, int nice) {
  return setpriority(PRIO_PROCESS, thread, nice) == 0 ? 0 : UV__ERR(errno);
}

#else

static id_t find_nice_thread(uv_thread_t tid, int policy) {
  (void) tid;
  (void) policy;
  return 0;
}

static int set_nice(id_t thread, int nice) {
  (void) thread;
  (void) nice;
  return UV_ENOSYS;
}

#endif

static int get_nice(id_t who, int* nice) {
  int r;

  errno = 0; /* -1 is an answer, too. */
  r = getpriority(PRIO_PROCESS, who);
  if (r == -1 && errno != 0)
    return UV__ERR(errno);
  *nice = r;
  return 0;
}

int uv_thread_setpriority(uv_thread_t tid, int priority) {
  struct sched_param param;
  int policy;
  int error;
  int least;
  int most;
  id_t nice;

  if (priority < UV_THREAD_PRIORITY_LOWEST || priority > UV_THREAD_PRIORITY_HIGHEST)
    return UV_EINVAL;
  error = pthread_getschedparam(tid, &policy, &param);
  if (error != 0)
    return UV__ERR(error);
  nice = find_nice_thread(tid, policy);
  if (nice != 0)
    return set_nice(nice, -2 * priority);
  /* The five priorities, at equal steps between the least and the most. */
  least = sched_get_priority_min(policy);
  most = sched_get_priority_max(policy);
  if (least == -1 || most == -1)
    return UV__ERR(errno);
  param.sched_priority = least + (most - least) * (priority - UV_THREAD_PRIORITY_LOWEST) / 4;
  return UV__ERR(pthread_setschedparam(tid, policy, &param));
}

int uv_thread_getpriority(uv_thread_t tid, int* priority) {
  struct sched_param param;
  int policy;
  int error;
  id_t nice;

  if (priority == NULL)
    return UV_EINVAL;
  error = pthread_getschedparam(tid, &policy, &param);
  if (error != 0)
    return UV__ERR(error);
  nice = find_nice_thread(tid, policy);
  if (nice != 0)
    return get_nice(nice, priority);
  *priority = param.sched_priority;
  return 0;
}

int uv_os_getpriority(uv_pid_t pid, int* priority) {
  return priority == NULL ? UV_EINVAL : get_nice((id_t) pid, priority);
}

int uv_os_setpriority(uv_pid_t pid, int priority) {
  if (priority < UV_PRIORITY_HIGHEST || priority > UV_PRIORITY_LOW)
    return UV_EINVAL;
  return setpriority(PRIO_PROCESS, (id_t) pid, priority) == 0 ? 0 : UV__ERR(errno);
}

/* ---- Processors ---- */

#if (defined(__linux__) && !defined(__ANDROID__)) || defined(__FreeBSD__)

#  if defined(__FreeBSD__)
typedef cpuset_t mask_t;
#  else
typedef cpu_set_t mask_t;
#  endif

int uv_cpumask_size(void) {
  return CPU_SETSIZE;
}

int uv_thread_getaffinity(uv_thread_t* tid, char* cpumask, size_t mask_size) {
  mask_t mask;
  size_t i;
  int error;

  if (mask_size < CPU_SETSIZE)
    return UV_EINVAL;
  CPU_ZERO(&mask);
  error = pthread_getaffinity_np(*tid, sizeof(mask), &mask);
  if (error != 0)
    return UV__ERR(error);
  for (i = 0; i < CPU_SETSIZE; i++)
    cpumask[i] = CPU_ISSET(i, &mask) != 0;
  return 0;
}

static int set_affinity(uv_thread_t tid, const char* cpumask) {
  mask_t mask;
  size_t i;

  CPU_ZERO(&mask);
  for (i = 0; i < CPU_SETSIZE; i++) {
    if (cpumask[i] != 0)
      CPU_SET(i, &mask);
  }
  return UV__ERR(pthread_setaffinity_np(tid, sizeof(mask), &mask));
}

int uv_thread_setaffinity(uv_thread_t* tid, char* cpumask, char* oldmask, size_t mask_size) {
  char before[CPU_SETSIZE];
  int r;

  if (mask_size < CPU_SETSIZE)
    return UV_EINVAL;
  r = uv_thread_getaffinity(tid, before, sizeof(before));
  if (r == 0)
    r = set_affinity(*tid, cpumask);
  /* The last of all, for the two masks may be one. */
  if (r == 0 && oldmask != NULL)
    memcpy(oldmask, before, sizeof(before));
  return r;
}

#else

int uv_cpumask_size(void) {
  return UV_ENOTSUP;
}

int uv_thread_getaffinity(uv_thread_t* tid, char* cpumask, size_t mask_size) {
  (void) tid;
  (void) cpumask;
  (void) mask_size;
  return UV_ENOTSUP;
}

int uv_thread_setaffinity(uv_thread_t* tid, char* cpumask, char* oldmask, size_t mask_size) {
  (void) tid;
  (void) cpumask;
  (void) oldmask;
  (void) mask_size;
  return UV_ENOTSUP;
}

#endif

int uv_thread_getcpu(void) {
#if defined(__linux__)
  int number = sched_getcpu();

  return number < 0 ? UV__ERR(errno) : number;
#else
  return UV_ENOTSUP;
#endif
}
