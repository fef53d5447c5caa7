/* Text of 16-bit units. The system's functions have 32-bit ones and are kept out of the way by
 * other names; ours are in text.c. */
#ifndef NT_WCHAR_H_
#define NT_WCHAR_H_

#include <stdarg.h>
#include <stddef.h>

typedef unsigned short wint_t;

#define wcslen nt_wcslen
#define wcschr nt_wcschr
#define wcsrchr nt_wcsrchr
#define wcscmp nt_wcscmp
#define wcsncmp nt_wcsncmp
#define wcscpy nt_wcscpy
#define wcscat nt_wcscat
#define wcscspn nt_wcscspn
#define wcsspn nt_wcsspn
#define wcspbrk nt_wcspbrk
#define wcsstr nt_wcsstr
#define wmemcpy nt_wmemcpy
#define _wcsicmp nt_wcsicmp
#define _wcsnicmp nt_wcsnicmp

size_t wcslen(const wchar_t* s);
wchar_t* wcschr(const wchar_t* s, wchar_t c);
wchar_t* wcsrchr(const wchar_t* s, wchar_t c);
int wcscmp(const wchar_t* a, const wchar_t* b);
int wcsncmp(const wchar_t* a, const wchar_t* b, size_t n);
wchar_t* wcscpy(wchar_t* to, const wchar_t* from);
wchar_t* wcscat(wchar_t* to, const wchar_t* from);
size_t wcscspn(const wchar_t* s, const wchar_t* reject);
size_t wcsspn(const wchar_t* s, const wchar_t* accept);
wchar_t* wcspbrk(const wchar_t* s, const wchar_t* accept);
wchar_t* wcsstr(const wchar_t* s, const wchar_t* part);
wchar_t* wmemcpy(wchar_t* to, const wchar_t* from, size_t n);
int _wcsicmp(const wchar_t* a, const wchar_t* b);
int _wcsnicmp(const wchar_t* a, const wchar_t* b, size_t n);

#endif /* NT_WCHAR_H_ */
