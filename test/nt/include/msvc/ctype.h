/* See assert.h. */
#ifndef NT_MSVC_CTYPE_H_
#define NT_MSVC_CTYPE_H_

int __cdecl isalnum(int c);
int __cdecl isalpha(int c);
int __cdecl isdigit(int c);
int __cdecl islower(int c);
int __cdecl isprint(int c);
int __cdecl isspace(int c);
int __cdecl isupper(int c);
int __cdecl isxdigit(int c);
int __cdecl tolower(int c);
int __cdecl toupper(int c);

#endif /* NT_MSVC_CTYPE_H_ */
