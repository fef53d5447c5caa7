/* One write of a connected end: how much of it the system is offered, what it took of that, and
 * when it is asked again. What is written, and who is told, are in end.c, spare.c and ipc/.
 *
 * Two things make a write that is well and good take less than all:
 *
 * - The kernel copies what the reader has no room for into memory that pages of no disk back, and
 *   which is short now and then. A write that fails for that is tried again with half of its bytes.
 * - Whoever holds our end too may have set PIPE_NOWAIT, which is the end's and not the handle's, as
 *   Cygwin's programs do. Then a write of what does not fit succeeds, having taken less, or
 *   nothing. Nobody tells when there is room: what is left is offered again after a while. */
#include "win/pipe/pipe.h"

enum {
  MOST = 1 << 20, /* bytes of one call. The kernel copies what the reader has no room for */
  PAGE = 4096     /* a write of no more that finds no memory has failed */
};

void uv__pipe_room_init(struct uv__pipe_room* room) {
  room->most = MOST;
  room->asked = 0;
}

DWORD uv__pipe_room_ask(struct uv__pipe_room* room, size_t size) {
  room->asked = size < room->most ? (DWORD) size : room->most;
  return room->asked;
}

/* A pipe that takes all of a write or nothing is offered ever less, so that it takes something as
 * long as it takes anything. */
int uv__pipe_room_told(struct uv__pipe_room* room, DWORD error, DWORD taken) {
  if (error == 0 && taken == room->asked) {
    if (room->most < MOST)
      room->most *= 2;
    return 0;
  }
  if (error == 0 ? taken > 0 || room->asked <= 1
                 : !uv__native_is_short(error) || room->asked <= PAGE)
    return 0;
  room->most = room->asked / 2;
  return 1;
}

ssize_t uv__pipe_put(struct uv__io* io,
                     const void* base,
                     size_t size,
                     void (*complete)(struct uv__op* op)) {
  struct uv__pipe* pipe = uv__pipe_of(io);
  DWORD error;
  DWORD taken;

  error = uv__spare_push(pipe, pipe->out);
  if (error != 0)
    return error == ERROR_MORE_DATA ? 0 : uv__native_write_error(error);
  do {
    OVERLAPPED* overlapped = uv__win_prepare(io, &io->tail.out, UV__WIN_OUT, complete);
    DWORD asked = uv__pipe_room_ask(&pipe->room, size);
    BOOL ok = WriteFile(pipe->out, base, asked, NULL, overlapped);

    error = uv__pipe_end_begun(io, ok, UV__WIN_OUT);
    if (error == ERROR_IO_PENDING)
      return UV__PENDING;
    taken = error == 0 ? (DWORD) overlapped->InternalHigh : 0;
  } while (uv__pipe_room_told(&pipe->room, error, taken));
  return error == 0 ? (ssize_t) taken : uv__native_write_error(error);
}

/* ---- Later ---- */

void uv__pipe_put_later(struct uv__io* io, void (*again)(struct uv__retry* retry)) {
  struct uv__pipe* pipe = uv__pipe_of(io);

  assert(pipe->more_room.at == NULL);
  pipe->more_room.again = again;
  io->tail.sent = UV_ECANCELED; /* Unless there is room before the close. */
  uv__retry_begin(io->loop, &pipe->more_room);
}
