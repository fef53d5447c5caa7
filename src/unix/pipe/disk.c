/* What is always ready, so that no poller takes it: files, disks, and devices such as /dev/null. A
 * program's output that somebody redirected into a file is one. Each read and write is a call that
 * waits for the disk, as everybody's does. What can be waited for is plain.c's. */
#include "unix/pipe/pipe.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const struct uv__ops disk_ops;

int uv__disk_open(struct uv__io* io, int fd, unsigned* opened) {
  int flags = fcntl(fd, F_GETFL);
  int access = flags & O_ACCMODE;
  int r = flags < 0 ? UV__ERR(errno) : uv__fd_attach(io, fd, 0);

  if (r < 0)
    return r;
  *opened = UV__OPENED_STAYS;
  if (access != O_WRONLY)
    *opened |= UV__OPENED_READABLE;
  if (access != O_RDONLY)
    *opened |= UV__OPENED_WRITABLE;
  io->ops = &disk_ops;
  return (int) uv__fd_end(io, 0);
}

static int disk_read_arm(struct uv__io* io) {
  (void) io;
  return UV__READY;
}

static ssize_t disk_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  ssize_t n;

  (void) passed; /* The core empties it. */
  do
    n = read(io->tail.fd, base, len);
  while (n < 0 && errno == EINTR);
  if (n == 0)
    return UV_EOF;
  if (n < 0 && errno == EAGAIN)
    return UV_ENOTSUP; /* A device with nothing now, which cannot tell when it has. */
  return n < 0 ? UV__ERR(errno) : n;
}

/* The core asks again later where it is told UV_EAGAIN. */
static ssize_t disk_write(struct uv__io* io,
                          const uv_buf_t* bufs,
                          unsigned nbufs,
                          enum uv__write_mode mode,
                          struct uv__io* const* pass) {
  ssize_t n;

  (void) mode;
  if (pass != NULL)
    return UV_EINVAL;
  n = uv__mute_write(io->tail.fd, bufs, nbufs, SIGXFSZ); /* of a file at the limit of its size */
  if (n == 0)
    return UV_EIO; /* What takes nothing, and says not why, would be asked for ever. */
  return n < 0 ? UV__ERR(errno) : n;
}

/* Who reads the file finds its end without being told. */
static int disk_shutdown(struct uv__io* io) {
  (void) io;
  return 0;
}

/* An open file is connected, so that the core asks for nothing that leads there. */
static const struct uv__ops disk_ops = {
    .init = uv__fd_init,
    .name = uv__plain_name,
    .option = uv__plain_option,
    .fileno = uv__fd_fileno,
    .read_arm = disk_read_arm,
    .read_disarm = uv__fd_read_disarm,
    .read_now = disk_read_now,
    .write = disk_write,
    .write_stop = uv__fd_write_stop,
    .shutdown = disk_shutdown,
    .done = uv__fd_done,
    .close = uv__fd_close,
};
