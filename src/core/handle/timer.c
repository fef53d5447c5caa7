/* Timers: a heap ordered by due time, ties by order of start. */
#include "core/base/heap.h"
#include "core/handle/handle.h"
#include "core/loop/loop.h"

static uv_timer_t* timer_of(const struct uv__heap_node* node) {
  return uv__container_of(node, uv_timer_t, heap);
}

static struct uv__heap_node* node_of(uv_timer_t* handle) {
  return (struct uv__heap_node*) (void*) handle->heap;
}

static int before(const struct uv__heap_node* a, const struct uv__heap_node* b) {
  const uv_timer_t* x = timer_of(a);
  const uv_timer_t* y = timer_of(b);

  return x->due != y->due ? x->due < y->due : x->order < y->order;
}

static uv_timer_t* first(const uv_loop_t* loop) {
  return loop->timers.root == NULL ? NULL : timer_of(loop->timers.root);
}

uint64_t uv__timer_next(const uv_loop_t* loop) {
  const uv_timer_t* handle = first(loop);
  return handle == NULL ? UINT64_MAX : handle->due;
}

/* Timers that were started before this call and are due. One that a callback starts waits
 * for the next turn even when its time-out is 0; it sorts behind all that are due now. */
void uv__timer_run(uv_loop_t* loop) {
  uint64_t end = loop->timer_order;
  uv_timer_t* handle;

  while ((handle = first(loop)) != NULL && handle->due <= loop->time && handle->order < end) {
    uv_timer_stop(handle);
    uv_timer_again(handle);
    handle->timer_cb(handle);
  }
}

int uv__timer_close(uv_handle_t* handle) {
  return uv_timer_stop((uv_timer_t*) handle);
}

int uv_timer_init(uv_loop_t* loop, uv_timer_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_TIMER);
  handle->timer_cb = NULL;
  handle->due = 0;
  handle->repeat = 0;
  handle->order = 0;
  return 0;
}

int uv_timer_start(uv_timer_t* handle, uv_timer_cb cb, uint64_t timeout, uint64_t repeat) {
  uv_loop_t* loop = handle->loop;

  if (cb == NULL || uv__handle_is_closing(handle))
    return UV_EINVAL;
  uv_timer_stop(handle);
  handle->timer_cb = cb;
  handle->repeat = repeat;
  /* A time-out of "for ever" must not wrap around into the past. */
  handle->due = timeout > UINT64_MAX - 1 - loop->time ? UINT64_MAX - 1 : loop->time + timeout;
  handle->order = loop->timer_order++;
  uv__heap_insert(&loop->timers.root, node_of(handle), before);
  loop->timers.count++;
  uv__handle_start((uv_handle_t*) handle);
  return 0;
}

int uv_timer_stop(uv_timer_t* handle) {
  if (uv__handle_is_active(handle)) {
    uv__heap_remove(&handle->loop->timers.root, node_of(handle), before);
    handle->loop->timers.count--;
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
  if (!uv__handle_is_active(handle) || handle->due <= handle->loop->time)
    return 0;
  return handle->due - handle->loop->time;
}
