/* The system's own, but that a format's `l` means 32 bits, as on Windows: sources print a DWORD
 * by %lu. See text.c. */
#ifndef NT_STDIO_H_
#define NT_STDIO_H_

#include <stdarg.h>
#include_next <stdio.h>

int nt_vsnprintf(char* to, size_t size, const char* format, va_list args);
int nt_snprintf(char* to, size_t size, const char* format, ...);
int nt_fprintf(FILE* to, const char* format, ...);
int nt_printf(const char* format, ...);
int _fileno(FILE* file);
FILE* nt_fopen(const char* path, const char* mode);
int nt_remove(const char* path);

#define vsnprintf nt_vsnprintf
#define snprintf nt_snprintf
#define fprintf nt_fprintf
#define printf nt_printf
#define fopen nt_fopen
#define remove nt_remove

#endif /* NT_STDIO_H_ */
