/* The library's only allocator (rule L8): whatever uv_replace_allocator installed. */
#ifndef UV__ALLOC_H_
#define UV__ALLOC_H_

#include <stddef.h>

void* uv__malloc(size_t size);
void* uv__calloc(size_t count, size_t size);
void* uv__realloc(void* ptr, size_t size); /* size 0 frees and gives NULL */
void uv__free(void* ptr);                  /* keeps errno */

#endif /* UV__ALLOC_H_ */
