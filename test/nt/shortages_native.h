/* A question to the system that is asked again and again, while another call of Windows that it makes
 * fails. */
#ifndef SHORTAGES_NATIVE_H_
#define SHORTAGES_NATIVE_H_

#include <stddef.h>

#include "faults_native.h"

/* `ask` returns what the library said. `told` are calls that it cannot do without: it makes them, and
 * says so when the first fails. */
void shortages_in(int (*ask)(void), const enum fault_call* told, size_t count);

#endif /* SHORTAGES_NATIVE_H_ */
