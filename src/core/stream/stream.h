/* The inside of a stream: its phase, and what the files of the core that share its rules
 * ask of each other. No backend sees any of this. */
#ifndef UV__STREAM_H_
#define UV__STREAM_H_

#include "core/handle/handle.h"

/* Where a stream is in its life; it is in exactly one phase, and moves down this list, but
 * for a failed connect, which leads back to UV__OPEN. */
enum uv__phase {
  UV__FRESH,      /* no descriptor */
  UV__OPEN,       /* a descriptor without a peer, bound or not */
  UV__CONNECTING, /* until the connect callback has run */
  UV__CONNECTED,
  UV__LISTENING,
  UV__CLOSING
};

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
/* tcp.c: apply what was asked for before there was a socket (rule T1). */
void uv__tcp_opened(uv_tcp_t* handle);

/* read.c */
void uv__read_turn(uv_stream_t* stream, unsigned rung);
/* End reading with an error that no read_now delivered. */
void uv__read_fail(uv_stream_t* stream, int error);

/* write.c */
void uv__write_turn(uv_stream_t* stream);
int uv__write_cancel(uv_write_t* req);
/* No byte of the queue will be written any more: its requests end with `status`. */
void uv__write_fail(uv_stream_t* stream, int status);
/* The stream is about to close: give the system, without waiting, what it takes of the queue. */
void uv__write_last(uv_stream_t* stream);
/* Collect a write that was in flight. */
void uv__write_collect(uv_stream_t* stream);
/* Run the callbacks of the requests that ended, but not of those that end meanwhile. */
void uv__write_deliver(uv_stream_t* stream);
/* Nothing queued, and no callback owed. */
int uv__write_drained(const uv_stream_t* stream);

/* connect.c */
int uv__connect_gate(const uv_stream_t* stream); /* 0 where a connect may begin, or an error */
int uv__connect_start(uv_connect_t* req, uv_stream_t* stream, const void* addr, uv_connect_cb cb);
void uv__connect_refuse(uv_connect_t* req, uv_stream_t* stream, int error, uv_connect_cb cb);
void uv__connect_turn(uv_stream_t* stream, unsigned rung);
void uv__connect_end(uv_stream_t* stream, int status);

/* accept.c */
void uv__accept_turn(uv_stream_t* stream);

/* pipe.c: the passing of handles (rules I1-I3) */
ssize_t uv__pipe_read(uv_pipe_t* handle, const uv_buf_t* buf);
struct uv__desc* uv__pipe_arrived(uv_pipe_t* handle); /* the oldest unclaimed one, or NULL */
void uv__pipe_claimed(uv_pipe_t* handle);             /* that one has an owner now */
void uv__pipe_drop(uv_pipe_t* handle);                /* the unclaimed ones are closed */

/* finish.c */
void uv__shutdown_turn(uv_stream_t* stream, unsigned rung);
void uv__close_turn(uv_stream_t* stream, unsigned rung);

static inline struct uv__io* uv__stream_io(uv_stream_t* stream) {
  return &stream->stream.io;
}

#endif /* UV__STREAM_H_ */
