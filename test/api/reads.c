/* Reads as requests (rule X3). */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"
#include "uvstream.h"

/* What was called back, in order: the `data` of each request, or 'r' for a read callback. */
static char order[64];
static int calls;
static int last_status;

static void note(char what, int status) {
  CHECK(calls < (int) sizeof(order) - 1);
  order[calls++] = what;
  order[calls] = '\0';
  last_status = status;
}

static void begin(void) {
  calls = 0;
  order[0] = '\0';
  last_status = 99;
}

static char names[] = "abcdefgh";

static void on_request(uvs_read_t* req, int status) {
  note(*(char*) req->data, status);
}

static uv_stream_t* as_stream(void* handle) {
  return (uv_stream_t*) handle;
}

static void ask(uvs_read_t* req, char* name, void* stream, const uv_buf_t* buf, size_t min) {
  req->data = name;
  CHECK_EQ(uvs_read(req, as_stream(stream), buf, 1, min, on_request), 0);
  CHECK(req->handle == as_stream(stream));
}

/* Bytes of the pattern from `at` on; the system may take them one by one. */
static void send_now(void* stream, size_t len, uint64_t at) {
  char bytes[4096];
  size_t sent = 0;

  CHECK(len <= sizeof(bytes));
  pattern_fill(bytes, len, at);
  while (sent < len) {
    uv_buf_t buf = uv_buf_init(bytes + sent, (unsigned) (len - sent));
    int n = uv_try_write(as_stream(stream), &buf, 1);

    CHECK(n > 0);
    sent += (size_t) n;
  }
}

/* ---- How many bytes ---- */

TEST(x3_as_many_bytes_as_are_needed) {
  char room[100];
  uv_buf_t buf = uv_buf_init(room, 100);
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  ask(&req, &names[0], &a, &buf, 60);
  CHECK_EQ(calls, 0);
  send_now(&b, 30, 0);
  net_turns(20);
  CHECK_EQ(calls, 0);
  send_now(&b, 30, 30);
  net_until(&calls, 1);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(req.nread, 60);
  pattern_check(room, 60, 0);
  net_end();
}

TEST(x3_buffers_are_filled_one_after_the_other) {
  char rooms[4][16];
  uv_buf_t bufs[6];
  uvs_read_t req;
  uv_tcp_t a, b;
  int i;

  net_pair(&a, &b);
  begin();
  for (i = 0; i < 4; i++)
    bufs[i + 1] = uv_buf_init(rooms[i], 16);
  bufs[0] = uv_buf_init(NULL, 0); /* Empty ones are stepped over. */
  bufs[5] = uv_buf_init(NULL, 0);
  req.data = &names[0];
  CHECK_EQ(uvs_read(&req, as_stream(&a), bufs, 6, 64, on_request), 0);
  for (i = 0; i < 64; i++) {
    send_now(&b, 1, (uint64_t) i);
    net_turns(1);
  }
  net_until(&calls, 1);
  CHECK_EQ(req.nread, 64);
  for (i = 0; i < 4; i++)
    pattern_check(rooms[i], 16, (uint64_t) i * 16);
  net_end();
}

/* One after the other, each for all of its room. */
static void ask_three(uvs_read_t* reqs, void* stream, uv_buf_t* bufs, char* room, unsigned size) {
  int i;

  for (i = 0; i < 3; i++) {
    bufs[i] = uv_buf_init(room + (size_t) i * size, size);
    ask(&reqs[i], &names[i], stream, &bufs[i], size);
  }
}

TEST(x3_one_request_after_the_other) {
  char rooms[3][50];
  uv_buf_t bufs[3];
  uvs_read_t reqs[3];
  uv_tcp_t a, b;
  int i;

  net_pair(&a, &b);
  begin();
  ask_three(reqs, &a, bufs, (char*) rooms, 50);
  send_now(&b, 150, 0);
  net_until(&calls, 3);
  CHECK_STR(order, "abc");
  for (i = 0; i < 3; i++)
    pattern_check(rooms[i], 50, (uint64_t) i * 50);
  net_end();
}

static uv_buf_t again_buf;
static int rounds;
static uint64_t again_at;

static void ask_again(uvs_read_t* req, int status) {
  CHECK_EQ(status, 0);
  pattern_check(again_buf.base, req->nread, again_at);
  again_at += req->nread;
  if (++rounds < 1000)
    CHECK_EQ(uvs_read(req, req->handle, &again_buf, 1, again_buf.len, ask_again), 0);
}

TEST(x3_request_is_the_callers_in_its_callback) {
  char room[333];
  uvs_read_t req;
  uv_tcp_t a, b;
  int sent = 0;

  net_pair(&a, &b);
  again_buf = uv_buf_init(room, sizeof(room));
  CHECK_EQ(uvs_read(&req, as_stream(&a), &again_buf, 1, sizeof(room), ask_again), 0);
  net_send(as_stream(&b), 333000, 0, &sent);
  net_until(&rounds, 1000);
  CHECK_EQ(again_at, 333000);
  net_end();
}

/* ---- The end ---- */

TEST(x3_end_before_all_is_there_tells_how_much) {
  char rooms[2][100];
  uv_buf_t bufs[2];
  uvs_read_t reqs[2];
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  bufs[0] = uv_buf_init(rooms[0], 100);
  bufs[1] = uv_buf_init(rooms[1], 100);
  ask(&reqs[0], &names[0], &a, &bufs[0], 100);
  ask(&reqs[1], &names[1], &a, &bufs[1], 1);
  send_now(&b, 40, 0);
  net_close((uv_handle_t*) &b);
  net_until(&calls, 2);
  CHECK_STR(order, "ab");
  CHECK_EQ(last_status, UV_EOF);
  CHECK_EQ(reqs[0].nread, 40);
  CHECK_EQ(reqs[1].nread, 0);
  pattern_check(rooms[0], 40, 0);
  CHECK_EQ(uvs_read(&reqs[0], as_stream(&a), bufs, 1, 1, on_request), UV_ENOTCONN);
  CHECK(!uv_is_readable(as_stream(&a)));
  CHECK(uv_is_writable(as_stream(&a)));
  net_end();
}

TEST(x3_reset_is_an_error) {
  char room[100];
  uv_buf_t buf = uv_buf_init(room, 100);
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  ask(&req, &names[0], &a, &buf, 100);
  net_turns(5);
  CHECK_EQ(uv_tcp_close_reset(&b, NULL), 0);
  net_until(&calls, 1);
  CHECK_EQ(last_status, UV_ECONNRESET);
  CHECK(!uv_is_readable(as_stream(&a)));
  CHECK(!uv_is_writable(as_stream(&a)));
  net_end();
}

/* ---- Taken back ---- */

TEST(x3_cancel_loses_nothing) {
  char rooms[2][100];
  uv_buf_t bufs[2];
  uvs_read_t reqs[2];
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  bufs[0] = uv_buf_init(rooms[0], 100);
  bufs[1] = uv_buf_init(rooms[1], 100);
  ask(&reqs[0], &names[0], &a, &bufs[0], 100);
  send_now(&b, 40, 0);
  while (reqs[0].nread < 40)
    net_turns(1); /* Nothing is called back for a part. */
  CHECK_EQ(uvs_read_cancel(&reqs[0]), 0);
  CHECK_EQ(calls, 0);
  CHECK_EQ(uvs_read_cancel(&reqs[0]), UV_EBUSY);
  send_now(&b, 60, 40);
  ask(&reqs[1], &names[1], &a, &bufs[1], 60);
  net_until(&calls, 2);
  CHECK_STR(order, "ab");
  CHECK_EQ(reqs[0].status, UV_ECANCELED);
  CHECK_EQ(reqs[0].nread, 40);
  pattern_check(rooms[0], 40, 0);
  CHECK_EQ(last_status, 0);
  CHECK_EQ(reqs[1].nread, 60);
  pattern_check(rooms[1], 60, 40);
  net_end();
}

TEST(x3_cancel_of_one_in_the_middle) {
  char rooms[3][10];
  uv_buf_t bufs[3];
  uvs_read_t reqs[3];
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  ask_three(reqs, &a, bufs, (char*) rooms, 10);
  CHECK_EQ(uvs_read_cancel(&reqs[1]), 0);
  net_until(&calls, 1); /* It does not wait for the others. */
  CHECK_STR(order, "b");
  CHECK_EQ(last_status, UV_ECANCELED);
  CHECK_EQ(uvs_read_cancel(&reqs[0]), 0);
  send_now(&b, 10, 0);
  net_until(&calls, 3);
  CHECK_EQ(reqs[2].nread, 10);
  pattern_check(rooms[2], 10, 0);
  net_end();
}

static void take_the_next_back(uvs_read_t* req, int status) {
  on_request(req, status);
  CHECK_EQ(uvs_read_cancel(req + 1), 0);
}

/* There is more in the turn in which it is taken back: that is for the one behind it. */
TEST(x3_cancel_by_the_callback_of_the_one_before) {
  char rooms[3][10];
  uv_buf_t bufs[3];
  uvs_read_t reqs[3];
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  ask_three(reqs, &a, bufs, (char*) rooms, 10);
  reqs[0].cb = take_the_next_back;
  send_now(&b, 20, 0);
  net_until(&calls, 3);
  CHECK_EQ(reqs[0].nread, 10);
  CHECK_EQ(reqs[1].nread, 0);
  CHECK_EQ(reqs[2].nread, 10);
  CHECK_EQ(order[0], 'a');
  pattern_check(rooms[0], 10, 0);
  pattern_check(rooms[2], 10, 10);
  net_end();
}

TEST(x3_close_tells_how_much) {
  char room[100];
  uv_buf_t buf = uv_buf_init(room, 100);
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  net_closed = 0;
  ask(&req, &names[0], &a, &buf, 100);
  send_now(&b, 7, 0);
  while (req.nread < 7)
    net_turns(1); /* Nothing is called back for a part. */
  uv_close((uv_handle_t*) &a, net_count_close);
  CHECK_EQ(calls, 0);
  CHECK_EQ(uvs_read_cancel(&req), UV_EBUSY);
  net_until(&calls, 1);
  CHECK_EQ(last_status, UV_ECANCELED);
  CHECK_EQ(req.nread, 7);
  net_until(&net_closed, 1);
  net_end();
}

/* ---- With uv_read_start ---- */

static char mixed[256];
static int mixed_size;
static uvs_read_t body;
static uv_buf_t body_buf;

static void on_body(uvs_read_t* req, int status) {
  CHECK_EQ(status, 0);
  memcpy(mixed + mixed_size, req->bufs[0].base, req->nread);
  mixed_size += (int) req->nread;
  note('b', status);
}

/* Takes a little, and has what follows read by a request. */
static void on_head(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread <= 0)
    return;
  memcpy(mixed + mixed_size, buf->base, (size_t) nread);
  mixed_size += (int) nread;
  note('r', 0);
  if (calls == 1)
    CHECK_EQ(uvs_read(&body, stream, &body_buf, 1, body_buf.len, on_body), 0);
}

static void small_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char room[10];

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(room, sizeof(room));
}

TEST(x3_requests_come_before_who_started_reading) {
  char room[30];
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  body_buf = uv_buf_init(room, sizeof(room));
  CHECK_EQ(uv_read_start(as_stream(&a), small_alloc, on_head), 0);
  send_now(&b, 50, 0);
  net_until(&mixed_size, 50); /* Who reads gets what there is, in pieces. */
  CHECK(strncmp(order, "rbr", 3) == 0);
  CHECK_EQ(mixed_size, 50);
  pattern_check(mixed, 50, 0);
  net_end();
}

TEST(x3_read_stop_does_not_concern_requests) {
  char room[10];
  uv_buf_t buf = uv_buf_init(room, 10);
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_head), 0);
  ask(&req, &names[0], &a, &buf, 10);
  CHECK_EQ(uv_read_stop(as_stream(&a)), 0);
  CHECK(uv_is_active((uv_handle_t*) &a));
  send_now(&b, 20, 0);
  net_until(&calls, 1);
  CHECK_STR(order, "a");
  net_turns(10);
  CHECK_EQ(calls, 1); /* The other ten wait. */
  CHECK(!uv_is_active((uv_handle_t*) &a));
  ask(&req, &names[1], &a, &buf, 10);
  net_until(&calls, 2);
  pattern_check(room, 10, 10);
  net_end();
}

TEST(x3_both_hear_of_the_end) {
  struct net_sink sink = {0};
  char room[10];
  uv_buf_t buf = uv_buf_init(room, 10);
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  net_drain(as_stream(&a), &sink);
  ask(&req, &names[0], &a, &buf, 10);
  net_close((uv_handle_t*) &b);
  net_until(&calls, 1);
  net_until(&sink.ended, 1);
  CHECK_EQ(last_status, UV_EOF);
  CHECK_EQ(sink.status, UV_EOF);
  net_end();
}

/* ---- With the rest ---- */

TEST(x3_request_waits_for_the_connection) {
  struct sockaddr_in addr;
  uv_connect_t connect;
  char room[10];
  uv_buf_t buf = uv_buf_init(room, 10);
  uvs_read_t req;
  uv_tcp_t a, holder;

  begin();
  addr = net_closed_port(&holder);
  CHECK_EQ(uv_tcp_init(net_loop(), &a), 0);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &buf, 1, 1, on_request), UV_ENOTCONN);
  CHECK_EQ(uv_tcp_connect(&connect, &a, (const struct sockaddr*) &addr, NULL), 0);
  ask(&req, &names[0], &a, &buf, 10);
  net_until(&calls, 1);
  CHECK_EQ(last_status, UV_ECANCELED); /* It failed. */
  net_end();
}

TEST(x3_deadline_of_a_request) {
  char room[100];
  uv_buf_t buf = uv_buf_init(room, 100);
  uvs_deadline_t deadline;
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  begin();
  ask(&req, &names[0], &a, &buf, 100);
  send_now(&b, 5, 0);
  while (req.nread < 5)
    net_turns(1); /* Nothing is called back for a part. */
  CHECK_EQ(uvs_deadline_start(&deadline, as_stream(&a), UVS_DEADLINE_READ, 30), 0);
  net_until(&calls, 1);
  CHECK_EQ(last_status, UV_ETIMEDOUT);
  CHECK_EQ(req.nread, 5);
  uvs_deadline_stop(&deadline);
  ask(&req, &names[1], &a, &buf, 1); /* It goes on. */
  send_now(&b, 5, 5);
  net_until(&calls, 2);
  CHECK_EQ(last_status, 0);
  pattern_check(room, req.nread, 5);
  net_end();
}

TEST(x3_refused) {
  static char room[10];
  uv_buf_t buf = uv_buf_init(room, 10);
  uv_buf_t none = uv_buf_init(NULL, 5);
  uv_buf_t all[2] = {{0}, {0}}; /* more than a size can say, where one can say that */
  uvs_read_t req;
  uv_timer_t timer;
  uv_tcp_t a, b;
  int most;

  net_pair(&a, &b);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  all[0].base = all[1].base = room;
  memset(&all[0].len, 0xff, sizeof(all[0].len));
  all[1].len = 1;
  most = sizeof(all[0].len) < sizeof(size_t) ? UV_EINVAL : 0;
  CHECK_EQ(uvs_read(NULL, as_stream(&a), &buf, 1, 1, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, NULL, &buf, 1, 1, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), NULL, 1, 1, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &buf, 0, 1, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &buf, 1, 0, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &buf, 1, 11, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &none, 1, 1, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &buf, 1, 1, NULL), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&timer), &buf, 1, 1, on_request), UV_EINVAL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), all, 2, SIZE_MAX, on_request), most);
  req.data = &names[0];
  if (most == 0)
    CHECK_EQ(uvs_read_cancel(&req), 0);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uvs_read(&req, as_stream(&a), &buf, 1, 1, on_request), UV_EINVAL);
  net_end();
}

TEST(x3_requests_allocate_nothing) {
  char room[100];
  uv_buf_t bufs[20];
  uvs_read_t req;
  uv_tcp_t a, b;
  long before;
  int i;

  net_pair(&a, &b);
  begin();
  for (i = 0; i < 20; i++)
    bufs[i] = uv_buf_init(room + 5 * i, 5);
  net_turns(3);
  send_now(&b, 100, 0);
  before = memory_calls();
  req.data = &names[0];
  CHECK_EQ(uvs_read(&req, as_stream(&a), bufs, 20, 100, on_request), 0);
  net_until(&calls, 1);
  CHECK_EQ(memory_calls(), before);
  pattern_check(room, 100, 0);
  net_end();
}

TEST(x3_requests_of_pipes) {
  enum test_way way;

  for (way = TEST_NAMED; way < TEST_WAYS; way++) {
    char room[60];
    uv_buf_t buf = uv_buf_init(room, 60);
    uvs_read_t req;
    uv_pipe_t from, to;
    int sent = 0;

    test_pipe_way(way, &from, &to);
    begin();
    ask(&req, &names[0], &to, &buf, 60);
    net_send(as_stream(&from), 40, 0, &sent);
    net_send(as_stream(&from), 40, 40, &sent);
    net_until(&calls, 1);
    CHECK_EQ(last_status, 0);
    pattern_check(room, 60, 0);
    ask(&req, &names[1], &to, &buf, 20);
    net_until(&calls, 2);
    pattern_check(room, 20, 60);
    ask(&req, &names[2], &to, &buf, 1);
    net_close((uv_handle_t*) &from);
    net_until(&calls, 3);
    CHECK_EQ(last_status, UV_EOF);
    net_close((uv_handle_t*) &to);
  }
  net_end();
}
