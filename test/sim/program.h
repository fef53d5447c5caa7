/* A random program, from its first call to the closed loop. */
#ifndef PROGRAM_H_
#define PROGRAM_H_

#include <stddef.h>
#include <stdint.h>

/* Runs the program of one seed; a broken rule ends the process. */
void program_run(uint64_t seed);

/* Its pieces, for programs that are not random (scenarios.c). */
void program_begin(uint64_t seed);
void program_turn(void);
/* Closes all; `in_peace`: after every byte arrived and every stream ended. */
void program_end(int in_peace);

/* Runs the scenario of that name under one seed's schedule; 0 when there is none. */
int scenario_run(const char* name, uint64_t seed);
/* Their names, from 0 on; NULL behind the last. */
const char* scenario_name(size_t number);

#endif /* PROGRAM_H_ */
