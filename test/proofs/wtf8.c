/* UTF-16 and WTF-8: one character of any value, any bytes in place of one, and texts of a few. */
#include "proof.h"

#include "core/base/utf.c"

void* uv__malloc(size_t size) {
  return malloc(size);
}

PROOF(wtf8_character_is_taken_as_put, 5) {
  uint32_t code = nondet_unsigned();
  size_t size;
  char* bytes;
  const char* at;

  ASSUME(code <= 0x10ffff);
  size = wtf8_size(code);
  bytes = room_of(size);
  CHECK(put_wtf8(bytes, code) == bytes + size);
  at = bytes;
  CHECK(take_wtf8(&at) == (int32_t) code);
  CHECK(at == bytes + size);
  REACHED();
}

/* Any bytes before a terminator: a character in its only form, or none; never beyond the terminator. */
PROOF(wtf8_bytes_are_one_character_or_none, 6) {
  char bytes[5];
  char again[4];
  const char* at = bytes;
  int32_t code;
  size_t size;
  size_t i;

  bytes[4] = '\0';
  ASSUME(bytes[0] != '\0');
  code = take_wtf8(&at);
  if (code < 0) {
    CHECK(at == bytes);
  } else {
    size = (size_t) (at - bytes);
    CHECK(code <= 0x10ffff && wtf8_size((uint32_t) code) == size);
    put_wtf8(again, (uint32_t) code);
    for (i = 0; i < size; i++)
      CHECK(again[i] == bytes[i] && bytes[i] != '\0');
  }
  REACHED();
}

enum {
  UNITS = 2,
  BYTES = 3 * UNITS
};

PROOF(wtf8_text_comes_back, 8) {
  uint16_t units[UNITS];
  uint16_t back[UNITS + 1];
  char bytes[BYTES + 1];
  char* text = bytes;
  size_t size = BYTES;
  size_t i;

  for (i = 0; i < UNITS; i++)
    ASSUME(units[i] != 0);
  CHECK(uv_utf16_to_wtf8(units, UNITS, &text, &size) == 0);
  CHECK(size == uv_utf16_length_as_wtf8(units, UNITS) && bytes[size] == '\0');
  CHECK(uv_wtf8_length_as_utf16(bytes) == UNITS + 1);
  uv_wtf8_to_utf16(bytes, back, UNITS + 1);
  for (i = 0; i < UNITS; i++)
    CHECK(back[i] == units[i]);
  CHECK(back[UNITS] == 0);
  REACHED();
}

/* Any bytes, to a room of any size: what is there is terminated. */
PROOF(wtf8_any_text_stays_within_its_room, 8) {
  char text[4];
  size_t room = nondet_size();
  uint16_t* units;
  ssize_t length;
  size_t i;

  ASSUME(room <= 5);
  text[3] = '\0';
  units = room_of(room * sizeof(*units));
  length = uv_wtf8_length_as_utf16(text);
  CHECK(length == UV_EINVAL || (length >= 1 && length <= 4));
  uv_wtf8_to_utf16(text, units, room);
  for (i = 0; i < room && units[i] != 0; i++)
    continue;
  CHECK(room == 0 || i < room);
  CHECK(length < 0 || (size_t) length > room || i == (size_t) length - 1);
  REACHED();
}
