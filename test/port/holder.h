/* Somebody else who has a handle to a stream's file object: he is played by this process, with a handle
 * of his own. */
#ifndef PORT_HOLDER_H_
#define PORT_HOLDER_H_

#include "driver.h"

/* A stream's handle. */
HANDLE holder_handle(const struct stream* s);
/* Winsock wants to know its sockets, and does not know a handle that it did not duplicate. */
HANDLE holder_duplicate(const struct kind* kind, HANDLE handle);
/* A stream on this very handle, which is its own from then on. */
struct stream* holder_give(const struct kind* kind, HANDLE handle);
/* A stream on a handle of its own to what somebody has; and one that is overlapped as that is, which it is
 * not when a busy machine kept the question too long. */
struct stream* holder_open_once(const struct kind* kind, HANDLE theirs);
struct stream* holder_open(const struct kind* kind, HANDLE theirs);
void holder_close(const struct kind* kind, HANDLE handle);
/* Whether it is a socket of a provider that is no IFS. */
int holder_is_layered(const struct kind* kind, HANDLE handle);
/* Through a connection, from one end to the other. */
void holder_pass_byte(struct stream* from, struct stream* to);
/* A connection of which one end has had no operation: an accepted socket, and a client's end of a
 * pipe, since a server's has waited for its client. */
void holder_make_virgin(const struct kind* k, struct stream** virgin, struct stream** other);

/* Whether this system can take a file object off its port: 1 or 0, or -1 where nobody knows. Of the
 * native half, as the next one. */
int native_files_leave_ports(void);
/* Whether an overlapped send that there is room for is over when its call returns: 0 where nobody knows. */
int native_sends_end_at_once(void);

/* His own read of no bytes on a handle of his; it answers the event that says that it has ended. */
HANDLE holder_begin_read(const struct kind* kind, HANDLE handle, OVERLAPPED* overlapped);
/* Until the loop has dropped another packet that is not its own. */
void holder_await_stray(size_t before);

#endif /* PORT_HOLDER_H_ */
