/* The keys of the Windows console, on every system. */
#include "win/tty/keys.h"

#include <string.h>

#include "harness.h"

enum {
  NONE = 0,
  RIGHT_ALT = 0x01,
  LEFT_ALT = 0x02,
  LEFT_CTRL = 0x08,
  SHIFT = 0x10,
  NUM_LOCK = 0x20,
  ENHANCED = 0x100
};

static struct uv__keys keys;

static void expect(
    const char* bytes, size_t length, int down, unsigned code, unsigned unit, unsigned control) {
  struct uv__key key;
  char made[UV__KEY_BYTES];

  key.down = down;
  key.repeat = 1;
  key.code = code;
  key.unit = (uint16_t) unit;
  key.control = control;
  CHECK_EQ(uv__keys_map(&keys, &key, made), length);
  CHECK(memcmp(made, bytes, length) == 0);
}

#define PRESS(bytes, code, unit, control) \
  expect(bytes, sizeof(bytes) - 1, 1, (code), (unit), (control))
#define RELEASE(bytes, code, unit, control) \
  expect(bytes, sizeof(bytes) - 1, 0, (code), (unit), (control))

TEST(y4_keys_characters) {
  PRESS("a", 'A', 'a', NONE);
  RELEASE("", 'A', 'a', NONE);
  PRESS("A", 'A', 'A', SHIFT);
  PRESS("\xC3\xA4", 0xDE, 0xE4, NONE);
  PRESS("\xE2\x82\xAC", 'E', 0x20AC, RIGHT_ALT | LEFT_CTRL); /* AltGr */
  PRESS("@", 'Q', '@', RIGHT_ALT | LEFT_CTRL);
  PRESS("\x1B"
        "a",
        'A', 'a', LEFT_ALT);
  PRESS("\x1B\xC3\xA4", 0xDE, 0xE4, LEFT_ALT);
  PRESS("7", 0x67, '7', NUM_LOCK);
}

TEST(y4_keys_dead_keys_and_modifiers_say_nothing) {
  PRESS("", 0xDC, 0, NONE);
  PRESS("\xC3\xA2", 'A', 0xE2, NONE);
  PRESS("", 0x10, 0, SHIFT);
  PRESS("", 0x11, 0, LEFT_CTRL);
  PRESS("", 0x12, 0, LEFT_ALT);
  RELEASE("", 0x12, 0, NONE);
}

TEST(y4_keys_control_characters) {
  PRESS("\x03", 'C', 3, LEFT_CTRL);
  PRESS("\x1B\x03", 'C', 3, LEFT_CTRL | LEFT_ALT);
  PRESS("\x1A", 'Z', 0x1A, LEFT_CTRL);
  PRESS("\0", ' ', ' ', LEFT_CTRL);
  PRESS("\0", '2', 0, LEFT_CTRL);
  PRESS("\x1E", '6', 0, LEFT_CTRL);
  PRESS("\x1F", 0xBD, 0, LEFT_CTRL);
  PRESS("\r", 0x0D, '\r', NONE);
  PRESS("\x1B\r", 0x0D, '\r', LEFT_ALT);
  PRESS("\n", 0x0D, '\n', LEFT_CTRL);
  PRESS("\x7F", 0x08, 0x08, NONE);
  PRESS("\x08", 0x08, 0x7F, LEFT_CTRL);
  PRESS("\x1B\x7F", 0x08, 0x08, LEFT_ALT);
  PRESS("\t", 0x09, '\t', NONE);
  PRESS("\x1B[Z", 0x09, '\t', SHIFT);
  PRESS("\x1B", 0x1B, 0x1B, NONE);
}

TEST(y4_keys_that_move) {
  PRESS("\x1B[A", 0x26, 0, ENHANCED);
  PRESS("\x1B[B", 0x28, 0, ENHANCED);
  PRESS("\x1B[C", 0x27, 0, ENHANCED);
  PRESS("\x1B[D", 0x25, 0, ENHANCED);
  PRESS("\x1B[1;2A", 0x26, 0, ENHANCED | SHIFT);
  PRESS("\x1B[1;3A", 0x26, 0, ENHANCED | LEFT_ALT);
  PRESS("\x1B[1;5D", 0x25, 0, ENHANCED | LEFT_CTRL);
  PRESS("\x1B[1;8H", 0x24, 0, ENHANCED | LEFT_CTRL | LEFT_ALT | SHIFT);
  PRESS("\x1B[F", 0x23, 0, NONE);
  PRESS("\x1B[2~", 0x2D, 0, ENHANCED);
  PRESS("\x1B[3;5~", 0x2E, 0, ENHANCED | LEFT_CTRL);
  PRESS("\x1B[5~", 0x21, 0, ENHANCED);
  PRESS("\x1B[6~", 0x22, 0, ENHANCED);
  PRESS("\x1B[E", 0x0C, 0, NONE);
}

TEST(y4_keys_functions) {
  static const char* const plain[] = {"\x1BOP",   "\x1BOQ",   "\x1BOR",   "\x1BOS",   "\x1B[15~",
                                      "\x1B[17~", "\x1B[18~", "\x1B[19~", "\x1B[20~", "\x1B[21~",
                                      "\x1B[23~", "\x1B[24~", "\x1B[25~", "\x1B[26~", "\x1B[28~",
                                      "\x1B[29~", "\x1B[31~", "\x1B[32~", "\x1B[33~", "\x1B[34~"};
  unsigned i;

  for (i = 0; i < 20; i++)
    expect(plain[i], strlen(plain[i]), 1, 0x70 + i, 0, NONE);
  PRESS("\x1B[1;5P", 0x70, 0, LEFT_CTRL);
  PRESS("\x1B[34;8~", 0x83, 0, LEFT_CTRL | LEFT_ALT | SHIFT); /* as long as they get */
}

TEST(y4_keys_alt_codes) {
  PRESS("", 0x12, 0, LEFT_ALT);
  PRESS("", 0x60, 0, LEFT_ALT | NUM_LOCK);
  PRESS("", 0x23, 0, LEFT_ALT); /* 1, without Num Lock */
  PRESS("", 0x0C, 0, LEFT_ALT);
  RELEASE("\xC3\xA4", 0x12, 0xE4, NONE);
}

TEST(y4_keys_pairs_in_two_records) {
  PRESS("", 0, 0xD83D, NONE);
  RELEASE("", 0, 0xD83D, NONE);
  PRESS("\xF0\x9F\x98\x80", 0, 0xDE00, NONE);
  RELEASE("", 0, 0xDE00, NONE);
  /* A packet of injected text has a key of its own. */
  PRESS("", 0xE7, 0xDBFF, NONE);
  PRESS("\xF4\x8F\xBF\xBF", 0xE7, 0xDFFF, NONE);
  /* Halves that lost each other. */
  PRESS("", 0, 0xD83D, NONE);
  PRESS("\xEF\xBF\xBD"
        "a",
        'A', 'a', NONE);
  PRESS("\xEF\xBF\xBD", 0, 0xDE00, NONE);
  PRESS("\x1B", 0, 0xD83D, LEFT_ALT);
  PRESS("\xF0\x9F\x98\x80", 0, 0xDE00, LEFT_ALT);
}
