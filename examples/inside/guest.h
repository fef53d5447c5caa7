/* A server on a loop of its own that runs inside somebody else's loop: what the hosts in this folder
 * (epoll.c, glib.c, win32.c) have to do for it are the four calls below.
 *
 * The server: whoever comes to 127.0.0.1 is greeted a moment later, by a thread of the pool, and then gets
 * back what he sends. "quit" ends it. */
#ifndef INSIDE_GUEST_H_
#define INSIDE_GUEST_H_

/* Listens on `port`, 0 for a free one, and says where. 0 or a UV_E* code. */
int guest_open(int port);

/* What to wait for: a descriptor (Unix: until it is readable), or the value of a HANDLE (Windows: until it is
 * signalled). The same for all of its life. -1: this system has no such thing. */
int guest_descriptor(void);

/* How long to wait at most, in ms; -1: for ever. To be asked anew before each wait. */
int guest_timeout(void);

/* To be called when the wait is over, whatever ended it. 0: the guest has left. Never waits. */
int guest_turn(void);

/* A line for people and tests: so many times the host's clock has ticked, so many turns the guest had. */
void guest_report(unsigned ticks);

#endif /* INSIDE_GUEST_H_ */
