/* The environment, which all processes here share. A run begins with an empty one. */
#include "sched.h"

#include <string.h>
#include <wchar.h>

struct variable {
  struct variable* next;
  WCHAR* value; /* behind the name */
  WCHAR name[];
};

static struct variable* variables;

/* Where the variable is, or would be. */
static struct variable** find(const WCHAR* name) {
  struct variable** at = &variables;

  while (*at != NULL && _wcsicmp((*at)->name, name) != 0)
    at = &(*at)->next;
  return at;
}

static void drop(struct variable** at) {
  struct variable* gone = *at;

  *at = gone->next;
  nt_free(gone);
}

void nt_env_end(void) {
  while (variables != NULL)
    drop(&variables);
}

/* Units without the terminator; with it where they do not fit. */
DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR to, DWORD room) {
  const struct variable* found;
  DWORD units;

  nt_enter("GetEnvironmentVariableW");
  found = *find(name);
  if (found == NULL) {
    nt_error(ERROR_ENVVAR_NOT_FOUND);
    return 0;
  }
  units = (DWORD) wcslen(found->value);
  if (units >= room)
    return units + 1;
  wcscpy(to, found->value);
  return units;
}

BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value) {
  struct variable** at;
  struct variable* made;

  nt_enter("SetEnvironmentVariableW");
  if (name == NULL || name[0] == 0 || wcschr(name + 1, L'=') != NULL)
    return nt_error(ERROR_INVALID_PARAMETER);
  at = find(name);
  if (*at == NULL && value == NULL)
    return nt_error(ERROR_ENVVAR_NOT_FOUND);
  if (*at != NULL)
    drop(at);
  if (value == NULL)
    return TRUE;
  made = nt_alloc(sizeof(*made) + (wcslen(name) + wcslen(value) + 2) * sizeof(WCHAR));
  wcscpy(made->name, name);
  made->value = made->name + wcslen(name) + 1;
  wcscpy(made->value, value);
  made->next = variables;
  variables = made;
  return TRUE;
}
