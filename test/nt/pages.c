/* Memory in pages, which the program may take away from itself. */
#include "sched.h"

#include "host.h"

enum {
  MOST = 16
};

/* What was handed out, and how large it is. */
static struct {
  void* at;
  SIZE_T size;
} given[MOST];

static int find(const void* at) {
  int i = 0;

  while (i < MOST && given[i].at != at)
    i++;
  return i;
}

/* Of the system's choice, and to be used at once. */
LPVOID WINAPI VirtualAlloc(LPVOID at, SIZE_T size, DWORD type, DWORD access) {
  int i = find(NULL);

  nt_enter("VirtualAlloc");
  if (at != NULL || type != (MEM_RESERVE | MEM_COMMIT) || access != PAGE_READWRITE || i == MOST)
    nt_absent("VirtualAlloc of another kind");
  given[i].at = host_pages(size);
  given[i].size = size;
  if (given[i].at == NULL)
    nt_error(ERROR_NOT_ENOUGH_MEMORY);
  return given[i].at;
}

/* What is not of here can be written anyway. */
BOOL WINAPI VirtualProtect(LPVOID at, SIZE_T size, DWORD access, PDWORD was) {
  int i = find(at);

  nt_enter("VirtualProtect");
  *was = access;
  if (at == NULL || i == MOST)
    return TRUE;
  if (size != given[i].size)
    nt_absent("VirtualProtect of a part");
  *was = access == PAGE_NOACCESS ? PAGE_READWRITE : PAGE_NOACCESS;
  return host_pages_hide(at, size, access == PAGE_NOACCESS);
}

BOOL WINAPI VirtualFree(LPVOID at, SIZE_T size, DWORD type) {
  int i = find(at);

  nt_enter("VirtualFree");
  if (at == NULL || i == MOST || size != 0 || type != MEM_RELEASE)
    return nt_error(ERROR_INVALID_PARAMETER);
  given[i].at = NULL;
  return host_pages_free(at, given[i].size);
}
