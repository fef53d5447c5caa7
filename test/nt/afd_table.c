/* The table of who listens (GetExtendedTcpTable). */
#include "afd.h"

#include <iphlpapi.h>
#include <string.h>

static DWORD count_of(ULONG family) {
  struct afd_sock* sock;
  DWORD count = 0;

  for (sock = afd_first(); sock != NULL; sock = sock->next)
    count += sock->state == AFD_LISTENS && sock->local.family == (int) family;
  return count;
}

static void fill4(MIB_TCPROW_OWNER_PID* row, const struct afd_sock* sock) {
  memset(row, 0, sizeof(*row));
  row->dwState = 2; /* MIB_TCP_STATE_LISTEN */
  memcpy(&row->dwLocalAddr, sock->local.ip, 4);
  row->dwLocalPort = htons(sock->local.port);
}

static void fill6(MIB_TCP6ROW_OWNER_PID* row, const struct afd_sock* sock) {
  memset(row, 0, sizeof(*row));
  row->dwState = 2;
  memcpy(row->ucLocalAddr, sock->local.ip, 16);
  row->dwLocalPort = htons(sock->local.port);
}

DWORD WINAPI GetExtendedTcpTable(
    PVOID table, PDWORD size, BOOL order, ULONG family, TCP_TABLE_CLASS what, ULONG reserved) {
  struct afd_sock* sock;
  size_t row = family == AF_INET ? sizeof(MIB_TCPROW_OWNER_PID) : sizeof(MIB_TCP6ROW_OWNER_PID);
  DWORD needed;
  DWORD count;

  nt_enter("GetExtendedTcpTable");
  (void) order;
  (void) reserved;
  if (what != TCP_TABLE_OWNER_PID_LISTENER)
    nt_absent("GetExtendedTcpTable of another class");
  count = count_of(family);
  needed = (DWORD) (sizeof(DWORD) + (count + 1) * row);
  if (*size < needed) {
    *size = needed;
    return ERROR_INSUFFICIENT_BUFFER;
  }
  *(DWORD*) table = 0;
  for (sock = afd_first(); sock != NULL; sock = sock->next)
    if (sock->state == AFD_LISTENS && sock->local.family == (int) family) {
      if (family == AF_INET)
        fill4(&((MIB_TCPTABLE_OWNER_PID*) table)->table[(*(DWORD*) table)++], sock);
      else
        fill6(&((MIB_TCP6TABLE_OWNER_PID*) table)->table[(*(DWORD*) table)++], sock);
    }
  return NO_ERROR;
}
