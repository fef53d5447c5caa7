/* Time-outs that end when they are due.
 *
 * A wait for a port ends at a tick of the system's clock, of which there are 64 in a second; to have
 * more of them costs all of the machine (timeBeginPeriod). A timer of high resolution (Windows 10,
 * 1803) makes a packet come out of the port instead. It is set when the wait is over within the next
 * ticks, and is not set back when somebody wants a later one: it wakes the loop once for nothing then.
 *
 * The packet comes by a wait completion packet of ntdll (Windows 8); where that is missing or refused,
 * by a wait of the system's pool. An alertable wait would do, too, but would also run what the program
 * has queued for its thread, in the middle of uv_run. */
#include "core/base/alloc.h"
#include "win/loop/loop.h"

enum {
  HIGH_RESOLUTION = 2, /* CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, which old headers do not have */
  UNIT_NS = 100,
  UNITS_PER_MS = 10000
};

typedef LONG(NTAPI* create_fn)(HANDLE* made, ACCESS_MASK access, void* attributes);
typedef LONG(NTAPI* associate_fn)(HANDLE packet,
                                  HANDLE port,
                                  HANDLE object,
                                  void* key,
                                  void* overlapped,
                                  LONG status,
                                  ULONG_PTR bytes,
                                  BOOLEAN* already);
typedef LONG(NTAPI* cancel_fn)(HANDLE packet, BOOLEAN also_signalled);

struct uv__exact {
  struct uv__op op; /* what the packet is of */
  uv_loop_t* loop;
  HANDLE timer;
  HANDLE packet; /* one of these two, or NULL */
  HANDLE wait;
  associate_fn associate;
  cancel_fn cancel;
  int tried;              /* whether there are such timers */
  volatile LONG expected; /* a packet is to come, or in the port, */
  uint64_t due;           /* about then, by uv__port_now */
};

void uv__exact_came(uv_loop_t* loop) {
  InterlockedExchange(&loop->tail.exact->expected, 0);
}

static void complete(struct uv__op* op) {
  uv__exact_came(uv__container_of(op, struct uv__exact, op)->loop);
}

static void CALLBACK happened(void* context, BOOLEAN timed_out) {
  struct uv__exact* exact = context;

  (void) timed_out;
  /* Without memory for a packet the wait ends at a tick, and the timer can be set again. */
  if (!PostQueuedCompletionStatus(exact->loop->tail.iocp, 0, UV__LOOP_KEY_POST,
                                  &exact->op.overlapped))
    InterlockedExchange(&exact->expected, 0);
}

int uv__exact_start(uv_loop_t* loop) {
  struct uv__exact* exact = uv__calloc(1, sizeof(*exact));

  if (exact == NULL)
    return UV_ENOMEM;
  exact->op.complete = complete;
  exact->loop = loop;
  loop->tail.exact = exact;
  return 0;
}

/* The system has what points to the loop, until this returns. */
void uv__exact_stop(uv_loop_t* loop) {
  struct uv__exact* exact = loop->tail.exact;

  if (exact->wait != NULL)
    UnregisterWaitEx(exact->wait, INVALID_HANDLE_VALUE);
  if (exact->packet != NULL) {
    (void) exact->cancel(exact->packet, TRUE);
    CloseHandle(exact->packet);
  }
  if (exact->timer != NULL)
    CloseHandle(exact->timer);
  uv__free(exact);
  loop->tail.exact = NULL;
}

static void make_packet(struct uv__exact* exact) {
  create_fn create = (create_fn) uv__import(L"ntdll.dll", "NtCreateWaitCompletionPacket");

  exact->associate = (associate_fn) uv__import(L"ntdll.dll", "NtAssociateWaitCompletionPacket");
  exact->cancel = (cancel_fn) uv__import(L"ntdll.dll", "NtCancelWaitCompletionPacket");
  if (create == NULL || exact->associate == NULL || exact->cancel == NULL ||
      create(&exact->packet, GENERIC_READ | GENERIC_WRITE, NULL) < 0)
    exact->packet = NULL;
}

/* With the first time-out that needs it. Without any of it the ticks are what there is. */
static void make(struct uv__exact* exact) {
  exact->tried = 1;
  exact->timer =
      CreateWaitableTimerExW(NULL, NULL, HIGH_RESOLUTION, SYNCHRONIZE | TIMER_MODIFY_STATE);
  if (exact->timer == NULL)
    return;
  make_packet(exact);
  if (exact->packet != NULL || RegisterWaitForSingleObject(&exact->wait, exact->timer, happened,
                                                           exact, INFINITE, WT_EXECUTEINWAITTHREAD))
    return;
  exact->wait = NULL;
  CloseHandle(exact->timer);
  exact->timer = NULL;
}

int uv__exact_exists(const uv_loop_t* loop) {
  return !loop->tail.exact->tried || loop->tail.exact->timer != NULL;
}

static int set(struct uv__exact* exact, uint64_t due) {
  LARGE_INTEGER units;

  units.QuadPart = (LONGLONG) (uv_hrtime() / UNIT_NS) - (LONGLONG) (due * UNITS_PER_MS);
  if (units.QuadPart >= 0)
    units.QuadPart = -1; /* At once; the others would be dates. */
  return SetWaitableTimer(exact->timer, &units, 0, NULL, NULL, FALSE) != 0;
}

/* The timer is set before its packet waits for it, so that what it was set to before is forgotten. A
 * packet that waits already waits for the new time; one that came meanwhile is in the port, and wakes
 * the loop early. */
int uv__exact_set(uv_loop_t* loop, uint64_t due) {
  struct uv__exact* exact = loop->tail.exact;
  BOOLEAN already = FALSE;
  LONG expected;

  if (!exact->tried)
    make(exact);
  if (exact->timer == NULL)
    return 0;
  expected = InterlockedCompareExchange(&exact->expected, 0, 0);
  if (expected && exact->due <= due)
    return 1;
  InterlockedExchange(&exact->expected, 1);
  if (!set(exact, due)) {
    InterlockedExchange(&exact->expected, expected);
    return 0;
  }
  if (exact->packet != NULL && !expected &&
      exact->associate(exact->packet, loop->tail.iocp, exact->timer,
                       (void*) (ULONG_PTR) UV__LOOP_KEY_POST, &exact->op.overlapped, 0, 0,
                       &already) < 0) {
    InterlockedExchange(&exact->expected, 0);
    return 0;
  }
  exact->due = due;
  return 1;
}

int uv__exact_is_of(const uv_loop_t* loop, const OVERLAPPED* overlapped) {
  return overlapped == &loop->tail.exact->op.overlapped;
}
