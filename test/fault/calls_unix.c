/* See calls.h. Here is what fails and when, and the calls that move bytes; those that only fail or do not
 * are calls_plain.c's. Each function stands in for the system's of that name, in a process with one
 * thread that matters: what a helper thread calls counts, too, but no scenario has one.
 *
 * EAGAIN and short results are told as a system tells them: what was not there now is there a
 * moment later, and the poller says so. Edge-triggered epoll would otherwise never speak of bytes
 * that it has spoken of. */
#include "calls.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "harness.h"

#if defined(UVTEST_KQUEUE)
#  include <sys/event.h>

#  include "model.h"
#endif

enum {
  MOST_FDS = 1024
};

static enum call failing = CALLS;
static long left; /* until it fails, if a certain one is to */
static long made;
static int row[FAULT_ROW]; /* from `made` on; only the first is used for a certain one */
static int all[CALLS];     /* those that always fail, with what */
static long seen[CALLS];
static int with; /* the last one failed */

void calls_fail_nth(enum call call, long n, int error) {
  failing = n == 0 ? CALLS : call;
  left = n;
  made = 0;
  memset(row, 0, sizeof row);
  row[0] = error;
}

void calls_fail_row(enum call call, const int errors[FAULT_ROW]) {
  failing = call;
  left = 0;
  made = 0;
  memcpy(row, errors, sizeof row);
}

void calls_fail_all(enum call call, int error) {
  all[call] = error;
}

long calls_made(void) {
  return made;
}

long calls_of(enum call call) {
  return seen[call];
}

int calls_error(enum call call) {
  seen[call]++;
  if (all[call] != 0)
    return all[call];
  if (call != failing)
    return 0;
  made++;
  if (left > 0)
    return made == left ? row[0] : 0;
  return made <= FAULT_ROW ? row[made - 1] : 0;
}

static int fails(enum call call) {
  int error = calls_error(call);

  if (error != 0)
    with = error; /* A stand-in may make calls that do not fail before it says how it did. */
  return error != 0;
}

/* ---- The poller, which has to be told of what comes later ---- */

static struct {
  int poller; /* 0: nowhere */
  struct epoll_event event;
} watched[MOST_FDS];

int __real_epoll_ctl(int poller, int op, int fd, struct epoll_event* event);
int __wrap_epoll_ctl(int poller, int op, int fd, struct epoll_event* event);

int __wrap_epoll_ctl(int poller, int op, int fd, struct epoll_event* event) {
  /* No system fails to forget a descriptor. */
  if (op != EPOLL_CTL_DEL && fails(CALL_epoll_ctl)) {
    errno = with;
    return -1;
  }
  CHECK(fd >= 0 && fd < MOST_FDS);
  watched[fd].poller = op == EPOLL_CTL_DEL ? 0 : poller;
  if (op != EPOLL_CTL_DEL)
    watched[fd].event = *event;
  return __real_epoll_ctl(poller, op, fd, event);
}

/* A registration that is made anew reports what is so now. */
static void report_again(int fd) {
  if (watched[fd].poller > 0)
    (void) __real_epoll_ctl(watched[fd].poller, EPOLL_CTL_MOD, fd, &watched[fd].event);
#if defined(UVTEST_KQUEUE)
  kqueue_report_again(fd);
#endif
}

#if defined(UVTEST_KQUEUE)

int __real_kevent(int kq,
                  const struct kevent* changes,
                  int nchanges,
                  struct kevent* events,
                  int nevents,
                  const struct timespec* timeout);
int __wrap_kevent(int kq,
                  const struct kevent* changes,
                  int nchanges,
                  struct kevent* events,
                  int nevents,
                  const struct timespec* timeout);

/* No system fails to forget a filter, and a change that is interrupted has been made. */
int __wrap_kevent(int kq,
                  const struct kevent* changes,
                  int nchanges,
                  struct kevent* events,
                  int nevents,
                  const struct timespec* timeout) {
  int is_forgetting = nchanges > 0 && (changes[0].flags & EV_DELETE);
  int r;

  if (is_forgetting || !fails(nchanges > 0 ? CALL_kevent : CALL_kevent_wait))
    return __real_kevent(kq, changes, nchanges, events, nevents, timeout);
  r = with == EINTR && nchanges > 0 ? __real_kevent(kq, changes, nchanges, NULL, 0, NULL) : 0;
  if (r == 0)
    errno = with;
  return -1;
}

#endif

/* ---- Connections ---- */

int __real_accept4(int fd, struct sockaddr* addr, socklen_t* len, int flags);
int __wrap_accept4(int fd, struct sockaddr* addr, socklen_t* len, int flags);

int __wrap_accept4(int fd, struct sockaddr* addr, socklen_t* len, int flags) {
  if (!fails(CALL_accept4))
    return __real_accept4(fd, addr, len, flags);
  if (with == EAGAIN)
    report_again(fd);
  errno = with;
  return -1;
}

int __real_accept(int fd, struct sockaddr* addr, socklen_t* len);
int __wrap_accept(int fd, struct sockaddr* addr, socklen_t* len);

int __wrap_accept(int fd, struct sockaddr* addr, socklen_t* len) {
  if (!fails(CALL_accept))
    return __real_accept(fd, addr, len);
  if (with == EAGAIN)
    report_again(fd);
  errno = with;
  return -1;
}

int __real_connect(int fd, const struct sockaddr* addr, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr* addr, socklen_t len);

/* An interrupted connect goes on. */
int __wrap_connect(int fd, const struct sockaddr* addr, socklen_t len) {
  int fault = fails(CALL_connect);

  if (fault && with != EINTR) {
    errno = with;
    return -1;
  }
  if (__real_connect(fd, addr, len) == 0 && !fault)
    return 0;
  if (fault)
    errno = with;
  return -1;
}

/* ---- Bytes ---- */

/* Before a call that moves bytes: 0 when it goes as it is, 1 when it is to move one byte, -1 when it
 * fails. */
static int disturb(enum call call, int fd) {
  if (!fails(call))
    return 0;
  if (with == FAULT_SHORT)
    return 1;
  if (with == EAGAIN)
    report_again(fd);
  errno = with;
  return -1;
}

/* After it: what a short one left is there a moment later. */
static ssize_t moved(int how, int fd, ssize_t n) {
  int saved_errno = errno;

  if (how > 0)
    report_again(fd);
  errno = saved_errno;
  return n;
}

static size_t cut(int how, size_t len) {
  return how > 0 && len > 1 ? 1 : len;
}

ssize_t __real_recv(int fd, void* to, size_t len, int flags);
ssize_t __wrap_recv(int fd, void* to, size_t len, int flags);

ssize_t __wrap_recv(int fd, void* to, size_t len, int flags) {
  int how = disturb(CALL_recv, fd);

  CHECK(len <= INT_MAX); /* Some systems refuse more. */
  return how < 0 ? -1 : moved(how, fd, __real_recv(fd, to, cut(how, len), flags));
}

ssize_t __real_send(int fd, const void* from, size_t len, int flags);
ssize_t __wrap_send(int fd, const void* from, size_t len, int flags);

ssize_t __wrap_send(int fd, const void* from, size_t len, int flags) {
  int how = disturb(CALL_send, fd);

  return how < 0 ? -1 : moved(how, fd, __real_send(fd, from, cut(how, len), flags));
}

ssize_t __real_read(int fd, void* to, size_t len);
ssize_t __wrap_read(int fd, void* to, size_t len);

ssize_t __wrap_read(int fd, void* to, size_t len) {
  int how = disturb(CALL_read, fd);

  return how < 0 ? -1 : moved(how, fd, __real_read(fd, to, cut(how, len)));
}

ssize_t __real_write(int fd, const void* from, size_t len);
ssize_t __wrap_write(int fd, const void* from, size_t len);

ssize_t __wrap_write(int fd, const void* from, size_t len) {
  int how = disturb(CALL_write, fd);

  return how < 0 ? -1 : moved(how, fd, __real_write(fd, from, cut(how, len)));
}

ssize_t __real_pread(int fd, void* to, size_t len, off_t from);
ssize_t __wrap_pread(int fd, void* to, size_t len, off_t from);

ssize_t __wrap_pread(int fd, void* to, size_t len, off_t from) {
  int how = disturb(CALL_pread, fd);

  return how < 0 ? -1 : __real_pread(fd, to, cut(how, len), from);
}

ssize_t __real_sendfile(int fd, int file, off_t* from, size_t len);
ssize_t __wrap_sendfile(int fd, int file, off_t* from, size_t len);

ssize_t __wrap_sendfile(int fd, int file, off_t* from, size_t len) {
  int how = disturb(CALL_sendfile, fd);

  return how < 0 ? -1 : moved(how, fd, __real_sendfile(fd, file, from, cut(how, len)));
}

ssize_t __real_splice(int file, loff_t* from, int fd, loff_t* at, size_t len, unsigned flags);
ssize_t __wrap_splice(int file, loff_t* from, int fd, loff_t* at, size_t len, unsigned flags);

ssize_t __wrap_splice(int file, loff_t* from, int fd, loff_t* at, size_t len, unsigned flags) {
  int how = disturb(CALL_splice, fd);

  return how < 0 ? -1 : moved(how, fd, __real_splice(file, from, fd, at, cut(how, len), flags));
}

/* The library has no empty buffers in an array. */
ssize_t __real_writev(int fd, const struct iovec* bufs, int count);
ssize_t __wrap_writev(int fd, const struct iovec* bufs, int count);

ssize_t __wrap_writev(int fd, const struct iovec* bufs, int count) {
  int how = disturb(CALL_writev, fd);
  struct iovec first = bufs[0];

  first.iov_len = cut(how, first.iov_len);
  return how < 0   ? (with == FAULT_NOBODY ? 0 : -1)
         : how > 0 ? moved(how, fd, __real_writev(fd, &first, 1))
                   : __real_writev(fd, bufs, count);
}

/* What goes along with the bytes goes along with the first of them. */
ssize_t __real_sendmsg(int fd, const struct msghdr* msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr* msg, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr* msg, int flags) {
  int how = disturb(CALL_sendmsg, fd);
  struct iovec first = msg->msg_iov[0];
  struct msghdr shorter = *msg;

  first.iov_len = cut(how, first.iov_len);
  shorter.msg_iov = &first;
  shorter.msg_iovlen = 1;
  return how < 0 ? -1 : moved(how, fd, __real_sendmsg(fd, how > 0 ? &shorter : msg, flags));
}

ssize_t __real_recvmsg(int fd, struct msghdr* msg, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr* msg, int flags);

ssize_t __wrap_recvmsg(int fd, struct msghdr* msg, int flags) {
  int how = disturb(CALL_recvmsg, fd);

  if (how < 0)
    return -1;
  msg->msg_iov[0].iov_len = cut(how, msg->msg_iov[0].iov_len); /* The library makes it anew. */
  return moved(how, fd, __real_recvmsg(fd, msg, flags));
}

/* ---- Calls by number ---- */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* How many arguments there are only the call knows: behind them is somebody else's memory, which is read
 * and passed on, as the function of the C library does it. */
__attribute__((no_sanitize("address"))) long __wrap_syscall(long number, ...) {
  long args[6];
  va_list more;
  int i;

  va_start(more, number);
  for (i = 0; i < 6; i++)
    args[i] = va_arg(more, long);
  va_end(more);
  if (!fails(CALL_syscall))
    return __real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
  errno = with;
  return -1;
}
