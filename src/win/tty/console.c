/* The console: what is one, its modes and how they are put back, its size, and the operations of a
 * terminal that has no direction yet. Reading is in tty_in.c, writing in tty_out.c. */
#include "win/tty/console.h"

#include <stdlib.h>

#include <io.h>

enum {
  LOOK_MS = 100 /* at the size of the window, while somebody watches for SIGWINCH */
};

/* ---- Modes ---- */

/* They belong to the console, not to a handle, and outlive the process. So all that change one
 * here share what was found. */
static SRWLOCK modes_lock = SRWLOCK_INIT;
static struct uv__queue modes; /* of struct uv__console_mode; no list yet while next is NULL */
static uv_tty_vtermstate_t said_vterm;
static int has_said_vterm;

static void restore_at_exit(void) {
  (void) uv_tty_reset_mode();
}

static int put_bits(HANDLE handle, DWORD ours, DWORD bits) {
  DWORD now;

  if (!GetConsoleMode(handle, &now) || !SetConsoleMode(handle, (now & ~ours) | (bits & ours)))
    return uv__error_translate(GetLastError());
  return 0;
}

int uv__console_enter(struct uv__console_mode* mode, HANDLE handle, DWORD ours) {
  struct uv__queue* link;

  if (!GetConsoleMode(handle, &mode->found))
    return uv__error_translate(GetLastError());
  mode->handle = handle;
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
static int last_size[2];

static VOID CALLBACK look_at_size(void* data, BOOLEAN fired) {
  int size[2];

  (void) data;
  (void) fired;
  if (uv__console_size(size) < 0 || (size[0] == last_size[0] && size[1] == last_size[1]))
    return;
  last_size[0] = size[0];
  last_size[1] = size[1];
  (void) uv__signal_deliver(SIGWINCH);
}

int uv__console_watch_size(int on) {
  if (!on) {
    if (timer != NULL)
      (void) DeleteTimerQueueTimer(NULL, timer, NULL);
    timer = NULL;
    return 0;
  }
  if (timer != NULL || uv__console_size(last_size) < 0)
    return 0; /* No console: nothing will come. */
  if (!CreateTimerQueueTimer(&timer, NULL, look_at_size, NULL, LOOK_MS, LOOK_MS, 0)) {
    timer = NULL;
    return uv__error_translate(GetLastError());
  }
  return 0;
}

/* ---- What is a terminal ---- */

int uv__port_tty_desc(uv_file file, struct uv__desc* desc) {
  HANDLE handle = uv_get_osfhandle(file);
  DWORD mode;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  if (!GetConsoleMode(handle, &mode))
    return UV_EINVAL;
  desc->handle = handle;
  desc->kind = UV__DESC_TTY;
  desc->accepted = 0;
  desc->peer = 0;
  return 0;
}

uv_handle_type uv_guess_handle(uv_file file) {
  HANDLE handle = file < 0 ? INVALID_HANDLE_VALUE : uv_get_osfhandle(file);
  DWORD mode;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_UNKNOWN_HANDLE;
  switch (GetFileType(handle)) {
  case FILE_TYPE_CHAR:
    return GetConsoleMode(handle, &mode) ? UV_TTY : UV_FILE;
  case FILE_TYPE_PIPE:
    return UV_NAMED_PIPE;
  case FILE_TYPE_DISK:
    return UV_FILE;
  default:
    return UV_UNKNOWN_HANDLE;
  }
}

/* ---- Operations without a direction ---- */

void uv__tty_init(struct uv__io* io) {
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
}

/* A duplicate, because the descriptor stays the caller's. */
int uv__tty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  HANDLE self = GetCurrentProcess();
  HANDLE handle;
  DWORD events;
  int r;

  (void) domain;
  if (!DuplicateHandle(self, desc->handle, self, &handle, 0, FALSE, DUPLICATE_SAME_ACCESS))
    return uv__error_translate(GetLastError());
  if (GetNumberOfConsoleInputEvents(handle, &events)) {
    *opened = UV__OPENED_READABLE;
    r = uv__tty_in_open(io, handle);
  } else {
    *opened = UV__OPENED_WRITABLE;
    r = uv__tty_out_open(io, handle);
  }
  if (r < 0)
    CloseHandle(handle);
  return r;
}

int uv__tty_bind(struct uv__io* io, const void* addr, unsigned flags) {
  (void) io;
  (void) addr;
  (void) flags;
  return UV_EINVAL;
}

int uv__tty_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  (void) io;
  (void) end;
  (void) addr;
  (void) len;
  return UV_EINVAL;
}

int uv__tty_option(struct uv__io* io, enum uv__option option, void* value) {
  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  return option == UV__TTY_SIZE ? uv__console_size(value) : UV_EINVAL;
}

int uv__tty_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  *fd = io->tail.u.handle;
  return 0;
}

int uv__tty_read_arm(struct uv__io* io) {
  (void) io;
  return UV_ENOTCONN;
}

int uv__tty_read_disarm(struct uv__io* io) {
  (void) io;
  return 0;
}

ssize_t uv__tty_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  (void) io;
  (void) base;
  (void) len;
  (void) passed;
  return UV_ENOTCONN;
}

ssize_t uv__tty_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* pass) {
  (void) io;
  (void) bufs;
  (void) nbufs;
  (void) mode;
  (void) pass;
  return UV_EPIPE;
}

int uv__tty_connect(struct uv__io* io, const void* addr) {
  (void) io;
  (void) addr;
  return UV_EINVAL;
}

/* A console has no end: what was written is there. */
int uv__tty_shutdown(struct uv__io* io) {
  (void) io;
  return 0;
}

int uv__tty_listen(struct uv__io* io, int backlog) {
  (void) io;
  (void) backlog;
  return UV_EINVAL;
}

int uv__tty_accept_now(struct uv__io* io, struct uv__desc* desc) {
  (void) io;
  (void) desc;
  return UV_EINVAL;
}

ssize_t uv__tty_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0;

  if (lane == UV__WRITE) {
    r = io->tail.sent;
    io->tail.sent = 0;
  }
  return r;
}

static int close_nothing(struct uv__io* io) {
  (void) io;
  return 0;
}

const struct uv__ops uv__tty_ops = {
    .init = uv__tty_init,
    .open = uv__tty_open,
    .bind = uv__tty_bind,
    .name = uv__tty_name,
    .option = uv__tty_option,
    .fileno = uv__tty_fileno,
    .read_arm = uv__tty_read_arm,
    .read_disarm = uv__tty_read_disarm,
    .read_now = uv__tty_read_now,
    .write = uv__tty_write,
    .connect = uv__tty_connect,
    .shutdown = uv__tty_shutdown,
    .listen = uv__tty_listen,
    .accept_now = uv__tty_accept_now,
    .done = uv__tty_done,
    .close = close_nothing,
};
