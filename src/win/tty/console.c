/* The console that a process has: its modes and how they are put back, and its size. Streams on it are
 * in the files above. */
#include "win/loop/helper.h"
#include "win/tty/tty.h"

#include <stdlib.h>
#include <string.h>

enum {
  LOOK_MS = 100 /* at the size of the window, while somebody wants to know of its changes */
};

/* ---- Modes ---- */

/* They belong to the console, not to a handle, and outlive the process. So all that change one
 * here share what was found. */
static SRWLOCK modes_lock = SRWLOCK_INIT;
static struct uv__queue modes; /* of struct uv__console_mode; no list yet while next is NULL */
static uv_tty_vtermstate_t said_vterm;
static int has_said_vterm;

/* What is yet to be written is meant for the modes as they are. */
static void restore_at_exit(void) {
  uv__outbox_await_all();
  (void) uv_tty_reset_mode();
}

static int put_bits(HANDLE handle, DWORD ours, DWORD bits) {
  DWORD now;

  if (!GetConsoleMode(handle, &now) || !SetConsoleMode(handle, (now & ~ours) | (bits & ours)))
    return uv__error_translate(GetLastError());
  return 0;
}

/* Who may only write to a screen cannot know its mode. Then it is that of the screen which the console
 * shows: as a rule the same one. */
static int find_mode(struct uv__console_mode* mode, HANDLE handle) {
  int r;

  mode->own = INVALID_HANDLE_VALUE;
  mode->handle = handle;
  if (GetConsoleMode(handle, &mode->found))
    return 0;
  r = uv__error_translate(GetLastError());
  if (r == UV_ENOMEM)
    return r; /* It is not the handle that is refused. */
  mode->own = uv__console_open(1);
  if (mode->own == INVALID_HANDLE_VALUE)
    return r;
  mode->handle = mode->own;
  if (GetConsoleMode(mode->own, &mode->found))
    return 0;
  CloseHandle(mode->own);
  return r;
}

int uv__console_enter(struct uv__console_mode* mode, HANDLE handle, DWORD ours) {
  struct uv__queue* link;
  int r = find_mode(mode, handle);

  if (r < 0)
    return r;
  mode->ours = ours;
  AcquireSRWLockExclusive(&modes_lock);
  if (modes.next == NULL) {
    uv__queue_init(&modes);
    (void) atexit(restore_at_exit);
  }
  for (link = modes.next; link != &modes; link = link->next) {
    struct uv__console_mode* other = uv__container_of(link, struct uv__console_mode, link);
    if (other->ours == ours && other->is_changed)
      mode->found = other->found;
  }
  uv__queue_insert_tail(&modes, &mode->link);
  ReleaseSRWLockExclusive(&modes_lock);
  return 0;
}

int uv__console_leave(struct uv__console_mode* mode) {
  int is_last = mode->is_changed;
  struct uv__queue* link;

  AcquireSRWLockExclusive(&modes_lock);
  uv__queue_remove(&mode->link);
  for (link = modes.next; link != &modes; link = link->next) {
    struct uv__console_mode* other = uv__container_of(link, struct uv__console_mode, link);
    if (other->ours == mode->ours && other->is_changed)
      is_last = 0;
  }
  if (is_last)
    (void) put_bits(mode->handle, mode->ours, mode->found);
  ReleaseSRWLockExclusive(&modes_lock);
  if (mode->own != INVALID_HANDLE_VALUE)
    CloseHandle(mode->own);
  return is_last;
}

void uv__console_claim(struct uv__console_mode* mode) {
  AcquireSRWLockExclusive(&modes_lock);
  mode->is_changed = 1;
  ReleaseSRWLockExclusive(&modes_lock);
}

int uv__console_put(HANDLE handle, DWORD ours, DWORD bits) {
  int r;

  AcquireSRWLockExclusive(&modes_lock);
  r = put_bits(handle, ours, bits);
  ReleaseSRWLockExclusive(&modes_lock);
  return r;
}

int uv_tty_reset_mode(void) {
  struct uv__queue* link;

  if (!TryAcquireSRWLockExclusive(&modes_lock))
    return UV_EBUSY;
  if (modes.next != NULL) {
    for (link = modes.next; link != &modes; link = link->next) {
      struct uv__console_mode* mode = uv__container_of(link, struct uv__console_mode, link);
      if (mode->is_changed)
        (void) put_bits(mode->handle, mode->ours, mode->found);
    }
  }
  ReleaseSRWLockExclusive(&modes_lock);
  return 0;
}

void uv_tty_set_vterm_state(uv_tty_vtermstate_t state) {
  said_vterm = state;
  has_said_vterm = 1;
}

int uv__console_wants_vt(void) {
  return !has_said_vterm || said_vterm == UV_TTY_SUPPORTED;
}

/* Whether the console takes the mode is found out by setting it, for a moment. */
static uv_tty_vtermstate_t ask_vterm(void) {
  HANDLE handle = uv__console_open(1);
  uv_tty_vtermstate_t state = UV_TTY_UNSUPPORTED;
  DWORD mode;

  AcquireSRWLockExclusive(&modes_lock);
  if (handle != INVALID_HANDLE_VALUE && GetConsoleMode(handle, &mode)) {
    if (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) {
      state = UV_TTY_SUPPORTED;
    } else if (SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING)) {
      state = UV_TTY_SUPPORTED;
      SetConsoleMode(handle, mode);
    }
  }
  ReleaseSRWLockExclusive(&modes_lock);
  if (handle != INVALID_HANDLE_VALUE)
    CloseHandle(handle);
  return state;
}

int uv_tty_get_vterm_state(uv_tty_vtermstate_t* state) {
  if (state == NULL)
    return UV_EINVAL;
  *state = has_said_vterm ? said_vterm : ask_vterm();
  return 0;
}

/* ---- Size ---- */

HANDLE uv__console_open(int output) {
  return CreateFileW(output ? L"CONOUT$" : L"CONIN$", GENERIC_READ | GENERIC_WRITE,
                     FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
}

int uv__console_size(int size[2]) {
  HANDLE handle = uv__console_open(1);
  CONSOLE_SCREEN_BUFFER_INFO info;
  int r = 0;

  if (handle == INVALID_HANDLE_VALUE)
    return uv__error_translate(GetLastError());
  if (GetConsoleScreenBufferInfo(handle, &info)) {
    size[0] = info.srWindow.Right - info.srWindow.Left + 1;
    size[1] = info.srWindow.Bottom - info.srWindow.Top + 1;
  } else {
    r = uv__error_translate(GetLastError());
  }
  CloseHandle(handle);
  return r;
}

/* The console tells of a resize only in its input, to whoever reads that. */
static HANDLE timer;
static SRWLOCK size_lock = SRWLOCK_INIT; /* A look may be slower than the time to the next one. */
static int last_size[2];
static void (*tell_size)(void); /* Its look may be under way when there is no timer any more. */

static VOID CALLBACK look_at_size(void* data, BOOLEAN fired) {
  int size[2];
  int is_new;
  void (*tell)(void);

  (void) data;
  (void) fired;
  AcquireSRWLockExclusive(&size_lock);
  tell = tell_size;
  is_new = uv__console_size(size) == 0 && (size[0] != last_size[0] || size[1] != last_size[1]);
  if (is_new)
    memcpy(last_size, size, sizeof(size));
  ReleaseSRWLockExclusive(&size_lock);
  if (is_new)
    tell();
}

int uv__console_watch_size(void (*changed)(void)) {
  int r;

  if (changed == NULL) {
    if (timer != NULL)
      (void) DeleteTimerQueueTimer(NULL, timer, NULL);
    timer = NULL;
    return 0;
  }
  if (timer != NULL)
    return 0;
  AcquireSRWLockExclusive(&size_lock);
  r = uv__console_size(last_size);
  tell_size = changed;
  ReleaseSRWLockExclusive(&size_lock);
  if (r < 0)
    return 0; /* No console: nothing will come. */
  if (!CreateTimerQueueTimer(&timer, NULL, look_at_size, NULL, LOOK_MS, LOOK_MS, 0)) {
    timer = NULL;
    return uv__error_translate(GetLastError());
  }
  return 0;
}
