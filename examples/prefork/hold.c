/* What hold does in prefork: nothing. What it does in the program of a test is in held.c. */
#include "hold.h"

void hold(const char* place) {
  (void) place;
}
