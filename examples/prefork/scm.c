/* scm: what the tests need of the service control manager of Windows, and sc.exe does not do: it
 * waits for a state instead of returning before there is one.
 *
 *   scm start|stop|pause|continue|renew|upgrade NAME   0 when the manager took the order
 *   scm wait NAME STATE                        says how that came
 *   scm command NAME                           the command line that was installed
 *   scm config NAME                            who runs it, how it starts, what is told of it
 *   scm drain NAME PID                         stops it, while its worker PID keeps it from
 *                                              ending, until it has said twice that it goes on
 *   scm murder NAME PID...                     ends the service with no warning, its workers PID...
 *                                              being unable to notice; waits for their end
 *
 * Exit code 77: this user may not have services. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <winsvc.h>

#define WAIT_MS 60000
#define MOST_WORKERS 8

static int fail(const char* what) {
  fprintf(stderr, "scm: cannot %s: error %lu\n", what, GetLastError());
  return 1;
}

static int control(SC_HANDLE service, DWORD order) {
  SERVICE_STATUS status;
  return ControlService(service, order, &status) ? 0 : fail("give that order");
}

static const char* state_name(DWORD state) {
  static const char* const names[] = {"none",    "stopped",    "starting", "stopping",
                                      "running", "continuing", "pausing",  "paused"};
  return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

/* Until it is in that state, and has taken that many steps on the way to the next. */
static int wait_for(SC_HANDLE service, const char* state, DWORD steps) {
  ULONGLONG deadline = GetTickCount64() + WAIT_MS;
  SERVICE_STATUS_PROCESS status;
  DWORD size;
  for (;;) {
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE*) &status, sizeof(status),
                              &size))
      return fail("ask for the state");
    if (strcmp(state_name(status.dwCurrentState), state) == 0 && status.dwCheckPoint >= steps)
      break;
    if (GetTickCount64() > deadline) {
      fprintf(stderr, "scm: it is %s\n", state_name(status.dwCurrentState));
      return 1;
    }
    Sleep(1);
  }
  printf("%s, process %lu, %lu steps, exit code %lu, of its own %lu\n", state, status.dwProcessId,
         status.dwCheckPoint, status.dwWin32ExitCode, status.dwServiceSpecificExitCode);
  return 0;
}

static int show_command(SC_HANDLE service) {
  static union {
    QUERY_SERVICE_CONFIGA config;
    char room[8192];
  } answer;
  DWORD size;
  if (!QueryServiceConfigA(service, &answer.config, sizeof(answer), &size))
    return fail("ask for the command");
  puts(answer.config.lpBinaryPathName);
  return 0;
}

static int show_config(SC_HANDLE service, const char* name) {
  static union {
    QUERY_SERVICE_CONFIGA config;
    SERVICE_DESCRIPTIONA description;
    SERVICE_FAILURE_ACTIONSA failure;
    char room[8192];
  } answer;
  BYTE* room = (BYTE*) &answer;
  char key[300];
  HKEY opened;
  DWORD size;
  if (!QueryServiceConfigA(service, &answer.config, sizeof(answer), &size))
    return fail("ask for the configuration");
  printf("account %s, start %lu\n", answer.config.lpServiceStartName, answer.config.dwStartType);
  if (QueryServiceConfig2A(service, SERVICE_CONFIG_DESCRIPTION, room, sizeof(answer), &size))
    printf("description %s\n", answer.description.lpDescription);
  if (QueryServiceConfig2A(service, SERVICE_CONFIG_FAILURE_ACTIONS, room, sizeof(answer), &size))
    printf("%lu actions when it fails\n", answer.failure.cActions);
  snprintf(key, sizeof(key), "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\%s",
           name);
  if (RegOpenKeyExA(HKEY_LOCAL_MACHINE, key, 0, KEY_READ, &opened) == ERROR_SUCCESS) {
    puts("a source of events");
    RegCloseKey(opened);
  }
  return 0;
}

/* "NtSuspendProcess" or "NtResumeProcess". A process that is suspended notices nothing, not even
 * that its pipe has ended. */
static int call(const char* function, HANDLE process) {
  typedef LONG(NTAPI * process_function)(HANDLE);
  union {
    FARPROC any;
    process_function call;
  } found;
  found.any = GetProcAddress(GetModuleHandleA("ntdll.dll"), function);
  return found.any != NULL && found.call(process) >= 0;
}

static HANDLE suspend(const char* pid) {
  HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, strtoul(pid, NULL, 10));
  if (process != NULL && call("NtSuspendProcess", process))
    return process;
  fail("suspend a worker");
  return NULL;
}

static int drain(SC_HANDLE service, const char* pid) {
  HANDLE worker = suspend(pid);
  int code;
  if (worker == NULL)
    return 1;
  code = control(service, SERVICE_CONTROL_STOP);
  if (code == 0)
    code = wait_for(service, "stopping", 3); /* the order itself is the first step */
  call("NtResumeProcess", worker);
  CloseHandle(worker);
  return code;
}

static int murder(SC_HANDLE service, int count, char** pids) {
  SERVICE_STATUS_PROCESS status;
  HANDLE workers[MOST_WORKERS];
  HANDLE process;
  DWORD size;
  int i;
  for (i = 0; i < count && i < MOST_WORKERS; i++) {
    workers[i] = suspend(pids[i]);
    if (workers[i] == NULL)
      return 1;
  }
  if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE*) &status, sizeof(status),
                            &size))
    return fail("ask for the state");
  process = OpenProcess(PROCESS_TERMINATE, FALSE, status.dwProcessId);
  if (process == NULL || !TerminateProcess(process, 1))
    return fail("end the service");
  if (WaitForMultipleObjects((DWORD) i, workers, TRUE, WAIT_MS) == WAIT_TIMEOUT) {
    fprintf(stderr, "scm: workers have survived\n");
    while (i-- > 0)
      TerminateProcess(workers[i], 1); /* nothing else would ever end them */
    return 1;
  }
  return 0;
}

static int obey(SC_HANDLE service, int argc, char** argv) {
  const char* verb = argv[1];
  if (strcmp(verb, "start") == 0)
    return StartServiceA(service, 0, NULL) ? 0 : fail("start it");
  if (strcmp(verb, "stop") == 0)
    return control(service, SERVICE_CONTROL_STOP);
  if (strcmp(verb, "pause") == 0)
    return control(service, SERVICE_CONTROL_PAUSE);
  if (strcmp(verb, "continue") == 0)
    return control(service, SERVICE_CONTROL_CONTINUE);
  if (strcmp(verb, "renew") == 0)
    return control(service, SERVICE_CONTROL_PARAMCHANGE);
  if (strcmp(verb, "upgrade") == 0)
    return control(service, 128); /* prefork's own */
  if (strcmp(verb, "command") == 0)
    return show_command(service);
  if (strcmp(verb, "config") == 0)
    return show_config(service, argv[2]);
  if (strcmp(verb, "wait") == 0 && argc == 4)
    return wait_for(service, argv[3], 0);
  if (strcmp(verb, "drain") == 0 && argc == 4)
    return drain(service, argv[3]);
  if (strcmp(verb, "murder") == 0)
    return murder(service, argc - 3, argv + 3);
  fprintf(stderr, "scm: there is no such order: %s\n", verb);
  return 2;
}

int main(int argc, char** argv) {
  SC_HANDLE manager, service;
  int code;
  if (argc < 3) {
    fprintf(stderr, "usage: scm ORDER NAME [MORE]...\n");
    return 2;
  }
  manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
  if (manager == NULL)
    return GetLastError() == ERROR_ACCESS_DENIED ? 77 : fail("reach the service manager");
  service = OpenServiceA(manager, argv[2], SERVICE_ALL_ACCESS);
  if (service == NULL) {
    fprintf(stderr, "scm: there is no service %s: error %lu\n", argv[2], GetLastError());
    code = 3;
  } else {
    code = obey(service, argc, argv);
    CloseServiceHandle(service);
  }
  CloseServiceHandle(manager);
  return code;
}
