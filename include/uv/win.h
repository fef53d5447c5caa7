/* The Windows tail of uv.h: descriptor types, uv_buf_t, and what the IOCP backend keeps in
 * every loop and every stream. Not to be included directly. */
#ifndef UV_WIN_H_
#define UV_WIN_H_

#ifndef _WIN32_WINNT
#  define _WIN32_WINNT 0x0A00
#endif

/* winsock2.h comes first: windows.h would otherwise bring in the old winsock.h. How much of the rest
 * windows.h brings in is the program's to say, by WIN32_LEAN_AND_MEAN. */
/* clang-format off */
#include <winsock2.h>
#include <mswsock.h>
#include <ws2tcpip.h>
#include <windows.h>
/* clang-format on */

/* More than this header needs: programs written for libuv find the names of these, O_RDWR for
 * example, by including uv.h alone. */
#include <fcntl.h>
#include <process.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Signals that the C run-time library does not name, with the numbers that libuv gives them. */
#ifndef SIGHUP
#  define SIGHUP 1
#endif
#ifndef SIGQUIT
#  define SIGQUIT 3
#endif
#ifndef SIGABRT_COMPAT
#  define SIGABRT_COMPAT 6
#endif
#ifndef SIGKILL
#  define SIGKILL 9
#endif
#ifndef SIGWINCH
#  define SIGWINCH 28
#endif

/* With room for SIGWINCH, as with libuv. */
#if defined(NSIG) && NSIG <= SIGWINCH
#  undef NSIG
#endif
#ifndef NSIG
#  define NSIG (SIGWINCH + 1)
#endif

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
typedef int uv_pid_t;
typedef unsigned char uv_uid_t;
typedef unsigned char uv_gid_t;

typedef HANDLE uv_thread_t;
typedef CONDITION_VARIABLE uv_cond_t;
typedef INIT_ONCE uv_once_t;
#define UV_ONCE_INIT INIT_ONCE_STATIC_INIT

/* The fields are private. A slim lock cannot be taken twice by one thread, a critical section
 * cannot be anything else. */
typedef struct uv_mutex_s {
  union {
    SRWLOCK plain;
    CRITICAL_SECTION recursive;
  } u;
  int is_recursive;
} uv_mutex_t;

typedef struct uv_rwlock_s {
  SRWLOCK lock; /* private */
} uv_rwlock_t;

typedef struct uv_key_s {
  DWORD index; /* private */
} uv_key_t;

/* A shared library; the fields are private. */
typedef struct uv_lib_s {
  HMODULE handle;
  char* errmsg;
} uv_lib_t;

/* One piece of memory. The layout is that of WSABUF, which the backend relies on. */
typedef struct uv_buf_t {
  ULONG len;
  char* base;
} uv_buf_t;
typedef ULONG uv__buf_len_t; /* private */

/* Private to src/win: an owned socket or handle on its way between two handles. */
struct uv__desc {
  HANDLE handle;  /* INVALID_HANDLE_VALUE: none; sockets are cast */
  short kind;     /* enum uv__desc_kind of core/port.h */
  short accepted; /* see src/win/tcp/tcp.h and src/win/pipe/pipe.h */
  DWORD peer;     /* of a pipe to a child: the process at its other end; else 0 */
};

/* Private to src/win: one overlapped operation. It belongs to the kernel from the call that
 * started it until its packet was dequeued; `complete` then runs on the loop thread. */
struct uv__op {
  OVERLAPPED overlapped;
  void (*complete)(struct uv__op* op);
};

/* Private to src/win: what the backend keeps in every stream. The narrow fields keep a
 * uv_tcp_t within 312 bytes on x64. */
struct uv__io_tail {
  union {
    SOCKET socket;
    HANDLE handle;
  } u;
  unsigned short state;    /* see src/win/loop/loop.h */
  short error;             /* UV_E* of a finished connect or failed read, until collected */
  int sent;                /* result of a finished write, until collected */
  void* more;              /* a kind's own block: accept pool, helper thread, ... */
  struct uv__watch* watch; /* of a connection whose peer's end is waited for; else NULL */
  struct uv__op in;        /* read, connect */
  struct uv__op out;       /* write */
};

/* Private to src/win: what the backend keeps in every loop. */
struct uv__loop_tail {
  HANDLE iocp;
  HANDLE reserve;           /* a packet that is there for wakes; NULL: the system has none, */
  LONG(NTAPI* post_reserve) /* and the function of ntdll that posts it */
  (HANDLE, HANDLE, void*, void*, LONG, ULONG_PTR);
  HANDLE event;                  /* of calls that complete at once and shall post no packet */
  struct uv__retry* retries;     /* what is tried again every few milliseconds, */
  struct uv__retry** retry_last; /* the end of that list, */
  uint64_t retry_at;             /* and when, by uv__port_now */
  struct uv__expected* expected; /* the operations that the kernel has */
  struct uv__exact* exact;       /* the timer of what is due between two ticks */
  struct uv__bundle* bundle;     /* small writes of pipes that go together, or NULL */
  void* instances;               /* names of pipes that connects wait for */
  int wake;                      /* enum uv__wake of src/win/loop/loop.c */
  int signals;                   /* 1: a watcher of the loop has something to take */
  void* volatile stranded;       /* operations whose packet could not be posted */
};

#endif /* UV_WIN_H_ */
