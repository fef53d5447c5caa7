/* Between door_win.c and access_win.c. */
#ifndef PREFORK_ACCESS_WIN_H_
#define PREFORK_ACCESS_WIN_H_

#include "uv.h"

#define ACCESS_TEXT 4096 /* of a security descriptor, and its terminator */

/* The list for `allow` (door.h), to be given to LocalFree; 0, or -1 and why not. */
int access_make(const char* allow, PSECURITY_DESCRIPTOR* made, char* why, size_t size);

/* Who is at the other end of a pipe of which something was read. */
void access_describe(HANDLE pipe, char* text, size_t size);

#endif /* PREFORK_ACCESS_WIN_H_ */
