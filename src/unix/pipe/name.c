/* The names of pipes: from what a program calls one to an address, and back. */
#include "unix/pipe/pipe.h"

#include <stddef.h>
#include <string.h>

#include "core/base/alloc.h"

struct uv__pipe_names* uv__pipe_new_names(struct uv__io* io, size_t path_size) {
  struct uv__pipe_names* names = uv__calloc(1, sizeof(*names) + path_size);

  if (names != NULL) {
    uv__queue_init(&names->link);
    names->io = io;
  }
  return names;
}

int uv__pipe_to_address(const struct uv__pipe_name* name,
                        struct sockaddr_un* addr,
                        socklen_t* len) {
  size_t length = name->length;
  size_t most = sizeof(addr->sun_path) - 1; /* A path ends with a NUL, */

  if (uv__pipe_is_abstract(name->text)) {
#if defined(__linux__)
    most = sizeof(addr->sun_path); /* an abstract name with its length. */
#else
    return UV_EINVAL;
#endif
  }
  if (length > most && !name->cut)
    return UV_ENAMETOOLONG;
  if (length > most)
    length = most;
  memset(addr, 0, sizeof(*addr));
  addr->sun_family = AF_UNIX;
  memcpy(addr->sun_path, name->text, length);
  *len = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
  if (!uv__pipe_is_abstract(name->text))
    ++*len;
  return 0;
}

int uv__pipe_name(struct uv__io* io, enum uv__end end, void* to, int* len) {
  struct {
    struct sockaddr_un addr;
    char more; /* Linux ends a path that fills the whole structure with a NUL beyond it. */
  } found;
  socklen_t size = sizeof(found);
  size_t length = 0;
  int r;

  memset(&found, 0, sizeof(found));
  r = end == UV__LOCAL ? getsockname(io->tail.fd, (struct sockaddr*) &found, &size)
                       : getpeername(io->tail.fd, (struct sockaddr*) &found, &size);
  if (r != 0)
    return UV__ERR(errno);
  if (found.addr.sun_family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path)) {
    length = size - offsetof(struct sockaddr_un, sun_path);
    if (length > sizeof(found.addr.sun_path))
      length = sizeof(found.addr.sun_path);
  }
#if defined(__linux__)
  if (!uv__pipe_is_abstract(found.addr.sun_path))
#endif
    length = strnlen(found.addr.sun_path, length);
  r = length > (size_t) *len ? UV_ENOBUFS : 0;
  if (r == 0)
    memcpy(to, found.addr.sun_path, length);
  *len = (int) length;
  return r;
}
