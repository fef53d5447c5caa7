/* What the files of the Unix backend share: the bits of uv__io_tail.state, the loop's block,
 * and the functions that a poller is. Kind files (fd, tcp) use only what is declared
 * here and know nothing of each other's insides.
 *
 * Readiness is remembered, not asked for. A poller reports what changed; the bit
 * UV__FD_READABLE keeps it until a read finds nothing more. Arming a lane is therefore a bit
 * in memory and no system call: the pollers either report edges by themselves (epoll,
 * kqueue) or look at the armed lanes each time they wait (poll). */
#ifndef UV__UNIX_INTERNAL_H_
#define UV__UNIX_INTERNAL_H_

/* accept4 and EPOLLRDHUP are hidden without it. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif

#include <errno.h>
#include <sys/types.h>

#include "core/port.h"
#include "uv.h"

/* uv__io_tail.state: the lanes that wait for an event, under their names of enum uv__lane
 * (READ, WRITE, CONNECT, ACCEPT), and these. */
enum {
  UV__FD_READABLE = 0x0100, /* a read may find something */
  UV__FD_FULL = 0x0200,     /* the system took less than it was given, and no room was seen since */
  UV__FD_ENDED = 0x0400,    /* the peer sent its last byte, or the connection failed */
  UV__FD_URGENT = 0x0800,   /* reads may stop short of what is there (urgent data) */
  UV__FD_TCP = 0x1000,      /* a TCP socket, in contrast to another stream socket */
  UV__FD_POLLED = 0x2000,   /* the poller knows the descriptor */
  UV__FD_OUT = 0x4000,      /* and reports when there is room to write */
  UV__FD_DEAD = 0x8000      /* a listener that will never accept again */
};

/* uv__desc.known: what need not be asked of a descriptor that accept_now made. It is
 * non-blocking and not inherited; its peer may be gone already, so that asking the system
 * whether it is connected would give the wrong answer. */
enum {
  UV__KNOWN_ACCEPTED = 1,
  UV__KNOWN_TCP = 2
};

/* What a poller saw on a descriptor. */
enum {
  UV__SAW_IN = 1,    /* data, a connection, an end or an error: reading gets somewhere */
  UV__SAW_OUT = 2,   /* room, or an error: writing gets somewhere */
  UV__SAW_ENDED = 4, /* see UV__FD_ENDED */
  UV__SAW_URGENT = 8 /* see UV__FD_URGENT */
};

struct pollfd;

/* loop->tail.poller. */
struct uv__poller {
  unsigned char* claimed; /* a bit for each descriptor that an io of this loop holds */
  size_t claimed_bytes;
  /* The table of poll(2); the other pollers keep theirs in the system. Row 0 is the wake
   * descriptor, row n belongs to the io whose tail.slot is n. */
  struct pollfd* fds;
  struct uv__io** ios;
  unsigned int rows;
  unsigned int capacity;
};

/* ---- loop.c ---- */

/* Note that an io of this loop holds `fd`. UV_EEXIST when one does already; UV_ENOMEM. */
int uv__loop_claim(uv_loop_t* loop, int fd);
void uv__loop_unclaim(uv_loop_t* loop, int fd);
/* Take note of what was seen and ring the armed lanes that it concerns. Non-zero when the
 * poller need no longer report room to write. */
int uv__loop_event(struct uv__io* io, unsigned int saw);
/* Empty the wake descriptor, for pollers that report it as long as it is not. */
void uv__loop_drain_wake(uv_loop_t* loop);

/* ---- epoll.c, kqueue.c or poll.c: exactly one of them is compiled ---- */

/* Begin to watch loop->tail.wake_rd; sets loop->tail.backend_fd. */
int uv__poller_start(uv_loop_t* loop);
/* Also after a start that failed. */
void uv__poller_stop(uv_loop_t* loop);
/* Watch the descriptor of `io` from now on, for room to write too if `out` is not 0. Sets
 * UV__FD_POLLED and, where room is now reported, UV__FD_OUT. */
int uv__poller_add(struct uv__io* io, int out);
/* Report room to write, too. What is there already is reported. Sets UV__FD_OUT. */
int uv__poller_add_out(struct uv__io* io);
/* Forget the descriptor, which is still open. */
void uv__poller_remove(struct uv__io* io);
/* Wait once and hand what happened to uv__loop_event. UV_EINTR: a signal came first. */
int uv__poller_wait(uv_loop_t* loop, int timeout_ms);

/* ---- fd.c: the operations that are the same for every kind of descriptor ---- */

/* Make a descriptor non-blocking and not inherited. */
int uv__fd_prepare(int fd);
/* Make `fd` the io's, which has none. UV_EEXIST when it is another's of the loop; UV_ENOMEM. */
int uv__fd_attach(struct uv__io* io, int fd, unsigned int state);
/* The reverse: the poller and the loop forget the descriptor, the caller has it. */
void uv__fd_detach(struct uv__io* io);
/* Close without looking back: after EINTR the number may be somebody else's already. */
void uv__fd_discard(int fd);
void uv__fd_init(struct uv__io* io);
int uv__fd_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__fd_read_arm(struct uv__io* io);
int uv__fd_read_disarm(struct uv__io* io);
ssize_t uv__fd_read_now(struct uv__io* io, char* base, size_t len, struct uv__desc* passed);
ssize_t uv__fd_write(struct uv__io* io,
                     const uv_buf_t* bufs,
                     unsigned nbufs,
                     enum uv__write_mode mode,
                     struct uv__io* pass);
ssize_t uv__fd_done(struct uv__io* io, enum uv__lane lane);
int uv__fd_close(struct uv__io* io);

#endif /* UV__UNIX_INTERNAL_H_ */
