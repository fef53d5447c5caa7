/* International names of hosts as the DNS has them: ASCII, by UTS 46, non-transitional. Knows nothing
 * of lookups, and no system. */
#ifndef UV__UNIX_IDNA_H_
#define UV__UNIX_IDNA_H_

#include <stddef.h>
#include <stdint.h>

enum {
  UV__IDNA_ROOM = 256 /* bytes: the longest name of the DNS, with a terminator */
};

/* The name, which is UTF-8, in ASCII. 0, or -1: there can be no such host. */
int uv__idna_to_ascii(const char* name, char to[UV__IDNA_ROOM]);

/* ---- rules.c: labels of a mapped name ---- */

/* Whether it begins as one of international characters that is in ASCII already. */
int uv__idna_is_encoded(const uint32_t* codes, size_t count);
/* Whether there may be such a label, which is not encoded. */
int uv__idna_is_label(const uint32_t* codes, size_t count);
/* Whether something in it makes all labels of its name subject to the next rule. */
int uv__idna_has_rtl(const uint32_t* codes, size_t count);
/* Whether it is written from the left to the right, or the other way. */
int uv__idna_goes_one_way(const uint32_t* codes, size_t count);

/* ---- lookup.c ---- */

enum {
  UV__IDNA_FIRST_MARK = 0x300 /* nothing below it combines with what is before it */
};

/* Classes of UAX 9, as far as names tell them apart; the values are those of the table. */
enum uv__idna_direction {
  UV__IDNA_RTL,          /* R, AL */
  UV__IDNA_ARABIC_DIGIT, /* AN */
  UV__IDNA_DIGIT,        /* EN */
  UV__IDNA_MARK,         /* NSM */
  UV__IDNA_NEUTRAL,      /* ES, CS, ET, ON, BN */
  UV__IDNA_LTR
};

/* How a letter joins: with what is to its left, to its right; the values are those of the table. */
enum uv__idna_joining {
  UV__IDNA_DUAL,
  UV__IDNA_RIGHT,
  UV__IDNA_LEFT,
  UV__IDNA_TRANSPARENT,
  UV__IDNA_NOT
};

/* Whether it may stand in a mapped name, and begins no character. */
int uv__idna_is_allowed(uint32_t code, int* is_mark);
/* The combining class; 0: it begins a character. */
unsigned uv__idna_class(uint32_t code);
enum uv__idna_direction uv__idna_direction(uint32_t code);
enum uv__idna_joining uv__idna_joining(uint32_t code);

/* ---- punycode.c ---- */

struct uv__idna_ascii {
  char* to; /* UV__IDNA_ROOM bytes */
  size_t count;
};

/* -1: there is no room; nor is there in a label for more than 63 bytes. */
int uv__idna_put(struct uv__idna_ascii* out, char c);
int uv__idna_put_label(struct uv__idna_ascii* out, const uint32_t* codes, size_t count);
/* The reverse, of one that is encoded: `room` characters at most, which becomes how many. -1: it is
 * none. */
int uv__idna_take_label(const uint32_t* codes, size_t count, uint32_t* to, size_t* room);

/* ---- table.c, which tools/idna_table.py writes ---- */

extern const unsigned char uv__idna_mapped[];
extern const size_t uv__idna_mapped_size;
extern const unsigned char uv__idna_allowed[];
extern const size_t uv__idna_allowed_size;
extern const unsigned char uv__idna_classes[];
extern const size_t uv__idna_classes_size;
extern const unsigned char uv__idna_pairs[];
extern const size_t uv__idna_pairs_size;
extern const uint32_t uv__idna_seconds[];
extern const unsigned char uv__idna_directions[];
extern const size_t uv__idna_directions_size;
extern const unsigned char uv__idna_joinings[];
extern const size_t uv__idna_joinings_size;

/* A number of a table: seven bits a byte. */
static inline uint32_t uv__idna_read(const unsigned char** at) {
  uint32_t value = 0;
  int shift = 0;

  do {
    value |= (uint32_t) (**at & 127) << shift;
    shift += 7;
  } while (*(*at)++ & 128);
  return value;
}

#endif /* UV__UNIX_IDNA_H_ */
