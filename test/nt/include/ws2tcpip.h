/* IPv6, options of TCP, and the resolver; see winsock2.h. */
#ifndef NT_WS2TCPIP_H_
#define NT_WS2TCPIP_H_

#include "winsock2.h"

struct in6_addr {
  union {
    u_char Byte[16];
    u_short Word[8];
  } u;
};
#define s6_addr u.Byte

struct sockaddr_in6 {
  ADDRESS_FAMILY sin6_family;
  USHORT sin6_port;
  ULONG sin6_flowinfo;
  struct in6_addr sin6_addr;
  ULONG sin6_scope_id;
};

#define IPV6_V6ONLY 27
#define TCP_NODELAY 0x0001
#define TCP_KEEPIDLE 3
#define TCP_KEEPCNT 16
#define TCP_KEEPINTVL 17
#define INET_ADDRSTRLEN 22
#define INET6_ADDRSTRLEN 65

static inline int nt_in6_is(const struct in6_addr* addr, u_char last) {
  int i;

  for (i = 0; i < 15; i++)
    if (addr->u.Byte[i] != 0)
      return 0;
  return addr->u.Byte[15] == last;
}
#define IN6_IS_ADDR_UNSPECIFIED(addr) nt_in6_is((addr), 0)
#define IN6_IS_ADDR_LOOPBACK(addr) nt_in6_is((addr), 1)

static inline int nt_in6_is_mapped(const struct in6_addr* addr) {
  int i;

  for (i = 0; i < 10; i++)
    if (addr->s6_addr[i] != 0)
      return 0;
  return addr->s6_addr[10] == 0xff && addr->s6_addr[11] == 0xff;
}
#define IN6_IS_ADDR_V4MAPPED(addr) nt_in6_is_mapped(addr)

/* The resolver ("addrinfo structure", "getnameinfo function"). */
#define AI_PASSIVE 0x0001
#define AI_CANONNAME 0x0002
#define AI_NUMERICHOST 0x0004
#define AI_NUMERICSERV 0x0008
#define AI_ADDRCONFIG 0x0400
#define AI_V4MAPPED 0x0800
#define AI_ALL 0x0100
#define NI_NOFQDN 0x01
#define NI_NUMERICHOST 0x02
#define NI_NAMEREQD 0x04
#define NI_NUMERICSERV 0x08
#define NI_DGRAM 0x10
#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#define EAI_AGAIN WSATRY_AGAIN
#define EAI_BADFLAGS WSAEINVAL
#define EAI_FAIL WSANO_RECOVERY
#define EAI_FAMILY WSAEAFNOSUPPORT
#define EAI_MEMORY WSA_NOT_ENOUGH_MEMORY
#define EAI_NONAME WSAHOST_NOT_FOUND
#define EAI_SERVICE WSATYPE_NOT_FOUND
#define EAI_SOCKTYPE WSAESOCKTNOSUPPORT

typedef struct addrinfo {
  int ai_flags;
  int ai_family;
  int ai_socktype;
  int ai_protocol;
  size_t ai_addrlen;
  char* ai_canonname;
  struct sockaddr* ai_addr;
  struct addrinfo* ai_next;
} ADDRINFOA;

typedef struct addrinfoW {
  int ai_flags;
  int ai_family;
  int ai_socktype;
  int ai_protocol;
  size_t ai_addrlen;
  PWSTR ai_canonname;
  struct sockaddr* ai_addr;
  struct addrinfoW* ai_next;
} ADDRINFOW;
typedef ADDRINFOW* PADDRINFOW;

int WSAAPI GetAddrInfoW(PCWSTR node, PCWSTR service, const ADDRINFOW* hints, ADDRINFOW** list);
void WSAAPI FreeAddrInfoW(ADDRINFOW* list);
int WSAAPI GetNameInfoW(const struct sockaddr* addr,
                        socklen_t len,
                        WCHAR* node,
                        DWORD node_room,
                        WCHAR* service,
                        DWORD service_room,
                        int flags);

#endif /* NT_WS2TCPIP_H_ */
