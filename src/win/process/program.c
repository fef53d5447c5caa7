/* Which file the name of a program means, as a child's folder and PATH have it. */
#include "win/process/process.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"
#include "win/text/text.h"

/* Where to look, and what was found. */
struct search {
  const WCHAR* folder; /* that relative folders are relative to; the child's */
  const WCHAR* name;   /* as given */
  int exact;           /* nothing is to be appended */
  WCHAR* candidate;    /* a buffer */
  WCHAR* part;         /* another: a folder of PATH */
};

static int is_separator(WCHAR c) {
  return c == L'\\' || c == L'/';
}

static int is_absolute(const WCHAR* path, size_t length) {
  return (length > 0 && is_separator(path[0])) || (length > 1 && path[1] == L':');
}

static WCHAR* append(WCHAR* at, const WCHAR* text, size_t length) {
  memcpy(at, text, length * sizeof(*at));
  return at + length;
}

static WCHAR* append_folder(WCHAR* at, const WCHAR* text, size_t length) {
  if (length == 0)
    return at;
  at = append(at, text, length);
  if (!is_separator(at[-1]))
    *at++ = L'\\';
  return at;
}

static int is_file(const WCHAR* path) {
  DWORD attributes = GetFileAttributesW(path);
  return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* Looks for the name in one folder, as it is when it may be complete, then with the extensions
 * of programs. Others of PATHEXT are not started by CreateProcessW but by a shell. */
static int look_in(struct search* search, const WCHAR* folder, size_t length) {
  static const WCHAR* const extensions[] = {L".com", L".exe"};
  const WCHAR* file = search->name;
  const WCHAR* c;
  WCHAR* at = search->candidate;
  size_t name = wcslen(search->name);
  int i;

  for (c = search->name; *c != L'\0'; c++)
    if (is_separator(*c) || *c == L':')
      file = c + 1;
  if (!is_absolute(folder, length))
    at = append_folder(at, search->folder, wcslen(search->folder));
  at = append_folder(at, folder, length);
  at = append(at, search->name, name);
  *at = L'\0';
  if ((search->exact || wcschr(file, L'.') != NULL) && is_file(search->candidate))
    return 1;
  for (i = 0; i < 2 && !search->exact; i++) {
    append(at, extensions[i], 5);
    if (is_file(search->candidate))
      return 1;
  }
  return 0;
}

/* Where a part of PATH ends: at a semicolon that is in no quotes. Of a quotation without an end the
 * mark means nothing. */
static const WCHAR* find_end(const WCHAR* part) {
  const WCHAR* at;
  int quoted = 0;

  for (at = part; *at != L'\0' && (quoted || *at != L';'); at++)
    if (*at == L'"')
      quoted = !quoted;
  return quoted ? part + wcscspn(part, L";") : at;
}

/* Each folder of PATH, without its quotes, which no name can have. */
static int look_in_path(struct search* search, const WCHAR* path) {
  while (*path != L'\0') {
    const WCHAR* end = find_end(path);
    size_t length = 0;

    for (; path < end; path++)
      if (*path != L'"')
        search->part[length++] = *path;
    if (length > 0 && look_in(search, search->part, length))
      return 1;
    if (*path == L';')
      path++;
  }
  return 0;
}

/* A name with a folder is looked for in that one; another in the child's folder, unless the
 * system is set not to, and in the child's PATH. */
static int look(struct search* search, const WCHAR* path) {
  size_t length = wcslen(search->name);

  if (length == 0 || is_separator(search->name[length - 1]))
    return 0;
  if (is_absolute(search->name, length)) {
    search->folder = L"";
    return look_in(search, L"", 0);
  }
  if (wcspbrk(search->name, L"\\/") != NULL)
    return look_in(search, L"", 0);
  if (NeedCurrentDirectoryForExePathW(search->name) && look_in(search, L"", 0))
    return 1;
  return path != NULL && look_in_path(search, path);
}

static int ends(const WCHAR* end, const WCHAR* extension) {
  return CompareStringOrdinal(end, 4, extension, 4, TRUE) == CSTR_EQUAL;
}

/* Batch files are run by a shell, which takes its command line apart by other rules than those
 * that quote() of text.c keeps: what looks like an argument could be a command. */
int uv__process_program_is_batch(const WCHAR* path) {
  size_t length = wcslen(path);

  while (length > 0 && (path[length - 1] == L'.' || path[length - 1] == L' '))
    length--; /* As the system does when it opens the file. */
  return length >= 4 && (ends(path + length - 4, L".bat") || ends(path + length - 4, L".cmd"));
}

/* Our PATH or our folder, whatever length they have. */
static int our_text(DWORD(WINAPI* get)(DWORD, WCHAR*), WCHAR** text) {
  DWORD room = get(0, NULL);

  *text = uv__calloc((size_t) room + 1, sizeof(**text));
  if (*text == NULL)
    return UV_ENOMEM;
  if (get(room, *text) >= room)
    (*text)[0] = L'\0'; /* There is none, or another thread changed it. */
  return 0;
}

static DWORD WINAPI get_path(DWORD room, WCHAR* text) {
  return GetEnvironmentVariableW(L"PATH", text, room);
}

static DWORD WINAPI get_folder(DWORD room, WCHAR* text) {
  return GetCurrentDirectoryW(room, text);
}

static int find(
    const WCHAR* name, const WCHAR* path, const WCHAR* folder, int exact, WCHAR** program) {
  struct search search;

  search.folder = folder;
  search.name = name;
  search.exact = exact;
  search.candidate = uv__malloc((wcslen(name) + 2 * wcslen(path) + wcslen(folder) + 8) *
                                sizeof(*search.candidate)); /* 8: separators, extension */
  if (search.candidate == NULL)
    return UV_ENOMEM;
  search.part = search.candidate + wcslen(name) + wcslen(path) + wcslen(folder) + 8;
  if (look(&search, path)) {
    *program = search.candidate;
    return 0;
  }
  uv__free(search.candidate);
  return UV_ENOENT;
}

int uv__process_program_find(
    const char* name, const WCHAR* path, const WCHAR* cwd, int exact, WCHAR** program) {
  WCHAR* wide = NULL;
  WCHAR* our_path = NULL;
  WCHAR* our_folder = NULL;
  int r = uv__wide_make(name, &wide);

  if (r == 0)
    r = our_text(get_path, &our_path);
  if (r == 0)
    r = our_text(get_folder, &our_folder);
  if (r == 0)
    r = find(wide, path != NULL ? path : our_path, cwd != NULL ? cwd : our_folder, exact, program);
  uv__free(wide);
  uv__free(our_path);
  uv__free(our_folder);
  return r;
}
