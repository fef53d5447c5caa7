/* Looking up names with the system's resolver, whose Unicode calls take any name; texts are
 * UTF-8 outside. Requests and threads are core/handle/dns.c. */
#include "win/text/text.h"

#include <string.h>

#include "core/base/alloc.h"
#include "win/tcp/tcp.h"

/* Winsock's codes for lookups, which its EAI_* names stand for as well. */
static int translate(int code) {
  switch (code) {
  case 0:
    return 0;
  case WSATRY_AGAIN:
    return UV_EAI_AGAIN;
  case WSAEINVAL:
    return UV_EAI_BADFLAGS;
  case WSANO_RECOVERY:
    return UV_EAI_FAIL;
  case WSAEAFNOSUPPORT:
    return UV_EAI_FAMILY;
  case WSA_NOT_ENOUGH_MEMORY:
    return UV_EAI_MEMORY;
  case WSAHOST_NOT_FOUND:
    return UV_EAI_NONAME;
  case WSANO_DATA:
    return UV_EAI_NODATA;
  case WSATYPE_NOT_FOUND:
    return UV_EAI_SERVICE;
  case WSAESOCKTNOSUPPORT:
    return UV_EAI_SOCKTYPE;
  default:
    return uv__error_translate((DWORD) code);
  }
}

/* ---- getaddrinfo ---- */

/* Bytes of `wide` as UTF-8, with the terminator; written when `to` is not NULL. */
static size_t narrow(const WCHAR* wide, char* to, size_t size) {
  return (size_t) WideCharToMultiByte(CP_UTF8, 0, wide, -1, to, (int) size, NULL, NULL);
}

/* One entry of the result: the address and the name follow it in the same block. */
static size_t entry_size(const ADDRINFOW* from) {
  size_t size = sizeof(struct addrinfo) + from->ai_addrlen;

  if (from->ai_canonname != NULL)
    size += narrow(from->ai_canonname, NULL, 0);
  /* So that the next entry lies on a boundary again. */
  return (size + sizeof(void*) - 1) & ~(sizeof(void*) - 1);
}

static void fill_entry(struct addrinfo* to, const ADDRINFOW* from) {
  char* rest = (char*) (to + 1);

  memset(to, 0, sizeof(*to));
  to->ai_flags = from->ai_flags;
  to->ai_family = from->ai_family;
  to->ai_socktype = from->ai_socktype;
  to->ai_protocol = from->ai_protocol;
  to->ai_addrlen = from->ai_addrlen;
  to->ai_addr = memcpy(rest, from->ai_addr, from->ai_addrlen);
  if (from->ai_canonname != NULL) {
    to->ai_canonname = rest + from->ai_addrlen;
    narrow(from->ai_canonname, to->ai_canonname, narrow(from->ai_canonname, NULL, 0));
  }
}

/* The whole list in one block of the library's, which uv_freeaddrinfo frees. */
static int copy_list(const ADDRINFOW* list, struct addrinfo** result) {
  const ADDRINFOW* from;
  struct addrinfo* last = NULL;
  size_t size = 0;
  char* at;

  for (from = list; from != NULL; from = from->ai_next)
    size += entry_size(from);
  at = uv__malloc(size);
  if (at == NULL)
    return UV_ENOMEM;
  *result = (struct addrinfo*) (void*) at;
  for (from = list; from != NULL; from = from->ai_next) {
    struct addrinfo* to = (struct addrinfo*) (void*) at;

    fill_entry(to, from);
    if (last != NULL)
      last->ai_next = to;
    last = to;
    at += entry_size(from);
  }
  return 0;
}

static int lookup(const WCHAR* node,
                  const WCHAR* service,
                  const struct addrinfo* hints,
                  struct addrinfo** result) {
  ADDRINFOW wide_hints;
  ADDRINFOW* list = NULL;
  int r;

  memset(&wide_hints, 0, sizeof(wide_hints));
  wide_hints.ai_flags = hints->ai_flags;
  wide_hints.ai_family = hints->ai_family;
  wide_hints.ai_socktype = hints->ai_socktype;
  wide_hints.ai_protocol = hints->ai_protocol;
  r = translate(GetAddrInfoW(node, service, &wide_hints, &list));
  if (r == 0) {
    r = copy_list(list, result);
    FreeAddrInfoW(list);
  }
  return r;
}

int uv__port_getaddrinfo(const char* node,
                         const char* service,
                         const struct addrinfo* hints,
                         struct addrinfo** result) {
  WCHAR* wide_node = NULL;
  WCHAR* wide_service = NULL;
  int r = uv__sock_start(); /* The call may be the first of the program. */

  if (r == 0 && node != NULL)
    r = uv__wide_make(node, &wide_node);
  if (r == 0 && service != NULL)
    r = uv__wide_make(service, &wide_service);
  if (r == 0)
    r = lookup(wide_node, wide_service, hints, result);
  uv__free(wide_node);
  uv__free(wide_service);
  return r;
}

void uv_freeaddrinfo(struct addrinfo* ai) {
  uv__free(ai);
}

/* ---- getnameinfo ---- */

int uv__port_getnameinfo(const struct sockaddr* addr,
                         int flags,
                         char* host,
                         size_t host_size,
                         char* service,
                         size_t service_size) {
  WCHAR wide_host[NI_MAXHOST];
  WCHAR wide_service[NI_MAXSERV];
  int len = addr->sa_family == AF_INET6 ? (int) sizeof(struct sockaddr_in6)
                                        : (int) sizeof(struct sockaddr_in);
  int r = uv__sock_start();

  if (r < 0)
    return r;
  r = translate(GetNameInfoW(addr, len, wide_host, NI_MAXHOST, wide_service, NI_MAXSERV, flags));
  if (r == 0 &&
      (narrow(wide_host, host, host_size) == 0 || narrow(wide_service, service, service_size) == 0))
    r = UV_EAI_OVERFLOW; /* Can have become longer as UTF-8. */
  return r;
}
