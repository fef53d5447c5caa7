/* What the rest of the core asks of the loop. */
#ifndef UV__LOOP_H_
#define UV__LOOP_H_

#include "core/port.h"

/* Give the stream of `io` a turn soon: the core's own "run me again", beside the rings. */
static inline void uv__loop_again(struct uv__io* io) {
  if (!io->waiting) {
    io->waiting = 1;
    uv__queue_insert_tail(&io->loop->ready, &io->link);
  }
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

/* Who owns an io, and so takes its turn. */
enum uv__role {
  UV__ROLE_STREAM,
  UV__ROLE_PROCESS,
  UV__ROLE_SIGNAL
};

/* The pieces of a turn that live elsewhere. */
void uv__stream_turn(struct uv__io* io, unsigned rung);  /* stream.c */
void uv__process_turn(struct uv__io* io, unsigned rung); /* process.c */
void uv__signal_turn(struct uv__io* io, unsigned rung);  /* signal.c */
void uv__connect_run_refused(uv_loop_t* loop);           /* connect.c */
void uv__accept_retry(uv_loop_t* loop);                  /* accept.c */
void uv__async_run(uv_loop_t* loop);                     /* async.c */
void uv__work_finish(uv_loop_t* loop);                   /* threadpool.c */
void uv__meter_wait_begins(uv_loop_t* loop);             /* metrics.c; only with a meter */
void uv__meter_wait_ends(uv_loop_t* loop);
void uv__meter_free(uv_loop_t* loop);           /* NULL is none */
void uv__meter_fork(uv_loop_t* loop);           /* in a forked child */
void uv__timer_run(uv_loop_t* loop);            /* timer.c */
uint64_t uv__timer_next(const uv_loop_t* loop); /* timer.c: when, in ms; UINT64_MAX: never */
void uv__watcher_run_idle(uv_loop_t* loop);     /* watcher.c */
void uv__watcher_run_prepare(uv_loop_t* loop);
void uv__watcher_run_check(uv_loop_t* loop);
void uv__handle_finish(uv_handle_t* handle); /* handle.c: the last callbacks */

#endif /* UV__LOOP_H_ */
