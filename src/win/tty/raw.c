/* Keys of the console as bytes, without blocking; keys.c says what they mean. */
#include "win/tty/tty.h"

enum {
  RECORDS = 64 /* looked at at once */
};

size_t uv__raw_hand_out(struct uv__raw* raw, char* base, size_t len) {
  size_t count = 0;

  while (count < len && raw->repeat > 0) {
    base[count++] = raw->bytes[raw->at++];
    if (raw->at == raw->size) {
      raw->at = 0;
      raw->repeat--;
    }
  }
  return count;
}

/* What a record means; 0 bytes: nothing, as keys going up and the mouse. */
static size_t map(struct uv__keys* keys,
                  const INPUT_RECORD* record,
                  char* bytes,
                  unsigned* repeat) {
  const KEY_EVENT_RECORD* event = &record->Event.KeyEvent;
  WCHAR unit = event->uChar.UnicodeChar;
  struct uv__key key;

  if (record->EventType != KEY_EVENT)
    return 0;
  key.down = event->bKeyDown;
  key.repeat = event->wRepeatCount > 0 && event->bKeyDown && !(unit >= 0xD800 && unit < 0xE000)
                   ? event->wRepeatCount
                   : 1;
  key.code = event->wVirtualKeyCode;
  key.unit = unit;
  key.control = event->dwControlKeyState;
  *repeat = key.repeat;
  return uv__keys_map(keys, &key, bytes);
}

static DWORD look(HANDLE handle, INPUT_RECORD* records) {
  DWORD count = 0;

  return PeekConsoleInputW(handle, records, RECORDS, &count) ? count : 0;
}

int uv__raw_find(struct uv__raw* raw) {
  INPUT_RECORD records[RECORDS];
  char bytes[UV__KEY_BYTES];
  unsigned repeat;
  DWORD there;
  DWORD used;

  if (!uv__line_begin_keys())
    return 0;
  do {
    there = look(raw->handle, records);
    for (used = 0; used < there; used++) {
      struct uv__keys keys = raw->keys;
      if (map(&keys, &records[used], bytes, &repeat) > 0)
        break;
      raw->keys = keys;
    }
    (void) uv__typed_take(raw->handle, records, used);
  } while (there > 0 && used == there);
  uv__line_end_keys();
  return there > 0;
}

size_t uv__raw_take(struct uv__raw* raw, char* base, size_t len) {
  INPUT_RECORD records[RECORDS];
  size_t count = uv__raw_hand_out(raw, base, len);
  DWORD there;
  DWORD used;

  if (count == len || !uv__line_begin_keys())
    return count;
  do {
    there = look(raw->handle, records);
    for (used = 0; used < there && count < len; used++) {
      raw->at = 0;
      raw->size = map(&raw->keys, &records[used], raw->bytes, &raw->repeat);
      if (raw->size == 0)
        raw->repeat = 0;
      count += uv__raw_hand_out(raw, base + count, len - count);
    }
    (void) uv__typed_take(raw->handle, records, used);
  } while (there > 0 && count < len);
  uv__line_end_keys();
  return count;
}
