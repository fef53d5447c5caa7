/* Runs a scenario again and again, each time with another allocation failing, until none is
 * left to fail. A scenario makes its own loop with `scene_begin`, hands every result to
 * `went_on`, and ends with `scene_end`, which is where the promises of rule E1 are checked. */
#ifndef FAULT_EVERY_H_
#define FAULT_EVERY_H_

#include "uv.h"

void for_every_allocation(void (*scenario)(void));

/* What the library says of the failure that is planted: UV_ENOMEM, or the code of the system's error;
 * 0 when it is one that nobody should notice. */
extern int fault_error;
/* Another code that says it as well; 0: there is none. */
extern int fault_also;
/* How often in a row it comes: 1, where nobody says otherwise. */
extern int fault_times;
/* That a result is one of them. */
void check_fault(int result);

/* The loop of the scenario; NULL when it could not be made, which ends the scenario. */
extern uv_loop_t* scene;
int scene_begin(void);
/* Run the loop until nothing is left, close all handles that are still open, run again.
 * Then the loop must close, and every request that was accepted must have had its callback. */
void scene_end(void);
/* Give up: close every handle. Requests under way end with UV_ECANCELED. */
void scene_fail(void);
/* True after scene_fail. */
extern int scene_failed;

/* The result of a call: 1 when it succeeded. fault_error ends the scenario with scene_fail;
 * any other error fails the test. */
int went_on(int result);
/* The same, for calls that start a request: its callback is owed from now on, and given with
 * `got_callback`, which also checks the status. 1 when that is 0. */
int owes_callback(int result);
int got_callback(int status);

#endif /* FAULT_EVERY_H_ */
