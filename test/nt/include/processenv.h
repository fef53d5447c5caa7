/* Processes, their surroundings, and what kernel32 tells about the machine. See winbase.h. */
#ifndef NT_PROCESSENV_H_
#define NT_PROCESSENV_H_

#include "winbase.h"

/* ---- Processes ---- */

#define CREATE_NEW_CONSOLE 0x00000010u
#define DETACHED_PROCESS 0x00000008u
#define CREATE_NEW_PROCESS_GROUP 0x00000200u
#define CREATE_UNICODE_ENVIRONMENT 0x00000400u
#define EXTENDED_STARTUPINFO_PRESENT 0x00080000u
#define CREATE_NO_WINDOW 0x08000000u
#define STARTF_USESHOWWINDOW 1u
#define STARTF_USESTDHANDLES 0x100u
#define SW_HIDE 0
#define SW_SHOWDEFAULT 10
#define PROC_THREAD_ATTRIBUTE_HANDLE_LIST 0x00020002u
#define PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE 0x00020016u

typedef struct nt_attribute_list* LPPROC_THREAD_ATTRIBUTE_LIST;

typedef struct _STARTUPINFOW {
  DWORD cb;
  LPWSTR lpReserved;
  LPWSTR lpDesktop;
  LPWSTR lpTitle;
  DWORD dwX;
  DWORD dwY;
  DWORD dwXSize;
  DWORD dwYSize;
  DWORD dwXCountChars;
  DWORD dwYCountChars;
  DWORD dwFillAttribute;
  DWORD dwFlags;
  WORD wShowWindow;
  WORD cbReserved2;
  LPBYTE lpReserved2;
  HANDLE hStdInput;
  HANDLE hStdOutput;
  HANDLE hStdError;
} STARTUPINFOW;
typedef STARTUPINFOW* LPSTARTUPINFOW;

typedef struct _STARTUPINFOA {
  DWORD cb;
  LPSTR lpReserved;
  LPSTR lpDesktop;
  LPSTR lpTitle;
  DWORD dwX;
  DWORD dwY;
  DWORD dwXSize;
  DWORD dwYSize;
  DWORD dwXCountChars;
  DWORD dwYCountChars;
  DWORD dwFillAttribute;
  DWORD dwFlags;
  WORD wShowWindow;
  WORD cbReserved2;
  LPBYTE lpReserved2;
  HANDLE hStdInput;
  HANDLE hStdOutput;
  HANDLE hStdError;
} STARTUPINFOA;
typedef STARTUPINFOA* LPSTARTUPINFOA;

typedef struct _STARTUPINFOEXW {
  STARTUPINFOW StartupInfo;
  LPPROC_THREAD_ATTRIBUTE_LIST lpAttributeList;
} STARTUPINFOEXW;

typedef struct _STARTUPINFOEXA {
  STARTUPINFOA StartupInfo;
  LPPROC_THREAD_ATTRIBUTE_LIST lpAttributeList;
} STARTUPINFOEXA;

typedef struct _PROCESS_INFORMATION {
  HANDLE hProcess;
  HANDLE hThread;
  DWORD dwProcessId;
  DWORD dwThreadId;
} PROCESS_INFORMATION;
typedef PROCESS_INFORMATION* LPPROCESS_INFORMATION;

HANDLE WINAPI GetCurrentProcess(void);
DWORD WINAPI GetCurrentProcessId(void);
DWORD WINAPI GetProcessId(HANDLE process);
HANDLE WINAPI OpenProcess(DWORD access, BOOL inherit, DWORD id);
BOOL WINAPI CreateProcessW(LPCWSTR program,
                           LPWSTR command,
                           LPSECURITY_ATTRIBUTES process,
                           LPSECURITY_ATTRIBUTES thread,
                           BOOL inherit,
                           DWORD flags,
                           LPVOID environment,
                           LPCWSTR folder,
                           LPSTARTUPINFOW startup,
                           LPPROCESS_INFORMATION made);
BOOL WINAPI CreateProcessA(LPCSTR program,
                           LPSTR command,
                           LPSECURITY_ATTRIBUTES process,
                           LPSECURITY_ATTRIBUTES thread,
                           BOOL inherit,
                           DWORD flags,
                           LPVOID environment,
                           LPCSTR folder,
                           LPSTARTUPINFOA startup,
                           LPPROCESS_INFORMATION made);
BOOL WINAPI TerminateProcess(HANDLE process, UINT code);
void WINAPI ExitProcess(UINT code);
BOOL WINAPI GetExitCodeProcess(HANDLE process, LPDWORD code);
BOOL WINAPI InitializeProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                              DWORD count,
                                              DWORD flags,
                                              SIZE_T* size);
BOOL WINAPI UpdateProcThreadAttribute(LPPROC_THREAD_ATTRIBUTE_LIST list,
                                      DWORD flags,
                                      DWORD_PTR attribute,
                                      PVOID value,
                                      SIZE_T size,
                                      PVOID previous,
                                      SIZE_T* returned);
void WINAPI DeleteProcThreadAttributeList(LPPROC_THREAD_ATTRIBUTE_LIST list);
HANDLE WINAPI CreateJobObjectW(LPSECURITY_ATTRIBUTES security, LPCWSTR name);
BOOL WINAPI SetInformationJobObject(HANDLE job, JOBOBJECTINFOCLASS what, LPVOID info, DWORD size);
BOOL WINAPI AssignProcessToJobObject(HANDLE job, HANDLE process);
BOOL WINAPI TerminateJobObject(HANDLE job, UINT code);
void WINAPI GetStartupInfoW(LPSTARTUPINFOW info);
BOOL WINAPI GetProcessHandleCount(HANDLE process, PDWORD count);
BOOL WINAPI GetProcessAffinityMask(HANDLE process, DWORD_PTR* mine, DWORD_PTR* all);
#define ALL_PROCESSOR_GROUPS 0xffff
BOOL WINAPI GetProcessGroupAffinity(HANDLE process, USHORT* count, USHORT* groups);
DWORD WINAPI GetActiveProcessorCount(WORD group);
DWORD WINAPI GetFullPathNameW(const WCHAR* path, DWORD room, WCHAR* to, WCHAR** name);
DWORD WINAPI GetLongPathNameW(const WCHAR* path, WCHAR* to, DWORD room);
DWORD WINAPI GetShortPathNameW(const WCHAR* path, WCHAR* to, DWORD room);
BOOL WINAPI GetProcessIoCounters(HANDLE process, IO_COUNTERS* counters);
BOOL WINAPI GetProcessTimes(
    HANDLE process, LPFILETIME made, LPFILETIME ended, LPFILETIME kernel, LPFILETIME user);

/* ---- Surroundings ---- */

#define STD_INPUT_HANDLE ((DWORD) -10)
#define STD_OUTPUT_HANDLE ((DWORD) -11)
#define STD_ERROR_HANDLE ((DWORD) -12)
HANDLE WINAPI GetStdHandle(DWORD which);
BOOL WINAPI SetStdHandle(DWORD which, HANDLE handle);
LPWSTR WINAPI GetCommandLineW(void);
LPWSTR WINAPI GetEnvironmentStringsW(void);
BOOL WINAPI FreeEnvironmentStringsW(LPWSTR block);
DWORD WINAPI GetEnvironmentVariableW(LPCWSTR name, LPWSTR to, DWORD room);
BOOL WINAPI SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value);
DWORD WINAPI GetCurrentDirectoryW(DWORD room, LPWSTR to);
BOOL WINAPI SetCurrentDirectoryW(LPCWSTR path);
DWORD WINAPI GetTempPathA(DWORD room, LPSTR to);
DWORD WINAPI GetTempPathW(DWORD room, LPWSTR to);
BOOL WINAPI NeedCurrentDirectoryForExePathW(LPCWSTR name);

/* ---- Modules ---- */

#define GET_MODULE_HANDLE_EX_FLAG_PIN 1u
#define GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS 4u
#define LOAD_LIBRARY_SEARCH_SYSTEM32 0x800u
HMODULE WINAPI GetModuleHandleW(LPCWSTR name);
HMODULE WINAPI GetModuleHandleA(LPCSTR name);
BOOL WINAPI GetModuleHandleExW(DWORD flags, LPCWSTR name, HMODULE* module);
DWORD WINAPI GetModuleFileNameW(HMODULE module, LPWSTR to, DWORD room);
DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR to, DWORD room);
HMODULE WINAPI LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags);
FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name);

/* ---- Memory, and the end of those who misuse it ---- */

#define PAGE_NOACCESS 1u
#define PAGE_READONLY 2u
#define PAGE_READWRITE 4u
#define MEM_COMMIT 0x1000u
#define MEM_RESERVE 0x2000u
#define MEM_RELEASE 0x8000u
#define EXCEPTION_ACCESS_VIOLATION 0xc0000005u
#define EXCEPTION_NONCONTINUABLE 1u
LPVOID WINAPI VirtualAlloc(LPVOID at, SIZE_T size, DWORD type, DWORD access);
BOOL WINAPI VirtualFree(LPVOID at, SIZE_T size, DWORD type);
BOOL WINAPI VirtualProtect(LPVOID at, SIZE_T size, DWORD access, LPDWORD was);
void WINAPI RaiseException(DWORD code, DWORD flags, DWORD count, const ULONG_PTR* arguments);

/* ---- Text ---- */

#define CP_UTF8 65001u
#define CP_ACP 0u
#define MB_ERR_INVALID_CHARS 8u
#define WC_ERR_INVALID_CHARS 0x80u
#define CSTR_LESS_THAN 1
#define CSTR_EQUAL 2
#define CSTR_GREATER_THAN 3
int WINAPI MultiByteToWideChar(UINT page, DWORD flags, LPCSTR from, int size, LPWSTR to, int room);
int WINAPI WideCharToMultiByte(UINT page,
                               DWORD flags,
                               LPCWSTR from,
                               int units,
                               LPSTR to,
                               int room,
                               LPCSTR other,
                               LPBOOL used_other);
int WINAPI CompareStringOrdinal(LPCWSTR a, int a_units, LPCWSTR b, int b_units, BOOL ignore_case);

/* ---- The machine ---- */

typedef struct _SYSTEM_INFO {
  union {
    DWORD dwOemId;
    struct {
      WORD wProcessorArchitecture;
      WORD wReserved;
    };
  };
  DWORD dwPageSize;
  LPVOID lpMinimumApplicationAddress;
  LPVOID lpMaximumApplicationAddress;
  DWORD_PTR dwActiveProcessorMask;
  DWORD dwNumberOfProcessors;
  DWORD dwProcessorType;
  DWORD dwAllocationGranularity;
  WORD wProcessorLevel;
  WORD wProcessorRevision;
} SYSTEM_INFO;

typedef enum _COMPUTER_NAME_FORMAT {
  ComputerNameDnsHostname = 1
} COMPUTER_NAME_FORMAT;

void WINAPI GetNativeSystemInfo(SYSTEM_INFO* info);
BOOL WINAPI GetComputerNameExW(COMPUTER_NAME_FORMAT format, LPWSTR to, LPDWORD room);

#define HKEY_LOCAL_MACHINE ((HKEY) (ULONG_PTR) 0x80000002u)
#define RRF_RT_REG_SZ 2u

#endif /* NT_PROCESSENV_H_ */
