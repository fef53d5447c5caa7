/* Names of pipes: from the program's text to what the system wants, and back. */
#include "win/npfs/npfs.h"

#include <string.h>

/* What all names of this machine begin with; [2] is '.' or '?'. The second form keeps the system from
 * looking at the rest as if it were a path. A name of another machine has that one's name there. */
static const char prefix[] = "\\\\?\\pipe\\";

enum {
  PREFIX = sizeof(prefix) - 1,
  MACHINE = 2,   /* where that begins */
  BEHIND = 6,    /* characters that follow it */
  SEPARATORS = 4 /* of a prefix */
};

static int is_slash(char c) {
  return c == '\\' || c == '/';
}

/* Slashes are taken, too, as programs that come from Unix write them. */
static int is_like(const char* text, const char* wanted, size_t count) {
  size_t i;

  for (i = 0; i < count; i++) {
    char c = text[i];

    if (wanted[i] == '\\' ? !is_slash(c)
                          : c != wanted[i] && !(c >= 'A' && c <= 'Z' && c - 'A' + 'a' == wanted[i]))
      return 0;
  }
  return 1;
}

/* How many bytes of `text` are before the pipe's own name; 0: it is no name of a pipe. */
static size_t prefix_length(const char* text, size_t length) {
  size_t end = MACHINE;

  if (length <= PREFIX || !is_like(text, prefix, MACHINE))
    return 0;
  while (end < length && !is_slash(text[end]))
    end++;
  if (end == MACHINE || length - end <= BEHIND ||
      !is_like(text + end, prefix + MACHINE + 1, BEHIND))
    return 0;
  return end + BEHIND;
}

/* Two slashes are in front of pipes, of devices, and of what is another machine's. */
int uv__name_is_path(const struct uv__pipe_name* name) {
  if (name->length == 0 || memchr(name->text, '\0', name->length) != NULL)
    return 0;
  return name->length < 2 || !is_slash(name->text[0]) || !is_slash(name->text[1]);
}

/* Converts it: how many characters it has. In two steps only when it may not fit. */
static int convert(const struct uv__pipe_name* name, size_t length, WCHAR* units, int* count) {
  *count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name->text, (int) length, units,
                               UV__PIPE_NAME_MAX + 1);
  if (*count == 0 && GetLastError() != ERROR_INSUFFICIENT_BUFFER)
    return UV_EINVAL;
  if (*count > 0 && *count <= UV__PIPE_NAME_MAX)
    return 0;
  if (!name->cut)
    return UV_ENAMETOOLONG;
  while (*count == 0 || *count > UV__PIPE_NAME_MAX) {
    do
      length--;
    while ((name->text[length] & 0xC0) == 0x80);
    *count =
        MultiByteToWideChar(CP_UTF8, 0, name->text, (int) length, units, UV__PIPE_NAME_MAX + 1);
  }
  return 0;
}

int uv__name_parse(const struct uv__pipe_name* name, struct uv__pipe_wide* wide) {
  WCHAR units[UV__PIPE_NAME_MAX + 2];
  size_t length = name->length;
  size_t before = prefix_length(name->text, length);
  int separators = 0;
  int count;
  int i;
  int r;

  if (before == 0 || before >= UV__PIPE_NAME_MAX)
    return UV_EINVAL;
  wide->dot = before == PREFIX && name->text[MACHINE] == '.';
  wide->remote = !wide->dot && !(before == PREFIX && name->text[MACHINE] == '?');
  /* A character of UTF-16 takes at most three bytes: what lies beyond is cut off unseen, or
   * only makes too long a name longer. Not in the middle of a character. */
  if (length > 3 * (UV__PIPE_NAME_MAX + 1)) {
    length = 3 * (UV__PIPE_NAME_MAX + 1);
    while (length > before && (name->text[length] & 0xC0) == 0x80)
      length--;
  }
  r = convert(name, length, units, &count);
  if (r < 0)
    return r;
  for (i = 0; i < count; i++) {
    int is_separator = separators < SEPARATORS && (units[i] == L'/' || units[i] == L'\\');

    separators += is_separator;
    wide->text[i] = is_separator ? L'\\' : units[i];
  }
  wide->text[count] = L'\0';
  return 0;
}

/* Text of the port: `units` characters, behind the bytes that are there. */
static int give(const WCHAR* name,
                int units,
                char utf8[UV__PIPE_NAME_BYTES],
                int length,
                char* text,
                int* len) {
  int more = WideCharToMultiByte(CP_UTF8, 0, name, units, utf8 + length,
                                 UV__PIPE_NAME_BYTES - length, NULL, NULL);

  if (more == 0)
    return uv__error_translate(GetLastError());
  length += more;
  if (length > *len) {
    *len = length;
    return UV_ENOBUFS;
  }
  memcpy(text, utf8, (size_t) length);
  *len = length;
  return 0;
}

int uv__name_give(const struct uv__pipe_wide* wide, char* text, int* len) {
  char utf8[UV__PIPE_NAME_BYTES];

  return give(wide->text, (int) wcslen(wide->text), utf8, 0, text, len);
}

static int begins_with(const WCHAR* name, DWORD units, const WCHAR* beginning) {
  size_t length = wcslen(beginning);

  return units > length && wcsncmp(name, beginning, length) == 0;
}

/* What the names of our pairs end with (pair.c); what is before it the system can change. */
static int is_pair(const WCHAR* name, DWORD units) {
  static const WCHAR pair[] = L"\\uv-";
  enum {
    HEAD = sizeof(pair) / sizeof(pair[0]) - 1,
    DIGITS = 32
  };
  DWORD i = units - DIGITS;

  if (units < HEAD + DIGITS || wcsncmp(name + i - HEAD, pair, HEAD) != 0)
    return 0;
  for (; i < units; i++)
    if (wcschr(L"0123456789abcdef", name[i]) == NULL)
      return 0;
  return 1;
}

/* Whether nobody gave this name: it is one of the system's anonymous pipes, or of our pairs. */
static int is_internal(const WCHAR* name, DWORD units) {
  return begins_with(name, units, L"\\Win32Pipes.") ||
         begins_with(name, units, L"\\Win32.Pipes.") || is_pair(name, units);
}

/* Pipes that nobody gave a name have one instance and no room for more, and those that a program
 * binds have: what only looks like one of theirs is told. 1, 0, or UV_ENOMEM. */
static int is_single(HANDLE handle) {
  DWORD most;

  if (GetNamedPipeInfo(handle, NULL, NULL, NULL, &most))
    return most == 1;
  return uv__native_is_short(GetLastError()) ? UV_ENOMEM : 0;
}

int uv__name_query(HANDLE handle, int dot, char* text, int* len) {
  union {
    FILE_NAME_INFO info;
    char room[sizeof(FILE_NAME_INFO) + (UV__PIPE_NAME_MAX + 1) * sizeof(WCHAR)];
  } name;
  char utf8[UV__PIPE_NAME_BYTES];
  DWORD units = 0;
  DWORD error = 0;
  int single = 0;

  if (GetFileInformationByHandleEx(handle, FileNameInfo, &name, sizeof(name)))
    units = name.info.FileNameLength / sizeof(WCHAR);
  else
    error = GetLastError();
  if (error != 0 || is_internal(name.info.FileName, units))
    single = is_single(handle);
  if (single < 0)
    return single;
  if (error != 0 && !single)
    return uv__error_translate(error);
  if (single || units < 2 || units > UV__PIPE_NAME_MAX) {
    *len = 0; /* There is no name to tell. */
    return 0;
  }
  /* It comes with one leading backslash, the last one of the prefix. */
  memcpy(utf8, prefix, PREFIX);
  if (dot)
    utf8[MACHINE] = '.';
  return give(name.info.FileName + 1, (int) units - 1, utf8, PREFIX, text, len);
}
