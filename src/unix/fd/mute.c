/* Writing by calls that have no flag against a signal: where the system raises one beside the error,
 * which would end the process, the error alone is told. */
#include "unix/fd/fd.h"

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
void uv__mute_begin(struct uv__mute* mute, int signum) {
  sigemptyset(&mute->held);
  sigemptyset(&mute->pending);
  mute->signum = signum;
  if (signum == 0)
    return;
  sigaddset(&mute->held, signum);
  if (pthread_sigmask(SIG_BLOCK, &mute->held, &mute->before) != 0)
    mute->signum = 0;
  else if (sigismember(&mute->before, signum))
    (void) sigpending(&mute->pending);
}

void uv__mute_end(struct uv__mute* mute, int raised) {
  int error = errno;
  int taken;

  if (mute->signum == 0)
    return;
  if (raised && !sigismember(&mute->pending, mute->signum)) {
    /* A program that ignores it has none to take away, and sigwait would wait. */
    (void) sigpending(&mute->pending);
    if (sigismember(&mute->pending, mute->signum))
      (void) sigwait(&mute->held, &taken);
  }
  if (!sigismember(&mute->before, mute->signum))
    (void) pthread_sigmask(SIG_SETMASK, &mute->before, NULL);
  errno = error;
}

ssize_t uv__mute_write(int fd, const uv_buf_t* bufs, unsigned nbufs, int signum) {
  struct uv__mute mute;
  ssize_t n;

  uv__mute_begin(&mute, signum);
  n = write_bufs(fd, bufs, nbufs);
  uv__mute_end(&mute, n < 0 && (errno == EPIPE || errno == EFBIG));
  return n;
}
