/* Terminal handles: arguments. Modes, keys and screens are the port's. */
#include "core/stream/stream.h"

int uv_tty_init(uv_loop_t* loop, uv_tty_t* handle, uv_file fd, int readable) {
  struct uv__desc desc;
  int r = uv__port_tty_desc(fd, &desc);

  (void) readable;
  if (r == UV_EBADF)
    return UV_EINVAL; /* What is no descriptor is no terminal either. */
  if (r < 0)
    return r;
  uv__stream_init(loop, (uv_stream_t*) handle, UV_TTY, &uv__tty_ops);
  r = uv__stream_open((uv_stream_t*) handle, AF_UNSPEC, &desc);
  if (r < 0)
    uv__handle_forget((uv_handle_t*) handle);
  return r;
}

static int option(uv_tty_t* handle, enum uv__option option, int* value) {
  struct uv__io* io = &handle->stream.io;

  if (uv__handle_is_closing(handle))
    return UV_EINVAL;
  return io->ops->option(io, option, value);
}

int uv_tty_set_mode(uv_tty_t* handle, uv_tty_mode_t mode) {
  int value = (int) mode;

  if (value < UV_TTY_MODE_NORMAL || value > UV_TTY_MODE_RAW_VT)
    return UV_EINVAL;
  return option(handle, UV__TTY_MODE, &value);
}

int uv_tty_get_winsize(uv_tty_t* handle, int* width, int* height) {
  int size[2];
  int r;

  if (width == NULL || height == NULL)
    return UV_EINVAL;
  r = option(handle, UV__TTY_SIZE, size);
  if (r < 0)
    return r;
  *width = size[0];
  *height = size[1];
  return 0;
}
