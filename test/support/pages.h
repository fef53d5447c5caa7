/* Memory that can be taken away for a while: whoever looks at it then ends the test. That counts looks
 * exactly, where a measure of time could only guess. */
#ifndef PAGES_H_
#define PAGES_H_

#include "harness.h"

#ifdef _WIN32
#  include <winsock2.h> /* and windows.h, which must not come before it */
#else
#  include <sys/mman.h>
#endif

/* Cleared. */
static inline void* pages_new(size_t size) {
#ifdef _WIN32
  void* pages = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

  CHECK(pages != NULL);
#else
  void* pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  CHECK(pages != MAP_FAILED);
#endif
  return pages;
}

/* Nobody may look at them, or everybody again. */
static inline void pages_hide(void* pages, size_t size, int hidden) {
#ifdef _WIN32
  DWORD was;

  CHECK(VirtualProtect(pages, size, hidden ? PAGE_NOACCESS : PAGE_READWRITE, &was));
#else
  CHECK_EQ(mprotect(pages, size, hidden ? PROT_NONE : PROT_READ | PROT_WRITE), 0);
#endif
}

static inline void pages_free(void* pages, size_t size) {
#ifdef _WIN32
  (void) size;
  CHECK(VirtualFree(pages, 0, MEM_RELEASE));
#else
  CHECK_EQ(munmap(pages, size), 0);
#endif
}

#endif /* PAGES_H_ */
