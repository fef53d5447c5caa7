/* What a helper writes: bytes that were copied, so that a write of which the system takes nothing
 * for long does not hold the program's. Because they are copies, a close does not take them back:
 * the helper delivers them, and is left behind when that takes too long. Nor does a normal end of the
 * process, which waits for all helpers that have some (rule W3). */
#include "win/loop/helper.h"

#include <stdlib.h>

enum {
  STUCK_MS = 5000 /* in which no helper gets on: the process ends then */
};

/* ---- The end of the process ---- */

typedef BOOLEAN(NTAPI* is_ending_fn)(void);

static SRWLOCK end_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE less = CONDITION_VARIABLE_INIT; /* is due than before */
static size_t in_hand;                                    /* bytes in all boxes */
static size_t due;    /* of these, what is waited for: what comes in meanwhile is not */
static unsigned ends; /* how often somebody began to wait */
static int is_patient = 1;
static volatile LONG is_hooked;
static is_ending_fn is_ending;

/* After each change, under the lock of its helper. */
static void note(struct uv__outbox* box) {
  DWORD now = box->size - box->at;
  DWORD gone = now < box->noted ? box->noted - now : 0;

  AcquireSRWLockExclusive(&end_lock);
  if (box->ends != ends) {
    box->ends = ends;
    box->due = box->noted; /* It is as it was then. */
  }
  if (gone > box->due)
    gone = box->due;
  box->due -= gone;
  due -= gone;
  in_hand = in_hand - box->noted + now;
  box->noted = now;
  ReleaseSRWLockExclusive(&end_lock);
  if (gone > 0)
    WakeConditionVariable(&less);
}

/* In a DLL the C library calls this when the system has ended all threads but the one it runs on, wherever
 * they were: there is nobody to wait for, and a lock may be held by one of them. */
void uv__outbox_await_all(void) {
  if (is_ending != NULL && is_ending())
    return;
  AcquireSRWLockExclusive(&end_lock);
  ends++;
  due = in_hand;
  while (due > 0 && is_patient) {
    size_t before = due;

    if (!SleepConditionVariableSRW(&less, &end_lock, STUCK_MS, 0))
      is_patient = due != before;
  }
  ReleaseSRWLockExclusive(&end_lock);
}

/* When the first helper gets something. The function is looked up now: to do so at the end takes locks. */
static void hook_end(void) {
  if (InterlockedExchange(&is_hooked, 1))
    return;
  is_ending = (is_ending_fn) uv__import(L"ntdll.dll", "RtlDllShutdownInProgress");
  (void) atexit(uv__outbox_await_all);
}

/* ---- Filling it ---- */

/* Room for what a write brings. */
static DWORD room_for(const struct uv__outbox* box, enum uv__write_mode mode, int last) {
  DWORD most = UV__OUTBOX_QUEUE;

  if (last)
    most = UV__OUTBOX_ROOM;
  else if (mode == UV__TRY)
    most = uv__outbox_is_empty(box) ? UV__OUTBOX_TRY : 0;
  return most > box->size ? most - box->size : 0;
}

/* Copies what fits, after the first `skip` bytes. */
static DWORD append(
    struct uv__outbox* box, DWORD room, const uv_buf_t* bufs, unsigned nbufs, DWORD skip) {
  unsigned at = 0;
  size_t offset = skip;

  while (at < nbufs && offset >= bufs[at].len)
    offset -= bufs[at++].len;
  return uv__bufs_copy(box->bytes + box->size, room, bufs, nbufs, &at, &offset);
}

/* An error of bytes that were written before, or 0. */
static int take_error(struct uv__outbox* box) {
  int error = box->error;

  if (error != UV_EPIPE)
    box->error = 0;
  return error;
}

/* Under the lock. `*added`: bytes that are new to the helper. */
static ssize_t take(struct uv__outbox* box,
                    struct uv__io* io,
                    const uv_buf_t* bufs,
                    unsigned nbufs,
                    enum uv__write_mode mode,
                    DWORD* added) {
  int last = mode == UV__TRY && (io->busy & UV__CLOSED);
  DWORD skip = last ? box->owed : 0; /* These lead the buffers, and are here already. */
  DWORD room = room_for(box, mode, last);

  if (box->error < 0)
    return io->busy & UV__WRITE ? UV_EAGAIN : take_error(box); /* In flight, it is its own. */
  if (room == 0 && skip == 0) {
    box->waited = mode == UV__QUEUE;
    return mode == UV__QUEUE ? UV__PENDING : UV_EAGAIN;
  }
  *added = append(box, room, bufs, nbufs, skip);
  box->size += *added;
  note(box);
  box->owed = mode == UV__QUEUE ? *added : 0;
  return mode == UV__QUEUE ? UV__PENDING : (ssize_t) (skip + *added);
}

ssize_t uv__outbox_write(struct uv__outbox* box,
                         struct uv__helper* helper,
                         struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode) {
  DWORD added = 0;
  ssize_t n;
  int r;

  if ((io->busy & UV__CLOSED) && uv__helper_is_over(helper))
    return UV_EAGAIN; /* Nobody would write it. */
  AcquireSRWLockExclusive(&helper->lock);
  n = take(box, io, bufs, nbufs, mode, &added);
  ReleaseSRWLockExclusive(&helper->lock);
  if (added == 0)
    return n;
  hook_end();
  r = uv__helper_ask(helper);
  if (r == 0)
    return n;
  /* There is no thread, which so has seen nothing of it. */
  box->size -= added;
  note(box);
  box->owed = 0;
  return r;
}

/* What one ring tells of is no more than one write could have brought. */
size_t uv__outbox_write_more(struct uv__outbox* box,
                             struct uv__helper* helper,
                             size_t ahead,
                             const uv_buf_t* bufs,
                             unsigned nbufs) {
  DWORD added = 0;

  AcquireSRWLockExclusive(&helper->lock);
  if (box->error == 0 && box->owed > 0 && box->owed == ahead) {
    DWORD room = room_for(box, UV__QUEUE, 0);

    if (room > UV__OUTBOX_QUEUE - box->owed)
      room = UV__OUTBOX_QUEUE - box->owed;
    added = append(box, room, bufs, nbufs, 0);
    box->size += added;
    box->owed += added;
    note(box);
  }
  ReleaseSRWLockExclusive(&helper->lock);
  if (added > 0)
    (void) uv__helper_ask(helper); /* There is a thread. */
  return added;
}

/* ---- Emptying it ---- */

int uv__outbox_deliver(
    struct uv__outbox* box,
    struct uv__helper* helper,
    int (*put)(struct uv__helper* helper, const char* bytes, DWORD size, DWORD* taken)) {
  int any;

  AcquireSRWLockExclusive(&helper->lock);
  any = !uv__outbox_is_empty(box);
  while (!uv__outbox_is_empty(box)) {
    DWORD taken = 0;
    DWORD at = box->at;
    DWORD size = box->size - at;
    int error;

    ReleaseSRWLockExclusive(&helper->lock);
    error = put(helper, box->bytes + at, size, &taken);
    AcquireSRWLockExclusive(&helper->lock);
    box->at += taken;
    if (error < 0) {
      box->error = error;
      box->at = box->size;
    }
    note(box);
  }
  box->at = box->size = 0;
  ReleaseSRWLockExclusive(&helper->lock);
  return any;
}

int uv__outbox_is_delivered(const struct uv__outbox* box, struct uv__helper* helper) {
  int r;

  AcquireSRWLockExclusive(&helper->lock);
  r = uv__outbox_is_empty(box);
  ReleaseSRWLockExclusive(&helper->lock);
  return r;
}

void uv__outbox_complete(struct uv__outbox* box, struct uv__helper* helper, struct uv__io* io) {
  int ring;

  AcquireSRWLockExclusive(&helper->lock);
  ring = uv__outbox_is_empty(box) && (box->owed > 0 || box->waited) && (io->busy & UV__WRITE);
  if (ring) {
    io->tail.sent = box->error < 0 ? take_error(box) : (int) box->owed;
    box->owed = 0;
    box->waited = 0;
  }
  ReleaseSRWLockExclusive(&helper->lock);
  if (ring)
    uv__ring(io, UV__WRITE);
}

/* Of a thread that is no more: it never will be written, and nobody waits for it. */
static void forsake(struct uv__outbox* box, struct uv__helper* helper) {
  AcquireSRWLockExclusive(&helper->lock);
  if (!uv__outbox_is_empty(box))
    box->error = UV_ECANCELED;
  box->at = box->size;
  note(box);
  ReleaseSRWLockExclusive(&helper->lock);
}

void uv__outbox_end(struct uv__outbox* box, struct uv__helper* helper, struct uv__io* io) {
  if (uv__helper_is_over(helper))
    forsake(box, helper);
  if (!(io->busy & UV__WRITE) || (io->rung & UV__WRITE))
    return;
  AcquireSRWLockExclusive(&helper->lock);
  /* The helper has them, and delivers them. */
  io->tail.sent = box->owed > 0 && box->error == 0 ? (int) box->owed : UV_ECANCELED;
  box->owed = 0;
  ReleaseSRWLockExclusive(&helper->lock);
}
