/* What a stream is and what it does, for the kinds above and for the order of a turn: its phase and
 * flags, and what the files of this room ask of each other. Which kind of handle it is part of is
 * known as far as a descriptor or a passed handle tells; how kinds are closed is not. No backend
 * sees any of this. It is longer than others as the one list of all that. */
#ifndef UV__STREAM_H_
#define UV__STREAM_H_

#include "core/handle/handle.h"

/* Where a stream is in its life; it is in exactly one phase, and moves down this list, but
 * for a failed connect, which leads back to UV__OPEN, or, of uvs_connect, to UV__FRESH. */
enum uv__phase {
  UV__FRESH,      /* no descriptor */
  UV__OPEN,       /* a descriptor without a peer, bound or not */
  UV__CONNECTING, /* until the connect callback has run */
  UV__CONNECTED,
  UV__LISTENING,
  UV__DROPPED, /* given up, as its time was over: it has no descriptor, and can only be closed */
  UV__CLOSING
};

/* Bits of handle->flags beside those of every handle; a row each, so that none is two's. */
enum {
  UV__STREAM_READING = 0x100,  /* uv_read_start is in force */
  UV__STREAM_READABLE = 0x200, /* connected, no EOF, no error yet */
  UV__STREAM_WRITABLE = 0x400, /* connected, not shut down */
  UV__STREAM_SHUT = 0x800,     /* uv_shutdown was accepted */
  UV__STREAM_BLOCKING = 0x1000,
  UV__STREAM_STARVED = 0x2000, /* listener: the last accept lacked resources */
  UV__STREAM_PASSES = 0x4000,  /* a pipe over which handles pass */
  UV__STREAM_ENDLESS = 0x8000, /* the end of what is read is not final */
  UV__TCP_NODELAY = 0x10000,
  UV__TCP_ONE_ACCEPT = 0x20000,
  UV__STREAM_TURN = 0x40000,      /* it has its turn: who calls is one of its callbacks */
  UV__STREAM_STAYS = 0x80000,     /* it cannot be passed: a file, a device */
  UV__STREAM_DELIVERS = 0x100000, /* in its turn, which has not come to the write callbacks yet */
  UV__TCP_PORT = 0x200000,        /* it was bound to a port, and not to any */
  UV__TCP_GIVEN = 0x400000,       /* its socket came from the program */
  UV__STREAM_CUT = 0x800000,      /* somebody found that the connection is gone without an end */
  UV__STREAM_ASKED = 0x1000000,   /* requests wait for bytes (uvs_read) */
  UV__STREAM_MOVES = 0x2000000    /* it closes, and what it was goes to another loop (u.moving) */
};

enum {
  UV__GATHER = 256 /* buffers in one call of the port */
};

/* Non-zero for the kinds that begin with a uv_stream_t. */
static inline int uv__handle_is_stream(const uv_handle_t* handle) {
  return handle->type == UV_TCP || handle->type == UV_NAMED_PIPE || handle->type == UV_TTY;
}

static inline struct uv__io* uv__stream_io(uv_stream_t* stream) {
  return &stream->stream.io;
}

/* ---- What uvstream.h puts on a stream: one of a kind, by whom this room does not know ---- */

enum uv__extra_kind {
  UV__EXTRA_CONNECT_LIMIT,
  UV__EXTRA_READ_LIMIT,
  UV__EXTRA_WRITE_LIMIT,
  UV__EXTRA_SHUTDOWN_LIMIT,
  UV__EXTRA_READS, /* the oldest of the requests */
  UV__EXTRA_HANGUP,
  UV__EXTRA_CHILD, /* whose exit comes after the end of what is read */
  UV__EXTRA_KINDS
};

static inline struct uv__extra* uv__extras(const uv_stream_t* stream) {
  return stream->stream.phase == UV__LISTENING ? NULL : stream->stream.kept.extras;
}

/* What the rules of streams leave to core/beyond: the one way up, in loop->beyond from the first of these
 * that is put on a stream of the loop. Nothing else here names it, so that who uses uv.h alone has none of
 * it linked. All but the last are about a stream that has some. */
struct uv__beyond {
  /* What those of `kinds` wait for, a set of 1 << enum uv__extra_kind, began, or got on. No callback of the
   * program may run. */
  void (*tell)(const uv_stream_t* stream, unsigned kinds);
  /* In a turn of the stream, behind its reads. */
  void (*turn)(uv_stream_t* stream, unsigned rung);
  /* There may be something to read. 0: no request waits for it. */
  int (*read)(uv_stream_t* stream);
  /* With UV__STREAM_ASKED: reading has ended with `why`. 0: for whoever started reading it has not, as a
   * callback got the stream another connection. */
  int (*fail_reads)(uv_stream_t* stream, ssize_t why);
  /* A write is about to be put behind the others. */
  void (*write)(const uv_stream_t* stream);
  /* The stream has gone: they are on none from now on, and may tell why, which is `status`. */
  void (*finish)(uv_stream_t* stream, int status);
  /* The turn of one that is UV__DROPPED. */
  void (*drop_turn)(uv_stream_t* stream, unsigned rung);
};

/* Of one that does not listen. */
static inline void uv__extra_tell(const uv_stream_t* stream, unsigned kinds) {
  if (stream->stream.kept.extras != NULL)
    stream->loop->beyond->tell(stream, kinds);
}

/* stream.c */
void uv__stream_init(uv_loop_t* loop,
                     uv_stream_t* stream,
                     uv_handle_type type,
                     const struct uv__ops* ops);
/* Creates a descriptor for a fresh stream, or adopts *desc; on failure that one stays the
 * caller's and the stream stays fresh. */
int uv__stream_open(uv_stream_t* stream, int domain, const struct uv__desc* desc);
/* The stream has a peer now. */
void uv__stream_connected(uv_stream_t* stream, unsigned opened);
/* Whether phase, flags, lanes and queue fit together: for assertions, wherever the program can
 * look at the stream. */
int uv__stream_valid(const uv_stream_t* stream);

/* socket.c: the same for a uv_tcp_t, with what was asked for before there was a socket (T1). */
int uv__socket_open(uv_stream_t* stream, int domain, const struct uv__desc* desc);
/* The second half of that, for a handle whose socket came in another way. */
void uv__socket_grant(uv_tcp_t* handle);

/* arrival.c: the passing of handles (rules I1-I3), of a pipe with UV__STREAM_PASSES; of another
 * none is there. */
ssize_t uv__arrival_read(uv_pipe_t* handle, char* base, size_t len);
unsigned uv__arrival_count(const uv_pipe_t* handle);
struct uv__desc* uv__arrival_oldest(uv_pipe_t* handle); /* the oldest unclaimed one, or NULL */
void uv__arrival_claimed(uv_pipe_t* handle);            /* that one has an owner now */
void uv__arrival_drop(uv_pipe_t* handle);               /* the unclaimed ones are closed */
/* Those that no handle has any more; NULL: there are none. Any thread. */
void uv__arrival_discard(struct uv__arrivals* arrivals);

/* read.c */
void uv__read_turn(uv_stream_t* stream, unsigned rung);
/* Nobody waits for bytes any more: the question to the system is taken back. */
void uv__read_rest(uv_stream_t* stream);
/* Reading has ended with this: whoever waits for bytes hears of it; and what that says of the stream. */
void uv__read_fail(uv_stream_t* stream, ssize_t why);
void uv__read_note_end(uv_stream_t* stream, ssize_t why);

/* Systems tell of it once: to whoever asks first. Who asks then finds what looks like an end. */
static inline int uv__is_cut(ssize_t n) {
  return n == UV_ECONNRESET || n == UV_ECONNABORTED || n == UV_ETIMEDOUT;
}

static inline ssize_t uv__note_cut(uv_stream_t* stream, ssize_t n) {
  if (n < 0 && uv__is_cut(n))
    stream->flags |= UV__STREAM_CUT;
  return n;
}

/* One read into this memory, and what it means for handles that come with it. It is here as of the two who
 * read (read.c, core/beyond/reads.c) most programs have one linked. */
static inline ssize_t uv__read_some(uv_stream_t* stream, char* base, size_t len) {
  struct uv__io* io = uv__stream_io(stream);
  ssize_t n;

  if (len > INT_MAX)
    len = INT_MAX; /* Some systems refuse a read of more than that. */
  n = stream->flags & UV__STREAM_PASSES ? uv__arrival_read((uv_pipe_t*) stream, base, len)
                                        : io->ops->read_now(io, base, len, NULL);
  uv__trace(io, UV__TRACE_COLLECT, UV__READ, n);
  if (n >= 0)
    uv__extra_tell(stream, 1u << UV__EXTRA_READ_LIMIT);
  if (n == UV_EOF && (stream->flags & UV__STREAM_CUT))
    return UV_ECONNRESET; /* Not all that the peer wrote may have come. */
  return n;
}

struct uvs_send_file_s;

/* What a file in the queue of writes does (send_file.c): the one way there from the queue. */
struct uv__file_ops {
  /* Give the system a piece: the result of a write. */
  ssize_t (*give)(struct uvs_send_file_s* file);
  /* What a piece in flight came to. */
  ssize_t (*note)(struct uvs_send_file_s* file, ssize_t n);
  /* The system took `n` bytes of it: UV__WRITE_TAKEN, and over where nothing more is to go. */
  void (*take)(struct uvs_send_file_s* file, size_t n);
  /* It is at the front at the end of the stream's turn: how far it is. Or that it failed, with all that was
   * written behind it: until it is told, nothing goes that the program expects to come behind the whole
   * file. */
  void (*progress)(struct uvs_send_file_s* file);
};

/* What the port is given in one call: no more bytes than an int counts, as nothing wider would be
 * the same everywhere. */
struct uv__gathered {
  unsigned count;
  size_t size;
  struct uv__io* const* pass; /* the handles that go with the first byte, and NULL; or NULL */
  struct uv__io* one[2];      /* room for that */
  uv_buf_t bufs[UV__GATHER];
};

static inline void uv__gathered_pass(struct uv__gathered* to, uv_stream_t* handle) {
  to->one[0] = uv__stream_io(handle);
  to->one[1] = NULL;
  to->pass = to->one;
}

/* Bits of req->state that whoever makes a request may set. */
enum {
  UV__WRITE_TAKEN = 1, /* the system took a byte of it */
  UV__WRITE_OF_FILE =
      32, /* it is part of a uvs_send_file_t, and has no bytes but those of its file */
  UV__WRITE_SEVERAL = 128 /* what it passes is behind its buffers, a struct uv__several */
};

/* What several handles of one write are to the queue (write_handles.c): the one way there. */
struct uv__several_ops {
  /* They have yet to go, or not any more: uv__write_count of each. */
  void (*count)(const uv_write_t* req, int by);
  int (*has)(const uv_write_t* req, const uv_stream_t* handle);
};

struct uv__several {
  const struct uv__several_ops* ops;
  struct uv__io* list[1]; /* and more, with a NULL at the end */
};

static inline struct uv__several* uv__several_of(const uv_write_t* req) {
  return (struct uv__several*) (void*) (req->bufs + req->nbufs);
}

/* write_queue.c */
void uv__write_queue_add(uv_stream_t* stream, uv_write_t* req);
/* Of one that is not in the queue, which is empty, the system took all at once, and that is one buffer of its
 * inline_bufs. */
void uv__write_queue_past(uv_stream_t* stream, uv_write_t* req);
/* A write more, or one less, has yet to pass this handle. */
void uv__write_count(uv_stream_t* handle, int by);
/* `handle` closes: it is not looked at any more for the writes that have yet to pass it. Each ends
 * with UV_EBADF, unless the port has the handle already; those behind it go on (I4). */
void uv__write_forsake(uv_stream_t* handle);
/* Puts a buffer into what goes to the port in one call; not where it has no bytes, and cut where
 * it is too long. 0: nothing fits behind it. */
int uv__write_queue_put(struct uv__gathered* to, const uv_buf_t* buf);
/* Fills it from the front of the queue, across requests. A request with a handle goes alone: the handle has
 * to arrive with its first byte, and programs take the last of that read for its last. It ends before a
 * file, too. Requests at the front that have nothing left are over then, if nothing is in flight: where no
 * buffer was found the queue is empty, or begins with a file. */
void uv__write_queue_gather(uv_stream_t* stream, struct uv__gathered* to);
/* The requests behind the first `count` buffers with bytes, or the file at the front, are in flight; or none. */
void uv__write_queue_mark(uv_stream_t* stream, unsigned count);
/* Whether it is plain bytes right behind what is in flight; and that it is in flight with that. */
int uv__write_queue_follows(const uv_stream_t* stream, const uv_write_t* req);
void uv__write_queue_mark_too(uv_write_t* req);
/* The system took `n` bytes from the front of the queue. Requests that have none left, also
 * those that never had any or were cancelled, are over when they come to the front. */
void uv__write_queue_advance(uv_stream_t* stream, size_t n);
int uv__write_queue_valid(const uv_stream_t* stream);
/* How far a request is. */
enum uv__write_stage {
  UV__WRITE_WAITS, /* nothing of it is with the system */
  UV__WRITE_BEGUN, /* a part is, and the next call is not made yet */
  UV__WRITE_FLIES, /* it is in a call that has not rung */
  UV__WRITE_OVER   /* nothing of it will be written any more; also of a file that has failed */
};
enum uv__write_stage uv__write_queue_stage(const uv_write_t* req);
/* What is left of it will not be written; it ends, in its place, with UV_ECANCELED. */
void uv__write_queue_withdraw(uv_write_t* req);
/* No byte of the queue will be written any more: its requests end with `status`. */
void uv__write_fail(uv_stream_t* stream, int status);
/* Run the callbacks of the requests that ended, but not of those that end meanwhile: in the midst of
 * the stream's turn, and at the end of what it does with them. */
void uv__write_tell(uv_stream_t* stream);
void uv__write_deliver(uv_stream_t* stream);
/* Whether the end of a request would be told too early (W1). */
int uv__write_queue_is_early(const uv_stream_t* stream, const uv_write_t* req);
/* The file at the front, of which something is left, or NULL. Where its status is an error that was not told
 * yet. */
struct uvs_send_file_s* uv__write_queue_file(const uv_stream_t* stream);
/* A request that ended is nobody's any more and has no callback: what came of it, as a count or an
 * error. */
ssize_t uv__write_take_back(uv_write_t* req);
/* Nothing queued, and no callback owed. */
static inline int uv__write_drained(const uv_stream_t* stream) {
  return uv__queue_empty(&stream->stream.write_queue) &&
         uv__queue_empty(&stream->stream.write_done);
}

/* ---- write_gate.c: 0 where it may be, or an error ---- */

/* Whether bytes may be written now (W4, W5). */
int uv__write_gate(const uv_stream_t* stream, const uv_buf_t bufs[], unsigned nbufs);
/* Whether a handle may go with what passed that: over an IPC pipe, a connected, listening or bound TCP
 * socket or pipe, and with at least one byte, as no system passes handles without (I1, I2). One whose
 * bind failed takes its error along (A5). */
int uv__write_gate_handle(const uv_stream_t* stream,
                          const uv_buf_t bufs[],
                          unsigned nbufs,
                          uv_stream_t* send_handle);

/* write.c */
/* Makes a request of the arguments; `room` is where its buffers are kept. */
void uv__write_fill(uv_write_t* req,
                    uv_stream_t* stream,
                    uv_buf_t room[],
                    const uv_buf_t bufs[],
                    unsigned nbufs,
                    uv_stream_t* send_handle,
                    uv_write_cb cb);
/* Puts a request, which is whole, behind the others, and gives the system what it takes. */
void uv__write_enqueue(uv_stream_t* stream, uv_write_t* req);
/* write_follow.c: the last of the queue is offered to a port that can take more behind a write in flight. */
void uv__write_follow(uv_stream_t* stream, uv_write_t* req);
void uv__write_turn(uv_stream_t* stream);
/* The stream is about to close: give the system, without waiting, what it takes of the queue. */
void uv__write_last(uv_stream_t* stream);
/* Collect a write that was in flight. */
void uv__write_collect(uv_stream_t* stream);

/* write_cancel.c: uv_cancel of a write */
int uv__write_cancel(uv_write_t* req);

/* connect.c */
int uv__connect_gate(const uv_stream_t* stream); /* 0 where a connect may begin, or an error */
int uv__connect_start(uv_connect_t* req, uv_stream_t* stream, const void* addr, uv_connect_cb cb);
void uv__connect_refuse(uv_connect_t* req, uv_stream_t* stream, int error, uv_connect_cb cb);
void uv__connect_turn(uv_stream_t* stream, unsigned rung);
void uv__connect_end(uv_stream_t* stream, int status);
void uv__connect_run_refused(uv_loop_t* loop);

/* accept.c */
void uv__accept_turn(uv_stream_t* stream);

/* shutdown.c */
void uv__shutdown_turn(uv_stream_t* stream, unsigned rung);
/* The request to shut down, which there is, has ended. */
void uv__shutdown_end(uv_stream_t* stream, int status);

/* finish.c. close ends in uv__loop_closing, now or after the port's CLOSED ring; finish runs what
 * is left of the requests, right before close_cb. */
void uv__close_turn(uv_stream_t* stream, unsigned rung);
int uv__stream_close(uv_handle_t* handle);
void uv__stream_finish(uv_handle_t* handle);
int uv__stream_has_requests(const uv_stream_t* stream);

/* The descriptor goes, and the stream, which does not listen, to this phase. UV__PENDING: a ring says when it
 * is gone. It is here as of the two who do so (finish.c, core/beyond/drop.c) most programs have one linked. */
static inline int uv__stream_give_back(uv_stream_t* stream, enum uv__phase phase) {
  struct uv__io* io = uv__stream_io(stream);
  int r;

  if (stream->flags & UV__STREAM_PASSES)
    uv__arrival_drop((uv_pipe_t*) stream);
  stream->flags &= ~(unsigned) (UV__STREAM_READABLE | UV__STREAM_WRITABLE | UV__STREAM_STARVED);
  stream->stream.phase = (unsigned char) phase;
  r = io->ops->close(io);
  uv__trace(io, UV__TRACE_START, UV__CLOSED, r);
  if (r == UV__PENDING) {
    uv__loop_hold(stream->loop);
    return UV__PENDING;
  }
  io->busy &= (unsigned char) ~UV__CLOSED;
  uv__loop_freed(stream->loop);
  return 0;
}

/* turn.c: the order of all this in a turn of the stream that owns `io` */
void uv__stream_turn(struct uv__io* io, unsigned rung);

#endif /* UV__STREAM_H_ */
