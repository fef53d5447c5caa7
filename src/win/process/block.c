/* The environment of a child, as one block. */
#include "win/process/process.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

/* Variables that programs cannot do without: the system's libraries do not even load for a
 * child without SYSTEMROOT. They are added when the program leaves them out. */
static const WCHAR* const required[] = {
    L"HOMEDRIVE", L"HOMEPATH",   L"LOGONSERVER", L"PATH",        L"SYSTEMDRIVE", L"SYSTEMROOT",
    L"TEMP",      L"USERDOMAIN", L"USERNAME",    L"USERPROFILE", L"WINDIR"};

enum {
  REQUIRED = sizeof(required) / sizeof(required[0])
};

/* Length of the name of "NAME=value"; a name may begin with '='. 0: this is none. */
static int name_length(const WCHAR* entry) {
  const WCHAR* end = entry[0] == L'\0' ? NULL : wcschr(entry + 1, L'=');
  return end == NULL ? 0 : (int) (end - entry);
}

/* The order that CreateProcessW demands: by name, in upper case, without regard to locale. */
static int compare(const WCHAR* a, int a_length, const WCHAR* b, int b_length) {
  return CompareStringOrdinal(a, a_length, b, b_length, TRUE) - CSTR_EQUAL;
}

static int __cdecl compare_entries(const void* a, const void* b) {
  const WCHAR* left = *(WCHAR* const*) a;
  const WCHAR* right = *(WCHAR* const*) b;
  return compare(left, name_length(left), right, name_length(right));
}

static int has(WCHAR* const* entries, size_t count, const WCHAR* name) {
  size_t i;

  for (i = 0; i < count; i++)
    if (compare(entries[i], name_length(entries[i]), name, (int) wcslen(name)) == 0)
      return 1;
  return 0;
}

/* "NAME=value" of a variable of ours, or NULL when there is none: 0 either way. */
static int our_entry(const WCHAR* name, WCHAR** entry) {
  size_t length = wcslen(name);
  DWORD room = GetEnvironmentVariableW(name, NULL, 0);

  *entry = NULL;
  if (room == 0)
    return 0;
  *entry = uv__malloc((length + 1 + room) * sizeof(**entry));
  if (*entry == NULL)
    return UV_ENOMEM;
  memcpy(*entry, name, length * sizeof(**entry));
  (*entry)[length] = L'=';
  /* Another thread may have made it longer meanwhile; then it is as if it were not set. */
  if (GetEnvironmentVariableW(name, *entry + length + 1, room) >= room) {
    uv__free(*entry);
    *entry = NULL;
  }
  return 0;
}

/* All entries, converted, with the required ones; `entries` has room for them. */
static int collect(char** env, WCHAR** entries, size_t* count) {
  int i;
  int r;

  for (i = 0; env[i] != NULL; i++) {
    r = uv__wide_make(env[i], &entries[*count]);
    if (r < 0)
      return r;
    if (name_length(entries[*count]) > 0)
      (*count)++;
    else
      uv__free(entries[*count]); /* No "NAME=": it would end the block for who reads it. */
  }
  for (i = 0; i < REQUIRED; i++) {
    if (has(entries, *count, required[i]))
      continue;
    r = our_entry(required[i], &entries[*count]);
    if (r < 0)
      return r;
    if (entries[*count] != NULL)
      (*count)++;
  }
  return 0;
}

static int join(WCHAR* const* entries, size_t count, WCHAR** block) {
  size_t room = 2; /* An empty block ends like any other, with two zeros. */
  WCHAR* at;
  size_t i;

  for (i = 0; i < count; i++)
    room += wcslen(entries[i]) + 1;
  at = *block = uv__calloc(room, sizeof(**block));
  if (at == NULL)
    return UV_ENOMEM;
  for (i = 0; i < count; i++) {
    size_t length = wcslen(entries[i]) + 1;
    memcpy(at, entries[i], length * sizeof(*at));
    at += length;
  }
  return 0;
}

int uv__process_block_make(char** env, WCHAR** block) {
  WCHAR** entries;
  size_t count = 0;
  size_t room = REQUIRED;
  int r;
  int i;

  for (i = 0; env[i] != NULL; i++)
    room++;
  entries = uv__calloc(room, sizeof(*entries));
  if (entries == NULL)
    return UV_ENOMEM;
  r = collect(env, entries, &count);
  if (r == 0) {
    qsort(entries, count, sizeof(*entries), compare_entries);
    r = join(entries, count, block);
  }
  while (count > 0)
    uv__free(entries[--count]);
  uv__free(entries);
  return r;
}

const WCHAR* uv__process_block_path(const WCHAR* block) {
  for (; *block != L'\0'; block += wcslen(block) + 1)
    if (compare(block, name_length(block), L"PATH", 4) == 0)
      return block + 5;
  return NULL;
}
