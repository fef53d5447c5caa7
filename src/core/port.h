/* The port: all that the core asks of an operating system, and all that an operating system
 * may do. Whoever writes a backend needs no other file. docs/PORT.md walks through one.
 *
 * A backend is a set of dumb operations on one `struct uv__io` (one stream) and one loop.
 * It never sees a request, a queue or a callback; every rule of order, partial writes,
 * cancellation and life time is the core's. It has more than 350 lines because it is the whole.
 *
 * Start, ring, collect
 *   An operation that can take time is started on a lane. The start returns its result at
 *   once, or UV__PENDING and, later, one ring of that lane: uv__ring(io, lane), which
 *   carries nothing and may be called only from inside uv__port_poll or from inside an
 *   operation on that same io. The core then collects with `done` (or, on READ and ACCEPT,
 *   with read_now and accept_now). Collecting never blocks.
 *
 * Laws (test/port checks each one on every backend)
 *   1. At most one operation per lane is in flight. The core keeps this; a backend may
 *      assert it. (A write that only tries is none: it leaves nothing in flight.)
 *   2. UV__PENDING means exactly one ring, unless read_disarm, write_stop or close answered 0,
 *      which takes the ring back. A ring of a lane that turns out to have nothing, or that nobody
 *      waits for any more (ACCEPT, once per connection), is allowed; ringing again and again
 *      for nothing is not.
 *   3. No operation blocks, waits for a peer, a user or another thread, or sleeps; but for what a disk
 *      takes where bytes of a file are asked for. The two lookups of names, which are called on
 *      threads of the pool, are no operations.
 *   4. Nothing is allocated outside loop_start, open, bind, connect and listen; by the first
 *      operation on a descriptor that turns out to be somebody else's, too; and by the first hangup_arm
 *      and the first write that only tries; and for several descriptors that go, or come, with one write.
 *   5. Bytes that a helper thread or a completed operation took from the system are kept
 *      and handed out by read_now, in order. Nothing is ever lost to a disarm.
 *   6. A native error is translated where it appears; only UV_E* codes get out. An error is
 *      the result of one operation and is not remembered, except by a lane that rang.
 *   7. Writing to a closed peer is an error code, never a signal.
 *   8. After close returned 0, or rang CLOSED, nothing points at the io or at the bytes of
 *      a write. `done` on the WRITE and CONNECT lanes still answers.
 *   9. What comes out of the system and answers no operation of this loop is ignored, counted, and
 *      never looked into: others can have the same descriptors, and be hostile.
 */
#ifndef UV__PORT_H_
#define UV__PORT_H_

#include <limits.h>

#include "core/base/queue.h"
#include "core/base/trace.h"
#include "uv.h"

/* A function that is not for the shortest way: it stays out of its callers, so that theirs is short. */
#if defined(__GNUC__)
#  define UV__APART __attribute__((noinline))
#elif defined(_MSC_VER)
#  define UV__APART __declspec(noinline)
#else
#  define UV__APART
#endif

/* The lanes of a stream; `busy` and `rung` are sets of them. `busy` is the core's: set when
 * a start answers UV__PENDING, cleared when the lane rang. A backend reads it, no more. */
enum uv__lane {
  UV__READ = 1,
  UV__WRITE = 2,
  UV__CONNECT = 4,
  UV__ACCEPT = 8,
  UV__SHUTDOWN = 16,
  UV__CLOSED = 32,
  UV__EVENT = 64, /* of an io that is no stream: what it waits for came (a child's end) */
  UV__HANGUP = 128
};

/* Results that are neither counts nor errors. UV__PENDING lies below every UV_E*. */
enum {
  UV__READY = 0,
  UV__PENDING = INT_MIN
};

/* What a descriptor is, as far as handing it from one handle to another needs to know. */
enum uv__desc_kind {
  UV__DESC_NONE,
  UV__DESC_TCP,  /* a connected or listening TCP socket */
  UV__DESC_PIPE, /* a connected or listening pipe */
  UV__DESC_TTY   /* a terminal; never handed on */
};

/* What `open` found, and what is true of the descriptor now. */
enum uv__opened {
  UV__OPENED_FRESH = 0,    /* neither connected nor listening */
  UV__OPENED_READABLE = 1, /* connected, and can be read from */
  UV__OPENED_WRITABLE = 2, /* connected, and can be written to */
  UV__OPENED_MISSED = 4,   /* alone: it was passed on after a bind that said UV_EADDRINUSE */
  UV__OPENED_ENDLESS = 8,  /* after UV_EOF there may be more: a terminal, a fifo */
  UV__OPENED_STAYS = 16    /* no handle of another process can have it: a file, a device */
};

/* How a write is to behave when the system takes nothing at once. */
enum uv__write_mode {
  UV__QUEUE, /* keep going: UV__PENDING and a ring */
  UV__TRY    /* take what fits now, start nothing: UV_EAGAIN */
};

/* Control of a descriptor that exists. `value` is an in-parameter but for the *BUF ones. */
enum uv__option {
  UV__NODELAY,   /* 0 or 1 */
  UV__KEEPALIVE, /* struct uv__keepalive; idle 0 switches probes off */
  UV__ACCEPTS,   /* int: 0 one accept posted at a time, 1 several (IOCP; others: 0 at once) */
  UV__RESET,     /* no value: the coming close aborts the connection (RST) */
  UV__SNDBUF,    /* int: 0 asks, else sets; bytes */
  UV__RCVBUF,    /* int: likewise */
  UV__INSTANCES, /* int: server instances that listen keeps ready (named pipes; others: 0 at once) */
  UV__CHMOD,     /* int, set of UV_READABLE and UV_WRITABLE: who else may use a bound pipe */
  UV__TTY_MODE,  /* int, enum uv_tty_mode_t; also while a read is armed */
  UV__TTY_SIZE,  /* int[2], out: columns and rows */
  UV__PTY_SIZE,  /* int[2]: the same, to be those of a terminal that is ours to make */
  UV__PTY_OVER,  /* no value: its child has ended; the end comes behind what is there to read */
  UV__PTY_LEAVE, /* no value: of the child's end nobody will tell */
  /* The backend's own, for its room of processes, which knows that of terminals by nothing else: */
  UV__PTY_GIVE,  /* out: what a child is to be started on */
  UV__PTY_CHILD, /* the child that was; no value: it did not come to run */
  UV__PEER       /* struct uvs_peer_s, out, all 0 before: who is at the other end of a pipe */
};

struct uvs_access_s;

/* What a pipe calls an address: bytes, without a terminator. */
struct uv__pipe_name {
  const char* text;
  size_t length;
  int cut; /* 1: a name that does not fit is cut off, 0: it is UV_ENAMETOOLONG */
  /* Of a bind: who may connect, before anybody can; NULL: as it comes. */
  const struct uvs_access_s* access;
};

/* Room for the descriptors that one read brings; `count` is the backend's to set. More than
 * UV__PASSED_MOST with one message is an error of the peer (rule I6). */
enum {
  UV__PASSED_MOST = 64
};

struct uv__passed {
  unsigned count;
  struct uv__desc descs[UV__PASSED_MOST];
};

/* Which end of a connection `name` asks for. */
enum uv__end {
  UV__LOCAL,
  UV__REMOTE
};

/* The operations of one kind of stream. `const`, and chosen when the handle is initialised;
 * `open` may replace io->ops by a sibling table (for a handle the fast path cannot serve).
 * Unless said otherwise an operation returns 0 or a negative UV_E* code. */
struct uv__ops {
  /* Prepare the tail of a fresh io. No descriptor yet; cannot fail. An io that never had a
   * descriptor may be dropped without a close. */
  void (*init)(struct uv__io* io);

  /* Create a descriptor (desc->kind == UV__DESC_NONE; `domain` is AF_INET or AF_INET6), or
   * adopt *desc, which is then the io's, not inheritable and known to the loop's poller. Nothing
   * on it waits: it becomes non-blocking, or stays as it is where that is others' mode, too.
   * Stores what it is now (set of enum uv__opened). UV_EEXIST when another io of this loop has
   * that descriptor. On failure the descriptor stays the caller's and the io is as it was. */
  int (*open)(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened);

  /* Bind to a local address: a struct sockaddr for TCP, whose flags are the uv_tcp_flags, a
   * struct uv__pipe_name for a pipe, which may have no descriptor before. */
  int (*bind)(struct uv__io* io, const void* addr, unsigned flags);

  /* Write the address of one end to *addr, at most *len bytes, and the true length to *len. TCP:
   * a struct sockaddr. Pipe: the text without a terminator; UV_ENOBUFS, with *len set, when it
   * does not fit. */
  int (*name)(struct uv__io* io, enum uv__end end, void* addr, int* len);

  int (*option)(struct uv__io* io, enum uv__option option, void* value);

  /* The native descriptor. UV_EBADF when there is none. */
  int (*fileno)(const struct uv__io* io, uv_os_fd_t* fd);

  /* READ lane. "Tell me once when read_now would get somewhere": data, EOF or an error.
   * UV__READY: now. UV__PENDING: by a ring. Takes no bytes. */
  int (*read_arm)(struct uv__io* io);

  /* Take the question back. 0: no ring comes. UV__PENDING: it still comes, when there is
   * something or the stream is closed, and no sooner. */
  int (*read_disarm)(struct uv__io* io);

  /* Read at most `len` (> 0) bytes: the count, UV_EOF (never 0), UV_EAGAIN, or an error.
   * Descriptors that came with the first of these bytes are put in *passed and belong to the
   * caller, also with a result of 0, which means descriptors without bytes. `passed` is NULL
   * on kinds that carry none. */
  ssize_t (*read_now)(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);

  /* WRITE lane. Take any prefix, at least one byte, of `nbufs` (> 0) buffers whose lengths
   * are not 0, and INT_MAX at most together: the count; UV__PENDING (UV__QUEUE only); UV_EAGAIN; or an
   * error. Of UV__QUEUE UV_EAGAIN means that the system is short of something of whose return no event
   * tells, so that no ring comes and the core asks again a little later.
   * The array may go after the call; the bytes stay until the ring or the close. `pass`, where not NULL,
   * is a list of UV__PASSED_MOST at most with a NULL at its end, which go to the peer with the first of
   * these bytes, all of them or none; a result of at least 1, at once or of done, means that they went.
   * The list may go after the call, too. A port may answer UV_EAGAIN to any UV__TRY of more than one.
   *
   * The last write of an io is a UV__TRY with UV__CLOSED in `busy`; another one may follow when all
   * was taken, and then the close. It is the only one that may come while a write is in flight, whose
   * bytes lead the buffers then. A port that has copies of these may append copies of the rest, as far
   * as it has room, and deliver them all without anybody waiting for them: it answers how much it has
   * of the buffers, those in flight included. A port that waits for the system to take the first of
   * them may try again. Others answer UV_EAGAIN. A count means that nothing is in flight any more: no
   * ring of the lane comes, and nobody asks `done`. */
  ssize_t (*write)(struct uv__io* io,
                   const uv_buf_t* bufs,
                   unsigned nbufs,
                   enum uv__write_mode mode,
                   struct uv__io* const* pass);

  /* WRITE lane, while a write is in flight. Take along what is written behind it: any prefix of `nbufs`
   * (> 0) buffers, some of which may be empty; the count, 0 for nothing. `ahead` is how many bytes are
   * queued before these, those in flight among them: a port that does not have all of them takes nothing.
   * `done` answers for all of it together. NULL where what follows waits, as it does where the system has
   * the program's own bytes. */
  size_t (*write_more)(struct uv__io* io, size_t ahead, const uv_buf_t* bufs, unsigned nbufs);

  /* Take back a write in flight, as if it had not been started. 0: no ring comes, and nothing of it
   * was taken. An error: it goes on. NULL where no write can be taken back. */
  int (*write_stop)(struct uv__io* io);

  /* CONNECT lane. 0: connected now; of a pipe that goes one way only, UV__OPENED_READABLE or
   * UV__OPENED_WRITABLE. The address is as in bind, and may go after the call. */
  int (*connect)(struct uv__io* io, const void* addr);

  /* SHUTDOWN lane. Close the outgoing side. 0: done now. */
  int (*shutdown)(struct uv__io* io);

  /* Begin to listen, or change the backlog of a listener. */
  int (*listen)(struct uv__io* io, int backlog);

  /* Take the oldest connection into *desc, the caller's from then on. UV_EAGAIN: none; the
   * ACCEPT lane rings when there is one. UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM: resources are
   * short, the connection waits in the system, no ring comes, and the core asks again
   * later. UV_ECONNABORTED: its client gave it up meanwhile. After this and any other error, which
   * the program is told, the core asks for the next one. */
  int (*accept_now)(struct uv__io* io, struct uv__desc* desc);

  /* After a ring of WRITE, CONNECT or SHUTDOWN: what the start would have returned. WRITE may answer 0:
   * nothing was taken, start again. After the close of an io whose lane was busy: what it really did, or
   * UV_ECANCELED. */
  ssize_t (*done)(struct uv__io* io, enum uv__lane lane);

  /* CLOSED lane. End every lane and give back the descriptor, if there is one. Called once, at any
   * time after init. It is not pending for what was opened, and neither bound nor asked to connect or to
   * listen. Nobody gets through from the call on, also where it answers UV__PENDING: a listener takes no
   * connection and its address is free for the next one, and unless somebody
   * else holds the descriptor, too, the peer of a connection hears the end, behind all that was
   * written. */
  int (*close)(struct uv__io* io);

  /* For uv__port_beyond, as the backend likes. */
  unsigned beyond;

  /* Not 0: read_arm asks nobody and cannot fail, so that it is called where reading starts, and no turn is
   * taken for it. */
  unsigned arms_at_once;
};

/* What uvstream.h alone asks of a stream, NULL where there is no such thing. It is not in the table above,
 * which every program has, so that only who asks for it has it linked. */
struct uv__beyond_ops {
  /* HANGUP lane, of a connected io. "Tell me once when the peer has ended what it sends, or the
   * connection is gone", whatever there is to be read before. Takes nothing. UV_EOF, or an error, which
   * is UV_ECONNRESET for a reset (UV_EPIPE: nobody reads from what can only be written to): it is so now.
   * UV__PENDING: by a ring; a question that nobody waits for any more is left open. UV_EAGAIN: not yet,
   * the system will not tell, and the core asks again a little later. NULL where there is no such thing.
   * This is the one operation that may allocate when it is first asked for. */
  int (*hangup_arm)(struct uv__io* io);

  /* After its ring: what hangup_arm would have returned; 0: nothing has happened, ask again. */
  int (*hangup_done)(struct uv__io* io);

  /* WRITE lane, as UV__QUEUE. Take some of the `len` (> 0) bytes of a file from `offset` on, straight from
   * it: the count, UV__PENDING, UV_EAGAIN, or an error, as of a write; UV_EOF: the file has nothing there.
   * It may wait for a disk, and `len` says for how much. UV_ENOTSUP: not now, UV_ENOSYS: none of this
   * file; the core then reads and writes it. NULL where that is all that can be done. The file stays open
   * until the ring or the close. */
  ssize_t (*send_file)(struct uv__io* io, uv_file file, uint64_t offset, size_t len);

  /* `to`, which is as init left it and of the same loop, becomes what `from` is, and `from` as init left
   * it. No lane of either is busy, and neither listens. On failure `from` has its descriptor, and can only be
   * closed, which is not pending then. NULL but for TCP. */
  int (*move)(struct uv__io* to, struct uv__io* from);

  /* For another loop: an io that is connected, and of whose lanes READ and HANGUP alone may be busy, leaves its
   * own, with its descriptor and all that was read of it and not handed out. 0: now. UV__PENDING: by a
   * ring of CLOSED, and it cannot fail any more. UV_EBUSY: something of it is with the system that is not to
   * be ended. UV_ENOTCONN: it has no descriptor any more. Nothing rings afterwards, or points at the io, whose
   * `ops` and `tail` may lie elsewhere from then on, and whose `loop` is NULL. Only the next, and close, may
   * follow: any thread, and close is never pending then. NULL where there is no leaving. */
  int (*leave)(struct uv__io* io);

  /* What left has got another `loop`, on whose thread this is called, and goes on there. On failure it is
   * as before. */
  int (*join)(struct uv__io* io);
};

/* That of this io, whatever its `ops` are by now; all NULL where it has none. */
const struct uv__beyond_ops* uv__port_beyond(const struct uv__io* io);

/* The kinds a backend serves. An IPC pipe is a kind of its own: read_now and write carry
 * descriptors, and a write with `pass` takes the descriptors with its first byte or nothing. */
extern const struct uv__ops uv__tcp_ops;
extern const struct uv__ops uv__pipe_ops;
extern const struct uv__ops uv__ipc_ops;
extern const struct uv__ops uv__tty_ops;
/* The master's side of a terminal that this process makes. `open` makes it, with desc->kind UV__DESC_NONE:
 * UV_ENOTSUP where the system has none. A child is started on it, once; its end comes with the child's,
 * when all that was written to the terminal has been read. `close` hangs up. */
extern const struct uv__ops uv__pty_ops;

/* A native socket as a struct uv__desc of kind UV__DESC_TCP; looks at nothing. */
struct uv__desc uv__port_desc(uv_os_sock_t sock);

/* The descriptor behind `file` (Windows: of the C run-time library) as a struct uv__desc of kind
 * UV__DESC_PIPE. UV_EBADF. On success it is the caller's as that. */
int uv__port_pipe_desc(uv_file file, struct uv__desc* desc);

/* The same for a terminal: kind UV__DESC_TTY. What `open` makes of it may be a new descriptor of
 * the same terminal. The caller keeps `file` in any case. UV_EINVAL when it is no terminal. */
int uv__port_tty_desc(uv_file file, struct uv__desc* desc);

/* Read at most `len` (> 0) bytes of a file from `offset` on: the count, UV_EOF, or an error, also for what
 * has no places to read at. It may wait for a disk. */
ssize_t uv__port_file_read(uv_file file, uint64_t offset, char* base, size_t len);

/* Give back a descriptor that no io has. Sets its kind to UV__DESC_NONE. */
void uv__port_discard(struct uv__desc* desc);

/* Prepare and release loop->tail. start leaves nothing behind when it fails. */
int uv__port_start(uv_loop_t* loop);
void uv__port_stop(uv_loop_t* loop);

/* Wait until something happened or `timeout_ms` passed (0: only look; -1: no limit), and
 * ring the lanes concerned. May return early, and with nothing. */
void uv__port_poll(uv_loop_t* loop, int timeout_ms);

/* Make a uv__port_poll that waits, or the next one, return. From any thread and from a signal
 * handler; calls may merge; cannot fail for lack of resources. */
void uv__port_wake(uv_loop_t* loop);

/* Milliseconds of a clock that never goes back: the only clock of the loop. */
uint64_t uv__port_now(const uv_loop_t* loop);

/* For uv_backend_fd: what another loop can wait on, or -1. It tells of all that ends a uv__port_poll that
 * waits; what the system does not tell of is for uv__port_limit. */
int uv__port_backend_fd(const uv_loop_t* loop);

/* How long a wait of `timeout_ms` may be at most, so that what the backend looks at by itself every now and
 * then is not late: for those who wait elsewhere. uv__port_poll keeps to it without being told. */
int uv__port_limit(const uv_loop_t* loop, int timeout_ms);

/* The zone index behind the '%' of an IPv6 address; 0 when there is no such interface. */
unsigned uv__port_zone(const char* name);

/* ---- Processes ---- */

/* One descriptor of a child. */
struct uv__child_stdio {
  enum {
    UV__CHILD_NONE,   /* 0-2: the null device; beyond: closed */
    UV__CHILD_PIPE,   /* create a pair; the parent's end goes to `parent` */
    UV__CHILD_FD,     /* the parent's `fd` (Windows: of the C run-time library) */
    UV__CHILD_HANDLE, /* the parent's `handle`, of a stream that stays the parent's */
    UV__CHILD_PTY /* all three rows, and no more: the terminal of which `master` is the other side,
                         and which becomes that of the child's session */
  } how;
  unsigned flags; /* of enum uv_stdio_flags: how a created pipe looks to the child */
  int ipc;        /* a created pipe will carry handles */
  int fd;
  uv_os_fd_t handle;
  enum uv__desc_kind kind; /* of `handle` */
  struct uv__io* io;       /* of its stream */
  struct uv__desc parent;  /* out */
  struct uv__io* master;   /* open, with uv__pty_ops */
};

/* Start a child and have `io` ring UV__EVENT once when it is gone. `io` is fresh, its ops are
 * NULL. stdio has at least three rows. On failure nothing is left behind. */
int uv__port_spawn(struct uv__io* io,
                   const uv_process_options_t* options,
                   struct uv__child_stdio* stdio,
                   int stdio_count,
                   int* pid);

/* After the ring: how it ended. */
void uv__port_child_status(struct uv__io* io, int64_t* exit_status, int* term_signal);

/* Signal the child of `io`, which has not rung. */
int uv__port_child_kill(struct uv__io* io, int signum);

/* No more interest in the child; it goes on. Nothing rings and nothing points at io afterwards.
 * Also right for an io whose spawn failed. 0, or UV__PENDING and later a ring of CLOSED. */
int uv__port_child_close(struct uv__io* io);

/* Fill `len` bytes with randomness good enough for keys. May block, once, until the system has
 * any. Any thread. */
int uv__port_random(void* buf, size_t len);

/* Release what the backend holds for the process; it may be used again afterwards. */
void uv__port_shutdown(void);

/* ---- Processes, signals, names: what only some systems have ---- */

/* Have the three functions run around every fork() of the process: before it, after it in the
 * parent, and after it in the child, all on the thread that forks. Nothing to do where no
 * process can be forked. */
int uv__port_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));

/* In a forked child: let go of what loop->tail shares with the parent and make it anew, without
 * a change to what the parent sees. UV_ENOSYS where no process can be forked. The core then
 * calls uv__port_fork_io for each stream of the loop. After a failure the loop and its streams can
 * be closed, and no more. */
int uv__port_fork(uv_loop_t* loop);
int uv__port_fork_io(struct uv__io* io);

/* Block a signal during uv__port_poll. UV_EINVAL, UV_ENOSYS. */
int uv__port_block_signal(uv_loop_t* loop, int signum);

/* getaddrinfo and getnameinfo. They take their time, on any thread. Errors are UV_EAI_*, or UV_E*
 * where the system itself failed. `hints` is never NULL. uv_freeaddrinfo, which frees
 * *result, belongs to the backend too. */
int uv__port_getaddrinfo(const char* node,
                         const char* service,
                         const struct addrinfo* hints,
                         struct addrinfo** result);
int uv__port_getnameinfo(const struct sockaddr* addr,
                         int flags,
                         char* host,
                         size_t host_size,
                         char* service,
                         size_t service_size);

/* ---- Signals ---- */

/* Watch a signal for one uv_signal_t, which is not being watched for: `io` is its io, `watcher`
 * its link and `caught` its counter, which the port uses as it likes and which stay in place
 * until stop. Each signal rings UV__EVENT; rings may merge, the counter does not. */
int uv__port_signal_start(struct uv__io* io,
                          struct uv__queue* watcher,
                          unsigned* caught,
                          int signum);

/* How many signals came since the last call; sets the counter to 0. */
unsigned uv__port_signal_take(struct uv__io* io, unsigned* caught);

/* Nothing rings and nothing points at the three afterwards. */
void uv__port_signal_stop(struct uv__io* io, struct uv__queue* watcher, int signum);

/* Private to the core: where an io is linked, io->waiting. */
enum uv__waits {
  UV__WAITS_NOT,
  UV__WAITS_READY,  /* in loop->ready: for its turn */
  UV__WAITS_LATER,  /* in loop->later: for one in the loop's next turn */
  UV__WAITS_STARVED /* in loop->starved: for resources */
};

static inline void uv__io_wants_turn(struct uv__io* io) {
  if (io->waiting == UV__WAITS_READY)
    return;
  uv__queue_remove(&io->link);
  io->waiting = UV__WAITS_READY;
  uv__queue_insert_tail(&io->loop->ready, &io->link);
}

/* The up-call: a lane that was pending has a result. */
static inline void uv__ring(struct uv__io* io, enum uv__lane lane) {
  io->rung |= (unsigned char) lane;
  io->loop->rings++;
  uv__trace(io, UV__TRACE_RING, lane, 0);
  uv__io_wants_turn(io);
}

#endif /* UV__PORT_H_ */
