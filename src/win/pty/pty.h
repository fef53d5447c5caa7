/* The room of pseudo consoles: their other side as a stream. To those above it offers the table of port.h,
 * and the console for a child. It stands on the connected end of a pipe, and knows no processes. */
#ifndef UV__WIN_PTY_H_
#define UV__WIN_PTY_H_

#include "win/loop/loop.h"

/* The pseudo console that a child is to be on, which is made now: an HPCON, the stream's. */
int uv__pty_console(struct uv__io* io, void** console);
/* A child is on it. It is closed when that has ended, of which a duplicate of `process` tells. */
int uv__pty_watch(struct uv__io* io, HANDLE process);

#endif /* UV__WIN_PTY_H_ */
