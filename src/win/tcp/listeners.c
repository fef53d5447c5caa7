/* Who has an address: what is asked when a bind was refused, because Windows refuses for several
 * reasons under two names. */
#include "win/tcp/tcp.h"

#include <iphlpapi.h>
#include <string.h>

#include "core/base/alloc.h"

/* The system's list of listeners of one family, in memory of the library's. It can grow between two
 * calls, but hardly every time. */
static int fetch(ULONG family, void** table) {
  DWORD size = 8192;
  int tries;

  for (tries = 0; tries < 8; tries++) {
    DWORD error;

    *table = uv__malloc(size);
    if (*table == NULL)
      return UV_ENOMEM;
    error = GetExtendedTcpTable(*table, &size, FALSE, family, TCP_TABLE_OWNER_PID_LISTENER, 0);
    if (error == NO_ERROR)
      return 0;
    uv__free(*table);
    if (error != ERROR_INSUFFICIENT_BUFFER)
      return uv__error_translate(error);
    size += size / 4;
  }
  return UV_ENOBUFS;
}

/* The port of a row is in the order of the network, in the lower half of a word. */
static int has_port(DWORD port, USHORT wanted) {
  return (USHORT) port == wanted;
}

static int is_any6(const void* ip) {
  static const unsigned char any[16];

  return memcmp(ip, any, sizeof(any)) == 0;
}

/* Among IPv4: the address itself, or one of the two is all of them. `ip` NULL: all. */
static int listens4(const struct in_addr* ip, USHORT port) {
  MIB_TCPTABLE_OWNER_PID* table;
  void* memory;
  int found = 0;
  DWORD i;

  if (fetch(AF_INET, &memory) < 0)
    return 1; /* Who cannot be asked may be there. */
  table = memory;
  for (i = 0; !found && i < table->dwNumEntries; i++) {
    const MIB_TCPROW_OWNER_PID* row = &table->table[i];
    found = has_port(row->dwLocalPort, port) &&
            (ip == NULL || ip->s_addr == htonl(INADDR_ANY) || row->dwLocalAddr == ip->s_addr ||
             row->dwLocalAddr == htonl(INADDR_ANY));
  }
  uv__free(memory);
  return found;
}

/* The same among IPv6. `ip` NULL: of IPv4, for which only :: may listen. */
static int listens6(const struct in6_addr* ip, USHORT port) {
  MIB_TCP6TABLE_OWNER_PID* table;
  void* memory;
  int found = 0;
  DWORD i;

  if (fetch(AF_INET6, &memory) < 0)
    return 1;
  table = memory;
  for (i = 0; !found && i < table->dwNumEntries; i++) {
    const MIB_TCP6ROW_OWNER_PID* row = &table->table[i];
    found = has_port(row->dwLocalPort, port) &&
            (is_any6(row->ucLocalAddr) ||
             (ip != NULL && (is_any6(ip) || memcmp(row->ucLocalAddr, ip, sizeof(*ip)) == 0)));
  }
  uv__free(memory);
  return found;
}

/* ---- Sockets of ours that are bound, of which no list of the system tells before they listen ---- */

static SRWLOCK lock = SRWLOCK_INIT;
static struct uv__table ours; /* socket -> itself */

/* Without memory it is as good as it can be done: a bind then says less well why it is refused. */
void uv__listeners_add(SOCKET sock) {
  AcquireSRWLockExclusive(&lock);
  if (uv__table_reserve(&ours, ours.count + 1) == 0)
    uv__table_add(&ours, (HANDLE) sock, (HANDLE) sock);
  ReleaseSRWLockExclusive(&lock);
}

void uv__listeners_drop(SOCKET sock) {
  struct uv__pair* pair;

  AcquireSRWLockExclusive(&lock);
  pair = uv__table_find(&ours, (HANDLE) sock, NULL);
  if (pair != NULL)
    uv__table_remove(&ours, pair);
  if (ours.count == 0)
    uv__table_free(&ours);
  ReleaseSRWLockExclusive(&lock);
}

/* Of another address with the same port it is not asked which: to bind both is rare, and to be told
 * so by listen does no harm. */
static int is_bound(USHORT port) {
  int found = 0;
  size_t i;

  AcquireSRWLockShared(&lock);
  for (i = 0; !found && i < ours.room; i++) {
    struct sockaddr_storage name;
    int len = sizeof(name);

    found = ours.pairs[i].key != NULL &&
            getsockname((SOCKET) ours.pairs[i].key, (struct sockaddr*) &name, &len) == 0 &&
            ((const struct sockaddr_in*) &name)->sin_port == port;
  }
  ReleaseSRWLockShared(&lock);
  return found;
}

int uv__listeners_have(const struct sockaddr* addr) {
  const struct sockaddr_in* in = (const void*) addr;
  const struct sockaddr_in6* in6 = (const void*) addr;

  if (is_bound(in->sin_port)) /* In one place for both families. */
    return 1;
  if (addr->sa_family == AF_INET)
    return listens4(&in->sin_addr, in->sin_port) || listens6(NULL, in->sin_port);
  return listens6(&in6->sin6_addr, in6->sin6_port) ||
         (is_any6(&in6->sin6_addr) && listens4(NULL, in6->sin6_port));
}
