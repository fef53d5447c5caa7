/* A command line taken apart. Pure: no system call, so that it can be tested everywhere. */
#ifndef UV__WIN_ARGS_H_
#define UV__WIN_ARGS_H_

#include <stdint.h>

/* Writes the arguments of `line` to `to`, one behind the other and each terminated, and returns
 * their number. They need no more room than `line` with its terminator. */
int uv__args_split(const uint16_t* line, uint16_t* to);

#endif /* UV__WIN_ARGS_H_ */
