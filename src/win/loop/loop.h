/* The loop as the kinds see it: operations and their packets, which of them are believed, posting, what
 * is tried again, and who is on the port. Knows that a stream has a descriptor and two operations, and of no kind how it
 * uses them. */
#ifndef UV__WIN_LOOP_H_
#define UV__WIN_LOOP_H_

#include "win/handle/handle.h"

/* tail.state of a stream: a set of these, and of those that its kind adds (tcp.h, end.h). */
enum {
  UV__WIN_IN = 1,         /* tail.in belongs to the kernel: its packet was not dequeued */
  UV__WIN_OUT = 2,        /* the same for tail.out */
  UV__WIN_SOCKET = 4,     /* tail.u is a socket */
  UV__WIN_BOUND = 8,      /* has a local address */
  UV__WIN_ATTACHED = 16,  /* the file object is on the loop's port (attach.c) */
  UV__WIN_OUTSIDE = 32,   /* others may have the file object: it came from them, or went there */
  UV__WIN_CLOSING = 64,   /* close was called: packets are counted out, nothing else */
  UV__WIN_FOREIGN = 32768 /* the file object is others', too, or on their port (foreign.c) */
};

/* What ops->beyond is of each kind: the row of uv__port_beyond. */
enum uv__win_beyond {
  UV__WIN_NO_BEYOND,
  UV__WIN_BEYOND_TCP,
  UV__WIN_BEYOND_EARLY, /* TCP, whose connect the program has begun */
  UV__WIN_BEYOND_LOCAL, /* a Unix-domain socket */
  UV__WIN_BEYOND_PIPE,
  UV__WIN_BEYOND_IPC
};

/* Completion keys. They tell what the loop posted from what comes of file objects, and no more: an
 * operation is found by its OVERLAPPED and a stream by its operation, since a handle may come with
 * the key of the one it was made from. */
enum {
  UV__LOOP_KEY_FILE = 0,
  UV__LOOP_KEY_POST = 1
};

static inline struct uv__op* uv__win_op(OVERLAPPED* overlapped) {
  return uv__container_of(overlapped, struct uv__op, overlapped);
}

static inline struct uv__io* uv__win_io_of_in(struct uv__op* op) {
  return uv__container_of(op, struct uv__io, tail.in);
}

static inline struct uv__io* uv__win_io_of_out(struct uv__op* op) {
  return uv__container_of(op, struct uv__io, tail.out);
}

/* A third operation of a stream, for whoever makes one (tail.watch). */
struct uv__watch {
  struct uv__op op;
  struct uv__io* io;
  int flies; /* the kernel has it */
  int found; /* what it found: 0 or a result of the HANGUP lane */
};

static inline int uv__win_watch_flies(const struct uv__io* io) {
  return io->tail.watch != NULL && io->tail.watch->flies;
}

static inline void uv__win_set(struct uv__io* io, unsigned bits) {
  io->tail.state = (unsigned short) (io->tail.state | bits);
}

static inline void uv__win_clear(struct uv__io* io, unsigned bits) {
  io->tail.state = (unsigned short) (io->tail.state & ~bits);
}

/* ---- Invariants: for assert, at the head of each packet and the end of each operation ---- */

/* Whether a packet may be this operation's: `flag`, its bit in the state, says that the kernel had
 * it. `complete` is who asks. */
static inline int uv__win_op_valid(const struct uv__io* io,
                                   const struct uv__op* op,
                                   unsigned flag,
                                   void (*complete)(struct uv__op* op)) {
  return op->complete == complete && (io->tail.state & flag) == flag &&
         (flag != UV__WIN_IN || op == &io->tail.in) && (flag != UV__WIN_OUT || op == &io->tail.out);
}

/* Whether what a stream has fits together (loop.c). */
int uv__win_io_valid(const struct uv__io* io);

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

/* ---- loop.c ---- */

/* The one call of the loop that a test must be able to fail: no test can use up the kernel's memory
 * for one process only. */
extern BOOL(WINAPI* uv__loop_post_packet)(HANDLE, DWORD, ULONG_PTR, LPOVERLAPPED);

/* The loop's own part of loop->tail. */
int uv__loop_start(uv_loop_t* loop);
void uv__loop_stop(uv_loop_t* loop);

/* Waits for packets, no longer than until something is to be tried again, and completes their
 * operations. */
void uv__loop_complete(uv_loop_t* loop, int timeout_ms);

/* What a wait for the port elsewhere may last at most. */
int uv__loop_limit(const uv_loop_t* loop, int timeout_ms);

enum {
  UV__LOOP_OPERATIONS = 2 /* of a stream: tail.in and tail.out */
};

/* A stream got its descriptor, tail.u.handle, and may have operations; it gives it up. */
int uv__loop_link(struct uv__io* io);
void uv__loop_unlink(struct uv__io* io);

/* Have the loop complete `op`, from any thread. Cannot fail: without memory for a packet
 * it takes up to a second. For what a helper thread or a registered wait found out. */
void uv__loop_post(uv_loop_t* loop, struct uv__op* op);

/* ---- expect.c ---- */

int uv__expect_start(uv_loop_t* loop);
void uv__expect_stop(uv_loop_t* loop);
/* So many more operations can be in the kernel; and no more. UV_ENOMEM. */
int uv__expect_reserve(uv_loop_t* loop, size_t count);
void uv__expect_release(uv_loop_t* loop, size_t count);
/* The kernel has the operation, and a packet of it will come out of the port. */
void uv__expect(uv_loop_t* loop, struct uv__op* op);
/* The operation of a packet that came out, or NULL: it is not ours. */
struct uv__op* uv__expect_meet(uv_loop_t* loop, OVERLAPPED* overlapped);
/* How many were not. */
size_t uv__expect_strays(const uv_loop_t* loop);
int uv__expect_valid(const uv_loop_t* loop);

/* ---- attach.c ---- */

/* Puts a handle on the port. UV_EINVAL: it is on one. */
int uv__attach_handle(uv_loop_t* loop, HANDLE handle);
/* Decides, before its first operation, whether an io becomes UV__WIN_ATTACHED, or UV__WIN_FOREIGN with
 * a pair. For the second others have the file object, too, or not. */
struct uv__foreign_pair;
int uv__attach(struct uv__io* io, struct uv__foreign_pair** pair);
int uv__attach_as(struct uv__io* io, int shared, struct uv__foreign_pair** pair);
/* Others get the file object, too: takes it off the port where that is possible, and has it decided
 * anew. */
void uv__attach_undo(struct uv__io* io);
/* The io leaves its loop, of whose operations none is its any more: it comes off the port where that is
 * possible. uv__loop_link has it join the next. */
void uv__attach_leave(struct uv__io* io);

/* ---- exact.c ---- */

int uv__exact_start(uv_loop_t* loop);
void uv__exact_stop(uv_loop_t* loop);
/* 0: there are only ticks here. */
int uv__exact_exists(const uv_loop_t* loop);
/* Has a packet come out of the port when it is `due` by uv__port_now, or before. 0: it could not be
 * done. */
int uv__exact_set(uv_loop_t* loop, uint64_t due);
/* Whether a packet is that one; and that it came, for who does not complete it. */
int uv__exact_is_of(const uv_loop_t* loop, const OVERLAPPED* overlapped);
void uv__exact_came(uv_loop_t* loop);

/* ---- retry.c ---- */

/* What must be tried again every few milliseconds because the system does not tell
 * when. The loop calls `again` in each turn until it is taken off the list; `again` may
 * take off itself, no other. */
struct uv__retry {
  void (*again)(struct uv__retry* retry);
  struct uv__retry* next;
  struct uv__retry** at; /* NULL: not on the list */
};
void uv__retry_begin(uv_loop_t* loop, struct uv__retry* retry);
void uv__retry_end(uv_loop_t* loop, struct uv__retry* retry);
/* Tries all, when it is time. */
void uv__retry_run(uv_loop_t* loop);
/* A wait that lasts no longer than until then. */
int uv__retry_limit(const uv_loop_t* loop, int timeout_ms);
/* Whether the loop's list is one. */
int uv__retry_valid(const uv_loop_t* loop);

/* ---- foreign.c ---- */

/* The two operations of an io with UV__WIN_FOREIGN. */
struct uv__foreign {
  uv_loop_t* loop;
  struct uv__op* op;
  HANDLE event;
  HANDLE wait;
  volatile LONG flies; /* `op` did not end in its call, and was not posted yet */
};
struct uv__foreign_pair {
  struct uv__foreign in;
  struct uv__foreign out;
  unsigned looks; /* how often it will be looked whether the file object is still shared */
  void* more;     /* what tail.more would be, if this were not there */
  void* block;    /* of the kind: what it needs where others have the file object, too */
};
int uv__foreign_begin(struct uv__io* io, struct uv__foreign_pair** made);
void uv__foreign_end(struct uv__foreign_pair* pair);
/* Before an operation: whether the others have gone. Then the pair has, too, and it is to be decided
 * anew. */
int uv__foreign_leave(struct uv__io* io, struct uv__foreign_pair* pair);
/* Have it serve another operation. */
void uv__foreign_aim(struct uv__foreign* foreign, struct uv__op* op);
/* Its operation is pending: have it posted when it is over. */
void uv__foreign_began(struct uv__foreign* foreign);

/* What began, and did not end in its call, will end in a packet: from the port, or from the pair of an io
 * with UV__WIN_FOREIGN. */
static inline void uv__win_began(struct uv__io* io, unsigned flag, struct uv__foreign_pair* pair) {
  uv__win_set(io, flag);
  if (io->tail.state & UV__WIN_FOREIGN)
    uv__foreign_began(flag == UV__WIN_IN ? &pair->in : &pair->out);
  else
    uv__expect(io->loop, flag == UV__WIN_IN ? &io->tail.in : &io->tail.out);
}

/* ---- late.c ---- */

/* In a block of a kind's, with an operation that goes on without a stream. */
struct uv__late {
  void (*release)(struct uv__late* late); /* any thread: it is over, and nobody has the block */
  void (*look)(struct uv__late* late); /* any thread: it is not over, every now and then; or NULL */
  const OVERLAPPED* overlapped;
  /* Private to late.c. */
  uv_loop_t* loop;
  PTP_WAIT wait;
  HANDLE event;
  int taken; /* by the loop's end, from the pool */
  struct uv__queue link;
};
/* Has it released when `event` is set: or an error. */
int uv__late_leave(struct uv__late* late, uv_loop_t* loop, HANDLE event);
int uv__late_is_over(const OVERLAPPED* overlapped);
/* The pool gets to what is over when it likes; but a loop that ends leaves no memory behind but what
 * a peer holds up. */
void uv__late_stop(uv_loop_t* loop);

#endif /* UV__WIN_LOOP_H_ */
