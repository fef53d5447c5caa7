/* Gives a program a pseudo console, or plain pipes, as its standard input and output, and passes on
 * between those and its own, which can be anything: even Unix pipes under Wine, that no Windows
 * program can stop reading. Windows only; for tests in other languages.
 *
 *   uvtest_host console COLUMNS ROWS [--stderr] PROGRAM [ARGUMENT...]
 *   uvtest_host pipes PROGRAM [ARGUMENT...]
 *
 * In what is typed ESC [ 8 ; ROWS ; COLUMNS t changes the size of the console. The exit code is that
 * of the program, or 98 when the console's mode was not put back; 77 says that this system has no
 * pseudo consoles, 99 that something went wrong. The program's standard error is ours, or with --stderr the
 * console, too. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

enum {
  NO_CONSOLES = 77,
  MODE_CHANGED = 98,
  TROUBLE = 99,
  PSEUDO_CONSOLE = 0x20016 /* PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, which old headers lack */
};

typedef HRESULT(WINAPI* create_function)(COORD, HANDLE, HANDLE, DWORD, void**);
typedef HRESULT(WINAPI* resize_function)(void*, COORD);
typedef void(WINAPI* close_function)(void*);

static create_function create_console;
static resize_function resize_console;
static close_function close_console;

static void* console;
static PROCESS_INFORMATION child;
static HANDLE keys; /* to the program */

static void fail(const char* what) {
  fprintf(stderr, "uvtest_host: %s: error %lu\n", what, GetLastError());
  ExitProcess(TROUBLE);
}

/* One argument as the start-up code of the program takes it apart again: in quotes, with a backslash
 * before each quotation mark of its own, and each backslash in front of one twice. */
static char* put_argument(char* to, const char* end, const char* text) {
  unsigned slashes = 0;

  *to++ = '"';
  for (; *text != '\0' && end - to > 2 + (int) slashes; text++) {
    if (*text == '"')
      for (slashes++; slashes > 0; slashes--)
        *to++ = '\\';
    slashes = *text == '\\' ? slashes + 1 : 0;
    *to++ = *text;
  }
  for (; slashes > 0; slashes--)
    *to++ = '\\';
  *to++ = '"';
  return to;
}

static void join(char* command, size_t room, const char* first, char** arguments) {
  char* end = command + room - 4;
  char* to = command + snprintf(command, room, "%s", first);

  for (; *arguments != NULL && to < end; arguments++) {
    if (to > command)
      *to++ = ' ';
    to = put_argument(to, end, *arguments);
  }
  *to = '\0';
}

static void start(
    char* command, HANDLE in, HANDLE out, HANDLE err, LPPROC_THREAD_ATTRIBUTE_LIST attributes) {
  STARTUPINFOEXA info;

  memset(&info, 0, sizeof(info));
  info.StartupInfo.cb = attributes != NULL ? sizeof(info) : sizeof(info.StartupInfo);
  info.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  info.StartupInfo.hStdInput = in;
  info.StartupInfo.hStdOutput = out;
  info.StartupInfo.hStdError = err;
  info.lpAttributeList = attributes;
  SetHandleInformation(info.StartupInfo.hStdError, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
  if (!CreateProcessA(NULL, command, NULL, NULL, TRUE,
                      attributes != NULL ? EXTENDED_STARTUPINFO_PRESENT : 0, NULL, NULL,
                      &info.StartupInfo, &child))
    fail(command);
}

static DWORD join_child(void) {
  DWORD code;

  WaitForSingleObject(child.hProcess, INFINITE);
  return GetExitCodeProcess(child.hProcess, &code) ? code : TROUBLE;
}

static void make_pipe(HANDLE* read_end, HANDLE* write_end, HANDLE* inherited) {
  if (!CreatePipe(read_end, write_end, NULL, 0))
    fail("CreatePipe");
  if (inherited != NULL)
    SetHandleInformation(*inherited, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
}

/* ---- Passing on ---- */

/* By the console itself, from within, where it cannot be asked from outside. */
static void resize_from_within(COORD size) {
  SMALL_RECT window = {0, 0, 0, 0};
  HANDLE screen;

  window.Right = (SHORT) (size.X - 1);
  window.Bottom = (SHORT) (size.Y - 1);
  FreeConsole();
  if (!AttachConsole(child.dwProcessId))
    fail("AttachConsole");
  screen = CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                       NULL, OPEN_EXISTING, 0, NULL);
  if (screen == INVALID_HANDLE_VALUE || !SetConsoleScreenBufferSize(screen, size) ||
      !SetConsoleWindowInfo(screen, TRUE, &window))
    fail("SetConsoleWindowInfo");
  CloseHandle(screen);
  FreeConsole();
}

static int is_resize(const char* bytes, COORD* size) {
  int rows;
  int columns;
  char end;

  if (sscanf(bytes, "\x1b[8;%d;%d%c", &rows, &columns, &end) != 3 || end != 't')
    return 0;
  size->X = (SHORT) columns;
  size->Y = (SHORT) rows;
  return 1;
}

static DWORD WINAPI pass_keys(void* unused) {
  char bytes[4096];
  DWORD written;
  COORD size;
  int count;

  (void) unused;
  while ((count = _read(0, bytes, sizeof(bytes) - 1)) > 0) {
    bytes[count] = '\0';
    if (console != NULL && is_resize(bytes, &size)) {
      if (FAILED(resize_console(console, size)))
        resize_from_within(size);
    } else if (!WriteFile(keys, bytes, (DWORD) count, &written, NULL)) {
      break;
    }
  }
  if (console == NULL) /* The end of a console's keys would be its own. */
    CloseHandle(keys);
  return 0;
}

static DWORD WINAPI pass_screen(void* data) {
  char bytes[4096];
  DWORD count;

  while (ReadFile((HANDLE) data, bytes, sizeof(bytes), &count, NULL) && count > 0)
    if (_write(1, bytes, count) < 0)
      break;
  return 0;
}

/* ---- The two hosts ---- */

static DWORD run_on_pipes(char** arguments) {
  static char command[4096];
  HANDLE in_end;
  HANDLE out_end;
  HANDLE screen;

  make_pipe(&in_end, &keys, &in_end);
  make_pipe(&screen, &out_end, &out_end);
  join(command, sizeof(command), "", arguments);
  start(command, in_end, out_end, GetStdHandle(STD_ERROR_HANDLE), NULL);
  CloseHandle(in_end);
  CloseHandle(out_end);
  CreateThread(NULL, 0, pass_keys, NULL, 0, NULL);
  pass_screen(screen);
  return join_child();
}

static DWORD run_on_console(char* self, char** arguments) {
  COORD size = {(SHORT) atoi(arguments[0]), (SHORT) atoi(arguments[1])};
  static char first[1024];
  static char command[4096];
  LPPROC_THREAD_ATTRIBUTE_LIST attributes;
  SIZE_T room = 0;
  HANDLE in_end;
  HANDLE out_end;
  HANDLE screen;
  HANDLE thread;
  DWORD code;

  make_pipe(&in_end, &keys, NULL);
  make_pipe(&screen, &out_end, NULL);
  if (FAILED(create_console(size, in_end, out_end, 0, &console)))
    return NO_CONSOLES;
  CloseHandle(in_end);
  CloseHandle(out_end);
  InitializeProcThreadAttributeList(NULL, 1, 0, &room);
  attributes = malloc(room);
  if (attributes == NULL || !InitializeProcThreadAttributeList(attributes, 1, 0, &room) ||
      !UpdateProcThreadAttribute(attributes, 0, PSEUDO_CONSOLE, console, sizeof(console), NULL,
                                 NULL))
    fail("UpdateProcThreadAttribute");
  snprintf(first, sizeof(first), "\"%s\" inside", self);
  join(command, sizeof(command), first, arguments + 2);
  start(command, NULL, NULL, GetStdHandle(STD_ERROR_HANDLE), attributes);
  thread = CreateThread(NULL, 0, pass_screen, screen, 0, NULL);
  CreateThread(NULL, 0, pass_keys, NULL, 0, NULL);
  code = join_child();
  close_console(console); /* Its last output comes before that returns, or the pipe ends. */
  WaitForSingleObject(thread, INFINITE);
  return code;
}

/* In the console: gives the program handles for it that it can inherit. */
static DWORD run_inside(char** arguments) {
  SECURITY_ATTRIBUTES inherit = {sizeof(inherit), NULL, TRUE};
  static char command[4096];
  HANDLE ends[2];
  DWORD before[2];
  DWORD after[2];
  DWORD code;
  int all = strcmp(arguments[0], "--stderr") == 0;
  int i;

  arguments += all;
  for (i = 0; i < 2; i++) {
    ends[i] = CreateFileA(i == 0 ? "CONIN$" : "CONOUT$", GENERIC_READ | GENERIC_WRITE,
                          FILE_SHARE_READ | FILE_SHARE_WRITE, &inherit, OPEN_EXISTING, 0, NULL);
    if (ends[i] == INVALID_HANDLE_VALUE || !GetConsoleMode(ends[i], &before[i]))
      fail("the console");
  }
  join(command, sizeof(command), "", arguments);
  start(command, ends[0], ends[1], all ? ends[1] : GetStdHandle(STD_ERROR_HANDLE), NULL);
  code = join_child();
  for (i = 0; i < 2; i++)
    if (!GetConsoleMode(ends[i], &after[i]) || after[i] != before[i])
      return MODE_CHANGED;
  return code;
}

int main(int argc, char** argv) {
  HMODULE kernel = GetModuleHandleA("kernel32.dll");

  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
  create_console = (create_function) (void (*)(void)) GetProcAddress(kernel, "CreatePseudoConsole");
  resize_console = (resize_function) (void (*)(void)) GetProcAddress(kernel, "ResizePseudoConsole");
  close_console = (close_function) (void (*)(void)) GetProcAddress(kernel, "ClosePseudoConsole");
  if (argc > 2 && strcmp(argv[1], "inside") == 0)
    ExitProcess(run_inside(argv + 2));
  if (argc > 2 && strcmp(argv[1], "pipes") == 0)
    ExitProcess(run_on_pipes(argv + 2));
  if (argc > 4 && strcmp(argv[1], "console") == 0)
    ExitProcess(create_console == NULL ? NO_CONSOLES : run_on_console(argv[0], argv + 2));
  fprintf(stderr, "usage: uvtest_host console COLUMNS ROWS | pipes  PROGRAM [ARGUMENT...]\n");
  return TROUBLE;
}
