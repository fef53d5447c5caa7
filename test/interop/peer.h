/* The C half of the tests against Node.js: one program, whose first argument is its role. */
#ifndef INTEROP_PEER_H_
#define INTEROP_PEER_H_

#include "uv.h"

/* Say what failed on stderr, and end the process with 1. */
void peer_fail(int err, const char* what);

/* peer_fail when `err` is negative. */
void peer_check(int err, const char* what);

/* A read buffer; one is enough, as no reader keeps it. */
void peer_alloc(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf);

/* uv_write of a copy of the bytes. */
void peer_write(uv_stream_t* stream, const char* bytes, size_t length);

/* Send back all that comes, after `greeting`; at the end of the stream end ours and close. The handle
 * is an initialised one in allocated memory of its own, which is freed. */
void peer_echo(uv_stream_t* stream, const char* greeting);

/* Talk to Node over the IPC channel: do what peer.js asks for, until Node ends the channel. */
void channel_start(uv_pipe_t* channel);

#endif /* INTEROP_PEER_H_ */
