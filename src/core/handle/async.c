/* Asyncs: waking the loop from other threads and from signal handlers (rule L7). */
#include "core/base/atomic.h"
#include "core/handle/handle.h"
#include "core/loop/loop.h"

/* Two flags make many sends one: `sent` of the handle says that its callback is owed,
 * `wake_pending` of the loop that somebody's is (loop.c).
 *
 * The exchange is made even when `sent` is set, where a load could tell that nothing is left to
 * do. A load could also be done before the stores that came before it are seen: it finds the flag
 * just not cleared yet, and the callback for which it was cleared does not find what the sender
 * has put there for it; nobody would tell it again. With the exchange, either `uv__async_run`
 * clears the flag before it, and the loop is woken, or after it, and the callback sees all that
 * the sender wrote. A fence before the load would do as well, and costs the same. */
int uv_async_send(uv_async_t* handle) {
  if (uv__atomic_exchange(&handle->sent, 1) == 0)
    uv__loop_wake(handle->loop);
  return 0;
}

void uv__async_run(uv_loop_t* loop) {
  struct uv__queue batch;

  uv__queue_move(&loop->asyncs, &batch);
  while (!uv__queue_empty(&batch)) {
    struct uv__queue* link = uv__queue_head(&batch);
    uv_async_t* handle = uv__container_of(link, uv_async_t, queue);

    uv__queue_remove(link);
    uv__queue_insert_tail(&loop->asyncs, link);
    if (uv__atomic_load(&handle->sent) == 0)
      continue;
    uv__atomic_store(&handle->sent, 0); /* A send during the callback runs it again. */
    loop->events++;
    if (handle->async_cb != NULL)
      handle->async_cb(handle);
  }
}

int uv__async_close(uv_handle_t* handle) {
  uv__queue_remove(&((uv_async_t*) handle)->queue);
  uv__handle_stop(handle);
  return 0;
}

int uv_async_init(uv_loop_t* loop, uv_async_t* handle, uv_async_cb async_cb) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_ASYNC);
  handle->async_cb = async_cb;
  handle->sent = 0;
  uv__queue_insert_tail(&loop->asyncs, &handle->queue);
  uv__handle_start((uv_handle_t*) handle);
  return 0;
}
