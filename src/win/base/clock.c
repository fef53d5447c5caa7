/* The clock, which is the loop's as well, and the sleep. */
#include "core/base/atomic.h"
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

/* clock_state, which is atomic. */
enum {
  NOBODY_LOOKED,
  SOMEBODY_LOOKED,
  FOUND
};

static int clock_state;
static clock_fn clock_of_the_system; /* once that is FOUND */

/* Time-outs of waits and timers do not run while the machine sleeps (since Windows 8), and neither
 * does the clock of Linux; so it shall not here. That clock is in no import library of old. */
static clock_fn look(void) {
  clock_fn found = (clock_fn) uv__import(L"kernelbase.dll", "QueryUnbiasedInterruptTimePrecise");

  if (found == NULL)
    found = by_counter;
  if (uv__atomic_compare(&clock_state, NOBODY_LOOKED, SOMEBODY_LOOKED) == NOBODY_LOOKED) {
    clock_of_the_system = found;
    uv__atomic_store(&clock_state, FOUND);
  }
  return found;
}

uint64_t uv_hrtime(void) {
  clock_fn read = uv__atomic_load(&clock_state) == FOUND ? clock_of_the_system : look();
  ULONGLONG units;

  read(&units);
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
