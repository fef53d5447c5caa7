/* Connections that one thread accepts and moves to other loops, each with a thread of its own: connect,
 * accept, the move, a byte, reset by who serves, close of both ends. The clients, some at a time, have a
 * thread, too.
 *
 * usage: bench_spread LOOPS CONNECTIONS
 * Prints messages (connections), cpu_ns (of the whole process) and wall_ns. */
#include "stream.h"
#include "uvstream.h"

enum {
  AT_ONCE = 32, /* clients */
  MOST_LOOPS = 16
};

/* A connection that is served. */
struct guest {
  union any_stream stream; /* first, so that the handle is the guest */
  uvs_moving_t moving;
  struct server* server;
  struct guest* next;
  char byte[16]; /* Its loop is in a thread of its own. */
};

/* A loop that serves. `arrived` and `ends` are under the lock, and told of by the bell. */
struct server {
  uv_loop_t loop;
  uv_async_t bell;
  uv_mutex_t lock;
  struct guest* arrived;
  int ends;
  struct bench_thread thread;
};

struct client {
  union any_stream stream; /* first */
  uv_connect_t connect;
};

static struct server servers[MOST_LOOPS];
static long loops;
static uv_loop_t door;
static union any_stream listener;
static struct place place;
static long accepts_left;
static long moves_left;

static uv_loop_t street; /* the clients' */
static struct client clients[AT_ONCE];
static long connects_left;

/* ---- The clients ------------------------------------------------------------------------- */

static void start_connect(struct client* client);

static void on_client_closed(uv_handle_t* handle) {
  if (connects_left > 0)
    start_connect((struct client*) handle);
}

static void on_reset(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread < 0)
    uv_close((uv_handle_t*) stream, on_client_closed);
}

static void on_connected(uv_connect_t* req, int status) {
  uv_buf_t byte = uv_buf_init("x", 1);

  check(status, "connect");
  check(uv_try_write(req->handle, &byte, 1), "uv_try_write");
  check(uv_read_start(req->handle, small_room, on_reset), "uv_read_start");
}

static void start_connect(struct client* client) {
  connects_left--;
  stream_connect(&street, &client->connect, &client->stream, &place, on_connected);
}

static void run_clients(void* arg) {
  int i;

  (void) arg;
  for (i = 0; i < AT_ONCE && connects_left > 0; i++)
    start_connect(&clients[i]);
  uv_run(&street, UV_RUN_DEFAULT);
}

/* ---- The loops that serve ---------------------------------------------------------------- */

static void on_served(uv_handle_t* handle) {
  free(handle);
}

static void on_byte(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  (void) buf;
  if (nread == 0)
    return;
  check((int) nread, "the byte");
  check(uv_tcp_close_reset((uv_tcp_t*) stream, on_served), "uv_tcp_close_reset");
}

static void guest_room(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  struct guest* guest = (struct guest*) handle;

  (void) suggested_size;
  *buf = uv_buf_init(guest->byte, sizeof(guest->byte));
}

static void serve(struct server* server, struct guest* guest) {
  stream_init(&server->loop, &guest->stream, TCP);
  check(uvs_attach(&guest->stream.stream, &guest->moving), "uvs_attach");
  check(uv_read_start(&guest->stream.stream, guest_room, on_byte), "uv_read_start");
}

static void on_bell(uv_async_t* bell) {
  struct server* server = bell->data;
  struct guest* guest;
  int ends;

  uv_mutex_lock(&server->lock);
  guest = server->arrived;
  server->arrived = NULL;
  ends = server->ends;
  uv_mutex_unlock(&server->lock);
  while (guest != NULL) {
    struct guest* next = guest->next;
    serve(server, guest);
    guest = next;
  }
  if (ends)
    uv_close((uv_handle_t*) bell, NULL);
}

static void run_server(void* arg) {
  uv_run(&((struct server*) arg)->loop, UV_RUN_DEFAULT);
}

static void open_server(struct server* server) {
  check(uv_loop_init(&server->loop), "uv_loop_init");
  check(uv_mutex_init(&server->lock), "uv_mutex_init");
  check(uv_async_init(&server->loop, &server->bell, on_bell), "uv_async_init");
  server->bell.data = server;
  check(bench_thread_start(&server->thread, run_server, server), "thread");
}

/* ---- The door ---------------------------------------------------------------------------- */

static void pass_on(struct server* server, struct guest* guest) {
  uv_mutex_lock(&server->lock);
  if (guest == NULL) {
    server->ends = 1;
  } else {
    guest->next = server->arrived;
    server->arrived = guest;
  }
  uv_mutex_unlock(&server->lock);
  check(uv_async_send(&server->bell), "uv_async_send");
}

static void on_left(uvs_moving_t* moving, uv_stream_t* handle) {
  struct guest* guest = (struct guest*) handle;
  int i;

  (void) moving;
  pass_on(guest->server, guest);
  if (--moves_left > 0)
    return;
  for (i = 0; i < loops; i++)
    pass_on(&servers[i], NULL);
}

static void on_connection(uv_stream_t* stream, int status) {
  struct guest* guest = allocate(sizeof(*guest));

  check(status, "connection");
  stream_accept(stream, &guest->stream);
  guest->server = &servers[accepts_left % loops];
  check(uvs_detach(&guest->stream.stream, &guest->moving, on_left), "uvs_detach");
  if (--accepts_left == 0)
    uv_close((uv_handle_t*) stream, NULL);
}

int main(int argc, char** argv) {
  long connections = argument(argc, argv, 2, 1000);
  struct bench_thread thread = {0};
  struct measure measure;
  int i;

  loops = argument(argc, argv, 1, 1);
  check(loops > MOST_LOOPS ? UV_EINVAL : 0, "loops");
  accepts_left = moves_left = connects_left = connections;
  check(uv_loop_init(&door), "uv_loop_init");
  check(uv_loop_init(&street), "uv_loop_init");
  place = stream_listen(&door, &listener, TCP, on_connection);
  for (i = 0; i < loops; i++)
    open_server(&servers[i]);

  measure = measure_begin();
  check(bench_thread_start(&thread, run_clients, NULL), "thread");
  uv_run(&door, UV_RUN_DEFAULT);
  for (i = 0; i < loops; i++)
    bench_thread_join(&servers[i].thread);
  bench_thread_join(&thread);
  measure_end(&measure, connections);
  for (i = 0; i < loops; i++) {
    check(uv_loop_close(&servers[i].loop), "uv_loop_close");
    uv_mutex_destroy(&servers[i].lock);
  }
  check(uv_loop_close(&street), "uv_loop_close");
  check(uv_loop_close(&door), "uv_loop_close");
  return 0;
}
