/* Network adapters: their addresses, numbers and names ("GetAdaptersAddresses",
 * "ConvertInterfaceIndexToLuid"). The machine has the loopback, a network card, and one without a cable. */
#include "sched.h"

#include <string.h>

#include "netioapi.h"

static const struct adapter {
  NET_IFINDEX index;
  DWORD type;
  IF_OPER_STATUS status;
  const char* name;      /* as LUIDs have it */
  const WCHAR* friendly; /* as people do */
  unsigned char card[6]; /* its number; all 0: none */
  unsigned char four[4]; /* all 0: no address */
  UCHAR four_bits;
  unsigned char six[16];
  UCHAR six_bits;
} adapters[] = {
    {1,
     IF_TYPE_SOFTWARE_LOOPBACK,
     IfOperStatusUp,
     "loopback_0",
     L"Loopback Pseudo-Interface 1",
     {0},
     {127, 0, 0, 1},
     8,
     {[15] = 1},
     128},
    {7,
     IF_TYPE_ETHERNET_CSMACD,
     IfOperStatusUp,
     "ethernet_32769",
     L"Ethernet \x00fc",
     {2, 0, 0, 0, 0, 7},
     {10, 0, 0, 5},
     24,
     {0xfe, 0x80, [15] = 5},
     64},
    {12,
     IF_TYPE_ETHERNET_CSMACD,
     IfOperStatusDown,
     "ethernet_32770",
     L"Ethernet 2",
     {2, 0, 0, 0, 0, 12},
     {0},
     0,
     {0},
     0},
};

enum {
  COUNT = sizeof(adapters) / sizeof(adapters[0])
};

/* What one needs of the caller's block, all on boundaries of eight. */
struct block {
  IP_ADAPTER_ADDRESSES adapter;
  IP_ADAPTER_UNICAST_ADDRESS unicast[2];
  struct sockaddr_in four;
  struct sockaddr_in6 six;
  WCHAR friendly[32];
  char name[32];
};

static void add_four(struct block* block, const struct adapter* adapter) {
  IP_ADAPTER_UNICAST_ADDRESS* unicast = &block->unicast[0];

  block->four.sin_family = AF_INET;
  memcpy(&block->four.sin_addr, adapter->four, 4);
  unicast->Address.lpSockaddr = (struct sockaddr*) &block->four;
  unicast->Address.iSockaddrLength = sizeof(block->four);
  unicast->OnLinkPrefixLength = adapter->four_bits;
}

static void add_six(struct block* block, const struct adapter* adapter) {
  IP_ADAPTER_UNICAST_ADDRESS* unicast = &block->unicast[1];

  block->six.sin6_family = AF_INET6;
  memcpy(&block->six.sin6_addr, adapter->six, 16);
  block->six.sin6_scope_id = adapter->six[0] == 0xfe ? adapter->index : 0;
  unicast->Address.lpSockaddr = (struct sockaddr*) &block->six;
  unicast->Address.iSockaddrLength = sizeof(block->six);
  unicast->OnLinkPrefixLength = adapter->six_bits;
}

static void fill(struct block* block, const struct adapter* adapter) {
  static const unsigned char none[6];

  memset(block, 0, sizeof(*block));
  block->adapter.IfIndex = adapter->index;
  block->adapter.AdapterName = strcpy(block->name, adapter->name);
  block->adapter.FriendlyName = wcscpy(block->friendly, adapter->friendly);
  block->adapter.IfType = adapter->type;
  block->adapter.OperStatus = adapter->status;
  if (memcmp(adapter->card, none, 6) != 0) {
    memcpy(block->adapter.PhysicalAddress, adapter->card, 6);
    block->adapter.PhysicalAddressLength = 6;
  }
  if (adapter->four_bits == 0)
    return;
  add_four(block, adapter);
  add_six(block, adapter);
  block->adapter.FirstUnicastAddress = &block->unicast[0];
  block->unicast[0].Next = &block->unicast[1];
}

/* The list may have grown since somebody asked how long it is: now and then it has. */
ULONG WINAPI GetAdaptersAddresses(
    ULONG family, ULONG flags, PVOID reserved, PIP_ADAPTER_ADDRESSES list, PULONG size) {
  struct block* blocks = (struct block*) (void*) list;
  ULONG needed = COUNT * sizeof(struct block);
  unsigned i;

  nt_enter("GetAdaptersAddresses");
  (void) flags;
  (void) reserved;
  if (family != AF_UNSPEC)
    nt_absent("GetAdaptersAddresses of one family");
  if (list == NULL || *size < needed || nt_chance(nt_trouble.shorter / 2)) {
    *size = *size < needed ? needed : *size + 1;
    return ERROR_BUFFER_OVERFLOW;
  }
  for (i = 0; i < COUNT; i++) {
    fill(&blocks[i], &adapters[i]);
    blocks[i].adapter.Next = i + 1 < COUNT ? &blocks[i + 1].adapter : NULL;
  }
  return NO_ERROR;
}

/* ---- Numbers and names ---- */

DWORD WINAPI ConvertInterfaceIndexToLuid(NET_IFINDEX index, NET_LUID* luid) {
  unsigned i;

  nt_enter("ConvertInterfaceIndexToLuid");
  for (i = 0; i < COUNT; i++) {
    if (adapters[i].index == index) {
      luid->Value = (ULONG64) (i + 1) << 32;
      return NO_ERROR;
    }
  }
  return ERROR_FILE_NOT_FOUND;
}

DWORD WINAPI ConvertInterfaceLuidToNameA(const NET_LUID* luid, char* to, SIZE_T room) {
  ULONG64 i = (luid->Value >> 32) - 1;

  nt_enter("ConvertInterfaceLuidToNameA");
  if (i >= COUNT)
    return ERROR_INVALID_PARAMETER;
  if (strlen(adapters[i].name) >= room)
    return ERROR_NOT_ENOUGH_MEMORY;
  strcpy(to, adapters[i].name);
  return NO_ERROR;
}

NET_IFINDEX WINAPI if_nametoindex(const char* name) {
  unsigned i;

  nt_enter("if_nametoindex");
  for (i = 0; i < COUNT; i++)
    if (strcmp(adapters[i].name, name) == 0)
      return adapters[i].index;
  return 0;
}
