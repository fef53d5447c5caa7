/* What every file of src/win may rest on: error codes, functions that are looked up at run time,
 * tables, copies of bytes. Knows no handle, no packet and no stream. */
#ifndef UV__WIN_BASE_H_
#define UV__WIN_BASE_H_

#include <assert.h>

#include "core/port.h"

/* error.c: the UV_E* code of a GetLastError or WSAGetLastError value. */
int uv__error_translate(DWORD code);

/* import.c: a function of a library of the system, to be cast to its type, or NULL. For what not
 * every Windows has, or no import library. */
typedef void (*uv__function)(void);
uv__function uv__import(const WCHAR* library, const char* name);

/* registry.c: what the registry has of the machine: a value of at most `bytes` bytes, of the kind
 * that `flags` says (RRF_RT_*). Text is terminated. */
int uv__registry_get(const WCHAR* key, const WCHAR* name, DWORD flags, void* value, DWORD bytes);

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
/* There is room. */
void uv__table_add(struct uv__table* table, const void* key, const void* value);
/* NULL for a value: any. */
struct uv__pair* uv__table_find(const struct uv__table* table, const void* key, const void* value);
void uv__table_remove(struct uv__table* table, struct uv__pair* pair);
void uv__table_free(struct uv__table* table);
int uv__table_valid(const struct uv__table* table);

/* bufs.c: copies up to `limit` bytes from the place (*at, *offset) in the buffers on; returns how
 * many. */
DWORD uv__bufs_copy(
    char* to, DWORD limit, const uv_buf_t* bufs, unsigned nbufs, unsigned* at, size_t* offset);

/* The stack of each thread of the library's, which needs little of it itself: what is put into
 * processes by others, virus scanners for example, runs on it, too, and expects what programs usually
 * have. Where addresses are few, less. It is reserved, and costs memory where it is used only. */
#define UV__HELPER_STACK (sizeof(void*) > 4 ? 1024 * 1024 : 256 * 1024)

#endif /* UV__WIN_BASE_H_ */
