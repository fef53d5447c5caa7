/* What a label of a mapped name may be (UTS 46, "Validity Criteria"): its characters, hyphens, joiners
 * (RFC 5892, appendix A.1 and A.2) and directions (RFC 5893, section 2). */
#include "unix/idna/idna.h"

enum {
  VIRAMA = 9, /* the combining class */
  NON_JOINER = 0x200c,
  JOINER = 0x200d
};

int uv__idna_is_encoded(const uint32_t* codes, size_t count) {
  return count >= 4 && codes[0] == 'x' && codes[1] == 'n' && codes[2] == '-' && codes[3] == '-';
}

/* Of the next that is not seen through, from `at` on in steps of 1 or -1. */
static enum uv__idna_joining neighbour(const uint32_t* codes, size_t count, size_t at, int step) {
  enum uv__idna_joining joining = UV__IDNA_TRANSPARENT;

  while (joining == UV__IDNA_TRANSPARENT) {
    at += (size_t) step; /* Before the first it wraps around. */
    if (at >= count)
      return UV__IDNA_NOT;
    joining = uv__idna_joining(codes[at]);
  }
  return joining;
}

/* Behind a virama both make sense, and one that keeps apart between two that would join. */
static int may_join(const uint32_t* codes, size_t count, size_t at) {
  enum uv__idna_joining before;
  enum uv__idna_joining after;

  if (at > 0 && uv__idna_class(codes[at - 1]) == VIRAMA)
    return 1;
  if (codes[at] == JOINER)
    return 0;
  before = neighbour(codes, count, at, -1);
  after = neighbour(codes, count, at, 1);
  return (before == UV__IDNA_LEFT || before == UV__IDNA_DUAL) &&
         (after == UV__IDNA_RIGHT || after == UV__IDNA_DUAL);
}

int uv__idna_is_label(const uint32_t* codes, size_t count) {
  int is_international = 0;
  int is_mark;
  size_t i;

  for (i = 0; i < count; i++) {
    if (!uv__idna_is_allowed(codes[i], &is_mark) || (is_mark && i == 0))
      return 0;
    if ((codes[i] == NON_JOINER || codes[i] == JOINER) && !may_join(codes, count, i))
      return 0;
    is_international |= codes[i] >= 128;
  }
  /* Those of ASCII are what they are: there are hosts with such names. */
  if (!is_international)
    return 1;
  return codes[0] != '-' && codes[count - 1] != '-' &&
         !(count >= 4 && codes[2] == '-' && codes[3] == '-');
}

/* ---- Directions ---- */

int uv__idna_has_rtl(const uint32_t* codes, size_t count) {
  size_t i;

  for (i = 0; i < count; i++) {
    enum uv__idna_direction direction = uv__idna_direction(codes[i]);

    if (direction == UV__IDNA_RTL || direction == UV__IDNA_ARABIC_DIGIT)
      return 1;
  }
  return 0;
}

/* The last one, but for marks. */
static enum uv__idna_direction end_of(const uint32_t* codes, size_t count) {
  while (count > 1 && uv__idna_direction(codes[count - 1]) == UV__IDNA_MARK)
    count--;
  return uv__idna_direction(codes[count - 1]);
}

int uv__idna_goes_one_way(const uint32_t* codes, size_t count) {
  unsigned seen = 0; /* a set of directions */
  enum uv__idna_direction first;
  enum uv__idna_direction end;
  size_t i;

  if (count == 0)
    return 1;
  for (i = 0; i < count; i++)
    seen |= 1u << uv__idna_direction(codes[i]);
  first = uv__idna_direction(codes[0]);
  end = end_of(codes, count);
  if (first == UV__IDNA_LTR)
    return !(seen & (1u << UV__IDNA_RTL | 1u << UV__IDNA_ARABIC_DIGIT)) &&
           (end == UV__IDNA_LTR || end == UV__IDNA_DIGIT);
  if (first != UV__IDNA_RTL || (seen & 1u << UV__IDNA_LTR) ||
      ((seen & 1u << UV__IDNA_DIGIT) && (seen & 1u << UV__IDNA_ARABIC_DIGIT)))
    return 0;
  return end == UV__IDNA_RTL || end == UV__IDNA_DIGIT || end == UV__IDNA_ARABIC_DIGIT;
}
