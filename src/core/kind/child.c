/* A child process that was started: its end, and that of its handle. The loop knows this of every program,
 * and nothing of how children are started (process.c), which so is linked where that is done. */
#include "core/handle/handle.h"
#include "core/kind/kind.h"

enum {
  HAS_ENDED = 0x100 /* of handle->flags: and its exit is not told yet */
};

/* The child rang, its terminal has ended, or the port is done with its close. */
void uv__process_turn(struct uv__io* io, unsigned rung) {
  uv_process_t* handle = uv__container_of(io, uv_process_t, io);

  if (rung & UV__CLOSED) {
    uv__loop_release(handle->loop);
    uv__loop_closing(handle->loop, (uv_handle_t*) handle);
    return;
  }
  if (rung & UV__EVENT) {
    handle->flags |= HAS_ENDED;
    if (handle->pty != NULL)
      handle->pty->ended(handle->pty);
  }
  if (!(handle->flags & HAS_ENDED) || uv__handle_is_closing(handle))
    return;
  if (handle->pty != NULL && handle->pty->holds(handle->pty))
    return;
  handle->flags &= ~(unsigned) HAS_ENDED;
  uv__port_child_status(io, &handle->exit_status, &handle->term_signal);
  uv__handle_stop((uv_handle_t*) handle);
  uv__loop_told(handle->loop, UV__TOLD_ARRIVAL);
  if (handle->exit_cb != NULL)
    handle->exit_cb(handle, handle->exit_status, handle->term_signal);
}

int uv__process_close(uv_handle_t* handle) {
  uv_process_t* process = (uv_process_t*) handle;
  int r = uv__port_child_close(&process->io);

  uv__trace(&process->io, UV__TRACE_START, UV__CLOSED, r);
  uv__handle_stop(handle);
  if (process->pty != NULL)
    process->pty->closed(process->pty);
  process->pty = NULL;
  if (r == UV__PENDING) {
    process->io.busy |= UV__CLOSED;
    uv__loop_hold(handle->loop);
  }
  return r;
}

void uv__process_finish(uv_handle_t* handle) {
  uv__queue_remove(&((uv_process_t*) handle)->io.link);
}
