/* What the files of the Windows backend share: the state of a stream's tail, how an
 * operation leads back to its stream, and the functions they ask of each other. What every
 * kind must do is in core/port.h; how the port is waited on is in loop.c. */
#ifndef UV__WIN_INTERNAL_H_
#define UV__WIN_INTERNAL_H_

#include "core/port.h"

#include <assert.h>
#include <mswsock.h>

/* tail.state of a stream: a set of these. */
enum {
  UV__WIN_IN = 1,          /* tail.in belongs to the kernel: its packet was not dequeued */
  UV__WIN_OUT = 2,         /* the same for tail.out */
  UV__WIN_SKIP = 4,        /* an immediate success posts no packet */
  UV__WIN_BOUND = 8,       /* has a local address */
  UV__WIN_IPV6 = 16,       /* family of the socket; clear: IPv4 */
  UV__WIN_ONE_ACCEPT = 32, /* keep one accept posted, not several */
  UV__WIN_CLOSING = 64,    /* close was called: packets are counted out, nothing else */
  /* Of sockets only. */
  UV__WIN_CONNECTED = 128, /* has a peer, or had one */
  /* Of pipes only. */
  UV__WIN_MESSAGES = 128, /* is read message by message */
  UV__WIN_ALLY = 256,     /* the other end keeps to the convention of the empty message */
  UV__WIN_GREET = 512,    /* nothing was read yet; a greeting may be first */
  UV__WIN_DATA = 1024,    /* there are bytes to read */
  UV__WIN_LOOK = 2048,    /* there may be something to read, or an empty message was swallowed */
  UV__WIN_ENDED = 4096,   /* the end of what the peer sends was seen */
  UV__WIN_SERVER = 8192,  /* the server's end of its pipe */
  UV__WIN_DOT = 16384,    /* its name was given as \\.\pipe\, not \\?\pipe\ */
  /* The file object is on a port that is not ours (foreign.c). */
  UV__WIN_FOREIGN = 32768
};

/* desc.accepted of a pipe: 0 for a handle that is on no port, one of these, or, when less than
 * 0, -1 - fd for a descriptor of the C run-time library, which `open` takes over. */
enum {
  UV__PIPE_ACCEPTED = 1,     /* on the port of the loop that accepted it */
  UV__PIPE_ACCEPTED_DOT = 2, /* the same; the listener's name was given as \\.\pipe\ */
  UV__PIPE_SHARED = 3,       /* an instance of a name that is to be listened on */
  UV__PIPE_GREETING = 4,     /* a connection that was passed, with UV__WIN_GREET */
  UV__PIPE_PLAIN = 5         /* the same; it is known not to be UV__WIN_ALLY */
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

/* An OVERLAPPED as a call wants it: clear but for its event, which is that of foreign.c, and only
 * when its last packet was dequeued. `flag` is its bit in the state, 0 for one of several. */
static inline OVERLAPPED* uv__win_prepare(struct uv__io* io,
                                          struct uv__op* op,
                                          unsigned flag,
                                          void (*complete)(struct uv__op* op)) {
  assert(!(io->tail.state & flag));
  (void) io;
  (void) flag;
  op->overlapped.Internal = 0;
  op->overlapped.InternalHigh = 0;
  op->overlapped.Pointer = NULL;
  op->complete = complete;
  return &op->overlapped;
}

/* loop.c: the streams of a loop that have a descriptor. Looked through only when the system
 * refuses one, to tell a program that opens one twice from a descriptor that belongs to
 * somebody else's port. */
void uv__loop_link(struct uv__io* io);
void uv__loop_unlink(struct uv__io* io);
int uv__loop_has(const uv_loop_t* loop, HANDLE handle);

/* loop.c: have the loop complete `op`, from any thread. Cannot fail: without memory for a packet
 * it takes up to a second. For what a helper thread or a registered wait found out. */
void uv__loop_post(uv_loop_t* loop, struct uv__op* op);

/* loop.c: what must be tried again every few milliseconds because the system does not tell
 * when. The loop calls `again` from uv__port_poll until it is taken off the list; `again` may
 * take off itself, no other. */
struct uv__retry {
  void (*again)(struct uv__retry* retry);
  struct uv__retry* next;
  struct uv__retry** at; /* NULL: not on the list */
};
void uv__loop_retry(uv_loop_t* loop, struct uv__retry* retry);
void uv__loop_retry_end(uv_loop_t* loop, struct uv__retry* retry);

/* signal.c: count a signal for all who watch for it, and wake their loops; whether there is anybody. Any
 * thread. And, for the loop, ring the watchers that have something to take. */
int uv__signal_deliver(int signum);
BOOL WINAPI uv__signal_event(DWORD event); /* the handler of the console's events */
void uv__signal_look(uv_loop_t* loop);

/* console.c: deliver SIGWINCH when the window of the console changes its size, or stop that. */
int uv__console_watch_size(int on);

/* error.c: the UV_E* code of a GetLastError or WSAGetLastError value. */
int uv__error_translate(DWORD code);

/* Closes a descriptor of the C run-time library, whose handle goes with it; base/fd.c. */
void uv__fd_give_back(int fd);

/* wide.c */

/* WTF-8 as UTF-16, in memory of the library's. UV_EINVAL when it is none. */
int uv__wide_make(const char* text, WCHAR** wide);
/* Hand out text as uv.h says: UV_ENOBUFS and the size needed when that is more than *size, which
 * else becomes the length. */
int uv__wide_give(const WCHAR* wide, size_t units, char* buffer, size_t* size);
/* The text that `fetch` writes, in memory of the library's. `fetch` is one of the many calls that
 * return the units written, without terminator; or, when these do not fit, a number not below
 * `room`; or 0, and then GetLastError tells whether the text is empty. */
int uv__wide_fetch(DWORD (*fetch)(WCHAR* to, DWORD room, const void* arg),
                   const void* arg,
                   WCHAR** text,
                   DWORD* units);
/* A function of a library of the system, to be cast to its type, or NULL. */
typedef void (*uv__function)(void);
uv__function uv__wide_import(const WCHAR* library, const char* name);

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
/* Puts a stream socket on the loop's port, unless it is on some other (UV__WIN_FOREIGN), and
 * makes it non-blocking. Stores what belongs into tail.state. UV_EEXIST when another stream of
 * the loop has it. */
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

/* foreign.c: the two operations of an io whose file object is on somebody else's port. */
struct uv__foreign {
  uv_loop_t* loop;
  struct uv__op* op;
  HANDLE event;
  HANDLE wait;
};
struct uv__foreign_pair {
  struct uv__foreign in;
  struct uv__foreign out;
  void* more; /* what tail.more would be, if this were not there */
};
int uv__foreign_begin(struct uv__io* io, struct uv__foreign_pair** made);
void uv__foreign_end(struct uv__foreign_pair* pair);
/* Have it serve another operation. */
void uv__foreign_aim(struct uv__foreign* foreign, struct uv__op* op);

/* pipe_pair.c */

/* A connected pair of byte pipe ends with a name that nobody can guess. What an end can do is a
 * set of UV_READABLE_PIPE, UV_WRITABLE_PIPE and UV_OVERLAPPED_PIPE. Neither is inherited. */
int uv__pipe_pair(unsigned first, unsigned second, HANDLE ends[2]);

/* process_text.c: what CreateProcessW wants, from the options of uv_spawn; all in memory of the
 * library's. */
struct uv__process_text {
  WCHAR* program; /* the file found */
  WCHAR* command; /* its command line */
  WCHAR* block;   /* its environment; NULL: ours */
  WCHAR* cwd;     /* its folder; NULL: ours */
};
int uv__process_text_make(struct uv__process_text* text, const uv_process_options_t* options);
void uv__process_text_free(struct uv__process_text* text);

/* process_stdio.c: the handles that a child gets. */
struct uv__process_stdio {
  int count;
  HANDLE* handles;   /* `count`; INVALID_HANDLE_VALUE: none. Inheritable, and ours to close */
  HANDLE* inherited; /* those of them that are handles */
  DWORD inherited_count;
  BYTE* block; /* STARTUPINFO.lpReserved2: the descriptors of the C run-time library */
  WORD block_size;
};
/* Makes them; the parent's ends go into the rows. On failure nothing is left. */
int uv__process_stdio_make(struct uv__process_stdio* stdio,
                           struct uv__child_stdio* rows,
                           int count);
/* Closes the child's ends. */
void uv__process_stdio_free(struct uv__process_stdio* stdio);

/* pipe.c: the operations of an overlapped pipe, for kinds that are built on one. tail.more is,
 * when tail.u.handle is valid, a struct uv__pipe; else, with UV__WIN_BOUND, the block of
 * pipe_server.c; else NULL or a connect that waits. */
struct uv__pipe {
  void* above;                      /* of the kind built on it, which frees it */
  struct uv__spare* spare;          /* what UV__TRY writes from */
  struct uv__foreign_pair* foreign; /* with UV__WIN_FOREIGN */
  unsigned char write_only;         /* the handle cannot be read from */
  unsigned char owes_end;           /* shut down before it was known how to say so to the peer */
};
static inline struct uv__pipe* uv__pipe_of(const struct uv__io* io) {
  return io->tail.more;
}
void uv__pipe_init(struct uv__io* io);
/* A handle that is not overlapped gets uv__pipe_sync_ops if io->ops are uv__pipe_ops, and is
 * UV_EINVAL else. */
int uv__pipe_open(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened);
int uv__pipe_bind(struct uv__io* io, const void* addr, unsigned flags);
int uv__pipe_name(struct uv__io* io, enum uv__end end, void* addr, int* len);
int uv__pipe_option(struct uv__io* io, enum uv__option option, void* value);
int uv__pipe_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__pipe_read_arm(struct uv__io* io);
int uv__pipe_read_disarm(struct uv__io* io);
ssize_t uv__pipe_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
ssize_t uv__pipe_write(struct uv__io* io,
                       const uv_buf_t* bufs,
                       unsigned nbufs,
                       enum uv__write_mode mode,
                       struct uv__io* pass);
int uv__pipe_connect(struct uv__io* io, const void* addr);
int uv__pipe_shutdown(struct uv__io* io);
int uv__pipe_listen(struct uv__io* io, int backlog);
int uv__pipe_accept_now(struct uv__io* io, struct uv__desc* desc);
ssize_t uv__pipe_done(struct uv__io* io, enum uv__lane lane);
int uv__pipe_close(struct uv__io* io);

/* pipe_name.c */

/* A name as the system wants it, with either prefix as `dot` says. */
enum {
  UV__PIPE_NAME_MAX = 256 /* characters, as Windows has it */
};
struct uv__pipe_wide {
  WCHAR text[UV__PIPE_NAME_MAX + 1];
  int dot;
};
int uv__pipe_parse(const struct uv__pipe_name* name, struct uv__pipe_wide* wide);
/* The name of a pipe, for `name` of the port. */
int uv__pipe_query_name(HANDLE handle, int dot, char* text, int* len);

/* pipe.c, for its other files */

/* Puts a handle on the loop's port, with packets only for what does not succeed at once. */
int uv__pipe_attach(uv_loop_t* loop, HANDLE handle);
/* Makes `handle`, which is connected and on the port, the io's. */
int uv__pipe_adopt(struct uv__io* io, HANDLE handle, unsigned state, unsigned opened);
/* The reverse, for a kind that cannot use it after all: the handle is the caller's. */
HANDLE uv__pipe_abandon(struct uv__io* io);
/* Frees a block whose handle is somebody else's by now. */
void uv__pipe_free_block(struct uv__pipe* pipe);
/* Looks whether the first message is the greeting, and takes it out if it is: then 1. */
int uv__pipe_meet(struct uv__io* io);
/* Writes a few bytes to an empty pipe, which takes them at once. */
int uv__pipe_write_first(struct uv__io* io, const void* bytes, DWORD size);
/* A packet of a stream that closes was counted out; ends the close with the last. */
void uv__pipe_settle(struct uv__io* io);
/* The error of a read or a write of a pipe. */
int uv__pipe_read_error(DWORD error);
int uv__pipe_write_error(DWORD error);

/* pipe_native.c: questions that only ntdll answers. */

/* What a handle was opened for: a set of enum uv__opened. */
int uv__pipe_access(HANDLE handle, unsigned* opened);
/* 1: overlapped, 0: not; or an error. */
int uv__pipe_is_overlapped(HANDLE handle);

/* pipe_spare.c: bytes of UV__TRY on their way, which outlive the stream. */
struct uv__spare* uv__spare_new(void);
/* Copies up to `limit` bytes from the place (*at, *offset) in the buffers on; returns how many. */
DWORD uv__spare_copy(
    char* to, DWORD limit, const uv_buf_t* bufs, unsigned nbufs, unsigned* at, size_t* offset);
/* Writes as much as it may: the count, UV_EAGAIN or an error. */
ssize_t uv__spare_write(struct uv__spare* spare,
                        HANDLE handle,
                        const uv_buf_t* bufs,
                        unsigned nbufs);
/* Frees it and closes `handle`, as soon as all is written. */
void uv__spare_end(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop);
/* The loop ends: frees what is over. */
void uv__spare_stop(uv_loop_t* loop);

/* pipe_connect.c */

/* What a client of this library says first to a server of this library; see there. */
extern const char uv__pipe_greeting[16];
int uv__pipe_connect_start(struct uv__io* io, const struct uv__pipe_wide* wide);
/* Stops waiting for an instance, if it does. */
void uv__pipe_connect_end(struct uv__io* io);

/* pipe_server.c */
enum {
  /* Bytes that may wait in either direction. A pipe of messages with exactly these numbers is
   * one of this library's: that is how a client knows its server. */
  UV__PIPE_QUOTA_OUT = 0x20000,
  UV__PIPE_QUOTA_IN = 0x30000
};
int uv__pipe_server_bind(struct uv__io* io, const struct uv__pipe_wide* wide);
/* The same for a name that somebody else of this user has, to share it: `instance` of it becomes the
 * io's, or, if it serves that one, is closed. */
int uv__pipe_server_join(struct uv__io* io, const struct uv__pipe_wide* wide, HANDLE instance);
int uv__pipe_server_listen(struct uv__io* io);
int uv__pipe_server_accept(struct uv__io* io, struct uv__desc* desc);
int uv__pipe_server_chmod(struct uv__io* io, int flags);
/* An instance, for questions. */
HANDLE uv__pipe_server_handle(const struct uv__io* io);
/* Cancels what is pending; 1 when packets are to come. */
int uv__pipe_server_cancel(struct uv__io* io);
int uv__pipe_server_busy(const struct uv__io* io);
void uv__pipe_server_free(struct uv__io* io);

/* pipe_sync.c: a pipe that was not opened for overlapped calls. */
extern const struct uv__ops uv__pipe_sync_ops;
int uv__pipe_sync_open(struct uv__io* io, HANDLE handle, unsigned opened);

/* pipe_ipc.c: what uv__pipe.above is of a pipe of uv__ipc_ops. */
void* uv__ipc_new(void);
void uv__ipc_free(void* above);
/* A read of nothing has ended, of a pipe that is not being closed. */
void uv__ipc_arrived(struct uv__io* io);

/* ipc_pass.c: handles between processes. */

/* The process at the other end of a pipe. */
struct uv__ipc_peer {
  DWORD id;
  HANDLE process; /* to give it handles; NULL: that is not allowed, or it is this process */
};
/* Finds it, where `id` is 0. */
void uv__ipc_pass_meet(struct uv__ipc_peer* peer, HANDLE pipe, DWORD id);
void uv__ipc_pass_part(struct uv__ipc_peer* peer);
/* Give the peer a duplicate and write the block that tells it so. A socket that is only bound
 * begins to listen. Stores the flags of the frame. */
int uv__ipc_pass_socket(const struct uv__ipc_peer* peer,
                        const struct uv__io* io,
                        unsigned char* block,
                        uint32_t* flags);
/* `state` is the tail.state of the pipe. */
int uv__ipc_pass_pipe(const struct uv__ipc_peer* peer,
                      HANDLE pipe,
                      unsigned state,
                      unsigned char* block);
/* Take what the peer gave. Whatever is no such thing, or is a stream of the loop, is an error. */
int uv__ipc_pass_take_socket(const uv_loop_t* loop,
                             const unsigned char* block,
                             int connection,
                             struct uv__desc* desc);
int uv__ipc_pass_take_pipe(const uv_loop_t* loop,
                           const unsigned char* block,
                           int connection,
                           struct uv__desc* desc);

#endif /* UV__WIN_INTERNAL_H_ */
