/* What the registry has of the machine. */
#include "win/base/base.h"

int uv__registry_get(const WCHAR* key, const WCHAR* name, DWORD flags, void* value, DWORD bytes) {
  typedef LONG(WINAPI * get_value_fn)(HKEY, const WCHAR*, const WCHAR*, DWORD, DWORD*, void*,
                                      DWORD*);
  get_value_fn get_value = (get_value_fn) uv__import(L"advapi32.dll", "RegGetValueW");
  LONG error = ERROR_CALL_NOT_IMPLEMENTED;

  if (get_value != NULL)
    error = get_value(HKEY_LOCAL_MACHINE, key, name, flags, NULL, value, &bytes);
  return error == ERROR_SUCCESS ? 0 : uv__error_translate((DWORD) error);
}
