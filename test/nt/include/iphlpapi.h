/* The list of network adapters; see winsock2.h. The members that are read here, in the order of the
 * documented structures (those between are left out: the model hands out what it declares). */
#ifndef NT_IPHLPAPI_H_
#define NT_IPHLPAPI_H_

#include "ws2tcpip.h"

#define IF_TYPE_ETHERNET_CSMACD 6
#define IF_TYPE_SOFTWARE_LOOPBACK 24
#define GAA_FLAG_SKIP_ANYCAST 2u
#define GAA_FLAG_SKIP_MULTICAST 4u
#define GAA_FLAG_SKIP_DNS_SERVER 8u
#define NDIS_IF_MAX_STRING_SIZE 256

typedef enum _IF_OPER_STATUS {
  IfOperStatusUp = 1,
  IfOperStatusDown = 2
} IF_OPER_STATUS;

typedef struct _SOCKET_ADDRESS {
  struct sockaddr* lpSockaddr;
  INT iSockaddrLength;
} SOCKET_ADDRESS;

typedef struct _IP_ADAPTER_UNICAST_ADDRESS {
  struct _IP_ADAPTER_UNICAST_ADDRESS* Next;
  SOCKET_ADDRESS Address;
  UCHAR OnLinkPrefixLength;
} IP_ADAPTER_UNICAST_ADDRESS;

typedef struct _IP_ADAPTER_ADDRESSES {
  DWORD IfIndex;
  struct _IP_ADAPTER_ADDRESSES* Next;
  char* AdapterName;
  IP_ADAPTER_UNICAST_ADDRESS* FirstUnicastAddress;
  PWCHAR FriendlyName;
  BYTE PhysicalAddress[8];
  DWORD PhysicalAddressLength;
  DWORD IfType;
  IF_OPER_STATUS OperStatus;
} IP_ADAPTER_ADDRESSES;
typedef IP_ADAPTER_ADDRESSES* PIP_ADAPTER_ADDRESSES;

ULONG WINAPI GetAdaptersAddresses(
    ULONG family, ULONG flags, PVOID reserved, PIP_ADAPTER_ADDRESSES list, PULONG size);

#endif /* NT_IPHLPAPI_H_ */
