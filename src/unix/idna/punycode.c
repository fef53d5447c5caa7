/* Labels of names by Punycode (RFC 3492). */
#include "unix/idna/idna.h"

enum {
  MOST_LABEL = 63,
  BASE = 36,
  LEAST_DIGIT = 1,
  MOST_DIGIT = 26,
  SKEW = 38,
  DAMP = 700,
  FIRST_BIAS = 72
};

static uint32_t adapt(uint32_t delta, uint32_t points, int is_first) {
  uint32_t k = 0;

  delta = is_first ? delta / DAMP : delta / 2;
  delta += delta / points;
  for (; delta > (BASE - LEAST_DIGIT) * MOST_DIGIT / 2; k += BASE)
    delta /= BASE - LEAST_DIGIT;
  return k + (BASE - LEAST_DIGIT + 1) * delta / (delta + SKEW);
}

int uv__idna_put(struct uv__idna_ascii* out, char c) {
  if (out->count == UV__IDNA_ROOM - 1)
    return -1;
  out->to[out->count++] = c;
  return 0;
}

static int put_digit(struct uv__idna_ascii* out, uint32_t digit) {
  return uv__idna_put(out, (char) (digit < 26 ? 'a' + digit : '0' + (digit - 26)));
}

static int put_delta(struct uv__idna_ascii* out, uint32_t delta, uint32_t bias) {
  uint32_t k;

  for (k = BASE;; k += BASE) {
    uint32_t least = k <= bias ? LEAST_DIGIT : k >= bias + MOST_DIGIT ? MOST_DIGIT : k - bias;

    if (delta < least)
      return put_digit(out, delta);
    if (put_digit(out, least + (delta - least) % (BASE - least)) < 0)
      return -1;
    delta = (delta - least) / (BASE - least);
  }
}

static uint32_t next_code(const uint32_t* codes, size_t count, uint32_t from) {
  uint32_t next = UINT32_MAX;
  size_t i;

  for (i = 0; i < count; i++)
    if (codes[i] >= from && codes[i] < next)
      next = codes[i];
  return next;
}

/* The characters from the lowest to the highest, each by how far it is from the one before; `done` are
 * those of ASCII, which are there already. No number overflows: a name has too few characters. */
static int put_deltas(struct uv__idna_ascii* out,
                      const uint32_t* codes,
                      size_t count,
                      size_t done) {
  uint32_t basic = (uint32_t) done;
  uint32_t handled = basic;
  uint32_t bias = FIRST_BIAS;
  uint32_t delta = 0;
  uint32_t code = 128;
  size_t i;

  while (handled < count) {
    uint32_t next = next_code(codes, count, code);

    delta += (next - code) * (handled + 1);
    for (i = 0; i < count; i++) {
      if (codes[i] < next)
        delta++;
      if (codes[i] != next)
        continue;
      if (put_delta(out, delta, bias) < 0)
        return -1;
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      handled++;
    }
    delta++;
    code = next + 1;
  }
  return 0;
}

int uv__idna_put_label(struct uv__idna_ascii* out, const uint32_t* codes, size_t count) {
  size_t begin = out->count;
  size_t basic = 0;
  size_t i;

  for (i = 0; i < count; i++)
    basic += codes[i] < 128;
  if (basic < count)
    for (i = 0; i < 4; i++)
      if (uv__idna_put(out, "xn--"[i]) < 0)
        return -1;
  for (i = 0; i < count; i++)
    if (codes[i] < 128 && uv__idna_put(out, (char) codes[i]) < 0)
      return -1;
  if (basic < count) {
    if (basic > 0 && uv__idna_put(out, '-') < 0)
      return -1;
    if (put_deltas(out, codes, count, basic) < 0)
      return -1;
  }
  return out->count - begin <= MOST_LABEL ? 0 : -1;
}

/* ---- Back ---- */

static int digit_of(uint32_t code) {
  if (code >= 'a' && code <= 'z')
    return (int) (code - 'a');
  return code >= '0' && code <= '9' ? (int) (code - '0') + 26 : -1;
}

/* The next number, at `*at`. -1: there is none, or a larger one than there can be. */
static int take_delta(
    const uint32_t* codes, size_t count, size_t* at, uint32_t bias, uint32_t* delta) {
  uint32_t weight = 1;
  uint32_t k;

  *delta = 0;
  for (k = BASE;; k += BASE) {
    uint32_t least = k <= bias ? LEAST_DIGIT : k >= bias + MOST_DIGIT ? MOST_DIGIT : k - bias;
    int digit = *at < count ? digit_of(codes[(*at)++]) : -1;

    if (digit < 0 || (uint32_t) digit > (UINT32_MAX - *delta) / weight)
      return -1;
    *delta += (uint32_t) digit * weight;
    if ((uint32_t) digit < least)
      return 0;
    if (weight > UINT32_MAX / (BASE - least))
      return -1;
    weight *= BASE - least;
  }
}

/* Puts a character where the number says. */
static int insert(uint32_t* to, size_t* have, uint32_t* index, uint32_t* code) {
  size_t i;

  *code += *index / (uint32_t) (*have + 1);
  *index %= (uint32_t) (*have + 1);
  if (*code > 0x10ffff)
    return -1;
  for (i = (*have)++; i > *index; i--)
    to[i] = to[i - 1];
  to[(*index)++] = *code;
  return 0;
}

int uv__idna_take_label(const uint32_t* codes, size_t count, uint32_t* to, size_t* room) {
  size_t at = 4;
  size_t have = 0;
  size_t basic = count;
  uint32_t bias = FIRST_BIAS;
  uint32_t index = 0;
  uint32_t code = 128;

  if (count > MOST_LABEL)
    return -1;
  while (basic > at && codes[basic - 1] != '-')
    basic--;
  if (basic > at) { /* What is before the last hyphen stands for itself. */
    for (; at + 1 < basic && have < *room; at++)
      to[have++] = codes[at];
    at = basic;
  }
  if (at == count)
    return -1; /* Nothing of it is international. */
  while (at < count) {
    uint32_t before = index;
    uint32_t delta;

    if (have == *room || take_delta(codes, count, &at, bias, &delta) < 0 ||
        delta > UINT32_MAX - index)
      return -1;
    index += delta;
    bias = adapt(index - before, (uint32_t) have + 1, before == 0);
    if (insert(to, &have, &index, &code) < 0)
      return -1;
  }
  *room = have;
  return 0;
}
