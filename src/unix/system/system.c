/* What a program asks about its process and its host: numbers, names, clocks and use of memory.
 * Paths are in path.c, the environment in env.c. */
#include "unix/base/base.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#if defined(__APPLE__)
#  include <mach/mach.h>
#endif
#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__)
#  include <sys/param.h>
#  include <sys/sysctl.h>
#endif
#if defined(__FreeBSD__) || defined(__DragonFly__)
#  include <sys/user.h>
#endif
#if defined(__linux__)
#  include <stdlib.h>
#endif

/* ---- Clocks ---- */

int uv_clock_gettime(uv_clock_id clock_id, uv_timespec64_t* ts) {
  struct timespec t;
  uint64_t ns;

  if (ts == NULL)
    return UV_EFAULT;
  switch (clock_id) {
  case UV_CLOCK_MONOTONIC:
    ns = uv_hrtime();
    ts->tv_sec = (int64_t) (ns / 1000000000);
    ts->tv_nsec = (int32_t) (ns % 1000000000);
    return 0;
  case UV_CLOCK_REALTIME:
    if (clock_gettime(CLOCK_REALTIME, &t) != 0)
      return UV__ERR(errno);
    ts->tv_sec = t.tv_sec;
    ts->tv_nsec = (int32_t) t.tv_nsec;
    return 0;
  default:
    return UV_EINVAL;
  }
}

int uv_gettimeofday(uv_timeval64_t* tv) {
  struct timeval t;

  if (tv == NULL)
    return UV_EINVAL;
  if (gettimeofday(&t, NULL) != 0)
    return UV__ERR(errno);
  tv->tv_sec = t.tv_sec;
  tv->tv_usec = (int32_t) t.tv_usec;
  return 0;
}

/* Seconds since the start include the time the system slept, where it counts that. */
int uv_uptime(double* uptime) {
#if defined(CLOCK_BOOTTIME)
  struct timespec t;

  if (uptime == NULL)
    return UV_EINVAL;
  if (clock_gettime(CLOCK_BOOTTIME, &t) != 0)
    return UV__ERR(errno);
  *uptime = (double) t.tv_sec + (double) t.tv_nsec / 1e9;
  return 0;
#elif defined(KERN_BOOTTIME)
  int name[] = {CTL_KERN, KERN_BOOTTIME};
  struct timeval began;
  struct timeval now;
  size_t size = sizeof(began);

  if (uptime == NULL)
    return UV_EINVAL;
  if (sysctl(name, 2, &began, &size, NULL, 0) != 0 || gettimeofday(&now, NULL) != 0)
    return UV__ERR(errno);
  *uptime =
      (double) (now.tv_sec - began.tv_sec) + (double) (now.tv_usec - began.tv_usec) / 1000000.0;
  return 0;
#else
  return uptime == NULL ? UV_EINVAL : UV_ENOSYS;
#endif
}

/* ---- The process ---- */

uv_os_fd_t uv_get_osfhandle(int fd) {
  return fd;
}

int uv_open_osfhandle(uv_os_fd_t os_fd) {
  return os_fd;
}

uv_pid_t uv_os_getpid(void) {
  return getpid();
}

uv_pid_t uv_os_getppid(void) {
  return getppid();
}

/* Bytes in RAM, for which each system has a way of its own. */
#if defined(__linux__)

static int measure_resident(size_t* rss) {
  /* The second number of statm, in pages (proc(5)). The file has one short line. */
  char line[128];
  char* at;
  ssize_t n = uv__file_read("/proc/self/statm", line, sizeof(line));

  if (n < 0)
    return (int) n;
  at = strchr(line, ' ');
  if (at == NULL)
    return UV_EIO;
  *rss = (size_t) strtoul(at, NULL, 10) * (size_t) sysconf(_SC_PAGESIZE);
  return 0;
}

#elif defined(__APPLE__)

static int measure_resident(size_t* rss) {
  struct mach_task_basic_info info;
  mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;

  if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t) &info, &count) !=
      KERN_SUCCESS)
    return UV_EINVAL;
  *rss = (size_t) info.resident_size;
  return 0;
}

#elif defined(__FreeBSD__) || defined(__DragonFly__)

static int measure_resident(size_t* rss) {
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()};
  struct kinfo_proc info;
  size_t size = sizeof(info);

  if (sysctl(name, 4, &info, &size, NULL, 0) != 0)
    return UV__ERR(errno);
#  if defined(__FreeBSD__)
  *rss = (size_t) info.ki_rssize * (size_t) sysconf(_SC_PAGESIZE);
#  else
  *rss = (size_t) info.kp_vm_rssize * (size_t) sysconf(_SC_PAGESIZE);
#  endif
  return 0;
}

#elif defined(__NetBSD__) || defined(__OpenBSD__)

static int measure_resident(size_t* rss) {
#  if defined(__NetBSD__)
  struct kinfo_proc2 info;
  int name[] = {CTL_KERN, KERN_PROC2, KERN_PROC_PID, getpid(), sizeof(info), 1};
#  else
  struct kinfo_proc info;
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid(), sizeof(info), 1};
#  endif
  size_t size = sizeof(info);

  if (sysctl(name, 6, &info, &size, NULL, 0) != 0)
    return UV__ERR(errno);
  *rss = (size_t) info.p_vm_rssize * (size_t) sysconf(_SC_PAGESIZE);
  return 0;
}

#else

static int measure_resident(size_t* rss) {
  (void) rss;
  return UV_ENOSYS;
}

#endif

int uv_resident_set_memory(size_t* rss) {
  return rss == NULL ? UV_EINVAL : measure_resident(rss);
}

static uv_timeval_t time_of(struct timeval from) {
  uv_timeval_t to;

  to.tv_sec = (long) from.tv_sec;
  to.tv_usec = (long) from.tv_usec;
  return to;
}

static int measure_use(int who, uv_rusage_t* rusage) {
  struct rusage used;

  if (rusage == NULL)
    return UV_EINVAL;
  if (getrusage(who, &used) != 0)
    return UV__ERR(errno);
  rusage->ru_utime = time_of(used.ru_utime);
  rusage->ru_stime = time_of(used.ru_stime);
  rusage->ru_maxrss = (uint64_t) used.ru_maxrss;
#if defined(__APPLE__)
  rusage->ru_maxrss /= 1024; /* Others count in KiB already. */
#endif
  rusage->ru_ixrss = (uint64_t) used.ru_ixrss;
  rusage->ru_idrss = (uint64_t) used.ru_idrss;
  rusage->ru_isrss = (uint64_t) used.ru_isrss;
  rusage->ru_minflt = (uint64_t) used.ru_minflt;
  rusage->ru_majflt = (uint64_t) used.ru_majflt;
  rusage->ru_nswap = (uint64_t) used.ru_nswap;
  rusage->ru_inblock = (uint64_t) used.ru_inblock;
  rusage->ru_oublock = (uint64_t) used.ru_oublock;
  rusage->ru_msgsnd = (uint64_t) used.ru_msgsnd;
  rusage->ru_msgrcv = (uint64_t) used.ru_msgrcv;
  rusage->ru_nsignals = (uint64_t) used.ru_nsignals;
  rusage->ru_nvcsw = (uint64_t) used.ru_nvcsw;
  rusage->ru_nivcsw = (uint64_t) used.ru_nivcsw;
  return 0;
}

int uv_getrusage(uv_rusage_t* rusage) {
  return measure_use(RUSAGE_SELF, rusage);
}

int uv_getrusage_thread(uv_rusage_t* rusage) {
#if defined(RUSAGE_THREAD)
  return measure_use(RUSAGE_THREAD, rusage);
#else
  return rusage == NULL ? UV_EINVAL : UV_ENOTSUP;
#endif
}

/* ---- The host ---- */

int uv_os_gethostname(char* buffer, size_t* size) {
  char name[UV_MAXHOSTNAMESIZE];

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  if (gethostname(name, sizeof(name)) != 0)
    return UV__ERR(errno);
  name[sizeof(name) - 1] = '\0'; /* POSIX leaves open whether a cut name has one. */
  return uv__text_give(name, strlen(name), buffer, size);
}

static void copy_cut(char* to, size_t size, const char* from) {
  size_t len = strlen(from);

  if (len >= size)
    len = size - 1;
  memcpy(to, from, len);
  to[len] = '\0';
}

int uv_os_uname(uv_utsname_t* buffer) {
  struct utsname name;

  if (buffer == NULL)
    return UV_EINVAL;
  if (uname(&name) < 0)
    return UV__ERR(errno);
  copy_cut(buffer->sysname, sizeof(buffer->sysname), name.sysname);
  copy_cut(buffer->release, sizeof(buffer->release), name.release);
  copy_cut(buffer->version, sizeof(buffer->version), name.version);
  copy_cut(buffer->machine, sizeof(buffer->machine), name.machine);
  return 0;
}
