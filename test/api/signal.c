/* Signal watchers as far as all systems have them alike: arguments and life. That signals come is
 * shown in signal_unix.c and signal_win.c, since each system has its own ways to send them. */
#include <signal.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

static uv_signal_t watcher;

static void never(uv_signal_t* handle, int signum) {
  (void) handle;
  (void) signum;
  FAIL("nobody sent a signal");
}

TEST(signal_refuses_wrong_arguments) {
  CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
  CHECK_EQ(uv_signal_start(&watcher, NULL, SIGINT), UV_EINVAL);
  CHECK_EQ(uv_signal_start(&watcher, never, 0), UV_EINVAL);
  CHECK_EQ(uv_signal_start(&watcher, never, -1), UV_EINVAL);
  CHECK_EQ(uv_signal_start(&watcher, never, 100000), UV_EINVAL);
  CHECK_EQ(uv_signal_start_oneshot(&watcher, NULL, SIGINT), UV_EINVAL);
  CHECK_EQ(uv_is_active((uv_handle_t*) &watcher), 0);
  CHECK_EQ(uv_signal_stop(&watcher), 0);
  net_end();
}

TEST(signal_refused_keeps_what_was_watched) {
  CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
  CHECK_EQ(uv_signal_start(&watcher, never, SIGINT), 0);
  CHECK_EQ(uv_signal_start(&watcher, never, 100000), UV_EINVAL);
  CHECK_EQ(watcher.signum, SIGINT);
  CHECK_EQ(uv_is_active((uv_handle_t*) &watcher), 1);
  net_end();
}

TEST(l3_signal_keeps_the_loop_alive_while_started) {
  CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  CHECK_EQ(uv_signal_start(&watcher, never, SIGINT), 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_NOWAIT), 1);
  uv_unref((uv_handle_t*) &watcher);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  uv_ref((uv_handle_t*) &watcher);
  CHECK_EQ(uv_signal_stop(&watcher), 0);
  CHECK_EQ(uv_signal_stop(&watcher), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  net_end();
}

TEST(l4_signal_closes_while_started) {
  uv_os_fd_t fd;

  CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
  CHECK_EQ(uv_signal_start(&watcher, never, SIGTERM), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &watcher, &fd), UV_EINVAL);
  uv_close((uv_handle_t*) &watcher, net_count_close);
  CHECK_EQ(uv_signal_start(&watcher, never, SIGTERM), UV_EINVAL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 1);
  net_end();
}
