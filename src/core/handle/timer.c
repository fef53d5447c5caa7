/* Timers, and what else is due at some time: a heap ordered by due time, ties by order of start. */
#include "core/base/heap.h"
#include "core/handle/handle.h"
#include "core/loop/loop.h"

/* ---- Alarms ---- */

static struct uv__alarm* alarm_of(const struct uv__heap_node* node) {
  return uv__container_of(node, struct uv__alarm, heap);
}

static struct uv__heap_node* node_of(struct uv__alarm* alarm) {
  return (struct uv__heap_node*) (void*) alarm->heap;
}

static int before(const struct uv__heap_node* a, const struct uv__heap_node* b) {
  const struct uv__alarm* x = alarm_of(a);
  const struct uv__alarm* y = alarm_of(b);

  return x->due != y->due ? x->due < y->due : x->order < y->order;
}

static struct uv__alarm* first(const uv_loop_t* loop) {
  return loop->timers.root == NULL ? NULL : alarm_of(loop->timers.root);
}

void uv__alarm_set(uv_loop_t* loop, struct uv__alarm* alarm, uint64_t due) {
  alarm->due = due;
  alarm->order = loop->timer_order++;
  uv__heap_insert(&loop->timers.root, node_of(alarm), before);
  loop->timers.count++;
}

void uv__alarm_unset(uv_loop_t* loop, struct uv__alarm* alarm) {
  uv__heap_remove(&loop->timers.root, node_of(alarm), before);
  loop->timers.count--;
}

uint64_t uv__timer_next(const uv_loop_t* loop) {
  const struct uv__alarm* alarm = first(loop);
  return alarm == NULL ? UINT64_MAX : alarm->due;
}

/* Alarms that were set before this call and are due. One that a callback sets waits for the next turn
 * even when it is due at once; it sorts behind all that are due now. */
void uv__timer_run(uv_loop_t* loop) {
  uint64_t end = loop->timer_order;
  struct uv__alarm* alarm;

  while ((alarm = first(loop)) != NULL && alarm->due <= loop->time && alarm->order < end)
    alarm->ring(alarm);
}

/* ---- Timers ---- */

static void ring(struct uv__alarm* alarm) {
  uv_timer_t* handle = uv__container_of(alarm, uv_timer_t, alarm);

  if (handle->repeat > 0)
    uv_timer_again(handle);
  else
    uv_timer_stop(handle);
  handle->timer_cb(handle);
}

int uv__timer_close(uv_handle_t* handle) {
  return uv_timer_stop((uv_timer_t*) handle);
}

int uv_timer_init(uv_loop_t* loop, uv_timer_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_TIMER);
  handle->timer_cb = NULL;
  handle->alarm.due = 0;
  handle->alarm.ring = ring;
  handle->repeat = 0;
  return 0;
}

int uv_timer_start(uv_timer_t* handle, uv_timer_cb cb, uint64_t timeout, uint64_t repeat) {
  uv_loop_t* loop = handle->loop;

  if (cb == NULL || uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (uv__handle_is_active(handle))
    uv__alarm_unset(loop, &handle->alarm);
  else
    uv__handle_start((uv_handle_t*) handle);
  handle->timer_cb = cb;
  handle->repeat = repeat;
  /* A time-out of "for ever" must not wrap around into the past. */
  uv__alarm_set(loop, &handle->alarm,
                timeout > UINT64_MAX - 1 - loop->time ? UINT64_MAX - 1 : loop->time + timeout);
  return 0;
}

int uv_timer_stop(uv_timer_t* handle) {
  if (uv__handle_is_active(handle)) {
    uv__alarm_unset(handle->loop, &handle->alarm);
    uv__handle_stop((uv_handle_t*) handle);
  }
  return 0;
}

int uv_timer_again(uv_timer_t* handle) {
  if (handle->timer_cb == NULL)
    return UV_EINVAL;
  if (handle->repeat == 0)
    return 0;
  return uv_timer_start(handle, handle->timer_cb, handle->repeat, handle->repeat);
}

void uv_timer_set_repeat(uv_timer_t* handle, uint64_t repeat) {
  handle->repeat = repeat;
}

uint64_t uv_timer_get_repeat(const uv_timer_t* handle) {
  return handle->repeat;
}

uint64_t uv_timer_get_due_in(const uv_timer_t* handle) {
  return handle->alarm.due <= handle->loop->time ? 0 : handle->alarm.due - handle->loop->time;
}
