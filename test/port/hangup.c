/* The HANGUP lane: the peer's end, heard of without a read. */
#include "driver.h"
#include "native.h"

/* A question that has to wait; where the port wants to be asked again there is nothing to wait for. */
static int ask_in_vain(struct stream* s) {
  int r = uv__port_beyond(&s->io)->hangup_arm(&s->io);

  CHECK(r == UV__PENDING || r == UV_EAGAIN);
  if (r == UV__PENDING)
    s->io.busy |= UV__HANGUP;
  return r;
}

TEST(hangup_is_told_of_an_end) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    stream_end(b);
    CHECK_EQ(hear_hangup(a), UV_EOF);
    CHECK_EQ(hear_hangup(a), UV_EOF);
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    stream_end(a);
  }
}

TEST(hangup_is_told_while_it_waits) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    if (ask_in_vain(a) == UV__PENDING) {
      settle();
      CHECK_EQ(rings(a, UV__HANGUP), 0);
      stream_end(b);
      await(a, UV__HANGUP);
      CHECK_EQ(uv__port_beyond(&a->io)->hangup_done(&a->io), UV_EOF);
      settle();
      CHECK_EQ(rings(a, UV__HANGUP), 0);
    } else {
      stream_end(b);
      CHECK_EQ(hear_hangup(a), UV_EOF);
    }
    stream_end(a);
  }
}

TEST(hangup_takes_no_bytes) {
  EACH_KIND(k) {
    struct stream *a, *b;
    char byte;

    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(b, 'h'), 0);
    settle();
    stream_end(b);
    if (native_hears_behind_bytes(k->desc))
      CHECK_EQ(hear_hangup(a), UV_EOF);
    CHECK_EQ(read_byte(a), 'h');
    CHECK_EQ(read_some(a, &byte, 1), UV_EOF);
    CHECK_EQ(hear_hangup(a), UV_EOF);
    stream_end(a);
  }
}

TEST(hangup_is_not_told_of_bytes) {
  EACH_KIND(k) {
    struct stream *a, *b;
    int r;

    make_pair(k, &a, &b);
    r = ask_in_vain(a);
    CHECK_EQ(write_byte(b, 'b'), 0);
    settle();
    if (rings(a, UV__HANGUP) > 0) /* For nothing: that is allowed. */
      CHECK_EQ(uv__port_beyond(&a->io)->hangup_done(&a->io), 0);
    else
      CHECK(r == UV_EAGAIN || (a->io.busy & UV__HANGUP));
    CHECK_EQ(read_byte(a), 'b');
    stream_end(a);
    stream_end(b);
  }
}

TEST(hangup_of_one_direction) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    CHECK_EQ(collect(b, UV__SHUTDOWN, start(b, UV__SHUTDOWN, NULL)), 0);
    if (native_hears_half_an_end(k->desc))
      CHECK_EQ(hear_hangup(a), UV_EOF);
    CHECK_EQ(write_byte(a, 'w'), 0);
    CHECK_EQ(read_byte(b), 'w');
    stream_end(a);
    stream_end(b);
  }
}

TEST(hangup_of_a_reset_is_no_end) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    (void) ask_in_vain(a);
    stream_reset(b);
    if (a->io.busy & UV__HANGUP) {
      await(a, UV__HANGUP);
      CHECK_EQ(uv__port_beyond(&a->io)->hangup_done(&a->io), k->resets ? UV_ECONNRESET : UV_EOF);
    }
    CHECK_EQ(hear_hangup(a), k->resets ? UV_ECONNRESET : UV_EOF);
    CHECK(read_to_end(a) < 0);
    stream_end(a);
  }
}

TEST(law8_hangup_that_a_close_cuts_short) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    (void) ask_in_vain(a);
    (void) arm(a);
    stream_close(a);
    stream_free(a);
    settle();
    stream_end(b);
  }
}

TEST(law2_no_spin_while_a_hangup_is_awaited) {
  EACH_KIND(k) {
    struct stream *a, *b;

    make_pair(k, &a, &b);
    CHECK_EQ(write_byte(b, 'u'), 0);
    settle();
    (void) ask_in_vain(a);
    CHECK(polls_during(40) <= 20);
    stream_end(a);
    stream_end(b);
  }
}
