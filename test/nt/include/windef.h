/* The types of Win32 with Windows' widths, for programs that are compiled natively over the model
 * of NT (test/nt). Names and layouts are Microsoft's documented ones ("Windows Data Types"); the
 * text is ours. LONG has 32 bits although `long` has 64 here, and WCHAR has 16 (-fshort-wchar). */
#ifndef NT_WINDEF_H_
#define NT_WINDEF_H_

#include <stddef.h>
#include <stdint.h>

/* Functions that the system has too, under the same name: a sanitizer's interceptors would answer for
 * ours otherwise. */
#define NT_OWN(name) __asm__("nt_" #name)

#ifdef _MSC_VER /* These are words of the language there (tools/dialect.py). */
#  define WINAPI __stdcall
#  define WINAPIV __cdecl
#else
#  define WINAPI
#  define WINAPIV
#  define __stdcall
#  define __cdecl
#  define __int64 long long
#endif
#define WSAAPI WINAPI
#define CALLBACK WINAPI
#define NTAPI WINAPI
#define APIENTRY WINAPI
#define PASCAL WINAPI
#define VOID void
#define CONST const

typedef int BOOL;
typedef unsigned char BYTE;
typedef unsigned char BOOLEAN;
typedef unsigned char UCHAR;
typedef char CHAR;
typedef short SHORT;
typedef unsigned short USHORT;
typedef unsigned short WORD;
typedef int INT;
typedef unsigned int UINT;
#ifdef _MSC_VER
typedef long LONG;
typedef unsigned long ULONG;
typedef unsigned long DWORD;
#else
typedef int LONG;
typedef unsigned int ULONG;
typedef unsigned int DWORD;
#endif
typedef long long LONGLONG;
typedef unsigned long long ULONGLONG;
typedef long long LONG64;
typedef unsigned long long ULONG64;
typedef unsigned long long DWORD64;
typedef unsigned int UINT32;
typedef unsigned short UINT16;
typedef wchar_t WCHAR;
typedef float FLOAT;
typedef intptr_t INT_PTR;
typedef uintptr_t UINT_PTR;
typedef intptr_t LONG_PTR;
typedef uintptr_t ULONG_PTR;
typedef uintptr_t DWORD_PTR;
typedef size_t SIZE_T;
typedef intptr_t SSIZE_T;
typedef DWORD ACCESS_MASK;
typedef LONG NTSTATUS;
typedef LONG HRESULT;

typedef void* PVOID;
typedef void* LPVOID;
typedef const void* LPCVOID;
typedef void* HANDLE;
typedef HANDLE* PHANDLE;
typedef HANDLE* LPHANDLE;
typedef BOOL* LPBOOL;
typedef BYTE* PBYTE;
typedef BYTE* LPBYTE;
typedef CHAR* LPSTR;
typedef const CHAR* LPCSTR;
typedef WCHAR* LPWSTR;
typedef WCHAR* PWSTR;
typedef WCHAR* PWCHAR;
typedef const WCHAR* LPCWSTR;
typedef const WCHAR* PCWSTR;
typedef WORD* LPWORD;
typedef DWORD* LPDWORD;
typedef DWORD* PDWORD;
typedef LONG* PLONG;
typedef ULONG* PULONG;
typedef ULONG_PTR* PULONG_PTR;
typedef ULONG_PTR KAFFINITY;

struct nt_module;
typedef struct nt_module* HMODULE;
typedef struct nt_module* HINSTANCE;
struct nt_key;
typedef struct nt_key* HKEY;
typedef INT_PTR(WINAPI* FARPROC)(void);

typedef union _LARGE_INTEGER {
  struct {
    DWORD LowPart;
    LONG HighPart;
  } u;
  LONGLONG QuadPart;
} LARGE_INTEGER;
typedef LARGE_INTEGER* PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
  struct {
    DWORD LowPart;
    DWORD HighPart;
  } u;
  ULONGLONG QuadPart;
} ULARGE_INTEGER;

typedef struct _FILETIME {
  DWORD dwLowDateTime;
  DWORD dwHighDateTime;
} FILETIME;
typedef FILETIME* LPFILETIME;

typedef struct _GUID {
  DWORD Data1;
  WORD Data2;
  WORD Data3;
  BYTE Data4[8];
} GUID;

typedef struct _COORD {
  SHORT X;
  SHORT Y;
} COORD;

typedef struct _SMALL_RECT {
  SHORT Left;
  SHORT Top;
  SHORT Right;
  SHORT Bottom;
} SMALL_RECT;

#define TRUE 1
#define FALSE 0
#define MAX_PATH 260
#define MAXDWORD 0xffffffffu
#define INFINITE 0xffffffffu
#define INVALID_HANDLE_VALUE ((HANDLE) (LONG_PTR) -1)

#define MAKEWORD(low, high) ((WORD) ((BYTE) (low) | (WORD) ((BYTE) (high) << 8)))
#define LOWORD(x) ((WORD) ((DWORD_PTR) (x) &0xffff))
#define HIWORD(x) ((WORD) (((DWORD_PTR) (x) >> 16) & 0xffff))
#define IS_HIGH_SURROGATE(unit) ((unit) >= 0xd800 && (unit) <= 0xdbff)
#define IS_LOW_SURROGATE(unit) ((unit) >= 0xdc00 && (unit) <= 0xdfff)
#define ARRAYSIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* NT_WINDEF_H_ */
