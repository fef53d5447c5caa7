/* Names and numbers of interfaces; see winsock2.h. */
#ifndef NT_NETIOAPI_H_
#define NT_NETIOAPI_H_

#include "iphlpapi.h"

typedef union _NET_LUID_LH {
  ULONG64 Value;
} NET_LUID;
typedef ULONG NET_IFINDEX;

DWORD WINAPI ConvertInterfaceIndexToLuid(NET_IFINDEX index, NET_LUID* luid);
DWORD WINAPI ConvertInterfaceLuidToNameA(const NET_LUID* luid, char* to, SIZE_T room);
NET_IFINDEX WINAPI if_nametoindex(const char* name) NT_OWN(if_nametoindex);

#endif /* NT_NETIOAPI_H_ */
