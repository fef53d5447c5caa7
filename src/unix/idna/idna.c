/* International names of hosts, by UTS 46: what a name is mapped to, and its normal form. What a label may
 * be is rules.c's, how it is written punycode.c's. A name is short: the tables are read from their
 * beginning for each character, and kept small instead. */
#include "unix/idna/idna.h"

#include <string.h>

enum {
  MOST = 512, /* characters of a name on its way; a longer one is none */
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

/* ---- What a character is mapped to ---- */

/* The sign is the lowest bit. */
static uint32_t read_distance(const unsigned char** at) {
  uint32_t value = uv__idna_read(at);

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
    uint32_t head = uv__idna_read(&at);
    enum mapping kind = (enum mapping)(head & 3);
    uint32_t count = head >> 3;
    uint32_t step = kind == STEP_OF_2 ? 2 : 1;
    uint32_t last;

    if (head & 4)
      first += uv__idna_read(&at);
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

/* A composition that a table has: of this code, or of these two; 0: there is none. */
static uint32_t find_pair(uint32_t code, uint32_t* first, uint32_t* second) {
  const unsigned char* at = uv__idna_pairs;
  const unsigned char* end = at + uv__idna_pairs_size;
  uint32_t whole = 128;

  while (at < end && (code == 0 || whole <= code)) {
    uint32_t one;
    uint32_t two;

    whole += uv__idna_read(&at);
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
    unsigned class = uv__idna_class(code);

    for (j = i; class != 0 && j > 0 && uv__idna_class(text->codes[j - 1]) > class; j--)
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
  return second < UV__IDNA_FIRST_MARK ? 0 : find_pair(0, &first, &second);
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
    unsigned class = uv__idna_class(code);
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

/* ---- Both ---- */

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

static int map_name(const char* name, struct text* to) {
  const unsigned char* at = (const unsigned char*) name;
  struct text targets;

  to->count = targets.count = 0;
  while (*at != '\0')
    if (map_code(read_code(&at), to, &targets) < 0)
      return -1;
  return 0;
}

static int normalise(const struct text* from, struct text* to) {
  size_t i;

  to->count = 0;
  for (i = 0; i < from->count; i++)
    if (take_apart(from->codes[i], to) < 0)
      return -1;
  sort_marks(to);
  compose(to);
  return 0;
}

/* Whether mapping and normalising would change nothing, as it is with what was done so before it was
 * encoded. */
static int is_stable(const uint32_t* codes, size_t count) {
  struct text targets;
  struct text mapped;
  struct text whole;
  size_t i;

  mapped.count = targets.count = 0;
  for (i = 0; i < count; i++)
    if (map_code(codes[i], &mapped, &targets) < 0)
      return 0;
  return normalise(&mapped, &whole) == 0 && whole.count == count &&
         memcmp(whole.codes, codes, count * sizeof(*codes)) == 0;
}

/* ---- A name ---- */

static size_t label_end(const struct text* name, size_t begin) {
  while (begin < name->count && name->codes[begin] != '.')
    begin++;
  return begin;
}

/* Appends what an encoded label stands for, which has to be something that encoding makes it of. */
static int decode(const uint32_t* codes, size_t count, struct text* to) {
  uint32_t* shown = to->codes + to->count;
  size_t room = MOST - to->count;
  char text[UV__IDNA_ROOM];
  struct uv__idna_ascii again = {text, 0};
  size_t i;

  if (uv__idna_take_label(codes, count, shown, &room) < 0 || !is_stable(shown, room) ||
      uv__idna_put_label(&again, shown, room) < 0 || again.count != count)
    return -1;
  for (i = 0; i < count; i++)
    if ((unsigned char) text[i] != codes[i])
      return -1;
  to->count += room;
  return 0;
}

/* The name as people see it, with nothing encoded. */
static int show(const struct text* whole, struct text* shown) {
  size_t begin;
  size_t end;
  size_t i;

  shown->count = 0;
  for (begin = 0; begin <= whole->count; begin = end + 1) {
    end = label_end(whole, begin);
    if (uv__idna_is_encoded(whole->codes + begin, end - begin)) {
      if (decode(whole->codes + begin, end - begin, shown) < 0)
        return -1;
      begin = end;
    }
    for (i = begin; i <= end && i < whole->count; i++) /* with the dot */
      if (append(shown, whole->codes[i]) < 0)
        return -1;
  }
  return 0;
}

static int check(const struct text* whole) {
  struct text shown;
  size_t begin;
  size_t end;
  int is_rtl;

  if (show(whole, &shown) < 0)
    return -1;
  is_rtl = uv__idna_has_rtl(shown.codes, shown.count);
  for (begin = 0; begin <= shown.count; begin = end + 1) {
    end = label_end(&shown, begin);
    if (!uv__idna_is_label(shown.codes + begin, end - begin) ||
        (is_rtl && !uv__idna_goes_one_way(shown.codes + begin, end - begin)))
      return -1;
  }
  return 0;
}

int uv__idna_to_ascii(const char* name, char to[UV__IDNA_ROOM]) {
  struct uv__idna_ascii out = {to, 0};
  struct text mapped;
  struct text whole;
  size_t begin;
  size_t end;

  if (map_name(name, &mapped) < 0 || normalise(&mapped, &whole) < 0 || check(&whole) < 0)
    return -1;
  for (begin = 0; begin <= whole.count; begin = end + 1) {
    end = label_end(&whole, begin);
    if (uv__idna_put_label(&out, whole.codes + begin, end - begin) < 0 ||
        (end < whole.count && uv__idna_put(&out, '.') < 0))
      return -1;
  }
  to[out.count] = '\0';
  return out.count > 0 ? 0 : -1;
}
