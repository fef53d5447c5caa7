/* What the pool calls back may be held up before its first statement, while the loop's thread closes what it is
 * about: the close then waits for it. Under a seed a thread is held up now and then, and here often. */
#include <io.h>
#include <stdlib.h>

#include "../support/console.h"
#include "harness.h"
#include "net.h"
#include "nt.h"
#include "pipes.h"
#include "thread.h"
#include "uv.h"

enum {
  ROUNDS = 200,
  CHILDREN = 60,
  OFTEN = 25 /* in a hundred */
};

TEST(l4_close_of_a_child_whose_end_is_being_told) {
  uv_process_options_t options;
  char* args[8];
  int round;

  if (harness_arg(0) != NULL)
    return;
  nt_trouble.preempt = OFTEN;
  test_child(&options, args, "l4_close_of_a_child_whose_end_is_being_told", "child");
  for (round = 0; round < CHILDREN; round++) {
    uv_process_t child;

    CHECK_EQ(uv_spawn(net_loop(), &child, &options), 0);
    while (uv_process_kill(&child, 0) == 0)
      test_thread_yield();
    net_close((uv_handle_t*) &child);
  }
  net_end();
}

static void ignore(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
}

/* One that says nothing, and is gone with the next read. */
TEST(l4_close_of_a_console_whose_key_is_being_told) {
  HANDLE keyboard;
  int round;

  nt_trouble.preempt = OFTEN;
  if (!console_child("l4_close_of_a_console_whose_key_is_being_told"))
    return;
  keyboard = console_open("CONIN$");
  for (round = 0; round < ROUNDS; round++) {
    int fd = console_open_file("CONIN$");
    uv_tty_t tty;

    CHECK_EQ(uv_tty_init(net_loop(), &tty, fd, 1), 0);
    CHECK_EQ(_close(fd), 0);
    CHECK_EQ(uv_tty_set_mode(&tty, UV_TTY_MODE_RAW), 0);
    CHECK_EQ(uv_read_start((uv_stream_t*) &tty, net_alloc, ignore), 0);
    net_turns(1); /* From here on it waits. */
    console_press(keyboard, VK_SHIFT, 0, 1, 0);
    net_close((uv_handle_t*) &tty);
  }
  CloseHandle(keyboard);
  net_end();
}

static uv_sem_t begun;
static uv_async_t async;

static void send_each(void* arg) {
  int round;

  (void) arg;
  for (round = 0; round < ROUNDS; round++) {
    uv_sem_wait(&begun);
    CHECK_EQ(uv_async_send(&async), 0);
  }
}

static void on_async(uv_async_t* handle) {
  uv_close((uv_handle_t*) handle, NULL);
}

static void never(uv_timer_t* timer) {
  (void) timer;
  FAIL("a timer that was stopped");
}

/* The system's timer, which was set for one of the loop's that is gone by then. */
TEST(x11_close_of_a_loop_whose_timer_is_being_told) {
  struct test_thread* sender;
  int round;

  nt_has_exact_timers = 1;
  nt_has_wait_packets = 0;
  CHECK_EQ(uv_sem_init(&begun, 0), 0);
  sender = test_thread_start(send_each, NULL);
  for (round = 0; round < ROUNDS; round++) {
    uv_loop_t loop;
    uv_timer_t timer;
    uint64_t due;

    nt_trouble.preempt = 0;
    CHECK_EQ(uv_loop_init(&loop), 0);
    CHECK_EQ(uv_timer_init(&loop, &timer), 0);
    CHECK_EQ(uv_async_init(&loop, &async, on_async), 0);
    CHECK_EQ(uv_timer_start(&timer, never, 2, 0), 0);
    due = nt_now() + 2 * NT_MS;
    uv_sem_post(&begun);
    CHECK_EQ(uv_run(&loop, UV_RUN_ONCE), 1);
    uv_close((uv_handle_t*) &timer, NULL);
    CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
    while (nt_now() <= due)
      (void) uv_hrtime();
    nt_trouble.preempt = OFTEN;
    test_thread_yield();
    CHECK_EQ(uv_loop_close(&loop), 0);
  }
  test_thread_join(sender);
  uv_sem_destroy(&begun);
}

/* What was written at once sets the event, too, of which the pool tells. */
TEST(l4_close_of_a_shared_socket_whose_write_is_being_told) {
  HANDLE self = GetCurrentProcess();
  int round;

  nt_trouble.preempt = OFTEN;
  for (round = 0; round < ROUNDS; round++) {
    uv_os_sock_t pair[2];
    HANDLE other;
    uv_tcp_t tcp;
    uv_write_t req;
    uv_buf_t buf = uv_buf_init((char*) "h", 1);

    CHECK_EQ(uv_socketpair(SOCK_STREAM, 0, pair, 0, 0), 0);
    CHECK(DuplicateHandle(self, (HANDLE) pair[0], self, &other, 0, FALSE, DUPLICATE_SAME_ACCESS));
    CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
    CHECK_EQ(uv_tcp_open(&tcp, pair[0]), 0);
    CHECK_EQ(uv_write(&req, (uv_stream_t*) &tcp, &buf, 1, NULL), 0);
    net_close((uv_handle_t*) &tcp);
    CHECK_EQ(closesocket((SOCKET) other), 0);
    CHECK_EQ(closesocket(pair[1]), 0);
  }
  net_end();
}

/* ---- What it looks at now and then ---- */

static uv_pipe_t accepted;
static int arrivals;
static int later;

static void on_connection(uv_stream_t* stream, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_pipe_init(stream->loop, &accepted, 0), 0);
  CHECK_EQ(uv_accept(stream, (uv_stream_t*) &accepted), 0);
  arrivals++;
}

static void on_time(uv_timer_t* timer) {
  (void) timer;
  later++;
}

/* An end with bytes on their way when its stream closes drops what comes, but not where somebody has the end,
 * too, who may read that. */
TEST(l4_bytes_to_an_end_that_somebody_else_has_stay_there) {
  char name[TEST_PIPE_NAME];
  char bytes[4096] = "";
  uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));
  HANDLE self = GetCurrentProcess();
  HANDLE raw, other;
  uv_os_fd_t mine;
  uv_pipe_t server;
  uv_timer_t timer;
  DWORD count;

  test_pipe_listen(&server, test_pipe_name(name, sizeof(name)), 1, on_connection);
  raw = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(raw != INVALID_HANDLE_VALUE);
  net_until(&arrivals, 1);
  CHECK_EQ(uv_fileno((uv_handle_t*) &accepted, &mine), 0);
  CHECK(DuplicateHandle(self, mine, self, &other, 0, FALSE, DUPLICATE_SAME_ACCESS));
  while (uv_try_write((uv_stream_t*) &accepted, &buf, 1) > 0)
    continue;
  net_close((uv_handle_t*) &accepted);
  CHECK(WriteFile(raw, "x", 1, &count, NULL));
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, on_time, 3000, 0), 0); /* It looks twice in a second. */
  net_until(&later, 1);
  CHECK(PeekNamedPipe(other, NULL, 0, NULL, &count, NULL));
  CHECK_EQ(count, 1);
  CHECK(CloseHandle(other));
  CHECK(CloseHandle(raw));
  net_end();
}
