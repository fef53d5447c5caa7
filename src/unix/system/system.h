/* What a program asks of its process and its host, threads, names, and signals. To those above it
 * offers port.h and one thing more: to ring those whose signals came. It knows no child: SIGCHLD is
 * watched for by whoever wants to, as any signal is. */
#ifndef UV__UNIX_SYSTEM_H_
#define UV__UNIX_SYSTEM_H_

#include "unix/loop/loop.h"

/* After each wait of the poller: ring the watchers whose signals came (signal.c). */
void uv__signal_look(uv_loop_t* loop);

#endif /* UV__UNIX_SYSTEM_H_ */
