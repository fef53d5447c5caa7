/* Functions that not every Windows has, or no import library: looked up where they are needed. */
#include "win/base/base.h"

uv__function uv__import(const WCHAR* library, const char* name) {
  /* From the folder of the system and from no other, where anybody could put a file. Never given
   * back: the system counts, and these stay loaded anyway once used. */
  HMODULE module = LoadLibraryExW(library, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);

  return module == NULL ? NULL : (uv__function) GetProcAddress(module, name);
}
