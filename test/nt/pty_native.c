/* Children on pseudo consoles (rule X9) where the system is another one than that of test/api. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "nt.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

static uv_process_t child;
static uv_pipe_t terminal;
static uv_process_options_t options;
static char* args[8];
static int exits;

static void on_child_exit(uv_process_t* process, int64_t status, int signum) {
  (void) process;
  CHECK_EQ(status, 0);
  CHECK_EQ(signum, 0);
  exits++;
}

static void on_seen(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread >= 0 || nread == UV_EOF);
}

TEST(x9_system_without_pseudo_consoles) {
  if (harness_arg(0) != NULL)
    return;
  test_child(&options, args, "x9_system_without_pseudo_consoles", "child");
  options.exit_cb = on_child_exit;
  CHECK_EQ(uv_pipe_init(net_loop(), &terminal, 0), 0);
  nt_has_pseudo_consoles = 0;
  CHECK_EQ(uvs_pty_spawn(net_loop(), &child, &terminal, &options, 80, 25), UV_ENOTSUP);
  uv_close((uv_handle_t*) &child, NULL);
  net_turns(2);
  nt_has_pseudo_consoles = 1;
  CHECK_EQ(uvs_pty_spawn(net_loop(), &child, &terminal, &options, 80, 25), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &terminal, net_alloc, on_seen), 0);
  net_until(&exits, 1);
  net_end();
}
