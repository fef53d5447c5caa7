/* Shared libraries, loaded while the program runs. */
#include "unix/base/base.h"

#include <dlfcn.h>
#include <string.h>

#include "core/base/alloc.h"

/* Stands for the reason when there is no memory for a copy of it; never freed. */
static char unknown_reason[] = "not enough memory to say why";

static void forget_reason(uv_lib_t* lib) {
  if (lib->errmsg != unknown_reason)
    uv__free(lib->errmsg);
  lib->errmsg = NULL;
}

/* The text is the system's, until this thread asks it for something else. */
static int keep_reason(uv_lib_t* lib, const char* reason) {
  size_t size = strlen(reason) + 1;

  forget_reason(lib);
  lib->errmsg = uv__malloc(size);
  if (lib->errmsg == NULL)
    lib->errmsg = unknown_reason;
  else
    memcpy(lib->errmsg, reason, size);
  return -1;
}

int uv_dlopen(const char* filename, uv_lib_t* lib) {
  const char* reason;

  lib->errmsg = NULL;
  (void) dlerror();
  lib->handle = dlopen(filename, RTLD_LAZY);
  if (lib->handle != NULL)
    return 0;
  reason = dlerror();
  return keep_reason(lib, reason != NULL ? reason : "unknown error");
}

void uv_dlclose(uv_lib_t* lib) {
  forget_reason(lib);
  if (lib->handle != NULL)
    (void) dlclose(lib->handle);
  lib->handle = NULL;
}

int uv_dlsym(uv_lib_t* lib, const char* name, void** ptr) {
  const char* reason;
  void* found;

  if (name == NULL || ptr == NULL)
    return keep_reason(lib, "invalid argument");
  (void) dlerror();
  found = dlsym(lib->handle, name);
  /* NULL alone is no failure: a symbol may have that value. */
  reason = found == NULL ? dlerror() : NULL;
  if (reason != NULL)
    return keep_reason(lib, reason);
  *ptr = found;
  return 0;
}

const char* uv_dlerror(const uv_lib_t* lib) {
  return lib->errmsg != NULL ? lib->errmsg : "no error";
}
