/* What every file of src/win may rest on: error codes, text on its way to the system and back,
 * handles on their way between streams. Knows no loop, no packet and no stream. */
#ifndef UV__WIN_BASE_H_
#define UV__WIN_BASE_H_

#include <assert.h>

#include "core/port.h"

/* error.c: the UV_E* code of a GetLastError or WSAGetLastError value. */
int uv__error_translate(DWORD code);

/* fd.c: closes a descriptor of the C run-time library, whose handle goes with it. */
void uv__fd_give_back(int fd);

/* ---- what.c: what is behind a handle of somebody else's; asks nothing that waits for a peer ---- */

/* One of a console, also if it may not be read from. */
int uv__handle_is_console(HANDLE handle);
/* The type of the socket, SOCK_STREAM for example; 0: it is none. */
int uv__handle_socket_type(HANDLE handle);

/* ---- wide.c ---- */

/* WTF-8 as UTF-16, in memory of the library's. UV_EINVAL when it is none. */
int uv__wide_make(const char* text, WCHAR** wide);
/* Hand out text as uv.h says: UV_ENOBUFS and the size needed when that is more than *size, which
 * else becomes the length. */
int uv__wide_give(const WCHAR* wide, size_t units, char* buffer, size_t* size);
/* The text that `fetch` writes, in memory of the library's. `fetch` is one of the many calls that
 * return the units written, without terminator; or, when these do not fit, a number not below
 * `room`; or 0, and then GetLastError tells whether the text is empty. */
int uv__wide_fetch(DWORD (*fetch)(WCHAR* to, DWORD room, const void* arg),
                   const void* arg,
                   WCHAR** text,
                   DWORD* units);
/* A function of a library of the system, to be cast to its type, or NULL. */
typedef void (*uv__function)(void);
uv__function uv__wide_import(const WCHAR* library, const char* name);

/* bufs.c: copies up to `limit` bytes from the place (*at, *offset) in the buffers on; returns how
 * many. */
DWORD uv__bufs_copy(
    char* to, DWORD limit, const uv_buf_t* bufs, unsigned nbufs, unsigned* at, size_t* offset);

#endif /* UV__WIN_BASE_H_ */
