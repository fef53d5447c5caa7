/* Waiting for the end of children. Only children that uv_spawn started are waited for, each by
 * its number, so that those of other parts of the program stay theirs. A child is waited for
 * until it ended, also when its handle was closed: otherwise it would stay behind as a zombie.
 *
 * Linux tells of the end by a descriptor (pidfd) in the loop's poller. Elsewhere SIGCHLD does,
 * whose handler wakes the loops that have children; each then asks for its own. */
#include "internal.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/syscall.h>
#endif

#include "core/alloc.h"
#include "core/atomic.h"

struct uv__child {
  struct uv__io io;      /* the pidfd's place in the poller; the core knows nothing of it */
  struct uv__queue link; /* in poller->children, then in poller->ended */
  struct uv__io* owner;  /* of the handle; NULL when that is closed */
  int pid;               /* until it was reaped, nobody else can get this number */
  int has_ended;
  int status; /* as of waitpid; -1: somebody else reaped it, so that nobody knows */
};

/* ---- SIGCHLD ---- */

/* The loops that want to be woken, and what was there before us. The lock is held with SIGCHLD
 * blocked, so that a handler that has to wait for it waits for another thread. */
static int lock;
static struct uv__queue hearers = {&hearers, &hearers};
static struct sigaction before;
static int is_installed;

static void enter(sigset_t* mask) {
  sigset_t sigchld;

  sigemptyset(&sigchld);
  sigaddset(&sigchld, SIGCHLD);
  (void) pthread_sigmask(SIG_BLOCK, &sigchld, mask);
  while (uv__atomic_exchange(&lock, 1))
    continue;
}

static void leave(const sigset_t* mask) {
  uv__atomic_store(&lock, 0);
  (void) pthread_sigmask(SIG_SETMASK, mask, NULL);
}

static void on_sigchld(int signum, siginfo_t* info, void* context) {
  struct sigaction next;
  struct uv__queue* link;

  while (uv__atomic_exchange(&lock, 1))
    continue;
  for (link = hearers.next; link != &hearers; link = link->next) {
    struct uv__poller* poller = uv__container_of(link, struct uv__poller, hearers);
    uv__atomic_store(&poller->sigchld, 1);
    uv__port_wake(poller->loop);
  }
  next = before;
  uv__atomic_store(&lock, 0);

  if (next.sa_flags & SA_SIGINFO)
    next.sa_sigaction(signum, info, context);
  else if (next.sa_handler != SIG_DFL && next.sa_handler != SIG_IGN)
    next.sa_handler(signum);
}

static void install(void) {
  struct sigaction action;

  if (is_installed || sigaction(SIGCHLD, NULL, &before) != 0)
    return;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = on_sigchld;
  action.sa_mask = before.sa_mask;
  action.sa_flags = SA_SIGINFO | SA_RESTART | (before.sa_flags & (SA_NOCLDSTOP | SA_ONSTACK));
  if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)
    action.sa_flags |= SA_NOCLDSTOP; /* Nobody wants to hear of children that only pause. */
  is_installed = sigaction(SIGCHLD, &action, NULL) == 0;
}

/* Where the program has put its own handler over ours meanwhile, ours stays: that one may call
 * it, and to go in once more on top of it would make a circle. */
static void uninstall(void) {
  struct sigaction now;

  if (sigaction(SIGCHLD, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
      now.sa_sigaction == on_sigchld)
    is_installed = sigaction(SIGCHLD, &before, NULL) != 0;
}

static void hear(struct uv__poller* poller) {
  sigset_t mask;

  enter(&mask);
  install();
  if (uv__queue_empty(&poller->hearers))
    uv__queue_insert_tail(&hearers, &poller->hearers);
  leave(&mask);
}

static void stop_hearing(struct uv__poller* poller) {
  sigset_t mask;

  if (uv__queue_empty(&poller->hearers))
    return;
  enter(&mask);
  uv__queue_remove(&poller->hearers);
  if (uv__queue_empty(&hearers))
    uninstall();
  leave(&mask);
}

/* ---- pidfd ---- */

static int open_pidfd(int pid) {
#if defined(__linux__) && defined(SYS_pidfd_open)
  return (int) syscall(SYS_pidfd_open, pid, 0);
#else
  (void) pid;
  return -1;
#endif
}

static int watch_pidfd(struct uv__child* child) {
  int fd = uv__poller_takes_children ? open_pidfd(child->pid) : -1;

  if (fd < 0)
    return 0;
  child->io.tail.fd = fd;
  child->io.tail.state |= UV__EVENT;
  if (uv__poller_add(&child->io, 0) == 0)
    return 1;
  uv__fd_discard(fd);
  child->io.tail.fd = -1;
  return 0;
}

/* ---- Life ---- */

struct uv__child* uv__child_new(uv_loop_t* loop) {
  struct uv__child* child = uv__calloc(1, sizeof(*child));

  if (child != NULL) {
    child->io.loop = loop;
    uv__fd_init(&child->io);
    uv__queue_init(&child->link);
  }
  return child;
}

void uv__child_free(struct uv__child* child) {
  uv__queue_remove(&child->link);
  if (child->io.tail.fd >= 0) {
    uv__poller_remove(&child->io);
    uv__fd_discard(child->io.tail.fd);
  }
  uv__free(child);
}

void uv__child_watch(struct uv__child* child, int pid, struct uv__io* owner) {
  struct uv__poller* poller = child->io.loop->tail.poller;

  child->pid = pid;
  child->owner = owner;
  owner->tail.u.more = child;
  uv__queue_insert_tail(&poller->children, &child->link);
  if (watch_pidfd(child))
    return;
  hear(poller);
  /* It may have ended before anybody heard. */
  uv__atomic_store(&poller->sigchld, 1);
  uv__port_wake(poller->loop);
}

/* Asks whether the child ended. It is not freed here: the poller may be in the middle of its
 * table. */
static void reap(struct uv__child* child) {
  struct uv__poller* poller = child->io.loop->tail.poller;
  int status = 0;
  int r;

  do
    r = waitpid(child->pid, &status, WNOHANG);
  while (r < 0 && errno == EINTR);
  if (r == 0) {
    child->io.tail.state |= UV__EVENT;
    return;
  }
  child->has_ended = 1;
  child->status = r < 0 ? -1 : status;
  if (child->owner != NULL) {
    uv__ring(child->owner, UV__EVENT);
    return;
  }
  uv__queue_remove(&child->link);
  uv__queue_insert_tail(&poller->ended, &child->link);
}

void uv__child_event(struct uv__io* io) {
  reap(uv__container_of(io, struct uv__child, io));
}

static void bury(struct uv__poller* poller) {
  while (!uv__queue_empty(&poller->ended))
    uv__child_free(uv__container_of(uv__queue_head(&poller->ended), struct uv__child, link));
}

void uv__child_look(uv_loop_t* loop) {
  struct uv__poller* poller = loop->tail.poller;

  if (uv__atomic_exchange(&poller->sigchld, 0)) {
    struct uv__queue* link = poller->children.next;

    while (link != &poller->children) {
      struct uv__child* child = uv__container_of(link, struct uv__child, link);
      link = link->next; /* reap may take the child out. */
      if (!child->has_ended && child->io.tail.fd < 0)
        reap(child);
    }
  }
  bury(poller);
}

void uv__child_stop(uv_loop_t* loop) {
  struct uv__poller* poller = loop->tail.poller;

  stop_hearing(poller);
  bury(poller);
  while (!uv__queue_empty(&poller->children)) {
    struct uv__child* child =
        uv__container_of(uv__queue_head(&poller->children), struct uv__child, link);
    /* One that ended meanwhile is not left behind. */
    (void) waitpid(child->pid, NULL, WNOHANG);
    uv__child_free(child);
  }
}

/* ---- What the port promises of a child that runs ---- */

void uv__port_child_status(struct uv__io* io, int64_t* exit_status, int* term_signal) {
  const struct uv__child* child = io->tail.u.more;

  *exit_status = 0;
  *term_signal = 0;
  if (child->status == -1)
    *exit_status = UV__ERR(ECHILD); /* No program ends with a negative number. */
  else if (WIFEXITED(child->status))
    *exit_status = WEXITSTATUS(child->status);
  else if (WIFSIGNALED(child->status))
    *term_signal = WTERMSIG(child->status);
}

/* The number is the child's as long as it is not reaped, and by us that happens on this thread.
 * A program that reaps whatever it finds does not confuse a pidfd either. */
static int send_signal(const struct uv__child* child, int signum) {
#if defined(__linux__) && defined(SYS_pidfd_send_signal)
  if (child->io.tail.fd >= 0)
    return (int) syscall(SYS_pidfd_send_signal, child->io.tail.fd, signum, NULL, 0);
#endif
  return kill(child->pid, signum);
}

int uv__port_child_kill(struct uv__io* io, int signum) {
  const struct uv__child* child = io->tail.u.more;

  if (child->has_ended)
    return UV_ESRCH;
  return send_signal(child, signum) == 0 ? 0 : UV__ERR(errno);
}

int uv__port_child_close(struct uv__io* io) {
  struct uv__child* child = io->tail.u.more;

  io->tail.u.more = NULL;
  if (child == NULL)
    return 0; /* It never ran. */
  child->owner = NULL;
  if (child->has_ended)
    uv__child_free(child);
  return 0;
}

int uv_kill(int pid, int signum) {
  return kill(pid, signum) == 0 ? 0 : UV__ERR(errno);
}
