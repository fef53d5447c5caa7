/* UTF-8 from and to UTF-16, piece by piece: a character may be split anywhere, and what is none
 * becomes U+FFFD. Pure; includes nothing of the system, and is tested on every one. */
#ifndef UV__WIN_UTF_H_
#define UV__WIN_UTF_H_

#include <stddef.h>
#include <stdint.h>

/* The part of a character that came already; all 0 at first. */
struct uv__utf_wide {
  uint32_t code;
  unsigned char left; /* bytes to come */
  unsigned char low;  /* range of the next of them */
  unsigned char high;
};

struct uv__utf_narrow {
  uint16_t high; /* the first half of a pair */
};

enum {
  UV__UTF_STEP = 6 /* bytes that one unit can make: a replaced half, and a character */
};

/* Converts bytes until they end or `units` might not take another, which is so with less than
 * three left. Returns how many units it wrote; *used: how many bytes it took. */
size_t uv__utf_widen(struct uv__utf_wide* state,
                     const char* bytes,
                     size_t length,
                     uint16_t* units,
                     size_t room,
                     size_t* used);

/* Converts one unit: how many bytes, from 0 to UV__UTF_STEP. */
size_t uv__utf_narrow(struct uv__utf_narrow* state, uint16_t unit, char* bytes);

#endif /* UV__WIN_UTF_H_ */
