/* ReadConsoleW: lines as the console edits them, in the call of who reads. */
#include "console.h"

#include <string.h>

enum {
  MOST = 32768,
  BACKSPACE = 8,
  ESCAPE = 0x1b
};

struct editor {
  struct nt_console_file* file;
  DWORD mode; /* as it was when the call began */
  WCHAR* units;
  size_t count;
  size_t most;
};

static void echo(const struct editor* editor, const WCHAR* units, size_t count) {
  if (editor->mode & ENABLE_ECHO_INPUT)
    nt_console_show(editor->file->console->shown, units, count);
}

/* From the screen, as far as it shows it, and as if each unit were one column wide. */
static void erase(struct editor* editor) {
  static const WCHAR back[] = {8, L' ', 8};

  if (editor->count == 0)
    return;
  editor->count--;
  echo(editor, back, 3);
}

/* A character. 1: the line is whole. */
static int edit(struct editor* editor, WCHAR unit) {
  static const WCHAR end[] = {L'\r', L'\n'};

  switch (unit) {
  case L'\r':
    memcpy(editor->units + editor->count, end, sizeof(end));
    editor->count += editor->mode & ENABLE_PROCESSED_INPUT ? 2 : 1;
    echo(editor, end, 2);
    return 1;
  case BACKSPACE:
    erase(editor);
    return 0;
  case ESCAPE:
    while (editor->count > 0)
      erase(editor);
    return 0;
  default:
    if (editor->count == editor->most) /* It says so by a sound. */
      return 0;
    editor->units[editor->count++] = unit;
    echo(editor, &unit, 1);
    return 0;
  }
}

/* What of a record is text: keys that go down, and Alt that goes up at the end of a code (conhost). */
static unsigned times(const INPUT_RECORD* record) {
  const KEY_EVENT_RECORD* key = &record->Event.KeyEvent;

  if (record->EventType != KEY_EVENT || key->uChar.UnicodeChar == 0)
    return 0;
  if (key->bKeyDown)
    return key->wRepeatCount > 0 ? key->wRepeatCount : 1;
  return key->wVirtualKeyCode == VK_MENU;
}

/* 0: Ctrl+C came. The records of a line leave the queue one by one, as its reader comes to them. */
static int edit_line(struct editor* editor) {
  struct nt_console* console = editor->file->console;
  unsigned interrupts = console->interrupts;

  for (;;) {
    INPUT_RECORD record;
    unsigned n;

    if (!nt_console_wait(console, interrupts) || console->interrupts != interrupts)
      return 0;
    record = nt_console_take(console);
    for (n = times(&record); n > 0; n--)
      if (edit(editor, record.Event.KeyEvent.uChar.UnicodeChar))
        return 1;
    if (nt_chance(nt_trouble.preempt))
      nt_switch();
  }
}

static size_t give_rest(struct nt_console_file* file, WCHAR* to, size_t room) {
  size_t count = file->rest_units - file->rest_at;

  if (count > room)
    count = room;
  wmemcpy(to, file->rest + file->rest_at, count);
  file->rest_at += count;
  if (file->rest_at == file->rest_units) {
    nt_free(file->rest);
    file->rest = NULL;
  }
  return count;
}

/* Not by lines: what there is, and at least one character. */
static size_t read_keys(struct nt_console* console, WCHAR* to, size_t room) {
  size_t count = 0;
  unsigned n;

  while (count == 0) {
    if (!nt_console_wait(console, console->interrupts))
      return 0;
    while (console->count > 0 && count < room) {
      INPUT_RECORD record = nt_console_take(console);
      for (n = times(&record); n > 0 && count < room; n--)
        to[count++] = record.Event.KeyEvent.uChar.UnicodeChar;
    }
  }
  return count;
}

size_t nt_console_read(struct nt_console_file* file, WCHAR* to, size_t room) {
  struct editor editor = {file, file->console->input_mode, NULL, 0, MOST};

  if (file->rest != NULL)
    return give_rest(file, to, room);
  if (!(editor.mode & ENABLE_LINE_INPUT))
    return read_keys(file->console, to, room);
  if (file->console->cuts_lines)
    editor.most = room > 256 ? room - 2 : 254;
  editor.units = nt_alloc((MOST + 2) * sizeof(WCHAR));
  if (!edit_line(&editor)) {
    nt_free(editor.units);
    return 0;
  }
  file->rest = editor.units;
  file->rest_at = 0;
  file->rest_units = editor.count;
  return give_rest(file, to, room);
}

/* Ctrl+C ends it with success, nothing, and an error ("ReadConsole" says none of it; CPython's
 * winconsoleio.c found it). */
BOOL WINAPI ReadConsoleW(
    HANDLE handle, LPVOID to, DWORD units, LPDWORD count, CONSOLE_READCONSOLE_CONTROL* control) {
  struct nt_console_file* file;

  nt_enter("ReadConsoleW");
  if (control != NULL)
    nt_absent("ReadConsoleW with keys that wake it");
  file = nt_console_file(handle, 0, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  nt_ref(file);
  *count = (DWORD) nt_console_read(file, to, units);
  nt_unref(file);
  nt_error(*count == 0 && units > 0 ? ERROR_OPERATION_ABORTED : ERROR_SUCCESS);
  return TRUE;
}
