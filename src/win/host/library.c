/* Shared libraries, loaded while the program runs. */
#include "win/text/text.h"

#include <wchar.h>

#include "core/base/alloc.h"

/* Stands for the reason when there is no memory for a text; never freed. */
static char unknown_reason[] = "not enough memory to say why";

static void forget_reason(uv_lib_t* lib) {
  if (lib->errmsg != unknown_reason)
    uv__free(lib->errmsg);
  lib->errmsg = NULL;
}

/* The system's own words for an error, in the language of the user. */
static int keep_reason(uv_lib_t* lib, DWORD error) {
  WCHAR text[512] = L"unknown error";
  DWORD units = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                               error, 0, text, sizeof(text) / sizeof(text[0]), NULL);
  char* copy = NULL;
  size_t size;

  if (units == 0)
    units = (DWORD) wcslen(text);
  while (units > 1 && text[units - 1] <= L' ') /* a line of its own there */
    units--;
  if (uv_utf16_to_wtf8((const uint16_t*) text, (ssize_t) units, &copy, &size) < 0)
    copy = unknown_reason;
  forget_reason(lib);
  lib->errmsg = copy;
  return -1;
}

/* From C:\ or from \\, or the same with slashes. */
static int is_absolute(const WCHAR* path) {
  if (path[0] == L'\\' || path[0] == L'/')
    return path[1] == L'\\' || path[1] == L'/';
  return path[0] != 0 && path[1] == L':' && (path[2] == L'\\' || path[2] == L'/');
}

/* A library looks for those it needs in its own folder first, which is defined for an absolute path
 * only. */
static HMODULE load(const WCHAR* path) {
  return LoadLibraryExW(path, NULL, is_absolute(path) ? LOAD_WITH_ALTERED_SEARCH_PATH : 0);
}

int uv_dlopen(const char* filename, uv_lib_t* lib) {
  WCHAR* path;
  int r;

  lib->handle = NULL;
  lib->errmsg = NULL;
  if (filename == NULL) {
    if (GetModuleHandleExW(0, NULL, &lib->handle))
      return 0;
    return keep_reason(lib, GetLastError());
  }
  r = uv__wide_make(filename, &path);
  if (r < 0)
    return keep_reason(lib,
                       r == UV_ENOMEM ? ERROR_NOT_ENOUGH_MEMORY : ERROR_NO_UNICODE_TRANSLATION);
  lib->handle = load(path);
  r = lib->handle != NULL ? 0 : keep_reason(lib, GetLastError());
  uv__free(path);
  return r;
}

void uv_dlclose(uv_lib_t* lib) {
  forget_reason(lib);
  if (lib->handle != NULL)
    FreeLibrary(lib->handle);
  lib->handle = NULL;
}

int uv_dlsym(uv_lib_t* lib, const char* name, void** ptr) {
  FARPROC found;

  if (name == NULL || ptr == NULL)
    return keep_reason(lib, ERROR_INVALID_PARAMETER);
  found = GetProcAddress(lib->handle, name);
  if (found == NULL)
    return keep_reason(lib, GetLastError());
  *ptr = (void*) (uintptr_t) found;
  return 0;
}

const char* uv_dlerror(const uv_lib_t* lib) {
  return lib->errmsg != NULL ? lib->errmsg : "no error";
}
