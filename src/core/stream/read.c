/* Reading: when the system is asked, for whom a buffer is fetched, and when it ends
 * (rules R1-R6). */
#include <assert.h>

#include "core/stream/stream.h"

enum {
  READ_ROUNDS = 8,       /* reads in one turn, then others have theirs (R6) */
  SUGGESTED_SIZE = 65536 /* what alloc_cb is told, in bytes */
};

/* Whether a ring will lead to the first read. */
static int is_armed(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);
  int r;

  if (!io->ops->arms_at_once || stream->stream.phase != UV__CONNECTED)
    return 0;
  if (io->busy & UV__READ)
    return 1;
  r = io->ops->read_arm(io);
  uv__trace(io, UV__TRACE_START, UV__READ, r);
  if (r == UV__PENDING)
    io->busy |= UV__READ;
  return r == UV__PENDING;
}

int uv_read_start(uv_stream_t* stream, uv_alloc_cb alloc_cb, uv_read_cb read_cb) {
  if (stream == NULL || alloc_cb == NULL || read_cb == NULL)
    return UV_EINVAL;
  if (!uv__handle_is_stream((uv_handle_t*) stream) || uv__handle_is_closing(stream))
    return UV_EINVAL;
  if (stream->flags & UV__STREAM_READING)
    return UV_EALREADY;
  if (stream->stream.phase != UV__CONNECTING && !(stream->flags & UV__STREAM_READABLE))
    return UV_ENOTCONN;
  stream->alloc_cb = alloc_cb;
  stream->read_cb = read_cb;
  stream->flags |= UV__STREAM_READING;
  uv__extra_tell(stream, 1u << UV__EXTRA_READ_LIMIT);
  uv__handle_start((uv_handle_t*) stream);
  if (!is_armed(stream))
    uv__loop_again(uv__stream_io(stream)); /* The next turn does; no callback from here (L1). */
  assert(uv__stream_valid(stream));
  return 0;
}

static void leave(uv_stream_t* stream) {
  stream->flags &= ~(unsigned) UV__STREAM_READING;
  if (stream->stream.phase != UV__LISTENING) /* After a failed connect; that is active, too. */
    uv__handle_stop((uv_handle_t*) stream);
}

int uv_read_stop(uv_stream_t* stream) {
  if (!(stream->flags & UV__STREAM_READING))
    return 0;
  leave(stream);
  uv__read_rest(stream);
  assert(uv__stream_valid(stream));
  return 0;
}

/* A question to the system takes no bytes, so that it can be left open; where it can be taken back for
 * nothing no ring will come. */
void uv__read_rest(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);

  if ((stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED)) ||
      stream->stream.phase >= UV__DROPPED)
    return;
  if ((io->busy & UV__READ) && !(io->rung & UV__READ) && io->ops->read_disarm(io) == 0)
    io->busy &= (unsigned char) ~UV__READ;
}

/* After its end, or when it goes the other way only, a stream can still be written to, and some can
 * be read from again. After an error the connection is gone. */
void uv__read_note_end(uv_stream_t* stream, ssize_t why) {
  if (why != UV_EOF || !(stream->flags & UV__STREAM_ENDLESS))
    stream->flags &= ~(unsigned) UV__STREAM_READABLE;
  if (why != UV_EOF && why != UV_ENOTCONN)
    stream->flags &= ~(unsigned) UV__STREAM_WRITABLE;
  if (uv__extras(stream) != NULL) /* It may listen by now. */
    uv__extra_tell(stream, 1u << UV__EXTRA_CHILD);
}

static void end(uv_stream_t* stream, ssize_t why, const uv_buf_t* buf) {
  leave(stream);
  uv__read_note_end(stream, why);
  uv__loop_told(stream->loop, UV__TOLD_ARRIVAL);
  stream->read_cb(stream, why, buf);
}

/* Requests are before whoever started reading. One of their callbacks may stop that. */
void uv__read_fail(uv_stream_t* stream, ssize_t why) {
  uv_buf_t none = uv_buf_init(NULL, 0);

  if ((stream->flags & UV__STREAM_ASKED) && !stream->loop->beyond->fail_reads(stream, why))
    return;
  if (stream->flags & UV__STREAM_READING)
    end(stream, why, &none);
}

/* Fetches a buffer and reads into it at once, so that one buffer can serve all streams of a
 * loop (R2). Whatever happens, the buffer goes back in exactly one read_cb. */
static void read_once(uv_stream_t* stream) {
  uv_read_cb read_cb = stream->read_cb; /* of whoever gets alloc_cb */
  uv_buf_t buf = {.base = NULL, .len = 0};
  ssize_t n;

  uv__loop_told(stream->loop, UV__TOLD_ARRIVAL);
  stream->alloc_cb((uv_handle_t*) stream, SUGGESTED_SIZE, &buf);
  if (buf.base == NULL || buf.len == 0) {
    if (stream->flags & UV__STREAM_READING)
      read_cb(stream, UV_ENOBUFS, &buf);
    return;
  }
  /* Stopped, closed or started anew by alloc_cb, or asked for by another way. */
  if ((stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED)) != UV__STREAM_READING ||
      (uv__stream_io(stream)->busy & UV__READ)) {
    read_cb(stream, 0, &buf);
    return;
  }
  n = uv__read_some(stream, buf.base, buf.len);
  if (n > 0) {
    stream->read_cb(stream, n, &buf);
    return;
  }
  if (n == UV_EAGAIN || n == 0) { /* 0: handles that came without bytes */
    stream->read_cb(stream, 0, &buf);
    return;
  }
  if (n == UV_ENOBUFS) { /* No memory for handles that may come: nothing was consumed (R3). */
    stream->read_cb(stream, n, &buf);
    return;
  }
  end(stream, uv__note_cut(stream, n), &buf);
}

/* Reads while there is something and the program wants it. A lane that rang is read without
 * another question: the ring was its answer, and may stand for an error that only read_now
 * can deliver. */
void uv__read_turn(uv_stream_t* stream, unsigned rung) {
  struct uv__io* io = uv__stream_io(stream);
  int ready = (rung & UV__READ) != 0;
  int rounds;

  if (stream->stream.phase != UV__CONNECTED)
    return; /* Still connecting; the connect turn leads back here. */
  for (rounds = 0; stream->flags & (UV__STREAM_READING | UV__STREAM_ASKED); rounds++) {
    if (!ready) {
      int r;

      if (io->busy & UV__READ)
        return;
      r = io->ops->read_arm(io);
      uv__trace(io, UV__TRACE_START, UV__READ, r);
      if (r == UV__PENDING) {
        io->busy |= UV__READ;
        return;
      }
      if (r < 0) {
        uv__read_fail(stream, uv__note_cut(stream, r));
        return;
      }
    }
    if (rounds == READ_ROUNDS) {
      uv__loop_again(io);
      return;
    }
    if (!uv__queue_empty(&stream->stream.write_done))
      uv__write_tell(stream); /* What comes may be the answer to them (W1), */
    if (stream->stream.shutdown_req != NULL)
      uv__shutdown_turn(stream, rung); /* or to the end (S1). */
    if (io->busy & UV__READ)
      return; /* They started to read anew. */
    ready = 0;
    if (stream->stream.kept.extras != NULL && stream->loop->beyond->read(stream))
      continue;
    if (!(stream->flags & UV__STREAM_READING))
      return;
    read_once(stream);
  }
}
