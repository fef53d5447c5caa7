/* The READ lane. */
#include <stdlib.h>

#include "driver.h"
#include "native.h"

TEST(read_nothing_is_eagain) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    CHECK_EQ(read_now(a, &byte, 1), UV_EAGAIN);
    CHECK_EQ(read_now(b, &byte, 1), UV_EAGAIN);
    stream_end(a);
    stream_end(b);
  }
}

TEST(law2_read_pending_is_one_ring) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    CHECK_EQ(write_byte(b, 'r'), 0);
    await(a, UV__READ);
    settle();
    CHECK_EQ(rings(a, UV__READ), 0);
    CHECK_EQ(read_byte(a), 'r');
    stream_end(a);
    stream_end(b);
  }
}

TEST(law2_read_disarm_zero_means_no_ring) {
  EACH_KIND(k) {
    struct stream *a, *b;
    int r;

    make_pair(k, &a, &b);
    arm_dry(a);
    r = a->io.ops->read_disarm(&a->io);
    CHECK(r == 0 || r == UV__PENDING);
    if (r == 0)
      a->io.busy &= (unsigned char) ~UV__READ;
    CHECK_EQ(write_byte(b, 'w'), 0);
    /* A ring after 0 belongs to no start, and the driver would fail in here. */
    settle();
    if (r == UV__PENDING)
      await(a, UV__READ);
    CHECK_EQ(rings(a, UV__READ), 0);
    CHECK_EQ(read_byte(a), 'w');
    stream_end(a);
    stream_end(b);
  }
}

TEST(law5_read_disarm_loses_nothing) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t i;

    make_pair(k, &a, &b);
    for (i = 0; i < 200; i++) {
      (void) arm(a);
      if (i % 3 == 0)
        settle();
      CHECK_EQ(write_byte(b, pattern_at(i)), 0);
      if (i % 2 == 0)
        turn(0);
      disarm(a);
      a->rings[0] = 0;
      CHECK_EQ(read_byte(a), pattern_at(i));
    }
    stream_end(a);
    stream_end(b);
  }
}

TEST(read_arm_knows_what_waits) {
  EACH_KIND(k) {
    struct stream *a, *b;

    /* Data came long before anybody asked; whether armed as ready or by a ring, it is told. */
    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(b, 'o'), 0);
    settle();
    CHECK_EQ(read_byte(a), 'o');
    stream_end(a);
    stream_end(b);
  }
}

TEST(read_arm_takes_no_bytes) {
  EACH_KIND(k) {
    struct stream *a, *b;
    int i;

    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(b, 'u'), 0);
    for (i = 0; i < 5; i++) {
      if (arm(a) == UV__PENDING)
        await(a, UV__READ);
      settle();
    }
    CHECK_EQ(read_byte(a), 'u');
    stream_end(a);
    stream_end(b);
  }
}

TEST(read_short_reads_keep_order) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t sent = 0, got = 0, step = 1;
    char piece[1024];

    make_pair(k, &a, &b);
    while (got < native_flood / 4) {
      uv_buf_t buf = uv_buf_init(piece, sizeof(piece));
      ssize_t n;

      /* The writer is always ahead, so that most reads could give more than was asked. */
      pattern_fill(piece, sizeof(piece), sent);
      n = write_start(b, &buf, 1, UV__TRY);
      CHECK(n > 0 || n == UV_EAGAIN);
      if (n > 0)
        sent += (size_t) n;
      if (got == sent)
        continue;
      n = read_some(a, piece, step);
      CHECK(n > 0);
      pattern_check(piece, (size_t) n, got);
      got += (size_t) n;
      step = step * 5 % 1021 + 1;
    }
    stream_end(a);
    stream_end(b);
  }
}

TEST(read_eof_is_never_zero) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    arm_dry(a);
    stream_end(b);
    await(a, UV__READ);
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    /* And it stays: nobody who asks again is told 0, or to wait for ever. */
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    stream_end(a);
  }
}

TEST(read_data_comes_before_eof) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(b, 'l'), 0);
    stream_end(b);
    settle();
    CHECK_EQ(read_byte(a), 'l');
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    stream_end(a);
  }
}

TEST(read_peer_reset_while_armed) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    arm_dry(a);
    settle();
    CHECK(a->io.busy & UV__READ);
    stream_reset(b);
    await(a, UV__READ);
    CHECK_EQ(read_some(a, &byte, 1), k->resets ? UV_ECONNRESET : UV_EOF);
    stream_end(a);
  }
}

TEST(read_both_ways_a_thousand_times) {
  EACH_KIND(k) {
    struct stream* s[2];
    int i;

    make_pair(k, &s[0], &s[1]);
    arm_dry(s[1]);
    for (i = 0; i < 1000; i++) {
      struct stream* from = s[i & 1];
      struct stream* to = s[1 - (i & 1)];

      CHECK_EQ(write_byte(from, pattern_at((size_t) i)), 0);
      CHECK_EQ(read_byte(to), pattern_at((size_t) i));
      arm_dry(from);
    }
    stream_end(s[0]);
    stream_end(s[1]);
  }
}

TEST(read_and_write_lanes_are_independent) {
  EACH_KIND(k) {
    struct stream *a, *b;
    size_t stuck;
    char* bytes = (char*) malloc(1 << 16);
    uv_buf_t buf = uv_buf_init(bytes, 1 << 16);
    ssize_t r;

    make_pair(k, &a, &b);
    stuck = write_full(a);
    pattern_fill(bytes, 1 << 16, stuck);
    r = write_start(a, &buf, 1, UV__QUEUE);
    arm_dry(a);
    CHECK_EQ(write_byte(b, 'h'), 0);
    CHECK_EQ(read_byte(a), 'h');
    stream_close(a);
    if (r == UV__PENDING) {
      r = a->io.ops->done(&a->io, UV__WRITE);
      CHECK(r >= 0 || r == UV_ECANCELED);
    }
    stream_free(a);
    free(bytes);
    stream_end(b);
  }
}

/* A lane that nobody armed must not keep poll from waiting, whatever the socket has to
 * say: most systems report a hang-up or an error without being asked. A few polls are one
 * each for news on the way; a spin takes thousands. */
enum {
  WAIT_MS = 40,
  FEW_POLLS = 20
};

TEST(law2_no_spin_with_unread_data) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    CHECK_EQ(write_byte(b, 'u'), 0);
    await(a, UV__READ);
    CHECK(polls_during(WAIT_MS) <= FEW_POLLS);
    CHECK_EQ(rings(a, UV__READ), 0);
    stream_end(a);
    stream_end(b);
  }
}

TEST(law2_no_spin_after_eof) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    CHECK_EQ(collect(b, UV__SHUTDOWN, start(b, UV__SHUTDOWN, NULL)), 0);
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    CHECK_EQ(collect(a, UV__SHUTDOWN, start(a, UV__SHUTDOWN, NULL)), 0);
    CHECK(polls_during(WAIT_MS) <= FEW_POLLS);
    CHECK_EQ(rings(a, UV__READ), 0);
    stream_end(a);
    stream_end(b);
  }
}

TEST(law2_no_spin_after_unheard_reset) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    stream_reset(b);
    settle();
    CHECK(polls_during(WAIT_MS) <= FEW_POLLS);
    CHECK(read_to_end(a) < 0);
    CHECK(polls_during(WAIT_MS) <= FEW_POLLS);
    stream_end(a);
  }
}

TEST(law2_no_spin_with_a_fresh_descriptor) {
  EACH_KIND(k) {
    struct stream* s = stream_open(k, NULL);

    CHECK(polls_during(WAIT_MS) <= FEW_POLLS);
    stream_end(s);
  }
}

TEST(law2_no_spin_while_armed_and_idle) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    arm_dry(a);
    arm_dry(b);
    CHECK(polls_during(WAIT_MS) <= FEW_POLLS);
    stream_end(a);
    stream_end(b);
  }
}
