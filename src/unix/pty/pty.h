/* The room of pseudo-terminals: the master's side as a stream. To those above it offers the table of
 * port.h, and by UV__PTY_GIVE the other side (an int) for a child. It knows no children. */
#ifndef UV__UNIX_PTY_H_
#define UV__UNIX_PTY_H_

#include "unix/fd/fd.h"

/* pair.c: both sides, not inherited, the first of them non-blocking. */
int uv__pty_pair(int fds[2]);

#endif /* UV__UNIX_PTY_H_ */
