/* What each of the files of guide.h has for itself. */
#ifndef COMPAT_GUIDE_PROGRAM_H_
#define COMPAT_GUIDE_PROGRAM_H_

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "guide.h"

#ifdef __cplusplus
#  define GUIDE(name) extern "C" int name##_as_cxx(const char* program, const char* child)
#else
#  define GUIDE(name) int name(const char* program, const char* child)
#endif

static int failures;

#define EXPECT(condition)                                                     \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      failures++;                                                             \
    }                                                                         \
  } while (0)

struct program {
  const char* name;
  void (*run)(void);
};

static int run_program(const struct program* programs, size_t count, const char* name) {
  size_t i;

  failures = 0;
  for (i = 0; i < count; i++) {
    if (strcmp(programs[i].name, name) == 0) {
      programs[i].run();
      return failures;
    }
  }
  fprintf(stderr, "no program %s\n", name);
  return 1;
}

#endif /* COMPAT_GUIDE_PROGRAM_H_ */
