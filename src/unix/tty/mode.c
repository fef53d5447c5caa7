/* The modes of terminals, and putting them back as they were: when their last handle closes, when
 * the process ends, and whenever the program asks. */
#include "unix/tty/tty.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/atomic.h"

/* ---- The terminals that are open ---- */

/* The list is read by uv_tty_reset_mode in signal handlers. So its lock is held with all signals
 * blocked: a handler finds it taken by other threads only, and even for those it does not wait,
 * because in a forked child there may be none of them. */
static struct uv__queue terminals = {&terminals, &terminals};
static int lock;
static int exit_pid; /* of the process that puts its terminals back when it ends */

/* SIGTTOU is among them: without that a process in the background would be stopped when it changes
 * a terminal, and least of all should it be when it puts one back. */
static void block_signals(sigset_t* before) {
  sigset_t all;

  sigfillset(&all);
  (void) pthread_sigmask(SIG_SETMASK, &all, before);
}

static int try_acquire(void) {
  return uv__atomic_exchange(&lock, 1) == 0;
}

static void enter(sigset_t* before) {
  block_signals(before);
  while (!try_acquire())
    continue;
}

static void unblock_signals(const sigset_t* before) {
  (void) pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void leave(const sigset_t* before) {
  uv__atomic_store(&lock, 0);
  unblock_signals(before);
}

/* ---- Modes ---- */

/* The bits that are ours; what else is set stays as whoever set it wants it. RAW leaves output
 * alone: a program that writes "\n" still begins a new line at its beginning. */
#define OWN_INPUT \
  ((tcflag_t) (IGNBRK | BRKINT | PARMRK | INPCK | ISTRIP | INLCR | IGNCR | ICRNL | IXON))
#define OWN_OUTPUT ((tcflag_t) OPOST)
#define OWN_CONTROL ((tcflag_t) (CSIZE | PARENB))
#define OWN_LOCAL ((tcflag_t) (ECHO | ECHONL | ICANON | ISIG | IEXTEN))

static tcflag_t mix(tcflag_t now, tcflag_t found, tcflag_t own) {
  return (now & ~own) | (found & own);
}

static void restore_own(struct termios* now, const struct termios* found) {
  now->c_iflag = mix(now->c_iflag, found->c_iflag, OWN_INPUT);
  now->c_oflag = mix(now->c_oflag, found->c_oflag, OWN_OUTPUT);
  now->c_cflag = mix(now->c_cflag, found->c_cflag, OWN_CONTROL);
  now->c_lflag = mix(now->c_lflag, found->c_lflag, OWN_LOCAL);
  now->c_cc[VMIN] = found->c_cc[VMIN];
  now->c_cc[VTIME] = found->c_cc[VTIME];
}

static void set_own(struct termios* now, int mode) {
  now->c_iflag &= ~OWN_INPUT;
  now->c_cflag &= ~OWN_CONTROL;
  now->c_cflag |= CS8;
  now->c_lflag &= ~OWN_LOCAL;
  now->c_cc[VMIN] = 1;
  now->c_cc[VTIME] = 0;
  if (mode == UV_TTY_MODE_IO)
    now->c_oflag &= ~OWN_OUTPUT;
}

/* At once: output that a stopped terminal does not take is not waited for. */
static int set_attributes(int fd, const struct termios* attributes) {
  int r;

  do
    r = tcsetattr(fd, TCSANOW, attributes);
  while (r != 0 && errno == EINTR);
  return r == 0 ? 0 : UV__ERR(errno);
}

static int put_back(const struct uv__terminal* terminal) {
  struct termios now;

  if (tcgetattr(terminal->fd, &now) != 0)
    return UV__ERR(errno);
  restore_own(&now, &terminal->found);
  return set_attributes(terminal->fd, &now);
}

/* Another handle that has changed the same terminal, or NULL. */
static const struct uv__terminal* find_changed(const struct uv__terminal* terminal) {
  struct uv__queue* link;

  for (link = terminals.next; link != &terminals; link = link->next) {
    const struct uv__terminal* other = uv__container_of(link, struct uv__terminal, link);
    if (other != terminal && other->changed_by != 0 && other->device == terminal->device)
      return other;
  }
  return NULL;
}

/* A forked child that ends is not the end of the program that its parent is. */
static void at_exit(void) {
  if (exit_pid == (int) getpid())
    (void) uv_tty_reset_mode();
}

static int change_mode(struct uv__terminal* terminal, int mode) {
  const struct uv__terminal* other = find_changed(terminal);
  struct termios now;

  if (tcgetattr(terminal->fd, &now) != 0)
    return UV__ERR(errno);
  if (exit_pid == 0 && atexit(at_exit) != 0)
    return UV_ENOMEM;
  exit_pid = (int) getpid();
  if (terminal->changed_by == 0)
    terminal->found = other != NULL ? other->found : now;
  terminal->changed_by = (int) getpid();
  restore_own(&now, &terminal->found);
  if (mode != UV_TTY_MODE_NORMAL)
    set_own(&now, mode);
  return set_attributes(terminal->fd, &now);
}

int uv__mode_set(struct uv__terminal* terminal, int mode) {
  sigset_t before;
  int r;

  enter(&before);
  r = change_mode(terminal, mode);
  leave(&before);
  return r;
}

static int put_all_back(void) {
  struct uv__queue* link;
  int result = 0;

  for (link = terminals.next; link != &terminals; link = link->next) {
    const struct uv__terminal* terminal = uv__container_of(link, struct uv__terminal, link);
    int r = terminal->changed_by != 0 ? put_back(terminal) : 0;
    if (result == 0)
      result = r;
  }
  return result;
}

int uv_tty_reset_mode(void) {
  int saved_errno = errno;
  int r = UV_EBUSY;
  sigset_t before;

  block_signals(&before);
  if (try_acquire()) {
    r = put_all_back();
    leave(&before);
  } else {
    unblock_signals(&before);
  }
  errno = saved_errno;
  return r;
}

/* ---- Joining and leaving ---- */

void uv__mode_enlist(struct uv__terminal* terminal) {
  sigset_t before;

  enter(&before);
  uv__queue_insert_tail(&terminals, &terminal->link);
  leave(&before);
}

/* A forked child that closes its copy leaves the mode to the process that set it. */
void uv__mode_drop(struct uv__terminal* terminal) {
  sigset_t before;

  enter(&before);
  if (terminal->changed_by == (int) getpid() && find_changed(terminal) == NULL)
    (void) put_back(terminal);
  uv__queue_remove(&terminal->link);
  leave(&before);
}

/* ---- Forking ---- */

void uv__mode_hold(void) {
  while (!try_acquire())
    continue;
}

void uv__mode_unhold(void) {
  uv__atomic_store(&lock, 0);
}
