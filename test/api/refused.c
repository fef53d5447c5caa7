/* What every call says to arguments that are none (rule E3), and the names and sizes of all types.
 * What a call says in which phase of a stream is in the suites of the calls and in
 * test/compat/table.c. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

static int ended;
static int last_status;

static void never_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
  CHECK(0);
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
  CHECK(0);
}

static void never_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  (void) buf;
  CHECK(0);
}

static void never_info(uv_getaddrinfo_t* req, int status, struct addrinfo* result) {
  (void) req;
  (void) status;
  (void) result;
  CHECK(0);
}

static void never_name(uv_getnameinfo_t* req, int status, const char* host, const char* service) {
  (void) req;
  (void) status;
  (void) host;
  (void) service;
  CHECK(0);
}

static void never_random(uv_random_t* req, int status, void* bytes, size_t size) {
  (void) req;
  (void) status;
  (void) bytes;
  (void) size;
  CHECK(0);
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  last_status = status;
  ended++;
}

/* ---- Types ---- */

TEST(e3_every_type_has_its_name) {
#define ROW(upper, lower) CHECK_STR(uv_handle_type_name(UV_##upper), #lower);
  UV_HANDLE_TYPE_MAP(ROW)
#undef ROW
#define ROW(upper, lower) CHECK_STR(uv_req_type_name(UV_##upper), #lower);
  UV_REQ_TYPE_MAP(ROW)
#undef ROW
}

TEST(e3_every_request_has_its_size) {
  CHECK_EQ(uv_req_size(UV_REQ), sizeof(uv_req_t));
  CHECK_EQ(uv_req_size(UV_WORK), sizeof(uv_work_t));
  CHECK_EQ(uv_req_size(UV_GETADDRINFO), sizeof(uv_getaddrinfo_t));
  CHECK_EQ(uv_req_size(UV_GETNAMEINFO), sizeof(uv_getnameinfo_t));
  CHECK_EQ(uv_req_size(UV_RANDOM), sizeof(uv_random_t));
  CHECK(uv_req_size(UV_FS) == (size_t) -1); /* It has a name, and is nothing here. */
}

/* ---- Arguments ---- */

TEST(e3_streams_refuse_what_is_no_argument) {
  uv_timer_t timer;
  uv_stream_t* no_stream = (uv_stream_t*) &timer;
  uv_tcp_t tcp;
  uv_stream_t* stream = (uv_stream_t*) &tcp;
  uv_shutdown_t shutdown_req;
  uv_buf_t buf = uv_buf_init("x", 1);

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_listen(NULL, 1, never_connection), UV_EINVAL);
  CHECK_EQ(uv_listen(no_stream, 1, never_connection), UV_EINVAL);
  CHECK_EQ(uv_accept(NULL, stream), UV_EINVAL);
  CHECK_EQ(uv_accept(stream, NULL), UV_EINVAL);
  CHECK_EQ(uv_read_start(NULL, never_alloc, never_read), UV_EINVAL);
  CHECK_EQ(uv_read_start(no_stream, never_alloc, never_read), UV_EINVAL);
  CHECK_EQ(uv_try_write(NULL, &buf, 1), UV_EINVAL);
  CHECK_EQ(uv_try_write(no_stream, &buf, 1), UV_EINVAL);
  CHECK_EQ(uv_shutdown(NULL, stream, NULL), UV_EINVAL);
  CHECK_EQ(uv_shutdown(&shutdown_req, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_shutdown(&shutdown_req, no_stream, NULL), UV_EINVAL);
  net_end();
}

TEST(e3_tcp_refuses_what_is_no_argument) {
  struct sockaddr_in addr = net_address(0);
  struct sockaddr_storage found;
  uv_connect_t req;
  uv_pipe_t pipe;
  uv_tcp_t tcp;
  int size = -1;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_bind(&tcp, (const struct sockaddr*) &addr, 0x100), UV_EINVAL);
  CHECK_EQ(uv_tcp_connect(&req, (uv_tcp_t*) &pipe, (const struct sockaddr*) &addr, NULL),
           UV_EINVAL);
  CHECK_EQ(uv_tcp_getsockname(&tcp, (struct sockaddr*) &found, NULL), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 32768, 1, 1), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 1, 32768, 1), UV_EINVAL);
  CHECK_EQ(uv_tcp_keepalive_ex(&tcp, 1, 1, 1, 32768), UV_EINVAL);
  CHECK_EQ(uv_send_buffer_size((uv_handle_t*) &tcp, &size), UV_EINVAL);
  CHECK_EQ(size, -1);
  size = 0;
  CHECK_EQ(uv_recv_buffer_size((uv_handle_t*) &pipe, &size), UV_EBADF);
  CHECK_EQ(size, 0);
  net_end();
}

TEST(e3_a_socket_can_be_made_for_ipv6_at_once) {
  uv_os_fd_t fd;
  uv_tcp_t tcp;

  if (!net_has_ipv6())
    SKIP("there is no IPv6 here");
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &tcp, AF_INET6), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tcp, &fd), 0);
  net_end();
}

TEST(e3_terminals_refuse_what_is_no_argument) {
  uv_tty_t tty;
  int number = 7;

  memset(&tty, 0, sizeof(tty));
  CHECK_EQ(uv_tty_get_winsize(&tty, NULL, &number), UV_EINVAL);
  CHECK_EQ(uv_tty_get_winsize(&tty, &number, NULL), UV_EINVAL);
  CHECK_EQ(number, 7);
}

TEST(e3_questions_refuse_what_is_no_argument) {
  struct sockaddr_in addr = net_address(80);
  const struct sockaddr* where = (const struct sockaddr*) &addr;
  uv_getaddrinfo_t info;
  uv_getnameinfo_t name;
  uv_random_t random;
  char node[300];
  char byte;

  memset(node, 'a', sizeof(node));
  node[sizeof(node) - 1] = '\0';
  CHECK_EQ(uv_getaddrinfo(net_loop(), NULL, never_info, "localhost", NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_getaddrinfo(net_loop(), &info, never_info, "", NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_getaddrinfo(net_loop(), &info, never_info, node, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_getnameinfo(net_loop(), NULL, never_name, where, 0), UV_EINVAL);
  CHECK_EQ(uv_getnameinfo(net_loop(), &name, never_name, NULL, 0), UV_EINVAL);
  CHECK_EQ(uv_random(net_loop(), NULL, &byte, 1, 0, never_random), UV_EINVAL);
  CHECK_EQ(uv_random(NULL, &random, &byte, 1, 0, never_random), UV_EINVAL);
  CHECK_EQ(uv_random(net_loop(), &random, NULL, 1, 0, never_random), UV_EINVAL);
  CHECK_EQ(uv_random(net_loop(), &random, NULL, 0, 0, NULL), 0);
  net_end();
}

TEST(e3_spawn_refuses_what_is_no_stdio) {
  char* args[] = {(char*) harness_self(), NULL};
  uv_stdio_container_t stdio[1];
  uv_process_options_t options;
  uv_process_t child;
  uv_file ends[2];
  uv_pipe_t pipe, other;

  memset(&options, 0, sizeof(options));
  options.file = args[0];
  options.args = args;
  options.stdio = stdio;
  options.stdio_count = 1000000; /* looked at before the containers are */
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_EINVAL);
  net_close((uv_handle_t*) &child);

  options.stdio_count = 1;
  stdio[0].flags = UV_INHERIT_STREAM;
  stdio[0].data.stream = NULL;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_EINVAL);
  net_close((uv_handle_t*) &child);

  /* A pipe to be made needs a handle that is none yet. */
  CHECK_EQ(uv_pipe(ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &other, 0), 0);
  CHECK_EQ(uv_pipe_open(&pipe, ends[0]), 0);
  CHECK_EQ(uv_pipe_open(&other, ends[1]), 0);
  stdio[0].flags = (uv_stdio_flags) (UV_CREATE_PIPE | UV_READABLE_PIPE);
  stdio[0].data.stream = (uv_stream_t*) &pipe;
  CHECK_EQ(uv_spawn(net_loop(), &child, &options), UV_EINVAL);
  uv_close((uv_handle_t*) &child, NULL);
  CHECK_EQ(uv_process_kill(&child, SIGTERM), UV_ESRCH);
  net_end();
}

TEST(e3_small_things_refuse_what_is_no_argument) {
  uv_barrier_t barrier;

  CHECK_EQ(uv_barrier_init(NULL, 1), UV_EINVAL);
  CHECK_EQ(uv_barrier_init(&barrier, 0), UV_EINVAL);
  uv_print_all_handles(NULL, NULL); /* Prints the default loop to nobody. */
  CHECK_EQ(uv_loop_close(uv_default_loop()), 0);
}

/* A handle, a loop, a request or a lock that a call is about has to be there; what else may not be NULL
 * is looked at. */
TEST(e3_null_is_no_place_for_a_result) {
  struct sockaddr_in in;
  struct sockaddr_in6 in6;
  uv_thread_t thread;
  uv_tcp_t tcp;
  char text[64];

  CHECK_EQ(uv_ip4_addr("127.0.0.1", 1, NULL), UV_EINVAL);
  CHECK_EQ(uv_ip4_addr(NULL, 1, &in), UV_EINVAL);
  CHECK_EQ(uv_ip6_addr("::1", 1, NULL), UV_EINVAL);
  CHECK_EQ(uv_ip6_addr(NULL, 1, &in6), UV_EINVAL);
  CHECK_EQ(uv_ip4_name(NULL, text, sizeof text), UV_EINVAL);
  CHECK_EQ(uv_ip6_name(NULL, text, sizeof text), UV_EINVAL);
  CHECK_EQ(uv_ip_name(NULL, text, sizeof text), UV_EINVAL);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 1, &in), 0);
  CHECK_EQ(uv_ip4_name(&in, NULL, sizeof text), UV_EINVAL);
  CHECK_EQ(uv_ip_name((struct sockaddr*) &in, NULL, sizeof text), UV_EINVAL);
  CHECK_EQ(uv_metrics_info(net_loop(), NULL), UV_EINVAL);
  CHECK_EQ(uv_thread_create(&thread, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_thread_create_ex(&thread, NULL, NULL, NULL), UV_EINVAL);
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &tcp, AF_INET), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tcp, NULL), UV_EINVAL);
  uv_walk(net_loop(), NULL, NULL);
  net_end();
}

TEST(e3_pending_instances_may_be_no_number) {
  uv_pipe_t pipe;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  uv_pipe_pending_instances(&pipe, 0);
  uv_pipe_pending_instances(&pipe, -1);
  uv_close((uv_handle_t*) &pipe, net_count_close);
  uv_pipe_pending_instances(&pipe, 4);
  net_until(&net_closed, 1);
  net_end();
}

TEST(e3_pipe_connect_without_a_name_fails_in_its_callback) {
  uv_connect_t req, silent;
  uv_pipe_t pipe, other;

  CHECK_EQ(uv_pipe_init(net_loop(), &pipe, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &other, 0), 0);
  uv_pipe_connect(&silent, &other, NULL, NULL);
  uv_pipe_connect(&req, &pipe, NULL, note_connect);
  CHECK_EQ(ended, 0);
  CHECK_EQ(uv_backend_timeout(net_loop()), 0); /* The refusal waits for the turn. */
  net_until(&ended, 1);
  CHECK_EQ(last_status, UV_EINVAL);
  net_end();
}

static void never_written(uv_write_t* req, int status) {
  (void) req;
  (void) status;
  CHECK(0);
}

static void any_connect(uv_connect_t* req, int status) {
  (void) req;
  (void) status;
  ended++;
}

TEST(i1_a_socket_that_connects_cannot_be_passed) {
  uv_buf_t buf = uv_buf_init("x", 1);
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_pipe_t one, other;
  uv_tcp_t holder, tcp;
  uv_file ends[2];
  uv_write_t req;

  addr = net_closed_port(&holder);
  CHECK_EQ(uv_pipe(ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &one, 1), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &other, 1), 0);
  CHECK_EQ(uv_pipe_open(&one, ends[0]), 0);
  CHECK_EQ(uv_pipe_open(&other, ends[1]), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &tcp, (const struct sockaddr*) &addr, any_connect), 0);
  CHECK_EQ(uv_write2(&req, (uv_stream_t*) &other, &buf, 1, (uv_stream_t*) &tcp, never_written),
           UV_EINVAL);
  net_end();
}

TEST(e3_a_buffer_for_a_name_may_be_of_any_size) {
  static char name[100000];
  size_t size = sizeof(name);
  uv_pipe_t one, other;
  uv_file ends[2];

  CHECK_EQ(uv_pipe(ends, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &one, 0), 0);
  CHECK_EQ(uv_pipe_init(net_loop(), &other, 0), 0);
  CHECK_EQ(uv_pipe_open(&one, ends[0]), 0);
  CHECK_EQ(uv_pipe_open(&other, ends[1]), 0);
  CHECK_EQ(uv_pipe_getsockname(&one, name, &size), 0);
  CHECK_EQ(size, 0); /* It has none. */
  net_end();
}

/* ---- Loops ---- */

TEST(l1_a_busy_loop_is_not_deleted) {
  uv_loop_t* loop = uv_loop_new();
  uv_timer_t timer;

  CHECK(loop != NULL);
  CHECK_EQ(uv_timer_init(loop, &timer), 0);
  uv_loop_delete(loop);
  CHECK(uv_handle_get_loop((uv_handle_t*) &timer) == loop);
  uv_close((uv_handle_t*) &timer, net_count_close);
  CHECK_EQ(uv_run(loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 1);
  uv_loop_delete(loop);
  uv_loop_delete(uv_default_loop()); /* Nobody's to free. */
}

static void never_timer(uv_timer_t* timer) {
  (void) timer;
  CHECK(0);
}

TEST(timer_that_is_due_in_years_does_not_overflow_the_timeout) {
  uv_loop_t loop;
  uv_timer_t timer;

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_timer_init(&loop, &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never_timer, (uint64_t) 1 << 40, 0), 0);
  CHECK_EQ(uv_backend_timeout(&loop), net_limit(&loop, INT32_MAX));
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
}

/* ---- The pool ---- */

static uv_sem_t door;

static void wait_at_the_door(uv_work_t* work) {
  (void) work;
  uv_sem_wait(&door);
}

static void note_work(uv_work_t* work, int status) {
  (void) work;
  CHECK_EQ(status, 0);
  ended++;
}

static void note_info(uv_getaddrinfo_t* req, int status, struct addrinfo* result) {
  (void) req;
  CHECK_EQ(status, UV_EAI_CANCELED);
  CHECK(result == NULL);
  ended++;
}

static void note_name(uv_getnameinfo_t* req, int status, const char* host, const char* service) {
  (void) req;
  CHECK_EQ(status, UV_EAI_CANCELED);
  CHECK(host == NULL && service == NULL);
  ended++;
}

TEST(work_questions_can_be_canceled_while_they_wait) {
  struct sockaddr_in addr = net_address(80);
  uv_getaddrinfo_t info;
  uv_getnameinfo_t name;
  uv_work_t work[4]; /* one for each thread, and older than the questions */
  int i;

  CHECK_EQ(uv_sem_init(&door, 0), 0);
  for (i = 0; i < 4; i++) {
    CHECK_EQ(uv_queue_work(net_loop(), &work[i], wait_at_the_door, note_work), 0);
  }
  CHECK_EQ(uv_getaddrinfo(net_loop(), &info, note_info, "127.0.0.1", NULL, NULL), 0);
  CHECK_EQ(uv_getnameinfo(net_loop(), &name, note_name, (const struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &info), 0);
  CHECK_EQ(uv_cancel((uv_req_t*) &name), 0);
  net_until(&ended, 2);
  for (i = 0; i < 4; i++)
    uv_sem_post(&door);
  net_until(&ended, 6);
  uv_sem_destroy(&door);
  net_end();
}

static void nothing(uv_work_t* work) {
  (void) work;
}

TEST(work_runs_when_more_threads_are_wanted_than_there_may_be) {
  uv_work_t work;

  CHECK_EQ(uv_os_setenv("UV_THREADPOOL_SIZE", "100000"), 0);
  CHECK_EQ(uv_queue_work(net_loop(), &work, nothing, note_work), 0);
  net_until(&ended, 1);
  net_end();
}
