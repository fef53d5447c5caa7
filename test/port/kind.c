/* The kinds of stream the suite runs over, and how their ends meet. */
#include <string.h>

#include "driver.h"
#include "native.h"

/* ---- TCP ---- */

static int tcp_open(struct stream* s) {
  struct uv__desc none;
  unsigned opened = 99;
  int r;

  memset(&none, 0, sizeof(none));
  none.kind = UV__DESC_NONE;
  r = s->io.ops->open(&s->io, AF_INET, &none, &opened);
  if (r == 0)
    CHECK_EQ(opened, UV__OPENED_FRESH);
  return r;
}

static void tcp_bind(struct stream* s) {
  struct sockaddr_in addr;

  CHECK_EQ(uv_ip4_addr("127.0.0.1", native_free_port(), &addr), 0);
  CHECK_EQ(s->io.ops->bind(&s->io, (const struct sockaddr*) &addr, 0), 0);
}

static void tcp_listen(struct stream* s, int backlog) {
  tcp_bind(s);
  CHECK_EQ(s->io.ops->listen(&s->io, backlog), 0);
}

static void tcp_place(struct stream* s, enum uv__end end, struct place* place) {
  int len = (int) sizeof(place->at.addr);

  memset(place, 0, sizeof(*place));
  CHECK_EQ(s->io.ops->name(&s->io, end, &place->at.addr, &len), 0);
  CHECK(len > 0 && len <= (int) sizeof(place->at.addr));
}

static int tcp_equal(const struct place* a, const struct place* b) {
  return memcmp(&a->at.addr, &b->at.addr, sizeof(a->at.addr)) == 0;
}

/* A port that was ours a moment ago. The system does not hand it out again at once. */
static void tcp_nobody(const struct kind* kind, struct place* place) {
  struct stream* s = stream_open(kind, NULL);

  tcp_bind(s);
  tcp_place(s, UV__LOCAL, place);
  stream_end(s);
}

/* ---- Pipes ---- */

/* A pipe comes into being when it is bound or connects. */
static int pipe_open(struct stream* s) {
  (void) s;
  return 0;
}

static void set_name(struct place* place, size_t length) {
  place->at.name.text = place->text;
  place->at.name.length = length;
  place->at.name.cut = 0;
  place->at.name.access = NULL;
}

static void pipe_nobody(const struct kind* kind, struct place* place) {
  (void) kind;
  set_name(place, native_pipe_name(place->text, sizeof(place->text)));
}

static void pipe_listen(struct stream* s, int backlog) {
  struct place place;
  int instances = 16; /* Clients that need not be accepted to be connected. */

  pipe_nobody(s->kind, &place);
  CHECK_EQ(s->io.ops->bind(&s->io, &place.at, 0), 0);
  CHECK_EQ(s->io.ops->option(&s->io, UV__INSTANCES, &instances), 0);
  CHECK_EQ(s->io.ops->listen(&s->io, backlog), 0);
}

static void pipe_place(struct stream* s, enum uv__end end, struct place* place) {
  int len = (int) sizeof(place->text);

  CHECK_EQ(s->io.ops->name(&s->io, end, place->text, &len), 0);
  CHECK(len > 0 && len <= (int) sizeof(place->text));
  set_name(place, (size_t) len);
}

static int pipe_equal(const struct place* a, const struct place* b) {
  return a->at.name.length == b->at.name.length && memcmp(a->text, b->text, a->at.name.length) == 0;
}

const struct kind kinds[] = {
    {"tcp", &uv__tcp_ops, UV__DESC_TCP, 1, UV_ECONNREFUSED, tcp_open, tcp_listen, tcp_place,
     tcp_equal, tcp_nobody},
    {"pipe", &uv__pipe_ops, UV__DESC_PIPE, 0, UV_ENOENT, pipe_open, pipe_listen, pipe_place,
     pipe_equal, pipe_nobody},
    {"ipc", &uv__ipc_ops, UV__DESC_PIPE, 0, UV_ENOENT, pipe_open, pipe_listen, pipe_place,
     pipe_equal, pipe_nobody},
    {NULL, NULL, UV__DESC_NONE, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

struct stream* make_listener(const struct kind* kind) {
  struct stream* s = stream_open(kind, NULL);

  kind->listen(s, 128);
  return s;
}

struct stream* make_client(struct stream* listener) {
  struct stream* s = stream_open(listener->kind, NULL);
  struct place place;

  listener->kind->place(listener, UV__LOCAL, &place);
  CHECK_EQ(collect(s, UV__CONNECT, start(s, UV__CONNECT, &place.at)), 0);
  return s;
}

void make_pair(const struct kind* kind, struct stream** a, struct stream** b) {
  struct stream* listener = make_listener(kind);

  *a = make_client(listener);
  *b = accept_stream(listener);
  stream_end(listener);
}
