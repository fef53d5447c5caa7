/* A loop as all that stands above it sees it: its life and time, who gets another turn, what
 * keeps it alive, how it is woken, and what is due to be closed. It knows no kind of handle and
 * not the order of a turn, which is in core/run. */
#ifndef UV__LOOP_H_
#define UV__LOOP_H_

#include "core/port.h"

/* Give the owner of `io` a turn soon: the core's own "run me again", beside the rings. */
static inline void uv__loop_again(struct uv__io* io) {
  uv__io_wants_turn(io);
}

/* The owner of `io` lacks something that no ring tells of. It has a turn a little later, or when a
 * stream gave its descriptor back (loop->retry_at). */
void uv__loop_starve(struct uv__io* io);
/* That time is there. */
void uv__loop_retry(uv_loop_t* loop);

/* A descriptor came back: listeners that lack one try again at once (A4). */
static inline void uv__loop_freed(uv_loop_t* loop) {
  if (loop->retry_at != 0)
    loop->retry_at = loop->time;
}

/* As uv__loop_again, in the loop's next turn, and not in this one for that alone; nor does it wait for what it
 * lacks. */
static inline void uv__loop_later(struct uv__io* io) {
  if (io->waiting == UV__WAITS_STARVED)
    uv__queue_remove(&io->link);
  else if (io->waiting != UV__WAITS_NOT)
    return;
  io->waiting = UV__WAITS_LATER;
  uv__queue_insert_tail(&io->loop->later, &io->link);
}

/* An io of the library's own, which is in no handle: its owner brings the turn with it. */
struct uv__inner {
  struct uv__io io; /* of UV__ROLE_INNER */
  void (*turn)(struct uv__inner* inner, unsigned rung);
};

/* What the program was told in this turn, loop->told: a set of these. */
enum {
  UV__TOLD_END = 1,    /* the end of a request */
  UV__TOLD_ARRIVAL = 2 /* what came by itself: bytes, a connection, a signal, a child's end */
};

static inline void uv__loop_told(uv_loop_t* loop, unsigned what) {
  loop->told |= what;
}

/* Something is under way that must keep the loop alive, or is over: requests, and closes
 * that the system has not finished. */
static inline void uv__loop_hold(uv_loop_t* loop) {
  loop->active_reqs.count++;
}

static inline void uv__loop_release(uv_loop_t* loop) {
  loop->active_reqs.count--;
}

/* Have the loop look at its asyncs and its finished work soon. Any thread, also in a signal
 * handler. */
void uv__loop_wake(uv_loop_t* loop);

/* The handle's close callback is due in the closing phase of this turn. */
void uv__loop_closing(uv_loop_t* loop, uv_handle_t* handle);

/* The default loop, where it exists and nothing is left in it, goes. */
void uv__loop_close_default(void);

/* Whether what a loop says of itself fits together: for assertions. */
int uv__loop_valid(const uv_loop_t* loop);

/* metrics.c; the first two only of a loop with a meter */
void uv__meter_wait_begins(uv_loop_t* loop);
void uv__meter_wait_ends(uv_loop_t* loop);
void uv__meter_free(uv_loop_t* loop); /* NULL is none */
void uv__meter_fork(uv_loop_t* loop); /* in a forked child */

#endif /* UV__LOOP_H_ */
