/* What the suite needs from the system that is neither in the port nor in C. One file each
 * for Unix, Windows and the simulator. */
#ifndef PORT_NATIVE_H_
#define PORT_NATIVE_H_

#include "core/port.h"

/* How often each test is repeated; 1 where no seed makes a difference. */
extern const unsigned native_rounds;
/* Whether uv__port_wake may be called from another thread. */
extern const int native_threads;
/* Whether there are pipes with names. */
extern const int native_pipes;
/* Whether hosts, families and the options of a socket mean something here. */
extern const int native_addresses;
/* More bytes than a connection holds before its reader reads. */
extern const size_t native_flood;

/* Whether a hang-up is told of though the peer's last bytes are unread; and when only what the peer
 * sends has ended. */
int native_hears_behind_bytes(enum uv__desc_kind kind);
int native_hears_half_an_end(enum uv__desc_kind kind);

/* Before and after the loop of a round. */
void native_begin(unsigned round);
void native_end(void);

/* The port to bind to so that the system chooses a free one, or a free one. */
int native_free_port(void);
/* A name for a pipe that nobody else uses, not terminated; returns its length. */
size_t native_pipe_name(char* to, size_t size);
/* Whether the system keeps a second server from the name of a pipe. */
int native_names_are_exclusive(void);
/* `base` is what the next read_now reads into. */
void native_offer(char* base, size_t len);

/* A TCP descriptor that is not one. */
struct uv__desc native_desc_bad(void);

/* A TCP listener outside the port that never accepts, so that connects to it stay pending
 * once its backlog is full. -1 where that cannot be had. */
int native_deaf_listen(struct sockaddr_storage* addr);
void native_deaf_close(void);

#endif /* PORT_NATIVE_H_ */
