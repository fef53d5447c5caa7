/* Facts about services: where their process finds itself, and what the manager makes of it. The service is
 * this program, which the manager starts to look around; its exit code says what it saw: a number, of
 * which 0 is the fact, and ANSWER. To make a service takes an administrator. The model has no manager,
 * since src/win asks for none. */
#include "facts.h"

#include <winsvc.h>

#include <stdio.h>
#include <string.h>

enum {
  ANSWER = 1, /* more than the number */
  LONG_MS = 20000,
  SHORT_MS = 2000,
  LOOK_MS = 20, /* between two looks at its state */
  COMMAND = MAX_PATH + 100
};

/* ---- The service --------------------------------------------------------------------------- */

static struct {
  const char* look; /* what for */
  DWORD main_thread;
  SERVICE_STATUS_HANDLE handle;
  SERVICE_STATUS status;
  HANDLE stop; /* event */
  DWORD stopped_by;
} service;

static void tell(DWORD state, DWORD answer) {
  service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
  service.status.dwCurrentState = state;
  service.status.dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP : 0;
  service.status.dwWin32ExitCode = answer != 0 ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
  service.status.dwServiceSpecificExitCode = answer;
  (void) SetServiceStatus(service.handle, &service.status);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void* data, void* context) {
  (void) type;
  (void) data;
  (void) context;
  if (control == SERVICE_CONTROL_STOP) {
    service.stopped_by = GetCurrentThreadId();
    SetEvent(service.stop);
  }
  return NO_ERROR;
}

static DWORD count_standard_handles(void) {
  return (GetStdHandle(STD_INPUT_HANDLE) != NULL) + (GetStdHandle(STD_OUTPUT_HANDLE) != NULL) +
         (GetStdHandle(STD_ERROR_HANDLE) != NULL);
}

static DWORD has_console(void) {
  HANDLE console = CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE,
                               FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);

  if (console == INVALID_HANDLE_VALUE)
    return 0;
  CloseHandle(console);
  return 1;
}

static DWORD session_of_ours(void) {
  DWORD session = (DWORD) -1;

  (void) ProcessIdToSessionId(GetCurrentProcessId(), &session);
  return session;
}

/* Whether the order to stop comes on a thread that is not the first one. */
static DWORD is_told_elsewhere(void) {
  (void) WaitForSingleObject(service.stop, LONG_MS);
  return service.stopped_by != service.main_thread;
}

static void WINAPI service_main(DWORD argc, wchar_t** argv) {
  DWORD seen = 0;

  (void) argc;
  service.handle = RegisterServiceCtrlHandlerExW(argv[0], on_control, NULL);
  if (service.handle == NULL)
    return;
  tell(SERVICE_RUNNING, 0);
  if (strcmp(service.look, "end") == 0)
    ExitProcess(ANSWER);
  if (strcmp(service.look, "handles") == 0)
    seen = count_standard_handles();
  if (strcmp(service.look, "console") == 0)
    seen = has_console();
  if (strcmp(service.look, "session") == 0)
    seen = session_of_ours();
  if (strcmp(service.look, "order") == 0)
    seen = is_told_elsewhere();
  tell(SERVICE_STOPPED, ANSWER + seen);
}

int facts_in_service(const char* look) {
  static wchar_t any[] = L"";
  const SERVICE_TABLE_ENTRYW table[] = {{any, service_main}, {NULL, NULL}};

  service.look = look;
  service.main_thread = GetCurrentThreadId();
  service.stop = CreateEventA(NULL, TRUE, FALSE, NULL);
  return StartServiceCtrlDispatcherW(table) ? 0 : 1;
}

/* ---- Who asks for it ------------------------------------------------------------------------- */

static SC_HANDLE make(SC_HANDLE manager, const char* look) {
  static unsigned count;
  char path[MAX_PATH];
  char command[COMMAND];
  char name[64];

  if (GetModuleFileNameA(NULL, path, MAX_PATH) >= MAX_PATH)
    return NULL;
  snprintf(command, sizeof(command), "\"%s\" --service %s", path, look);
  snprintf(name, sizeof(name), "uvstream-facts-%lu-%u", (unsigned long) GetCurrentProcessId(),
           ++count);
  return CreateServiceA(manager, name, name, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                        SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, NULL,
                        NULL);
}

/* One that does not run yet; NULL: we may not. */
static SC_HANDLE begin(const char* look) {
  SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
  SC_HANDLE made = NULL;

  if (manager != NULL) {
    made = make(manager, look);
    CloseServiceHandle(manager);
  }
  return made;
}

static void end(SC_HANDLE made) {
  DeleteService(made);
  CloseServiceHandle(made);
}

/* The manager starts one service at a time. */
static int start(SC_HANDLE made) {
  int left = LONG_MS / LOOK_MS;

  while (!StartServiceA(made, 0, NULL)) {
    if (GetLastError() != ERROR_SERVICE_DATABASE_LOCKED || --left == 0)
      return 0;
    Sleep(LOOK_MS);
  }
  return 1;
}

static int has_come_to(SC_HANDLE made, DWORD state, SERVICE_STATUS* status, int timeout_ms) {
  int left = timeout_ms / LOOK_MS;

  memset(status, 0, sizeof(*status));
  while (QueryServiceStatus(made, status) && status->dwCurrentState != state && --left > 0)
    Sleep(LOOK_MS);
  return status->dwCurrentState == state;
}

/* A service that looks around; what is what it counts. */
static int ask(const char* look, const char* what) {
  SC_HANDLE made = begin(look);
  SERVICE_STATUS status;
  int good;

  if (made == NULL)
    return -1;
  good = start(made);
  if (good && strcmp(look, "order") == 0)
    good = has_come_to(made, SERVICE_RUNNING, &status, LONG_MS) &&
           ControlService(made, SERVICE_CONTROL_STOP, &status);
  good = good && has_come_to(made, SERVICE_STOPPED, &status, LONG_MS) &&
         status.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR;
  end(made);
  if (!good)
    return -1;
  status.dwServiceSpecificExitCode -= ANSWER;
  return status.dwServiceSpecificExitCode == 0 ? 1
                                               : facts_note(what, status.dwServiceSpecificExitCode);
}

static int service_has_no_handles(void) {
  return ask("handles", "handles");
}

static int service_has_no_console(void) {
  return ask("console", "consoles");
}

static int service_is_in_session_0(void) {
  return ask("session", "session");
}

static int service_is_told_on_its_first_thread(void) {
  return ask("order", "other threads");
}

static int service_that_ends_is_stopped(void) {
  SC_HANDLE made = begin("end");
  SERVICE_STATUS status;
  int started;
  int stopped;

  if (made == NULL)
    return -1;
  started = start(made);
  stopped = started && has_come_to(made, SERVICE_STOPPED, &status, SHORT_MS);
  end(made);
  if (!started)
    return -1;
  if (!stopped)
    return facts_note("state", status.dwCurrentState);
  return status.dwWin32ExitCode == ERROR_PROCESS_ABORTED
             ? 1
             : facts_note("code", status.dwWin32ExitCode);
}

static int service_may_ask_for_failures_told(void) {
  SC_HANDLE made = begin("handles");
  SERVICE_FAILURE_ACTIONS_FLAG flag = {TRUE};
  DWORD error = 0;

  if (made == NULL)
    return -1;
  if (!ChangeServiceConfig2W(made, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &flag))
    error = GetLastError();
  end(made);
  return error == 0 ? 1 : facts_note("error", error);
}

const struct fact facts_of_services[] = {
    {"service_has_no_handles", service_has_no_handles, "the standard handles of a service are NULL",
     "GetStdHandle"},
    {"service_has_no_console", service_has_no_console, "and CONOUT$ cannot be opened there",
     "GetStdHandle"},
    {"service_is_in_session_0", service_is_in_session_0, "its session is 0",
     "Interactive Services"},
    {"service_is_told_on_its_first_thread", service_is_told_on_its_first_thread,
     "orders come on the thread that called StartServiceCtrlDispatcher, and a process that is one "
     "service names it \"\" there",
     "StartServiceCtrlDispatcher"},
    {"service_that_ends_is_stopped", service_that_ends_is_stopped,
     "a service whose process ends is SERVICE_STOPPED, with ERROR_PROCESS_ABORTED",
     "no page says so"},
    {"service_may_ask_for_failures_told", service_may_ask_for_failures_told,
     "SERVICE_CONFIG_FAILURE_ACTIONS_FLAG is taken (6)", "ChangeServiceConfig2"},
    {NULL, NULL, NULL, NULL},
};
