/* Handles as such, before anything is done with them: what they lead to, whose they are, the
 * descriptors of the C run-time library, those that are on their way between streams. Knows no packet
 * and no stream. */
#ifndef UV__WIN_HANDLE_H_
#define UV__WIN_HANDLE_H_

#include "win/base/base.h"

/* desc.accepted of a pipe that is a socket; the others are its room's (pipe.h), but for those less than 0:
 * -1 - fd. */
enum {
  UV__DESC_LOCAL = 9
};

/* fd.c: closes a descriptor of the C run-time library, whose handle goes with it. */
void uv__fd_give_back(int fd);

/* question.c: what `ask` says of a handle, which may have to wait for whoever uses its file object;
 * `otherwise` when that takes longer. `ask` is called on a thread of its own, with a duplicate if
 * that is wanted: who cannot wait may close the handle meanwhile. UV_E*: there was nobody to ask. */
int uv__question_ask(
    HANDLE handle, int duplicate, int (*ask)(HANDLE handle), DWORD patience_ms, int otherwise);

/* ---- what.c: what is behind a handle of somebody else's; asks nothing that waits for a peer ---- */

/* One of a console, also if it may not be read from. */
int uv__handle_is_console(HANDLE handle);
/* The type of the socket, SOCK_STREAM for example; 0: it is none. */
int uv__handle_socket_type(HANDLE handle);

/* ---- object.c ---- */

/* What a handle was opened for, and how many lead to its object, in all processes. */
int uv__object_look(HANDLE handle, ACCESS_MASK* access, ULONG* handles);
/* Whether there are other handles to the same file object, in whatever process. */
int uv__object_is_shared(HANDLE handle);

/* ---- own.c: handles that nobody else can have given us ---- */

/* A stream of the loop has it now; NULL: nobody yet. */
int uv__own_add(HANDLE handle, const uv_loop_t* loop);
/* Nobody yet, without memory: as good as it can be done. */
void uv__own_note(HANDLE handle);
/* It is about to be closed, or handed over. NULL: whoever has it. */
void uv__own_drop(HANDLE handle, const uv_loop_t* loop);
/* Whether a stream of the loop has it; NULL: whether it is the library's at all. */
int uv__own_has(HANDLE handle, const uv_loop_t* loop);

#endif /* UV__WIN_HANDLE_H_ */
