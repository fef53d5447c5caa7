/* Keys of the console: any record, in any state. */
#include "proof.h"

#include "win/text/utf.c"
#include "win/tty/keys.c"

void* memchr(const void* at, int c, size_t size) {
  const unsigned char* byte = at;

  for (; size > 0; size--, byte++)
    if (*byte == (unsigned char) c)
      return (void*) byte;
  return NULL;
}

static int text_valid(const struct uv__keys* keys) {
  return keys->text.high == 0 || (keys->text.high >= 0xd800 && keys->text.high < 0xdc00);
}

PROOF(keys_press_stays_within_its_room, 35) {
  struct uv__keys keys;
  struct uv__key key;
  struct uv__utf_wide back = {0, 0, 0, 0};
  char* bytes = room_of(UV__KEY_BYTES);
  uint16_t units[3 * UV__KEY_BYTES];
  size_t count;
  size_t used;

  ASSUME(text_valid(&keys));
  count = uv__keys_map(&keys, &key, bytes);
  CHECK(count <= UV__KEY_BYTES);
  CHECK(text_valid(&keys));
  CHECK(key.down || key.code == KEY_MENU || count == 0);
  /* A press never leaves half a character of UTF-8. */
  (void) uv__utf_widen(&back, bytes, count, units, sizeof(units) / sizeof(units[0]), &used);
  CHECK(used == count && back.left == 0);
  REACHED();
}
