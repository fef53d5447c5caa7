/* The other side of a pseudo console as a stream: a connected end of a pipe (pipe/end.c) that has a handle
 * for each direction, since the console reads and writes by calls that wait, for which it needs two. By
 * UV__PTY_GIVE the console of a child is made (an HPCON, the stream's), and by UV__PTY_CHILD closed when
 * that has ended (a HANDLE, of which pseudo.c, where the console itself is, has a duplicate; NULL: there was
 * none after all). */
#include "win/pipe/pipe.h"
#include "win/pty/pseudo.h"

/* io->tail.more */
struct terminal {
  struct uv__pipe pipe;
  struct uv__pseudo* console;
  HANDLE keys; /* the console's ends, until it has them; or INVALID_HANDLE_VALUE */
  HANDLE screen;
  COORD size; /* it will have */
};

static struct terminal* terminal_of(const struct uv__io* io) {
  return io->tail.more;
}

static void close_end(HANDLE* handle) {
  if (*handle != INVALID_HANDLE_VALUE)
    CloseHandle(*handle);
  *handle = INVALID_HANDLE_VALUE;
}

static void arrived(struct uv__io* io) {
  if (io->busy & UV__READ)
    uv__ring(io, UV__READ);
}

static void drop(struct uv__pipe* pipe) {
  struct terminal* terminal = (struct terminal*) pipe;

  close_end(&terminal->keys);
  close_end(&terminal->screen);
}

/* Where a read was under way at the close, which has come back now. */
static int gone(struct uv__pipe* pipe) {
  return uv__pseudo_close(((struct terminal*) pipe)->console);
}

static const struct uv__pipe_kind kind = {sizeof(struct terminal), arrived, drop, gone};

/* ---- Opening ---- */

/* Our ends come first; the console's are for calls that wait. */
static int make_pairs(uv_loop_t* loop, HANDLE screen[2], HANDLE keys[2]) {
  int r = uv__pair_make(UV_READABLE_PIPE | UV_OVERLAPPED_PIPE, UV_WRITABLE_PIPE, screen);

  if (r == 0) {
    r = uv__pair_make(UV_WRITABLE_PIPE | UV_OVERLAPPED_PIPE, UV_READABLE_PIPE, keys);
    if (r < 0)
      keys[0] = keys[1] = INVALID_HANDLE_VALUE;
  } else {
    screen[0] = screen[1] = keys[0] = keys[1] = INVALID_HANDLE_VALUE;
  }
  if (r == 0)
    r = uv__native_attach(loop, screen[0]);
  if (r == 0)
    r = uv__native_attach(loop, keys[0]);
  return r;
}

static void close_pairs(HANDLE screen[2], HANDLE keys[2]) {
  int i;

  for (i = 0; i < 2; i++) {
    close_end(&screen[i]);
    close_end(&keys[i]);
  }
}

static int pty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  struct uv__pseudo* console;
  struct terminal* terminal;
  HANDLE screen[2];
  HANDLE keys[2];
  int r = uv__pseudo_new(io, &console);

  (void) domain;
  (void) desc;
  if (r < 0)
    return r;
  *opened = UV__OPENED_READABLE | UV__OPENED_WRITABLE | UV__OPENED_STAYS;
  r = make_pairs(io->loop, screen, keys);
  if (r == 0)
    r = uv__pipe_end_adopt(io, screen[0], UV__WIN_ATTACHED, *opened, &kind);
  if (r < 0) {
    close_pairs(screen, keys);
    (void) uv__pseudo_close(console); /* It has no thread. */
    return r;
  }
  terminal = terminal_of(io);
  terminal->pipe.out = keys[0];
  terminal->console = console;
  terminal->keys = keys[1];
  terminal->screen = screen[1];
  return 0;
}

static int give_console(struct terminal* terminal, void** console) {
  int r = uv__pseudo_make(terminal->console, terminal->size, terminal->keys, terminal->screen);

  close_end(&terminal->keys); /* It has its own by now. */
  close_end(&terminal->screen);
  *console = uv__pseudo_native(terminal->console);
  return r;
}

/* First our ends go, as the console's end may wait for a reader. */
static int pty_close(struct uv__io* io) {
  struct uv__pseudo* console = terminal_of(io) == NULL ? NULL : terminal_of(io)->console;
  int r;

  uv__win_set(io, UV__WIN_CLOSING);
  r = uv__pipe_end_close(io);
  return r == 0 && console != NULL ? uv__pseudo_close(console) : r;
}

/* ---- Control ---- */

static int pty_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  (void) io;
  (void) end;
  (void) addr;
  *len = 0;
  return 0;
}

static int pty_option(struct uv__io* io, enum uv__option option, void* value) {
  struct terminal* terminal = terminal_of(io);
  const int* size = value;

  if (option == UV__PTY_SIZE) {
    terminal->size.X = (SHORT) size[0];
    terminal->size.Y = (SHORT) size[1];
    return uv__pseudo_resize(terminal->console, terminal->size);
  }
  if (option == UV__PTY_OVER || option == UV__PTY_LEAVE)
    return 0; /* The console's thread hears of it, too, and in any case. */
  if (option == UV__PTY_GIVE)
    return give_console(terminal, value);
  if (option == UV__PTY_CHILD && value != NULL)
    return uv__pseudo_watch(terminal->console, *(HANDLE*) value);
  if (option == UV__PTY_CHILD) { /* It did not come to run, and the close is not to wait. */
    uv__pseudo_forget(terminal->console);
    return 0;
  }
  if (option == UV__CHMOD)
    return UV_EBADF; /* Not bound. */
  return option == UV__INSTANCES ? 0 : UV_EINVAL;
}

/* Neither side of a terminal ends alone. */
static int pty_shutdown(struct uv__io* io) {
  (void) io;
  return 0;
}

const struct uv__ops uv__pty_ops = {
    .init = uv__pipe_init,
    .open = pty_open,
    .name = pty_name,
    .option = pty_option,
    .fileno = uv__pipe_fileno,
    .read_arm = uv__pipe_read_arm,
    .read_disarm = uv__pipe_read_disarm,
    .read_now = uv__pipe_read_now,
    .write = uv__pipe_end_write,
    .shutdown = pty_shutdown,
    .done = uv__pipe_done,
    .close = pty_close,
};
