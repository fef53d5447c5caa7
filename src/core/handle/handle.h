/* What every kind of handle shares: life, activity, references; and the kinds that are no streams
 * (timers, hooks, asyncs, signals). Who asks a handle for what its kind must answer, and who runs
 * the kinds in order, stands above (core/run). */
#ifndef UV__HANDLE_H_
#define UV__HANDLE_H_

#include "core/loop/loop.h"

/* Bits of handle->flags that every handle has. The others are a stream's (stream.h). */
enum {
  UV__HANDLE_CLOSING = 0x1,
  UV__HANDLE_ACTIVE = 0x2,
  UV__HANDLE_REF = 0x4
};

void uv__handle_init(uv_loop_t* loop, uv_handle_t* handle, uv_handle_type type);

/* The handle leaves its loop. */
void uv__handle_leave(uv_handle_t* handle);

/* Undo uv__handle_init of a handle whose initialisation failed later on. */
void uv__handle_forget(uv_handle_t* handle);

/* Enter and leave the active state; both may be called again and again. */
void uv__handle_start(uv_handle_t* handle);
void uv__handle_stop(uv_handle_t* handle);

/* Whether what all handles have in common fits together: for assertions. */
int uv__handle_valid(const uv_handle_t* handle);

#define uv__handle_is_closing(h) (((h)->flags & UV__HANDLE_CLOSING) != 0)
#define uv__handle_is_active(h) (((h)->flags & UV__HANDLE_ACTIVE) != 0)

/* timer.c. An alarm keeps no loop going; who rings is set no more, or set anew, by its `ring`. */
void uv__alarm_set(uv_loop_t* loop, struct uv__alarm* alarm, uint64_t due);
void uv__alarm_unset(uv_loop_t* loop, struct uv__alarm* alarm);
void uv__timer_run(uv_loop_t* loop);
uint64_t uv__timer_next(const uv_loop_t* loop); /* when, in ms; UINT64_MAX: never */
int uv__timer_close(uv_handle_t* handle);

/* watcher.c */
void uv__watcher_run_idle(uv_loop_t* loop);
void uv__watcher_run_prepare(uv_loop_t* loop);
void uv__watcher_run_check(uv_loop_t* loop);
int uv__watcher_close_idle(uv_handle_t* handle);
int uv__watcher_close_prepare(uv_handle_t* handle);
int uv__watcher_close_check(uv_handle_t* handle);

/* async.c */
void uv__async_run(uv_loop_t* loop);
void uv__async_fork(uv_loop_t* loop); /* in the child */
int uv__async_close(uv_handle_t* handle);

/* signal.c */
void uv__signal_turn(struct uv__io* io, unsigned rung);
int uv__signal_close(uv_handle_t* handle);
void uv__signal_finish(uv_handle_t* handle);

#endif /* UV__HANDLE_H_ */
