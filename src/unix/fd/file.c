/* Files through streams: a file's bytes read for whoever copies them, and, on Linux, moved by the system
 * from the file to a socket or a pipe. Elsewhere they are copied: what went of a call that was cut short
 * each system tells in another way. */

/* Places in files beyond what `long` counts; where it counts them, names stay what they are. */
#if defined(__SIZEOF_POINTER__) && __SIZEOF_POINTER__ < 8
#  define _FILE_OFFSET_BITS 64
#endif

#include "unix/fd/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#if defined(__linux__)
#  include <sys/sendfile.h>
#endif

ssize_t uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len) {
  ssize_t n;

  do
    n = pread(file, base, len, (off_t) offset);
  while (n < 0 && errno == EINTR);
  return n > 0 ? n : n == 0 ? UV_EOF : UV__ERR(errno);
}

#if defined(__linux__)

/* splice has a flag against waiting, whatever mode others want of the pipe; sendfile has none. */
static ssize_t move(struct uv__io* io, int file, uint64_t offset, size_t len, int is_pipe) {
  loff_t at = (loff_t) offset;
  off_t from = (off_t) offset;
  ssize_t n;

  do
    n = is_pipe ? splice(file, &at, io->tail.fd, NULL, len, SPLICE_F_NONBLOCK)
                : sendfile(io->tail.fd, file, &from, len);
  while (n < 0 && errno == EINTR);
  return n;
}

/* Neither call has a flag against the signal of a peer that is gone, and it also comes beside what had gone
 * before. */
static ssize_t move_mutely(struct uv__io* io, int file, uint64_t offset, size_t len, int is_pipe) {
  struct uv__mute mute;
  ssize_t n;

  uv__mute_begin(&mute, SIGPIPE);
  n = move(io, file, offset, len, is_pipe);
  uv__mute_end(&mute, n < 0 ? errno == EPIPE : (size_t) n < len);
  return n;
}

ssize_t uv__fd_move_file(
    struct uv__io* io, uv_file file, uint64_t offset, size_t len, int is_pipe) {
  int r = uv__fd_write_waits(io, UV__QUEUE);
  ssize_t n;

  if (r != 0)
    return r;
  if (!is_pipe && uv__file_blocks(io->tail.fd)) /* As others want it: a send can do without. */
    return uv__fd_end(io, UV_ENOTSUP);
  n = move_mutely(io, file, offset, len, is_pipe);
  if (n == 0)
    return uv__fd_end(io, UV_EOF);
  /* Of files that cannot be moved the one or the other is said, and of a place where the file system has none;
   * and a filter of calls may not know them. */
  if (n < 0 && (errno == EINVAL || errno == ENOSYS || errno == ESPIPE || errno == EPERM ||
                errno == EOVERFLOW))
    return uv__fd_end(io, UV_ENOSYS);
  return uv__fd_was_written(io, NULL, 0, UV__QUEUE, n);
}

#else

ssize_t uv__fd_move_file(
    struct uv__io* io, uv_file file, uint64_t offset, size_t len, int is_pipe) {
  (void) io;
  (void) file;
  (void) offset;
  (void) len;
  (void) is_pipe;
  return UV_ENOSYS;
}

#endif

ssize_t uv__sock_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len) {
  return uv__fd_move_file(io, file, offset, len, 0);
}
