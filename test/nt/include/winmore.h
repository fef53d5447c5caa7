/* What tests call that the model does not have: declared where sources are compiled and not run
 * (tools/dialect.py), so that a call of it does not even compile for the model. What comes to be
 * modelled moves to its header. See windef.h. */
#ifndef NT_WINMORE_H_
#define NT_WINMORE_H_

#include <stdarg.h>

#include "winbase.h"

/* ---- Memory, exceptions and errors ---- */

#define PAGE_READONLY 0x02u
#define PAGE_READWRITE 0x04u
#define EXCEPTION_ACCESS_VIOLATION 0xc0000005u
#define EXCEPTION_NONCONTINUABLE 0x1u

BOOL WINAPI VirtualProtect(LPVOID at, SIZE_T size, DWORD access, PDWORD was);
void WINAPI RaiseException(DWORD code, DWORD flags, DWORD count, const ULONG_PTR* more);

#define ERROR_SERVICE_CANNOT_ACCEPT_CTRL 1061u
#define ERROR_SERVICE_SPECIFIC_ERROR 1066u

/* ---- Files ---- */

#define MOVEFILE_REPLACE_EXISTING 1u

BOOL WINAPI CreateDirectoryW(LPCWSTR path, LPSECURITY_ATTRIBUTES security);
BOOL WINAPI RemoveDirectoryW(LPCWSTR path);
BOOL WINAPI DeleteFileW(LPCWSTR path);
BOOL WINAPI MoveFileExW(LPCWSTR from, LPCWSTR to, DWORD flags);
DWORD WINAPI GetFileAttributesA(LPCSTR path);
DWORD WINAPI GetModuleFileNameA(HMODULE module, LPSTR to, DWORD room);
BOOL WINAPI GetNamedPipeHandleStateA(HANDLE pipe,
                                     LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD bytes,
                                     LPDWORD timeout_ms,
                                     LPSTR user,
                                     DWORD size);
BOOL WINAPI WriteConsoleA(HANDLE screen, const void* from, DWORD size, LPDWORD count, LPVOID none);

/* ---- Security ---- */

#define SYSTEM_MANDATORY_LABEL_ACE_TYPE 0x11

typedef struct _ACE_HEADER {
  BYTE AceType;
  BYTE AceFlags;
  WORD AceSize;
} ACE_HEADER;

typedef struct _ACCESS_ALLOWED_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  DWORD SidStart;
} ACCESS_ALLOWED_ACE;

typedef struct _SYSTEM_MANDATORY_LABEL_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  DWORD SidStart;
} SYSTEM_MANDATORY_LABEL_ACE;

typedef enum _WELL_KNOWN_SID_TYPE {
  WinWorldSid = 1
} WELL_KNOWN_SID_TYPE;

BOOL WINAPI CreateWellKnownSid(WELL_KNOWN_SID_TYPE which, PSID domain, PSID to, DWORD* room);
BOOL WINAPI GetAce(PACL acl, DWORD index, LPVOID* ace);
BOOL WINAPI EqualSid(PSID a, PSID b);
BOOL WINAPI GetKernelObjectSecurity(
    HANDLE handle, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR to, DWORD room, LPDWORD needed);
BOOL WINAPI GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present,
                                      PACL* dacl,
                                      LPBOOL defaulted);
BOOL WINAPI GetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present,
                                      PACL* sacl,
                                      LPBOOL defaulted);

#endif /* NT_WINMORE_H_ */
