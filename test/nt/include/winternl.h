/* What ntdll documents and the backend looks up by name (GetProcAddress); see windef.h. */
#ifndef NT_WINTERNL_H_
#define NT_WINTERNL_H_

#include "windows.h"

typedef struct _IO_STATUS_BLOCK {
  union {
    NTSTATUS Status;
    PVOID Pointer;
  };
  ULONG_PTR Information;
} IO_STATUS_BLOCK;

typedef struct _UNICODE_STRING {
  USHORT Length;
  USHORT MaximumLength;
  PWSTR Buffer;
} UNICODE_STRING;

typedef struct _OBJECT_ATTRIBUTES {
  ULONG Length;
  HANDLE RootDirectory;
  UNICODE_STRING* ObjectName;
  ULONG Attributes;
  PVOID SecurityDescriptor;
  PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES;

#define NT_SUCCESS(status) ((NTSTATUS) (status) >= 0)

#endif /* NT_WINTERNL_H_ */
