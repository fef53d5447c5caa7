/* The port: all that the core asks of an operating system, and all that an operating system
 * may do. Whoever writes a backend needs no other file. docs/PORT.md walks through one.
 *
 * A backend is a set of dumb operations on one `struct uv__io` (one stream) and one loop.
 * It never sees a request, a queue or a callback; every rule of order, partial writes,
 * cancellation and life time is the core's.
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
 *      assert it.
 *   2. UV__PENDING means exactly one ring, unless read_disarm or close answered 0, which
 *      takes the ring back. A ring of a lane that turns out to have nothing, or that nobody
 *      waits for any more (ACCEPT, once per connection), is allowed; ringing again and again
 *      for nothing is not.
 *   3. No operation blocks, waits for a peer, a user or another thread, or sleeps.
 *   4. Nothing is allocated outside loop_start, open, bind, connect and listen.
 *   5. Bytes that a helper thread or a completed operation took from the system are kept
 *      and handed out by read_now, in order. Nothing is ever lost to a disarm.
 *   6. A native error is translated where it appears; only UV_E* codes get out. An error is
 *      the result of one operation and is not remembered, except by a lane that rang.
 *   7. Writing to a closed peer is an error code, never a signal.
 *   8. After close returned 0, or rang CLOSED, nothing points at the io or at the bytes of
 *      a write. `done` on the WRITE and CONNECT lanes still answers.
 */
#ifndef UV__PORT_H_
#define UV__PORT_H_

#include <limits.h>

#include "queue.h"
#include "uv.h"

/* The lanes of a stream; `busy` and `rung` are sets of them. `busy` is the core's: set when
 * a start answers UV__PENDING, cleared when the lane rang. A backend reads it, no more. */
enum uv__lane {
  UV__READ = 1,
  UV__WRITE = 2,
  UV__CONNECT = 4,
  UV__ACCEPT = 8,
  UV__SHUTDOWN = 16,
  UV__CLOSED = 32
};

/* Results that are neither counts nor errors. UV__PENDING lies below every UV_E*. */
enum {
  UV__READY = 0,
  UV__PENDING = INT_MIN
};

/* What a descriptor is, as far as handing it from one handle to another needs to know. */
enum uv__desc_kind {
  UV__DESC_NONE,
  UV__DESC_TCP, /* a connected or listening TCP socket */
  UV__DESC_PIPE /* a connected or listening pipe */
};

/* What `open` found, and what is true of the descriptor now. */
enum uv__opened {
  UV__OPENED_FRESH = 0,    /* neither connected nor listening */
  UV__OPENED_READABLE = 1, /* connected, and can be read from */
  UV__OPENED_WRITABLE = 2  /* connected, and can be written to */
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
  UV__RCVBUF     /* int: likewise */
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
   * adopt *desc, which is then the io's, and make it non-blocking, not inheritable and known
   * to the loop's poller. Stores what it is now (set of enum uv__opened). UV_EEXIST when
   * another io of this loop has that descriptor. On failure the descriptor stays the
   * caller's and the io is as it was. */
  int (*open)(struct uv__io* io, int domain, const struct uv__desc* desc, unsigned* opened);

  /* Bind to a local address; flags are the uv_tcp_flags. */
  int (*bind)(struct uv__io* io, const struct sockaddr* addr, unsigned flags);

  /* Write the address of one end to *addr, at most *len bytes, and the true length to *len. */
  int (*name)(struct uv__io* io, enum uv__end end, struct sockaddr* addr, int* len);

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
   * A descriptor that came with the first of these bytes is put in *passed (else
   * UV__DESC_NONE) and belongs to the caller. `passed` is NULL on kinds that carry none. */
  ssize_t (*read_now)(struct uv__io* io, char* base, size_t len, struct uv__desc* passed);

  /* WRITE lane. Take any prefix, at least one byte, of `nbufs` (> 0) buffers whose lengths
   * are not 0: the count; UV__PENDING (UV__QUEUE only); UV_EAGAIN (UV__TRY only); or an error.
   * The array may go after the call; the bytes stay until the ring or the close. `pass`,
   * where not NULL, goes to the peer with the first of these bytes. */
  ssize_t (*write)(struct uv__io* io,
                   const uv_buf_t* bufs,
                   unsigned nbufs,
                   enum uv__write_mode mode,
                   struct uv__io* pass);

  /* CONNECT lane. 0: connected now. */
  int (*connect)(struct uv__io* io, const struct sockaddr* addr);

  /* SHUTDOWN lane. Close the outgoing side. 0: done now. */
  int (*shutdown)(struct uv__io* io);

  /* Begin to listen, or change the backlog of a listener. */
  int (*listen)(struct uv__io* io, int backlog);

  /* Take the oldest connection into *desc, the caller's from then on. UV_EAGAIN: none; the
   * ACCEPT lane rings when there is one. UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM: resources are
   * short, the connection waits in the system, no ring comes, and the core asks again
   * later. Any other error concerns that one connection, which is gone. */
  int (*accept_now)(struct uv__io* io, struct uv__desc* desc);

  /* After a ring of WRITE, CONNECT or SHUTDOWN: what the start would have returned. WRITE
   * may answer 0: nothing was taken, start again. After the close of an io whose lane was
   * busy: what it really did, or UV_ECANCELED. */
  ssize_t (*done)(struct uv__io* io, enum uv__lane lane);

  /* CLOSED lane. End every lane and give back the descriptor, if there is one. Called once,
   * at any time after init. */
  int (*close)(struct uv__io* io);
};

/* The kinds a backend serves. */
extern const struct uv__ops uv__tcp_ops;

/* A native socket as a struct uv__desc of kind UV__DESC_TCP; looks at nothing. */
struct uv__desc uv__port_desc(uv_os_sock_t sock);

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

/* For uv_backend_fd: what another loop can wait on, or -1. */
int uv__port_backend_fd(const uv_loop_t* loop);

/* The zone index behind the '%' of an IPv6 address; 0 when there is no such interface. */
unsigned uv__port_zone(const char* name);

/* The up-call: a lane that was pending has a result. */
static inline void uv__ring(struct uv__io* io, enum uv__lane lane) {
  io->rung |= (unsigned char) lane;
  if (!io->waiting) {
    io->waiting = 1;
    uv__queue_insert_tail(&io->loop->ready, &io->link);
  }
}

#endif /* UV__PORT_H_ */
