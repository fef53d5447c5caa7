/* What the tables say of one character: whether it may be in a name, how it combines, which way it is
 * written and how it joins its neighbours. How the tables are made is said in tools/idna_table.py. */
#include "unix/idna/idna.h"

/* Whether it may stand in a mapped name. ASCII is what names of hosts have, and no more: what a
 * character is mapped to may not be more than the character says. */
int uv__idna_is_allowed(uint32_t code, int* is_mark) {
  const unsigned char* at = uv__idna_allowed;
  const unsigned char* end = at + uv__idna_allowed_size;
  uint32_t first = 128;

  *is_mark = 0;
  if (code < 128)
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '-' ||
           code == '_' || code == '.';
  while (at < end) {
    uint32_t count;

    first += uv__idna_read(&at);
    count = uv__idna_read(&at);
    if (code < first)
      return 0;
    if (code <= first + (count >> 1)) {
      *is_mark = count & 1;
      return 1;
    }
    first += (count >> 1) + 1;
  }
  return 0;
}

/* The combining class; 0: it begins a character. */
unsigned uv__idna_class(uint32_t code) {
  const unsigned char* at = uv__idna_classes;
  const unsigned char* end = at + uv__idna_classes_size;
  uint32_t first = 128;

  while (at < end && code >= UV__IDNA_FIRST_MARK) {
    uint32_t more;
    unsigned value;

    first += uv__idna_read(&at);
    more = uv__idna_read(&at);
    value = *at++;
    if (code < first)
      return 0;
    if (code <= first + more)
      return value;
    first += more + 1;
  }
  return 0;
}

/* The value that a table of runs has for it: each is a gap, and its length and the value in one number. */
static int find(
    const unsigned char* at, const unsigned char* end, int bits, uint32_t code, int otherwise) {
  uint32_t first = 128;

  while (at < end) {
    uint32_t number;

    first += uv__idna_read(&at);
    number = uv__idna_read(&at);
    if (code < first)
      return otherwise;
    if (code <= first + (number >> bits))
      return (int) (number & ((1u << bits) - 1));
    first += (number >> bits) + 1;
  }
  return otherwise;
}

enum uv__idna_direction uv__idna_direction(uint32_t code) {
  if (code < 128)
    return code >= '0' && code <= '9'   ? UV__IDNA_DIGIT
           : code >= 'a' && code <= 'z' ? UV__IDNA_LTR
                                        : UV__IDNA_NEUTRAL;
  return (enum uv__idna_direction) find(
      uv__idna_directions, uv__idna_directions + uv__idna_directions_size, 3, code, UV__IDNA_LTR);
}

/* Nearly all marks that take no room are seen through, and so the table has but the others. */
enum uv__idna_joining uv__idna_joining(uint32_t code) {
  int otherwise = code >= 128 && uv__idna_direction(code) == UV__IDNA_MARK ? UV__IDNA_TRANSPARENT
                                                                           : UV__IDNA_NOT;

  return (enum uv__idna_joining) find(uv__idna_joinings, uv__idna_joinings + uv__idna_joinings_size,
                                      3, code, otherwise);
}
