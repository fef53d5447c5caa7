/* Fuzzes the conversions of text for the Windows console. The first byte of the input chooses how
 * the rest is split: pieces come to the same as the whole. What comes out is well-formed, and what
 * went in well-formed comes back as it was. */
#include "win/text/utf.h"

#include <string.h>

#include "fuzz.h"

enum {
  ROOM = 3 /* units, the least with which it goes on; in a block of their own */
};

/* Widens one piece, with as little room as it takes. */
static size_t widen(struct uv__utf_wide* state, const uint8_t* data, size_t size, uint16_t* units) {
  char* piece = malloc(size == 0 ? 1 : size);
  uint16_t* room = malloc(ROOM * sizeof(*room));
  size_t count = 0;
  size_t at = 0;

  MUST(piece != NULL && room != NULL);
  memcpy(piece, data, size);
  while (at < size) {
    size_t used;
    size_t made = uv__utf_widen(state, piece + at, size - at, room, ROOM, &used);

    MUST(made <= ROOM);
    MUST(used > 0 && used <= size - at);
    memcpy(units + count, room, made * sizeof(*room));
    count += made;
    at += used;
  }
  free(room);
  free(piece);
  return count;
}

static size_t narrow(struct uv__utf_narrow* state,
                     const uint16_t* units,
                     size_t count,
                     char* bytes) {
  size_t length = 0;
  size_t i;

  for (i = 0; i < count; i++) {
    size_t made = uv__utf_narrow(state, units[i], bytes + length);
    MUST(made <= UV__UTF_STEP);
    length += made;
  }
  return length;
}

/* No half of a pair stands alone. */
static int is_utf16(const uint16_t* units, size_t count) {
  size_t i;

  for (i = 0; i < count; i++) {
    if ((units[i] & 0xFC00) == 0xD800 && i + 1 < count && (units[i + 1] & 0xFC00) == 0xDC00)
      i++;
    else if ((units[i] & 0xF800) == 0xD800)
      return 0;
  }
  return 1;
}

/* The definition: the shortest form of a scalar value, in other words than those of utf.c. */
static int is_utf8(const uint8_t* data, size_t size) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t at = 0;

  while (at < size) {
    uint32_t code = data[at];
    size_t length = code < 0x80 ? 1 : code < 0xC0 ? 0 : code < 0xE0 ? 2 : code < 0xF0 ? 3 : 4;
    size_t i;

    if (length == 0 || code >= 0xF8 || length > size - at)
      return 0;
    if (length > 1)
      code &= 0xFFu >> (length + 1);
    for (i = 1; i < length; i++) {
      if ((data[at + i] & 0xC0) != 0x80)
        return 0;
      code = code * 64 + (data[at + i] & 0x3F);
    }
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
      return 0;
    at += length;
  }
  return 1;
}

static void from_utf8(unsigned split, const uint8_t* data, size_t size) {
  struct uv__utf_wide whole_state = {0};
  struct uv__utf_wide split_state = {0};
  struct uv__utf_narrow back_state = {0};
  uint16_t* whole = malloc((size + 1) * ROOM * sizeof(*whole));
  uint16_t* parts = malloc((size + 1) * ROOM * sizeof(*parts));
  char* back = malloc((size + 1) * ROOM * UV__UTF_STEP);
  uint32_t step = split;
  size_t count;
  size_t length;
  size_t made = 0;
  size_t at = 0;

  MUST(whole != NULL && parts != NULL && back != NULL);
  count = widen(&whole_state, data, size, whole);
  while (at < size) {
    size_t piece = 1 + (step >> 16) % (split + 1);

    step = step * 1103515245u + 12345u;
    if (piece > size - at)
      piece = size - at;
    made += widen(&split_state, data + at, piece, parts + made);
    at += piece;
  }
  MUST(made == count && memcmp(whole, parts, count * sizeof(*whole)) == 0);
  MUST(whole_state.left == split_state.left);
  MUST(is_utf16(whole, count));
  length = narrow(&back_state, whole, count, back);
  MUST(back_state.high == 0);
  MUST(is_utf8((const uint8_t*) back, length));
  if (is_utf8(data, size))
    MUST(whole_state.left == 0 && length == size && memcmp(back, data, size) == 0);
  else
    MUST(whole_state.left > 0 || length != size || memcmp(back, data, size) != 0);
  free(back);
  free(parts);
  free(whole);
}

static void from_utf16(const uint8_t* data, size_t size) {
  size_t count = size / 2;
  struct uv__utf_narrow state = {0};
  struct uv__utf_wide back_state = {0};
  uint16_t* units = malloc((count + 1) * sizeof(*units));
  char* bytes = malloc((count + 1) * UV__UTF_STEP);
  uint16_t* back;
  size_t length;
  size_t made;

  MUST(units != NULL && bytes != NULL);
  memcpy(units, data, count * sizeof(*units));
  length = narrow(&state, units, count, bytes);
  MUST(is_utf8((const uint8_t*) bytes, length));
  back = malloc((length + 1) * ROOM * sizeof(*back));
  MUST(back != NULL);
  made = widen(&back_state, (const uint8_t*) bytes, length, back);
  MUST(back_state.left == 0);
  MUST(made == count - (state.high != 0)); /* Each unit became one, or is kept. */
  if (is_utf16(units, count))
    MUST(memcmp(back, units, count * sizeof(*units)) == 0);
  free(back);
  free(bytes);
  free(units);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) {
    from_utf8(data[0], data + 1, size - 1);
    from_utf16(data + 1, size - 1);
  }
  return 0;
}
