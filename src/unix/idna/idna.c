/* International names of hosts, by UTS 46: what a name is mapped to, its normal form, and which
 * characters it may have. Its labels are punycode.c's. A name is short: the tables are read from their
 * beginning for each character, and kept small instead. */
#include "unix/idna/idna.h"

#include <string.h>

enum {
  MOST = 512,         /* characters of a name on its way; a longer one is none */
  FIRST_MARK = 0x300, /* nothing below it combines with what is before it */
  /* Hangul has a rule in place of a table: LEAD and VOWEL and TAIL. */
  LEADS = 19,
  VOWELS = 21,
  TAILS = 28, /* with none */
  LEAD = 0x1100,
  VOWEL = 0x1161,
  TAIL = 0x11a7,
  SYLLABLE = 0xac00
};

struct text {
  uint32_t codes[MOST];
  size_t count;
};

/* ---- Tables: numbers of seven bits a byte, see tools/idna_table.py ---- */

static uint32_t read_number(const unsigned char** at) {
  uint32_t value = 0;
  int shift = 0;

  do {
    value |= (uint32_t) (**at & 127) << shift;
    shift += 7;
  } while (*(*at)++ & 128);
  return value;
}

/* The sign is the lowest bit. */
static uint32_t read_distance(const unsigned char** at) {
  uint32_t value = read_number(at);

  return value & 1 ? 0 - (value + 1) / 2 : value / 2;
}

static int append(struct text* text, uint32_t code) {
  if (text->count == MOST)
    return -1;
  text->codes[text->count++] = code;
  return 0;
}

enum mapping {
  STEP_OF_1,
  STEP_OF_2,
  SEQUENCE,
  LEFT_OUT
};

/* The targets of one entry: of the first of a run, or all of a sequence. Returns what the next entry
 * counts from. */
static uint32_t read_targets(const unsigned char** at,
                             enum mapping kind,
                             uint32_t count,
                             uint32_t before,
                             struct text* targets) {
  uint32_t i;

  targets->count = 0;
  for (i = 0; i < (kind == SEQUENCE ? count : 1); i++) {
    before += read_distance(at);
    (void) append(targets, before);
  }
  return targets->codes[0];
}

/* Appends what a character is mapped to, which may be itself, or nothing. */
static int map_code(uint32_t code, struct text* to, struct text* targets) {
  const unsigned char* at = uv__idna_mapped;
  const unsigned char* end = at + uv__idna_mapped_size;
  uint32_t first = 128;
  uint32_t before = 0;
  uint32_t i;

  while (at < end && first <= code) {
    uint32_t head = read_number(&at);
    enum mapping kind = (enum mapping)(head & 3);
    uint32_t count = head >> 3;
    uint32_t step = kind == STEP_OF_2 ? 2 : 1;
    uint32_t last;

    if (head & 4)
      first += read_number(&at);
    last = kind == SEQUENCE ? first : first + count * step;
    if (kind != LEFT_OUT)
      before = read_targets(&at, kind, count, before, targets);
    if (code >= first && code <= last && (code - first) % step == 0) {
      if (kind == LEFT_OUT)
        return 0;
      targets->codes[0] += code - first;
      for (i = 0; i < targets->count; i++)
        if (append(to, targets->codes[i]) < 0)
          return -1;
      return 0;
    }
    if (kind == STEP_OF_1 || kind == STEP_OF_2)
      before += last - first;
    first = last + 1;
  }
  return append(to, code >= 'A' && code <= 'Z' ? code + ('a' - 'A') : code);
}

/* Whether it may stand in a mapped name. ASCII is what names of hosts have, and no more: what a
 * character is mapped to may not be more than the character says. */
static int is_allowed(uint32_t code, int* is_mark) {
  const unsigned char* at = uv__idna_allowed;
  const unsigned char* end = at + uv__idna_allowed_size;
  uint32_t first = 128;

  *is_mark = 0;
  if (code < 128)
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '-' ||
           code == '_' || code == '.';
  while (at < end) {
    uint32_t count;

    first += read_number(&at);
    count = read_number(&at);
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
static unsigned class_of(uint32_t code) {
  const unsigned char* at = uv__idna_classes;
  const unsigned char* end = at + uv__idna_classes_size;
  uint32_t first = 128;

  while (at < end && code >= FIRST_MARK) {
    uint32_t more;
    unsigned value;

    first += read_number(&at);
    more = read_number(&at);
    value = *at++;
    if (code < first)
      return 0;
    if (code <= first + more)
      return value;
    first += more + 1;
  }
  return 0;
}

/* A composition that a table has: of this code, or of these two; 0: there is none. */
static uint32_t find_pair(uint32_t code, uint32_t* first, uint32_t* second) {
  const unsigned char* at = uv__idna_pairs;
  const unsigned char* end = at + uv__idna_pairs_size;
  uint32_t whole = 128;

  while (at < end && (code == 0 || whole <= code)) {
    uint32_t one;
    uint32_t two;

    whole += read_number(&at);
    one = whole - read_distance(&at);
    two = uv__idna_seconds[*at++];
    if (code != 0 ? whole == code : one == *first && two == *second) {
      *first = one;
      *second = two;
      return whole;
    }
    whole++;
  }
  return 0;
}

/* ---- The normal form (NFC) ---- */

/* Takes a character apart, as far as tables know it: Hangul stays whole, which composing does not mind. */
static int take_apart(uint32_t code, struct text* to) {
  uint32_t rests[8]; /* from the last on; none has as many */
  uint32_t second;
  size_t count = 0;

  while (count < sizeof(rests) / sizeof(rests[0]) && find_pair(code, &code, &second) != 0)
    rests[count++] = second;
  if (append(to, code) < 0)
    return -1;
  while (count > 0)
    if (append(to, rests[--count]) < 0)
      return -1;
  return 0;
}

/* Marks by their classes; those of one class stay in order. */
static void sort_marks(struct text* text) {
  size_t i;
  size_t j;

  for (i = 1; i < text->count; i++) {
    uint32_t code = text->codes[i];
    unsigned class = class_of(code);

    for (j = i; class != 0 && j > 0 && class_of(text->codes[j - 1]) > class; j--)
      text->codes[j] = text->codes[j - 1];
    text->codes[j] = code;
  }
}

static uint32_t put_together(uint32_t first, uint32_t second) {
  if (first >= LEAD && first < LEAD + LEADS && second >= VOWEL && second < VOWEL + VOWELS)
    return SYLLABLE + ((first - LEAD) * VOWELS + (second - VOWEL)) * TAILS;
  if (first >= SYLLABLE && first < SYLLABLE + LEADS * VOWELS * TAILS &&
      (first - SYLLABLE) % TAILS == 0 && second > TAIL && second < TAIL + TAILS)
    return first + (second - TAIL);
  return second < FIRST_MARK ? 0 : find_pair(0, &first, &second);
}

/* Each mark joins the last character that begins one, unless a mark of its class or a higher one stands
 * between. */
static void compose(struct text* text) {
  size_t start = 0;
  size_t count = 0;
  unsigned before = 0; /* the class of what stands last */
  size_t i;

  for (i = 0; i < text->count; i++) {
    uint32_t code = text->codes[i];
    unsigned class = class_of(code);
    uint32_t whole = 0;

    if (count > 0 && (count == start + 1 || (before != 0 && before < class)))
      whole = put_together(text->codes[start], code);
    if (whole != 0) {
      text->codes[start] = whole;
      continue;
    }
    if (class == 0)
      start = count;
    before = class;
    text->codes[count++] = code;
  }
  text->count = count;
}

/* ---- A name ---- */

/* The next character of UTF-8 that has been checked. */
static uint32_t read_code(const unsigned char** at) {
  uint32_t code = *(*at)++;
  int more = code < 0x80 ? 0 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : 3;

  if (more > 0)
    code &= 0x3fu >> more;
  for (; more > 0; more--)
    code = code << 6 | (*(*at)++ & 0x3fu);
  return code;
}

/* Maps and normalises. */
static int prepare(const char* name, struct text* whole, struct text* other) {
  const unsigned char* at = (const unsigned char*) name;
  struct text targets;
  size_t i;

  other->count = targets.count = 0;
  while (*at != '\0')
    if (map_code(read_code(&at), other, &targets) < 0)
      return -1;
  whole->count = 0;
  for (i = 0; i < other->count; i++)
    if (take_apart(other->codes[i], whole) < 0)
      return -1;
  sort_marks(whole);
  compose(whole);
  return 0;
}

int uv__idna_to_ascii(const char* name, char to[UV__IDNA_ROOM]) {
  struct uv__idna_ascii out = {to, 0};
  struct text whole;
  struct text other;
  size_t begin = 0;
  size_t i;
  int is_mark;

  if (prepare(name, &whole, &other) < 0)
    return -1;
  for (i = 0; i <= whole.count; i++) {
    if (i < whole.count && (!is_allowed(whole.codes[i], &is_mark) || (is_mark && i == begin)))
      return -1;
    if (i < whole.count && whole.codes[i] != '.')
      continue;
    if (uv__idna_put_label(&out, whole.codes + begin, i - begin) < 0)
      return -1;
    if (i < whole.count && uv__idna_put(&out, '.') < 0)
      return -1;
    begin = i + 1;
  }
  to[out.count] = '\0';
  return out.count > 0 ? 0 : -1;
}
