/* The C library of Windows takes names in the code page of the system, or in UTF-16. */
#include "file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "uv.h"

#ifdef _WIN32

#  include <fcntl.h>
#  include <io.h>
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

/* The C library looks for the end and then writes there, where another process may have written
 * meanwhile; a handle that may do nothing but append does both at once. And this one keeps nobody from
 * moving the file away. NULL: ask the C library, which also says why not. */
static FILE* open_to_append(const wchar_t* path) {
  HANDLE handle = CreateFileW(path, FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  FILE* file = NULL;
  int fd;
  if (handle == INVALID_HANDLE_VALUE)
    return NULL;
  fd = _open_osfhandle((intptr_t) handle, _O_APPEND | _O_TEXT);
  if (fd < 0)
    CloseHandle(handle);
  else
    file = _fdopen(fd, "a");
  if (fd >= 0 && file == NULL)
    _close(fd);
  return file;
}

FILE* file_open(const char* path, const char* mode) {
  wchar_t wide[MOST_UNITS];
  wchar_t wide_mode[8];
  FILE* file;
  int i;
  for (i = 0; i < 7 && mode[i] != '\0'; i++)
    wide_mode[i] = (wchar_t) mode[i];
  wide_mode[i] = L'\0';
  if (!widen(path, wide))
    return NULL;
  file = mode[0] == 'a' ? open_to_append(wide) : NULL;
  return file != NULL ? file : _wfopen(wide, wide_mode);
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
