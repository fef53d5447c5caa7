/* The user that the process acts for, and the user's folder. Windows has no numbers for users. */
#include "win/text/text.h"

#include <string.h>

#include "core/base/alloc.h"

static DWORD fetch_userprofile(WCHAR* to, DWORD room, const void* arg) {
  (void) arg;
  return GetEnvironmentVariableW(L"USERPROFILE", to, room);
}

static DWORD fetch_profile(WCHAR* to, DWORD room, const void* arg) {
  typedef BOOL(WINAPI * get_profile_fn)(HANDLE, WCHAR*, DWORD*);
  typedef BOOL(WINAPI * open_token_fn)(HANDLE, DWORD, HANDLE*);
  get_profile_fn get_profile =
      (get_profile_fn) uv__import(L"userenv.dll", "GetUserProfileDirectoryW");
  open_token_fn open_token = (open_token_fn) uv__import(L"advapi32.dll", "OpenProcessToken");
  HANDLE token;
  DWORD size = room; /* with the terminator, in and out */
  DWORD error;
  BOOL ok;

  (void) arg;
  if (get_profile == NULL || open_token == NULL) {
    SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return 0;
  }
  if (!open_token(GetCurrentProcess(), TOKEN_QUERY, &token))
    return 0;
  ok = get_profile(token, to, &size);
  error = GetLastError();
  CloseHandle(token);
  if (ok)
    return size - 1;
  SetLastError(error);
  return error == ERROR_INSUFFICIENT_BUFFER && size > room ? size : 0;
}

static DWORD fetch_name(WCHAR* to, DWORD room, const void* arg) {
  typedef BOOL(WINAPI * get_name_fn)(WCHAR*, DWORD*);
  get_name_fn get_name = (get_name_fn) uv__import(L"advapi32.dll", "GetUserNameW");
  DWORD size = room; /* with the terminator, in and out */

  (void) arg;
  if (get_name == NULL) {
    SetLastError(ERROR_CALL_NOT_IMPLEMENTED);
    return 0;
  }
  if (get_name(to, &size))
    return size - 1;
  return GetLastError() == ERROR_INSUFFICIENT_BUFFER && size > room ? size : 0;
}

int uv_os_homedir(char* buffer, size_t* size) {
  int r = uv__wide_give_path(fetch_userprofile, buffer, size);

  return r == UV_ENOENT ? uv__wide_give_path(fetch_profile, buffer, size) : r;
}

/* One block: the name, then the folder. */
static int copy_user(uv_passwd_t* pwd, const WCHAR* name, const WCHAR* folder) {
  size_t name_size = uv_utf16_length_as_wtf8((const uint16_t*) name, -1) + 1;
  size_t folder_size = uv_utf16_length_as_wtf8((const uint16_t*) folder, -1) + 1;
  char* text = uv__malloc(name_size + folder_size);
  char* behind;

  if (text == NULL)
    return UV_ENOMEM;
  behind = text + name_size;
  name_size--;
  folder_size--;
  (void) uv_utf16_to_wtf8((const uint16_t*) name, -1, &text, &name_size);
  (void) uv_utf16_to_wtf8((const uint16_t*) folder, -1, &behind, &folder_size);
  pwd->username = text;
  pwd->uid = (unsigned long) -1;
  pwd->gid = (unsigned long) -1;
  pwd->shell = NULL;
  pwd->homedir = behind;
  return 0;
}

int uv_os_get_passwd(uv_passwd_t* pwd) {
  WCHAR* name;
  WCHAR* folder;
  DWORD units;
  int r;

  if (pwd == NULL)
    return UV_EINVAL;
  r = uv__wide_fetch(fetch_name, NULL, &name, &units);
  if (r < 0)
    return r;
  r = uv__wide_fetch(fetch_profile, NULL, &folder, &units);
  if (r == 0) {
    r = copy_user(pwd, name, folder);
    uv__free(folder);
  }
  uv__free(name);
  return r;
}

int uv_os_get_passwd2(uv_passwd_t* pwd, uv_uid_t uid) {
  (void) uid;
  return pwd == NULL ? UV_EINVAL : UV_ENOTSUP;
}

int uv_os_get_group(uv_group_t* grp, uv_uid_t gid) {
  (void) gid;
  return grp == NULL ? UV_EINVAL : UV_ENOTSUP;
}
