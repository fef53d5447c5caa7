/* Fuzzes the keys of the Windows console: each six bytes of the input are a record. What comes of
 * one is whole characters, fits, is a sequence as xterm has them where the key has no character,
 * and depends on the records before by nothing but half a pair. */
#include "win/tty/keys.h"

#include <string.h>

#include "fuzz.h"

enum {
  RECORD = 6, /* bytes of the input */
  MENU = 0x12
};

static struct uv__key key_of(const uint8_t* data) {
  struct uv__key key;

  key.down = data[0] & 1;
  key.repeat = 1;
  key.code = data[1];
  key.unit = (uint16_t) (data[2] | data[3] << 8);
  key.control = data[4] | (unsigned) (data[5] & 1) << 8;
  return key;
}

/* Whether they are whole characters: those come back from UTF-16 as they were. */
static int is_text(const char* bytes, size_t count) {
  struct uv__utf_wide wide = {0};
  struct uv__utf_narrow narrow = {0};
  char back[3 * UV__KEY_BYTES + UV__UTF_STEP];
  uint16_t units[UV__KEY_BYTES + 3];
  size_t used;
  size_t length = 0;
  size_t made = uv__utf_widen(&wide, bytes, count, units, sizeof(units) / sizeof(units[0]), &used);
  size_t i;

  for (i = 0; i < made; i++)
    length += uv__utf_narrow(&narrow, units[i], back + length);
  return used == count && wide.left == 0 && length == count && memcmp(back, bytes, count) == 0;
}

static size_t skip_number(const char* bytes, size_t count, size_t at) {
  while (at < count && bytes[at] >= '0' && bytes[at] <= '9')
    at++;
  return at;
}

/* ESC O letter, or ESC [ and maybe a number, a semicolon and a number, and a letter or ~. */
static int is_sequence(const char* bytes, size_t count) {
  size_t at = 2;

  if (bytes[0] != 0x1B || (bytes[1] != 'O' && bytes[1] != '['))
    return 0;
  if (bytes[1] == '[') {
    at = skip_number(bytes, count, at);
    if (at < count && bytes[at] == ';')
      at = skip_number(bytes, count, at + 1);
  }
  return at == count - 1 && (bytes[at] == '~' || (bytes[at] >= 'A' && bytes[at] <= 'Z'));
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  struct uv__keys keys;

  memset(&keys, 0, sizeof(keys));
  for (; size >= RECORD; data += RECORD, size -= RECORD) {
    struct uv__key key = key_of(data);
    struct uv__keys fresh = {keys.text};
    char* bytes = malloc(UV__KEY_BYTES); /* of its own, for AddressSanitizer */
    char again[UV__KEY_BYTES];
    size_t count;

    MUST(bytes != NULL);
    count = uv__keys_map(&keys, &key, bytes);
    MUST(count <= UV__KEY_BYTES);
    MUST(is_text(bytes, count));
    MUST(key.down || count == 0 || (key.code == MENU && key.unit != 0));
    if (key.unit == 0 && count > 2)
      MUST(is_sequence(bytes, count));
    MUST(uv__keys_map(&fresh, &key, again) == count);
    MUST(memcmp(again, bytes, count) == 0);
    MUST(fresh.text.high == keys.text.high);
    MUST(keys.text.high == 0 || (keys.text.high >= 0xD800 && keys.text.high < 0xDC00));
    free(bytes);
  }
  return 0;
}
