/* The reports of the debug library, over the model (crt.c). */
#ifndef NT_CRTDBG_H_
#define NT_CRTDBG_H_

#ifndef _DEBUG
#  define _DEBUG
#endif
#include "windef.h"

#include "msvc/crtdbg.h"

/* With which its programs have variables of a thread. Of those in the copies that children run
 * LeakSanitizer finds its way through no others (program.c). */
#define __declspec(word) __##word __attribute__((tls_model("initial-exec")))

#endif /* NT_CRTDBG_H_ */
