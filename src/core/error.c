/* Names and texts of error codes, all from the one table in uv/errno.h. Translating native
 * codes is the business of each backend. */
#include <stdio.h>

#include "uv.h"

/* Room for the longest text about an unknown code. */
enum {
  UNKNOWN_SIZE = 48
};

#if defined(_MSC_VER) && !defined(__clang__)
static __declspec(thread) char unknown[UNKNOWN_SIZE];
#else
static _Thread_local char unknown[UNKNOWN_SIZE];
#endif

static const char* name_of(int err) {
  switch (err) {
#define CASE(name, text) \
  case UV_##name:        \
    return #name;
    UV_ERRNO_MAP(CASE)
#undef CASE
  default:
    return NULL;
  }
}

static const char* text_of(int err) {
  switch (err) {
#define CASE(name, text) \
  case UV_##name:        \
    return text;
    UV_ERRNO_MAP(CASE)
#undef CASE
  default:
    return NULL;
  }
}

/* `known`, or a text with the number, into `buf`, or into the thread's own memory. */
static char* put(const char* known, int err, char* buf, size_t size) {
  if (known != NULL)
    snprintf(buf, size, "%s", known);
  else
    snprintf(buf, size, "Unknown system error %d", err);
  return buf;
}

const char* uv_strerror(int err) {
  const char* text = text_of(err);
  return text != NULL ? text : put(NULL, err, unknown, sizeof(unknown));
}

char* uv_strerror_r(int err, char* buf, size_t buflen) {
  return put(text_of(err), err, buf, buflen);
}

const char* uv_err_name(int err) {
  const char* name = name_of(err);
  return name != NULL ? name : put(NULL, err, unknown, sizeof(unknown));
}

char* uv_err_name_r(int err, char* buf, size_t buflen) {
  return put(name_of(err), err, buf, buflen);
}
