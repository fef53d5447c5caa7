/* Network interfaces: their names, numbers and addresses. */
#include "win/base/base.h"

#include <iphlpapi.h>
#include <netioapi.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

/* ---- Names and numbers ---- */

/* Hands out a text the way uv.h promises for the two functions below. */
static int give(const char* text, char* buffer, size_t* size) {
  size_t len = strlen(text);

  if (*size <= len) {
    *size = len + 1;
    return UV_ENOBUFS;
  }
  memcpy(buffer, text, len + 1);
  *size = len;
  return 0;
}

int uv_if_indextoname(unsigned int ifindex, char* buffer, size_t* size) {
  char name[NDIS_IF_MAX_STRING_SIZE + 1];
  NET_LUID luid;
  DWORD error;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  error = ConvertInterfaceIndexToLuid(ifindex, &luid);
  if (error == NO_ERROR)
    error = ConvertInterfaceLuidToNameA(&luid, name, sizeof(name));
  if (error == ERROR_FILE_NOT_FOUND || error == ERROR_INVALID_PARAMETER)
    return UV_ENXIO; /* The codes for an index that no interface has. */
  return error == NO_ERROR ? give(name, buffer, size) : uv__error_translate(error);
}

int uv_if_indextoiid(unsigned int ifindex, char* buffer, size_t* size) {
  char text[16];

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  snprintf(text, sizeof(text), "%u", ifindex);
  return give(text, buffer, size);
}

/* Windows writes zones as numbers; names of interfaces are taken too. */
unsigned uv__port_zone(const char* name) {
  uint64_t number = 0;
  const char* at;

  for (at = name; *at >= '0' && *at <= '9' && number <= UINT_MAX; at++)
    number = number * 10 + (unsigned) (*at - '0');
  if (at != name && *at == '\0')
    return number <= UINT_MAX ? (unsigned) number : 0;
  return if_nametoindex(name);
}

/* ---- Addresses ---- */

/* All adapters, in a block of this library's; NULL and 0 when there are none. */
static int fetch(IP_ADAPTER_ADDRESSES** adapters) {
  ULONG flags = GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
  ULONG size = 16384; /* what the documentation advises to begin with */
  int tries;

  /* The list may grow between two calls, but hardly every time. */
  for (tries = 0; tries < 8; tries++) {
    ULONG error;

    *adapters = uv__malloc(size);
    if (*adapters == NULL)
      return UV_ENOMEM;
    error = GetAdaptersAddresses(AF_UNSPEC, flags, NULL, *adapters, &size);
    if (error == NO_ERROR)
      return 0;
    uv__free(*adapters);
    *adapters = NULL;
    if (error == ERROR_NO_DATA || error == ERROR_ADDRESS_NOT_ASSOCIATED)
      return 0; /* Two ways of saying that there is no address at all. */
    if (error != ERROR_BUFFER_OVERFLOW)
      return uv__error_translate(error);
  }
  return UV_ENOBUFS;
}

static int is_up(const IP_ADAPTER_ADDRESSES* adapter) {
  return adapter->OperStatus == IfOperStatusUp && adapter->FirstUnicastAddress != NULL;
}

/* Bytes of the friendly name as UTF-8, with the terminator; written when `to` is not NULL. */
static int name_of(const IP_ADAPTER_ADDRESSES* adapter, char* to, int size) {
  return WideCharToMultiByte(CP_UTF8, 0, adapter->FriendlyName, -1, to, size, NULL, NULL);
}

/* Sets the first `bits` bits of `size` bytes. */
static void set_prefix(unsigned char* bytes, int size, unsigned bits) {
  int i;

  for (i = 0; i < size; i++) {
    unsigned here = bits < 8 ? bits : 8;
    bytes[i] = (unsigned char) (0xff00 >> here);
    bits -= here;
  }
}

static void fill(uv_interface_address_t* to,
                 const IP_ADAPTER_ADDRESSES* adapter,
                 const IP_ADAPTER_UNICAST_ADDRESS* unicast,
                 char* name) {
  const struct sockaddr* addr = unicast->Address.lpSockaddr;

  memset(to, 0, sizeof(*to));
  to->name = name;
  if (adapter->PhysicalAddressLength == sizeof(to->phys_addr))
    memcpy(to->phys_addr, adapter->PhysicalAddress, sizeof(to->phys_addr));
  to->is_internal = adapter->IfType == IF_TYPE_SOFTWARE_LOOPBACK;
  if (addr->sa_family == AF_INET6) {
    memcpy(&to->address.address6, addr, sizeof(to->address.address6));
    to->netmask.netmask6.sin6_family = AF_INET6;
    set_prefix((unsigned char*) &to->netmask.netmask6.sin6_addr, 16, unicast->OnLinkPrefixLength);
  } else {
    memcpy(&to->address.address4, addr, sizeof(to->address.address4));
    to->netmask.netmask4.sin_family = AF_INET;
    set_prefix((unsigned char*) &to->netmask.netmask4.sin_addr, 4, unicast->OnLinkPrefixLength);
  }
}

/* Counts the addresses and the bytes of the names. */
static size_t measure(const IP_ADAPTER_ADDRESSES* adapter, int* count) {
  size_t names = 0;

  *count = 0;
  for (; adapter != NULL; adapter = adapter->Next) {
    const IP_ADAPTER_UNICAST_ADDRESS* unicast = adapter->FirstUnicastAddress;
    if (!is_up(adapter))
      continue;
    names += (size_t) name_of(adapter, NULL, 0);
    for (; unicast != NULL; unicast = unicast->Next)
      ++*count;
  }
  return names;
}

int uv_interface_addresses(uv_interface_address_t** addresses, int* count) {
  IP_ADAPTER_ADDRESSES* adapters;
  const IP_ADAPTER_ADDRESSES* adapter;
  uv_interface_address_t* at;
  char* name;
  char* end;
  size_t size;
  int n;
  int r = fetch(&adapters);

  if (r < 0)
    return r;
  size = measure(adapters, &n);
  if (n == 0) {
    uv__free(adapters);
    *addresses = NULL;
    *count = 0;
    return 0;
  }
  /* One block: the array, then the names, each shared by all addresses of its adapter. */
  size += (size_t) n * sizeof(*at);
  at = uv__malloc(size);
  if (at == NULL) {
    uv__free(adapters);
    return UV_ENOMEM;
  }
  *addresses = at;
  *count = n;
  name = (char*) (at + n);
  end = (char*) at + size;
  for (adapter = adapters; adapter != NULL; adapter = adapter->Next) {
    const IP_ADAPTER_UNICAST_ADDRESS* unicast = adapter->FirstUnicastAddress;
    if (!is_up(adapter))
      continue;
    for (; unicast != NULL; unicast = unicast->Next)
      fill(at++, adapter, unicast, name);
    name += name_of(adapter, name, (int) (end - name));
  }
  uv__free(adapters);
  return 0;
}
