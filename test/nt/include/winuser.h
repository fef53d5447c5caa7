/* Messages of windows, for the dialect of Visual Studio alone: the model has no desktop. See windef.h. */
#ifndef NT_WINUSER_H_
#define NT_WINUSER_H_

#include "winbase.h"

#define WM_QUIT 0x0012
#define WM_TIMER 0x0113
#define PM_REMOVE 1u
#define QS_ALLINPUT 0x04ffu
#define MWMO_INPUTAVAILABLE 4u

typedef struct tagPOINT {
  LONG x;
  LONG y;
} POINT;

typedef struct tagMSG {
  HANDLE hwnd;
  UINT message;
  UINT_PTR wParam;
  LONG_PTR lParam;
  DWORD time;
  POINT pt;
} MSG;

BOOL WINAPI PeekMessageW(MSG* message, HANDLE window, UINT first, UINT last, UINT how);
LONG_PTR WINAPI DispatchMessageW(const MSG* message);
DWORD WINAPI MsgWaitForMultipleObjectsEx(
    DWORD count, const HANDLE* handles, DWORD timeout_ms, DWORD wake, DWORD flags);
UINT_PTR WINAPI SetTimer(HANDLE window, UINT_PTR id, UINT period_ms, void* callback);

#endif /* NT_WINUSER_H_ */
