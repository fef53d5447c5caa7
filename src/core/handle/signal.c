/* Signal watchers: arguments, one-shots, and the callback. Catching signals and telling the
 * right loops is the port's. */
#include <string.h>

#include "core/handle/handle.h"

/* What comes while this runs rings again, and is told in another turn: a callback that sends its signal
 * anew leaves the others theirs (R6). One that stops, closes or watches for another signal has nothing
 * of what came before, also where it begins anew. */
void uv__signal_turn(struct uv__io* io, unsigned rung) {
  uv_signal_t* handle = uv__container_of(io, uv_signal_t, io);
  int signum = handle->signum;

  if (!(rung & UV__EVENT) || signum == 0)
    return;
  handle->owed = uv__port_signal_take(io, &handle->caught);
  while (handle->owed > 0) {
    handle->owed--;
    if (handle->oneshot)
      uv_signal_stop(handle);
    uv__loop_told(handle->loop, UV__TOLD_ARRIVAL);
    handle->signal_cb(handle, signum);
  }
}

int uv__signal_close(uv_handle_t* handle) {
  return uv_signal_stop((uv_signal_t*) handle);
}

void uv__signal_finish(uv_handle_t* handle) {
  uv__queue_remove(&((uv_signal_t*) handle)->io.link);
}

int uv_signal_init(uv_loop_t* loop, uv_signal_t* handle) {
  uv__handle_init(loop, (uv_handle_t*) handle, UV_SIGNAL);
  handle->signal_cb = NULL;
  handle->signum = 0;
  handle->oneshot = 0;
  handle->caught = 0;
  handle->owed = 0;
  memset(&handle->io, 0, sizeof(handle->io));
  handle->io.loop = loop;
  handle->io.role = UV__ROLE_SIGNAL;
  uv__queue_init(&handle->io.link);
  uv__queue_init(&handle->watcher);
  return 0;
}

static int start(uv_signal_t* handle, uv_signal_cb signal_cb, int signum, int oneshot) {
  int r;

  if (signal_cb == NULL || signum == 0 || uv__handle_is_closing(handle))
    return UV_EINVAL;
  if (signum != handle->signum) {
    int before = handle->signum;

    uv_signal_stop(handle);
    r = uv__port_signal_start(&handle->io, &handle->watcher, &handle->caught, signum);
    uv__trace(&handle->io, UV__TRACE_START, UV__EVENT, r < 0 ? r : UV__PENDING);
    if (r < 0) {
      /* The watcher goes on with what it had, if it had something. */
      if (before != 0 &&
          uv__port_signal_start(&handle->io, &handle->watcher, &handle->caught, before) == 0) {
        handle->signum = before;
        uv__handle_start((uv_handle_t*) handle);
      }
      return r;
    }
    handle->signum = signum;
    uv__handle_start((uv_handle_t*) handle);
  }
  handle->signal_cb = signal_cb;
  handle->oneshot = oneshot;
  return 0;
}

int uv_signal_start(uv_signal_t* handle, uv_signal_cb signal_cb, int signum) {
  return start(handle, signal_cb, signum, 0);
}

int uv_signal_start_oneshot(uv_signal_t* handle, uv_signal_cb signal_cb, int signum) {
  return start(handle, signal_cb, signum, 1);
}

int uv_signal_stop(uv_signal_t* handle) {
  if (handle->signum == 0)
    return 0;
  uv__port_signal_stop(&handle->io, &handle->watcher, handle->signum);
  handle->signum = 0;
  handle->caught = 0;
  handle->owed = 0;
  uv__handle_stop((uv_handle_t*) handle);
  return 0;
}
