/* What is written behind a write in flight: a port that has copies of that may take it along, so that it is
 * not left in the queue when the program ends (rule W3). */
#include "core/stream/stream.h"

void uv__write_follow(uv_stream_t* stream, uv_write_t* req) {
  struct uv__io* io = uv__stream_io(stream);
  size_t size = 0;
  unsigned i;

  if (!uv__write_queue_follows(stream, req))
    return;
  for (i = 0; i < req->nbufs; i++)
    size += req->bufs[i].len;
  if (size > 0 &&
      io->ops->write_more(io, stream->write_queue_size - size, req->bufs, req->nbufs) == 0)
    return;
  uv__write_queue_mark_too(req);
}
