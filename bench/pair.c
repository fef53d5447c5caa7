/* The connection of pump.c and small_writes.c; see pair.h. */
#include "pair.h"

static union any_stream server;
static union any_stream sender;
static union any_stream receiver;
static void (*begin_writing)(void);
static void (*bytes_arrived)(size_t bytes);

static void on_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char incoming[PAIR_MOST_BYTES];

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(incoming, sizeof(incoming));
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) stream;
  (void) buf;
  check((int) nread, "read");
  if (nread > 0)
    bytes_arrived((size_t) nread);
}

static void on_connection(uv_stream_t* listener, int status) {
  check(status, "connection");
  stream_accept(listener, &receiver);
  check(uv_read_start(&receiver.stream, on_alloc, on_read), "uv_read_start");
  uv_close((uv_handle_t*) listener, NULL);
}

static void on_connected(uv_connect_t* req, int status) {
  (void) req;
  check(status, "connect");
  begin_writing();
}

void pair_write(uv_write_t* req, size_t size, uv_write_cb cb) {
  static char outgoing[PAIR_MOST_BYTES];
  uv_buf_t out = uv_buf_init(outgoing, (unsigned int) size);

  check(uv_write(req, &sender.stream, &out, 1, cb), "uv_write");
}

uv_stream_t* pair_sender(void) {
  return &sender.stream;
}

void pair_nodelay(void) {
  stream_nodelay(&sender);
}

void pair_close(void) {
  uv_close(&receiver.handle, NULL);
  uv_close(&sender.handle, NULL);
}

void pair_measure(enum kind kind,
                  void (*begin)(void),
                  void (*arrived)(size_t bytes),
                  long messages) {
  uv_loop_t loop;
  uv_connect_t connect;
  struct place place;
  struct measure measure;

  begin_writing = begin;
  bytes_arrived = arrived;
  check(uv_loop_init(&loop), "uv_loop_init");
  place = stream_listen(&loop, &server, kind, on_connection);
  stream_connect(&loop, &connect, &sender, &place, on_connected);

  measure = measure_begin();
  uv_run(&loop, UV_RUN_DEFAULT);
  measure_end(&measure, messages);
  check(uv_loop_close(&loop), "uv_loop_close");
}
