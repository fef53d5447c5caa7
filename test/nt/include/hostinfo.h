/* Priorities, processors, memory and libraries; see windef.h. None of it is modelled (absent.c). */
#ifndef NT_HOSTINFO_H_
#define NT_HOSTINFO_H_

#include <stdarg.h>

#include "processenv.h"
#include "windef.h"

/* ---- Priorities and processors ---- */

#define THREAD_PRIORITY_ERROR_RETURN 0x7fffffff
#define NORMAL_PRIORITY_CLASS 0x20u
#define IDLE_PRIORITY_CLASS 0x40u
#define HIGH_PRIORITY_CLASS 0x80u
#define REALTIME_PRIORITY_CLASS 0x100u
#define BELOW_NORMAL_PRIORITY_CLASS 0x4000u
#define ABOVE_NORMAL_PRIORITY_CLASS 0x8000u

typedef struct _GROUP_AFFINITY {
  KAFFINITY Mask;
  WORD Group;
  WORD Reserved[3];
} GROUP_AFFINITY;

int WINAPI GetThreadPriority(HANDLE thread);
BOOL WINAPI SetThreadPriority(HANDLE thread, int priority);
DWORD WINAPI GetPriorityClass(HANDLE process);
BOOL WINAPI SetPriorityClass(HANDLE process, DWORD priority_class);
BOOL WINAPI GetThreadGroupAffinity(HANDLE thread, GROUP_AFFINITY* affinity);
DWORD_PTR WINAPI SetThreadAffinityMask(HANDLE thread, DWORD_PTR mask);
DWORD WINAPI GetCurrentProcessorNumber(void);
BOOL WINAPI
GetThreadTimes(HANDLE thread, FILETIME* made, FILETIME* ended, FILETIME* kernel, FILETIME* user);

/* ---- Memory ---- */

typedef struct _MEMORYSTATUSEX {
  DWORD dwLength;
  DWORD dwMemoryLoad;
  ULONGLONG ullTotalPhys;
  ULONGLONG ullAvailPhys;
  ULONGLONG ullTotalPageFile;
  ULONGLONG ullAvailPageFile;
  ULONGLONG ullTotalVirtual;
  ULONGLONG ullAvailVirtual;
  ULONGLONG ullAvailExtendedVirtual;
} MEMORYSTATUSEX;

BOOL WINAPI GlobalMemoryStatusEx(MEMORYSTATUSEX* status);
HANDLE WINAPI LocalFree(HANDLE memory);

/* ---- Libraries, texts, the registry ---- */

#define LOAD_WITH_ALTERED_SEARCH_PATH 8u
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x200u
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000u
#define RRF_RT_REG_DWORD 0x10u

BOOL WINAPI FreeLibrary(HMODULE module);
DWORD WINAPI FormatMessageW(DWORD flags,
                            LPCVOID source,
                            DWORD message,
                            DWORD language,
                            LPWSTR to,
                            DWORD room,
                            va_list* arguments);

#endif /* NT_HOSTINFO_H_ */
