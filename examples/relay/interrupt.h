/* What asks a program to end, or what it is doing, from outside: Ctrl-C, SIGTERM, a terminal or a
 * console that is closed; SIGUSR1 (SIGINFO, where there is one). */
#ifndef RELAY_INTERRUPT_H_
#define RELAY_INTERRUPT_H_

#include "progress.h"
#include "uv.h"

/* From now on `interrupted` is called, once, from the loop, with the name of what came; a second signal
 * ends the program at once, as if nobody had listened. Signals that were ignored at the start stay so:
 * that is how nohup and a shell's background jobs want it. Who asks is told how far `progress` is. Does not
 * keep the loop going. 0 or a UV_E* code. */
int interrupt_watch(uv_loop_t* loop,
                    void (*interrupted)(void* data, const char* name),
                    void* data,
                    struct progress* progress);

/* To be called before the loop is closed. */
void interrupt_end(void);

#endif /* RELAY_INTERRUPT_H_ */
