/* Lines out of a stream, whatever pieces it comes in. */
#ifndef PREFORK_LINES_H_
#define PREFORK_LINES_H_

#include "uv.h"

#define LINE_BYTES 1024 /* the longest line, with its terminator */

struct lines {
  size_t used;
  char bytes[4 * LINE_BYTES];
};

/* Where the next bytes are to be read to. */
uv_buf_t lines_room(struct lines* lines);

/* That many bytes came. */
void lines_came(struct lines* lines, size_t length);

/* The next line, without its end, into `line` of LINE_BYTES: 1; 0 when it is not whole yet; -1
 * when it is too long. To be called until there is none, so that there is room again. */
int lines_next(struct lines* lines, char* line);

#endif /* PREFORK_LINES_H_ */
