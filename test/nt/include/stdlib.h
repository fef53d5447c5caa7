/* The system's own, and what the C run-time library of Windows adds. */
#ifndef NT_STDLIB_H_
#define NT_STDLIB_H_

#include_next <stdlib.h>

int _putenv_s(const char* name, const char* value);

#endif /* NT_STDLIB_H_ */
