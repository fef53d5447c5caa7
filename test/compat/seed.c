/* The uv_stream module that this library began with: eleven procedures, five callbacks, and
 * the public fields of four types. A binding generated from it, in Nim or any language that
 * calls C, works only if every type below is exactly this. */
#include <string.h>

#include "harness.h"
#include "uv.h"

/* The procedures, as the variables of a binding. */
static int (*p_shutdown)(uv_shutdown_t*, uv_stream_t*, uv_shutdown_cb) = uv_shutdown;
static int (*p_listen)(uv_stream_t*, int, uv_connection_cb) = uv_listen;
static int (*p_accept)(uv_stream_t*, uv_stream_t*) = uv_accept;
static int (*p_read_start)(uv_stream_t*, uv_alloc_cb, uv_read_cb) = uv_read_start;
static int (*p_read_stop)(uv_stream_t*) = uv_read_stop;
static int (*p_write)(uv_write_t*, uv_stream_t*, const uv_buf_t*, unsigned int, uv_write_cb) =
    uv_write;
static int (*p_write2)(uv_write_t*,
                       uv_stream_t*,
                       const uv_buf_t*,
                       unsigned int,
                       uv_stream_t*,
                       uv_write_cb) = uv_write2;
static int (*p_try_write)(uv_stream_t*, const uv_buf_t*, unsigned int) = uv_try_write;
static int (*p_is_readable)(const uv_stream_t*) = uv_is_readable;
static int (*p_is_writable)(const uv_stream_t*) = uv_is_writable;
static int (*p_set_blocking)(uv_stream_t*, int) = uv_stream_set_blocking;

/* A compiler may only warn about a pointer of the wrong type; this does not compile then. */
#define SAME_TYPE(expr, type) \
  _Static_assert(_Generic((expr), type : 1, default : 0), #expr " is not a " #type)

SAME_TYPE(&uv_shutdown, int (*)(uv_shutdown_t*, uv_stream_t*, uv_shutdown_cb));
SAME_TYPE(&uv_listen, int (*)(uv_stream_t*, int, uv_connection_cb));
SAME_TYPE(&uv_accept, int (*)(uv_stream_t*, uv_stream_t*));
SAME_TYPE(&uv_read_start, int (*)(uv_stream_t*, uv_alloc_cb, uv_read_cb));
SAME_TYPE(&uv_read_stop, int (*)(uv_stream_t*));
SAME_TYPE(&uv_write,
          int (*)(uv_write_t*, uv_stream_t*, const uv_buf_t*, unsigned int, uv_write_cb));
SAME_TYPE(
    &uv_write2,
    int (*)(uv_write_t*, uv_stream_t*, const uv_buf_t*, unsigned int, uv_stream_t*, uv_write_cb));
SAME_TYPE(&uv_try_write, int (*)(uv_stream_t*, const uv_buf_t*, unsigned int));
SAME_TYPE(&uv_is_readable, int (*)(const uv_stream_t*));
SAME_TYPE(&uv_is_writable, int (*)(const uv_stream_t*));
SAME_TYPE(&uv_stream_set_blocking, int (*)(uv_stream_t*, int));

SAME_TYPE((uv_read_cb) 0, void (*)(uv_stream_t*, ssize_t, const uv_buf_t*));
SAME_TYPE((uv_write_cb) 0, void (*)(uv_write_t*, int));
SAME_TYPE((uv_connect_cb) 0, void (*)(uv_connect_t*, int));
SAME_TYPE((uv_shutdown_cb) 0, void (*)(uv_shutdown_t*, int));
SAME_TYPE((uv_connection_cb) 0, void (*)(uv_stream_t*, int));
SAME_TYPE((uv_alloc_cb) 0, void (*)(uv_handle_t*, size_t, uv_buf_t*));

static uv_stream_t a_stream;
static uv_connect_t a_connect;
static uv_shutdown_t a_shutdown;
static uv_write_t a_write;

SAME_TYPE(a_stream.loop, uv_loop_t*);
SAME_TYPE(a_stream.type, uv_handle_type);
SAME_TYPE(a_stream.data, void*);
SAME_TYPE(a_stream.write_queue_size, size_t);
SAME_TYPE(a_connect.type, uv_req_type);
SAME_TYPE(a_connect.data, void*);
SAME_TYPE(a_connect.handle, uv_stream_t*);
SAME_TYPE(a_shutdown.type, uv_req_type);
SAME_TYPE(a_shutdown.data, void*);
SAME_TYPE(a_shutdown.handle, uv_stream_t*);
SAME_TYPE(a_write.type, uv_req_type);
SAME_TYPE(a_write.data, void*);
SAME_TYPE(a_write.handle, uv_stream_t*);
SAME_TYPE(a_write.send_handle, uv_stream_t*);

TEST(seed_public_fields_can_be_read_and_written) {
  int own;

  a_stream.data = &own;
  a_connect.data = &own;
  a_shutdown.data = &own;
  a_write.data = &own;
  CHECK(uv_handle_get_data((uv_handle_t*) &a_stream) == &own);
  CHECK(uv_req_get_data((uv_req_t*) &a_connect) == &own);
  CHECK(uv_req_get_data((uv_req_t*) &a_shutdown) == &own);
  CHECK(uv_req_get_data((uv_req_t*) &a_write) == &own);
}

/* What every handle shares lies at the same place in each of them, and so for requests: the
 * casts of a binding depend on it. */
TEST(seed_types_share_their_beginning) {
  CHECK_EQ(offsetof(uv_stream_t, data), offsetof(uv_handle_t, data));
  CHECK_EQ(offsetof(uv_stream_t, loop), offsetof(uv_handle_t, loop));
  CHECK_EQ(offsetof(uv_stream_t, type), offsetof(uv_handle_t, type));
  CHECK_EQ(offsetof(uv_tcp_t, data), offsetof(uv_stream_t, data));
  CHECK_EQ(offsetof(uv_tcp_t, loop), offsetof(uv_stream_t, loop));
  CHECK_EQ(offsetof(uv_tcp_t, type), offsetof(uv_stream_t, type));
  CHECK_EQ(offsetof(uv_tcp_t, write_queue_size), offsetof(uv_stream_t, write_queue_size));
  CHECK_EQ(offsetof(uv_tcp_t, stream), offsetof(uv_stream_t, stream));
  CHECK_EQ(offsetof(uv_connect_t, data), offsetof(uv_req_t, data));
  CHECK_EQ(offsetof(uv_connect_t, type), offsetof(uv_req_t, type));
  CHECK_EQ(offsetof(uv_shutdown_t, data), offsetof(uv_req_t, data));
  CHECK_EQ(offsetof(uv_shutdown_t, type), offsetof(uv_req_t, type));
  CHECK_EQ(offsetof(uv_write_t, data), offsetof(uv_req_t, data));
  CHECK_EQ(offsetof(uv_write_t, type), offsetof(uv_req_t, type));
}

/* ---- All eleven at work, through the variables ------------------------------------------ */

static uv_loop_t loop;
static uv_tcp_t server, client, peer;
static uv_connect_t connect_req;
static uv_shutdown_t shutdown_req;
static uv_write_t write_req, write2_req;
static char input[64], heard[64];
static size_t heard_bytes;
static int writes_done, ended;

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(input, sizeof(input));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    CHECK(heard_bytes + (size_t) nread <= sizeof(heard));
    memcpy(heard + heard_bytes, buf->base, (size_t) nread);
    heard_bytes += (size_t) nread;
    return;
  }
  if (nread == 0)
    return;
  CHECK_EQ(nread, UV_EOF);
  CHECK_EQ(heard_bytes, 9);
  CHECK(memcmp(heard, "one234567", 9) == 0);
  CHECK_EQ(p_read_stop(stream), 0);
  CHECK_EQ(p_read_stop(stream), 0);
  CHECK_EQ(p_is_writable(stream), 1);
  uv_close((uv_handle_t*) stream, NULL);
}

static void on_connection(uv_stream_t* listener, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(uv_tcp_init(listener->loop, &peer), 0);
  CHECK_EQ(p_accept(listener, (uv_stream_t*) &peer), 0);
  CHECK_EQ(p_read_start((uv_stream_t*) &peer, on_alloc, on_read), 0);
  uv_close((uv_handle_t*) listener, NULL);
}

static void on_shutdown(uv_shutdown_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(writes_done, 2); /* after them */
  CHECK_EQ(req->type, UV_SHUTDOWN);
  CHECK(req->handle == (uv_stream_t*) &client);
  CHECK_EQ(p_is_writable(req->handle), 0);
  ended = 1;
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void on_write(uv_write_t* req, int status) {
  CHECK_EQ(status, 0);
  CHECK_EQ(req->type, UV_WRITE);
  CHECK(req->handle == (uv_stream_t*) &client);
  CHECK(req->send_handle == NULL);
  CHECK(req == (writes_done == 0 ? &write_req : &write2_req));
  writes_done++;
}

static void on_connect(uv_connect_t* req, int status) {
  static char text[] = "one234567";
  uv_buf_t buf = uv_buf_init(text, 3);
  uv_buf_t rest[2];
  uv_stream_t* stream = req->handle;

  CHECK_EQ(status, 0);
  CHECK_EQ(req->type, UV_CONNECT);
  CHECK(stream == (uv_stream_t*) &client);
  CHECK_EQ(stream->type, UV_TCP);
  CHECK(stream->loop == &loop);
  CHECK_EQ(p_is_readable(stream), 1);
  CHECK_EQ(p_is_writable(stream), 1);
  CHECK_EQ(p_try_write(stream, &buf, 1), 3);
  CHECK_EQ(p_set_blocking(stream, 1), 0);
  CHECK_EQ(p_set_blocking(stream, 0), 0);
  rest[0] = uv_buf_init(text + 3, 2);
  rest[1] = uv_buf_init(text + 5, 1);
  CHECK_EQ(p_write(&write_req, stream, rest, 2, on_write), 0);
  buf = uv_buf_init(text + 6, 3);
  CHECK_EQ(p_write2(&write2_req, stream, &buf, 1, NULL, on_write), 0);
  CHECK_EQ(p_shutdown(&shutdown_req, stream, on_shutdown), 0);
}

TEST(seed_eleven_procedures) {
  struct sockaddr_in addr;
  int len = (int) sizeof(addr);

  CHECK_EQ(uv_loop_init(&loop), 0);
  CHECK_EQ(uv_ip4_addr("127.0.0.1", 0, &addr), 0);
  CHECK_EQ(uv_tcp_init(&loop, &server), 0);
  CHECK_EQ(uv_tcp_bind(&server, (const struct sockaddr*) &addr, 0), 0);
  CHECK_EQ(p_listen((uv_stream_t*) &server, 8, on_connection), 0);
  CHECK_EQ(uv_tcp_getsockname(&server, (struct sockaddr*) &addr, &len), 0);
  CHECK_EQ(uv_tcp_init(&loop, &client), 0);
  CHECK_EQ(p_is_readable((uv_stream_t*) &client), 0);
  CHECK_EQ(p_is_writable((uv_stream_t*) &client), 0);
  CHECK_EQ(client.write_queue_size, 0);
  CHECK_EQ(uv_tcp_connect(&connect_req, &client, (const struct sockaddr*) &addr, on_connect), 0);
  CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
  CHECK_EQ(writes_done, 2);
  CHECK_EQ(ended, 1);
  CHECK_EQ(uv_loop_close(&loop), 0);
}
