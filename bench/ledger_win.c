/* Calls of Windows per operation, counted by the shim of the tests (test/support/shim.h). Exact, and
 * the same on any machine but for a call or two that timing decides, so also a test.
 *
 *   bench_ledger [ROW]    the table, and below each row what was called; all rows without ROW
 *   bench_ledger --check  the table, and exit code 1 when a row takes more calls than it may
 *
 * Both ends of a connection are on one loop. A call is one of a function in
 * test/support/shim_calls.h, that is, nearly every one that goes into the system. */
#include <string.h>

#include "shim.h"
#include "stream.h"

enum {
  WARM_UP = 10,
  ROUNDS = 1000,
  LIVES = 100,
  SMALL = 100,      /* bytes of a small message, */
  BURST = 100,      /* how many of them one callback sends, */
  BURSTS = 10,      /* and how many callbacks do. */
  PARTS = 4,        /* buffers of one that has several */
  AHEAD = 1 << 20,  /* bytes that others wait behind */
  BULK = 16 << 20,  /* bytes */
  CHUNK = 64 << 10, /* and of those, what one operation moves, and a read can take */
  REST_MS = 4500    /* of the idle loop */
};

static uv_loop_t* loop;
static enum kind kind;
static int ipc;
static struct place place;
static union any_stream server, ends[2]; /* the end that connects, and the one that is accepted */
static int met;
static uv_connect_t connecting;
static uv_write_t writes[BURSTS * BURST + 2];
static char bytes[BULK];
static char buffer[CHUNK];
static size_t arrived;
static int rounds;
static unsigned parts; /* buffers of a small message */

/* ---- A connection ---- */

static void on_alloc(uv_handle_t* handle, size_t hint, uv_buf_t* buf) {
  (void) handle;
  (void) hint;
  *buf = uv_buf_init(buffer, sizeof(buffer));
}

static void init(union any_stream* stream) {
  if (kind == TCP)
    check(uv_tcp_init(loop, &stream->tcp), "uv_tcp_init");
  else
    check(uv_pipe_init(loop, &stream->pipe, ipc), "uv_pipe_init");
}

static void meet(void) {
  if (++met == 2)
    uv_stop(loop);
}

static void on_connection(uv_stream_t* listener, int status) {
  check(status, "listen");
  init(&ends[1]);
  check(uv_accept(listener, &ends[1].stream), "uv_accept");
  meet();
}

static void on_connect(uv_connect_t* req, int status) {
  (void) req;
  check(status, "connect");
  meet();
}

static void call_server(uv_connect_cb cb) {
  init(&ends[0]);
  if (kind == TCP)
    check(uv_tcp_connect(&connecting, &ends[0].tcp, (const struct sockaddr*) &place.addr, cb),
          "uv_tcp_connect");
  else
    uv_pipe_connect(&connecting, &ends[0].pipe, place.name, cb);
}

static void run(void) {
  uv_run(loop, UV_RUN_DEFAULT);
}

static void begin(enum kind of, int with_ipc) {
  kind = of;
  ipc = with_ipc;
  met = rounds = 0;
  arrived = 0;
  place = stream_listen(loop, &server, kind, on_connection);
  call_server(on_connect);
  run();
}

static void end(void) {
  uv_close(&ends[0].handle, NULL);
  uv_close(&ends[1].handle, NULL);
  uv_close(&server.handle, NULL);
  run();
}

static void send_bytes(uv_write_t* req, union any_stream* to, size_t size) {
  uv_buf_t buf = uv_buf_init(bytes, (unsigned int) size);

  check(uv_write(req, &to->stream, &buf, 1, NULL), "uv_write");
}

/* ---- Echo: an operation is a message, on its way to the other end ---- */

static void on_echo(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  int back = stream == &ends[1].stream;

  (void) buf;
  check((int) nread, "read");
  if (nread == 0)
    return;
  if (!back && ++rounds == WARM_UP)
    shim_count_begin();
  if (!back && rounds == WARM_UP + ROUNDS) {
    shim_count_end();
    uv_stop(loop);
    return;
  }
  send_bytes(&writes[back], &ends[back], (size_t) nread);
}

static double echo(enum kind of, int with_ipc) {
  begin(of, with_ipc);
  check(uv_read_start(&ends[0].stream, on_alloc, on_echo), "uv_read_start");
  check(uv_read_start(&ends[1].stream, on_alloc, on_echo), "uv_read_start");
  send_bytes(&writes[0], &ends[0], 32);
  run();
  end();
  return 2.0 * ROUNDS;
}

static double tcp_echo(void) {
  return echo(TCP, 0);
}

static double pipe_echo(void) {
  return echo(PIPE, 0);
}

static double ipc_echo(void) {
  return echo(PIPE, 1);
}

/* ---- Bulk: an operation is the writing and reading of 64 KiB ---- */

static void on_bulk(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
  arrived += (size_t) nread;
  if (arrived == BULK) {
    shim_count_end();
    uv_stop(loop);
  }
}

static double bulk(enum kind of) {
  begin(of, 0);
  check(uv_read_start(&ends[1].stream, on_alloc, on_bulk), "uv_read_start");
  shim_count_begin();
  send_bytes(&writes[0], &ends[0], BULK);
  run();
  end();
  return (double) BULK / CHUNK;
}

static double tcp_bulk(void) {
  return bulk(TCP);
}

static double pipe_bulk(void) {
  return bulk(PIPE);
}

/* ---- Small messages: bursts of them, each from one callback ---- */

static void send_small(uv_write_t* req) {
  uv_buf_t bufs[PARTS];
  unsigned i;

  for (i = 0; i < parts; i++)
    bufs[i] = uv_buf_init(bytes, SMALL / parts);
  check(uv_write(req, &ends[0].stream, bufs, parts, NULL), "uv_write");
}

static void send_burst(void) {
  int i;

  for (i = 0; i < BURST; i++)
    send_small(&writes[rounds * BURST + i]);
  rounds++;
}

static void on_small(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
  arrived += (size_t) nread;
  if (arrived < (size_t) rounds * BURST * SMALL)
    return;
  if (rounds < BURSTS) {
    send_burst();
  } else {
    shim_count_end();
    uv_stop(loop);
  }
}

static double small_messages(enum kind of, unsigned buffers) {
  begin(of, 0);
  parts = buffers;
  check(uv_read_start(&ends[1].stream, on_alloc, on_small), "uv_read_start");
  shim_count_begin();
  send_burst();
  run();
  end();
  return BURSTS * BURST;
}

static double tcp_small(void) {
  return small_messages(TCP, 1);
}

static double pipe_small(void) {
  return small_messages(PIPE, 1);
}

static double pipe_parts(void) {
  return small_messages(PIPE, PARTS);
}

static void on_waiting(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
  arrived += (size_t) nread;
  if (arrived < AHEAD + (size_t) BURSTS * BURST * SMALL)
    return;
  shim_count_end();
  uv_stop(loop);
}

/* Those that are made while the pipe is full; what fills it is among the calls. */
static double pipe_waiting(void) {
  begin(PIPE, 0);
  check(uv_read_start(&ends[1].stream, on_alloc, on_waiting), "uv_read_start");
  shim_count_begin();
  send_bytes(&writes[BURSTS * BURST], &ends[0], AHEAD);
  parts = 1;
  while (rounds < BURSTS)
    send_burst();
  run();
  end();
  return BURSTS * BURST;
}

/* ---- Lives: connect, accept, close of both ends ---- */

static void live(void);

static void on_end(uv_handle_t* handle) {
  (void) handle;
  if (--met > 0)
    return;
  if (++rounds == WARM_UP)
    shim_count_begin();
  if (rounds < WARM_UP + LIVES) {
    live();
  } else {
    shim_count_end();
    uv_close(&server.handle, NULL);
  }
}

static void both(void) {
  if (++met < 2)
    return;
  uv_close(&ends[0].handle, on_end);
  uv_close(&ends[1].handle, on_end);
}

static void on_life(uv_stream_t* listener, int status) {
  check(status, "listen");
  init(&ends[1]);
  check(uv_accept(listener, &ends[1].stream), "uv_accept");
  both();
}

static void on_live(uv_connect_t* req, int status) {
  (void) req;
  check(status, "connect");
  both();
}

static void live(void) {
  call_server(on_live);
}

static double lives(enum kind of) {
  kind = of;
  ipc = met = rounds = 0;
  place = stream_listen(loop, &server, kind, on_life);
  live();
  run();
  return LIVES;
}

static double tcp_lives(void) {
  return lives(TCP);
}

static double pipe_lives(void) {
  return lives(PIPE);
}

/* ---- Talks: a life with a question, its answer, and the client's end before the server's ---- */

static void talk(void);

static void on_talk_end(uv_handle_t* handle) {
  (void) handle;
  if (--met > 0)
    return;
  if (++rounds == WARM_UP)
    shim_count_begin();
  if (rounds < WARM_UP + LIVES) {
    talk();
  } else {
    shim_count_end();
    uv_close(&server.handle, NULL);
  }
}

static void on_answer(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  check((int) nread, "read");
  if (nread > 0)
    uv_close((uv_handle_t*) stream, on_talk_end);
}

static void on_question(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == UV_EOF)
    uv_close((uv_handle_t*) stream, on_talk_end);
  else if (nread > 0)
    send_bytes(&writes[1], &ends[1], (size_t) nread);
  else
    check((int) nread, "read");
}

static void on_caller(uv_stream_t* listener, int status) {
  check(status, "listen");
  init(&ends[1]);
  check(uv_accept(listener, &ends[1].stream), "uv_accept");
  check(uv_read_start(&ends[1].stream, on_alloc, on_question), "uv_read_start");
}

static void on_called(uv_connect_t* req, int status) {
  (void) req;
  check(status, "connect");
  send_bytes(&writes[0], &ends[0], SMALL);
  check(uv_read_start(&ends[0].stream, on_alloc, on_answer), "uv_read_start");
}

static void talk(void) {
  met = 2;
  call_server(on_called);
}

static double tcp_talks(void) {
  kind = TCP;
  ipc = rounds = 0;
  place = stream_listen(loop, &server, kind, on_caller);
  talk();
  run();
  return LIVES;
}

/* ---- Timers: an operation is one of a millisecond ---- */

static void on_timer(uv_timer_t* timer) {
  if (++rounds == WARM_UP)
    shim_count_begin();
  if (rounds == WARM_UP + LIVES) {
    shim_count_end();
    uv_close((uv_handle_t*) timer, NULL);
  }
}

static double timers(void) {
  uv_timer_t timer;

  rounds = 0;
  check(uv_timer_init(loop, &timer), "uv_timer_init");
  check(uv_timer_start(&timer, on_timer, 1, 1), "uv_timer_start");
  run();
  return LIVES;
}

/* An echo beside which a timer waits for a minute costs what one alone does. */
static double echo_with_timer(void) {
  uv_timer_t timer;
  double operations;

  check(uv_timer_init(loop, &timer), "uv_timer_init");
  check(uv_timer_start(&timer, on_timer, 60000, 0), "uv_timer_start");
  uv_unref((uv_handle_t*) &timer);
  operations = tcp_echo();
  uv_close((uv_handle_t*) &timer, NULL);
  run();
  return operations;
}

/* ---- A loop that has nothing to do; an operation is a second ---- */

static void on_async(uv_async_t* async) {
  uv_close((uv_handle_t*) async, NULL);
}

static uint64_t rested_ns;

static void rest(void* async) {
  uint64_t begun = uv_hrtime();

  uv_sleep(REST_MS);
  shim_count_end();
  rested_ns = uv_hrtime() - begun;
  check(uv_async_send(async), "uv_async_send");
}

static double idle(void) {
  uv_async_t async;
  uv_thread_t thread;

  check(uv_async_init(loop, &async, on_async), "uv_async_init");
  check(uv_thread_create(&thread, rest, &async), "uv_thread_create");
  shim_count_begin();
  run();
  uv_thread_join(&thread);
  return (double) rested_ns / 1e9;
}

/* ---- The table ---- */

static const struct {
  const char* name;
  double (*measure)(void); /* The number of operations. */
  double most;             /* Calls per operation that are not too many. */
} rows[] = {
    {"TCP echo, per message", tcp_echo, 4.05},
    {"pipe echo, per message", pipe_echo, 4.05},
    {"IPC echo, per message", ipc_echo, 4.05},
    {"TCP bulk, per 64 KiB", tcp_bulk, 1.3},
    {"pipe bulk, per 64 KiB", pipe_bulk, 1.8},
    {"TCP small messages, per message", tcp_small, 1.2},
    {"pipe small messages, per message", pipe_small, 2.1},
    {"pipe messages of 4 buffers", pipe_parts, 2.1},
    {"pipe small messages that wait", pipe_waiting, 0.1},
    {"TCP connect + accept + close", tcp_lives, 16.1}, /* one wait tells of both ends, or two do */
    {"TCP life with question and answer", tcp_talks, 33.1},
    {"pipe connect + accept + close", pipe_lives, 13.1},
    {"TCP echo beside a far timer", echo_with_timer, 4.05},
    {"timer of 1 ms", timers, 3.5},
    {"idle loop, per second", idle, 1.5},
};

int main(int argc, char** argv) {
  int checks = argc > 1 && strcmp(argv[1], "--check") == 0;
  const char* only = argc > 1 && !checks ? argv[1] : NULL;
  int exceeded = 0;
  size_t i;

  loop = uv_default_loop();
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    double operations, calls;
    if (only != NULL && strstr(rows[i].name, only) == NULL)
      continue;
    operations = rows[i].measure();
    calls = (double) shim_count(NULL) / operations;
    printf("%-36s %8.2f%s\n", rows[i].name, calls,
           checks && calls > rows[i].most ? "  too many" : "");
    exceeded += calls > rows[i].most;
    if (!checks)
      shim_count_print(operations);
  }
  return checks && exceeded > 0;
}
