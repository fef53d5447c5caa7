/* See assert.h. */
#ifndef NT_MSVC_PROCESS_H_
#define NT_MSVC_PROCESS_H_

#include <stdint.h>

uintptr_t __cdecl _beginthreadex(void* security,
                                 unsigned stack,
                                 unsigned(__stdcall* fn)(void*),
                                 void* arg,
                                 unsigned flags,
                                 unsigned* id);
void __cdecl _endthreadex(unsigned code);
int __cdecl _getpid(void);
__declspec(noreturn) void __cdecl _exit(int code);

#endif /* NT_MSVC_PROCESS_H_ */
