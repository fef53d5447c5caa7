/* Memory: the allocator of the whole library, and the descriptor of a piece of it. */
#include "core/base/alloc.h"

#include <errno.h>
#include <stdlib.h>

#include "uv.h"

static struct {
  uv_malloc_func malloc;
  uv_realloc_func realloc;
  uv_calloc_func calloc;
  uv_free_func free;
} allocator = {malloc, realloc, calloc, free};

void* uv__malloc(size_t size) {
  return allocator.malloc(size);
}

void* uv__calloc(size_t count, size_t size) {
  return allocator.calloc(count, size);
}

void* uv__realloc(void* ptr, size_t size) {
  if (size > 0)
    return allocator.realloc(ptr, size);
  /* What realloc does with size 0 differs between C libraries. */
  uv__free(ptr);
  return NULL;
}

void uv__free(void* ptr) {
  /* Clean-up often runs between a failed call and the look at errno. */
  int saved = errno;
  allocator.free(ptr);
  errno = saved;
}

int uv_replace_allocator(uv_malloc_func malloc_func,
                         uv_realloc_func realloc_func,
                         uv_calloc_func calloc_func,
                         uv_free_func free_func) {
  if (malloc_func == NULL || realloc_func == NULL || calloc_func == NULL || free_func == NULL)
    return UV_EINVAL;
  allocator.malloc = malloc_func;
  allocator.realloc = realloc_func;
  allocator.calloc = calloc_func;
  allocator.free = free_func;
  return 0;
}

uv_buf_t uv_buf_init(char* base, unsigned int len) {
  uv_buf_t buf;

  buf.base = base;
  buf.len = len;
  return buf;
}
