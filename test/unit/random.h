/* Numbers that are the same in every run and on every system. */
#ifndef UNIT_RANDOM_H_
#define UNIT_RANDOM_H_

#include <stdint.h>

static inline uint32_t random_next(uint64_t* state) {
  /* A linear congruential generator; its upper half is good enough for tests. */
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t) (*state >> 33);
}

static inline uint32_t random_below(uint64_t* state, uint32_t bound) {
  return random_next(state) % bound;
}

#endif /* UNIT_RANDOM_H_ */
