/* What a host and a service stand for: addresses that are known by themselves, and the order of those
 * that the system found. The lookup is race.c's. */
#include <string.h>

#include "core/dial/dial.h"

enum {
  MOST_PORT = 65535
};

/* ---- The two names ---- */

/* The number of a port, 0 for a name, or UV_EINVAL for a number that is no port. */
static int parse_port(const char* service) {
  const char* at;
  int port = 0;

  if (service[strspn(service, "0123456789")] != '\0')
    return 0;
  for (at = service; *at != '\0' && port <= MOST_PORT; at++)
    port = 10 * port + (*at - '0');
  return port == 0 || port > MOST_PORT ? UV_EINVAL : port;
}

/* Whether it is "localhost", which nobody has to be asked for (RFC 6761), also as it is written with
 * the root of the DNS. */
static int is_localhost(const char* node) {
  static const char name[] = "localhost";
  size_t i;

  for (i = 0; i < sizeof(name) - 1; i++)
    if ((node[i] >= 'A' && node[i] <= 'Z' ? node[i] - 'A' + 'a' : node[i]) != name[i])
      return 0;
  return node[i] == '\0' || (node[i] == '.' && node[i + 1] == '\0');
}

static void know(struct uv__target* target, const union uv__address* address, int family) {
  if (family == AF_UNSPEC || family == address->any.sa_family)
    target->known[target->count++] = *address;
}

int uv__target_parse(struct uv__target* target, const char* node, const char* service, int family) {
  int port = parse_port(service);
  union uv__address address;
  int is_number = 0;

  if (port < 0)
    return port;
  memset(target, 0, sizeof(*target));
  if (node == NULL || is_localhost(node)) {
    node = NULL; /* Which is what the system calls it. */
    if (uv_ip6_addr("::1", port, &address.ip6) == 0)
      know(target, &address, family);
    if (uv_ip4_addr("127.0.0.1", port, &address.ip4) == 0)
      know(target, &address, family);
  } else if (uv_ip4_addr(node, port, &address.ip4) == 0 ||
             uv_ip6_addr(node, port, &address.ip6) == 0) {
    is_number = 1;
    know(target, &address, family);
  }
  if (is_number && target->count == 0)
    return UV_EAI_ADDRFAMILY;
  if (port == 0)
    target->count =
        0; /* The service has to be looked up; what the host is, is then told with it. */
  target->node = node;
  target->service = service;
  target->hints.ai_family = family;
  target->hints.ai_socktype = SOCK_STREAM;
  return 0;
}

/* ---- What was found ---- */

static int is_inet(const struct addrinfo* entry) {
  return entry->ai_family == AF_INET || entry->ai_family == AF_INET6;
}

unsigned uv__target_count(const struct addrinfo* found) {
  unsigned count = 0;

  for (; found != NULL; found = found->ai_next)
    count += (unsigned) is_inet(found);
  return count;
}

/* The first entry from `entry` on that is of the family, or of the other one. */
static const struct addrinfo* next_of(const struct addrinfo* entry, int family, int other) {
  while (entry != NULL && (!is_inet(entry) || (entry->ai_family != family) != other))
    entry = entry->ai_next;
  return entry;
}

/* The families take turns as long as there are both, each in the order of the system. */
void uv__target_order(const struct addrinfo* found, union uv__address* to) {
  const struct addrinfo* next[2]; /* of the family that comes first, and of the other one */
  int family;
  int turn = 0;

  while (found != NULL && !is_inet(found))
    found = found->ai_next;
  if (found == NULL)
    return;
  family = found->ai_family;
  next[0] = found;
  next[1] = next_of(found, family, 1);
  while (next[0] != NULL || next[1] != NULL) {
    const struct addrinfo* entry = next[turn];

    if (entry != NULL) {
      memcpy(to++, entry->ai_addr,
             entry->ai_family == AF_INET6 ? sizeof(to->ip6) : sizeof(to->ip4));
      next[turn] = next_of(entry->ai_next, family, turn);
    }
    turn = !turn;
  }
}
