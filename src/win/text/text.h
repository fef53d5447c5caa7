/* Text on its way between programs, which speak WTF-8, and the system, which speaks UTF-16 and does
 * not check it. What is pure of this room, command lines and UTF piece by piece, has headers of its
 * own (args.h, utf.h), which include nothing of the system and are tested on every one. */
#ifndef UV__WIN_TEXT_H_
#define UV__WIN_TEXT_H_

#include "win/base/base.h"

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
/* The units of a path without a backslash at the end, but for the root of a drive, which is another
 * place without. */
DWORD uv__wide_trim(const WCHAR* path, DWORD units);
/* Hand out the path that `fetch` writes, without a backslash at its end. */
int uv__wide_give_path(DWORD (*fetch)(WCHAR* to, DWORD room, const void* arg),
                       char* buffer,
                       size_t* size);

/* folder.c: the short name of a folder on a drive, in memory of the library's. UV_EINVAL for others. */
int uv__folder_shorten(const WCHAR* path, WCHAR** shorter);

#endif /* UV__WIN_TEXT_H_ */
