/* Reading from a connected end, and how its peer is told that nothing more comes. Who that is, is in
 * meet.c.
 *
 * A pipe of messages is used as a stream of bytes that has one mark besides: an empty message is
 * the end of what its writer sends, where the peer is known to take it for that. */
#include "win/pipe/pipe.h"

#include <string.h>

enum {
  STATUS_MORE = (int) 0x80000005 /* STATUS_BUFFER_OVERFLOW: the message has more bytes */
};

/* ---- READ ---- */

static DWORD read_at_once(struct uv__io* io, char* base, DWORD len, DWORD* bytes) {
  HANDLE event = io->loop != NULL ? io->loop->tail.event : uv__pipe_of(io)->event;

  return uv__native_read_at_once(io->tail.u.handle, event, base, len, bytes);
}

/* There is something. A greeting is not for the program: with nothing behind it the wait goes on. One that
 * there was no memory to read is looked for again where an end is owed, as nobody may read. */
static void arrived(struct uv__io* io) {
  int met = 0;

  if ((io->tail.state & UV__WIN_GREET) && !uv__pipe_of(io)->left)
    met = uv__pipe_read_meet(io);
  if (met < 0 && uv__pipe_of(io)->owes_end)
    uv__pipe_read_look_later(io);
  if (met > 0 && (io->busy & UV__READ)) {
    int r = uv__pipe_read_arm(io);
    if (r == UV__PENDING)
      return;
    if (r < 0)
      io->tail.error = (short) r;
  }
  if (uv__pipe_of(io)->kind != NULL)
    uv__pipe_of(io)->kind->arrived(io);
  else if (io->busy & UV__READ)
    uv__ring(io, UV__READ);
}

static void complete_read(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);
  int status = (int) op->overlapped.Internal;

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_IN, complete_read));
  if (status == STATUS_MORE) {
    uv__win_set(io, UV__WIN_DATA);
  } else if (status == 0) {
    uv__win_set(io, UV__WIN_LOOK);
  } else {
    DWORD bytes;
    int r = uv__native_read_error(uv__pipe_end_result(io, op, &bytes));
    if (r == UV_EOF)
      uv__win_set(io, UV__WIN_ENDED);
    else if (r != UV_ECANCELED) /* Not ours: somebody shares the pipe. */
      io->tail.error = (short) r;
  }
  if (uv__pipe_end_finished(io, UV__WIN_IN)) /* Else it goes along with one that leaves its loop. */
    arrived(io);
}

/* One look tells of all that waits, however many messages it is: none of them is asked for again. */
static int peek(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);
  DWORD total = 0;
  int r;

  if (PeekNamedPipe(io->tail.u.handle, NULL, 0, NULL, &total, NULL)) {
    pipe->seen = total;
    pipe->bursts = total > 0;
    if (total > 0)
      uv__win_set(io, UV__WIN_DATA);
    return 0;
  }
  r = uv__native_read_error(GetLastError());
  if (r != UV_EOF)
    return r;
  uv__win_set(io, UV__WIN_ENDED);
  return 0;
}

static void look_again(struct uv__retry* retry) {
  struct uv__pipe* pipe = uv__container_of(retry, struct uv__pipe, look_again);
  struct uv__io* io = pipe->io;
  int r = peek(io);

  if (r == 0 && !(io->tail.state & (UV__WIN_DATA | UV__WIN_ENDED)))
    return;
  if (r == 0 && pipe->owes_end && uv__pipe_read_meet(io) < 0)
    return;
  uv__retry_end(io->loop, retry);
  if (r < 0)
    io->tail.error = (short) r;
  arrived(io);
}

/* A closing pipe and a PIPE_NOWAIT end with nothing in it (put.c) have the same error, but only the
 * latter can be looked into. Nobody tells when something comes. */
static int is_empty(struct uv__io* io, DWORD error) {
  return error == ERROR_NO_DATA && PeekNamedPipe(io->tail.u.handle, NULL, 0, NULL, NULL, NULL);
}

void uv__pipe_read_look_later(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);

  pipe->look_again.again = look_again;
  if (pipe->look_again.at == NULL)
    uv__retry_begin(io->loop, &pipe->look_again);
}

static void complete_warned(struct uv__op* op) {
  (void) op;
}

static void complete_mark(struct uv__op* op) {
  struct uv__io* io = uv__container_of(op, struct uv__pipe, mark)->io;

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, &io->tail.in, UV__WIN_IN, complete_warned));
  if (uv__pipe_end_finished(io, UV__WIN_IN))
    arrived(io);
}

static int post_mark(struct uv__pipe* pipe) {
  return uv__loop_post_packet(pipe->io->loop->tail.iocp, 0, UV__LOOP_KEY_POST,
                              &pipe->mark.overlapped);
}

static void post_mark_again(struct uv__retry* retry) {
  struct uv__pipe* pipe = uv__container_of(retry, struct uv__pipe, look_again);

  if (!post_mark(pipe))
    return;
  pipe->owes_mark = 0;
  uv__retry_end(pipe->io->loop, retry);
}

/* A read that ends at once with a warning posts a packet although successes do not, says Windows, and
 * none, does Wine. If there is one it is in the port by now, and this one comes after it; which it would
 * not by any other way than through the port, so that a shortage is waited out. With an event there is none
 * on any system. */
static int join_warned(struct uv__io* io) {
  struct uv__pipe* pipe = uv__pipe_of(io);

  uv__win_set(io, UV__WIN_DATA);
  if (io->tail.state & UV__WIN_FOREIGN)
    return UV__READY;
  uv__win_set(io, UV__WIN_IN);
  io->tail.in.complete = complete_warned;
  memset(&pipe->mark.overlapped, 0, sizeof(pipe->mark.overlapped));
  pipe->mark.complete = complete_mark;
  if (!post_mark(pipe)) {
    pipe->owes_mark = 1;
    pipe->look_again.again = post_mark_again;
    uv__retry_begin(io->loop, &pipe->look_again);
  }
  return UV__PENDING;
}

/* A read of no bytes, which takes nothing and pins no memory. */
static int wait_for_data(struct uv__io* io) {
  int r = uv__pipe_end_ready(io);
  OVERLAPPED* overlapped;
  DWORD error;
  BOOL ok;

  if (r < 0)
    return r;
  overlapped = uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_read);
  ok = ReadFile(io->tail.u.handle, overlapped, 0, NULL, overlapped);
  error = uv__pipe_end_begun(io, ok, UV__WIN_IN);
  if (error == ERROR_IO_PENDING)
    return UV__PENDING;
  uv__pipe_of(io)->bursts = error == ERROR_MORE_DATA || error == 0;
  if (error == ERROR_MORE_DATA)
    return join_warned(io);
  if (error == 0) {
    uv__win_set(io, UV__WIN_LOOK);
    return UV__READY;
  }
  if (is_empty(io, error)) {
    uv__pipe_read_look_later(io);
    return UV__PENDING;
  }
  if (uv__native_read_error(error) != UV_EOF)
    return uv__native_read_error(error);
  uv__win_set(io, UV__WIN_ENDED);
  return UV__READY;
}

/* Where a message at a time comes the read of nothing answers all by itself. Where something was there
 * already the last time, a look is cheaper, and tells more. */
int uv__pipe_read_arm(struct uv__io* io) {
  const unsigned ready = UV__WIN_DATA | UV__WIN_LOOK | UV__WIN_ENDED;
  int r;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE || uv__pipe_of(io)->write_only)
    return UV_ENOTCONN;
  uv__pipe_of(io)->left = 0;
  if ((io->tail.state & ready) || io->tail.error != 0)
    return UV__READY;
  if ((io->tail.state & UV__WIN_IN) || uv__pipe_of(io)->look_again.at != NULL)
    return UV__PENDING; /* Of a shutdown that wants to meet the peer, or not taken back. */
  if (!(io->tail.state & UV__WIN_GREET) && !uv__pipe_of(io)->bursts)
    return wait_for_data(io);
  do {
    r = peek(io);
    if (r < 0)
      return r;
  } while ((io->tail.state & UV__WIN_GREET) && (io->tail.state & UV__WIN_DATA) &&
           uv__pipe_read_meet(io) > 0);
  return io->tail.state & ready ? UV__READY : wait_for_data(io);
}

static void complete_yield(struct uv__op* op) {
  struct uv__io* io = uv__win_io_of_in(op);

  assert(uv__win_io_valid(io) && uv__win_op_valid(io, op, UV__WIN_IN, complete_yield));
  if (uv__pipe_end_finished(io, UV__WIN_IN))
    arrived(io);
}

/* A packet of our own stands for the read that would wait; who closes joins it as any other. So the
 * stream is made ready for such a read, which may be its first. */
int uv__pipe_read_yield(struct uv__io* io) {
  int r = uv__pipe_end_ready(io);

  if (r < 0)
    return r;
  if (io->tail.state & UV__WIN_IN)
    return UV__PENDING; /* A packet will come. */
  (void) uv__win_prepare(io, &io->tail.in, UV__WIN_IN, complete_yield);
  uv__win_set(io, UV__WIN_IN);
  uv__loop_post(io->loop, &io->tail.in);
  return UV__PENDING;
}

/* The pending read takes nothing: it is left to answer the next read_start. */
int uv__pipe_read_disarm(struct uv__io* io) {
  (void) io;
  return UV__PENDING;
}

/* What a read left of what a look saw. One that was filled may have left more; and where others read,
 * too, there may be less, which the next one finds out. */
static void count_taken(struct uv__io* io, DWORD len, DWORD bytes, int more) {
  struct uv__pipe* pipe = uv__pipe_of(io);

  pipe->seen = pipe->seen > bytes ? pipe->seen - bytes : 0;
  if (bytes == len)
    pipe->bursts = 1;
  if (more || pipe->seen > 0)
    uv__win_set(io, UV__WIN_DATA);
}

/* Reads what is there, at most one message: the count, UV_EAGAIN when there is nothing, 0 for
 * an empty message. */
static ssize_t take(struct uv__io* io, char* base, DWORD len) {
  DWORD bytes;
  DWORD error = read_at_once(io, base, len, &bytes);

  uv__win_clear(io, UV__WIN_DATA);
  if (error == 0 || error == ERROR_MORE_DATA) {
    count_taken(io, len, bytes, error == ERROR_MORE_DATA);
    return (ssize_t) bytes;
  }
  uv__pipe_of(io)->seen = 0;
  return error == ERROR_OPERATION_ABORTED || is_empty(io, error) ? UV_EAGAIN
                                                                 : uv__native_read_error(error);
}

/* What read_now answers when there were no bytes, although something seemed to be there. On a
 * pipe of messages that is an empty one, read or swallowed by the read of nothing. */
static ssize_t nothing(struct uv__io* io) {
  if (!uv__pipe_has_mark(io))
    return UV_EAGAIN; /* Somebody wrote nothing, literally. */
  uv__win_set(io, UV__WIN_ENDED);
  return UV_EOF;
}

ssize_t uv__pipe_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed) {
  int error = io->tail.error;
  int look;
  ssize_t n;
  int r;

  (void) passed;
  io->tail.error = 0;
  if (error != 0)
    return error;
  if (io->tail.state & UV__WIN_GREET) {
    r = uv__pipe_read_meet(io);
    if (r < 0)
      return r;
  }
  if (!(io->tail.state & (UV__WIN_DATA | UV__WIN_LOOK | UV__WIN_ENDED))) {
    r = peek(io);
    if (r < 0)
      return r;
  }
  if (io->tail.state & UV__WIN_ENDED)
    return UV_EOF;
  /* An empty message, which ended a read of nothing, may lie there still, also in a pipe of messages
   * that is read byte by byte: it would end the next one, again and again. */
  look = (io->tail.state & UV__WIN_LOOK) != 0;
  uv__win_clear(io, UV__WIN_LOOK);
  if (!(io->tail.state & UV__WIN_DATA) && !look)
    return UV_EAGAIN;
  n = take(io, base, len < INT_MAX ? (DWORD) len : INT_MAX);
  if (n > 0)
    return n;
  if (n == UV_EOF)
    uv__win_set(io, UV__WIN_ENDED);
  if (n == 0 || (n == UV_EAGAIN && look))
    return nothing(io);
  return n;
}

/* ---- SHUTDOWN ---- */

int uv__pipe_read_shutdown(struct uv__io* io) {
  int met = 0;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_ENOTCONN;
  if (uv__pipe_of(io)->write_only) {
    uv__pipe_end_release(io);
    return 0;
  }
  if (io->tail.state & UV__WIN_GREET)
    met = uv__pipe_read_meet(io);
  if (io->tail.state & UV__WIN_ALLY)
    return uv__pipe_end_say(io);
  if ((io->tail.state & UV__WIN_GREET) && !(io->tail.state & UV__WIN_ENDED)) {
    /* A client of ours may be about to say who it is. */
    uv__pipe_of(io)->owes_end = 1;
    if (!(io->tail.state & UV__WIN_IN) && uv__pipe_of(io)->look_again.at == NULL)
      met = wait_for_data(io) == UV__PENDING ? met : UV_EAGAIN;
    /* It came between the look and the wait, or there was no memory. Nobody may read, so that nobody
     * is told. */
    if (met < 0)
      uv__pipe_read_look_later(io);
  }
  return 0;
}
