/* Writing to the console. A program that has its window's text selected, or Ctrl+S, stops all
 * writers, so that a helper thread writes, from a buffer of its own, in pieces. The sequences in
 * the text are the console's to understand; see uv_tty_get_vterm_state. */
#include "win/base/utf.h"
#include "win/loop/helper.h"
#include "win/tty/tty.h"

#include "core/base/alloc.h"

enum {
  BUFFER = 65536, /* of the helper */
  TRY_MAX = 4096, /* what is written without anybody waiting for it */
  PIECE = 4096    /* units in one call; a close comes between two */
};

/* io->tail.more */
struct out {
  struct uv__helper helper;
  struct uv__console_mode mode;
  struct uv__io* io;
  HANDLE handle;
  struct uv__utf_wide text; /* a character may be split among writes */
  int silent;               /* nobody waits for what it writes, */
  int waited;               /* but a lane waits for the helper */
  int error;                /* of the work done */
  DWORD size;
  char bytes[BUFFER];
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

static void write_all(struct uv__helper* helper) {
  struct out* out = (struct out*) helper;
  uint16_t units[PIECE];
  size_t at = 0;

  out->error = 0;
  while (at < out->size && out->error == 0) {
    size_t used;
    size_t count;

    if (helper->closing && !out->silent) {
      out->error = UV_ECANCELED;
      return;
    }
    count = uv__utf_widen(&out->text, out->bytes + at, out->size - at, units, PIECE, &used);
    out->error = write_units(out->handle, units, count);
    at += used;
  }
}

static void complete_write(struct uv__helper* helper) {
  struct out* out = (struct out*) helper;
  struct uv__io* io = out->io;

  out->waited = 0;
  if (!(io->busy & UV__WRITE))
    return;
  /* After bytes that nobody waited for: start again. Their error is that of the stream. */
  io->tail.sent = out->error < 0 ? out->error : out->silent ? 0 : (int) out->size;
  if (out->silent)
    out->error = 0;
  uv__ring(io, UV__WRITE);
}

static void release(struct uv__helper* helper) {
  struct out* out = (struct out*) helper;

  CloseHandle(out->handle);
  uv__free(out);
}

static void end(struct uv__io* io) {
  struct out* out = out_of(io);

  if ((io->busy & UV__WRITE) && !(io->rung & UV__WRITE)) {
    int whole = !out->helper.alone && !out->silent && out->error == 0 && out->size > 0;
    io->tail.sent = whole ? (int) out->size : UV_ECANCELED;
  }
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
                         struct uv__io* pass) {
  struct out* out = out_of(io);
  unsigned at = 0;
  size_t offset = 0;
  int r;

  (void) pass;
  if (!uv__helper_is_idle(&out->helper)) { /* With bytes that nobody waits for. */
    if (mode == UV__TRY)
      return UV_EAGAIN;
    out->waited = 1;
    return UV__PENDING;
  }
  if (out->silent && out->error < 0) {
    r = out->error; /* Theirs. */
    out->error = 0;
    return r;
  }
  out->size =
      uv__bufs_copy(out->bytes, mode == UV__TRY ? TRY_MAX : BUFFER, bufs, nbufs, &at, &offset);
  out->silent = mode == UV__TRY;
  r = uv__helper_ask(&out->helper);
  if (r < 0)
    return r;
  return mode == UV__TRY ? (ssize_t) out->size : UV__PENDING;
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
    .connect = uv__tty_connect,
    .shutdown = uv__tty_shutdown,
    .listen = uv__tty_listen,
    .accept_now = uv__tty_accept_now,
    .done = uv__tty_done,
    .close = out_close,
};

int uv__tty_out_open(struct uv__io* io, HANDLE handle) {
  struct out* out = uv__calloc(1, sizeof(*out));
  int r;

  if (out == NULL)
    return UV_ENOMEM;
  uv__helper_init(&out->helper, io->loop);
  out->helper.work = write_all;
  out->helper.complete = complete_write;
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
