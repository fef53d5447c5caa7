/* Facts about consoles. Each is tried in a child with a console of its own, which no one else types into. */
#include "facts.h"

#include <string.h>

enum {
  HOLDS = 1, /* exit codes of the child: these, or what was seen and SEEN */
  UNTRIED = 2,
  SEEN = 0x10000,
  SOON_MS = 2000,
  HEARD_MS = 1000, /* what a busy machine may take to tell */
  TRIES = 5,
  LONG_MS = 30000,
  UNKNOWN_MODE = 0x8000,
  SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE
};

static int seen(DWORD what) {
  return (int) (SEEN | (what & 0xffff));
}

static HANDLE open_console(const char* name, DWORD access) {
  return CreateFileA(name, access, SHARED, NULL, OPEN_EXISTING, 0, NULL);
}

static int type(HANDLE input, WORD key, WCHAR character) {
  INPUT_RECORD records[2];
  DWORD count = 0;

  memset(records, 0, sizeof(records));
  records[0].EventType = records[1].EventType = KEY_EVENT;
  records[0].Event.KeyEvent.bKeyDown = TRUE;
  records[0].Event.KeyEvent.wRepeatCount = 1;
  records[0].Event.KeyEvent.wVirtualKeyCode = key;
  records[0].Event.KeyEvent.uChar.UnicodeChar = character;
  records[1].Event.KeyEvent = records[0].Event.KeyEvent;
  records[1].Event.KeyEvent.bKeyDown = FALSE;
  return WriteConsoleInputW(input, records, 2, &count) && count == 2;
}

/* ---- In the child ---- */

static int asks_for_its_mode(DWORD access) {
  HANDLE screen = open_console("CONOUT$", access);
  DWORD mode;
  DWORD error;

  if (screen == INVALID_HANDLE_VALUE)
    return UNTRIED;
  error = GetConsoleMode(screen, &mode) ? 0 : GetLastError();
  CloseHandle(screen);
  return error == ERROR_ACCESS_DENIED ? HOLDS : seen(error);
}

static int in_mode_wants_the_right_to_read(void) {
  return asks_for_its_mode(GENERIC_WRITE);
}

static int in_modes_that_are_none_are_refused(void) {
  HANDLE screen = open_console("CONOUT$", GENERIC_READ | GENERIC_WRITE);
  DWORD mode;
  DWORD error;

  if (screen == INVALID_HANDLE_VALUE || !GetConsoleMode(screen, &mode))
    return UNTRIED;
  error = SetConsoleMode(screen, mode | UNKNOWN_MODE) ? 0 : GetLastError();
  CloseHandle(screen);
  return error == ERROR_INVALID_PARAMETER ? HOLDS : seen(error);
}

static int in_input_is_signalled_by_a_record(void) {
  HANDLE input = open_console("CONIN$", GENERIC_READ | GENERIC_WRITE);
  INPUT_RECORD record;
  DWORD count = 0;
  DWORD before;
  DWORD after;

  if (input == INVALID_HANDLE_VALUE)
    return UNTRIED;
  while (GetNumberOfConsoleInputEvents(input, &count) && count > 0)
    (void) ReadConsoleInputW(input, &record, 1, &count);
  before = WaitForSingleObject(input, 0);
  (void) type(input, 'A', L'a');
  after = WaitForSingleObject(input, SOON_MS);
  CloseHandle(input);
  return before == WAIT_TIMEOUT && after == WAIT_OBJECT_0 ? HOLDS : seen(before + after);
}

static int in_typed_enter_ends_a_line(void) {
  HANDLE input = open_console("CONIN$", GENERIC_READ | GENERIC_WRITE);
  WCHAR line[8];
  DWORD units = 0;

  if (input == INVALID_HANDLE_VALUE || !type(input, 'A', L'a') || !type(input, VK_RETURN, L'\r'))
    return UNTRIED;
  (void) ReadConsoleW(input, line, 8, &units, NULL);
  CloseHandle(input);
  return units == 3 && line[0] == L'a' && line[1] == L'\r' && line[2] == L'\n' ? HOLDS
                                                                               : seen(units);
}

static HANDLE heard;
static DWORD wanted;
static DWORD thread_heard;

static BOOL WINAPI hear(DWORD event) {
  if (event != wanted)
    return TRUE;
  thread_heard = GetCurrentThreadId();
  (void) SetEvent(heard);
  return TRUE;
}

/* 0 when it cannot be sent, or is not heard. A Wine 10 that has just begun did not send it now and then. */
static int hears(DWORD event) {
  int tries;
  int r = 0;

  heard = CreateEventA(NULL, TRUE, FALSE, NULL);
  wanted = event;
  (void) SetConsoleCtrlHandler(NULL, FALSE); /* who started this one may ignore Ctrl+C */
  (void) SetConsoleCtrlHandler(hear, TRUE);
  for (tries = 0; tries < TRIES && !r; tries++) {
    (void) GenerateConsoleCtrlEvent(event, 0);
    r = WaitForSingleObject(heard, HEARD_MS) == WAIT_OBJECT_0;
  }
  (void) SetConsoleCtrlHandler(hear, FALSE);
  CloseHandle(heard);
  return r;
}

static int in_ctrl_c_comes_on_another_thread(void) {
  if (!hears(CTRL_C_EVENT))
    return seen(GetLastError());
  return thread_heard != GetCurrentThreadId() ? HOLDS : seen(0);
}

static int in_ctrl_break_can_be_sent(void) {
  return hears(CTRL_BREAK_EVENT) ? HOLDS : seen(GetLastError());
}

static int in_handlers_go_with_the_console(void) {
  BOOL there;

  (void) SetConsoleCtrlHandler(hear, TRUE);
  if (!FreeConsole() || !AllocConsole())
    return UNTRIED;
  there = SetConsoleCtrlHandler(hear, FALSE);
  return there ? seen(1) : HOLDS;
}

#define INSIDE(name) \
  { #name, in_##name }

static const struct {
  const char* name;
  int (*inside)(void);
} insides[] = {
    INSIDE(mode_wants_the_right_to_read),   INSIDE(modes_that_are_none_are_refused),
    INSIDE(input_is_signalled_by_a_record), INSIDE(typed_enter_ends_a_line),
    INSIDE(ctrl_c_comes_on_another_thread), INSIDE(ctrl_break_can_be_sent),
    INSIDE(handlers_go_with_the_console),
};

int facts_in_console(const char* name) {
  size_t i;

  for (i = 0; i < sizeof(insides) / sizeof(insides[0]); i++)
    if (strcmp(insides[i].name, name) == 0)
      return insides[i].inside();
  return UNTRIED;
}

/* ---- In the parent ---- */

static int ask_child(const char* name) {
  WCHAR path[MAX_PATH];
  WCHAR command[80] = L"facts --console ";
  STARTUPINFOW startup;
  PROCESS_INFORMATION child;
  DWORD code = UNTRIED;
  size_t units = wcslen(command);

  while ((command[units] = (WCHAR) *name++) != 0)
    units++;
  memset(&startup, 0, sizeof(startup));
  startup.cb = sizeof(startup);
  (void) GetModuleFileNameW(NULL, path, MAX_PATH);
  if (!CreateProcessW(path, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup,
                      &child))
    return -1;
  if (WaitForSingleObject(child.hProcess, LONG_MS) != WAIT_OBJECT_0)
    (void) TerminateProcess(child.hProcess, SEEN);
  (void) WaitForSingleObject(child.hProcess, INFINITE);
  (void) GetExitCodeProcess(child.hProcess, &code);
  CloseHandle(child.hThread);
  CloseHandle(child.hProcess);
  if (code == HOLDS)
    return 1;
  return code == UNTRIED ? -1 : facts_note("code", code & ~(DWORD) SEEN);
}

#define IN_CHILD(name)       \
  static int name(void) {    \
    return ask_child(#name); \
  }

IN_CHILD(mode_wants_the_right_to_read)
IN_CHILD(modes_that_are_none_are_refused)
IN_CHILD(input_is_signalled_by_a_record)
IN_CHILD(typed_enter_ends_a_line)
IN_CHILD(ctrl_c_comes_on_another_thread)
IN_CHILD(ctrl_break_can_be_sent)
IN_CHILD(handlers_go_with_the_console)

const struct fact facts_of_consoles[] = {
    {"mode_wants_the_right_to_read", mode_wants_the_right_to_read,
     "GetConsoleMode by a handle that may only be written is ERROR_ACCESS_DENIED",
     "GetConsoleMode"},
    {"modes_that_are_none_are_refused", modes_that_are_none_are_refused,
     "a bit of a mode that means nothing is ERROR_INVALID_PARAMETER", "SetConsoleMode"},
    {"input_is_signalled_by_a_record", input_is_signalled_by_a_record,
     "the input can be waited for, and is signalled when a record is written to it",
     "WriteConsoleInput"},
    {"typed_enter_ends_a_line", typed_enter_ends_a_line,
     "an Enter that is written there ends a line", "SetConsoleMode"},
    {"ctrl_c_comes_on_another_thread", ctrl_c_comes_on_another_thread,
     "a handler is called on a thread of its own", "HandlerRoutine"},
    {"ctrl_break_can_be_sent", ctrl_break_can_be_sent, "GenerateConsoleCtrlEvent sends Ctrl+Break",
     "GenerateConsoleCtrlEvent"},
    {"handlers_go_with_the_console", handlers_go_with_the_console,
     "another console has no handlers", "SetConsoleCtrlHandler"},
    {NULL, NULL, NULL, NULL},
};
