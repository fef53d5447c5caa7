/* What every kind of handle shares: flags, activity, and the table of kinds. */
#ifndef UV__HANDLE_H_
#define UV__HANDLE_H_

#include "core/loop/loop.h"

/* Bits of handle->flags. The low ones are every handle's, the others a stream's. */
enum {
  UV__HANDLE_CLOSING = 0x1,
  UV__HANDLE_ACTIVE = 0x2,
  UV__HANDLE_REF = 0x4,

  UV__STREAM_READING = 0x100,  /* uv_read_start is in force */
  UV__STREAM_READABLE = 0x200, /* connected, no EOF, no error yet */
  UV__STREAM_WRITABLE = 0x400, /* connected, not shut down */
  UV__STREAM_SHUT = 0x800,     /* uv_shutdown was accepted */
  UV__STREAM_BLOCKING = 0x1000,
  UV__STREAM_STARVED = 0x2000, /* listener: the last accept lacked resources */

  UV__TCP_NODELAY = 0x10000,
  UV__TCP_ONE_ACCEPT = 0x20000
};

/* A kind of handle. A new kind is one row of the table in handle.c. */
struct uv__handle_kind {
  size_t size;
  /* End its activity. UV__PENDING when it will call uv__loop_closing itself, later. NULL for
   * a type that no handle has by itself. */
  int (*close)(uv_handle_t* handle);
  /* The last steps before close_cb; NULL when there are none. */
  void (*finish)(uv_handle_t* handle);
};

void uv__handle_init(uv_loop_t* loop, uv_handle_t* handle, uv_handle_type type);

/* Undo uv__handle_init of a handle whose initialisation failed later on. */
void uv__handle_forget(uv_handle_t* handle);

/* Enter and leave the active state; both may be called again and again. */
void uv__handle_start(uv_handle_t* handle);
void uv__handle_stop(uv_handle_t* handle);

#define uv__handle_is_closing(h) (((h)->flags & UV__HANDLE_CLOSING) != 0)
#define uv__handle_is_active(h) (((h)->flags & UV__HANDLE_ACTIVE) != 0)

/* Closing, kind by kind. */
int uv__timer_close(uv_handle_t* handle);
int uv__async_close(uv_handle_t* handle);
int uv__watcher_close_idle(uv_handle_t* handle);
int uv__watcher_close_prepare(uv_handle_t* handle);
int uv__watcher_close_check(uv_handle_t* handle);
int uv__process_close(uv_handle_t* handle);
void uv__process_finish(uv_handle_t* handle);
int uv__signal_close(uv_handle_t* handle);
void uv__signal_finish(uv_handle_t* handle);

/* Streams (finish.c, stream.c). close ends in uv__loop_closing, now or after the port's CLOSED
 * ring; finish runs what is left of the requests, right before close_cb. */
int uv__stream_close(uv_handle_t* handle);
void uv__stream_finish(uv_handle_t* handle);
int uv__stream_has_requests(const uv_stream_t* stream);

/* Non-zero for the kinds that begin with a uv_stream_t. */
static inline int uv__handle_is_stream(const uv_handle_t* handle) {
  return handle->type == UV_TCP || handle->type == UV_NAMED_PIPE || handle->type == UV_TTY;
}

#endif /* UV__HANDLE_H_ */
