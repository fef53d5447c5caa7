/* What every file of src/win may rest on: error codes, text on its way to the system and back,
 * handles on their way between streams. which handles are the
 * library's. Knows no packet and no stream. */
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
/* Hand out the path that `fetch` writes, without a backslash at its end. */
int uv__wide_give_path(DWORD (*fetch)(WCHAR* to, DWORD room, const void* arg),
                       char* buffer,
                       size_t* size);
/* A function of a library of the system, to be cast to its type, or NULL. */
typedef void (*uv__function)(void);
uv__function uv__wide_import(const WCHAR* library, const char* name);
/* What the registry has of the machine: a value of at most `bytes` bytes, of the kind that `flags`
 * says (RRF_RT_*). Text is terminated. */
int uv__wide_registry(const WCHAR* key, const WCHAR* name, DWORD flags, void* value, DWORD bytes);

/* ---- object.c ---- */

/* A function of ntdll, likewise. */
uv__function uv__ntdll_import(const char* name);
/* What a handle was opened for, and how many lead to its object, in all processes. */
int uv__object_look(HANDLE handle, ACCESS_MASK* access, ULONG* handles);
/* Whether there are other handles to the same file object, in whatever process. */
int uv__object_is_shared(HANDLE handle);

/* ---- table.c ---- */

struct uv__pair {
  const void* key; /* NULL: none here */
  const void* value;
};
/* All 0 at first. The same key may be in it more than once. */
struct uv__table {
  struct uv__pair* pairs;
  size_t room;
  size_t count;
};
/* Room for so many in all. */
int uv__table_reserve(struct uv__table* table, size_t count);
int uv__table_has_room(const struct uv__table* table, size_t count);
/* There is room. */
void uv__table_add(struct uv__table* table, const void* key, const void* value);
/* NULL for a value: any. */
struct uv__pair* uv__table_find(const struct uv__table* table, const void* key, const void* value);
void uv__table_remove(struct uv__table* table, struct uv__pair* pair);
void uv__table_free(struct uv__table* table);
int uv__table_valid(const struct uv__table* table);

/* ---- own.c: handles that nobody else can have given us ---- */

/* A stream of the loop has it now; NULL: nobody yet. */
int uv__own_add(HANDLE handle, const uv_loop_t* loop);
/* Nobody yet, without memory: as good as it can be done. */
void uv__own_note(HANDLE handle);
/* It is about to be closed, or handed over. NULL: whoever has it. */
void uv__own_drop(HANDLE handle, const uv_loop_t* loop);
/* Whether a stream of the loop has it; NULL: whether it is the library's at all. */
int uv__own_has(HANDLE handle, const uv_loop_t* loop);

/* bufs.c: copies up to `limit` bytes from the place (*at, *offset) in the buffers on; returns how
 * many. */
DWORD uv__bufs_copy(
    char* to, DWORD limit, const uv_buf_t* bufs, unsigned nbufs, unsigned* at, size_t* offset);

#endif /* UV__WIN_BASE_H_ */
