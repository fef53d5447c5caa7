/* Waiting for the end of children. Only children that uv_spawn started are waited for, each by
 * its number, so that those of other parts of the program stay theirs. A child is waited for
 * until it ended, also when its handle was closed: otherwise it would stay behind as a zombie.
 *
 * Linux tells of the end by a descriptor (pidfd) in the loop's poller. Elsewhere SIGCHLD does,
 * which the loops that have children watch for (signal.c); each then asks for its own. */
#include "unix/internal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/syscall.h>
#endif

#include "core/base/alloc.h"

struct uv__child {
  struct uv__io io;      /* the pidfd's place in the poller; the core knows nothing of it */
  struct uv__queue link; /* in poller->children, then in poller->ended */
  struct uv__io* owner;  /* of the handle; NULL when that is closed */
  int pid;               /* until it was reaped, nobody else can get this number */
  int has_ended;
  int status; /* as of waitpid; -1: somebody else reaped it, so that nobody knows */
};

/* ---- SIGCHLD ---- */

/* The loop watches for it as a program would. Cannot fail: SIGCHLD can always be caught. */
static void hear(struct uv__poller* poller) {
  uv_signal_t* sigchld = &poller->sigchld;

  if (uv__queue_empty(&sigchld->watcher))
    (void) uv__port_signal_start(&sigchld->io, &sigchld->watcher, &sigchld->caught, SIGCHLD);
}

static void stop_hearing(struct uv__poller* poller) {
  uv_signal_t* sigchld = &poller->sigchld;

  if (!uv__queue_empty(&sigchld->watcher))
    uv__port_signal_stop(&sigchld->io, &sigchld->watcher, SIGCHLD);
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
  poller->ask_children = 1;
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

  if (poller->ask_children) {
    struct uv__queue* link = poller->children.next;

    poller->ask_children = 0;
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
