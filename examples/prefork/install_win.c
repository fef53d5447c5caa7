/* Makes a service of Windows of this program, and removes it: what the manager has to know of it, and the
 * source of its entries in the log of the system. */
#include <stdio.h>
#include <string.h>

#include "../relay/options.h"
#include "../relay/report.h"
#include "service.h"
#include "service_win.h"

#define MOST_COMMAND 8192
#define MOST_NAME 257 /* the longest there is */
#define MOST_TEXT 1024

const char* service_error(DWORD error) {
  static char text[600];
  wchar_t wide[256];
  char* to = text;
  size_t length = sizeof(text) - 64;
  DWORD units = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                               error, 0, wide, 256, NULL);
  while (units > 0 && wide[units - 1] <= L' ')
    units--;
  text[0] = '\0';
  uv_utf16_to_wtf8((const uint16_t*) wide, (ssize_t) units, &to, &length);
  length = strlen(text); /* of one that did not fit, what did */
  snprintf(text + length, sizeof(text) - length, " (error %lu)", error);
  return text;
}

/* ---- The command line ---------------------------------------------------------------------- */

static wchar_t* put(wchar_t* at, const wchar_t* end, wchar_t c, size_t times) {
  for (; times > 0 && at < end; times--)
    *at++ = c;
  return at;
}

/* Append an argument to a command line, in quotes: a path with blanks in it would otherwise be
 * several arguments, the first of which may be a program that somebody put there. Backslashes
 * stand for themselves except before a quote, where each is doubled. Returns the new end, which is
 * `end` itself when there is no room. */
static wchar_t* append(wchar_t* at, const wchar_t* end, const wchar_t* argument) {
  size_t backslashes = 0;
  at = put(at, end, L'"', 1);
  for (; *argument != L'\0'; argument++) {
    if (*argument == L'"')
      at = put(at, end, L'\\', backslashes + 1);
    backslashes = *argument == L'\\' ? backslashes + 1 : 0;
    at = put(at, end, *argument, 1);
  }
  at = put(at, end, L'\\', backslashes);
  at = put(at, end, L'"', 1);
  return put(at, end, L' ', 1);
}

/* Arguments are what uv_setup_args gives, here and where the service gets them back. */
static int widen(const char* text, wchar_t* wide, ssize_t size) {
  ssize_t units = uv_wtf8_length_as_utf16(text);
  if (units < 0 || units > size) {
    SetLastError(ERROR_INVALID_PARAMETER);
    return 0;
  }
  uv_wtf8_to_utf16(text, (uint16_t*) wide, (size_t) units);
  return 1;
}

/* "PROGRAM" "--service" "FOLDER" "ARGUMENT"... A service starts in the folder of the system; that
 * of its installation is what relative names of files are meant for. 0 when it does not fit. */
static int make_command(int argc, char** argv, wchar_t* command, size_t size) {
  static wchar_t word[MOST_COMMAND];
  wchar_t* at = command;
  const wchar_t* end = command + size - 1;
  int i;
  DWORD length = GetModuleFileNameW(NULL, word, MOST_COMMAND);
  if (length == 0 || length == MOST_COMMAND)
    return 0;
  at = append(at, end, word);
  at = append(at, end, L"--service");
  length = GetCurrentDirectoryW(MOST_COMMAND, word);
  if (length == 0 || length >= MOST_COMMAND)
    return 0;
  at = append(at, end, word);
  for (i = 0; i < argc; i++) {
    if (widen(argv[i], word, MOST_COMMAND) == 0)
      return 0;
    at = append(at, end, word);
  }
  *at = L'\0';
  return at < end;
}

/* ---- What is set beside the command line ----------------------------------------------------- */

struct setup {
  const char* account_name;
  const wchar_t* account; /* NULL: LocalSystem, who may do anything */
  const wchar_t* description;
  DWORD start;
  BOOL delayed;
};

/* Accounts without a password that every Windows has, by the names that people know. */
static const struct {
  const char* name;
  const wchar_t* account;
} accounts[] = {
    {"LocalService",
     L"NT AUTHORITY\\LocalService"}, /* nobody much: no rights, no name in the network */
    {"NetworkService", L"NT AUTHORITY\\NetworkService"},
    {"LocalSystem", NULL},
};

static int parse_account(struct setup* setup, const char* value) {
  static wchar_t other[MOST_NAME];
  size_t i;
  setup->account_name = value;
  for (i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
    if (strcmp(value, accounts[i].name) == 0) {
      setup->account = accounts[i].account;
      return 1;
    }
  setup->account = other; /* such as "NT SERVICE\NAME", which has no password either */
  return strchr(value, '\\') != NULL && widen(value, other, MOST_NAME);
}

static int parse_start(struct setup* setup, const char* value) {
  setup->delayed = strcmp(value, "delayed") == 0;
  setup->start = strcmp(value, "demand") == 0 ? SERVICE_DEMAND_START : SERVICE_AUTO_START;
  return setup->delayed || strcmp(value, "demand") == 0 || strcmp(value, "auto") == 0;
}

static int parse_description(struct setup* setup, const char* value) {
  static wchar_t text[MOST_TEXT];
  setup->description = text;
  return widen(value, text, MOST_TEXT);
}

/* They stand between the name and what the service is started with. Returns where that begins, or -1
 * after a complaint. */
static int parse(int argc, char** argv, struct setup* setup) {
  const char* account = NULL;
  const char* start = NULL;
  const char* description = NULL;
  const struct option table[] = {{.name = "--account", .text = &account},
                                 {.name = "--start", .text = &start},
                                 {.name = "--description", .text = &description},
                                 {.name = NULL}};
  int first;
  if (options_take_first(table, argc - 2, argv + 2, &first, NULL) >= 0)
    return -1;
  if (account != NULL && !parse_account(setup, account))
    options_refuse("--account",
                   "it takes LocalService, NetworkService, LocalSystem or DOMAIN\\NAME");
  else if (start != NULL && !parse_start(setup, start))
    options_refuse("--start", "it takes demand, auto or delayed");
  else if (description != NULL && !parse_description(setup, description))
    options_refuse("--description", "it takes a text of at most %d characters", MOST_TEXT - 1);
  else
    return first + 2;
  return -1;
}

int service_options(int argc, char** argv) {
  struct setup setup;
  memset(&setup, 0, sizeof(setup));
  return parse(argc, argv, &setup);
}

/* What the system does when the service dies: starts it again, each time a little later; a day without
 * that begins anew. An end with an exit code that is not 0 counts as well. */
static int set_failure_actions(SC_HANDLE service) {
  SC_ACTION actions[] = {
      {SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 10000}, {SC_ACTION_RESTART, 60000}};
  SERVICE_FAILURE_ACTIONSW failure;
  SERVICE_FAILURE_ACTIONS_FLAG also = {TRUE};
  memset(&failure, 0, sizeof(failure));
  failure.dwResetPeriod = 24 * 60 * 60;
  failure.cActions = 3;
  failure.lpsaActions = actions;
  return ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure) &&
         ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &also);
}

/* What is missing afterwards is said, and keeps no service from being one. */
static void configure(SC_HANDLE service, const struct setup* setup) {
  SERVICE_DESCRIPTIONW description = {(wchar_t*) setup->description};
  SERVICE_DELAYED_AUTO_START_INFO delayed = {setup->delayed};
  if (!ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &description))
    report(REPORT_NORMAL, "it has no description: %s", service_error(GetLastError()));
  if (!set_failure_actions(service))
    report(REPORT_NORMAL, "it is not started again when it dies: %s",
           service_error(GetLastError()));
  if (setup->delayed &&
      !ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed))
    report(REPORT_NORMAL, "its start is not delayed: %s", service_error(GetLastError()));
}

/* ---- The log of the system ------------------------------------------------------------------- */

static int source_key(const wchar_t* name, wchar_t* key, size_t size) {
  int length =
      swprintf(key, size, L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\%ls", name);
  return length > 0 && (size_t) length < size;
}

static void add_source(const wchar_t* name) {
  static const wchar_t file[] = L"%SystemRoot%\\System32\\EventCreate.exe";
  DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
  wchar_t text[MOST_NAME + 80];
  LSTATUS error = ERROR_INVALID_NAME;
  HKEY key;
  if (source_key(name, text, MOST_NAME + 80))
    error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, text, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
  if (error == ERROR_SUCCESS) {
    error = RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ, (const BYTE*) file,
                           sizeof(file));
    if (error == ERROR_SUCCESS)
      error =
          RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE*) &types, sizeof(types));
    RegCloseKey(key);
  }
  if (error != ERROR_SUCCESS)
    report(REPORT_NORMAL, "its entries in the system's log have no text: %s",
           service_error((DWORD) error));
}

static void remove_source(const wchar_t* name) {
  wchar_t text[MOST_NAME + 80];
  if (source_key(name, text, MOST_NAME + 80))
    RegDeleteKeyW(HKEY_LOCAL_MACHINE, text);
}

/* ---- Both ---------------------------------------------------------------------------------- */

static int fail(const char* what, const char* name) {
  report_error(0, "cannot %s the service %s: %s", what, name, service_error(GetLastError()));
  return 1;
}

/* Closes both, in the order that keeps the error of what failed. */
static int close_all(SC_HANDLE manager, SC_HANDLE service, int code) {
  if (service != NULL)
    CloseServiceHandle(service);
  CloseServiceHandle(manager);
  return code;
}

int service_install(int argc, char** argv) {
  static wchar_t command[MOST_COMMAND];
  struct setup setup = {accounts[0].name, accounts[0].account, L"A server, an example of uvstream",
                        SERVICE_DEMAND_START, FALSE};
  int first = parse(argc, argv, &setup);
  wchar_t name[MOST_NAME];
  SC_HANDLE manager, made;
  if (first < 0)
    return 2;
  if (widen(argv[2], name, MOST_NAME) == 0)
    return fail("install", argv[2]);
  if (!make_command(argc - first, argv + first, command, MOST_COMMAND)) {
    report_error(0, "the command of the service %s is too long", argv[2]);
    return 1;
  }
  manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
  if (manager == NULL)
    return fail("install", argv[2]);
  made = CreateServiceW(manager, name, NULL, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                        setup.start, SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, setup.account,
                        NULL);
  if (made == NULL)
    return close_all(manager, NULL, fail("install", argv[2]));
  configure(made, &setup);
  add_source(name);
  report(REPORT_NORMAL, "installed the service %s; start it with: sc.exe start %s", argv[2],
         argv[2]);
  if (setup.account != NULL)
    report(REPORT_NORMAL, "it runs as %s, who must be able to read and write its files",
           setup.account_name);
  return close_all(manager, made, 0);
}

/* A service that runs is told to stop, and is gone when it has. */
int service_uninstall(const char* name) {
  wchar_t wide[MOST_NAME];
  SERVICE_STATUS status;
  SC_HANDLE manager, found;
  if (widen(name, wide, MOST_NAME) == 0)
    return fail("uninstall", name);
  manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
  if (manager == NULL)
    return fail("uninstall", name);
  found = OpenServiceW(manager, wide, DELETE | SERVICE_STOP);
  if (found == NULL)
    return close_all(manager, NULL, fail("uninstall", name));
  ControlService(found, SERVICE_CONTROL_STOP, &status);
  if (!DeleteService(found))
    return close_all(manager, found, fail("uninstall", name));
  remove_source(wide);
  return close_all(manager, found, 0);
}
