/* Pipes that are Unix-domain sockets: a name that is a path. Stands on the sockets of tcp/, and leaves
 * every other name to pipe/. */
#ifndef UV__WIN_LOCAL_H_
#define UV__WIN_LOCAL_H_

#include "win/tcp/tcp.h"

/* As in afunix.h, which not every compiler brings. */
enum {
  UV__LOCAL_PATH = 108
};
struct uv__local_addr {
  ADDRESS_FAMILY family;
  char path[UV__LOCAL_PATH];
};

/* ---- sock.c ---- */

/* For the clients of a listener. */
extern const struct uv__sock_family uv__local_family;
/* UV_ENOTSUP: the system has none. */
int uv__local_make(SOCKET* sock);
int uv__local_read_name(const struct uv__pipe_name* name, struct uv__local_addr* addr);
/* What the CONNECT lane's start returns, of a socket that is the io's and not bound. */
int uv__local_connect(struct uv__io* io, const struct uv__local_addr* addr);

/* ---- file.c: what a bind leaves in the file system ---- */

/* The file of a socket that was just bound, by which it is removed whatever its name is by then. */
int uv__local_file_open(const char* path, HANDLE* file);
/* Removes it, if it is still there, and lets go of it. */
void uv__local_file_remove(HANDLE file);
/* Whether it is text. */
int uv__local_file_is_name(const char* path);
/* Whether there is anything of that name. */
int uv__local_file_exists(const char* path);

#endif /* UV__WIN_LOCAL_H_ */
