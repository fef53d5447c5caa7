/* See assert.h. */
#ifndef NT_MSVC_STDIO_H_
#define NT_MSVC_STDIO_H_

#include <stdarg.h>
#include <stddef.h>

typedef struct _iobuf {
  void* _Placeholder;
} FILE;
FILE* __cdecl __acrt_iob_func(unsigned which);

#define stdin (__acrt_iob_func(0))
#define stdout (__acrt_iob_func(1))
#define stderr (__acrt_iob_func(2))
#define EOF (-1)
#define BUFSIZ 512
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _IOFBF 0x0000
#define _IOLBF 0x0040
#define _IONBF 0x0004

#define NT_PRINTF(text, first) __attribute__((format(printf, text, first)))

int __cdecl printf(const char* format, ...) NT_PRINTF(1, 2);
int __cdecl fprintf(FILE* to, const char* format, ...) NT_PRINTF(2, 3);
int __cdecl sprintf(char* to, const char* format, ...) NT_PRINTF(2, 3);
int __cdecl snprintf(char* to, size_t size, const char* format, ...) NT_PRINTF(3, 4);
int __cdecl vprintf(const char* format, va_list args) NT_PRINTF(1, 0);
int __cdecl vfprintf(FILE* to, const char* format, va_list args) NT_PRINTF(2, 0);
int __cdecl vsnprintf(char* to, size_t size, const char* format, va_list args) NT_PRINTF(3, 0);
int __cdecl sscanf(const char* from, const char* format, ...);
FILE* __cdecl fopen(const char* path, const char* mode);
FILE* __cdecl _wfopen(const wchar_t* path, const wchar_t* mode);
FILE* __cdecl freopen(const char* path, const char* mode, FILE* file);
FILE* __cdecl _fdopen(int fd, const char* mode);
FILE* __cdecl tmpfile(void);
int __cdecl fclose(FILE* file);
int __cdecl fflush(FILE* file);
int __cdecl feof(FILE* file);
int __cdecl ferror(FILE* file);
int __cdecl fgetc(FILE* file);
int __cdecl getc(FILE* file);
int __cdecl getchar(void);
char* __cdecl fgets(char* to, int size, FILE* file);
int __cdecl fputc(int c, FILE* file);
int __cdecl putc(int c, FILE* file);
int __cdecl putchar(int c);
int __cdecl fputs(const char* text, FILE* file);
int __cdecl puts(const char* text);
size_t __cdecl fread(void* to, size_t size, size_t count, FILE* file);
size_t __cdecl fwrite(const void* from, size_t size, size_t count, FILE* file);
int __cdecl fseek(FILE* file, long offset, int from);
long __cdecl ftell(FILE* file);
int __cdecl _fseeki64(FILE* file, long long offset, int from);
long long __cdecl _ftelli64(FILE* file);
void __cdecl rewind(FILE* file);
int __cdecl setvbuf(FILE* file, char* room, int mode, size_t size);
int __cdecl remove(const char* path);
int __cdecl rename(const char* from, const char* to);
void __cdecl perror(const char* text);
int __cdecl _fileno(FILE* file);
FILE* __cdecl _popen(const char* command, const char* mode);
int __cdecl _pclose(FILE* file);

#endif /* NT_MSVC_STDIO_H_ */
