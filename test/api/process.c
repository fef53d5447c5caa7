/* Child processes and their streams. The children are this executable again: a test whose first
 * argument names a role plays that role. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

#ifdef _WIN32
#  include <direct.h>
#  include <windows.h>
#else
#  include <fcntl.h>
#  include <grp.h>
#  include <sys/stat.h>
#  include <sys/wait.h>
#  include <unistd.h>
#endif

static uv_process_t child;
static uv_process_options_t options;
static uv_stdio_container_t stdio[8];
static struct test_exit child_exit;
static char* args[8];

/* The role that this process is to play, or "". */
static const char* role(void) {
  return harness_arg(0) == NULL ? "" : harness_arg(0);
}

static void prepare(const char* test, const char* its_role) {
  memset(stdio, 0, sizeof stdio);
  test_child(&options, args, test, its_role);
  options.stdio = stdio;
  options.stdio_count = 3;
  stdio[2].flags = UV_INHERIT_FD; /* for what a failing check has to say */
  stdio[2].data.fd = 2;
}

static void run(void) {
  test_spawn(&child, &options, &child_exit);
  CHECK_EQ(uv_is_active((uv_handle_t*) &child), 1);
}

static void pipe_at(int fd, uv_pipe_t* pipe, int flags) {
  CHECK_EQ(uv_pipe_init(net_loop(), pipe, 0), 0);
  stdio[fd].flags = (uv_stdio_flags) (UV_CREATE_PIPE | flags);
  stdio[fd].data.stream = (uv_stream_t*) pipe;
}

/* ---- What a stream says ---- */

static char said[4096];
static size_t said_length;
static int said_some;
static int said_all;

static void on_said(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread > 0) {
    CHECK(said_length + (size_t) nread < sizeof said);
    memcpy(said + said_length, buf->base, (size_t) nread);
    said_length += (size_t) nread;
    said[said_length] = '\0';
    said_some = 1;
  } else if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    said_all = 1;
  }
}

static void hear(uv_pipe_t* pipe) {
  memset(said, 0, sizeof said);
  said_length = 0;
  said_some = said_all = 0;
  CHECK_EQ(uv_read_start((uv_stream_t*) pipe, net_alloc, on_said), 0);
}

/* ---- Ends ---- */

TEST(process_exit_status) {
  if (strcmp(role(), "seven") == 0) {
    exit(7);
  }
  prepare("process_exit_status", "seven");
  run();
  CHECK_EQ(child_exit.done, 0); /* L1 */
  net_until(&child_exit.done, 1);
  CHECK_EQ(child_exit.status, 7);
  CHECK_EQ(child_exit.signal, 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &child), 0);
  CHECK_EQ(uv_process_kill(&child, SIGTERM), UV_ESRCH);
  net_end();
}

/* Waits until a process has ended, and leaves the rest of it to the library. */
static void await_end(const uv_process_t* process) {
#ifdef _WIN32
  HANDLE handle = OpenProcess(SYNCHRONIZE, FALSE, (DWORD) process->pid);

  CHECK(handle != NULL);
  CHECK_EQ(WaitForSingleObject(handle, INFINITE), WAIT_OBJECT_0);
  CloseHandle(handle);
#else
  siginfo_t info;

  CHECK_EQ(waitid(P_PID, (id_t) process->pid, &info, WEXITED | WNOWAIT), 0);
#endif
}

static size_t said_at_exit;

static void note_exit(uv_process_t* process, int64_t status, int signum) {
  (void) process;
  (void) signum;
  CHECK_EQ(status, 0);
  said_at_exit = said_length;
  child_exit.done = 1;
}

/* Also when the exit came first: a program may close the streams of its child in exit_cb. */
TEST(process_exit_is_told_after_what_there_is_to_read) {
  uv_pipe_t from;
  uv_file ends[2];

  if (strcmp(role(), "nothing") == 0) {
    return;
  }
  prepare("process_exit_is_told_after_what_there_is_to_read", "nothing");
  options.exit_cb = note_exit;
  CHECK_EQ(uv_pipe(ends, UV_NONBLOCK_PIPE, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, ends[0]), 0);
  hear(&from);
  net_turns(3);
  run();
  await_end(&child);
  test_fd_write(ends[1], "hello", 5);
  net_until(&child_exit.done, 1);
  CHECK_EQ(said_at_exit, 5);
  test_fd_close(ends[1]);
  net_end();
}

/* Waits for the end of its standard input. */
static void wait_for_parent(void) {
  char byte;

  while (test_fd_read(0, &byte, 1) > 0) {
    continue;
  }
}

TEST(process_kill) {
  uv_pipe_t in;

  if (strcmp(role(), "wait") == 0) {
    wait_for_parent();
    return;
  }
  prepare("process_kill", "wait");
  pipe_at(0, &in, UV_READABLE_PIPE);
  run();
  CHECK_EQ(uv_process_kill(&child, 0), 0);
  CHECK_EQ(uv_kill(uv_process_get_pid(&child), 0), 0);
  CHECK_EQ(uv_process_kill(&child, SIGTERM), 0);
  net_until(&child_exit.done, 1);
  CHECK_EQ(child_exit.signal, SIGTERM);
  CHECK_EQ(uv_process_kill(&child, 0), UV_ESRCH);
  net_end();
}

TEST(process_kill_by_number) {
  uv_pipe_t in;

  if (strcmp(role(), "wait") == 0) {
    wait_for_parent();
    return;
  }
  prepare("process_kill_by_number", "wait");
  pipe_at(0, &in, UV_READABLE_PIPE);
  run();
  CHECK_EQ(uv_kill(uv_process_get_pid(&child), SIGTERM), 0);
  net_until(&child_exit.done, 1);
#ifndef _WIN32 /* there a signal is the end that uv_kill gives, not what it was asked for */
  CHECK_EQ(child_exit.signal, SIGTERM);
  CHECK_EQ(uv_kill(uv_process_get_pid(&child), 0), UV_ESRCH); /* it was reaped */
  CHECK_EQ(uv_process_kill(&child, 1000), UV_ESRCH);
#endif
  net_end();
}

TEST(process_without_exit_callback) {
  if (strcmp(role(), "leave") == 0) {
    return;
  }
  prepare("process_without_exit_callback", "leave");
  options.exit_cb = NULL;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0); /* L3: it keeps the loop until it ended */
  CHECK_EQ(uv_is_active((uv_handle_t*) &child), 0);
  net_end();
}

TEST(process_unreferenced) {
  uv_pipe_t in;

  if (strcmp(role(), "wait") == 0) {
    wait_for_parent();
    return;
  }
  prepare("process_unreferenced", "wait");
  pipe_at(0, &in, UV_READABLE_PIPE);
  run();
  uv_unref((uv_handle_t*) &child);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(child_exit.done, 0);
  uv_ref((uv_handle_t*) &child);
  net_close((uv_handle_t*) &in);
  test_await_child(&child_exit);
  net_end();
}

enum {
  MANY = 20
};

TEST(process_many_at_once) {
  static uv_process_t children[MANY];
  static struct test_exit ends[MANY];
  char digits[8];
  int i;

  if (strcmp(role(), "digits") == 0) {
    exit(atoi(harness_arg(1)));
  }
  for (i = 0; i < MANY; i++) {
    prepare("process_many_at_once", "digits");
    snprintf(digits, sizeof digits, "%d", i);
    args[3] = digits;
    args[4] = NULL;
    test_spawn(&children[i], &options, &ends[i]);
  }
  for (i = 0; i < MANY; i++) {
    net_until(&ends[i].done, 1);
    CHECK_EQ(ends[i].status, i);
  }
  net_end();
}

/* ---- Closing before the end ---- */

static void tick(uv_timer_t* timer) {
  (void) timer;
}

TEST(process_closed_while_it_runs) {
  uv_timer_t timer;
  uv_pipe_t in;
  int pid;
  int fds;

  if (strcmp(role(), "wait") == 0) {
    wait_for_parent();
    return;
  }
  prepare("process_closed_while_it_runs", "wait");
  pipe_at(0, &in, UV_READABLE_PIPE);
  fds = test_fd_count();
  run();
  pid = (int) uv_process_get_pid(&child);
  net_close((uv_handle_t*) &child);
  CHECK_EQ(child_exit.done, 0);
  CHECK_EQ(uv_kill(pid, 0), 0); /* it goes on */
  net_close((uv_handle_t*) &in);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, tick, 1, 1), 0);
#ifdef _WIN32
  (void) fds;
#else
  /* It leaves no zombie behind: as long as it is one, it can be signalled. */
  while (uv_kill(pid, 0) == 0) {
    uv_run(net_loop(), UV_RUN_ONCE);
  }
  CHECK_EQ(waitpid(pid, NULL, WNOHANG), -1);
  CHECK_EQ(test_fd_count(), fds);
#endif
  CHECK_EQ(child_exit.done, 0);
  net_end();
}

TEST(process_closed_at_once) {
  if (strcmp(role(), "leave") == 0) {
    return;
  }
  prepare("process_closed_at_once", "leave");
  run();
  net_end(); /* with the child perhaps still running */
  CHECK_EQ(child_exit.done, 0);
}

/* ---- Failures ---- */

static void refuse_and_end(int error) {
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), error);
  CHECK_EQ(uv_is_active((uv_handle_t*) &child), 0);
  CHECK_EQ(uv_process_kill(&child, SIGTERM), UV_ESRCH);
  net_close((uv_handle_t*) &child);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
}

static void refuse(int error) {
  int fds;

  (void) net_loop(); /* and its descriptors, before those are counted */
  fds = test_fd_count();
  refuse_and_end(error);
  CHECK_EQ(test_fd_count(), fds);
}

TEST(process_program_that_is_not_there) {
  prepare("none", "none");
  options.file = "uvstream-no-such-program";
  refuse(UV_ENOENT);
  options.file = "./uvstream-no-such-program";
  refuse(UV_ENOENT);
  options.file = "";
  refuse(UV_ENOENT);
  net_end();
}

static int failed_writes;

static void note_failed_write(uv_write_t* req, int status) {
  (void) req;
  CHECK(status < 0);
  failed_writes++;
}

/* Programs go on with them whatever uv_spawn says: they are connected, and at their end. */
static void check_dead_pipes(int ipc) {
  uv_buf_t buf = uv_buf_init((char*) "x", 1);
  uv_write_t write;
  uv_pipe_t in;
  uv_pipe_t out;
  int r;

  prepare("none", "none");
  options.file = "uvstream-no-such-program";
  pipe_at(0, &in, UV_READABLE_PIPE);
  CHECK_EQ(uv_pipe_init(net_loop(), &out, ipc), 0);
  stdio[1].flags =
      (uv_stdio_flags) (UV_CREATE_PIPE | UV_WRITABLE_PIPE | (ipc ? UV_READABLE_PIPE : 0));
  stdio[1].data.stream = (uv_stream_t*) &out;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_ENOENT);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &out), 1);
  hear(&out);
  net_until(&said_all, 1);
  CHECK_EQ(said_length, 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &in), 1);
  failed_writes = 0;
  r = uv_write(&write, (uv_stream_t*) &in, &buf, 1, note_failed_write);
  CHECK_EQ(r, 0);
  net_until(&failed_writes, 1);
  net_close((uv_handle_t*) &in);
  net_close((uv_handle_t*) &out);
  net_close((uv_handle_t*) &child);
}

TEST(process_that_never_was_has_pipes_that_end_at_once) {
  int fds;

  (void) net_loop();
  fds = test_fd_count();
  check_dead_pipes(0);
  check_dead_pipes(1);
  CHECK_EQ(test_fd_count(), fds);
  net_end();
}

static uv_file lowest_descriptor(void) {
  uv_file fds[2];

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
  return fds[0] < fds[1] ? fds[0] : fds[1];
}

/* Nor do they cost a number, of which a process has few. */
TEST(process_that_never_was_takes_no_descriptor) {
  uv_file before;
  int i;

  check_dead_pipes(0);
  before = lowest_descriptor();
  for (i = 0; i < 4; i++)
    check_dead_pipes(i % 2);
  CHECK_EQ(lowest_descriptor(), before);
  net_end();
}

/* One stream has one other end. */
TEST(process_with_one_stream_in_two_places_is_refused) {
  uv_pipe_t pipe;

  prepare("none", "none");
  pipe_at(0, &pipe, UV_READABLE_PIPE);
  stdio[1] = stdio[0];
  refuse(UV_EINVAL);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &pipe), 0);
  net_end();
}

TEST(process_folder_that_is_not_there) {
  prepare("none", "none");
  options.cwd = "uvstream-no-such-folder";
  refuse(UV_ENOENT);
  net_end();
}

TEST(process_program_that_may_not_run) {
#ifdef _WIN32
  SKIP("there is no such permission");
#else
  prepare("none", "none");
  options.file = "/etc/passwd";
  refuse(UV_EACCES);
  options.file = "/";
  refuse(UV_EACCES);
  net_end();
#endif
}

TEST(process_options_that_are_none) {
  uv_pipe_t pipe;
  uv_tcp_t tcp;

  prepare("none", "none");
  CHECK_EQ(uv_spawn(net_loop(), &child, NULL), UV_EINVAL);
  net_close((uv_handle_t*) &child);
  options.file = NULL;
  refuse(UV_EINVAL);
  prepare("none", "none");
  options.args = NULL;
  refuse(UV_EINVAL);
  prepare("none", "none");
  options.flags = 1u << 20;
  refuse(UV_EINVAL);
  prepare("none", "none");
  options.stdio_count = -1;
  refuse(UV_EINVAL);
  prepare("none", "none");
  options.stdio = NULL;
  refuse(UV_EINVAL);
  prepare("none", "none");
  stdio[1].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_INHERIT_FD);
  refuse(UV_EINVAL);
  prepare("none", "none");
  stdio[1].flags = UV_CREATE_PIPE; /* without a pipe */
  refuse(UV_EINVAL);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  stdio[1].data.stream = (uv_stream_t*) &tcp;
  refuse(UV_EINVAL);
  prepare("none", "none");
  stdio[1].flags = UV_INHERIT_STREAM; /* of a handle without a descriptor */
  stdio[1].data.stream = (uv_stream_t*) &tcp;
  refuse(UV_EBADF);
  prepare("none", "none");
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = -1;
  refuse(UV_EINVAL);
  stdio[1].data.fd = 999; /* is not open */
  refuse(UV_EBADF);
  /* Nothing was begun: a pipe that was to be created is as fresh as before. */
  prepare("none", "none");
  pipe_at(0, &pipe, UV_WRITABLE_PIPE);
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = -1;
  refuse(UV_EINVAL);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &pipe), 0);
  CHECK_EQ(uv_pipe_open(&pipe, -1), UV_EBADF);
  net_end();
}

/* One handle has one pipe. Nothing was started, nothing made. */
TEST(process_one_pipe_in_two_rows) {
  uv_pipe_t pipe;
  int fds;

  prepare("none", "none");
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  pipe_at(1, &pipe, UV_WRITABLE_PIPE);
  stdio[0] = stdio[1]; /* the other way round */
  stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
  fds = test_fd_count();
  refuse(UV_EINVAL);
  CHECK_EQ(test_fd_count(), fds);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &pipe), 0);
  net_end();
}

/* A number that is not open is not to become, by being free, one of the descriptors that are made
 * for the child. */
TEST(process_stdio_that_is_not_open) {
  uv_file ends[2];
  uv_pipe_t pipe;
  int fds;
  int i;

  (void) net_loop();
  fds = test_fd_count();
  for (i = 0; i < 2; i++) {
    prepare("none", "none");
    pipe_at(1, &pipe, UV_WRITABLE_PIPE); /* takes the lowest free numbers */
    CHECK_EQ(uv_pipe(ends, 0, 0), 0);
    stdio[i == 0 ? 0 : 3].flags = UV_INHERIT_FD;
    stdio[i == 0 ? 0 : 3].data.fd = ends[i];
    options.stdio_count = 4;
    test_fd_close(ends[0]);
    test_fd_close(ends[1]);
    refuse_and_end(UV_EBADF);
    net_close((uv_handle_t*) &pipe);
    CHECK_EQ(test_fd_count(), fds);
  }
  net_end();
}

/* ---- Pipes ---- */

TEST(process_standard_streams) {
  static const char* const words[] = {"out and ", "err and ", "three"};
  uv_buf_t buf = uv_buf_init((char*) "question", 8);
  uv_shutdown_t shutdown;
  uv_write_t req;
  uv_pipe_t pipes[4];
  int i;

  if (strcmp(role(), "talk") == 0) {
    char text[32];
    size_t length = 0;
    size_t n;

    while ((n = test_fd_read(0, text + length, sizeof text - length)) > 0) {
      length += n;
    }
    CHECK_EQ(length, 8);
    CHECK(memcmp(text, "question", 8) == 0);
    for (i = 0; i < 3; i++) {
      test_fd_write(i + 1, words[i], strlen(words[i]));
    }
    return;
  }
  prepare("process_standard_streams", "talk");
  options.stdio_count = 4;
  pipe_at(0, &pipes[0], UV_READABLE_PIPE);
  for (i = 1; i < 4; i++) {
    pipe_at(i, &pipes[i], UV_WRITABLE_PIPE);
  }
  run();
  CHECK_EQ(uv_is_writable((uv_stream_t*) &pipes[0]), 1);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &pipes[0]), 0);
  CHECK_EQ(uv_is_writable((uv_stream_t*) &pipes[1]), 0);
  CHECK_EQ(uv_is_readable((uv_stream_t*) &pipes[1]), 1);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &pipes[0], &buf, 1, NULL), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &pipes[0], NULL), 0);
  for (i = 1; i < 4; i++) {
    hear(&pipes[i]);
    net_until(&said_all, 1);
    CHECK_STR(said, words[i - 1]);
  }
  test_await_child(&child_exit);
  net_end();
}

TEST(process_duplex_pipe) {
  struct net_sink sink = {0};
  uv_shutdown_t shutdown;
  uv_pipe_t pipe;
  int sent = 0;

  if (strcmp(role(), "echo") == 0) {
    static char memory[65536];
    size_t n;

    while ((n = test_fd_read(3, memory, sizeof memory)) > 0) {
      test_fd_write(3, memory, n);
    }
    return;
  }
  prepare("process_duplex_pipe", "echo");
  options.stdio_count = 4;
  pipe_at(3, &pipe, UV_READABLE_PIPE | UV_WRITABLE_PIPE);
  run();
  net_drain((uv_stream_t*) &pipe, &sink);
  net_send((uv_stream_t*) &pipe, 30000, 0, &sent);
  net_until_bytes(&sink, 30000);
#ifndef _WIN32 /* a plain program cannot see half an end there (P6) */
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &pipe, NULL), 0);
#else
  (void) shutdown;
  net_close((uv_handle_t*) &pipe);
#endif
  test_await_child(&child_exit);
  net_end();
}

/* A child of this library, with its end as a stream of its own. */
TEST(process_nonblocking_pipe) {
  struct net_sink sink = {0};
  uv_pipe_t pipe;
  int sent = 0;

  if (strcmp(role(), "stream") == 0) {
    CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
    CHECK_EQ(uv_pipe_open(&pipe, 1), 0);
    net_send((uv_stream_t*) &pipe, 500000, 0, &sent);
    net_until(&sent, 1);
    net_end();
    return;
  }
  prepare("process_nonblocking_pipe", "stream");
  pipe_at(1, &pipe, UV_WRITABLE_PIPE | UV_NONBLOCK_PIPE);
  run();
  net_drain((uv_stream_t*) &pipe, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 500000);
  test_await_child(&child_exit);
  net_end();
}

/* Programs that ask for it for the sake of Windows start any child with it, which waits for its input. */
TEST(process_nonblocking_pipe_blocks_in_the_child_on_unix) {
  struct net_sink sink = {0};
  uv_pipe_t in;
  uv_pipe_t out;
  char bytes[1000];
  size_t n;
  int sent = 0;

#ifdef _WIN32
  SKIP("an overlapped end is for who knows what to do with it");
#endif
  if (strcmp(role(), "echo") == 0) {
    while ((n = test_fd_read(0, bytes, sizeof bytes)) > 0)
      test_fd_write(1, bytes, n);
    return;
  }
  prepare("process_nonblocking_pipe_blocks_in_the_child_on_unix", "echo");
  pipe_at(0, &in, UV_READABLE_PIPE | UV_NONBLOCK_PIPE);
  pipe_at(1, &out, UV_WRITABLE_PIPE | UV_NONBLOCK_PIPE);
  run();
  net_drain((uv_stream_t*) &out, &sink);
  net_send((uv_stream_t*) &in, 10000, 0, &sent);
  net_until_bytes(&sink, 10000); /* It waits for more now. */
  net_send((uv_stream_t*) &in, 500000, 10000, &sent);
  net_until(&sent, 2);
  net_close((uv_handle_t*) &in);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 510000);
  test_await_child(&child_exit);
  net_end();
}

static void say_last_words(uv_connect_t* req, int status) {
  static uv_write_t writes[3];
  int i;

  CHECK_EQ(status, 0);
  for (i = 0; i < 3; i++) {
    uv_buf_t buf = uv_buf_init((char*) "abc" + i, 1);
    CHECK_EQ(uv_write(&writes[i], req->handle, &buf, 1, NULL), 0);
  }
  exit(0);
}

static uv_pipe_t accepted;

static void hear_client(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(listener->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) &accepted), 0);
  hear(&accepted);
}

/* Each write of a turn is with the system when it returns, so that a program that ends there has lost
 * nothing (also of a pipe, where it would save calls to wait for the next one). */
TEST(w3_writes_of_one_turn_outlive_their_process) {
  static uv_connect_t connecting;
  static uv_pipe_t pipe;
  char name[TEST_PIPE_NAME];

  if (strcmp(role(), "last words") == 0) {
    CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
    uv_pipe_connect(&connecting, &pipe, harness_arg(1), say_last_words);
    net_until(&said_all, 1); /* It ends there. */
    return;
  }
  prepare("w3_writes_of_one_turn_outlive_their_process", "last words");
  test_pipe_listen(&pipe, test_pipe_name(name, sizeof name), 1, hear_client);
  args[3] = name;
  run();
  net_until(&said_all, 1);
  CHECK_STR(said, "abc");
  test_await_child(&child_exit);
  net_end();
}

/* P4: ordinary pipes as another program makes them, opened as streams. */
TEST(process_inherited_pipe_ends) {
  struct net_sink sink = {0};
  uv_file in[2];
  uv_file out[2];
  uv_pipe_t from;
  uv_pipe_t to;
  int sent = 0;

  if (strcmp(role(), "relay") == 0) {
    CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
    CHECK_EQ(uv_pipe_open(&to, 0), 0);
    CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
    CHECK_EQ(uv_pipe_open(&from, 1), 0);
    net_drain((uv_stream_t*) &to, &sink);
    net_until(&sink.ended, 1);
    CHECK_EQ(sink.bytes, 100000);
    net_send((uv_stream_t*) &from, 200000, 0, &sent);
    net_until(&sent, 1);
    net_end();
    return;
  }
  CHECK_EQ(uv_pipe(in, 0, 0), 0);
  CHECK_EQ(uv_pipe(out, 0, 0), 0);
  prepare("process_inherited_pipe_ends", "relay");
  stdio[0].flags = UV_INHERIT_FD;
  stdio[0].data.fd = in[0];
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = out[1];
  run();
  test_fd_close(in[0]);
  test_fd_close(out[1]);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, in[1]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, out[0]), 0);
  net_drain((uv_stream_t*) &to, &sink);
  net_send((uv_stream_t*) &from, 100000, 0, &sent);
  net_until(&sent, 1);
  net_close((uv_handle_t*) &from);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 200000);
  CHECK_EQ(sink.status, UV_EOF);
  test_await_child(&child_exit);
  net_end();
}

TEST(process_inherited_stream) {
  uv_buf_t buf = uv_buf_init((char*) "!", 1);
  uv_file fds[2];
  uv_pipe_t from;
  uv_pipe_t to;

  if (strcmp(role(), "say") == 0) {
    test_fd_write(1, "said by the child", 17);
    return;
  }
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, fds[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &from, 0), 0);
  CHECK_EQ(uv_pipe_open(&from, fds[1]), 0);
  prepare("process_inherited_stream", "say");
  stdio[1].flags = UV_INHERIT_STREAM;
  stdio[1].data.stream = (uv_stream_t*) &from;
  run();
  test_await_child(&child_exit);
  hear(&to);
  CHECK_EQ(uv_try_write((uv_stream_t*) &from, &buf, 1), 1); /* it is still ours */
  net_close((uv_handle_t*) &from);
  net_until(&said_all, 1);
  CHECK_STR(said, "said by the child!");
  net_end();
}

static void say_when_written(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data = 1;
}

/* Reads what it has inherited as its input to the end, with a word before and one after. */
static void play_reader(void) {
  uv_write_t reqs[2];
  uv_buf_t buf = uv_buf_init((char*) "!", 1);
  uv_pipe_t input;
  int written = 0;
  int i;

  CHECK_EQ(uv_pipe_init(net_loop(), &input, 0), 0);
  CHECK_EQ(uv_pipe_open(&input, 0), 0);
  hear(&input);
  net_turns(3);
  for (i = 0; i < 2; i++) {
    written = 0;
    reqs[i].data = &written;
    CHECK_EQ(uv_write(&reqs[i], (uv_stream_t*) &input, &buf, 1, say_when_written), 0);
    net_until(&written, 1);
    net_until(&said_all, 1);
  }
  CHECK_EQ(said_length, 0);
  net_end();
}

static void note_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  *(int*) req->data = 1;
}

static void inherit_what_was_read(int of_server) {
  uv_pipe_t ends[2];
  uv_shutdown_t shutdown;
  int done = 0;

  test_pipe_pair(&ends[0], &ends[1], 0);
  hear(&ends[of_server]);
  net_turns(3);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &ends[of_server]), 0);
  prepare("process_inherited_pipe_that_was_read_brings_its_end", "reader");
  stdio[0].flags = UV_INHERIT_STREAM;
  stdio[0].data.stream = (uv_stream_t*) &ends[of_server];
  run();
  hear(&ends[!of_server]);
  net_until(&said_some, 1);
  shutdown.data = &done;
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &ends[!of_server], note_shutdown), 0);
  net_until(&done, 1);
  test_await_child(&child_exit);
  net_close((uv_handle_t*) &ends[of_server]);
  net_until(&said_all, 1);
  CHECK_STR(said, "!!");
  net_close((uv_handle_t*) &ends[!of_server]);
  net_close((uv_handle_t*) &child);
}

/* A child has what comes from then on, also the end, where its parent has read before and stopped. */
TEST(process_inherited_pipe_that_was_read_brings_its_end) {
  if (strcmp(role(), "reader") == 0) {
    play_reader();
    return;
  }
  inherit_what_was_read(0);
  child_exit.done = 0;
  inherit_what_was_read(1);
  net_end();
}

TEST(process_ignored_streams) {
  char byte;

  if (strcmp(role(), "try") == 0) {
    CHECK_EQ(test_fd_read(0, &byte, 1), 0);
    test_fd_write(1, "to nobody", 9);
    return;
  }
  prepare("process_ignored_streams", "try");
  run();
  test_await_child(&child_exit);
  options.stdio_count = 0; /* the same */
  options.stdio = NULL;
  net_close((uv_handle_t*) &child);
  run();
  test_await_child(&child_exit);
  net_end();
}

/* Every place is taken by what is in another's place in the parent. */
TEST(process_descriptors_change_places) {
  uv_file fds[4][2];
  char text[8];
  int i;

  if (strcmp(role(), "number") == 0) {
    for (i = 3; i < 7; i++) {
      char digit = (char) ('0' + i);

      test_fd_write(i, &digit, 1);
    }
    return;
  }
  for (i = 0; i < 4; i++) {
    CHECK_EQ(uv_pipe(fds[i], 0, 0), 0);
  }
  prepare("process_descriptors_change_places", "number");
  options.stdio_count = 7;
  for (i = 0; i < 4; i++) {
    stdio[6 - i].flags = UV_INHERIT_FD;
    stdio[6 - i].data.fd = fds[i][1];
  }
  run();
  test_await_child(&child_exit);
  for (i = 0; i < 4; i++) {
    test_fd_close(fds[i][1]);
    CHECK_EQ(test_fd_read(fds[i][0], text, sizeof text), 1);
    CHECK_EQ(text[0], '0' + 6 - i);
    test_fd_close(fds[i][0]);
  }
  net_end();
}

TEST(process_one_descriptor_in_two_places) {
  uv_pipe_t out;
  uv_file fds[2];
  char text[16];
  size_t length = 0;
  size_t n;

  (void) out;
  if (strcmp(role(), "both") == 0) {
    test_fd_write(1, "out", 3);
    test_fd_write(3, "err", 3);
    return;
  }
  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  prepare("process_one_descriptor_in_two_places", "both");
  options.stdio_count = 4;
  stdio[1].flags = UV_INHERIT_FD;
  stdio[1].data.fd = fds[1];
  stdio[3] = stdio[1];
  run();
  test_await_child(&child_exit);
  test_fd_close(fds[1]);
  while ((n = test_fd_read(fds[0], text + length, sizeof text - length)) > 0) {
    length += n;
  }
  CHECK_EQ(length, 6);
  CHECK(memcmp(text, "outerr", 6) == 0);
  test_fd_close(fds[0]);
  net_end();
}

/* Beyond its stdio a child has what the program left inheritable, and nothing of the library's. */
TEST(process_passes_on_what_is_inheritable) {
#ifdef _WIN32
  SKIP("handles have no small numbers to look at; see the list of inherited handles");
#else
  enum {
    HIGH = 500
  };
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  if (strcmp(role(), "look") == 0) {
    for (i = 3; i < 1000; i++) {
      CHECK_EQ(fcntl(i, F_GETFD), i == 4 || i == HIGH ? 0 : -1);
    }
    return;
  }
  for (i = 3; i < 1000; i++) { /* what whoever started this test left to it */
    (void) fcntl(i, F_SETFD, FD_CLOEXEC);
  }
  prepare("process_passes_on_what_is_inheritable", "look");
  options.stdio_count = 6; /* 3 and 5 are to be closed */
  stdio[4].flags = UV_INHERIT_FD;
  stdio[4].data.fd = 2;
  test_needs_fds(HIGH);
  net_pair(&a, &b);
  CHECK_EQ(fcntl(2, F_DUPFD, HIGH), HIGH);
  CHECK_EQ(fcntl(2, F_DUPFD_CLOEXEC, HIGH + 1), HIGH + 1);
  run();
  test_await_child(&child_exit);
  net_end();
#endif
}

TEST(process_blocking_ends) {
#ifdef _WIN32
  SKIP("there is no such flag to look at");
#else
  uv_pipe_t pipes[2];
  uv_file fds[2];

  if (strcmp(role(), "look") == 0) {
    CHECK_EQ(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQ(fcntl(1, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQ(fcntl(3, F_GETFL) & O_NONBLOCK, 0); /* That flag is for Windows. */
    return;
  }
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), 0);
  prepare("process_blocking_ends", "look");
  options.stdio_count = 4;
  stdio[0].flags = UV_INHERIT_FD; /* not blocking for us, but no program expects that there */
  stdio[0].data.fd = fds[0];
  pipe_at(1, &pipes[0], UV_WRITABLE_PIPE);
  pipe_at(3, &pipes[1], UV_WRITABLE_PIPE | UV_NONBLOCK_PIPE);
  run();
  test_await_child(&child_exit);
#  ifdef __linux__
  if (test_has_proc())
    CHECK_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK); /* and still is not for us */
#  endif
  test_fd_close(fds[0]);
  test_fd_close(fds[1]);
  net_end();
#endif
}

/* ---- Arguments, environment, folder ---- */

static const char* const odd[] = {"",          "two words", "\"quoted\"", "back\\slash\\",
                                  "end\\\\\"", "tab\there", "%PATH%",     "caf\xc3\xa9 *?",
                                  NULL};

TEST(process_arguments) {
  char* many[16];
  int i;

  if (strcmp(role(), "compare") == 0) {
    for (i = 0; odd[i] != NULL; i++) {
#ifdef _WIN32
      if (strlen(odd[i]) > 3 && (unsigned char) odd[i][3] >= 0x80) {
        continue; /* main() gets it in the code page of the system */
      }
#endif
      CHECK_STR(harness_arg(i + 1), odd[i]);
    }
    CHECK(harness_arg(i + 1) == NULL);
    return;
  }
  prepare("process_arguments", "compare");
  memcpy(many, args, 3 * sizeof many[0]);
  for (i = 0; odd[i] != NULL; i++) {
    many[i + 3] = (char*) odd[i];
  }
  many[i + 3] = NULL;
  options.args = many;
  run();
  test_await_child(&child_exit);
  net_end();
}

TEST(process_environment) {
  char* env[4];
  char path[4200] = "PATH=";

  if (strcmp(role(), "compare") == 0) {
    CHECK_STR(getenv("UVSTREAM_TEST"), "a value = with signs");
    CHECK_STR(getenv("UVSTREAM_INHERITED"), NULL);
    return;
  }
#ifdef _WIN32
  CHECK_EQ(_putenv("UVSTREAM_INHERITED=yes"), 0);
#else
  CHECK_EQ(setenv("UVSTREAM_INHERITED", "yes", 1), 0);
#endif
  prepare("process_environment", "compare");
  env[0] = (char*) "UVSTREAM_TEST=a value = with signs";
  env[1] = path; /* a program that is linked with libraries may need it */
  if (getenv("PATH") != NULL && strlen(getenv("PATH")) < 4000) {
    strcat(path, getenv("PATH"));
  }
  env[2] = NULL;
  options.env = env;
  run();
  test_await_child(&child_exit);
  net_end();
}

TEST(process_inherited_environment) {
  if (strcmp(role(), "compare") == 0) {
    CHECK_STR(getenv("UVSTREAM_INHERITED"), "yes");
    return;
  }
#ifdef _WIN32
  CHECK_EQ(_putenv("UVSTREAM_INHERITED=yes"), 0);
#else
  CHECK_EQ(setenv("UVSTREAM_INHERITED", "yes", 1), 0);
#endif
  prepare("process_inherited_environment", "compare");
  run();
  test_await_child(&child_exit);
  net_end();
}

/* As clearenv leaves it. */
TEST(process_environment_that_is_none) {
#ifdef _WIN32
  SKIP("a process always has one there");
#else
  extern char** environ;
  char** mine = environ;

  if (strcmp(role(), "look") == 0) {
    CHECK(getenv("PATH") == NULL);
    return;
  }
  prepare("process_environment_that_is_none", "look");
  environ = NULL;
  run();
  environ = mine;
  test_await_child(&child_exit);
  net_end();
#endif
}

TEST(process_folder) {
  char here[4096];
  uv_pipe_t out;

  if (strcmp(role(), "where") == 0) {
#ifdef _WIN32
    CHECK(_getcwd(here, sizeof here) != NULL);
#else
    CHECK(getcwd(here, sizeof here) != NULL);
#endif
    test_fd_write(1, here, strlen(here));
    return;
  }
  prepare("process_folder", "where");
#ifdef _WIN32
  CHECK(GetTempPathA(sizeof here, here) > 0);
#else
  strcpy(here, "/");
#endif
  options.cwd = here;
  pipe_at(1, &out, UV_WRITABLE_PIPE);
  run();
  hear(&out);
  net_until(&said_all, 1);
  test_await_child(&child_exit);
#ifdef _WIN32
  CHECK(said_length > 0);
#else
  CHECK_STR(said, "/");
#endif
  net_end();
}

TEST(process_program_is_looked_up_in_the_childs_path) {
#ifdef _WIN32
  SKIP("there the parent's PATH counts, too");
#else
  char folder[] = "/tmp/uvstream-test-XXXXXX";
  char path[64];
  char script[64];
  char* env[] = {path, NULL};
  uv_pipe_t out;
  int fd;

  test_needs_folder();
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "PATH=/nowhere:%s:/bin", folder);
  snprintf(script, sizeof script, "%s/uvstream-test-script", folder);
  fd = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
  CHECK(fd != -1);
  test_fd_write(fd, "echo run by a shell: $1 $#\n", 27); /* names no interpreter */
  test_fd_close(fd);
  prepare("first", "second");
  args[3] = (char*) "third";
  args[4] = NULL;
  options.file = "uvstream-test-script";
  refuse(UV_ENOENT);
  options.env = env;
  pipe_at(1, &out, UV_WRITABLE_PIPE);
  run();
  hear(&out);
  net_until(&said_all, 1);
  CHECK_STR(said, "run by a shell: first 3\n");
  test_await_child(&child_exit);
  CHECK_EQ(chmod(script, 0600), 0);
  stdio[1].flags = UV_IGNORE;
  net_close((uv_handle_t*) &child);
  refuse(UV_EACCES);
  CHECK_EQ(unlink(script), 0);
  CHECK_EQ(rmdir(folder), 0);
  net_end();
#endif
}

/* ---- Unix: users, sessions, signals, and other people's children ---- */

TEST(process_detached) {
  if (strcmp(role(), "session") == 0) {
#ifndef _WIN32
    CHECK_EQ(getsid(0), getpid());
#endif
    return;
  }
  prepare("process_detached", "session");
  options.flags = UV_PROCESS_DETACHED;
  run();
  test_await_child(&child_exit);
  net_end();
}

TEST(process_of_another_user) {
#ifdef _WIN32
  prepare("none", "none");
  options.flags = UV_PROCESS_SETUID;
  options.uid = 1;
  refuse(UV_ENOTSUP);
  net_end();
#else
  static const gid_t groups[] = {0, 1, 2};
  uv_pipe_t out;

  prepare("none", "none");
  options.file = "/bin/sh";
  args[0] = (char*) "sh";
  args[1] = (char*) "-c";
  args[2] = (char*) "id -u; id -g; id -G";
  options.flags = UV_PROCESS_SETUID | UV_PROCESS_SETGID;
  options.uid = 65534;
  options.gid = 65533;
  if (geteuid() != 0) {
    refuse(UV_EPERM);
    net_end();
    return;
  }
  if (setgroups(3, groups) != 0) { /* which the child must not keep */
    SKIP("root has not the rights of root here");
  }
  pipe_at(1, &out, UV_WRITABLE_PIPE);
  run();
  hear(&out);
  net_until(&said_all, 1);
  CHECK_STR(said, "65534\n65533\n65533\n");
  test_await_child(&child_exit);
  net_end();
#endif
}

TEST(process_signals_are_as_new) {
#ifdef _WIN32
  SKIP("there are no signals");
#else
  struct sigaction action;
  sigset_t mask;

  if (strcmp(role(), "look") == 0) {
    CHECK_EQ(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQ(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    CHECK_EQ(sigismember(&mask, SIGUSR2), 0);
    return;
  }
  CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  CHECK_EQ(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
  prepare("process_signals_are_as_new", "look");
  run();
  test_await_child(&child_exit);
  CHECK_EQ(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
  CHECK_EQ(sigismember(&mask, SIGUSR2), 1); /* ours are as they were */
  net_end();
#endif
}

#ifndef _WIN32

static volatile sig_atomic_t sigchlds;

static void on_sigchld(int signum) {
  (void) signum;
  sigchlds++;
}

#endif

TEST(process_leaves_other_children_alone) {
#ifdef _WIN32
  SKIP("nobody has to wait for children there");
#else
  int status;
  int other;

  if (strcmp(role(), "leave") == 0) {
    return;
  }
  CHECK(signal(SIGCHLD, on_sigchld) != SIG_ERR);
  other = fork();
  if (other == 0) {
    _exit(5);
  }
  CHECK(other > 0);
  prepare("process_leaves_other_children_alone", "leave");
  run();
  test_await_child(&child_exit);
  net_end();
  CHECK(sigchlds > 0); /* the program hears of its children as before */
  CHECK_EQ(waitpid(other, &status, 0), other);
  CHECK_EQ(WEXITSTATUS(status), 5);
  CHECK(signal(SIGCHLD, SIG_DFL) == on_sigchld); /* and its handler is in place */
#endif
}

/* With SIGCHLD ignored the system throws the status away. That the child ended is heard. */
TEST(process_whose_status_is_lost) {
#ifdef _WIN32
  SKIP("there are no signals");
#else
  if (strcmp(role(), "seven") == 0) {
    exit(7);
  }
  CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
  prepare("process_whose_status_is_lost", "seven");
  run();
  net_until(&child_exit.done, 1);
  CHECK(child_exit.status == 7 || child_exit.status < 0);
  net_end();
#endif
}

#ifndef _WIN32

static void end_with_seven(const char* test, void (*handler)(int), int flags) {
  struct sigaction action;

  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  CHECK_EQ(sigaction(SIGCHLD, &action, NULL), 0);
  prepare(test, "seven");
  run();
  net_until(&child_exit.done, 1);
  CHECK_EQ(child_exit.status, 7);
  net_end();
  CHECK_EQ(sigaction(SIGCHLD, NULL, &action), 0);
  CHECK(action.sa_handler == handler);
  CHECK_EQ(action.sa_flags & SA_NOCLDWAIT, flags);
}

#endif

/* What ignores it may have been the parent of this program: the status of its own children is not
 * to be lost for that. */
TEST(process_status_where_sigchld_is_ignored) {
#ifdef _WIN32
  SKIP("there are no signals");
#else
  if (strcmp(role(), "seven") == 0) {
    exit(7);
  }
  end_with_seven("process_status_where_sigchld_is_ignored", SIG_IGN, 0);
#endif
}

TEST(process_status_where_nobody_is_to_wait) {
#ifdef _WIN32
  SKIP("there are no signals");
#else
  if (strcmp(role(), "seven") == 0) {
    exit(7);
  }
  end_with_seven("process_status_where_nobody_is_to_wait", on_sigchld, SA_NOCLDWAIT);
#endif
}

/* Whatever the program does with SIGCHLD meanwhile costs the status at most. */
TEST(process_end_is_told_whoever_has_sigchld) {
#ifdef _WIN32
  SKIP("there are no signals");
#else
  uv_pipe_t to;
  sigset_t sigchld;
  char byte;
  int way;

  if (strcmp(role(), "wait") == 0) {
    CHECK_EQ(read(0, &byte, 1), 0);
    return;
  }
  sigemptyset(&sigchld);
  sigaddset(&sigchld, SIGCHLD);
  for (way = 0; way < 6; way++) {
    prepare("process_end_is_told_whoever_has_sigchld", "wait");
    pipe_at(0, &to, UV_READABLE_PIPE);
    run();
    if (way < 4)
      CHECK(signal(SIGCHLD, way % 2 == 0 ? SIG_DFL : on_sigchld) != SIG_ERR);
    else if (way == 4)
      CHECK_EQ(pthread_sigmask(SIG_BLOCK, &sigchld, NULL), 0);
    else
      CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    uv_close((uv_handle_t*) &to, NULL);
    net_until(&child_exit.done, 1);
    CHECK(child_exit.status == 0 || child_exit.status < 0);
    net_close((uv_handle_t*) &child);
  }
  net_end();
#endif
}

#ifndef _WIN32

enum {
#  ifdef UVSTREAM_COVERAGE /* Each child has to write down what it covered before it is another program. */
  STRANGERS = 10
#  else
  STRANGERS = 20
#  endif
};

static uv_file strangers_live[2]; /* as long as somebody has the end that writes */
static volatile long strangers;
static volatile long forking;
static volatile long starting;

/* Only while a child is being started, and each time a little later. */
static void fork_strangers(void* arg) {
  volatile long wait;
  pid_t pid;

  (void) arg;
  while (test_load(&forking)) {
    if (!test_load(&starting))
      continue;
    for (wait = test_load(&strangers) % 20 * 2000; wait > 0; wait--)
      continue;
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      char byte;

      close(strangers_live[1]);
      while (read(strangers_live[0], &byte, 1) > 0)
        continue;
      /* Not _exit, for which `./dev coverage` needs a lock that another thread may hold. */
      _Exit(0);
    }
    if (test_add(&strangers, 1) >= STRANGERS)
      break;
  }
}

#endif

/* A process that another thread forks has copies of whatever this one has, and lives as long as it
 * likes. */
TEST(process_start_waits_for_no_stranger) {
#ifdef _WIN32
  SKIP("no process is forked there");
#else
  struct test_thread* thread;
  int starts;

  if (strcmp(role(), "none") == 0) {
    return;
  }
  CHECK_EQ(uv_pipe(strangers_live, 0, 0), 0);
  test_add(&forking, 1);
  thread = test_thread_start(fork_strangers, NULL);
  /* The other thread of a busy machine is seldom there in time. */
  for (starts = 0; starts < 2 * STRANGERS && test_load(&strangers) < STRANGERS; starts++) {
    prepare("process_start_waits_for_no_stranger", "none");
    test_add(&starting, 1);
    run();
    test_add(&starting, -1);
    test_await_child(&child_exit);
    net_close((uv_handle_t*) &child);
  }
  test_add(&forking, -1);
  test_thread_join(thread);
  test_fd_close(strangers_live[1]);
  test_fd_close(strangers_live[0]);
  while (waitpid(-1, NULL, 0) > 0)
    continue;
  net_end();
#endif
}

TEST(process_disable_stdio_inheritance) {
#ifdef _WIN32
  uv_disable_stdio_inheritance();
  CHECK(1);
#else
  uv_file fds[2];

  CHECK_EQ(pipe(fds), 0);
  uv_disable_stdio_inheritance();
  CHECK_EQ(fcntl(0, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(2, F_GETFD), FD_CLOEXEC);
  CHECK_EQ(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
#endif
}

TEST(process_kill_of_nobody) {
  CHECK_EQ(uv_kill(0x7ffffff, 0), UV_ESRCH);
  CHECK(uv_kill(0x7ffffff, -1) < 0);
}

/* What is no signal, or none that can be sent, ends nobody; 0 only asks. */
TEST(process_kill_of_oneself) {
  CHECK_EQ(uv_kill(uv_os_getpid(), 0), 0);
  CHECK_EQ(uv_kill(uv_os_getpid(), -1), UV_EINVAL);
  CHECK_EQ(uv_kill(uv_os_getpid(), 1000), UV_EINVAL);
#ifdef _WIN32
  CHECK_EQ(uv_kill(0, 0), 0); /* The same there. */
  CHECK_EQ(uv_kill(0, SIGSEGV), UV_ENOSYS);
#endif
}
