/* Reading from the console. In the raw modes the loop waits for the console's input handle and
 * takes records without blocking; keys.c says what they mean. In the normal mode a helper thread
 * reads lines, see line.c. */
#include "win/loop/helper.h"
#include "win/tty/tty.h"

#include <string.h>

#include "core/base/alloc.h"

/* io->tail.more */
struct in {
  struct uv__helper helper; /* reads lines */
  struct uv__line line;     /* the helper's while it is not idle */
  struct uv__console_mode mode;
  struct uv__io* io;
  HANDLE handle;
  int stopped; /* while the helper was at work */
  int closing; /* how many of the wait and the helper are to come */
  /* Raw. The packet of the wait is tail.in's. */
  HANDLE wait;          /* NULL: none */
  volatile LONG posted; /* the wait's packet is under way */
  struct uv__raw raw;   /* and the key or character that has begun to be handed out */
  /* Normal. */
  struct uv__utf_narrow text;
};

static struct in* in_of(const struct uv__io* io) {
  return io->tail.more;
}

/* ---- What is handed out ---- */

static int has_line(struct in* in) {
  return uv__helper_is_idle(&in->helper) && (in->line.at < in->line.count || in->line.error < 0);
}

static size_t hand_out_line(struct in* in, char* base, size_t len) {
  size_t count = uv__raw_hand_out(&in->raw, base, len);

  while (count < len && in->line.at < in->line.count) {
    in->raw.at = 0;
    in->raw.size = uv__utf_narrow(&in->text, in->line.units[in->line.at++], in->raw.bytes);
    in->raw.repeat = in->raw.size > 0;
    count += uv__raw_hand_out(&in->raw, base + count, len - count);
  }
  return count;
}

/* ---- Raw ---- */

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

static unsigned read_line(struct uv__helper* helper) {
  uv__line_read(&((struct in*) helper)->line);
  return UV__HELPER_TELL;
}

/* uv__line_wake ends the call. */
static int cancel(struct uv__helper* helper) {
  (void) helper;
  return 0;
}

/* ---- READ ---- */

/* READY, PENDING or an error. What came in another mode is first. */
static int arm(struct in* in) {
  int r = 0;

  if (in->raw.repeat > 0 || has_line(in))
    return UV__READY;
  if (!uv__helper_is_idle(&in->helper)) /* It reads, or is on its way back. */
    return UV__PENDING;
  if (uv__line_is_raw()) {
    if (uv__raw_find(&in->raw))
      return UV__READY;
    r = begin_wait(in);
  } else {
    end_wait(in);
    uv__line_rest(&in->line);
    in->stopped = 0;
    r = uv__helper_ask(&in->helper);
  }
  return r < 0 ? r : UV__PENDING;
}

/* Of many records nothing comes, and the mode may be another one: then the wait goes on. */
static void go_on(struct in* in) {
  struct uv__io* io = in->io;

  if (!(io->busy & UV__READ) || (io->rung & UV__READ))
    return;
  if (in->stopped || arm(in) != UV__PENDING)
    uv__ring(io, UV__READ);
}

static void settle(struct in* in);

static void complete_wait(struct uv__op* op) {
  struct in* in = in_of(uv__win_io_of_in(op));

  assert(uv__win_io_valid(in->io) && in->posted);
  InterlockedExchange(&in->posted, 0);
  end_wait(in);
  if (in->closing)
    settle(in);
  else
    go_on(in);
}

static void complete_line(struct uv__helper* helper) {
  struct in* in = (struct in*) helper;

  go_on(in);
  in->stopped = 0;
}

static int in_read_arm(struct uv__io* io) {
  return arm(in_of(io));
}

/* Keys stay where they are. A line that is being typed is not waited for any more: whoever reads
 * next, in whatever process, shall get it. */
static int in_read_disarm(struct uv__io* io) {
  struct in* in = in_of(io);

  if (!uv__helper_is_idle(&in->helper)) {
    in->stopped = 1;
    uv__line_wake(&in->line, 0);
  }
  return UV__PENDING;
}

static ssize_t in_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  struct in* in = in_of(io);
  size_t count;

  (void) passed;
  if (has_line(in)) {
    int r = in->line.error;
    if (r == 0)
      return (ssize_t) hand_out_line(in, base, len);
    in->line.error = 0;
    return r;
  }
  count = uv__raw_take(&in->raw, base, len);
  return count > 0 ? (ssize_t) count : UV_EAGAIN;
}

/* ---- Modes ---- */

static int set_mode(struct in* in, int mode) {
  int r;

  if (mode == UV_TTY_MODE_IO)
    return UV_ENOTSUP;
  r = uv__line_set_mode(&in->mode, mode);
  if (uv__helper_is_idle(&in->helper))
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

  uv__line_give_back(&in->line);
  CloseHandle(in->handle);
  uv__free(in);
}

static void end(struct in* in) {
  struct uv__io* io = in->io;

  uv__line_leave(&in->mode);
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
  uv__line_wake(&in->line, 1);
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
  uv__helper_init(&in->helper, io->loop, NULL);
  in->helper.work = read_line;
  in->helper.cancel = cancel;
  in->helper.complete = complete_line;
  in->helper.closed = closed;
  in->helper.release = release;
  in->io = io;
  in->handle = handle;
  in->line.handle = handle;
  in->raw.handle = handle;
  r = uv__line_begin();
  if (r == 0)
    r = uv__console_enter(&in->mode, handle, UV__LINE_MODE_BITS);
  if (r < 0) {
    uv__free(in);
    return r;
  }
  io->tail.in.complete = complete_wait;
  memset(&io->tail.in.overlapped, 0, sizeof(io->tail.in.overlapped));
  io->ops = &in_ops;
  io->tail.u.handle = handle;
  io->tail.more = in;
  return 0;
}
