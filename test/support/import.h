/* A function of the system replaced for a test, in this program and the library in it: for what Windows
 * does and Wine does not, or what neither does when one likes. Works on the pointer by which a program
 * calls an imported function; what is looked up at run time is not replaced. For x86-64, where a
 * function has no decorated name; elsewhere it is skipped.
 *
 *   IMPORTED(SetConsoleCtrlHandler)
 *   real = import_replace(IMPORT(SetConsoleCtrlHandler), (import_function) fake); */
#ifndef IMPORT_H_
#define IMPORT_H_

#include <winsock2.h> /* and windows.h, which must not come before it */

#include "harness.h"

typedef void (*import_function)(void);

/* What CreateThread is, which several replace. */
typedef HANDLE(WINAPI* import_create_thread)(SECURITY_ATTRIBUTES* security,
                                             SIZE_T stack,
                                             LPTHREAD_START_ROUTINE run,
                                             void* arg,
                                             DWORD flags,
                                             DWORD* id);

#if defined(__x86_64__) || defined(_M_X64)
#  define IMPORTED(name) extern import_function __imp_##name;
#  define IMPORT(name) (&__imp_##name)
#else
#  define IMPORTED(name)
#  define IMPORT(name) NULL
#endif

/* What was there before, to be called by `now`. */
static inline import_function import_replace(import_function* where, import_function now) {
  import_function before;
  DWORD access;

  if (where == NULL)
    SKIP("imported functions are replaced on x86-64 only");
  before = *where;
  CHECK(VirtualProtect((void*) where, sizeof *where, PAGE_READWRITE, &access));
  *(import_function volatile*) where = now;
  return before;
}

#endif /* IMPORT_H_ */
