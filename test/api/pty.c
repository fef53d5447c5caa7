/* Children on a terminal that this process makes (rule X9). The children are this executable again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

#ifdef _WIN32
#  include <windows.h>
#else
#  include <fcntl.h>
#  include <sys/wait.h>
#  include <unistd.h>
#endif

enum {
  MANY = 200000,       /* bytes, more than any terminal keeps */
  MANY_LINES = 1 << 20 /* of a user whom nobody reads */
};

static uv_process_t child;
static uv_pipe_t terminal;
static uv_process_options_t options;
static char* args[8];
static char seen[MANY + 65536];
static size_t seen_length;
static int ended;        /* the read callback said so */
static int exits;        /* told */
static int ended_before; /* as it was when the exit was told */
static int64_t exit_code;
static int exit_signal;

/* ---- The child's side ---- */

static int is_role(const char* role) {
  if (harness_arg(0) == NULL || strcmp(harness_arg(0), role) != 0)
    return 0;
  test_find_console();
  return 1;
}

static void say(const char* text) {
  test_fd_write(1, text, strlen(text));
}

static void say_size(void) {
  static uv_tty_t tty;
  static int is_open;
  char text[64];
  int columns;
  int rows;

  if ((!is_open && uv_tty_init(uv_default_loop(), &tty, 1, 0) != 0) ||
      uv_tty_get_winsize(&tty, &columns, &rows) != 0)
    exit(80);
  is_open = 1;
  snprintf(text, sizeof text, "%dx%d.", columns, rows);
  say(text);
}

/* A line that was typed, without its end; 0: there are no more. */
static int hear_line(char* line, size_t room) {
  size_t length = 0;
  char byte;

  while (length < room - 1 && test_fd_read(0, &byte, 1) == 1) {
    if (byte == '\n') {
      line[length] = '\0';
      return 1;
    }
    if (byte != '\r')
      line[length++] = byte;
  }
  return 0;
}

/* Until it is ended; or until nothing more comes, as where Wine closes a console. */
static void wait_for_ever(void) {
  char line[64];

  while (hear_line(line, sizeof line))
    continue;
#ifndef _WIN32
  alarm(60);
  pause(); /* Of a terminal that hangs up the end may be read before the signal comes. */
#endif
  exit(9);
}

/* ---- The person's side ---- */

static void on_child_exit(uv_process_t* process, int64_t status, int signum) {
  (void) process;
  exits++;
  ended_before = ended;
  exit_code = status;
  exit_signal = signum;
}

static void on_seen(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  CHECK_EQ(exits, 0); /* Nothing comes after it. */
  if (nread > 0) {
    CHECK(seen_length + (size_t) nread < sizeof seen);
    memcpy(seen + seen_length, buf->base, (size_t) nread);
    seen_length += (size_t) nread;
    seen[seen_length] = '\0';
  } else if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    ended = 1;
  }
}

static void look(void) {
  CHECK_EQ(uv_read_start((uv_stream_t*) &terminal, net_alloc, on_seen), 0);
}

static void prepare(const char* test, const char* role) {
  test_child(&options, args, test, role);
  options.stdio = NULL;
  options.stdio_count = 0;
  options.exit_cb = on_child_exit;
}

static void start(const char* test, const char* role) {
  int r;

  prepare(test, role);
  CHECK_EQ(uv_pipe_init(net_loop(), &terminal, 0), 0);
  r = uvs_pty_spawn(net_loop(), &child, &terminal, &options, 100, 30);
  if (r == UV_ENOTSUP)
    SKIP("this system has no pseudo-terminals");
  CHECK_EQ(r, 0);
  CHECK_EQ(exits, 0);
}

static void on_typed(uv_write_t* req, int status) {
  (void) status;
  free(req);
}

/* The line of a person has an Enter. */
static void type(const char* text) {
  uv_write_t* req = malloc(sizeof *req);
  uv_buf_t buf = uv_buf_init((char*) text, (unsigned) strlen(text));

  CHECK(req != NULL);
  CHECK_EQ(uv_write(req, (uv_stream_t*) &terminal, &buf, 1, on_typed), 0);
}

/* A console sends what is on its screen, so that a text may have movements of the cursor in it. */
static void see(const char* text) {
  while (strstr(seen, text) == NULL) {
    CHECK_EQ(ended, 0);
    (void) uv_run(net_loop(), UV_RUN_ONCE);
  }
}

static void end(void) {
  net_until(&exits, 1);
  net_end();
}

/* ---- Tests ---- */

TEST(x9_child_is_on_a_terminal) {
  if (is_role("program")) {
    int fd;

    for (fd = 0; fd < 3; fd++)
      if (uv_guess_handle(fd) != UV_TTY)
        exit(70 + fd);
    say_size();
    exit(7);
  }
  start("x9_child_is_on_a_terminal", "program");
  CHECK_EQ(uv_is_readable((uv_stream_t*) &terminal), 1);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &terminal), 1);
  look();
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 7);
  CHECK_EQ(exit_signal, 0);
  CHECK(strstr(seen, "100x30.") != NULL);
  CHECK_EQ(ended_before, 1);
  end();
}

TEST(x9_what_is_written_is_typed) {
  if (is_role("program")) {
    char line[64];

    say("who?");
    if (!hear_line(line, sizeof line) || strcmp(line, "world") != 0)
      exit(1);
    say("\nhello-there\n"); /* A console sends of a line what has changed. */
    exit(0);
  }
  start("x9_what_is_written_is_typed", "program");
  look();
  see("who?");
  type("wor");
  type("ld\r");
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 0);
  CHECK(strstr(seen, "hello-there") != NULL);
  end();
}

/* However slowly it is read. */
TEST(x9_exit_comes_after_the_last_byte) {
  if (is_role("program")) {
    static char line[100];
    int i;

    memset(line, 'x', sizeof line - 2);
    line[sizeof line - 2] = '\n';
    for (i = 0; i < MANY / 100; i++)
      say(line);
    say("last");
    exit(3);
  }
  start("x9_exit_comes_after_the_last_byte", "program");
  while (!ended) {
    look();
    (void) uv_run(net_loop(), UV_RUN_ONCE);
    if (!ended) {
      CHECK_EQ(uv_read_stop((uv_stream_t*) &terminal), 0);
      CHECK_EQ(exits, 0);
    }
  }
  net_until(&exits, 1);
  CHECK_EQ(ended_before, 1);
  CHECK_EQ(exit_code, 3);
  CHECK(strstr(seen, "last") != NULL);
#ifndef _WIN32
  CHECK_EQ(seen_length, MANY / 100 * 100 + 4); /* "\r\n" for each "\n" */
#endif
  end();
}

static void await_end(void) {
#ifdef _WIN32
  HANDLE handle = OpenProcess(SYNCHRONIZE, FALSE, (DWORD) child.pid);

  CHECK(handle != NULL);
  CHECK_EQ(WaitForSingleObject(handle, INFINITE), WAIT_OBJECT_0);
  CloseHandle(handle);
#else
  siginfo_t info;

  CHECK_EQ(waitid(P_PID, (id_t) child.pid, &info, WEXITED | WNOWAIT), 0);
#endif
}

TEST(x9_exit_waits_for_who_does_not_read_yet) {
  if (is_role("program")) {
    say("done");
    exit(0);
  }
  start("x9_exit_waits_for_who_does_not_read_yet", "program");
  await_end();
  net_turns(20);
  CHECK_EQ(exits, 0);
  CHECK_EQ(uv_process_kill(&child, 0), UV_ESRCH);
  look();
  net_until(&exits, 1);
  CHECK_EQ(ended_before, 1);
  CHECK(strstr(seen, "done") != NULL);
  end();
}

TEST(x9_exit_is_told_when_the_stream_is_closed_unread) {
  if (is_role("program")) {
    say("done");
    exit(5);
  }
  start("x9_exit_is_told_when_the_stream_is_closed_unread", "program");
  await_end();
  net_turns(20);
  CHECK_EQ(exits, 0);
  uv_close((uv_handle_t*) &terminal, NULL);
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 5);
  end();
}

TEST(x9_closing_the_stream_hangs_up) {
  if (is_role("program")) {
    say("here");
    wait_for_ever();
  }
  start("x9_closing_the_stream_hangs_up", "program");
  look();
  see("here");
  uv_close((uv_handle_t*) &terminal, NULL);
  net_until(&exits, 1);
#ifndef _WIN32
  CHECK_EQ(exit_signal, SIGHUP);
#endif
  end();
}

static void interrupt(uv_timer_t* timer) {
  (void) timer;
  type("\x03");
}

/* Wine forgets it now and then where the child does not read at that moment. */
TEST(x9_the_child_can_be_interrupted) {
  uv_timer_t again;

  if (is_role("program")) {
    say("here");
    wait_for_ever();
  }
  start("x9_the_child_can_be_interrupted", "program");
  look();
  see("here");
  CHECK_EQ(uv_timer_init(net_loop(), &again), 0);
  CHECK_EQ(uv_timer_start(&again, interrupt, 0, test_is_wine() ? 1000 : 0), 0);
  net_until(&exits, 1);
  CHECK_EQ(uv_timer_stop(&again), 0);
#ifndef _WIN32
  CHECK_EQ(exit_signal, SIGINT);
#endif
  CHECK_EQ(ended_before, 1);
  end();
}

TEST(x9_resize) {
  int r;

  if (is_role("program")) {
    char line[64];

    say_size();
    while (hear_line(line, sizeof line))
      say_size();
    exit(0);
  }
  test_needs_proc(); /* The child opens its terminal anew, so that its reads still wait. */
  start("x9_resize", "program");
  look();
  see("100x30.");
  CHECK_EQ(uvs_pty_resize(&terminal, 0, 30), UV_EINVAL);
  CHECK_EQ(uvs_pty_resize(&terminal, 80, 32768), UV_EINVAL);
  r = uvs_pty_resize(&terminal, 90, 40);
  if (r == UV_ENOTSUP && test_is_wine())
    SKIP("Wine does not resize pseudo consoles");
  CHECK_EQ(r, 0);
  while (strstr(seen, "90x40.") ==
         NULL) { /* Of a console it comes another way than what is typed. */
    size_t before = seen_length;

    type("\r");
    while (seen_length < before + 6) {
      CHECK_EQ(ended, 0);
      (void) uv_run(net_loop(), UV_RUN_ONCE);
    }
  }
  CHECK_EQ(uv_process_kill(&child, SIGKILL), 0);
  net_until(&exits, 1);
  CHECK_EQ(uvs_pty_resize(&terminal, 90, 40), UV_ENOTCONN);
  end();
}

static int shut;

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  shut = 1;
}

TEST(x9_shutdown_leaves_the_terminal_open) {
  uv_shutdown_t req;

  if (is_role("program")) {
    char line[64];

    say("who?");
    exit(hear_line(line, sizeof line) && strcmp(line, "me") == 0 ? 0 : 1);
  }
  start("x9_shutdown_leaves_the_terminal_open", "program");
  look();
  type("me");
  type("\r");
  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &terminal, on_shutdown), 0);
  net_until(&shut, 1);
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 0);
  CHECK(strstr(seen, "who?") != NULL);
  end();
}

/* Nobody hears of the exit then. */
TEST(x9_the_stream_outlives_the_process_handle) {
  if (is_role("program")) {
    char line[64];

    say("first");
    (void) hear_line(line, sizeof line);
    say("second");
    exit(0);
  }
  start("x9_the_stream_outlives_the_process_handle", "program");
  look();
  see("first");
  uv_close((uv_handle_t*) &child, NULL);
  net_turns(3);
  memset(&child, 0xdb, sizeof child);
  type("\r");
  net_until(&ended, 1);
  CHECK(strstr(seen, "second") != NULL);
  CHECK_EQ(exits, 0);
  net_end();
}

/* The handle of the process is to be closed. */
static int attempt(uv_pipe_t* pipe, int columns, int rows) {
  uv_process_t process;
  int r = uvs_pty_spawn(net_loop(), &process, pipe, &options, columns, rows);

  uv_close((uv_handle_t*) &process, NULL);
  net_turns(2);
  return r;
}

TEST(x9_what_cannot_be_leaves_the_pipe_as_it_was) {
  uv_stdio_container_t stdio[1];
  const char* file;
  int r;

  if (is_role("program")) {
    say("after all");
    exit(0);
  }
  prepare("x9_what_cannot_be_leaves_the_pipe_as_it_was", "program");
  CHECK_EQ(uv_pipe_init(net_loop(), &terminal, 0), 0);
  CHECK_EQ(uvs_pty_resize(&terminal, 80, 25), UV_ENOTCONN);
  CHECK_EQ(attempt(&terminal, 0, 25), UV_EINVAL);
  CHECK_EQ(attempt(&terminal, 32768, 25), UV_EINVAL);
  CHECK_EQ(attempt(&terminal, 80, 0), UV_EINVAL);
  CHECK_EQ(attempt(&terminal, 80, 32768), UV_EINVAL);
  CHECK_EQ(attempt(NULL, 80, 25), UV_EINVAL);
  file = options.file;
  options.file = "there-is-no-such-program";
  r = attempt(&terminal, 80, 25);
  if (r == UV_ENOTSUP)
    SKIP("this system has no pseudo-terminals");
  CHECK_EQ(r, UV_ENOENT);
  options.file = file;
  memset(stdio, 0, sizeof stdio);
  options.stdio = stdio;
  options.stdio_count = 1;
  CHECK_EQ(attempt(&terminal, 80, 25), UV_EINVAL);
  options.stdio_count = 0;
  options.flags = UV_PROCESS_DETACHED;
  CHECK_EQ(attempt(&terminal, 80, 25), UV_EINVAL);
  options.flags = 0;
  CHECK_EQ(uv_is_readable((uv_stream_t*) &terminal), 0);
  CHECK_EQ(uvs_pty_spawn(net_loop(), &child, &terminal, &options, 80, 25), 0);
  CHECK_EQ(attempt(&terminal, 80, 25), UV_EINVAL);
  look();
  net_until(&exits, 1);
  CHECK(strstr(seen, "after all") != NULL);
  end();
}

TEST(x9_a_pipe_is_no_terminal) {
  uv_pipe_t ends[2];
  uv_loop_t other;
  uv_tcp_t tcp;

  test_pipe_way(TEST_NAMED, &ends[0], &ends[1]);
  CHECK_EQ(uvs_pty_resize(&ends[0], 80, 25), UV_EINVAL);
  CHECK_EQ(uvs_pty_resize(NULL, 80, 25), UV_EINVAL);
  CHECK_EQ(uv_pipe_init(net_loop(), &terminal, 1), 0);
  prepare("x9_a_pipe_is_no_terminal", "");
  CHECK_EQ(attempt(&terminal, 80, 25), UV_EINVAL);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(attempt((uv_pipe_t*) &tcp, 80, 25), UV_EINVAL);
  CHECK_EQ(uvs_pty_resize((uv_pipe_t*) &tcp, 80, 25), UV_EINVAL);
  CHECK_EQ(uv_loop_init(&other), 0); /* Somebody else's. */
  uv_close((uv_handle_t*) &terminal, NULL);
  net_turns(2);
  CHECK_EQ(uv_pipe_init(&other, &terminal, 0), 0);
  CHECK_EQ(attempt(&terminal, 80, 25), UV_EINVAL);
  uv_close((uv_handle_t*) &terminal, NULL);
  CHECK_EQ(uv_run(&other, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&other), 0);
  net_end();
}

/* A session of its own with the terminal as its own, which /dev/tty is. */
TEST(x9_child_leads_the_session_of_the_terminal) {
#ifdef _WIN32
  SKIP("there are no sessions of terminals");
#else
  if (is_role("program")) {
    int fd = open("/dev/tty", O_RDWR);

    if (fd < 0 || getsid(0) != getpid() || tcgetpgrp(fd) != getpid())
      exit(1);
    CHECK_EQ(write(fd, "mine", 4), 4);
    exit(0);
  }
  start("x9_child_leads_the_session_of_the_terminal", "program");
  look();
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 0);
  CHECK_STR(seen, "mine");
  end();
#endif
}

/* Programs that it left behind are not waited for, but lose the terminal when the stream is closed. */
TEST(x9_the_session_ends_with_the_child) {
#ifdef _WIN32
  SKIP("nobody is forked");
#else
  if (is_role("program")) {
    if (fork() == 0) {
      char byte;

      signal(SIGHUP, SIG_IGN);
      while (read(0, &byte, 1) > 0)
        continue;
      _exit(0);
    }
    say("parent");
    exit(0);
  }
  start("x9_the_session_ends_with_the_child", "program");
  look();
  net_until(&exits, 1);
  CHECK_EQ(ended_before, 1);
  CHECK_STR(seen, "parent");
  end();
#endif
}

/* What it leaves behind has the terminal, and is told nothing of. */
static void leave_behind(void (*who)(void)) {
#ifndef _WIN32
  if (fork() == 0) {
    signal(SIGHUP, SIG_IGN);
    who();
    _exit(0);
  }
#else
  (void) who;
#endif
}

#ifndef _WIN32

static void be_silent(void) {
  char byte;

  while (read(0, &byte, 1) > 0)
    continue;
}

/* Longer than the test goes on. */
static void write_on(void) {
  static char lines[4096];

  memset(lines, 'y', sizeof lines);
  while (write(1, lines, sizeof lines) > 0)
    continue;
}

static void leave_silence_behind(void) {
  leave_behind(be_silent);
  say("parent");
  exit(0);
}

/* Until what was started has ended, which the loop is not asked to notice yet. */
static void await_end_unnoticed(void) {
  siginfo_t info;

  CHECK_EQ(waitid(P_PID, (id_t) uv_process_get_pid(&child), &info, WEXITED | WNOWAIT), 0);
}

#endif

TEST(x9_who_is_left_behind_in_silence_is_not_waited_for) {
#ifdef _WIN32
  (void) leave_behind;
  SKIP("nobody is forked");
#else
  if (is_role("program"))
    leave_silence_behind();
  start("x9_who_is_left_behind_in_silence_is_not_waited_for", "program");
  await_end_unnoticed();
  net_turns(3);
  CHECK_EQ(exits, 0);
  look();
  net_until(&exits, 1);
  CHECK_STR(seen, "parent");
  end();
#endif
}

/* Nobody hears of the exit then, but of the end. */
TEST(x9_end_is_read_after_the_process_was_closed) {
#ifdef _WIN32
  SKIP("nobody is forked");
#else
  if (is_role("program"))
    leave_silence_behind();
  start("x9_end_is_read_after_the_process_was_closed", "program");
  await_end_unnoticed();
  net_turns(20);
  net_close((uv_handle_t*) &child);
  look();
  net_until(&ended, 1);
  CHECK_STR(seen, "parent");
  CHECK_EQ(exits, 0);
  net_end();
#endif
}

/* Of which nothing is kept. */
static void on_much(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  if (nread >= 0)
    return;
  CHECK_EQ(nread, UV_EOF);
  CHECK_EQ(exits, 0);
  ended = 1;
}

TEST(x9_who_is_left_behind_and_writes_on_is_not_waited_for) {
#ifdef _WIN32
  SKIP("nobody is forked");
#else
  if (is_role("program")) {
    leave_behind(write_on);
    exit(5);
  }
  start("x9_who_is_left_behind_and_writes_on_is_not_waited_for", "program");
  CHECK_EQ(uv_read_start((uv_stream_t*) &terminal, net_alloc, on_much), 0);
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 5);
  CHECK_EQ(ended_before, 1);
  end();
#endif
}

#ifndef _WIN32
static int signals_heard;

static void on_signal(uv_signal_t* handle, int signum) {
  (void) handle;
  (void) signum;
  signals_heard++;
}

/* Gives up what it was started with, and goes on when it hears that the other side has had its time. */
static void open_anew(void) {
  int fd = open("/dev/null", O_RDWR);
  sigset_t set;
  int i;

  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
  for (i = 0; i < 3; i++)
    CHECK_EQ(dup2(fd, i), i);
  CHECK_EQ(kill(getppid(), SIGUSR1), 0);
  CHECK_EQ(sigwait(&set, &i), 0);
  fd = open("/dev/tty", O_RDWR);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, "late", 4), 4);
  exit(6);
}
#endif

/* As a program does whose 0 to 2 are files, and which asks for a password all the same. */
TEST(x9_terminal_that_the_child_opens_anew) {
#ifdef _WIN32
  SKIP("the console of a program is no file that it closes");
#else
  uv_signal_t handle;

  if (is_role("program"))
    open_anew();
  CHECK_EQ(uv_signal_init(net_loop(), &handle), 0);
  CHECK_EQ(uv_signal_start(&handle, on_signal, SIGUSR1), 0);
  start("x9_terminal_that_the_child_opens_anew", "program");
  look();
  net_until(&signals_heard, 1);
  net_turns(3);
  CHECK_EQ(ended, 0);
  CHECK_EQ(uv_process_kill(&child, SIGUSR2), 0);
  net_until(&exits, 1);
  CHECK_EQ(exit_code, 6);
  CHECK_STR(seen, "late");
  end();
#endif
}

static int typed; /* writes that have ended */

static void on_typed_to_nobody(uv_write_t* req, int status) {
  (void) req;
#ifdef _WIN32
  CHECK(status == 0 || status == UV_EPIPE); /* A console takes what its programs do not read. */
#else
  CHECK_EQ(status, UV_EPIPE);
#endif
  typed++;
}

/* The child has ended, and all of it does. */
TEST(x9_what_nobody_reads_any_more) {
  char* lines = malloc(MANY_LINES);
  uv_buf_t buf = uv_buf_init(lines, MANY_LINES);
  uv_write_t reqs[2];

  if (is_role("program")) {
    uv_sem_t never;

    CHECK_EQ(uv_sem_init(&never, 0), 0);
    say("here");
    for (;;)
      uv_sem_wait(&never);
  }
  CHECK(lines != NULL);
  memset(lines, '\r', MANY_LINES);
  start("x9_what_nobody_reads_any_more", "program");
  look();
  see("here");
  CHECK_EQ(uv_read_stop((uv_stream_t*) &terminal), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &terminal, net_alloc, on_much), 0);
  CHECK_EQ(uv_write(&reqs[0], (uv_stream_t*) &terminal, &buf, 1, on_typed_to_nobody), 0);
  CHECK_EQ(uv_write(&reqs[1], (uv_stream_t*) &terminal, &buf, 1, on_typed_to_nobody), 0);
  net_turns(3);
  CHECK_EQ(uv_process_kill(&child, SIGKILL), 0);
  net_until(&typed, 2);
  end();
  free(lines);
}

static void on_left(uvs_moving_t* moving, uv_stream_t* handle) {
  (void) moving;
  (void) handle;
  FAIL("a terminal has left");
}

TEST(x9_terminal_stays_in_its_loop) {
  uvs_moving_t moving;

  if (is_role("program"))
    exit(0);
  start("x9_terminal_stays_in_its_loop", "program");
  CHECK_EQ(uvs_detach((uv_stream_t*) &terminal, &moving, on_left), UV_ENOTSUP);
  look();
  CHECK_EQ(uvs_detach((uv_stream_t*) &terminal, &moving, on_left), UV_ENOTSUP);
  end();
}
