/* Signals: what Windows tells a console program, by the names that C programs know. One handler
 * in the process, installed with the first watcher, counts for the watchers and wakes their loops;
 * each loop then rings its own. What the callback is, and that a watcher may be a one-shot, is the
 * core's. That the window of the console changed its size is found out by console.c. */
#include "win/system/system.h"

#include <signal.h>

#include "core/base/atomic.h"
#include "core/base/order.h"
#include "win/tty/tty.h"

enum {
  SIGNALS = 32,  /* of a table; NSIG of uv.h is below */
  LOOK_MS = 250, /* at the list of handlers, while there are watchers */
  /* The system ends the process when the handler returns from one of the last three events, or
   * after its own time (5 s for a close). Until then the process is the program's, which ends it
   * by itself when it has finished; the limit is for a system that has none. */
  LAST_EVENT_MS = 30000
};

/* A watcher and its counter are found from its link. */
#define watcher_of(queue_link) uv__container_of(queue_link, uv_signal_t, watcher)

/* ---- The table ---- */

/* The watchers of all loops, by signal; no list yet while next is NULL. A loop that has one in
 * here cannot be closed, so that a handler that holds the lock may wake it. */
static struct uv__queue table[SIGNALS];
static uint64_t came[SIGNALS]; /* which of `arrivals` last found a watcher with none to take */
static uint64_t arrivals;      /* of all signals */
static SRWLOCK lock = SRWLOCK_INIT;
static unsigned watchers_in_all;
static HANDLE timer; /* NULL: nobody looks at the list of handlers */

/* The run-time library's own SIGILL, SIGABRT, SIGFPE and SIGSEGV come to the thread that made them
 * come, which is not to be interrupted by a loop, and others do not exist: they may be watched for, as
 * portable programs do, and are never delivered. */
static int can_be_watched(int signum) {
  return signum > 0 && signum < NSIG;
}

/* Whether anybody watches for it. Any thread. */
static int deliver(int signum) {
  const struct uv__queue* watchers = &table[signum];
  struct uv__queue* link;
  int found = 0;

  AcquireSRWLockExclusive(&lock);
  arrivals++;
  if (watchers->next != NULL) {
    for (link = watchers->next; link != watchers; link = link->next) {
      uv_signal_t* watcher = watcher_of(link);
      uv_loop_t* loop = watcher->io.loop;

      found = 1;
      if (watcher->caught++ == 0)
        came[signum] = arrivals;
      if (uv__atomic_exchange(&loop->tail.signals, 1) == 0)
        uv__port_wake(loop);
    }
  }
  ReleaseSRWLockExclusive(&lock);
  return found;
}

static int is_watched(int signum) {
  int r;

  AcquireSRWLockExclusive(&lock);
  r = table[signum].next != NULL && !uv__queue_empty(&table[signum]);
  ReleaseSRWLockExclusive(&lock);
  return r;
}

/* On a thread that the system makes for it. Of somebody's logoff only services hear, of everybody's;
 * nobody can know whose. It is no reason to end, and the handlers behind this one would: so a program
 * that ends by SIGTERM says that it has been taken care of. */
BOOL WINAPI uv__signal_event(DWORD event) {
  int found = 0;

  switch (event) {
  case CTRL_C_EVENT:
    return deliver(SIGINT);
  case CTRL_BREAK_EVENT:
    return deliver(SIGBREAK);
  case CTRL_CLOSE_EVENT:
    found = deliver(SIGHUP);
    break;
  case CTRL_LOGOFF_EVENT:
    return is_watched(SIGTERM);
  case CTRL_SHUTDOWN_EVENT:
    found = deliver(SIGTERM);
    break;
  }
  if (found)
    Sleep(LAST_EVENT_MS);
  return found;
}

/* AllocConsole, AttachConsole and FreeConsole empty the list of handlers, and nothing tells of that. To
 * take a handler off the list is the only way to ask whether it is there. So ours is there twice, which
 * is no harm as long as it is the same: without one of them it is still there. */
static BOOL put_back(void) {
  if (!SetConsoleCtrlHandler(uv__signal_event, FALSE) &&
      !SetConsoleCtrlHandler(uv__signal_event, TRUE))
    return FALSE;
  return SetConsoleCtrlHandler(uv__signal_event, TRUE);
}

/* On a thread of the system's pool, as it may wait: the system holds a lock on its list while a handler
 * runs, and one that waits for a callback must not keep a loop from running it. */
static VOID CALLBACK look_at_list(void* data, BOOLEAN fired) {
  static volatile LONG is_looking;

  (void) data;
  (void) fired;
  if (InterlockedExchange(&is_looking, 1) != 0)
    return;
  (void) put_back();
  InterlockedExchange(&is_looking, 0);
}

/* The handler stays for good. Without watchers it hands every event on. So our code must stay too, also
 * where it is a DLL. Under the lock. */
static int install(void) {
  static int is_installed;
  HMODULE self;

  if (!is_installed) {
    if (!put_back())
      return uv__error_translate(GetLastError());
    (void) GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN |
                                  GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                              (const WCHAR*) (const void*) table, &self);
    is_installed = 1;
  }
  /* The first look is at once: the program may have changed its console before. */
  if (timer == NULL && !CreateTimerQueueTimer(&timer, NULL, look_at_list, NULL, 0, LOOK_MS, 0))
    timer = NULL;
  return 0;
}

static void leave_list(void) {
  if (timer != NULL)
    (void) DeleteTimerQueueTimer(NULL, timer, NULL);
  timer = NULL;
}

static void resized(void) {
  (void) deliver(SIGWINCH);
}

/* ---- What the port promises ---- */

int uv__port_signal_start(struct uv__io* io,
                          struct uv__queue* watcher,
                          unsigned* caught,
                          int signum) {
  int r;

  (void) io;
  if (!can_be_watched(signum))
    return UV_EINVAL;
  AcquireSRWLockExclusive(&lock);
  r = install();
  if (r == 0 && signum == SIGWINCH)
    r = uv__console_watch_size(resized);
  if (r < 0 && watchers_in_all == 0)
    leave_list();
  if (r == 0) {
    if (table[signum].next == NULL)
      uv__queue_init(&table[signum]);
    *caught = 0;
    uv__queue_insert_tail(&table[signum], watcher);
    watchers_in_all++;
  }
  ReleaseSRWLockExclusive(&lock);
  return r;
}

unsigned uv__port_signal_take(struct uv__io* io, unsigned* caught) {
  unsigned count;

  (void) io;
  AcquireSRWLockExclusive(&lock);
  count = *caught;
  *caught = 0;
  ReleaseSRWLockExclusive(&lock);
  return count;
}

void uv__port_signal_stop(struct uv__io* io, struct uv__queue* watcher, int signum) {
  (void) io;
  AcquireSRWLockExclusive(&lock);
  uv__queue_remove(watcher);
  if (--watchers_in_all == 0)
    leave_list();
  if (signum == SIGWINCH && uv__queue_empty(&table[signum]))
    (void) uv__console_watch_size(NULL);
  ReleaseSRWLockExclusive(&lock);
}

/* ---- In the loop ---- */

static void ring_watchers(const uv_loop_t* loop, const struct uv__queue* watchers) {
  struct uv__queue* link;

  for (link = watchers->next; link != watchers; link = link->next) {
    uv_signal_t* watcher = watcher_of(link);

    if (watcher->io.loop == loop && watcher->caught > 0)
      uv__ring(&watcher->io, UV__EVENT);
  }
}

/* In the order in which they came: what a first signal asks for may be undone by a second one. */
void uv__signal_look(uv_loop_t* loop) {
  int signum = 0;

  if (uv__atomic_exchange(&loop->tail.signals, 0) == 0)
    return;
  AcquireSRWLockExclusive(&lock);
  while ((signum = uv__order_next(came, SIGNALS, came[signum])) != 0)
    ring_watchers(loop, &table[signum]);
  ReleaseSRWLockExclusive(&lock);
}
