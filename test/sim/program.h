/* A random program, from its first call to the closed loop. */
#ifndef PROGRAM_H_
#define PROGRAM_H_

#include <stdint.h>

/* Runs the program of one seed; a broken rule ends the process. */
void program_run(uint64_t seed);

#endif /* PROGRAM_H_ */
