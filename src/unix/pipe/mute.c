/* Writing by calls that have no flag against a signal: where the system raises one beside the error,
 * which would end the process, the error alone is told. */
#include "unix/pipe/pipe.h"

#include <signal.h>
#include <sys/uio.h>

static ssize_t write_bufs(int fd, const uv_buf_t* bufs, unsigned nbufs) {
  ssize_t n;

  do
    n = writev(fd, (const struct iovec*) bufs, (int) uv__fd_most_bufs(nbufs));
  while (n < 0 && errno == EINTR);
  return n;
}

/* The system raises it on this thread. It is held back during the write and then taken away, unless
 * one was held back before: that is the program's. */
ssize_t uv__mute_write(int fd, const uv_buf_t* bufs, unsigned nbufs, int signum) {
  sigset_t held, before, pending;
  int taken;
  int error;
  ssize_t n;

  sigemptyset(&held);
  if (signum != 0)
    sigaddset(&held, signum);
  sigemptyset(&pending);
  if (signum == 0 || pthread_sigmask(SIG_BLOCK, &held, &before) != 0)
    return write_bufs(fd, bufs, nbufs);
  if (sigismember(&before, signum))
    (void) sigpending(&pending);
  n = write_bufs(fd, bufs, nbufs);
  error = errno;
  if (n < 0 && (error == EPIPE || error == EFBIG) && !sigismember(&pending, signum)) {
    /* A program that ignores it has none to take away, and sigwait would wait. */
    (void) sigpending(&pending);
    if (sigismember(&pending, signum))
      (void) sigwait(&held, &taken);
  }
  if (!sigismember(&before, signum))
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = error;
  return n;
}
