/* Keys as xterm sends them. Modifiers are a number in the sequence: 1, and 1 for Shift, 2 for Alt,
 * 4 for Ctrl. A character typed with Alt has an ESC before it. */
#include "win/tty/keys.h"

#include <string.h>

/* Virtual keys and control states, by their documented values. */
enum {
  KEY_BACK = 0x08,
  KEY_TAB = 0x09,
  KEY_MENU = 0x12,
  KEY_SPACE = 0x20,
  KEY_NUMPAD0 = 0x60,
  KEY_NUMPAD9 = 0x69,
  RIGHT_ALT = 0x01,
  LEFT_ALT = 0x02,
  RIGHT_CTRL = 0x04,
  LEFT_CTRL = 0x08,
  SHIFT = 0x10,
  ENHANCED = 0x100
};

/* Keys without a character. ESC [ NUMBER ~, or with a letter ESC [ letter; `ss3`: ESC O letter as
 * long as there are no modifiers. */
struct special {
  unsigned char code;
  unsigned char number;
  char letter;
  unsigned char ss3;
};

static const struct special specials[] = {
    {0x0C, 1, 'E', 0}, /* the 5 of the number pad */
    {0x21, 5, '~', 0}, /* Page Up */
    {0x22, 6, '~', 0}, /* Page Down */
    {0x23, 1, 'F', 0}, /* End */
    {0x24, 1, 'H', 0}, /* Home */
    {0x25, 1, 'D', 0}, /* Left */
    {0x26, 1, 'A', 0}, /* Up */
    {0x27, 1, 'C', 0}, /* Right */
    {0x28, 1, 'B', 0}, /* Down */
    {0x2D, 2, '~', 0}, /* Insert */
    {0x2E, 3, '~', 0}, /* Delete */
    {0x70, 1, 'P', 1}, /* F1 */
    {0x71, 1, 'Q', 1},  {0x72, 1, 'R', 1},  {0x73, 1, 'S', 1},  {0x74, 15, '~', 0}, /* F5 */
    {0x75, 17, '~', 0}, {0x76, 18, '~', 0}, {0x77, 19, '~', 0}, {0x78, 20, '~', 0},
    {0x79, 21, '~', 0}, {0x7A, 23, '~', 0}, {0x7B, 24, '~', 0}, {0x7C, 25, '~', 0}, /* F13 */
    {0x7D, 26, '~', 0}, {0x7E, 28, '~', 0}, {0x7F, 29, '~', 0}, {0x80, 31, '~', 0},
    {0x81, 32, '~', 0}, {0x82, 33, '~', 0}, {0x83, 34, '~', 0}, /* F20 */
};

/* Control characters that the system does not make of Ctrl and the key. */
static const struct {
  unsigned char code;
  char byte;
} controls[] = {
    {KEY_SPACE, 0x00}, {'2', 0x00}, {'3', 0x1B}, {'4', 0x1C},  {'5', 0x1D},
    {'6', 0x1E},       {'7', 0x1F}, {'8', 0x7F}, {0xBD, 0x1F}, /* the key of - and _ */
    {0xBF, 0x1F},                                              /* the key of / and ? */
};

/* The keys of the number pad that, without Num Lock, make up an Alt code: 0 to 9. */
static const unsigned char pad[] = {0x2D, 0x23, 0x28, 0x22, 0x25, 0x0C, 0x27, 0x24, 0x26, 0x21};

static int is_alt(unsigned control) {
  return (control & (LEFT_ALT | RIGHT_ALT)) != 0;
}

static int is_ctrl(unsigned control) {
  return (control & (LEFT_CTRL | RIGHT_CTRL)) != 0;
}

/* A digit of an Alt code: its character comes when Alt is released. */
static int is_alt_digit(const struct uv__key* key) {
  if (!(key->control & LEFT_ALT) || is_ctrl(key->control))
    return 0;
  if (key->code >= KEY_NUMPAD0 && key->code <= KEY_NUMPAD9)
    return 1;
  return !(key->control & ENHANCED) && memchr(pad, (int) key->code, sizeof(pad)) != NULL;
}

static size_t put_number(unsigned number, char* bytes) {
  size_t count = 0;

  if (number >= 10)
    bytes[count++] = (char) ('0' + number / 10);
  bytes[count++] = (char) ('0' + number % 10);
  return count;
}

static size_t put_special(const struct special* special, unsigned control, char* bytes) {
  unsigned modifiers = 1u + ((control & SHIFT) ? 1u : 0u) + (is_alt(control) ? 2u : 0u) +
                       (is_ctrl(control) ? 4u : 0u);
  size_t count = 0;

  bytes[count++] = '\x1B';
  bytes[count++] = special->ss3 && modifiers == 1 ? 'O' : '[';
  if (special->letter == '~' || modifiers > 1)
    count += put_number(special->number, bytes + count);
  if (modifiers > 1) {
    bytes[count++] = ';';
    count += put_number(modifiers, bytes + count);
  }
  bytes[count++] = special->letter;
  return count;
}

/* A character below 0x80, or with Alt. */
static size_t put_byte(char byte, unsigned control, char* bytes) {
  size_t count = 0;

  if (is_alt(control))
    bytes[count++] = '\x1B';
  bytes[count++] = byte;
  return count;
}

/* Keys that have no character, or another one than a terminal sends; -1: is not one of them. */
static int put_named(const struct uv__key* key, char* bytes) {
  size_t i;

  if (key->code == KEY_BACK && (key->unit == 0x08 || key->unit == 0x7F || key->unit == 0))
    return (int) put_byte(is_ctrl(key->control) ? '\x08' : '\x7F', key->control, bytes);
  if (key->code == KEY_TAB && (key->control & SHIFT)) {
    memcpy(bytes, "\x1B[Z", 3);
    return 3;
  }
  if (is_ctrl(key->control) && (key->unit == 0 || key->unit == ' '))
    for (i = 0; i < sizeof(controls) / sizeof(controls[0]); i++)
      if (controls[i].code == key->code)
        return (int) put_byte(controls[i].byte, key->control, bytes);
  if (key->unit == 0)
    for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
      if (specials[i].code == key->code)
        return (int) put_special(&specials[i], key->control, bytes);
  return -1;
}

/* Ctrl and the right Alt are AltGr, which belongs to the character. A second half belongs to its
 * first, which had the ESC. */
static int has_prefix(const struct uv__key* key) {
  if ((key->control & RIGHT_ALT) && is_ctrl(key->control) && key->unit >= 0x20)
    return 0;
  return key->down && is_alt(key->control) && !(key->unit >= 0xDC00 && key->unit < 0xE000);
}

size_t uv__keys_map(struct uv__keys* keys, const struct uv__key* key, char* bytes) {
  size_t count = 0;
  int named;

  if (!key->down && (key->code != KEY_MENU || key->unit == 0))
    return 0; /* But for the end of an Alt code, nothing comes of a release. */
  if (key->down && is_alt_digit(key))
    return 0;
  named = key->down ? put_named(key, bytes) : -1;
  if (named >= 0)
    return (size_t) named;
  if (key->unit == 0)
    return 0; /* A modifier by itself, or a dead key: the next character has its accent. */
  if (has_prefix(key))
    bytes[count++] = '\x1B';
  return count + uv__utf_narrow(&keys->text, key->unit, bytes + count);
}
