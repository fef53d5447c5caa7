/* See assert.h. */
#ifndef NT_MSVC_MALLOC_H_
#define NT_MSVC_MALLOC_H_

#include <stdlib.h>

void* __cdecl _alloca(size_t size);
void* __cdecl _aligned_malloc(size_t size, size_t alignment);
void __cdecl _aligned_free(void* at);
size_t __cdecl _msize(void* at);

#endif /* NT_MSVC_MALLOC_H_ */
