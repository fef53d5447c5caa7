/* The CONNECT lane, and a connection that is made for somebody else. */
#include <string.h>

#include "driver.h"
#include "native.h"

TEST(connect_reaches_the_listener) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* a = make_client(listener);
    struct stream* b = accept_stream(listener);
    struct place want, got;

    k->place(listener, UV__LOCAL, &want);
    k->place(a, UV__REMOTE, &got);
    CHECK(k->equal(&want, &got));
    CHECK_EQ(write_byte(a, 'c'), 0);
    CHECK_EQ(read_byte(b), 'c');
    stream_end(a);
    stream_end(b);
    stream_end(listener);
  }
}

TEST(connect_refused) {
  EACH_KIND(k) {
    struct stream* s;
    struct place place;

    k->nobody(k, &place);
    s = stream_open(k, NULL);
    CHECK_EQ(collect(s, UV__CONNECT, start(s, UV__CONNECT, &place.at)), k->refused);
    settle();
    CHECK_EQ(rings(s, UV__CONNECT), 0);
    CHECK(polls_during(40) <= 20);
    stream_end(s);
  }
}

TEST(law2_connect_rings_once) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* s = stream_open(k, NULL);
    struct place place;

    k->place(listener, UV__LOCAL, &place);
    CHECK_EQ(collect(s, UV__CONNECT, start(s, UV__CONNECT, &place.at)), 0);
    settle();
    CHECK_EQ(rings(s, UV__CONNECT), 0);
    stream_end(s);
    stream_end(listener);
  }
}

TEST(connect_closed_at_once) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct place place;
    int i;

    k->place(listener, UV__LOCAL, &place);
    for (i = 0; i < 10; i++) {
      struct stream* s = stream_open(k, NULL);
      int r = start(s, UV__CONNECT, &place.at);

      CHECK(r == 0 || r == UV__PENDING);
      if (i & 1)
        turn(0);
      if (rings(s, UV__CONNECT) != 0)
        r = 0;
      stream_close(s);
      if (r == UV__PENDING) {
        ssize_t d = s->io.ops->done(&s->io, UV__CONNECT);
        CHECK(d == 0 || d == UV_ECANCELED);
      }
      stream_free(s);
    }
    settle();
    stream_end(listener);
  }
}

/* A connect that nobody answers, and that only the close can end. */
TEST(connect_closed_while_stuck) {
  enum {
    MANY = 12
  };
  int stuck = 0;

  EACH_KIND(k) {
    struct stream* s[MANY];
    struct sockaddr_storage addr;
    int i;

    if (k->desc != UV__DESC_TCP)
      continue;
    if (native_deaf_listen(&addr) != 0)
      SKIP("no listener here that lets connects wait");
    for (i = 0; i < MANY; i++) {
      s[i] = stream_open(k, NULL);
      (void) start(s[i], UV__CONNECT, &addr);
    }
    settle();
    settle();
    for (i = 0; i < MANY; i++) {
      int pending = (s[i]->io.busy & UV__CONNECT) != 0;

      stream_close(s[i]);
      if (pending) {
        ssize_t d = s[i]->io.ops->done(&s[i]->io, UV__CONNECT);
        CHECK(d == 0 || d == UV_ECANCELED); /* 0: the answer was still on its way. */
        stuck += d != 0;
      }
      stream_free(s[i]);
    }
    settle();
    native_deaf_close();
  }
  if (stuck == 0)
    SKIP("this system answered every connect");
}

TEST(connect_over_ipv6) {
  EACH_KIND(k) {
    struct stream* listener = stream_new(k);
    struct stream *a, *b;
    struct sockaddr_in6 addr;
    struct uv__desc none;
    struct place where;
    unsigned opened;

    if (k->desc != UV__DESC_TCP) {
      stream_end(listener);
      continue;
    }
    if (!native_addresses)
      SKIP("one family of addresses here");
    memset(&none, 0, sizeof(none));
    none.kind = UV__DESC_NONE;
    CHECK_EQ(uv_ip6_addr("::1", 0, &addr), 0);
    if (listener->io.ops->open(&listener->io, AF_INET6, &none, &opened) != 0 ||
        listener->io.ops->bind(&listener->io, (struct sockaddr*) &addr, 0) != 0)
      SKIP("no IPv6 loopback here");
    CHECK_EQ(listener->io.ops->listen(&listener->io, 8), 0);
    k->place(listener, UV__LOCAL, &where);
    CHECK_EQ(where.at.addr.ss_family, AF_INET6);
    a = stream_new(k);
    CHECK_EQ(a->io.ops->open(&a->io, AF_INET6, &none, &opened), 0);
    CHECK_EQ(collect(a, UV__CONNECT, start(a, UV__CONNECT, &where.at)), 0);
    b = accept_stream(listener);
    CHECK_EQ(write_byte(b, '6'), 0);
    CHECK_EQ(read_byte(a), '6');
    stream_end(a);
    stream_end(b);
    stream_end(listener);
  }
}

/* ---- Handing over ---- */

static int can_move(const struct kind* k) {
  const struct uv__io io = {.ops = k->ops};

  return uv__port_beyond(&io)->move != NULL;
}

TEST(move_takes_the_connection_and_what_came_over_it) {
  EACH_KIND(k) {
    struct stream *listener, *first, *peer, *second;
    struct place before, after;
    uv_os_fd_t fd;

    if (!can_move(k))
      continue;
    listener = make_listener(k);
    first = make_client(listener);
    peer = accept_stream(listener);
    CHECK_EQ(write_byte(peer, 'a'), 0);
    settle();
    k->place(first, UV__LOCAL, &before);
    second = stream_new(k);
    CHECK_EQ(uv__port_beyond(&first->io)->move(&second->io, &first->io), 0);
    CHECK_EQ(first->io.ops->fileno(&first->io, &fd), UV_EBADF);
    stream_end(first);
    k->place(second, UV__LOCAL, &after);
    CHECK(k->equal(&before, &after));
    CHECK_EQ(read_byte(second), 'a');
    CHECK_EQ(write_byte(peer, 'b'), 0);
    CHECK_EQ(read_byte(second), 'b');
    CHECK_EQ(write_byte(second, 'c'), 0);
    CHECK_EQ(read_byte(peer), 'c');
    stream_end(second);
    CHECK_EQ(read_to_end(peer), UV_EOF);
    stream_end(peer);
    stream_end(listener);
  }
}

TEST(move_takes_what_is_not_connected) {
  EACH_KIND(k) {
    struct stream *listener, *first, *second;
    struct place place;

    if (!can_move(k))
      continue;
    listener = make_listener(k);
    k->place(listener, UV__LOCAL, &place);
    first = stream_open(k, NULL);
    second = stream_new(k);
    CHECK_EQ(uv__port_beyond(&first->io)->move(&second->io, &first->io), 0);
    CHECK_EQ(collect(second, UV__CONNECT, start(second, UV__CONNECT, &place.at)), 0);
    /* Fresh again, it can have another one. */
    CHECK_EQ(k->open(first), 0);
    CHECK_EQ(collect(first, UV__CONNECT, start(first, UV__CONNECT, &place.at)), 0);
    stream_end(first);
    stream_end(second);
    stream_end(listener);
  }
}

/* ---- Another loop ---- */

enum {
  PATIENCE = 1000 /* turns, with what a pipe says by itself */
};

/* The io leaves, and its ops and tail go to another place, as a core has it. NULL: a question to the
 * system cannot be taken back here. */
static struct stream* leave(struct stream* s) {
  struct stream* left;
  int tries = 0;
  int r;

  while ((r = uv__port_beyond(&s->io)->leave(&s->io)) == UV_EBUSY && tries++ < PATIENCE)
    turn(0);
  if (r == UV_EBUSY && (s->io.busy & UV__READ))
    return NULL;
  left = stream_new(s->kind);
  CHECK(r == 0 || r == UV__PENDING);
  s->closed = 1;
  if (r == UV__PENDING) {
    s->io.busy |= UV__CLOSED;
    await(s, UV__CLOSED);
  }
  uv__queue_remove(&s->io.link);
  left->io.ops = s->io.ops;
  left->io.tail = s->io.tail;
  left->io.loop = NULL;
  stream_free(s);
  return left;
}

static void join(struct stream* s) {
  int r;

  s->io.loop = loop;
  do
    r = uv__port_beyond(&s->io)->join(&s->io);
  while (r == UV_ENOMEM);
  CHECK_EQ(r, 0);
}

TEST(leave_takes_the_connection_and_what_came_over_it) {
  EACH_KIND(k) {
    int armed;

    for (armed = 0; armed < 2; armed++) {
      struct stream *a, *b, *left;

      make_pair(k, &a, &b);
      if (armed)
        arm_dry(a);
      left = leave(a);
      if (left == NULL) {
        stream_end(a);
        stream_end(b);
        continue;
      }
      a = left;
      CHECK_EQ(write_byte(b, 'a'), 0);
      settle();
      join(a);
      CHECK_EQ(read_byte(a), 'a');
      CHECK_EQ(write_byte(a, 'b'), 0);
      CHECK_EQ(read_byte(b), 'b');
      /* Once more, with a byte that is there already. */
      CHECK_EQ(write_byte(b, 'c'), 0);
      settle();
      a = leave(a);
      join(a);
      CHECK_EQ(read_byte(a), 'c');
      stream_end(a);
      CHECK_EQ(read_to_end(b), UV_EOF);
      stream_end(b);
    }
  }
}

TEST(leave_and_close_is_an_end) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(a, 'a'), 0);
    a = leave(a);
    CHECK_EQ(a->io.ops->close(&a->io), 0);
    stream_free(a);
    CHECK_EQ(read_byte(b), 'a');
    CHECK_EQ(read_to_end(b), UV_EOF);
    stream_end(b);
  }
}
