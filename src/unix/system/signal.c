/* Signals: one handler in the process for each signal that is watched, from the first watcher to
 * the last. It counts for every watcher and wakes their loops; each loop then rings its own.
 * What the callback is, and that a watcher may be a one-shot, is the core's. A loop
 * that waits for children watches for SIGCHLD in the same way. */
#include "unix/system/system.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "core/base/atomic.h"
#include "core/base/order.h"

/* No system has a higher number; which of them it has, and lets be caught, sigaction tells. */
enum {
  SIGNALS = 129
};

struct caught_signal {
  struct uv__queue watchers; /* of all loops; no list yet while next is NULL */
  struct sigaction before;   /* what was done with the signal before the first of them */
  int is_installed;
};

/* A watcher and its counter are found from its link. */
#define watcher_of(queue_link) uv__container_of(queue_link, uv_signal_t, watcher)

/* ---- The table ---- */

/* The lock is held with all signals blocked, so that a handler that has to wait for it waits for
 * another thread, and not for long. */
static struct caught_signal table[SIGNALS];
static uint64_t came[SIGNALS]; /* which of `arrivals` last found a watcher with none to take */
static uint64_t arrivals;      /* of all signals */
static int lock;

static void acquire(void) {
  while (uv__atomic_exchange(&lock, 1))
    continue;
}

static void release(void) {
  uv__atomic_store(&lock, 0);
}

static void enter(sigset_t* mask) {
  sigset_t all;

  sigfillset(&all);
  (void) pthread_sigmask(SIG_SETMASK, &all, mask);
  acquire();
}

static void leave(const sigset_t* mask) {
  release();
  (void) pthread_sigmask(SIG_SETMASK, mask, NULL);
}

/* ---- The handler ---- */

/* The program may have a handler for the end of its own children, and did not ask us to watch
 * for that of ours. Any other signal is caught because the program wants it caught here. */
static int is_handed_on(int signum) {
  return signum == SIGCHLD;
}

static void hand_on(const struct sigaction* next, int signum, siginfo_t* info, void* context) {
  if (next->sa_flags & SA_SIGINFO)
    next->sa_sigaction(signum, info, context);
  else if (next->sa_handler != SIG_DFL && next->sa_handler != SIG_IGN)
    next->sa_handler(signum);
}

/* On any thread, in the middle of anything. */
static void on_signal(int signum, siginfo_t* info, void* context) {
  struct caught_signal* entry = &table[signum];
  struct sigaction before;
  struct uv__queue* link;

  acquire();
  arrivals++;
  for (link = entry->watchers.next; link != &entry->watchers; link = link->next) {
    uv_signal_t* watcher = watcher_of(link);
    struct uv__poller* poller = uv__loop_poller(watcher->io.loop);

    if (watcher->caught++ == 0)
      came[signum] = arrivals;
    if (!uv__atomic_exchange(&poller->signals, 1))
      uv__port_wake(poller->loop);
  }
  before = entry->before;
  release();
  if (is_handed_on(signum))
    hand_on(&before, signum, info, context);
}

/* The program may have put the signal back to what it was in the beginning: nobody hears of it then,
 * and nobody would call our handler on top of whom it went. */
static int is_thrown_out(int signum) {
  struct sigaction now;

  return sigaction(signum, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
         (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN);
}

static int install(struct caught_signal* entry, int signum) {
  struct sigaction action;

  if (entry->is_installed && !is_thrown_out(signum))
    return 0;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = on_signal;
  if (sigaction(signum, NULL, &entry->before) != 0)
    return UV__ERR(errno);
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  if (is_handed_on(signum)) /* Only what the next one expects to hear of. */
    action.sa_flags |= entry->before.sa_flags & SA_NOCLDSTOP;
  sigfillset(&action.sa_mask);
  if (sigaction(signum, &action, NULL) != 0)
    return UV__ERR(errno);
  entry->is_installed = 1;
  return 0;
}

/* Where the program has put its own handler over ours meanwhile, that one stays. It may call
 * ours, so that one that hands on must not go in on top of it: that would make a circle. */
static void uninstall(struct caught_signal* entry, int signum) {
  struct sigaction now;

  if (sigaction(signum, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
      now.sa_sigaction == on_signal)
    entry->is_installed = sigaction(signum, &entry->before, NULL) != 0;
  else
    entry->is_installed = is_handed_on(signum);
}

/* ---- What the port promises ---- */

int uv__port_signal_start(struct uv__io* io,
                          struct uv__queue* watcher,
                          unsigned* caught,
                          int signum) {
  struct caught_signal* entry;
  sigset_t mask;
  int r;

  (void) io;
  if (signum <= 0 || signum >= SIGNALS)
    return UV_EINVAL;
  entry = &table[signum];
  enter(&mask);
  if (entry->watchers.next == NULL)
    uv__queue_init(&entry->watchers);
  r = install(entry, signum);
  if (r == 0) {
    *caught = 0;
    uv__queue_insert_tail(&entry->watchers, watcher);
  }
  leave(&mask);
  return r;
}

unsigned uv__port_signal_take(struct uv__io* io, unsigned* caught) {
  sigset_t mask;
  unsigned count;

  (void) io;
  enter(&mask);
  count = *caught;
  *caught = 0;
  leave(&mask);
  return count;
}

void uv__port_signal_stop(struct uv__io* io, struct uv__queue* watcher, int signum) {
  struct caught_signal* entry = &table[signum];
  sigset_t mask;

  (void) io;
  enter(&mask);
  uv__queue_remove(watcher);
  if (uv__queue_empty(&entry->watchers))
    uninstall(entry, signum);
  leave(&mask);
}

/* ---- For children ---- */

int uv__signal_is_ignored(int signum) {
  struct sigaction now;

  return sigaction(signum, NULL, &now) == 0 &&
         ((now.sa_flags & SA_NOCLDWAIT) ||
          (!(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN));
}

void uv__signal_insist(int signum) {
  sigset_t mask;

  enter(&mask);
  (void) install(&table[signum], signum);
  leave(&mask);
}

/* ---- Forking ---- */

void uv__signal_hold(void) {
  acquire();
}

void uv__signal_unhold(void) {
  release();
}

/* What came before the fork came to the parent. */
void uv__signal_forget(void) {
  int signum;

  for (signum = 1; signum < SIGNALS; signum++) {
    struct uv__queue* watchers = &table[signum].watchers;
    struct uv__queue* link;

    if (watchers->next == NULL)
      continue;
    for (link = watchers->next; link != watchers; link = link->next) {
      watcher_of(link)->caught = 0;
      uv__atomic_store(&uv__loop_poller(watcher_of(link)->io.loop)->signals, 0);
    }
  }
}

/* ---- In the loop ---- */

static void ring_watchers(uv_loop_t* loop, struct uv__queue* watchers) {
  struct uv__queue* link;

  for (link = watchers->next; link != watchers; link = link->next) {
    uv_signal_t* watcher = watcher_of(link);

    if (watcher->io.loop == loop && watcher->caught != 0)
      uv__loop_tell(&watcher->io);
  }
}

/* In the order in which they came: what a first signal asks for may be undone by a second one. */
void uv__signal_look(uv_loop_t* loop) {
  struct uv__poller* poller = uv__loop_poller(loop);
  sigset_t mask;
  int signum = 0;

  uv__atomic_store(&poller->signals, 0);
  enter(&mask);
  while ((signum = uv__order_next(came, SIGNALS, came[signum])) != 0)
    ring_watchers(loop, &table[signum].watchers);
  leave(&mask);
}
