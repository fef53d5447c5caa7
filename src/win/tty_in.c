/* Reading from the console. In the raw modes the loop waits for the console's input handle and
 * takes records without blocking; tty_keys.c says what they mean. In the normal mode the console
 * edits lines itself, inside a call that blocks, so that a helper thread makes it, into a buffer
 * of its own. That call cannot be cancelled without losing keys on all systems: it is ended by an
 * Enter of ours, of which nothing gets out of this file. */
#include "console.h"
#include "helper.h"
#include "tty_keys.h"

#include <string.h>

#include "../core/alloc.h"

enum {
  LINE = 4096,    /* units of one call in the normal mode */
  RECORDS = 64,   /* taken at once in the raw modes */
  LOOK_MAX = 256, /* records among which an Enter of ours is looked for */
  /* Of the record that is an Enter of ours; no keyboard has such a key. */
  OUR_SCAN_CODE = 0x7E57,
  MODE_BITS = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_WINDOW_INPUT |
              ENABLE_VIRTUAL_TERMINAL_INPUT,
  NORMAL_BITS = ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT
};

/* io->tail.more */
struct in {
  struct uv__helper helper; /* reads lines */
  struct uv__console_mode mode;
  struct uv__io* io;
  HANDLE handle;
  int tty_mode;
  int raw;       /* it is not the normal one */
  int unapplied; /* the console does not have it yet */
  int closing;   /* how many of the wait and the helper are to come */
  /* Raw. The packet of the wait is tail.in's. */
  HANDLE wait;          /* NULL: none */
  volatile LONG posted; /* the wait's packet is under way */
  DWORD at;
  DWORD count;
  INPUT_RECORD records[RECORDS];
  struct uv__keys keys;
  unsigned repeat; /* how often `press` is yet to be handed out */
  size_t press_at;
  size_t press_size;
  char press[UV__KEY_BYTES];
  /* Normal. The helper's while it is not idle. */
  struct uv__utf_narrow text;
  SRWLOCK call_lock; /* for the next two */
  int calling;       /* the helper is in the call, or about to make it */
  int woken;         /* the present call is to end */
  COORD cursor;      /* where the cursor was then */
  int has_cursor;
  int error;
  size_t line_at;
  size_t line_size;
  WCHAR units[LINE];
  char line[LINE * 3 + UV__UTF_STEP];
};

/* Between asking whether there are records and taking them nobody else here may take them: the
 * call would block. */
static SRWLOCK take_lock = SRWLOCK_INIT;

static struct in* in_of(const struct uv__io* io) {
  return io->tail.more;
}

/* ---- Raw ---- */

static DWORD take_records(HANDLE handle, INPUT_RECORD* records, DWORD room) {
  DWORD there = 0;
  DWORD count = 0;

  AcquireSRWLockExclusive(&take_lock);
  if (GetNumberOfConsoleInputEvents(handle, &there) && there > 0 &&
      !ReadConsoleInputW(handle, records, there < room ? there : room, &count))
    count = 0;
  ReleaseSRWLockExclusive(&take_lock);
  return count;
}

static void press(struct in* in, const KEY_EVENT_RECORD* record) {
  struct uv__key key;
  int is_half = record->uChar.UnicodeChar >= 0xD800 && record->uChar.UnicodeChar < 0xE000;

  key.down = record->bKeyDown;
  key.repeat = record->wRepeatCount > 0 && record->bKeyDown && !is_half ? record->wRepeatCount : 1;
  key.code = record->wVirtualKeyCode;
  key.unit = record->uChar.UnicodeChar;
  key.control = record->dwControlKeyState;
  in->press_size = uv__keys_map(&in->keys, &key, in->press);
  in->press_at = 0;
  in->repeat = in->press_size > 0 ? key.repeat : 0;
}

/* Whether there is a press to hand out. */
static int find_press(struct in* in) {
  while (in->repeat == 0) {
    const INPUT_RECORD* record;

    if (in->at == in->count) {
      /* What else there is, is for a line, or for the one that is being ended. */
      if (!in->raw || !uv__helper_is_idle(&in->helper))
        return 0;
      in->at = 0;
      in->count = take_records(in->handle, in->records, RECORDS);
      if (in->count == 0)
        return 0;
    }
    record = &in->records[in->at++];
    if (record->EventType == KEY_EVENT)
      press(in, &record->Event.KeyEvent);
  }
  return 1;
}

static size_t hand_out_presses(struct in* in, char* base, size_t len) {
  size_t count = 0;

  while (count < len && find_press(in)) {
    base[count++] = in->press[in->press_at++];
    if (in->press_at == in->press_size) {
      in->press_at = 0;
      in->repeat--;
    }
  }
  return count;
}

/* On a thread of the system's pool. */
static VOID CALLBACK on_input(void* data, BOOLEAN fired) {
  struct in* in = data;

  (void) fired;
  InterlockedExchange(&in->posted, 1);
  uv__loop_post(in->io->loop, &in->io->tail.in);
}

static int begin_wait(struct in* in) {
  if (in->wait != NULL || in->posted)
    return 0;
  if (!RegisterWaitForSingleObject(&in->wait, in->handle, on_input, in, INFINITE,
                                   WT_EXECUTEONLYONCE)) {
    in->wait = NULL;
    return uv__error_translate(GetLastError());
  }
  return 0;
}

/* Waits for on_input, if it runs now, which only posts. */
static void end_wait(struct in* in) {
  if (in->wait != NULL)
    (void) UnregisterWaitEx(in->wait, INVALID_HANDLE_VALUE);
  in->wait = NULL;
}

/* ---- Normal ---- */

static void find_cursor(struct in* in) {
  HANDLE screen = uv__console_open(1);
  CONSOLE_SCREEN_BUFFER_INFO info;

  in->has_cursor = 0;
  if (screen == INVALID_HANDLE_VALUE)
    return;
  if (GetConsoleScreenBufferInfo(screen, &info)) {
    in->cursor = info.dwCursorPosition;
    /* The echo of the Enter scrolls there. */
    if (in->cursor.Y == info.dwSize.Y - 1 && in->cursor.Y > 0)
      in->cursor.Y--;
    in->has_cursor = 1;
  }
  CloseHandle(screen);
}

static void put_cursor_back(struct in* in) {
  HANDLE screen = in->has_cursor ? uv__console_open(1) : INVALID_HANDLE_VALUE;

  if (screen == INVALID_HANDLE_VALUE)
    return;
  (void) SetConsoleCursorPosition(screen, in->cursor);
  CloseHandle(screen);
}

static void type_enter(struct in* in) {
  INPUT_RECORD record;
  DWORD written;

  find_cursor(in);
  memset(&record, 0, sizeof(record));
  record.EventType = KEY_EVENT;
  record.Event.KeyEvent.bKeyDown = TRUE;
  record.Event.KeyEvent.wRepeatCount = 1;
  record.Event.KeyEvent.wVirtualKeyCode = VK_RETURN;
  record.Event.KeyEvent.wVirtualScanCode = OUR_SCAN_CODE;
  record.Event.KeyEvent.uChar.UnicodeChar = L'\r';
  (void) WriteConsoleInputW(in->handle, &record, 1, &written);
}

/* Ends the call of the helper, also one that is only about to be made. */
static void wake_helper(struct in* in) {
  AcquireSRWLockExclusive(&in->call_lock);
  if (in->calling && !in->woken)
    type_enter(in);
  in->woken = 1;
  ReleaseSRWLockExclusive(&in->call_lock);
}

static int is_ours(const INPUT_RECORD* record) {
  return record->EventType == KEY_EVENT && record->Event.KeyEvent.wVirtualScanCode == OUR_SCAN_CODE;
}

/* When the call ended by itself at the same moment, the Enter is left: it is taken out from among
 * what was typed. Whether it was there. */
static int take_back(HANDLE handle) {
  INPUT_RECORD records[LOOK_MAX];
  DWORD count = 0;
  DWORD kept = 0;
  DWORD i;

  AcquireSRWLockExclusive(&take_lock);
  if (!PeekConsoleInputW(handle, records, LOOK_MAX, &count))
    count = 0;
  for (i = 0; i < count && !is_ours(&records[i]); i++)
    continue;
  if (i < count && ReadConsoleInputW(handle, records, LOOK_MAX, &count)) {
    for (i = 0; i < count; i++)
      if (!is_ours(&records[i]))
        records[kept++] = records[i];
    if (kept > 0)
      (void) WriteConsoleInputW(handle, records, kept, &i);
    count = 1;
  } else {
    count = 0;
  }
  ReleaseSRWLockExclusive(&take_lock);
  return (int) count;
}

static void type_again(HANDLE handle, WCHAR unit) {
  INPUT_RECORD record;
  DWORD written;

  memset(&record, 0, sizeof(record));
  record.EventType = KEY_EVENT;
  record.Event.KeyEvent.bKeyDown = TRUE;
  record.Event.KeyEvent.wRepeatCount = 1;
  record.Event.KeyEvent.uChar.UnicodeChar = unit;
  (void) WriteConsoleInputW(handle, &record, 1, &written);
}

/* What was typed of a line that we ended goes back to where it came from, before what was typed
 * since: the next reader, in whatever mode and process, shall get it. */
static void give_back(HANDLE handle, const WCHAR* units, DWORD count) {
  INPUT_RECORD records[LOOK_MAX];
  DWORD there = 0;
  DWORD after = 0;
  DWORD i;

  if (count == 0)
    return;
  AcquireSRWLockExclusive(&take_lock);
  if (GetNumberOfConsoleInputEvents(handle, &there) && there > 0 &&
      !ReadConsoleInputW(handle, records, LOOK_MAX, &after))
    after = 0;
  for (i = 0; i < count; i++)
    type_again(handle, units[i]);
  if (after > 0)
    (void) WriteConsoleInputW(handle, records, after, &i);
  ReleaseSRWLockExclusive(&take_lock);
}

/* A line as the console hands it out; empty when Ctrl+C or we ended the call. */
static void read_line(struct uv__helper* helper) {
  struct in* in = (struct in*) helper;
  DWORD count = 0;
  DWORD i;
  int woken;

  in->line_at = 0;
  in->line_size = 0;
  in->error = 0;
  AcquireSRWLockExclusive(&in->call_lock);
  woken = in->woken;
  in->calling = !woken;
  ReleaseSRWLockExclusive(&in->call_lock);
  if (woken)
    return;
  if (!ReadConsoleW(in->handle, in->units, LINE, &count, NULL)) {
    if (GetLastError() != ERROR_OPERATION_ABORTED)
      in->error = uv__error_translate(GetLastError());
    count = 0;
  }
  AcquireSRWLockExclusive(&in->call_lock);
  woken = in->woken;
  in->calling = 0;
  ReleaseSRWLockExclusive(&in->call_lock);
  if (woken && !take_back(in->handle)) {
    while (count > 0 && (in->units[count - 1] == L'\n' || in->units[count - 1] == L'\r'))
      count--;
    put_cursor_back(in);
    give_back(in->handle, in->units, count);
    count = 0;
  }
  for (i = 0; i < count; i++)
    in->line_size += uv__utf_narrow(&in->text, in->units[i], in->line + in->line_size);
}

/* ---- READ ---- */

static int has_line(struct in* in) {
  return uv__helper_is_idle(&in->helper) && (in->line_at < in->line_size || in->error < 0);
}

/* READY, PENDING or an error. What a former mode took comes first. */
static int arm(struct in* in) {
  int r = 0;

  if (has_line(in) || find_press(in))
    return UV__READY;
  if (in->raw) {
    if (uv__helper_is_idle(&in->helper)) /* Else it is on its way back. */
      r = begin_wait(in);
  } else if (uv__helper_is_idle(&in->helper)) {
    in->woken = 0;
    r = uv__helper_ask(&in->helper);
  }
  return r < 0 ? r : UV__PENDING;
}

static void settle(struct in* in);
static int apply_mode(struct in* in);

/* Of many records nothing comes: keys going up, the mouse. Then the wait goes on. */
static void go_on(struct in* in) {
  struct uv__io* io = in->io;

  if (!(io->busy & UV__READ) || (io->rung & UV__READ))
    return;
  if (arm(in) != UV__PENDING)
    uv__ring(io, UV__READ);
}

static void complete_wait(struct uv__op* op) {
  struct in* in = in_of(uv__win_io_of_in(op));

  InterlockedExchange(&in->posted, 0);
  end_wait(in);
  if (in->closing)
    settle(in);
  else
    go_on(in);
}

static void complete_line(struct uv__helper* helper) {
  struct in* in = (struct in*) helper;

  if (in->unapplied)
    (void) apply_mode(in);
  go_on(in);
}

static int in_read_arm(struct uv__io* io) {
  return arm(in_of(io));
}

/* A line that is being typed is kept for the next read; in a raw mode nothing is taken. */
static int in_read_disarm(struct uv__io* io) {
  (void) io;
  return UV__PENDING;
}

static ssize_t in_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct in* in = in_of(io);
  size_t count;

  (void) passed;
  if (has_line(in)) {
    if (in->error < 0) {
      int r = in->error;
      in->error = 0;
      return r;
    }
    count = in->line_size - in->line_at;
    if (count > len)
      count = len;
    memcpy(base, in->line + in->line_at, count);
    in->line_at += count;
    return (ssize_t) count;
  }
  count = hand_out_presses(in, base, len);
  return count > 0 ? (ssize_t) count : UV_EAGAIN;
}

/* ---- Modes ---- */

static int apply_mode(struct in* in) {
  DWORD vt = in->tty_mode == UV_TTY_MODE_RAW_VT ? ENABLE_VIRTUAL_TERMINAL_INPUT : 0;
  int r;

  in->unapplied = 0;
  if (!in->raw)
    return uv__console_set(&in->mode, in->mode.found | NORMAL_BITS);
  r = uv__console_set(&in->mode, ENABLE_WINDOW_INPUT | vt);
  if (r < 0 && vt != 0) /* A console that cannot: we make the sequences. */
    r = uv__console_set(&in->mode, ENABLE_WINDOW_INPUT);
  return r;
}

/* A call that is under way ends as it began: in another mode it could take keys that are not for
 * a line. So the console's mode follows when the helper is back. */
static int set_mode(struct in* in, int mode) {
  int r = 0;

  if (mode == UV_TTY_MODE_IO)
    return UV_ENOTSUP;
  in->tty_mode = mode;
  in->raw = mode != UV_TTY_MODE_NORMAL;
  if (!uv__helper_is_idle(&in->helper)) {
    in->unapplied = 1;
    if (in->raw)
      wake_helper(in);
    return 0;
  }
  if (!in->raw)
    end_wait(in);
  r = apply_mode(in);
  go_on(in);
  return r;
}

static int in_option(struct uv__io* io, enum uv__option option, void* value) {
  if (option == UV__TTY_MODE)
    return set_mode(in_of(io), *(int*) value);
  return uv__tty_option(io, option, value);
}

/* ---- The end ---- */

static void release(struct uv__helper* helper) {
  struct in* in = (struct in*) helper;

  CloseHandle(in->handle);
  uv__free(in);
}

static void end(struct in* in) {
  struct uv__io* io = in->io;

  uv__console_leave(&in->mode);
  uv__loop_unlink(io);
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
  uv__helper_disown(&in->helper);
}

static void settle(struct in* in) {
  struct uv__io* io = in->io;

  if (--in->closing > 0)
    return;
  end(in);
  uv__ring(io, UV__CLOSED);
}

static void closed(struct uv__helper* helper) {
  settle((struct in*) helper);
}

static int in_close(struct uv__io* io) {
  struct in* in = in_of(io);

  end_wait(in);
  wake_helper(in);
  in->closing = in->posted ? 1 : 0;
  if (uv__helper_close(&in->helper) == UV__PENDING)
    in->closing++;
  if (in->closing > 0)
    return UV__PENDING;
  end(in);
  return 0;
}

static const struct uv__ops in_ops = {
    .init = uv__tty_init,
    .open = uv__tty_open,
    .bind = uv__tty_bind,
    .name = uv__tty_name,
    .option = in_option,
    .fileno = uv__tty_fileno,
    .read_arm = in_read_arm,
    .read_disarm = in_read_disarm,
    .read_now = in_read_now,
    .write = uv__tty_write,
    .connect = uv__tty_connect,
    .shutdown = uv__tty_shutdown,
    .listen = uv__tty_listen,
    .accept_now = uv__tty_accept_now,
    .done = uv__tty_done,
    .close = in_close,
};

int uv__tty_in_open(struct uv__io* io, HANDLE handle) {
  struct in* in = uv__calloc(1, sizeof(*in));
  int r;

  if (in == NULL)
    return UV_ENOMEM;
  uv__helper_init(&in->helper, io->loop);
  in->helper.work = read_line;
  in->helper.complete = complete_line;
  in->helper.closed = closed;
  in->helper.release = release;
  InitializeSRWLock(&in->call_lock);
  in->io = io;
  in->handle = handle;
  r = uv__console_enter(&in->mode, handle, MODE_BITS);
  if (r < 0) {
    uv__free(in);
    return r;
  }
  io->tail.in.complete = complete_wait;
  memset(&io->tail.in.overlapped, 0, sizeof(io->tail.in.overlapped));
  io->ops = &in_ops;
  io->tail.u.handle = handle;
  io->tail.more = in;
  uv__loop_link(io);
  return 0;
}
