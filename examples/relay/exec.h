/* A child process as one stream: what is written goes to its standard input, what it says on its
 * standard output is read. Its standard error stays ours. Or a child on a terminal, which has all three. */
#ifndef RELAY_EXEC_H_
#define RELAY_EXEC_H_

#include <stddef.h>

#include "uv.h"
#include "window.h"

struct exec {
  uv_pipe_t out; /* first, so that it is the stream to read; its data is the caller's */
  uv_pipe_t in;  /* of a child without a terminal */
  uv_process_t process;
  struct window window; /* where this program has one, of which a terminal is given the size */
  uv_timer_t timer;     /* brings the connect callback, and at the end the end of patience */
  uv_connect_t* connect;
  uv_connect_cb connect_cb;
  uv_close_cb close_cb;
  const char* command;
  unsigned open_handles;
  int on_terminal;
  int running;
  int closing;
  int killed; /* by us */
  int failed; /* it ended by itself, and not with 0 */
};

/* 0, or -1 and the reason in `why`. */
int exec_check(const char* command, char* why, size_t size);

/* Always to be closed afterwards. */
int exec_init(uv_loop_t* loop, struct exec* exec);

/* Run `command`, which must outlive it. Refused (<0): `cb` does not come. */
int exec_start(struct exec* exec, const char* command, uv_connect_t* req, uv_connect_cb cb);

#ifndef RELAY_WITH_LIBUV
/* The same on a terminal of its own, which `out` is both ways: as large as the one of this program, and it
 * stays so. UV_ENOTSUP where there is no such thing. */
int exec_start_on_terminal(struct exec* exec,
                           const char* command,
                           uv_connect_t* req,
                           uv_connect_cb cb);
#endif

/* End the streams, and with `kill` the child: by SIGTERM, and by SIGKILL when that was not enough. `cb` gets
 * the handle `out` once all is closed and the child has ended. */
void exec_close(struct exec* exec, int kill, uv_close_cb cb);

#endif /* RELAY_EXEC_H_ */
