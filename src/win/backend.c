/* The backend as the core's loop sees it: how it starts and ends, the order of what a turn does in
 * the port, and what Windows has none of. The only file that knows the loop and the kinds both. */
#include "core/base/atomic.h"
#include "win/loop/loop.h"
#include "win/pipe/pipe.h"
#include "win/system/system.h"
#include "win/tcp/tcp.h"

int uv__port_start(uv_loop_t* loop) {
  int r = uv__sock_start();

  return r < 0 ? r : uv__loop_start(loop);
}

void uv__port_stop(uv_loop_t* loop) {
  uv__late_stop(loop);
  uv__bundle_free(loop);
  uv__loop_stop(loop);
}

/* Signals after the packets, whose waker may have been one; what is tried again comes last, so that
 * it finds the streams that the packets have closed off its list. */
void uv__port_poll(uv_loop_t* loop, int timeout_ms) {
  uv__loop_complete(loop, timeout_ms);
  if (uv__atomic_load(&loop->tail.signals))
    uv__signal_look(loop);
  uv__retry_run(loop);
}

/* A port is signalled while a packet is in it, and whoever waits for that takes none. The handles of the kernel
 * are numbers that fit into an int, which is promised for those that go to programs of 32 bits. */
int uv__port_backend_fd(const uv_loop_t* loop) {
  return (int) (intptr_t) loop->tail.iocp;
}

int uv__port_limit(const uv_loop_t* loop, int timeout_ms) {
  return uv__loop_limit(loop, timeout_ms);
}

/* Nothing else is held for the process that another loop could not need. */
void uv__port_shutdown(void) {
  uv__title_shutdown();
}

/* ---- No process is forked, and none gets signals ---- */

int uv__port_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void)) {
  (void) before;
  (void) in_parent;
  (void) in_child;
  return 0;
}

int uv__port_fork(uv_loop_t* loop) {
  (void) loop;
  return UV_ENOSYS;
}

int uv__port_fork_io(struct uv__io* io) {
  (void) io;
  return UV_ENOSYS;
}

int uv__port_block_signal(uv_loop_t* loop, int signum) {
  (void) loop;
  (void) signum;
  return UV_ENOSYS;
}
