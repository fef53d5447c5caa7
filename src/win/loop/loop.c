/* The loop's completion port: waiting, waking, and handing each packet to its operation. Which packets
 * are believed is in expect.c, who is on the port in attach.c, and what an operation does with its
 * packet in the files of the kinds. */
#include "win/loop/loop.h"

#include "core/base/atomic.h"

enum {
  BATCH = 128,            /* packets in one call; 4 KiB of stack */
  LONGEST_WAIT_MS = 1000, /* of one call; see uv__port_wake */
  TICK_MS = 16,           /* between two ticks of the system's clock, or less */
  NEAR_MS = 2 * TICK_MS   /* what is due by then is not left to them */
};

/* loop->tail.wake */
enum uv__wake {
  WAKE_NONE,
  WAKE_POSTED, /* a packet without an OVERLAPPED is in the port, or about to be */
  WAKE_MISSED  /* there was no memory for one */
};

BOOL(WINAPI* uv__loop_post_packet)
(HANDLE, DWORD, ULONG_PTR, LPOVERLAPPED) = PostQueuedCompletionStatus;

/* Reserve objects hold the memory of one packet each (Windows 7). No function of Win32 makes them, and
 * those of ntdll are not documented: where one of them is missing, or refuses, there is another way. */
typedef LONG(NTAPI* reserve_fn)(HANDLE* made, void* attributes, int type);
typedef LONG(NTAPI* post_reserve_fn)(
    HANDLE port, HANDLE reserve, void* key, void* overlapped, LONG status, ULONG_PTR bytes);

enum {
  RESERVE_FOR_PORTS = 1
};

static void make_reserve(uv_loop_t* loop) {
  reserve_fn make = (reserve_fn) uv__import(L"ntdll.dll", "NtAllocateReserveObject");

  loop->tail.reserve = NULL;
  loop->tail.post_reserve = (post_reserve_fn) uv__import(L"ntdll.dll", "NtSetIoCompletionEx");
  if (make == NULL || loop->tail.post_reserve == NULL ||
      make(&loop->tail.reserve, NULL, RESERVE_FOR_PORTS) < 0)
    loop->tail.reserve = NULL;
}

static int post_reserve(uv_loop_t* loop) {
  return loop->tail.reserve != NULL &&
         loop->tail.post_reserve(loop->tail.iocp, loop->tail.reserve,
                                 (void*) (ULONG_PTR) UV__LOOP_KEY_POST, NULL, 0, 0) >= 0;
}

static int make_port(uv_loop_t* loop) {
  /* One thread takes packets; the count only says how many the system lets run at once. */
  loop->tail.iocp = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  return loop->tail.iocp == NULL ? uv__error_translate(GetLastError()) : 0;
}

int uv__loop_start(uv_loop_t* loop) {
  int r = 0;

  loop->tail.wake = WAKE_NONE;
  loop->tail.signals = 0;
  loop->tail.stranded = NULL;
  loop->tail.instances = NULL;
  loop->tail.bundle = NULL;
  loop->tail.retries = NULL;
  loop->tail.retry_last = &loop->tail.retries;
  loop->tail.event = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (loop->tail.event == NULL)
    return uv__error_translate(GetLastError());
  r = uv__expect_start(loop);
  if (r < 0)
    goto no_expected;
  r = uv__exact_start(loop);
  if (r < 0)
    goto no_exact;
  r = make_port(loop);
  if (r < 0)
    goto no_port;
  make_reserve(loop);
  return 0;

no_port:
  uv__exact_stop(loop);
no_exact:
  uv__expect_stop(loop);
no_expected:
  CloseHandle(loop->tail.event);
  return r;
}

void uv__loop_stop(uv_loop_t* loop) {
  assert(loop->tail.retries == NULL && loop->tail.instances == NULL);
  uv__exact_stop(loop);
  uv__expect_stop(loop);
  CloseHandle(loop->tail.event);
  CloseHandle(loop->tail.iocp);
  if (loop->tail.reserve != NULL)
    CloseHandle(loop->tail.reserve);
  loop->tail.iocp = NULL;
}

/* ---- Streams with a descriptor ---- */

#if !defined(NDEBUG)

int uv__win_io_valid(const struct uv__io* io) {
  const struct uv__io_tail* tail = &io->tail;

  if ((tail->state & (UV__WIN_IN | UV__WIN_OUT)) && tail->u.handle == INVALID_HANDLE_VALUE &&
      !(tail->state & UV__WIN_CLOSING))
    return 0; /* The kernel has an operation of no descriptor. */
  if ((tail->state & UV__WIN_IN) && tail->in.complete == NULL)
    return 0; /* Its packet would lead nowhere. */
  if ((tail->state & UV__WIN_OUT) && tail->out.complete == NULL)
    return 0;
  if ((tail->state & (UV__WIN_IN | UV__WIN_OUT)) &&
      !(tail->state & (UV__WIN_ATTACHED | UV__WIN_FOREIGN)))
    return 0; /* Nobody would hear of its end. */
  if ((tail->state & UV__WIN_ATTACHED) && (tail->state & UV__WIN_FOREIGN))
    return 0;
  /* A foreign operation has an event, whose block is there. */
  return !(tail->state & UV__WIN_FOREIGN) || tail->more != NULL;
}

#endif

int uv__loop_link(struct uv__io* io) {
  int r = uv__expect_reserve(io->loop, UV__LOOP_OPERATIONS);

  if (r < 0)
    return r;
  r = uv__own_add(io->tail.u.handle, io->loop);
  if (r < 0)
    uv__expect_release(io->loop, UV__LOOP_OPERATIONS);
  return r;
}

void uv__loop_unlink(struct uv__io* io) {
  uv__own_drop(io->tail.u.handle, io->loop);
  uv__expect_release(io->loop, UV__LOOP_OPERATIONS);
}

/* ---- Packets ---- */

/* A packet needs non-paged memory, which can be short for the whole system, and a waker may
 * neither fail nor wait. So the loop has one in reserve: at most one packet is under way, however
 * often this is called, and while that is in the port the loop does not sleep. Where there is no
 * such thing, a packet that cannot be posted leaves a mark instead, and the loop never waits longer than
 * LONGEST_WAIT_MS without a look at it: the wake-up is late then, never lost, and an idle loop pays one
 * look a second. */
void uv__port_wake(uv_loop_t* loop) {
  int* wake = &loop->tail.wake;
  int before = uv__atomic_compare(wake, WAKE_NONE, WAKE_POSTED);

  if (before == WAKE_POSTED)
    return;
  if (post_reserve(loop))
    return;
  if (!uv__loop_post_packet(loop->tail.iocp, 0, UV__LOOP_KEY_POST, NULL))
    uv__atomic_store(wake, WAKE_MISSED);
  else if (before == WAKE_MISSED)
    (void) uv__atomic_compare(wake, WAKE_MISSED, WAKE_POSTED);
}

/* Operations that wait for a look of the loop are chained through a field of their OVERLAPPED
 * that nobody needs once they are finished. */
void uv__loop_post(uv_loop_t* loop, struct uv__op* op) {
  void* first = NULL;
  void* expected;

  if (uv__loop_post_packet(loop->tail.iocp, 0, UV__LOOP_KEY_POST, &op->overlapped))
    return;
  do {
    expected = first;
    op->overlapped.Pointer = expected;
    first = InterlockedCompareExchangePointer(&loop->tail.stranded, op, expected);
  } while (first != expected);
  uv__port_wake(loop);
}

static void complete_stranded(uv_loop_t* loop) {
  struct uv__op* op = InterlockedExchangePointer(&loop->tail.stranded, NULL);

  while (op != NULL) {
    struct uv__op* next = op->overlapped.Pointer;
    op->complete(op);
    op = next;
  }
}

static int missed_wake(uv_loop_t* loop) {
  return uv__atomic_compare(&loop->tail.wake, WAKE_MISSED, WAKE_NONE) == WAKE_MISSED;
}

/* How long one call is to wait for packets. Time-outs are counted in ticks of the system timer, so that
 * they end up to one tick early or late. What is near has a packet of its own come, and what is not is
 * waited for until it is. */
static uint64_t choose_wait(uv_loop_t* loop, uint64_t due, uint64_t left_ms) {
  if (!uv__exact_exists(loop))
    return left_ms;
  if (left_ms > NEAR_MS)
    return left_ms - TICK_MS;
  return uv__exact_set(loop, due) ? left_ms + TICK_MS : left_ms;
}

/* It may be early: it was set for what is no longer wanted. */
static int is_timer_alone(uv_loop_t* loop, const OVERLAPPED_ENTRY* entries, ULONG count) {
  return count == 1 && entries[0].lpCompletionKey == UV__LOOP_KEY_POST &&
         uv__exact_is_of(loop, entries[0].lpOverlapped);
}

/* Fetches packets; 0 when none came in time. What nobody waits for but the library, `is_exact` 0, is
 * not worth a timer. */
static ULONG fetch(uv_loop_t* loop, int timeout_ms, int is_exact, OVERLAPPED_ENTRY* entries) {
  DWORD longest_ms = loop->tail.reserve != NULL ? INFINITE : LONGEST_WAIT_MS;
  uint64_t due = timeout_ms > 0 ? uv__port_now(loop) + (uint64_t) timeout_ms : 0;
  uint64_t left_ms = timeout_ms < 0 ? longest_ms : (uint64_t) timeout_ms;

  for (;;) {
    ULONG count = 0;
    uint64_t wait_ms = left_ms;

    if (missed_wake(loop))
      left_ms = wait_ms = 0;
    else if (is_exact && timeout_ms > 0 && left_ms > 0)
      wait_ms = choose_wait(loop, due, left_ms);
    if (wait_ms > longest_ms)
      wait_ms = longest_ms;
    if (GetQueuedCompletionStatusEx(loop->tail.iocp, entries, BATCH, &count, (DWORD) wait_ms,
                                    FALSE)) {
      if (!is_timer_alone(loop, entries, count))
        return count;
      uv__exact_came(loop);
    }
    /* Without another look at the clock timers would run before their time. The count says
     * nothing after a failure. */
    if (timeout_ms > 0 && left_ms > 0) {
      uint64_t now = uv__port_now(loop);
      left_ms = now < due ? due - now : 0;
    }
    if (left_ms == 0)
      return 0;
  }
}

/* Who waits for the port elsewhere does not see a mark either; with a packet in reserve there is none. */
int uv__loop_limit(const uv_loop_t* loop, int timeout_ms) {
  if (uv__atomic_load(&loop->tail.wake) == WAKE_MISSED)
    return 0;
  timeout_ms = uv__retry_limit(loop, timeout_ms);
  if (loop->tail.reserve != NULL)
    return timeout_ms;
  return timeout_ms < 0 || timeout_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : timeout_ms;
}

void uv__loop_complete(uv_loop_t* loop, int timeout_ms) {
  OVERLAPPED_ENTRY entries[BATCH];
  int limit_ms = uv__retry_limit(loop, timeout_ms);
  ULONG count = fetch(loop, limit_ms, limit_ms == timeout_ms, entries);
  ULONG i;

  for (i = 0; i < count; i++) {
    OVERLAPPED* overlapped = entries[i].lpOverlapped;
    struct uv__op* op;

    if (overlapped == NULL) {
      /* From here on another wake-up needs another packet; what the waker wrote before is
       * visible by now. */
      uv__atomic_store(&loop->tail.wake, WAKE_NONE);
      continue;
    }
    op = entries[i].lpCompletionKey == UV__LOOP_KEY_POST ? uv__win_op(overlapped)
                                                         : uv__expect_meet(loop, overlapped);
    if (op != NULL)
      op->complete(op);
  }
  complete_stranded(loop);
}
