/* Names and texts of error codes, all from the one table in uv/errno.h. Translating native
 * codes is the business of each backend. */
#include <stdio.h>
#include <string.h>

#include "core/base/atomic.h"
#include "uv.h"

enum {
  UNKNOWN_SIZE = 48, /* room for the longest text about an unknown code */
  UNKNOWN_COUNT = 64 /* a power of two */
};

/* Taken in turns, and the last byte of each is never written. Memory of the thread would hold one
 * text, and in a program of MinGW mean a DLL more, which not every system has. */
static char unknown[UNKNOWN_COUNT][UNKNOWN_SIZE];
static int unknown_next;

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

/* `known`, or a text with the number, into `buf`. */
static char* put(const char* known, int err, char* buf, size_t size) {
  if (known != NULL)
    snprintf(buf, size, "%s", known);
  else
    snprintf(buf, size, "Unknown system error %d", err);
  return buf;
}

static const char* put_unknown(int err) {
  int turn = uv__atomic_add(&unknown_next, 1) & (UNKNOWN_COUNT - 1);
  return put(NULL, err, unknown[turn], UNKNOWN_SIZE - 1);
}

const char* uv_strerror(int err) {
  const char* text = text_of(err);
  return text != NULL ? text : put_unknown(err);
}

char* uv_strerror_r(int err, char* buf, size_t buflen) {
  return put(text_of(err), err, buf, buflen);
}

const char* uv_err_name(int err) {
  const char* name = name_of(err);
  return name != NULL ? name : put_unknown(err);
}

char* uv_err_name_r(int err, char* buf, size_t buflen) {
  return put(name_of(err), err, buf, buflen);
}
