/* spread: an echo server whose connections are spread over several threads, each with a loop of its own.
 *
 *   spread PORT LOOPS turn|least [COUNT]
 *
 * One thread accepts. It hands each connection to the next loop in turn, or to the one that has the least
 * of them, by moving the stream there (uvs_detach, uvs_attach). After COUNT connections it takes no more,
 * ends when the last of them has, and says how many each loop had. A guest that asks for nothing costs its
 * loop nothing; what a loop is busy with is another matter, which a server of one's own may know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uv.h"
#include "uvstream.h"

enum {
  MOST_LOOPS = 64,
  ROOM = 65536 /* bytes of a guest */
};

/* A connection, on its way and then in its loop. */
struct guest {
  uv_tcp_t tcp; /* first, so that the handle is the guest */
  uvs_moving_t moving;
  uv_write_t write;
  struct place* place;
  struct guest* next;
  char bytes[ROOM];
};

/* A loop with its thread. `arrived` and `ends` are under the lock, and told of by the bell. */
struct place {
  uv_loop_t loop;
  uv_thread_t thread;
  uv_async_t bell;
  uv_mutex_t lock;
  struct guest* arrived;
  int ends;
  int guests; /* under the lock: it has so many now, those on their way included */
  int served;
};

static struct place places[MOST_LOOPS];
static int loops;
static int by_turn;
static long left;        /* connections to accept; -1: without end */
static int on_their_way; /* accepted, and still in the loop of the door */
static uv_loop_t door;
static uv_tcp_t listener;

static int complain(const char* what, int err) {
  fprintf(stderr, "spread: cannot %s: %s\n", what, uv_strerror(err));
  return 1;
}

/* ---- In a place ---- */

static void on_gone(uv_handle_t* handle) {
  struct guest* guest = (struct guest*) handle;

  uv_mutex_lock(&guest->place->lock);
  guest->place->guests--;
  uv_mutex_unlock(&guest->place->lock);
  free(guest);
}

static void on_alloc(uv_handle_t* handle, size_t size, uv_buf_t* buf) {
  (void) size;
  *buf = uv_buf_init(((struct guest*) handle)->bytes, ROOM);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);

static void on_written(uv_write_t* req, int status) {
  if (status < 0 || uv_read_start(req->handle, on_alloc, on_read) < 0)
    uv_close((uv_handle_t*) req->handle, on_gone);
}

static void on_read(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf) {
  struct guest* guest = (struct guest*) stream;
  uv_buf_t out = uv_buf_init(buf->base, nread > 0 ? (unsigned int) nread : 0);

  if (nread == 0)
    return;
  uv_read_stop(stream);
  if (nread < 0 || uv_write(&guest->write, stream, &out, 1, on_written) < 0)
    uv_close((uv_handle_t*) stream, on_gone);
}

static void welcome(struct place* place, struct guest* guest) {
  uv_stream_t* stream = (uv_stream_t*) &guest->tcp;

  uv_tcp_init(&place->loop, &guest->tcp);
  if (uvs_attach(stream, &guest->moving) < 0) {
    uvs_moving_drop(&guest->moving);
    uv_close((uv_handle_t*) stream, on_gone);
    return;
  }
  place->served++;
  if (uv_read_start(stream, on_alloc, on_read) < 0)
    uv_close((uv_handle_t*) stream, on_gone);
}

static void on_bell(uv_async_t* bell) {
  struct place* place = bell->data;
  struct guest* guest;
  int ends;

  uv_mutex_lock(&place->lock);
  guest = place->arrived;
  place->arrived = NULL;
  ends = place->ends;
  uv_mutex_unlock(&place->lock);
  while (guest != NULL) {
    struct guest* next = guest->next;
    welcome(place, guest);
    guest = next;
  }
  if (ends) /* The guests that are there keep the loop going. */
    uv_close((uv_handle_t*) bell, NULL);
}

static void run(void* arg) {
  struct place* place = arg;

  uv_run(&place->loop, UV_RUN_DEFAULT);
}

static int open_place(struct place* place) {
  int err = uv_loop_init(&place->loop);

  if (err == 0)
    err = uv_mutex_init(&place->lock);
  if (err == 0)
    err = uv_async_init(&place->loop, &place->bell, on_bell);
  place->bell.data = place;
  return err == 0 ? uv_thread_create(&place->thread, run, place) : err;
}

/* ---- At the door ---- */

static int guests_of(struct place* place) {
  int guests;

  uv_mutex_lock(&place->lock);
  guests = place->guests;
  uv_mutex_unlock(&place->lock);
  return guests;
}

static struct place* choose(void) {
  static int turn;
  struct place* best = &places[turn++ % loops];
  int i;

  for (i = 0; !by_turn && i < loops; i++)
    if (guests_of(&places[i]) < guests_of(best))
      best = &places[i];
  return best;
}

/* The bell of a place rings for both, its last guest and its end. */
static void close_places(void) {
  int i;

  for (i = 0; i < loops; i++) {
    uv_mutex_lock(&places[i].lock);
    places[i].ends = 1;
    uv_mutex_unlock(&places[i].lock);
    uv_async_send(&places[i].bell);
  }
}

static void send_away(uvs_moving_t* moving, uv_stream_t* handle) {
  struct guest* guest = (struct guest*) handle;
  struct place* place = guest->place;

  (void) moving;
  uv_mutex_lock(&place->lock);
  guest->next = place->arrived;
  place->arrived = guest;
  uv_mutex_unlock(&place->lock);
  uv_async_send(&place->bell);
  if (--on_their_way == 0 && left == 0)
    close_places();
}

static void on_refused(uv_handle_t* handle) {
  free(handle);
}

static void take_in(uv_stream_t* server) {
  struct guest* guest = calloc(1, sizeof(*guest));

  if (guest == NULL)
    return;
  uv_tcp_init(&door, &guest->tcp);
  if (uv_accept(server, (uv_stream_t*) &guest->tcp) < 0 ||
      uvs_detach((uv_stream_t*) &guest->tcp, &guest->moving, send_away) < 0) {
    uv_close((uv_handle_t*) &guest->tcp, on_refused);
    return;
  }
  on_their_way++;
  guest->place = choose();
  uv_mutex_lock(&guest->place->lock);
  guest->place->guests++;
  uv_mutex_unlock(&guest->place->lock);
}

static void on_connection(uv_stream_t* server, int status) {
  if (status < 0) {
    complain("accept", status);
    return;
  }
  take_in(server);
  if (left <= 0 || --left > 0)
    return;
  uv_close((uv_handle_t*) server, NULL);
  if (on_their_way == 0) /* Else the last of them says so. */
    close_places();
}

static int listen_on(int port) {
  struct sockaddr_in addr;
  int len = sizeof(addr);
  int err;

  uv_ip4_addr("127.0.0.1", port, &addr);
  uv_tcp_init(&door, &listener);
  err = uv_tcp_bind(&listener, (const struct sockaddr*) &addr, 0);
  if (err == 0)
    err = uv_listen((uv_stream_t*) &listener, 1024, on_connection);
  if (err == 0)
    err = uv_tcp_getsockname(&listener, (struct sockaddr*) &addr, &len);
  if (err < 0)
    return complain("listen", err);
  printf("127.0.0.1:%d\n", ntohs(addr.sin_port));
  fflush(stdout);
  return 0;
}

static void report(void) {
  int i;

  for (i = 0; i < loops; i++) {
    uv_thread_join(&places[i].thread);
    printf("loop %d: %d connections\n", i, places[i].served);
    uv_loop_close(&places[i].loop);
    uv_mutex_destroy(&places[i].lock);
  }
  uv_loop_close(&door);
}

/* -1 for what is none. */
static int parse_port(const char* text) {
  char* end;
  long port = strtol(text, &end, 10);

  return end != text && *end == '\0' && port >= 0 && port <= 65535 ? (int) port : -1;
}

int main(int argc, char** argv) {
  int port = argc < 2 ? -1 : parse_port(argv[1]);
  int err = 0;
  int i;

  loops = argc < 4 ? 0 : atoi(argv[2]);
  if (argc > 5 || port < 0 || loops < 1 || loops > MOST_LOOPS ||
      (strcmp(argv[3], "turn") != 0 && strcmp(argv[3], "least") != 0)) {
    fprintf(stderr, "usage: spread PORT LOOPS turn|least [COUNT]\n");
    return 2;
  }
  by_turn = strcmp(argv[3], "turn") == 0;
  left = argc == 5 ? atol(argv[4]) : -1;
  for (i = 0; err == 0 && i < loops; i++)
    err = open_place(&places[i]);
  if (err == 0)
    err = uv_loop_init(&door);
  if (err < 0)
    return complain("start", err);
  if (listen_on(port) != 0)
    return 1;
  uv_run(&door, UV_RUN_DEFAULT);
  report();
  return 0;
}
