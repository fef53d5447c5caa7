/* Writing to the console. A program that has its window's text selected, or Ctrl+S, stops all
 * writers, so that a helper thread writes, from a buffer of its own, in pieces. The sequences in
 * the text are the console's to understand; see uv_tty_get_vterm_state. */
#include "win/loop/helper.h"
#include "win/text/utf.h"
#include "win/tty/tty.h"

#include <string.h>

#include "core/base/alloc.h"

enum {
  PIECE = 4096 /* units in one call */
};

/* io->tail.more */
struct out {
  struct uv__helper helper;
  struct uv__console_mode mode;
  struct uv__io* io;
  HANDLE handle;
  struct uv__utf_wide text; /* a character may be split among writes */
  struct uv__outbox box;
};

static struct out* out_of(const struct uv__io* io) {
  return io->tail.more;
}

static int write_units(HANDLE handle, const uint16_t* units, size_t count) {
  while (count > 0) {
    DWORD written = 0;
    if (!WriteConsoleW(handle, units, (DWORD) count, &written, NULL))
      return uv__error_translate(GetLastError());
    if (written == 0)
      return UV_EIO;
    units += written;
    count -= written;
  }
  return 0;
}

/* A piece; what was taken of a character that is not whole yet is kept. */
static int write_piece(struct uv__helper* helper, const char* bytes, DWORD size, DWORD* taken) {
  struct out* out = (struct out*) helper;
  uint16_t units[PIECE];
  size_t used;
  size_t count = uv__utf_widen(&out->text, bytes, size, units, PIECE, &used);

  *taken = (DWORD) used;
  return write_units(out->handle, units, count);
}

static unsigned work(struct uv__helper* helper) {
  (void) uv__outbox_deliver(&((struct out*) helper)->box, helper, write_piece);
  return UV__HELPER_TELL;
}

/* A call that the console keeps waits for the user. */
static int cancel(struct uv__helper* helper) {
  (void) helper;
  return 0;
}

static void complete(struct uv__helper* helper) {
  struct out* out = (struct out*) helper;

  uv__outbox_complete(&out->box, helper, out->io);
}

static void release(struct uv__helper* helper) {
  struct out* out = (struct out*) helper;

  CloseHandle(out->handle);
  uv__free(out);
}

static void end(struct uv__io* io) {
  struct out* out = out_of(io);

  uv__outbox_end(&out->box, &out->helper, io);
  (void) uv__console_leave(&out->mode);
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
  uv__helper_disown(&out->helper);
}

static void closed(struct uv__helper* helper) {
  struct uv__io* io = ((struct out*) helper)->io;

  end(io);
  uv__ring(io, UV__CLOSED);
}

static int out_close(struct uv__io* io) {
  int r = uv__helper_close(&out_of(io)->helper);

  if (r == 0)
    end(io);
  return r;
}

static ssize_t out_write(struct uv__io* io,
                         const uv_buf_t* bufs,
                         unsigned nbufs,
                         enum uv__write_mode mode,
                         struct uv__io* const* pass) {
  struct out* out = out_of(io);

  (void) pass;
  return uv__outbox_write(&out->box, &out->helper, io, bufs, nbufs, mode);
}

static size_t out_more(struct uv__io* io, size_t ahead, const uv_buf_t* bufs, unsigned nbufs) {
  struct out* out = out_of(io);

  return uv__outbox_write_more(&out->box, &out->helper, ahead, bufs, nbufs);
}

static int out_option(struct uv__io* io, enum uv__option option, void* value) {
  /* Output has no modes to choose from, but programs set one on every terminal they have. */
  if (option == UV__TTY_MODE)
    return *(int*) value == UV_TTY_MODE_IO ? UV_ENOTSUP : 0;
  return uv__tty_option(io, option, value);
}

static const struct uv__ops out_ops = {
    .init = uv__tty_init,
    .bind = uv__tty_bind,
    .name = uv__tty_name,
    .option = out_option,
    .fileno = uv__tty_fileno,
    .read_arm = uv__tty_read_arm,
    .read_disarm = uv__tty_read_disarm,
    .read_now = uv__tty_read_now,
    .write = out_write,
    .write_more = out_more,
    .connect = uv__tty_connect,
    .shutdown = uv__tty_shutdown,
    .listen = uv__tty_listen,
    .accept_now = uv__tty_accept_now,
    .done = uv__tty_done,
    .close = out_close,
};

int uv__tty_out_open(struct uv__io* io, HANDLE handle) {
  struct out* out = uv__malloc(sizeof(*out));
  int r;

  if (out == NULL)
    return UV_ENOMEM;
  memset(out, 0, offsetof(struct out, box) + offsetof(struct uv__outbox, bytes));
  uv__helper_init(&out->helper, io->loop, &out->box);
  out->helper.work = work;
  out->helper.cancel = cancel;
  out->helper.complete = complete;
  out->helper.closed = closed;
  out->helper.release = release;
  out->io = io;
  out->handle = handle;
  r = uv__console_enter(&out->mode, handle,
                        ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  if (r < 0) {
    uv__free(out);
    return r;
  }
  /* A console that refuses is still one to write to. */
  if (uv__console_wants_vt()) {
    uv__console_claim(&out->mode);
    (void) uv__console_put(out->mode.handle, out->mode.ours, out->mode.ours);
  }
  io->ops = &out_ops;
  io->tail.u.handle = handle;
  io->tail.more = out;
  return 0;
}
