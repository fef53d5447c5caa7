/* What the files of the shim share. ld's --wrap takes a reference to a symbol X to __wrap_X, and
 * gives X itself the name __real_X; it is asked to do so for the pointer of each import (__imp_NAME,
 * through which declared imports are called) and for NAME itself. */
#ifndef SHIM_INTERNAL_H_
#define SHIM_INTERNAL_H_

#include <winsock2.h>

#include <ws2tcpip.h>

#include <io.h>
#include <mswsock.h>
#include <windows.h>

#include <winternl.h>

enum shim_behaviour {
  SHIM_LOCK = 1,
  SHIM_LSP = 2,
  SHIM_FOREIGN = 4,
  SHIM_CONTEXT = 8,
  SHIM_FIRST_INSTANCE = 16,
  SHIM_TICKS = 32,
  SHIM_NOSYS = 64,
  SHIM_TRACE = 128
};

/* A number for each function, for the ledger. */
enum shim_function {
#define COUNTED(result, convention, name, parameters, arguments) SHIM_##name,
#define LOCKED(result, convention, name, parameters, arguments) SHIM_##name,
#define OWN(result, convention, name, parameters) SHIM_##name,
#include "shim_calls.h"
#undef COUNTED
#undef LOCKED
#undef OWN
  SHIM_AcceptEx,
  SHIM_ConnectEx,
  SHIM_FUNCTIONS
};

#define DECLARE(result, convention, name, parameters)              \
  extern result(convention* const __real___imp_##name) parameters; \
  extern result(convention* const __wrap___imp_##name) parameters; \
  result convention __wrap_##name parameters;
#define COUNTED(result, convention, name, parameters, arguments) \
  DECLARE(result, convention, name, parameters)
#define LOCKED(result, convention, name, parameters, arguments) \
  DECLARE(result, convention, name, parameters)
#define OWN(result, convention, name, parameters) DECLARE(result, convention, name, parameters)
#include "shim_calls.h"
#undef COUNTED
#undef LOCKED
#undef OWN
#undef DECLARE

/* The function of the system. */
#define REAL(name) (__real___imp_##name)

/* shim.c */
int shim_has(enum shim_behaviour behaviour);
void shim_tally(enum shim_function function);

/* shim_lock.c: the lock of the file object behind `h`, if it is one that has one; NULL if not.
 * Leaving keeps the last error. `call` is for the trace. */
HANDLE shim_lock_enter(HANDLE h, const char* call);
void shim_lock_leave(HANDLE lock);
/* A handle that was just made: it may have the number of one that was closed unseen. */
void shim_lock_opened(HANDLE h);

#endif /* SHIM_INTERNAL_H_ */
