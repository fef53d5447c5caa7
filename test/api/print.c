/* What a person sees of a loop: the lines of its handles, and the trace. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

enum {
  LINE = 300
};

/* A file of this process, as tests run side by side: of the model's they all have the same number. */
static const char* own_file(void) {
  static char path[160];

  test_needs_folder();
  snprintf(path, sizeof(path), "uvtest_%s_%ld.txt", harness_arg(-1), (long) uv_os_getpid());
  return path;
}

static void never_timer(uv_timer_t* timer) {
  (void) timer;
  FAIL("a timer of a test that does not wait");
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  CHECK_EQ(status, 0);
}

/* ---- Handles ---- */

/* The line of a handle among all, or among the active ones; "" when it has none. */
static const char* line_of(const void* handle, int only_active) {
  static char line[LINE];
  char address[40];
  FILE* file = fopen(own_file(), "w");

  CHECK(file != NULL);
  if (only_active)
    uv_print_active_handles(net_loop(), file);
  else
    uv_print_all_handles(net_loop(), file);
  fclose(file);

  snprintf(address, sizeof(address), " 0x%" PRIxPTR, (uintptr_t) handle);
  file = fopen(own_file(), "r");
  CHECK(file != NULL);
  for (;;) {
    line[0] = '\0';
    if (fgets(line, sizeof(line), file) == NULL || strstr(line, address) != NULL)
      break;
    CHECK(line[0] == '[' && strchr(line, '\n') != NULL);
  }
  fclose(file);
  CHECK_EQ(remove(own_file()), 0);
  line[strcspn(line, "\n")] = '\0';
  return line;
}

/* What the line of a stream says behind its address. */
static const char* state_of(const void* stream) {
  const char* line = line_of(stream, 0);
  char address[40];

  snprintf(address, sizeof(address), "0x%" PRIxPTR " ", (uintptr_t) stream);
  CHECK(strstr(line, address) != NULL);
  return strstr(line, address) + strlen(address);
}

static int says(const void* stream, const char* what) {
  return strstr(state_of(stream), what) != NULL;
}

TEST(loop_prints_its_handles) {
  uv_timer_t timer;
  uv_tcp_t tcp;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never_timer, 3600 * 1000, 0), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  uv_unref((uv_handle_t*) &tcp);
  CHECK(strncmp(line_of(&timer, 0), "[RA-] timer    ", 15) == 0);
  CHECK(strncmp(line_of(&timer, 1), "[RA-] timer    ", 15) == 0);
  CHECK(strncmp(line_of(&tcp, 0), "[---] tcp      ", 15) == 0);
  CHECK_STR(line_of(&tcp, 1), "");
  uv_close((uv_handle_t*) &timer, NULL);
  CHECK(strstr(line_of(&timer, 0), " closing") != NULL);
  net_end();
}

static int written;

static void on_written(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  written++;
}

static int connected;

static void on_connected(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected = 1;
}

static int was_shut;

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  was_shut = 1;
}

static void never_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) handle;
  (void) size;
  (void) buf;
  FAIL("nothing comes that could be read");
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
  FAIL("nothing comes that could be read");
}

static void on_cut_off(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
}

TEST(print_two_lanes_that_wait) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t req;
  uv_tcp_t client;
  uv_tcp_t server;

  net_small_pair(&client, &server);
  CHECK_EQ(uv_read_start((uv_stream_t*) &client, never_alloc, never_read), 0);
  CHECK_EQ(uv_write(&req, (uv_stream_t*) &client, &buf, 1, on_cut_off), 0);
  net_turns(2);
  CHECK(says(&client, "connected, reading; begun read+write, rung -; queue 1 ("));
  net_close((uv_handle_t*) &client);
  net_end();
}

TEST(print_phase_lanes_and_queue_of_a_connection) {
  char text[] = "hello world";
  uv_buf_t hello = uv_buf_init(text, 5);
  uv_buf_t world = uv_buf_init(text + 5, 6);
  struct sockaddr_in address;
  struct net_sink sink = {0};
  uv_shutdown_t shutdown;
  uv_write_t writes[3];
  uv_connect_t connect;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t peer;

  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_STR(state_of(&client), "fresh; begun -, rung -; queue 0 (0 bytes), done 0");
  address = net_listen(&server, 8, ignore_connection);
  net_turns(2);
  CHECK_STR(state_of(&server), "listening; begun accept, rung -; queue 0 (0 bytes), done 0");

  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &address, on_connected), 0);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &client, &hello, 1, on_written), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &client, &world, 1, on_written), 0);
  CHECK(says(&client, "connecting; begun "));
  CHECK(says(&client, "; queue 2 (11 bytes), done 0"));
  net_until(&connected, 1);
  net_until(&written, 2);
  CHECK_STR(state_of(&client), "connected; begun -, rung -; queue 0 (0 bytes), done 0");
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &client, &hello, 1, on_written), 0);
  CHECK_STR(state_of(&client), "connected; begun -, rung -; queue 0 (0 bytes), done 1");
  net_until(&written, 3);

  net_drain((uv_stream_t*) &client, &sink);
#ifdef _WIN32 /* in the next turn */
  CHECK(says(&client, "connected, reading; begun -,"));
#else
  CHECK(says(&client, "connected, reading; begun read,"));
#endif
  net_turns(2);
  CHECK(says(&client, "connected, reading; begun read, rung -;"));

  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, on_shutdown), 0);
  CHECK(says(&client, "shutting, reading;"));
  net_until(&was_shut, 1);
  CHECK(says(&client, "shut, reading; begun read,"));

  CHECK_EQ(uv_tcp_init(net_loop(), &peer), 0);
  CHECK_EQ(uv_accept((uv_stream_t*) &server, (uv_stream_t*) &peer), 0);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &client), 0);
  uv_close((uv_handle_t*) &client, NULL);
  CHECK(says(&client, "closing; begun "));
  net_end();
}

TEST(print_write_that_waits_for_the_system) {
  char expected[80];
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  uv_buf_t block = uv_buf_init(net_block(), (unsigned) NET_BLOCK);

  net_small_pair(&a, &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &block, 1, NULL), 0);
  net_turns(10);
  snprintf(expected, sizeof(expected),
           "connected; begun write, rung -; queue 1 (%lu bytes), done 0",
           (unsigned long) uv_stream_get_write_queue_size((uv_stream_t*) &a));
  CHECK(uv_stream_get_write_queue_size((uv_stream_t*) &a) > 0);
  CHECK_STR(state_of(&a), expected);
  net_end();
}

/* ---- Trace ---- */

/* What is traced: a connection and some bytes. The file, if any, is the library's to name. */
static void be_traced(void) {
  struct net_sink sink = {0};
  int done = 0;
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  net_turns(2); /* The reader waits before there is something to read. */
  net_send((uv_stream_t*) &a, 1000, 0, &done);
  net_until_bytes(&sink, 1000);
  net_until(&done, 1);
  net_end();
}

/* How many lines of the trace contain the text. */
static int traced(const char* text) {
  FILE* file = fopen(own_file(), "r");
  char line[LINE];
  int count = 0;

  if (file == NULL)
    return 0;
  while (fgets(line, sizeof(line), file) != NULL)
    count += strstr(line, text) != NULL;
  fclose(file);
  return count;
}

static void trace_a_child(const char* test) {
  uv_process_options_t options;
  struct test_exit end;
  uv_process_t child;
  char* args[8];

  test_child(&options, args, test, "child");
  test_spawn(&child, &options, &end);
  test_await_child(&end);
  net_end();
}

TEST(trace_goes_to_the_file_that_the_user_names) {
  if (harness_arg(0) != NULL) {
    be_traced();
    return;
  }
  (void) remove(own_file());
  CHECK_EQ(uv_os_setenv("UVSTREAM_TRACE", own_file()), 0);
  trace_a_child("trace_goes_to_the_file_that_the_user_names");
#ifdef UVSTREAM_TRACE
  CHECK(traced(" stream ") >= 10);
  CHECK(traced(" start accept") + traced(" collect accept EAGAIN\n") > 0);
  CHECK(traced(" collect accept 0\n") > 0);
  CHECK(traced(" start read pending\n") > 0);
  CHECK(traced(" ring read\n") > 0);
  CHECK(traced(" turn ") > 0);
  CHECK(traced(" collect read 1000\n") > 0);
  CHECK(traced(" start write 1000\n") > 0);
  CHECK(traced(" start close ") > 0);
  CHECK_EQ(remove(own_file()), 0);
#else
  CHECK_EQ(traced(""), 0); /* Left out of this build, whatever the environment says. */
#endif
}

TEST(trace_needs_a_name) {
  if (harness_arg(0) != NULL) {
    be_traced();
    return;
  }
  (void) remove(own_file());
  CHECK_EQ(uv_os_setenv("UVSTREAM_TRACE", ""), 0);
  trace_a_child("trace_needs_a_name");
  CHECK_EQ(traced(""), 0);
}
