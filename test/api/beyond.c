/* Limits of time, reads as requests and hang-ups where they meet other things, and each other (rules X2,
 * X3, X5). What each of them is for is in deadline.c, reads.c and hangup.c. */
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

static uv_stream_t* as_stream(void* handle) {
  return (uv_stream_t*) handle;
}

/* What a callback was told, by whoever its `data` points to. */
struct told {
  int times;
  int status;
};

static void note(void* data, int status) {
  struct told* told = data;

  told->times++;
  told->status = status;
}

static void on_hangup(uvs_hangup_t* hangup, int status) {
  note(hangup->data, status);
}

static void on_write(uv_write_t* req, int status) {
  note(req->data, status);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  note(req->data, status);
}

static void on_request(uvs_read_t* req, int status) {
  note(req->data, status);
}

static void watch(uvs_hangup_t* hangup, void* stream, struct told* told) {
  memset(told, 0, sizeof(*told));
  hangup->data = told;
  CHECK_EQ(uvs_hangup_start(hangup, as_stream(stream), on_hangup), 0);
}

static void ask(uvs_read_t* req, void* stream, const uv_buf_t* buf, size_t min, struct told* told) {
  memset(told, 0, sizeof(*told));
  req->data = told;
  CHECK_EQ(uvs_read(req, as_stream(stream), buf, 1, min, on_request), 0);
}

static void send_now(void* stream, const char* bytes, size_t len) {
  while (len > 0) {
    uv_buf_t buf = uv_buf_init((char*) bytes, (unsigned) len);
    int n = uv_try_write(as_stream(stream), &buf, 1);

    CHECK(n > 0);
    bytes += n;
    len -= (size_t) n;
  }
}

/* ---- Hang-ups ---- */

TEST(x5_hangup_while_a_write_waits) {
  uv_buf_t buf = uv_buf_init(net_block(), (unsigned) NET_BLOCK);
  struct told told, wrote = {0, 0};
  uvs_hangup_t hangup;
  uv_write_t write;
  uv_tcp_t a, b;

  net_small_pair(&a, &b);
  watch(&hangup, &a, &told);
  write.data = &wrote;
  CHECK_EQ(uv_write(&write, as_stream(&a), &buf, 1, on_write), 0);
  net_turns(20);
  CHECK_EQ(told.times, 0);
  CHECK_EQ(wrote.times, 0);
  CHECK_EQ(uv_tcp_close_reset(&b, NULL), 0);
  net_until(&told.times, 1);
  net_until(&wrote.times, 1);
  CHECK_EQ(told.status, UV_ECONNRESET);
  CHECK(wrote.status < 0);
  net_end();
}

TEST(x5_hangup_of_who_has_shut_down) {
  struct told told, shut = {0, 0};
  uv_shutdown_t shutdown;
  uvs_hangup_t hangup;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, as_stream(&a), on_shutdown), 0);
  watch(&hangup, &a, &told);
  net_until(&shut.times, 1);
  net_turns(20);
  CHECK_EQ(told.times, 0); /* Our own end is none. */
  net_close((uv_handle_t*) &b);
  net_until(&told.times, 1);
  CHECK_EQ(told.status, UV_EOF);
  net_end();
}

static uv_tcp_t passed;
static int arrived;

static void on_arrival(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread <= 0 || uv_pipe_pending_count((uv_pipe_t*) stream) == 0)
    return;
  CHECK_EQ(uv_tcp_init(net_loop(), &passed), 0);
  CHECK_EQ(uv_accept(stream, as_stream(&passed)), 0);
  arrived++;
}

/* Others have the socket, too, and on Windows its packets may be somebody else's. */
TEST(x5_connection_that_was_passed) {
  uv_buf_t buf = uv_buf_init((char*) "h", 1);
  struct told told, left, wrote = {0, 0};
  uvs_hangup_t here, there;
  uv_pipe_t from, to;
  uv_write_t write;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  test_pipe_pair(&from, &to, 1);
  watch(&here, &a, &left);
  net_turns(3);
  CHECK_EQ(uv_read_start(as_stream(&to), net_alloc, on_arrival), 0);
  write.data = &wrote;
  CHECK_EQ(uv_write2(&write, as_stream(&from), &buf, 1, as_stream(&a), on_write), 0);
  net_until(&arrived, 1);
  net_until(&wrote.times, 1);
  CHECK_EQ(wrote.status, 0);
  net_close((uv_handle_t*) &a);
  CHECK_EQ(left.times, 1);
  CHECK_EQ(left.status, UV_ECANCELED);
  watch(&there, &passed, &told);
  net_turns(20);
  CHECK_EQ(told.times, 0);
  net_close((uv_handle_t*) &b);
  net_until(&told.times, 1);
  CHECK_EQ(told.status, UV_EOF);
  net_end();
}

/* ---- Limits ---- */

static uvs_deadline_t again;
static int silences;

static void on_silence(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  CHECK_EQ(nread, UV_ETIMEDOUT);
  if (++silences == 4) {
    uv_close((uv_handle_t*) stream, net_count_close);
    return;
  }
  if (silences == 2) { /* Its memory is the program's in between. */
    uvs_deadline_stop(&again);
    memset(&again, 0xdb, sizeof(again));
  }
  CHECK_EQ(uvs_deadline_start(&again, stream, UVS_DEADLINE_READ, SOON_MS), 0);
  CHECK_EQ(uv_read_start(stream, net_alloc, on_silence), 0);
}

TEST(x2_limit_begins_again_in_its_callback) {
  uint64_t began;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  net_closed = 0;
  uv_update_time(net_loop());
  began = uv_now(net_loop());
  CHECK_EQ(uvs_deadline_start(&again, as_stream(&a), UVS_DEADLINE_READ, SOON_MS), 0);
  CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, on_silence), 0);
  net_until(&net_closed, 1);
  CHECK_EQ(silences, 4);
  CHECK(uv_now(net_loop()) - began >= 4 * SOON_MS);
  net_end();
}

/* Asks anew in the first callback, while another request has not heard of the silence yet. */
static void ask_again(uvs_read_t* req, int status) {
  uvs_read_t* third = req->data;
  static char byte;
  static uv_buf_t buf;

  CHECK_EQ(status, UV_ETIMEDOUT);
  if (++silences > 1)
    return;
  buf = uv_buf_init(&byte, 1);
  CHECK_EQ(uvs_read(third, req->handle, &buf, 1, 1, ask_again), 0);
}

TEST(x2_limit_of_what_is_asked_for_in_its_callback) {
  uvs_read_t first, second, third;
  uint64_t began;
  char bytes[2];
  uv_buf_t bufs[2];
  uv_tcp_t a, b;

  bufs[0] = uv_buf_init(bytes, 1);
  bufs[1] = uv_buf_init(bytes + 1, 1);
  net_pair(&a, &b);
  uv_update_time(net_loop());
  began = uv_now(net_loop());
  CHECK_EQ(uvs_deadline_start(&again, as_stream(&a), UVS_DEADLINE_READ, SOON_MS), 0);
  first.data = &third;
  CHECK_EQ(uvs_read(&first, as_stream(&a), &bufs[0], 1, 1, ask_again), 0);
  CHECK_EQ(uvs_read(&second, as_stream(&a), &bufs[1], 1, 1, ask_again), 0);
  net_until(&silences, 3);
  CHECK(uv_now(net_loop()) - began >= 2 * SOON_MS);
  uvs_deadline_stop(&again);
  net_end();
}

static void stop_in_write(uv_write_t* req, int status) {
  note(req->data, status);
  uvs_deadline_stop(&again);
  memset(&again, 0xdb, sizeof(again));
}

TEST(x2_limit_is_stopped_in_its_callback) {
  uv_buf_t buf = uv_buf_init(net_block(), (unsigned) NET_BLOCK);
  struct told told = {0, 0};
  uvs_deadline_t reading;
  uv_write_t write;
  uv_tcp_t a, b;

  net_small_pair(&a, &b);
  CHECK_EQ(uvs_deadline_start(&reading, as_stream(&a), UVS_DEADLINE_READ, NEVER_MS), 0);
  CHECK_EQ(uvs_deadline_start(&again, as_stream(&a), UVS_DEADLINE_WRITE, SOON_MS), 0);
  /* Of what was dropped the limits are gone when the first callback of a write comes. */
  write.data = &told;
  CHECK_EQ(uv_write(&write, as_stream(&a), &buf, 1, on_write), 0);
  net_until(&told.times, 1);
  CHECK_EQ(told.status, UV_ETIMEDOUT);
  uvs_deadline_stop(&again);
  uvs_deadline_stop(&reading);
  memset(&reading, 0xdb, sizeof(reading));
  net_close((uv_handle_t*) &a);
  net_close((uv_handle_t*) &b);

  net_small_pair(&a, &b);
  CHECK_EQ(uvs_deadline_start(&again, as_stream(&a), UVS_DEADLINE_WRITE, NEVER_MS), 0);
  told.times = 0;
  CHECK_EQ(uv_write(&write, as_stream(&a), &buf, 1, stop_in_write), 0);
  net_turns(5);
  CHECK_EQ(told.times, 0);
  net_close((uv_handle_t*) &a); /* The limit is on it until the close callback. */
  CHECK_EQ(told.times, 1);
  CHECK_EQ(told.status, UV_ECANCELED);
  net_end();
}

/* What moves only notes the time: the alarm stays where it is among the timers. */
TEST(x2_bytes_do_not_touch_the_timers) {
  struct net_sink sink = {0};
  uvs_deadline_t reading, writing;
  struct uv__alarm before;
  uv_tcp_t a, b;
  int i;

  net_pair(&a, &b);
  CHECK_EQ(uvs_deadline_start(&reading, as_stream(&a), UVS_DEADLINE_READ, NEVER_MS), 0);
  CHECK_EQ(uvs_deadline_start(&writing, as_stream(&b), UVS_DEADLINE_WRITE, NEVER_MS), 0);
  net_drain(as_stream(&a), &sink);
  before = reading.alarm;
  for (i = 0; i < 1000; i++) {
    char byte = pattern_at((uint64_t) i);

    send_now(&b, &byte, 1);
    net_until_bytes(&sink, (uint64_t) i + 1);
  }
  CHECK(memcmp(&before, &reading.alarm, sizeof(before)) == 0);
  CHECK_EQ(writing.is_set, 0); /* Nothing was ever queued. */
  net_end();
}

/* ---- Requests ---- */

/* Programs that change their minds: requests, some of which are taken back while bytes come, and reading that
 * is started and stopped. Each byte gets to one of them, in order. */
enum {
  TOTAL = 60000,
  REQUESTS = 3
};

struct fickle {
  uv_stream_t* stream;
  uint64_t at;
  unsigned seed;
  uvs_read_t reqs[REQUESTS];
  char rooms[REQUESTS][700];
  uv_buf_t bufs[REQUESTS];
  int busy[REQUESTS];
  int canceled;
  int served;
  int done;
};

static unsigned draw(struct fickle* f, unsigned below) {
  f->seed = f->seed * 1103515245u + 12345u;
  return (f->seed >> 16) % below;
}

static void take(struct fickle* f, const char* bytes, size_t n) {
  pattern_check(bytes, n, f->at);
  f->at += n;
  f->done = f->at == TOTAL;
}

/* They end in the order in which they got bytes. */
static void on_fickle(uvs_read_t* req, int status) {
  struct fickle* f = req->data;
  int i = (int) (req - f->reqs);

  CHECK(status == 0 || status == UV_ECANCELED);
  CHECK(status == UV_ECANCELED || req->nread >= req->min);
  f->canceled += status == UV_ECANCELED;
  f->served += status == 0;
  f->busy[i] = 0;
  take(f, f->rooms[i], req->nread);
}

static void fickle_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0)
    take(stream->data, buf->base, (size_t) nread);
}

static void fickle_turn(struct fickle* f) {
  int i = (int) draw(f, REQUESTS);

  if (f->busy[i]) {
    /* Only the oldest may have bytes; those behind it are taken back without any. */
    if (draw(f, 3) == 0)
      (void) uvs_read_cancel(&f->reqs[i]);
  } else if (draw(f, 2) == 0) {
    unsigned min = 1 + draw(f, 700);

    f->busy[i] = 1;
    f->bufs[i] = uv_buf_init(f->rooms[i], 700);
    f->reqs[i].data = f;
    if (min > TOTAL - f->at)
      min = (unsigned) (TOTAL - f->at);
    CHECK_EQ(uvs_read(&f->reqs[i], f->stream, &f->bufs[i], 1, min == 0 ? 1 : min, on_fickle), 0);
  }
  if (draw(f, 4) == 0)
    (void) uv_read_stop(f->stream);
  else if (draw(f, 4) == 0)
    (void) uv_read_start(f->stream, net_alloc, fickle_read);
}

static void check_fickle(void* from, void* to, unsigned seed) {
  static struct fickle f;
  int i, at = 0, sent = 0;

  memset(&f, 0, sizeof(f));
  f.stream = as_stream(to);
  f.stream->data = &f;
  f.seed = seed;
  while (!f.done) {
    if (at < TOTAL && draw(&f, 3) == 0) {
      net_send(as_stream(from), 500, (uint64_t) at, &sent);
      at += 500;
    }
    fickle_turn(&f);
    if (TOTAL - f.at < 2000) { /* What may wait for more than there is goes. */
      for (i = 0; i < REQUESTS; i++)
        if (f.busy[i])
          (void) uvs_read_cancel(&f.reqs[i]);
      (void) uv_read_start(f.stream, net_alloc, fickle_read);
    }
    (void) uv_run(net_loop(), UV_RUN_NOWAIT);
  }
  for (i = 0; i < REQUESTS; i++)
    if (f.busy[i])
      (void) uvs_read_cancel(&f.reqs[i]);
  while (f.busy[0] || f.busy[1] || f.busy[2])
    net_turns(1);
  CHECK(f.canceled > 0);
  CHECK(f.served > 0);
  net_goes_on();
  net_close((uv_handle_t*) from);
  net_close((uv_handle_t*) to);
}

TEST(x3_whoever_reads_gets_each_byte_once) {
  enum test_way way;
  unsigned seed;

  for (seed = 1; seed <= 3; seed++) {
    uv_tcp_t a, b;

    net_pair(&a, &b);
    check_fickle(&a, &b, seed);
  }
  for (way = TEST_NAMED; way < TEST_WAYS; way++) {
    uv_pipe_t from, to;

    test_pipe_way(way, &from, &to);
    check_fickle(&from, &to, 7);
  }
  net_end();
}

TEST(x3_request_outlives_our_shutdown) {
  struct told told, shut = {0, 0};
  uv_shutdown_t shutdown;
  char room[6];
  uv_buf_t buf = uv_buf_init(room, 6);
  struct net_sink sink = {0};
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  ask(&req, &a, &buf, 6, &told);
  shutdown.data = &shut;
  CHECK_EQ(uv_shutdown(&shutdown, as_stream(&a), on_shutdown), 0);
  net_drain(as_stream(&b), &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(told.times, 0);
  send_now(&b, "answer", 6);
  net_until(&told.times, 1);
  CHECK_EQ(told.status, 0);
  CHECK(memcmp(room, "answer", 6) == 0);
  net_end();
}

/* R3: what may bring handles is not read without memory for them, and lies there for the next request. */
TEST(x3_request_without_memory_for_handles) {
  char room[4] = "";
  uv_buf_t buf = uv_buf_init(room, 4);
  uv_buf_t out = uv_buf_init("four", 4);
  uv_pipe_t left, right;
  struct told told;
  uvs_read_t req;

  test_pipe_pair(&left, &right, 1);
  CHECK_EQ(uv_try_write(as_stream(&left), &out, 1), 4);
  ask(&req, &right, &buf, 4, &told);
  memory_fail_nth(1);
  net_until(&told.times, 1);
  memory_fail_nth(0);
  CHECK_EQ(told.status, UV_ENOBUFS);
  CHECK_EQ(req.nread, 0);
  ask(&req, &right, &buf, 4, &told);
  net_until(&told.times, 1);
  CHECK_EQ(told.status, 0);
  CHECK(memcmp(room, "four", 4) == 0);
  net_end();
}

static struct told in_alloc;
static uvs_read_t from_alloc;
static uv_buf_t alloc_buf;
static int refusals;
static int zeros;

static void refuse(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(NULL, 0);
}

static void ask_in_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  net_alloc(handle, suggested_size, buf);
  if (from_alloc.handle == NULL)
    ask(&from_alloc, handle, &alloc_buf, 4, &in_alloc);
}

static void on_nothing(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK(nread == 0 || nread == UV_ENOBUFS);
  refusals += nread == UV_ENOBUFS;
  zeros += nread == 0;
}

/* Bytes that the program had no buffer for are the request's. */
TEST(x3_request_takes_what_had_no_buffer) {
  char room[8];
  uv_buf_t buf = uv_buf_init(room, 8);
  struct told told;
  uvs_read_t req;
  uv_tcp_t a, b;

  net_pair(&a, &b);
  CHECK_EQ(uv_read_start(as_stream(&a), refuse, on_nothing), 0);
  send_now(&b, "unwanted", 8);
  net_until(&refusals, 2);
  ask(&req, &a, &buf, 8, &told);
  net_until(&told.times, 1);
  CHECK_EQ(told.status, 0);
  CHECK(memcmp(room, "unwanted", 8) == 0);
  net_end();
}

TEST(x3_request_made_while_a_buffer_is_asked_for) {
  char room[4];
  uv_tcp_t a, b;

  net_pair(&a, &b);
  alloc_buf = uv_buf_init(room, 4);
  CHECK_EQ(uv_read_start(as_stream(&a), ask_in_alloc, on_nothing), 0);
  send_now(&b, "four", 4);
  net_until(&in_alloc.times, 1);
  CHECK_EQ(in_alloc.status, 0);
  CHECK(zeros >= 1); /* The buffer went back. */
  CHECK(memcmp(room, "four", 4) == 0);
  net_end();
}

/* One that has got a part is told before anybody gets the rest: bytes are told of in their order, though the
 * stream gave way to others in the midst of them. */
static char order[8];

static void on_ordered(uvs_read_t* req, int status) {
  CHECK(status == 0 || status == UV_ECANCELED);
  order[strlen(order)] = *(char*) req->data;
}

static void read_ordered(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread <= 0)
    return;
  order[strlen(order)] = 'r';
  CHECK_EQ(uv_read_stop(stream), 0);
}

static void check_order(int by_request) {
  char room[40], last;
  uv_buf_t bufs[40], one = uv_buf_init(&last, 1);
  uvs_read_t first, second;
  uv_tcp_t a, b;
  int i;

  net_pair(&a, &b);
  memset(order, 0, sizeof(order));
  for (i = 0; i < 40; i++)
    bufs[i] = uv_buf_init(&room[i], 1);
  first.data = (void*) "1";
  second.data = (void*) "2";
  CHECK_EQ(uvs_read(&first, as_stream(&a), bufs, 40, 40, on_ordered), 0);
  send_now(&b, "0123456789012345678901234567890123456789", 40);
  while (first.nread == 0)
    net_turns(1);
  CHECK(first.nread < 40);
  i = (int) first.nread;
  CHECK_EQ(uvs_read_cancel(&first), 0);
  if (by_request)
    CHECK_EQ(uvs_read(&second, as_stream(&a), &one, 1, 1, on_ordered), 0);
  else
    CHECK_EQ(uv_read_start(as_stream(&a), net_alloc, read_ordered), 0);
  while (strlen(order) < 2)
    net_turns(1);
  CHECK_STR(order, by_request ? "12" : "1r");
  CHECK_EQ(first.nread, i);
  net_close((uv_handle_t*) &a);
  net_close((uv_handle_t*) &b);
}

TEST(x3_part_of_what_was_taken_back_is_told_first) {
  check_order(1);
  check_order(0);
  net_end();
}
