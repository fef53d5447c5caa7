/* UTF-8 and UTF-16, on every system. */
#include "win/text/utf.h"

#include <string.h>

#include "harness.h"

/* The state left over is that of a new one: no character is unfinished. */
static size_t widen(const char* bytes, size_t length, size_t split, uint16_t* units) {
  struct uv__utf_wide state;
  size_t used;
  size_t count;

  memset(&state, 0, sizeof state);
  count = uv__utf_widen(&state, bytes, split, units, 64, &used);
  CHECK_EQ(used, split);
  count += uv__utf_widen(&state, bytes + split, length - split, units + count, 64, &used);
  CHECK_EQ(used, length - split);
  return count;
}

/* Every scalar value there and back, split at every byte (Y4). */
static void check_scalar(uint32_t code) {
  struct uv__utf_narrow state = {0};
  uint16_t units[2];
  uint16_t back[80];
  char bytes[2 * UV__UTF_STEP];
  size_t count = 0;
  size_t length = 0;
  size_t i;

  if (code >= 0x10000) {
    units[count++] = (uint16_t) (0xD7C0 + (code >> 10));
    units[count++] = (uint16_t) (0xDC00 | (code & 0x3FF));
  } else {
    units[count++] = (uint16_t) code;
  }
  for (i = 0; i < count; i++)
    length += uv__utf_narrow(&state, units[i], bytes + length);
  CHECK_EQ(length, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
  CHECK_EQ(state.high, 0);
  for (i = 0; i <= length; i++) {
    CHECK_EQ(widen(bytes, length, i, back), count);
    CHECK(memcmp(back, units, count * sizeof back[0]) == 0);
  }
}

/* ThreadSanitizer, which has nothing to find here, makes each twenty times as long: there every 61st
 * and those on both sides of a border. */
TEST(y4_utf_every_scalar_value) {
  static const uint32_t borders[] = {0,      0x7F,   0x80,   0x7FF,   0x800,
                                     0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
  uint32_t code;
  size_t i;

  for (code = 0; code < 0x110000; code += HARNESS_TSAN ? 61 : 1)
    if (code < 0xD800 || code >= 0xE000)
      check_scalar(code);
  for (i = 0; i < sizeof(borders) / sizeof(borders[0]); i++)
    check_scalar(borders[i]);
}

TEST(y4_utf_invalid_bytes_are_replaced) {
  /* The example of the Unicode standard, table 3-8. */
  static const char bytes[] = "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64";
  static const uint16_t expected[] = {'a',    0xFFFD, 0xFFFD, 0xFFFD, 'b',
                                      0xFFFD, 'c',    0xFFFD, 0xFFFD, 'd'};
  static const char* const refused[] = {"\xC0\x80",         "\xED\xA0\x80", "\xF5\x80\x80\x80",
                                        "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xFF"};
  uint16_t units[80];
  size_t length = sizeof bytes - 1;
  size_t i;
  size_t k;

  for (i = 0; i <= length; i++) {
    CHECK_EQ(widen(bytes, length, i, units), 10);
    CHECK(memcmp(units, expected, sizeof expected) == 0);
  }
  for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    CHECK_EQ(widen(refused[i], strlen(refused[i]), 1, units), strlen(refused[i]));
    for (k = 0; k < strlen(refused[i]); k++)
      CHECK_EQ(units[k], 0xFFFD);
  }
}

TEST(y4_utf_stops_when_the_room_ends) {
  struct uv__utf_wide state;
  uint16_t units[5];
  size_t used;

  memset(&state, 0, sizeof state);
  CHECK_EQ(uv__utf_widen(&state, "abcdef", 6, units, 5, &used), 3);
  CHECK_EQ(used, 3);
  CHECK_EQ(uv__utf_widen(&state, "abcdef", 6, units, 2, &used), 0);
  CHECK_EQ(used, 0);
}
