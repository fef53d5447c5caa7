/* Folders whose names are longer than calls that take folders have room for. */
#include "win/text/text.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

static const WCHAR plain[] = L"\\\\?\\"; /* What follows is not limited. */

enum {
  PLAIN = sizeof(plain) / sizeof(plain[0]) - 1
};

static DWORD fetch_short(WCHAR* to, DWORD room, const void* path) {
  return GetShortPathNameW(path, to, room);
}

static int is_plain(const WCHAR* path) {
  return wcsncmp(path, plain, PLAIN) == 0;
}

int uv__folder_shorten(const WCHAR* path, WCHAR** shorter) {
  WCHAR* whole;
  WCHAR* at;
  DWORD units;
  int r;

  if (is_plain(path))
    path += PLAIN;
  if (path[0] == L'\0' || path[1] != L':')
    return UV_EINVAL;
  whole = uv__malloc((PLAIN + wcslen(path) + 1) * sizeof(*whole));
  if (whole == NULL)
    return UV_ENOMEM;
  wcscpy(whole, plain);
  wcscpy(whole + PLAIN, path);
  for (at = whole; *at != L'\0'; at++)
    if (*at == L'/') /* It is nothing special behind that. */
      *at = L'\\';
  r = uv__wide_fetch(fetch_short, whole, shorter, &units);
  uv__free(whole);
  if (r == 0 && is_plain(*shorter))
    memmove(*shorter, *shorter + PLAIN, (units + 1 - PLAIN) * sizeof(**shorter));
  return r;
}
