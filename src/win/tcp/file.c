/* Files through TCP streams: a piece of a file as one overlapped TransmitFile. What is not for that is
 * copied by the core. */
#include "win/tcp/tcp.h"

#include "core/base/atomic.h"

enum {
  /* A Windows that is no server works on two at a time, on the whole machine, and has the others wait. So a
   * third, which would wait for strangers' peers, is copied. */
  MOST_AT_ONCE = 2
};

static int under_way; /* in this process */

static int begin_one(void) {
  if (uv__atomic_add(&under_way, 1) < MOST_AT_ONCE)
    return 1;
  uv__atomic_add(&under_way, -1);
  return 0;
}

static void end_one(void) {
  uv__atomic_add(&under_way, -1);
}

/* A file that has become shorter meanwhile: the next piece finds out. What was cancelled says how much
 * went no more than a send does. */
static ssize_t result(struct uv__io* io) {
  ssize_t r = uv__sock_result(io->tail.u.socket, &io->tail.out);

  if (r == UV_EOF)
    return 0;
  return r == UV_ECONNABORTED ? UV_ECONNRESET : r;
}

static void complete_file(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_OUT, complete_file));
  end_one();
  if (op->overlapped.Internal != 0 && (io->tail.state & UV__WIN_CLOSING))
    io->tail.sent = UV_ECANCELED;
  else
    io->tail.sent = (int) result(io);
  if (uv__tcp_finished(io, UV__WIN_OUT))
    uv__ring(io, UV__WRITE);
}

/* Whoever reads where it ends says whether it may be read, and is a file. Meanwhile it may have grown. */
static ssize_t look_at_end(uv_file file, uint64_t offset) {
  char byte;

  return uv__port_file_read(file, offset, &byte, 1);
}

/* Where it may be transmitted, and how much of it is there; else what to answer. */
static ssize_t look(struct uv__io* io, uv_file number, HANDLE file, uint64_t offset, size_t len) {
  LARGE_INTEGER size;
  int r = uv__tcp_is_plain(io);

  if (r != 0)
    return r < 0 ? r : UV_ENOTSUP; /* Its sends wait, as others want them to. */
  if (uv__sock_calls.transmit == NULL || !(io->tail.state & UV__WIN_IFS))
    return UV_ENOSYS;
  if (file == INVALID_HANDLE_VALUE || GetFileType(file) != FILE_TYPE_DISK ||
      !GetFileSizeEx(file, &size))
    return UV_ENOSYS; /* Who reads it says what is wrong. */
  if (offset >= (uint64_t) size.QuadPart)
    return look_at_end(number, offset);
  return (uint64_t) size.QuadPart - offset < len ? (ssize_t) ((uint64_t) size.QuadPart - offset)
                                                 : (ssize_t) len;
}

static ssize_t refused(ssize_t r) {
  switch (r) {
  case UV_EINVAL:
  case UV_EBADF:
  case UV_EPERM: /* It is open for writing only: who reads it says so. */
  case UV_EACCES:
  case UV_ENOTSUP:
    return UV_ENOSYS; /* That file, or that provider. */
  case UV_EAGAIN:
  case UV_ENOBUFS:
  case UV_ENOMEM:
    return UV_ENOTSUP; /* A copy needs less. */
  default:
    return r == UV_ECONNABORTED ? UV_ECONNRESET : r;
  }
}

ssize_t uv__tcp_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len) {
  HANDLE handle = uv_get_osfhandle(file);
  OVERLAPPED* overlapped;
  ssize_t n = look(io, file, handle, offset, len);
  BOOL ok;
  int r;

  if (n < 0)
    return n;
  r = uv__tcp_ready(io);
  if (r < 0)
    return r;
  if (!begin_one())
    return UV_ENOTSUP;
  overlapped = uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_file);
  overlapped->Offset = (DWORD) offset;
  overlapped->OffsetHigh = (DWORD) (offset >> 32);
  ok = uv__sock_calls.transmit(io->tail.u.socket, handle, (DWORD) n, 0, overlapped, NULL, 0);
  r = uv__tcp_begun(io, ok, UV__WIN_OUT);
  if (r == UV__PENDING)
    return UV__PENDING;
  end_one();
  return r == UV__READY ? result(io) : refused(r);
}
