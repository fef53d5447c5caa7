/* What the library allocates, and that it does so through uv_replace_allocator only
 * (rules L8, L2, and the part of E1 that one call can show). */
#include <stdlib.h>

#include "harness.h"
#include "memory.h"
#include "net.h"
#include "pipes.h"
#include "uv.h"

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

static void never_write(uv_write_t* req, int status) {
  (void) req;
  (void) status;
  FAIL("a refused write got a callback");
}

TEST(l8_replace_allocator_needs_all_four) {
  CHECK_EQ(uv_replace_allocator(NULL, realloc, calloc, free), UV_EINVAL);
  CHECK_EQ(uv_replace_allocator(malloc, NULL, calloc, free), UV_EINVAL);
  CHECK_EQ(uv_replace_allocator(malloc, realloc, NULL, free), UV_EINVAL);
  CHECK_EQ(uv_replace_allocator(malloc, realloc, calloc, NULL), UV_EINVAL);
  {
    long before = memory_calls();
    uv_loop_t* loop = uv_loop_new();

    CHECK(loop != NULL);
    CHECK(memory_calls() > before); /* the refusals changed nothing */
    uv_loop_delete(loop);
  }
}

TEST(l8_everything_is_freed_through_the_allocator) {
  long before = memory_live();
  uv_loop_t* loop = uv_loop_new();

  CHECK(loop != NULL);
  CHECK(memory_live() > before);
  uv_loop_delete(loop);
  CHECK_EQ(memory_live(), before);
}

TEST(l8_reading_and_writing_allocate_nothing) {
  struct net_sink sink = {0};
  uv_buf_t bufs[4];
  uv_write_t writes[3];
  uv_timer_t timer;
  uv_tcp_t a;
  uv_tcp_t b;
  long before;
  int i;
  int k;

  net_pair(&a, &b);
  before = memory_calls();
  net_drain((uv_stream_t*) &b, &sink);
  for (i = 0; i < 3; i++) {
    for (k = 0; k < 4; k++) {
      bufs[k] = uv_buf_init(net_block() + (i * 4 + k) * 1000, 1000);
    }
    CHECK_EQ(uv_write(&writes[i], (uv_stream_t*) &a, bufs, 4, NULL), 0);
  }
  net_until_bytes(&sink, 12000);
  bufs[0] = uv_buf_init(net_block() + 12000, 1000);
  CHECK_EQ(uv_try_write((uv_stream_t*) &a, bufs, 1), 1000);
  net_until_bytes(&sink, 13000);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &b), 0);
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, NULL, 0, 0), UV_EINVAL);
  net_close((uv_handle_t*) &a);
  net_close((uv_handle_t*) &timer);
  CHECK_EQ(memory_calls(), before);
  net_end();
}

static int written;

static void count_write(uv_write_t* req, int status) {
  (void) req;
  CHECK_EQ(status, 0);
  written++;
}

/* Eight buffers of `part` bytes each, written twice while a reader reads them. One byte goes before
 * them, because the reader of an IPC pipe makes room for handles with its first read. */
static void write_eight(uv_stream_t* from, uv_stream_t* to, size_t part) {
  struct net_sink sink = {0};
  uv_buf_t bufs[8];
  uv_write_t writes[2];
  int sent = 0;
  long before;
  int i;
  int k;

  written = 0;
  net_drain(to, &sink);
  net_send(from, 1, 0, &sent);
  net_until_bytes(&sink, 1);
  net_until(&sent, 1);
  before = memory_calls();
  for (i = 0; i < 2; i++) {
    for (k = 0; k < 8; k++)
      bufs[k] = uv_buf_init(net_block() + 1 + (size_t) (i * 8 + k) * part, (unsigned) part);
    CHECK_EQ(uv_write(&writes[i], from, bufs, 8, count_write), 0);
  }
  net_until_bytes(&sink, 1 + 16 * part);
  net_until(&written, 2);
  CHECK_EQ(memory_calls(), before);
  net_close((uv_handle_t*) from);
  net_close((uv_handle_t*) to);
  CHECK_EQ(memory_calls(), before);
}

TEST(l8_write_of_eight_buffers_allocates_nothing) {
  /* What goes at once, and what has to wait for the reader. */
  const size_t parts[] = {10, NET_BLOCK / 32};
  size_t i;

  for (i = 0; i < 2; i++) {
    uv_pipe_t from;
    uv_pipe_t to;
    uv_tcp_t a;
    uv_tcp_t b;
    int way;

    net_small_pair(&a, &b);
    write_eight((uv_stream_t*) &a, (uv_stream_t*) &b, parts[i]);
    for (way = 0; way < TEST_WAYS; way++) {
      test_pipe_way((enum test_way) way, &from, &to);
      write_eight((uv_stream_t*) &from, (uv_stream_t*) &to, parts[i]);
    }
  }
  net_end();
}

TEST(l8_write_of_many_buffers_allocates_once_and_frees_before_its_callback) {
  struct net_sink sink = {0};
  uv_buf_t bufs[100];
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  long calls;
  long live;
  int i;

  net_pair(&a, &b);
  net_drain((uv_stream_t*) &b, &sink);
  for (i = 0; i < 100; i++) {
    bufs[i] = uv_buf_init(net_block() + i * 10, 10);
  }
  calls = memory_calls();
  live = memory_live();
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, bufs, 100, count_write), 0);
  CHECK(memory_calls() <= calls + 1);
  net_until(&written, 1);
  CHECK_EQ(memory_live(), live);
  net_until_bytes(&sink, 1000);
  net_end();
}

enum {
  CONNECTIONS = 100
};

static uv_tcp_t accepted[CONNECTIONS];
static int claimed;

static void claim(uv_stream_t* server, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(server->loop, &accepted[claimed]), 0);
  CHECK_EQ(uv_accept(server, (uv_stream_t*) &accepted[claimed]), 0);
  CHECK_EQ(uv_read_start((uv_stream_t*) &accepted[claimed], net_alloc, NULL), UV_EINVAL);
  claimed++;
}

static void never_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  CHECK_EQ(nread, 0);
}

TEST(l8_idle_connections_hold_no_heap) {
  static uv_tcp_t clients[CONNECTIONS];
  static uv_connect_t reqs[CONNECTIONS];
  struct sockaddr_in addr;
  uv_tcp_t server;
  long live = 0;
  int i;

  test_needs_fds(2 * CONNECTIONS);
  addr = net_listen(&server, CONNECTIONS, claim);
  for (i = 0; i < CONNECTIONS; i++) {
    CHECK_EQ(uv_tcp_init(net_loop(), &clients[i]), 0);
    CHECK_EQ(uv_tcp_connect(&reqs[i], &clients[i], (struct sockaddr*) &addr, NULL), 0);
    net_until(&claimed, i + 1);
    CHECK_EQ(uv_read_start((uv_stream_t*) &accepted[i], net_alloc, never_read), 0);
    net_turns(2);
    if (i == 0) {
      live = memory_live();
    }
  }
  CHECK_EQ(memory_live(), live);
  net_end();
}

/* ---- Without memory ---- */

TEST(l2_write_without_memory_is_refused_and_leaves_no_trace) {
  struct net_sink sink = {0};
  uv_buf_t bufs[20];
  uv_write_t write;
  uv_tcp_t a;
  uv_tcp_t b;
  int i;

  net_pair(&a, &b);
  for (i = 0; i < 20; i++) {
    bufs[i] = uv_buf_init(net_block() + i * 10, 10);
  }
  memory_fail_nth(1);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, bufs, 20, never_write), UV_ENOMEM);
  memory_fail_nth(0);
  CHECK_EQ(a.write_queue_size, 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  CHECK_EQ(uv_write(&write, (uv_stream_t*) &a, bufs, 20, count_write), 0); /* and goes on */
  net_drain((uv_stream_t*) &b, &sink);
  net_until_bytes(&sink, 200);
  net_until(&written, 1);
  net_end();
}

TEST(l8_loop_without_memory_is_an_error) {
  memory_fail_all(1);
  CHECK(uv_loop_new() == NULL);
  memory_fail_all(0);
  CHECK_EQ(memory_live(), 0);
}

TEST(l8_interfaces_without_memory_are_an_error) {
  uv_interface_address_t* list = NULL;
  int count = -1;

  memory_fail_all(1);
  CHECK_EQ(uv_interface_addresses(&list, &count), UV_ENOMEM);
  memory_fail_all(0);
  CHECK(list == NULL); /* E2 */
  CHECK_EQ(count, -1);
}

/* No allocation is needed to close: memory that is gone cannot keep a handle open. */
TEST(l8_closing_needs_no_memory) {
  uv_tcp_t server;
  uv_tcp_t a;
  uv_tcp_t b;

  net_listen(&server, 8, ignore_connection);
  net_pair(&a, &b);
  memory_fail_all(1);
  uv_close((uv_handle_t*) &server, net_count_close);
  uv_close((uv_handle_t*) &a, net_count_close);
  uv_close((uv_handle_t*) &b, net_count_close);
  net_closed = 0;
  net_until(&net_closed, 3);
  memory_fail_all(0);
  net_end();
}
