/* The system's own, and the functions for text of 16-bit units, which Windows' declares too. */
#ifndef NT_STRING_H_
#define NT_STRING_H_

#include_next <string.h>
#include "wchar.h"

#endif /* NT_STRING_H_ */
