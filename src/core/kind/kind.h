/* The kinds that are made of streams: TCP sockets, pipes, terminals, and the processes whose
 * stdio they become. Arguments and options are looked at here; what a stream does with them is
 * core/stream's. Of all these only a process has a turn and a close of its own. */
#ifndef UV__KIND_H_
#define UV__KIND_H_

#include "core/loop/loop.h"

/* process.c */
void uv__process_turn(struct uv__io* io, unsigned rung);
int uv__process_close(uv_handle_t* handle);
void uv__process_finish(uv_handle_t* handle);

#endif /* UV__KIND_H_ */
