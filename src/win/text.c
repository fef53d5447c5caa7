/* Text for the system, which speaks UTF-16. */
#include "internal.h"

#include "../core/alloc.h"

int uv__text_wide(const char* text, size_t length, WCHAR** wide) {
  WCHAR* made;
  int units = 0;

  if (length > INT_MAX / 2)
    return UV_E2BIG;
  if (length > 0) {
    units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int) length, NULL, 0);
    if (units == 0)
      return uv__error_translate(GetLastError());
  }
  made = uv__malloc(((size_t) units + 1) * sizeof(*made));
  if (made == NULL)
    return UV_ENOMEM;
  if (units > 0)
    MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, (int) length, made, units);
  made[units] = L'\0';
  *wide = made;
  return 0;
}
