/* UTF-16 and WTF-8 by tables: every boundary, every character there and back, every way in which
 * bytes can fail to be WTF-8. How results are handed out is in test/api/utf.c. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "random.h"
#include "uv.h"

/* Characters at each boundary of both encodings, written by hand from their definitions. */
static const struct {
  uint16_t units[3]; /* with a terminator */
  const char* bytes;
} pairs[] = {
    {{0x0001, 0}, "\x01"},
    {{0x007f, 0}, "\x7f"},
    {{0x0080, 0}, "\xc2\x80"},
    {{0x07ff, 0}, "\xdf\xbf"},
    {{0x0800, 0}, "\xe0\xa0\x80"},
    {{0x20ac, 0}, "\xe2\x82\xac"},
    {{0xd7ff, 0}, "\xed\x9f\xbf"},
    {{0xd800, 0}, "\xed\xa0\x80"}, /* surrogates that stand alone */
    {{0xdbff, 0}, "\xed\xaf\xbf"},
    {{0xdc00, 0}, "\xed\xb0\x80"},
    {{0xdfff, 0}, "\xed\xbf\xbf"},
    {{0xe000, 0}, "\xee\x80\x80"},
    {{0xfffd, 0}, "\xef\xbf\xbd"},
    {{0xffff, 0}, "\xef\xbf\xbf"},
    {{0xd800, 0xdc00, 0}, "\xf0\x90\x80\x80"}, /* pairs */
    {{0xd83d, 0xde00, 0}, "\xf0\x9f\x98\x80"},
    {{0xdbff, 0xdfff, 0}, "\xf4\x8f\xbf\xbf"},
    {{0xdc00, 0xd800, 0}, "\xed\xb0\x80\xed\xa0\x80"}, /* no pairs: wrong order, */
    {{0xd800, 0xd800, 0}, "\xed\xa0\x80\xed\xa0\x80"}, /* two beginnings, */
    {{0xd800, 0x0041, 0},
     "\xed\xa0\x80"
     "A"}, /* a beginning and a letter */
    {{0x0041, 0xdc00, 0}, "A\xed\xb0\x80"},
    {{0}, ""},
};

static size_t units_in(const uint16_t* units) {
  size_t count = 0;

  while (units[count] != 0)
    count++;
  return count;
}

TEST(utf_table_in_both_directions) {
  size_t i;

  for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    size_t units = units_in(pairs[i].units);
    char bytes[16];
    char* to = bytes;
    size_t size = sizeof(bytes) - 1;
    uint16_t back[4] = {7, 7, 7, 7};

    CHECK_EQ(uv_utf16_length_as_wtf8(pairs[i].units, -1), strlen(pairs[i].bytes));
    CHECK_EQ(uv_utf16_length_as_wtf8(pairs[i].units, (ssize_t) units), strlen(pairs[i].bytes));
    CHECK_EQ(uv_utf16_to_wtf8(pairs[i].units, -1, &to, &size), 0);
    CHECK_EQ(size, strlen(pairs[i].bytes));
    CHECK_STR(bytes, pairs[i].bytes);
    CHECK_EQ(uv_wtf8_length_as_utf16(bytes), units + 1);
    uv_wtf8_to_utf16(bytes, back, units + 1);
    CHECK(memcmp(back, pairs[i].units, (units + 1) * sizeof(back[0])) == 0);
    CHECK_EQ(back[3], 7);
  }
}

TEST(utf_every_character_comes_back) {
  uint32_t code;

  for (code = 1; code <= 0x10ffff; code++) {
    uint16_t units[3] = {0};
    uint16_t back[3] = {7, 7, 7};
    char bytes[5];
    char* to = bytes;
    size_t size = sizeof(bytes) - 1;
    size_t want = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (code < 0x10000) {
      units[0] = (uint16_t) code;
    } else {
      units[0] = (uint16_t) (0xd800 | (code - 0x10000) >> 10);
      units[1] = (uint16_t) (0xdc00 | (code & 0x3ff));
    }
    CHECK_EQ(uv_utf16_to_wtf8(units, -1, &to, &size), 0);
    CHECK_EQ(size, want);
    CHECK_EQ(strlen(bytes), want);
    CHECK_EQ(uv_wtf8_length_as_utf16(bytes), code < 0x10000 ? 2 : 3);
    uv_wtf8_to_utf16(bytes, back, code < 0x10000 ? 2 : 3);
    CHECK_EQ(back[0], units[0]);
    CHECK_EQ(back[1], units[1]);
  }
}

/* Every pair of units: WTF-8 exists so that all of them come back. One of each 64, and all that
 * lie at an edge, or this would be 4 billion. */
TEST(utf_every_kind_of_neighbour_comes_back) {
  static const uint16_t edges[] = {1,      0x7f,   0x80,   0x7ff,  0x800,  0xd7ff, 0xd800, 0xd801,
                                   0xdbff, 0xdc00, 0xdc01, 0xdfff, 0xe000, 0xfffe, 0xffff, 0x20ac};
  size_t i, j, k;

  for (i = 0; i < 16; i++) {
    for (j = 0; j < 16; j++) {
      for (k = 0; k < 16; k++) {
        uint16_t units[4] = {edges[i], edges[j], edges[k], 0};
        uint16_t back[4] = {0};
        char bytes[10];
        char* to = bytes;
        size_t size = sizeof(bytes) - 1;

        CHECK_EQ(uv_utf16_to_wtf8(units, 3, &to, &size), 0);
        CHECK_EQ(size, strlen(bytes));
        CHECK_EQ(size, uv_utf16_length_as_wtf8(units, 3));
        CHECK_EQ(uv_wtf8_length_as_utf16(bytes), 4);
        uv_wtf8_to_utf16(bytes, back, 4);
        CHECK(memcmp(back, units, sizeof(units)) == 0);
      }
    }
  }
}

/* Where a text is cut changes what it means: the first half of a pair alone is a surrogate. */
TEST(utf_length_ends_the_text) {
  static const uint16_t units[] = {0xd83d, 0xde00, 'x', 0};
  static const uint16_t zeros[] = {'a', 0, 'b'};
  char bytes[16];
  char* to = bytes;
  size_t size = sizeof(bytes) - 1;

  CHECK_EQ(uv_utf16_length_as_wtf8(units, 0), 0);
  CHECK_EQ(uv_utf16_length_as_wtf8(units, 1), 3);
  CHECK_EQ(uv_utf16_length_as_wtf8(units, 2), 4);
  CHECK_EQ(uv_utf16_length_as_wtf8(units, 3), 5);
  CHECK_EQ(uv_utf16_length_as_wtf8(units, -1), 5);
  CHECK_EQ(uv_utf16_to_wtf8(zeros, 3, &to, &size), 0); /* a 0 that is counted is a character */
  CHECK_EQ(size, 3);
  CHECK(memcmp(bytes, "a\0b", 4) == 0);
}

TEST(utf_what_is_no_wtf8_is_refused) {
  static const char* const bad[] = {
      "\x80",             /* a byte that continues, with nothing before it */
      "\xbf",             /* */
      "\xc0\x80",         /* longer than needed: 0 in two bytes, */
      "\xc1\xbf",         /* 7f in two, */
      "\xe0\x80\x80",     /* 0 in three, */
      "\xe0\x9f\xbf",     /* 7ff in three, */
      "\xf0\x80\x80\x80", /* 0 in four, */
      "\xf0\x8f\xbf\xbf", /* ffff in four */
      "\xf4\x90\x80\x80", /* beyond the last character */
      "\xf5\x80\x80\x80", /* */
      "\xf7\xbf\xbf\xbf", /* */
      "\xf8\x88\x80\x80\x80",
      "\xfc\x84\x80\x80\x80\x80",
      "\xfe",
      "\xff",
      "\xc2", /* cut short by the end */
      "\xe2\x82",
      "\xe2",
      "\xf0\x9f\x98",
      "\xf0\x9f",
      "\xf0",
      "\xc2\x41", /* cut short by another character */
      "\xe2\x82\x41",
      "\xe2\x41\x80",
      "\xf0\x9f\x98\x41",
      "\xf0\x9f\xc2\x80",
      "\xc2\xc2\x80",
  };
  size_t i;

  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    char text[16] = "ok";
    uint16_t units[16];

    CHECK_EQ(uv_wtf8_length_as_utf16(bad[i]), UV_EINVAL);
    strcat(text, bad[i]);
    CHECK_EQ(uv_wtf8_length_as_utf16(text), UV_EINVAL);
    memset(units, 7, sizeof(units));
    uv_wtf8_to_utf16(text, units, 16); /* stops there */
    CHECK_EQ(units[0], 'o');
    CHECK_EQ(units[1], 'k');
    CHECK_EQ(units[2], 0);
    CHECK_EQ(units[3], 0x0707);
  }
}

TEST(utf_room_is_never_passed) {
  static const char text[] = "a\xc2\x80\xf0\x9f\x98\x80z"; /* 6 units with the terminator */
  static const uint16_t want[] = {'a', 0x80, 0xd83d, 0xde00, 'z', 0};
  size_t room;

  for (room = 0; room <= 8; room++) {
    /* Of exactly that size, for the sanitizer; and a pair is not cut in two. */
    uint16_t* units = malloc((room + 1) * sizeof(*units));
    size_t fit = room < 6 ? room : 6;
    size_t i;

    CHECK(units != NULL);
    for (i = 0; i <= room; i++)
      units[i] = 0x0707;
    uv_wtf8_to_utf16(text, units, room);
    CHECK_EQ(units[room], 0x0707);
    if (room > 0) {
      fit = fit == 4 ? 2 : fit - 1;
      CHECK(memcmp(units, want, fit * sizeof(*units)) == 0);
      CHECK_EQ(units[fit], 0);
    }
    free(units);
  }
}

/* Random bytes are taken or refused, but never read or written beyond their end. What is taken
 * comes back as it was, but for two surrogates of three bytes that are a pair of four. */
TEST(utf_random_bytes) {
  uint64_t seed = 11;
  int accepted = 0;
  int round;

  for (round = 0; round < 200000; round++) {
    static const unsigned char likely[] = {0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xa0,
                                           0xed, 0xf0, 0x90, 0xf4, 0x8f, 0xe2};
    size_t len = 1 + random_below(&seed, 6);
    char* bytes = malloc(len + 1);
    uint16_t units[8];
    ssize_t count;
    size_t i;

    CHECK(bytes != NULL);
    for (i = 0; i < len; i++)
      bytes[i] = (char) likely[random_below(&seed, sizeof(likely))];
    bytes[len] = '\0';
    count = uv_wtf8_length_as_utf16(bytes);
    memset(units, 7, sizeof(units));
    uv_wtf8_to_utf16(bytes, units, 8);
    if (count > 0) {
      char back[19];
      char* to = back;
      size_t size = sizeof(back) - 1;

      accepted++;
      CHECK_EQ(units[count - 1], 0);
      CHECK_EQ(uv_utf16_to_wtf8(units, count - 1, &to, &size), 0);
      if (size == len)
        CHECK_STR(back, bytes);
      else
        CHECK(len == 6 && size == 4);
    } else {
      CHECK_EQ(count, UV_EINVAL);
    }
    free(bytes);
  }
  CHECK(accepted > 1000);
}
