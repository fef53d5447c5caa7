/* Closing: when the callback comes, after what, and from where it may be asked for
 * (rules L4, L5, L6). "In time" means here: although nothing else happens on the loop. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

static char trace[64];

static void note(const char* what) {
  CHECK(strlen(trace) + strlen(what) < sizeof trace);
  strcat(trace, what);
}

static void note_close(uv_handle_t* handle) {
  (void) handle;
  note("x");
}

static void note_connect(uv_connect_t* req, int status) {
  (void) req;
  note(status == 0 ? "C" : "c");
  CHECK(status == 0 || status == UV_ECANCELED);
}

static void note_write(uv_write_t* req, int status) {
  (void) req;
  note(status == 0 ? "W" : "w");
  CHECK(status == 0 || status == UV_ECANCELED);
}

static void note_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  CHECK_EQ(status, UV_ECANCELED);
  note("s");
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) nread;
  (void) buf;
  FAIL("nothing was sent on this stream");
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

TEST(l4_close_comes_although_nothing_else_happens) {
  struct sockaddr_in any = net_address(0);
  uv_tcp_t handles[6];
  size_t i;

  CHECK_EQ(uv_tcp_init(net_loop(), &handles[0]), 0);
  CHECK_EQ(uv_tcp_init_ex(net_loop(), &handles[1], AF_INET), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &handles[2]), 0);
  CHECK_EQ(uv_tcp_bind(&handles[2], (struct sockaddr*) &any, 0), 0);
  net_listen(&handles[3], 8, ignore_connection);
  net_pair(&handles[4], &handles[5]);
  CHECK_EQ(uv_read_start((uv_stream_t*) &handles[5], net_alloc, never_read), 0);
  net_turns(3);

  for (i = 0; i < 6; i++) {
    net_closed = 0;
    uv_close((uv_handle_t*) &handles[i], net_count_close);
    CHECK_EQ(net_closed, 0);
    if (i == 4) {
      CHECK_EQ(uv_read_stop((uv_stream_t*) &handles[5]), 0);
    }
    net_until(&net_closed, 1);
  }
  net_end();
}

TEST(l4_close_twice_and_without_callback) {
  uv_tcp_t first;
  uv_tcp_t second;

  CHECK_EQ(uv_tcp_init(net_loop(), &first), 0);
  uv_close((uv_handle_t*) &first, note_close);
  uv_close((uv_handle_t*) &first, net_count_close); /* ignored */
  CHECK_EQ(uv_tcp_init(net_loop(), &second), 0);
  uv_close((uv_handle_t*) &second, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "x");
  CHECK_EQ(net_closed, 0);
  net_end();
}

TEST(l4_reading_stream_closes_without_a_read_callback) {
  uv_tcp_t a;
  uv_tcp_t b;

  net_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, never_read), 0);
  net_turns(3);
  uv_close((uv_handle_t*) &a, note_close);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "x");
  net_end();
}

/* More is written than the system takes, so the first write is under way, the others wait. */
TEST(l5_close_order_is_writes_then_shutdown_then_close) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t writes[3];
  uv_shutdown_t shutdown;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_small_pair(&a, &b);
  for (i = 0; i < 3; i++) {
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &buf, 1, note_write), 0);
  }
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, note_shutdown), 0);
  net_turns(3);
  CHECK_STR(trace, "");
  uv_close((uv_handle_t*) &a, note_close);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "wwwsx");
  CHECK_EQ(a.write_queue_size, 0);
  net_end();
}

TEST(l5_write_that_completed_says_so) {
  uv_buf_t small = uv_buf_init(net_block(), 10);
  uv_buf_t large = uv_buf_init(net_block(), NET_BLOCK);
  uv_write_t writes[2];
  uv_tcp_t a;
  uv_tcp_t b;

  net_small_pair(&a, &b);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &a, &small, 1, note_write), 0);
  CHECK_EQ(a.write_queue_size, 0); /* the system has it */
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &a, &large, 1, note_write), 0);
  uv_close((uv_handle_t*) &a, note_close);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_STR(trace, "Wwx");
  net_end();
}

/* Several writes of one turn, and the close right behind them. */
TEST(l5_close_keeps_what_the_system_takes) {
  struct net_sink sink = {0};
  uv_write_t writes[3];
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_pair(&a, &b);
  for (i = 0; i < 3; i++) {
    uv_buf_t buf = uv_buf_init(net_block() + 1000 * i, 1000);
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, &buf, 1, note_write), 0);
  }
  uv_close((uv_handle_t*) &a, note_close);
  net_drain((uv_stream_t*) &b, &sink);
  net_until(&sink.ended, 1);
  CHECK_EQ(sink.bytes, 3000);
  CHECK_EQ(sink.status, UV_EOF);
  CHECK_STR(trace, "WWWx");
  net_end();
}

TEST(l5_close_order_while_connecting) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  struct sockaddr_in addr;
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_write_t writes[2];
  uv_tcp_t server;
  uv_tcp_t client;

  addr = net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, note_connect), 0);
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) &client, &buf, 1, note_write), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &client, note_shutdown), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &client, net_alloc, never_read), 0);
  uv_close((uv_handle_t*) &client, note_close);
  uv_close((uv_handle_t*) &server, NULL);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  if (trace[0] == 'C') {
    trace[0] = 'c'; /* the connection was really made before the close */
  }
  CHECK_STR(trace, "cwwsx");
  CHECK_EQ(client.write_queue_size, 0);
  net_end();
}

/* ---- L4: close, and free, from every callback ---- */

/* A handle that is freed by its close callback; a sanitizer or the overwritten memory tells
 * when the library looks at it afterwards. */
static uv_tcp_t* heap_tcp(void) {
  uv_tcp_t* tcp = malloc(sizeof *tcp);

  CHECK(tcp != NULL);
  CHECK_EQ(uv_tcp_init(net_loop(), tcp), 0);
  return tcp;
}

static void free_closed(uv_handle_t* handle) {
  memset(handle, 0x5a, handle->type == UV_TCP ? sizeof(uv_tcp_t) : sizeof(uv_timer_t));
  free(handle);
  net_closed++;
}

static void close_free(void* handle) {
  uv_close(handle, free_closed);
}

static uv_tcp_t* accepted;
static int ready;

static void close_in_connect(uv_connect_t* req, int status) {
  CHECK_EQ(status, 0);
  close_free(req->handle);
}

static void close_server_in_connection(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  accepted = heap_tcp();
  CHECK_EQ(uv_accept(server, (uv_stream_t*) accepted), 0);
  close_free(accepted);
  close_free(server);
}

static uv_tcp_t* heap_listener(struct sockaddr_in* addr, uv_connection_cb cb) {
  struct sockaddr_in any = net_address(0);
  uv_tcp_t* server = heap_tcp();

  CHECK_EQ(uv_tcp_bind(server, (struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) server, 8, cb), 0);
  *addr = net_bound_to(server);
  return server;
}

TEST(l4_close_and_free_in_connect_and_connection_callbacks) {
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_tcp_t* client = heap_tcp();

  heap_listener(&addr, close_server_in_connection);
  CHECK_EQ(uv_tcp_connect(&connect, client, (struct sockaddr*) &addr, close_in_connect), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 3);
  net_end();
}

static void close_server_unclaimed(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  ready++;
  close_free(server);
}

static void expect_end(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0) {
    return;
  }
  CHECK(nread == UV_EOF || nread == UV_ECONNRESET);
  close_free(stream);
}

static void read_in_connect(uv_connect_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_read_start(req->handle, net_alloc, expect_end), 0);
}

TEST(l4_listener_closes_with_a_connection_unclaimed) {
  struct sockaddr_in addr;
  uv_connect_t connect;
  uv_tcp_t* client = heap_tcp();

  heap_listener(&addr, close_server_unclaimed);
  CHECK_EQ(uv_tcp_connect(&connect, client, (struct sockaddr*) &addr, read_in_connect), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(ready, 1);
  CHECK_EQ(net_closed, 2);
  net_end();
}

static void heap_pair(uv_tcp_t** a, uv_tcp_t** b) {
  *a = malloc(sizeof **a);
  *b = malloc(sizeof **b);
  CHECK(*a != NULL && *b != NULL);
  net_pair(*a, *b);
  net_closed = 0;
}

static void close_in_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  CHECK(nread > 0);
  close_free(stream);
}

static void close_in_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  close_free(req->handle);
}

TEST(l4_close_and_free_in_read_and_write_callbacks) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  uv_write_t write;
  uv_tcp_t* a;
  uv_tcp_t* b;

  heap_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) b, net_alloc, close_in_read), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) a, &buf, 1, close_in_write), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 2);
  net_end();
}

static void close_other_in_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  close_free(req->handle);
  if (!uv_is_closing(req->data)) {
    close_free(req->data); /* Its close callback comes first, and may find us still there. */
  }
}

/* Both have a write callback due in the same turn; whichever comes first closes the other,
 * whose callback then still comes before its close callback. */
TEST(l4_close_of_another_stream_with_callbacks_due) {
  uv_buf_t buf = uv_buf_init("hello", 5);
  uv_write_t writes[2];
  uv_tcp_t* a;
  uv_tcp_t* b;

  heap_pair(&a, &b);
  writes[0].data = b;
  writes[1].data = a;
  CHECK_EQ(uv_write(&writes[0], (uv_stream_t*) a, &buf, 1, close_other_in_write), 0);
  CHECK_EQ(uv_write(&writes[1], (uv_stream_t*) b, &buf, 1, close_other_in_write), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 2);
  net_end();
}

static void close_in_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  close_free(req->handle);
}

TEST(l4_close_and_free_in_shutdown_and_eof_callbacks) {
  uv_shutdown_t shutdown;
  uv_tcp_t* a;
  uv_tcp_t* b;

  heap_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) b, net_alloc, expect_end), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) a, close_in_shutdown), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 2);
  net_end();
}

static void close_in_timer(uv_timer_t* timer) {
  close_free(timer->data);
  close_free(timer);
}

TEST(l4_close_and_free_in_a_timer_callback) {
  uv_timer_t* timer = malloc(sizeof *timer);
  uv_tcp_t* a;
  uv_tcp_t* b;

  CHECK(timer != NULL);
  heap_pair(&a, &b);
  CHECK_EQ(uv_read_start((uv_stream_t*) a, net_alloc, never_read), 0);
  CHECK_EQ(uv_timer_init(net_loop(), timer), 0);
  timer->data = a;
  CHECK_EQ(uv_timer_start(timer, close_in_timer, 1, 1), 0);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 2);
  close_free(b);
  net_end();
}

static void close_next(uv_handle_t* handle) {
  close_free(handle->data);
  free_closed(handle);
}

TEST(l4_close_of_another_in_a_close_callback) {
  uv_tcp_t* first = heap_tcp();

  first->data = heap_tcp();
  uv_close((uv_handle_t*) first, close_next);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(net_closed, 2);
  net_end();
}

/* The memory of a closed handle serves a new one at once. */
static int rounds;

static void init_again(uv_handle_t* handle) {
  if (++rounds < 5) {
    CHECK_EQ(uv_tcp_init(net_loop(), (uv_tcp_t*) handle), 0);
    uv_close(handle, init_again);
  }
}

TEST(l4_memory_is_the_callers_from_the_close_callback_on) {
  uv_tcp_t tcp;

  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  uv_close((uv_handle_t*) &tcp, init_again);
  CHECK_EQ(uv_run(net_loop(), UV_RUN_DEFAULT), 0);
  CHECK_EQ(rounds, 5);
  net_end();
}

/* ---- L6 ---- */

static int ticks;

static void tick(uv_timer_t* timer) {
  if (++ticks == 20) {
    uv_timer_stop(timer);
  }
}

/* One peer that never reads, one that says nothing, one connect that nobody takes: the
 * timer's turns come all the same. Would one of them block, CTest ended this test. */
TEST(l6_stuck_peers_do_not_stop_the_loop) {
  uv_buf_t buf = uv_buf_init(net_block(), NET_BLOCK);
  struct sockaddr_in addr;
  uv_connect_t connects[8];
  uv_tcp_t clients[8];
  uv_write_t write;
  uv_timer_t timer;
  uv_tcp_t server;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_small_pair(&a, &b);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, &buf, 1, note_write), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &a, net_alloc, never_read), 0);
  addr = net_listen(&server, 1, ignore_connection);
  for (i = 0; i < 8; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    CHECK_EQ(uv_tcp_connect(&connects[i], &clients[i], (struct sockaddr*) &addr, NULL), 0);
  }
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, tick, 1, 1), 0);
  net_until(&ticks, 20);
  CHECK_STR(trace, "");
  net_end();
  CHECK_STR(trace, "w");
}
