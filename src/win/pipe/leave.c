/* A connected end that is given to somebody else, who reads in our place from then on. What a read has
 * taken before goes with the handle (ipc/pass.c). */
#include "win/pipe/pipe.h"

/* A read of nothing that waits would take the mark of the end from him, so that it is called back; and
 * whatever ends it, the greeting is his to take out. Where that takes its time, who reads on here begins no
 * other one, which would have to be called back, too, but looks every few milliseconds until something comes. */
int uv__pipe_leave(struct uv__io* io) {
  const OVERLAPPED* overlapped = &io->tail.in.overlapped;

  uv__pipe_of(io)->left = 1;
  if (!(io->tail.state & UV__WIN_IN) || uv__late_is_over(overlapped))
    return 0;
  CancelIoEx(io->tail.u.handle, &io->tail.in.overlapped);
  if (uv__late_is_over(overlapped))
    return 0;
  if (io->busy & UV__READ)
    uv__pipe_read_look_later(io);
  return UV_EAGAIN;
}

/* Also when it has just ended the read of nothing, whose packet is still to come. */
int uv__pipe_leave_is_over(const struct uv__io* io) {
  int ended = (io->tail.state & UV__WIN_IN) && io->tail.in.overlapped.Internal == 0;
  DWORD total = 1;

  if (!uv__pipe_has_mark(io))
    return 0;
  if (io->tail.state & UV__WIN_ENDED)
    return 1;
  return (ended || (io->tail.state & UV__WIN_LOOK)) &&
         PeekNamedPipe(io->tail.u.handle, NULL, 0, NULL, &total, NULL) && total == 0;
}
