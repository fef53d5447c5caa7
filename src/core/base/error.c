/* Names and texts of error codes, all from the one table in uv/errno.h. Translating native
 * codes is the business of each backend. */
#include <stdio.h>
#include <string.h>

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

/* All names and texts in one block, in the order of `codes`. A pointer to each would take more
 * room than most of them, and be set anew whenever the library is loaded; whoever wants a text
 * can wait for a walk through some thousand bytes. */
static const char texts[] =
#define TEXTS(name, text) #name "\0" text "\0"
    UV_ERRNO_MAP(TEXTS)
#undef TEXTS
    ;

static const short codes[] = {
#define CODE(name, text) UV_##name,
    UV_ERRNO_MAP(CODE)
#undef CODE
};

/* The name of a code, which its text follows; NULL: unknown. */
static const char* name_of(int err) {
  const char* at = texts;
  size_t i;

  for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    if (codes[i] == err)
      return at;
    at += strlen(at) + 1;
    at += strlen(at) + 1;
  }
  return NULL;
}

static const char* text_of(int err) {
  const char* name = name_of(err);
  return name == NULL ? NULL : name + strlen(name) + 1;
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
