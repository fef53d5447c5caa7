/* A child on a terminal that this process makes (rule X9). What is made to fail in it is memory; calls of
 * Linux in terminal.c, and those of Windows in test/nt. */
#include <stdint.h>
#include <string.h>

#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "pipes.h"
#include "scenarios.h"
#include "uvstream.h"

static uv_process_t child;
static uv_pipe_t terminal;
static uv_write_t typed;
static char seen[4096];
static size_t seen_bytes;
static int is_over;
static int exits;

/* The end of the terminal is told before. */
static void on_exit(uv_process_t* process, int64_t status, int signal) {
  CHECK(scene_failed || (status == 0 && signal == 0 && is_over));
  exits++;
  close_quietly((uv_handle_t*) process);
}

static void on_seen(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(seen_bytes + (size_t) nread < sizeof(seen));
    memcpy(seen + seen_bytes, buf->base, (size_t) nread);
    seen_bytes += (size_t) nread;
  } else if (nread < 0 && nread != UV_ENOBUFS) {
    is_over = 1;
    if (nread != UV_EOF && !scene_failed)
      (void) went_on((int) nread);
    close_quietly((uv_handle_t*) stream);
  }
}

static void on_typed(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void use_terminal(void) {
  uv_buf_t buf = uv_buf_init((char*) "yes\r", 4);
  int r = uvs_pty_resize(&terminal, 90, 40);

  if (r != UV_ENOTSUP || !test_is_wine())
    (void) went_on(r);
  if (!scene_failed && went_on(uv_read_start((uv_stream_t*) &terminal, on_alloc, on_seen)))
    (void) owes_callback(uv_write(&typed, (uv_stream_t*) &terminal, &buf, 1, on_typed));
}

void scenario_pty(void) {
  uv_process_options_t options;
  char* args[8];

  memset(&child, 0xa5, sizeof(child));
  memset(&terminal, 0xa5, sizeof(terminal));
  memset(seen, 0, sizeof(seen));
  seen_bytes = 0;
  is_over = 0;
  exits = 0;
  if (!scene_begin())
    return;
  test_child(&options, args, "e1_child_on_a_terminal", "child");
  options.exit_cb = on_exit;
  CHECK_EQ(uv_pipe_init(scene, &terminal, 0), 0);
  if (went_on(uvs_pty_spawn(scene, &child, &terminal, &options, 80, 25)))
    use_terminal();
  scene_end();
  CHECK(scene_failed || (exits == 1 && strstr(seen, "done") != NULL));
}

static int has_terminals(void) {
  uv_process_options_t options;
  uv_process_t process;
  uv_pipe_t pipe;
  char* args[8];
  int r;

  CHECK(scene_begin());
  test_child(&options, args, "e1_child_on_a_terminal", "child");
  options.file = "no-such-program";
  CHECK_EQ(uv_pipe_init(scene, &pipe, 0), 0);
  r = uvs_pty_spawn(scene, &process, &pipe, &options, 80, 25);
  CHECK(r == UV_ENOENT || r == UV_ENOTSUP);
  scene_fail();
  scene_end();
  return r == UV_ENOENT;
}

TEST(e1_child_on_a_terminal) {
  if (harness_arg(0) != NULL) {
    char byte = 0;

    test_find_console();
    while (byte != '\n' && test_fd_read(0, &byte, 1) > 0)
      continue;
    test_fd_write(1, "done", 4);
    return;
  }
  if (!has_terminals())
    SKIP("this system has no pseudo-terminals");
  for_every_allocation(scenario_pty);
}
