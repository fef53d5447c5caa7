/* The screens of a console: what was written, where the cursor is, and how large the window. Colours are
 * nobody's, and of the sequences of VT output it is only known where they end. */
#include "console.h"

#include <string.h>

/* ---- The object ---- */

/* The console shows another one when that goes which it showed (conhost). The first lives as long as the
 * console does, which frees it. */
static void screen_destroy(struct nt_object* object) {
  struct nt_screen* screen = (struct nt_screen*) object;
  struct nt_console* console = screen->console;
  struct nt_screen** at = &console->screens;

  while (*at != screen)
    at = &(*at)->next;
  *at = screen->next;
  if (console->shown == screen)
    console->shown = console->screens;
  nt_free(screen);
}

static const struct nt_class screen_class = {.name = "screen", .destroy = screen_destroy};

struct nt_screen* nt_screen_new(struct nt_console* console) {
  struct nt_screen* screen = nt_object_new(&screen_class, sizeof(*screen));
  unsigned i;

  screen->console = console;
  screen->next = console->screens;
  console->screens = screen;
  screen->mode = ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT;
  screen->window.Right = NT_COLUMNS - 1;
  screen->window.Bottom = 24;
  for (i = 0; i < NT_ROWS * NT_COLUMNS; i++)
    screen->cells[i / NT_COLUMNS][i % NT_COLUMNS] = L' ';
  return screen;
}

HANDLE WINAPI CreateConsoleScreenBuffer(
    DWORD access, DWORD share, const SECURITY_ATTRIBUTES* security, DWORD flags, LPVOID data) {
  struct nt_console* console = nt_here()->console;
  struct nt_screen* screen;
  struct nt_file* file;
  HANDLE handle;

  nt_enter("CreateConsoleScreenBuffer");
  (void) share;
  if (flags != CONSOLE_TEXTMODE_BUFFER || data != NULL || console == NULL) {
    nt_error(console == NULL ? ERROR_INVALID_HANDLE : ERROR_INVALID_PARAMETER);
    return INVALID_HANDLE_VALUE;
  }
  screen = nt_screen_new(console);
  file = nt_console_open(console, screen);
  nt_unref(screen);
  handle = nt_handle(file, nt_access(access), security != NULL && security->bInheritHandle);
  nt_unref(file);
  return handle;
}

BOOL WINAPI SetConsoleActiveScreenBuffer(HANDLE handle) {
  struct nt_console_file* file;

  nt_enter("SetConsoleActiveScreenBuffer");
  file = nt_console_file(handle, 1, FILE_WRITE_DATA);
  if (file == NULL)
    return FALSE;
  file->console->shown = file->screen;
  return TRUE;
}

/* ---- Text ---- */

static void down(struct nt_screen* screen) {
  unsigned i;

  if (screen->cursor.Y < NT_ROWS - 1) {
    screen->cursor.Y++;
    return;
  }
  memmove(screen->cells[0], screen->cells[1], sizeof(screen->cells) - sizeof(screen->cells[0]));
  for (i = 0; i < NT_COLUMNS; i++)
    screen->cells[NT_ROWS - 1][i] = L' ';
}

/* Of East Asia, and two columns wide: the second cell has the same character (conhost). */
static int is_wide(WCHAR unit) {
  return (unit >= 0x1100 && unit < 0x1160) || (unit >= 0x2e80 && unit < 0xa4d0) ||
         (unit >= 0xac00 && unit < 0xd7a4) || (unit >= 0xf900 && unit < 0xfb00) ||
         (unit >= 0xff00 && unit < 0xff61);
}

static void put_cell(struct nt_screen* screen, WCHAR unit) {
  screen->cells[screen->cursor.Y][screen->cursor.X] = unit;
  if (screen->cursor.X < NT_COLUMNS - 1) {
    screen->cursor.X++;
  } else if (screen->mode & ENABLE_WRAP_AT_EOL_OUTPUT) {
    screen->cursor.X = 0;
    down(screen);
  }
}

static void put(struct nt_screen* screen, WCHAR unit) {
  put_cell(screen, unit);
  if (is_wide(unit))
    put_cell(screen, unit);
}

static void back(struct nt_screen* screen) {
  if (screen->cursor.X > 0) {
    screen->cursor.X--;
  } else if (screen->cursor.Y > 0) {
    screen->cursor.X = NT_COLUMNS - 1;
    screen->cursor.Y--;
  }
}

/* ESC, and of those with a bracket all up to a letter ("Console Virtual Terminal Sequences"). */
static int is_of_sequence(struct nt_screen* screen, WCHAR unit) {
  if (!(screen->mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING))
    return 0;
  if (unit == 0x1b) {
    screen->escape = 1;
    return 1;
  }
  if (screen->escape == 0)
    return 0;
  screen->escape = screen->escape == 1 ? (unit == L'[' ? 2 : 0) : (unit < 0x40 ? 2 : 0);
  return 1;
}

static void show(struct nt_screen* screen, WCHAR unit) {
  if (screen->console->pseudo != NULL && screen->console->shown == screen)
    nt_pseudo_show(screen->console->pseudo, unit);
  if (!(screen->mode & ENABLE_PROCESSED_OUTPUT)) {
    put(screen, unit);
    return;
  }
  if (is_of_sequence(screen, unit))
    return;
  switch (unit) {
  case L'\r':
    screen->cursor.X = 0;
    break;
  case L'\n':
    if (!(screen->mode & DISABLE_NEWLINE_AUTO_RETURN))
      screen->cursor.X = 0;
    down(screen);
    break;
  case 8:
    back(screen);
    break;
  case L'\t':
    do
      put(screen, L' ');
    while (screen->cursor.X % 8 != 0);
    break;
  case 7:
    break;
  default:
    put(screen, unit);
  }
}

void nt_console_show(struct nt_screen* screen, const WCHAR* units, size_t count) {
  while (count-- > 0)
    show(screen, *units++);
}

int nt_console_is_running(void* console) {
  return !((struct nt_console*) console)->suspended;
}

static int never(void* arg) {
  (void) arg;
  return 0;
}

/* Waits while output is suspended, and is slow now and then: terminals are. */
BOOL WINAPI
WriteConsoleW(HANDLE handle, const void* from, DWORD units, LPDWORD count, LPVOID none) {
  struct nt_console_file* file;
  DWORD i;

  nt_enter("WriteConsoleW");
  (void) none;
  file = nt_console_file(handle, 1, FILE_WRITE_DATA);
  if (file == NULL)
    return FALSE;
  if (units > 0) {
    nt_ref(file);
    nt_wait_for_peer(nt_console_is_running, file->console, NT_NEVER, "the console's user");
    nt_pseudo_wait(file->console->pseudo);
    if (nt_chance(nt_trouble.slow))
      nt_wait(never, NULL, nt_now() + nt_latency());
    if (nt_chance(nt_trouble.shorter)) /* "lpNumberOfCharsWritten" is there for a reason */
      units = 1 + nt_below(units);
    for (i = 0; i < units; i++)
      show(file->screen, ((const WCHAR*) from)[i]);
    nt_unref(file);
  }
  if (count != NULL)
    *count = units;
  return TRUE;
}

BOOL WINAPI WriteConsoleA(HANDLE handle, const void* from, DWORD size, LPDWORD count, LPVOID none) {
  WCHAR units[256];

  if (size > 256)
    nt_absent("WriteConsoleA of a long text");
  (void) MultiByteToWideChar(CP_UTF8, 0, from, (int) size, units, 256);
  return WriteConsoleW(handle, units, size, count, none);
}

BOOL WINAPI
ReadConsoleOutputCharacterW(HANDLE handle, LPWSTR to, DWORD units, COORD from, LPDWORD count) {
  struct nt_console_file* file;
  const WCHAR* cells;
  DWORD at;

  nt_enter("ReadConsoleOutputCharacterW");
  file = nt_console_file(handle, 1, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  cells = file->screen->cells[0];
  at = (DWORD) (from.Y * NT_COLUMNS + from.X);
  for (*count = 0; *count < units && at < NT_ROWS * NT_COLUMNS; at++)
    to[(*count)++] = cells[at];
  return TRUE;
}

/* ---- Sizes and places ---- */

BOOL WINAPI GetConsoleScreenBufferInfo(HANDLE handle, CONSOLE_SCREEN_BUFFER_INFO* info) {
  struct nt_console_file* file;

  nt_enter("GetConsoleScreenBufferInfo");
  file = nt_console_file(handle, 1, FILE_READ_DATA);
  if (file == NULL)
    return FALSE;
  memset(info, 0, sizeof(*info));
  info->dwSize.X = NT_COLUMNS;
  info->dwSize.Y = NT_ROWS;
  if (file->console->pseudo != NULL) {
    info->dwSize.X = (SHORT) (file->screen->window.Right + 1);
    info->dwSize.Y = (SHORT) (file->screen->window.Bottom + 1);
  }
  info->dwCursorPosition = file->screen->cursor;
  info->wAttributes = 7;
  info->srWindow = file->screen->window;
  info->dwMaximumWindowSize = info->dwSize;
  return TRUE;
}

BOOL WINAPI SetConsoleCursorPosition(HANDLE handle, COORD at) {
  struct nt_console_file* file;

  nt_enter("SetConsoleCursorPosition");
  file = nt_console_file(handle, 1, FILE_WRITE_DATA);
  if (file == NULL)
    return FALSE;
  if (at.X < 0 || at.Y < 0 || at.X >= NT_COLUMNS || at.Y >= NT_ROWS)
    return nt_error(ERROR_INVALID_PARAMETER);
  file->screen->cursor = at;
  return TRUE;
}

BOOL WINAPI SetConsoleWindowInfo(HANDLE handle, BOOL absolute, const SMALL_RECT* window) {
  struct nt_console_file* file;
  INPUT_RECORD record;

  nt_enter("SetConsoleWindowInfo");
  file = nt_console_file(handle, 1, FILE_WRITE_DATA);
  if (file == NULL)
    return FALSE;
  if (!absolute)
    nt_absent("SetConsoleWindowInfo of a difference");
  if (window->Left < 0 || window->Top < 0 || window->Right >= NT_COLUMNS ||
      window->Bottom >= NT_ROWS || window->Right < window->Left || window->Bottom < window->Top)
    return nt_error(ERROR_INVALID_PARAMETER);
  file->screen->window = *window;
  if (file->console->shown == file->screen && (file->console->input_mode & ENABLE_WINDOW_INPUT)) {
    memset(&record, 0, sizeof(record));
    record.EventType = WINDOW_BUFFER_SIZE_EVENT;
    record.Event.WindowBufferSizeEvent.dwSize.X = NT_COLUMNS;
    record.Event.WindowBufferSizeEvent.dwSize.Y = NT_ROWS;
    nt_console_type(file->console, &record, 1);
  }
  return TRUE;
}

/* ---- Its title ---- */

DWORD WINAPI GetConsoleTitleW(LPWSTR to, DWORD room) {
  const struct nt_console* console = nt_here()->console;
  DWORD units;

  nt_enter("GetConsoleTitleW");
  if (console == NULL) {
    nt_error(ERROR_INVALID_HANDLE);
    return 0;
  }
  units = (DWORD) wcslen(console->title);
  if (units >= room)
    return 0;
  wcscpy(to, console->title);
  return units;
}

DWORD WINAPI GetConsoleTitleA(LPSTR to, DWORD room) {
  WCHAR wide[256];

  if (GetConsoleTitleW(wide, 256) == 0)
    return 0;
  return (DWORD) WideCharToMultiByte(CP_UTF8, 0, wide, -1, to, (int) room, NULL, NULL) - 1;
}

BOOL WINAPI SetConsoleTitleW(LPCWSTR title) {
  struct nt_console* console = nt_here()->console;
  size_t units = wcslen(title);

  nt_enter("SetConsoleTitleW");
  if (console == NULL)
    return nt_error(ERROR_INVALID_HANDLE);
  if (units >= sizeof(console->title) / sizeof(console->title[0]))
    units = sizeof(console->title) / sizeof(console->title[0]) - 1;
  wmemcpy(console->title, title, units);
  console->title[units] = 0;
  return TRUE;
}
