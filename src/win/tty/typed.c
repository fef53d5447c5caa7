/* What was typed, as the console's queue has it: out of it, and back before what came since. One caller
 * at a time, who has the lock of line.c. */
#include "win/tty/tty.h"

#include <string.h>

enum {
  FRONT = UV__TYPED_FRONT,
  MOST = 16384, /* records of the queue, and what is typed while they are put back. What is
                 * beyond keeps its place, so that it comes before them. */
  LOOK = 64,    /* records looked at at once */
  TRIES = 100,  /* before somebody who types without end comes first, or the console stays short */
  /* Of the records that are ours; no keyboard has such keys. */
  ENTER_CODE = 0x7E57,
  MARK_CODE = 0x7E58,
  RESUME_CODE = 0x7E59,
  NO_KEY = 0xE8 /* a virtual key that is nobody's, and no modifier */
};

/* Here, because nothing is allocated while a stream lives. */
static INPUT_RECORD records[FRONT + MOST];

static INPUT_RECORD make_key(WCHAR unit, WORD scan_code) {
  INPUT_RECORD record;

  memset(&record, 0, sizeof(record));
  record.EventType = KEY_EVENT;
  record.Event.KeyEvent.bKeyDown = TRUE;
  record.Event.KeyEvent.wRepeatCount = 1;
  record.Event.KeyEvent.wVirtualKeyCode = unit == L'\r' ? VK_RETURN : 0;
  record.Event.KeyEvent.wVirtualScanCode = scan_code;
  record.Event.KeyEvent.uChar.UnicodeChar = unit;
  return record;
}

/* A key that goes up, which nobody reads anything from. */
static INPUT_RECORD make_mark(void) {
  INPUT_RECORD record = make_key(0, MARK_CODE);

  record.Event.KeyEvent.bKeyDown = FALSE;
  return record;
}

/* While output is suspended, as by Ctrl+S, the next key that goes down resumes it, and is lost. This one
 * may be. Otherwise it means nothing to whoever reads it. */
static INPUT_RECORD make_resume(void) {
  INPUT_RECORD record = make_key(0, RESUME_CODE);

  record.Event.KeyEvent.wVirtualKeyCode = NO_KEY;
  return record;
}

static int is_ours(const INPUT_RECORD* record, WORD scan_code) {
  return record->EventType == KEY_EVENT && record->Event.KeyEvent.wVirtualScanCode == scan_code;
}

/* Types records as they are; how many. With VT input the console would make others of them: of one key
 * several, without a scan code, and one of those that count. So it is off for the moment. A console that is
 * short of memory is asked again, for what is not typed is lost, or somebody waits for it for ever. */
static DWORD type(HANDLE handle, const INPUT_RECORD* from, DWORD count) {
  DWORD written = 0;
  DWORD mode;
  int has_vt = GetConsoleMode(handle, &mode) && (mode & ENABLE_VIRTUAL_TERMINAL_INPUT);
  int tries;

  if (has_vt)
    (void) uv__console_put(handle, ENABLE_VIRTUAL_TERMINAL_INPUT, 0);
  for (tries = 0; tries < TRIES; tries++)
    if (WriteConsoleInputW(handle, from, count, &written))
      break;
  if (has_vt)
    (void) uv__console_put(handle, ENABLE_VIRTUAL_TERMINAL_INPUT, ENABLE_VIRTUAL_TERMINAL_INPUT);
  return tries < TRIES ? written : 0;
}

void uv__typed_enter(HANDLE handle) {
  INPUT_RECORD keys[2];

  keys[0] = make_resume();
  keys[1] = make_key(L'\r', ENTER_CODE);
  (void) type(handle, keys, 2);
}

DWORD uv__typed_take(HANDLE handle, INPUT_RECORD* to, DWORD count) {
  DWORD taken;
  int tries;

  for (tries = 0; tries < TRIES && count > 0; tries++)
    if (ReadConsoleInputW(handle, to, count, &taken))
      return taken;
  return 0;
}

static int is_modifier(WORD key) {
  switch (key) {
  case VK_SHIFT:
  case VK_CONTROL:
  case VK_MENU:
  case VK_CAPITAL:
  case VK_NUMLOCK:
  case VK_SCROLL:
    return 1;
  default:
    return 0;
  }
}

/* Whether it begins a line. Keys that go up do not, but for Alt at the end of an Alt code: that of the
 * Enter of the last line comes when the call has returned. Nor do those that only change what others
 * mean: each of these says itself which of them are down. */
static int is_key(const INPUT_RECORD* record) {
  const KEY_EVENT_RECORD* key = &record->Event.KeyEvent;

  if (record->EventType != KEY_EVENT || is_ours(record, RESUME_CODE))
    return 0;
  if (is_modifier(key->wVirtualKeyCode))
    return key->wVirtualKeyCode == VK_MENU && !key->bKeyDown && key->uChar.UnicodeChar != 0;
  return key->bKeyDown;
}

int uv__typed_has_key(HANDLE handle) {
  INPUT_RECORD found[LOOK];
  DWORD count = 0;
  DWORD none;

  do {
    if (!PeekConsoleInputW(handle, found, LOOK, &count))
      return 1; /* Whoever reads will be told why. */
    for (none = 0; none < count && !is_key(&found[none]); none++)
      ;
    if (none < count || count == 0)
      break;
    none = uv__typed_take(handle, found, none);
  } while (none > 0);
  return count > 0 && none < count;
}

/* Takes what there is out of the queue, to records[at, end): how many. */
static DWORD take_some(HANDLE handle, DWORD at, DWORD end) {
  DWORD there = 0;

  if (!GetNumberOfConsoleInputEvents(handle, &there) || there == 0 || at == end)
    return 0;
  if (there > end - at)
    there = end - at;
  return uv__typed_take(handle, records + at, there);
}

DWORD uv__typed_take_all(HANDLE handle, int* had_enter) {
  DWORD at = FRONT;
  DWORD count;
  DWORD i;

  *had_enter = 0;
  while ((count = take_some(handle, at, FRONT + MOST / 4 * 3)) > 0) {
    DWORD from = at;
    for (i = 0; i < count; i++) {
      if (is_ours(&records[from + i], ENTER_CODE))
        *had_enter = 1;
      else if (!is_ours(&records[from + i], RESUME_CODE))
        records[at++] = records[from + i];
    }
  }
  return at;
}

static void write_records(HANDLE handle, DWORD begin, DWORD end) {
  DWORD written = 1;

  while (begin < end && written > 0) {
    written = type(handle, records + begin, end - begin);
    begin += written;
  }
}

/* records[begin, end) were put back while something was typed, which is before them now. Takes all
 * out again, and keeps that behind them. Where they end then. */
static DWORD reorder(HANDLE handle, DWORD begin, DWORD end) {
  DWORD at = end;
  DWORD skip = 0;
  int is_marked = 0;
  DWORD count;
  DWORD i;

  while ((count = take_some(handle, at, FRONT + MOST)) > 0) {
    DWORD from = at;
    for (i = 0; i < count; i++) {
      if (skip > 0) {
        if (--skip == 0) /* The console counts the same key once more into the last record. */
          records[end - 1] = records[from + i];
      } else if (is_ours(&records[from + i], MARK_CODE)) {
        skip = end - begin - 2;
        is_marked = 1;
      } else if (!is_ours(&records[from + i], RESUME_CODE)) {
        records[at++] = records[from + i];
      }
    }
  }
  if (is_marked)
    return at;
  /* Somebody else has taken it, and what was behind it. */
  memmove(records + begin + 2, records + end, (at - end) * sizeof(records[0]));
  return begin + 2 + (at - end);
}

void uv__typed_put_back(HANDLE handle, DWORD begin, DWORD end) {
  INPUT_RECORD first[2];
  DWORD count;
  int tries;

  if (begin == end)
    return;
  records[--begin] = make_mark();
  records[--begin] = make_resume();
  for (tries = 0; tries < TRIES; tries++) {
    write_records(handle, begin, end);
    if (!PeekConsoleInputW(handle, first, 2, &count) || count == 0)
      return; /* Somebody else has taken them. */
    if (is_ours(&first[0], MARK_CODE) ||
        (count == 2 && is_ours(&first[0], RESUME_CODE) && is_ours(&first[1], MARK_CODE))) {
      (void) uv__typed_take(handle, first, is_ours(&first[0], MARK_CODE) ? 1 : 2);
      return;
    }
    end = reorder(handle, begin, end);
  }
  write_records(handle, begin + 2, end);
}

DWORD uv__typed_prepend(const WCHAR* units, DWORD count) {
  DWORD begin = FRONT;

  while (count-- > 0)
    if (units[count] != L'\n' || count == 0 || units[count - 1] != L'\r')
      records[--begin] = make_key(units[count], 0);
  return begin;
}
