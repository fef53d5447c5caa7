/* Handing out text the way uv.h promises for the functions of its group "System". */
#include "unix/base/base.h"

#include <string.h>

int uv__text_give(const char* text, size_t len, char* buffer, size_t* size) {
  if (len >= *size) {
    *size = len + 1;
    return UV_ENOBUFS;
  }
  memcpy(buffer, text, len);
  buffer[len] = '\0';
  *size = len;
  return 0;
}
