/* The stand-ins of calls that do what they are to, or fail: see calls.h. What a failing one would have
 * handed out stays as it was. */
#include "calls.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>

/* `result` says that it failed, and errno how. */
#define FAILS_WITH(type, result, name, parameters, arguments) \
  type __real_##name parameters;                              \
  type __wrap_##name parameters;                              \
  type __wrap_##name parameters {                             \
    int error = calls_error(CALL_##name);                     \
    if (error != 0) {                                         \
      errno = error;                                          \
      return result;                                          \
    }                                                         \
    return __real_##name arguments;                           \
  }

#define PLAIN(name, parameters, arguments) FAILS_WITH(int, -1, name, parameters, arguments)

/* The error is the result. */
#define CODE(name, parameters, arguments) \
  int __real_##name parameters;           \
  int __wrap_##name parameters;           \
  int __wrap_##name parameters {          \
    int error = calls_error(CALL_##name); \
    if (error != 0)                       \
      return error;                       \
    return __real_##name arguments;       \
  }

/* ---- What makes a descriptor, a process ---- */

PLAIN(socket, (int domain, int type, int protocol), (domain, type, protocol))
PLAIN(socketpair, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds))
PLAIN(pipe2, (int fds[2], int flags), (fds, flags))
PLAIN(pipe, (int fds[2]), (fds))
#if defined(UVTEST_KQUEUE)
PLAIN(kqueue, (void), ())
#endif
PLAIN(eventfd, (unsigned initial, int flags), (initial, flags))
PLAIN(timerfd_create, (int clock, int flags), (clock, flags))
PLAIN(epoll_create1, (int flags), (flags))
PLAIN(fork, (void), ())
PLAIN(clone, (int (*run)(void*), void* stack, int flags, void* arg), (run, stack, flags, arg))
PLAIN(dup2, (int from, int to), (from, to))
PLAIN(posix_openpt, (int how), (how))
PLAIN(grantpt, (int fd), (fd))
PLAIN(unlockpt, (int fd), (fd))

int __real_open(const char* path, int how, ...);
int __wrap_open(const char* path, int how, ...);

int __wrap_open(const char* path, int how, ...) {
  int error = calls_error(CALL_open);
  unsigned mode;
  va_list more;

  va_start(more, how);
  mode = va_arg(more, unsigned);
  va_end(more);
  if (error == 0)
    return __real_open(path, how, mode);
  errno = error;
  return -1;
}

/* ---- What is asked of one, or told it ---- */

#define ONE_MORE(name, number)                  \
  int __real_##name(int fd, number what, ...);  \
  int __wrap_##name(int fd, number what, ...);  \
  int __wrap_##name(int fd, number what, ...) { \
    int error = calls_error(CALL_##name);       \
    void* arg;                                  \
    va_list more;                               \
    va_start(more, what);                       \
    arg = va_arg(more, void*);                  \
    va_end(more);                               \
    if (error == 0)                             \
      return __real_##name(fd, what, arg);      \
    errno = error;                              \
    return -1;                                  \
  }

ONE_MORE(fcntl, int)
ONE_MORE(ioctl, unsigned long)

PLAIN(fstat, (int fd, struct stat* st), (fd, st))
PLAIN(lstat, (const char* path, struct stat* st), (path, st))
PLAIN(lchown, (const char* path, uid_t user, gid_t group), (path, user, group))
PLAIN(chmod, (const char* path, mode_t mode), (path, mode))
PLAIN(listen, (int fd, int backlog), (fd, backlog))
#if !defined(UVTEST_KQUEUE) /* whose model has to know of each */
PLAIN(shutdown, (int fd, int how), (fd, how))
#endif
PLAIN(getsockname, (int fd, struct sockaddr* addr, socklen_t* len), (fd, addr, len))
PLAIN(getpeername, (int fd, struct sockaddr* addr, socklen_t* len), (fd, addr, len))
PLAIN(getsockopt,
      (int fd, int level, int name, void* value, socklen_t* len),
      (fd, level, name, value, len))
PLAIN(setsockopt,
      (int fd, int level, int name, const void* value, socklen_t len),
      (fd, level, name, value, len))
PLAIN(tcgetattr, (int fd, struct termios* mode), (fd, mode))
PLAIN(tcsetattr, (int fd, int when, const struct termios* mode), (fd, when, mode))

/* ---- Waiting, which a signal may end ---- */

PLAIN(epoll_wait,
      (int poller, struct epoll_event* events, int most, int timeout_ms),
      (poller, events, most, timeout_ms))
PLAIN(poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
PLAIN(waitpid, (pid_t pid, int* status, int how), (pid, status, how))
PLAIN(nanosleep, (const struct timespec* span, struct timespec* left), (span, left))

/* ---- The process and its host ---- */

PLAIN(sigaction,
      (int signum, const struct sigaction* now, struct sigaction* before),
      (signum, now, before))
PLAIN(getrusage, (int who, struct rusage* used), (who, used))
PLAIN(getrlimit, (int which, struct rlimit* limit), (which, limit))
PLAIN(gethostname, (char* name, size_t size), (name, size))
PLAIN(uname, (struct utsname * name), (name))
PLAIN(gettimeofday, (struct timeval * now, void* zone), (now, zone))
PLAIN(clock_gettime, (clockid_t clock, struct timespec* now), (clock, now))
PLAIN(getifaddrs, (struct ifaddrs * *all), (all))
PLAIN(sched_getaffinity, (pid_t pid, size_t size, cpu_set_t* set), (pid, size, set))
FAILS_WITH(long, -1, sysconf, (int name), (name))
FAILS_WITH(ssize_t, -1, readlink, (const char* path, char* to, size_t size), (path, to, size))
FAILS_WITH(ssize_t, -1, getrandom, (void* to, size_t size, unsigned flags), (to, size, flags))
FAILS_WITH(char*, NULL, getcwd, (char* to, size_t size), (to, size))
FAILS_WITH(char*, NULL, if_indextoname, (unsigned number, char* name), (number, name))

/* ---- What answers with the error ---- */

CODE(ptsname_r, (int fd, char* to, size_t size), (fd, to, size))
CODE(getnameinfo,
     (const struct sockaddr* addr,
      socklen_t len,
      char* host,
      socklen_t host_size,
      char* service,
      socklen_t service_size,
      int flags),
     (addr, len, host, host_size, service, service_size, flags))
CODE(getaddrinfo,
     (const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** found),
     (node, service, hints, found))
CODE(pthread_atfork,
     (void (*before)(void), void (*parent)(void), void (*child)(void)),
     (before, parent, child))
CODE(pthread_create,
     (pthread_t * thread, const pthread_attr_t* attr, void* (*run)(void*), void* arg),
     (thread, attr, run, arg))
CODE(pthread_sigmask, (int how, const sigset_t* set, sigset_t* before), (how, set, before))
CODE(pthread_attr_init, (pthread_attr_t * attr), (attr))
CODE(pthread_mutex_init, (pthread_mutex_t * mutex, const pthread_mutexattr_t* attr), (mutex, attr))
CODE(pthread_mutexattr_init, (pthread_mutexattr_t * attr), (attr))
CODE(pthread_rwlock_init, (pthread_rwlock_t * lock, const pthread_rwlockattr_t* attr), (lock, attr))
CODE(pthread_cond_init, (pthread_cond_t * cond, const pthread_condattr_t* attr), (cond, attr))
CODE(pthread_condattr_init, (pthread_condattr_t * attr), (attr))

int __real_getpwuid_r(
    uid_t uid, struct passwd* row, char* memory, size_t size, struct passwd** found);
int __wrap_getpwuid_r(
    uid_t uid, struct passwd* row, char* memory, size_t size, struct passwd** found);

int __wrap_getpwuid_r(
    uid_t uid, struct passwd* row, char* memory, size_t size, struct passwd** found) {
  static char home[] = "/home/nobody";
  int error = calls_error(CALL_getpwuid_r);

  if (error == 0) {
    error = __real_getpwuid_r(uid, row, memory, size, found);
    if (error == 0 && *found == NULL) { /* A user whom nobody knows has a home here all the same. */
      row->pw_dir = home;
      *found = row;
    }
    return error;
  }
  *found = NULL;
  return error == FAULT_NOBODY ? 0 : error;
}
