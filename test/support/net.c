/* Loops, connections and bytes for tests; see net.h. */
#include "net.h"

#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#  include <errno.h>
#  include <poll.h>
#endif

#include "harness.h"

enum {
  WATCHDOG_MS = 110 * 1000,
  SMALL_BUFFER = 32 * 1024
};

int net_closed;

static uv_loop_t loop;
static int loop_made;
static uv_timer_t watchdog;

static void bark(uv_timer_t* timer) {
  (void) timer;
  FAIL("the loop hangs: the watchdog timer ran out");
}

uv_loop_t* net_loop(void) {
  if (!loop_made) {
    loop_made = 1;
    CHECK_EQ(uv_loop_init(&loop), 0);
    CHECK_EQ(uv_timer_init(&loop, &watchdog), 0);
    CHECK_EQ(uv_timer_start(&watchdog, bark, WATCHDOG_MS, 0), 0);
    uv_unref((uv_handle_t*) &watchdog);
  }
  return &loop;
}

void net_goes_on(void) {
  CHECK_EQ(uv_timer_start(&watchdog, bark, WATCHDOG_MS, 0), 0);
}

#ifdef _WIN32

int net_wait_outside(const uv_loop_t* waiting, int timeout_ms) {
  HANDLE port = (HANDLE) (intptr_t) uv_backend_fd(waiting);
  DWORD result = WaitForSingleObject(port, timeout_ms < 0 ? INFINITE : (DWORD) timeout_ms);

  CHECK(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT);
  return result == WAIT_OBJECT_0;
}

/* Without a packet in reserve a loop looks once a second whether there was no memory to wake it with. */
int net_limit(const uv_loop_t* waiting, int ms) {
  return waiting->tail.reserve == NULL && (ms < 0 || ms > 1000) ? 1000 : ms;
}

#else

int net_wait_outside(const uv_loop_t* waiting, int timeout_ms) {
  struct pollfd told = {uv_backend_fd(waiting), POLLIN, 0};
  int n = poll(&told, 1, timeout_ms);

  CHECK(n >= 0 || errno == EINTR); /* A signal of the test's own is another loop's affair. */
  return n > 0;
}

int net_limit(const uv_loop_t* waiting, int ms) {
  (void) waiting;
  return ms;
}

#endif

int net_turn_outside(uv_loop_t* waiting) {
  net_wait_outside(waiting, uv_backend_timeout(waiting));
  return uv_run(waiting, UV_RUN_NOWAIT);
}

void net_need_outside(void) {
  if (uv_backend_fd(net_loop()) != -1)
    return;
  net_end();
  SKIP("this poller has no descriptor that another loop can wait on");
}

static int is_outside(void) {
  static int asked = -1;

  if (asked < 0)
    asked = getenv("UVTEST_OUTSIDE") != NULL;
  return asked && uv_backend_fd(net_loop()) != -1;
}

static int take_turn(void) {
  return is_outside() ? net_turn_outside(net_loop()) : uv_run(net_loop(), UV_RUN_ONCE);
}

void net_until(const int* number, int goal) {
  while (*number < goal) {
    if (take_turn() == 0 && *number < goal) {
      FAIL("the loop ended before what the test waits for happened");
    }
  }
}

void net_turns(int turns) {
  int i;

  for (i = 0; i < turns; i++) {
    uv_run(net_loop(), UV_RUN_NOWAIT);
  }
}

static void close_open(uv_handle_t* handle, void* arg) {
  (void) arg;
  if (!uv_is_closing(handle)) {
    uv_close(handle, NULL);
  }
}

void net_end(void) {
  uv_walk(net_loop(), close_open, NULL);
  while (is_outside() && take_turn() != 0)
    continue;
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(uv_loop_alive(&loop), 0);
  CHECK_EQ(uv_loop_close(&loop), 0);
  loop_made = 0;
}

void net_count_close(uv_handle_t* handle) {
  (void) handle;
  net_closed++;
}

void net_close(uv_handle_t* handle) {
  int goal = net_closed + 1;

  uv_close(handle, net_count_close);
  net_until(&net_closed, goal);
}

/* ---- Connections ---- */

struct sockaddr_in net_address(int port) {
  struct sockaddr_in addr;

  CHECK_EQ(uv_ip4_addr("127.0.0.1", port, &addr), 0);
  return addr;
}

struct sockaddr_in net_bound_to(const uv_tcp_t* handle) {
  struct sockaddr_in addr;
  int len = sizeof addr;

  CHECK_EQ(uv_tcp_getsockname(handle, (struct sockaddr*) &addr, &len), 0);
  CHECK_EQ(len, sizeof addr);
  return addr;
}

struct sockaddr_in net_listen(uv_tcp_t* server, int backlog, uv_connection_cb cb) {
  struct sockaddr_in any = net_address(0);

  CHECK_EQ(uv_tcp_init(net_loop(), server), 0);
  CHECK_EQ(uv_tcp_bind(server, (struct sockaddr*) &any, 0), 0);
  CHECK_EQ(uv_listen((uv_stream_t*) server, backlog, cb), 0);
  return net_bound_to(server);
}

struct sockaddr_in net_closed_port(uv_tcp_t* holder) {
  struct sockaddr_in any = net_address(0);

  CHECK_EQ(uv_tcp_init(net_loop(), holder), 0);
  CHECK_EQ(uv_tcp_bind(holder, (struct sockaddr*) &any, 0), 0);
  return net_bound_to(holder);
}

int net_has_ipv6(void) {
  struct sockaddr_in6 addr;
  uv_tcp_t probe;
  int err;

  CHECK_EQ(uv_ip6_addr("::1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(net_loop(), &probe), 0);
  err = uv_tcp_bind(&probe, (struct sockaddr*) &addr, 0);
  net_close((uv_handle_t*) &probe);
  return err == 0;
}

/* A pair in the making: the listener's `data` points here. */
struct pairing {
  uv_tcp_t* server;
  int done; /* 2: both ends are there */
};

static void pair_accepted(uv_stream_t* listener, int status) {
  struct pairing* p = listener->data;

  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(listener->loop, p->server), 0);
  CHECK_EQ(uv_accept(listener, (uv_stream_t*) p->server), 0);
  p->done++;
}

static void pair_connected(uv_connect_t* req, int status) {
  struct pairing* p = req->data;

  CHECK_EQ(status, 0);
  p->done++;
}

static void make_pair(uv_tcp_t* client, uv_tcp_t* server, int small) {
  struct pairing p = {server, 0};
  struct sockaddr_in addr;
  uv_connect_t req;
  uv_tcp_t listener;

  addr = net_listen(&listener, 1, pair_accepted);
  listener.data = &p;
  req.data = &p;
  CHECK_EQ(uv_tcp_init_ex(net_loop(), client, AF_INET), 0);
  if (small) {
    int size = SMALL_BUFFER;

    CHECK_EQ(uv_send_buffer_size((uv_handle_t*) client, &size), 0);
    size = SMALL_BUFFER;
    CHECK_EQ(uv_recv_buffer_size((uv_handle_t*) client, &size), 0);
  }
  CHECK_EQ(uv_tcp_connect(&req, client, (struct sockaddr*) &addr, pair_connected), 0);
  net_until(&p.done, 2);
  if (small) {
    int size = SMALL_BUFFER;

    CHECK_EQ(uv_send_buffer_size((uv_handle_t*) server, &size), 0);
    size = SMALL_BUFFER;
    CHECK_EQ(uv_recv_buffer_size((uv_handle_t*) server, &size), 0);
  }
  net_close((uv_handle_t*) &listener);
}

void net_pair(uv_tcp_t* client, uv_tcp_t* server) {
  make_pair(client, server, 0);
}

void net_small_pair(uv_tcp_t* client, uv_tcp_t* server) {
  make_pair(client, server, 1);
}

/* ---- Bytes ---- */

char* net_block(void) {
  static char* block; /* Of the heap: a leak checker reads all static memory of every test. */

  if (block == NULL) {
    block = malloc(NET_BLOCK);
    CHECK(block != NULL);
    pattern_fill(block, NET_BLOCK, 0);
  }
  return block;
}

void net_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char memory[65536];

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(memory, sizeof memory);
}

static void sink_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct net_sink* sink = stream->data;

  CHECK_EQ(sink->ended, 0);
  if (nread > 0) {
    pattern_check(buf->base, (size_t) nread, sink->bytes);
    sink->bytes += (uint64_t) nread;
    sink->reads++;
  } else if (nread < 0) {
    sink->ended++;
    sink->status = (int) nread;
  }
}

void net_drain(uv_stream_t* stream, struct net_sink* sink) {
  stream->data = sink;
  CHECK_EQ(uv_read_start(stream, net_alloc, sink_read), 0);
}

void net_until_bytes(const struct net_sink* sink, uint64_t bytes) {
  while (sink->bytes < bytes && !sink->ended) {
    if (take_turn() == 0 && sink->bytes < bytes && !sink->ended) {
      FAIL("the loop ended before the bytes arrived");
    }
  }
}

/* One write of net_send: the request, then its bytes. */
struct sending {
  uv_write_t req;
  int* done;
};

static void sent(uv_write_t* req, int status) {
  struct sending* s = (struct sending*) req;

  CHECK_EQ(status, 0);
  if (s->done != NULL) {
    ++*s->done;
  }
  free(s);
}

void net_send(uv_stream_t* stream, size_t len, uint64_t at, int* done) {
  struct sending* s = malloc(sizeof *s + len);
  uv_buf_t buf;

  CHECK(s != NULL);
  s->done = done;
  buf = uv_buf_init((char*) (s + 1), (unsigned) len);
  pattern_fill(buf.base, len, at);
  CHECK_EQ(uv_write(&s->req, stream, &buf, 1, sent), 0);
}

void net_exchange(uv_stream_t* from, uv_stream_t* to, size_t len) {
  struct net_sink sink = {0};
  int done = 0;

  net_drain(to, &sink);
  net_send(from, len, 0, &done);
  net_until_bytes(&sink, len);
  net_until(&done, 1);
  CHECK_EQ(uv_read_stop(to), 0);
}
