/* Files by the functions of the C run-time library. Of a file of the model nobody looks at the contents by
 * these. */
#include "proc.h"

#include <direct.h>
#include <stdio.h>
#include <string.h>

#undef fopen
#undef remove

FILE* nt_fopen(const char* path, const char* mode) {
  HANDLE file;
  WCHAR* wide;

  if (strncmp(path, "C:\\", 3) != 0)
    return fopen(path, mode);
  wide = nt_text_from(path);
  file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                     mode[0] == 'w' ? OPEN_ALWAYS : OPEN_EXISTING, 0, NULL);
  nt_free(wide);
  if (file == INVALID_HANDLE_VALUE)
    return NULL;
  CloseHandle(file);
  return fopen("/dev/null", mode);
}

int _wmkdir(const WCHAR* path) {
  return CreateDirectoryW(path, NULL) ? 0 : -1;
}

int _wrmdir(const WCHAR* path) {
  return RemoveDirectoryW(path) ? 0 : -1;
}

int _mkdir(const char* path) {
  WCHAR* wide = nt_text_from(path);
  int r = _wmkdir(wide);

  nt_free(wide);
  return r;
}

int _rmdir(const char* path) {
  WCHAR* wide = nt_text_from(path);
  int r = _wrmdir(wide);

  nt_free(wide);
  return r;
}

int nt_remove(const char* path) {
  WCHAR* wide;
  BOOL ok;

  if (strncmp(path, "C:\\", 3) != 0)
    return remove(path);
  wide = nt_text_from(path);
  ok = DeleteFileW(wide);
  nt_free(wide);
  return ok ? 0 : -1;
}
