/* The environment of a child, as one block. */
#include "win/process/process.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"
#include "win/text/text.h"

/* Variables that programs cannot do without: the system's libraries do not even load for a
 * child without SYSTEMROOT. They are added when the program leaves them out. */
static const WCHAR* const required[] = {
    L"HOMEDRIVE", L"HOMEPATH",   L"LOGONSERVER", L"PATH",        L"SYSTEMDRIVE", L"SYSTEMROOT",
    L"TEMP",      L"USERDOMAIN", L"USERNAME",    L"USERPROFILE", L"WINDIR"};

enum {
  REQUIRED = sizeof(required) / sizeof(required[0])
};

/* "NAME=value", and its place among those that were given. */
struct entry {
  WCHAR* text;
  size_t at;
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

static int compare_names(const struct entry* a, const struct entry* b) {
  return compare(a->text, name_length(a->text), b->text, name_length(b->text));
}

static int __cdecl compare_entries(const void* a, const void* b) {
  const struct entry* left = a;
  const struct entry* right = b;
  int order = compare_names(left, right);

  return order != 0 ? order : left->at < right->at ? -1 : 1;
}

static int has(const struct entry* entries, size_t count, const WCHAR* name) {
  size_t i;

  for (i = 0; i < count; i++)
    if (compare(entries[i].text, name_length(entries[i].text), name, (int) wcslen(name)) == 0)
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
static int collect(char** env, struct entry* entries, size_t* count) {
  int i;
  int r;

  for (i = 0; env[i] != NULL; i++) {
    struct entry* entry = &entries[*count];

    r = uv__wide_make(env[i], &entry->text);
    if (r < 0)
      return r;
    entry->at = *count;
    if (name_length(entry->text) > 0)
      (*count)++;
    else
      uv__free(entry->text); /* No "NAME=": it would end the block for who reads it. */
  }
  for (i = 0; i < REQUIRED; i++) {
    if (has(entries, *count, required[i]))
      continue;
    r = our_entry(required[i], &entries[*count].text);
    if (r < 0)
      return r;
    if (entries[*count].text != NULL)
      (*count)++;
  }
  return 0;
}

/* "Path" and "PATH" are one variable: of those that are sorted the first of each name stays, which is
 * the one that was given first. */
static void drop_doubles(struct entry* entries, size_t* count) {
  size_t kept = 0;
  size_t i;

  for (i = 0; i < *count; i++) {
    if (kept > 0 && compare_names(&entries[kept - 1], &entries[i]) == 0)
      uv__free(entries[i].text);
    else
      entries[kept++] = entries[i];
  }
  *count = kept;
}

static int join(const struct entry* entries, size_t count, WCHAR** block) {
  size_t room = 2; /* An empty block ends like any other, with two zeros. */
  WCHAR* at;
  size_t i;

  for (i = 0; i < count; i++)
    room += wcslen(entries[i].text) + 1;
  at = *block = uv__calloc(room, sizeof(**block));
  if (at == NULL)
    return UV_ENOMEM;
  for (i = 0; i < count; i++) {
    size_t length = wcslen(entries[i].text) + 1;
    memcpy(at, entries[i].text, length * sizeof(*at));
    at += length;
  }
  return 0;
}

int uv__process_block_make(char** env, WCHAR** block) {
  struct entry* entries;
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
    drop_doubles(entries, &count);
    r = join(entries, count, block);
  }
  while (count > 0)
    uv__free(entries[--count].text);
  uv__free(entries);
  return r;
}

const WCHAR* uv__process_block_path(const WCHAR* block) {
  for (; *block != L'\0'; block += wcslen(block) + 1)
    if (compare(block, name_length(block), L"PATH", 4) == 0)
      return block + 5;
  return NULL;
}
