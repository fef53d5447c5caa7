/* The end of the other end of an overlapped pipe, heard of without a read. */
#include "win/npfs/npfs.h"
#include "win/pipe/pipe.h"

/* Nothing of NPFS waits for the other end alone: a read ends for bytes, too, and a flush when they have
 * been read. So it is looked for, again and again. An end of one direction lies behind the bytes. */
int uv__pipe_hangup(struct uv__io* io) {
  int r;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE)
    return UV_EPIPE;
  if (io->tail.state & UV__WIN_ENDED)
    return UV_EOF;
  r = uv__native_is_left(io->tail.u.handle);
  if (r == 0)
    return UV_EAGAIN;
  return r < 0 ? r : uv__pipe_of(io)->write_only ? UV_EPIPE : UV_EOF;
}
