/* What tests call that the model does not have: declared where sources are compiled and not run
 * (tools/dialect.py), so that a call of it does not even compile for the model. What comes to be
 * modelled moves to its header. See windef.h. */
#ifndef NT_WINMORE_H_
#define NT_WINMORE_H_

#include <stdarg.h>

#include "winbase.h"

/* ---- Memory, exceptions and errors ---- */

#define EXCEPTION_ACCESS_VIOLATION 0xc0000005u

void WINAPI RaiseException(DWORD code, DWORD flags, DWORD count, const ULONG_PTR* more);

#define ERROR_SERVICE_DATABASE_LOCKED 1055u
#define ERROR_SERVICE_CANNOT_ACCEPT_CTRL 1061u
#define ERROR_SERVICE_SPECIFIC_ERROR 1066u
#define ERROR_PROCESS_ABORTED 1067u

BOOL WINAPI ProcessIdToSessionId(DWORD process, DWORD* session);

/* ---- Files ---- */

#define MOVEFILE_REPLACE_EXISTING 1u

BOOL WINAPI CreateDirectoryW(LPCWSTR path, LPSECURITY_ATTRIBUTES security);
BOOL WINAPI RemoveDirectoryW(LPCWSTR path);
BOOL WINAPI DeleteFileW(LPCWSTR path);
BOOL WINAPI MoveFileExW(LPCWSTR from, LPCWSTR to, DWORD flags);
DWORD WINAPI GetFileAttributesA(LPCSTR path);
DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR to, DWORD room);
BOOL WINAPI WriteConsoleA(HANDLE screen, const void* from, DWORD size, LPDWORD count, LPVOID none);

/* ---- What else windows.h brings ---- */

typedef struct IUnknown IUnknown;
typedef struct _NOTIFYICONDATAW {
  DWORD cbSize;
  HANDLE hWnd;
} NOTIFYICONDATAW;

#define KEY_SET_VALUE 0x00002u
#define KEY_READ 0x20019u
#define REG_EXPAND_SZ 2u
#define REG_DWORD 4u
#define EVENTLOG_ERROR_TYPE 0x0001
#define EVENTLOG_WARNING_TYPE 0x0002
#define EVENTLOG_INFORMATION_TYPE 0x0004

typedef LONG LSTATUS;

LSTATUS WINAPI RegOpenKeyExA(HKEY key, LPCSTR name, DWORD options, DWORD access, HKEY* opened);
LSTATUS WINAPI RegCreateKeyExW(HKEY key,
                               LPCWSTR name,
                               DWORD reserved,
                               LPWSTR class_name,
                               DWORD options,
                               DWORD access,
                               LPSECURITY_ATTRIBUTES security,
                               HKEY* opened,
                               LPDWORD made);
LSTATUS WINAPI
RegSetValueExW(HKEY key, LPCWSTR name, DWORD reserved, DWORD type, const BYTE* data, DWORD size);
LSTATUS WINAPI RegDeleteKeyW(HKEY key, LPCWSTR name);
LSTATUS WINAPI RegCloseKey(HKEY key);
HANDLE WINAPI RegisterEventSourceW(LPCWSTR machine, LPCWSTR name);
BOOL WINAPI DeregisterEventSource(HANDLE source);
BOOL WINAPI ReportEventW(HANDLE source,
                         WORD type,
                         WORD category,
                         DWORD event,
                         PSID user,
                         WORD strings,
                         DWORD size,
                         LPCWSTR* texts,
                         LPVOID data);

/* ---- Users and their tokens ---- */

typedef enum _SID_NAME_USE {
  SidTypeUser = 1
} SID_NAME_USE, *PSID_NAME_USE;

BOOL WINAPI LookupAccountNameW(LPCWSTR machine,
                               LPCWSTR name,
                               PSID sid,
                               LPDWORD sid_size,
                               LPWSTR domain,
                               LPDWORD domain_size,
                               PSID_NAME_USE use);
BOOL WINAPI LookupAccountSidW(LPCWSTR machine,
                              PSID sid,
                              LPWSTR name,
                              LPDWORD name_size,
                              LPWSTR domain,
                              LPDWORD domain_size,
                              PSID_NAME_USE use);

#endif /* NT_WINMORE_H_ */
