/* Text of 16-bit units, its translation, and formats whose `l` means 32 bits. */
#include "proc.h"

#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef vsnprintf
#undef snprintf
#undef fprintf
#undef printf

/* ---- Units ---- */

size_t wcslen(const wchar_t* s) {
  size_t n = 0;

  while (s[n] != 0)
    n++;
  return n;
}

wchar_t* wcschr(const wchar_t* s, wchar_t c) {
  for (;; s++) {
    if (*s == c)
      return (wchar_t*) s;
    if (*s == 0)
      return NULL;
  }
}

wchar_t* wcsrchr(const wchar_t* s, wchar_t c) {
  const wchar_t* found = NULL;

  for (;; s++) {
    if (*s == c)
      found = s;
    if (*s == 0)
      return (wchar_t*) found;
  }
}

int wcsncmp(const wchar_t* a, const wchar_t* b, size_t n) {
  size_t i;

  for (i = 0; i < n; i++)
    if (a[i] != b[i] || a[i] == 0)
      return a[i] < b[i] ? -1 : a[i] > b[i];
  return 0;
}

int wcscmp(const wchar_t* a, const wchar_t* b) {
  return wcsncmp(a, b, SIZE_MAX);
}

/* ThreadSanitizer would see a memcpy, and does not know that threads take turns here. */
wchar_t* wmemcpy(wchar_t* to, const wchar_t* from, size_t n) {
  volatile wchar_t* out = to;
  size_t i;

  for (i = 0; i < n; i++)
    out[i] = from[i];
  return to;
}

wchar_t* wcscpy(wchar_t* to, const wchar_t* from) {
  return wmemcpy(to, from, wcslen(from) + 1);
}

wchar_t* wcscat(wchar_t* to, const wchar_t* from) {
  wcscpy(to + wcslen(to), from);
  return to;
}

size_t wcscspn(const wchar_t* s, const wchar_t* reject) {
  size_t n = 0;

  while (s[n] != 0 && wcschr(reject, s[n]) == NULL)
    n++;
  return n;
}

size_t wcsspn(const wchar_t* s, const wchar_t* accept) {
  size_t n = 0;

  while (s[n] != 0 && wcschr(accept, s[n]) != NULL)
    n++;
  return n;
}

wchar_t* wcspbrk(const wchar_t* s, const wchar_t* accept) {
  size_t n = wcscspn(s, accept);

  return s[n] == 0 ? NULL : (wchar_t*) s + n;
}

wchar_t* wcsstr(const wchar_t* s, const wchar_t* part) {
  size_t n = wcslen(part);

  for (;; s++) {
    if (wcsncmp(s, part, n) == 0)
      return (wchar_t*) s;
    if (*s == 0)
      return NULL;
  }
}

/* The table of the file system has more than these pairs; names in tests do not. */
static wchar_t small(wchar_t c) {
  return (wchar_t) ((c >= L'A' && c <= L'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ? c + 32 : c);
}

int _wcsnicmp(const wchar_t* a, const wchar_t* b, size_t n) {
  size_t i;

  for (i = 0; i < n; i++)
    if (small(a[i]) != small(b[i]) || a[i] == 0)
      return small(a[i]) < small(b[i]) ? -1 : small(a[i]) > small(b[i]);
  return 0;
}

int _wcsicmp(const wchar_t* a, const wchar_t* b) {
  return _wcsnicmp(a, b, SIZE_MAX);
}

int WINAPI CompareStringOrdinal(LPCWSTR a, int a_units, LPCWSTR b, int b_units, BOOL ignore_case) {
  size_t na = a_units < 0 ? wcslen(a) : (size_t) a_units;
  size_t nb = b_units < 0 ? wcslen(b) : (size_t) b_units;
  size_t n = na < nb ? na : nb;
  size_t i;

  for (i = 0; i < n; i++) {
    wchar_t x = ignore_case ? small(a[i]) : a[i];
    wchar_t y = ignore_case ? small(b[i]) : b[i];
    if (x != y)
      return x < y ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
  }
  return na == nb ? CSTR_EQUAL : na < nb ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
}

/* ---- UTF-8 ("MultiByteToWideChar", remarks: since Vista what is malformed becomes U+FFFD) ---- */

struct sink {
  WCHAR* wide;
  char* bytes;
  int room;
  int used;
  int full;
};

static void put_unit(struct sink* sink, unsigned unit) {
  if (sink->room > 0 && sink->used >= sink->room)
    sink->full = 1;
  else if (sink->room > 0)
    sink->wide[sink->used] = (WCHAR) unit;
  sink->used++;
}

static void put_byte(struct sink* sink, unsigned byte) {
  if (sink->room > 0 && sink->used >= sink->room)
    sink->full = 1;
  else if (sink->room > 0)
    sink->bytes[sink->used] = (char) byte;
  sink->used++;
}

/* One character of well-formed UTF-8 (Unicode, table 3-7): its length, or 0. */
static int decode(const unsigned char* s, int left, unsigned* out) {
  int n = s[0] < 0x80   ? 1
          : s[0] < 0xc2 ? 0
          : s[0] < 0xe0 ? 2
          : s[0] < 0xf0 ? 3
          : s[0] < 0xf5 ? 4
                        : 0;
  unsigned c = n == 1 ? s[0] : n == 0 ? 0 : s[0] & (0x7fu >> n);
  int i;

  if (n == 0 || n > left)
    return 0;
  for (i = 1; i < n; i++) {
    if ((s[i] & 0xc0) != 0x80)
      return 0;
    c = c << 6 | (s[i] & 0x3f);
  }
  if ((n == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
      (n == 4 && (c < 0x10000 || c > 0x10ffff)))
    return 0;
  *out = c;
  return n;
}

/* 0: something of it is malformed, and `strict` was asked for. */
static int widen(const char* from, int left, int strict, struct sink* sink) {
  const unsigned char* s = (const unsigned char*) from;

  while (left > 0) {
    unsigned c = 0xfffd;
    int n = decode(s, left, &c);
    if (n == 0 && strict)
      return 0;
    n += n == 0;
    if (c >= 0x10000) {
      put_unit(sink, 0xd7c0 + (c >> 10));
      put_unit(sink, 0xdc00 + (c & 0x3ff));
    } else {
      put_unit(sink, c);
    }
    s += n;
    left -= n;
  }
  return 1;
}

int WINAPI MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int size, LPWSTR to, int room) {
  struct sink sink = {to, NULL, room, 0, 0};

  nt_enter("MultiByteToWideChar");
  if (page != CP_UTF8)
    nt_absent("MultiByteToWideChar with a code page other than UTF-8");
  if (size == 0)
    return nt_error(ERROR_INVALID_PARAMETER);
  if (!widen(from, size < 0 ? (int) strlen(from) + 1 : size, (flags & MB_ERR_INVALID_CHARS) != 0,
             &sink))
    return nt_error(ERROR_NO_UNICODE_TRANSLATION);
  return sink.full ? nt_error(ERROR_INSUFFICIENT_BUFFER) : sink.used;
}

/* No call of the program's: neither time nor luck of the seed may depend on what its host has there. */
WCHAR* nt_text_from(const char* utf8) {
  int bytes = (int) strlen(utf8) + 1;
  struct sink sink = {nt_alloc((size_t) bytes * sizeof(WCHAR)), NULL, bytes, 0, 0};

  (void) widen(utf8, bytes, 0, &sink);
  return sink.wide;
}

int WINAPI WideCharToMultiByte(UINT page,
                               DWORD flags,
                               LPCWSTR from,
                               int units,
                               LPSTR to,
                               int room,
                               LPCSTR other,
                               LPBOOL used_other) {
  struct sink sink = {NULL, to, room, 0, 0};
  int n = units < 0 ? (int) wcslen(from) + 1 : units;
  int i;

  nt_enter("WideCharToMultiByte");
  if (page != CP_UTF8)
    nt_absent("WideCharToMultiByte with a code page other than UTF-8");
  if (units == 0 || other != NULL || used_other != NULL)
    return nt_error(ERROR_INVALID_PARAMETER);
  for (i = 0; i < n; i++) {
    unsigned c = from[i];
    if (IS_HIGH_SURROGATE(c) && i + 1 < n && IS_LOW_SURROGATE(from[i + 1]))
      c = 0x10000 + ((c - 0xd800) << 10) + (from[++i] - 0xdc00u);
    else if (c >= 0xd800 && c < 0xe000 && (flags & WC_ERR_INVALID_CHARS))
      return nt_error(ERROR_NO_UNICODE_TRANSLATION);
    else if (c >= 0xd800 && c < 0xe000)
      c = 0xfffd;
    if (c < 0x80) {
      put_byte(&sink, c);
      continue;
    }
    if (c < 0x800) {
      put_byte(&sink, 0xc0 | c >> 6);
    } else {
      if (c < 0x10000) {
        put_byte(&sink, 0xe0 | c >> 12);
      } else {
        put_byte(&sink, 0xf0 | c >> 18);
        put_byte(&sink, 0x80 | (c >> 12 & 0x3f));
      }
      put_byte(&sink, 0x80 | (c >> 6 & 0x3f));
    }
    put_byte(&sink, 0x80 | (c & 0x3f));
  }
  return sink.full ? nt_error(ERROR_INSUFFICIENT_BUFFER) : sink.used;
}

/* ---- Formats ---- */

/* `l` alone is left out: a long of Windows has the width of an int. */
static const char* translate(const char* format, char* to, size_t room) {
  size_t n = 0;
  int inside = 0;

  for (; *format != '\0' && n + 1 < room; format++) {
    if (*format == '%')
      inside = !inside;
    else if (inside && strchr("diouxXcspnfgeEGaAF", *format) != NULL)
      inside = 0;
    if (inside && *format == 'l' && format[1] != 'l' && n > 0 && to[n - 1] != 'l')
      continue;
    to[n++] = *format;
  }
  to[n] = '\0';
  return to;
}

int nt_vsnprintf(char* to, size_t size, const char* format, va_list args) {
  char ours[1024];

  return vsnprintf(to, size, translate(format, ours, sizeof(ours)), args);
}

int nt_snprintf(char* to, size_t size, const char* format, ...) {
  va_list args;
  int n;

  va_start(args, format);
  n = nt_vsnprintf(to, size, format, args);
  va_end(args);
  return n;
}

int nt_fprintf(FILE* to, const char* format, ...) {
  char ours[1024];
  va_list args;
  int n;

  va_start(args, format);
  n = vfprintf(to, translate(format, ours, sizeof(ours)), args);
  va_end(args);
  return n;
}

int nt_printf(const char* format, ...) {
  char ours[1024];
  va_list args;
  int n;

  char text[1024];

  va_start(args, format);
  n = vsnprintf(text, sizeof(text), translate(format, ours, sizeof(ours)), args);
  va_end(args);
  /* A child's output is where its parent had it go. */
  if (n > 0 && n < (int) sizeof(text) && nt_is_child())
    return _write(1, text, (unsigned) n);
  return n < 0 ? n : fputs(text, stdout);
}
