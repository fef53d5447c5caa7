/* UTF-8 and UTF-16 piece by piece, as consoles take and give them: one step from every state, which is
 * texts of any length. */
#include "proof.h"

#include "win/text/utf.c"

static int is_surrogate(uint32_t code) {
  return code >= 0xd800 && code < 0xe000;
}

/* What may have come of a character: only beginnings that can become one, in the shortest form. */
static int wide_valid(const struct uv__utf_wide* state) {
  int any = state->low == 0x80 && state->high == 0xbf;

  switch (state->left) {
  case 0:
    return 1;
  case 1:
    return any && state->code >= 2 && state->code <= 0x10ffff >> 6 &&
           !is_surrogate(state->code << 6);
  case 2:
    if (state->code >= 0x10)
      return any && state->code <= 0x10ffff >> 12;
    return state->low == (state->code == 0 ? 0xa0 : 0x80) &&
           state->high == (state->code == 0xd ? 0x9f : 0xbf);
  case 3:
    return state->code <= 4 && state->low == (state->code == 0 ? 0x90 : 0x80) &&
           state->high == (state->code == 4 ? 0x8f : 0xbf);
  default:
    return 0;
  }
}

static int narrow_valid(const struct uv__utf_narrow* state) {
  return state->high == 0 || (state->high >= 0xd800 && state->high < 0xdc00);
}

PROOF(utf_widen_makes_whole_characters, 4) {
  struct uv__utf_wide state;
  uint16_t units[MOST_UNITS];
  size_t count;
  size_t i;

  ASSUME(wide_valid(&state));
  count = widen_one(&state, nondet_byte(), units);
  CHECK(wide_valid(&state));
  CHECK(count <= MOST_UNITS);
  for (i = 0; i < count; i++)
    if (is_surrogate(units[i])) {
      CHECK(units[i] < 0xdc00 && i + 1 < count);
      i++;
      CHECK(units[i] >= 0xdc00 && units[i] < 0xe000);
    }
  REACHED();
}

PROOF(utf_widen_stays_within_its_room, 5) {
  struct uv__utf_wide state;
  size_t length = nondet_size();
  size_t room = nondet_size();
  size_t used;
  size_t count;

  ASSUME(wide_valid(&state) && length <= 4 && room <= 10);
  count =
      uv__utf_widen(&state, room_of(length), length, room_of(room * sizeof(uint16_t)), room, &used);
  CHECK(count <= room && used <= length);
  CHECK(used == length || room - count < MOST_UNITS);
  CHECK(used > 0 || length == 0 || room < MOST_UNITS);
  REACHED();
}

/* What one unit makes is whole characters, which read again have no fault. */
PROOF(utf_narrow_makes_whole_characters, 7) {
  struct uv__utf_narrow state;
  struct uv__utf_wide back = {0, 0, 0, 0};
  char bytes[UV__UTF_STEP];
  uint16_t units[3 * UV__UTF_STEP];
  uint16_t unit = nondet_unit();
  uint32_t high;
  size_t count;
  size_t made;
  size_t used;

  ASSUME(narrow_valid(&state));
  high = state.high;
  count = uv__utf_narrow(&state, unit, bytes);
  CHECK(narrow_valid(&state));
  CHECK(count <= UV__UTF_STEP);
  CHECK(count > 0 || state.high == unit);
  made = uv__utf_widen(&back, bytes, count, units, sizeof(units) / sizeof(units[0]), &used);
  CHECK(used == count && back.left == 0);
  if (high != 0 && unit >= 0xdc00 && unit < 0xe000)
    CHECK(made == 2 && units[0] == high && units[1] == unit);
  else if (!is_surrogate(unit))
    CHECK(made == (high != 0 ? 2 : 1) && units[made - 1] == unit);
  REACHED();
}
