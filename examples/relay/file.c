/* The C library of Windows takes names in the code page of the system, or in UTF-16. */
#include "file.h"

#include "uv.h"

#ifdef _WIN32

#  include <errno.h>
#  include <wchar.h>

#  define MOST_UNITS 1024

/* `path` into `wide`; 0, and errno, when it is no text or too long. */
static int widen(const char* path, wchar_t* wide) {
  ssize_t units = uv_wtf8_length_as_utf16(path);
  if (units < 0 || units > MOST_UNITS) {
    errno = ENOENT;
    return 0;
  }
  uv_wtf8_to_utf16(path, (uint16_t*) wide, (size_t) units);
  return 1;
}

FILE* file_open(const char* path, const char* mode) {
  wchar_t wide[MOST_UNITS];
  wchar_t wide_mode[8];
  int i;
  for (i = 0; i < 7 && mode[i] != '\0'; i++)
    wide_mode[i] = (wchar_t) mode[i];
  wide_mode[i] = L'\0';
  return widen(path, wide) ? _wfopen(wide, wide_mode) : NULL;
}

int file_replace(const char* from, const char* to) {
  wchar_t wide_from[MOST_UNITS];
  wchar_t wide_to[MOST_UNITS];
  if (!widen(from, wide_from) || !widen(to, wide_to))
    return -1;
  return MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING) ? 0 : -1;
}

#else

FILE* file_open(const char* path, const char* mode) {
  return fopen(path, mode);
}

int file_replace(const char* from, const char* to) {
  return rename(from, to);
}

#endif
