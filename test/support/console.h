/* A Windows console that a test has for itself, without a window. */
#ifndef TEST_CONSOLE_H_
#define TEST_CONSOLE_H_

#include <winsock2.h> /* and windows.h, which must not come before it */

/* Plays the rest of the test in a child with a console of its own: 1 in that child. 0 in the
 * parent, when the child has ended well; a failure of the child is one of the test. */
int console_child(const char* test);

/* Its ends, "CONIN$" and "CONOUT$": as a handle, and as a descriptor. */
HANDLE console_open(const char* name);
int console_open_file(const char* name);
DWORD console_mode(HANDLE handle);
/* How many records wait to be read. */
DWORD console_waiting(HANDLE keyboard);

/* Press a key and release it. And the keys of characters, where '\r' is the Enter key. */
void console_press(HANDLE keyboard, WORD code, WCHAR unit, WORD repeat, DWORD control);
void console_type(HANDLE keyboard, const char* text);

/* What stands on the screen from the first column of the row on. */
void console_expect(HANDLE screen, int row, const WCHAR* text);

#endif /* TEST_CONSOLE_H_ */
