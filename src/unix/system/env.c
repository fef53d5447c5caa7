/* The environment of the process. POSIX gives no lock for it: getenv's answer may go when
 * another thread sets a variable, so callers must keep other threads away (uv.h). */
#include "unix/base/base.h"

#include <stdlib.h>
#include <string.h>

#if defined(__APPLE__)
#  include <crt_externs.h> /* a shared library there cannot see `environ` */
#  define environ (*_NSGetEnviron())
#else
extern char** environ;
#endif

#include "core/base/alloc.h"

int uv_os_getenv(const char* name, char* buffer, size_t* size) {
  const char* value;

  if (name == NULL || buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  value = getenv(name);
  return value == NULL ? UV_ENOENT : uv__text_give(value, strlen(value), buffer, size);
}

int uv_os_setenv(const char* name, const char* value) {
  if (name == NULL || value == NULL)
    return UV_EINVAL;
  return setenv(name, value, 1) == 0 ? 0 : UV__ERR(errno);
}

int uv_os_unsetenv(const char* name) {
  if (name == NULL)
    return UV_EINVAL;
  return unsetenv(name) == 0 ? 0 : UV__ERR(errno);
}

int uv_os_environ(uv_env_item_t** envitems, int* count) {
  uv_env_item_t* items = NULL;
  size_t bytes = 0;
  int n = 0;
  char** at;

  if (envitems == NULL || count == NULL)
    return UV_EINVAL;
  /* clearenv leaves NULL; putenv lets in what has no '='. */
  for (at = environ; at != NULL && *at != NULL; at++) {
    if (strchr(*at, '=') != NULL) {
      bytes += strlen(*at) + 1;
      n++;
    }
  }

  /* One block: the table, then the texts it points to. */
  if (n > 0) {
    char* text;

    items = uv__malloc((size_t) n * sizeof(*items) + bytes);
    if (items == NULL)
      return UV_ENOMEM;
    text = (char*) (items + n);
    n = 0;
    for (at = environ; *at != NULL; at++) {
      const char* equals = strchr(*at, '=');
      size_t size = strlen(*at) + 1;

      if (equals == NULL)
        continue;
      memcpy(text, *at, size);
      items[n].name = text;
      text[equals - *at] = '\0';
      items[n++].value = text + (equals - *at) + 1;
      text += size;
    }
  }
  *envitems = items;
  *count = n;
  return 0;
}
