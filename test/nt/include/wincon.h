/* The console's records and calls. See winbase.h. */
#ifndef NT_WINCON_H_
#define NT_WINCON_H_

#include "winbase.h"

#define KEY_EVENT 0x0001
#define MOUSE_EVENT 0x0002
#define WINDOW_BUFFER_SIZE_EVENT 0x0004
#define MENU_EVENT 0x0008
#define FOCUS_EVENT 0x0010

#define RIGHT_ALT_PRESSED 0x0001u
#define LEFT_ALT_PRESSED 0x0002u
#define RIGHT_CTRL_PRESSED 0x0004u
#define LEFT_CTRL_PRESSED 0x0008u
#define SHIFT_PRESSED 0x0010u
#define NUMLOCK_ON 0x0020u
#define SCROLLLOCK_ON 0x0040u
#define CAPSLOCK_ON 0x0080u
#define ENHANCED_KEY 0x0100u

#define ENABLE_PROCESSED_INPUT 0x0001u
#define ENABLE_LINE_INPUT 0x0002u
#define ENABLE_ECHO_INPUT 0x0004u
#define ENABLE_WINDOW_INPUT 0x0008u
#define ENABLE_MOUSE_INPUT 0x0010u
#define ENABLE_INSERT_MODE 0x0020u
#define ENABLE_QUICK_EDIT_MODE 0x0040u
#define ENABLE_EXTENDED_FLAGS 0x0080u
#define ENABLE_VIRTUAL_TERMINAL_INPUT 0x0200u
#define ENABLE_PROCESSED_OUTPUT 0x0001u
#define ENABLE_WRAP_AT_EOL_OUTPUT 0x0002u
#define ENABLE_VIRTUAL_TERMINAL_PROCESSING 0x0004u
#define DISABLE_NEWLINE_AUTO_RETURN 0x0008u

#define CONSOLE_TEXTMODE_BUFFER 1u

#define CTRL_C_EVENT 0u
#define CTRL_BREAK_EVENT 1u
#define CTRL_CLOSE_EVENT 2u
#define CTRL_LOGOFF_EVENT 5u
#define CTRL_SHUTDOWN_EVENT 6u
#define ATTACH_PARENT_PROCESS 0xffffffffu

#define VK_BACK 0x08
#define VK_TAB 0x09
#define VK_RETURN 0x0d
#define VK_SHIFT 0x10
#define VK_CONTROL 0x11
#define VK_MENU 0x12
#define VK_PAUSE 0x13
#define VK_CAPITAL 0x14
#define VK_NUMLOCK 0x90
#define VK_SCROLL 0x91
#define VK_ESCAPE 0x1b
#define VK_SPACE 0x20
#define VK_PRIOR 0x21
#define VK_NEXT 0x22
#define VK_END 0x23
#define VK_HOME 0x24
#define VK_LEFT 0x25
#define VK_UP 0x26
#define VK_RIGHT 0x27
#define VK_DOWN 0x28
#define VK_INSERT 0x2d
#define VK_DELETE 0x2e
#define VK_CLEAR 0x0c
#define VK_NUMPAD0 0x60
#define VK_NUMPAD9 0x69
#define VK_DIVIDE 0x6f
#define VK_F1 0x70
#define VK_F12 0x7b

typedef struct _KEY_EVENT_RECORD {
  BOOL bKeyDown;
  WORD wRepeatCount;
  WORD wVirtualKeyCode;
  WORD wVirtualScanCode;
  union {
    WCHAR UnicodeChar;
    CHAR AsciiChar;
  } uChar;
  DWORD dwControlKeyState;
} KEY_EVENT_RECORD;

typedef struct _MOUSE_EVENT_RECORD {
  COORD dwMousePosition;
  DWORD dwButtonState;
  DWORD dwControlKeyState;
  DWORD dwEventFlags;
} MOUSE_EVENT_RECORD;

typedef struct _WINDOW_BUFFER_SIZE_RECORD {
  COORD dwSize;
} WINDOW_BUFFER_SIZE_RECORD;

typedef struct _MENU_EVENT_RECORD {
  UINT dwCommandId;
} MENU_EVENT_RECORD;

typedef struct _FOCUS_EVENT_RECORD {
  BOOL bSetFocus;
} FOCUS_EVENT_RECORD;

typedef struct _INPUT_RECORD {
  WORD EventType;
  union {
    KEY_EVENT_RECORD KeyEvent;
    MOUSE_EVENT_RECORD MouseEvent;
    WINDOW_BUFFER_SIZE_RECORD WindowBufferSizeEvent;
    MENU_EVENT_RECORD MenuEvent;
    FOCUS_EVENT_RECORD FocusEvent;
  } Event;
} INPUT_RECORD;

typedef struct _CONSOLE_SCREEN_BUFFER_INFO {
  COORD dwSize;
  COORD dwCursorPosition;
  WORD wAttributes;
  SMALL_RECT srWindow;
  COORD dwMaximumWindowSize;
} CONSOLE_SCREEN_BUFFER_INFO;

typedef struct _CONSOLE_READCONSOLE_CONTROL {
  ULONG nLength;
  ULONG nInitialChars;
  ULONG dwCtrlWakeupMask;
  ULONG dwControlKeyState;
} CONSOLE_READCONSOLE_CONTROL;

BOOL WINAPI GetConsoleMode(HANDLE console, LPDWORD mode);
BOOL WINAPI SetConsoleMode(HANDLE console, DWORD mode);
BOOL WINAPI GetConsoleScreenBufferInfo(HANDLE screen, CONSOLE_SCREEN_BUFFER_INFO* info);
BOOL WINAPI SetConsoleScreenBufferSize(HANDLE screen, COORD size);
HANDLE WINAPI CreateConsoleScreenBuffer(
    DWORD access, DWORD share, const SECURITY_ATTRIBUTES* security, DWORD flags, LPVOID data);
BOOL WINAPI SetConsoleActiveScreenBuffer(HANDLE screen);
BOOL WINAPI SetConsoleWindowInfo(HANDLE screen, BOOL absolute, const SMALL_RECT* window);
BOOL WINAPI SetConsoleCursorPosition(HANDLE screen, COORD at);
BOOL WINAPI GetNumberOfConsoleInputEvents(HANDLE input, LPDWORD count);
BOOL WINAPI PeekConsoleInputW(HANDLE input, INPUT_RECORD* records, DWORD room, LPDWORD count);
BOOL WINAPI ReadConsoleInputW(HANDLE input, INPUT_RECORD* records, DWORD room, LPDWORD count);
BOOL WINAPI WriteConsoleInputW(HANDLE input, const INPUT_RECORD* records, DWORD n, LPDWORD count);
BOOL WINAPI ReadConsoleW(
    HANDLE input, LPVOID to, DWORD units, LPDWORD count, CONSOLE_READCONSOLE_CONTROL* control);
BOOL WINAPI WriteConsoleA(HANDLE screen, const void* from, DWORD size, LPDWORD count, LPVOID none);
BOOL WINAPI WriteConsoleW(HANDLE screen, const void* from, DWORD units, LPDWORD count, LPVOID none);
BOOL WINAPI
ReadConsoleOutputCharacterW(HANDLE screen, LPWSTR to, DWORD units, COORD from, LPDWORD count);
BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE handler, BOOL add);
BOOL WINAPI GenerateConsoleCtrlEvent(DWORD event, DWORD group);
BOOL WINAPI AttachConsole(DWORD id);
BOOL WINAPI AllocConsole(void);
typedef VOID* HPCON;
HRESULT WINAPI
CreatePseudoConsole(COORD size, HANDLE input, HANDLE output, DWORD flags, HPCON* console);
HRESULT WINAPI ResizePseudoConsole(HPCON console, COORD size);
void WINAPI ClosePseudoConsole(HPCON console);
BOOL WINAPI FreeConsole(void);
DWORD WINAPI GetConsoleTitleA(LPSTR to, DWORD room);
DWORD WINAPI GetConsoleTitleW(LPWSTR to, DWORD room);
BOOL WINAPI SetConsoleTitleW(LPCWSTR title);

#endif /* NT_WINCON_H_ */
