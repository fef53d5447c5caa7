/* Services, for what is compiled and not run (tools/dialect.py). See windef.h. */
#ifndef NT_WINSVC_H_
#define NT_WINSVC_H_

#include "windows.h"

#define SC_MANAGER_CONNECT 0x0001u
#define SC_MANAGER_CREATE_SERVICE 0x0002u
#define SERVICE_QUERY_STATUS 0x0004u
#define SERVICE_START 0x0010u
#define SERVICE_STOP 0x0020u
#define SERVICE_ALL_ACCESS 0xf01ffu
#define SERVICE_WIN32_OWN_PROCESS 0x10u
#define SERVICE_AUTO_START 2u
#define SERVICE_DEMAND_START 3u
#define SERVICE_ERROR_NORMAL 1u

#define SERVICE_STOPPED 1u
#define SERVICE_START_PENDING 2u
#define SERVICE_STOP_PENDING 3u
#define SERVICE_RUNNING 4u
#define SERVICE_CONTINUE_PENDING 5u
#define SERVICE_PAUSE_PENDING 6u
#define SERVICE_PAUSED 7u

#define SERVICE_CONTROL_STOP 1u
#define SERVICE_CONTROL_PAUSE 2u
#define SERVICE_CONTROL_CONTINUE 3u
#define SERVICE_CONTROL_INTERROGATE 4u
#define SERVICE_CONTROL_SHUTDOWN 5u
#define SERVICE_CONTROL_PARAMCHANGE 6u
#define SERVICE_CONTROL_PRESHUTDOWN 15u

#define SERVICE_ACCEPT_STOP 0x001u
#define SERVICE_ACCEPT_PAUSE_CONTINUE 0x002u
#define SERVICE_ACCEPT_SHUTDOWN 0x004u
#define SERVICE_ACCEPT_PARAMCHANGE 0x008u
#define SERVICE_ACCEPT_PRESHUTDOWN 0x100u

typedef struct nt_service* SC_HANDLE;
typedef struct nt_service_status* SERVICE_STATUS_HANDLE;

typedef struct _SERVICE_STATUS {
  DWORD dwServiceType;
  DWORD dwCurrentState;
  DWORD dwControlsAccepted;
  DWORD dwWin32ExitCode;
  DWORD dwServiceSpecificExitCode;
  DWORD dwCheckPoint;
  DWORD dwWaitHint;
} SERVICE_STATUS;

typedef struct _SERVICE_STATUS_PROCESS {
  DWORD dwServiceType;
  DWORD dwCurrentState;
  DWORD dwControlsAccepted;
  DWORD dwWin32ExitCode;
  DWORD dwServiceSpecificExitCode;
  DWORD dwCheckPoint;
  DWORD dwWaitHint;
  DWORD dwProcessId;
  DWORD dwServiceFlags;
} SERVICE_STATUS_PROCESS;

typedef struct _QUERY_SERVICE_CONFIGA {
  DWORD dwServiceType;
  DWORD dwStartType;
  DWORD dwErrorControl;
  LPSTR lpBinaryPathName;
  LPSTR lpLoadOrderGroup;
  DWORD dwTagId;
  LPSTR lpDependencies;
  LPSTR lpServiceStartName;
  LPSTR lpDisplayName;
} QUERY_SERVICE_CONFIGA;

typedef enum _SC_STATUS_TYPE {
  SC_STATUS_PROCESS_INFO = 0
} SC_STATUS_TYPE;

typedef void(WINAPI* LPSERVICE_MAIN_FUNCTIONW)(DWORD argc, LPWSTR* argv);
typedef DWORD(WINAPI* LPHANDLER_FUNCTION_EX)(DWORD order, DWORD kind, LPVOID data, LPVOID context);

typedef struct _SERVICE_TABLE_ENTRYW {
  LPWSTR lpServiceName;
  LPSERVICE_MAIN_FUNCTIONW lpServiceProc;
} SERVICE_TABLE_ENTRYW;

#define SERVICE_CONFIG_DESCRIPTION 1u
#define SERVICE_CONFIG_FAILURE_ACTIONS 2u
#define SERVICE_CONFIG_DELAYED_AUTO_START_INFO 3u
#define SERVICE_CONFIG_FAILURE_ACTIONS_FLAG 4u

typedef enum _SC_ACTION_TYPE {
  SC_ACTION_NONE = 0,
  SC_ACTION_RESTART = 1
} SC_ACTION_TYPE;

typedef struct _SC_ACTION {
  SC_ACTION_TYPE Type;
  DWORD Delay;
} SC_ACTION;

typedef struct _SERVICE_FAILURE_ACTIONSW {
  DWORD dwResetPeriod;
  LPWSTR lpRebootMsg;
  LPWSTR lpCommand;
  DWORD cActions;
  SC_ACTION* lpsaActions;
} SERVICE_FAILURE_ACTIONSW;

typedef struct _SERVICE_FAILURE_ACTIONSA {
  DWORD dwResetPeriod;
  LPSTR lpRebootMsg;
  LPSTR lpCommand;
  DWORD cActions;
  SC_ACTION* lpsaActions;
} SERVICE_FAILURE_ACTIONSA;

typedef struct _SERVICE_FAILURE_ACTIONS_FLAG {
  BOOL fFailureActionsOnNonCrashFailures;
} SERVICE_FAILURE_ACTIONS_FLAG;

typedef struct _SERVICE_DESCRIPTIONW {
  LPWSTR lpDescription;
} SERVICE_DESCRIPTIONW;

typedef struct _SERVICE_DESCRIPTIONA {
  LPSTR lpDescription;
} SERVICE_DESCRIPTIONA;

typedef struct _SERVICE_DELAYED_AUTO_START_INFO {
  BOOL fDelayedAutostart;
} SERVICE_DELAYED_AUTO_START_INFO;

BOOL WINAPI ChangeServiceConfig2W(SC_HANDLE service, DWORD what, LPVOID info);
BOOL WINAPI
QueryServiceConfig2A(SC_HANDLE service, DWORD what, LPBYTE to, DWORD room, LPDWORD needed);
SC_HANDLE WINAPI OpenSCManagerA(LPCSTR machine, LPCSTR database, DWORD access);
SC_HANDLE WINAPI OpenSCManagerW(LPCWSTR machine, LPCWSTR database, DWORD access);
SC_HANDLE WINAPI OpenServiceA(SC_HANDLE manager, LPCSTR name, DWORD access);
SC_HANDLE WINAPI OpenServiceW(SC_HANDLE manager, LPCWSTR name, DWORD access);
SC_HANDLE WINAPI CreateServiceA(SC_HANDLE manager,
                                LPCSTR name,
                                LPCSTR shown,
                                DWORD access,
                                DWORD type,
                                DWORD start,
                                DWORD error,
                                LPCSTR command,
                                LPCSTR group,
                                LPDWORD tag,
                                LPCSTR dependencies,
                                LPCSTR user,
                                LPCSTR password);
SC_HANDLE WINAPI CreateServiceW(SC_HANDLE manager,
                                LPCWSTR name,
                                LPCWSTR shown,
                                DWORD access,
                                DWORD type,
                                DWORD start,
                                DWORD error,
                                LPCWSTR command,
                                LPCWSTR group,
                                LPDWORD tag,
                                LPCWSTR dependencies,
                                LPCWSTR user,
                                LPCWSTR password);
BOOL WINAPI StartServiceA(SC_HANDLE service, DWORD argc, LPCSTR* argv);
BOOL WINAPI ControlService(SC_HANDLE service, DWORD order, SERVICE_STATUS* status);
BOOL WINAPI DeleteService(SC_HANDLE service);
BOOL WINAPI CloseServiceHandle(SC_HANDLE service);
BOOL WINAPI QueryServiceConfigA(SC_HANDLE service,
                                QUERY_SERVICE_CONFIGA* to,
                                DWORD room,
                                LPDWORD needed);
BOOL WINAPI QueryServiceStatus(SC_HANDLE service, SERVICE_STATUS* status);
BOOL WINAPI
QueryServiceStatusEx(SC_HANDLE service, SC_STATUS_TYPE what, LPBYTE to, DWORD room, LPDWORD needed);
SERVICE_STATUS_HANDLE WINAPI RegisterServiceCtrlHandlerExW(LPCWSTR name,
                                                           LPHANDLER_FUNCTION_EX handler,
                                                           LPVOID context);
BOOL WINAPI SetServiceStatus(SERVICE_STATUS_HANDLE service, SERVICE_STATUS* status);
BOOL WINAPI StartServiceCtrlDispatcherW(const SERVICE_TABLE_ENTRYW* table);

#endif /* NT_WINSVC_H_ */
