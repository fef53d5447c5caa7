/* Places in the file system that a process has: its program, its folder, and where temporary files
 * go. The folder of its user is in host/user.c. */
#include "win/text/text.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

static DWORD fetch_program(WCHAR* to, DWORD room, const void* arg) {
  (void) arg;
  return GetModuleFileNameW(NULL, to, room); /* `room` when it was cut */
}

int uv_exepath(char* buffer, size_t* size) {
  WCHAR* path;
  DWORD units;
  size_t len;
  int r;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  r = uv__wide_fetch(fetch_program, NULL, &path, &units);
  if (r < 0)
    return r;
  len = *size - 1;
  r = uv_utf16_to_wtf8((const uint16_t*) path, (ssize_t) units, &buffer, &len);
  uv__free(path);
  if (r == UV_ENOBUFS) {
    len = strlen(buffer); /* Cut between two characters. */
    r = 0;
  }
  if (r == 0)
    *size = len;
  return r;
}

static DWORD fetch_current(WCHAR* to, DWORD room, const void* arg) {
  (void) arg;
  return GetCurrentDirectoryW(room, to);
}

/* ---- A folder with a long name ----
 *
 * The system takes none of MAX_PATH characters or more for the current one, but from programs whose
 * manifest says that they can do more (longPathAware). It takes its short name, which is as good. */

enum {
  MOST_CURRENT = MAX_PATH - 2 /* A backslash and the terminator come behind it. */
};

static DWORD fetch_full(WCHAR* to, DWORD room, const void* path) {
  return GetFullPathNameW(path, room, to, NULL);
}

static DWORD fetch_long(WCHAR* to, DWORD room, const void* path) {
  return GetLongPathNameW(path, to, room);
}

/* The current folder has the short name of one that is too long: what it is really called. Others are
 * handed out as they were set. */
static int lengthen(WCHAR** path, DWORD* units) {
  WCHAR* whole;
  DWORD whole_units;
  int r = wcschr(*path, L'~') == NULL ? UV_ENOENT
                                      : uv__wide_fetch(fetch_long, *path, &whole, &whole_units);

  if (r < 0)
    return r == UV_ENOMEM ? r : 0;
  if (whole_units <= MOST_CURRENT) {
    uv__free(whole);
    return 0;
  }
  uv__free(*path);
  *path = whole;
  *units = whole_units;
  return 0;
}

int uv_cwd(char* buffer, size_t* size) {
  WCHAR* path;
  DWORD units;
  int r;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  r = uv__wide_fetch(fetch_current, NULL, &path, &units);
  if (r < 0)
    return r;
  r = lengthen(&path, &units);
  if (r == 0)
    r = uv__wide_give(path, uv__wide_trim(path, units), buffer, size);
  uv__free(path);
  return r;
}

/* `error` is what the system said of the path itself. */
static int change_to_short(const WCHAR* path, int error) {
  WCHAR* full;
  WCHAR* shorter;
  DWORD units;
  int r = uv__wide_fetch(fetch_full, path, &full, &units);

  if (r < 0)
    return r;
  if (units > MOST_CURRENT)
    r = uv__folder_shorten(full, &shorter);
  else
    r = UV_EINVAL;
  uv__free(full);
  if (r < 0)
    return r == UV_EINVAL ? error : r;
  if (!SetCurrentDirectoryW(shorter))
    r = uv__error_translate(GetLastError());
  uv__free(shorter);
  return r;
}

/* A variable with the name of its drive, "=C:", remembers the current folder of each drive; the
 * system reads it to find what "C:file" means, but leaves it to programs to keep it. */
static int note_drive(void) {
  WCHAR* path;
  DWORD units;
  int r = uv__wide_fetch(fetch_current, NULL, &path, &units);

  if (r < 0)
    return r;
  if (units >= 2 && path[1] == L':') {
    WCHAR name[] = {L'=', path[0], L':', L'\0'};
    if (name[1] >= L'a' && name[1] <= L'z')
      name[1] = (WCHAR) (name[1] - L'a' + L'A');
    if (!SetEnvironmentVariableW(name, path))
      r = uv__error_translate(GetLastError());
  }
  uv__free(path);
  return r;
}

int uv_chdir(const char* dir) {
  WCHAR* path;
  int r;

  if (dir == NULL)
    return UV_EINVAL;
  r = uv__wide_make(dir, &path);
  if (r < 0)
    return r;
  if (!SetCurrentDirectoryW(path))
    r = change_to_short(path, uv__error_translate(GetLastError()));
  uv__free(path);
  return r < 0 ? r : note_drive();
}

static DWORD fetch_temporary(WCHAR* to, DWORD room, const void* arg) {
  (void) arg;
  return GetTempPathW(room, to);
}

int uv_os_tmpdir(char* buffer, size_t* size) {
  return uv__wide_give_path(fetch_temporary, buffer, size);
}
