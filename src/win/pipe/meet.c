/* Who the peer of a connected end is, as far as reading finds that out: the greeting, which is taken out of
 * the stream. What it is for is in client.c. */
#include "win/pipe/pipe.h"

#include <string.h>

/* Random bytes: nobody else begins with them by chance. */
const char uv__pipe_greeting[16] = {'\x9d', '\x1c', '\xe3', '\x52', '\xb8', '\x0f', '\xa6', '\x71',
                                    '\x44', '\xfa', '\x05', '\xd7', '\x3b', '\x8e', '\x60', '\xc9'};

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
  uv__pipe_of(io)->ours = 1;
  uv__win_clear(io, UV__WIN_DATA | UV__WIN_LOOK);
  uv__pipe_of(io)->seen = 0;
  if (uv__pipe_of(io)->owes_end) {
    uv__pipe_of(io)->owes_end = 0;
    (void) uv__pipe_end_say(io);
  }
  return 1;
}
