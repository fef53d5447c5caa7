/* The table of handle kinds, and all that is asked of a handle and answered by its kind: how it
 * is closed, whether it is active, how large it is. */
#include <assert.h>

#include "core/kind/kind.h"
#include "core/run/run.h"
#include "core/stream/stream.h"

/* A kind of handle. A new kind is one row of the table. */
struct kind {
  size_t size;
  /* End its activity. UV__PENDING when it will call uv__loop_closing itself, later. NULL for
   * a type that no handle has by itself. */
  int (*close)(uv_handle_t* handle);
  /* The last steps before close_cb; NULL when there are none. */
  void (*finish)(uv_handle_t* handle);
};

static const struct kind kinds[UV_HANDLE_TYPE_MAX] = {
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

int uv_is_active(const uv_handle_t* handle) {
  if (uv__handle_is_closing(handle))
    return 0;
  if (uv__handle_is_active(handle))
    return 1;
  return uv__handle_is_stream(handle) && uv__stream_has_requests((const uv_stream_t*) handle);
}

void uv_close(uv_handle_t* handle, uv_close_cb close_cb) {
  if (uv__handle_is_closing(handle))
    return;
  handle->flags |= UV__HANDLE_CLOSING;
  handle->handle.close_cb = close_cb;
  if (kinds[handle->type].close(handle) == 0)
    uv__loop_closing(handle->loop, handle);
  assert(uv__handle_valid(handle));
  assert(!uv__handle_is_stream(handle) || uv__stream_valid((const uv_stream_t*) handle));
}

int uv_tcp_close_reset(uv_tcp_t* handle, uv_close_cb close_cb) {
  struct uv__io* io = &handle->stream.io;
  int r;

  if (handle->stream.phase == UV__FRESH || handle->stream.phase == UV__CLOSING)
    return UV_EBADF;
  if (handle->stream.shutdown_req != NULL)
    return UV_EINVAL; /* It promised the peer an orderly end. */
  r = handle->stream.phase == UV__DROPPED ? 0 : io->ops->option(io, UV__RESET, NULL);
  if (r < 0)
    return r;
  uv_close((uv_handle_t*) handle, close_cb);
  return 0;
}

/* Only now does the handle leave the loop: until its close callback it can be walked over,
 * and the loop cannot be closed. */
void uv__kinds_finish(uv_handle_t* handle) {
  if (kinds[handle->type].finish != NULL)
    kinds[handle->type].finish(handle);
  uv__handle_leave(handle);
  if (handle->handle.close_cb != NULL)
    handle->handle.close_cb(handle);
}

size_t uv_handle_size(uv_handle_type type) {
  if ((unsigned) type >= UV_HANDLE_TYPE_MAX || kinds[type].size == 0)
    return (size_t) -1;
  return kinds[type].size;
}

#if !defined(NDEBUG)

enum {
  LOOKED_AT = 256 /* handles; an assertion must not take longer than what it is in */
};

int uv__kinds_valid(const uv_loop_t* loop) {
  const struct uv__queue* link;
  unsigned active = 0;
  int looked = 0;

  if (!uv__loop_valid(loop))
    return 0;
  for (link = loop->handles.next; link != &loop->handles; link = link->next) {
    const uv_handle_t* handle = uv__container_of(link, uv_handle_t, handle.link);

    if (looked++ == LOOKED_AT)
      return active <= loop->active_handles;
    if (handle->loop != loop || !uv__handle_valid(handle) || kinds[handle->type].close == NULL)
      return 0;
    if (uv__handle_is_stream(handle) && !uv__stream_valid((const uv_stream_t*) handle))
      return 0;
    active += uv__handle_is_active(handle) && (handle->flags & UV__HANDLE_REF);
  }
  return active == loop->active_handles;
}

#endif
