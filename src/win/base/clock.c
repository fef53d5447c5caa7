/* The clock, which is the loop's as well, and the sleep. */
#include "win/base/base.h"

enum {
  NS_PER_SEC = 1000000000,
  NS_PER_MS = 1000000
};

uint64_t uv_hrtime(void) {
  LARGE_INTEGER ticks;
  LARGE_INTEGER per_sec;
  uint64_t rest;

  /* Neither call fails on any Windows since XP. The frequency is fixed at boot and read from
   * a page that every process maps, so that there is nothing to gain by keeping it. */
  QueryPerformanceFrequency(&per_sec);
  QueryPerformanceCounter(&ticks);
  /* In two parts: ticks * 10^9 would overflow after half an hour at 10 MHz. */
  rest = (uint64_t) (ticks.QuadPart % per_sec.QuadPart);
  return (uint64_t) (ticks.QuadPart / per_sec.QuadPart) * NS_PER_SEC +
         rest * NS_PER_SEC / (uint64_t) per_sec.QuadPart;
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
