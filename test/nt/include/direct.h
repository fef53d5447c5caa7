/* Folders, as the C run-time library of Windows has them; see io.h. */
#ifndef NT_DIRECT_H_
#define NT_DIRECT_H_

#include <stddef.h>

#include <stddef.h>

char* _getcwd(char* to, int room);
int _chdir(const char* path);
int _mkdir(const char* path);
int _rmdir(const char* path);
int _wmkdir(const wchar_t* path);
int _wrmdir(const wchar_t* path);
int _wmkdir(const wchar_t* path);
int _wrmdir(const wchar_t* path);

#endif /* NT_DIRECT_H_ */
