/* The IPC frame codec: the bytes on the wire, every way to split them, and what is no frame. */
#include "core/base/ipc_frame.h"

#include <string.h>

#include "harness.h"
#include "random.h"

enum {
  MOST = 4096
};

/* What came out of a decoder, in order; payload that arrives in pieces counts as one. */
struct log {
  char text[256];
  unsigned char payload[MOST];
  size_t payload_size;
  int in_bytes;
  uint32_t sum; /* over the blocks, so that a byte in the wrong place shows */
};

static void note(struct log* log, const char* what) {
  if (strlen(log->text) + strlen(what) < sizeof(log->text))
    strcat(log->text, what);
}

static void note_block(struct log* log, const struct uv__ipc_decoder* decoder, unsigned size) {
  unsigned i;

  note(log, size == UV__IPC_SOCKET_SIZE ? "s" : "p");
  note(log, decoder->flags & UV__IPC_CONNECTION ? "c" : "l");
  for (i = 0; i < size; i++)
    log->sum = log->sum * 31 + decoder->block[i];
}

/* Feeds all of `bytes`; 0 when the decoder called them bad. */
static int feed(struct uv__ipc_decoder* decoder, struct log* log, const void* bytes, size_t len) {
  const unsigned char* at = bytes;

  while (len > 0) {
    size_t used;
    enum uv__ipc_event event = uv__ipc_frame_feed(decoder, at, len, &used);

    CHECK(used <= len);
    if (event != UV__IPC_MORE && event != UV__IPC_BYTES)
      log->in_bytes = 0;
    switch (event) {
    case UV__IPC_MORE:
      CHECK(used > 0);
      break;
    case UV__IPC_BYTES:
      CHECK(used > 0);
      CHECK(log->payload_size + used <= MOST);
      memcpy(log->payload + log->payload_size, at, used);
      log->payload_size += used;
      if (!log->in_bytes)
        note(log, "b");
      log->in_bytes = 1;
      break;
    case UV__IPC_GOT_SOCKET:
      note_block(log, decoder, UV__IPC_SOCKET_SIZE);
      break;
    case UV__IPC_GOT_PIPE:
      note_block(log, decoder, UV__IPC_PIPE_SIZE);
      break;
    case UV__IPC_GOT_EOF:
      note(log, "e");
      break;
    case UV__IPC_BAD:
      note(log, "!");
      return 0;
    }
    at += used;
    len -= used;
  }
  return 1;
}

/* One frame, appended at `at`; the block is filled with a pattern. Returns its end. */
static unsigned char* put(unsigned char* at, uint32_t flags, const char* payload) {
  unsigned char head[UV__IPC_HEAD_MOST];
  size_t length = strlen(payload);
  size_t size;
  unsigned i;

  for (i = UV__IPC_HEADER_SIZE; i < sizeof(head); i++)
    head[i] = (unsigned char) (i * 7 + flags);
  size = uv__ipc_frame_head(head, flags, (uint32_t) length);
  memcpy(at, head, size);
  memcpy(at + size, payload, length);
  return at + size + length;
}

/* A header of any four words. */
static void put_words(
    unsigned char* at, uint32_t flags, uint32_t word, uint32_t length, uint32_t z) {
  uv__ipc_frame_put32(at, flags);
  uv__ipc_frame_put32(at + 4, word);
  uv__ipc_frame_put32(at + 8, length);
  uv__ipc_frame_put32(at + 12, z);
}

/* A stream with every kind of frame, and what must come out of it. */
static size_t make_stream(unsigned char* bytes) {
  unsigned char* at = bytes;

  at = put(at, 0, "");
  at = put(at, 0, "abc");
  at = put(at, UV__IPC_PIPE, "d");
  at = put(at, UV__IPC_SOCKET | UV__IPC_CONNECTION, "ef");
  at = put(at, UV__IPC_SOCKET, "");
  at = put(at, UV__IPC_PIPE | UV__IPC_CONNECTION, "ghi");
  at = put(at, UV__IPC_EOF, "");
  return (size_t) (at - bytes);
}

static const char stream_events[] = "bplbscbslpcbe";
static const char stream_payload[] = "abcdefghi";

static void check_stream(const struct log* log, const struct log* whole) {
  CHECK_STR(log->text, stream_events);
  CHECK_EQ(log->payload_size, strlen(stream_payload));
  CHECK(memcmp(log->payload, stream_payload, log->payload_size) == 0);
  CHECK_EQ(log->sum, whole->sum);
}

TEST(i5_frames_on_the_wire) {
  static const unsigned char data[16] = {1, 0, 0, 0, 'U', 'V', 'S', 1, 5, 1, 0, 0, 0, 0, 0, 0};
  unsigned char head[UV__IPC_HEAD_MOST];

  memset(head, 0xEE, sizeof(head));
  CHECK_EQ(uv__ipc_frame_head(head, 0, 0x105), 16);
  CHECK(memcmp(head, data, 16) == 0);
  CHECK_EQ(head[16], 0xEE);
  CHECK_EQ(uv__ipc_frame_head(head, UV__IPC_SOCKET | UV__IPC_CONNECTION, 1), 16 + 632);
  CHECK_EQ(head[0], 7);
  CHECK_EQ(uv__ipc_frame_head(head, UV__IPC_SOCKET, 1), 16 + 632);
  CHECK_EQ(head[0], 3);
  CHECK_EQ(uv__ipc_frame_head(head, UV__IPC_PIPE, 1), 16 + 16);
  CHECK_EQ(uv__ipc_frame_get32(head), 0x101);
  CHECK_EQ(uv__ipc_frame_head(head, UV__IPC_EOF, 0), 16);
  CHECK_EQ(uv__ipc_frame_get32(head), 0x200);
  CHECK_EQ(uv__ipc_frame_get32(head + 8), 0);
}

TEST(ipc_numbers_are_little_endian) {
  unsigned char bytes[8];

  uv__ipc_frame_put64(bytes, UINT64_C(0x8070605040302010));
  CHECK_EQ(bytes[0], 0x10);
  CHECK_EQ(bytes[7], 0x80);
  CHECK(uv__ipc_frame_get64(bytes) == UINT64_C(0x8070605040302010));
  CHECK_EQ(uv__ipc_frame_get32(bytes + 4), 0x80706050);
}

/* What libuv sends: no announcement, and our own frames are no frames from it. */
TEST(i5_frames_of_libuv) {
  static const unsigned char frame[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 'h', 'i'};
  struct uv__ipc_decoder decoder;
  struct log log;
  unsigned char eof[16];

  memset(&log, 0, sizeof(log));
  uv__ipc_frame_init(&decoder);
  CHECK_EQ(decoder.peer, UV__IPC_UNKNOWN);
  CHECK(feed(&decoder, &log, frame, sizeof(frame)));
  CHECK_STR(log.text, "b");
  CHECK_EQ(decoder.peer, UV__IPC_FOREIGN);
  CHECK(uv__ipc_frame_between(&decoder));
  /* Too late: it is the first header that counts. */
  put(eof, UV__IPC_EOF, "");
  CHECK(!feed(&decoder, &log, eof, sizeof(eof)));
}

TEST(ipc_every_split_in_two_and_single_bytes) {
  unsigned char bytes[MOST];
  size_t size = make_stream(bytes);
  struct log whole, log;
  struct uv__ipc_decoder decoder;
  size_t cut, i;

  memset(&whole, 0, sizeof(whole));
  uv__ipc_frame_init(&decoder);
  CHECK(feed(&decoder, &whole, bytes, size));
  check_stream(&whole, &whole);
  CHECK_EQ(decoder.peer, UV__IPC_OURS);
  for (cut = 1; cut < size; cut++) {
    memset(&log, 0, sizeof(log));
    uv__ipc_frame_init(&decoder);
    CHECK(feed(&decoder, &log, bytes, cut));
    CHECK(feed(&decoder, &log, bytes + cut, size - cut));
    check_stream(&log, &whole);
  }
  memset(&log, 0, sizeof(log));
  uv__ipc_frame_init(&decoder);
  for (i = 0; i < size; i++)
    CHECK(feed(&decoder, &log, bytes + i, 1));
  check_stream(&log, &whole);
}

TEST(ipc_random_splits) {
  unsigned char bytes[MOST];
  size_t size = make_stream(bytes);
  struct log whole;
  struct uv__ipc_decoder decoder;
  uint64_t seed = 7;
  int round;

  memset(&whole, 0, sizeof(whole));
  uv__ipc_frame_init(&decoder);
  CHECK(feed(&decoder, &whole, bytes, size));
  for (round = 0; round < 20000; round++) {
    struct log log;
    size_t at = 0;

    memset(&log, 0, sizeof(log));
    uv__ipc_frame_init(&decoder);
    while (at < size) {
      size_t step = 1 + random_below(&seed, 40 + 400 * (round & 1));
      if (step > size - at)
        step = size - at;
      CHECK(feed(&decoder, &log, bytes + at, step));
      at += step;
    }
    check_stream(&log, &whole);
  }
}

/* A reader that asks for no more than `wants` never gets a byte of what comes next. */
TEST(ipc_wants_ends_where_something_ends) {
  unsigned char bytes[MOST];
  size_t size = make_stream(bytes);
  struct uv__ipc_decoder decoder;
  size_t at = 0;

  uv__ipc_frame_init(&decoder);
  while (at < size) {
    size_t wants = uv__ipc_frame_wants(&decoder);
    int payload = uv__ipc_frame_in_payload(&decoder);
    size_t used;
    enum uv__ipc_event event;

    CHECK(wants > 0);
    CHECK(wants <= size - at);
    event = uv__ipc_frame_feed(&decoder, bytes + at, size - at, &used);
    CHECK_EQ(used, wants);
    CHECK_EQ(event == UV__IPC_BYTES, payload);
    at += used;
  }
  CHECK_EQ(uv__ipc_frame_wants(&decoder), 0);
}

/* Where a stream may end, and where it was cut off. */
TEST(i6_truncated) {
  unsigned char bytes[MOST];
  unsigned char* end = put(put(bytes, UV__IPC_SOCKET, "xy"), 0, "z");
  size_t size = (size_t) (end - bytes);
  size_t first = 16 + 632 + 2;
  size_t cut;

  for (cut = 0; cut <= size; cut++) {
    struct uv__ipc_decoder decoder;
    struct log log;

    memset(&log, 0, sizeof(log));
    uv__ipc_frame_init(&decoder);
    CHECK(feed(&decoder, &log, bytes, cut));
    CHECK_EQ(uv__ipc_frame_between(&decoder), cut == 0 || cut == first || cut == size);
  }
}

/* The verdict on a header whose words are given, from a peer of ours or not. */
static int accepts(int ours, uint32_t flags, uint32_t length, uint32_t zero) {
  struct uv__ipc_decoder decoder;
  unsigned char header[16];
  struct log log;

  memset(&log, 0, sizeof(log));
  uv__ipc_frame_init(&decoder);
  put_words(header, flags, ours ? UV__IPC_WORD : 0, length, zero);
  if (feed(&decoder, &log, header, sizeof(header)))
    return 1;
  CHECK_STR(log.text, "!");
  CHECK_EQ(uv__ipc_frame_wants(&decoder), 0);
  CHECK(!uv__ipc_frame_between(&decoder));
  CHECK(!feed(&decoder, &log, header, 1)); /* There is no way back. */
  return 0;
}

static int among(uint32_t flags, const uint32_t* list, size_t count) {
  size_t i;

  for (i = 0; i < count; i++)
    if (list[i] == flags)
      return 1;
  return 0;
}

TEST(i6_flags) {
  static const uint32_t theirs[] = {0, 1, 2, 3, 6, 7};
  static const uint32_t ours[] = {0,     1,     2,     3,     6,     7,     0x100,
                                  0x101, 0x104, 0x105, 0x200, 0x402, 0x403, 0x406,
                                  0x407, 0x500, 0x501, 0x504, 0x505};
  uint32_t flags;
  int bit;

  for (flags = 0; flags < 0x1000; flags++) {
    int from_them = among(flags, theirs, sizeof(theirs) / sizeof(theirs[0]));
    int from_us = among(flags, ours, sizeof(ours) / sizeof(ours[0]));

    CHECK_EQ(accepts(0, flags, 0, 0), from_them);
    CHECK_EQ(accepts(1, flags, 0, 0), from_us);
    CHECK_EQ(accepts(0, flags, 9, 0), from_them && (flags & 1));
    CHECK_EQ(accepts(1, flags, 9, 0), from_us && (flags & 1) && !(flags & 0x400));
    CHECK(!accepts(1, flags, 0, 1));
  }
  for (bit = 12; bit < 32; bit++)
    CHECK(!accepts(1, (uint32_t) 1 << bit | 1, 0, 0));
  for (bit = 0; bit < 32; bit++)
    CHECK(!accepts(1, 1, 0, (uint32_t) 1 << bit));
}

/* The letters without a version are not ours; a later version is. */
TEST(ipc_who_the_peer_is) {
  static const struct {
    uint32_t word;
    int peer;
  } words[] = {{0, UV__IPC_FOREIGN},
               {UV__IPC_WORD, UV__IPC_OURS},
               {UV__IPC_WORD & 0xFFFFFF, UV__IPC_FOREIGN},
               {(UV__IPC_WORD & 0xFFFFFF) | 0xFF000000u, UV__IPC_OURS},
               {UV__IPC_WORD + 1, UV__IPC_FOREIGN},
               {0xFFFFFFFFu, UV__IPC_FOREIGN}};
  size_t i;

  for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    struct uv__ipc_decoder decoder;
    unsigned char header[16];
    size_t used;

    uv__ipc_frame_init(&decoder);
    put_words(header, 1, words[i].word, 0, 0);
    CHECK_EQ(uv__ipc_frame_feed(&decoder, header, sizeof(header), &used), UV__IPC_MORE);
    CHECK_EQ(decoder.peer, words[i].peer);
  }
}

TEST(ipc_longest_frame) {
  struct uv__ipc_decoder decoder;
  unsigned char header[16];
  unsigned char piece[64] = {0};
  size_t used;

  uv__ipc_frame_init(&decoder);
  put_words(header, 1, 0, 0xFFFFFFFFu, 0);
  CHECK_EQ(uv__ipc_frame_feed(&decoder, header, sizeof(header), &used), UV__IPC_MORE);
  CHECK_EQ(uv__ipc_frame_wants(&decoder), 0xFFFFFFFFu);
  CHECK_EQ(uv__ipc_frame_feed(&decoder, piece, sizeof(piece), &used), UV__IPC_BYTES);
  CHECK_EQ(used, sizeof(piece));
  CHECK_EQ(uv__ipc_frame_wants(&decoder), 0xFFFFFFFFu - 64);
}

TEST(i6_nothing_follows_the_end) {
  struct uv__ipc_decoder decoder;
  struct log log;
  unsigned char bytes[64];
  unsigned char* end = put(put(bytes, 0, ""), UV__IPC_EOF, "");

  memset(&log, 0, sizeof(log));
  uv__ipc_frame_init(&decoder);
  CHECK(feed(&decoder, &log, bytes, (size_t) (end - bytes)));
  CHECK_STR(log.text, "e");
  CHECK(uv__ipc_frame_between(&decoder));
  CHECK(!feed(&decoder, &log, bytes, 1));
}
