/* See assert.h. */
#ifndef NT_MSVC_WCHAR_H_
#define NT_MSVC_WCHAR_H_

#include <stdarg.h>
#include <stddef.h>

typedef unsigned short wint_t;

size_t __cdecl wcslen(const wchar_t* s);
wchar_t* __cdecl wcschr(const wchar_t* s, wchar_t c);
wchar_t* __cdecl wcsrchr(const wchar_t* s, wchar_t c);
int __cdecl wcscmp(const wchar_t* a, const wchar_t* b);
int __cdecl wcsncmp(const wchar_t* a, const wchar_t* b, size_t n);
wchar_t* __cdecl wcscpy(wchar_t* to, const wchar_t* from);
wchar_t* __cdecl wcsncpy(wchar_t* to, const wchar_t* from, size_t n);
wchar_t* __cdecl wcscat(wchar_t* to, const wchar_t* from);
size_t __cdecl wcscspn(const wchar_t* s, const wchar_t* reject);
size_t __cdecl wcsspn(const wchar_t* s, const wchar_t* accept);
wchar_t* __cdecl wcspbrk(const wchar_t* s, const wchar_t* accept);
wchar_t* __cdecl wcsstr(const wchar_t* s, const wchar_t* part);
unsigned long __cdecl wcstoul(const wchar_t* text, wchar_t** end, int base);
wchar_t* __cdecl wmemcpy(wchar_t* to, const wchar_t* from, size_t n);
wchar_t* __cdecl wmemchr(const wchar_t* s, wchar_t c, size_t n);
int __cdecl wmemcmp(const wchar_t* a, const wchar_t* b, size_t n);
int __cdecl swprintf(wchar_t* to, size_t room, const wchar_t* format, ...);
int __cdecl _snwprintf(wchar_t* to, size_t room, const wchar_t* format, ...);
int __cdecl _wcsicmp(const wchar_t* a, const wchar_t* b);
int __cdecl _wcsnicmp(const wchar_t* a, const wchar_t* b, size_t n);
wchar_t* __cdecl _wcsdup(const wchar_t* s);

#endif /* NT_MSVC_WCHAR_H_ */
