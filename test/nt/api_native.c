/* What test/api needs to run over the model: each test is run under several seeds, each in a process of
 * its own, since tests keep what they know in static variables. NT_SEED in the environment: under that one. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "memory.h"
#include "nt.h"

enum {
  SEEDS = 3
};

static char note[64];

static void begin(uint64_t seed) {
  snprintf(note, sizeof(note), "nt: under NT_SEED=%llu\n", (unsigned long long) seed);
  nt_note = note;
  nt_begin(seed);
  memory_begin();
}

/* In the children it returns, to the test. */
void api_native_begin(void) {
  const char* one = getenv("NT_SEED");
  uint64_t seed;

  if (one != NULL) {
    begin(strtoull(one, NULL, 0));
    return;
  }
  for (seed = 1; seed <= SEEDS; seed++) {
    int status = 0;

    if (host_try(&status)) {
      begin(seed);
      return;
    }
    if (status != 0) {
      fprintf(stderr, "nt: that was NT_SEED=%llu\n", (unsigned long long) seed);
      host_exit(status);
    }
  }
  host_exit(0);
}

void api_native_end(void) {
  memory_end();
  nt_end();
}
