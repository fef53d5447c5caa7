/* Who the peer of a connected end is, as far as reading finds that out: the greeting; and how it is told that
 * nothing more comes. What the greeting is for is in client.c. */
#include "win/pipe/pipe.h"

#include <string.h>

/* Random bytes: nobody else begins with them by chance. */
const char uv__pipe_greeting[16] = {'\x9d', '\x1c', '\xe3', '\x52', '\xb8', '\x0f', '\xa6', '\x71',
                                    '\x44', '\xfa', '\x05', '\xd7', '\x3b', '\x8e', '\x60', '\xc9'};

/* ---- The greeting ---- */

int uv__pipe_read_meet(struct uv__io* io) {
  char first[sizeof(uv__pipe_greeting)];
  DWORD left = 0;
  DWORD size = 0;
  DWORD total = 0;
  DWORD error;
  int is_greeting = 0;

  if (!PeekNamedPipe(io->tail.u.handle, first, sizeof(first), &size, &total, &left) || size == 0)
    return 0; /* Broken, which a read will tell; or it says nothing yet. */
  if (size == sizeof(first) && left == 0 && memcmp(first, uv__pipe_greeting, size) == 0) {
    error = uv__native_read_at_once(io->tail.u.handle, io->loop->tail.event, first, sizeof(first),
                                    &size);
    if (uv__native_is_short(error))
      return UV_ENOMEM;
    is_greeting = error == 0; /* Else it broke right now. */
  }
  uv__win_clear(io, UV__WIN_GREET);
  if (!is_greeting)
    return 0;
  uv__win_set(io, UV__WIN_ALLY);
  uv__win_clear(io, UV__WIN_DATA | UV__WIN_LOOK);
  uv__pipe_of(io)->seen = 0;
  if (uv__pipe_of(io)->owes_end) {
    uv__pipe_of(io)->owes_end = 0;
    (void) uv__pipe_end_say(io);
  }
  return 1;
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
      met = uv__pipe_read_wait(io) == UV__PENDING ? met : UV_EAGAIN;
    /* It came between the look and the wait, or there was no memory. Nobody may read, so that nobody
     * is told. */
    if (met < 0)
      uv__pipe_read_later(io);
  }
  return 0;
}
