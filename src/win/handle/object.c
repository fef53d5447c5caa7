/* What the object manager tells of a handle, by functions of ntdll that are documented and that not
 * every import library has. It waits for no lock of a file object. */
#include "win/handle/handle.h"

typedef LONG(NTAPI* query_object_fn)(HANDLE, int class_, void* info, ULONG size, ULONG* length);

/* PUBLIC_OBJECT_BASIC_INFORMATION */
struct object_info {
  ULONG attributes;
  ACCESS_MASK access;
  ULONG handles; /* in all processes */
  ULONG pointers;
  ULONG reserved[10];
};

enum {
  OBJECT_BASIC_INFORMATION = 0
};

static int query(HANDLE handle, struct object_info* info) {
  query_object_fn ask = (query_object_fn) uv__import(L"ntdll.dll", "NtQueryObject");

  if (ask == NULL)
    return UV_ENOSYS;
  if (ask(handle, OBJECT_BASIC_INFORMATION, info, sizeof(*info), NULL) < 0)
    return UV_EBADF;
  return 0;
}

int uv__object_look(HANDLE handle, ACCESS_MASK* access, ULONG* handles) {
  struct object_info info;
  int r = query(handle, &info);

  if (r < 0)
    return r;
  *access = info.access;
  *handles = info.handles;
  return 0;
}

int uv__object_is_shared(HANDLE handle) {
  struct object_info info;

  return query(handle, &info) == 0 && info.handles > 1;
}
