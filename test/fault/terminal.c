/* Terminals whose calls are interrupted, have to wait, or fail: of others, and those that this process makes
 * for a child. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "calls.h"
#include "every.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "pipes.h"
#include "pty.h"
#include "scenarios.h"
#include "uvstream.h"

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

/* ---- Its own ---- */

struct trouble {
  enum call call;
  int error;
};

static int open_fds(void) {
  int count = 0;
  int fd;

  for (fd = 0; fd < 256; fd++)
    count += fcntl(fd, F_GETFD) != -1;
  return count;
}

/* How often the call was made. */
static long fail_each_for_child(const struct trouble* trouble, int is_told) {
  long n;

  fault_error = is_told ? uv_translate_sys_error(trouble->error) : 0;
  fault_also = 0;
  for (n = 1; n < 500; n++) {
    long live = memory_live();
    int fds = open_fds();
    long made;

    calls_fail_nth(trouble->call, n, trouble->error);
    scenario_pty();
    made = calls_made();
    calls_fail_nth(trouble->call, 0, 0);
    CHECK_EQ(memory_live(), live);
    CHECK_EQ(open_fds(), fds);
    CHECK(is_told || !scene_failed);
    if (made < n)
      return made;
  }
  FAIL("a scenario with more calls than anybody wrote");
}

/* What the terminal is called, and how it takes characters of several bytes, has no error that is told. */
TEST(e1_calls_of_a_child_on_a_terminal) {
  static const struct trouble everyday[] = {
    {CALL_read, EINTR},
#if !HARNESS_TSAN /* Where a child is a copy its start is read from a pipe that never says so. */
    {CALL_read, EAGAIN},
#endif
    {CALL_writev, EINTR},
    {CALL_writev, EAGAIN},
    {CALL_writev, FAULT_SHORT},
    {CALL_tcgetattr, EIO},
    {CALL_tcsetattr, EIO},
    {CALL_posix_openpt, EINVAL}, /* of flags that an old system does not know */
  };
  static const struct trouble lacking[] = {
    {CALL_posix_openpt, EMFILE},
    {CALL_posix_openpt, ENFILE},
    {CALL_posix_openpt, ENOSPC},
    {CALL_grantpt, EACCES},
    {CALL_unlockpt, EINVAL},
    {CALL_ptsname_r, ENOTTY},
#if !HARNESS_TSAN /* Where a child is a copy it makes some of these, uncounted. */
    {CALL_open, EMFILE},
    {CALL_fcntl, EPERM},
    {CALL_ioctl, EPERM},
    {CALL_clone, EAGAIN},
#endif
    {CALL_writev, ENOMEM},
  };
  size_t i;

  for (i = 0; i < sizeof everyday / sizeof everyday[0]; i++)
    CHECK(fail_each_for_child(&everyday[i], 0) > 0);
  for (i = 0; i < sizeof lacking / sizeof lacking[0]; i++)
    CHECK(fail_each_for_child(&lacking[i], 1) > 0);
}

/* In a container that has none. */
TEST(e1_system_without_terminals) {
  static const int codes[] = {ENOENT, ENODEV, ENXIO};
  size_t i;

  for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    long live = memory_live();

    fault_error = UV_ENOTSUP;
    fault_also = 0;
    calls_fail_nth(CALL_posix_openpt, 1, codes[i]);
    scenario_pty();
    CHECK(scene_failed);
    calls_fail_nth(CALL_posix_openpt, 0, 0);
    CHECK_EQ(memory_live(), live);
  }
}

/* ---- Its end ---- */

static uv_process_t late_child;
static uv_pipe_t late_terminal;
static char late_text[64];
static size_t late_bytes;
static int late_exits;

static void on_late(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    close_quietly((uv_handle_t*) stream);
    return;
  }
  CHECK(late_bytes + (size_t) nread < sizeof(late_text));
  memcpy(late_text + late_bytes, buf->base, (size_t) nread);
  late_bytes += (size_t) nread;
}

static void on_late_exit(uv_process_t* process, int64_t status, int signal) {
  CHECK(status == 0 && signal == 0);
  late_exits++;
  close_quietly((uv_handle_t*) process);
}

/* Its loop has heard of it behind this. */
static void await_end_of_late(void) {
  siginfo_t info;
  int turns;

  CHECK_EQ(waitid(P_PID, (id_t) uv_process_get_pid(&late_child), &info, WEXITED | WNOWAIT), 0);
  for (turns = 0; turns < 8; turns++)
    uv_run(scene, UV_RUN_NOWAIT);
}

/* What a child wrote is there, also when the first read behind its end has to wait, as somebody else is reading
 * just then. */
TEST(e1_read_that_waits_behind_the_end_of_a_child) {
  uv_buf_t line = uv_buf_init((char*) "yes\r", 4);
  uv_process_options_t options;
  char* args[8];

  fault_error = 0;
  fault_also = 0;
  CHECK(scene_begin());
  test_child(&options, args, "e1_child_on_a_terminal", "child");
  options.exit_cb = on_late_exit;
  CHECK_EQ(uv_pipe_init(scene, &late_terminal, 0), 0);
  CHECK_EQ(uvs_pty_spawn(scene, &late_child, &late_terminal, &options, 80, 25), 0);
  CHECK_EQ(uv_write(&reqs[0], (uv_stream_t*) &late_terminal, &line, 1, NULL), 0);
  await_end_of_late();
  CHECK_EQ(late_exits, 0); /* What is left is read before. */
  calls_fail_nth(CALL_read, 1, EAGAIN);
  CHECK_EQ(uv_read_start((uv_stream_t*) &late_terminal, on_alloc, on_late), 0);
  scene_end();
  CHECK(calls_made() > 1);
  calls_fail_nth(CALL_read, 0, 0);
  CHECK_EQ(late_exits, 1);
  CHECK(strstr(late_text, "done") != NULL);
}
