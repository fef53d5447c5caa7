/* Looking up names with the system's resolver. Requests and threads are core/handle/dns.c. */
#include "unix/base/base.h"

#include <netdb.h>
#include <string.h>

#include "unix/idna/idna.h"

/* X(native without the prefix EAI_); the names are the same. */
#define EAI_MAP(X) \
  X(AGAIN)         \
  X(BADFLAGS)      \
  X(FAIL)          \
  X(FAMILY)        \
  X(MEMORY)        \
  X(NONAME)        \
  X(OVERFLOW)      \
  X(SERVICE)       \
  X(SOCKTYPE)

static int translate(int code) {
  switch (code) {
  case 0:
    return 0;
#define CASE(name) \
  case EAI_##name: \
    return UV_EAI_##name;
    EAI_MAP(CASE)
#undef CASE
/* Not in POSIX; and some systems give the second the value of EAI_NONAME. */
#if defined(EAI_ADDRFAMILY)
  case EAI_ADDRFAMILY:
    return UV_EAI_ADDRFAMILY;
#endif
#if defined(EAI_NODATA) && EAI_NODATA != EAI_NONAME
  case EAI_NODATA:
    return UV_EAI_NODATA;
#endif
#if defined(EAI_CANCELED)
  case EAI_CANCELED:
    return UV_EAI_CANCELED;
#endif
#if defined(EAI_BADHINTS)
  case EAI_BADHINTS:
    return UV_EAI_BADHINTS;
#endif
#if defined(EAI_PROTOCOL)
  case EAI_PROTOCOL:
    return UV_EAI_PROTOCOL;
#endif
  case EAI_SYSTEM:
    return errno != 0 ? UV__ERR(errno) : UV_EAI_FAIL;
  default:
    return UV_EAI_FAIL;
  }
}

static int is_ascii(const char* text) {
  while (*text != '\0' && (unsigned char) *text < 128)
    text++;
  return *text == '\0';
}

int uv__port_getaddrinfo(const char* node,
                         const char* service,
                         const struct addrinfo* hints,
                         struct addrinfo** result) {
  char ascii[UV__IDNA_ROOM];
  struct addrinfo* found = NULL;
  int r;

  /* The C library looks an international name up as it is, or knows some of them by its locale. */
  if (node != NULL && !is_ascii(node)) {
    if (uv__idna_to_ascii(node, ascii) < 0)
      return UV_EAI_NONAME;
    node = ascii;
  }
  errno = 0;
  r = translate(getaddrinfo(node, service, hints, &found));
  if (r == 0)
    *result = found;
  return r;
}

void uv_freeaddrinfo(struct addrinfo* ai) {
  /* NULL is a crash on some systems. */
  if (ai != NULL)
    freeaddrinfo(ai);
}

int uv__port_getnameinfo(const struct sockaddr* addr,
                         int flags,
                         char* host,
                         size_t host_size,
                         char* service,
                         size_t service_size) {
  socklen_t len =
      addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

  errno = 0;
  return translate(getnameinfo(addr, len, host, (socklen_t) host_size, service,
                               (socklen_t) service_size, flags));
}
