/* Loop hooks: idle, prepare and check. Three kinds, one behaviour: a queue that is run through
 * once per turn. */
#include "core/handle/handle.h"
#include "core/loop/loop.h"

/* The hook that was started last runs first, as in libuv: programs may lean on it. */
static int start(uv_handle_t* handle, struct uv__queue* hooks, struct uv__queue* link) {
  uv__queue_insert_head(hooks, link);
  uv__handle_start(handle);
  return 0;
}

static int stop(uv_handle_t* handle, struct uv__queue* link) {
  uv__queue_remove(link);
  uv__handle_stop(handle);
  return 0;
}

/* Every hook that was started before this call, once. A callback may stop or close any of
 * them: each is taken out of the batch before it runs. */
static void run(struct uv__queue* hooks, void (*call)(struct uv__queue* link)) {
  struct uv__queue batch;

  uv__queue_move(hooks, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__queue* link = uv__queue_head(&batch);
    uv__queue_remove(link);
    uv__queue_insert_tail(hooks, link);
    call(link);
  }
}

/* ---- idle ---- */

static void call_idle(struct uv__queue* link) {
  uv_idle_t* handle = uv__container_of(link, uv_idle_t, queue);
  handle->idle_cb(handle);
}

void uv__watcher_run_idle(uv_loop_t* loop) {
  run(&loop->idle, call_idle);
}

int uv__watcher_close_idle(uv_handle_t* handle) {
  return uv_idle_stop((uv_idle_t*) handle);
}

int uv_idle_init(uv_loop_t* loop, uv_idle_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_IDLE);
  uv__queue_init(&handle->queue);
  handle->idle_cb = NULL;
  return 0;
}

int uv_idle_start(uv_idle_t* handle, uv_idle_cb cb) {
  if (cb == NULL || uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (uv__handle_is_active(handle))
    return 0;
  handle->idle_cb = cb;
  return start((uv_handle_t*) handle, &handle->loop->idle, &handle->queue);
}

int uv_idle_stop(uv_idle_t* handle) {
  return stop((uv_handle_t*) handle, &handle->queue);
}

/* ---- prepare ---- */

static void call_prepare(struct uv__queue* link) {
  uv_prepare_t* handle = uv__container_of(link, uv_prepare_t, queue);
  handle->prepare_cb(handle);
}

void uv__watcher_run_prepare(uv_loop_t* loop) {
  run(&loop->prepare, call_prepare);
}

int uv__watcher_close_prepare(uv_handle_t* handle) {
  return uv_prepare_stop((uv_prepare_t*) handle);
}

int uv_prepare_init(uv_loop_t* loop, uv_prepare_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_PREPARE);
  uv__queue_init(&handle->queue);
  handle->prepare_cb = NULL;
  return 0;
}

int uv_prepare_start(uv_prepare_t* handle, uv_prepare_cb cb) {
  if (cb == NULL || uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (uv__handle_is_active(handle))
    return 0;
  handle->prepare_cb = cb;
  return start((uv_handle_t*) handle, &handle->loop->prepare, &handle->queue);
}

int uv_prepare_stop(uv_prepare_t* handle) {
  return stop((uv_handle_t*) handle, &handle->queue);
}

/* ---- check ---- */

static void call_check(struct uv__queue* link) {
  uv_check_t* handle = uv__container_of(link, uv_check_t, queue);
  handle->check_cb(handle);
}

void uv__watcher_run_check(uv_loop_t* loop) {
  run(&loop->check, call_check);
}

int uv__watcher_close_check(uv_handle_t* handle) {
  return uv_check_stop((uv_check_t*) handle);
}

int uv_check_init(uv_loop_t* loop, uv_check_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_CHECK);
  uv__queue_init(&handle->queue);
  handle->check_cb = NULL;
  return 0;
}

int uv_check_start(uv_check_t* handle, uv_check_cb cb) {
  if (cb == NULL || uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (uv__handle_is_active(handle))
    return 0;
  handle->check_cb = cb;
  return start((uv_handle_t*) handle, &handle->loop->check, &handle->queue);
}

int uv_check_stop(uv_check_t* handle) {
  return stop((uv_handle_t*) handle, &handle->queue);
}
