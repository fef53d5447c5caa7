/* Names of hosts and services ("GetAddrInfoW", "GetNameInfoW"). A machine that knows itself, as "model" and
 * "localhost", and numbers; there is no network to ask. Answers come when they like. */
#include "sched.h"

#include <string.h>

#include "ws2tcpip.h"

enum {
  MOST_NAME = 256
};

static const struct {
  const char* name;
  int port;
} services[] = {{"http", 80}, {"https", 443}, {"domain", 53}};

static int never(void* arg) {
  (void) arg;
  return 0;
}

static void take_time(void) {
  nt_wait(never, NULL, nt_now() + nt_latency());
}

/* ASCII, which all names here are; others are nobody's. */
static int narrow(const WCHAR* from, char* to) {
  size_t i;

  for (i = 0; from[i] != 0; i++) {
    if (from[i] >= 0x80 || i == MOST_NAME - 1)
      return 0;
    to[i] = (char) from[i];
  }
  to[i] = '\0';
  return 1;
}

static WCHAR* widen(const char* from, WCHAR* to) {
  size_t i = 0;

  do
    to[i] = (WCHAR) (unsigned char) from[i];
  while (from[i++] != '\0');
  return to;
}

/* ---- Names to addresses ---- */

struct answer {
  ADDRINFOW* first;
  ADDRINFOW** last;
  const ADDRINFOW* hints;
  int port;
};

static void add(struct answer* answer, int family, const void* bytes, const char* canonical) {
  ADDRINFOW* info = nt_alloc(sizeof(*info));
  struct sockaddr_in* four;
  struct sockaddr_in6* six;

  info->ai_flags = answer->hints->ai_flags;
  info->ai_family = family;
  info->ai_socktype = answer->hints->ai_socktype;
  info->ai_protocol = answer->hints->ai_protocol;
  if (family == AF_INET) {
    four = nt_alloc(sizeof(*four));
    four->sin_family = AF_INET;
    four->sin_port = htons((u_short) answer->port);
    memcpy(&four->sin_addr, bytes, 4);
    info->ai_addr = (struct sockaddr*) four;
    info->ai_addrlen = sizeof(*four);
  } else {
    six = nt_alloc(sizeof(*six));
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((u_short) answer->port);
    memcpy(&six->sin6_addr, bytes, 16);
    info->ai_addr = (struct sockaddr*) six;
    info->ai_addrlen = sizeof(*six);
  }
  if ((info->ai_flags & AI_CANONNAME) && answer->first == NULL)
    info->ai_canonname = widen(canonical, nt_alloc((strlen(canonical) + 1) * sizeof(WCHAR)));
  *answer->last = info;
  answer->last = &info->ai_next;
}

static int wants(const struct answer* answer, int family) {
  return answer->hints->ai_family == AF_UNSPEC || answer->hints->ai_family == family;
}

static void add_own(struct answer* answer, int is_any, const char* canonical) {
  static const unsigned char loopback4[4] = {127, 0, 0, 1};
  static const unsigned char loopback6[16] = {[15] = 1};
  static const unsigned char any[16];
  int six_first = nt_chance(50); /* no order is promised within the machine */
  int i;

  for (i = 0; i < 2; i++) {
    if ((i == 0) == six_first && wants(answer, AF_INET6))
      add(answer, AF_INET6, is_any ? any : loopback6, canonical);
    else if ((i == 0) != six_first && wants(answer, AF_INET))
      add(answer, AF_INET, is_any ? any : loopback4, canonical);
  }
}

static int find_port(const WCHAR* service, int* port) {
  char name[MOST_NAME];
  size_t i;

  *port = 0;
  if (service == NULL)
    return 0;
  if (!narrow(service, name))
    return WSATYPE_NOT_FOUND;
  for (i = 0; name[i] >= '0' && name[i] <= '9' && *port < 65536; i++)
    *port = *port * 10 + name[i] - '0';
  if (name[i] == '\0' && i > 0 && *port < 65536)
    return 0;
  for (i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
    if (strcmp(services[i].name, name) == 0) {
      *port = services[i].port;
      return 0;
    }
  }
  return WSATYPE_NOT_FOUND;
}

static int find_node(struct answer* answer, const WCHAR* node) {
  unsigned char bytes[16];
  char name[MOST_NAME];

  if (node == NULL) {
    add_own(answer, (answer->hints->ai_flags & AI_PASSIVE) != 0, "model");
    return 0;
  }
  if (!narrow(node, name))
    return WSAHOST_NOT_FOUND;
  if (host_parse_address(name, 0, bytes)) {
    if (!wants(answer, AF_INET))
      return WSAHOST_NOT_FOUND;
    add(answer, AF_INET, bytes, name);
    return 0;
  }
  if (host_parse_address(name, 1, bytes)) {
    if (!wants(answer, AF_INET6))
      return WSAHOST_NOT_FOUND;
    add(answer, AF_INET6, bytes, name);
    return 0;
  }
  if (answer->hints->ai_flags & AI_NUMERICHOST)
    return WSAHOST_NOT_FOUND;
  take_time();
  if (strcmp(name, "localhost") != 0 && strcmp(name, "model") != 0)
    return WSAHOST_NOT_FOUND;
  add_own(answer, 0, name);
  return 0;
}

/* The code is what it returns, and the last error ("GetAddrInfoW", return value). */
int WSAAPI GetAddrInfoW(PCWSTR node, PCWSTR service, const ADDRINFOW* hints, ADDRINFOW** list) {
  static const ADDRINFOW none;
  struct answer answer = {NULL, &answer.first, hints != NULL ? hints : &none, 0};
  int r;

  nt_enter("GetAddrInfoW");
  if (node == NULL && service == NULL)
    r = WSAHOST_NOT_FOUND;
  else if (answer.hints->ai_family != AF_UNSPEC && answer.hints->ai_family != AF_INET &&
           answer.hints->ai_family != AF_INET6)
    r = WSAEAFNOSUPPORT;
  else
    r = find_port(service, &answer.port);
  if (r == 0)
    r = find_node(&answer, node);
  nt_error((DWORD) r);
  if (r == 0)
    *list = answer.first;
  return r;
}

void WSAAPI FreeAddrInfoW(ADDRINFOW* list) {
  nt_enter("FreeAddrInfoW");
  while (list != NULL) {
    ADDRINFOW* next = list->ai_next;
    nt_free(list->ai_addr);
    nt_free(list->ai_canonname);
    nt_free(list);
    list = next;
  }
}

/* ---- Addresses to names ---- */

static int give(const char* text, WCHAR* to, DWORD room) {
  if (to == NULL || room == 0)
    return 0;
  if (strlen(text) >= room)
    return WSAEFAULT;
  widen(text, to);
  return 0;
}

static int is_own(int family, const unsigned char* bytes) {
  static const unsigned char loopback6[16] = {[15] = 1};

  return family == AF_INET ? bytes[0] == 127 : memcmp(bytes, loopback6, 16) == 0;
}

static int name_service(int port, int flags, char text[MOST_NAME]) {
  size_t i;
  char digits[8];
  int n = 0;

  for (i = 0; i < sizeof(services) / sizeof(services[0]) && !(flags & NI_NUMERICSERV); i++) {
    if (services[i].port == port) {
      strcpy(text, services[i].name);
      return 0;
    }
  }
  do
    digits[n++] = (char) ('0' + port % 10);
  while ((port /= 10) > 0);
  for (i = 0; n > 0; i++)
    text[i] = digits[--n];
  text[i] = '\0';
  return 0;
}

int WSAAPI GetNameInfoW(const struct sockaddr* addr,
                        socklen_t len,
                        WCHAR* node,
                        DWORD node_room,
                        WCHAR* service,
                        DWORD service_room,
                        int flags) {
  const struct sockaddr_in* four = (const struct sockaddr_in*) addr;
  const struct sockaddr_in6* six = (const struct sockaddr_in6*) addr;
  const unsigned char* bytes;
  char text[MOST_NAME];
  int r;

  nt_enter("GetNameInfoW");
  if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
    return WSAEAFNOSUPPORT;
  if (len < (socklen_t) (addr->sa_family == AF_INET ? sizeof(*four) : sizeof(*six)))
    return WSAEFAULT;
  bytes = addr->sa_family == AF_INET ? (const unsigned char*) &four->sin_addr
                                     : (const unsigned char*) &six->sin6_addr;
  if (!(flags & NI_NUMERICHOST))
    take_time();
  if (!(flags & NI_NUMERICHOST) && is_own(addr->sa_family, bytes))
    strcpy(text, "model");
  else if (flags & NI_NAMEREQD)
    return WSAHOST_NOT_FOUND;
  else
    host_print_address(bytes, addr->sa_family == AF_INET6, text, sizeof(text));
  r = give(text, node, node_room);
  if (r != 0)
    return r;
  name_service(ntohs(addr->sa_family == AF_INET ? four->sin_port : six->sin6_port), flags, text);
  return give(text, service, service_room);
}
