/* Winsock 2 over the model of NT; see windef.h. Documented names, values and layouts. */
#ifndef NT_WINSOCK2_H_
#define NT_WINSOCK2_H_

#include "windows.h"

typedef UINT_PTR SOCKET;
typedef unsigned int GROUP;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned int u_long; /* 32 bits, as on Windows */
typedef int socklen_t;
typedef USHORT ADDRESS_FAMILY;

#define INVALID_SOCKET (~(SOCKET) 0)
#define SOCKET_ERROR (-1)
#define SOMAXCONN 0x7fffffff
#define SOMAXCONN_HINT(n) (-(n))

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 23
#define PF_INET AF_INET
#define PF_INET6 AF_INET6

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define IPPROTO_IP 0
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41

#define SOL_SOCKET 0xffff
#define SO_DEBUG 0x0001
#define SO_ACCEPTCONN 0x0002
#define SO_REUSEADDR 0x0004
#define SO_EXCLUSIVEADDRUSE ((int) ~SO_REUSEADDR)
#define SO_KEEPALIVE 0x0008
#define SO_LINGER 0x0080
#define SO_SNDBUF 0x1001
#define SO_RCVBUF 0x1002
#define SO_ERROR 0x1007
#define SO_TYPE 0x1008
#define SO_PROTOCOL_INFOW 0x2005
#define SO_REUSE_UNICASTPORT 0x3007

#define MSG_OOB 1
#define MSG_PEEK 2

#define SD_RECEIVE 0
#define SD_SEND 1
#define SD_BOTH 2

#define FIONBIO 0x8004667eu
#define FIONREAD 0x4004667fu
#define SIO_GET_EXTENSION_FUNCTION_POINTER 0xc8000006u
#define SIO_BASE_HANDLE 0x48000022u

#define WSA_FLAG_OVERLAPPED 0x01u
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80u
#define FROM_PROTOCOL_INFO (-1)
#define XP1_IFS_HANDLES 0x00020000u
#define WSAPROTOCOL_LEN 255
#define MAX_PROTOCOL_CHAIN 7

struct in_addr {
  union {
    struct {
      u_char s_b1, s_b2, s_b3, s_b4;
    } S_un_b;
    u_long S_addr;
  } S_un;
};
#define s_addr S_un.S_addr

struct sockaddr {
  ADDRESS_FAMILY sa_family;
  CHAR sa_data[14];
};
typedef struct sockaddr SOCKADDR;

struct sockaddr_in {
  ADDRESS_FAMILY sin_family;
  USHORT sin_port;
  struct in_addr sin_addr;
  CHAR sin_zero[8];
};

struct sockaddr_storage {
  ADDRESS_FAMILY ss_family;
  CHAR pad1[6];
  LONGLONG align;
  CHAR pad2[112];
};

struct linger {
  u_short l_onoff;
  u_short l_linger;
};

#ifndef FD_SETSIZE
#  define FD_SETSIZE 64
#endif
typedef struct fd_set {
  u_int fd_count;
  SOCKET fd_array[FD_SETSIZE];
} fd_set;

struct timeval {
  LONG tv_sec;
  LONG tv_usec;
};

#define INADDR_ANY 0x00000000u
#define INADDR_LOOPBACK 0x7f000001u
#define INADDR_NONE 0xffffffffu

typedef struct _WSABUF {
  ULONG len;
  CHAR* buf;
} WSABUF;
typedef WSABUF* LPWSABUF;

typedef OVERLAPPED WSAOVERLAPPED;
typedef OVERLAPPED* LPWSAOVERLAPPED;
typedef void(CALLBACK* LPWSAOVERLAPPED_COMPLETION_ROUTINE)(DWORD, DWORD, LPWSAOVERLAPPED, DWORD);
typedef HANDLE WSAEVENT;

typedef struct WSAData {
  WORD wVersion;
  WORD wHighVersion;
  unsigned short iMaxSockets;
  unsigned short iMaxUdpDg;
  char* lpVendorInfo;
  char szDescription[257];
  char szSystemStatus[129];
} WSADATA;
typedef WSADATA* LPWSADATA;

typedef struct _WSAPROTOCOLCHAIN {
  int ChainLen;
  DWORD ChainEntries[MAX_PROTOCOL_CHAIN];
} WSAPROTOCOLCHAIN;

typedef struct _WSAPROTOCOL_INFOW {
  DWORD dwServiceFlags1;
  DWORD dwServiceFlags2;
  DWORD dwServiceFlags3;
  DWORD dwServiceFlags4;
  DWORD dwProviderFlags;
  GUID ProviderId;
  DWORD dwCatalogEntryId;
  WSAPROTOCOLCHAIN ProtocolChain;
  int iVersion;
  int iAddressFamily;
  int iMaxSockAddr;
  int iMinSockAddr;
  int iSocketType;
  int iProtocol;
  int iProtocolMaxOffset;
  int iNetworkByteOrder;
  int iSecurityScheme;
  DWORD dwMessageSize;
  DWORD dwProviderReserved;
  WCHAR szProtocol[WSAPROTOCOL_LEN + 1];
} WSAPROTOCOL_INFOW;
typedef WSAPROTOCOL_INFOW* LPWSAPROTOCOL_INFOW;

int WSAAPI WSAStartup(WORD version, LPWSADATA data);
int WSAAPI WSACleanup(void);
int WSAAPI WSAGetLastError(void);
void WSAAPI WSASetLastError(int error);
SOCKET WSAAPI
WSASocketW(int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags);
int WSAAPI WSADuplicateSocketW(SOCKET sock, DWORD process, LPWSAPROTOCOL_INFOW info);
int WSAAPI WSARecv(SOCKET sock,
                   LPWSABUF bufs,
                   DWORD count,
                   LPDWORD got,
                   LPDWORD flags,
                   LPWSAOVERLAPPED overlapped,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI WSASend(SOCKET sock,
                   LPWSABUF bufs,
                   DWORD count,
                   LPDWORD sent,
                   DWORD flags,
                   LPWSAOVERLAPPED overlapped,
                   LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
int WSAAPI WSAIoctl(SOCKET sock,
                    DWORD code,
                    LPVOID in,
                    DWORD in_size,
                    LPVOID out,
                    DWORD out_size,
                    LPDWORD bytes,
                    LPWSAOVERLAPPED overlapped,
                    LPWSAOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL WSAAPI WSAGetOverlappedResult(
    SOCKET sock, LPWSAOVERLAPPED overlapped, LPDWORD bytes, BOOL wait, LPDWORD flags);
SOCKET WSAAPI socket(int family, int type, int protocol) NT_OWN(socket);
int WSAAPI closesocket(SOCKET sock);
int WSAAPI bind(SOCKET sock, const struct sockaddr* addr, int len) NT_OWN(bind);
int WSAAPI listen(SOCKET sock, int backlog) NT_OWN(listen);
SOCKET WSAAPI accept(SOCKET sock, struct sockaddr* addr, int* len) NT_OWN(accept);
int WSAAPI connect(SOCKET sock, const struct sockaddr* addr, int len) NT_OWN(connect);
int WSAAPI shutdown(SOCKET sock, int how) NT_OWN(shutdown);
int WSAAPI recv(SOCKET sock, char* to, int size, int flags) NT_OWN(recv);
int WSAAPI send(SOCKET sock, const char* from, int size, int flags) NT_OWN(send);
int WSAAPI getsockname(SOCKET sock, struct sockaddr* addr, int* len) NT_OWN(getsockname);
int WSAAPI getpeername(SOCKET sock, struct sockaddr* addr, int* len) NT_OWN(getpeername);
int WSAAPI getsockopt(SOCKET sock, int level, int name, char* value, int* len) NT_OWN(getsockopt);
int WSAAPI setsockopt(SOCKET sock, int level, int name, const char* value, int len)
    NT_OWN(setsockopt);
int WSAAPI ioctlsocket(SOCKET sock, long code, u_long* value);
int WSAAPI
select(int none, fd_set* read, fd_set* write, fd_set* except, const struct timeval* timeout)
    NT_OWN(select);
int WSAAPI gethostname(char* name, int size) NT_OWN(gethostname);
u_long WSAAPI htonl(u_long value) NT_OWN(htonl);
u_long WSAAPI ntohl(u_long value) NT_OWN(ntohl);
u_short WSAAPI htons(u_short value) NT_OWN(htons);
u_short WSAAPI ntohs(u_short value) NT_OWN(ntohs);

#endif /* NT_WINSOCK2_H_ */
