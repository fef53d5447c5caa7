/* What a program asks of the system besides streams and processes, most of it uv.h's own. Knows
 * Winsock's start and the console's size; nobody but the backend knows it. */
#ifndef UV__WIN_SYSTEM_H_
#define UV__WIN_SYSTEM_H_

#include "win/base/base.h"

/* signal.c: ring the watchers of a loop that have something to take. */
void uv__signal_look(uv_loop_t* loop);
/* The handler of the console's events. On a thread that the system makes for each. */
BOOL WINAPI uv__signal_event(DWORD event);

/* title.c: gives back what uv_setup_args made. */
void uv__title_shutdown(void);

#endif /* UV__WIN_SYSTEM_H_ */
