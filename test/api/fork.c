/* A loop in a process that fork() made (uv_loop_fork): it works in the child, and the parent does
 * not notice. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "raw.h"
#include "thread.h"
#include "uv.h"

#ifndef _WIN32
#  include <pthread.h>
#  include <signal.h>
#  include <sys/resource.h>
#  include <sys/wait.h>
#  include <unistd.h>
#endif

/* ThreadSanitizer ends a process that starts threads after a fork of one that has some. */
enum {
  THREADS_SURVIVE_FORK = !HARNESS_TSAN
};

static int called;

/* Runs `child` in a forked process, which ends well unless a check in it fails. */
static void in_child(void (*child)(void)) {
#ifdef _WIN32
  (void) child;
  SKIP("no process is forked here");
#else
  int status;
  pid_t pid = fork();

  CHECK(pid >= 0);
  if (pid == 0) {
    child();
    _exit(0);
  }
  while (waitpid(pid, &status, 0) < 0)
    continue;
  CHECK(WIFEXITED(status));
  CHECK_EQ(WEXITSTATUS(status), 0);
#endif
}

TEST(fork_is_refused_where_there_is_none) {
#ifdef _WIN32
  CHECK_EQ(uv_loop_fork(net_loop()), UV_ENOSYS);
  net_end();
#else
  SKIP("a process can be forked here");
#endif
}

/* ---- Streams ---- */

static uv_tcp_t ours;
static uv_tcp_t peer;
static struct net_sink sink;
static uint64_t expected;

static void send_raw(uv_tcp_t* from, size_t len) {
  char bytes[16];
  uv_os_fd_t fd;

  CHECK(len <= sizeof(bytes));
  pattern_fill(bytes, len, expected);
  expected += len;
  CHECK_EQ(uv_fileno((uv_handle_t*) from, &fd), 0);
  raw_send((uv_os_sock_t) fd, bytes, len);
}

static void read_in_child(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  send_raw(&peer, 7);
  net_until_bytes(&sink, expected);
  net_end();
}

TEST(fork_streams_go_on_in_the_child_and_in_the_parent) {
  net_pair(&ours, &peer);
  net_drain((uv_stream_t*) &ours, &sink);
  send_raw(&peer, 5);
  net_until_bytes(&sink, 5);
  net_turns(2);
  in_child(read_in_child); /* It closed all it has, and took nothing away. */
  expected = 5;
  sink.bytes = 5;
  send_raw(&peer, 3);
  net_until_bytes(&sink, 8);
  net_end();
}

/* A reader that is there before the fork, and whose data comes before the child's poller. */
static void read_what_was_there(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  net_until_bytes(&sink, expected);
  net_end();
}

TEST(fork_finds_what_arrived_before) {
  net_pair(&ours, &peer);
  net_drain((uv_stream_t*) &ours, &sink);
  net_turns(2);
  send_raw(&peer, 9);
  in_child(read_what_was_there);
  net_end();
}

static int write_ends;

static void note_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, write_ends);
  called++;
}

static uv_write_t write_req;
static struct net_sink other_sink;

static void finish_write(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  net_drain((uv_stream_t*) &ours, &other_sink);
  while (called == 0)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  net_until_bytes(&other_sink, NET_BLOCK);
  net_end();
}

TEST(fork_in_the_middle_of_a_write) {
  uv_buf_t buf = uv_buf_init(net_block(), (unsigned) NET_BLOCK);

  net_small_pair(&ours, &peer);
  CHECK_EQ(uv_write(&write_req, (uv_stream_t*) &peer, &buf, 1, note_write), 0);
  net_turns(3);
  CHECK_EQ(called, 0);
  in_child(finish_write);
  write_ends = UV_ECANCELED; /* The bytes that the system had went to the child. */
  net_end();
  CHECK_EQ(called, 1);
}

static uv_tcp_t listener;
static struct sockaddr_in listener_addr;
static uv_tcp_t accepted;
static uv_tcp_t client;
static uv_connect_t connect_req;

static void accept_one(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted), 0);
  called++;
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  called++;
}

static void connect_to_ourselves(void) {
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect_req, &client, (struct sockaddr*) &listener_addr, note_connect),
           0);
  net_until(&called, 2);
}

static void listen_in_child(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  connect_to_ourselves();
  net_end();
}

TEST(fork_listeners_go_on) {
  listener_addr = net_listen(&listener, 8, accept_one);
  net_turns(2);
  in_child(listen_in_child);
  connect_to_ourselves();
  net_end();
}

/* ---- Asyncs, timers, work ---- */

static uv_async_t async;

static void close_async(uv_async_t* handle) {
  called++;
  uv_close((uv_handle_t*) handle, NULL);
}

static void send_async(void* arg) {
  CHECK_EQ(uv_async_send(arg), 0);
}

static void async_from_a_thread(void) {
  uv_thread_t thread;

  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  CHECK_EQ(uv_thread_create(&thread, send_async, &async), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  CHECK_EQ(uv_thread_join(&thread), 0);
  net_end();
}

TEST(fork_asyncs_wake_the_child_and_not_the_parent) {
  CHECK_EQ(uv_async_init(net_loop(), &async, close_async), 0);
  in_child(async_from_a_thread);
  net_turns(3);
  CHECK_EQ(called, 0);
  net_end();
}

static volatile long done_forking;

static void send_until_done(void* arg) {
  while (!test_load(&done_forking)) {
    CHECK_EQ(uv_async_send(arg), 0);
  }
}

static void ignore_async(uv_async_t* handle) {
  (void) handle;
}

static void close_what_was_sent(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  CHECK_EQ(uv_async_send(&async), 0); /* Is heard, wherever the other thread was. */
  async.async_cb = close_async;
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  net_end();
}

/* The child has no thread that would finish the send that the fork found half done. */
TEST(fork_in_the_middle_of_a_send) {
  struct test_thread* thread;
  int i;

  CHECK_EQ(uv_async_init(net_loop(), &async, ignore_async), 0);
  thread = test_thread_start(send_until_done, &async);
  for (i = 0; i < 50; i++) {
    net_turns(1);
    in_child(close_what_was_sent);
  }
  test_add(&done_forking, 1);
  test_thread_join(thread);
  net_end();
}

static void run_to_the_end(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  net_end();
}

TEST(fork_keeps_an_async_that_was_sent) {
  CHECK_EQ(uv_async_init(net_loop(), &async, close_async), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  in_child(run_to_the_end);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0); /* and the parent has it too */
  CHECK_EQ(called, 1);
  net_end();
}

static void note_timer(uv_timer_t* timer) {
  (void) timer;
  called++;
}

TEST(fork_keeps_timers) {
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_timer, 5, 0), 0);
  in_child(run_to_the_end);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
  net_end();
}

static uv_sem_t inside;
static uv_sem_t leave;
static int statuses[8];

static void occupy(uv_work_t* req) {
  (void) req;
  uv_sem_post(&inside);
  uv_sem_wait(&leave);
}

static void nothing(uv_work_t* req) {
  (void) req;
}

static void note_status(uv_work_t* req, int status) {
  *(int*) req->data = status;
  called++;
}

static void work_in_child(void) {
  uv_work_t work;
  int status = 1;
  int i;

  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 8);
  for (i = 0; i < 8; i++)
    CHECK_EQ(statuses[i], UV_ECANCELED); /* The threads that would do it are the parent's. */
  work.data = &status;
  CHECK_EQ(uv_queue_work(net_loop(), &work, nothing, note_status), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(status, 0);
  net_end();
  uv_library_shutdown();
}

static void start_eight(uv_work_t* works) {
  int i;

  CHECK_EQ(uv_sem_init(&inside, 0), 0);
  CHECK_EQ(uv_sem_init(&leave, 0), 0);
  for (i = 0; i < 8; i++) {
    statuses[i] = 1;
    works[i].data = &statuses[i];
    CHECK_EQ(uv_queue_work(net_loop(), &works[i], occupy, note_status), 0);
  }
  for (i = 0; i < 4; i++)
    uv_sem_wait(&inside);
}

TEST(fork_ends_the_parents_work_in_the_child) {
  uv_work_t works[8];
  int i;

  if (!THREADS_SURVIVE_FORK)
    SKIP("this sanitizer knows no threads after a fork of a process with threads");
  start_eight(works);
  in_child(work_in_child);
  for (i = 0; i < 8; i++)
    uv_sem_post(&leave);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  for (i = 0; i < 8; i++)
    CHECK_EQ(statuses[i], 0);
  uv_sem_destroy(&inside);
  uv_sem_destroy(&leave);
  net_end();
}

/* A child with a loop of its own need not know of the parent's. */
static void work_on_a_new_loop(void) {
  uv_loop_t loop;
  uv_work_t work;
  int status = 1;

  CHECK_EQ(uv_loop_init(&loop), 0);
  work.data = &status;
  CHECK_EQ(uv_queue_work(&loop, &work, nothing, note_status), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(status, 0);
  CHECK_EQ(called, 1);
  CHECK_EQ(uv_loop_close(&loop), 0);
  uv_library_shutdown();
}

TEST(fork_and_a_new_loop_in_the_child) {
  uv_work_t works[8];
  int i;

  if (!THREADS_SURVIVE_FORK)
    SKIP("this sanitizer knows no threads after a fork of a process with threads");
  start_eight(works);
  in_child(work_on_a_new_loop);
  for (i = 0; i < 8; i++)
    uv_sem_post(&leave);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 8);
  uv_sem_destroy(&inside);
  uv_sem_destroy(&leave);
  net_end();
}

static void fork_again(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  in_child(run_to_the_end);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(called, 1);
}

/* ---- Signals ---- */

#ifndef _WIN32

static uv_signal_t usr1;
static uv_signal_t usr2;

static void count_signal(uv_signal_t* handle, int signum) {
  CHECK_EQ(signum, handle->signum);
  called++;
}

static void watch(uv_signal_t* handle, int signum) {
  CHECK_EQ(uv_signal_init(net_loop(), handle), 0);
  CHECK_EQ(uv_signal_start(handle, count_signal, signum), 0);
}

static void hear_signals(void) {
  CHECK_EQ(raise(SIGUSR1), 0); /* Nobody but the parent is awake to hear this one. */
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  net_until(&called, 1);
  CHECK_EQ(raise(SIGUSR1), 0);
  net_until(&called, 2);
  net_turns(3);
  CHECK_EQ(called, 2); /* What came before the fork came to the parent. */
  net_end();
}

#endif

TEST(fork_signals_are_heard_in_the_child) {
#ifdef _WIN32
  SKIP("no process is forked here");
#else
  watch(&usr1, SIGUSR1);
  CHECK_EQ(raise(SIGUSR1), 0);
  in_child(hear_signals);
  net_until(&called, 1);
  net_turns(3);
  CHECK_EQ(called, 1);
  net_end();
#endif
}

#ifndef _WIN32

static volatile long storming;

static void storm(void* arg) {
  (void) arg;
  while (test_load(&storming))
    CHECK_EQ(raise(SIGUSR1), 0);
}

/* The thread is the parent's, and what it had locked would be so for ever. */
static void watch_another(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  watch(&usr2, SIGUSR2);
  called = 0;
  CHECK_EQ(raise(SIGUSR2), 0);
  net_until(&called, 1);
  net_end();
}

#endif

TEST(fork_while_another_thread_has_our_locks) {
#ifdef _WIN32
  SKIP("no process is forked here");
#else
  struct test_thread* thread;
  int i;

  watch(&usr1, SIGUSR1);
  test_add(&storming, 1);
  thread = test_thread_start(storm, NULL);
  for (i = 0; i < 100; i++)
    in_child(watch_another);
  test_add(&storming, -1);
  test_thread_join(thread);
  net_end();
#endif
}

#ifndef _WIN32

static void be_there(void) {}

static void fork_often(void* arg) {
  int i;

  (void) arg;
  for (i = 0; i < 50; i++)
    in_child(be_there);
}

static void work_nothing(uv_work_t* work) {
  (void) work;
}

static void note_work(uv_work_t* work, int status) {
  (void) work;
  CHECK_EQ(status, 0);
  called++;
}

#endif

/* The pool asks to be told of forks, while one is under way. */
TEST(fork_beside_the_first_work_of_all) {
#ifdef _WIN32
  SKIP("no process is forked here");
#else
  struct test_thread* thread;
  uv_work_t work;

  watch(&usr1, SIGUSR1); /* The loop has been told already. */
  thread = test_thread_start(fork_often, NULL);
  test_thread_yield();
  CHECK_EQ(uv_queue_work(net_loop(), &work, work_nothing, note_work), 0);
  net_until(&called, 1);
  test_thread_join(thread);
  net_end();
#endif
}

#ifndef _WIN32

static volatile long asking;

static void ask_for_idle_time(void* arg) {
  uv_loop_t* loop = arg;

  while (test_load(&asking))
    (void) uv_metrics_idle_time(loop);
}

static void wait_and_ask(void) {
  uv_timer_t timer;

  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, note_timer, 1, 0), 0);
  net_until(&called, 1);
  (void) uv_metrics_idle_time(net_loop());
  net_end();
}

#endif

TEST(fork_while_another_thread_asks_for_idle_time) {
#ifdef _WIN32
  SKIP("no process is forked here");
#else
  struct test_thread* thread;
  int i;

  CHECK_EQ(uv_loop_configure(net_loop(), UV_METRICS_IDLE_TIME), 0);
  test_add(&asking, 1);
  thread = test_thread_start(ask_for_idle_time, net_loop());
  for (i = 0; i < 50; i++)
    in_child(wait_and_ask);
  test_add(&asking, -1);
  test_thread_join(thread);
  net_end();
#endif
}

/* ---- What the parent has ---- */

#ifndef _WIN32

/* For want of descriptors: what is closed then is not taken away from the parent. */
static void fail_and_close(void) {
  struct rlimit none = {0, 0};

  CHECK_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  CHECK_EQ(uv_loop_fork(net_loop()), UV_EMFILE);
  uv_close((uv_handle_t*) &ours, NULL);
  uv_close((uv_handle_t*) &peer, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_NOWAIT), 0);
}

#endif

TEST(fork_that_fails_takes_nothing_from_the_parent) {
#ifdef _WIN32
  SKIP("no process is forked here");
#else
  net_pair(&ours, &peer);
  net_drain((uv_stream_t*) &ours, &sink);
  net_turns(2);
  in_child(fail_and_close);
  send_raw(&peer, 5);
  net_until_bytes(&sink, 5);
  net_end();
#endif
}

static uv_pipe_t server;

static void close_its_copy(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  net_end();
}

static void never_connected(uv_stream_t* stream, int status) {
  (void) stream;
  CHECK_EQ(status, 0);
  called++;
}

TEST(fork_leaves_the_name_of_a_server_to_the_parent) {
  char name[TEST_PIPE_NAME];
  uv_pipe_t pipe;

  test_pipe_listen(&server, test_pipe_name(name, sizeof name), 8, never_connected);
  in_child(close_its_copy);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  uv_pipe_connect(&connect_req, &pipe, name, note_connect);
  net_until(&called, 2);
  net_end();
}

static uv_process_t process;
static struct test_exit process_end;

/* Nobody but the parent hears how its child ends; the loop is not to wait for that. */
static void let_go_of_the_child(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  net_until(&process_end.done, 1);
  CHECK(process_end.status < 0);
  CHECK_EQ(uv_process_kill(&process, 0), UV_ESRCH);
  net_end();
}

TEST(fork_does_not_wait_for_the_parents_children) {
  uv_process_options_t options;
  uv_stdio_container_t stdio[3];
  uv_pipe_t to;
  char* args[8];
  char byte;

  if (harness_arg(0) != NULL) {
    CHECK_EQ(test_fd_read(0, &byte, 1), 0);
    return;
  }
  memset(stdio, 0, sizeof stdio);
  test_child(&options, args, "fork_does_not_wait_for_the_parents_children", "wait");
  CHECK_EQ(uv_pipe_init(net_loop(), &to, 0), 0);
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &to;
  options.stdio = stdio;
  options.stdio_count = 3;
  test_spawn(&process, &options, &process_end);
  in_child(let_go_of_the_child);
  CHECK_EQ(process_end.done, 0);
  CHECK_EQ(uv_process_kill(&process, 0), 0);
  uv_close((uv_handle_t*) &to, NULL);
  test_await_child(&process_end);
  net_end();
}

/* ---- Handlers of the program's ---- */

#ifndef _WIN32

static int at_fork_forked;

static void fork_the_loop(void) {
  CHECK_EQ(uv_loop_fork(net_loop()), 0);
  at_fork_forked++;
}

static void find_it_forked(void) {
  uv_work_t work;
  int status = 1;

  CHECK_EQ(at_fork_forked, 1);
  if (!THREADS_SURVIVE_FORK)
    return;
  work.data = &status;
  CHECK_EQ(uv_queue_work(net_loop(), &work, nothing, note_status), 0);
  net_until(&called, 1);
  CHECK_EQ(status, 0);
  net_end();
  uv_library_shutdown();
}

#endif

/* It was there before any of the library's, and so comes first in the child. */
TEST(fork_handlers_may_fork_the_loop) {
#ifdef _WIN32
  SKIP("no process is forked here");
#else
  uv_process_options_t options;
  uv_work_t work;
  char* args[8];
  int status = 1;

  if (harness_arg(0) != NULL) {
    return;
  }
  CHECK_EQ(pthread_atfork(NULL, NULL, fork_the_loop), 0);
  work.data = &status;
  CHECK_EQ(uv_queue_work(net_loop(), &work, nothing, note_status), 0);
  net_until(&called, 1);
  called = 0;
  in_child(find_it_forked);
  test_child(&options, args, "fork_handlers_may_fork_the_loop", "child");
  test_spawn(&process, &options, &process_end);
  test_await_child(&process_end);
  net_end();
#endif
}

/* ---- Again ---- */

TEST(fork_of_a_fork) {
  CHECK_EQ(uv_async_init(net_loop(), &async, close_async), 0);
  CHECK_EQ(uv_async_send(&async), 0);
  in_child(fork_again);
  net_end();
}
