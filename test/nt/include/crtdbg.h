/* The reports of the debug library, over the model (crt.c). */
#ifndef NT_CRTDBG_H_
#define NT_CRTDBG_H_

#ifndef _DEBUG
#  define _DEBUG
#endif
#include "windef.h"

#include "msvc/crtdbg.h"

/* With which its programs have variables of a thread. */
#define __declspec(word) __##word

#endif /* NT_CRTDBG_H_ */
