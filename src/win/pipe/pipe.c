/* Overlapped pipes on a completion port: every lane of a connected one, and the table of
 * operations. How a handle becomes the stream's is in pipe_open.c, names and connecting are in
 * pipe_name.c and pipe_connect.c, listening is in pipe_server.c, pipes that are not overlapped
 * are in pipe_sync.c.
 *
 * A pipe of messages is used as a stream of bytes that has one mark besides: an empty message is
 * the end of what its writer sends, where the peer is known to take it for that. */
#include "win/internal.h"

#include <string.h>

enum {
  /* Bytes of one call. The kernel copies what the reader has no room for, however much. */
  WRITE_MAX = 1 << 20,
  STATUS_MORE = (int) 0x80000005 /* STATUS_BUFFER_OVERFLOW: the message has more bytes */
};

/* ---- Descriptor ---- */

void uv__pipe_init(struct uv__io* io) {
  memset(&io->tail, 0, sizeof(io->tail));
  io->tail.u.handle = INVALID_HANDLE_VALUE;
}

int uv__pipe_fileno(const struct uv__io* io, uv_os_fd_t* fd) {
  HANDLE handle = io->tail.state & UV__WIN_BOUND ? uv__pipe_server_handle(io) : io->tail.u.handle;

  if (handle == INVALID_HANDLE_VALUE)
    return UV_EBADF;
  *fd = handle;
  return 0;
}

/* A client has no name of its own, as on Unix. */
int uv__pipe_name(struct uv__io* io, enum uv__end end, void* addr, int* len) {
  int at_server = (io->tail.state & (UV__WIN_SERVER | UV__WIN_BOUND)) != 0;
  uv_os_fd_t handle;
  int r = uv__pipe_fileno(io, &handle);

  if (r < 0)
    return r;
  if ((end == UV__LOCAL) != at_server) {
    *len = 0;
    return 0;
  }
  return uv__pipe_query_name(handle, (io->tail.state & UV__WIN_DOT) != 0, addr, len);
}

int uv__pipe_option(struct uv__io* io, enum uv__option option, void* value) {
  switch (option) {
  case UV__INSTANCES:
    io->tail.sent = *(int*) value; /* For the coming listen; no write is pending before. */
    return 0;
  case UV__CHMOD:
    return io->tail.state & UV__WIN_BOUND ? uv__pipe_server_chmod(io, *(int*) value) : UV_EBADF;
  case UV__ACCEPTS:
    return 0;
  case UV__SNDBUF:
  case UV__RCVBUF:
    return UV_EINVAL; /* The sizes of a pipe are given when it is created. */
  default:
    return UV_ENOTSUP;
  }
}

int uv__pipe_bind(struct uv__io* io, const void* addr, unsigned flags) {
  struct uv__pipe_wide name;
  int r = uv__pipe_parse(addr, &name);

  (void) flags;
  return r < 0 ? r : uv__pipe_server_bind(io, &name);
}

int uv__pipe_listen(struct uv__io* io, int backlog) {
  (void) backlog;
  return io->tail.state & UV__WIN_BOUND ? uv__pipe_server_listen(io) : UV_EINVAL;
}

int uv__pipe_accept_now(struct uv__io* io, struct uv__desc* desc) {
  return uv__pipe_server_accept(io, desc);
}

int uv__pipe_connect(struct uv__io* io, const void* addr) {
  struct uv__pipe_wide name;
  int r = uv__pipe_parse(addr, &name);

  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_BOUND)
    uv__pipe_server_free(io); /* A client has no name of its own here. */
  return uv__pipe_connect_start(io, &name);
}

/* ---- Operations of the kernel ---- */

/* A packet was dequeued. Says whether its lane may ring; a stream that closes has but one. */
static int finished(struct uv__io* io, unsigned flag) {
  uv__win_clear(io, flag);
  if (!(io->tail.state & UV__WIN_CLOSING))
    return 1;
  uv__pipe_settle(io);
  return 0;
}

/* The error that a call left behind: 0 when it succeeded and no packet comes. On somebody else's
 * port each success brings one. */
static DWORD begun(struct uv__io* io, BOOL ok, unsigned flag) {
  DWORD error = ok ? 0 : GetLastError();

  if (error == 0 && (io->tail.state & UV__WIN_FOREIGN))
    error = ERROR_IO_PENDING;
  if (error == ERROR_IO_PENDING)
    uv__win_set(io, flag);
  return error;
}

static DWORD result_of(struct uv__io* io, struct uv__op* op, DWORD* bytes) {
  return GetOverlappedResult(io->tail.u.handle, &op->overlapped, bytes, FALSE) ? 0 : GetLastError();
}

int uv__pipe_read_error(DWORD error) {
  switch (error) {
  case ERROR_BROKEN_PIPE:
  case ERROR_NO_DATA: /* The other end is closing. */
  case ERROR_PIPE_NOT_CONNECTED:
    return UV_EOF;
  default:
    return uv__error_translate(error);
  }
}

int uv__pipe_write_error(DWORD error) {
  return error == ERROR_BROKEN_PIPE ? UV_EPIPE : uv__error_translate(error);
}

/* ---- The end of one direction ---- */

static void complete_end(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);

  if (finished(io, UV__WIN_OUT) && (io->busy & UV__SHUTDOWN))
    uv__ring(io, UV__SHUTDOWN);
}

/* Writes the empty message. A peer that is gone needs none. */
static int write_end(struct uv__io* io) {
  OVERLAPPED* overlapped = uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_end);
  BOOL ok = WriteFile(io->tail.u.handle, "", 0, NULL, overlapped);

  return begun(io, ok, UV__WIN_OUT) == ERROR_IO_PENDING ? UV__PENDING : 0;
}

/* Looks whether the first message is the greeting, and takes it out if it is: then 1. A client of
 * ours writes it before anything else, in one piece. */
int uv__pipe_meet(struct uv__io* io) {
  char first[sizeof(uv__pipe_greeting)];
  OVERLAPPED overlapped;
  DWORD left = 0;
  DWORD size = 0;
  DWORD total = 0;

  if (!PeekNamedPipe(io->tail.u.handle, first, sizeof(first), &size, &total, &left) || size == 0)
    return 0; /* Broken, which a read will tell; or it says nothing yet. */
  uv__win_clear(io, UV__WIN_GREET);
  if (size != sizeof(first) || left != 0 || memcmp(first, uv__pipe_greeting, size) != 0)
    return 0;
  memset(&overlapped, 0, sizeof(overlapped));
  overlapped.hEvent = (HANDLE) ((ULONG_PTR) io->loop->tail.event | 1);
  if (!ReadFile(io->tail.u.handle, first, sizeof(first), NULL, &overlapped))
    return 0; /* Impossible, unless it broke right now. */
  uv__win_set(io, UV__WIN_ALLY);
  uv__win_clear(io, UV__WIN_DATA | UV__WIN_LOOK);
  if (uv__pipe_of(io)->owes_end) {
    uv__pipe_of(io)->owes_end = 0;
    (void) write_end(io);
  }
  return 1;
}

/* ---- READ ---- */

static void complete_read(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);
  int status = (int) op->overlapped.Internal;

  if (!finished(io, UV__WIN_IN))
    return;
  if (status == STATUS_MORE) {
    uv__win_set(io, UV__WIN_DATA);
  } else if (status == 0) {
    uv__win_set(io, UV__WIN_LOOK);
  } else {
    DWORD bytes;
    int r = uv__pipe_read_error(result_of(io, op, &bytes));
    if (r == UV_EOF)
      uv__win_set(io, UV__WIN_ENDED);
    else if (r != UV_ECANCELED) /* Not ours: somebody shares the pipe. */
      io->tail.error = (short) r;
  }
  /* A greeting is not for the program: with nothing behind it the wait goes on. */
  if ((io->tail.state & UV__WIN_GREET) && uv__pipe_meet(io) && (io->busy & UV__READ)) {
    int r = uv__pipe_read_arm(io);
    if (r == UV__PENDING)
      return;
    if (r < 0)
      io->tail.error = (short) r;
  }
  if (uv__pipe_of(io)->above != NULL)
    uv__ipc_arrived(io);
  else if (io->busy & UV__READ)
    uv__ring(io, UV__READ);
}

/* A read of no bytes, which takes nothing and pins no memory. */
static int wait_for_data(struct uv__io* io) {
  OVERLAPPED* overlapped = uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_read);
  BOOL ok = ReadFile(io->tail.u.handle, overlapped, 0, NULL, overlapped);
  DWORD error = begun(io, ok, UV__WIN_IN);

  switch (error) {
  case ERROR_IO_PENDING:
    return UV__PENDING;
  case 0:
    uv__win_set(io, UV__WIN_LOOK);
    return UV__READY;
  case ERROR_MORE_DATA:
    uv__win_set(io, UV__WIN_DATA);
    return UV__READY;
  default:
    if (uv__pipe_read_error(error) != UV_EOF)
      return uv__pipe_read_error(error);
    uv__win_set(io, UV__WIN_ENDED);
    return UV__READY;
  }
}

/* Under load there is something already, and a look is cheaper than a read of nothing. */
static int peek(struct uv__io* io) {
  DWORD total = 0;
  int r;

  if (PeekNamedPipe(io->tail.u.handle, NULL, 0, NULL, &total, NULL)) {
    if (total > 0)
      uv__win_set(io, UV__WIN_DATA);
    return 0;
  }
  r = uv__pipe_read_error(GetLastError());
  if (r != UV_EOF)
    return r;
  uv__win_set(io, UV__WIN_ENDED);
  return 0;
}

int uv__pipe_read_arm(struct uv__io* io) {
  const unsigned ready = UV__WIN_DATA | UV__WIN_LOOK | UV__WIN_ENDED;
  int r;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE || uv__pipe_of(io)->write_only)
    return UV_ENOTCONN;
  if ((io->tail.state & ready) || io->tail.error != 0)
    return UV__READY;
  if (io->tail.state & UV__WIN_IN)
    return UV__PENDING; /* Of a shutdown that wants to meet the peer. */
  do {
    r = peek(io);
    if (r < 0)
      return r;
  } while ((io->tail.state & UV__WIN_GREET) && (io->tail.state & UV__WIN_DATA) &&
           uv__pipe_meet(io));
  return io->tail.state & ready ? UV__READY : wait_for_data(io);
}

/* The pending read takes nothing: it is left to answer the next read_start. */
int uv__pipe_read_disarm(struct uv__io* io) {
  (void) io;
  return UV__PENDING;
}

/* Reads what is there, at most one message: the count, UV_EAGAIN when there is nothing, 0 for
 * an empty message. Should somebody who shares the pipe have been faster, the read would wait. It
 * is taken back then; if bytes were faster still they are the result. */
static ssize_t take(struct uv__io* io, char* base, DWORD len, int* more) {
  OVERLAPPED overlapped;
  DWORD bytes = 0;
  DWORD error = 0;

  memset(&overlapped, 0, sizeof(overlapped));
  /* A message that does not fit would post a packet; the low bit says not to. */
  overlapped.hEvent = (HANDLE) ((ULONG_PTR) io->loop->tail.event | 1);
  if (!ReadFile(io->tail.u.handle, base, len, NULL, &overlapped))
    error = GetLastError();
  if (error == ERROR_IO_PENDING) {
    CancelIoEx(io->tail.u.handle, &overlapped);
    error = GetOverlappedResult(io->tail.u.handle, &overlapped, &bytes, TRUE) ? 0 : GetLastError();
  }
  *more = error == ERROR_MORE_DATA;
  if (error == 0 || error == ERROR_MORE_DATA)
    return (ssize_t) overlapped.InternalHigh;
  return error == ERROR_OPERATION_ABORTED ? UV_EAGAIN : uv__pipe_read_error(error);
}

/* What read_now answers when there were no bytes, although something seemed to be there. On a
 * pipe of messages that is an empty one, read or swallowed by the read of nothing. */
static ssize_t nothing(struct uv__io* io) {
  if (!(io->tail.state & UV__WIN_MESSAGES) || !(io->tail.state & UV__WIN_ALLY))
    return UV_EAGAIN; /* Somebody wrote nothing, literally. */
  uv__win_set(io, UV__WIN_ENDED);
  return UV_EOF;
}

ssize_t uv__pipe_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  int error = io->tail.error;
  int look;
  int more;
  ssize_t n;
  int r;

  (void) passed;
  io->tail.error = 0;
  if (error != 0)
    return error;
  if (io->tail.state & UV__WIN_GREET)
    (void) uv__pipe_meet(io);
  if (!(io->tail.state & (UV__WIN_DATA | UV__WIN_ENDED))) {
    r = peek(io);
    if (r < 0)
      return r;
  }
  if (io->tail.state & UV__WIN_ENDED)
    return UV_EOF;
  look = (io->tail.state & (UV__WIN_LOOK | UV__WIN_MESSAGES)) == (UV__WIN_LOOK | UV__WIN_MESSAGES);
  uv__win_clear(io, UV__WIN_LOOK);
  if (!(io->tail.state & UV__WIN_DATA) && !look)
    return UV_EAGAIN;
  n = take(io, base, len < INT_MAX ? (DWORD) len : INT_MAX, &more);
  uv__win_clear(io, UV__WIN_DATA);
  if (n > 0) {
    if (more)
      uv__win_set(io, UV__WIN_DATA);
    return n;
  }
  if (n == UV_EOF)
    uv__win_set(io, UV__WIN_ENDED);
  if (n == 0 || (n == UV_EAGAIN && look))
    return nothing(io);
  return n;
}

/* ---- WRITE ---- */

static void complete_write(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_out(op);
  DWORD bytes = 0;
  DWORD error = result_of(io, op, &bytes);

  /* What went before the pending part counts in any case; the error of the part comes again
   * with the next write. */
  if (error == 0)
    io->tail.sent += (int) bytes;
  else if (io->tail.sent == 0)
    io->tail.sent = io->tail.state & UV__WIN_CLOSING ? UV_ECANCELED : uv__pipe_write_error(error);
  if (finished(io, UV__WIN_OUT))
    uv__ring(io, UV__WRITE);
}

/* One call after the other takes one buffer after the other, from where it is, until the pipe
 * is full. */
static ssize_t write_queue(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs) {
  int total = 0;
  unsigned i;

  for (i = 0; i < nbufs && total < WRITE_MAX; i++) {
    DWORD size = bufs[i].len < WRITE_MAX ? (DWORD) bufs[i].len : WRITE_MAX;
    OVERLAPPED* overlapped = uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete_write);
    BOOL ok = WriteFile(io->tail.u.handle, bufs[i].base, size, NULL, overlapped);
    DWORD error = begun(io, ok, UV__WIN_OUT);

    if (error == ERROR_IO_PENDING) {
      io->tail.sent = total;
      return UV__PENDING;
    }
    if (error != 0)
      return total > 0 ? total : uv__pipe_write_error(error);
    total += (int) size;
    if (size < bufs[i].len)
      break;
  }
  return total;
}

ssize_t uv__pipe_write(struct uv__io* io,
                       const uv_buf_t* bufs,
                       unsigned nbufs,
                       enum uv__write_mode mode,
                       struct uv__io* pass) {
  (void) pass;
  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_EPIPE;
  if (io->tail.state & UV__WIN_OUT)
    return UV_EAGAIN; /* A try: behind the bytes in flight. */
  if (mode == UV__TRY)
    return uv__spare_write(uv__pipe_of(io)->spare, io->tail.u.handle, bufs, nbufs);
  return write_queue(io, bufs, nbufs);
}

int uv__pipe_write_first(struct uv__io* io, const void* bytes, DWORD size) {
  uv_buf_t buf = uv_buf_init((char*) bytes, size);
  ssize_t n = uv__spare_write(uv__pipe_of(io)->spare, io->tail.u.handle, &buf, 1);

  return n < 0 ? (int) n : 0;
}

/* ---- SHUTDOWN ---- */

/* Gives up the handle; what uv_try_write wrote may still be on its way. */
static void release_handle(struct uv__io* io) {
  struct uv__pipe* pipe = io->tail.more;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return;
  uv__loop_unlink(io);
  if (pipe->foreign != NULL)
    uv__foreign_end(pipe->foreign);
  pipe->foreign = NULL;
  uv__spare_end(pipe->spare, io->tail.u.handle, io->loop);
  pipe->spare = NULL;
  io->tail.u.handle = INVALID_HANDLE_VALUE;
}

/* Tells the peer that nothing more comes, in a way that leaves the other direction alone. Where
 * there is none, it learns it from the close. */
int uv__pipe_shutdown(struct uv__io* io) {
  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_ENOTCONN;
  if (uv__pipe_of(io)->write_only) {
    release_handle(io);
    return 0;
  }
  if (io->tail.state & UV__WIN_GREET)
    (void) uv__pipe_meet(io);
  if (io->tail.state & UV__WIN_ALLY)
    return write_end(io);
  if ((io->tail.state & UV__WIN_GREET) && !(io->tail.state & UV__WIN_ENDED)) {
    /* A client of ours may be about to say who it is. */
    uv__pipe_of(io)->owes_end = 1;
    if (!(io->tail.state & (UV__WIN_IN | UV__WIN_DATA | UV__WIN_LOOK)))
      (void) wait_for_data(io);
  }
  return 0;
}

/* ---- Results and the end ---- */

ssize_t uv__pipe_done(struct uv__io* io, enum uv__lane lane) {
  ssize_t r = 0;

  if (lane == UV__WRITE) {
    r = io->tail.sent;
    io->tail.sent = 0;
  } else if (lane == UV__CONNECT) {
    r = io->tail.error;
    io->tail.error = 0;
  }
  return r;
}

static int in_kernel(const struct uv__io* io) {
  if (io->tail.state & UV__WIN_BOUND)
    return uv__pipe_server_busy(io);
  return (io->tail.state & (UV__WIN_IN | UV__WIN_OUT)) != 0;
}

static void release(struct uv__io* io) {
  if (io->tail.state & UV__WIN_BOUND) {
    uv__pipe_server_free(io);
    return;
  }
  release_handle(io);
  if (io->tail.more != NULL)
    uv__pipe_free_block(io->tail.more);
  io->tail.more = NULL;
}

void uv__pipe_settle(struct uv__io* io) {
  if (in_kernel(io))
    return;
  release(io);
  uv__ring(io, UV__CLOSED);
}

/* The packets come first, then the handle goes, as with TCP. What the kernel took stays
 * readable when the handle is closed, on either end; DisconnectNamedPipe would discard it. */
int uv__pipe_close(struct uv__io* io) {
  uv__win_set(io, UV__WIN_CLOSING);
  if (io->tail.state & UV__WIN_BOUND) {
    if (uv__pipe_server_cancel(io))
      return UV__PENDING;
  } else if (io->tail.u.handle == INVALID_HANDLE_VALUE) {
    if (io->busy & UV__CONNECT)
      uv__pipe_connect_end(io);
  } else {
    /* One by one: what uv_try_write wrote is to arrive. */
    if (io->tail.state & UV__WIN_IN)
      CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped);
    if (io->tail.state & UV__WIN_OUT)
      CancelIoEx(io->tail.u.handle, &io->tail.out.overlapped);
    if (in_kernel(io))
      return UV__PENDING;
  }
  release(io);
  return 0;
}

const struct uv__ops uv__pipe_ops = {
    .init = uv__pipe_init,
    .open = uv__pipe_open,
    .bind = uv__pipe_bind,
    .name = uv__pipe_name,
    .option = uv__pipe_option,
    .fileno = uv__pipe_fileno,
    .read_arm = uv__pipe_read_arm,
    .read_disarm = uv__pipe_read_disarm,
    .read_now = uv__pipe_read_now,
    .write = uv__pipe_write,
    .connect = uv__pipe_connect,
    .shutdown = uv__pipe_shutdown,
    .listen = uv__pipe_listen,
    .accept_now = uv__pipe_accept_now,
    .done = uv__pipe_done,
    .close = uv__pipe_close,
};
