/* The file that a bound Unix-domain socket is in the file system. It is no file to be read, and the system
 * leaves it there when the socket is closed. */
#include "win/local/local.h"

enum { /* FileDispositionInfoEx and its flags, which old headers do not have */
  DISPOSITION_EX = 21,
  DELETES = 1,
  POSIX_SEMANTICS = 2
};

/* One that is too long, or no text, is none of which there could be a file. */
static int widen(const char* path, WCHAR wide[UV__LOCAL_PATH]) {
  return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, UV__LOCAL_PATH) > 0;
}

/* The handle stays open as long as the socket: so nobody else's file is taken for ours, as Unix sees to
 * by the number of the file. Others may remove it or give it another name all the same. */
int uv__local_file_open(const char* path, HANDLE* file) {
  WCHAR wide[UV__LOCAL_PATH];

  if (!widen(path, wide))
    return UV_EINVAL;
  *file = CreateFileW(wide, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                      OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL);
  if (*file == INVALID_HANDLE_VALUE) {
    int r = uv__error_translate(GetLastError());

    (void) DeleteFileW(wide); /* Nothing is left behind. */
    return r;
  }
  return 0;
}

/* Without the semantics of POSIX the name would stay until everybody has closed the file who looks at it, and
 * nothing could be bound to it. */
void uv__local_file_remove(HANDLE file) {
  ULONG how = DELETES | POSIX_SEMANTICS;
  FILE_DISPOSITION_INFO info;

  info.DeleteFile = TRUE;
  if (!SetFileInformationByHandle(file, (FILE_INFO_BY_HANDLE_CLASS) DISPOSITION_EX, &how,
                                  sizeof(how)))
    (void) SetFileInformationByHandle(file, FileDispositionInfo, &info, sizeof(info));
  CloseHandle(file);
}

int uv__local_file_is_name(const char* path) {
  WCHAR wide[UV__LOCAL_PATH];

  return widen(path, wide);
}

int uv__local_file_exists(const char* path) {
  WCHAR wide[UV__LOCAL_PATH];

  return widen(path, wide) && GetFileAttributesW(wide) != INVALID_FILE_ATTRIBUTES;
}
