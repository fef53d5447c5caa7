/* uvstream: duplex streams over TCP sockets, pipes and terminals, on Windows and Unix.
 *
 * The names, argument orders, public fields and values of libuv's stream API (level in
 * uv/version.h). What is not implemented is not declared.
 *
 * Conventions that hold for every declaration below and are not repeated there:
 *
 * - A function that can fail returns 0 (or a count) or a negative UV_E* code, and leaves
 *   its out-parameters untouched when it fails (rule E2).
 * - A loop and everything on it belongs to one thread; only uv_async_send and
 *   uv_metrics_idle_time may be called from elsewhere. Callbacks run inside uv_run, never
 *   inside the call that started the work (rule L1).
 * - A request accepted with 0 gets exactly one callback; refused, it gets none (rule L2).
 *   The caller owns handles and requests and keeps them alive: a request until its callback
 *   runs, a handle until its close callback runs.
 * - Fields under "private" belong to the library.
 *
 * Rule names (L1, R2, ...) are those of docs/CONTRACT.md.
 */
#ifndef UV_H
#define UV_H

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

/* Errors are negative: on Unix the negated errno, on Windows, and for what a Unix has no errno
 * for, fixed values. Programs compare with names, not with numbers. */

/* Every error code as UV_NAME, negative. UV_ERRNO_MAX is below them all. */
typedef enum {
#define UV__CODE(name, text) UV_##name = UV__##name,
  UV_ERRNO_MAP(UV__CODE)
#undef UV__CODE
  UV_ERRNO_MAX = UV__EOF - 1
} uv_errno_t;

/* The text of an error code. A code that is not UV_E* gives a text with its number, which stays
 * for the next 63 such calls, of any thread; uv_strerror_r is for more. Any thread. Rule E2. */
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
/* The libuv API level as text, "1.53.0". Any thread. */
UV_EXTERN const char* uv_version_string(void);

/* The four functions of an allocator, with the meaning they have in C. The library calls them on
 * any thread that uses it, also on those of its pool. */
typedef void* (*uv_malloc_func)(size_t size);
/* As uv_malloc_func. */
typedef void* (*uv_realloc_func)(void* ptr, size_t size);
/* As uv_malloc_func. */
typedef void* (*uv_calloc_func)(size_t count, size_t size);
/* As uv_malloc_func. */
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

/* A handle lives until it is closed and calls back any number of times; a request is one piece of
 * work with one callback. Both are structures in memory of the caller, of any kind: static, on a
 * stack, inside another structure. Every handle begins like a uv_handle_t, every stream like a
 * uv_stream_t and every request like a uv_req_t, so that pointers can be cast to those. */

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

/* What a handle is; also what a descriptor would be as one (uv_guess_handle). */
typedef enum {
  UV_UNKNOWN_HANDLE = 0,
#define UV__TYPE(upper, lower) UV_##upper,
  UV_HANDLE_TYPE_MAP(UV__TYPE)
#undef UV__TYPE
  UV_FILE,
  UV_HANDLE_TYPE_MAX
} uv_handle_type;

/* What a request is. */
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
typedef struct uv_pipe_s uv_pipe_t;
typedef struct uv_process_s uv_process_t;
typedef struct uv_tty_s uv_tty_t;
typedef struct uv_signal_s uv_signal_t;
typedef struct uv_timer_s uv_timer_t;
typedef struct uv_idle_s uv_idle_t;
typedef struct uv_prepare_s uv_prepare_t;
typedef struct uv_check_s uv_check_t;
typedef struct uv_async_s uv_async_t;
typedef struct uv_req_s uv_req_t;
typedef struct uv_connect_s uv_connect_t;
typedef struct uv_write_s uv_write_t;
typedef struct uv_shutdown_s uv_shutdown_t;
typedef struct uv_work_s uv_work_t;
typedef struct uv_getaddrinfo_s uv_getaddrinfo_t;
typedef struct uv_getnameinfo_s uv_getnameinfo_t;

/* Fill `buf` with memory to read into; leave it empty to refuse (rules R2, R3).
 * `suggested_size` is a hint, in bytes. */
typedef void (*uv_alloc_cb)(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf);
/* `nread` > 0: bytes in `buf`; 0: nothing now, the buffer comes back unused; UV_EOF once at
 * the end; else an error. After EOF or an error reading has stopped (rule R4). */
typedef void (*uv_read_cb)(uv_stream_t* stream, ssize_t nread, const uv_buf_t* buf);
/* `status` 0: the system has taken all bytes; else why it did not (rules W2, W6). The request and
 * the bytes are the caller's again. */
typedef void (*uv_write_cb)(uv_write_t* req, int status);
/* `status` 0: connected; else why not; UV_ECANCELED: closed before (rules C1, C2). */
typedef void (*uv_connect_cb)(uv_connect_t* req, int status);
/* `status` 0: all queued bytes were taken and the outgoing side is closed; else why not (rule
 * S1). */
typedef void (*uv_shutdown_cb)(uv_shutdown_t* req, int status);
/* `status` 0: a connection waits, the next uv_accept succeeds (rule A1); else an error. */
typedef void (*uv_connection_cb)(uv_stream_t* server, int status);
/* The last callback of a handle: its memory is the caller's again (rule L4). */
typedef void (*uv_close_cb)(uv_handle_t* handle);
/* The time is up. */
typedef void (*uv_timer_cb)(uv_timer_t* handle);
/* Once in every turn, before those of uv_prepare_t. */
typedef void (*uv_idle_cb)(uv_idle_t* handle);
/* Once in every turn, before the loop waits. */
typedef void (*uv_prepare_cb)(uv_prepare_t* handle);
/* Once in every turn, after the loop waited. */
typedef void (*uv_check_cb)(uv_check_t* handle);
/* uv_async_send was called, once or several times, since the last such callback. */
typedef void (*uv_async_cb)(uv_async_t* handle);
/* One handle of the loop; `arg` is that of uv_walk. */
typedef void (*uv_walk_cb)(uv_handle_t* handle, void* arg);
/* The process got the signal; one call for each, unless the system merged them. */
typedef void (*uv_signal_cb)(uv_signal_t* handle, int signum);
/* `exit_status` is the child's exit code, `term_signal` the signal that ended it, or 0. */
typedef void (*uv_exit_cb)(uv_process_t* process, int64_t exit_status, int term_signal);
/* On a thread of the pool, where nothing of the loop may be touched. */
typedef void (*uv_work_cb)(uv_work_t* req);
/* `status` 0: work_cb has run; UV_ECANCELED: it never will. */
typedef void (*uv_after_work_cb)(uv_work_t* req, int status);
/* `status` 0: `res` is the caller's, to be freed with uv_freeaddrinfo; else `res` is NULL. */
typedef void (*uv_getaddrinfo_cb)(uv_getaddrinfo_t* req, int status, struct addrinfo* res);
/* Both texts lie in the request, and are NULL unless `status` is 0. */
typedef void (*uv_getnameinfo_cb)(uv_getnameinfo_t* req,
                                  int status,
                                  const char* hostname,
                                  const char* service);

/* ---- Private building blocks ------------------------------------------------------- */

/* Private: a link, or the head, of a circular list (core/base/queue.h). */
struct uv__queue {
  struct uv__queue* next;
  struct uv__queue* prev;
};

/* Private: what every handle carries beside its public fields (core/handle/handle.c). */
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
  unsigned char waiting; /* enum uv__waits of core/port.h: which list of the loop it is in */
  unsigned char role;    /* enum uv__role of core/base/trace.h: whose turn it is when it rings */
  struct uv__queue link; /* in loop->ready, loop->later or loop->starved */
  struct uv__io_tail tail;
};

/* Private: the state of a stream that is not public (core/stream/stream.h). */
struct uv__stream {
  struct uv__io io;
  union {
    uv_connect_t* connect_req;
    uv_connection_cb connection_cb;
    struct uvs_moving_s* moving; /* uvstream.h: where it goes */
  } u;
  uv_shutdown_t* shutdown_req;
  struct uv__queue write_queue; /* requests with bytes the system has not taken */
  struct uv__queue write_done;  /* requests that wait for their callback */
  union {
    struct uv__desc pending;  /* of a listener: the one unclaimed connection */
    struct uv__extra* extras; /* of others: what uvstream.h put on it; a list without an order */
  } kept;
  int delayed_error;      /* of bind, for listen or connect; of connect, for its callback */
  unsigned char phase;    /* enum uv__phase */
  unsigned short passing; /* queued writes that have yet to pass this; 0xffff: too many */
};

/* Private: what is due at some time: a node of loop->timers (core/handle/timer.c). */
struct uv__alarm {
  void* heap[3];  /* core/base/heap.h */
  uint64_t due;   /* ms of loop time */
  uint64_t order; /* of starts; breaks ties */
  void (*ring)(struct uv__alarm* alarm);
};

/* Private: what uvstream.h puts on a stream begins with one (core/stream/stream.h). */
struct uv__extra {
  struct uv__extra* next;
  uv_stream_t* stream; /* NULL: on none any more */
  const struct uv__extra_ops* ops;
};

/* Private: a piece of work for the pool (core/loop/threadpool.c). */
struct uv__work {
  struct uv__queue link;
  uv_loop_t* loop;
  void (*work)(struct uv__work* work);
  void (*done)(struct uv__work* work, int status);
  uint64_t ticket;     /* older work first */
  int status;          /* for `done` */
  unsigned char slow;  /* waits for a network rather than works */
  unsigned char state; /* enum state of core/loop/threadpool.c */
};

/* ---- Handles ----------------------------------------------------------------------- */

/* What can be done with a handle of any kind, cast to a uv_handle_t. */

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
 * caller's again. Nobody gets through from the call on: a listener takes no client, its
 * port or name is free, and a peer hears the end behind what was written. Closing a handle
 * that is closing is ignored. */
UV_EXTERN void uv_close(uv_handle_t* handle, uv_close_cb close_cb);
/* 1 when the handle works: a started timer or hook, an open async, a stream that reads,
 * writes, connects or listens. 0 otherwise. */
UV_EXTERN int uv_is_active(const uv_handle_t* handle);
/* 1 when uv_close was called, else 0. */
UV_EXTERN int uv_is_closing(const uv_handle_t* handle);
/* A referenced handle (the default) keeps uv_run going while active (rule L3). Both calls may be
 * repeated; the last one counts. uv_has_ref: 1 or 0. */
UV_EXTERN void uv_ref(uv_handle_t* handle);
UV_EXTERN void uv_unref(uv_handle_t* handle);
UV_EXTERN int uv_has_ref(const uv_handle_t* handle);
/* Bytes of the structure of a handle type; (size_t) -1 for a type that is not here. */
UV_EXTERN size_t uv_handle_size(uv_handle_type type);
/* "tcp", "timer", ...; NULL for a value that is no handle type. */
UV_EXTERN const char* uv_handle_type_name(uv_handle_type type);
/* The public fields, for languages that cannot look into a structure. */
UV_EXTERN uv_handle_type uv_handle_get_type(const uv_handle_t* handle);
UV_EXTERN void* uv_handle_get_data(const uv_handle_t* handle);
UV_EXTERN void uv_handle_set_data(uv_handle_t* handle, void* data);
UV_EXTERN uv_loop_t* uv_handle_get_loop(const uv_handle_t* handle);
/* Read (*value == 0) or set the size of the system's send or receive buffer, in bytes.
 * Linux doubles what was set. UV_ENOTSUP for a handle that is neither TCP nor a pipe, UV_EINVAL
 * for a NULL pointer, UV_EBADF when it has no descriptor. */
UV_EXTERN int uv_send_buffer_size(uv_handle_t* handle, int* value);
UV_EXTERN int uv_recv_buffer_size(uv_handle_t* handle, int* value);
/* The native descriptor, which stays the handle's. UV_EINVAL for a handle that has none by
 * nature, UV_EBADF when it has none yet or is closing. */
UV_EXTERN int uv_fileno(const uv_handle_t* handle, uv_os_fd_t* fd);

/* ---- Requests ---------------------------------------------------------------------- */

/* What can be done with a request of any kind, cast to a uv_req_t, and the three requests of
 * streams. A request is initialised by the call that takes it. */

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
  /* private */
  struct uv__queue link; /* in loop->refused */
  int status;
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
  uv_stream_t* send_handle; /* read-only: the handle being passed (the first one), or NULL */
  uv_stream_t* handle;      /* read-only: the stream written to */
  /* private */
  struct uv__queue link;
  uv_buf_t* bufs;     /* inline_bufs, or allocated when they do not fit */
  unsigned int nbufs; /* in bufs */
  unsigned int at;    /* the first buffer with bytes left */
  size_t written;     /* bytes that the system took */
  int status;         /* for the callback, once in write_done */
  unsigned int state; /* what the system has of it (core/stream/write_queue.c) */
  uv_buf_t inline_bufs[8];
};

/* Bytes of the structure of a request type; (size_t) -1 for a type that is not here. */
UV_EXTERN size_t uv_req_size(uv_req_type type);
/* The public fields, for languages that cannot look into a structure. */
UV_EXTERN void* uv_req_get_data(const uv_req_t* req);
UV_EXTERN void uv_req_set_data(uv_req_t* req, void* data);
UV_EXTERN uv_req_type uv_req_get_type(const uv_req_t* req);
/* "write", ...; NULL for a value that is no request type. */
UV_EXTERN const char* uv_req_type_name(uv_req_type type);
/* Take back work, a lookup of an address or of a name, or random bytes that wait for a thread: the
 * callback gets UV_ECANCELED, that of a lookup UV_EAI_CANCELED; UV_EBUSY when it runs or is over.
 * Or end a write, also one of which a part went: its callback gets UV_ECANCELED, in its place, and
 * uv_write_nwritten tells how much went. UV_EBUSY when it is over, when the stream closes, and
 * where the system works on it as a whole (Windows); UV_ENOTSUP when a part of it went over an IPC
 * pipe. UV_EINVAL for other requests (rule W11). */
UV_EXTERN int uv_cancel(uv_req_t* req);

/* ---- Streams ----------------------------------------------------------------------- */

/* What TCP sockets, pipes and terminals can do: each call takes such a handle, cast to a
 * uv_stream_t. docs/CONTRACT.md says, rule by rule, what a program can rely on, and has a table of
 * what each call returns in each state of a stream. */

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
 * for each, and again only after uv_accept claimed it (rule A2). With a NULL `cb` they wait in the
 * system until uv_accept asks. Called again it replaces backlog and callback (A6). UV_EINVAL:
 * closing, or connected; a bind conflict is reported here (A5). */
UV_EXTERN int uv_listen(uv_stream_t* stream, int backlog, uv_connection_cb cb);
/* Give the waiting connection to `client`, a fresh handle of the same kind on the same
 * loop. UV_EAGAIN: none waits; UV_EBUSY: `client` is in use; UV_EINVAL: wrong kind, another loop,
 * closing, or the server does not listen; the connection then keeps waiting (rules A1, A3). */
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
/* As uv_write, and passes `send_handle`, a TCP socket or a pipe, to the process at the other end of
 * an IPC pipe, with the first of the bytes; it may be closed once `cb` ran, and of a pipe that
 * listens that no longer removes the name (rule P7). NULL passes nothing.
 * UV_EINVAL when the stream cannot carry handles or the handle cannot be passed (rules I1-I4). */
UV_EXTERN int uv_write2(uv_write_t* req,
                        uv_stream_t* stream,
                        const uv_buf_t bufs[],
                        unsigned int nbufs,
                        uv_stream_t* send_handle,
                        uv_write_cb cb);
/* In the callback of a write: how many of its bytes the system took (rule W11). */
UV_EXTERN size_t uv_write_nwritten(const uv_write_t* req);
/* Write what the system takes at once and return how many bytes that was; UV_EAGAIN when
 * nothing, or when writes are queued (rule W7). In blocking mode it waits, behind what is queued,
 * until all is taken (W8); UV_EINVAL then for more bytes than an int counts. Otherwise errors as
 * uv_write. */
UV_EXTERN int uv_try_write(uv_stream_t* stream, const uv_buf_t bufs[], unsigned int nbufs);
/* As uv_try_write, passing a handle as uv_write2 does; a result above 0 means that it went. */
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
/* The field `write_queue_size`, in bytes. */
UV_EXTERN size_t uv_stream_get_write_queue_size(const uv_stream_t* stream);

/* ---- TCP --------------------------------------------------------------------------- */

/* Sockets of IPv4 and IPv6. A handle gets its socket from uv_tcp_bind, uv_tcp_connect or
 * uv_tcp_open, or by being accepted into; from then on it is a stream. Every call below is UV_EINVAL
 * or, where it needs a socket, UV_EBADF for a handle that is closing. */

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

/* Flags of uv_tcp_bind (rule T2). */
enum uv_tcp_flags {
  UV_TCP_IPV6ONLY = 1, /* an IPv6 address takes no IPv4 connections */
  UV_TCP_REUSEPORT = 2 /* several listeners share the port and its load */
};

/* Initialise; no socket exists yet. Always 0. */
UV_EXTERN int uv_tcp_init(uv_loop_t* loop, uv_tcp_t* handle);
/* As uv_tcp_init; the low 8 bits of `flags` are AF_UNSPEC, or AF_INET or AF_INET6 to create the
 * socket now. UV_EINVAL for anything else; and when the socket cannot be had. A handle whose
 * initialisation failed is not to be closed. */
UV_EXTERN int uv_tcp_init_ex(uv_loop_t* loop, uv_tcp_t* handle, unsigned int flags);
/* Adopt a socket, which becomes non-blocking (on Windows not one that others have, too) and the
 * handle's to close. UV_EBUSY when the handle has one already, UV_EEXIST when another handle of
 * the loop has this one. On error it stays the caller's. A connect that was begun on it may go on:
 * reading and writing wait for its end, and tell how it failed. */
UV_EXTERN int uv_tcp_open(uv_tcp_t* handle, uv_os_sock_t sock);
/* Switch Nagle's algorithm off (1) or on. Stored until there is a socket (rule T1). */
UV_EXTERN int uv_tcp_nodelay(uv_tcp_t* handle, int enable);
/* Send probes on an idle connection after `delay` seconds; then every second, ten times.
 * UV_EINVAL: delay is 0 while enabling. Stored until there is a socket (rule T1). */
UV_EXTERN int uv_tcp_keepalive(uv_tcp_t* handle, int enable, unsigned int delay);
/* As uv_tcp_keepalive, with all three values: seconds idle, seconds between probes, number of
 * probes. UV_EINVAL when one is 0 or above 32767 while enabling. */
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

/* A pair of connected stream sockets, not inheritable, the caller's to close. `type` is
 * SOCK_STREAM; `protocol` 0 or IPPROTO_TCP. Each flag word is 0 or UV_NONBLOCK_PIPE (non-blocking), and
 * counts for the descriptor of its place. Any thread. */
UV_EXTERN int uv_socketpair(
    int type, int protocol, uv_os_sock_t socket_vector[2], int flags0, int flags1);

/* ---- Pipes ------------------------------------------------------------------------- */

/* Streams between processes of one machine: named, inherited, or made in pairs. Over those that are
 * initialised for it handles can be sent, with uv_write2; at the other end they are counted by
 * uv_pipe_pending_count and claimed by uv_accept (rules I1-I6). */

/* A named pipe on Windows, a Unix-domain socket or another pipe on Unix: a connection, a
 * listener, or one end of a pair. */
struct uv_pipe_s {
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
  struct uv__arrivals* arrivals; /* handles that came and were not claimed (rule I3) */
  int instances;                 /* Windows: how many server instances are kept ready */
  /* read-only */
  int ipc; /* 1: handles can be passed over it */
};

/* Flag of uv_pipe_bind2 and uv_pipe_connect2: a name that does not fit is UV_ENAMETOOLONG
 * instead of being cut off (rule P1). */
enum {
  UV_PIPE_NO_TRUNCATE = 1u << 0
};

/* Who may use a pipe (uv_pipe_chmod). */
enum uv_poll_event {
  UV_READABLE = 1,
  UV_WRITABLE = 2
};

/* Initialise, always 0; `ipc` is 1 for a pipe that will carry handles between processes, at both
 * ends, else 0. */
UV_EXTERN int uv_pipe_init(uv_loop_t* loop, uv_pipe_t* handle, int ipc);
/* Adopt an open descriptor (Windows: of the C run-time library): a pipe end, a socket or a
 * fifo, a file, a device. It becomes the handle's to close. What can be read and written follows from
 * how it was opened. Unix: it does not block from then on, unless it is 0, 1 or 2 (W8). UV_EBUSY when the
 * handle has one already; UV_EEXIST when the loop has this one; UV_ENOTSUP for what is no stream
 * (P4). */
UV_EXTERN int uv_pipe_open(uv_pipe_t* handle, uv_file file);
/* Bind to a name: a path on Unix, \\.\pipe\NAME or \\?\pipe\NAME on Windows, or a path there (X12;
 * UV_ENOTSUP where the system has no sockets for them). UV_EADDRINUSE,
 * UV_EACCES (also where there is no such folder), UV_EINVAL when bound or open (rules P1, P2,
 * P7). */
UV_EXTERN int uv_pipe_bind(uv_pipe_t* handle, const char* name);
/* As uv_pipe_bind, for a name of `namelen` bytes, which on Linux may begin with a NUL
 * (abstract). */
UV_EXTERN int uv_pipe_bind2(uv_pipe_t* handle,
                            const char* name,
                            size_t namelen,
                            unsigned int flags);
/* Connect to a name, on Windows also to another machine's, \\SERVER\pipe\NAME. Every error comes
 * through the callback. */
UV_EXTERN void uv_pipe_connect(uv_connect_t* req,
                               uv_pipe_t* handle,
                               const char* name,
                               uv_connect_cb cb);
/* As uv_pipe_connect, for a name of `namelen` bytes; UV_EINVAL and UV_ENAMETOOLONG are returned. */
UV_EXTERN int uv_pipe_connect2(uv_connect_t* req,
                               uv_pipe_t* handle,
                               const char* name,
                               size_t namelen,
                               unsigned int flags,
                               uv_connect_cb cb);
/* The name of this end or of the other. `size`: bytes at `buffer`, in; length without the
 * terminator, out. UV_ENOBUFS sets the size needed. UV_EBADF; UV_ENOTCONN without a peer. */
UV_EXTERN int uv_pipe_getsockname(const uv_pipe_t* handle, char* buffer, size_t* size);
UV_EXTERN int uv_pipe_getpeername(const uv_pipe_t* handle, char* buffer, size_t* size);
/* Windows: how many server instances uv_listen keeps ready (rule P3). Call it before. */
UV_EXTERN void uv_pipe_pending_instances(uv_pipe_t* handle, int count);
/* How many handles arrived and wait for uv_accept, and of what type the first is
 * (UV_UNKNOWN_HANDLE: none). */
UV_EXTERN int uv_pipe_pending_count(uv_pipe_t* handle);
UV_EXTERN uv_handle_type uv_pipe_pending_type(uv_pipe_t* handle);
/* Let every user read (UV_READABLE), write (UV_WRITABLE) or both. UV_EBADF when not bound. */
UV_EXTERN int uv_pipe_chmod(uv_pipe_t* handle, int flags);
/* A pair of connected pipe ends: fds[0] reads, fds[1] writes; not inheritable, the caller's
 * to close. Flags are 0 or UV_NONBLOCK_PIPE (non-blocking; overlapped on Windows). Any thread. */
UV_EXTERN int uv_pipe(uv_file fds[2], int read_flags, int write_flags);

/* ---- Processes --------------------------------------------------------------------- */

/* Child processes whose standard input and output are streams of this one. */

/* What uv_spawn does with one descriptor of the child, and how a created pipe looks to the
 * child. */
typedef enum {
  UV_IGNORE = 0x00,         /* descriptors 0 to 2: the null device; others: closed */
  UV_CREATE_PIPE = 0x01,    /* a new pipe, whose other end becomes data.stream */
  UV_INHERIT_FD = 0x02,     /* data.fd, which stays this process's too */
  UV_INHERIT_STREAM = 0x04, /* the descriptor of data.stream, likewise */
  UV_READABLE_PIPE = 0x10,  /* of a new pipe: the child can read from it */
  UV_WRITABLE_PIPE = 0x20,  /* and write to it */
  UV_NONBLOCK_PIPE = 0x40,  /* the child's end: overlapped on Windows, no different on Unix */
  UV_OVERLAPPED_PIPE = 0x40
} uv_stdio_flags;

/* One descriptor of the child. */
typedef struct uv_stdio_container_s {
  uv_stdio_flags flags;
  union {
    uv_stream_t* stream; /* UV_CREATE_PIPE: an initialised uv_pipe_t; UV_INHERIT_STREAM */
    int fd;              /* UV_INHERIT_FD */
  } data;
} uv_stdio_container_t;

/* How a child starts. Those with WINDOWS in their name have no effect elsewhere. */
enum uv_process_flags {
  UV_PROCESS_SETUID = 1 << 0,                      /* as options->uid; not on Windows */
  UV_PROCESS_SETGID = 1 << 1,                      /* as options->gid; not on Windows */
  UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS = 1 << 2,  /* join args with spaces, quote nothing */
  UV_PROCESS_DETACHED = 1 << 3,                    /* it may outlive this process */
  UV_PROCESS_WINDOWS_HIDE = 1 << 4,                /* both of the next two */
  UV_PROCESS_WINDOWS_HIDE_CONSOLE = 1 << 5,        /* no console window */
  UV_PROCESS_WINDOWS_HIDE_GUI = 1 << 6,            /* its first window is hidden */
  UV_PROCESS_WINDOWS_FILE_PATH_EXACT_NAME = 1 << 7 /* do not append .com or .exe */
};

/* What to start, and how. All of it may go once uv_spawn has returned. */
typedef struct uv_process_options_s {
  uv_exit_cb exit_cb; /* may be NULL */
  const char* file;   /* program; looked up in PATH when it names no directory */
  char** args;        /* args[0] is the name the child sees; ends with NULL */
  char** env;         /* "NAME=value", ends with NULL; NULL: the parent's */
  const char* cwd;    /* NULL: the parent's */
  unsigned int flags; /* set of enum uv_process_flags */
  int stdio_count;    /* descriptors beyond that are closed in the child; 0-2 are ignored */
  uv_stdio_container_t* stdio;
  uv_uid_t uid;
  uv_gid_t gid;
} uv_process_options_t;

/* A child process. */
struct uv_process_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_exit_cb exit_cb;
  /* read-only */
  int pid;
  /* private */
  int term_signal;     /* that we sent (Windows) or that ended it */
  int64_t exit_status; /* once it rang */
  struct uv__io io;    /* rings UV__EVENT when the child is gone */
  struct uv__pty* pty; /* the end that comes before its own (rule X9), or NULL */
};

/* Start a child. The handle is initialised also when this fails, and must then be closed. Beyond
 * options->stdio the child has what the program left inheritable (Windows: nothing). UV_ENOENT: no such program or folder;
 * UV_EACCES: it may not be run; UV_EINVAL: unknown flags, no file, or stdio that cannot be;
 * UV_ENOTSUP: uid or gid on Windows; and what the system says. */
UV_EXTERN int uv_spawn(uv_loop_t* loop, uv_process_t* handle, const uv_process_options_t* options);
/* Send a signal to a child, or to any process by its number. Windows: SIGTERM, SIGKILL, SIGINT and
 * SIGQUIT end the process, 0 asks whether it lives. UV_ESRCH when it is gone, UV_ENOSYS or
 * UV_EINVAL for other signals. uv_kill: any thread. */
UV_EXTERN int uv_process_kill(uv_process_t* handle, int signum);
UV_EXTERN int uv_kill(int pid, int signum);
/* The field `pid`; 0 when uv_spawn failed. */
UV_EXTERN uv_pid_t uv_process_get_pid(const uv_process_t* handle);
/* Keep the descriptors this process inherited from reaching its children. Any thread. */
UV_EXTERN void uv_disable_stdio_inheritance(void);

/* ---- Terminals --------------------------------------------------------------------- */

/* Terminals are streams: keys and lines come in, text goes out. Both are UTF-8 (rule Y4). */

/* A terminal: the Windows console, or a POSIX terminal device. */
struct uv_tty_s {
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

/* How a terminal treats what is typed. */
typedef enum {
  UV_TTY_MODE_NORMAL, /* as it was found: lines, echo */
  UV_TTY_MODE_RAW,    /* every key at once; Windows: as VT sequences made by the library */
  UV_TTY_MODE_IO,     /* POSIX: nothing is translated, either way */
  UV_TTY_MODE_RAW_VT  /* Windows: raw, VT sequences made by the console; POSIX: as RAW */
} uv_tty_mode_t;

/* What a console does with VT sequences. */
typedef enum {
  UV_TTY_SUPPORTED, /* the console understands VT sequences that are written to it */
  UV_TTY_UNSUPPORTED
} uv_tty_vtermstate_t;

/* Take a terminal. `readable` is ignored: what can be done follows from the descriptor. The
 * descriptor is reopened where that is possible, so that O_NONBLOCK does not leak to others
 * who share it (rule Y6). UV_EINVAL when it is no terminal, or no descriptor. */
UV_EXTERN int uv_tty_init(uv_loop_t* loop, uv_tty_t* handle, uv_file fd, int readable);
/* Change the mode, also while a read is pending; only the library's own mode bits change
 * (rules Y1, Y2). UV_EINVAL for other modes, UV_ENOTSUP where the system has no such mode. */
UV_EXTERN int uv_tty_set_mode(uv_tty_t* handle, uv_tty_mode_t mode);
#ifdef __cplusplus
/* A number is a mode in C++ too. */
extern "C++" {
inline int uv_tty_set_mode(uv_tty_t* handle, int mode) {
  return uv_tty_set_mode(handle, static_cast<uv_tty_mode_t>(mode));
}
}
#endif
/* Put every terminal back as it was found. Async-signal-safe; also done at exit. It never waits:
 * UV_EBUSY, and nothing is changed, when it interrupted a call that opens, closes or changes a
 * terminal, or another thread is in one; call it again then. */
UV_EXTERN int uv_tty_reset_mode(void);
/* The size of the window, in columns and rows. A change of it is the signal SIGWINCH (rule Y5). */
UV_EXTERN int uv_tty_get_winsize(uv_tty_t* handle, int* width, int* height);
/* Windows: say whether the console handles VT sequences, instead of asking it. No effect
 * elsewhere. */
UV_EXTERN void uv_tty_set_vterm_state(uv_tty_vtermstate_t state);
/* Whether the console handles VT sequences. UV_ENOTSUP on Unix. */
UV_EXTERN int uv_tty_get_vterm_state(uv_tty_vtermstate_t* state);
/* What kind of handle suits a descriptor: UV_TTY, UV_NAMED_PIPE, UV_TCP, UV_UDP, UV_FILE or
 * UV_UNKNOWN_HANDLE. Any thread. */
UV_EXTERN uv_handle_type uv_guess_handle(uv_file file);

/* ---- Signals ----------------------------------------------------------------------- */

/* Signals as callbacks on the loop's thread, where everything is allowed. */

/* Runs a callback when the process gets a signal. On Windows: SIGINT (Ctrl+C), SIGBREAK,
 * SIGHUP (the console closes), SIGTERM (shutdown) and SIGWINCH (resize); other numbers below NSIG
 * never come. */
struct uv_signal_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_signal_cb signal_cb;
  /* read-only */
  int signum; /* 0: not started */
  /* private */
  int oneshot;
  struct uv__io io;         /* rings UV__EVENT */
  struct uv__queue watcher; /* the port's: in its table of watchers */
  unsigned int caught;      /* the port's: signals not yet taken */
  unsigned int owed;        /* taken, and not yet told */
};

/* Initialise; nothing is watched yet. */
UV_EXTERN int uv_signal_init(uv_loop_t* loop, uv_signal_t* handle);
/* Watch `signum`; a started watcher changes to it. Several watchers and loops may watch the same
 * signal, each runs. UV_EINVAL: `cb` is NULL, signum is 0, closing, or no signal that can be
 * watched. */
UV_EXTERN int uv_signal_start(uv_signal_t* handle, uv_signal_cb signal_cb, int signum);
/* As uv_signal_start, and stop before the first callback. */
UV_EXTERN int uv_signal_start_oneshot(uv_signal_t* handle, uv_signal_cb signal_cb, int signum);
/* Stop; always 0. */
UV_EXTERN int uv_signal_stop(uv_signal_t* handle);

/* ---- Timers ------------------------------------------------------------------------ */

/* Callbacks after a time, in milliseconds of the loop's clock (uv_now), which stands still
 * during a callback. Timers that are due run by time, and those of one time in the order they
 * were started. */

/* Runs a callback once or repeatedly. */
struct uv_timer_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_timer_cb timer_cb;
  struct uv__alarm alarm;
  uint64_t repeat;
};

/* Initialise; the timer is not started. Always 0. */
UV_EXTERN int uv_timer_init(uv_loop_t* loop, uv_timer_t* handle);
/* Run `cb` in `timeout` ms and then every `repeat` ms (0: once), both counted from the
 * loop's time (uv_now). A running timer is restarted. Never early, and within a millisecond
 * where the system has timers for it (Windows 10 1803); time in which the machine sleeps does
 * not count (rule X11). UV_EINVAL: closing or `cb` is NULL. */
UV_EXTERN int uv_timer_start(uv_timer_t* handle, uv_timer_cb cb, uint64_t timeout, uint64_t repeat);
/* Stop; always 0. */
UV_EXTERN int uv_timer_stop(uv_timer_t* handle);
/* Restart with the repeat value as time-out, if that is not 0. UV_EINVAL: never started. */
UV_EXTERN int uv_timer_again(uv_timer_t* handle);
/* The repeat value, in ms; counts from the next time the timer runs out. */
UV_EXTERN void uv_timer_set_repeat(uv_timer_t* handle, uint64_t repeat);
UV_EXTERN uint64_t uv_timer_get_repeat(const uv_timer_t* handle);
/* Ms until the timer runs out, or, of one that was stopped, would have; 0 when that time has come or it was
 * never started. */
UV_EXTERN uint64_t uv_timer_get_due_in(const uv_timer_t* handle);

/* ---- Loop hooks: once per turn of the loop ------------------------------------------ */

/* Where in a turn the three kinds run is listed in docs/CONTRACT.md, "One turn of the loop". */

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

/* Start: UV_EINVAL when `cb` is NULL or the handle is closing; nothing happens when it runs
 * already. Init and stop: always 0. */
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

/* The only way into a loop from another thread, or from a signal handler. What the sender wrote to
 * memory before is visible to the callback. */

/* Runs its callback on the loop's thread when another thread asks for it. */
struct uv_async_s {
  void* data;          /* the caller's */
  uv_loop_t* loop;     /* read-only */
  uv_handle_type type; /* read-only */
  /* private */
  unsigned int flags;
  struct uv__handle handle;
  uv_async_cb async_cb;
  struct uv__queue queue; /* in loop->asyncs, or on loop->sent */
  int sent;               /* atomic: whether the callback is owed, and who is in a send */
};

/* Initialise and start. `cb` may be NULL: the loop is then only woken. */
UV_EXTERN int uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb async_cb);
/* Have the callback run soon; calls that come before it runs are one. From any thread and
 * from a signal handler, until uv_close. Never fails for lack of resources (rule L7). */
UV_EXTERN int uv_async_send(uv_async_t* async);

/* ---- Loop -------------------------------------------------------------------------- */

/* A loop waits for the system and runs the callbacks of its handles, all on the thread that is in
 * uv_run. A program may have any number of loops, each on a thread of its own. */

/* A loop: one thread's handles, timers and streams. */
struct uv_loop_s {
  void* data; /* the caller's */
  /* private */
  unsigned int active_handles; /* active and referenced */
  unsigned int stop_flag;
  struct {
    unsigned int count;
  } active_reqs;
  unsigned int told;        /* what the program was told in this turn (core/loop/loop.h) */
  int asleep;               /* atomic: a wake-up is needed to be heard */
  int wake_pending;         /* atomic: an async was sent since the last look */
  uint64_t time;            /* ms */
  struct uv__queue handles; /* every handle that is not closed */
  struct uv__walk* walks;   /* under way, the innermost first (core/handle/handle.c) */
  struct uv__queue ready;   /* streams that want a turn */
  struct uv__queue later;   /* streams that want one in the next turn of the loop */
  struct uv__queue starved; /* streams that lacked resources */
  struct uv__queue refused; /* connects that were over before they began */
  struct uv__queue idle;
  struct uv__queue prepare;
  struct uv__queue check;
  struct uv__queue asyncs; /* whose callbacks are owed */
  void* sent;              /* atomic: the same, not yet seen by the loop's thread */
  uv_handle_t* closing;    /* handles whose close callback is due */
  struct {
    void* root;
    unsigned int count;
  } timers; /* a heap, soonest first */
  uint64_t timer_order;
  uint64_t retry_at;               /* ms: when those that lacked resources try again; 0: none */
  int work_pending;                /* atomic: work_done is not empty */
  struct uv__queue work_done;      /* finished work; the pool's lock guards it */
  struct uv__meter* meter;         /* NULL until UV_METRICS_IDLE_TIME */
  const struct uv__beyond* beyond; /* NULL until uvstream.h put something on a stream */
  uint64_t rings;                  /* of lanes, ever */
  uint64_t turns;                  /* for uv_metrics_info, like the next two */
  uint64_t events;
  uint64_t events_waiting;
  struct uv__loop_tail tail;
};

/* How long uv_run runs. */
typedef enum {
  UV_RUN_DEFAULT = 0, /* until nothing is left to do or uv_stop */
  UV_RUN_ONCE,        /* one turn, which may wait */
  UV_RUN_NOWAIT       /* one turn that does not wait */
} uv_run_mode;

/* Initialise a loop in the caller's memory. UV_ENOMEM: no memory; UV_EMFILE, UV_ENFILE: no
 * descriptors. */
UV_EXTERN int uv_loop_init(uv_loop_t* loop);
/* Release what a loop holds. UV_EBUSY while handles are not closed or requests are pending;
 * the loop then stays as it was (rule L3). */
UV_EXTERN int uv_loop_close(uv_loop_t* loop);
/* A loop in allocated memory; NULL when there is no memory or descriptor. */
UV_EXTERN uv_loop_t* uv_loop_new(void);
/* Close and free a loop of uv_loop_new; one that is busy is left alone. */
UV_EXTERN void uv_loop_delete(uv_loop_t* loop);
/* A loop that the whole process shares, made by the first call; NULL when that fails.
 * Like any loop it belongs to one thread. */
UV_EXTERN uv_loop_t* uv_default_loop(void);
/* sizeof(uv_loop_t) as the library was built, in bytes. Any thread. */
UV_EXTERN size_t uv_loop_size(void);
/* 1 when uv_run would find something to do or to wait for. */
UV_EXTERN int uv_loop_alive(const uv_loop_t* loop);
/* The field `data`, for languages that cannot look into a structure. */
UV_EXTERN void* uv_loop_get_data(const uv_loop_t* loop);
UV_EXTERN void uv_loop_set_data(uv_loop_t* loop, void* data);
/* Run the loop (rule L3). Returns 0 when nothing is left, else non-zero. Not re-entrant. */
UV_EXTERN int uv_run(uv_loop_t* loop, uv_run_mode mode);
/* End uv_run after the current turn, which does not wait. Called before uv_run, that one
 * returns at once. */
UV_EXTERN void uv_stop(uv_loop_t* loop);
/* The loop's time in ms, from an arbitrary start: that of the turn's beginning. */
UV_EXTERN uint64_t uv_now(const uv_loop_t* loop);
/* Bring uv_now up to date, after long work in a callback. */
UV_EXTERN void uv_update_time(uv_loop_t* loop);
/* What another event loop can wait on, to call uv_run with UV_RUN_NOWAIT then (rule X10): a
 * descriptor, until it is readable (epoll, kqueue), on Windows the completion port, whose HANDLE this
 * is as a number, until it is signalled; -1 where there is none (poll). Take nothing out of it and do
 * not close it. It stays the same for all of the loop's life, but for uv_loop_fork. */
UV_EXTERN int uv_backend_fd(const uv_loop_t* loop);
/* How long a loop that waits on uv_backend_fd may wait, in ms; -1: no limit. It is counted from
 * uv_now, which uv_update_time brings up to date, and changes with all that is started or stopped: ask
 * before each wait. */
UV_EXTERN int uv_backend_timeout(const uv_loop_t* loop);

/* The options of uv_loop_configure, and what argument each takes. */
typedef enum {
  UV_LOOP_BLOCK_SIGNAL = 0, /* int: SIGPROF, which is then blocked while the loop waits */
  UV_METRICS_IDLE_TIME      /* no argument: measure for uv_metrics_idle_time from now on */
} uv_loop_option;

/* Set an option, before uv_run. UV_ENOSYS: not on this system (signals on Windows) or unknown;
 * UV_EINVAL: another signal; UV_ENOMEM. */
UV_EXTERN int uv_loop_configure(uv_loop_t* loop, uv_loop_option option, ...);
/* In a child process that fork() made: give the loop descriptors of its own, so that it can
 * run there without disturbing the parent. Streams and timers go on; work and lookups that
 * were under way end UV_ECANCELED, and processes, whose end only the parent hears of, with a
 * negative status. A handler of pthread_atfork may call it. When it fails the loop can only be
 * closed. UV_ENOSYS on Windows. */
UV_EXTERN int uv_loop_fork(uv_loop_t* loop);
/* Nanoseconds that the loop has waited for the system since UV_METRICS_IDLE_TIME was set; 0
 * when it never was. Any thread. */
UV_EXTERN uint64_t uv_metrics_idle_time(uv_loop_t* loop);

/* What a loop has done so far. */
typedef struct uv_metrics_s {
  uint64_t loop_count;     /* turns */
  uint64_t events;         /* what streams were told by the system, asyncs, finished work */
  uint64_t events_waiting; /* those of the system's that were there without waiting */
  uint64_t* reserved[13];
} uv_metrics_t;

/* The figures up to now; always 0. */
UV_EXTERN int uv_metrics_info(uv_loop_t* loop, uv_metrics_t* metrics);
/* Call `walk_cb` for every handle that is not closed. It may close handles. */
UV_EXTERN void uv_walk(uv_loop_t* loop, uv_walk_cb walk_cb, void* arg);
/* Write a line per handle to `stream`: [RAI], for referenced, active, internal, then type
 * and address. For a stream also its phase, whether it is being read, the lanes of the system
 * that are begun and those that answered, and its writes: waiting, with their bytes, and done,
 * waiting for their callbacks. NULL loop: the default loop. */
UV_EXTERN void uv_print_all_handles(uv_loop_t* loop, FILE* stream);
/* The same for active handles only. */
UV_EXTERN void uv_print_active_handles(uv_loop_t* loop, FILE* stream);
/* Release what the library holds for the process. Optional, last call, once no loop is in
 * use. */
UV_EXTERN void uv_library_shutdown(void);

/* ---- Addresses --------------------------------------------------------------------- */

/* Numeric addresses as text and back, and the interfaces of this machine. Names are looked up by
 * uv_getaddrinfo. */

/* Fill `addr` from a numeric address and a port; IPv6 takes a "%zone" suffix, the name or the
 * number of an interface. UV_EINVAL for any other text, and for a name that no interface has. Any
 * thread. */
UV_EXTERN int uv_ip4_addr(const char* ip, int port, struct sockaddr_in* addr);
UV_EXTERN int uv_ip6_addr(const char* ip, int port, struct sockaddr_in6* addr);
/* The address as text, without the port, into `dst` of `size` bytes. UV_ENOSPC when it does
 * not fit. Any thread. */
UV_EXTERN int uv_ip4_name(const struct sockaddr_in* src, char* dst, size_t size);
UV_EXTERN int uv_ip6_name(const struct sockaddr_in6* src, char* dst, size_t size);
/* An IPv4 or IPv6 address as text, by its family; UV_EAFNOSUPPORT for others. Any thread. */
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

/* Clocks of the system; that of a loop is uv_now. */

/* Nanoseconds of a clock that never goes back, from an arbitrary start; it stands still while the
 * machine sleeps. Any thread. */
UV_EXTERN uint64_t uv_hrtime(void);
/* Block the calling thread for at least `msec` ms. Any thread. */
UV_EXTERN void uv_sleep(unsigned int msec);

/* ---- System ------------------------------------------------------------------------ */

/* Functions below that hand out text take `size`: bytes at `buffer`, in; length without the
 * terminator, out. UV_ENOBUFS sets the size needed, terminator included, and changes nothing
 * else; UV_EINVAL: a pointer is NULL or the size 0. Text is UTF-8 on Windows (WTF-8 where the
 * system's is not well-formed), the system's own bytes on Unix. */

/* Seconds and nanoseconds. */
typedef struct {
  int64_t tv_sec;
  int32_t tv_nsec;
} uv_timespec64_t;

/* Seconds and microseconds. */
typedef struct {
  int64_t tv_sec;
  int32_t tv_usec;
} uv_timeval64_t;

/* Seconds and nanoseconds, as narrow as a long is. */
typedef struct {
  long tv_sec;
  long tv_nsec;
} uv_timespec_t;

/* Seconds and microseconds, as narrow as a long is. */
typedef struct {
  long tv_sec;
  long tv_usec;
} uv_timeval_t;

/* The clocks of uv_clock_gettime. */
typedef enum {
  UV_CLOCK_MONOTONIC, /* that of uv_hrtime: never goes back, arbitrary start */
  UV_CLOCK_REALTIME   /* since 1970-01-01 UTC; may be set */
} uv_clock_id;

/* The time of a clock. UV_EINVAL: no such clock; UV_EFAULT: ts is NULL. Any thread. */
UV_EXTERN int uv_clock_gettime(uv_clock_id clock_id, uv_timespec64_t* ts);
/* The time since 1970-01-01 UTC. Any thread. */
UV_EXTERN int uv_gettimeofday(uv_timeval64_t* tv);

/* The system's handle behind a descriptor of the C run-time library, which keeps owning it;
 * INVALID_HANDLE_VALUE when there is none. On Unix the descriptor itself. Any thread. */
UV_EXTERN uv_os_fd_t uv_get_osfhandle(int fd);
/* A descriptor of the C run-time library for a handle, which from then on belongs to the
 * descriptor; -1 on failure. On Unix the handle itself. Any thread. */
UV_EXTERN int uv_open_osfhandle(uv_os_fd_t os_fd);

/* This process, and the one that started it (on Windows that may be gone, and its number
 * another's by now; 0 when it cannot be told). Any thread. */
UV_EXTERN uv_pid_t uv_os_getpid(void);
UV_EXTERN uv_pid_t uv_os_getppid(void);

/* The absolute path of the running program, cut where it does not fit. UV_ENOSYS where the
 * system does not tell. Any thread. */
UV_EXTERN int uv_exepath(char* buffer, size_t* size);
/* The current folder, without a slash at its end unless it is a root. Any thread. */
UV_EXTERN int uv_cwd(char* buffer, size_t* size);
/* Change the current folder, for the whole process. UV_ENOENT, UV_ENOTDIR, UV_EACCES, ... Any
 * thread. */
UV_EXTERN int uv_chdir(const char* dir);
/* Where temporary files go: TMPDIR, TMP, TEMP or TEMPDIR, else /tmp; GetTempPath on Windows.
 * Without a slash at its end. Reads the environment: see uv_os_getenv. */
UV_EXTERN int uv_os_tmpdir(char* buffer, size_t* size);
/* The folder of the user: HOME (USERPROFILE on Windows), else what the user database says.
 * Reads the environment: see uv_os_getenv. */
UV_EXTERN int uv_os_homedir(char* buffer, size_t* size);

/* Read, set or remove a variable of the environment. UV_ENOENT: there is none of that name
 * (removing it is no error then); UV_EINVAL: the name is empty or holds a '='. On Windows
 * that is the environment of the process and not the copy that getenv(3) looks at. On Unix
 * no other thread may use the environment meanwhile. */
UV_EXTERN int uv_os_getenv(const char* name, char* buffer, size_t* size);
UV_EXTERN int uv_os_setenv(const char* name, const char* value);
UV_EXTERN int uv_os_unsetenv(const char* name);

/* One variable of the environment. */
typedef struct uv_env_item_s {
  char* name;
  char* value;
} uv_env_item_t;

/* All variables, in one allocated block that uv_os_free_environ frees. As uv_os_getenv. */
UV_EXTERN int uv_os_environ(uv_env_item_t** envitems, int* count);
UV_EXTERN void uv_os_free_environ(uv_env_item_t* envitems, int count);

/* Large enough for the name of any host, with its terminator. */
#define UV_MAXHOSTNAMESIZE 257

/* The name of this host. Any thread. */
UV_EXTERN int uv_os_gethostname(char* buffer, size_t* size);

/* Name and version of an operating system. */
typedef struct uv_utsname_s {
  char sysname[256];
  char release[256];
  char version[256];
  char machine[256];
} uv_utsname_t;

/* Name and version of this system: what uname(2) says; on Windows "Windows_NT", "10.0.19045",
 * "Windows 10 Pro", "x86_64". Any thread. */
UV_EXTERN int uv_os_uname(uv_utsname_t* buffer);

/* Keep the arguments of main, at its start and once; the title of the process is written over
 * them on Unix. Returns the arguments to use from then on, which may be a copy that lives
 * until uv_library_shutdown. On Windows they are UTF-8 (WTF-8, where they hold half a pair),
 * whatever the code page is in which main was given them; `argv` itself comes back when there is no
 * memory, or when the command line has not `argc` arguments, as when main got the names of
 * files in the place of `*.txt`. */
UV_EXTERN char** uv_setup_args(int argc, char** argv);
/* The title that tools like ps show; that of the console on Windows. A title that does not
 * fit is cut. UV_ENOBUFS without uv_setup_args (not on Windows). Any thread. */
UV_EXTERN int uv_set_process_title(const char* title);
/* The title, into `buffer` of `size` bytes. UV_ENOBUFS when it does not fit, and without
 * uv_setup_args (not on Windows). Any thread. */
UV_EXTERN int uv_get_process_title(char* buffer, size_t size);

/* Seconds since the system started. Any thread. */
UV_EXTERN int uv_uptime(double* uptime);
/* Bytes of memory of this process that are in RAM. Any thread. */
UV_EXTERN int uv_resident_set_memory(size_t* rss);

/* What a process used. (X): 0 on Windows. */
typedef struct {
  uv_timeval_t ru_utime; /* CPU time in the program */
  uv_timeval_t ru_stime; /* CPU time in the system */
  uint64_t ru_maxrss;    /* most memory in RAM, in KiB */
  uint64_t ru_ixrss;     /* shared memory (X) */
  uint64_t ru_idrss;     /* unshared data (X) */
  uint64_t ru_isrss;     /* unshared stack (X) */
  uint64_t ru_minflt;    /* page faults without input (X) */
  uint64_t ru_majflt;    /* page faults with input; all of them on Windows */
  uint64_t ru_nswap;     /* times swapped out (X) */
  uint64_t ru_inblock;   /* input operations */
  uint64_t ru_oublock;   /* output operations */
  uint64_t ru_msgsnd;    /* messages sent (X) */
  uint64_t ru_msgrcv;    /* messages received (X) */
  uint64_t ru_nsignals;  /* signals received (X) */
  uint64_t ru_nvcsw;     /* times it waited of its own accord (X) */
  uint64_t ru_nivcsw;    /* times it was made to wait (X) */
} uv_rusage_t;

/* What this process used so far, all threads together. Any thread. */
UV_EXTERN int uv_getrusage(uv_rusage_t* rusage);
/* What the calling thread used so far; on Windows its times, and 0 for the rest. UV_ENOTSUP where
 * the system does not tell. */
UV_EXTERN int uv_getrusage_thread(uv_rusage_t* rusage);

/* Priorities of processes, from the highest to the lowest: nice values, which on Windows stand for
 * the six priority classes. */
#define UV_PRIORITY_HIGHEST (-20)
#define UV_PRIORITY_HIGH (-14)
#define UV_PRIORITY_ABOVE_NORMAL (-7)
#define UV_PRIORITY_NORMAL 0
#define UV_PRIORITY_BELOW_NORMAL 10
#define UV_PRIORITY_LOW 19

/* Read or set the priority of a process, -20 (high) to 19 (low); 0 is the calling process. Windows
 * answers one of UV_PRIORITY_*, and sets UV_PRIORITY_HIGH for what is higher than the program may.
 * UV_ESRCH: no such process; UV_EINVAL: out of range; UV_EACCES, UV_EPERM. Any thread. */
UV_EXTERN int uv_os_getpriority(uv_pid_t pid, int* priority);
UV_EXTERN int uv_os_setpriority(uv_pid_t pid, int priority);

/* ---- The machine ------------------------------------------------------------------- */

/* Processors, memory and load of the computer, or of the container that the process is in. */

/* One processor, and what it did since the system started. */
typedef struct uv_cpu_info_s {
  char* model;
  int speed; /* MHz; 0 when the system does not tell */
  struct uv_cpu_times_s {
    uint64_t user; /* ms */
    uint64_t nice; /* ms; 0 on Windows */
    uint64_t sys;  /* ms */
    uint64_t idle; /* ms */
    uint64_t irq;  /* ms */
  } cpu_times;
} uv_cpu_info_t;

/* The processors that are in use, in one allocated block that uv_free_cpu_info frees. UV_ENOSYS
 * where the system does not tell. Any thread. */
UV_EXTERN int uv_cpu_info(uv_cpu_info_t** cpu_infos, int* count);
UV_EXTERN void uv_free_cpu_info(uv_cpu_info_t* cpu_infos, int count);
/* How many threads wanted to run, on average over 1, 5 and 15 minutes; zeros on Windows. Any
 * thread. */
UV_EXTERN void uv_loadavg(double avg[3]);

/* Bytes of memory that the machine has, and that programs could have now, caches given up; 0 when
 * the system does not tell. Any thread. */
UV_EXTERN uint64_t uv_get_total_memory(void);
UV_EXTERN uint64_t uv_get_free_memory(void);
/* Bytes that the process may use: the least of what its control groups (Linux) and its resource
 * limits (Unix) leave it. UINT64_MAX: there are such groups, and they set no limit; 0: nothing sets
 * one, or it cannot be told, as on Windows. Any thread. */
UV_EXTERN uint64_t uv_get_constrained_memory(void);
/* Bytes that the process can still have: uv_get_free_memory, or what is left of its limit when
 * that is less. Any thread. */
UV_EXTERN uint64_t uv_get_available_memory(void);

/* ---- Users ------------------------------------------------------------------------- */

/* What the system's database of users and groups says. */

/* A user. On Windows: no numbers (-1), no shell (NULL). */
typedef struct uv_passwd_s {
  char* username;
  unsigned long uid;
  unsigned long gid;
  char* shell;
  char* homedir;
} uv_passwd_t;

/* A group. */
typedef struct uv_group_s {
  char* groupname;
  unsigned long gid;
  char** members; /* names; ends with NULL */
} uv_group_t;

/* The user that the process acts for, or one by number (UV_ENOTSUP on Windows); uv_os_free_passwd
 * frees what it points to. UV_ENOENT: none has that number. Any thread. */
UV_EXTERN int uv_os_get_passwd(uv_passwd_t* pwd);
UV_EXTERN int uv_os_get_passwd2(uv_passwd_t* pwd, uv_uid_t uid);
UV_EXTERN void uv_os_free_passwd(uv_passwd_t* pwd);
/* A group by number (UV_ENOTSUP on Windows); uv_os_free_group frees what it points to. UV_ENOENT:
 * none has that number. Any thread. */
UV_EXTERN int uv_os_get_group(uv_group_t* grp, uv_uid_t gid);
UV_EXTERN void uv_os_free_group(uv_group_t* grp);

/* ---- Shared libraries -------------------------------------------------------------- */

/* Code that is loaded while the program runs. uv_lib_t is in uv/unix.h and uv/win.h. */

/* Load a library (UTF-8 on Windows); NULL: the program itself. 0, or -1: uv_dlerror says why, and
 * uv_dlclose is called all the same. */
UV_EXTERN int uv_dlopen(const char* filename, uv_lib_t* lib);
/* Let go of a library, and of the text of uv_dlerror. */
UV_EXTERN void uv_dlclose(uv_lib_t* lib);
/* The address of what a library exports by that name, which may be NULL. 0, or -1: uv_dlerror says
 * why. */
UV_EXTERN int uv_dlsym(uv_lib_t* lib, const char* name, void** ptr);
/* Why uv_dlopen or uv_dlsym failed last, until the next of these calls; "no error" before any. */
UV_EXTERN const char* uv_dlerror(const uv_lib_t* lib);

/* ---- Text encodings ---------------------------------------------------------------- */

/* WTF-8 is UTF-8 that also encodes surrogates, so that every string of 16-bit units, such as a
 * file name of Windows, has a form in it and comes back unchanged. */

/* Bytes, without a terminator, of `utf16_len` units as WTF-8; -1: up to a 0. Any thread. */
UV_EXTERN size_t uv_utf16_length_as_wtf8(const uint16_t* utf16, ssize_t utf16_len);
/* Convert `utf16_len` units (-1: up to a 0) to WTF-8. `*wtf8_ptr` NULL: allocate, with the
 * library's allocator, for the caller to free with the same. Else `*wtf8_len_ptr` is the room
 * there, and one byte more for the terminator. `*wtf8_len_ptr` becomes the length without
 * terminator; with wtf8_ptr NULL that is all. UV_ENOBUFS: does not fit; whole characters that do
 * are there, terminated, and `*wtf8_len_ptr` is the length needed. UV_ENOMEM. Any thread. */
UV_EXTERN int uv_utf16_to_wtf8(const uint16_t* utf16,
                               ssize_t utf16_len,
                               char** wtf8_ptr,
                               size_t* wtf8_len_ptr);
/* Units of terminated WTF-8 as UTF-16, with a terminator. UV_EINVAL: it is no WTF-8. Any
 * thread. */
UV_EXTERN ssize_t uv_wtf8_length_as_utf16(const char* wtf8);
/* Convert what uv_wtf8_length_as_utf16 accepts into `utf16_len` units, terminator included.
 * Stops, terminated, at what does not fit or is no WTF-8. Any thread. */
UV_EXTERN void uv_wtf8_to_utf16(const char* wtf8, uint16_t* utf16, size_t utf16_len);

/* ---- Threads ----------------------------------------------------------------------- */

/* uv_thread_t, uv_mutex_t, uv_rwlock_t, uv_cond_t, uv_key_t, uv_once_t and UV_ONCE_INIT are
 * those of the system, in uv/unix.h and uv/win.h. Everything in this group may be called from
 * any thread. Unlocking what the caller has not locked, destroying what is in use and the like
 * are errors of the program that need not be noticed. */

/* What a thread runs; it ends when this returns. */
typedef void (*uv_thread_cb)(void* arg);

/* Which fields of uv_thread_options_t count. */
typedef enum {
  UV_THREAD_NO_FLAGS = 0x00,
  UV_THREAD_HAS_STACK_SIZE = 0x01 /* stack_size counts */
} uv_thread_create_flags;

/* How a thread starts. */
typedef struct uv_thread_options_s {
  unsigned int flags; /* uv_thread_create_flags */
  size_t stack_size;  /* bytes, rounded up to whole pages; 0: the system's default */
} uv_thread_options_t;

/* Start a thread that runs entry(arg). Whoever starts it joins or detaches it. UV_ENOMEM,
 * UV_EAGAIN: no memory or no thread; UV_EINVAL: a stack that cannot be. */
UV_EXTERN int uv_thread_create(uv_thread_t* tid, uv_thread_cb entry, void* arg);
UV_EXTERN int uv_thread_create_ex(uv_thread_t* tid,
                                  const uv_thread_options_t* params,
                                  uv_thread_cb entry,
                                  void* arg);
/* Let a thread end by itself; it can no longer be joined. */
UV_EXTERN int uv_thread_detach(uv_thread_t* tid);
/* The calling thread, also one that the library did not start. */
UV_EXTERN uv_thread_t uv_thread_self(void);
/* Wait for the end of a thread. */
UV_EXTERN int uv_thread_join(uv_thread_t* tid);
/* Non-zero when both are the same thread. */
UV_EXTERN int uv_thread_equal(const uv_thread_t* t1, const uv_thread_t* t2);

/* Name the calling thread, for debuggers and tools; what the system has no room for is cut off
 * between two characters (15 bytes on Linux). UV_ENOSYS where threads have no names. */
UV_EXTERN int uv_thread_setname(const char* name);
/* The name of a thread into `name` of `size` bytes, cut where it does not fit, always terminated. */
UV_EXTERN int uv_thread_getname(uv_thread_t* tid, char* name, size_t size);

/* Priorities of threads among those of their process. */
enum {
  UV_THREAD_PRIORITY_HIGHEST = 2,
  UV_THREAD_PRIORITY_ABOVE_NORMAL = 1,
  UV_THREAD_PRIORITY_NORMAL = 0,
  UV_THREAD_PRIORITY_BELOW_NORMAL = -1,
  UV_THREAD_PRIORITY_LOWEST = -2
};

/* Set one of UV_THREAD_PRIORITY_*, or read what the system makes of it: a number of its own. On
 * Linux that is the nice value of the calling thread; another thread that runs by the system's
 * ordinary policy has none that can be set (0). UV_EINVAL: out of range; UV_EACCES, UV_EPERM. */
UV_EXTERN int uv_thread_setpriority(uv_thread_t tid, int priority);
UV_EXTERN int uv_thread_getpriority(uv_thread_t tid, int* priority);

/* How many processors a mask of the next two calls counts, a byte for each; UV_ENOTSUP where
 * threads cannot be tied to processors. */
UV_EXTERN int uv_cpumask_size(void);
/* On which processors a thread may run: 1 or 0 for each. A mask is `mask_size` bytes long, UV_EINVAL
 * when that is less than uv_cpumask_size or no processor is left; what is more is not touched.
 * `oldmask` (may be NULL) becomes the mask before. */
UV_EXTERN int uv_thread_setaffinity(uv_thread_t* tid,
                                    char* cpumask,
                                    char* oldmask,
                                    size_t mask_size);
UV_EXTERN int uv_thread_getaffinity(uv_thread_t* tid, char* cpumask, size_t mask_size);
/* The processor that the calling thread runs on, or did just now. UV_ENOTSUP where the system does
 * not tell. */
UV_EXTERN int uv_thread_getcpu(void);

/* Mutual exclusion. The plain kind is locked once, the recursive kind any number of times by
 * the same thread. trylock: UV_EBUSY when it is locked, for the plain kind by anybody. */
UV_EXTERN int uv_mutex_init(uv_mutex_t* mutex);
UV_EXTERN int uv_mutex_init_recursive(uv_mutex_t* mutex);
UV_EXTERN void uv_mutex_destroy(uv_mutex_t* mutex);
UV_EXTERN void uv_mutex_lock(uv_mutex_t* mutex);
UV_EXTERN int uv_mutex_trylock(uv_mutex_t* mutex);
UV_EXTERN void uv_mutex_unlock(uv_mutex_t* mutex);

/* Any number of readers or one writer. try*: UV_EBUSY. */
UV_EXTERN int uv_rwlock_init(uv_rwlock_t* rwlock);
UV_EXTERN void uv_rwlock_destroy(uv_rwlock_t* rwlock);
UV_EXTERN void uv_rwlock_rdlock(uv_rwlock_t* rwlock);
UV_EXTERN int uv_rwlock_tryrdlock(uv_rwlock_t* rwlock);
UV_EXTERN void uv_rwlock_rdunlock(uv_rwlock_t* rwlock);
UV_EXTERN void uv_rwlock_wrlock(uv_rwlock_t* rwlock);
UV_EXTERN int uv_rwlock_trywrlock(uv_rwlock_t* rwlock);
UV_EXTERN void uv_rwlock_wrunlock(uv_rwlock_t* rwlock);

/* Wait for a signal with the mutex unlocked, which is locked again when the call returns. It
 * may return without any signal. timedwait: UV_ETIMEDOUT after `timeout` nanoseconds. */
UV_EXTERN int uv_cond_init(uv_cond_t* cond);
UV_EXTERN void uv_cond_destroy(uv_cond_t* cond);
UV_EXTERN void uv_cond_signal(uv_cond_t* cond);
UV_EXTERN void uv_cond_broadcast(uv_cond_t* cond);
UV_EXTERN void uv_cond_wait(uv_cond_t* cond, uv_mutex_t* mutex);
UV_EXTERN int uv_cond_timedwait(uv_cond_t* cond, uv_mutex_t* mutex, uint64_t timeout);

/* A counter of what is there; fields are private. */
typedef struct uv_sem_s {
  /* private */
  uv_mutex_t mutex;
  uv_cond_t cond;
  unsigned int value;
} uv_sem_t;

/* A counter: post adds 1, wait takes 1 and waits while there is none. trywait: UV_EAGAIN. The
 * thread that got the last 1 may destroy it. Not for signal handlers; uv_async_send is. */
UV_EXTERN int uv_sem_init(uv_sem_t* sem, unsigned int value);
UV_EXTERN void uv_sem_destroy(uv_sem_t* sem);
UV_EXTERN void uv_sem_post(uv_sem_t* sem);
UV_EXTERN void uv_sem_wait(uv_sem_t* sem);
UV_EXTERN int uv_sem_trywait(uv_sem_t* sem);

/* A meeting point; fields are private. */
typedef struct uv_barrier_s {
  /* private */
  uv_mutex_t mutex;
  uv_cond_t cond;
  unsigned int threshold;
  unsigned int in;  /* arrived in this round */
  unsigned int out; /* still to leave the round before */
} uv_barrier_t;

/* A meeting point for `count` threads, UV_EINVAL when that is 0. wait returns when all have
 * come, 0 for all but the last to leave, which gets a positive number. It can be used again and again;
 * destroy waits for those who are still leaving, so that any of them may call it. */
UV_EXTERN int uv_barrier_init(uv_barrier_t* barrier, unsigned int count);
UV_EXTERN void uv_barrier_destroy(uv_barrier_t* barrier);
UV_EXTERN int uv_barrier_wait(uv_barrier_t* barrier);

/* Have `callback` run by exactly one of the threads that call this with the same guard, which
 * is a static variable set to UV_ONCE_INIT. The others wait until it has run. */
UV_EXTERN void uv_once(uv_once_t* guard, void (*callback)(void));

/* A pointer that each thread has its own of, NULL at first. */
UV_EXTERN int uv_key_create(uv_key_t* key);
UV_EXTERN void uv_key_delete(uv_key_t* key);
UV_EXTERN void* uv_key_get(uv_key_t* key);
UV_EXTERN void uv_key_set(uv_key_t* key, void* value);

/* How many threads can usefully run at once; at least 1. */
UV_EXTERN unsigned int uv_available_parallelism(void);

/* ---- Work queue -------------------------------------------------------------------- */

/* Work that takes long or blocks, on threads that the library keeps for it. Its result comes back
 * as a callback of the loop. */

/* Work on a thread of the pool. */
struct uv_work_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
  uv_loop_t* loop;  /* read-only */
  uv_work_cb work_cb;
  uv_after_work_cb after_work_cb;
  /* private */
  struct uv__work work;
};

/* Have `work_cb` run on a thread of the pool and `after_work_cb` (may be NULL) on the loop's
 * when that is over. The process has one pool, of 4 threads or as many as UV_THREADPOOL_SIZE in
 * the environment says (1 to 1024), each of which starts when there is work for it;
 * uv_library_shutdown ends them. UV_EINVAL: no work_cb; UV_ENOMEM, UV_EAGAIN: there is no
 * thread and none can be started. uv_cancel takes it back. */
UV_EXTERN int uv_queue_work(uv_loop_t* loop,
                            uv_work_t* req,
                            uv_work_cb work_cb,
                            uv_after_work_cb after_work_cb);

/* ---- Looking up names ---------------------------------------------------------------- */

/* Names to addresses and back, without waiting: the system is asked on a thread of the pool. */

/* A name on its way to addresses. */
struct uv_getaddrinfo_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
  uv_loop_t* loop;  /* read-only */
  /* private */
  struct uv__work work;
  uv_getaddrinfo_cb cb;
  void* question; /* copies of the arguments */
  int retcode;
  /* read-only */
  struct addrinfo* addrinfo; /* the result, of which the caller is the owner */
};

/* An address on its way to a name. */
struct uv_getnameinfo_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
  uv_loop_t* loop;  /* read-only */
  /* private */
  struct uv__work work;
  uv_getnameinfo_cb cb;
  struct sockaddr_storage storage;
  int flags;
  int retcode;
  /* read-only */
  char host[1025];  /* NI_MAXHOST */
  char service[32]; /* NI_MAXSERV */
};

/* Look up the addresses of `node` (UTF-8; international ones by UTS 46, non-transitional) and the
 * port of `service`; one may be NULL. Of `hints` (may be NULL) flags, family, type and protocol
 * count. All three may go after the call. Errors of the lookup are UV_EAI_* and come through `cb`;
 * with a NULL `cb` the call waits and returns them, and leaves the result in req->addrinfo.
 * UV_EINVAL: neither node nor service, or no UTF-8. Runs on the pool of uv_queue_work, is refused
 * and taken back like that, but lookups never take more than half of its threads. */
UV_EXTERN int uv_getaddrinfo(uv_loop_t* loop,
                             uv_getaddrinfo_t* req,
                             uv_getaddrinfo_cb getaddrinfo_cb,
                             const char* node,
                             const char* service,
                             const struct addrinfo* hints);
/* Free a result; NULL is none. Any thread. */
UV_EXTERN void uv_freeaddrinfo(struct addrinfo* ai);
/* Look up the names of an AF_INET or AF_INET6 address and its port; `flags` are NI_*. UV_EINVAL
 * for another family. Otherwise as uv_getaddrinfo; the result is in req->host and
 * req->service. */
UV_EXTERN int uv_getnameinfo(uv_loop_t* loop,
                             uv_getnameinfo_t* req,
                             uv_getnameinfo_cb getnameinfo_cb,
                             const struct sockaddr* addr,
                             int flags);

/* ---- Random bytes ------------------------------------------------------------------ */

/* Randomness of the system, fit for keys; now, or without waiting for it. */

typedef struct uv_random_s uv_random_t;

/* `status` 0: `buf` is full; UV_ECANCELED, or why there are no bytes: what it holds is
 * undefined. */
typedef void (*uv_random_cb)(uv_random_t* req, int status, void* buf, size_t buflen);

/* Random bytes on their way. */
struct uv_random_s {
  void* data;       /* the caller's */
  uv_req_type type; /* read-only */
  uv_loop_t* loop;  /* read-only */
  /* private */
  int status;
  void* buf;
  size_t buflen;
  uv_random_cb cb;
  struct uv__work work;
};

/* Fill `buflen` bytes with randomness from the system that is fit for keys; `flags` is 0. Runs on
 * the pool of uv_queue_work and is refused and taken back like that; with a NULL `cb` at once,
 * from any thread, and then loop and req may be NULL. UV_E2BIG: more than 0x7fffffff bytes. */
UV_EXTERN int uv_random(uv_loop_t* loop,
                        uv_random_t* req,
                        void* buf,
                        size_t buflen,
                        unsigned int flags,
                        uv_random_cb cb);

/* ---- Handle and request types: unions of all ------------------------------------------ */

/* Room for a handle of any type. */
union uv_any_handle {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
  uv_process_t process;
  uv_tty_t tty;
  uv_signal_t signal;
  uv_timer_t timer;
  uv_idle_t idle;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_async_t async;
};

/* Room for a request of any type. */
union uv_any_req {
  uv_req_t req;
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
  uv_work_t work;
  uv_getaddrinfo_t getaddrinfo;
  uv_getnameinfo_t getnameinfo;
  uv_random_t random;
};

#ifdef __cplusplus
}
#endif

#endif /* UV_H */
