/* Waiting for the end of children. Only children that uv_spawn started are waited for, each by
 * its number, so that those of other parts of the program stay theirs. A child is waited for
 * until it ended, also when its handle was closed: otherwise it would stay behind as a zombie.
 *
 * Linux tells of the end by a descriptor (pidfd) in the loop's poller. Elsewhere SIGCHLD does,
 * which the loops that have children watch for; each then asks for its own. (350 lines are not enough for
 * both, and what they do is one thing, to a structure that nobody else knows.) */
#include "unix/process/process.h"
#include "unix/system/system.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/syscall.h>
#endif

#include "core/base/alloc.h"

/* uv__child.pid in a process that a parent of it forked. */
enum {
  NOT_OURS = 0
};

/* How often children are asked that have no descriptor. SIGCHLD tells of their end at once, unless
 * the program keeps it from us. */
enum {
  LOOK_MS = 200
};

struct uv__child {
  struct uv__io io;      /* the pidfd's place in the poller; the core knows nothing of it */
  struct uv__queue link; /* in children->running, then in children->ended */
  struct uv__io* owner;  /* of the handle; NULL when that is closed */
  int pid;               /* until it was reaped, nobody else can get this number */
  int has_ended;
  int status; /* as of waitpid; -1: it is or was another's to reap, so that nobody knows */
};

static struct uv__children* children_of(const uv_loop_t* loop) {
  return uv__loop_poller(loop)->children;
}

/* ---- SIGCHLD ---- */

/* The loop watches for it as a program would. Cannot fail: SIGCHLD can always be caught. */
static void hear(struct uv__children* children) {
  uv_signal_t* sigchld = &children->sigchld;

  if (uv__queue_empty(&sigchld->watcher))
    (void) uv__port_signal_start(&sigchld->io, &sigchld->watcher, &sigchld->caught, SIGCHLD);
  else
    uv__signal_insist(SIGCHLD);
}

static void stop_hearing(struct uv__children* children) {
  uv_signal_t* sigchld = &children->sigchld;

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
  uv__file_discard(fd);
  child->io.tail.fd = -1;
  return 0;
}

/* ---- Life ---- */

static int look(struct uv__looker* looker);

struct uv__child* uv__child_new(uv_loop_t* loop) {
  struct uv__children* children = children_of(loop);
  struct uv__child* child = uv__calloc(1, sizeof(*child));

  if (child != NULL) {
    children->looker.look = look;
    /* Who ignores it, or whose parent did, has the system throw away how children ended. */
    if (uv__signal_is_ignored(SIGCHLD))
      hear(children);
    child->io.loop = loop;
    uv__fd_init(&child->io);
    child->io.tail.state = UV__FD_OWN;
    child->io.tail.u.more = &children->looker;
    uv__queue_init(&child->io.link);
    uv__queue_init(&child->link);
  }
  return child;
}

void uv__child_free(struct uv__child* child) {
  uv__queue_remove(&child->link);
  uv__queue_remove(&child->io.link);
  if (child->io.tail.fd >= 0) {
    uv__poller_remove(&child->io);
    uv__file_discard(child->io.tail.fd);
  }
  uv__free(child);
}

void uv__child_watch(struct uv__child* child, int pid, struct uv__io* owner) {
  struct uv__children* children = children_of(child->io.loop);

  child->pid = pid;
  child->owner = owner;
  owner->tail.u.more = child;
  uv__queue_insert_tail(&children->running, &child->link);
  if (watch_pidfd(child))
    return;
  children->unwatched++;
  uv__loop_want_look(child->io.loop, &children->looker);
  hear(children);
  /* It may have ended before anybody heard. */
  children->must_ask = 1;
  uv__port_wake(child->io.loop);
}

/* Asks whether the child ended. */
static void reap(struct uv__child* child) {
  int status = 0;
  int r = -1;

  while (child->pid != NOT_OURS && (r = waitpid(child->pid, &status, WNOHANG)) < 0 &&
         errno == EINTR)
    continue;
  if (r == 0) {
    child->io.tail.state |= UV__EVENT;
    return;
  }
  child->has_ended = 1;
  if (child->io.tail.fd < 0)
    children_of(child->io.loop)->unwatched--;
  child->status = r < 0 ? -1 : status;
  if (child->owner != NULL) {
    uv__ring(child->owner, UV__EVENT);
    return;
  }
  uv__queue_remove(&child->link);
  uv__queue_insert_tail(&children_of(child->io.loop)->ended, &child->link);
}

/* ---- In the loop ---- */

void uv__child_start(struct uv__children* children, uv_loop_t* loop) {
  uv__queue_init(&children->looker.link);
  uv__queue_init(&children->looker.noted);
  uv__queue_init(&children->running);
  uv__queue_init(&children->ended);
  uv__queue_init(&children->sigchld.watcher);
  uv__queue_init(&children->sigchld.io.link);
  children->sigchld.io.loop = loop;
  children->sigchld.io.tail.state = UV__FD_OWN;
  children->sigchld.io.tail.u.more = &children->looker;
}

int uv__child_timeout(const uv_loop_t* loop, int timeout_ms) {
  if (children_of(loop)->unwatched == 0)
    return timeout_ms;
  return timeout_ms < 0 || timeout_ms > LOOK_MS ? LOOK_MS : timeout_ms;
}

static int must_be_asked(const struct uv__child* child) {
  return !child->has_ended && child->io.tail.fd < 0;
}

/* Those of which their own descriptors tell nothing. */
static void ask_all(struct uv__children* children) {
  struct uv__queue* link = children->running.next;

  while (link != &children->running) {
    struct uv__child* child = uv__container_of(link, struct uv__child, link);

    link = link->next; /* reap may take the child out. */
    if (must_be_asked(child))
      reap(child);
  }
}

static struct uv__child* find(const struct uv__children* children, int pid) {
  struct uv__queue* link;

  for (link = children->running.next; link != &children->running; link = link->next) {
    struct uv__child* child = uv__container_of(link, struct uv__child, link);

    if (child->pid == pid && must_be_asked(child))
      return child;
  }
  return NULL;
}

/* After a SIGCHLD. The system is asked who ended, so that not every child costs a call for each that
 * ends; where it names somebody else's, who has to be left as he is, behind whom there may be more,
 * all are asked. */
static void ask_who(struct uv__children* children) {
#if defined(WNOWAIT)
  struct uv__child* child;
  siginfo_t who;

  do {
    who.si_pid = 0; /* What it stays if nobody has ended. */
    if (waitid(P_ALL, 0, &who, WEXITED | WNOHANG | WNOWAIT) != 0 || who.si_pid == 0)
      return;
    child = find(children, who.si_pid);
    if (child != NULL)
      reap(child);
  } while (child != NULL && child->has_ended);
#endif
  ask_all(children);
}

static void bury(struct uv__children* children) {
  while (!uv__queue_empty(&children->ended))
    uv__child_free(uv__container_of(uv__queue_head(&children->ended), struct uv__child, link));
}

#if !defined(NDEBUG)
/* Who runs is waited for, and who ended without anybody to hear of it is in the other list. */
static int children_valid(const struct uv__children* children) {
  const struct uv__queue* link;
  unsigned unwatched = 0;

  for (link = children->running.next; link != &children->running; link = link->next) {
    const struct uv__child* child = uv__container_of(link, const struct uv__child, link);

    if (child->pid < 0 || (child->has_ended && child->owner == NULL) ||
        (child->owner != NULL && child->owner->tail.u.more != child) ||
        (child->io.tail.fd >= 0) != ((child->io.tail.state & UV__FD_POLLED) != 0))
      return 0;
    unwatched += !child->has_ended && child->io.tail.fd < 0;
  }
  for (link = children->ended.next; link != &children->ended; link = link->next) {
    const struct uv__child* child = uv__container_of(link, const struct uv__child, link);

    if (!child->has_ended || child->owner != NULL)
      return 0;
  }
  return unwatched == children->unwatched;
}
#endif

static int look(struct uv__looker* looker) {
  struct uv__children* children = uv__container_of(looker, struct uv__children, looker);

  while (!uv__queue_empty(&looker->noted)) {
    struct uv__io* io = uv__container_of(uv__queue_head(&looker->noted), struct uv__io, link);

    uv__queue_remove(&io->link);
    if (io != &children->sigchld.io) {
      reap(uv__container_of(io, struct uv__child, io));
    } else {
      (void) uv__port_signal_take(io, &children->sigchld.caught);
      children->must_ask = 1;
    }
  }
  if (children->unwatched > 0) {
    uint64_t now = uv__port_now(children->sigchld.io.loop);

    /* Those whom another part of the program reaped nobody names. */
    if (now >= children->ask_at) {
      children->ask_at = now + LOOK_MS;
      ask_all(children);
    } else if (children->must_ask) {
      ask_who(children);
    }
    children->must_ask = 0;
  }
  bury(children);
  assert(children_valid(children));
  return children->unwatched > 0;
}

/* They are its parent's: of what becomes of them this process never hears. */
void uv__child_fork(uv_loop_t* loop) {
  struct uv__children* children = children_of(loop);
  struct uv__queue* link;

  for (link = children->running.next; link != &children->running; link = link->next) {
    struct uv__child* child = uv__container_of(link, struct uv__child, link);

    child->pid = NOT_OURS;
    if (child->io.tail.fd < 0)
      continue;
    uv__poller_remove(&child->io);
    uv__file_discard(child->io.tail.fd);
    child->io.tail.fd = -1;
    child->io.tail.state = UV__FD_OWN;
    children->unwatched += !child->has_ended;
  }
  if (children->unwatched > 0)
    uv__loop_want_look(loop, &children->looker);
  children->ask_at = 0;
}

void uv__child_stop(uv_loop_t* loop) {
  struct uv__children* children = children_of(loop);

  stop_hearing(children);
  bury(children);
  while (!uv__queue_empty(&children->running)) {
    struct uv__child* child =
        uv__container_of(uv__queue_head(&children->running), struct uv__child, link);

    /* One that ended meanwhile is not left behind. */
    if (child->pid != NOT_OURS)
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

  if (child->has_ended || child->pid == NOT_OURS)
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
  assert(children_valid(children_of(io->loop)));
  return 0;
}

int uv_kill(int pid, int signum) {
  return kill(pid, signum) == 0 ? 0 : UV__ERR(errno);
}
