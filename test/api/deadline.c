/* Limits of time for what a stream waits for (rule X2). Times are short and are waited for; nothing here
 * asks how long something took, but for what must not come early. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

enum {
  SOON_MS = 30,
  NEVER_MS = 3600000
};

/* What was called back, in order. */
static char order[64];
static int calls;

static void note(char what, int status) {
  CHECK(calls < (int) sizeof(order) - 1);
  CHECK(status == UV_ETIMEDOUT);
  order[calls++] = what;
  order[calls] = '\0';
}

static void begin(void) {
  calls = 0;
  order[0] = '\0';
}

static int refused; /* whoever has no room may say so */

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  if (nread >= 0)
    return;
  CHECK_EQ(buf->len, 0);
  if (!refused)
    note('r', (int) nread);
}

static void on_write(uv_write_t* req, int status) {
  (void) req;
  if (!refused)
    note('w', status);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  note('s', status);
}

static void on_connect(uv_connect_t* req, int status) {
  (void) req;
  if (status == UV_ECONNREFUSED)
    refused = 1;
  else
    note('c', status);
}

static void on_hangup(uvs_hangup_t* hangup, int status) {
  (void) hangup;
  note('h', status);
}

/* The loop has something else to do for long. */
static void hold_up(void) {
  uv_sleep(3 * SOON_MS);
  uv_update_time(net_loop());
}

static int passed;

static void on_passed(uv_timer_t* timer) {
  passed++;
  uv_close((uv_handle_t*) timer, NULL);
}

/* Longer than the short limit. */
static void pass_time(void) {
  static uv_timer_t timer;

  passed = 0;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, on_passed, 3 * SOON_MS, 0), 0);
  net_until(&passed, 1);
  net_turns(2);
}

static uv_stream_t* as_stream(void* handle) {
  return (uv_stream_t*) handle;
}

static void limit(uvs_deadline_t* deadline, void* stream, uvs_deadline_kind kind, uint64_t ms) {
  CHECK_EQ(uvs_deadline_start(deadline, as_stream(stream), kind, ms), 0);
  CHECK(deadline->stream == as_stream(stream));
  CHECK_EQ(deadline->kind, kind);
}

/* More than the system takes. */
static void write_much(void* stream, uv_write_t* req) {
  uv_buf_t buf = uv_buf_init(net_block(), (unsigned) NET_BLOCK);

  CHECK_EQ(uv_write(req, as_stream(stream), &buf, 1, on_write), 0);
}

/* It has no descriptor any more, and can only be closed. */
static void check_dropped(void* handle) {
  uv_stream_t* stream = as_stream(handle);
  uv_buf_t buf = uv_buf_init("x", 1);
  uvs_deadline_t deadline;
  uvs_hangup_t hangup;
  uv_shutdown_t shutdown;
  uv_write_t write;
  uv_os_fd_t fd;

  CHECK(!uv_is_readable(stream));
  CHECK(!uv_is_writable(stream));
  CHECK(!uv_is_active((uv_handle_t*) stream));
  CHECK_EQ(uv_write(&write, stream, &buf, 1, on_write), UV_EPIPE);
  CHECK_EQ(uv_try_write(stream, &buf, 1), UV_EPIPE);
  CHECK_EQ(uv_shutdown(&shutdown, stream, on_shutdown), UV_ENOTCONN);
  CHECK_EQ(uv_read_start(stream, net_alloc, on_read), UV_ENOTCONN);
  CHECK_EQ(uv_listen(stream, 1, NULL), UV_EINVAL);
  CHECK_EQ(uv_fileno((uv_handle_t*) stream, &fd), UV_EBADF);
  CHECK_EQ(uvs_hangup_start(&hangup, stream, on_hangup), UV_ENOTCONN);
  CHECK_EQ(uvs_deadline_start(&deadline, stream, UVS_DEADLINE_READ, 1), UV_ENOTCONN);
  CHECK_EQ(uv_stream_get_write_queue_size(stream), 0);
}

static void ignore(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
}

/* ---- Reading ---- */

TEST(x2_limit_may_be_for_ever) {
  struct net_sink sink = {0};
  uvs_deadline_t deadline;
  uv_tcp_t a, b;
  int sent = 0;

  net_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_READ, UINT64_MAX);
  net_drain(as_stream(&a), &sink);
  net_send(as_stream(&b), 100, 0, &sent);
  net_until_bytes(&sink, 100);
  pass_time();
  CHECK_EQ(sink.ended, 0);
  net_end();
}

TEST(x2_silence_ends_reading_and_no_more) {
  struct net_sink sink = {0};
  uvs_deadline_t deadline;
  uv_tcp_t a, b;
  int sent = 0;

  net_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_READ, SOON_MS);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  net_until(&calls, 1);
  CHECK_STR(order, "r");
  CHECK(uv_is_readable(as_stream(&a)));
  CHECK(uv_is_writable(as_stream(&a)));
  CHECK(!uv_is_active((uv_handle_t*) &a));
  net_send(as_stream(&b), 1000, 0, &sent); /* Late, and nothing of it is lost. */
  uvs_deadline_stop(&deadline);
  uvs_deadline_stop(&deadline);
  net_drain(as_stream(&a), &sink);
  net_until_bytes(&sink, 1000);
  CHECK_EQ(sink.bytes, 1000);
  net_end();
}

static uv_timer_t drip;
static uv_tcp_t* drip_to;
static int drips;

static void on_drip(uv_timer_t* timer) {
  uv_buf_t buf = uv_buf_init("d", 1);

  CHECK_EQ(uv_try_write(as_stream(drip_to), &buf, 1), 1);
  if (++drips == 20)
    uv_close((uv_handle_t*) timer, NULL);
}

/* Each byte begins the time anew: many times the limit pass. */
TEST(x2_bytes_begin_the_time_anew) {
  uvs_deadline_t deadline;
  uint64_t last;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  drips = 0;
  drip_to = &b;
  limit(&deadline, &a, UVS_DEADLINE_READ, 20 * SOON_MS);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &drip), 0);
  CHECK_EQ(uv_timer_start(&drip, on_drip, 2 * SOON_MS, 2 * SOON_MS), 0);
  net_until(&drips, 20);
  CHECK_EQ(calls, 0);
  last = uv_now(net_loop());
  net_until(&calls, 1);
  CHECK_STR(order, "r");
  CHECK(uv_now(net_loop()) - last + 2 * SOON_MS >= 20 * SOON_MS);
  net_end();
}

TEST(x2_who_does_not_read_is_not_limited) {
  uvs_deadline_t deadline;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_READ, SOON_MS);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  CHECK_EQ(uv_read_stop(as_stream(&a)), 0);
  pass_time();
  CHECK_EQ(calls, 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 0); /* And keeps no loop going. */
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  net_until(&calls, 1);
  net_end();
}

/* A loop that was held up finds the time over, and bytes there, too: these count. */
TEST(x2_bytes_that_waited_for_the_loop_count) {
  uv_buf_t buf = uv_buf_init("i", 1);
  uvs_deadline_t deadline;
  struct net_sink sink = {0};
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_READ, NEVER_MS);
  net_drain(as_stream(&a), &sink);
  net_turns(3);
  limit(&deadline, &a, UVS_DEADLINE_READ, SOON_MS);
  CHECK_EQ(uv_read_stop(as_stream(&a)), 0);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  CHECK_EQ(uv_try_write(as_stream(&b), &buf, 1), 1);
  hold_up();
  net_turns(1);
  CHECK_EQ(calls, 0);
  net_until(&calls, 1); /* The silence after them is another. */
  net_end();
}

/* ---- Writing ---- */

TEST(x2_peer_that_takes_nothing_is_dropped) {
  uvs_deadline_t deadline, reading, ending;
  uv_shutdown_t shutdown;
  uv_write_t writes[2];
  uvs_hangup_t hangup;
  uv_tcp_t a, b;

  net_small_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_WRITE, SOON_MS);
  limit(&reading, &a, UVS_DEADLINE_READ, NEVER_MS);
  limit(&ending, &a, UVS_DEADLINE_SHUTDOWN, NEVER_MS);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  CHECK_EQ(uvs_hangup_start(&hangup, as_stream(&a), on_hangup), 0);
  write_much(&a, &writes[0]);
  write_much(&a, &writes[1]);
  CHECK_EQ(uv_shutdown(&shutdown, as_stream(&a), on_shutdown), 0);
  net_until(&calls, 5);
  CHECK_STR(order, "rhwws");
  check_dropped(&a);
  uvs_deadline_stop(&deadline);
  net_close((uv_handle_t*) &a);
  CHECK_EQ(calls, 5);
  net_end();
}

static int resets;
static int reset_status;

static void on_reset(uvs_hangup_t* hangup, int status) {
  (void) hangup;
  reset_status = status;
  resets++;
}

TEST(x2_peer_of_what_was_dropped_hears_a_reset) {
  uvs_deadline_t deadline;
  uvs_hangup_t hangup;
  uv_write_t write;
  uv_tcp_t a, b;

  if (test_is_wine())
    SKIP("Wine 10 tells of an end behind the bytes only");
  net_small_pair(&a, &b);
  CHECK_EQ(uvs_hangup_start(&hangup, as_stream(&b), on_reset), 0);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_WRITE, SOON_MS);
  write_much(&a, &write);
  net_until(&calls, 1);
  CHECK(uv_write_nwritten(&write) < NET_BLOCK);
  net_until(&resets, 1);
  CHECK_EQ(reset_status, UV_ECONNRESET);
  net_end();
}

TEST(x2_progress_begins_the_time_anew) {
  uvs_deadline_t deadline;
  struct net_sink sink = {0};
  uv_tcp_t a, b;
  int sent = 0;

  net_small_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_WRITE, NEVER_MS);
  net_send(as_stream(&a), NET_BLOCK, 0, &sent);
  net_drain(as_stream(&b), &sink);
  net_until(&sent, 1);
  limit(&deadline, &a, UVS_DEADLINE_WRITE, SOON_MS); /* Nothing is queued: nothing is waited for. */
  net_until_bytes(&sink, NET_BLOCK);
  pass_time();
  CHECK(uv_is_writable(as_stream(&a)));
  net_end();
}

static void on_taken_back(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
}

/* The time of the one before is over when it is taken back. */
TEST(x2_write_behind_one_that_was_taken_back_has_all_its_time) {
  uv_buf_t buf = uv_buf_init(net_block(), (unsigned) NET_BLOCK);
  uvs_deadline_t deadline;
  uv_write_t writes[3];
  uint64_t began;
  uv_tcp_t a, b;
  int i;

  net_small_pair(&a, &b);
  begin();
  for (i = 0; i < 2;
       i++) { /* The second fills what a system keeps to itself until there is more. */
    CHECK_EQ(uv_write(&writes[i], as_stream(&a), &buf, 1, on_taken_back), 0);
    net_turns(3);
    if (i == 1)
      limit(&deadline, &a, UVS_DEADLINE_WRITE, SOON_MS);
    hold_up();
    if (uv_cancel((uv_req_t*) &writes[i]) != 0) {
      SKIP("the system has the write as a whole");
    }
  }
  began = uv_now(net_loop());
  write_much(&a, &writes[2]);
  net_until(&calls, 1);
  CHECK(uv_now(net_loop()) - began >= SOON_MS);
  net_end();
}

static void close_in_write(uv_write_t* req, int status) {
  note('w', status);
  uv_close((uv_handle_t*) req->handle, net_count_close);
}

static void on_rest(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ETIMEDOUT);
  calls++;
}

/* What is left then hears of the one or the other, once. */
TEST(x2_callback_of_what_was_dropped_may_close) {
  uv_buf_t buf = uv_buf_init(net_block(), (unsigned) NET_BLOCK);
  uvs_deadline_t deadline;
  uv_write_t writes[2];
  uv_tcp_t a, b;

  net_small_pair(&a, &b);
  begin();
  net_closed = 0;
  limit(&deadline, &a, UVS_DEADLINE_WRITE, SOON_MS);
  CHECK_EQ(uv_write(&writes[0], as_stream(&a), &buf, 1, close_in_write), 0);
  CHECK_EQ(uv_write(&writes[1], as_stream(&a), &buf, 1, on_rest), 0);
  net_until(&net_closed, 1);
  CHECK_EQ(calls, 2);
  net_end();
}

static uv_tcp_t dropped;
static uvs_read_t request;
static int looked;

static void on_request(uvs_read_t* req, int status) {
  CHECK_EQ(req->nread, 0);
  note('q', status);
}

/* Its time is over, and nobody has been told. */
static void look(uv_timer_t* timer) {
  uv_write_t* write = timer->data;
  uvs_deadline_t deadline;
  int size = 0;

  if (uv_send_buffer_size((uv_handle_t*) &dropped, &size) == 0) {
    CHECK_EQ(uv_timer_start(timer, look, 0, 0), 0);
    return;
  }
  CHECK_EQ(calls, 0);
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&dropped), UVS_DEADLINE_READ, 1), UV_ENOTCONN);
  CHECK_EQ(uv_send_buffer_size((uv_handle_t*) &dropped, &size), UV_EBADF);
  CHECK_EQ(uvs_read_cancel(&request), UV_EBUSY);
  CHECK_EQ(uv_cancel((uv_req_t*) write), UV_EBUSY);
  CHECK_EQ(uv_read_stop(as_stream(&dropped)), 0);
  looked++;
}

TEST(x2_what_was_dropped_is_over_before_it_is_told) {
  static char room[10];
  uv_buf_t buf = uv_buf_init(room, sizeof(room));
  uvs_deadline_t deadline;
  uv_shutdown_t shutdown;
  uv_timer_t timer;
  uv_write_t write;
  uv_tcp_t b;

  net_small_pair(&dropped, &b);
  begin();
  limit(&deadline, &dropped, UVS_DEADLINE_SHUTDOWN, SOON_MS); /* No byte begins it anew. */
  CHECK_EQ(uv_read_start(as_stream(&dropped), net_alloc, on_read), 0);
  CHECK_EQ(uvs_read(&request, as_stream(&dropped), &buf, 1, 10, on_request), 0);
  write_much(&dropped, &write);
  CHECK_EQ(uv_shutdown(&shutdown, as_stream(&dropped), on_shutdown), 0);
  timer.data = &write;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, look, SOON_MS + 1, 0), 0);
  hold_up(); /* Both are due, the limit first; and so they stay. */
  net_until(&calls, 3);
  CHECK_EQ(looked, 1);
  CHECK_STR(order, "qws"); /* Who stopped reading hears nothing. */
  check_dropped(&dropped);
  net_end();
}

static void note_passed(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_EBADF);
  passed++;
}

/* As with one that closes (I4). */
TEST(x2_what_is_to_be_passed_ends_with_its_stream) {
  uv_buf_t block = uv_buf_init(net_block(), (unsigned) NET_BLOCK);
  uv_buf_t buf = uv_buf_init("h", 1);
  uv_write_t writes[3];
  uvs_deadline_t deadline;
  uv_pipe_t left, right;
  uv_tcp_t a, b;

  test_pipe_pair(&left, &right, 1);
  net_small_pair(&a, &b);
  begin();
  CHECK_EQ(uv_write(&writes[0], as_stream(&left), &block, 1, NULL), 0);
  CHECK_EQ(uv_write2(&writes[1], as_stream(&left), &buf, 1, as_stream(&a), note_passed), 0);
  limit(&deadline, &a, UVS_DEADLINE_WRITE, SOON_MS);
  write_much(&a, &writes[2]);
  net_until(&calls, 1);
  CHECK_STR(order, "w");
  CHECK_EQ(passed, 0); /* It stands behind the other one (W1). */
  CHECK_EQ(uv_read_start(as_stream(&right), net_alloc, ignore), 0);
  net_until(&passed, 1);
  net_end();
}

TEST(x2_close_before_its_time_is_a_close) {
  uvs_deadline_t* deadline = malloc(sizeof(*deadline));
  uv_tcp_t a, b;

  CHECK(deadline != NULL);
  net_pair(&a, &b);
  begin();
  limit(deadline, &a, UVS_DEADLINE_READ, SOON_MS);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  net_close((uv_handle_t*) &a);
  free(deadline); /* From the close callback on it is the caller's. */
  pass_time();
  CHECK_EQ(calls, 0);
  net_end();
}

/* ---- Shutdown ---- */

TEST(x2_shutdown_behind_what_nobody_takes) {
  uvs_deadline_t deadline;
  uv_shutdown_t shutdown;
  uv_write_t write;
  uv_tcp_t a, b;

  net_small_pair(&a, &b);
  begin();
  limit(&deadline, &a, UVS_DEADLINE_SHUTDOWN, SOON_MS);
  write_much(&a, &write);
  CHECK_EQ(uv_shutdown(&shutdown, as_stream(&a), on_shutdown), 0);
  net_until(&calls, 2);
  CHECK_STR(order, "ws");
  check_dropped(&a);
  net_end();
}

/* ---- Connecting ---- */

/* A listener that never accepts, with no room left: what connects to it waits. */
static void deaf_listener(uv_tcp_t* server, struct sockaddr_in* addr) {
  *addr = net_listen(server, 1, NULL);
}

enum {
  CLIENTS = 24
};

TEST(x2_connect_that_takes_too_long) {
  static uv_tcp_t clients[CLIENTS];
  static uv_connect_t reqs[CLIENTS];
  static uvs_deadline_t deadlines[CLIENTS];
  struct sockaddr_in addr;
  uvs_deadline_t reading;
  uv_write_t write;
  uv_tcp_t server;
  uv_tcp_t last;
  uv_connect_t req;
  uvs_deadline_t deadline;
  int i;

  deaf_listener(&server, &addr);
  for (i = 0; i < CLIENTS; i++) { /* Fill it. */
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    limit(&deadlines[i], &clients[i], UVS_DEADLINE_CONNECT, NEVER_MS);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &clients[i], (const struct sockaddr*) &addr, NULL), 0);
  }
  net_turns(20);
  CHECK_EQ(uv_tcp_init(net_loop(), &last), 0);
  begin();
  limit(&deadline, &last, UVS_DEADLINE_CONNECT, SOON_MS);
  limit(&reading, &last, UVS_DEADLINE_WRITE, SOON_MS);
  CHECK_EQ(uv_tcp_connect(&req, &last, (const struct sockaddr*) &addr, on_connect), 0);
  CHECK_EQ(uv_read_start(as_stream(&last), net_alloc, on_read), 0);
  write_much(&last, &write);
  while (calls < 3 && !refused)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  if (refused)
    SKIP("a listener without room refuses");
  CHECK_STR(order, "crw");
  check_dropped(&last);
  net_end();
}

static int connected;

static void on_connected(uv_connect_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  connected++;
}

/* A loop that was held up finds the time over, and the connection made. */
TEST(x2_connection_that_waited_for_the_loop_counts) {
  uvs_deadline_t deadline;
  struct sockaddr_in addr;
  uv_tcp_t server, client;
  uv_connect_t req;

  addr = net_listen(&server, 1, NULL);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  limit(&deadline, &client, UVS_DEADLINE_CONNECT, SOON_MS);
  CHECK_EQ(uv_tcp_connect(&req, &client, (const struct sockaddr*) &addr, on_connected), 0);
  hold_up();
  net_until(&connected, 1);
  CHECK(uv_is_writable(as_stream(&client)));
  net_end();
}

/* A name whose server takes nobody, and somebody who waits for it. */
static void begin_deaf_name(uv_pipe_t* server, uv_pipe_t* last, char name[TEST_PIPE_NAME]) {
  static uv_pipe_t clients[CLIENTS];
  static uv_connect_t reqs[CLIENTS];
  int i;

  test_pipe_listen(server, test_pipe_name(name, TEST_PIPE_NAME), 1, NULL);
  for (i = 0; i < CLIENTS; i++) {
    CHECK_EQ(uv_pipe_init(net_loop(), &clients[i], 0), 0);
    uv_pipe_connect(&reqs[i], &clients[i], name, NULL);
  }
  net_turns(20);
  CHECK_EQ(uv_pipe_init(net_loop(), last, 0), 0);
  begin();
}

TEST(x2_pipe_connect_that_takes_too_long) {
  char name[TEST_PIPE_NAME];
  uvs_deadline_t deadline;
  uv_connect_t req;
  uv_pipe_t server;
  uv_pipe_t last;

  begin_deaf_name(&server, &last, name);
  limit(&deadline, &last, UVS_DEADLINE_CONNECT, SOON_MS);
  uv_pipe_connect(&req, &last, name, on_connect);
  CHECK_EQ(uv_read_start(as_stream(&last), net_alloc, on_read), 0);
  while (calls < 2 && !refused)
    CHECK(uv_run(net_loop(), UV_RUN_ONCE) != 0);
  if (refused)
    SKIP("a listener without room refuses");
  CHECK_STR(order, "cr");
  check_dropped(&last);
  net_end();
}

static void close_in_connect(uv_connect_t* req, int status) {
  on_connect(req, status);
  uv_close((uv_handle_t*) req->handle, net_count_close);
}

static void on_canceled(uv_write_t* req, int status) {
  (void) req;
  CHECK(refused || status == UV_ECANCELED);
}

/* What comes after it is told as to one that closes. */
TEST(x2_connect_callback_of_what_was_dropped_may_close) {
  uv_buf_t buf = uv_buf_init("x", 1);
  char name[TEST_PIPE_NAME];
  uvs_deadline_t deadline;
  uv_connect_t req;
  uv_write_t write;
  uv_pipe_t server;
  uv_pipe_t last;

  begin_deaf_name(&server, &last, name);
  limit(&deadline, &last, UVS_DEADLINE_CONNECT, SOON_MS);
  uv_pipe_connect(&req, &last, name, close_in_connect);
  CHECK_EQ(uv_read_start(as_stream(&last), net_alloc, on_read), 0);
  CHECK_EQ(uv_write(&write, as_stream(&last), &buf, 1, on_canceled), 0);
  net_until(&net_closed, 1);
  if (refused)
    SKIP("a listener without room refuses");
  CHECK_STR(order, "c");
  net_end();
}

/* ---- As pieces of memory ---- */

TEST(x2_refused) {
  uvs_deadline_t deadline, other;
  uv_tcp_t a, b, fresh, server;
  uv_timer_t timer;

  net_pair(&a, &b);
  CHECK_EQ(uv_tcp_init(net_loop(), &fresh), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  (void) net_listen(&server, 1, NULL);
  CHECK_EQ(uvs_deadline_start(NULL, as_stream(&a), UVS_DEADLINE_READ, 1), UV_EINVAL);
  CHECK_EQ(uvs_deadline_start(&deadline, NULL, UVS_DEADLINE_READ, 1), UV_EINVAL);
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&a), UVS_DEADLINE_READ, 0), UV_EINVAL);
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&a), (uvs_deadline_kind) 4, 1), UV_EINVAL);
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&timer), UVS_DEADLINE_READ, 1), UV_EINVAL);
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&server), UVS_DEADLINE_READ, 1), UV_EINVAL);
  limit(&deadline, &a, UVS_DEADLINE_READ, UINT64_MAX);
  limit(&deadline, &a, UVS_DEADLINE_READ, NEVER_MS);
  CHECK_EQ(uvs_deadline_start(&other, as_stream(&a), UVS_DEADLINE_READ, 1), UV_EBUSY);
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&a), UVS_DEADLINE_WRITE, 1), UV_EBUSY);
  limit(&other, &a, UVS_DEADLINE_WRITE, 1);
  uvs_deadline_stop(&deadline);
  memset(&deadline, 0xdb, sizeof(deadline));
  limit(&deadline, &a, UVS_DEADLINE_READ, 1);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uvs_deadline_start(&other, as_stream(&a), UVS_DEADLINE_SHUTDOWN, 1), UV_EINVAL);
  uvs_deadline_stop(&other); /* It was in use until the close callback. */
  limit(&other, &fresh, UVS_DEADLINE_READ, 1);
  CHECK_EQ(uv_listen(as_stream(&fresh), 1, NULL), UV_EBUSY);
  uvs_deadline_stop(&other);
  CHECK_EQ(uv_listen(as_stream(&fresh), 1, NULL), 0);
  net_end();
}

TEST(x2_deadlines_allocate_nothing) {
  uvs_deadline_t deadlines[4];
  uv_tcp_t a, b;
  long before;
  int kind;

  net_pair(&a, &b);
  begin();
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  net_turns(3);
  before = memory_calls();
  for (kind = 0; kind < 4; kind++)
    limit(&deadlines[kind], &a, (uvs_deadline_kind) kind, SOON_MS);
  net_until(&calls, 1);
  for (kind = 0; kind < 4; kind++)
    uvs_deadline_stop(&deadlines[kind]);
  CHECK_EQ(memory_calls(), before);
  net_end();
}

static void find_deadline(uv_handle_t* handle, void* count) {
  (void) handle;
  (*(int*) count)++;
}

TEST(x2_no_handle_stands_behind_it) {
  uvs_deadline_t deadline;
  uv_tcp_t a, b;
  int before = 0, now = 0;

  net_pair(&a, &b);
  net_turns(3);
  uv_walk(net_loop(), find_deadline, &before);
  limit(&deadline, &a, UVS_DEADLINE_READ, NEVER_MS);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_read), 0);
  uv_walk(net_loop(), find_deadline, &now);
  CHECK_EQ(now, before);
  CHECK(uv_backend_timeout(net_loop()) >= 0);
  net_end();
}

/* ---- Pipes ---- */

TEST(x2_pipes_have_the_same_limits) {
  enum test_way way;

  for (way = TEST_NAMED; way < TEST_WAYS; way++) {
    uvs_deadline_t reading, writing;
    uv_write_t write;
    uv_pipe_t from, to;

    if (way == TEST_ENDS)
      test_pipe_ends(UV_NONBLOCK_PIPE, &from, &to);
    else
      test_pipe_way(way, &from, &to);
    begin();
    limit(&reading, &to, UVS_DEADLINE_READ, SOON_MS);
    CHECK_EQ(uv_read_start(as_stream(&to), net_alloc, on_read), 0);
    net_until(&calls, 1);
    CHECK_STR(order, "r");
    begin();
    limit(&writing, &from, UVS_DEADLINE_WRITE, SOON_MS);
    write_much(&from, &write);
    net_until(&calls, 1);
    CHECK_STR(order, "w");
    check_dropped(&from);
    net_close((uv_handle_t*) &from);
    net_close((uv_handle_t*) &to);
  }
  net_end();
}
