/* Small buffers that go to a pipe in one call (src/win/pipe/bundle.c). On a pipe of messages one read
 * tells how many calls there were. */
#include <string.h>

#include "win/pipe/pipe.h"

#include "driver.h"
#include "holder.h"
#include "native.h"

enum {
  PARTS = 16,
  PART = 1000, /* bytes */
  WHOLE = PARTS * PART
};

static char bytes[WHOLE];

/* The pattern from place `at` on, in small buffers. */
static void cut(uv_buf_t bufs[PARTS], size_t at) {
  int i;

  pattern_fill(bytes, WHOLE, at);
  for (i = 0; i < PARTS; i++)
    bufs[i] = uv_buf_init(bytes + i * PART, PART);
}

/* Writes them as one, with room for all. */
static void write_parts(struct stream* s, size_t at) {
  uv_buf_t bufs[PARTS];

  cut(bufs, at);
  CHECK_EQ(write_start(s, bufs, PARTS, UV__QUEUE), WHOLE);
}

/* Reads one message, of that size, and checks it. */
static void hear_message(struct stream* s, size_t size) {
  static char heard[WHOLE + 1];

  CHECK_EQ(read_some(s, heard, sizeof heard), size);
  pattern_check(heard, size, s->heard);
  s->heard += size;
}

/* Small buffers until they wait; how many bytes went before. What waits is in `rest`. */
static size_t fill(struct stream* s, uv_buf_t rest[PARTS]) {
  size_t at = 0;
  ssize_t r;

  for (;;) {
    cut(rest, at);
    r = write_start(s, rest, PARTS, UV__QUEUE);
    if (r == UV__PENDING)
      return at;
    CHECK_EQ(r, WHOLE);
    at += WHOLE;
  }
}

TEST(win_small_buffers_are_one_message) {
  EACH_KIND(k) {
    struct stream *a, *b;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    write_parts(a, 0);
    hear_message(b, WHOLE);
    write_parts(b, 0); /* It has met its client. */
    hear_message(a, WHOLE);
    stream_end(a);
    stream_end(b);
  }
}

/* What is large goes from where it is. */
TEST(win_large_buffers_are_a_message_each) {
  EACH_KIND(k) {
    static const size_t sizes[] = {10, 10, 5000, 20};
    static const size_t messages[] = {20, 5000, 20};
    struct stream *a, *b;
    uv_buf_t bufs[4];
    size_t at = 0;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    pattern_fill(bytes, WHOLE, 0);
    for (i = 0; i < 4; i++) {
      bufs[i] = uv_buf_init(bytes + at, (unsigned) sizes[i]);
      at += sizes[i];
    }
    CHECK_EQ(write_start(a, bufs, 4, UV__QUEUE), at);
    for (i = 0; i < 3; i++)
      hear_message(b, messages[i]);
    stream_end(a);
    stream_end(b);
  }
}

/* A program that makes pipes of messages may mean what it reads by one. */
TEST(win_buffers_to_a_server_of_messages_are_a_message_each) {
  EACH_KIND(k) {
    uv_buf_t bufs[] = {uv_buf_init((char*) "a", 1), uv_buf_init((char*) "bc", 2),
                       uv_buf_init((char*) "def", 3)};
    char text[200];
    WCHAR name[200];
    HANDLE server, client;
    struct stream* s;
    char heard[8];
    DWORD size;
    size_t length;
    DWORD i;

    if (k->ops != &uv__pipe_ops)
      continue;
    length = native_pipe_name(text, sizeof text);
    for (i = 0; i < length; i++)
      name[i] = (WCHAR) text[i];
    name[length] = 0;
    server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX,
                              PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT, 1, 4096, 4096,
                              0, NULL);
    CHECK(server != INVALID_HANDLE_VALUE);
    client = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                         FILE_FLAG_OVERLAPPED, NULL);
    CHECK(client != INVALID_HANDLE_VALUE);
    s = holder_give(k, client);
    CHECK_EQ(write_start(s, bufs, 3, UV__QUEUE), 6);
    for (i = 0; i < 3; i++) {
      CHECK(ReadFile(server, heard, sizeof heard, &size, NULL));
      CHECK_EQ(size, i + 1);
      CHECK_EQ(memcmp(heard, bufs[i].base, size), 0);
    }
    stream_end(s);
    CHECK(CloseHandle(server));
  }
}

/* The block is with the kernel while one of them waits; another one goes without. */
TEST(win_pipes_that_are_full_share_no_bytes) {
  EACH_KIND(k) {
    struct stream *a[2], *b[2];
    uv_buf_t rest[PARTS];
    size_t before[2];
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    for (i = 0; i < 2; i++)
      make_pair(k, &a[i], &b[i]);
    before[0] = fill(a[0], rest);
    /* The other one writes other bytes, as many, from buffers that it lends. */
    write_parts(a[1], 0);
    hear_message(b[1], PART);
    hear_until(b[1], WHOLE);
    /* There is a copy of what waits. */
    memset(bytes, 0, sizeof bytes);
    hear_until(b[0], before[0] + WHOLE);
    CHECK_EQ(collect(a[0], UV__WRITE, UV__PENDING), WHOLE);
    /* It has come back. */
    write_parts(a[1], WHOLE);
    hear_message(b[1], WHOLE);
    for (i = 0; i < 2; i++) {
      stream_end(a[i]);
      stream_end(b[i]);
    }
  }
}

TEST(win_small_buffers_that_wait_are_closed) {
  EACH_KIND(k) {
    struct stream *a, *b, *c, *d;
    uv_buf_t rest[PARTS];

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    make_pair(k, &c, &d);
    (void) fill(a, rest);
    CHECK_EQ(a->io.ops->write(&a->io, rest, PARTS, UV__TRY, NULL), UV_EAGAIN);
    stream_close(a);
    CHECK_EQ(a->io.ops->done(&a->io, UV__WRITE), UV_ECANCELED);
    stream_free(a);
    stream_end(b);
    write_parts(c, 0);
    hear_message(d, WHOLE);
    stream_end(c);
    stream_end(d);
  }
}

/* The end comes behind them. */
TEST(win_small_buffers_that_wait_come_before_the_end) {
  EACH_KIND(k) {
    struct stream *a, *b;
    uv_buf_t rest[PARTS];
    size_t before;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    before = fill(a, rest);
    hear_until(b, before + WHOLE);
    CHECK_EQ(collect(a, UV__WRITE, UV__PENDING), WHOLE);
    write_parts(a, before + WHOLE);
    CHECK_EQ(collect(a, UV__SHUTDOWN, start(a, UV__SHUTDOWN, NULL)), 0);
    hear_message(b, WHOLE);
    CHECK_EQ(read_to_end(b), UV_EOF);
    stream_end(a);
    stream_end(b);
  }
}

/* An end that does not wait takes a part, and more of it another time. */
TEST(win_small_buffers_to_an_impatient_end_are_whole) {
  EACH_KIND(k) {
    DWORD mode = PIPE_NOWAIT | PIPE_READMODE_MESSAGE;
    struct stream *a, *b;
    size_t total = 0;
    uv_os_fd_t fd;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    CHECK_EQ(a->io.ops->fileno(&a->io, &fd), 0);
    CHECK(SetNamedPipeHandleState(fd, &mode, NULL, NULL));
    for (i = 0; i < 40; i++) {
      uv_buf_t bufs[PARTS];
      ssize_t r;

      cut(bufs, total);
      r = collect_heard(a, write_start(a, bufs, PARTS, UV__QUEUE), b);
      CHECK(r >= 0 && r <= WHOLE);
      total += (size_t) r;
    }
    hear_until(b, total);
    stream_end(a);
    CHECK_EQ(read_to_end(b), UV_EOF);
    stream_end(b);
  }
}

/* Without the block they are a call each. */
TEST(win_small_buffers_without_a_block_are_a_message_each) {
  EACH_KIND(k) {
    struct stream *a, *b;
    int i;

    if (k->ops != &uv__pipe_ops)
      continue;
    make_pair(k, &a, &b);
    uv__bundle_free(loop);
    write_parts(a, 0);
    for (i = 0; i < PARTS; i++)
      hear_message(b, PART);
    uv__bundle_make(loop);
    write_parts(a, WHOLE);
    hear_message(b, WHOLE);
    stream_end(a);
    stream_end(b);
  }
}
