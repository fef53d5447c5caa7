/* The Windows tail of uv.h: descriptor types, uv_buf_t, and what the IOCP backend keeps in
 * every loop and every stream. Not to be included directly. */
#ifndef UV_WIN_H_
#define UV_WIN_H_

#ifndef _WIN32_WINNT
#  define _WIN32_WINNT 0x0A00
#endif
#ifndef WIN32_LEAN_AND_MEAN
#  define WIN32_LEAN_AND_MEAN
#endif

/* winsock2.h comes first: windows.h would otherwise bring in the old winsock.h. */
/* clang-format off */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
/* clang-format on */

#include <stddef.h>
#include <stdint.h>

#ifndef _SSIZE_T_DEFINED
#  ifndef _SSIZE_T_
typedef intptr_t ssize_t;
#    define _SSIZE_T_
#  endif
#  define _SSIZE_T_DEFINED
#endif

typedef int uv_file;
typedef SOCKET uv_os_sock_t;
typedef HANDLE uv_os_fd_t;

/* One piece of memory. The layout is that of WSABUF, which the backend relies on. */
typedef struct uv_buf_t {
  ULONG len;
  char* base;
} uv_buf_t;

/* Private to src/win: an owned socket or handle on its way between two handles. */
struct uv__desc {
  HANDLE handle;  /* INVALID_HANDLE_VALUE: none; sockets are cast */
  short kind;     /* enum uv__desc_kind of core/port.h */
  short accepted; /* 1: it was accepted, so that it has a peer, which may be gone by now */
};

/* Private to src/win: one overlapped operation. It belongs to the kernel from the call that
 * started it until its packet was dequeued; `complete` then runs on the loop thread. */
struct uv__op {
  OVERLAPPED overlapped;
  void (*complete)(struct uv__op* op);
};

/* Private to src/win: what the backend keeps in every stream. The narrow fields keep a
 * uv_tcp_t within 320 bytes on x64. */
struct uv__io_tail {
  union {
    SOCKET socket;
    HANDLE handle;
  } u;
  unsigned short state;     /* see src/win/internal.h */
  short error;              /* UV_E* of a finished connect or failed read, until collected */
  int sent;                 /* result of a finished write, until collected */
  void* more;               /* a kind's own block: accept pool, helper thread, ... */
  struct uv__io_tail* next; /* in loop->tail.open, */
  struct uv__io_tail** at;  /* and the pointer there that points here */
  struct uv__op in;         /* read, connect */
  struct uv__op out;        /* write */
};

/* Private to src/win: what the backend keeps in every loop. */
struct uv__loop_tail {
  HANDLE iocp;
  struct uv__io_tail* open; /* the streams that have a descriptor */
  volatile LONG wake;       /* enum uv__wake of src/win/loop.c */
};

#endif /* UV_WIN_H_ */
