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

/* ---- Who listens ---- */

typedef enum _TCP_TABLE_CLASS {
  TCP_TABLE_OWNER_PID_LISTENER = 3
} TCP_TABLE_CLASS;

typedef struct _MIB_TCPROW_OWNER_PID {
  DWORD dwState;
  DWORD dwLocalAddr;
  DWORD dwLocalPort;
  DWORD dwRemoteAddr;
  DWORD dwRemotePort;
  DWORD dwOwningPid;
} MIB_TCPROW_OWNER_PID;

typedef struct _MIB_TCPTABLE_OWNER_PID {
  DWORD dwNumEntries;
  MIB_TCPROW_OWNER_PID table[1];
} MIB_TCPTABLE_OWNER_PID;

typedef struct _MIB_TCP6ROW_OWNER_PID {
  UCHAR ucLocalAddr[16];
  DWORD dwLocalScopeId;
  DWORD dwLocalPort;
  UCHAR ucRemoteAddr[16];
  DWORD dwRemoteScopeId;
  DWORD dwRemotePort;
  DWORD dwState;
  DWORD dwOwningPid;
} MIB_TCP6ROW_OWNER_PID;

typedef struct _MIB_TCP6TABLE_OWNER_PID {
  DWORD dwNumEntries;
  MIB_TCP6ROW_OWNER_PID table[1];
} MIB_TCP6TABLE_OWNER_PID;

DWORD WINAPI GetExtendedTcpTable(
    PVOID table, PDWORD size, BOOL order, ULONG family, TCP_TABLE_CLASS what, ULONG reserved);

#endif /* NT_IPHLPAPI_H_ */
