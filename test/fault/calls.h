/* Makes calls of the system, and of its C library, fail. The linker leads every call of these functions
 * in the test and in the library, which is linked statically, to calls_unix.c and calls_plain.c (--wrap);
 * nothing else is told. */
#ifndef FAULT_CALLS_H_
#define FAULT_CALLS_H_

/* What has no other way than Linux's is tried in the build over a model of kqueue; of that, a change is
 * `kevent` and a wait `kevent_wait`. */

/* Those of a stream's data and of its poller, XX(name): calls_unix.c. */
#define FAULT_CALLS_MOVING(XX) \
  XX(accept4)                  \
  XX(accept)                   \
  XX(connect)                  \
  XX(recv)                     \
  XX(recvmsg)                  \
  XX(read)                     \
  XX(send)                     \
  XX(sendmsg)                  \
  XX(write)                    \
  XX(writev)                   \
  XX(pread)                    \
  XX(sendfile)                 \
  XX(splice)                   \
  XX(epoll_ctl)                \
  XX(kevent)                   \
  XX(kevent_wait)              \
  XX(syscall)

/* Those that do it or not: calls_plain.c. */
#define FAULT_CALLS_PLAIN(XX) \
  XX(socket)                  \
  XX(socketpair)              \
  XX(pipe2)                   \
  XX(pipe)                    \
  XX(kqueue)                  \
  XX(eventfd)                 \
  XX(timerfd_create)          \
  XX(epoll_create1)           \
  XX(epoll_wait)              \
  XX(poll)                    \
  XX(fork)                    \
  XX(clone)                   \
  XX(waitpid)                 \
  XX(fcntl)                   \
  XX(ioctl)                   \
  XX(open)                    \
  XX(dup2)                    \
  XX(fstat)                   \
  XX(lstat)                   \
  XX(chmod)                   \
  XX(lchown)                  \
  XX(listen)                  \
  XX(shutdown)                \
  XX(getsockname)             \
  XX(getpeername)             \
  XX(getsockopt)              \
  XX(setsockopt)              \
  XX(posix_openpt)            \
  XX(grantpt)                 \
  XX(unlockpt)                \
  XX(ptsname_r)               \
  XX(tcgetattr)               \
  XX(tcsetattr)               \
  XX(sigaction)               \
  XX(getrandom)               \
  XX(getrusage)               \
  XX(getrlimit)               \
  XX(gethostname)             \
  XX(uname)                   \
  XX(gettimeofday)            \
  XX(clock_gettime)           \
  XX(nanosleep)               \
  XX(readlink)                \
  XX(getifaddrs)              \
  XX(sched_getaffinity)       \
  XX(sysconf)                 \
  XX(getcwd)                  \
  XX(if_indextoname)          \
  XX(getaddrinfo)             \
  XX(getnameinfo)             \
  XX(getpwuid_r)              \
  XX(pthread_atfork)          \
  XX(pthread_create)          \
  XX(pthread_sigmask)         \
  XX(pthread_attr_init)       \
  XX(pthread_mutex_init)      \
  XX(pthread_mutexattr_init)  \
  XX(pthread_rwlock_init)     \
  XX(pthread_cond_init)       \
  XX(pthread_condattr_init)

enum call {
#define ROW(name) CALL_##name,
  FAULT_CALLS_MOVING(ROW)
  FAULT_CALLS_PLAIN(ROW)
#undef ROW
      CALLS
};

/* What a call answers instead of an errno. */
enum {
  FAULT_SHORT = -1,  /* it moves one byte, where more were to be moved */
  FAULT_NOBODY = -2, /* it succeeds, and has found or taken nothing */
  FAULT_ROW = 8      /* errors in a row, at most */
};

/* The n-th of these calls from now (1: the next) fails so, and none other; 0: none. */
void calls_fail_nth(enum call call, long n, int error);
/* The next of these calls fail one after the other, until an error is 0: errors[0], errors[1], ... */
void calls_fail_row(enum call call, const int errors[FAULT_ROW]);
/* All of these calls fail from now on, beside what the others say; 0: they do not. */
void calls_fail_all(enum call call, int error);
/* How many of the calls that the first two are about were made since. */
long calls_made(void);
/* How many of these were made at all. */
long calls_of(enum call call);

/* For the stand-ins: counts a call, and is the error with which it has to fail, or 0. */
int calls_error(enum call call);

#endif /* FAULT_CALLS_H_ */
