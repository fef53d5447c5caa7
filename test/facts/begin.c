/* On a Windows that is there, or Wine: nothing. */
#include "facts.h"

void facts_begin(void) {}

void facts_end(void) {}
