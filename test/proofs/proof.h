/* What a proof is made of. Each is a program that CBMC (tools/prove.py) looks at for all values at once:
 * a variable that is not set has any value. CBMC itself asks of all that is called whether it stays within
 * its memory, overflows, divides by nothing, and ends within the rounds that the proof allows each
 * loop; CHECK asks for more.
 *
 * Each file includes the source that it is about, so that it reaches what is static there. Those whose names
 * end in _win.c are compiled over the headers of test/nt. */
#ifndef PROOF_H_
#define PROOF_H_

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* `rounds`: no loop takes more, which is proved too. */
#define PROOF(name, rounds) void proof_##name(void)
/* The same, of which the solver is not to make something simpler first: that takes longer than the rest. */
#define PLAIN_PROOF(name, rounds) void proof_##name(void)

#define ASSUME(cond) __CPROVER_assume(cond)
#define CHECK(cond) __CPROVER_assert(cond, #cond)
/* The last line of each: that it can be reached is what has to be seen, or nothing was proved. */
#define REACHED() __CPROVER_assert(0, "reached")

void __CPROVER_assume(_Bool truth);
void __CPROVER_assert(_Bool truth, const char* text);

/* Any value: CBMC knows them by the beginning of their names. */
int nondet_int(void);
unsigned nondet_unsigned(void);
unsigned char nondet_byte(void);
uint16_t nondet_unit(void);
size_t nondet_size(void);

/* Memory that ends behind `size` bytes, of which there are ROOM at most: a byte beyond is seen. It is
 * never given back; memory whose size is not known when CBMC begins takes it ten times as long. */
#ifndef ROOM
#  define ROOM 32
#endif

static inline void* room_of(size_t size) {
  char* whole = malloc(ROOM);

  ASSUME(whole != NULL && size <= ROOM);
  return whole + ROOM - size;
}

#endif /* PROOF_H_ */
