/* A terminal whose calls are interrupted, have to wait, or fail. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "pty.h"

static struct pty pty;
static uv_tty_t tty;
static uv_write_t reqs[2];
static int lines;

static void on_written(uv_write_t* req, int status) {
  (void) req;
  (void) got_callback(status);
}

static void on_line(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread == 0)
    return;
  if (nread < 0) {
    if (!scene_failed)
      (void) went_on((int) nread);
  } else {
    CHECK(memcmp(buf->base, "typed\n", (size_t) nread) == 0);
    lines++;
  }
  close_quietly((uv_handle_t*) stream);
}

/* Two pieces of text appear, one of them in two buffers, and a line is read. */
static void converse(void) {
  char seen[64];
  uv_buf_t bufs[3];

  forget();
  lines = 0;
  if (!scene_begin())
    return;
  if (!went_on(uv_tty_init(scene, &tty, pty.slave, 0))) {
    scene_end();
    return;
  }
  bufs[0] = uv_buf_init((char*) "some", 4);
  bufs[1] = uv_buf_init((char*) " text", 5);
  bufs[2] = uv_buf_init((char*) ", more", 6);
  if (owes_callback(uv_write(&reqs[0], (uv_stream_t*) &tty, bufs, 2, on_written)))
    (void) owes_callback(uv_write(&reqs[1], (uv_stream_t*) &tty, bufs + 2, 1, on_written));
  if (!scene_failed) {
    (void) went_on(uv_read_start((uv_stream_t*) &tty, on_alloc, on_line));
    if (!scene_failed)
      pty_type(&pty, "typed\n", 6);
  }
  scene_end();
  if (scene_failed)
    return;
  CHECK_EQ(lines, 1);
  pty_see(&pty, seen, 15);
}

static void fail_each(enum call call, int error) {
  long n;

  for (n = 1; n < 200; n++) {
    pty_open(&pty);
    calls_fail_nth(call, n, error);
    converse();
    calls_fail_nth(call, 0, 0);
    pty_close(&pty);
    if (calls_made() < n)
      return;
  }
  FAIL("a scenario with more calls than anybody wrote");
}

TEST(e1_calls_of_a_terminal) {
  static const enum call calls[] = {CALL_read, CALL_write, CALL_writev};
  size_t i;

  for (i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    fault_error = 0;
    fail_each(calls[i], EINTR);
    fail_each(calls[i], EAGAIN);
    fault_error = UV_EIO;
    fault_also = 0;
    fail_each(calls[i], EIO); /* as a process in the background gets it: no end */
  }
}
