/* A buffer that is read into at its end and taken from at its start. */
#include "lines.h"

#include <string.h>

uv_buf_t lines_room(struct lines* lines) {
  return uv_buf_init(lines->bytes + lines->used,
                     (unsigned int) (sizeof(lines->bytes) - lines->used));
}

void lines_came(struct lines* lines, size_t length) {
  lines->used += length;
}

int lines_next(struct lines* lines, char* line) {
  char* end = memchr(lines->bytes, '\n', lines->used);
  size_t length = end == NULL ? lines->used : (size_t) (end - lines->bytes);
  if (length >= LINE_BYTES)
    return -1;
  if (end == NULL)
    return 0;
  memcpy(line, lines->bytes, length);
  line[length > 0 && line[length - 1] == '\r' ? length - 1 : length] = '\0';
  lines->used -= length + 1;
  memmove(lines->bytes, end + 1, lines->used);
  return 1;
}
