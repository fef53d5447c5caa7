/* Named pipes, bottom-up: one connected overlapped end; clients and servers; on top, what a descriptor
 * is. What a pipe is to the system is in npfs/, and one that is not overlapped in plain/. Knows nothing
 * of frames and handles on their way (ipc/), of consoles or processes. A kind that stands on a connected
 * end is reached through its struct uv__pipe_kind only. It is longer than others, as it is the one header
 * of a room of many files. */
#ifndef UV__WIN_PIPE_H_
#define UV__WIN_PIPE_H_

#include "win/npfs/npfs.h"

/* tail.state of a pipe, besides those of loop.h. */
enum {
  UV__WIN_MESSAGES = 128, /* is read message by message */
  UV__WIN_ALLY = 256,     /* the other end keeps to the convention of the empty message */
  UV__WIN_GREET = 512,    /* nothing was read yet; a greeting may be first */
  UV__WIN_DATA = 1024,    /* there are bytes to read */
  UV__WIN_LOOK = 2048,    /* there may be something to read, or an empty message was swallowed */
  UV__WIN_ENDED = 4096,   /* the end of what the peer sends was seen */
  UV__WIN_SERVER = 8192,  /* the server's end of its pipe */
  UV__WIN_DOT = 16384     /* its name was given as \\.\pipe\, not \\?\pipe\ */
};

/* desc.accepted of a pipe: 0 for a handle from elsewhere, one of these, or, when less than
 * 0, -1 - fd for a descriptor of the C run-time library, which `open` takes over. */
enum {
  UV__PIPE_ACCEPTED = 1,       /* on the port of the loop that accepted it */
  UV__PIPE_ACCEPTED_DOT = 2,   /* the same; the listener's name was given as \\.\pipe\ */
  UV__PIPE_SHARED = 3,         /* an instance of a name that is to be listened on */
  UV__PIPE_ACCEPTED_BYTES = 6, /* as 1 and 2, of a server of bytes, not of messages */
  UV__PIPE_ACCEPTED_BYTES_DOT = 7,
  UV__PIPE_GREETING = 4, /* a connection that was passed, with UV__WIN_GREET */
  UV__PIPE_PLAIN = 5,    /* the same; it is known not to be UV__WIN_ALLY */
  UV__PIPE_ENDED = 8     /* the same; UV__WIN_ALLY has said that nothing more comes */
};

/* ---- spare.c: bytes of UV__TRY on their way, which outlive the stream ---- */

struct uv__spare;
/* Has it in its place, pipe->spare; UV_ENOMEM. */
struct uv__pipe;
int uv__spare_make(struct uv__pipe* pipe);
/* Writes as much as it may: the count, UV_EAGAIN or an error. */
ssize_t uv__spare_write(struct uv__pipe* pipe, HANDLE handle, const uv_buf_t* bufs, unsigned nbufs);
/* At most 4 KiB that belong together: the count of all, UV_EAGAIN for none of them, or an error. */
ssize_t uv__spare_write_whole(
    struct uv__pipe* pipe, HANDLE handle, uv_loop_t* loop, const uv_buf_t* bufs, unsigned nbufs);
/* The first bytes of all, which have to go: at once, or as soon as the system has memory for them. The
 * spare is made. */
void uv__spare_write_first(
    struct uv__pipe* pipe, HANDLE handle, uv_loop_t* loop, const void* bytes, DWORD size);
/* Before anything else is written: what is left of such bytes. ERROR_MORE_DATA: the pipe does not
 * take it now. */
DWORD uv__spare_push(struct uv__pipe* pipe, HANDLE handle);
/* Whether some of such bytes are left, which the loop tries again and again. */
int uv__spare_owes(const struct uv__spare* spare);
/* Frees it, if there is one, and closes `handle`, as soon as all is written; `loop` may be NULL. */
void uv__spare_end(struct uv__spare* spare, HANDLE handle, uv_loop_t* loop);

/* ---- end.c: one connected overlapped end ---- */

/* How much a pipe was offered, and will be next time (put.c). */
struct uv__pipe_room {
  DWORD most;
  DWORD asked;
};

/* tail.more while tail.u.handle is valid. Else it is, with UV__WIN_BOUND, the block of server.c; or
 * NULL, or a connect that waits. */
struct uv__pipe {
  const struct uv__pipe_kind* kind; /* what stands on it; NULL: nothing, it is a stream of bytes */
  struct uv__io* io;
  HANDLE out; /* that is written to: the io's, or another where each direction has one */
  struct uv__pipe_room room;
  struct uv__retry more_room;  /* a write that nothing was taken of is to be made again */
  struct uv__retry look_again; /* a read that may not wait found nothing, or one is to be joined */
  struct uv__spare* spare;     /* what UV__TRY writes from; NULL: none did */
  struct uv__foreign_pair* foreign; /* with UV__WIN_FOREIGN */
  struct uv__op mark;               /* behind a packet that may or may not be there */
  DWORD seen;                       /* bytes that a look saw and nobody has read here */
  unsigned char write_only;         /* the handle cannot be read from */
  unsigned char owes_end;           /* shut down before it was known how to say so to the peer */
  unsigned char owes_mark;          /* it could not be posted yet */
  unsigned char lost;               /* nobody knows how much of a write went; not told yet */
  unsigned char linked;             /* the loop counts on its operations */
  unsigned char bursts;             /* something was there already when a read began to wait */
  unsigned char ours;               /* the peer is known to be this library, which reads bytes */
  unsigned char left;               /* what the peer says is somebody else's to read from now on */
  struct uv__pipe_wide* remote;     /* the name, of another machine's; or NULL */
  HANDLE event; /* instead of that of a loop, while what is left is dropped of one that has none */
};

/* A kind that has frames of its own, and so reads each pipe byte by byte. */
struct uv__pipe_kind {
  size_t size;                         /* of its block, which begins with a struct uv__pipe */
  void (*arrived)(struct uv__io* io);  /* a read of nothing has ended; nobody closes */
  void (*drop)(struct uv__pipe* pipe); /* gives up what it has, but for the block */
  /* NULL, or when what was under way at a close has come back: 0; or UV__PENDING, and it rings UV__CLOSED. */
  int (*gone)(struct uv__pipe* pipe);
};

/* Whether an empty message of the peer is the end of what it says. */
static inline int uv__pipe_has_mark(const struct uv__io* io) {
  return (io->tail.state & UV__WIN_MESSAGES) && (io->tail.state & UV__WIN_ALLY);
}

static inline struct uv__pipe* uv__pipe_of(const struct uv__io* io) {
  return io->tail.more;
}

/* Makes `handle`, which is connected, the io's; uv__pipe_end_write_first may follow. */
int uv__pipe_end_adopt(struct uv__io* io,
                       HANDLE handle,
                       unsigned state,
                       unsigned opened,
                       const struct uv__pipe_kind* kind);
/* Takes that back, and closes the handle. */
void uv__pipe_end_undo(struct uv__io* io);
/* Gives up the handle; what uv_try_write wrote may still be on its way. */
void uv__pipe_end_release(struct uv__io* io);
/* A packet of a stream that closes was counted out; ends the close with the last. */
void uv__pipe_end_settle(struct uv__io* io);
/* The last operation of one that leaves its loop (move.c) has come back. */
void uv__pipe_end_left(struct uv__io* io);
int uv__pipe_end_close(struct uv__io* io);
/* Writes the empty message, now or as soon as there is memory for it. A peer that is gone needs
 * none. */
int uv__pipe_end_say(struct uv__io* io);
/* Writes a few bytes in front of all others. A peer that is gone needs none. Where there is no kind the
 * spare is to be made before. */
void uv__pipe_end_write_first(struct uv__io* io, const void* bytes, DWORD size);
ssize_t uv__pipe_end_write(struct uv__io* io,
                           const uv_buf_t* bufs,
                           unsigned nbufs,
                           enum uv__write_mode mode,
                           struct uv__io* const* pass);

/* Decides how its operations end; see uv__attach. */
int uv__pipe_end_attach(struct uv__io* io);

/* To be called before an overlapped operation begins that is not joined by an event of its own. */
static inline int uv__pipe_end_ready(struct uv__io* io) {
  return io->tail.state & UV__WIN_ATTACHED ? 0 : uv__pipe_end_attach(io);
}

/* A packet was dequeued. Says whether its lane may ring; a stream that closes has but one. */
static inline int uv__pipe_end_finished(struct uv__io* io, unsigned flag) {
  uv__win_clear(io, flag);
  if (!(io->tail.state & UV__WIN_CLOSING))
    return 1;
  uv__pipe_end_settle(io);
  return 0;
}

/* The error that a call left behind: 0 when it succeeded and no packet comes. */
static inline DWORD uv__pipe_end_begun(struct uv__io* io, BOOL ok, unsigned flag) {
  DWORD error = ok ? 0 : GetLastError();

  if (error == ERROR_IO_PENDING)
    uv__win_began(io, flag, uv__pipe_of(io)->foreign);
  assert(uv__win_io_valid(io));
  return error;
}

/* The error of an operation whose packet was dequeued, or 0. Once the handle was closed it is our own
 * doing, whatever its name. */
static inline DWORD uv__pipe_end_result(struct uv__io* io, struct uv__op* op, DWORD* bytes) {
  HANDLE handle = op == &io->tail.out ? uv__pipe_of(io)->out : io->tail.u.handle;

  if (io->tail.u.handle == INVALID_HANDLE_VALUE) {
    *bytes = (DWORD) op->overlapped.InternalHigh;
    return op->overlapped.Internal == 0 ? 0 : ERROR_OPERATION_ABORTED;
  }
  return GetOverlappedResult(handle, &op->overlapped, bytes, FALSE) ? 0 : GetLastError();
}

/* ---- put.c: one write of such an end ---- */

void uv__pipe_room_init(struct uv__pipe_room* room);
/* How many of `size` bytes the next call is to write. */
DWORD uv__pipe_room_ask(struct uv__pipe_room* room, size_t size);
/* What came of it: 1 when it is to be made again at once, and will be offered less. */
int uv__pipe_room_told(struct uv__pipe_room* room, DWORD error, DWORD taken);
/* Writes what the pipe takes of some bytes: the count, 0 when it takes none and does not say when it
 * will, UV__PENDING, after which `complete` asks uv__pipe_room_told, or an error. */
ssize_t uv__pipe_put(struct uv__io* io,
                     const void* base,
                     size_t size,
                     void (*complete)(struct uv__op* op));
/* After 0: have `again` called in a while, which takes itself off the list. The lane is pending. */
void uv__pipe_put_later(struct uv__io* io, void (*again)(struct uv__retry* retry));

/* ---- bundle.c: small buffers that go in one call ---- */

/* The loop's block for them, if there is none and it can be had. */
void uv__bundle_make(uv_loop_t* loop);
void uv__bundle_free(uv_loop_t* loop);
/* Copies some of the first buffers, from byte `from` of the first one on, to where *bytes says from then
 * on, until the next call or uv__bundle_return; how many bytes. 0: they are to be written one by one. */
DWORD uv__bundle_fill(
    const struct uv__io* io, const uv_buf_t* bufs, unsigned nbufs, size_t from, const char** bytes);
/* The kernel works on what was filled; it has ended what it worked on, from there or elsewhere. */
void uv__bundle_lend(const struct uv__io* io);
void uv__bundle_return(const struct uv__io* io);

/* ---- read.c: what the peer of such an end says ---- */

int uv__pipe_read_arm(struct uv__io* io);
int uv__pipe_read_disarm(struct uv__io* io);
/* Has the kind's `arrived` called in the next turn, for what is there; no read waits. UV__PENDING, or
 * an error. */
int uv__pipe_read_yield(struct uv__io* io);
ssize_t uv__pipe_read_now(struct uv__io* io, char* base, size_t len, struct uv__passed* passed);
/* Tells the peer that nothing more comes, in a way that leaves the other direction alone. Where
 * there is none, it learns it from the close. */
int uv__pipe_read_shutdown(struct uv__io* io);

/* Nobody tells when something comes: it is looked for every few milliseconds. */
void uv__pipe_read_look_later(struct uv__io* io);

/* ---- move.c: to another loop ---- */

int uv__pipe_end_leave(struct uv__io* io);
int uv__pipe_end_join(struct uv__io* io);

/* ---- hangup.c ---- */

int uv__pipe_hangup(struct uv__io* io);

/* ---- leave.c: what is left to somebody else ---- */

/* Before a pipe of messages is given to somebody who reads in our place: 0, or UV_EAGAIN as long as a read
 * may still take something that is his. */
int uv__pipe_leave(struct uv__io* io);
/* Whether the end of what that peer says has come, and was taken. */
int uv__pipe_leave_is_over(const struct uv__io* io);

/* ---- meet.c: who that peer is ---- */

/* What a client of this library says first to a server of this library; see client.c. */
extern const char uv__pipe_greeting[16];
/* Looks whether the first message is the greeting, and takes it out if it is: then 1. A client of
 * ours writes it before anything else, in one piece. UV_ENOMEM: it is, and could not be read. */
int uv__pipe_read_meet(struct uv__io* io);
/* ---- server.c: a name that is ours ---- */

enum {
  /* Bytes that may wait in either direction. A pipe of messages with exactly these numbers is
   * one of this library's: that is how a client knows its server. */
  UV__PIPE_QUOTA_OUT = 0x20000,
  UV__PIPE_QUOTA_IN = 0x30000
};

/* A place for an instance that waits for a client, or has one. */
struct uv__pipe_slot {
  struct uv__op op;
  struct uv__io* io;
  struct uv__pipe_slot* next;
  HANDLE handle; /* INVALID_HANDLE_VALUE: an instance is still to be made */
  int error;     /* of a finished one */
};

/* io->tail.more of a bound pipe. */
struct uv__pipe_server {
  struct uv__pipe_wide name;
  struct uv__access access;
  int bytes;    /* IPC pipes have frames of their own, and peers that expect bytes */
  HANDLE first; /* made by bind, until there are slots */
  int on_port;  /* `first` is */
  /* Of accept.c. */
  struct uv__pipe_slot* slots;
  unsigned count; /* of them */
  struct uv__pipe_slot* idle;
  struct uv__pipe_slot* oldest; /* finished, in order of completion */
  struct uv__pipe_slot* newest;
  unsigned posted;        /* in the kernel */
  struct uv__retry retry; /* of instances that could not be made to wait */
};

/* `bytes`: instances are pipes of bytes, not of messages. */
int uv__pipe_server_bind(struct uv__io* io,
                         const struct uv__pipe_wide* wide,
                         int bytes,
                         const struct uvs_access_s* access);
/* The same for a name that somebody else of this user has, to share it: `instance` of it becomes the
 * io's, or, if it serves that one, is closed. */
int uv__pipe_server_join(struct uv__io* io,
                         const struct uv__pipe_wide* wide,
                         int bytes,
                         HANDLE instance);
/* A new instance of the name; `first` is FILE_FLAG_FIRST_PIPE_INSTANCE or 0. */
int uv__pipe_server_make(struct uv__pipe_server* server, DWORD first, HANDLE* handle);
/* Closes an instance, if it is one. */
void uv__pipe_server_drop(HANDLE* handle);
int uv__pipe_server_chmod(struct uv__io* io, int flags);
/* An instance, for questions. */
HANDLE uv__pipe_server_handle(const struct uv__io* io);
void uv__pipe_server_free(struct uv__io* io);
int uv__pipe_server_close(struct uv__io* io);

/* ---- accept.c: its clients ---- */

int uv__pipe_accept_listen(struct uv__io* io);
int uv__pipe_accept_take(struct uv__io* io, struct uv__desc* desc);
/* Whether each slot is in one place, and counted there. */
int uv__pipe_accept_valid(const struct uv__io* io);

/* ---- client.c: the client's end, as it is opened ---- */

struct uv__client {
  HANDLE handle;
  unsigned opened;
  unsigned state; /* what belongs into tail.state */
  int is_ours;    /* of a server of this library, which wants to be greeted */
};
/* Any thread. UV_EBUSY: no instance is free. */
int uv__pipe_client_open(const struct uv__pipe_wide* name,
                         const struct uv__pipe_kind* kind,
                         struct uv__client* client);
/* What `connect` of the port returns for it. After an error it is closed. */
int uv__pipe_client_adopt(struct uv__io* io,
                          const struct uv__pipe_wide* name,
                          const struct uv__pipe_kind* kind,
                          struct uv__client* client);

/* ---- connect.c ---- */

/* In what tail.more is while a connect waits. */
struct uv__attempt {
  int (*end)(struct uv__io* io); /* see uv__pipe_connect_end */
};

int uv__pipe_connect_start(struct uv__io* io,
                           const struct uv__pipe_wide* wide,
                           const struct uv__pipe_kind* kind);
/* Stops waiting, if it does: 0, or UV__PENDING and a ring of CLOSED. */
int uv__pipe_connect_end(struct uv__io* io);

/* ---- remote.c: a name of another machine ---- */

int uv__pipe_remote_start(struct uv__io* io,
                          const struct uv__pipe_wide* name,
                          const struct uv__pipe_kind* kind);

/* ---- pipe.c: on top; operations of uv__pipe_ops, and for the table of a kind ---- */

void uv__pipe_init(struct uv__io* io);
/* A handle that is not overlapped gets another table without a kind, and is UV_EINVAL with one. */
int uv__pipe_open(struct uv__io* io,
                  const struct uv__desc* desc,
                  const struct uv__pipe_kind* kind,
                  unsigned* opened);
int uv__pipe_bind(struct uv__io* io, const void* addr, const struct uv__pipe_kind* kind);
int uv__pipe_connect(struct uv__io* io, const void* addr, const struct uv__pipe_kind* kind);
int uv__pipe_name(struct uv__io* io, enum uv__end end, void* addr, int* len);
int uv__pipe_option(struct uv__io* io, enum uv__option option, void* value);
int uv__pipe_fileno(const struct uv__io* io, uv_os_fd_t* fd);
int uv__pipe_listen(struct uv__io* io, int backlog);
ssize_t uv__pipe_done(struct uv__io* io, enum uv__lane lane);
int uv__pipe_close(struct uv__io* io);

#endif /* UV__WIN_PIPE_H_ */
