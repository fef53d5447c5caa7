/* See assert.h. The debug library, and in the other one what takes its place. */
#ifndef NT_MSVC_CRTDBG_H_
#define NT_MSVC_CRTDBG_H_

#include <stddef.h>

#define _CRT_WARN 0
#define _CRT_ERROR 1
#define _CRT_ASSERT 2
#define _CRTDBG_MODE_FILE 0x1
#define _CRTDBG_MODE_DEBUG 0x2
#define _CRT_RPTHOOK_INSTALL 0
#define _CRT_RPTHOOK_REMOVE 1
typedef void* _HFILE;
#define _CRTDBG_FILE_STDERR ((_HFILE) (intptr_t) -5)

typedef int(__cdecl* _CRT_REPORT_HOOK)(int kind, char* text, int* result);
typedef int(__cdecl* _CRT_REPORT_HOOKW)(int kind, wchar_t* text, int* result);

#ifdef _DEBUG
int __cdecl _CrtSetReportMode(int kind, int mode);
_HFILE __cdecl _CrtSetReportFile(int kind, _HFILE file);
int __cdecl _CrtSetReportHook2(int mode, _CRT_REPORT_HOOK hook);
int __cdecl _CrtSetReportHookW2(int mode, _CRT_REPORT_HOOKW hook);
#else
#  define _CrtSetReportMode(kind, mode) ((int) 0)
#  define _CrtSetReportFile(kind, file) ((_HFILE) 0)
#  define _CrtSetReportHook2(mode, hook) ((int) 0)
#  define _CrtSetReportHookW2(mode, hook) ((int) 0)
#endif

#endif /* NT_MSVC_CRTDBG_H_ */
