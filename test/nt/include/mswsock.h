/* Microsoft's extensions of Winsock; see winsock2.h. */
#ifndef NT_MSWSOCK_H_
#define NT_MSWSOCK_H_

#include "winsock2.h"

#define SO_UPDATE_ACCEPT_CONTEXT 0x700b
#define SO_UPDATE_CONNECT_CONTEXT 0x7010

#define WSAID_ACCEPTEX                               \
  {                                                  \
    0xb5367df1, 0xcbac, 0x11cf, {                    \
      0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
    }                                                \
  }
#define WSAID_CONNECTEX                              \
  {                                                  \
    0x25a207b9, 0xddf3, 0x4660, {                    \
      0x8e, 0xe9, 0x76, 0xe5, 0x8c, 0x74, 0x06, 0x3e \
    }                                                \
  }

#define WSAID_TRANSMITFILE                           \
  {                                                  \
    0xb5367df0, 0xcbac, 0x11cf, {                    \
      0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92 \
    }                                                \
  }

typedef struct _TRANSMIT_FILE_BUFFERS {
  LPVOID Head;
  DWORD HeadLength;
  LPVOID Tail;
  DWORD TailLength;
} TRANSMIT_FILE_BUFFERS, *LPTRANSMIT_FILE_BUFFERS;

typedef BOOL(WINAPI* LPFN_TRANSMITFILE)(SOCKET sock,
                                        HANDLE file,
                                        DWORD size,
                                        DWORD per_send,
                                        LPOVERLAPPED overlapped,
                                        LPTRANSMIT_FILE_BUFFERS buffers,
                                        DWORD flags);
typedef BOOL(WINAPI* LPFN_ACCEPTEX)(SOCKET listener,
                                    SOCKET sock,
                                    PVOID to,
                                    DWORD received,
                                    DWORD local,
                                    DWORD remote,
                                    LPDWORD bytes,
                                    LPOVERLAPPED overlapped);
typedef BOOL(WINAPI* LPFN_CONNECTEX)(SOCKET sock,
                                     const struct sockaddr* addr,
                                     int len,
                                     PVOID data,
                                     DWORD size,
                                     LPDWORD sent,
                                     LPOVERLAPPED overlapped);

#endif /* NT_MSWSOCK_H_ */
