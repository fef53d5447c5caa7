/* The shim's completion ports, into which others' packets come, and its ticks. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shim_internal.h"

/* ---- Packets that are not ours ---- */

enum {
  ONE_IN = 100,
  FIRST_AFTER = 3, /* Most tests see no hundred packets. */
  UNMAPPED = 0,
  ZEROED,
  ON_STACK,
  FREED,
  PLACES
};

static volatile LONG packets = ONE_IN - FIRST_AFTER;
static volatile LONG sent = -1;

/* The place on the stack of a call that has returned. */
static __attribute__((noinline)) ULONG_PTR left_on_stack(void) {
  volatile ULONG_PTR frame[64];
  int i;

  for (i = 0; i < 64; i++)
    frame[i] = 0x5a5a5a5a5a5a5a5a;
  return (ULONG_PTR) &frame[32];
}

static OVERLAPPED* pointer(LONG place) {
  static OVERLAPPED zeroed[4];
  static void* no_access;
  void* freed;
  uintptr_t place_of_it;

  switch (place) {
  case ZEROED:
    memset(zeroed, 0, sizeof(zeroed));
    return &zeroed[1];
  case ON_STACK:
    return (OVERLAPPED*) left_on_stack();
  case FREED:
    freed = malloc(sizeof(zeroed));
    if (freed != NULL)
      memset(freed, 0x5a, sizeof(zeroed));
    place_of_it = (uintptr_t) freed; /* As a pointer it may not even be looked at any more. */
    free(freed);
    return place_of_it != 0 ? (OVERLAPPED*) place_of_it : &zeroed[1];
  default:
    if (no_access == NULL)
      no_access = VirtualAlloc(NULL, 4096, MEM_RESERVE, PAGE_NOACCESS);
    return (OVERLAPPED*) ((char*) no_access + 64);
  }
}

/* Each test begins with another place, always the same one. */
static LONG next_sent(void) {
  if (sent < 0) {
    const char* c = GetCommandLineA();
    LONG first = 0;
    const char* name = strrchr(c, ' ');
    for (c = name != NULL ? name : c; *c != '\0'; c++)
      first += *c;
    InterlockedCompareExchange(&sent, first, -1);
  }
  return InterlockedIncrement(&sent);
}

/* Another holder's packet comes with the key under which the file object was put on the port. */
static ULONG_PTR key_of_files;

HANDLE WINAPI __wrap_CreateIoCompletionPort(HANDLE h, HANDLE port, ULONG_PTR key, DWORD threads) {
  HANDLE lock;
  HANDLE made;

  shim_tally(SHIM_CreateIoCompletionPort);
  lock = shim_lock_enter(h, "CreateIoCompletionPort");
  made = REAL(CreateIoCompletionPort)(h, port, key, threads);
  shim_lock_leave(lock);
  if (made != NULL && h != INVALID_HANDLE_VALUE)
    key_of_files = key;
  return made;
}

static void make_foreign(OVERLAPPED_ENTRY* entry) {
  LONG number = next_sent();

  memset(entry, 0, sizeof(*entry));
  entry->lpCompletionKey = key_of_files;
  entry->lpOverlapped = pointer(number % PLACES);
  entry->dwNumberOfBytesTransferred = 1;
}

static BOOL with_foreign(HANDLE port,
                         OVERLAPPED_ENTRY* entries,
                         ULONG room,
                         ULONG* count,
                         DWORD timeout,
                         BOOL alertable) {
  /* One place is kept free. Who asks for a single packet gets none of others. */
  ULONG asked = room > 1 ? room - 1 : room;
  LONG before, after;

  if (!REAL(GetQueuedCompletionStatusEx)(port, entries, asked, count, timeout, alertable))
    return FALSE;
  after = InterlockedAdd(&packets, (LONG) *count);
  before = after - (LONG) *count;
  if (room > 1 && before / ONE_IN != after / ONE_IN) {
    memmove(entries + 1, entries, *count * sizeof(*entries));
    make_foreign(&entries[0]);
    ++*count;
  }
  return TRUE;
}

/* ---- Ticks ---- */

enum {
  TICK_US = 15625
};

static volatile LONG waits;

/* The end of a wait falls on a tick: the last one before its time, and the first one after it, by
 * turns. */
static DWORD in_ticks(DWORD timeout) {
  unsigned long long ticks;

  if (!shim_has(SHIM_TICKS) || timeout == 0 || timeout == INFINITE)
    return timeout;
  ticks = (unsigned long long) timeout * 1000 / TICK_US;
  if (InterlockedIncrement(&waits) % 2 == 0)
    ticks++;
  return (DWORD) (ticks * TICK_US / 1000);
}

BOOL WINAPI __wrap_GetQueuedCompletionStatusEx(HANDLE port,
                                               OVERLAPPED_ENTRY* entries,
                                               ULONG room,
                                               ULONG* count,
                                               DWORD timeout,
                                               BOOL alertable) {
  shim_tally(SHIM_GetQueuedCompletionStatusEx);
  timeout = in_ticks(timeout);
  if (shim_has(SHIM_FOREIGN))
    return with_foreign(port, entries, room, count, timeout, alertable);
  return REAL(GetQueuedCompletionStatusEx)(port, entries, room, count, timeout, alertable);
}

DWORD WINAPI __wrap_WaitForSingleObject(HANDLE h, DWORD timeout) {
  shim_tally(SHIM_WaitForSingleObject);
  return REAL(WaitForSingleObject)(h, in_ticks(timeout));
}

DWORD WINAPI __wrap_WaitForMultipleObjects(DWORD count,
                                           const HANDLE* handles,
                                           BOOL all,
                                           DWORD timeout) {
  shim_tally(SHIM_WaitForMultipleObjects);
  return REAL(WaitForMultipleObjects)(count, handles, all, in_ticks(timeout));
}

BOOL WINAPI __wrap_SleepConditionVariableCS(CONDITION_VARIABLE* cond,
                                            CRITICAL_SECTION* section,
                                            DWORD timeout) {
  shim_tally(SHIM_SleepConditionVariableCS);
  return REAL(SleepConditionVariableCS)(cond, section, in_ticks(timeout));
}

BOOL WINAPI __wrap_SleepConditionVariableSRW(CONDITION_VARIABLE* cond,
                                             SRWLOCK* lock,
                                             DWORD timeout,
                                             ULONG flags) {
  shim_tally(SHIM_SleepConditionVariableSRW);
  return REAL(SleepConditionVariableSRW)(cond, lock, in_ticks(timeout), flags);
}
