/* See assert.h. What the compiler knows by name. */
#ifndef NT_MSVC_INTRIN_H_
#define NT_MSVC_INTRIN_H_

long __cdecl _InterlockedOr(volatile long* at, long bits);
long __cdecl _InterlockedAnd(volatile long* at, long bits);
long __cdecl _InterlockedExchange(volatile long* at, long value);
long __cdecl _InterlockedExchangeAdd(volatile long* at, long value);
long __cdecl _InterlockedCompareExchange(volatile long* at, long value, long was);
void* __cdecl _InterlockedExchangePointer(void* volatile* at, void* value);
void* __cdecl _InterlockedCompareExchangePointer(void* volatile* at, void* value, void* was);

#endif /* NT_MSVC_INTRIN_H_ */
