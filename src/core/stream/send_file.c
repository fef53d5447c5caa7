/* Files through streams (rule X8): the pieces of a file, moved by the system or copied here. The place of
 * a file in the queue, and what of it went, is write_queue.c's; who does not send files has none of this
 * linked. */
#include <assert.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"
#include "uvstream.h"

enum {
  PIECE = 1 << 20,   /* bytes that the system is to move in one call */
  COPIED = 64 * 1024 /* bytes of one that are copied */
};

static size_t piece_of(const uvs_send_file_t* req, size_t most) {
  return req->left < most ? (size_t) req->left : most;
}

/* The file has nothing more: for who wants it to its end that is all. */
static ssize_t end(uvs_send_file_t* req) {
  if (!req->to_end)
    return UV_EOF;
  req->left = 0;
  return 0;
}

static ssize_t copy(uvs_send_file_t* req) {
  struct uv__io* io = uv__stream_io(req->handle);
  uv_buf_t buf;

  if (req->held == 0) {
    ssize_t n;

    if (req->room == NULL)
      req->room = uv__malloc(COPIED);
    if (req->room == NULL)
      return UV_ENOMEM;
    n = uv__port_file_read(req->file, req->offset, req->room, piece_of(req, COPIED));
    if (n < 0)
      return n == UV_EOF ? end(req) : n;
    req->at = 0;
    req->held = (unsigned) n;
  }
  buf = uv_buf_init(req->room + req->at, req->held);
  return uv__note_cut(req->handle, io->ops->write(io, &buf, 1, UV__QUEUE, NULL));
}

/* A file of another machine ends in the ways of a connection, and who moves it does not say whose an error
 * is: then it cannot be read. What was read is copied. */
static ssize_t note(uvs_send_file_t* req, ssize_t n) {
  char byte;
  ssize_t r;

  if (uv__is_cut(n) && req->held == 0) {
    r = uv__port_file_read(req->file, req->offset, &byte, 1);
    if (r < 0 && r != UV_EOF)
      return n;
  }
  return uv__note_cut(req->handle, n);
}

static ssize_t give_piece(uvs_send_file_t* req) {
  struct uv__io* io = uv__stream_io(req->handle);
  ssize_t n;

  if (req->held > 0 || req->copies || uv__port_beyond(io)->send_file == NULL)
    return copy(req);
  n = note(req, uv__port_beyond(io)->send_file(io, req->file, req->offset, piece_of(req, PIECE)));
  if (n == UV_EOF)
    return end(req);
  req->copies = n == UV_ENOSYS;
  return n == UV_ENOSYS || n == UV_ENOTSUP ? copy(req) : n;
}

static ssize_t give(uvs_send_file_t* req) {
  ssize_t n = give_piece(req);

  uv__trace(uv__stream_io(req->handle), UV__TRACE_START, UV__WRITE, n);
  return n;
}

static void take(uvs_send_file_t* req, size_t n) {
  if (n > 0) {
    req->moved = 1;
    req->write.state |= UV__WRITE_TAKEN;
  }
  req->sent += n;
  req->offset += n;
  req->left -= n;
  if (req->held > 0) {
    req->at += (unsigned) n;
    req->held -= (unsigned) n;
  }
  if (req->stops && req->left > 0)
    req->write.status = UV_ECANCELED;
  if (req->stops || req->left == 0)
    req->write.at = req->write.nbufs;
}

/* A stream may have several turns in one of the loop, of which one tells. */
static void tell_moved(uvs_send_file_t* req) {
  uv_stream_t* stream = req->handle;

  if (req->turn == stream->loop->turns) {
    uv__loop_later(uv__stream_io(stream));
    return;
  }
  req->moved = 0;
  if (req->progress == NULL)
    return;
  req->turn = stream->loop->turns;
  req->progress(req);
}

static void tell_progress(uvs_send_file_t* req) {
  uv_stream_t* stream = req->handle;

  if (req->write.status < 0) {
    if (!uv__queue_empty(&stream->stream.write_done))
      return; /* Their callbacks come first, in a turn that they have asked for, and may write (X8). */
    if (uv__write_queue_is_early(stream, &req->write)) {
      uv__loop_later(uv__stream_io(stream));
      return;
    }
    uv__write_fail(stream, req->write.status);
    uv__write_tell(stream);
  } else if (req->moved) {
    tell_moved(req);
  }
}

static const struct uv__file_ops file_ops = {
    .give = give, .note = note, .take = take, .progress = tell_progress};

static void on_end(uv_write_t* write, int status) {
  uvs_send_file_t* req = uv__container_of(write, uvs_send_file_t, write);

  uv__free(req->room);
  req->room = NULL;
  if (req->cb != NULL)
    req->cb(req, status);
}

int uvs_send_file(uvs_send_file_t* req,
                  uv_stream_t* stream,
                  uv_file file,
                  uint64_t offset,
                  uint64_t length,
                  uvs_send_file_progress_cb progress,
                  uvs_send_file_cb cb) {
  const uv_buf_t none = uv_buf_init(NULL, 0);
  int r = req == NULL ? UV_EINVAL : uv__write_gate(stream, &none, 1);

  if (r < 0)
    return r;
  if (file < 0 || offset > INT64_MAX || (length != UVS_TO_END && length > INT64_MAX - offset))
    return UV_EINVAL;
  req->type = UV_REQ; /* As a write's its memory would be taken for something else. */
  req->cb = cb;
  req->progress = progress;
  req->handle = stream;
  req->sent = 0;
  req->ops = &file_ops;
  req->offset = offset;
  req->left =
      length == UVS_TO_END ? INT64_MAX - offset : length; /* Behind that no system counts. */
  req->turn = 0;
  req->room = NULL;
  req->at = req->held = 0;
  req->file = file;
  req->to_end = length == UVS_TO_END;
  req->copies = 0;
  req->moved = 0;
  req->stops = 0;
  uv__write_fill(&req->write, stream, req->write.inline_bufs, &none, 1, NULL, on_end);
  req->write.state = UV__WRITE_OF_FILE;
  uv__loop_hold(stream->loop);
  uv__write_enqueue(stream, &req->write);
  assert(uv__stream_valid(stream));
  return 0;
}

/* What the system does not give back ends by itself, and only no other piece follows. */
int uvs_send_file_cancel(uvs_send_file_t* req) {
  int r;

  if (req == NULL)
    return UV_EINVAL;
  r = uv__write_cancel(&req->write);
  if (r != UV_EBUSY || req->handle->stream.phase >= UV__DROPPED ||
      uv__write_queue_stage(&req->write) != UV__WRITE_FLIES)
    return r;
  if (req->sent > 0 && (req->handle->flags & UV__STREAM_PASSES))
    return UV_ENOTSUP;
  req->stops = 1;
  return 0;
}
