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

/* ---- file.c: what a bind leaves in the file system ---- */

/* The file of a socket that was just bound, by which it is removed whatever its name is by then. */
int uv__local_file_open(const char* path, HANDLE* file);
/* Removes it, if it is still there, and lets go of it. */
void uv__local_file_remove(HANDLE file);
/* Whether there is anything of that name. */
int uv__local_file_exists(const char* path);

#endif /* UV__WIN_LOCAL_H_ */
