/* What the files of the Windows backend share: the state of a stream's tail, how an
 * operation leads back to its stream, and the functions they ask of each other. What every
 * kind must do is in core/port.h; how the port is waited on is in loop.c. */
#ifndef UV__WIN_INTERNAL_H_
#define UV__WIN_INTERNAL_H_

#include "../core/port.h"

#include <mswsock.h>

/* tail.state of a stream: a set of these. */
enum {
  UV__WIN_IN = 1,          /* tail.in belongs to the kernel: its packet was not dequeued */
  UV__WIN_OUT = 2,         /* the same for tail.out */
  UV__WIN_SKIP = 4,        /* an immediate success posts no packet */
  UV__WIN_BOUND = 8,       /* has a local address */
  UV__WIN_IPV6 = 16,       /* family of the socket; clear: IPv4 */
  UV__WIN_ONE_ACCEPT = 32, /* keep one accept posted, not several */
  UV__WIN_CLOSING = 64     /* close was called: packets are counted out, nothing else */
};

/* An operation is found by its OVERLAPPED and a stream by its operation; completion keys
 * tell neither, since a handle may come with the key of the one it was made from. */
static inline struct uv__op* uv__win_op(OVERLAPPED* overlapped) {
  return uv__container_of(overlapped, struct uv__op, overlapped);
}

static inline struct uv__io* uv__win_io_of_in(struct uv__op* op) {
  return uv__container_of(op, struct uv__io, tail.in);
}

static inline struct uv__io* uv__win_io_of_out(struct uv__op* op) {
  return uv__container_of(op, struct uv__io, tail.out);
}

static inline void uv__win_set(struct uv__io* io, unsigned bits) {
  io->tail.state = (unsigned short) (io->tail.state | bits);
}

static inline void uv__win_clear(struct uv__io* io, unsigned bits) {
  io->tail.state = (unsigned short) (io->tail.state & ~bits);
}

/* loop.c: the streams of a loop that have a descriptor. Looked through only when the system
 * refuses one, to tell a program that opens one twice from a descriptor that belongs to
 * somebody else's port. */
void uv__loop_link(struct uv__io* io);
void uv__loop_unlink(struct uv__io* io);
int uv__loop_has(const uv_loop_t* loop, HANDLE handle);

/* error.c: the UV_E* code of a GetLastError or WSAGetLastError value. */
int uv__error_translate(DWORD code);

/* sock.c */

/* The calls that a test must be able to see or to fail. Wine does not notice a forgotten
 * SO_UPDATE_ACCEPT_CONTEXT or SO_UPDATE_CONNECT_CONTEXT, and no test can exhaust sockets or
 * kernel memory for one process only; so these few go through a table, which tests that are
 * linked statically may change once a loop was initialised. */
struct uv__sock_calls {
  SOCKET(WSAAPI* socket)(int, int, int, LPWSAPROTOCOL_INFOW, GROUP, DWORD);
  int(WSAAPI* set_option)(SOCKET, int, int, const char*, int);
  LPFN_ACCEPTEX accept;
  LPFN_CONNECTEX connect;
  BOOL(WINAPI* post)(HANDLE, DWORD, ULONG_PTR, LPOVERLAPPED);
};
extern struct uv__sock_calls uv__sock_calls;

/* Starts Winsock, once for the process. Any thread. */
int uv__sock_start(void);
/* A TCP socket that can be overlapped and is not inherited by child processes. */
int uv__sock_create(int domain, SOCKET* sock);
/* Set an option whose value is an int. */
int uv__sock_set(SOCKET sock, int level, int name, int value);
/* Puts a stream socket on the loop's port and makes it non-blocking. Stores what belongs
 * into tail.state. UV_EEXIST when another stream of the loop has it, UV_EINVAL when it is on
 * some other port. */
int uv__sock_attach(uv_loop_t* loop, SOCKET sock, unsigned short* state);
/* Binds to a fixed address that no one else can then take. */
int uv__sock_bind(SOCKET sock, const struct sockaddr* addr);
/* What a call with an OVERLAPPED began: UV__READY, UV__PENDING (a packet comes), or an error.
 * To be called right behind it. */
int uv__sock_begun(BOOL ok, unsigned state);
/* The result of a finished operation: its byte count, or an error. */
ssize_t uv__sock_result(SOCKET sock, struct uv__op* op);

/* tcp.c: a packet was counted out of a stream that closes; ends the close with the last. */
void uv__tcp_settle(struct uv__io* io);

/* tcp_accept.c */
int uv__tcp_accept_listen(struct uv__io* io, int backlog);
int uv__tcp_accept_now(struct uv__io* io, struct uv__desc* desc);
/* Whether the kernel still has one of the pool's operations. */
int uv__tcp_accept_busy(const struct uv__io* io);
/* Closes the pool's sockets and frees it. */
void uv__tcp_accept_free(struct uv__io* io);

#endif /* UV__WIN_INTERNAL_H_ */
