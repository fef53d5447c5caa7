/* The pseudo console itself, and the thread that closes it: within this room alone. */
#ifndef UV__WIN_PTY_PSEUDO_H_
#define UV__WIN_PTY_PSEUDO_H_

#include "win/loop/helper.h"

struct uv__pseudo;

/* UV_ENOTSUP where there are none (before Windows 10 1809), and UV_ENOMEM. There is no console yet. */
int uv__pseudo_new(struct uv__io* io, struct uv__pseudo** made);
/* What is on its screen goes to `screen`, keys come from `keys`; both are the caller's. */
int uv__pseudo_make(struct uv__pseudo* console, COORD size, HANDLE keys, HANDLE screen);
/* The HPCON, or NULL. */
void* uv__pseudo_native(const struct uv__pseudo* console);
/* Have it closed when the process has ended. */
int uv__pseudo_watch(struct uv__pseudo* console, HANDLE process);
/* Of a process that never ran, so that nobody is on it: it is closed when this returns. */
void uv__pseudo_forget(struct uv__pseudo* console);
/* UV_ENOTSUP: this system cannot. Nothing is done where it is closed. */
int uv__pseudo_resize(struct uv__pseudo* console, COORD size);
/* The stream has gone: it is closed. 0; or UV__PENDING, and `io` rings UV__CLOSED. */
int uv__pseudo_close(struct uv__pseudo* console);

#endif /* UV__WIN_PTY_PSEUDO_H_ */
