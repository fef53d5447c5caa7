/* Pipes that are Unix-domain sockets: the tables of their operations, and what of these is no more
 * than a few lines. What is special to passing descriptors is in scm.c; what is no socket becomes
 * plain.c's when it is opened; the rest is what all sockets share (fd/). */
#include "unix/pipe/pipe.h"

#include <sys/socket.h>

#include "core/base/alloc.h"

static int pipe_option(struct uv__io* io, enum uv__option option, void* value) {
  switch (option) {
  case UV__INSTANCES:
    return 0;
  case UV__CHMOD:
    return uv__pipe_chmod(io, *(int*) value);
  case UV__PEER:
    return uv__pipe_peer(io, value);
  case UV__SNDBUF:
  case UV__RCVBUF:
    return uv__sock_buffer_size(io->tail.fd, option, value);
  case UV__NODELAY:
  case UV__KEEPALIVE:
  case UV__ACCEPTS:
  case UV__RESET: /* Of TCP, */
  case UV__TTY_MODE:
  case UV__PTY_SIZE:
  case UV__PTY_OVER:
  case UV__PTY_LEAVE:
  case UV__PTY_GIVE:
  case UV__PTY_CHILD:
  case UV__TTY_SIZE: /* of terminals. */
    break;
  }
  return UV_EINVAL;
}

static ssize_t pipe_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  return io->tail.state & UV__FD_RETOLD ? uv__fd_read_now(io, base, len, passed)
                                        : uv__scm_read_cut(io, base, len);
}

static int pipe_accept_now(struct uv__io* io, struct uv__desc* desc) {
  int r = uv__sock_accept_now(io, desc);

  if (r < 0)
    return r;
  desc->kind = UV__DESC_PIPE;
  desc->known = UV__KNOWN_MADE;
  return 0;
}

int uv__pipe_join(struct uv__io* io) {
  struct uv__pipe_names* names = io->tail.u.more;
  int r = uv__fd_join(io);

  if (r == 0 && names != NULL)
    names->io = io;
  return r;
}

static int pipe_close(struct uv__io* io) {
  struct uv__pipe_names* names = io->tail.u.more;

  if (names != NULL) {
    uv__queue_remove(&names->link);
    uv__pipe_unlink(names);
  }
  io->tail.u.more = NULL;
  uv__free(names);
  return uv__fd_close(io);
}

const struct uv__ops uv__pipe_ops = {
    .init = uv__fd_init,
    .open = uv__pipe_open,
    .bind = uv__pipe_bind,
    .name = uv__pipe_name,
    .option = pipe_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = pipe_read_now,
    .write = uv__fd_write,
    .write_stop = uv__fd_write_stop,
    .connect = uv__pipe_connect,
    .shutdown = uv__sock_shutdown,
    .listen = uv__sock_listen,
    .accept_now = pipe_accept_now,
    .done = uv__fd_done,
    .close = pipe_close,
    .beyond = UV__FD_BEYOND_PIPE,
    .arms_at_once = 1,
};

const struct uv__ops uv__ipc_ops = {
    .init = uv__fd_init,
    .open = uv__pipe_open,
    .bind = uv__pipe_bind,
    .name = uv__pipe_name,
    .option = pipe_option,
    .fileno = uv__fd_fileno,
    .read_arm = uv__fd_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = uv__scm_read_now,
    .write = uv__scm_write,
    .write_stop = uv__fd_write_stop,
    .connect = uv__pipe_connect,
    .shutdown = uv__sock_shutdown,
    .listen = uv__sock_listen,
    .accept_now = pipe_accept_now,
    .done = uv__fd_done,
    .close = pipe_close,
    .beyond = UV__FD_BEYOND_PIPE,
    .arms_at_once = 1,
};
