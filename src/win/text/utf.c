/* The Unicode standard's own way to replace: one U+FFFD for each longest beginning of a character
 * that does not go on (Unicode, section 3.9, "maximal subpart"). */
#include "win/text/utf.h"

enum {
  REPLACEMENT = 0xFFFD,
  MOST_UNITS = 3 /* that one byte can make: a replacement, and a pair */
};

static size_t put_units(uint32_t code, uint16_t* units) {
  if (code < 0x10000) {
    units[0] = (uint16_t) code;
    return 1;
  }
  units[0] = (uint16_t) (0xD800 + ((code - 0x10000) >> 10));
  units[1] = (uint16_t) (0xDC00 + ((code - 0x10000) & 0x3FF));
  return 2;
}

static size_t put_bytes(uint32_t code, char* bytes) {
  if (code < 0x80) {
    bytes[0] = (char) code;
    return 1;
  }
  if (code < 0x800) {
    bytes[0] = (char) (0xC0 | (code >> 6));
    bytes[1] = (char) (0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    bytes[0] = (char) (0xE0 | (code >> 12));
    bytes[1] = (char) (0x80 | ((code >> 6) & 0x3F));
    bytes[2] = (char) (0x80 | (code & 0x3F));
    return 3;
  }
  bytes[0] = (char) (0xF0 | (code >> 18));
  bytes[1] = (char) (0x80 | ((code >> 12) & 0x3F));
  bytes[2] = (char) (0x80 | ((code >> 6) & 0x3F));
  bytes[3] = (char) (0x80 | (code & 0x3F));
  return 4;
}

/* A byte that begins a character. The range of the second byte keeps out what is too long, halves
 * of pairs, and what lies beyond U+10FFFF. */
static size_t begin(struct uv__utf_wide* state, unsigned char byte, uint16_t* units) {
  state->low = 0x80;
  state->high = 0xBF;
  if (byte < 0x80)
    return put_units(byte, units);
  if (byte < 0xC2 || byte > 0xF4)
    return put_units(REPLACEMENT, units);
  if (byte < 0xE0) {
    state->code = byte & 0x1F;
    state->left = 1;
  } else if (byte < 0xF0) {
    state->code = byte & 0x0F;
    state->left = 2;
    if (byte == 0xE0)
      state->low = 0xA0;
    else if (byte == 0xED)
      state->high = 0x9F;
  } else {
    state->code = byte & 0x07;
    state->left = 3;
    if (byte == 0xF0)
      state->low = 0x90;
    else if (byte == 0xF4)
      state->high = 0x8F;
  }
  return 0;
}

static size_t widen_one(struct uv__utf_wide* state, unsigned char byte, uint16_t* units) {
  size_t count = 0;

  if (state->left > 0 && byte >= state->low && byte <= state->high) {
    state->code = (state->code << 6) | (byte & 0x3F);
    state->low = 0x80;
    state->high = 0xBF;
    state->left--;
    return state->left == 0 ? put_units(state->code, units) : 0;
  }
  if (state->left > 0) {
    state->left = 0;
    count = put_units(REPLACEMENT, units);
  }
  return count + begin(state, byte, units + count);
}

size_t uv__utf_widen(struct uv__utf_wide* state,
                     const char* bytes,
                     size_t length,
                     uint16_t* units,
                     size_t room,
                     size_t* used) {
  size_t count = 0;
  size_t i;

  for (i = 0; i < length && room - count >= MOST_UNITS; i++)
    count += widen_one(state, (unsigned char) bytes[i], units + count);
  *used = i;
  return count;
}

size_t uv__utf_narrow(struct uv__utf_narrow* state, uint16_t unit, char* bytes) {
  uint32_t high = state->high;
  size_t count = 0;

  state->high = 0;
  if (unit >= 0xDC00 && unit < 0xE000) {
    if (high == 0)
      return put_bytes(REPLACEMENT, bytes);
    return put_bytes(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00u), bytes);
  }
  if (high != 0)
    count = put_bytes(REPLACEMENT, bytes);
  if (unit >= 0xD800 && unit < 0xDC00) {
    state->high = unit;
    return count;
  }
  return count + put_bytes(unit, bytes + count);
}
