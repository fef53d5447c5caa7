/* 251 and 257 are coprime with every block size in use, so that no shift looks right. The tests go through
 * gigabytes of it: byte after byte is counted on, not divided anew, and CMakeLists.txt has this file
 * optimised also where nothing else is. */
#include "pattern.h"

#include "harness.h"

enum {
  SHORT = 251,
  LONG = 257
};

struct place {
  unsigned in_short;
  unsigned in_long;
  unsigned longs;
};

static struct place place_of(uint64_t at) {
  struct place place = {(unsigned) (at % SHORT), (unsigned) (at % LONG), (unsigned) (at / LONG)};

  return place;
}

static char next(struct place* place) {
  char byte = (char) (unsigned char) (place->in_short ^ place->longs);

  if (++place->in_short == SHORT)
    place->in_short = 0;
  if (++place->in_long == LONG) {
    place->in_long = 0;
    place->longs++;
  }
  return byte;
}

char pattern_at(uint64_t at) {
  struct place place = place_of(at);

  return next(&place);
}

HARNESS_ALONE void pattern_fill(char* to, size_t len, uint64_t at) {
  struct place place = place_of(at);
  size_t i;

  for (i = 0; i < len; i++)
    to[i] = next(&place);
}

HARNESS_ALONE void pattern_check(const char* from, size_t len, uint64_t at) {
  struct place place = place_of(at);
  size_t i;

  for (i = 0; i < len; i++)
    if (from[i] != next(&place))
      CHECK_EQ(at + i, (uint64_t) -1); /* prints the place */
}
