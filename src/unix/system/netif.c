/* Network interfaces: their names, numbers and addresses. */
#include "unix/base/base.h"

#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#if defined(__linux__)
#  include <netpacket/packet.h>
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__) || \
    defined(__DragonFly__)
#  include <net/if_dl.h>
#  define HAVE_LINK_ADDRESS
#endif

#include "core/base/alloc.h"

unsigned uv__port_zone(const char* name) {
  uint64_t number = 0;
  const char* at;

  for (at = name; *at >= '0' && *at <= '9' && number <= UINT_MAX; at++)
    number = number * 10 + (unsigned) (*at - '0');
  if (at != name && *at == '\0')
    return number <= UINT_MAX ? (unsigned) number : 0;
  return if_nametoindex(name);
}

int uv_if_indextoname(unsigned int ifindex, char* buffer, size_t* size) {
  char name[IF_NAMESIZE];
  size_t len;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  if (if_indextoname(ifindex, name) == NULL)
    return UV__ERR(errno);
  len = strlen(name);
  if (len >= *size) {
    *size = len + 1;
    return UV_ENOBUFS;
  }
  memcpy(buffer, name, len + 1);
  *size = len;
  return 0;
}

int uv_if_indextoiid(unsigned int ifindex, char* buffer, size_t* size) {
  return uv_if_indextoname(ifindex, buffer, size);
}

static int is_listed(const struct ifaddrs* entry) {
  return (entry->ifa_flags & IFF_UP) && entry->ifa_addr != NULL &&
         (entry->ifa_addr->sa_family == AF_INET || entry->ifa_addr->sa_family == AF_INET6);
}

/* The bytes of a link address, or NULL when the entry is not one of six bytes. */
static const void* link_address(const struct ifaddrs* entry) {
  if (entry->ifa_addr == NULL)
    return NULL;
#if defined(__linux__)
  if (entry->ifa_addr->sa_family == AF_PACKET) {
    const struct sockaddr_ll* link = (const void*) entry->ifa_addr;
    return link->sll_halen == 6 ? link->sll_addr : NULL;
  }
#elif defined(HAVE_LINK_ADDRESS)
  if (entry->ifa_addr->sa_family == AF_LINK) {
    const struct sockaddr_dl* link = (const void*) entry->ifa_addr;
    return link->sdl_alen == 6 ? LLADDR(link) : NULL;
  }
#endif
  return NULL;
}

/* Linux gives a second IPv4 address of eth0 the label eth0:1; the link is still eth0. */
static int same_interface(const char* label, const char* name) {
  size_t len = strlen(name);

  return strncmp(label, name, len) == 0 && (label[len] == '\0' || label[len] == ':');
}

/* The BSDs cut the zeros off the end of a netmask and leave its family open. */
static void copy_netmask(void* to, const struct sockaddr* mask, size_t size, sa_family_t family) {
#if defined(HAVE_LINK_ADDRESS)
  if (mask->sa_len < size)
    size = mask->sa_len;
#endif
  memcpy(to, mask, size);
  ((struct sockaddr*) to)->sa_family = family;
}

static void fill(uv_interface_address_t* address,
                 const struct ifaddrs* entry,
                 const struct ifaddrs* all) {
  sa_family_t family = entry->ifa_addr->sa_family;
  size_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

  memset(address, 0, sizeof(*address));
  memcpy(&address->address, entry->ifa_addr, size);
  if (entry->ifa_netmask != NULL)
    copy_netmask(&address->netmask, entry->ifa_netmask, size, family);
  address->is_internal = (entry->ifa_flags & IFF_LOOPBACK) != 0;
  for (; all != NULL; all = all->ifa_next) {
    const void* link = link_address(all);
    if (link != NULL && same_interface(entry->ifa_name, all->ifa_name)) {
      memcpy(address->phys_addr, link, sizeof(address->phys_addr));
      return;
    }
  }
}

int uv_interface_addresses(uv_interface_address_t** addresses, int* count) {
  uv_interface_address_t* table = NULL;
  struct ifaddrs* all;
  struct ifaddrs* entry;
  size_t name_bytes = 0;
  int n = 0;

  if (addresses == NULL || count == NULL)
    return UV_EINVAL;
  if (getifaddrs(&all) != 0)
    return UV__ERR(errno);
  for (entry = all; entry != NULL; entry = entry->ifa_next) {
    if (is_listed(entry)) {
      name_bytes += strlen(entry->ifa_name) + 1;
      n++;
    }
  }

  /* One block: the table, then the names it points to. */
  if (n > 0) {
    char* names;

    table = uv__malloc((size_t) n * sizeof(*table) + name_bytes);
    if (table == NULL) {
      freeifaddrs(all);
      return UV_ENOMEM;
    }
    names = (char*) (table + n);
    n = 0;
    for (entry = all; entry != NULL; entry = entry->ifa_next) {
      size_t len;

      if (!is_listed(entry))
        continue;
      fill(&table[n], entry, all);
      len = strlen(entry->ifa_name) + 1;
      table[n++].name = memcpy(names, entry->ifa_name, len);
      names += len;
    }
  }
  freeifaddrs(all);
  *addresses = table;
  *count = n;
  return 0;
}
