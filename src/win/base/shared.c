/* Whether a handle is the only way to its object. */
#include "win/base/base.h"

typedef LONG(NTAPI* query_object_fn)(HANDLE, int class_, void* info, ULONG size, ULONG* length);

/* PUBLIC_OBJECT_BASIC_INFORMATION */
struct object_info {
  ULONG attributes;
  ACCESS_MASK access;
  ULONG handles; /* of all processes */
  ULONG pointers;
  ULONG reserved[10];
};

enum {
  OBJECT_BASIC_INFORMATION = 0
};

static INIT_ONCE looked_up = INIT_ONCE_STATIC_INIT;
static query_object_fn query_object;

static BOOL CALLBACK look_up(PINIT_ONCE once, void* argument, void** context) {
  (void) once;
  (void) argument;
  (void) context;
  query_object = (query_object_fn) uv__wide_import(L"ntdll.dll", "NtQueryObject");
  return TRUE;
}

int uv__shared_is(HANDLE handle) {
  struct object_info info;

  InitOnceExecuteOnce(&looked_up, look_up, NULL, NULL);
  /* What cannot be asked is taken for shared, and left alone. */
  return query_object == NULL ||
         query_object(handle, OBJECT_BASIC_INFORMATION, &info, sizeof(info), NULL) < 0 ||
         info.handles > 1;
}
