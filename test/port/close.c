/* The CLOSED lane. The driver overwrites and frees each io once it is closed, and every test
 * polls on after that: whoever still knows the io or the bytes is found out. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "native.h"

TEST(close_without_descriptor) {
  EACH_KIND(k) {
    struct stream* s = stream_new(k);
    uv_os_fd_t fd;

    CHECK_EQ(s->io.ops->fileno(&s->io, &fd), UV_EBADF);
    stream_end(s);
    settle();
  }
}

TEST(close_fresh) {
  EACH_KIND(k) {
    stream_end(stream_open(k, NULL));
    settle();
  }
}

TEST(close_bound) {
  EACH_KIND(k) {
    struct stream* s = stream_open(k, NULL);

    k->listen(s, 1);
    stream_end(s);
    settle();
  }
}

TEST(law8_close_with_read_pending) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    stream_end(a);
    (void) write_byte(b, 'v');
    settle();
    stream_end(b);
    settle();
  }
}

TEST(law8_close_with_read_rung) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    CHECK_EQ(write_byte(b, 'u'), 0);
    await(a, UV__READ);
    stream_end(a);
    settle();
    stream_end(b);
  }
}

TEST(law8_close_with_accept_pending) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct uv__desc desc;

    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    stream_end(listener);
    settle();
  }
}

/* Write until the lane is pending and stays so. */
static ssize_t jam(struct stream* s, char* bytes, size_t len, size_t* sent) {
  for (;;) {
    uv_buf_t buf = uv_buf_init(bytes + *sent, (unsigned) (len - *sent));
    ssize_t r;

    CHECK(*sent < len);
    r = write_start(s, &buf, 1, UV__QUEUE);
    if (r == UV__PENDING) {
      settle();
      if (rings(s, UV__WRITE) == 0)
        return r;
      await(s, UV__WRITE);
      r = s->io.ops->done(&s->io, UV__WRITE);
    }
    CHECK(r >= 0);
    *sent += (size_t) r;
  }
}

TEST(law8_close_with_write_pending) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t big = native_flood;
    char* bytes = (char*) malloc(big);
    char* sink = (char*) malloc(65536);
    size_t sent = 0, got = 0;
    ssize_t r, n;

    make_pair(k, &a, &b);
    pattern_fill(bytes, big, 0);
    jam(a, bytes, big, &sent);
    stream_close(a);
    r = a->io.ops->done(&a->io, UV__WRITE);
    CHECK(r == UV_ECANCELED || r >= 0);
    if (r >= 0)
      CHECK((size_t) r <= big - sent);
    stream_free(a);
    /* The bytes are the caller's; what the peer gets was taken before. */
    memset(bytes, 0xee, big);
    free(bytes);
    for (;;) {
      n = read_some(b, sink, 65536);
      if (n < 0)
        break;
      pattern_check(sink, (size_t) n, got);
      got += (size_t) n;
    }
    /* Of an IPC pipe with frames the last one is cut off. */
    CHECK(n == UV_EOF || n == UV_ECONNRESET || (k->ops == &uv__ipc_ops && n == UV_ECONNABORTED));
    CHECK(got <= big);
    if (n == UV_EOF && r >= 0)
      CHECK_EQ(got, sent + (size_t) r);
    free(sink);
    stream_end(b);
    settle();
  }
}

TEST(law8_close_with_all_lanes_pending) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t big = native_flood;
    char* bytes = (char*) calloc(1, big);
    size_t sent = 0;
    ssize_t r;

    make_pair(k, &a, &b);
    jam(a, bytes, big, &sent);
    arm_dry(a);
    stream_close(a);
    r = a->io.ops->done(&a->io, UV__WRITE);
    CHECK(r >= 0 || r == UV_ECANCELED);
    stream_free(a);
    free(bytes);
    settle();
    stream_end(b);
    settle();
  }
}

TEST(close_delivers_what_was_written) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t total;
    char byte;

    make_pair(k, &a, &b);
    total = write_full(a);
    stream_end(a);
    hear_until(b, total);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    stream_end(b);
  }
}

/* ---- Nobody gets through from the call on ---- */

TEST(close_turns_clients_away_at_once) {
  EACH_KIND(k) {
    struct stream* listener = make_listener(k);
    struct stream* late = stream_open(k, NULL);
    struct uv__desc desc;
    struct place place;

    CHECK_EQ(accept_start(listener, &desc), UV_EAGAIN);
    k->place(listener, UV__LOCAL, &place);
    stream_begin_close(listener);
    CHECK_EQ(collect(late, UV__CONNECT, start(late, UV__CONNECT, &place.at)), k->refused);
    stream_end(late);
    stream_await_close(listener);
    stream_free(listener);
  }
}

TEST(close_frees_the_address_at_once) {
  EACH_KIND(k) {
    struct stream* old = make_listener(k);
    struct stream* fresh = stream_open(k, NULL);
    struct stream *a, *b;
    struct uv__desc desc;
    struct place place;

    CHECK_EQ(accept_start(old, &desc), UV_EAGAIN);
    k->place(old, UV__LOCAL, &place);
    stream_begin_close(old);
    CHECK_EQ(fresh->io.ops->bind(&fresh->io, &place.at, 0), 0);
    CHECK_EQ(fresh->io.ops->listen(&fresh->io, 16), 0);
    a = make_client(fresh);
    b = accept_stream(fresh);
    CHECK_EQ(write_byte(a, 'f'), 0);
    CHECK_EQ(read_byte(b), 'f');
    stream_end(a);
    stream_end(b);
    stream_end(fresh);
    stream_await_close(old);
    stream_free(old);
  }
}

/* What the peer wrote and nobody read does not take away what was written to it. (Where a close over
 * such bytes resets, the end is a reset.) */
TEST(close_over_unread_bytes_delivers_what_was_written) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;
    ssize_t n;

    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(b, 'q'), 0);
    settle();
    CHECK_EQ(write_byte(a, 'a'), 0);
    settle();
    stream_end(a);
    settle();
    CHECK_EQ(read_byte(b), 'a');
    n = read_some(b, &byte, 1);
    CHECK(n == UV_EOF || n == UV_ECONNRESET);
    stream_end(b);
  }
}

TEST(close_and_open_again_and_again) {
  EACH_KIND(k) {
    int i;

    /* The system reuses descriptors and the heap its blocks: news of an old io must not
     * reach the new one at the same place. */
    for (i = 0; i < 50; i++) {
      struct stream *a, *b;

      make_pair(k, &a, &b);
      arm_dry(a);
      arm_dry(b);
      CHECK_EQ(write_byte(a, '1'), 0);
      CHECK_EQ(read_byte(b), '1');
      CHECK_EQ(write_byte(b, '2'), 0);
      if (i & 1)
        turn(0);
      stream_end(a);
      stream_end(b);
    }
    settle();
  }
}
