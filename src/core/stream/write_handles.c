/* Several handles with one write (rule X7): what may go together, and the request of it. Its place in the
 * queue, and who of its handles closes meanwhile, is write_queue.c's; who passes no more than one has none
 * of this linked. */
#include <assert.h>

#include "core/base/alloc.h"
#include "core/stream/stream.h"
#include "uvstream.h"

_Static_assert((int) UVS_HANDLES_MOST == (int) UV__PASSED_MOST, "what one read has room for");

static int is_among(uv_stream_t* const handles[], unsigned count, const uv_stream_t* handle) {
  unsigned i;

  for (i = 0; i < count; i++)
    if (handles[i] == handle)
      return 1;
  return 0;
}

/* ---- What they are to the queue ---- */

static uv_stream_t* stream_of(struct uv__io* io) {
  return uv__container_of(io, uv_stream_t, stream.io);
}

static void count_all(const uv_write_t* req, int by) {
  struct uv__io* const* at;

  for (at = uv__several_of(req)->list; *at != NULL; at++)
    uv__write_count(stream_of(*at), by);
}

static int has(const uv_write_t* req, const uv_stream_t* handle) {
  struct uv__io* const* at = uv__several_of(req)->list;

  while (*at != NULL && stream_of(*at) != handle)
    at++;
  return *at != NULL;
}

static const struct uv__several_ops several_ops = {.count = count_all, .has = has};

/* ---- Public ---- */

/* Mistakes come before the state of anything. */
static int gate(const uv_stream_t* stream,
                const uv_buf_t bufs[],
                unsigned nbufs,
                uv_stream_t* const handles[],
                unsigned count) {
  unsigned i;
  int r;

  if (count > UVS_HANDLES_MOST)
    return UV_E2BIG;
  for (i = 0; i < count; i++)
    if (handles[i] == NULL || is_among(handles, i, handles[i]))
      return UV_EINVAL;
  r = uv__write_gate(stream, bufs, nbufs);
  for (i = 0; r == 0 && i < count; i++)
    r = uv__write_gate_handle(stream, bufs, nbufs, handles[i]);
  return r;
}

int uvs_write_handles(uv_write_t* req,
                      uv_stream_t* stream,
                      const uv_buf_t bufs[],
                      unsigned int nbufs,
                      uv_stream_t* const handles[],
                      unsigned int count,
                      uv_write_cb cb) {
  struct uv__several* several;
  uv_buf_t* room;
  unsigned i;
  int r;

  if (req == NULL || (handles == NULL && count > 0))
    return UV_EINVAL;
  r = gate(stream, bufs, nbufs, handles, count);
  if (r < 0)
    return r;
  if (count <= 1)
    return uv_write2(req, stream, bufs, nbufs, count == 0 ? NULL : handles[0], cb);
  room = uv__malloc(nbufs * sizeof(bufs[0]) + sizeof(*several) + count * sizeof(several->list[0]));
  if (room == NULL)
    return UV_ENOMEM;
  uv__write_fill(req, stream, room, bufs, nbufs, handles[0], cb);
  req->state = UV__WRITE_SEVERAL;
  several = uv__several_of(req);
  several->ops = &several_ops;
  for (i = 0; i < count; i++)
    several->list[i] = uv__stream_io(handles[i]);
  several->list[count] = NULL;
  uv__loop_hold(stream->loop);
  uv__write_enqueue(stream, req);
  assert(uv__stream_valid(stream));
  return 0;
}
