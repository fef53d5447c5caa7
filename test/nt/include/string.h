/* The system's own, and the functions for text of 16-bit units, which Windows' declares too. */
#ifndef NT_STRING_H_
#define NT_STRING_H_

#include "wchar.h"
#include_next <string.h>

#endif /* NT_STRING_H_ */
