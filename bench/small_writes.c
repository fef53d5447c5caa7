/* Many small writes in one callback: 1,000 uv_writes of 64 bytes each, round after round. The
 * other end reads in large pieces, so that its share is small and the same for both libraries.
 *
 * usage: bench_small_writes tcp|pipe ROUNDS
 * Prints messages, cpu_ns and wall_ns. */
#include "pair.h"

#define WRITES 1000
#define MESSAGE_SIZE 64

static uv_write_t requests[WRITES];
static long rounds_left;
static int callbacks_left; /* of this round */
static size_t bytes_left;

static void on_written(uv_write_t* req, int status);

static void start_round(void) {
  int i;

  callbacks_left = WRITES;
  bytes_left = (size_t) WRITES * MESSAGE_SIZE;
  for (i = 0; i < WRITES; i++)
    pair_write(&requests[i], MESSAGE_SIZE, on_written);
}

static void begin(void) {
  pair_nodelay();
  start_round();
}

/* A round is over when all its bytes and all its callbacks have come. */
static void end_part(void) {
  if (callbacks_left > 0 || bytes_left > 0)
    return;
  if (--rounds_left > 0)
    start_round();
  else
    pair_close();
}

static void on_written(uv_write_t* req, int status) {
  (void) req;
  check(status, "write");
  callbacks_left--;
  end_part();
}

static void arrived(size_t bytes) {
  bytes_left -= bytes;
  end_part();
}

int main(int argc, char** argv) {
  enum kind kind = kind_argument(argc, argv, 1);
  long rounds = argument(argc, argv, 2, 100);

  rounds_left = rounds;
  pair_measure(kind, begin, arrived, rounds * WRITES);
  return 0;
}
