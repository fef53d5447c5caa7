/* What a program asks of its process and its host, threads, names, and signals. To those above it
 * offers port.h and one thing more: to ring those whose signals came. It knows no child: SIGCHLD is
 * watched for by whoever wants to, as any signal is. */
#ifndef UV__UNIX_SYSTEM_H_
#define UV__UNIX_SYSTEM_H_

#include "unix/loop/loop.h"

/* ---- signal.c ---- */

/* After a wait of the poller that has poller->signals set: ring the watchers whose signals came. */
void uv__signal_look(uv_loop_t* loop);
/* Whether the system keeps nothing of a child that ends while SIGCHLD is handled like this. */
int uv__signal_is_ignored(int signum);
/* Of a signal that is watched for: catch it again, if the program has thrown our handler out. */
void uv__signal_insist(int signum);

/* ---- Around a fork (signal.c, title.c): nobody else is in there, so that it is whole in the
 * child. All signals are blocked. ---- */

void uv__signal_hold(void);
void uv__signal_unhold(void);
/* In the child, while it is held. */
void uv__signal_forget(void);
void uv__title_hold(void);
void uv__title_unhold(void);

#endif /* UV__UNIX_SYSTEM_H_ */
