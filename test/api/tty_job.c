/* Programs and their terminal on Unix: a child that is the leader of a session on a pseudo-terminal
 * plays the program, the test the person in front of it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "pty.h"
#include "uv.h"

static struct pty pty;
static uv_tty_t tty;

static int is_role(const char* role) {
  return harness_arg(0) != NULL && strcmp(harness_arg(0), role) == 0;
}

static void say(const char* text) {
  CHECK_EQ(write(1, text, strlen(text)), strlen(text));
}

static void open_raw(int fd) {
  CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 1), 0);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
}

static void wait_for_signals(void) {
  for (;;) {
    pause();
  }
}

/* ---- Resize ---- */

static int resizes;

static void on_resize(uv_signal_t* watcher, int signum) {
  char text[64];
  int width, height;

  (void) watcher;
  CHECK_EQ(signum, SIGWINCH);
  CHECK_EQ(uv_tty_get_winsize(&tty, &width, &height), 0);
  snprintf(text, sizeof text, "%dx%d.", width, height);
  say(text);
  resizes++;
}

TEST(y5_resize_is_sigwinch) {
  uv_signal_t watcher;
  pid_t pid;

  if (is_role("program")) {
    CHECK_EQ(uv_tty_init(net_loop(), &tty, 0, 1), 0);
    CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
    CHECK_EQ(uv_signal_start(&watcher, on_resize, SIGWINCH), 0);
    say("ready.");
    net_until(&resizes, 2);
    net_end();
    return;
  }
  pty_open(&pty);
  pid = pty_start(&pty, "y5_resize_is_sigwinch", "program");
  pty_expect(&pty, "ready.");
  pty_resize(&pty, 100, 30);
  pty_expect(&pty, "100x30.");
  pty_resize(&pty, 20, 10);
  pty_expect(&pty, "20x10.");
  CHECK_EQ(pty_join(pid), 0);
  pty_close(&pty);
}

/* ---- The end of a program ---- */

static void expect_restored(const char* test, int kill_with, int status) {
  struct termios found, now;
  pid_t pid;

  pty_open(&pty);
  found = pty_mode(&pty);
  pid = pty_start(&pty, test, "program");
  pty_expect(&pty, "raw.");
  now = pty_mode(&pty);
  CHECK(!pty_same_mode(&now, &found));
  if (kill_with != 0) {
    CHECK_EQ(kill(pid, kill_with), 0);
  } else {
    pty_type(&pty, "x", 1);
  }
  CHECK_EQ(pty_join(pid), status);
  now = pty_mode(&pty);
  CHECK(pty_same_mode(&now, &found));
  pty_close(&pty);
}

TEST(y1_restored_at_exit) {
  char byte;

  test_needs_proc(); /* or the program's own reading does not wait */
  if (is_role("program")) {
    open_raw(0);
    say("raw.");
    CHECK_EQ(read(0, &byte, 1), 1);
    exit(0); /* nothing was closed */
  }
  expect_restored("y1_restored_at_exit", 0, 0);
}

static void reset_and_die(int signum) {
  (void) signum;
  _exit(uv_tty_reset_mode() == 0 ? 3 : 4);
}

TEST(y1_restored_by_a_signal_handler) {
  if (is_role("program")) {
    CHECK(signal(SIGTERM, reset_and_die) != SIG_ERR);
    open_raw(0);
    say("raw.");
    wait_for_signals();
  }
  expect_restored("y1_restored_by_a_signal_handler", SIGTERM, 3 << 8);
}

/* A forked child's exit is no reason to put the terminal back. */
TEST(y1_not_restored_by_a_forked_child) {
  char byte;
  pid_t pid;

  test_needs_proc(); /* or the program's own reading does not wait */
  if (is_role("program")) {
    open_raw(0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      exit(0);
    }
    CHECK_EQ(pty_join(pid), 0);
    say("raw.");
    CHECK_EQ(read(0, &byte, 1), 1);
    net_end();
    return;
  }
  expect_restored("y1_not_restored_by_a_forked_child", 0, 0);
}

/* ---- Jobs ---- */

/* Run `work` in the background of the terminal; it must end by itself, and well. */
static void in_background(void (*work)(void)) {
  pid_t pid = fork();
  int status;

  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK_EQ(setpgid(0, 0), 0);
    CHECK(tcgetpgrp(0) != getpgrp());
    work();
    _exit(0);
  }
  CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
  if (WIFSTOPPED(status)) {
    (void) kill(pid, SIGKILL);
    FAIL("the job was stopped");
  }
  CHECK_EQ(status, 0);
}

static void change_modes(void) {
  struct termios before, now;

  CHECK_EQ(tcgetattr(0, &before), 0);
  open_raw(0);
  CHECK_EQ(tcgetattr(0, &now), 0);
  CHECK_EQ(now.c_lflag & ICANON, 0);
  CHECK_EQ(uv_tty_reset_mode(), 0);
  CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
  net_end();
  CHECK_EQ(tcgetattr(0, &now), 0);
  CHECK_EQ(now.c_lflag, before.c_lflag);
}

static int read_status;

static void note_status(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread != 0) {
    read_status = (int) nread;
  }
}

/* It is not stopped, because it does not want to be, and gets nothing; that is no end either. */
static void read_in_vain(void) {
  CHECK(signal(SIGTTIN, SIG_IGN) != SIG_ERR);
  CHECK_EQ(uv_tty_init(net_loop(), &tty, 0, 1), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, note_status), 0);
  while (read_status == 0) {
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0 || read_status != 0);
  }
  CHECK_EQ(read_status, UV_EIO);
  net_end();
}

TEST(y1_mode_changes_from_the_background) {
  pid_t pid;

  if (is_role("program")) {
    in_background(change_modes);
    return;
  }
  pty_open(&pty);
  pid = pty_start(&pty, "y1_mode_changes_from_the_background", "program");
  CHECK_EQ(pty_join(pid), 0);
  pty_close(&pty);
}

TEST(y1_reads_from_the_background) {
  pid_t pid;

  if (is_role("program")) {
    in_background(read_in_vain);
    return;
  }
  pty_open(&pty);
  pty_type(&pty, "line\r", 5);
  pid = pty_start(&pty, "y1_reads_from_the_background", "program");
  CHECK_EQ(pty_join(pid), 0);
  pty_close(&pty);
}

/* ---- /dev/tty ---- */

static char line[64];
static int line_bytes;

static void on_line(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK(nread >= 0 && (size_t) nread < sizeof line);
  memcpy(line, buf->base, (size_t) nread);
  line_bytes += (int) nread;
}

TEST(y1_dev_tty) {
  struct termios found = {0}, now = {0}; /* of c_cc the system fills in what it has */
  uv_tty_t by_number;
  pid_t pid;
  int fd;

  if (is_role("program")) {
    fd = open("/dev/tty", O_RDWR);
    CHECK(fd >= 0);
    CHECK_EQ(tcgetattr(0, &found), 0);
    CHECK_EQ(uv_guess_handle(fd), UV_TTY);
    open_raw(fd);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(uv_tty_init(net_loop(), &by_number, 0, 1), 0);
    CHECK_EQ(uv_tty_set_mode(&by_number, UV_TTY_MODE_IO), 0); /* the same terminal, by two names */
    CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, on_line), 0);
    say("raw.");
    net_until(&line_bytes, 2);
    CHECK_STR(line, "\r\xc3");
    net_close((uv_handle_t*) &tty);
    net_end();
    CHECK_EQ(tcgetattr(0, &now), 0);
    CHECK(pty_same_mode(&now, &found));
    return;
  }
  pty_open(&pty);
  pid = pty_start(&pty, "y1_dev_tty", "program");
  pty_expect(&pty, "raw.");
  pty_type(&pty, "\r\xc3", 2);
  CHECK_EQ(pty_join(pid), 0);
  pty_close(&pty);
}

/* As with `program < /dev/tty`, whose open file a shell may have, too. */
TEST(l6_dev_tty_that_others_made_blocking) {
  uv_pipe_t pipe;
  pid_t pid;
  int fd;

  if (is_role("program")) {
    fd = open("/dev/tty", O_RDWR);
    CHECK(fd >= 0);
    CHECK_EQ(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    CHECK_EQ(close(fd), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
    CHECK_EQ(uv_pipe_open(&pipe, STDIN_FILENO), 0);
    CHECK_EQ(fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) & ~O_NONBLOCK), 0);
    CHECK_EQ(uv_read_start((uv_stream_t*) &pipe, net_alloc, on_line), 0);
    say("one.");
    net_until(&line_bytes, 2);
    net_turns(3); /* It is not waited for in a read. */
    say("two.");
    net_until(&line_bytes, 4);
    net_end();
    return;
  }
  if (getenv("UVTEST_OUTSIDE") != NULL)
    SKIP("no kqueue tells of a device that it knows nothing of (X10)");
  pty_open(&pty);
  pid = pty_start(&pty, "l6_dev_tty_that_others_made_blocking", "program");
  pty_expect(&pty, "one.");
  pty_type(&pty, "a\r", 2);
  pty_expect(&pty, "a\r\ntwo.");
  pty_type(&pty, "b\r", 2);
  CHECK_EQ(pty_join(pid), 0);
  pty_close(&pty);
}

/* ---- Keys that are signals ---- */

static int interrupts;

static void on_interrupt(uv_signal_t* watcher, int signum) {
  (void) watcher;
  CHECK_EQ(signum, SIGINT);
  interrupts++;
  say("again.");
}

TEST(y1_control_c_is_a_signal_in_normal_mode) {
  uv_signal_t watcher;
  pid_t pid;

  if (is_role("program")) {
    CHECK_EQ(uv_tty_init(net_loop(), &tty, 0, 1), 0);
    CHECK_EQ(uv_signal_init(net_loop(), &watcher), 0);
    CHECK_EQ(uv_signal_start(&watcher, on_interrupt, SIGINT), 0);
    CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, on_line), 0);
    say("ready.");
    net_until(&interrupts, 2);
    CHECK_EQ(line_bytes, 0);
    net_end();
    return;
  }
  pty_open(&pty);
  pid = pty_start(&pty, "y1_control_c_is_a_signal_in_normal_mode", "program");
  pty_expect(&pty, "ready.");
  pty_type(&pty, "\x03", 1);
  pty_expect(&pty, "^Cagain.");
  pty_type(&pty, "\x03", 1);
  pty_expect(&pty, "^Cagain.");
  CHECK_EQ(pty_join(pid), 0);
  pty_close(&pty);
}
