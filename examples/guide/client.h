/* Steps 3 to 6 of docs/GUIDE.md: the clients of the echo server, whatever they came by. */
#ifndef GUIDE_CLIENT_H_
#define GUIDE_CLIENT_H_

#include <uv.h>

/* Take the connection that waits at `from`, which is a TCP or pipe listener, or an IPC pipe, and
 * echo what it sends. 0 or a UV_E* code, and then the connection still waits or is closed. */
int client_take(uv_stream_t* from, uv_handle_type kind);

/* Let every client have the echo that is under way, and close it. No more may be taken. */
void clients_finish(void);

/* Close them as they are. */
void clients_drop(void);

/* How many there are, those that close included. */
unsigned clients_count(void);

/* Called when the last one has closed. */
extern void (*clients_on_none)(void);

#endif /* GUIDE_CLIENT_H_ */
