/* The API level, as number and text. */
#include "uv.h"

#define QUOTE(x) #x
#define QUOTE_VALUE(x) QUOTE(x)

unsigned int uv_version(void) {
  return UV_VERSION_HEX;
}

const char* uv_version_string(void) {
  return QUOTE_VALUE(UV_VERSION_MAJOR) "." QUOTE_VALUE(UV_VERSION_MINOR) "." QUOTE_VALUE(
      UV_VERSION_PATCH) UV_VERSION_SUFFIX;
}
