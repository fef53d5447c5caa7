/* The order of a loop's turn: the only place that names the turns of all kinds. What each does in
 * its turn is elsewhere.
 *
 * One turn: streams that asked for another go; idle; prepare; wait for the system; asyncs and
 * finished work; streams that rang, with their write callbacks; check; close callbacks;
 * timers. */
#include "core/run/run.h"

#include <assert.h>
#include <limits.h>

#include "core/base/atomic.h"
#include "core/kind/kind.h"
#include "core/loop/threadpool.h"
#include "core/stream/stream.h"

/* How often streams that ask for another go get it before hooks, timers and the system have
 * theirs. With READ_ROUNDS of read.c this bounds what one stream can take per turn (R6). */
enum {
  SERVE_ROUNDS = 4
};

/* Each turn looks at these; a call costs more than the look. */
static int is_alive(const uv_loop_t* loop) {
  return loop->active_handles > 0 || loop->active_reqs.count > 0 || loop->closing != NULL;
}

int uv_loop_alive(const uv_loop_t* loop) {
  return is_alive(loop);
}

static void run_timers(uv_loop_t* loop) {
  if (loop->timers.count > 0)
    uv__timer_run(loop);
}

static void take_inner_turn(struct uv__io* io, unsigned rung) {
  struct uv__inner* inner = uv__container_of(io, struct uv__inner, io);

  inner->turn(inner, rung);
}

static void (*const turns[])(struct uv__io* io, unsigned rung) = {
    [UV__ROLE_STREAM] = uv__stream_turn,
    [UV__ROLE_PROCESS] = uv__process_turn,
    [UV__ROLE_SIGNAL] = uv__signal_turn,
    [UV__ROLE_INNER] = take_inner_turn,
};

/* What the core has to do next: in how many ms; -1: nothing. */
static int due(const uv_loop_t* loop) {
  uint64_t next;

  if (loop->stop_flag || loop->closing != NULL || !is_alive(loop))
    return 0;
  if (!uv__queue_empty(&loop->ready) || !uv__queue_empty(&loop->idle))
    return 0;
  if (!uv__queue_empty(&loop->later) || !uv__queue_empty(&loop->refused))
    return 0;
  if (loop->timers.count == 0 && loop->retry_at == 0)
    return -1;
  next = uv__timer_next(loop);
  if (loop->retry_at != 0 && loop->retry_at < next)
    next = loop->retry_at;
  if (next <= loop->time)
    return 0;
  return next - loop->time > INT_MAX ? INT_MAX : (int) (next - loop->time);
}

int uv_backend_timeout(const uv_loop_t* loop) {
  int timeout_ms = due(loop);

  return timeout_ms == 0 ? 0 : uv__port_limit(loop, timeout_ms);
}

/* What rang is collected: its lanes are free again, and the io can ask for its next turn from
 * within this one. */
static void take_turn(struct uv__io* io) {
  unsigned rung = io->rung;

  io->rung = 0;
  io->waiting = UV__WAITS_NOT;
  io->busy &= (unsigned char) ~rung;
  uv__trace(io, UV__TRACE_TURN, rung, 0);
  turns[io->role](io, rung);
}

/* Gives each its turn; with `others` only streams, and what is none goes there. Not 0: something did. */
static unsigned serve(struct uv__queue* batch, struct uv__queue* others) {
  unsigned count = 0;

  while (!uv__queue_empty(batch)) {
    struct uv__queue* link = uv__queue_head(batch);
    struct uv__io* io = uv__container_of(link, struct uv__io, link);

    uv__queue_remove(link);
    if (others == NULL || io->role == UV__ROLE_STREAM) {
      take_turn(io);
      continue;
    }
    if (count++ == 0)
      uv__queue_init(others);
    uv__queue_insert_tail(others, link);
  }
  return count;
}

/* Streams that rang or asked for another go. What they add while this runs goes into the
 * next round, so that every stream of a round has had its turn before. Exits and signals come
 * after them: what a child wrote is read before its end is told. */
static void serve_streams(uv_loop_t* loop, struct uv__queue* batch, int rounds) {
  if (!uv__queue_empty(&loop->refused))
    uv__connect_run_refused(loop);
  for (;;) {
    struct uv__queue others;

    if (serve(batch, &others) > 0)
      (void) serve(&others, NULL);
    if (--rounds == 0 || uv__queue_empty(&loop->ready))
      return;
    uv__queue_move(&loop->ready, batch);
  }
}

/* Whether that has anything to do beside its batch. */
static int streams_wait(const uv_loop_t* loop) {
  return !uv__queue_empty(&loop->ready) || !uv__queue_empty(&loop->refused);
}

static void poll_system(uv_loop_t* loop, int timeout_ms) {
  uint64_t rings = loop->rings;
  int metered = timeout_ms != 0 && loop->meter != NULL;

  if (metered)
    uv__meter_wait_begins(loop);
  uv__port_poll(loop, timeout_ms);
  if (metered)
    uv__meter_wait_ends(loop);
  loop->events += loop->rings - rings;
  if (timeout_ms == 0)
    loop->events_waiting += loop->rings - rings;
}

/* Waits for the system. The store of `asleep` must be seen before the look at wake_pending,
 * hence sequential consistency. */
static void wait_for_system(uv_loop_t* loop, int timeout_ms) {
  uv__atomic_store(&loop->asleep, 1);
  if (uv__atomic_load(&loop->wake_pending))
    timeout_ms = 0;
  poll_system(loop, timeout_ms);
  uv__atomic_store_late(&loop->asleep, 0); /* Who still sees 1 wakes in vain. */
  uv_update_time(loop);
  if (loop->retry_at != 0 && loop->retry_at <= loop->time)
    uv__loop_retry(loop);
}

/* Cleared before anything is looked at: a wake-up that comes later sets it again. Most turns have
 * none, and a load costs them less than an exchange. 1: there was one. */
static int hear_threads(uv_loop_t* loop) {
  if (uv__atomic_load(&loop->wake_pending) == 0)
    return 0;
  uv__atomic_store(&loop->wake_pending, 0);
  uv__async_run(loop);
  uv__work_finish(loop);
  return 1;
}

/* In a single turn a stream is served once, before the wait or after it: a program that counts
 * turns finds a connection in one and what came over it in the next, and does not wait in that one
 * for what it has been told already. Ends of requests are no such step: they come in front of it. */
static int rounds_of(uv_run_mode mode) {
  return mode == UV_RUN_DEFAULT ? SERVE_ROUNDS : 1;
}

/* What comes before the wait; returns how long that may be. */
static int begin_turn(uv_loop_t* loop, uv_run_mode mode) {
  int has_idle = !uv__queue_empty(&loop->idle); /* One that stops itself was still there. */
  int may_wait;

  loop->told = 0;
  if (!uv__queue_empty(&loop->later) || streams_wait(loop)) {
    struct uv__queue batch;

    uv__queue_move(&loop->later, &batch);
    uv__queue_join(&batch, &loop->ready);
    serve_streams(loop, &batch, rounds_of(mode));
  }
  may_wait = mode == UV_RUN_DEFAULT || (mode == UV_RUN_ONCE && loop->told == 0 && !has_idle);
  if (!uv__queue_empty(&loop->idle))
    uv__watcher_run_idle(loop);
  if (!uv__queue_empty(&loop->prepare))
    uv__watcher_run_prepare(loop);
  return may_wait ? due(loop) : 0;
}

/* Close callbacks, last closed first, as in libuv: a program that frees, in the callback of what
 * it closed first, the block in which all of its handles lie depends on it. */
static void run_closing(uv_loop_t* loop) {
  uv_handle_t* next;

  uv__connect_run_refused(loop); /* A close callback comes last (L4). */
  next = loop->closing;
  loop->closing = NULL;
  while (next != NULL) {
    uv_handle_t* handle = next;
    next = handle->handle.next_closing;
    uv__kinds_finish(handle); /* The memory may be gone after this. */
  }
}

/* The wait, and what comes after it but for timers. 0: nobody had anything to do behind the wait, whose time
 * it still is. */
static int end_turn(uv_loop_t* loop, uv_run_mode mode, int timeout_ms) {
  struct uv__queue batch;
  int ran;

  wait_for_system(loop, timeout_ms);
  if (mode != UV_RUN_DEFAULT && (loop->told & UV__TOLD_ARRIVAL))
    uv__queue_init(&batch); /* What rang has its turn in the next one. */
  else
    uv__queue_move(&loop->ready, &batch);
  ran = hear_threads(loop);
  if (!uv__queue_empty(&batch) || streams_wait(loop)) {
    serve_streams(loop, &batch, rounds_of(mode));
    ran = 1;
  }
  if (!uv__queue_empty(&loop->check)) {
    uv__watcher_run_check(loop);
    ran = 1;
  }
  if (loop->closing != NULL || !uv__queue_empty(&loop->refused)) {
    run_closing(loop);
    ran = 1;
  }
  assert(uv__kinds_valid(loop));
  return ran;
}

/* Nothing is due, and no hook runs before the next wait, which brings the time up to date: what lies between
 * can be left out. */
static int is_at_rest(const uv_loop_t* loop) {
  return loop->timers.count == 0 && due(loop) < 0 && uv__queue_empty(&loop->prepare);
}

int uv_run(uv_loop_t* loop, uv_run_mode mode) {
  int alive = is_alive(loop);
  int at_rest = 0;

  uv_update_time(loop);
  if (mode == UV_RUN_DEFAULT && alive && !loop->stop_flag) {
    run_timers(loop);
    if (loop->stop_flag)
      alive = is_alive(loop); /* There is no turn that finds out. */
  }

  while (alive && !loop->stop_flag) {
    int timeout_ms;
    int ran;

    assert(uv__kinds_valid(loop));
    loop->turns++;
    timeout_ms = at_rest ? -1 : begin_turn(loop, mode);
    ran = end_turn(loop, mode, timeout_ms);
    at_rest = mode == UV_RUN_DEFAULT && is_at_rest(loop);
    if (at_rest)
      continue;
    if (ran)
      uv_update_time(loop);
    run_timers(loop);
    alive = is_alive(loop);
    if (mode != UV_RUN_DEFAULT)
      break;
  }

  /* From here on somebody may wait on uv_backend_fd instead. */
  uv__atomic_store(&loop->asleep, 1);
  if (uv__atomic_load(&loop->wake_pending))
    uv__port_wake(loop);
  loop->stop_flag = 0;
  return alive;
}
