/* Programs about streams over TCP and over pipes; see guide.h. */
#include "guide_program.h"

#define ROUNDS 1000
/* Larger than any buffer of the system; ThreadSanitizer takes its time with each byte. */
#if defined(__SANITIZE_THREAD__)
#  define BIG ((size_t) 16 << 20)
#else
#  define BIG ((size_t) 64 << 20)
#endif
#define CLIENTS 50

#ifdef __cplusplus
#  define LANGUAGE "cxx"
#else
#  define LANGUAGE "c"
#endif

#define container_of(ptr, type, member) ((type*) ((char*) (ptr) -offsetof(type, member)))

typedef union {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
} any_stream_t;

static uv_loop_t* loop;
static int over_pipe;
static any_stream_t server;
static struct sockaddr_in address;
static char pipe_name[100];

/* ---- What is the same for both kinds ----------------------------------------------------- */

static void init_stream(any_stream_t* s) {
  if (over_pipe)
    EXPECT(uv_pipe_init(loop, &s->pipe, 0) == 0);
  else
    EXPECT(uv_tcp_init(loop, &s->tcp) == 0);
}

static void start_server(uv_connection_cb cb) {
  int len = sizeof(address);

  init_stream(&server);
  if (over_pipe) {
#ifdef _WIN32
    snprintf(pipe_name, sizeof(pipe_name), "\\\\.\\pipe\\uvstream-" LANGUAGE "-%d",
             (int) uv_os_getpid());
#else
    snprintf(pipe_name, sizeof(pipe_name), "uvstream-" LANGUAGE "-%d.sock", (int) uv_os_getpid());
#endif
    EXPECT(uv_pipe_bind(&server.pipe, pipe_name) == 0);
  } else {
    EXPECT(uv_ip4_addr("127.0.0.1", 0, &address) == 0);
    EXPECT(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &address, 0) == 0);
  }
  EXPECT(uv_listen(&server.stream, 128, cb) == 0);
  if (!over_pipe)
    EXPECT(uv_tcp_getsockname(&server.tcp, (struct sockaddr*) &address, &len) == 0);
}

static void start_client(uv_connect_t* req, any_stream_t* client, uv_connect_cb cb) {
  init_stream(client);
  if (over_pipe)
    uv_pipe_connect(req, &client->pipe, pipe_name, cb);
  else
    EXPECT(uv_tcp_connect(req, &client->tcp, (const struct sockaddr*) &address, cb) == 0);
}

static void begin(int with_pipe) {
  loop = uv_default_loop();
  over_pipe = with_pipe;
}

static void end(void) {
  EXPECT(uv_run(loop, UV_RUN_DEFAULT) == 0);
  EXPECT(!uv_loop_alive(loop));
  EXPECT(uv_loop_close(loop) == 0);
}

/* ---- Ping-pong --------------------------------------------------------------------------- */

static any_stream_t ping, pong;
static uv_connect_t connect_req;
static uv_write_t ping_req, pong_req;
static uv_shutdown_t shutdown_req;
static int rounds, ended;
static char ping_text[] = "PING", pong_text[] = "PONG";

static void small_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  static char memory[64];

  (void) handle;
  EXPECT(suggested > 0);
  *buf = uv_buf_init(memory, sizeof(memory));
}

static void written(uv_write_t* req, int status) {
  (void) req;
  EXPECT(status == 0);
}

static void say(uv_write_t* req, uv_stream_t* to, char* text) {
  uv_buf_t buf = uv_buf_init(text, 4);

  EXPECT(uv_write(req, to, &buf, 1, written) == 0);
}

static void pong_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread == UV_EOF) {
    ended++;
    uv_close((uv_handle_t*) stream, NULL);
    uv_close(&server.handle, NULL);
  } else if (nread > 0) {
    EXPECT(nread == 4 && memcmp(buf->base, "PING", 4) == 0);
    say(&pong_req, stream, pong_text);
  }
}

static void was_shut_down(uv_shutdown_t* req, int status) {
  EXPECT(status == 0);
  EXPECT(!uv_is_writable(req->handle));
  EXPECT(uv_is_readable(req->handle));
  EXPECT(uv_shutdown(req, req->handle, was_shut_down) == UV_ENOTCONN);
  ended++;
}

static void ping_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread == UV_EOF) {
    ended++;
    uv_close((uv_handle_t*) stream, NULL);
  } else if (nread > 0) {
    EXPECT(nread == 4 && memcmp(buf->base, "PONG", 4) == 0);
    if (++rounds < ROUNDS)
      say(&ping_req, stream, ping_text);
    else
      EXPECT(uv_shutdown(&shutdown_req, stream, was_shut_down) == 0);
  }
}

static void pong_arrives(uv_stream_t* listener, int status) {
  EXPECT(status == 0);
  init_stream(&pong);
  EXPECT(uv_accept(listener, &pong.stream) == 0);
  EXPECT(uv_read_start(&pong.stream, small_alloc, pong_read) == 0);
  EXPECT(uv_read_start(&pong.stream, small_alloc, pong_read) == UV_EALREADY);
}

static void ping_connected(uv_connect_t* req, int status) {
  EXPECT(status == 0);
  EXPECT(req->handle == &ping.stream && req->type == UV_CONNECT);
  EXPECT(uv_read_start(req->handle, small_alloc, ping_read) == 0);
  say(&ping_req, req->handle, ping_text);
}

static void ping_pong(int with_pipe) {
  begin(with_pipe);
  rounds = 0;
  ended = 0;
  start_server(pong_arrives);
  start_client(&connect_req, &ping, ping_connected);
  EXPECT(rounds == 0);
  end();
  EXPECT(rounds == ROUNDS);
  EXPECT(ended == 3);
}

static void ping_pong_over_tcp(void) {
  ping_pong(0);
}

static void ping_pong_over_a_pipe(void) {
  ping_pong(1);
}

/* ---- Connections that come to nothing ---------------------------------------------------- */

static int refused;

static void is_refused(uv_connect_t* req, int status) {
  EXPECT(status == UV_ECONNREFUSED || (over_pipe && status == UV_ENOENT));
  refused++;
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void connection_refused(void) {
  begin(0);
  refused = 0;
  start_server(pong_arrives);
  uv_close(&server.handle, NULL);
  uv_run(loop, UV_RUN_NOWAIT);
  start_client(&connect_req, &ping, is_refused);
  EXPECT(refused == 0);
  end();
  EXPECT(refused == 1);
}

static void no_such_pipe(void) {
  begin(1);
  refused = 0;
  start_server(pong_arrives);
  uv_close(&server.handle, NULL);
  uv_run(loop, UV_RUN_NOWAIT);
  start_client(&connect_req, &ping, is_refused);
  EXPECT(refused == 0);
  end();
  EXPECT(refused == 1);
}

static void is_canceled(uv_connect_t* req, int status) {
  EXPECT(status == UV_ECANCELED);
  EXPECT(uv_is_closing((uv_handle_t*) req->handle));
  refused++;
}

static void after_canceled(uv_handle_t* handle) {
  EXPECT(handle == &ping.handle);
  EXPECT(refused == 1);
  refused++;
}

static void canceled_by_close(void) {
  begin(0);
  refused = 0;
  start_server(pong_arrives);
  start_client(&connect_req, &ping, is_canceled);
  uv_close(&ping.handle, after_canceled);
  EXPECT(refused == 0);
  uv_close(&server.handle, NULL);
  end();
  EXPECT(refused == 2);
}

static void port_in_use(void) {
  any_stream_t second;
  struct sockaddr_in name;
  int len = sizeof(name);

  begin(0);
  start_server(pong_arrives);
  EXPECT(uv_tcp_bind(&server.tcp, (const struct sockaddr*) &address, 0) == UV_EINVAL);
  init_stream(&second);
  EXPECT(uv_tcp_bind(&second.tcp, (const struct sockaddr*) &address, 0) == 0);
  EXPECT(uv_tcp_getsockname(&second.tcp, (struct sockaddr*) &name, &len) == UV_EADDRINUSE);
  EXPECT(uv_listen(&second.stream, 1, pong_arrives) == UV_EADDRINUSE);
  uv_close(&second.handle, NULL);
  uv_close(&server.handle, NULL);
  end();
}

/* ---- A write larger than any buffer of the system ----------------------------------------- */

static char* big;
static size_t big_received;
static uv_write_t big_req;
static uv_timer_t delay;
static any_stream_t reader;
static int big_written;

static void big_alloc(uv_handle_t* handle, size_t suggested, uv_buf_t* buf) {
  static char memory[1 << 20];

  (void) handle;
  (void) suggested;
  *buf = uv_buf_init(memory, sizeof(memory));
}

static void big_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  if (nread > 0) {
    EXPECT(buf->base[0] == (char) (big_received % 251));
    big_received += (size_t) nread;
  } else if (nread < 0) {
    EXPECT(nread == UV_EOF);
    uv_close((uv_handle_t*) stream, NULL);
    uv_close(&server.handle, NULL);
  }
}

static void start_to_read(uv_timer_t* timer) {
  EXPECT(big_written == 0);
  EXPECT(uv_stream_get_write_queue_size(&ping.stream) > 0);
  EXPECT(ping.stream.write_queue_size == uv_stream_get_write_queue_size(&ping.stream));
  EXPECT(uv_read_start(&reader.stream, big_alloc, big_read) == 0);
  uv_close((uv_handle_t*) timer, NULL);
}

static void reader_arrives(uv_stream_t* listener, int status) {
  EXPECT(status == 0);
  init_stream(&reader);
  EXPECT(uv_accept(listener, &reader.stream) == 0);
  uv_timer_init(loop, &delay);
  uv_timer_start(&delay, start_to_read, 30, 0);
}

static void big_is_written(uv_write_t* req, int status) {
  EXPECT(status == 0 && req->type == UV_WRITE && req->send_handle == NULL);
  EXPECT(uv_stream_get_write_queue_size(req->handle) == 0);
  big_written = 1;
}

static void big_is_shut_down(uv_shutdown_t* req, int status) {
  EXPECT(status == 0 && big_written == 1);
  uv_close((uv_handle_t*) req->handle, NULL);
}

static void write_big(uv_connect_t* req, int status) {
  uv_buf_t bufs[2];

  EXPECT(status == 0);
  bufs[0] = uv_buf_init(big, 1000);
  bufs[1] = uv_buf_init(big + 1000, (unsigned) (BIG - 1000));
  EXPECT(uv_write(&big_req, req->handle, bufs, 2, big_is_written) == 0);
  EXPECT(uv_try_write(req->handle, bufs, 1) == UV_EAGAIN);
  EXPECT(uv_shutdown(&shutdown_req, req->handle, big_is_shut_down) == 0);
  EXPECT(uv_write(&pong_req, req->handle, bufs, 1, NULL) == UV_EPIPE);
}

static void write_much(int with_pipe) {
  size_t i;
  size_t n;

  big = (char*) malloc(BIG);
  EXPECT(big != NULL);
  if (big == NULL)
    return;
  for (i = 0; i < 251; i++)
    big[i] = (char) i;
  for (; i < BIG; i += n) { /* what is there once more, behind it */
    n = i < BIG - i ? i : BIG - i;
    memcpy(big + i, big, n);
  }
  begin(with_pipe);
  big_received = 0;
  big_written = 0;
  start_server(reader_arrives);
  start_client(&connect_req, &ping, write_big);
  end();
  EXPECT(big_received == BIG);
  free(big);
}

static void large_write_over_tcp(void) {
  write_much(0);
}

static void large_write_over_a_pipe(void) {
  write_much(1);
}

/* ---- Objects around handles ---------------------------------------------------------------- */

typedef struct {
  int number;
  any_stream_t stream;
  uv_connect_t connect;
  uv_write_t write;
  char text[4];
} object_t;

static int freed, said;

static void free_object(uv_handle_t* handle) {
  object_t* o = container_of(handle, object_t, stream);

  EXPECT(handle->data == o);
  free(o);
  freed++;
}

static void peer_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread > 0)
    said += (int) nread;
  if (nread < 0) {
    EXPECT(nread == UV_EOF || nread == UV_ECONNRESET);
    uv_close((uv_handle_t*) stream, free_object);
  }
}

static object_t* new_object(int number) {
  object_t* o = (object_t*) malloc(sizeof(object_t));

  memset(o, 0, sizeof(*o));
  o->number = number;
  o->stream.handle.data = o;
  return o;
}

static void peer_arrives(uv_stream_t* listener, int status) {
  static int arrived;
  object_t* o = new_object(-1);

  EXPECT(status == 0);
  init_stream(&o->stream);
  EXPECT(uv_accept(listener, &o->stream.stream) == 0);
  EXPECT(uv_read_start(&o->stream.stream, small_alloc, peer_read) == 0);
  if (++arrived % CLIENTS == 0)
    uv_close((uv_handle_t*) listener, NULL);
}

static void object_written(uv_write_t* req, int status) {
  object_t* o = container_of(req, object_t, write);

  EXPECT(status == 0);
  EXPECT(uv_req_get_data((uv_req_t*) req) == &o->number);
  EXPECT(uv_req_get_type((uv_req_t*) req) == UV_WRITE);
  uv_close(&o->stream.handle, free_object);
}

static void object_connected(uv_connect_t* req, int status) {
  object_t* o = container_of(req, object_t, connect);
  uv_buf_t buf = uv_buf_init(o->text, 1);

  EXPECT(status == 0);
  uv_req_set_data((uv_req_t*) &o->write, &o->number);
  EXPECT(uv_write(&o->write, &o->stream.stream, &buf, 1, object_written) == 0);
}

static void many_clients(int with_pipe) {
  int i;

  begin(with_pipe);
  freed = 0;
  said = 0;
  start_server(peer_arrives);
  for (i = 0; i < CLIENTS; i++) {
    object_t* o = new_object(i);
    start_client(&o->connect, &o->stream, object_connected);
  }
  end();
  EXPECT(freed == 2 * CLIENTS);
  EXPECT(said == CLIENTS);
}

static void many_clients_over_tcp(void) {
  many_clients(0);
}

static void many_clients_over_pipes(void) {
  many_clients(1);
}

/* ---- Questions ------------------------------------------------------------------------------ */

static void asked_arrives(uv_stream_t* listener, int status) {
  struct sockaddr_in here, there;
  int len = sizeof(here);
  uv_os_fd_t fd;
  int value = 0;

  EXPECT(status == 0);
  init_stream(&pong);
  EXPECT(uv_accept(listener, &pong.stream) == 0);
  EXPECT(uv_accept(listener, &reader.stream) == UV_EAGAIN);
  EXPECT(uv_tcp_getsockname(&pong.tcp, (struct sockaddr*) &here, &len) == 0);
  EXPECT(len == sizeof(here) && here.sin_port == address.sin_port);
  EXPECT(uv_tcp_getpeername(&pong.tcp, (struct sockaddr*) &there, &len) == 0);
  EXPECT(there.sin_family == AF_INET && there.sin_port != 0);
  EXPECT(uv_fileno(&pong.handle, &fd) == 0);
  EXPECT(uv_send_buffer_size(&pong.handle, &value) == 0 && value > 0);
  EXPECT(uv_recv_buffer_size(&pong.handle, NULL) == UV_EINVAL);
  EXPECT(uv_tcp_nodelay(&pong.tcp, 1) == 0);
  EXPECT(uv_tcp_keepalive(&pong.tcp, 1, 60) == 0);
  EXPECT(uv_tcp_simultaneous_accepts(&server.tcp, 1) == 0);
  uv_handle_set_data(&pong.handle, &freed);
  EXPECT(uv_handle_get_data(&pong.handle) == &freed && pong.handle.data == &freed);
  EXPECT(uv_handle_get_type(&pong.handle) == UV_TCP && pong.stream.type == UV_TCP);
  EXPECT(pong.stream.loop == loop);
  uv_close(&pong.handle, NULL);
  uv_close(&ping.handle, NULL);
  uv_close(&reader.handle, NULL);
  uv_close((uv_handle_t*) listener, NULL);
}

static void asked_connected(uv_connect_t* req, int status) {
  (void) req;
  (void) status;
}

static void questions(void) {
  uv_timer_t timer;
  uv_os_fd_t fd;
  int value = 0;

  begin(0);
  init_stream(&reader);
  EXPECT(uv_fileno(&reader.handle, &fd) == UV_EBADF);
  uv_timer_init(loop, &timer);
  EXPECT(uv_fileno((uv_handle_t*) &timer, &fd) == UV_EINVAL);
  EXPECT(uv_send_buffer_size((uv_handle_t*) &timer, &value) == UV_ENOTSUP);
  uv_close((uv_handle_t*) &timer, NULL);
  start_server(asked_arrives);
  start_client(&connect_req, &ping, asked_connected);
  end();
}

/* ---- One message, one call ------------------------------------------------------------------ */

static int calls;

static void count_calls(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  EXPECT(nread == 4 || nread == UV_EOF);
  calls++;
  if (nread == UV_EOF)
    uv_close((uv_handle_t*) stream, NULL);
}

/* Nothing is told twice, and nothing of what is not there. */
static void message_through_a_pair_of_ends(void) {
  uv_buf_t buf = uv_buf_init(ping_text, 4);
  uv_file ends[2];
  int i, n;

  begin(1);
  calls = 0;
  EXPECT(uv_pipe(ends, 0, 0) == 0);
  init_stream(&ping);
  init_stream(&pong);
  EXPECT(uv_pipe_open(&pong.pipe, ends[0]) == 0);
  EXPECT(uv_pipe_open(&ping.pipe, ends[1]) == 0);
  EXPECT(uv_is_writable(&ping.stream) && !uv_is_readable(&ping.stream));
  EXPECT(uv_is_readable(&pong.stream) && !uv_is_writable(&pong.stream));
  EXPECT(uv_read_start(&pong.stream, small_alloc, count_calls) == 0);
  for (i = 0; i < 3; i++) {
    /* The message before this one was read, and may still not be quite out of the way. */
    while ((n = uv_try_write(&ping.stream, &buf, 1)) == UV_EAGAIN)
      uv_run(loop, UV_RUN_NOWAIT);
    EXPECT(n == 4);
    do
      uv_run(loop, UV_RUN_ONCE);
    while (calls <= i);
  }
  uv_run(loop, UV_RUN_NOWAIT);
  EXPECT(calls == 3);
  uv_close(&ping.handle, NULL);
  end();
  EXPECT(calls == 4);
}

/* ---- A reset -------------------------------------------------------------------------------- */

static void reset_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  static char text[] = "more";
  uv_buf_t more = uv_buf_init(text, 4);

  (void) buf;
  if (nread == 0)
    return;
  EXPECT(nread == UV_ECONNRESET);
  EXPECT(!uv_is_readable(stream) && !uv_is_writable(stream));
  EXPECT(uv_write(&ping_req, stream, &more, 1, written) == UV_EPIPE);
  EXPECT(uv_shutdown(&shutdown_req, stream, was_shut_down) == UV_ENOTCONN);
  uv_close((uv_handle_t*) stream, NULL);
  ended++;
}

static void reset_it(uv_timer_t* timer) {
  EXPECT(uv_tcp_close_reset(&pong.tcp, NULL) == 0);
  EXPECT(uv_is_closing(&pong.handle));
  uv_close((uv_handle_t*) timer, NULL);
}

static void reset_arrives(uv_stream_t* listener, int status) {
  EXPECT(status == 0);
  init_stream(&pong);
  EXPECT(uv_accept(listener, &pong.stream) == 0);
  uv_close((uv_handle_t*) listener, NULL);
  uv_timer_init(loop, &delay);
  EXPECT(uv_timer_start(&delay, reset_it, 20, 0) == 0);
}

static void reset_connected(uv_connect_t* req, int status) {
  EXPECT(status == 0);
  EXPECT(uv_read_start(req->handle, small_alloc, reset_read) == 0);
}

static void reset_by_the_peer(void) {
  begin(0);
  ended = 0;
  start_server(reset_arrives);
  start_client(&connect_req, &ping, reset_connected);
  end();
  EXPECT(ended == 1);
}

GUIDE(guide_stream) {
  static const struct program programs[] = {
      {"ping_pong_over_tcp", ping_pong_over_tcp},
      {"ping_pong_over_a_pipe", ping_pong_over_a_pipe},
      {"connection_refused", connection_refused},
      {"no_such_pipe", no_such_pipe},
      {"canceled_by_close", canceled_by_close},
      {"port_in_use", port_in_use},
      {"large_write_over_tcp", large_write_over_tcp},
      {"large_write_over_a_pipe", large_write_over_a_pipe},
      {"many_clients_over_tcp", many_clients_over_tcp},
      {"many_clients_over_pipes", many_clients_over_pipes},
      {"questions", questions},
      {"message_through_a_pair_of_ends", message_through_a_pair_of_ends},
      {"reset_by_the_peer", reset_by_the_peer},
  };

  (void) child;
  return run_program(programs, sizeof(programs) / sizeof(programs[0]), program);
}
