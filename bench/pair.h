/* A connection that has both ends on one loop, so that a figure is the CPU time of a write and
 * its reading together and no scheduler is in it. A process has one. */
#ifndef BENCH_PAIR_H_
#define BENCH_PAIR_H_

#include "stream.h"

#define PAIR_MOST_BYTES 65536 /* of one write, and of one read */

/* Connect, call `begin`, then `arrived` with the number of bytes that each read brought, until
 * pair_close. Prints the figures of all that, for `messages`. */
void pair_measure(enum kind kind,
                  void (*begin)(void),
                  void (*arrived)(size_t bytes),
                  long messages);

/* Send `size` bytes. */
void pair_write(uv_write_t* req, size_t size, uv_write_cb cb);

/* What pair_write writes to. */
uv_stream_t* pair_sender(void);

/* Small pieces go at once from now on. */
void pair_nodelay(void);

void pair_close(void);

#endif /* BENCH_PAIR_H_ */
