/* The WRITE and SHUTDOWN lanes. */
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "native.h"

TEST(write_takes_at_least_one_byte) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte = pattern_at(0);
    uv_buf_t buf = uv_buf_init(&byte, 1);
    ssize_t n;

    make_pair(k, &a, &b);
    /* `done` may answer 0, which says start again. */
    do
      n = collect(a, UV__WRITE, write_start(a, &buf, 1, UV__QUEUE));
    while (n == 0);
    CHECK_EQ(n, 1);
    hear_until(b, 1);
    stream_end(a);
    stream_end(b);
  }
}

TEST(write_many_buffers_in_order) {
  EACH_KIND(k) {
    enum {
      COUNT = 3000, /* more than any system takes in one call */
      SIZE = 5
    };
    struct stream *a, *b;
    char* bytes = (char*) malloc(COUNT * SIZE);
    uv_buf_t* bufs = (uv_buf_t*) malloc(COUNT * sizeof(*bufs));
    uv_buf_t* copy = (uv_buf_t*) malloc(COUNT * sizeof(*bufs));
    size_t at = 0;
    unsigned i;

    make_pair(k, &a, &b);
    pattern_fill(bytes, COUNT * SIZE, 0);
    while (at < COUNT * SIZE) {
      unsigned first = (unsigned) (at / SIZE), skip = (unsigned) (at % SIZE);
      ssize_t r;

      for (i = first; i < COUNT; i++)
        bufs[i] = uv_buf_init(bytes + i * SIZE, SIZE);
      bufs[first] = uv_buf_init(bytes + at, SIZE - skip);
      memcpy(copy, bufs + first, (COUNT - first) * sizeof(*bufs));
      r = write_start(a, copy, COUNT - first, UV__QUEUE);
      /* The array was the caller's for the call only. */
      memset(copy, 0xee, COUNT * sizeof(*bufs));
      r = collect_heard(a, r, b);
      CHECK(r >= 0);
      at += (size_t) r;
    }
    hear_until(b, COUNT * SIZE);
    free(copy);
    free(bufs);
    free(bytes);
    stream_end(a);
    stream_end(b);
  }
}

/* Some of the buffers go at once, one waits: the count is of all that went. */
TEST(write_many_buffers_that_do_not_fit) {
  EACH_KIND(k) {
    enum {
      COUNT = 40
    };
    struct stream *a, *b;
    size_t size = native_flood / COUNT;
    char* bytes = (char*) malloc(COUNT * size);
    uv_buf_t bufs[COUNT];
    size_t at = 0;

    make_pair(k, &a, &b);
    pattern_fill(bytes, COUNT * size, 0);
    while (at < COUNT * size) {
      unsigned count = 0;
      size_t from = at;
      ssize_t r;

      while (from < COUNT * size) {
        size_t part = size - from % size;
        bufs[count++] = uv_buf_init(bytes + from, (unsigned) part);
        from += part;
      }
      r = collect_heard(a, write_start(a, bufs, count, UV__QUEUE), b);
      CHECK(r >= 0);
      at += (size_t) r;
    }
    hear_until(b, COUNT * size);
    free(bytes);
    stream_end(a);
    stream_end(b);
  }
}

TEST(write_try_is_eagain_when_full) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t total;

    make_pair(k, &a, &b);
    total = write_full(a);
    CHECK(total > 0);
    settle();
    /* Nothing was started, so nothing rings, also when there is room again. */
    hear_until(b, total);
    settle();
    CHECK_EQ(rings(a, UV__WRITE), 0);
    stream_end(a);
    stream_end(b);
  }
}

TEST(write_pending_under_back_pressure) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t before;

    make_pair(k, &a, &b);
    before = write_full(a);
    /* More than the connection holds, on one that is full: this waits for the reader. */
    CHECK_EQ(write_pattern(a, before, native_flood, b), 0);
    CHECK(b->heard > 0);
    hear_until(b, before + native_flood);
    CHECK_EQ(read_now(b, (char[1]){0}, 1), UV_EAGAIN);
    stream_end(a);
    stream_end(b);
  }
}

TEST(law2_write_that_is_taken_back_does_not_ring) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char bytes[16];
    uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));
    size_t before;
    size_t went;
    ssize_t r;

    make_pair(k, &a, &b);
    before = write_full(a);
    pattern_fill(bytes, sizeof(bytes), before);
    r = write_start(a, &buf, 1, UV__QUEUE);
    if (r == UV__PENDING && a->io.ops->write_stop != NULL && !(a->io.rung & UV__WRITE) &&
        a->io.ops->write_stop(&a->io) == 0) {
      a->io.busy &= (unsigned char) ~UV__WRITE;
      hear_until(b, before);
      settle();
      CHECK_EQ(rings(a, UV__WRITE), 0);
      r = 0;
    }
    r = collect_heard(a, r, b); /* As if nothing had been started. */
    CHECK(r >= 0);
    went = (size_t) r;
    CHECK_EQ(write_pattern(a, before + went, 100, b), 0);
    hear_until(b, before + went + 100);
    stream_end(a);
    stream_end(b);
  }
}

TEST(law2_no_spin_while_a_write_waits) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t big = native_flood;
    char* bytes = (char*) malloc(big);
    unsigned starts = 0;
    size_t sent = 0;

    make_pair(k, &a, &b);
    pattern_fill(bytes, big, 0);
    /* Nobody reads. Some rings may be for nothing, but not one after the other. */
    for (;;) {
      uv_buf_t buf = uv_buf_init(bytes + sent, (unsigned) (big - sent));
      ssize_t n = (a->io.busy & UV__WRITE) ? UV__PENDING : write_start(a, &buf, 1, UV__QUEUE);

      starts++;
      CHECK(starts < 4000);
      if (n == UV__PENDING) {
        settle();
        if (rings(a, UV__WRITE) == 0)
          break;
        await(a, UV__WRITE);
        n = a->io.ops->done(&a->io, UV__WRITE);
      }
      CHECK(n >= 0);
      sent += (size_t) n;
      CHECK(sent < big);
    }
    CHECK(polls_during(40) <= 20);
    stream_close(a);
    stream_free(a);
    free(bytes);
    stream_end(b);
  }
}

/* Law 7. The signal would end the process. */
TEST(law7_write_to_a_closed_peer_is_an_error) {
  EACH_KIND(k) {
    struct stream *a, *b;
    ssize_t r = 0;
    int tries;

    make_pair(k, &a, &b);
    stream_end(b);
    for (tries = 0; tries < 100 && r == 0; tries++) {
      settle();
      r = write_byte(a, '?');
    }
    CHECK(r == UV_EPIPE || r == UV_ECONNRESET);
    settle();
    r = write_byte(a, '!');
    CHECK(r == UV_EPIPE || r == UV_ECONNRESET);
    stream_end(a);
  }
}

TEST(write_pending_ends_when_the_peer_resets) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t big = native_flood;
    char* bytes = (char*) calloc(1, big);
    ssize_t r;

    make_pair(k, &a, &b);
    write_full(a);
    for (;;) {
      uv_buf_t buf = uv_buf_init(bytes, (unsigned) big);

      r = write_start(a, &buf, 1, UV__QUEUE);
      if (r != UV__PENDING) {
        CHECK(r > 0);
        continue;
      }
      settle();
      if (rings(a, UV__WRITE) == 0)
        break;
      await(a, UV__WRITE);
      CHECK(a->io.ops->done(&a->io, UV__WRITE) >= 0);
    }
    stream_reset(b);
    await(a, UV__WRITE);
    r = a->io.ops->done(&a->io, UV__WRITE);
    CHECK(r >= 0 || r == UV_EPIPE || r == UV_ECONNRESET);
    if (r >= 0) {
      settle();
      r = write_byte(a, 'x');
    }
    CHECK(r == UV_EPIPE || r == UV_ECONNRESET);
    free(bytes);
    stream_end(a);
  }
}

TEST(shutdown_follows_the_data) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t total;
    char byte;
    int r;

    make_pair(k, &a, &b);
    total = write_full(a);            /* none of it read yet */
    r = start(a, UV__SHUTDOWN, NULL); /* Its end may be bytes, too, which need room. */
    hear_until(b, total);
    CHECK_EQ(collect(a, UV__SHUTDOWN, r), 0);
    CHECK_EQ(read_some(b, &byte, 1), UV_EOF);
    /* One direction is closed; the answer still comes through the other. */
    CHECK_EQ(write_byte(b, 'a'), 0);
    CHECK_EQ(read_byte(a), 'a');
    stream_end(a);
    stream_end(b);
  }
}
