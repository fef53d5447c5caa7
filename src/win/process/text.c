/* What a child is started with, as text: the program that is found for a name, the command line
 * that its run-time library takes apart again, and its environment. */
#include "win/internal.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

/* ---- Command line ---- */

/* Writes one argument so that the rules of CommandLineToArgvW, which the run-time libraries
 * share, give it back: quotes around white space, and backslashes doubled where a quote follows
 * them, because only there do they mean something. Needs at most 2 * length + 2 units. */
static WCHAR* quote(WCHAR* to, const WCHAR* arg) {
  size_t backslashes = 0;

  if (arg[0] != L'\0' && wcspbrk(arg, L" \t\n\v\"") == NULL) {
    size_t length = wcslen(arg);
    memcpy(to, arg, length * sizeof(*to));
    return to + length;
  }
  *to++ = L'"';
  for (; *arg != L'\0'; arg++) {
    if (*arg == L'\\') {
      backslashes++;
    } else {
      if (*arg == L'"')
        for (backslashes++; backslashes > 0; backslashes--)
          *to++ = L'\\';
      backslashes = 0;
    }
    *to++ = *arg;
  }
  for (; backslashes > 0; backslashes--)
    *to++ = L'\\';
  *to++ = L'"';
  return to;
}

static int make_command(char** args, int verbatim, WCHAR** command) {
  WCHAR* line;
  WCHAR* at;
  size_t room = 1;
  int i;

  /* A UTF-16 text has no more units than its UTF-8 form has bytes. */
  for (i = 0; args[i] != NULL; i++)
    room += 2 * strlen(args[i]) + 3;
  line = uv__malloc(room * sizeof(*line));
  if (line == NULL)
    return UV_ENOMEM;
  at = line;
  for (i = 0; args[i] != NULL; i++) {
    WCHAR* arg;
    int r = uv__wide_make(args[i], &arg);

    if (r < 0) {
      uv__free(line);
      return r;
    }
    if (i > 0)
      *at++ = L' ';
    if (verbatim) {
      memcpy(at, arg, wcslen(arg) * sizeof(*at));
      at += wcslen(arg);
    } else {
      at = quote(at, arg);
    }
    uv__free(arg);
  }
  *at = L'\0';
  *command = line;
  return 0;
}

/* ---- Environment ---- */

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

static int make_block(char** env, WCHAR** block) {
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

/* The value of PATH in a block; NULL: it has none. */
static const WCHAR* path_of(const WCHAR* block) {
  for (; *block != L'\0'; block += wcslen(block) + 1)
    if (compare(block, name_length(block), L"PATH", 4) == 0)
      return block + 5;
  return NULL;
}

/* ---- The program ---- */

/* Where to look, and what was found. */
struct search {
  const WCHAR* folder; /* that relative folders are relative to; the child's */
  const WCHAR* name;   /* as given */
  int exact;           /* nothing is to be appended */
  WCHAR* candidate;    /* a buffer */
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

/* Each folder of PATH, which may be in quotes. */
static int look_in_path(struct search* search, const WCHAR* path) {
  while (*path != L'\0') {
    const WCHAR* begin = path;
    const WCHAR* end;

    if (*begin == L'"' && wcschr(begin + 1, L'"') != NULL) {
      end = wcschr(++begin, L'"');
      path = end + 1;
    } else {
      end = path = begin + wcscspn(begin, L";");
    }
    if (end > begin && look_in(search, begin, (size_t) (end - begin)))
      return 1;
    path += wcscspn(path, L";");
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

/* Batch files are run by a shell, which takes its command line apart by other rules than those
 * that quote() keeps: what looks like an argument could be a command. */
static int is_batch(const WCHAR* path) {
  size_t length = wcslen(path);

  while (length > 0 && (path[length - 1] == L'.' || path[length - 1] == L' '))
    length--; /* As the system does when it opens the file. */
  return length >= 4 && (compare(path + length - 4, 4, L".bat", 4) == 0 ||
                         compare(path + length - 4, 4, L".cmd", 4) == 0);
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
  search.candidate = uv__malloc((wcslen(name) + wcslen(path) + wcslen(folder) + 8) *
                                sizeof(*search.candidate)); /* 8: separators, extension */
  if (search.candidate == NULL)
    return UV_ENOMEM;
  if (look(&search, path)) {
    *program = search.candidate;
    return 0;
  }
  uv__free(search.candidate);
  return UV_ENOENT;
}

static int find_program(struct uv__process_text* text, const uv_process_options_t* options) {
  const WCHAR* child_path = text->block == NULL ? NULL : path_of(text->block);
  WCHAR* name = NULL;
  WCHAR* path = NULL;
  WCHAR* folder = NULL;
  int r = uv__wide_make(options->file, &name);

  if (r == 0)
    r = our_text(get_path, &path);
  if (r == 0)
    r = our_text(get_folder, &folder);
  if (r == 0)
    r = find(name, child_path != NULL ? child_path : path, text->cwd != NULL ? text->cwd : folder,
             (options->flags & UV_PROCESS_WINDOWS_FILE_PATH_EXACT_NAME) != 0, &text->program);
  uv__free(name);
  uv__free(path);
  uv__free(folder);
  return r;
}

/* ---- All of it ---- */

static int make(struct uv__process_text* text, const uv_process_options_t* options) {
  int verbatim = (options->flags & UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS) != 0;
  int r = 0;

  if (options->cwd != NULL)
    r = uv__wide_make(options->cwd, &text->cwd);
  if (r == 0 && options->env != NULL)
    r = make_block(options->env, &text->block);
  if (r == 0)
    r = make_command(options->args, verbatim, &text->command);
  if (r == 0)
    r = find_program(text, options);
  if (r == 0 && !verbatim && is_batch(text->program))
    r = UV_EINVAL;
  return r;
}

int uv__process_text_make(struct uv__process_text* text, const uv_process_options_t* options) {
  int r;

  memset(text, 0, sizeof(*text));
  r = make(text, options);
  if (r < 0)
    uv__process_text_free(text);
  return r;
}

void uv__process_text_free(struct uv__process_text* text) {
  uv__free(text->program);
  uv__free(text->command);
  uv__free(text->block);
  uv__free(text->cwd);
}
