/* Ends of pipes that are not overlapped, such as a shell gives its programs: on Windows all calls on
 * one wait for each other, whoever makes them (rules P4, L4, L5, L6, R5). Wine has no such lock, so
 * that it is put there (shim.h); what these tests see must be so without it, too. */
#include <winsock2.h>

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "import.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "shim.h"
#include "uv.h"

enum {
  SOON_MS = 2000 /* what must not wait is over by then, and what waits is not */
};

static uv_pipe_t pipe_;

static uv_stream_t* stream(void) {
  return (uv_stream_t*) &pipe_;
}

static int crt(HANDLE handle) {
  int fd = _open_osfhandle((intptr_t) handle, _O_BINARY);

  CHECK(fd >= 0);
  return fd;
}

static HANDLE duplicate(HANDLE handle) {
  HANDLE self = GetCurrentProcess();
  HANDLE made;

  CHECK(DuplicateHandle(self, handle, self, &made, 0, FALSE, DUPLICATE_SAME_ACCESS));
  return made;
}

/* A pipe that goes both ways. The first end is the peer's, overlapped; the other one is synchronous
 * and becomes `pipe_`, unless `kept` gets it. */
static HANDLE make_two_way(HANDLE* kept) {
  char name[TEST_PIPE_NAME];
  HANDLE peer;
  HANDLE end;

  test_pipe_name(name, sizeof name);
  peer = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1, 65536,
                          65536, 0, NULL);
  CHECK(peer != INVALID_HANDLE_VALUE);
  end = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(end != INVALID_HANDLE_VALUE);
  if (kept != NULL) {
    *kept = end;
    return peer;
  }
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe_, crt(end)), 0);
  CHECK_EQ(uv_is_readable(stream()), 1);
  CHECK_EQ(uv_is_writable(stream()), 1);
  return peer;
}

/* Of the peer: how much there is to read, what is written. */
static DWORD waiting(HANDLE peer) {
  DWORD total = 0;

  CHECK(PeekNamedPipe(peer, NULL, 0, NULL, &total, NULL));
  return total;
}

static void give(HANDLE peer, const char* text) {
  OVERLAPPED overlapped;
  DWORD written = 0;

  memset(&overlapped, 0, sizeof overlapped);
  CHECK(WriteFile(peer, text, (DWORD) strlen(text), &written, &overlapped));
  CHECK_EQ(written, strlen(text));
}

static char got[256];
static int got_length;
static int got_end;

static void keep(uv_stream_t* from, ssize_t nread, const uv_buf_t* buf) {
  (void) from;
  if (nread < 0) {
    CHECK_EQ(nread, UV_EOF);
    got_end++;
    return;
  }
  CHECK(got_length + nread < (ssize_t) sizeof got);
  memcpy(got + got_length, buf->base, (size_t) nread);
  got_length += (int) nread;
  got[got_length] = '\0';
}

static void start(void) {
  CHECK_EQ(uv_read_start(stream(), net_alloc, keep), 0);
}

static void note_time(uv_timer_t* timer) {
  *(int*) timer->data = 1;
}

/* Time in which a helper comes to wait, or in which nothing is to come. */
static void pass(int ms) {
  static uv_timer_t timer;
  int over = 0;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  timer.data = &over;
  CHECK_EQ(uv_timer_start(&timer, note_time, (uint64_t) ms, 0), 0);
  net_until(&over, 1);
  net_close((uv_handle_t*) &timer);
}

/* Whoever else has the end, asking it something, as fstat of a child does. */
static DWORD WINAPI ask(void* handle) {
  DWORD total;

  CHECK(PeekNamedPipe(handle, NULL, 0, NULL, &total, NULL));
  return 0;
}

static HANDLE begin_to_ask(HANDLE handle) {
  HANDLE thread = CreateThread(NULL, 0, ask, handle, 0, NULL);

  CHECK(thread != NULL);
  return thread;
}

static int asked(HANDLE thread) {
  int i;

  for (i = 0; i < SOON_MS; i++) {
    uv_run(net_loop(), UV_RUN_NOWAIT);
    if (WaitForSingleObject(thread, 1) == WAIT_OBJECT_0) {
      CloseHandle(thread);
      return 1;
    }
  }
  return 0;
}

/* Somebody who reads from the end, without the library. */
static DWORD WINAPI read_one(void* handle) {
  DWORD size = 0;
  char byte;

  CHECK(ReadFile(handle, &byte, 1, &size, NULL));
  CHECK_EQ(size, 1);
  return 0;
}

TEST(p4_open_of_an_end_that_somebody_reads) {
  HANDLE end;
  HANDLE peer;
  HANDLE reader;
  uint64_t begun;

  (void) shim_use("lock");
  peer = make_two_way(&end);
  reader = CreateThread(NULL, 0, read_one, duplicate(end), 0, NULL);
  CHECK(reader != NULL);
  while (WaitForSingleObject(reader, 50) != WAIT_TIMEOUT)
    FAIL("the reader does not wait");
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  begun = uv_hrtime();
  CHECK_EQ(uv_pipe_open(&pipe_, crt(end)), 0);
  CHECK((uv_hrtime() - begun) / 1000000 < SOON_MS);
  CHECK_EQ(uv_is_readable(stream()), 1);
  CHECK_EQ(uv_is_writable(stream()), 1);
  give(peer, "x");
  CHECK_EQ(WaitForSingleObject(reader, INFINITE), WAIT_OBJECT_0);
  CloseHandle(reader);
  /* It is what it seems to be, whatever was found out. */
  start();
  give(peer, "hello");
  net_until(&got_length, 5);
  CHECK_STR(got, "hello");
  net_end();
  CloseHandle(peer);
}

static int wrote;

static void count_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  wrote++;
}

TEST(l6_two_way_end_is_written_while_it_is_read) {
  uv_buf_t buf = uv_buf_init((char*) "hello", 5);
  uv_write_t reqs[3];
  HANDLE peer;
  int i;

  (void) shim_use("lock");
  peer = make_two_way(NULL);
  start();
  pass(20);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_write(&reqs[i], stream(), &buf, 1, count_write), 0);
    net_until(&wrote, i + 1);
    CHECK_EQ(waiting(peer), 5 * (DWORD) (i + 1));
  }
  CHECK_EQ(uv_try_write(stream(), &buf, 1), 5);
  while (waiting(peer) < 20)
    net_turns(1);
  give(peer, "answer"); /* and it is still read */
  net_until(&got_length, 6);
  CHECK_STR(got, "answer");
  net_end();
  CloseHandle(peer);
}

TEST(r5_stopped_reader_lets_others_through) {
  HANDLE peer;
  HANDLE other;
  uv_os_fd_t fd;
  int i;

  (void) shim_use("lock");
  peer = make_two_way(NULL);
  CHECK_EQ(uv_fileno((uv_handle_t*) &pipe_, &fd), 0);
  other = duplicate(fd);
  for (i = 0; i < 20; i++) {
    start();
    if (i % 2)
      pass(2);
    CHECK_EQ(uv_read_stop(stream()), 0);
    CHECK(asked(begin_to_ask(other)));
  }
  /* What comes meanwhile is the next reader's. */
  give(peer, "late");
  pass(20);
  CHECK_EQ(got_length, 0);
  CHECK_EQ(waiting(other), 4);
  start();
  net_until(&got_length, 4);
  CHECK_STR(got, "late");
  net_end();
  CloseHandle(other);
  CloseHandle(peer);
}

/* A child that has the stream as its descriptor `at`, in this way; it says what it finds wrong. */
static void spawn_with(
    const char* test, int at, unsigned how, uv_process_t* process, struct test_exit* end) {
  uv_process_options_t options;
  uv_stdio_container_t stdio[3];
  char* args[8];

  test_child(&options, args, test, "child");
  memset(stdio, 0, sizeof stdio);
  stdio[at].flags = (uv_stdio_flags) how;
  stdio[at].data.stream = stream();
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  options.stdio = stdio;
  options.stdio_count = 3;
  test_spawn(process, &options, end);
}

/* A child that inherits the end, and asks what it is, as each C run-time library does. */
TEST(r5_stopped_reader_lets_a_child_through) {
  struct test_exit end = {0};
  uv_process_t process;
  HANDLE peer;

  if (harness_arg(0) != NULL) {
    HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
    DWORD mode;
    (void) shim_use("lock");
    CHECK(GetNamedPipeHandleStateA(input, &mode, NULL, NULL, NULL, NULL, 0));
    CHECK_EQ(waiting(input), 0);
    return;
  }
  (void) shim_use("lock");
  peer = make_two_way(NULL);
  start();
  pass(20);
  CHECK_EQ(uv_read_stop(stream()), 0);
  spawn_with("r5_stopped_reader_lets_a_child_through", 0, UV_INHERIT_STREAM, &process, &end);
  test_await_child(&end);
  net_end();
  CloseHandle(peer);
}

/* The same while it is read: nobody but the child has to wait. */
TEST(l6_spawn_gives_away_an_end_that_is_read) {
  struct test_exit end = {0};
  uv_process_t process;
  HANDLE peer;

  if (harness_arg(0) != NULL)
    return;
  (void) shim_use("lock");
  peer = make_two_way(NULL);
  start();
  pass(20);
  spawn_with("l6_spawn_gives_away_an_end_that_is_read", 1, UV_INHERIT_STREAM, &process, &end);
  give(peer, "x");
  net_until(&got_length, 1);
  test_await_child(&end);
  net_end();
  CloseHandle(peer);
}

static DWORD WINAPI ask_how_much(void* total) {
  uv_os_fd_t fd;

  CHECK_EQ(uv_fileno((uv_handle_t*) &pipe_, &fd), 0);
  CHECK(PeekNamedPipe(fd, NULL, 0, NULL, total, NULL));
  return 0;
}

/* Until the helper has read what was given, without a turn in which the loop would take it. */
static void wait_for_the_helper(void) {
  DWORD total = 1;

  while (total > 0) {
    HANDLE thread = CreateThread(NULL, 0, ask_how_much, &total, 0, NULL);

    CHECK(thread != NULL);
    while (WaitForSingleObject(thread, 1) == WAIT_TIMEOUT)
      continue;
    CloseHandle(thread);
  }
}

/* What the helper read before reading stopped is this process's still: a child that gets the end has what
 * comes after it, and the next reader here has these bytes, which are not lost. */
TEST(l6_bytes_that_were_read_before_an_end_is_given_away_are_kept) {
  struct test_exit end = {0};
  uv_process_t process;
  HANDLE peer;

  if (harness_arg(0) != NULL) {
    char bytes[16];
    DWORD size = 0;
    CHECK(ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof bytes, &size, NULL));
    CHECK(size == 4 && memcmp(bytes, "late", 4) == 0);
    return;
  }
  (void) shim_use("lock");
  peer = make_two_way(NULL);
  start();
  net_turns(1);
  give(peer, "early");
  wait_for_the_helper();
  CHECK_EQ(uv_read_stop(stream()), 0);
  give(peer, "late");
  spawn_with("l6_bytes_that_were_read_before_an_end_is_given_away_are_kept", 0, UV_INHERIT_STREAM,
             &process, &end);
  test_await_child(&end);
  CHECK_EQ(got_length, 0);
  start();
  net_until(&got_length, 5);
  CHECK_STR(got, "early");
  net_end();
  CloseHandle(peer);
}

/* Who stops reading in a callback that takes as much as it was asked for leaves nothing to anybody's
 * disadvantage: the helper reads once for each time that it is asked. */
static void keep_and_stop(uv_stream_t* from, ssize_t nread, const uv_buf_t* buf) {
  keep(from, nread, buf);
  if (nread > 0)
    CHECK_EQ(uv_read_stop(from), 0);
}

TEST(l6_reader_that_stops_in_its_callback_leaves_the_rest_in_the_pipe) {
  HANDLE peer;
  HANDLE other;
  uv_os_fd_t fd;

  (void) shim_use("lock");
  peer = make_two_way(NULL);
  CHECK_EQ(uv_fileno((uv_handle_t*) &pipe_, &fd), 0);
  other = duplicate(fd);
  CHECK_EQ(uv_read_start(stream(), net_alloc, keep_and_stop), 0);
  give(peer, "first");
  net_until(&got_length, 5);
  give(peer, "next");
  pass(20);
  CHECK_STR(got, "first");
  CHECK_EQ(waiting(other), 4); /* for whoever else has the end */
  net_end();
  CloseHandle(other);
  CloseHandle(peer);
}

TEST(l4_close_of_an_end_that_is_read_lets_go_of_it) {
  HANDLE peer;
  HANDLE other;
  uv_os_fd_t fd;

  (void) shim_use("lock");
  peer = make_two_way(NULL);
  CHECK_EQ(uv_fileno((uv_handle_t*) &pipe_, &fd), 0);
  other = duplicate(fd);
  start();
  pass(20);
  net_close((uv_handle_t*) &pipe_);
  CHECK(asked(begin_to_ask(other)));
  net_end();
  CloseHandle(other);
  CloseHandle(peer);
}

/* ---- Ends that somebody made non-blocking, as Cygwin's shells do ---- */

static void set_nowait(HANDLE end) {
  DWORD mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;

  CHECK(SetNamedPipeHandleState(end, &mode, NULL, NULL));
}

TEST(r4_empty_end_that_does_not_wait_is_not_at_its_end) {
  HANDLE end;
  HANDLE peer = make_two_way(&end);
  HANDLE other = duplicate(end);
  int i;

  set_nowait(end);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe_, crt(end)), 0);
  start();
  for (i = 0; i < 5; i++) {
    pass(20);
    CHECK_EQ(got_length, 5 * i);
    CHECK_EQ(got_end, 0);
    if (i == 2) { /* and once more, when nobody is in a call */
      CHECK_EQ(uv_read_stop(stream()), 0);
      CHECK(asked(begin_to_ask(other)));
      set_nowait(other);
      start();
    }
    give(peer, "bytes");
    net_until(&got_length, 5 * (i + 1));
  }
  CloseHandle(other);
  CloseHandle(peer);
  net_until(&got_end, 1);
  net_end();
}

TEST(w2_end_that_does_not_wait_takes_all_the_same) {
  struct net_sink sink = {0};
  uv_file fds[2];
  uv_pipe_t to;
  int sent = 0;

  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), 0);
  set_nowait((HANDLE) _get_osfhandle(fds[1]));
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe_, fds[1]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, fds[0]), 0);
  net_send(stream(), 300000, 0, &sent);
  net_turns(3);
  net_drain((uv_stream_t*) &to, &sink);
  net_until(&sent, 1);
  net_until_bytes(&sink, 300000);
  net_end();
}

/* ---- The end ---- */

/* What was written in one turn arrives, also when there is no other one. */
TEST(l5_lines_written_before_a_close_arrive) {
  enum {
    LINES = 3000
  };
  uv_write_t* reqs = malloc(LINES * sizeof *reqs);
  struct net_sink sink = {0};
  uv_file fds[2];
  uv_pipe_t to;
  int i;

  CHECK(reqs != NULL);
  CHECK_EQ(uv_pipe(fds, UV_NONBLOCK_PIPE, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe_, fds[1]), 0);
  for (i = 0; i < LINES; i++) {
    uv_buf_t buf = uv_buf_init(net_block() + 8 * i, 8);
    CHECK_EQ(uv_write(&reqs[i], stream(), &buf, 1, count_write), 0);
  }
  uv_close((uv_handle_t*) &pipe_, NULL);
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  CHECK_EQ(uv_pipe_open(&to, fds[0]), 0);
  net_drain((uv_stream_t*) &to, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 8 * LINES);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(wrote, LINES);
  net_end();
  free(reqs);
}

IMPORTED(CreateThread)

static import_create_thread create_thread;
static LPTHREAD_START_ROUTINE late_run;
static HANDLE gate;     /* for which the late thread waits, or NULL */
static int is_ended;    /* it does nothing any more, as one that somebody ended */
static uv_file late[2]; /* a pipe, of which one end is a stream */

static DWORD WINAPI run_late(void* arg) {
  if (is_ended)
    return 0;
  if (gate != NULL)
    CHECK_EQ(WaitForSingleObject(gate, INFINITE), WAIT_OBJECT_0);
  else
    uv_sleep(200);
  return late_run(arg);
}

static HANDLE WINAPI create_late(SECURITY_ATTRIBUTES* security,
                                 SIZE_T stack,
                                 LPTHREAD_START_ROUTINE run,
                                 void* arg,
                                 DWORD flags,
                                 DWORD* id) {
  int is_first = late_run == NULL;
  HANDLE thread;

  if (is_first) {
    late_run = run;
    run = run_late;
  }
  thread = create_thread(security, stack, run, arg, flags, id);
  if (is_first && is_ended)
    CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
  return thread;
}

static void open_late(int end) {
  CHECK_EQ(uv_pipe(late, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe_, late[end]), 0);
  create_thread =
      (import_create_thread) import_replace(IMPORT(CreateThread), (import_function) create_late);
}

static void open_gate(void) {
  gate = CreateEventW(NULL, TRUE, FALSE, NULL);
  CHECK(gate != NULL);
}

static void end_late(int end) {
  CHECK(late_run != NULL);
  if (gate != NULL)
    CHECK(SetEvent(gate));
  test_fd_close(late[!end]);
  net_end();
  if (gate == NULL)
    return;
  while (memory_live() > 0) /* It gives back what was left to it. */
    uv_sleep(1);
  CHECK(CloseHandle(gate));
}

static void write_late(uv_write_t* req, uv_write_cb cb) {
  uv_buf_t buf = uv_buf_init("0123456789", 10);

  CHECK_EQ(uv_write(req, stream(), &buf, 1, cb), 0);
}

static DWORD arrived_late(void) {
  DWORD total = 0;

  CHECK(PeekNamedPipe((HANDLE) _get_osfhandle(late[0]), NULL, 0, NULL, &total, NULL));
  return total;
}

/* The patience of a close is with the system, and not with a thread that a busy machine lets wait. */
TEST(l5_close_waits_for_a_thread_that_is_late) {
  uv_write_t writes[2];

  open_late(1);
  write_late(&writes[0], count_write);
  write_late(&writes[1], count_write);
  net_close((uv_handle_t*) &pipe_);
  CHECK_EQ(wrote, 2);
  CHECK_EQ(arrived_late(), 20);
  end_late(1);
}

/* But not without end; and what it has is written when it comes. */
TEST(l4_close_of_a_writer_whose_thread_does_not_begin) {
  uv_write_t write;

  open_gate();
  open_late(1);
  write_late(&write, count_write);
  net_close((uv_handle_t*) &pipe_);
  CHECK_EQ(wrote, 1);
  CHECK_EQ(arrived_late(), 0);
  CHECK(SetEvent(gate));
  while (arrived_late() < 10)
    uv_sleep(1);
  end_late(1);
}

/* Who only reads has nothing to lose. */
TEST(l4_close_of_a_reader_whose_thread_does_not_begin) {
  open_gate();
  open_late(0);
  CHECK_EQ(uv_read_start(stream(), net_alloc, keep), 0);
  net_turns(1);
  net_close((uv_handle_t*) &pipe_);
  end_late(0);
}

static void on_cancelled(uv_write_t* req, int status) {
  CHECK_EQ(status, UV_ECANCELED);
  count_write(req, 0);
}

/* As the system does with the threads of a process whose last one says goodbye. */
TEST(l4_close_of_a_writer_whose_thread_was_ended) {
  uv_write_t writes[2];

  is_ended = 1;
  open_late(1);
  write_late(&writes[0], on_cancelled);
  write_late(&writes[1], on_cancelled);
  net_close((uv_handle_t*) &pipe_);
  CHECK_EQ(wrote, 2);
  end_late(1);
}

/* The same of a program that ends right after its loop. */
TEST(l5_lines_of_a_program_that_ends_arrive) {
  struct net_sink sink = {0};
  struct test_exit end = {0};
  uv_process_t process;
  int i;

  if (harness_arg(0) != NULL) {
    static uv_write_t reqs[100];
    CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
    CHECK_EQ(uv_pipe_open(&pipe_, 1), 0);
    for (i = 0; i < 100; i++) {
      uv_buf_t buf = uv_buf_init(net_block() + 10 * i, 10);
      CHECK_EQ(uv_write(&reqs[i], stream(), &buf, 1, count_write), 0);
    }
    uv_close((uv_handle_t*) &pipe_, NULL);
    CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
    CHECK_EQ(wrote, 100);
    ExitProcess(0);
  }
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  spawn_with("l5_lines_of_a_program_that_ends_arrive", 1, UV_CREATE_PIPE | UV_WRITABLE_PIPE,
             &process, &end);
  net_drain(stream(), &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 1000);
  test_await_child(&end);
  net_end();
}

/* An end may be set to read messages; one that is longer than a read comes in several of them, whole. */
TEST(r2_message_that_is_longer_than_a_read_is_whole) {
  enum {
    LENGTH = 100000
  };
  static char bytes[LENGTH];
  char name[TEST_PIPE_NAME];
  struct net_sink sink = {0};
  HANDLE peer;
  HANDLE end;
  DWORD wrote_now;

  test_pipe_name(name, sizeof name);
  end = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1,
                         2 * LENGTH, 2 * LENGTH, 0, NULL);
  CHECK(end != INVALID_HANDLE_VALUE);
  peer = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(peer != INVALID_HANDLE_VALUE);
  pattern_fill(bytes, LENGTH, 0);
  CHECK(WriteFile(peer, bytes, LENGTH, &wrote_now, NULL));
  CHECK_EQ(wrote_now, LENGTH);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe_, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe_, crt(end)), 0);
  net_drain(stream(), &sink);
  net_until_bytes(&sink, LENGTH);
  CHECK(CloseHandle(peer));
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, LENGTH);
  net_end();
}

/* ---- S1 ---- */

/* Two ends of one pipe, both synchronous; the first is written to until it has taken nothing for a
 * while. That the pipe is full by then, and not its helper slow, is likely. */
static size_t make_full_pair(uv_pipe_t* writer, uv_pipe_t* reader) {
  size_t taken = 0;
  uv_file fds[2];
  int idle = 0;

  CHECK_EQ(uv_pipe(fds, 0, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), reader, 0), 0);
  CHECK_EQ(uv_pipe_open(reader, fds[0]), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), writer, 0), 0);
  CHECK_EQ(uv_pipe_open(writer, fds[1]), 0);
  while (idle < 100) {
    uv_buf_t block = uv_buf_init(net_block() + taken, 60000);
    ssize_t n = uv_try_write((uv_stream_t*) writer, &block, 1);

    CHECK(n > 0 || n == UV_EAGAIN);
    CHECK(taken + 2 * block.len <= NET_BLOCK);
    taken += n > 0 ? (size_t) n : 0;
    idle = n > 0 ? 0 : idle + 1;
    net_turns(1);
  }
  return taken;
}

static int shut;
static int shut_status;

static void note_shut(uv_shutdown_t* req, int status) {
  (void) req;
  shut_status = status;
  shut++;
}

/* What a try took is on its way, and the end comes behind it. */
TEST(s1_shutdown_waits_for_what_a_try_took) {
  struct net_sink sink = {0};
  uv_pipe_t reader, writer;
  uv_shutdown_t req;
  size_t taken = make_full_pair(&writer, &reader);

  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &writer, note_shut), 0);
  net_turns(5);
  net_drain((uv_stream_t*) &reader, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_EQ(sink.bytes, taken);
  net_until(&shut, 1);
  CHECK_EQ(shut_status, 0);
  net_end();
}

/* Nobody reads, and the close does not wait for that; a shutdown that is told to be over is so. */
TEST(l5_close_cancels_a_shutdown_that_waits_for_a_try) {
  struct net_sink sink = {0};
  uv_pipe_t reader, writer;
  uv_shutdown_t req;
  size_t taken = make_full_pair(&writer, &reader);

  CHECK_EQ(uv_shutdown(&req, (uv_stream_t*) &writer, note_shut), 0);
  net_turns(5);
  net_close((uv_handle_t*) &writer);
  CHECK_EQ(shut, 1);
  CHECK(shut_status == UV_ECANCELED || shut_status == 0);
  net_drain((uv_stream_t*) &reader, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK(shut_status == 0 ? sink.bytes == taken : sink.bytes <= taken);
  net_end();
}
