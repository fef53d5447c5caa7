/* The loop's completion port: waiting, waking, and handing each packet to its operation.
 * What an operation does with its packet is in the files of the kinds. */
#include "internal.h"

enum {
  BATCH = 128,           /* packets in one call; 4 KiB of stack */
  LONGEST_WAIT_MS = 1000 /* of one call; see uv__port_wake */
};

/* loop->tail.wake */
enum uv__wake {
  WAKE_NONE,
  WAKE_POSTED, /* a packet without an OVERLAPPED is in the port, or about to be */
  WAKE_MISSED  /* there was no memory for one */
};

int uv__port_start(uv_loop_t* loop) {
  int r = uv__sock_start();

  if (r < 0)
    return r;
  loop->tail.wake = WAKE_NONE;
  loop->tail.open = NULL;
  /* One thread takes packets; the count only says how many the system lets run at once. */
  loop->tail.iocp = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  return loop->tail.iocp == NULL ? uv__error_translate(GetLastError()) : 0;
}

void uv__port_stop(uv_loop_t* loop) {
  CloseHandle(loop->tail.iocp);
  loop->tail.iocp = NULL;
}

void uv__loop_link(struct uv__io* io) {
  struct uv__io_tail** head = &io->loop->tail.open;

  io->tail.next = *head;
  io->tail.at = head;
  if (*head != NULL)
    (*head)->at = &io->tail.next;
  *head = &io->tail;
}

void uv__loop_unlink(struct uv__io* io) {
  *io->tail.at = io->tail.next;
  if (io->tail.next != NULL)
    io->tail.next->at = io->tail.at;
}

int uv__loop_has(const uv_loop_t* loop, HANDLE handle) {
  const struct uv__io_tail* tail;

  for (tail = loop->tail.open; tail != NULL; tail = tail->next)
    if (tail->u.handle == handle)
      return 1;
  return 0;
}

uint64_t uv__port_now(const uv_loop_t* loop) {
  (void) loop;
  return uv_hrtime() / 1000000;
}

int uv__port_backend_fd(const uv_loop_t* loop) {
  (void) loop;
  return -1; /* A completion port is a HANDLE, and not one that can be waited on. */
}

/* A packet needs non-paged memory, which can be short for the whole system, and a waker may
 * neither fail nor wait. So a packet that cannot be posted leaves a mark instead, and the
 * loop never waits longer than LONGEST_WAIT_MS without a look at it: the wake-up is late then,
 * never lost. Nothing in Windows that wakes a waiter on a port is promised to work without
 * memory; an idle loop pays one look a second. At most one packet is under way, however
 * often it is called, so that wake-ups do not use up that memory either. */
void uv__port_wake(uv_loop_t* loop) {
  volatile LONG* wake = &loop->tail.wake;
  LONG before = InterlockedCompareExchange(wake, WAKE_POSTED, WAKE_NONE);

  if (before == WAKE_POSTED)
    return;
  if (!uv__sock_calls.post(loop->tail.iocp, 0, 0, NULL))
    InterlockedExchange(wake, WAKE_MISSED);
  else if (before == WAKE_MISSED)
    InterlockedCompareExchange(wake, WAKE_POSTED, WAKE_MISSED);
}

static int missed_wake(uv_loop_t* loop) {
  return InterlockedCompareExchange(&loop->tail.wake, WAKE_NONE, WAKE_MISSED) == WAKE_MISSED;
}

/* Fetches packets; 0 when none came in time. */
static ULONG fetch(uv_loop_t* loop, int timeout_ms, OVERLAPPED_ENTRY* entries) {
  uint64_t due = timeout_ms > 0 ? uv__port_now(loop) + (uint64_t) timeout_ms : 0;
  uint64_t left_ms = timeout_ms < 0 ? LONGEST_WAIT_MS : (uint64_t) timeout_ms;

  for (;;) {
    ULONG count = 0;
    DWORD wait_ms = left_ms < LONGEST_WAIT_MS ? (DWORD) left_ms : LONGEST_WAIT_MS;

    if (missed_wake(loop))
      left_ms = wait_ms = 0;
    if (GetQueuedCompletionStatusEx(loop->tail.iocp, entries, BATCH, &count, wait_ms, FALSE))
      return count;
    /* Time-outs are counted in ticks of the system timer and can be up to one tick early;
     * without another look at the clock timers would run before their time. The count says
     * nothing after a failure. */
    if (timeout_ms > 0 && left_ms > 0) {
      uint64_t now = uv__port_now(loop);
      left_ms = now < due ? due - now : 0;
    }
    if (left_ms == 0)
      return 0;
  }
}

void uv__port_poll(uv_loop_t* loop, int timeout_ms) {
  OVERLAPPED_ENTRY entries[BATCH];
  ULONG count = fetch(loop, timeout_ms, entries);
  ULONG i;

  for (i = 0; i < count; i++) {
    if (entries[i].lpOverlapped == NULL) {
      /* From here on another wake-up needs another packet; what the waker wrote before is
       * visible by now. */
      InterlockedExchange(&loop->tail.wake, WAKE_NONE);
    } else {
      struct uv__op* op = uv__win_op(entries[i].lpOverlapped);
      op->complete(op);
    }
  }
}
