/* Time: the one clock everything is measured with, and sleeping. */
#include "unix/base/base.h"

#include <time.h>

/* It stands still while the machine sleeps, as what the loop waits with does. That of macOS goes on, and
 * has a companion that does not. */
#if defined(__APPLE__)
#  define CLOCK_OF_THE_LOOP CLOCK_UPTIME_RAW
#else
#  define CLOCK_OF_THE_LOOP CLOCK_MONOTONIC
#endif

uint64_t uv_hrtime(void) {
  struct timespec t;

  (void) clock_gettime(CLOCK_OF_THE_LOOP, &t);
  return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

uint64_t uv__port_now(const uv_loop_t* loop) {
  (void) loop;
  return uv_hrtime() / 1000000;
}

void uv_sleep(unsigned int msec) {
  struct timespec left;

  left.tv_sec = (time_t) (msec / 1000);
  left.tv_nsec = (long) (msec % 1000) * 1000000;
  while (nanosleep(&left, &left) != 0 && errno == EINTR)
    continue; /* A signal came; `left` is what remains. */
}
