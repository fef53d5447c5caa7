/* The loop's room of the Unix backend: the bits of uv__io_tail.state, the loop's block, who holds
 * which descriptor, what an event means to the lanes of an io, and the functions that a poller is.
 * It knows no kind of stream, no child and no signal: what happens to an io that is no stream's is
 * noted for whoever stands above.
 *
 * Readiness is remembered, not asked for. A poller reports what changed; the bit
 * UV__FD_READABLE keeps it until a read finds nothing more. Arming a lane is therefore a bit
 * in memory and no system call: the pollers either report edges by themselves (epoll,
 * kqueue) or look at the armed lanes each time they wait (poll). */
#ifndef UV__UNIX_LOOP_H_
#define UV__UNIX_LOOP_H_

#include "unix/base/base.h"

/* uv__io_tail.state: the lanes that wait for an event, under their names of enum uv__lane
 * (READ, WRITE, CONNECT, ACCEPT, EVENT, HANGUP), and these. */
enum {
  UV__FD_READABLE = 0x0100, /* a read may find something */
  UV__FD_FULL = 0x0200,     /* the system took less than it was given, and no room was seen since */
  UV__FD_ENDED = 0x0400,    /* the peer sent its last byte, or the connection failed */
  UV__FD_URGENT = 0x0800,   /* reads may stop short of what is there (urgent data) */
  UV__FD_TCP = 0x1000,      /* a TCP socket, in contrast to another stream socket */
  UV__FD_POLLED = 0x2000,   /* the poller knows the descriptor */
  UV__FD_OUT = 0x4000,      /* and reports when there is room to write */
  UV__FD_DEAD = 0x8000,     /* a listener that will never accept again */
  UV__FD_LOCAL = 0x10000,   /* a Unix-domain socket */
  UV__FD_RESTORE = 0x20000, /* was blocking when it was adopted, and shall be again */
  UV__FD_OWN = 0x40000,     /* no handle of the program has it: its events are noted, not rung */
  UV__FD_SHARED = 0x80000,  /* was given: others may have it, and make it block */
  UV__FD_RETOLD = 0x100000, /* what is there to read is told at each wait, not once (epoll.c), */
  UV__FD_EDGES = 0x200000,  /* and no more, since that once told of what nobody wanted */
  UV__FD_FAILED = 0x400000  /* the connection is gone, and not by an end in good order */
};

/* What a poller saw on a descriptor: the bits of the state that it sets, but for UV__SAW_OUT, which clears
 * its own. */
enum {
  UV__SAW_IN = UV__FD_READABLE, /* data, a connection, an end or an error: reading gets somewhere */
  UV__SAW_OUT = UV__FD_FULL,    /* room, or an error: writing gets somewhere */
  UV__SAW_ENDED = UV__FD_ENDED,
  UV__SAW_URGENT = UV__FD_URGENT,
  UV__SAW_FAILED = UV__FD_FAILED
};

struct pollfd;

/* A room above that has something to look at after a wait. Whoever has nothing is in no list, so that a turn
 * asks one list for all. Who begins something brings `look` along, so that who uses nothing of a room has none
 * of its looking linked. */
struct uv__looker {
  struct uv__queue link; /* in poller->lookers */
  /* Those to which something happened of the ios with UV__FD_OWN that have this as their tail.u.more. */
  struct uv__queue noted;
  /* Non-zero: there is something to look at after the next wait, too. */
  int (*look)(struct uv__looker* looker);
};

/* loop->tail.poller. The rooms above have blocks of their own for each loop, which the file on top
 * (backend.c) makes, and of which only their addresses are known here. */
struct uv__poller {
  uv_loop_t* loop;
  unsigned char* claimed; /* a bit for each descriptor that an io of this loop holds */
  size_t claimed_bytes;
  /* The table of poll(2); the other pollers keep theirs in the system, but for what a kqueue does not
   * take. Row 0 is the wake descriptor, row n belongs to the io whose tail.slot is n. */
  struct pollfd* fds;
  struct uv__io** ios;
  unsigned int rows;
  unsigned int capacity;
  struct uv__queue lookers;      /* of struct uv__looker: after the next wait */
  struct uv__stalls* stalls;     /* pipe/pipe.h */
  struct uv__children* children; /* process/process.h */
  int signals; /* atomic: some came for this loop since the last look (system/signal.c) */
};

static inline struct uv__poller* uv__loop_poller(const uv_loop_t* loop) {
  return (struct uv__poller*) loop->tail.poller;
}

/* ---- loop.c ---- */

/* Open what uv__port_wake writes to, and close it; the latter also after a failure. */
int uv__loop_open_wake(uv_loop_t* loop);
void uv__loop_close_wake(uv_loop_t* loop);
/* Empty the wake descriptor, for pollers that report it as long as it is not. */
void uv__loop_drain_wake(uv_loop_t* loop);
/* Note that an io of this loop holds `fd`. UV_EEXIST when one does already; UV_ENOMEM. */
int uv__loop_claim(uv_loop_t* loop, int fd);
void uv__loop_unclaim(uv_loop_t* loop, int fd);
/* UV__EVENT of an io: rings it, or notes it where it is one of our own. */
void uv__loop_tell(struct uv__io* io);
/* Have it look after the next wait, or after this one. */
void uv__loop_want_look(uv_loop_t* loop, struct uv__looker* looker);
/* They look: where there are some. */
void uv__loop_look(uv_loop_t* loop);
/* Take note of what was seen and ring the armed lanes that it concerns. Non-zero when room to write
 * was reported and nobody waited for it. */
int uv__loop_event(struct uv__io* io, unsigned int saw);

/* ---- epoll.c, kqueue.c or poll.c: exactly one of them is compiled ---- */

/* Whether the descriptor of a child (pidfd) can be watched for its end, where there is one. */
extern const int uv__poller_takes_children;
/* Whether it tells of an end or a failure though there are bytes to be read before; of a pipe that can be
 * written to perhaps only where it tells of room, too. */
enum uv__tells {
  UV__TELLS_NO_ENDS,
  UV__TELLS_ENDS,
  UV__TELLS_ENDS_WITH_ROOM
};
extern const enum uv__tells uv__poller_tells_ends;
/* Begin to watch loop->tail.wake_rd; sets loop->tail.backend_fd. */
int uv__poller_start(uv_loop_t* loop);
/* Also after a start that failed. */
void uv__poller_stop(uv_loop_t* loop);
/* In a forked child: let go of what the parent has too, without a change to what it sees. From then
 * on the others work, and find nothing, also when no more of these three is called. */
void uv__poller_leave(uv_loop_t* loop);
/* Then watch the new loop->tail.wake_rd, */
int uv__poller_renew(uv_loop_t* loop);
/* and one by one the ios that were watched before. */
int uv__poller_renew_io(struct uv__io* io);
/* Watch the descriptor of `io` from now on, for room to write too if `out` is not 0. Sets
 * UV__FD_POLLED and, where room is now reported, UV__FD_OUT. */
int uv__poller_add(struct uv__io* io, int out);
/* Report room to write, too. What is there already is reported. Sets UV__FD_OUT. */
int uv__poller_add_out(struct uv__io* io);
/* Of reads that are short for a reason nobody knows: non-zero when the next wait tells of what is left, so
 * that it need not be asked for. */
int uv__poller_retells(struct uv__io* io);
/* Forget the descriptor, which is still open. */
void uv__poller_remove(struct uv__io* io);
/* Wait once and hand what happened to uv__loop_event. UV_EINTR: a signal came first. */
int uv__poller_wait(uv_loop_t* loop, int timeout_ms);
#if !defined(NDEBUG)
/* Whether an io that has UV__FD_POLLED is where the poller would find it. */
int uv__poller_valid(const struct uv__io* io);
#endif

#endif /* UV__UNIX_LOOP_H_ */
