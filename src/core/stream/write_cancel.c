/* Writes that are taken back: uv_cancel, and how far a request came (rule W11). What is in flight is the
 * port's, and where a request stands is write_queue.c's. */
#include <assert.h>

#include "core/stream/stream.h"

size_t uv_write_nwritten(const uv_write_t* req) {
  return req->written;
}

/* Has the write in flight back, if there is nothing of it that only the port knows. */
static int recall(uv_stream_t* stream) {
  struct uv__io* io = uv__stream_io(stream);

  if (io->rung & UV__WRITE) {
    uv__write_collect(stream);
  } else {
    if (io->ops->write_stop == NULL || io->ops->write_stop(io) != 0)
      return UV_EBUSY;
    io->busy &= (unsigned char) ~UV__WRITE;
    uv__write_queue_mark(stream, 0);
  }
  uv__loop_again(io); /* For those that flew with it. */
  return 0;
}

/* Over an IPC pipe what is begun goes on: half a message would be read as the begin of the next. */
int uv__write_cancel(uv_write_t* req) {
  uv_stream_t* stream = req->handle;
  int r = 0;

  if (uv__write_queue_stage(req) == UV__WRITE_OVER)
    return UV_EBUSY;
  if (stream->stream.phase >= UV__DROPPED)
    return UV_EBUSY; /* It ends soon, and is told as what it was. */
  if (uv__write_queue_stage(req) == UV__WRITE_FLIES)
    r = recall(stream);
  if (r < 0 || uv__write_queue_stage(req) == UV__WRITE_OVER)
    return UV_EBUSY;
  if (uv__write_queue_stage(req) == UV__WRITE_BEGUN && (stream->flags & UV__STREAM_PASSES))
    return UV_ENOTSUP;
  uv__write_queue_withdraw(req);
  assert(uv__stream_valid(stream));
  return 0;
}
