/* The C library of Windows takes names in the code page of the system, or in UTF-16. */
#include "file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "uv.h"

#ifdef _WIN32

#  include <wchar.h>

#  define MOST_UNITS 1024
#  define seek _fseeki64
#  define tell _ftelli64

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

void file_look(const char* path, struct file_look* look) {
  wchar_t wide[MOST_UNITS];
  struct _stat64 found;
  DWORD attributes;
  memset(look, 0, sizeof(*look));
  if (!widen(path, wide) || _wstat64(wide, &found) != 0)
    return;
  attributes = GetFileAttributesW(wide);
  look->exists = 1;
  look->is_folder = (found.st_mode & _S_IFMT) == _S_IFDIR;
  look->is_plain = (found.st_mode & _S_IFMT) == _S_IFREG && found.st_nlink <= 1 &&
                   attributes != INVALID_FILE_ATTRIBUTES &&
                   !(attributes & FILE_ATTRIBUTE_REPARSE_POINT);
}

/* The codes of the C library are not those of the system. */
int file_error(void) {
  switch (errno) {
  case ENOENT:
    return UV_ENOENT;
  case EACCES:
    return UV_EACCES;
  case EEXIST:
    return UV_EEXIST;
  case ENOSPC:
    return UV_ENOSPC;
  case EISDIR:
    return UV_EISDIR;
  case EMFILE:
    return UV_EMFILE;
  case ENOMEM:
    return UV_ENOMEM;
  case EPIPE:
    return UV_EPIPE;
  case EINVAL:
    return UV_EINVAL;
  default:
    return UV_EIO;
  }
}

#else

void file_look(const char* path, struct file_look* look) {
  struct stat found;
  struct stat target;
  memset(look, 0, sizeof(*look));
  if (lstat(path, &found) != 0)
    return;
  look->exists = 1;
  look->is_folder = stat(path, &target) == 0 && S_ISDIR(target.st_mode);
  look->is_plain = S_ISREG(found.st_mode) && found.st_nlink == 1;
  look->mode = (unsigned) found.st_mode;
}

int file_error(void) {
  return uv_translate_sys_error(errno);
}

#  define seek fseeko
#  define tell ftello

FILE* file_open(const char* path, const char* mode) {
  return fopen(path, mode);
}

int file_replace(const char* from, const char* to) {
  return rename(from, to);
}

#endif

int64_t file_left(FILE* file) {
  int64_t at = tell(file);
  int64_t end;
  if (at < 0 || seek(file, 0, SEEK_END) != 0)
    return -1;
  end = tell(file);
  return seek(file, at, SEEK_SET) == 0 && end >= at ? end - at : -1;
}
