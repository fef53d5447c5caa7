/* What a key of the console means as bytes. Pure; includes nothing of the system, and is tested
 * on every one. */
#ifndef UV__WIN_TTY_KEYS_H_
#define UV__WIN_TTY_KEYS_H_

#include "win/text/utf.h"

/* One record of a key, with the system's own numbers. */
struct uv__key {
  int down;         /* pressed, not released */
  unsigned repeat;  /* how often at once */
  unsigned code;    /* the virtual key, VK_* */
  uint16_t unit;    /* UTF-16; 0: none */
  unsigned control; /* dwControlKeyState */
};

/* What one record leaves for the next; all 0 at first. */
struct uv__keys {
  struct uv__utf_narrow text;
};

enum {
  UV__KEY_BYTES = 8 /* the most that one press can make */
};

/* The bytes of one press: how many, maybe 0. They are meant `repeat` times, but those of half a
 * pair, which is never repeated, once. */
size_t uv__keys_map(struct uv__keys* keys, const struct uv__key* key, char* bytes);

#endif /* UV__WIN_TTY_KEYS_H_ */
