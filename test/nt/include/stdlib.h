/* The system's own, and what the C run-time library of Windows adds. */
#ifndef NT_STDLIB_H_
#define NT_STDLIB_H_

#include_next <stdlib.h>

#include "windef.h"

#define _CRTIMP
typedef void(__cdecl* _invalid_parameter_handler)(
    const wchar_t*, const wchar_t*, const wchar_t*, unsigned int, uintptr_t);
_invalid_parameter_handler _set_invalid_parameter_handler(_invalid_parameter_handler handler);
_invalid_parameter_handler _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler handler);

int _putenv(const char* entry);
int _putenv_s(const char* name, const char* value);

/* Of the process in the model: see program.c, environ.c and crt.c. */
int* nt_argc(void);
char*** nt_argv(void);
char* nt_getenv(const char* name);
_Noreturn void nt_exit(int code);
int nt_atexit(void (*fn)(void));

#define __argc (*nt_argc())
#define __argv (*nt_argv())
#define getenv nt_getenv
#define exit nt_exit
#define atexit nt_atexit
#define _Exit nt_exit

#endif /* NT_STDLIB_H_ */
