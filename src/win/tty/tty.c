/* Terminals on top: what is one, and which direction an opened one has. Reading is in in.c, writing in
 * out.c. */
#include "win/tty/tty.h"

int uv__port_tty_desc(uv_file file, struct uv__desc* desc) {
  HANDLE handle = uv_get_osfhandle(file);

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  if (!uv__handle_is_console(handle))
    return UV_EINVAL;
  desc->handle = handle;
  desc->kind = UV__DESC_TTY;
  desc->accepted = 0;
  desc->peer = 0;
  return 0;
}

uv_handle_type uv_guess_handle(uv_file file) {
  HANDLE handle = file < 0 ? INVALID_HANDLE_VALUE : uv_get_osfhandle(file);

  if (handle == INVALID_HANDLE_VALUE)
    return UV_UNKNOWN_HANDLE;
  switch (GetFileType(handle)) {
  case FILE_TYPE_CHAR:
    return uv__handle_is_console(handle) ? UV_TTY : UV_FILE;
  case FILE_TYPE_PIPE:
    switch (uv__handle_socket_type(handle)) {
    case 0:
      return UV_NAMED_PIPE;
    case SOCK_STREAM:
      return UV_TCP;
    case SOCK_DGRAM:
      return UV_UDP;
    default:
      return UV_UNKNOWN_HANDLE;
    }
  case FILE_TYPE_DISK:
    return UV_FILE;
  default:
    return UV_UNKNOWN_HANDLE;
  }
}

/* Our own handle to what the console reads from, of which it has one, with all rights: who may only
 * read can neither change the mode nor type. Of what it shows there can be several, so that there it is
 * a duplicate. The descriptor stays the caller's. */
static int tty_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened) {
  HANDLE self = GetCurrentProcess();
  HANDLE handle = INVALID_HANDLE_VALUE;
  DWORD events;
  int reads = GetNumberOfConsoleInputEvents(desc->handle, &events);
  int r = reads ? 0 : uv__error_translate(GetLastError());

  (void) domain;
  if (r == UV_ENOMEM)
    return r; /* It does not say which direction it is. */
  if (reads)
    handle = uv__console_open(0);
  if (handle == INVALID_HANDLE_VALUE &&
      !DuplicateHandle(self, desc->handle, self, &handle, 0, FALSE, DUPLICATE_SAME_ACCESS))
    return uv__error_translate(GetLastError());
  if (reads) {
    *opened = UV__OPENED_READABLE | UV__OPENED_ENDLESS; /* Ctrl-Z ends no more than a read. */
    r = uv__tty_in_open(io, handle);
  } else {
    *opened = UV__OPENED_WRITABLE;
    r = uv__tty_out_open(io, handle);
  }
  if (r < 0)
    CloseHandle(handle);
  return r;
}

/* As long as it has no direction. */
static int close_nothing(struct uv__io* io) {
  (void) io;
  return 0;
}

const struct uv__ops uv__tty_ops = {
    .init = uv__tty_init,
    .open = tty_open,
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
