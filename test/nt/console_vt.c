/* Keys as sequences, for ENABLE_VIRTUAL_TERMINAL_INPUT: the console makes them when a key is typed, and
 * what it makes are keys again, of a character each and nothing else ("Console Virtual Terminal Sequences",
 * "Input Sequences"; what the page leaves open as conhost has it, for a keyboard of the United States). */
#include "console.h"

#include <string.h>

enum {
  ESC = 0x1b,
  SPACE = 0x20,
  DEL = 0x7f,
  VK_AT = '2',     /* the key of @, which makes NUL with Ctrl */
  VK_SLASH = 0xbf, /* of / and ? */
  CTRL = LEFT_CTRL_PRESSED | RIGHT_CTRL_PRESSED,
  ALT = LEFT_ALT_PRESSED | RIGHT_ALT_PRESSED
};

struct maker {
  INPUT_RECORD* to;
  int count;
};

static void put(struct maker* maker, WCHAR unit) {
  INPUT_RECORD* record = &maker->to[maker->count++];

  memset(record, 0, sizeof(*record));
  record->EventType = KEY_EVENT;
  record->Event.KeyEvent.bKeyDown = TRUE;
  record->Event.KeyEvent.wRepeatCount = 1;
  record->Event.KeyEvent.uChar.UnicodeChar = unit;
}

/* With an ESC before it. */
static int escaped(struct maker* maker, WCHAR unit) {
  put(maker, ESC);
  put(maker, unit);
  return 1;
}

static int plain(struct maker* maker, WCHAR unit) {
  put(maker, unit);
  return 1;
}

/* ---- Keys that have a sequence ---- */

static const struct special {
  WORD code;
  WCHAR number;
  WCHAR letter;  /* '~', or ESC [ letter, */
  WCHAR initial; /* or 'O': ESC O letter, without a modifier */
} specials[] = {
    {VK_UP, 1, 'A', '['},      {VK_DOWN, 1, 'B', '['},    {VK_RIGHT, 1, 'C', '['},
    {VK_LEFT, 1, 'D', '['},    {VK_HOME, 1, 'H', '['},    {VK_END, 1, 'F', '['},
    {VK_INSERT, 2, '~', '['},  {VK_DELETE, 3, '~', '['},  {VK_PRIOR, 5, '~', '['},
    {VK_NEXT, 6, '~', '['},    {VK_F1, 1, 'P', 'O'},      {VK_F1 + 1, 1, 'Q', 'O'},
    {VK_F1 + 2, 1, 'R', 'O'},  {VK_F1 + 3, 1, 'S', 'O'},  {VK_F1 + 4, 15, '~', '['},
    {VK_F1 + 5, 17, '~', '['}, {VK_F1 + 6, 18, '~', '['}, {VK_F1 + 7, 19, '~', '['},
    {VK_F1 + 8, 20, '~', '['}, {VK_F1 + 9, 21, '~', '['}, {VK_F1 + 10, 23, '~', '['},
    {VK_F12, 24, '~', '['},
};

static const struct special* special_of(WORD code) {
  size_t i;

  for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
    if (specials[i].code == code)
      return &specials[i];
  return NULL;
}

static int put_special(struct maker* maker, const struct special* special, DWORD control) {
  int modifiers =
      1 + (control & SHIFT_PRESSED ? 1 : 0) + (control & ALT ? 2 : 0) + (control & CTRL ? 4 : 0);

  put(maker, ESC);
  put(maker, modifiers > 1 ? '[' : special->initial);
  if (special->letter == '~' || modifiers > 1) {
    if (special->number >= 10)
      put(maker, (WCHAR) ('0' + special->number / 10));
    put(maker, (WCHAR) ('0' + special->number % 10));
  }
  if (modifiers > 1) {
    put(maker, ';');
    put(maker, (WCHAR) ('0' + modifiers));
  }
  put(maker, special->letter);
  return 1;
}

/* ---- Characters with modifiers ---- */

/* Ctrl and a digit, as a VT220 has it; 1 and 9 are themselves. */
static int put_digit(struct maker* maker, WORD code) {
  static const WCHAR made[] = {'1', 0, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, DEL, '9'};

  return code >= '1' && code <= '9' && code != VK_AT ? plain(maker, made[code - '1']) : 0;
}

/* Sequences of keys that mean something else with a modifier. */
static int put_modified(struct maker* maker, const KEY_EVENT_RECORD* key, DWORD control) {
  const struct special* special = special_of(key->wVirtualKeyCode);
  DWORD which = control & (SHIFT_PRESSED | ALT | CTRL);

  if (special != NULL)
    return put_special(maker, special, control);
  if (key->wVirtualKeyCode == VK_TAB && which == SHIFT_PRESSED) {
    put(maker, ESC);
    put(maker, '[');
    return plain(maker, 'Z');
  }
  if (!(which & CTRL))
    return 0;
  if (key->wVirtualKeyCode == VK_SLASH) {
    WCHAR made = control & SHIFT_PRESSED ? DEL : 0x1f;
    return which & ALT ? escaped(maker, made) : plain(maker, made);
  }
  if (which & (SHIFT_PRESSED | ALT))
    return 0;
  if (key->wVirtualKeyCode == VK_TAB)
    return plain(maker, '\t');
  if (key->wVirtualKeyCode == VK_DIVIDE)
    return plain(maker, 0x1f);
  return put_digit(maker, key->wVirtualKeyCode);
}

static int put_ctrl_alt(struct maker* maker, const KEY_EVENT_RECORD* key) {
  WCHAR unit = key->uChar.UnicodeChar != 0 ? key->uChar.UnicodeChar : key->wVirtualKeyCode;

  if (unit == SPACE || (unit > 0x40 && unit <= 0x5a))
    return escaped(maker, unit & 0x1f);
  if (key->uChar.UnicodeChar == 0 && key->wVirtualKeyCode == VK_AT)
    return escaped(maker, 0);
  return 0;
}

/* NUL is no character to whoever reads records: the key says that it is one. A letter of which the
 * keyboard makes nothing is made one here. */
static int put_ctrl(struct maker* maker, const KEY_EVENT_RECORD* key, DWORD control) {
  WCHAR unit = key->uChar.UnicodeChar;

  if (unit == SPACE || (unit == 0 && key->wVirtualKeyCode == VK_AT)) {
    put(maker, 0);
    maker->to[maker->count - 1].Event.KeyEvent.wVirtualKeyCode = VK_AT;
    maker->to[maker->count - 1].Event.KeyEvent.dwControlKeyState = control;
    return 1;
  }
  if (unit == 0 && key->wVirtualKeyCode >= 'A' && key->wVirtualKeyCode <= 'Z')
    return plain(maker, key->wVirtualKeyCode & 0x1f);
  return 0;
}

/* Both halves of a character at once, when the second one comes. */
static int put_character(struct maker* maker, struct nt_console* console, WCHAR unit) {
  if (unit >= 0xd800 && unit < 0xdc00) {
    console->half = unit;
    return 1;
  }
  if (console->half != 0)
    put(maker, console->half);
  console->half = 0;
  return plain(maker, unit);
}

static int put_unmodified(struct maker* maker,
                          struct nt_console* console,
                          const KEY_EVENT_RECORD* key,
                          DWORD control) {
  const struct special* special = special_of(key->wVirtualKeyCode);

  if (special != NULL)
    return put_special(maker, special, control & ~(DWORD) (SHIFT_PRESSED | ALT | CTRL));
  if (key->wVirtualKeyCode == VK_TAB)
    return plain(maker, '\t');
  if (key->wVirtualKeyCode == VK_PAUSE)
    return plain(maker, 0x1a);
  if (key->wVirtualKeyCode == VK_ESCAPE)
    return plain(maker, ESC);
  return key->uChar.UnicodeChar != 0 ? put_character(maker, console, key->uChar.UnicodeChar) : 0;
}

static int make(struct maker* maker, struct nt_console* console, const KEY_EVENT_RECORD* key) {
  const DWORD alt_gr = LEFT_CTRL_PRESSED | RIGHT_ALT_PRESSED;
  DWORD control = key->dwControlKeyState;

  if (key->wVirtualKeyCode == VK_BACK) {
    WCHAR made = control & CTRL ? 8 : DEL;
    return control & ALT ? escaped(maker, made) : plain(maker, made);
  }
  if ((control & alt_gr) == alt_gr) /* It belongs to the character. */
    control &= ~alt_gr;
  if ((control & ALT) && (control & CTRL) && put_ctrl_alt(maker, key))
    return 1;
  if ((control & (SHIFT_PRESSED | ALT | CTRL)) && put_modified(maker, key, control))
    return 1;
  if ((control & ALT) && !(control & CTRL) && key->uChar.UnicodeChar != 0)
    return escaped(maker, key->uChar.UnicodeChar);
  if (!(control & ALT) && (control & CTRL) && put_ctrl(maker, key, control))
    return 1;
  return put_unmodified(maker, console, key, control);
}

/* Keys that go up stay what they are; of one that is held, and counted, comes one. */
int nt_console_translate(struct nt_console* console, const INPUT_RECORD* from, INPUT_RECORD* to) {
  struct maker maker = {to, 0};

  if (from->EventType != KEY_EVENT || !from->Event.KeyEvent.bKeyDown)
    return -1;
  return make(&maker, console, &from->Event.KeyEvent) ? maker.count : -1;
}
