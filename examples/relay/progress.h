/* How far a transfer is, on a line of the terminal that is written anew twice a second. */
#ifndef RELAY_PROGRESS_H_
#define RELAY_PROGRESS_H_

#include <stdint.h>

#include "uv.h"

struct progress {
  uv_timer_t timer;
  void* data; /* the caller's */
  /* What has moved; and how much it will be, or -1, which counts for the way there alone. */
  void (*look)(void* data, uint64_t* there, uint64_t* back, int64_t* whole);
  uint64_t started_ns;
  uint64_t seen; /* bytes of both ways, when it last looked */
  uint64_t seen_ns;
  double rate; /* bytes per second, of late */
};

/* Say it in a line that stays: "45 % of 1.2 GiB, 98.2 MiB/s, 7 s left", or "12.0 MiB there, 0 bytes back, ...". */
void progress_say(struct progress* progress);

/* Begin to show it, if stderr is a terminal, `shown` is not 0, and lines that say less than
 * REPORT_NORMAL are wanted. Does not keep the loop going. */
void progress_start(struct progress* progress,
                    uv_loop_t* loop,
                    int shown,
                    void (*look)(void* data, uint64_t* there, uint64_t* back, int64_t* whole),
                    void* data);

/* The line goes away. To be called before the loop is closed. */
void progress_end(struct progress* progress);

#endif /* RELAY_PROGRESS_H_ */
