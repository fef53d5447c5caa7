/* Lines of the console. The console edits them itself, inside a call that blocks and that cannot be
 * cancelled: the caller would return, but the console goes on reading, and what is typed then is lost
 * (microsoft/terminal#12143; Wine is the same). So the call is made when the first key of a line is
 * there; until then a stop or a close ends a plain wait. In a line that was begun the call is ended by
 * an Enter of ours, of which nothing gets out of this file: what was typed of the line goes back to
 * where it came from.
 *
 * A process has one console, with one mode and one queue of what was typed. So here is also what
 * its handles share. One call reads at a time, for the Enter would end another one just as well;
 * and whoever takes something out of the queue, or puts it back, has the lock. */
#include "win/tty/tty.h"

enum {
  NORMAL_BITS = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT
};

static struct {
  SRWLOCK lock;
  CONDITION_VARIABLE turn; /* `reader` or `is_raw` has changed, or a line is woken */
  struct uv__line* reader; /* has its turn: it waits for a key, */
  int is_reading;          /* or is in the call, or about to make it */
  HANDLE wake;             /* an event: a reader that waits shall look again */
  int is_raw;
  int tty_mode;
  DWORD found;      /* bits, before a handle changed any */
  int is_unapplied; /* the console has the mode once the reader is back */
} desk = {.lock = SRWLOCK_INIT, .turn = CONDITION_VARIABLE_INIT};

/* ---- The cursor ---- */

static int find_cursor(COORD* cursor, CONSOLE_SCREEN_BUFFER_INFO* info) {
  HANDLE screen = uv__console_open(1);
  int found = screen != INVALID_HANDLE_VALUE && GetConsoleScreenBufferInfo(screen, info);

  if (found)
    *cursor = info->dwCursorPosition;
  if (screen != INVALID_HANDLE_VALUE)
    CloseHandle(screen);
  return found;
}

static int columns_of(WCHAR unit) {
  return unit >= 0x1100 ? 2 : 1;
}

/* To where the console began to show what goes back, as whoever reads it next shows it again: as
 * far back as it is wide, but not before the beginning of the call. */
static void put_cursor_back(const struct uv__line* line, DWORD count) {
  CONSOLE_SCREEN_BUFFER_INFO info;
  HANDLE screen;
  COORD cursor;
  int begun;
  int at;
  DWORD i;

  if (!line->has_begun || !line->has_typed || !find_cursor(&cursor, &info) || info.dwSize.X <= 0)
    return;
  begun = line->begun.Y * info.dwSize.X + line->begun.X;
  at = line->typed.Y * info.dwSize.X + line->typed.X;
  if (begun > at)
    begun = 0; /* The screen has moved. */
  for (i = 0; i < count; i++)
    at -= columns_of(line->units[i]);
  if (at < begun)
    at = begun;
  cursor.X = (SHORT) (at % info.dwSize.X);
  cursor.Y = (SHORT) (at / info.dwSize.X);
  /* Our Enter has moved a screen that was full. */
  if (line->typed.Y == info.dwSize.Y - 1 && cursor.Y > 0)
    cursor.Y--;
  screen = uv__console_open(1);
  if (screen == INVALID_HANDLE_VALUE)
    return;
  (void) SetConsoleCursorPosition(screen, cursor);
  CloseHandle(screen);
}

static void type_enter(struct uv__line* line) {
  CONSOLE_SCREEN_BUFFER_INFO info;

  line->has_typed = find_cursor(&line->typed, &info);
  uv__typed_enter(line->handle);
}

/* ---- Modes; under the lock ---- */

static int apply(HANDLE handle) {
  DWORD bits = ENABLE_WINDOW_INPUT;
  int r;

  if (!desk.is_raw)
    return uv__console_put(handle, UV__LINE_MODE_BITS,
                           (desk.found | NORMAL_BITS) & ~(DWORD) ENABLE_VIRTUAL_TERMINAL_INPUT);
  if (desk.tty_mode == UV_TTY_MODE_RAW_VT)
    bits |= ENABLE_VIRTUAL_TERMINAL_INPUT;
  r = uv__console_put(handle, UV__LINE_MODE_BITS, bits);
  if (r < 0 && bits != ENABLE_WINDOW_INPUT) /* A console that cannot: we make the sequences. */
    r = uv__console_put(handle, UV__LINE_MODE_BITS, ENABLE_WINDOW_INPUT);
  return r;
}

/* ---- Reading a line ---- */

static void wake(struct uv__line* line) {
  if (!line->woken && desk.reader == line) {
    if (desk.is_reading)
      type_enter(line);
    else
      (void) SetEvent(desk.wake);
  }
  line->woken = 1;
  WakeAllConditionVariable(&desk.turn);
}

static int take_turn(struct uv__line* line) {
  int taken;

  AcquireSRWLockExclusive(&desk.lock);
  while (desk.reader != NULL && !line->woken && !desk.is_raw)
    SleepConditionVariableSRW(&desk.turn, &desk.lock, INFINITE, 0);
  taken = !line->woken && !desk.is_raw;
  if (taken)
    desk.reader = line;
  ReleaseSRWLockExclusive(&desk.lock);
  return taken;
}

/* Until a line begins: 1; or not, because this one is woken. */
static int wait_for_line(struct uv__line* line) {
  HANDLE handles[2] = {line->handle, desk.wake};
  CONSOLE_SCREEN_BUFFER_INFO info;
  int failed = 0;
  int is_over;

  do {
    AcquireSRWLockExclusive(&desk.lock);
    if (!line->woken && (failed || line->is_cut || uv__typed_has_key(line->handle))) {
      desk.is_reading = 1;
      line->has_begun = find_cursor(&line->begun, &info);
    }
    is_over = line->woken || desk.is_reading;
    ReleaseSRWLockExclusive(&desk.lock);
    if (!is_over) /* What cannot be waited for fails in the call, too, and there says why. */
      failed = WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_FAILED;
  } while (!is_over);
  return desk.is_reading; /* Nobody but this thread changes it now. */
}

/* When our Enter is still in the queue the call has ended by itself at the same moment, and the
 * line is a whole one. Otherwise it goes back, before what was typed since: the next reader, in
 * whatever mode and process, shall get it. */
static void end_turn(struct uv__line* line) {
  AcquireSRWLockExclusive(&desk.lock);
  if (line->woken && desk.is_reading) {
    int had_enter;
    DWORD begin = UV__TYPED_FRONT;
    DWORD end = uv__typed_take_all(line->handle, &had_enter);

    if (!had_enter) {
      while (line->count > 0 &&
             (line->units[line->count - 1] == L'\n' || line->units[line->count - 1] == L'\r'))
        line->count--;
      put_cursor_back(line, line->count);
    }
    if (!had_enter || line->leaving) {
      begin = uv__typed_prepend(line->units, line->count);
      line->count = 0;
    }
    uv__typed_put_back(line->handle, begin, end);
  }
  desk.reader = NULL;
  desk.is_reading = 0;
  if (desk.is_unapplied)
    (void) apply(line->handle);
  desk.is_unapplied = 0;
  ReleaseSRWLockExclusive(&desk.lock);
  WakeAllConditionVariable(&desk.turn);
}

/* Empty when Ctrl+C ended the call, or we. */
void uv__line_read(struct uv__line* line) {
  line->at = 0;
  line->count = 0;
  line->error = 0;
  if (!take_turn(line))
    return;
  if (wait_for_line(line)) {
    if (!ReadConsoleW(line->handle, line->units, UV__LINE_UNITS, &line->count, NULL)) {
      if (GetLastError() != ERROR_OPERATION_ABORTED)
        line->error = uv__error_translate(GetLastError());
      line->count = 0;
    }
    line->is_cut = line->count == UV__LINE_UNITS && line->units[line->count - 1] != L'\n';
  }
  end_turn(line);
}

void uv__line_wake(struct uv__line* line, int is_leaving) {
  AcquireSRWLockExclusive(&desk.lock);
  line->leaving = is_leaving;
  wake(line);
  ReleaseSRWLockExclusive(&desk.lock);
}

void uv__line_rest(struct uv__line* line) {
  AcquireSRWLockExclusive(&desk.lock);
  line->woken = 0;
  ReleaseSRWLockExclusive(&desk.lock);
}

void uv__line_give_back(struct uv__line* line) {
  int had_enter;
  DWORD end;

  if (line->at == line->count)
    return;
  AcquireSRWLockExclusive(&desk.lock);
  end = uv__typed_take_all(line->handle, &had_enter);
  uv__typed_put_back(line->handle,
                     uv__typed_prepend(line->units + line->at, line->count - line->at), end);
  if (had_enter && desk.is_reading)
    type_enter(desk.reader);
  ReleaseSRWLockExclusive(&desk.lock);
  line->at = line->count;
}

/* ---- What is shared ---- */

static BOOL CALLBACK make_wake(INIT_ONCE* once, void* arg, void** context) {
  (void) once;
  (void) arg;
  (void) context;
  desk.wake = CreateEventW(NULL, FALSE, FALSE, NULL);
  return desk.wake != NULL;
}

/* It stays: a helper that was left behind may wait for it. */
int uv__line_begin(void) {
  static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

  return InitOnceExecuteOnce(&once, make_wake, NULL, NULL) ? 0
                                                           : uv__error_translate(GetLastError());
}

/* A call that is under way ends as it began: in another mode it could take keys that are not for
 * a line. So the console's mode follows when that is over. */
int uv__line_set_mode(struct uv__console_mode* mode, int tty_mode) {
  int r = 0;

  AcquireSRWLockExclusive(&desk.lock);
  uv__console_claim(mode);
  desk.found = mode->found;
  desk.tty_mode = tty_mode;
  desk.is_raw = tty_mode != UV_TTY_MODE_NORMAL;
  desk.is_unapplied = desk.is_reading;
  if (!desk.is_reading)
    r = apply(mode->handle);
  if (desk.reader != NULL && desk.is_raw)
    wake(desk.reader);
  ReleaseSRWLockExclusive(&desk.lock);
  WakeAllConditionVariable(&desk.turn);
  return r;
}

void uv__line_leave(struct uv__console_mode* mode) {
  AcquireSRWLockExclusive(&desk.lock);
  if (uv__console_leave(mode)) {
    desk.is_raw = 0;
    desk.is_unapplied = 0;
  }
  ReleaseSRWLockExclusive(&desk.lock);
  WakeAllConditionVariable(&desk.turn);
}

int uv__line_is_raw(void) {
  int r;

  AcquireSRWLockExclusive(&desk.lock);
  r = desk.is_raw;
  ReleaseSRWLockExclusive(&desk.lock);
  return r;
}

int uv__line_begin_keys(void) {
  AcquireSRWLockExclusive(&desk.lock);
  if (desk.is_raw && desk.reader == NULL)
    return 1;
  ReleaseSRWLockExclusive(&desk.lock);
  return 0;
}

void uv__line_end_keys(void) {
  ReleaseSRWLockExclusive(&desk.lock);
}
