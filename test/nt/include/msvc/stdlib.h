/* See assert.h. */
#ifndef NT_MSVC_STDLIB_H_
#define NT_MSVC_STDLIB_H_

#include <stddef.h>
#include <stdint.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX 0x7fff
#define _MAX_PATH 260
#define _WRITE_ABORT_MSG 0x1
#define _CALL_REPORTFAULT 0x2

extern int __argc;
extern char** __argv;
extern wchar_t** __wargv;

__declspec(noreturn) void __cdecl abort(void);
__declspec(noreturn) void __cdecl exit(int code);
__declspec(noreturn) void __cdecl _exit(int code);
__declspec(noreturn) void __cdecl _Exit(int code);
int __cdecl atexit(void(__cdecl* fn)(void));
unsigned __cdecl _set_abort_behavior(unsigned flags, unsigned mask);
void* __cdecl malloc(size_t size);
void* __cdecl calloc(size_t count, size_t size);
void* __cdecl realloc(void* at, size_t size);
void __cdecl free(void* at);
int __cdecl abs(int x);
int __cdecl atoi(const char* text);
long __cdecl atol(const char* text);
long long __cdecl atoll(const char* text);
double __cdecl atof(const char* text);
long __cdecl strtol(const char* text, char** end, int base);
unsigned long __cdecl strtoul(const char* text, char** end, int base);
long long __cdecl strtoll(const char* text, char** end, int base);
unsigned long long __cdecl strtoull(const char* text, char** end, int base);
double __cdecl strtod(const char* text, char** end);
int __cdecl rand(void);
void __cdecl srand(unsigned seed);
void __cdecl qsort(void* base,
                   size_t count,
                   size_t size,
                   int(__cdecl* compare)(const void* a, const void* b));
void* __cdecl bsearch(const void* key,
                      const void* base,
                      size_t count,
                      size_t size,
                      int(__cdecl* compare)(const void* a, const void* b));
char* __cdecl getenv(const char* name);
int __cdecl _putenv(const char* entry);
int __cdecl _putenv_s(const char* name, const char* value);
int __cdecl system(const char* command);

typedef void(__cdecl* _invalid_parameter_handler)(const wchar_t* expression,
                                                  const wchar_t* function,
                                                  const wchar_t* file,
                                                  unsigned line,
                                                  uintptr_t reserved);
_invalid_parameter_handler __cdecl _set_invalid_parameter_handler(_invalid_parameter_handler fn);
_invalid_parameter_handler __cdecl _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler fn);

#endif /* NT_MSVC_STDLIB_H_ */
