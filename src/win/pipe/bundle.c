/* Small buffers that go to a pipe in one call: those of one write, and those that wait behind a write
 * which the pipe had no room for. A pipe has no call that takes several, so they are copied into a block
 * of the loop's, which all its pipes share, and which the kernel has while it works on a write from it.
 * Whoever finds it with the kernel, or finds none, writes one buffer after the other, as it does what is
 * large. What is written behind nothing never waits here (rule W3).
 *
 * To a reader of messages each call is one. Only a peer that is known to read bytes is written to in this
 * way: at the other end of a pipe of bytes, or one of this library. */
#include "win/pipe/pipe.h"

#include "core/base/alloc.h"

enum {
  ROOM = 16384, /* bytes of one call */
  SMALL = 4096  /* bytes of a buffer that is worth a copy: it takes less time than a call */
};

struct uv__bundle {
  const struct uv__io* writer; /* whose write the kernel works on, or NULL */
  char bytes[ROOM];
};

void uv__bundle_make(uv_loop_t* loop) {
  if (loop->tail.bundle != NULL)
    return;
  loop->tail.bundle = uv__malloc(sizeof(*loop->tail.bundle));
  if (loop->tail.bundle != NULL)
    loop->tail.bundle->writer = NULL;
}

void uv__bundle_free(uv_loop_t* loop) {
  assert(loop->tail.bundle == NULL || loop->tail.bundle->writer == NULL);
  uv__free(loop->tail.bundle);
  loop->tail.bundle = NULL;
}

/* How many of the first buffers go together, of which the first has `from` bytes behind it. */
static unsigned count_small(const uv_buf_t* bufs, unsigned nbufs, size_t from, size_t room) {
  unsigned count;

  for (count = 0; count < nbufs; count++) {
    size_t size = bufs[count].len - from;

    if (size > SMALL || size > room)
      break;
    room -= size;
    from = 0;
  }
  return count;
}

DWORD uv__bundle_fill(const struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      size_t from,
                      const char** bytes) {
  const struct uv__pipe* pipe = uv__pipe_of(io);
  struct uv__bundle* bundle = io->loop->tail.bundle;
  unsigned at = 0;
  unsigned count;

  if (nbufs < 2 || bundle == NULL || bundle->writer != NULL ||
      ((io->tail.state & UV__WIN_MESSAGES) && !pipe->ours))
    return 0;
  count = count_small(bufs, nbufs, from, pipe->room.most < ROOM ? pipe->room.most : ROOM);
  if (count < 2)
    return 0;
  *bytes = bundle->bytes;
  return uv__bufs_copy(bundle->bytes, ROOM, bufs, count, &at, &from);
}

void uv__bundle_lend(const struct uv__io* io) {
  io->loop->tail.bundle->writer = io;
}

void uv__bundle_return(const struct uv__io* io) {
  struct uv__bundle* bundle = io->loop->tail.bundle;

  if (bundle != NULL && bundle->writer == io)
    bundle->writer = NULL;
}
