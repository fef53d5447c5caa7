/* A child with a console that no one else has. Without the library, which gives a child that
 * shares our stderr no console of its own. */
#include "console.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

enum {
  SKIPPED = 77,    /* the exit code of what calls SKIP */
  CHILD_MS = 55000 /* a child that takes longer hangs */
};

int console_child(const char* test) {
  char command[1024];
  STARTUPINFOA info;
  PROCESS_INFORMATION made;
  DWORD status = 1;

  if (harness_arg(0) != NULL) {
    /* A child of a process that ignores Ctrl+C would ignore it too. */
    CHECK(SetConsoleCtrlHandler(NULL, FALSE));
    return 1;
  }
  CHECK(strlen(harness_self()) + strlen(test) + 16 < sizeof command);
  (void) snprintf(command, sizeof command, "\"%s\" %s child", harness_self(), test);
  memset(&info, 0, sizeof info);
  info.cb = sizeof info;
  info.dwFlags = STARTF_USESTDHANDLES;
  info.hStdError = GetStdHandle(STD_ERROR_HANDLE); /* for what a failing check has to say */
  CHECK(
      CreateProcessA(NULL, command, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &info, &made));
  if (WaitForSingleObject(made.hProcess, CHILD_MS) != WAIT_OBJECT_0) {
    TerminateProcess(made.hProcess, 1);
    FAIL("the child with the console hangs");
  }
  CHECK(GetExitCodeProcess(made.hProcess, &status));
  if (status == SKIPPED)
    SKIP("its child is skipped, and has said why");
  CHECK_EQ(status, 0);
  CloseHandle(made.hThread);
  CloseHandle(made.hProcess);
  return 0;
}

HANDLE console_open(const char* name) {
  HANDLE handle = CreateFileA(name, GENERIC_READ | GENERIC_WRITE,
                              FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
  CHECK(handle != INVALID_HANDLE_VALUE);
  return handle;
}

int console_open_file(const char* name) {
  int fd = _open_osfhandle((intptr_t) console_open(name), _O_RDWR);
  CHECK(fd >= 0);
  return fd;
}

DWORD console_mode(HANDLE handle) {
  DWORD mode;
  CHECK(GetConsoleMode(handle, &mode));
  return mode;
}

DWORD console_waiting(HANDLE keyboard) {
  DWORD count;
  CHECK(GetNumberOfConsoleInputEvents(keyboard, &count));
  return count;
}

void console_press(HANDLE keyboard, WORD code, WCHAR unit, WORD repeat, DWORD control) {
  INPUT_RECORD records[2];
  DWORD written;

  memset(records, 0, sizeof records);
  records[0].EventType = KEY_EVENT;
  records[0].Event.KeyEvent.bKeyDown = TRUE;
  records[0].Event.KeyEvent.wRepeatCount = repeat;
  records[0].Event.KeyEvent.wVirtualKeyCode = code;
  records[0].Event.KeyEvent.uChar.UnicodeChar = unit;
  records[0].Event.KeyEvent.dwControlKeyState = control;
  records[1] = records[0];
  records[1].Event.KeyEvent.bKeyDown = FALSE;
  CHECK(WriteConsoleInputW(keyboard, records, 2, &written));
}

void console_type(HANDLE keyboard, const char* text) {
  for (; *text != '\0'; text++) {
    WORD code = *text == '\r' ? VK_RETURN : (WORD) (*text >= 'a' ? *text - 32 : *text);
    console_press(keyboard, code, (WCHAR) *text, 1, 0);
  }
}

void console_expect(HANDLE screen, int row, const WCHAR* text) {
  WCHAR seen[32];
  COORD from = {0, (SHORT) row};
  DWORD length = (DWORD) wcslen(text);
  DWORD count;

  CHECK(length < sizeof seen / sizeof seen[0]);
  CHECK(ReadConsoleOutputCharacterW(screen, seen, length, from, &count));
  CHECK_EQ(count, length);
  CHECK(memcmp(seen, text, length * sizeof *text) == 0);
}
