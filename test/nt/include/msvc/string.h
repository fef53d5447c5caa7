/* See assert.h. */
#ifndef NT_MSVC_STRING_H_
#define NT_MSVC_STRING_H_

#include <wchar.h>

void* __cdecl memchr(const void* at, int c, size_t size);
int __cdecl memcmp(const void* a, const void* b, size_t size);
void* __cdecl memcpy(void* to, const void* from, size_t size);
void* __cdecl memmove(void* to, const void* from, size_t size);
void* __cdecl memset(void* at, int c, size_t size);
char* __cdecl strcat(char* to, const char* from);
char* __cdecl strchr(const char* s, int c);
int __cdecl strcmp(const char* a, const char* b);
char* __cdecl strcpy(char* to, const char* from);
size_t __cdecl strcspn(const char* s, const char* reject);
char* __cdecl strerror(int code);
size_t __cdecl strlen(const char* s);
char* __cdecl strncat(char* to, const char* from, size_t n);
int __cdecl strncmp(const char* a, const char* b, size_t n);
char* __cdecl strncpy(char* to, const char* from, size_t n);
size_t __cdecl strnlen(const char* s, size_t n);
char* __cdecl strpbrk(const char* s, const char* accept);
char* __cdecl strrchr(const char* s, int c);
size_t __cdecl strspn(const char* s, const char* accept);
char* __cdecl strstr(const char* s, const char* part);
char* __cdecl strtok(char* s, const char* reject);
char* __cdecl _strdup(const char* s);
int __cdecl _stricmp(const char* a, const char* b);
int __cdecl _strnicmp(const char* a, const char* b, size_t n);

#endif /* NT_MSVC_STRING_H_ */
