/* A service of Windows. The service control manager starts the process and gives its orders on a
 * thread of its own, which hands them to the loop with uv_async_send. The server runs on a second
 * thread, started by the manager as well; the first one, that of main, only waits. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "../relay/report.h"
#include "service.h"
#include "service_win.h"

#define MOST_ORDERS 8
#define WAIT_HINT_MS 10000 /* how long the manager may hear nothing of a change that it asked for */
#define CONTROL_UPGRADE \
  128 /* the first of those that are ours to give a meaning: sc.exe control NAME 128 */

/* Ctrl-C, Ctrl-Break and the end of the console window, for a server that is no service. */
const struct service_signal service_signals[SERVICE_MOST_SIGNALS + 1] = {
    {SIGINT, ORDER_STOP}, {SIGBREAK, ORDER_STOP}, {SIGHUP, ORDER_STOP}, {0, ORDER_STOP}};

static struct {
  SERVICE_STATUS_HANDLE handle; /* NULL: nobody manages us */
  HANDLE source;                /* of what the system's log says of us; NULL: there is none */
  int argc;
  char** argv;
  int (*run)(int argc, char** argv);
  int exit_code;
  SRWLOCK lock; /* for what follows, which both threads use */
  SERVICE_STATUS status;
  uv_async_t async;
  int hearing;
  enum order orders[MOST_ORDERS];
  unsigned count;
} service = {.lock = SRWLOCK_INIT};

/* With the lock, so that the manager hears of changes in their order. While one is under way it is
 * to give no further orders; each repetition is a step on the way. */
static void set_state(DWORD state) {
  int settled = state == SERVICE_RUNNING || state == SERVICE_PAUSED || state == SERVICE_STOPPED;
  DWORD step = service.status.dwCurrentState == state ? service.status.dwCheckPoint + 1 : 1;
  service.status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
  service.status.dwCurrentState = state;
  service.status.dwControlsAccepted = 0;
  if (state == SERVICE_RUNNING || state == SERVICE_PAUSED)
    service.status.dwControlsAccepted = SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_PAUSE_CONTINUE |
                                        SERVICE_ACCEPT_PARAMCHANGE | SERVICE_ACCEPT_PRESHUTDOWN |
                                        SERVICE_ACCEPT_SHUTDOWN;
  service.status.dwCheckPoint = settled ? 0 : step;
  service.status.dwWaitHint = settled ? 0 : WAIT_HINT_MS;
  SetServiceStatus(service.handle, &service.status);
}

/* ---- Orders ------------------------------------------------------------------------------ */

/* On the manager's thread. The state changes at once, so that whoever gave the order sees that it
 * was heard; 0: an order that changes none. */
static DWORD accept_order(enum order order, DWORD state) {
  DWORD result = ERROR_SERVICE_CANNOT_ACCEPT_CTRL;
  AcquireSRWLockExclusive(&service.lock);
  if (service.hearing && service.count < MOST_ORDERS) {
    service.orders[service.count++] = order;
    if (state != 0)
      set_state(state);
    uv_async_send(&service.async);
    result = NO_ERROR;
  }
  ReleaseSRWLockExclusive(&service.lock);
  return result;
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void* data, void* context) {
  (void) type;
  (void) data;
  (void) context;
  switch (control) {
  case SERVICE_CONTROL_INTERROGATE:
    return NO_ERROR;
  case SERVICE_CONTROL_STOP:
  case SERVICE_CONTROL_PRESHUTDOWN:
  case SERVICE_CONTROL_SHUTDOWN:
    return accept_order(ORDER_STOP, SERVICE_STOP_PENDING);
  case SERVICE_CONTROL_PAUSE:
    return accept_order(ORDER_PAUSE, SERVICE_PAUSE_PENDING);
  case SERVICE_CONTROL_CONTINUE:
    return accept_order(ORDER_CONTINUE, SERVICE_CONTINUE_PENDING);
  case SERVICE_CONTROL_PARAMCHANGE:
    return accept_order(ORDER_RENEW, 0);
  case CONTROL_UPGRADE:
    return accept_order(ORDER_UPGRADE, 0);
  default:
    return ERROR_CALL_NOT_IMPLEMENTED;
  }
}

/* On the loop's thread. Several orders may have become one call. */
static void on_async(uv_async_t* async) {
  enum order orders[MOST_ORDERS];
  unsigned count, i;
  (void) async;
  AcquireSRWLockExclusive(&service.lock);
  count = service.count;
  memcpy(orders, service.orders, sizeof(orders));
  service.count = 0;
  ReleaseSRWLockExclusive(&service.lock);
  for (i = 0; i < count; i++)
    service_order(orders[i]);
}

int service_open(uv_loop_t* loop) {
  int err;
  if (service.handle == NULL)
    return 0;
  err = uv_async_init(loop, &service.async, on_async);
  if (err < 0)
    return err;
  AcquireSRWLockExclusive(&service.lock);
  service.hearing = 1;
  ReleaseSRWLockExclusive(&service.lock);
  return 0;
}

/* uv_async_send is for any thread, but not for any time: none may come once this closes. */
void service_close(void) {
  int heard;
  AcquireSRWLockExclusive(&service.lock);
  heard = service.hearing;
  service.hearing = 0;
  ReleaseSRWLockExclusive(&service.lock);
  if (heard)
    uv_close((uv_handle_t*) &service.async, NULL);
}

/* An order that waits has said already what comes next. */
void service_tell(enum standing standing) {
  static const DWORD states[] = {SERVICE_RUNNING, SERVICE_PAUSED, SERVICE_STOP_PENDING};
  if (service.handle == NULL || standing == STANDING_RELOADING)
    return; /* there is no state for that */
  AcquireSRWLockExclusive(&service.lock);
  if (service.count == 0)
    set_state(states[standing]);
  ReleaseSRWLockExclusive(&service.lock);
}

/* The manager takes the end of the process that it has started for the end of the service. */
int service_is_this_process(void) {
  return service.handle != NULL;
}

void service_lend(void) {}

void service_take_back(void) {}

void service_hand_over(int process) {
  (void) process;
}

const char* service_endpoint(void) {
  return NULL; /* no manager of Windows hands sockets over */
}

/* ---- Under the manager ------------------------------------------------------------------- */

/* Nobody sees what a service writes to stderr, and few know where its log is; all look into the log of
 * the system. What failed goes there. */
static void tell_system(const char* line) {
  wchar_t wide[1024];
  const wchar_t* strings[1] = {wide};
  ssize_t units = uv_wtf8_length_as_utf16(line);
  if (service.source == NULL || units < 0 || units > 1024)
    return;
  uv_wtf8_to_utf16(line, (uint16_t*) wide, (size_t) units);
  ReportEventW(service.source, EVENTLOG_ERROR_TYPE, 0, SERVICE_EVENT, NULL, 1, 0, strings, NULL);
}

/* A code that is not 0 is the program's own, which Windows keeps apart from its own errors. */
static void WINAPI service_main(DWORD argc, wchar_t** argv) {
  (void) argc; /* what was given to the start; we go by what was given to the installation */
  service.handle = RegisterServiceCtrlHandlerExW(argv[0], on_control, NULL);
  if (service.handle == NULL)
    return;
  service.source = RegisterEventSourceW(NULL, argv[0]);
  report_errors_to(tell_system);
  AcquireSRWLockExclusive(&service.lock);
  set_state(SERVICE_START_PENDING);
  ReleaseSRWLockExclusive(&service.lock);
  service.exit_code = uv_chdir(service.argv[1]) == 0 ? service.run(service.argc, service.argv) : 1;
  AcquireSRWLockExclusive(&service.lock);
  service.status.dwWin32ExitCode = service.exit_code == 0 ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR;
  service.status.dwServiceSpecificExitCode = (DWORD) service.exit_code;
  if (service.source != NULL)
    DeregisterEventSource(service.source);
  service.source = NULL;
  set_state(SERVICE_STOPPED);
  ReleaseSRWLockExclusive(&service.lock);
}

/* prefork --service FOLDER ENDPOINT [OPTION]... */
int service_run(int argc, char** argv, int (*run)(int argc, char** argv)) {
  static wchar_t name[] = L""; /* a process that is a single service needs no name here */
  const SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
  service.argc = argc - 1;
  service.argv = argv + 1;
  service.run = run;
  if (!StartServiceCtrlDispatcherW(table)) {
    report_error(0, "only the service manager can start this: %s", service_error(GetLastError()));
    return 1;
  }
  return service.exit_code;
}
