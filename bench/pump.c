/* One-way pump: writes of 64 KiB from one end of a connection to the other.
 *
 * usage: bench_pump tcp|pipe [nodelay] MESSAGES
 * Prints messages, cpu_ns and wall_ns. */
#include <string.h>

#include "pair.h"

#define MESSAGE_SIZE PAIR_MOST_BYTES
#define IN_FLIGHT 4 /* enough that there is always a write to do while a read is done */

static uv_write_t requests[IN_FLIGHT];
static long messages_to_write;
static double bytes_to_read;
static int nodelay;

static void write_next(uv_write_t* req, int status) {
  check(status, "write");
  if (messages_to_write == 0)
    return;
  messages_to_write--;
  pair_write(req, MESSAGE_SIZE, write_next);
}

static void begin(void) {
  int i;

  if (nodelay)
    pair_nodelay();
  for (i = 0; i < IN_FLIGHT; i++)
    write_next(&requests[i], 0);
}

static void arrived(size_t bytes) {
  bytes_to_read -= (double) bytes;
  if (bytes_to_read <= 0)
    pair_close();
}

int main(int argc, char** argv) {
  enum kind kind = kind_argument(argc, argv, 1);
  long messages;

  nodelay = argc > 2 && strcmp(argv[2], "nodelay") == 0;
  messages = argument(argc, argv, nodelay ? 3 : 2, 1000);
  messages_to_write = messages;
  bytes_to_read = (double) messages * MESSAGE_SIZE;
  pair_measure(kind, begin, arrived, messages);
  return 0;
}
