/* The kinds that are made of streams: TCP sockets, pipes, terminals, and the processes whose
 * stdio they become. Arguments and options are looked at here; what a stream does with them is
 * core/stream's. Of all these only a process has a turn and a close of its own. */
#ifndef UV__KIND_H_
#define UV__KIND_H_

#include "core/stream/stream.h"

/* The end of a terminal (core/beyond/pty.c), which comes before that of the child on it. */
struct uv__pty {
  struct uv__extra extra; /* on the terminal, until its end */
  uv_process_t* process;  /* NULL: closed */
};

/* process.c */
/* uv_spawn, on the terminal whose other side is `master`. `pty` is the process's from a success on, who
 * frees it when it is closed. */
int uv__process_fail(uv_loop_t* loop, uv_process_t* handle, int error); /* no more than its init */
int uv__process_spawn_on(uv_loop_t* loop,
                         uv_process_t* handle,
                         const uv_process_options_t* options,
                         struct uv__io* master,
                         struct uv__pty* pty);
void uv__process_turn(struct uv__io* io, unsigned rung);
int uv__process_close(uv_handle_t* handle);
void uv__process_finish(uv_handle_t* handle);

#endif /* UV__KIND_H_ */
