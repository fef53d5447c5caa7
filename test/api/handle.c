/* What all handles and requests share: names, sizes, data, references, activity. */
#include <string.h>

#include "harness.h"
#include "net.h"
#include "uv.h"

TEST(handle_sizes_and_names) {
  CHECK_EQ(uv_handle_size(UV_TCP), sizeof(uv_tcp_t));
  CHECK_EQ(uv_handle_size(UV_TIMER), sizeof(uv_timer_t));
  CHECK_EQ(uv_handle_size(UV_IDLE), sizeof(uv_idle_t));
  CHECK_EQ(uv_handle_size(UV_PREPARE), sizeof(uv_prepare_t));
  CHECK_EQ(uv_handle_size(UV_CHECK), sizeof(uv_check_t));
  CHECK_EQ(uv_handle_size(UV_ASYNC), sizeof(uv_async_t));
  CHECK(uv_handle_size(UV_UNKNOWN_HANDLE) == (size_t) -1);
  CHECK(uv_handle_size(UV_HANDLE_TYPE_MAX) == (size_t) -1);
  CHECK(uv_handle_size((uv_handle_type) 1000) == (size_t) -1);
  CHECK(uv_handle_size((uv_handle_type) -1) == (size_t) -1);

  CHECK_STR(uv_handle_type_name(UV_TCP), "tcp");
  CHECK_STR(uv_handle_type_name(UV_TIMER), "timer");
  CHECK_STR(uv_handle_type_name(UV_NAMED_PIPE), "pipe");
  CHECK_STR(uv_handle_type_name(UV_TTY), "tty");
  CHECK_STR(uv_handle_type_name(UV_ASYNC), "async");
  CHECK_STR(uv_handle_type_name(UV_FILE), "file");
  CHECK_STR(uv_handle_type_name(UV_UNKNOWN_HANDLE), NULL);
  CHECK_STR(uv_handle_type_name(UV_HANDLE_TYPE_MAX), NULL);
  CHECK_STR(uv_handle_type_name((uv_handle_type) 1000), NULL);
}

TEST(handle_type_values_are_those_of_libuv) {
  CHECK_EQ(UV_UNKNOWN_HANDLE, 0);
  CHECK_EQ(UV_ASYNC, 1);
  CHECK_EQ(UV_NAMED_PIPE, 7);
  CHECK_EQ(UV_STREAM, 11);
  CHECK_EQ(UV_TCP, 12);
  CHECK_EQ(UV_TIMER, 13);
  CHECK_EQ(UV_TTY, 14);
  CHECK_EQ(UV_FILE, 17);
  CHECK_EQ(UV_CONNECT, 2);
  CHECK_EQ(UV_WRITE, 3);
  CHECK_EQ(UV_SHUTDOWN, 4);
}

TEST(handle_request_sizes_and_names) {
  CHECK_EQ(uv_req_size(UV_WRITE), sizeof(uv_write_t));
  CHECK_EQ(uv_req_size(UV_CONNECT), sizeof(uv_connect_t));
  CHECK_EQ(uv_req_size(UV_SHUTDOWN), sizeof(uv_shutdown_t));
  CHECK(uv_req_size(UV_UNKNOWN_REQ) == (size_t) -1);
  CHECK(uv_req_size(UV_REQ_TYPE_MAX) == (size_t) -1);
  CHECK_STR(uv_req_type_name(UV_WRITE), "write");
  CHECK_STR(uv_req_type_name(UV_CONNECT), "connect");
  CHECK_STR(uv_req_type_name(UV_SHUTDOWN), "shutdown");
  CHECK_STR(uv_req_type_name(UV_UNKNOWN_REQ), NULL);
  CHECK_STR(uv_req_type_name(UV_REQ_TYPE_MAX), NULL);
}

/* Limits that the project promises (docs/CONTRACT.md, rule L8). */
TEST(l8_tcp_handle_is_small) {
#ifdef _WIN32
  CHECK(sizeof(uv_tcp_t) <= 320);
#else
  if (sizeof(void*) == 8) {
    CHECK(sizeof(uv_tcp_t) <= 248);
  }
#endif
  CHECK(sizeof(uv_stream_t) <= sizeof(uv_tcp_t));
}

TEST(handle_data_loop_and_type) {
  uv_write_t write;
  uv_tcp_t tcp;
  int mine;

  tcp.data = &mine;
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK(tcp.data == &mine); /* what the caller put there before stays */
  uv_handle_set_data((uv_handle_t*) &tcp, &tcp);
  CHECK(uv_handle_get_data((uv_handle_t*) &tcp) == &tcp);
  CHECK(uv_handle_get_loop((uv_handle_t*) &tcp) == net_loop());
  CHECK_EQ(uv_handle_get_type((uv_handle_t*) &tcp), UV_TCP);
  CHECK_EQ(tcp.type, UV_TCP);

  uv_req_set_data((uv_req_t*) &write, &mine);
  CHECK(uv_req_get_data((uv_req_t*) &write) == &mine);
  CHECK(write.data == &mine);
  write.type = UV_WRITE;
  CHECK_EQ(uv_req_get_type((uv_req_t*) &write), UV_WRITE);
  net_end();
}

static void never(uv_timer_t* timer) {
  (void) timer;
  FAIL("this timer must not run");
}

TEST(handle_references_are_idempotent) {
  uv_handle_t* handle;
  uv_timer_t timer;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  handle = (uv_handle_t*) &timer;
  CHECK_EQ(uv_has_ref(handle), 1);
  CHECK_EQ(uv_timer_start(&timer, never, 3600 * 1000, 0), 0);
  uv_unref(handle);
  uv_unref(handle);
  CHECK_EQ(uv_has_ref(handle), 0);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  uv_ref(handle);
  CHECK_EQ(uv_has_ref(handle), 1);
  uv_ref(handle);
  CHECK_EQ(uv_loop_alive(net_loop()), 1);
  uv_unref(handle);
  CHECK_EQ(uv_loop_alive(net_loop()), 0);
  net_end();
}

static void ignore_connection(uv_stream_t* server, int status) {
  (void) server;
  (void) status;
}

static void ignore_connect(uv_connect_t* req, int status) {
  (void) req;
  (void) status;
}

static void ignore_shutdown(uv_shutdown_t* req, int status) {
  (void) req;
  (void) status;
}

TEST(handle_is_active_while_it_works) {
  struct net_sink sink = {0};
  struct sockaddr_in addr;
  uv_shutdown_t shutdown;
  uv_connect_t connect;
  uv_async_t async;
  uv_timer_t timer;
  uv_tcp_t server;
  uv_tcp_t client;
  uv_tcp_t a;
  uv_tcp_t b;

  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &timer), 0);
  CHECK_EQ(uv_timer_start(&timer, never, 3600 * 1000, 0), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &timer), 1);
  uv_unref((uv_handle_t*) &timer);
  CHECK_EQ(uv_is_active((uv_handle_t*) &timer), 1);
  CHECK_EQ(uv_is_closing((uv_handle_t*) &timer), 0);

  CHECK_EQ(uv_async_init(net_loop(), &async, NULL), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &async), 1);
  net_close((uv_handle_t*) &async);
  CHECK_EQ(uv_is_active((uv_handle_t*) &async), 0);
  CHECK_EQ(uv_is_closing((uv_handle_t*) &async), 1); /* also after the close callback */

  addr = net_listen(&server, 8, ignore_connection);
  CHECK_EQ(uv_is_active((uv_handle_t*) &server), 1);
  CHECK_EQ(uv_tcp_init(net_loop(), &client), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 0);
  CHECK_EQ(uv_tcp_connect(&connect, &client, (struct sockaddr*) &addr, ignore_connect), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &client), 1);

  net_pair(&a, &b);
  CHECK_EQ(uv_is_active((uv_handle_t*) &b), 0);
  net_drain((uv_stream_t*) &b, &sink);
  CHECK_EQ(uv_is_active((uv_handle_t*) &b), 1);
  CHECK_EQ(uv_read_stop((uv_stream_t*) &b), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &b), 0);
  CHECK_EQ(uv_shutdown(&shutdown, (uv_stream_t*) &a, ignore_shutdown), 0);
  CHECK_EQ(uv_is_active((uv_handle_t*) &a), 1);
  uv_close((uv_handle_t*) &a, NULL);
  CHECK_EQ(uv_is_active((uv_handle_t*) &a), 0);
  CHECK_EQ(uv_is_closing((uv_handle_t*) &a), 1);
  net_end();
}

/* ---- Descriptors and buffer sizes ---- */

TEST(handle_fileno) {
  uv_os_fd_t untouched;
  uv_os_fd_t fd;
  uv_timer_t timer;
  uv_tcp_t tcp;

  memset(&untouched, 0x11, sizeof untouched);
  fd = untouched;
  CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &timer, &fd), UV_EINVAL);
  CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tcp, &fd), UV_EBADF);
  CHECK(fd == untouched); /* E2: refused, nothing written */
  net_close((uv_handle_t*) &tcp);

  CHECK_EQ(uv_tcp_init_ex(net_loop(), &tcp, AF_INET), 0);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tcp, &fd), 0);
  CHECK(fd != untouched);
  uv_close((uv_handle_t*) &tcp, NULL);
  CHECK_EQ(uv_fileno((uv_handle_t*) &tcp, &fd), UV_EBADF);
  net_end();
}

TEST(handle_buffer_sizes) {
  static int (*const functions[])(uv_handle_t*, int*) = {uv_send_buffer_size, uv_recv_buffer_size};
  size_t i;

  for (i = 0; i < 2; i++) {
    int value = 0;
    int before;
    uv_timer_t timer;
    uv_tcp_t tcp;

    CHECK_EQ(uv_timer_init(net_loop(), &timer), 0);
    CHECK_EQ(functions[i]((uv_handle_t*) &timer, &value), UV_ENOTSUP);
    CHECK_EQ(functions[i](NULL, &value), UV_EINVAL);
    CHECK_EQ(uv_tcp_init(net_loop(), &tcp), 0);
    CHECK_EQ(functions[i]((uv_handle_t*) &tcp, NULL), UV_EINVAL);
    CHECK_EQ(functions[i]((uv_handle_t*) &tcp, &value), UV_EBADF);
    CHECK_EQ(value, 0);
    net_close((uv_handle_t*) &tcp);

    CHECK_EQ(uv_tcp_init_ex(net_loop(), &tcp, AF_INET), 0);
    CHECK_EQ(functions[i]((uv_handle_t*) &tcp, &value), 0);
    CHECK(value > 0);
    before = value;
    value = 10000;
    CHECK_EQ(functions[i]((uv_handle_t*) &tcp, &value), 0);
    value = 0;
    CHECK_EQ(functions[i]((uv_handle_t*) &tcp, &value), 0);
    CHECK(value == 10000 || value == 20000); /* Linux doubles */
    CHECK(value != before);
    net_close((uv_handle_t*) &tcp);
    CHECK_EQ(functions[i]((uv_handle_t*) &tcp, &value), UV_EBADF);
    net_close((uv_handle_t*) &timer);
  }
  net_end();
}
