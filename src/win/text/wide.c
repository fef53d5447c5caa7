/* Text on its way between programs, which speak WTF-8, and the system, which speaks UTF-16 and
 * does not check it. Text that comes piece by piece is in utf.c. */
#include "win/text/text.h"

#include <wchar.h>

#include "core/base/alloc.h"

int uv__wide_make(const char* text, WCHAR** wide) {
  ssize_t units = uv_wtf8_length_as_utf16(text);
  WCHAR* made;

  if (units < 0)
    return (int) units;
  made = uv__malloc((size_t) units * sizeof(*made));
  if (made == NULL)
    return UV_ENOMEM;
  uv_wtf8_to_utf16(text, (uint16_t*) made, (size_t) units);
  *wide = made;
  return 0;
}

int uv__wide_give(const WCHAR* wide, size_t units, char* buffer, size_t* size) {
  const uint16_t* text = (const uint16_t*) wide;
  size_t len = uv_utf16_length_as_wtf8(text, (ssize_t) units);

  if (len >= *size) {
    *size = len + 1;
    return UV_ENOBUFS;
  }
  *size = len;
  return uv_utf16_to_wtf8(text, (ssize_t) units, &buffer, size);
}

int uv__wide_fetch(DWORD (*fetch)(WCHAR* to, DWORD room, const void* arg),
                   const void* arg,
                   WCHAR** text,
                   DWORD* units) {
  DWORD room = 260;
  int tries;

  /* What is asked for can grow between two calls, but hardly every time. */
  for (tries = 0; tries < 8; tries++) {
    DWORD used;

    *text = uv__malloc(room * sizeof(**text));
    if (*text == NULL)
      return UV_ENOMEM;
    SetLastError(ERROR_SUCCESS);
    used = fetch(*text, room, arg);
    if (used < room && (used > 0 || GetLastError() == ERROR_SUCCESS)) {
      *units = used;
      return 0;
    }
    uv__free(*text);
    *text = NULL;
    if (used == 0)
      return uv__error_translate(GetLastError());
    room = used > room ? used : room * 2;
  }
  return UV_ENOBUFS;
}

DWORD uv__wide_trim(const WCHAR* path, DWORD units) {
  if (units > 1 && path[units - 1] == L'\\' && !(units == 3 && path[1] == L':'))
    units--;
  return units;
}

int uv__wide_give_path(DWORD (*fetch)(WCHAR* to, DWORD room, const void* arg),
                       char* buffer,
                       size_t* size) {
  WCHAR* path;
  DWORD units;
  int r;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  r = uv__wide_fetch(fetch, NULL, &path, &units);
  if (r < 0)
    return r;
  r = uv__wide_give(path, uv__wide_trim(path, units), buffer, size);
  uv__free(path);
  return r;
}
