/* Runs a program of test/facts, whose main is renamed, over the model: it must hold what the facts say,
 * whatever the seed. */
#include <stdio.h>

#include "nt.h"

int fact_main(void);

int main(void) {
  int seed;

  for (seed = 1; seed <= 20; seed++) {
    int result;

    nt_begin((uint64_t) seed);
    nt_sockets_are_ifs = 1;
    result = fact_main();
    nt_end();
    if (result != 0) {
      printf("seed %d\n", seed);
      return result;
    }
  }
  return 0;
}
