/* Sockets without the library, for peers that must be somebody else: on another thread, or
 * blocking. All of it fails the test when something unexpected happens. */
#ifndef TEST_RAW_H_
#define TEST_RAW_H_

#include <stddef.h>
#include <stdint.h>

#include "uv.h"

/* Wait for bytes; 0 at the end. */
size_t raw_receive(uv_os_sock_t sock, char* to, size_t len);
/* Wait until all bytes are taken. */
void raw_send(uv_os_sock_t sock, const char* from, size_t len);
void raw_close(uv_os_sock_t sock);
/* Make the system's buffers small. */
void raw_shrink(uv_os_sock_t sock);
/* Would a call on this socket wait? Only Unix can tell; 0 elsewhere. */
int raw_is_blocking(uv_os_sock_t sock);

/* The value of an option that is an int. */
int raw_option(uv_os_sock_t sock, int level, int name);

/* A thread that reads until the end and checks the pattern of net.h. */
struct raw_drain;
struct raw_drain* raw_drain_start(uv_os_sock_t sock);
/* Wait for its end; closes the socket, returns how many bytes came. */
uint64_t raw_drain_join(struct raw_drain* drain);

#endif /* TEST_RAW_H_ */
