/* What tests call that the model does not have: declared where sources are compiled and not run
 * (tools/dialect.py), so that a call of it does not even compile for the model. What comes to be
 * modelled moves to its header. See windef.h. */
#ifndef NT_WINMORE_H_
#define NT_WINMORE_H_

#include <stdarg.h>

#include "winbase.h"

/* ---- Memory, exceptions and errors ---- */

#define EXCEPTION_ACCESS_VIOLATION 0xc0000005u
#define EXCEPTION_NONCONTINUABLE 0x1u

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

#endif /* NT_WINMORE_H_ */
