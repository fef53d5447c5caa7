/* TCP: sockets, and the streams on them. Knows the loop; no pipe, console or process. For those
 * above it: Winsock's start, and what the state of a stream says of its socket. The rest is this
 * room's own. */
#ifndef UV__WIN_TCP_H_
#define UV__WIN_TCP_H_

#include "win/loop/loop.h"

#include <mswsock.h>

/* tail.state of a TCP stream, besides those of loop.h. */
enum {
  UV__WIN_CONNECTED = 128,   /* has a peer, or had one */
  UV__WIN_SKIP = 256,        /* an immediate success posts no packet */
  UV__WIN_IPV6 = 512,        /* family of the socket; clear: IPv4 */
  UV__WIN_ONE_ACCEPT = 1024, /* of what may listen: keep one accept posted, not several */
  UV__WIN_FLOWS = 1024,      /* of a connection: more was there when its last read was filled */
  UV__WIN_IFS = 2048,        /* a handle of the system's own; clear: of a layered provider */
  UV__WIN_MISSED = 4096,     /* of what may listen: the last bind found the address in use (A5) */
  UV__WIN_HEARD = 4096,      /* of a connection: the end of what its peer says was read */
  UV__WIN_RESET = 8192,      /* the close is to reset the connection */
  UV__WIN_PLAIN = 16384 /* its calls wait, or may: as others want them to (shared.c), or still */
};

/* desc.accepted of a socket: 0, or one of these. */
enum {
  UV__TCP_MISSED = -1,  /* its bind found the address in use, in the process that passed it */
  UV__TCP_ACCEPTED = 1, /* connected; by this process, and nobody else has had it */
  UV__TCP_PASSED = 2    /* connected; somebody passed it to us */
};

/* ---- sock.c ---- */

/* NtDeviceIoControlFile */
typedef LONG(NTAPI* uv__sock_control_fn)(HANDLE,
                                         HANDLE event,
                                         void* routine,
                                         void* context,
                                         void* status,
                                         ULONG code,
                                         void* in,
                                         ULONG in_size,
                                         void* out,
                                         ULONG out_size);

/* The calls that a test must be able to see or to fail. Wine does not notice a forgotten
 * SO_UPDATE_ACCEPT_CONTEXT or SO_UPDATE_CONNECT_CONTEXT, and no test can exhaust sockets or
 * kernel memory for one process only; so these few go through a table, which tests that are
 * linked statically may change once a loop was initialised. */
struct uv__sock_calls {
  SOCKET(WSAAPI* socket)(int, int, int, LPWSAPROTOCOL_INFOW, GROUP, DWORD);
  int(WSAAPI* set_option)(SOCKET, int, int, const char*, int);
  LPFN_ACCEPTEX accept;
  LPFN_CONNECTEX connect;
  LPFN_TRANSMITFILE transmit;  /* or NULL */
  uv__sock_control_fn control; /* NULL: not here */
  unsigned short own[2]; /* what the state of a socket of our making is, of IPv4 and of IPv6 */
};
extern struct uv__sock_calls uv__sock_calls;

/* What the sockets of a listener's clients are made as, and by which call. */
struct uv__sock_family {
  int domain;
  const LPFN_ACCEPTEX* accept;
};

/* Starts Winsock, once for the process. Any thread. */
int uv__sock_start(void);
/* The extension functions of a socket's provider. */
int uv__sock_extensions(SOCKET sock, LPFN_ACCEPTEX* accept, LPFN_CONNECTEX* connect);
/* A TCP socket, or one of AF_UNIX, that can be overlapped and is not inherited by child processes. */
int uv__sock_create(int domain, SOCKET* sock);
/* What belongs into the tail.state of such a one, which so need not be asked. */
unsigned short uv__sock_own(int domain);
/* Set an option whose value is an int. */
int uv__sock_set(SOCKET sock, int level, int name, int value);
/* Looks whether it is a stream socket, and changes nothing. Stores what belongs into tail.state. */
int uv__sock_look(SOCKET sock, unsigned short* state);
/* After a question to Winsock that failed: UV_E* when there is no telling at present, 0 when that was the
 * answer. */
int uv__sock_no_answer(void);
/* Whether it is one of TCP; of a socket that cannot be asked it is not known. */
int uv__sock_is_tcp(SOCKET sock);
/* Makes it non-blocking, for all who have it. */
int uv__sock_unblock(SOCKET sock);
/* Binds to an address that no one else can then take. UV_EADDRINUSE; UV_EACCES when the port is
 * reserved. */
int uv__sock_bind(SOCKET sock, const struct sockaddr* addr);
/* The same, once: 1 exclusively, 0 as by default. */
int uv__sock_bind_as(SOCKET sock, const struct sockaddr* addr, int exclusive);
/* What a call with an OVERLAPPED began: UV__READY, UV__PENDING (a packet comes), or an error.
 * To be called right behind it. */
int uv__sock_begun(BOOL ok, unsigned state);
/* The result of a finished operation: its byte count, or an error. */
ssize_t uv__sock_result(SOCKET sock, struct uv__op* op);

/* ---- listeners.c ---- */

/* A socket of ours is bound, and may be going to listen; it is about to be closed. Any thread. */
void uv__listeners_add(SOCKET sock);
void uv__listeners_drop(SOCKET sock);
/* Whether somebody listens, or a socket of ours is to, where a listener on `addr` would hear. */
int uv__listeners_have(const struct sockaddr* addr);

/* ---- pool.c: the accepts of a listener, as slots of which each is somewhere ---- */

enum {
  /* Accepts in the kernel at a time. So many connections finish without a turn of the loop
   * between them, and more wait in the backlog, so that only the number of refills depends
   * on it; each slot holds a socket and connects a peer before anybody asked. */
  UV__TCP_SLOTS = 8,
  UV__TCP_ADDRESS_SIZE = sizeof(struct sockaddr_storage) + 16 /* as AcceptEx demands */
};

struct uv__tcp_slot {
  struct uv__op op;
  struct uv__io* io;
  struct uv__tcp_slot* next;
  SOCKET socket;   /* may be made, but not yet in use, while the slot is idle */
  int error;       /* of a finished one; UV__PENDING: the kernel has it */
  unsigned number; /* of its post: the system serves them in this order */
  char addresses[2 * UV__TCP_ADDRESS_SIZE];
};

/* io->tail.more of a listener. */
struct uv__tcp_pool {
  const struct uv__sock_family* family;
  HANDLE file; /* of a socket that is one in the file system; or NULL */
  struct uv__tcp_slot* idle;
  struct uv__tcp_slot* oldest; /* finished, in order of their posts */
  unsigned posted;             /* slots in the kernel */
  unsigned in_use;             /* slots posted or finished */
  unsigned posts;              /* so far */
  int is_leaving; /* none is posted until all are back, and the socket is off the port */
  struct uv__tcp_slot slots[UV__TCP_SLOTS];
};

/* The pool of an io, or NULL; it is made by the first call of the second. */
struct uv__tcp_pool* uv__tcp_pool_of(const struct uv__io* io);
int uv__tcp_pool_make(struct uv__io* io, const struct uv__sock_family* family);
/* Cancels its accepts, if there is one. */
void uv__tcp_pool_cancel(struct uv__io* io);
/* Closes its sockets, also those that the kernel has: a client of theirs came too late. */
void uv__tcp_pool_hang_up(struct uv__io* io);
/* Frees it. */
void uv__tcp_pool_free(struct uv__io* io);
/* A slot that is in no list goes into one. */
void uv__tcp_pool_finish(struct uv__tcp_pool* pool, struct uv__tcp_slot* slot, int error);
void uv__tcp_pool_put_idle(struct uv__tcp_pool* pool, struct uv__tcp_slot* slot);
/* Whether a slot was posted after one that is still in the kernel. */
int uv__tcp_pool_is_overtaking(const struct uv__tcp_pool* pool, const struct uv__tcp_slot* slot);
/* Whether each slot is in one place, and counted there. */
int uv__tcp_accept_valid(const struct uv__io* io);

/* ---- attach.c ---- */

/* Decides how its operations end, and has it decided anew; see uv__attach and uv__attach_undo. The second
 * also has immediate successes post no packet, where that can be. */
int uv__tcp_attach(struct uv__io* io);
int uv__tcp_attach_whole(struct uv__io* io);
void uv__tcp_detach(struct uv__io* io);
/* An accept is not in the kernel any more: with the last a listener may leave the port. */
void uv__tcp_pool_returned(struct uv__io* io);

/* To be called before what a plain call could do: 1 when none may be made, 0, or an error. A socket of our
 * making becomes non-blocking here; of another one, who did share it may have gone. */
int uv__tcp_is_plain(struct uv__io* io);

/* ---- shared.c: of a connection that is UV__WIN_PLAIN ---- */

struct uv__tcp_shared;
/* What a plain receive and plain sends would do on a socket that is non-blocking. */
ssize_t uv__tcp_shared_read(struct uv__io* io, WSABUF* buf);
ssize_t uv__tcp_shared_try(struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs);
/* Whether all that a try took has gone. */
int uv__tcp_shared_is_idle(const struct uv__io* io);
/* Frees what it needs; or, where something has not gone yet and may, has it freed then: 1, and the socket
 * with it. */
int uv__tcp_shared_end(struct uv__io* io, int keeps_sending);

/* ---- early.c: a socket whose connect goes on, begun by the program ---- */

struct uv__tcp_early;
/* What such a socket needs; NULL for another one. UV_ENOMEM. */
int uv__tcp_early_make(SOCKET sock, struct uv__tcp_early** early);
/* The io has it, and another table until the connect is over; returns what it is opened for. */
unsigned uv__tcp_early_adopt(struct uv__io* io, struct uv__tcp_early* early);

/* Whether that connect has ended; the io has its usual table again then. */
int uv__tcp_early_is_over(struct uv__io* io);

/* ---- hangup.c ---- */

int uv__tcp_hangup_arm(struct uv__io* io);
int uv__tcp_hangup_done(struct uv__io* io);

/* Of one of early.c */
int uv__tcp_early_hangup_arm(struct uv__io* io);

/* ---- end.c ---- */

/* A packet was counted out of a stream that closes; ends the close with the last. */
void uv__tcp_settle(struct uv__io* io);
/* The last operation of one that leaves its loop (move.c) has come back. */
void uv__tcp_left(struct uv__io* io);
int uv__tcp_close(struct uv__io* io);

/* To be called before an overlapped operation begins that may be over at once. */
static inline int uv__tcp_ready(struct uv__io* io) {
  return io->tail.state & UV__WIN_SKIP ? 0 : uv__tcp_attach_whole(io);
}

/* A packet was dequeued. Says whether its lane may ring; a stream that closes has but one. */
static inline int uv__tcp_finished(struct uv__io* io, unsigned flag) {
  uv__win_clear(io, flag);
  if (!(io->tail.state & UV__WIN_CLOSING))
    return 1;
  uv__tcp_settle(io);
  return 0;
}

/* Notes whether the kernel has the operation now, and passes on what began. */
static inline int uv__tcp_begun(struct uv__io* io, BOOL ok, unsigned flag) {
  int r = uv__sock_begun(ok, io->tail.state);

  if (r == UV__PENDING)
    uv__win_began(io, flag, io->tail.more);
  assert(uv__win_io_valid(io));
  return r;
}

/* ---- end.c, stream.c, connect.c, sock.c, accept.c, move.c: operations of uv__tcp_ops ---- */

void uv__tcp_init(struct uv__io* io);
int uv__tcp_read_arm(struct uv__io* io);
int uv__tcp_read_disarm(struct uv__io* io);
ssize_t uv__tcp_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
ssize_t uv__tcp_write(struct uv__io* io,
                      const uv_buf_t* bufs,
                      unsigned nbufs,
                      enum uv__write_mode mode,
                      struct uv__io* const* pass);

/* file.c */
ssize_t uv__tcp_send_file(struct uv__io* io, uv_file file, uint64_t offset, size_t len);

int uv__tcp_connect(struct uv__io* io, const void* addr);
/* The same for a bound socket of any family. */
int uv__tcp_connect_to(struct uv__io* io,
                       LPFN_CONNECTEX connect,
                       const struct sockaddr* to,
                       int len);
int uv__tcp_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__tcp_shutdown(struct uv__io* io);
ssize_t uv__tcp_done(struct uv__io* io, enum uv__lane lane);
int uv__tcp_option(struct uv__io* io, enum uv__option option, void* value);
int uv__tcp_accept_listen(struct uv__io* io, int backlog);
int uv__tcp_accept_now(struct uv__io* io, struct uv__desc* desc);
int uv__tcp_move(struct uv__io* to, struct uv__io* from);
int uv__tcp_leave(struct uv__io* io);
int uv__tcp_join(struct uv__io* io);

#endif /* UV__WIN_TCP_H_ */
