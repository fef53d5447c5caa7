/* A child with a console that no one else has. Without the library, which gives a child that
 * shares our stderr no console of its own. */
#include "console.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#include "harness.h"

enum {
  CHILD_MS = 30000 /* a child that takes longer hangs */
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
  CHECK_EQ(status, 0);
  CloseHandle(made.hThread);
  CloseHandle(made.hProcess);
  return 0;
}
