/* The shim's switches, its ledger, and the functions that are only counted or locked.
 * What it is for is said in shim.h. */
#include "shim.h"

#include <stdio.h>
#include <string.h>

#include "shim_internal.h"

static const char variable[] = "UVTEST_SHIM";

static const struct {
  const char* name;
  enum shim_behaviour behaviour;
} behaviours[] = {
    {"lock", SHIM_LOCK},
    {"lsp", SHIM_LSP},
    {"foreign", SHIM_FOREIGN},
    {"context", SHIM_CONTEXT},
    {"first_instance", SHIM_FIRST_INSTANCE},
    {"ticks", SHIM_TICKS},
    {"nosys", SHIM_NOSYS},
    {"trace", SHIM_TRACE},
};

static const char* const names[SHIM_FUNCTIONS] = {
#define COUNTED(result, convention, name, parameters, arguments) #name,
#define LOCKED(result, convention, name, parameters, arguments) #name,
#define OWN(result, convention, name, parameters) #name,
#include "shim_calls.h"
#undef COUNTED
#undef LOCKED
#undef OWN
    "AcceptEx",
    "ConnectEx",
};

/* ---- Switches ---- */

enum {
  UNREAD = 1 << 30 /* The variable was not looked at yet. */
};

static volatile LONG switches = UNREAD;

static LONG parse(const char* list) {
  LONG found = 0;
  size_t i;

  while (*list != '\0') {
    size_t length = strcspn(list, ",");
    for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
      if (strlen(behaviours[i].name) == length && strncmp(behaviours[i].name, list, length) == 0)
        found |= behaviours[i].behaviour;
    list += length;
    list += *list == ',';
  }
  return found;
}

/* The first question comes from the C library, before it can be used. */
int shim_has(enum shim_behaviour behaviour) {
  LONG now = switches;

  if (now == UNREAD) {
    char list[256];
    DWORD error = GetLastError();
    DWORD length = GetEnvironmentVariableA(variable, list, sizeof(list));

    SetLastError(error);
    now = length > 0 && length < sizeof(list) ? parse(list) : 0;
    switches = now;
  }
  return (now & behaviour) != 0;
}

int shim_use(const char* list) {
  char all[256] = "";
  size_t i;

  shim_has(SHIM_LOCK); /* The variable is read by now. */
  switches = *list == '\0' ? 0 : switches | parse(list);
  for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
    if (switches & behaviours[i].behaviour)
      snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s,", behaviours[i].name);
  SetEnvironmentVariableA(variable, all[0] == '\0' ? NULL : all);
  return 1;
}

/* ---- The ledger ---- */

static volatile LONG counting;
static volatile LONG counts[SHIM_FUNCTIONS];

void shim_tally(enum shim_function function) {
  if (counting)
    InterlockedIncrement(&counts[function]);
}

void shim_count_begin(void) {
  int i;

  for (i = 0; i < SHIM_FUNCTIONS; i++)
    counts[i] = 0;
  InterlockedExchange(&counting, 1);
}

void shim_count_end(void) {
  InterlockedExchange(&counting, 0);
}

size_t shim_count(const char* function) {
  size_t sum = 0;
  int i;

  for (i = 0; i < SHIM_FUNCTIONS; i++)
    if (function == NULL || strcmp(names[i], function) == 0)
      sum += (size_t) counts[i];
  return sum;
}

void shim_count_print(double operations) {
  int i;

  for (i = 0; i < SHIM_FUNCTIONS; i++)
    if (counts[i] > 0)
      printf("    %-36s %10.3f\n", names[i], (double) counts[i] / operations);
}

/* ---- Functions that are counted, or locked, and go on ---- */

#define COUNTED(result, convention, name, parameters, arguments) \
  result convention __wrap_##name parameters {                   \
    shim_tally(SHIM_##name);                                     \
    return REAL(name) arguments;                                 \
  }
#define LOCKED(result, convention, name, parameters, arguments) \
  result convention __wrap_##name parameters {                  \
    HANDLE lock = shim_lock_enter(h, #name);                    \
    result r;                                                   \
    shim_tally(SHIM_##name);                                    \
    r = REAL(name) arguments;                                   \
    shim_lock_leave(lock);                                      \
    return r;                                                   \
  }
#define OWN(result, convention, name, parameters)
#include "shim_calls.h"
#undef COUNTED
#undef LOCKED
#undef OWN

#define POINTER(result, convention, name, parameters) \
  result(convention* const __wrap___imp_##name) parameters = __wrap_##name;
#define COUNTED(result, convention, name, parameters, arguments) \
  POINTER(result, convention, name, parameters)
#define LOCKED(result, convention, name, parameters, arguments) \
  POINTER(result, convention, name, parameters)
#define OWN(result, convention, name, parameters) POINTER(result, convention, name, parameters)
#include "shim_calls.h"
#undef COUNTED
#undef LOCKED
#undef OWN

/* What is looked up at run time is found here, too. */
static const struct {
  FARPROC const* real;
  FARPROC const* ours;
} pointers[] = {
#define PAIR(name) \
  {(FARPROC const*) (const void*) &REAL(name), (FARPROC const*) (const void*) &__wrap___imp_##name},
#define COUNTED(result, convention, name, parameters, arguments) PAIR(name)
#define LOCKED(result, convention, name, parameters, arguments) PAIR(name)
#define OWN(result, convention, name, parameters) PAIR(name)
#include "shim_calls.h"
#undef COUNTED
#undef LOCKED
#undef OWN
};

FARPROC WINAPI __wrap_GetProcAddress(HMODULE module, const char* name) {
  FARPROC found = REAL(GetProcAddress)(module, name);
  size_t i;

  for (i = 0; found != NULL && i < sizeof(pointers) / sizeof(pointers[0]); i++)
    if (*pointers[i].real == found)
      return *pointers[i].ours;
  return found;
}
