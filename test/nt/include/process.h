/* Threads and the process, as the C run-time library of Windows has them. */
#ifndef NT_PROCESS_H_
#define NT_PROCESS_H_

#include <stdint.h>

uintptr_t _beginthreadex(
    void* security, unsigned stack, unsigned (*fn)(void*), void* arg, unsigned flags, unsigned* id);
void _endthreadex(unsigned code);
int _getpid(void);

#endif /* NT_PROCESS_H_ */
