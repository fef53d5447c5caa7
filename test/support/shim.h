/* Behaviours of Windows that Wine does not have, for the tests that run there.
 *
 * A program that is linked with the shim (uvstream_link_shim in shim.cmake) calls the functions of
 * shim_calls.h through it, the library included, which is not changed for it. The environment
 * variable UVTEST_SHIM, a list such as "lock,lsp", switches behaviours on; without it every call
 * goes straight on. Children that run the same program and inherit the variable have them, too.
 *
 *   lock            calls on a synchronous pipe end wait for each other, in all its holders
 *   lsp             sockets of a provider that is no IFS: every success posts a packet, a cancel finds
 *                   nothing, closing a descriptor ends what was begun with it
 *   foreign         packets that are not ours come out of completion ports, one in a hundred
 *   context         a socket of AcceptEx or ConnectEx is connected once SO_UPDATE_*_CONTEXT was set
 *   first_instance  FILE_FLAG_FIRST_PIPE_INSTANCE is heeded
 *   ticks           time-outs end at a tick of 15.6 ms, before or after their time
 *   nosys           a large write finds no memory now and then; PIPE_NOWAIT takes a part
 *   trace           with lock: says on the standard error who has a lock and who waits for it
 *
 * Only where GNU's ld links for 64 bits; elsewhere shim_use answers 0. */
#ifndef SHIM_H_
#define SHIM_H_

#include <stddef.h>

#ifdef UVTEST_SHIM

/* Switches the behaviours of the list on beside those that are, in this process and in children that
 * it starts afterwards; an empty list switches all off. 0 when there is no shim, else 1. */
int shim_use(const char* behaviours);

/* The ledger: counts the calls of all threads from begin to end. */
void shim_count_begin(void);
void shim_count_end(void);

/* After the end: how often `function` was called, NULL for all of them. */
size_t shim_count(const char* function);

/* A line for each function that was called, divided by the operations that were done. */
void shim_count_print(double operations);

#else
#  define shim_use(behaviours) ((void) (behaviours), 0)
#endif

#endif /* SHIM_H_ */
