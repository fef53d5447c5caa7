/* UTF-16 and WTF-8: pure conversions, both ways. WTF-8 is UTF-8 without its ban on surrogates:
 * a pair of them is one character of four bytes, one that stands alone has three bytes. */
#include "core/base/alloc.h"
#include "uv.h"

enum {
  HIGH = 0xd800, /* first of the surrogates that begin a pair */
  LOW = 0xdc00,  /* first of those that end one */
  BEYOND = 0xe000
};

static size_t count_units(const uint16_t* utf16, ssize_t utf16_len) {
  size_t count = 0;

  if (utf16_len >= 0)
    return (size_t) utf16_len;
  while (utf16[count] != 0)
    count++;
  return count;
}

/* The character at `at`, which is before `end`; steps over it. */
static uint32_t take_utf16(const uint16_t** at, const uint16_t* end) {
  uint32_t unit = *(*at)++;

  if (unit >= HIGH && unit < LOW && *at < end && **at >= LOW && **at < BEYOND)
    return 0x10000 + ((unit - HIGH) << 10) + (uint32_t) (*(*at)++ - LOW);
  return unit;
}

static size_t wtf8_size(uint32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static char* put_wtf8(char* to, uint32_t code) {
  static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  size_t size = wtf8_size(code);
  size_t i;

  for (i = size - 1; i > 0; i--) {
    to[i] = (char) (0x80 | (code & 0x3f));
    code >>= 6;
  }
  to[0] = (char) (lead[size] | code);
  return to + size;
}

/* The character at `at`; steps over it. -1 when it is none: a byte that cannot be there, an end
 * before the end (the terminator is no byte that continues), a longer form than needed, or a
 * number beyond the last character. */
static int32_t take_wtf8(const char** at) {
  static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
  const unsigned char* byte = (const unsigned char*) *at;
  int32_t code = *byte++;
  int more = 0;
  int i;

  if (code >= 0x80) {
    more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : 1;
    if (code < 0xc0 || code >= 0xf8)
      return -1;
    code &= 0x3f >> more;
  }
  for (i = 0; i < more; i++, byte++) {
    if ((*byte & 0xc0) != 0x80)
      return -1;
    code = code << 6 | (*byte & 0x3f);
  }
  if (code < least[more] || code > 0x10ffff)
    return -1;
  *at = (const char*) byte;
  return code;
}

size_t uv_utf16_length_as_wtf8(const uint16_t* utf16, ssize_t utf16_len) {
  const uint16_t* end = utf16 + count_units(utf16, utf16_len);
  size_t size = 0;

  while (utf16 < end)
    size += wtf8_size(take_utf16(&utf16, end));
  return size;
}

int uv_utf16_to_wtf8(const uint16_t* utf16,
                     ssize_t utf16_len,
                     char** wtf8_ptr,
                     size_t* wtf8_len_ptr) {
  const uint16_t* end;
  size_t size;
  size_t room;
  char* to;

  if (utf16 == NULL || (wtf8_len_ptr == NULL && (wtf8_ptr == NULL || *wtf8_ptr != NULL)))
    return UV_EINVAL;
  end = utf16 + count_units(utf16, utf16_len);
  size = uv_utf16_length_as_wtf8(utf16, end - utf16);
  if (wtf8_ptr == NULL) {
    *wtf8_len_ptr = size;
    return 0;
  }
  if (*wtf8_ptr == NULL) {
    *wtf8_ptr = uv__malloc(size + 1);
    if (*wtf8_ptr == NULL)
      return UV_ENOMEM;
    room = size;
  } else {
    room = *wtf8_len_ptr;
  }
  to = *wtf8_ptr;
  while (utf16 < end) {
    uint32_t code = take_utf16(&utf16, end);
    if ((size_t) (to - *wtf8_ptr) + wtf8_size(code) > room)
      break;
    to = put_wtf8(to, code);
  }
  *to = '\0';
  if (wtf8_len_ptr != NULL)
    *wtf8_len_ptr = size;
  return size <= room ? 0 : UV_ENOBUFS;
}

ssize_t uv_wtf8_length_as_utf16(const char* wtf8) {
  ssize_t units = 1;

  while (*wtf8 != '\0') {
    int32_t code = take_wtf8(&wtf8);
    if (code < 0)
      return UV_EINVAL;
    units += code < 0x10000 ? 1 : 2;
  }
  return units;
}

void uv_wtf8_to_utf16(const char* wtf8, uint16_t* utf16, size_t utf16_len) {
  const uint16_t* end = utf16 + utf16_len;

  if (utf16_len == 0)
    return;
  while (*wtf8 != '\0') {
    int32_t code = take_wtf8(&wtf8);
    if (code < 0 || end - utf16 <= (code < 0x10000 ? 1 : 2))
      break;
    if (code < 0x10000) {
      *utf16++ = (uint16_t) code;
    } else {
      *utf16++ = (uint16_t) (HIGH + ((code - 0x10000) >> 10));
      *utf16++ = (uint16_t) (LOW + ((code - 0x10000) & 0x3ff));
    }
  }
  *utf16 = 0;
}
