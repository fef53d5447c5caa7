/* The tests go through gigabytes of it: it is counted out once, and then moved and compared. */
#include "pattern.h"

#include <string.h>

#include "harness.h"

enum {
  INNER = 251, /* Primes: no shift by blocks of any size in use looks right. */
  OUTER = 257,
  PERIOD = INNER * OUTER
};

static char period[PERIOD];

void pattern_begin(void) {
  unsigned i;

  for (i = 0; i < PERIOD; i++)
    period[i] = (char) (unsigned char) (i % INNER ^ i / OUTER);
}

/* The pattern from `at` on, and how many bytes of `len` there are before it begins anew. */
static const char* part_of(uint64_t at, size_t len, size_t* part) {
  size_t from = (size_t) (at % PERIOD);

  *part = len < PERIOD - from ? len : PERIOD - from;
  return period + from;
}

char pattern_at(uint64_t at) {
  return period[at % PERIOD];
}

void pattern_fill(char* to, size_t len, uint64_t at) {
  size_t done, part;

  for (done = 0; done < len; done += part) {
    const char* from = part_of(at + done, len - done, &part);

    memcpy(to + done, from, part);
  }
}

void pattern_check(const char* from, size_t len, uint64_t at) {
  size_t done, part, i;

  for (done = 0; done < len; done += part) {
    const char* as = part_of(at + done, len - done, &part);

    if (memcmp(from + done, as, part) == 0)
      continue;
    for (i = 0; from[done + i] == as[i]; i++)
      continue;
    CHECK_EQ(at + done + i, (uint64_t) -1); /* prints the place */
  }
}
