/* The ACCEPT lane. */
#include "driver.h"

static void wait_for_connection(struct stream* listener, struct uv__desc* desc) {
  while (accept_start(listener, desc) == UV_EAGAIN)
    await(listener, UV__ACCEPT);
  CHECK_EQ(desc->kind, listener->kind->desc);
}

TEST(accept_nothing_is_eagain) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct uv__desc desc;

    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    settle();
    CHECK_EQ(rings(listener, UV__ACCEPT), 0);
    CHECK(polls_during(40) <= 20);
    stream_end(listener);
  }
}

TEST(accept_rings_after_eagain) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct uv__desc desc;
    int i;

    for (i = 0; i < 12; i++) {
      struct stream* client;

      while (accept_start(listener, &desc) != UV_EAGAIN)
        FAIL("a connection nobody made");
      client = make_client(listener);
      await(listener, UV__ACCEPT);
      wait_for_connection(listener, &desc);
      uv__port_discard(&desc);
      stream_end(client);
      settle();
      listener->rings[3] = 0; /* several connections can be told in several rings */
    }
    stream_end(listener);
  }
}

TEST(accept_oldest_first) {
  EACH_KIND(k) {
    enum {
      COUNT = 14 /* more than a backend keeps posted */
    };
    struct stream* listener = make_listener(k);
    struct stream* client[COUNT];
    int i;

    /* Each waits for the end of its connect, so that the order is known. */
    for (i = 0; i < COUNT; i++) {
      client[i] = make_client(listener);
      CHECK_EQ(write_byte(client[i], (char) i), 0);
    }
    for (i = 0; i < COUNT; i++) {
      struct stream* s = accept_stream(listener);

      CHECK_EQ(read_byte(s), i);
      stream_end(s);
    }
    for (i = 0; i < COUNT; i++)
      stream_end(client[i]);
    stream_end(listener);
  }
}

TEST(law2_no_spin_with_unclaimed_connections) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* client[3];
    struct uv__desc desc;
    int i;

    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    for (i = 0; i < 3; i++)
      client[i] = make_client(listener);
    await(listener, UV__ACCEPT);
    CHECK(polls_during(40) <= 20);
    CHECK(rings(listener, UV__ACCEPT) <= 3);
    for (i = 0; i < 3; i++) {
      wait_for_connection(listener, &desc);
      uv__port_discard(&desc);
      stream_end(client[i]);
    }
    stream_end(listener);
  }
}

TEST(discard_hangs_up) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* client = make_client(listener);
    struct uv__desc desc;
    ssize_t r;

    wait_for_connection(listener, &desc);
    uv__port_discard(&desc);
    CHECK_EQ(desc.kind, UV__DESC_NONE);
    r = read_to_end(client);
    CHECK(r == UV_EOF || r == UV_ECONNRESET);
    stream_end(client);
    stream_end(listener);
  }
}

TEST(accept_what_the_client_left_behind) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* client = make_client(listener);
    struct stream* s;
    char byte;

    CHECK_EQ(write_byte(client, 'w'), 0);
    stream_end(client);
    settle();
    s = accept_stream(listener);
    CHECK_EQ(read_byte(s), 'w');
    CHECK_EQ(read_some(s, &byte, 1), UV_EOF);
    stream_end(s);
    stream_end(listener);
  }
}

TEST(accept_goes_on_after_a_reset) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* first = make_client(listener);
    struct stream *second, *s;
    struct uv__desc desc;
    char byte = 0;
    int r;

    stream_reset(first);
    settle();
    second = make_client(listener);
    CHECK_EQ(write_byte(second, '2'), 0);
    /* The first is an error or a connection that has ended; the second is not harmed. */
    while ((r = accept_start(listener, &desc)) == UV_EAGAIN)
      await(listener, UV__ACCEPT);
    if (r == 0) {
      s = stream_open(k, &desc);
      if (read_some(s, &byte, 1) != 1) {
        stream_end(s);
        s = accept_stream(listener);
      }
    } else {
      CHECK_EQ(r, UV_ECONNABORTED);
      s = accept_stream(listener);
    }
    if (byte == 0)
      CHECK_EQ(read_some(s, &byte, 1), 1);
    CHECK_EQ(byte, '2');
    stream_end(s);
    stream_end(second);
    stream_end(listener);
  }
}

TEST(accept_close_hangs_up_on_who_waits) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* client[6];
    int i;

    for (i = 0; i < 6; i++)
      client[i] = make_client(listener);
    stream_end(listener);
    for (i = 0; i < 6; i++) {
      ssize_t r = read_to_end(client[i]);

      CHECK(r == UV_EOF || r == UV_ECONNRESET);
      stream_end(client[i]);
    }
  }
}

TEST(listen_again_changes_the_backlog) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream *a, *b;

    CHECK_EQ(listener->io.ops->listen(&listener->io, 1), 0);
    a = make_client(listener);
    CHECK_EQ(listener->io.ops->listen(&listener->io, 64), 0);
    b = accept_stream(listener);
    CHECK_EQ(write_byte(a, 'x'), 0);
    CHECK_EQ(read_byte(b), 'x');
    stream_end(a);
    stream_end(b);
    stream_end(listener);
  }
}
