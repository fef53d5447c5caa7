/* The list of processes; see windef.h. */
#ifndef NT_TLHELP32_H_
#define NT_TLHELP32_H_

#include "windows.h"

#define TH32CS_SNAPPROCESS 2u

typedef struct tagPROCESSENTRY32W {
  DWORD dwSize;
  DWORD cntUsage;
  DWORD th32ProcessID;
  ULONG_PTR th32DefaultHeapID;
  DWORD th32ModuleID;
  DWORD cntThreads;
  DWORD th32ParentProcessID;
  LONG pcPriClassBase;
  DWORD dwFlags;
  WCHAR szExeFile[MAX_PATH];
} PROCESSENTRY32W;

HANDLE WINAPI CreateToolhelp32Snapshot(DWORD flags, DWORD id);
BOOL WINAPI Process32FirstW(HANDLE snapshot, PROCESSENTRY32W* entry);
BOOL WINAPI Process32NextW(HANDLE snapshot, PROCESSENTRY32W* entry);

#endif /* NT_TLHELP32_H_ */
