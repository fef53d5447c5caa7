/* The kinds of stream the suite runs over, and how their ends meet. */
#include <string.h>

#include "driver.h"
#include "native.h"

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

static void tcp_address(struct stream* s, struct sockaddr_storage* addr) {
  int len = (int) sizeof(*addr);

  memset(addr, 0, sizeof(*addr));
  CHECK_EQ(s->io.ops->name(&s->io, UV__LOCAL, (struct sockaddr*) addr, &len), 0);
  CHECK(len > 0 && len <= (int) sizeof(*addr));
}

/* A port that was ours a moment ago. The system does not hand it out again at once. */
static void tcp_nobody(const struct kind* kind, struct sockaddr_storage* addr) {
  struct stream* s = stream_open(kind, NULL);

  tcp_bind(s);
  tcp_address(s, addr);
  stream_end(s);
}

const struct kind kinds[] = {
    {"tcp", &uv__tcp_ops, UV__DESC_TCP, tcp_open, tcp_listen, tcp_address, tcp_nobody},
    {NULL, NULL, UV__DESC_NONE, NULL, NULL, NULL, NULL},
};

struct stream* make_listener(const struct kind* kind) {
  struct stream* s = stream_open(kind, NULL);

  kind->listen(s, 128);
  return s;
}

struct stream* make_client(struct stream* listener) {
  struct stream* s = stream_open(listener->kind, NULL);
  struct sockaddr_storage addr;

  listener->kind->address(listener, &addr);
  CHECK_EQ(collect(s, UV__CONNECT, start(s, UV__CONNECT, (struct sockaddr*) &addr)), 0);
  return s;
}

void make_pair(const struct kind* kind, struct stream** a, struct stream** b) {
  struct stream* listener = make_listener(kind);

  *a = make_client(listener);
  *b = accept_stream(listener);
  stream_end(listener);
}
