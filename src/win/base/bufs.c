/* Bytes of a program's buffers, copied for who must not hold on to them. */
#include <string.h>

#include "win/base/base.h"

DWORD uv__bufs_copy(
    char* to, DWORD limit, const uv_buf_t* bufs, unsigned nbufs, unsigned* at, size_t* offset) {
  DWORD size = 0;

  while (*at < nbufs && size < limit) {
    size_t part = bufs[*at].len - *offset;

    if (part > limit - size)
      part = limit - size;
    if (part > 0) /* An empty one may have no base. */
      memcpy(to + size, bufs[*at].base + *offset, part);
    size += (DWORD) part;
    *offset += part;
    if (*offset == bufs[*at].len) {
      *offset = 0;
      ++*at;
    }
  }
  return size;
}
