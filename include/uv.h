/* uvstream: duplex streams over TCP sockets, pipes and terminals, on Windows and Unix.
 *
 * The names, argument orders, public fields and values of libuv's stream API (level in
 * uv/version.h). What is not implemented is not declared.
 *
 * Conventions that hold for every declaration below and are not repeated there:
 * - A function that can fail returns 0 (or a count) or a negative UV_E* code, and leaves
 *   its out-parameters untouched when it fails (rule E2).
 * - A loop and everything on it belongs to one thread; only uv_async_send may be called
 *   from elsewhere. Callbacks run inside uv_run, never inside the call that started the
 *   work (rule L1).
 * - A request accepted with 0 gets exactly one callback; refused, it gets none (rule L2).
 *   The caller owns handles and requests and keeps them alive: a request until its callback
 *   runs, a handle until its close callback runs.
 * - Fields under "private" belong to the library.
 * Rule names (L1, R2, ...) are those of docs/CONTRACT.md.
 */
#ifndef UV_H_
#define UV_H_

#ifdef __cplusplus
extern "C" {
#endif

#if defined(BUILDING_UV_SHARED) && defined(USING_UV_SHARED)
#  error "Define at most one of BUILDING_UV_SHARED and USING_UV_SHARED."
#endif

#if defined(_WIN32)
#  if defined(BUILDING_UV_SHARED)
#    define UV_EXTERN __declspec(dllexport)
#  elif defined(USING_UV_SHARED)
#    define UV_EXTERN __declspec(dllimport)
#  else
#    define UV_EXTERN
#  endif
#elif defined(__GNUC__)
#  define UV_EXTERN __attribute__((visibility("default")))
#else
#  define UV_EXTERN
#endif

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "uv/errno.h"
#include "uv/version.h"

#if defined(UV__TAIL) /* a backend kept elsewhere brings its own (docs/PORT.md) */
#  include UV__TAIL
#elif defined(_WIN32)
#  include "uv/win.h"
#else
#  include "uv/unix.h"
#endif

/* ---- Errors, version, memory ------------------------------------------------------- */

/* Every error code as UV_NAME, negative. UV_ERRNO_MAX is below them all. */
typedef enum {
#define UV__CODE(name, text) UV_##name = UV__##name,
  UV_ERRNO_MAP(UV__CODE)
#undef UV__CODE
  UV_ERRNO_MAX = UV__EOF - 1
} uv_errno_t;

/* The text of an error code. A code that is not UV_E* gives a text with its number, kept
 * in memory of the calling thread until its next such call. Any thread. Rule E2. */
UV_EXTERN const char* uv_strerror(int err);
/* As uv_strerror, into `buf` of `buflen` bytes; always terminated. Returns buf. */
UV_EXTERN char* uv_strerror_r(int err, char* buf, size_t buflen);
/* The name of an error code ("EINVAL"); for unknown codes as uv_strerror. Any thread. */
UV_EXTERN const char* uv_err_name(int err);
/* As uv_err_name, into `buf` of `buflen` bytes; always terminated. Returns buf. */
UV_EXTERN char* uv_err_name_r(int err, char* buf, size_t buflen);
/* The UV_E* code for a native error (errno; GetLastError or WSAGetLastError on Windows).
 * Values that are 0 or negative come back as they are; unknown ones give UV_UNKNOWN on
 * Windows and the negated errno on Unix. Any thread. */
UV_EXTERN int uv_translate_sys_error(int sys_errno);

/* The libuv API level, as major << 16 | minor << 8 | patch. Any thread. */
UV_EXTERN unsigned int uv_version(void);
/* The same as text, "1.52.0". Any thread. */
UV_EXTERN const char* uv_version_string(void);

typedef void* (*uv_malloc_func)(size_t size);
typedef void* (*uv_realloc_func)(void* ptr, size_t size);
typedef void* (*uv_calloc_func)(size_t count, size_t size);
typedef void (*uv_free_func)(void* ptr);

/* Replace the allocator of the whole library (rule L8). Call it before anything else, and
 * not while another thread uses the library. UV_EINVAL when a function is NULL. */
UV_EXTERN int uv_replace_allocator(uv_malloc_func malloc_func,
                                   uv_realloc_func realloc_func,
                                   uv_calloc_func calloc_func,
                                   uv_free_func free_func);

/* A uv_buf_t for `len` bytes at `base`; the bytes stay the caller's. Any thread. */
UV_EXTERN uv_buf_t uv_buf_init(char* base, unsigned int len);

/* ---- Handle and request types ------------------------------------------------------ */

/* Handle types, XX(NAME, name); the values of libuv, also for kinds that are not here. */
#define UV_HANDLE_TYPE_MAP(XX) \
  XX(ASYNC, async)             \
  XX(CHECK, check)             \
  XX(FS_EVENT, fs_event)       \
  XX(FS_POLL, fs_poll)         \
  XX(HANDLE, handle)           \
  XX(IDLE, idle)               \
  XX(NAMED_PIPE, pipe)         \
  XX(POLL, poll)               \
  XX(PREPARE, prepare)         \
  XX(PROCESS, process)         \
  XX(STREAM, stream)           \
  XX(TCP, tcp)                 \
  XX(TIMER, timer)             \
  XX(TTY, tty)                 \
  XX(UDP, udp)                 \
  XX(SIGNAL, signal)

/* Request types, XX(NAME, name); the values of libuv, also for kinds that are not here. */
#define UV_REQ_TYPE_MAP(XX)    \
  XX(REQ, req)                 \
  XX(CONNECT, connect)         \
  XX(WRITE, write)             \
  XX(SHUTDOWN, shutdown)       \
  XX(UDP_SEND, udp_send)       \
  XX(FS, fs)                   \
  XX(WORK, work)               \
  XX(GETADDRINFO, getaddrinfo) \
  XX(GETNAMEINFO, getnameinfo) \
  XX(RANDOM, random)

typedef enum {
  UV_UNKNOWN_HANDLE = 0,
#define UV__TYPE(upper, lower) UV_##upper,
  UV_HANDLE_TYPE_MAP(UV__TYPE)
#undef UV__TYPE
  UV_FILE,
  UV_HANDLE_TYPE_MAX
} uv_handle_type;

typedef enum {
  UV_UNKNOWN_REQ = 0,
#define UV__TYPE(upper, lower) UV_##upper,
  UV_REQ_TYPE_MAP(UV__TYPE)
#undef UV__TYPE
  UV_REQ_TYPE_MAX
} uv_req_type;

typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
typedef struct uv_stream_s uv_stream_t;
typedef struct uv_tcp_s uv_tcp_t;
typedef struct uv_timer_s uv_timer_t;
typedef struct uv_idle_s uv_idle_t;
typedef struct uv_prepare_s uv_prepare_t;
typedef struct uv_check_s uv_check_t;
typedef struct uv_async_s uv_async_t;
typedef struct uv_req_s uv_req_t;
typedef struct uv_connect_s uv_connect_t;
typedef struct uv_write_s uv_write_t;
typedef struct uv_shutdown_s uv_shutdown_t;

/* Fill `buf` with memory to read into; leave it empty to refuse (rules R2, R3).
 * `suggested_size` is a hint, in bytes. */
typedef void (*uv_alloc_cb)(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf);
/* `nread` > 0: bytes in `buf`; 0: nothing now, the buffer comes back unused; UV_EOF once at
 * the end; else an error. After EOF or an error reading has stopped (rule R4). */
typedef void (*uv_read_cb)(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);
typedef void (*uv_write_cb)(uv_write_t* req, int status);
typedef void (*uv_connect_cb)(uv_connect_t* req, int status);
typedef void (*uv_shutdown_cb)(uv_shutdown_t* req, int status);
/* `status` 0: a connection waits, the next uv_accept succeeds (rule A1); else an error. */
typedef void (*uv_connection_cb)(uv_stream_t* server, int status);
typedef void (*uv_close_cb)(uv_handle_t* handle);
typedef void (*uv_timer_cb)(uv_timer_t* handle);
typedef void (*uv_idle_cb)(uv_idle_t* handle);
typedef void (*uv_prepare_cb)(uv_prepare_t* handle);
typedef void (*uv_check_cb)(uv_check_t* handle);
typedef void (*uv_async_cb)(uv_async_t* handle);
typedef void (*uv_walk_cb)(uv_handle_t* handle, void* arg);

/* ---- Private building blocks ------------------------------------------------------- */

/* Private: a link, or the head, of a circular list (core/queue.h). */
struct uv__queue {
  struct uv__queue* next;
  struct uv__queue* prev;
};

/* Private: what every handle carries beside its public fields (core/handle.c). */
struct uv__handle {
  uv_close_cb close_cb;
  struct uv__queue link; /* in loop->handles */
  uv_handle_t* next_closing;
};

/* Private: the side of a stream that an operating system works on (core/port.h). */
struct uv__io {
  const struct uv__ops* ops;
  uv_loop_t* loop;
  unsigned char busy;    /* lanes started */
  unsigned char rung;    /* lanes rung, not collected */
  unsigned char waiting; /* linked in loop->ready */
  unsigned char again;   /* core asked for another turn */
  struct uv__queue link; /* in loop->ready */
  struct uv__io_tail tail;
};

/* Private: the state of a stream that is not public (core/stream.h). */
struct uv__stream {
  struct uv__io io;
  union {
    uv_connect_t* connect_req;
    uv_connection_cb connection_cb;
  } u;
  uv_shutdown_t* shutdown_req;
  struct uv__queue write_queue; /* requests with bytes the system has not taken */
  struct uv__queue write_done;  /* requests that wait for their callback */
  struct uv__desc pending;      /* the one unclaimed connection */
  int delayed_error;            /* of bind, for listen or connect; of connect, for its callback */
  unsigned char phase;          /* enum uv__phase */
};

/* ---- Handles ----------------------------------------------------------------------- */

/* What every handle begins with. */
struct uv_handle_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
};

/* Close a handle (rules L4, L5): its requests end UV_ECANCELED unless they really
 * completed, then `close_cb` (may be NULL) runs, always later, and the memory is the
 * caller's again. Closing a handle that is closing is ignored. */
UV_EXTERN void uv_close(uv_handle_t* handle, uv_close_cb close_cb);
/* 1 when the handle works: a started timer or hook, an open async, a stream that reads,
 * writes, connects or listens. 0 otherwise. */
UV_EXTERN int uv_is_active(const uv_handle_t* handle);
/* 1 when uv_close was called, else 0. */
UV_EXTERN int uv_is_closing(const uv_handle_t* handle);
/* A referenced handle (the default) keeps uv_run going while active. Idempotent. */
UV_EXTERN void uv_ref(uv_handle_t* handle);
UV_EXTERN void uv_unref(uv_handle_t* handle);
UV_EXTERN int uv_has_ref(const uv_handle_t* handle);
/* Bytes of the structure of a handle type; (size_t) -1 for a type that is not here. */
UV_EXTERN size_t uv_handle_size(uv_handle_type type);
/* "tcp", "timer", ...; NULL for a value that is no handle type. */
UV_EXTERN const char* uv_handle_type_name(uv_handle_type type);
UV_EXTERN uv_handle_type uv_handle_get_type(const uv_handle_t* handle);
UV_EXTERN void* uv_handle_get_data(const uv_handle_t* handle);
UV_EXTERN void uv_handle_set_data(uv_handle_t* handle, void* data);
UV_EXTERN uv_loop_t* uv_handle_get_loop(const uv_handle_t* handle);
/* Read (*value == 0) or set the size of the system's send or receive buffer, in bytes.
 * Linux doubles what was set. UV_EINVAL for a handle that is no socket or a NULL value,
 * UV_EBADF when it has no descriptor. */
UV_EXTERN int uv_send_buffer_size(uv_handle_t* handle, int* value);
UV_EXTERN int uv_recv_buffer_size(uv_handle_t* handle, int* value);
/* The native descriptor, which stays the handle's. UV_EINVAL for a handle that has none by
 * nature, UV_EBADF when it has none yet or is closing. */
UV_EXTERN int uv_fileno(const uv_handle_t* handle, uv_os_fd_t* fd);

/* ---- Requests ---------------------------------------------------------------------- */

/* What every request begins with. */
struct uv_req_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
};

/* A connect in progress. */
struct uv_connect_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
  uv_connect_cb cb;
  uv_stream_t* handle; /* read-only: the stream that connects */
};

/* A shutdown in progress. */
struct uv_shutdown_s {
  void* data;          /* the caller's */
  uv_req_type type;    /* read-only */
  uv_stream_t* handle; /* read-only: the stream that shuts down */
  uv_shutdown_cb cb;
};

/* A write in progress. May be used again from its callback on (rule W2). */
struct uv_write_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
  uv_write_cb cb;
  uv_stream_t* send_handle; /* read-only: the handle being passed, or NULL */
  uv_stream_t* handle;      /* read-only: the stream written to */
  /* private */
  struct uv__queue link;
  uv_buf_t* bufs;     /* inline_bufs, or allocated when they do not fit */
  unsigned int nbufs; /* in bufs */
  unsigned int at;    /* the first buffer with bytes left */
  int status;         /* for the callback, once in write_done */
  unsigned int taken; /* 1 once the system took a byte or the handle */
  uv_buf_t inline_bufs[4];
};

/* Bytes of the structure of a request type; (size_t) -1 for a type that is not here. */
UV_EXTERN size_t uv_req_size(uv_req_type type);
UV_EXTERN void* uv_req_get_data(const uv_req_t* req);
UV_EXTERN void uv_req_set_data(uv_req_t* req, void* data);
UV_EXTERN uv_req_type uv_req_get_type(const uv_req_t* req);
/* "write", ...; NULL for a value that is no request type. */
UV_EXTERN const char* uv_req_type_name(uv_req_type type);
/* Take back a write that waits in its queue: its callback gets UV_ECANCELED. UV_EBUSY when
 * the system has taken part of it, or all; UV_EINVAL for other requests (rule W11). */
UV_EXTERN int uv_cancel(uv_req_t* req);

/* ---- Streams ----------------------------------------------------------------------- */

/* What TCP, pipe and terminal handles begin with; never created by itself. */
struct uv_stream_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  /* read-only */
  size_t write_queue_size; /* bytes accepted and not yet taken by the system (rule W3) */
  uv_alloc_cb alloc_cb;
  uv_read_cb read_cb;
  /* private */
  struct uv__stream stream;
};

/* Wait for connections. `backlog` is how many the system may hold ready. `cb` runs once
 * for each, and again only after uv_accept claimed it (rule A2). Called again it replaces
 * backlog and callback (A6). UV_EINVAL: cb is NULL, closing, or connected; a bind conflict
 * is reported here (A5). */
UV_EXTERN int uv_listen(uv_stream_t* stream, int backlog, uv_connection_cb cb);
/* Give the waiting connection to `client`, a fresh handle of the same kind on the same
 * loop. UV_EAGAIN: none waits; UV_EINVAL: wrong kind, in use, another loop, or the server
 * does not listen; the connection then keeps waiting (rules A1, A3). */
UV_EXTERN int uv_accept(uv_stream_t* server, uv_stream_t* client);
/* Read until uv_read_stop, EOF or an error. UV_EINVAL: closing or a callback is NULL;
 * UV_EALREADY: reading; UV_ENOTCONN: not readable and not connecting (rule R1). */
UV_EXTERN int uv_read_start(uv_stream_t* stream, uv_alloc_cb alloc_cb, uv_read_cb read_cb);
/* Stop reading: no read callback follows, but for the return of a buffer that was asked
 * for. Bytes that arrived stay for the next uv_read_start. Always 0 (rule R5). */
UV_EXTERN int uv_read_stop(uv_stream_t* stream);
/* Write the bytes of `nbufs` buffers in order. The array is copied, the bytes are not: they
 * stay untouched by the caller until `cb` (may be NULL) runs. UV_EINVAL: no buffers;
 * UV_EBADF: no descriptor yet or closing; UV_EPIPE: not connected or shut down; UV_ENOMEM
 * (rules W1-W6). */
UV_EXTERN int uv_write(uv_write_t* req,
                       uv_stream_t* stream,
                       const uv_buf_t bufs[],
                       unsigned int nbufs,
                       uv_write_cb cb);
/* As uv_write, and passes `send_handle` to the process at the other end of an IPC pipe; it
 * may be closed once `cb` ran. NULL passes nothing. UV_EINVAL when the stream cannot carry
 * handles. */
UV_EXTERN int uv_write2(uv_write_t* req,
                        uv_stream_t* stream,
                        const uv_buf_t bufs[],
                        unsigned int nbufs,
                        uv_stream_t* send_handle,
                        uv_write_cb cb);
/* Write what the system takes at once and return how many bytes that was; UV_EAGAIN when
 * nothing, or when writes are queued (rule W7). Otherwise errors as uv_write. */
UV_EXTERN int uv_try_write(uv_stream_t* stream, const uv_buf_t bufs[], unsigned int nbufs);
/* As uv_try_write, passing a handle as uv_write2 does. */
UV_EXTERN int uv_try_write2(uv_stream_t* stream,
                            const uv_buf_t bufs[],
                            unsigned int nbufs,
                            uv_stream_t* send_handle);
/* Close the outgoing side once the queued writes and their callbacks are done; reading goes
 * on. UV_ENOTCONN: not writable, or called before (rules S1, S2). */
UV_EXTERN int uv_shutdown(uv_shutdown_t* req, uv_stream_t* stream, uv_shutdown_cb cb);
/* 1 when the stream can be read from or written to, else 0. */
UV_EXTERN int uv_is_readable(const uv_stream_t* stream);
UV_EXTERN int uv_is_writable(const uv_stream_t* stream);
/* Non-zero: uv_write returns only when all bytes are taken or it failed; callbacks still
 * come later. May be switched with writes pending. UV_EINVAL when closing (rule W8). */
UV_EXTERN int uv_stream_set_blocking(uv_stream_t* stream, int blocking);
/* The field write_queue_size. */
UV_EXTERN size_t uv_stream_get_write_queue_size(const uv_stream_t* stream);

/* ---- TCP --------------------------------------------------------------------------- */

/* A TCP socket: a connection or a listener. */
struct uv_tcp_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  /* read-only */
  size_t write_queue_size; /* bytes accepted and not yet taken by the system (rule W3) */
  uv_alloc_cb alloc_cb;
  uv_read_cb read_cb;
  /* private */
  struct uv__stream stream;
  struct uv__keepalive {
    unsigned short idle; /* seconds; 0: keepalive is off */
    unsigned short interval;
    unsigned short count;
  } keepalive; /* asked for; applied when the socket exists (rule T1) */
};

/* Flags of uv_tcp_bind. */
enum uv_tcp_flags {
  UV_TCP_IPV6ONLY = 1,  /* an IPv6 address takes no IPv4 connections */
  UV_TCP_REUSEPORT = 2, /* several listeners share the port and its load */
};

/* Initialise; no socket exists yet. */
UV_EXTERN int uv_tcp_init(uv_loop_t* loop, uv_tcp_t* handle);
/* The same; the low 8 bits of `flags` are AF_UNSPEC, or AF_INET or AF_INET6 to create the
 * socket now. UV_EINVAL for anything else. */
UV_EXTERN int uv_tcp_init_ex(uv_loop_t* loop, uv_tcp_t* handle, unsigned int flags);
/* Adopt a socket, which becomes non-blocking and the handle's to close. UV_EBUSY when the
 * handle has one already, UV_EEXIST when another handle of the loop has this one. On error
 * it stays the caller's. */
UV_EXTERN int uv_tcp_open(uv_tcp_t* handle, uv_os_sock_t sock);
/* Switch Nagle's algorithm off (1) or on. Stored until there is a socket (rule T1). */
UV_EXTERN int uv_tcp_nodelay(uv_tcp_t* handle, int enable);
/* Send probes on an idle connection after `delay` seconds; then every second, ten times.
 * UV_EINVAL: delay is 0 while enabling. Stored until there is a socket (rule T1). */
UV_EXTERN int uv_tcp_keepalive(uv_tcp_t* handle, int enable, unsigned int delay);
/* The same with all three values: seconds idle, seconds between probes, number of probes.
 * UV_EINVAL when one is 0 or above 32767 while enabling. */
UV_EXTERN int uv_tcp_keepalive_ex(
    uv_tcp_t* handle, int on, unsigned int idle, unsigned int intvl, unsigned int cnt);
/* Windows: keep several accepts posted (1, the default) or one (0), which spreads load
 * better among processes that share a listener. No effect elsewhere (rule A6). */
UV_EXTERN int uv_tcp_simultaneous_accepts(uv_tcp_t* handle, int enable);
/* Bind to an IPv4 or IPv6 address; port 0 lets the system choose. An address in use is
 * reported by uv_listen or uv_tcp_connect (rule A5). UV_EINVAL for other families. */
UV_EXTERN int uv_tcp_bind(uv_tcp_t* handle, const struct sockaddr* addr, unsigned int flags);
/* The local or remote address. `namelen`: bytes at `name`, in; bytes used, out. UV_EBADF
 * without a socket, UV_ENOTCONN without a peer. */
UV_EXTERN int uv_tcp_getsockname(const uv_tcp_t* handle, struct sockaddr* name, int* namelen);
UV_EXTERN int uv_tcp_getpeername(const uv_tcp_t* handle, struct sockaddr* name, int* namelen);
/* Connect; an unspecified address means the loopback (rule T3). Reads, writes and a
 * shutdown may be started at once (W4). UV_EALREADY, UV_EISCONN (C1); UV_EINVAL for other
 * families or a listener. */
UV_EXTERN int uv_tcp_connect(uv_connect_t* req,
                             uv_tcp_t* handle,
                             const struct sockaddr* addr,
                             uv_connect_cb cb);
/* Close and reset the connection: unsent bytes are dropped, the peer sees UV_ECONNRESET.
 * UV_EINVAL while a shutdown is pending, UV_EBADF without a socket or when closing. */
UV_EXTERN int uv_tcp_close_reset(uv_tcp_t* handle, uv_close_cb close_cb);

/* Flags of uv_socketpair: the descriptor is non-blocking. */
enum {
  UV_NONBLOCK_PIPE = 0x40
};

/* A pair of connected stream sockets, not inheritable, the caller's to close. `type` is
 * SOCK_STREAM; `protocol` 0 or IPPROTO_TCP. Each flag word is 0 or UV_NONBLOCK_PIPE, and
 * counts for the descriptor of its place. Any thread. */
UV_EXTERN int uv_socketpair(
    int type, int protocol, uv_os_sock_t socket_vector[2], int flags0, int flags1);

/* ---- Timers ------------------------------------------------------------------------ */

/* Runs a callback once or repeatedly. */
struct uv_timer_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_timer_cb timer_cb;
  void* heap[3]; /* a node of loop->timers (core/heap.h) */
  uint64_t due;  /* ms of loop time */
  uint64_t repeat;
  uint64_t order; /* of starts; breaks ties */
};

/* Initialise; the timer is not started. */
UV_EXTERN int uv_timer_init(uv_loop_t* loop, uv_timer_t* handle);
/* Run `cb` in `timeout` ms and then every `repeat` ms (0: once), both counted from the
 * loop's time (uv_now). A running timer is restarted. UV_EINVAL: closing or cb is NULL. */
UV_EXTERN int uv_timer_start(uv_timer_t* handle, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);
/* Stop; always 0. */
UV_EXTERN int uv_timer_stop(uv_timer_t* handle);
/* Restart with the repeat value as time-out, if that is not 0. UV_EINVAL: never started. */
UV_EXTERN int uv_timer_again(uv_timer_t* handle);
/* The repeat value, in ms; counts from the next time the timer runs out. */
UV_EXTERN void uv_timer_set_repeat(uv_timer_t* handle, uint64_t repeat);
UV_EXTERN uint64_t uv_timer_get_repeat(const uv_timer_t* handle);
/* Ms until the timer runs out, 0 when it is due or not started. */
UV_EXTERN uint64_t uv_timer_get_due_in(const uv_timer_t* handle);

/* ---- Loop hooks: once per turn of the loop ------------------------------------------ */

/* Runs in every turn, which then does not sleep. */
struct uv_idle_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_idle_cb idle_cb;
  struct uv__queue queue;
};

/* Runs right before the loop waits for the system. */
struct uv_prepare_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_prepare_cb prepare_cb;
  struct uv__queue queue;
};

/* Runs right after the loop waited for the system and served its streams. */
struct uv_check_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_check_cb check_cb;
  struct uv__queue queue;
};

/* Start: UV_EINVAL when cb is NULL or the handle is closing; nothing happens when it runs
 * already. Stop: always 0. */
UV_EXTERN int uv_idle_init(uv_loop_t* loop, uv_idle_t* handle);
UV_EXTERN int uv_idle_start(uv_idle_t* handle, uv_idle_cb cb);
UV_EXTERN int uv_idle_stop(uv_idle_t* handle);
UV_EXTERN int uv_prepare_init(uv_loop_t* loop, uv_prepare_t* handle);
UV_EXTERN int uv_prepare_start(uv_prepare_t* handle, uv_prepare_cb cb);
UV_EXTERN int uv_prepare_stop(uv_prepare_t* handle);
UV_EXTERN int uv_check_init(uv_loop_t* loop, uv_check_t* handle);
UV_EXTERN int uv_check_start(uv_check_t* handle, uv_check_cb cb);
UV_EXTERN int uv_check_stop(uv_check_t* handle);

/* ---- Async: wake the loop from any thread -------------------------------------------- */

/* Runs its callback on the loop's thread when another thread asks for it. */
struct uv_async_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_async_cb async_cb;
  struct uv__queue queue; /* in loop->asyncs */
  int sent;               /* atomic: asked for and not yet run */
};

/* Initialise and start. `cb` may be NULL: the loop is then only woken. */
UV_EXTERN int uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb async_cb);
/* Have the callback run soon; calls that come before it runs are one. From any thread and
 * from a signal handler, until uv_close. Never fails for lack of resources (rule L7). */
UV_EXTERN int uv_async_send(uv_async_t* async);

/* ---- Loop -------------------------------------------------------------------------- */

/* A loop: one thread's handles, timers and streams. */
struct uv_loop_s {
  void* data; /* the caller's */
  /* private */
  unsigned int active_handles; /* active and referenced */
  unsigned int stop_flag;
  struct {
    unsigned int count;
  } active_reqs;
  int asleep;               /* atomic: a wake-up is needed to be heard */
  int wake_pending;         /* atomic: an async was sent since the last look */
  uint64_t time;            /* ms */
  struct uv__queue handles; /* every handle that is not closed */
  struct uv__queue ready;   /* streams that want a turn */
  struct uv__queue idle;
  struct uv__queue prepare;
  struct uv__queue check;
  struct uv__queue asyncs;
  uv_handle_t* closing; /* handles whose close callback is due */
  struct {
    void* root;
    unsigned int count;
  } timers; /* a heap, soonest first */
  uint64_t timer_order;
  uint64_t retry_at; /* ms: when listeners that lacked resources try again; 0: none */
  struct uv__loop_tail tail;
};

typedef enum {
  UV_RUN_DEFAULT = 0, /* until nothing is left to do or uv_stop */
  UV_RUN_ONCE,        /* one turn, which may wait */
  UV_RUN_NOWAIT       /* one turn that does not wait */
} uv_run_mode;

/* Initialise a loop in the caller's memory. UV_ENOMEM, UV_EMFILE, ... */
UV_EXTERN int uv_loop_init(uv_loop_t* loop);
/* Release what a loop holds. UV_EBUSY while handles are not closed or requests are pending;
 * the loop then stays as it was (rule L3). */
UV_EXTERN int uv_loop_close(uv_loop_t* loop);
/* A loop in allocated memory; NULL when there is no memory or descriptor. */
UV_EXTERN uv_loop_t* uv_loop_new(void);
/* Close and free such a loop; one that is busy is left alone. */
UV_EXTERN void uv_loop_delete(uv_loop_t* loop);
/* A loop that the whole process shares, made by the first call; NULL when that fails.
 * Like any loop it belongs to one thread. */
UV_EXTERN uv_loop_t* uv_default_loop(void);
/* sizeof(uv_loop_t) as the library was built, in bytes. Any thread. */
UV_EXTERN size_t uv_loop_size(void);
/* 1 when uv_run would find something to do or to wait for. */
UV_EXTERN int uv_loop_alive(const uv_loop_t* loop);
UV_EXTERN void* uv_loop_get_data(const uv_loop_t* loop);
UV_EXTERN void uv_loop_set_data(uv_loop_t* loop, void* data);
/* Run the loop (rule L3). Returns 0 when nothing is left, else non-zero. Not re-entrant. */
UV_EXTERN int uv_run(uv_loop_t* loop, uv_run_mode mode);
/* End uv_run after the current turn, which does not wait. Called before uv_run, that one
 * returns at once. */
UV_EXTERN void uv_stop(uv_loop_t* loop);
/* The loop's time in ms, from an arbitrary start: that of the turn's beginning. */
UV_EXTERN uint64_t uv_now(const uv_loop_t* loop);
/* Bring that up to date, after long work in a callback. */
UV_EXTERN void uv_update_time(uv_loop_t* loop);
/* A descriptor that another event loop can wait on for reading (epoll, kqueue); -1 where
 * there is none. */
UV_EXTERN int uv_backend_fd(const uv_loop_t* loop);
/* How long such a loop may wait, in ms; -1: no limit. */
UV_EXTERN int uv_backend_timeout(const uv_loop_t* loop);
/* Call `walk_cb` for every handle that is not closed. It may close handles. */
UV_EXTERN void uv_walk(uv_loop_t* loop, uv_walk_cb walk_cb, void* arg);
/* Write a line per handle to `stream`: [RAI], for referenced, active, internal, then type
 * and address. NULL loop: the default loop. */
UV_EXTERN void uv_print_all_handles(uv_loop_t* loop, FILE* stream);
/* The same for active handles only. */
UV_EXTERN void uv_print_active_handles(uv_loop_t* loop, FILE* stream);
/* Release what the library holds for the process. Optional, last call, once no loop is in
 * use. */
UV_EXTERN void uv_library_shutdown(void);

/* ---- Addresses --------------------------------------------------------------------- */

/* Fill `addr` from a numeric address and a port; IPv6 takes a "%zone" suffix. UV_EINVAL for
 * any other text. Any thread. */
UV_EXTERN int uv_ip4_addr(const char* ip, int port, struct sockaddr_in* addr);
UV_EXTERN int uv_ip6_addr(const char* ip, int port, struct sockaddr_in6* addr);
/* The address as text, without the port, into `dst` of `size` bytes. UV_ENOSPC when it does
 * not fit. Any thread. */
UV_EXTERN int uv_ip4_name(const struct sockaddr_in* src, char* dst, size_t size);
UV_EXTERN int uv_ip6_name(const struct sockaddr_in6* src, char* dst, size_t size);
/* Either, by family; UV_EAFNOSUPPORT for others. Any thread. */
UV_EXTERN int uv_ip_name(const struct sockaddr* src, char* dst, size_t size);
/* Bytes of an AF_INET or AF_INET6 address to text and back. UV_ENOSPC, UV_EINVAL,
 * UV_EAFNOSUPPORT. Any thread. */
UV_EXTERN int uv_inet_ntop(int af, const void* src, char* dst, size_t size);
UV_EXTERN int uv_inet_pton(int af, const char* src, void* dst);

/* Large enough for the name or the identifier of an interface. */
#define UV_IF_NAMESIZE (40 + 1)

/* The name of an interface, and its identifier as a zone of an IPv6 address (the same on
 * Unix, the number on Windows). `size`: bytes at `buffer`, in; length without the
 * terminator, out. UV_ENOBUFS sets the size needed; UV_ENXIO: no such index. Any thread. */
UV_EXTERN int uv_if_indextoname(unsigned int ifindex, char* buffer, size_t* size);
UV_EXTERN int uv_if_indextoiid(unsigned int ifindex, char* buffer, size_t* size);

/* One address of one interface. */
typedef struct uv_interface_address_s {
  char* name;
  char phys_addr[6];
  int is_internal; /* loopback */
  union {
    struct sockaddr_in address4;
    struct sockaddr_in6 address6;
  } address;
  union {
    struct sockaddr_in netmask4;
    struct sockaddr_in6 netmask6;
  } netmask;
} uv_interface_address_t;

/* The addresses of the interfaces that are up, in one allocated block that
 * uv_free_interface_addresses frees. Any thread. */
UV_EXTERN int uv_interface_addresses(uv_interface_address_t** addresses, int* count);
UV_EXTERN void uv_free_interface_addresses(uv_interface_address_t* addresses, int count);

/* ---- Time -------------------------------------------------------------------------- */

/* Nanoseconds of a clock that never goes back, from an arbitrary start. Any thread. */
UV_EXTERN uint64_t uv_hrtime(void);
/* Block the calling thread for at least `msec` ms. Any thread. */
UV_EXTERN void uv_sleep(unsigned int msec);

/* ---- Unions of everything ------------------------------------------------------------ */

union uv_any_handle {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_timer_t timer;
  uv_idle_t idle;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_async_t async;
};

union uv_any_req {
  uv_req_t req;
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
};

#ifdef __cplusplus
}
#endif

#endif /* UV_H_ */
