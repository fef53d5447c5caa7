/* The clocks that programs read, and sleeping. The time itself is in sched.c. */
#include "sched.h"

static uint64_t slept; /* by the machine, in this run and those before */

void nt_sleep_machine(uint64_t ms) {
  nt_enter("nt_sleep_machine");
  slept += ms * NT_MS;
}

void WINAPI nt_query_unbiased(ULONGLONG* units);

void WINAPI nt_query_unbiased(ULONGLONG* units) {
  nt_enter("QueryUnbiasedInterruptTimePrecise");
  *units = nt_now();
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER* ticks) {
  nt_enter("QueryPerformanceCounter");
  ticks->QuadPart = (LONGLONG) (nt_now() + slept);
  return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER* per_sec) {
  per_sec->QuadPart = 10000000;
  return TRUE;
}

/* Counts ticks of the system's timer ("GetTickCount64": 10 to 16 ms). */
ULONGLONG WINAPI GetTickCount64(void) {
  nt_enter("GetTickCount64");
  return (nt_now() + slept) / 156250 * 156250 / NT_MS;
}

void WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME time) {
  uint64_t ticks;

  nt_enter("GetSystemTimePreciseAsFileTime");
  ticks = NT_EPOCH + nt_now() + slept;
  time->dwLowDateTime = (DWORD) ticks;
  time->dwHighDateTime = (DWORD) (ticks >> 32);
}

static int never(void* arg) {
  (void) arg;
  return 0;
}

void WINAPI Sleep(DWORD ms) {
  nt_enter("Sleep");
  if (ms == 0)
    nt_switch();
  else
    nt_wait_without_lock(never, NULL, nt_due(ms), "a time");
}

BOOL WINAPI SwitchToThread(void) {
  nt_enter("SwitchToThread");
  nt_switch();
  return TRUE;
}
