/* What every handle has in common: life, activity, references, and its place in the loop. */
#include "core/handle/handle.h"

#include <string.h>

static const struct uv__handle_kind kinds[UV_HANDLE_TYPE_MAX] = {
    [UV_ASYNC] = {sizeof(uv_async_t), uv__async_close, NULL},
    [UV_CHECK] = {sizeof(uv_check_t), uv__watcher_close_check, NULL},
    [UV_HANDLE] = {sizeof(uv_handle_t), NULL, NULL},
    [UV_IDLE] = {sizeof(uv_idle_t), uv__watcher_close_idle, NULL},
    [UV_NAMED_PIPE] = {sizeof(uv_pipe_t), uv__stream_close, uv__stream_finish},
    [UV_PREPARE] = {sizeof(uv_prepare_t), uv__watcher_close_prepare, NULL},
    [UV_PROCESS] = {sizeof(uv_process_t), uv__process_close, uv__process_finish},
    [UV_SIGNAL] = {sizeof(uv_signal_t), uv__signal_close, uv__signal_finish},
    [UV_STREAM] = {sizeof(uv_stream_t), NULL, NULL},
    [UV_TCP] = {sizeof(uv_tcp_t), uv__stream_close, uv__stream_finish},
    [UV_TIMER] = {sizeof(uv_timer_t), uv__timer_close, NULL},
    [UV_TTY] = {sizeof(uv_tty_t), uv__stream_close, uv__stream_finish},
};

void uv__handle_init(uv_loop_t* loop, uv_handle_t* handle, uv_handle_type type) {
  handle->loop = loop;
  handle->type = type;
  handle->flags = UV__HANDLE_REF;
  handle->handle.close_cb = NULL;
  handle->handle.next_closing = NULL;
  uv__queue_insert_tail(&loop->handles, &handle->handle.link);
}

void uv__handle_forget(uv_handle_t* handle) {
  uv__handle_stop(handle);
  uv__queue_remove(&handle->handle.link);
}

/* loop->active_handles counts the handles that are both active and referenced; these two
 * and uv_ref/uv_unref are the only places that change either property. */

void uv__handle_start(uv_handle_t* handle) {
  if (handle->flags & UV__HANDLE_ACTIVE)
    return;
  handle->flags |= UV__HANDLE_ACTIVE;
  if (handle->flags & UV__HANDLE_REF)
    handle->loop->active_handles++;
}

void uv__handle_stop(uv_handle_t* handle) {
  if (!(handle->flags & UV__HANDLE_ACTIVE))
    return;
  handle->flags &= ~(unsigned) UV__HANDLE_ACTIVE;
  if (handle->flags & UV__HANDLE_REF)
    handle->loop->active_handles--;
}

void uv_ref(uv_handle_t* handle) {
  if (handle->flags & UV__HANDLE_REF)
    return;
  handle->flags |= UV__HANDLE_REF;
  if (handle->flags & UV__HANDLE_ACTIVE)
    handle->loop->active_handles++;
}

void uv_unref(uv_handle_t* handle) {
  if (!(handle->flags & UV__HANDLE_REF))
    return;
  handle->flags &= ~(unsigned) UV__HANDLE_REF;
  if (handle->flags & UV__HANDLE_ACTIVE)
    handle->loop->active_handles--;
}

int uv_has_ref(const uv_handle_t* handle) {
  return (handle->flags & UV__HANDLE_REF) != 0;
}

int uv_is_active(const uv_handle_t* handle) {
  if (uv__handle_is_closing(handle))
    return 0;
  if (uv__handle_is_active(handle))
    return 1;
  return uv__handle_is_stream(handle) && uv__stream_has_requests((const uv_stream_t*) handle);
}

int uv_is_closing(const uv_handle_t* handle) {
  return uv__handle_is_closing(handle);
}

void uv_close(uv_handle_t* handle, uv_close_cb close_cb) {
  if (uv__handle_is_closing(handle))
    return;
  handle->flags |= UV__HANDLE_CLOSING;
  handle->handle.close_cb = close_cb;
  if (kinds[handle->type].close(handle) == 0)
    uv__loop_closing(handle->loop, handle);
}

/* Only now does the handle leave the loop: until its close callback it can be walked over,
 * and the loop cannot be closed. */
void uv__handle_finish(uv_handle_t* handle) {
  if (kinds[handle->type].finish != NULL)
    kinds[handle->type].finish(handle);
  uv__queue_remove(&handle->handle.link);
  if (handle->handle.close_cb != NULL)
    handle->handle.close_cb(handle);
}

size_t uv_handle_size(uv_handle_type type) {
  if ((unsigned) type >= UV_HANDLE_TYPE_MAX || kinds[type].size == 0)
    return (size_t) -1;
  return kinds[type].size;
}

const char* uv_handle_type_name(uv_handle_type type) {
  switch (type) {
#define CASE(upper, lower) \
  case UV_##upper:         \
    return #lower;
    UV_HANDLE_TYPE_MAP(CASE)
#undef CASE
  case UV_FILE:
    return "file";
  default:
    return NULL;
  }
}

uv_handle_type uv_handle_get_type(const uv_handle_t* handle) {
  return handle->type;
}

void* uv_handle_get_data(const uv_handle_t* handle) {
  return handle->data;
}

void uv_handle_set_data(uv_handle_t* handle, void* data) {
  handle->data = data;
}

uv_loop_t* uv_handle_get_loop(const uv_handle_t* handle) {
  return handle->loop;
}

/* Each link is put back before the callback, which may close handles or add new ones: those
 * go to the end and are not walked over. */
void uv_walk(uv_loop_t* loop, uv_walk_cb walk_cb, void* arg) {
  struct uv__queue batch;

  uv__queue_move(&loop->handles, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__queue* link = uv__queue_head(&batch);
    uv_handle_t* handle = uv__container_of(link, uv_handle_t, handle.link);

    uv__queue_remove(link);
    uv__queue_insert_tail(&loop->handles, link);
    walk_cb(handle, arg);
  }
}
