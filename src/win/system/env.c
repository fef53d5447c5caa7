/* The environment of the process: the system's own, not the copy that the C run-time library
 * made at its start. The system locks it. */
#include "win/text/text.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

/* Names that begin with '=' are the system's, for the current folder of each drive. */
static int check_name(const char* name) {
  return name == NULL || name[0] == '\0' || strchr(name + 1, '=') != NULL ? UV_EINVAL : 0;
}

static DWORD fetch(WCHAR* to, DWORD room, const void* name) {
  return GetEnvironmentVariableW(name, to, room);
}

int uv_os_getenv(const char* name, char* buffer, size_t* size) {
  WCHAR* wide;
  WCHAR* value;
  DWORD units;
  int r;

  if (name == NULL || buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  r = uv__wide_make(name, &wide);
  if (r < 0)
    return r;
  r = uv__wide_fetch(fetch, wide, &value, &units);
  uv__free(wide);
  if (r < 0)
    return r;
  r = uv__wide_give(value, units, buffer, size);
  uv__free(value);
  return r;
}

int uv_os_setenv(const char* name, const char* value) {
  WCHAR* wide;
  WCHAR* wide_value;
  int r = check_name(name);

  if (r < 0 || value == NULL)
    return UV_EINVAL;
  r = uv__wide_make(name, &wide);
  if (r < 0)
    return r;
  r = uv__wide_make(value, &wide_value);
  if (r == 0) {
    if (!SetEnvironmentVariableW(wide, wide_value))
      r = uv__error_translate(GetLastError());
    uv__free(wide_value);
  }
  uv__free(wide);
  return r;
}

int uv_os_unsetenv(const char* name) {
  WCHAR* wide;
  int r = check_name(name);

  if (r < 0)
    return r;
  r = uv__wide_make(name, &wide);
  if (r < 0)
    return r;
  if (!SetEnvironmentVariableW(wide, NULL) && GetLastError() != ERROR_ENVVAR_NOT_FOUND)
    r = uv__error_translate(GetLastError());
  uv__free(wide);
  return r;
}

/* The '=' between name and value, or NULL for a variable of the system's. */
static const WCHAR* find_equals(const WCHAR* entry) {
  return entry[0] == L'=' ? NULL : wcschr(entry, L'=');
}

/* Writes `units` units as terminated WTF-8 and steps over it. */
static char* put(char** to, const WCHAR* from, size_t units) {
  char* text = *to;
  size_t size = uv_utf16_length_as_wtf8((const uint16_t*) from, (ssize_t) units);

  uv_utf16_to_wtf8((const uint16_t*) from, (ssize_t) units, &text, &size);
  *to += size + 1;
  return text;
}

static int make_items(const WCHAR* block, uv_env_item_t** envitems, int* count) {
  uv_env_item_t* items = NULL;
  const WCHAR* at;
  size_t bytes = 0;
  int n = 0;

  for (at = block; *at != L'\0'; at += wcslen(at) + 1) {
    if (find_equals(at) != NULL) {
      bytes += uv_utf16_length_as_wtf8((const uint16_t*) at, -1) + 1;
      n++;
    }
  }
  /* One block: the table, then the texts it points to. */
  if (n > 0) {
    char* text;

    items = uv__malloc((size_t) n * sizeof(*items) + bytes);
    if (items == NULL)
      return UV_ENOMEM;
    text = (char*) (items + n);
    n = 0;
    for (at = block; *at != L'\0'; at += wcslen(at) + 1) {
      const WCHAR* equals = find_equals(at);
      if (equals != NULL) {
        items[n].name = put(&text, at, (size_t) (equals - at));
        items[n++].value = put(&text, equals + 1, wcslen(equals + 1));
      }
    }
  }
  *envitems = items;
  *count = n;
  return 0;
}

int uv_os_environ(uv_env_item_t** envitems, int* count) {
  WCHAR* block;
  int r;

  if (envitems == NULL || count == NULL)
    return UV_EINVAL;
  block = GetEnvironmentStringsW(); /* a copy */
  if (block == NULL)
    return uv__error_translate(GetLastError());
  r = make_items(block, envitems, count);
  FreeEnvironmentStringsW(block);
  return r;
}
