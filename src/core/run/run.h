/* What the files of the top room ask of each other; nobody stands above it but the program. Here
 * all kinds are known: the order of a loop's turn (run.c), how each kind is closed (kinds.c), what
 * a request can be asked (request.c), what a person sees (print.c), and what concerns the whole
 * process (life.c). */
#ifndef UV__RUN_H_
#define UV__RUN_H_

#include "core/loop/loop.h"

/* The last callbacks of a handle whose close is over. */
void uv__kinds_finish(uv_handle_t* handle);

/* Whether the loop, each of its handles and each of its streams is as its file says: for
 * assertions, and for the simulator. */
int uv__kinds_valid(const uv_loop_t* loop);

#endif /* UV__RUN_H_ */
