/* The kinds that are made of streams: TCP sockets, pipes, terminals, and the processes whose
 * stdio they become. Arguments and options are looked at here; what a stream does with them is
 * core/stream's. Of all these only a process has a turn and a close of its own. */
#ifndef UV__KIND_H_
#define UV__KIND_H_

#include "core/loop/loop.h"

/* What a child's exit may have to wait for: the end of its terminal (core/beyond/pty.c, which is called by
 * nobody else here, so that a program without terminals does not have it). */
struct uv__pty {
  int (*holds)(
      struct uv__pty* pty); /* the exit is not to be told yet: `io` gets a turn when it is */
  void (*ended)(struct uv__pty* pty);  /* the child has */
  void (*closed)(struct uv__pty* pty); /* the process is, and `pty` is nobody's any more */
};

/* process.c */
/* The parts of uv_spawn, in their order, for who has other rows than those of the options. */
void uv__process_init(uv_loop_t* loop, uv_process_t* handle);
int uv__process_check(const uv_process_options_t* options);
int uv__process_start(uv_process_t* handle,
                      const uv_process_options_t* options,
                      struct uv__child_stdio* rows,
                      int count);
void uv__process_begin(uv_process_t* handle,
                       const uv_process_options_t* options); /* all went well */
void uv__process_turn(struct uv__io* io, unsigned rung);
int uv__process_close(uv_handle_t* handle);
void uv__process_finish(uv_handle_t* handle);

#endif /* UV__KIND_H_ */
