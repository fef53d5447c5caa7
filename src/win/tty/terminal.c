/* What every terminal does and refuses, as members of struct uv__ops for the tables of both
 * directions. */
#include "win/tty/tty.h"

void uv__tty_init(struct uv__io* io) {
  io->tail.u.handle = INVALID_HANDLE_VALUE;
  io->tail.more = NULL;
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
                      struct uv__io* const* pass) {
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
