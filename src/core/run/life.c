/* What concerns the process rather than a loop: its end, and its forks. */
#include "core/base/atomic.h"
#include "core/handle/handle.h"
#include "core/loop/threadpool.h"
#include "core/run/run.h"
#include "core/stream/stream.h"

void uv_library_shutdown(void) {
  uv__loop_close_default();
  uv__work_shutdown();
  uv__port_shutdown();
}

int uv_loop_fork(uv_loop_t* loop) {
  struct uv__queue* link;
  int r = uv__port_fork(loop);

  for (link = loop->handles.next; r == 0 && link != &loop->handles; link = link->next) {
    uv_handle_t* handle = uv__container_of(link, uv_handle_t, handle.link);

    if (uv__handle_is_stream(handle))
      r = uv__port_fork_io(&((uv_stream_t*) handle)->stream.io);
  }
  if (r < 0)
    return r;
  uv__async_fork(loop);
  uv__work_fork(loop);
  uv__meter_fork(loop);
  /* A wake-up may have been written into what only the parent has now. */
  if (uv__atomic_load(&loop->wake_pending))
    uv__port_wake(loop);
  return 0;
}
