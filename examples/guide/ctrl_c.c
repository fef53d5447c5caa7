/* ctrl_c PROGRAM [ARGUMENT]...: runs a program of Windows in a console of its own, where Ctrl-C is
 * pressed as soon as a line comes on standard input. Ends with the program's exit code. For tests:
 * Windows gives no other way to end a console program in good order from outside. */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static int fail(const char* what) {
  fprintf(stderr, "ctrl_c: cannot %s: error %lu\n", what, GetLastError());
  return 127;
}

static int start(wchar_t* command, DWORD flags, PROCESS_INFORMATION* process) {
  STARTUPINFOW info;
  memset(&info, 0, sizeof(info));
  info.cb = sizeof(info);
  info.dwFlags = STARTF_USESTDHANDLES;
  info.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  info.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  info.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, flags, NULL, NULL, &info, process))
    return fail("start the program");
  return 0;
}

static int exit_code_of(HANDLE process) {
  DWORD code = 127;
  WaitForSingleObject(process, INFINITE);
  GetExitCodeProcess(process, &code);
  return (int) code;
}

/* In the console: the key goes to all who are in it, us included. */
static int press(wchar_t* command) {
  PROCESS_INFORMATION process;
  char byte;
  DWORD length;
  int err = start(command, 0, &process);
  if (err != 0)
    return err;
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &length, NULL) || length == 0)
    return fail("read standard input");
  SetConsoleCtrlHandler(NULL, TRUE);
  if (!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0))
    return fail("press Ctrl-C");
  return exit_code_of(process.hProcess);
}

/* Started again with a mark in the environment, without which it is still outside of the console. */
int main(void) {
  PROCESS_INFORMATION process;
  wchar_t* command = GetCommandLineW();
  int err;
  if (GetEnvironmentVariableW(L"CTRL_C_INSIDE", NULL, 0) == 0) {
    SetEnvironmentVariableW(L"CTRL_C_INSIDE", L"1");
    err = start(command, CREATE_NO_WINDOW, &process);
    return err != 0 ? err : exit_code_of(process.hProcess);
  }
  SetEnvironmentVariableW(L"CTRL_C_INSIDE", NULL);
  /* The program's command line is ours without its first word. */
  command += command[0] == L'"' ? wcscspn(command + 1, L"\"") + 2 : wcscspn(command, L" ");
  command += wcsspn(command, L" ");
  if (command[0] == L'\0') {
    fprintf(stderr, "usage: ctrl_c PROGRAM [ARGUMENT]...\n");
    return 2;
  }
  return press(command);
}
