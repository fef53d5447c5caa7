/* The clock, which is the loop's as well, and the sleep. */
#include "win/base/base.h"

enum {
  NS_PER_SEC = 1000000000,
  NS_PER_MS = 1000000,
  NS_PER_UNIT = 100
};

typedef VOID(WINAPI* clock_fn)(ULONGLONG* units);

/* The clock of a Windows that has no better one: it goes on while the machine sleeps. */
static VOID WINAPI by_counter(ULONGLONG* units) {
  const uint64_t units_per_sec = NS_PER_SEC / NS_PER_UNIT;
  LARGE_INTEGER ticks;
  LARGE_INTEGER per_sec;
  uint64_t rest;

  /* Neither call fails on any Windows since XP. The frequency is fixed at boot and read from
   * a page that every process maps, so that there is nothing to gain by keeping it. */
  QueryPerformanceFrequency(&per_sec);
  QueryPerformanceCounter(&ticks);
  /* In two parts: ticks * 10^7 would overflow. */
  rest = (uint64_t) (ticks.QuadPart % per_sec.QuadPart);
  *units = (uint64_t) (ticks.QuadPart / per_sec.QuadPart) * units_per_sec +
           rest * units_per_sec / (uint64_t) per_sec.QuadPart;
}

static INIT_ONCE looked = INIT_ONCE_STATIC_INIT;
static clock_fn clock_of_the_system = by_counter;

/* Time-outs of waits and timers do not run while the machine sleeps (since Windows 8), and neither
 * does the clock of Linux; so it shall not here. That clock is in no import library of old. */
static BOOL CALLBACK look(PINIT_ONCE once, PVOID arg, PVOID* context) {
  clock_fn found = (clock_fn) uv__import(L"kernelbase.dll", "QueryUnbiasedInterruptTimePrecise");

  (void) once;
  (void) arg;
  (void) context;
  if (found != NULL)
    clock_of_the_system = found;
  return TRUE;
}

uint64_t uv_hrtime(void) {
  ULONGLONG units;

  (void) InitOnceExecuteOnce(&looked, look, NULL, NULL);
  clock_of_the_system(&units);
  return (uint64_t) units * NS_PER_UNIT;
}

uint64_t uv__port_now(const uv_loop_t* loop) {
  (void) loop;
  return uv_hrtime() / NS_PER_MS;
}

void uv_sleep(unsigned int msec) {
  uint64_t end = uv_hrtime() + (uint64_t) msec * NS_PER_MS;
  uint64_t now;

  /* Sleep counts ticks of the system timer and so can return before its time; and the
   * largest value would mean for ever. */
  while ((now = uv_hrtime()) < end) {
    uint64_t left_ms = (end - now + NS_PER_MS - 1) / NS_PER_MS;
    Sleep(left_ms < INFINITE ? (DWORD) left_ms : INFINITE - 1);
  }
}
