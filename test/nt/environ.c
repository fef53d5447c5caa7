/* The environment of a process, and its folder, from which paths go. Rules without a source are
 * from "Environment Variables" and "Changing Environment Variables". */
#include "proc.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST_NAME = 300,
  TOO_LONG = 206 /* ERROR_FILENAME_EXCED_RANGE */
};

/* ---- The block: "NAME=value", each with its end, and another end ---- */

static size_t block_units(const WCHAR* block) {
  const WCHAR* at = block;

  while (*at != 0)
    at += wcslen(at) + 1;
  return (size_t) (at - block) + 1;
}

static WCHAR* block_copy(const WCHAR* block) {
  size_t units = block_units(block);
  WCHAR* copy = nt_alloc((units + 1) * sizeof(*copy));

  return wmemcpy(copy, block, units);
}

static const WCHAR* const first_variables[] = {
    L"COMPUTERNAME=MODEL",
    L"PATH=C:\\windows\\system32;C:\\windows",
    L"SYSTEMDRIVE=C:",
    L"SYSTEMROOT=C:\\windows",
    L"TEMP=C:\\users\\model\\temp",
    L"TMP=C:\\users\\model\\temp",
    L"USERNAME=model",
    L"USERPROFILE=C:\\users\\model",
    L"WINDIR=C:\\windows",
};

static int compare(const WCHAR* a, size_t a_units, const WCHAR* b, size_t b_units) {
  return CompareStringOrdinal(a, (int) a_units, b, (int) b_units, TRUE) - CSTR_EQUAL;
}

static size_t name_units(const WCHAR* entry) {
  const WCHAR* end = wcschr(entry + 1, L'=');

  return end == NULL ? wcslen(entry) : (size_t) (end - entry);
}

/* Puts an entry in its place, for another of the name; NULL: takes that away. */
static void put(struct nt_process* process, const WCHAR* name, size_t units, const WCHAR* entry) {
  size_t room = block_units(process->environment) + (entry == NULL ? 0 : wcslen(entry) + 1);
  WCHAR* block = nt_alloc((room + 1) * sizeof(*block));
  const WCHAR* at = process->environment;
  WCHAR* to = block;
  int done = entry == NULL;

  for (;; at += wcslen(at) + 1) {
    int order = *at == 0 ? 1 : compare(at, name_units(at), name, units);

    if (order > 0 && !done) {
      wcscpy(to, entry);
      to += wcslen(to) + 1;
      done = 1;
    }
    if (*at == 0)
      break;
    if (order != 0) {
      wcscpy(to, at);
      to += wcslen(to) + 1;
    }
  }
  nt_free(process->environment);
  process->environment = block;
}

static void put_utf8(struct nt_process* process, const char* entry) {
  WCHAR* wide = nt_text_from(entry);

  put(process, wide, name_units(wide), wide);
  nt_free(wide);
}

/* The first process has what every user's has, and what steers the model and the tests. */
static void begin(struct nt_process* process) {
  size_t i;
  unsigned n;

  process->environment = nt_alloc(2 * sizeof(WCHAR));
  for (i = 0; i < sizeof(first_variables) / sizeof(first_variables[0]); i++)
    put(process, first_variables[i], name_units(first_variables[i]), first_variables[i]);
  for (n = 0; host_variable(n) != NULL; n++)
    if (strncmp(host_variable(n), "NT_", 3) == 0 || strncmp(host_variable(n), "UVSTREAM_", 9) == 0)
      put_utf8(process, host_variable(n));
  process->folder = nt_text_copy(L"C:\\programs");
}

static struct nt_process* here(void) {
  struct nt_process* process = nt_here();

  if (process->environment == NULL)
    begin(process);
  return process;
}

void nt_environ_set_up(struct nt_process* process, const WCHAR* block, const WCHAR* folder) {
  const struct nt_process* parent = here();

  process->environment = block_copy(block != NULL ? block : parent->environment);
  process->folder = nt_text_copy(folder != NULL ? folder : parent->folder);
}

void nt_environ_free(struct nt_process* process) {
  nt_free(process->environment);
  nt_free(process->folder);
}

void nt_environ_end(void) {
  struct nt_process* first = nt_process_first();

  nt_environ_free(first);
  first->environment = NULL;
  first->folder = NULL;
}

/* ---- Variables ---- */

static const WCHAR* find(const WCHAR* name) {
  const WCHAR* at = here()->environment;

  for (; *at != 0; at += wcslen(at) + 1)
    if (compare(at, name_units(at), name, wcslen(name)) == 0)
      return at + name_units(at) + 1;
  return NULL;
}

/* What a call that fills a buffer returns: the units, or with too little room those that it needs. */
static DWORD give(const WCHAR* text, LPWSTR to, DWORD room) {
  DWORD units = (DWORD) wcslen(text);

  if (to == NULL || units >= room)
    return units + 1;
  wcscpy(to, text);
  return units;
}

DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR to, DWORD room) {
  const WCHAR* value;

  nt_enter("GetEnvironmentVariableW");
  value = find(name);
  if (value == NULL) {
    nt_error(ERROR_ENVVAR_NOT_FOUND);
    return 0;
  }
  nt_error(ERROR_SUCCESS);
  return give(value, to, room);
}

BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value) {
  WCHAR* entry;

  nt_enter("SetEnvironmentVariableW");
  if (name == NULL || name[0] == 0 || wcschr(name + 1, L'=') != NULL)
    return nt_error(ERROR_INVALID_PARAMETER);
  if (value == NULL) {
    if (find(name) == NULL)
      return nt_error(ERROR_ENVVAR_NOT_FOUND);
    put(here(), name, wcslen(name), NULL);
    return TRUE;
  }
  entry = nt_alloc((wcslen(name) + wcslen(value) + 2) * sizeof(*entry));
  wcscpy(entry, name);
  wcscat(entry, L"=");
  wcscat(entry, value);
  put(here(), name, wcslen(name), entry);
  nt_free(entry);
  return TRUE;
}

LPWSTR WINAPI GetEnvironmentStringsW(void) {
  nt_enter("GetEnvironmentStringsW");
  return block_copy(here()->environment);
}

BOOL WINAPI FreeEnvironmentStringsW(LPWSTR block) {
  nt_enter("FreeEnvironmentStringsW");
  nt_free(block);
  return TRUE;
}

/* ---- The C run-time library's ---- */

/* What it returned stays, in memory of the process. */
char* nt_getenv(const char* name) {
  static char* returned[64];
  static unsigned next;
  WCHAR wide[MOST_NAME];
  const WCHAR* value;
  int size;

  nt_enter("getenv");
  if (MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, MOST_NAME) == 0)
    return NULL;
  value = find(wide);
  if (value == NULL)
    return NULL;
  next = (next + 1) % 64;
  nt_free(returned[next]);
  size = WideCharToMultiByte(CP_UTF8, 0, value, -1, NULL, 0, NULL, NULL);
  returned[next] = nt_alloc((size_t) size);
  (void) WideCharToMultiByte(CP_UTF8, 0, value, -1, returned[next], size, NULL, NULL);
  return returned[next];
}

/* "NAME=value"; without a value it takes the variable away. */
int _putenv(const char* entry) {
  WCHAR* wide = nt_text_from(entry);
  size_t units;

  nt_enter("_putenv");
  units = name_units(wide);
  put(here(), wide, units, wide[units] != 0 && wide[units + 1] != 0 ? wide : NULL);
  nt_free(wide);
  return 0;
}

int _putenv_s(const char* name, const char* value) {
  WCHAR* wide_name = nt_text_from(name);
  WCHAR* wide_value = nt_text_from(value);

  if (wide_value[0] != 0)
    (void) SetEnvironmentVariableW(wide_name, wide_value);
  else
    (void) SetEnvironmentVariableW(wide_name, NULL);
  nt_free(wide_name);
  nt_free(wide_value);
  return 0;
}

/* ---- The folder ---- */

DWORD WINAPI GetCurrentDirectoryW(DWORD room, LPWSTR to) {
  nt_enter("GetCurrentDirectoryW");
  return give(here()->folder, to, room);
}

/* None of MAX_PATH units or more, with the backslash that comes behind it. */
BOOL WINAPI SetCurrentDirectoryW(LPCWSTR path) {
  WCHAR* whole;

  nt_enter("SetCurrentDirectoryW");
  whole = nt_path(path);
  if (wcslen(whole) >= MAX_PATH - 2) {
    nt_free(whole);
    return nt_error(TOO_LONG);
  }
  if (!nt_folder_is(whole)) {
    nt_free(whole);
    return nt_error(nt_program_is(path) ? ERROR_DIRECTORY : ERROR_FILE_NOT_FOUND);
  }
  nt_free(here()->folder);
  nt_here()->folder = whole;
  return TRUE;
}

const WCHAR* nt_folder(void) {
  return here()->folder;
}

static int is_separator(WCHAR c) {
  return c == L'\\' || c == L'/';
}

/* Whole, with backslashes alone, and none at its end; the kernel's memory. Two dots may stand there
 * last. */
WCHAR* nt_path(const WCHAR* path) {
  WCHAR* whole;
  size_t units = 0;

  if (wcsncmp(path, L"\\\\?\\", 4) == 0)
    path += 4;
  whole = nt_alloc((wcslen(path) + wcslen(nt_folder()) + 2) * sizeof(*whole));
  if (path[0] == 0 || (path[1] != L':' && !is_separator(path[0]))) {
    wcscpy(whole, nt_folder());
    wcscat(whole, L"\\");
  }
  wcscat(whole, path);
  for (; whole[units] != 0; units++)
    if (whole[units] == L'/')
      whole[units] = L'\\';
  while (units > 2 && whole[units - 1] == L'\\')
    whole[--units] = 0;
  if (units > 5 && wcscmp(whole + units - 3, L"\\..") == 0) {
    whole[units - 3] = 0;
    *wcsrchr(whole, L'\\') = 0;
  }
  return whole;
}

/* Of names that are whole, or in the folder of the process; whether there is such a file nobody asks. */
DWORD WINAPI GetFullPathNameW(const WCHAR* path, DWORD room, WCHAR* to, WCHAR** name) {
  WCHAR* whole;
  DWORD units;

  nt_enter("GetFullPathNameW");
  if (name != NULL)
    nt_absent("GetFullPathNameW for the last part");
  whole = nt_path(path);
  units = give(whole, to, room);
  nt_free(whole);
  return units;
}

DWORD WINAPI GetTempPathW(DWORD room, LPWSTR to) {
  nt_enter("GetTempPathW");
  return give(L"C:\\users\\model\\temp\\", to, room);
}

DWORD WINAPI GetTempPathA(DWORD room, LPSTR to) {
  static const char path[] = "C:\\users\\model\\temp\\";

  nt_enter("GetTempPathA");
  if (room < sizeof(path))
    return sizeof(path);
  memcpy(to, path, sizeof(path));
  return sizeof(path) - 1;
}

char* _getcwd(char* to, int room) {
  int size;

  nt_enter("_getcwd");
  size = WideCharToMultiByte(CP_UTF8, 0, here()->folder, -1, to, room, NULL, NULL);
  return size == 0 ? NULL : to;
}
