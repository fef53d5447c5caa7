/* The functions of kernel32 and advapi32 that src/win and the tests call, by their documented
 * signatures. One that the model lacks is named in absent.c: it ends the program, by name. */
#ifndef NT_WINBASE_H_
#define NT_WINBASE_H_

#include "winnt.h"

typedef struct _OVERLAPPED {
  ULONG_PTR Internal;
  ULONG_PTR InternalHigh;
  union {
    struct {
      DWORD Offset;
      DWORD OffsetHigh;
    };
    PVOID Pointer;
  };
  HANDLE hEvent;
} OVERLAPPED;
typedef OVERLAPPED* LPOVERLAPPED;

typedef struct _OVERLAPPED_ENTRY {
  ULONG_PTR lpCompletionKey;
  LPOVERLAPPED lpOverlapped;
  ULONG_PTR Internal;
  DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY;
typedef OVERLAPPED_ENTRY* LPOVERLAPPED_ENTRY;

typedef void(WINAPI* LPOVERLAPPED_COMPLETION_ROUTINE)(DWORD, DWORD, LPOVERLAPPED);
typedef DWORD(WINAPI* LPTHREAD_START_ROUTINE)(LPVOID);
typedef LPTHREAD_START_ROUTINE PTHREAD_START_ROUTINE;
typedef void(CALLBACK* WAITORTIMERCALLBACK)(PVOID, BOOLEAN);
typedef void(WINAPI* PFLS_CALLBACK_FUNCTION)(PVOID);
typedef BOOL(CALLBACK* PINIT_ONCE_FN)(PINIT_ONCE, PVOID, PVOID*);
typedef BOOL(WINAPI* PHANDLER_ROUTINE)(DWORD);
typedef void(WINAPI* PAPCFUNC)(ULONG_PTR);

#define HasOverlappedIoCompleted(o) ((DWORD) (o)->Internal != STATUS_PENDING)

/* ---- Errors ---- */

DWORD WINAPI GetLastError(void);
void WINAPI SetLastError(DWORD error);
UINT WINAPI SetErrorMode(UINT mode);
UINT WINAPI GetErrorMode(void);
#define SEM_FAILCRITICALERRORS 1u
#define SEM_NOGPFAULTERRORBOX 2u
#define SEM_NOOPENFILEERRORBOX 0x8000u

/* ---- Handles ---- */

#define HANDLE_FLAG_INHERIT 1u
#define HANDLE_FLAG_PROTECT_FROM_CLOSE 2u
#define DUPLICATE_CLOSE_SOURCE 1u
#define DUPLICATE_SAME_ACCESS 2u
BOOL WINAPI CloseHandle(HANDLE handle);
BOOL WINAPI DuplicateHandle(HANDLE from_process,
                            HANDLE from,
                            HANDLE to_process,
                            LPHANDLE to,
                            DWORD access,
                            BOOL inherit,
                            DWORD options);
BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags);
BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags);
BOOL WINAPI CompareObjectHandles(HANDLE a, HANDLE b);

/* ---- Files ---- */

#define CREATE_NEW 1u
#define CREATE_ALWAYS 2u
#define OPEN_EXISTING 3u
#define OPEN_ALWAYS 4u
#define FILE_FLAG_OVERLAPPED 0x40000000u
#define FILE_FLAG_WRITE_THROUGH 0x80000000u
#define FILE_FLAG_FIRST_PIPE_INSTANCE 0x00080000u
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000u
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000u
#define SECURITY_ANONYMOUS 0u
#define SECURITY_IDENTIFICATION 0x00010000u
#define SECURITY_IMPERSONATION 0x00020000
#define SECURITY_SQOS_PRESENT 0x00100000u
#define FILE_TYPE_UNKNOWN 0u
#define FILE_TYPE_DISK 1u
#define FILE_TYPE_CHAR 2u
#define FILE_TYPE_PIPE 3u
#define FILE_SKIP_COMPLETION_PORT_ON_SUCCESS 1
#define FILE_SKIP_SET_EVENT_ON_HANDLE 2
#define INVALID_FILE_ATTRIBUTES 0xffffffffu

#define GetNamedPipeHandleStateA(pipe, state, instances, most, ms, user, room) \
  GetNamedPipeHandleStateW(pipe, state, instances, most, ms, (WCHAR*) (void*) (user), room)
DWORD WINAPI GetFileAttributesA(LPCSTR path);
BOOL WINAPI CreateDirectoryW(LPCWSTR path, LPSECURITY_ATTRIBUTES security);
BOOL WINAPI RemoveDirectoryW(LPCWSTR path);
BOOL WINAPI DeleteFileW(LPCWSTR path);

typedef enum _FILE_INFO_BY_HANDLE_CLASS {
  FileBasicInfo = 0,
  FileNameInfo = 2,
  FileDispositionInfo = 4
} FILE_INFO_BY_HANDLE_CLASS;

typedef struct _FILE_NAME_INFO {
  DWORD FileNameLength;
  WCHAR FileName[1];
} FILE_NAME_INFO;

HANDLE WINAPI CreateFileW(LPCWSTR name,
                          DWORD access,
                          DWORD share,
                          LPSECURITY_ATTRIBUTES security,
                          DWORD disposition,
                          DWORD flags,
                          HANDLE like);
HANDLE WINAPI CreateFileA(LPCSTR name,
                          DWORD access,
                          DWORD share,
                          LPSECURITY_ATTRIBUTES security,
                          DWORD disposition,
                          DWORD flags,
                          HANDLE like);
BOOL WINAPI DeviceIoControl(HANDLE device,
                            DWORD code,
                            LPVOID in,
                            DWORD in_size,
                            LPVOID out,
                            DWORD out_size,
                            LPDWORD got,
                            LPOVERLAPPED overlapped);
BOOL WINAPI ReadFile(HANDLE file, LPVOID to, DWORD size, LPDWORD got, LPOVERLAPPED overlapped);
BOOL WINAPI WriteFile(HANDLE file, LPCVOID from, DWORD size, LPDWORD put, LPOVERLAPPED overlapped);
BOOL WINAPI FlushFileBuffers(HANDLE file);
DWORD WINAPI GetFileType(HANDLE file);
BOOL WINAPI GetFileSizeEx(HANDLE file, PLARGE_INTEGER size);
BOOL WINAPI LockFile(HANDLE file, DWORD from, DWORD from_high, DWORD size, DWORD size_high);
DWORD WINAPI GetFileAttributesW(LPCWSTR name);
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000u
typedef struct _FILE_DISPOSITION_INFO {
  BOOLEAN DeleteFile;
} FILE_DISPOSITION_INFO;
BOOL WINAPI SetFileInformationByHandle(HANDLE file,
                                       FILE_INFO_BY_HANDLE_CLASS what,
                                       LPVOID info,
                                       DWORD size);
BOOL WINAPI GetFileInformationByHandleEx(HANDLE file,
                                         FILE_INFO_BY_HANDLE_CLASS what,
                                         LPVOID to,
                                         DWORD size);
BOOL WINAPI SetFileCompletionNotificationModes(HANDLE file, UCHAR flags);
BOOL WINAPI CancelIo(HANDLE file);
BOOL WINAPI CancelIoEx(HANDLE file, LPOVERLAPPED overlapped);
BOOL WINAPI CancelSynchronousIo(HANDLE thread);
BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait);

/* ---- Completion ports ---- */

HANDLE WINAPI CreateIoCompletionPort(HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads);
BOOL WINAPI GetQueuedCompletionStatus(
    HANDLE port, LPDWORD bytes, PULONG_PTR key, LPOVERLAPPED* overlapped, DWORD timeout_ms);
BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE port,
                                        LPOVERLAPPED_ENTRY entries,
                                        ULONG room,
                                        PULONG count,
                                        DWORD timeout_ms,
                                        BOOL alertable);
BOOL WINAPI PostQueuedCompletionStatus(HANDLE port,
                                       DWORD bytes,
                                       ULONG_PTR key,
                                       LPOVERLAPPED overlapped);

/* ---- Named pipes ---- */

#define PIPE_ACCESS_INBOUND 1u
#define PIPE_ACCESS_OUTBOUND 2u
#define PIPE_ACCESS_DUPLEX 3u
#define PIPE_WAIT 0u
#define PIPE_NOWAIT 1u
#define PIPE_READMODE_BYTE 0u
#define PIPE_READMODE_MESSAGE 2u
#define PIPE_TYPE_BYTE 0u
#define PIPE_TYPE_MESSAGE 4u
#define PIPE_ACCEPT_REMOTE_CLIENTS 0u
#define PIPE_REJECT_REMOTE_CLIENTS 8u
#define PIPE_CLIENT_END 0u
#define PIPE_SERVER_END 1u
#define PIPE_UNLIMITED_INSTANCES 255u
#define NMPWAIT_WAIT_FOREVER 0xffffffffu
#define NMPWAIT_NOWAIT 1u
#define NMPWAIT_USE_DEFAULT_WAIT 0u
HANDLE WINAPI CreateNamedPipeW(LPCWSTR name,
                               DWORD open,
                               DWORD mode,
                               DWORD instances,
                               DWORD out,
                               DWORD in,
                               DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES security);
HANDLE WINAPI CreateNamedPipeA(LPCSTR name,
                               DWORD open,
                               DWORD mode,
                               DWORD instances,
                               DWORD out,
                               DWORD in,
                               DWORD timeout_ms,
                               LPSECURITY_ATTRIBUTES security);
BOOL WINAPI CreatePipe(PHANDLE read, PHANDLE write, LPSECURITY_ATTRIBUTES security, DWORD size);
BOOL WINAPI ConnectNamedPipe(HANDLE pipe, LPOVERLAPPED overlapped);
BOOL WINAPI DisconnectNamedPipe(HANDLE pipe);
BOOL WINAPI WaitNamedPipeW(LPCWSTR name, DWORD timeout_ms);
BOOL WINAPI
PeekNamedPipe(HANDLE pipe, LPVOID to, DWORD size, LPDWORD got, LPDWORD total, LPDWORD left);
BOOL WINAPI GetNamedPipeInfo(HANDLE pipe, LPDWORD flags, LPDWORD out, LPDWORD in, LPDWORD most);
BOOL WINAPI GetNamedPipeHandleStateW(HANDLE pipe,
                                     LPDWORD state,
                                     LPDWORD instances,
                                     LPDWORD bytes,
                                     LPDWORD timeout_ms,
                                     LPWSTR user,
                                     DWORD size);
#define GetNamedPipeHandleState GetNamedPipeHandleStateW
BOOL WINAPI SetNamedPipeHandleState(HANDLE pipe, LPDWORD mode, LPDWORD bytes, LPDWORD timeout_ms);
BOOL WINAPI GetNamedPipeClientProcessId(HANDLE pipe, PULONG id);
BOOL WINAPI GetNamedPipeServerProcessId(HANDLE pipe, PULONG id);

/* ---- Waits ---- */

#define WAIT_OBJECT_0 0u
#define WAIT_ABANDONED_0 0x80u
#define WAIT_IO_COMPLETION 0xc0u
#define WAIT_FAILED 0xffffffffu
#define MAXIMUM_WAIT_OBJECTS 64
#define WT_EXECUTEDEFAULT 0u
#define WT_EXECUTEINWAITTHREAD 4u
#define WT_EXECUTEONLYONCE 8u
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name);
HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name);
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG count, LONG most, LPCWSTR name);
BOOL WINAPI ReleaseSemaphore(HANDLE semaphore, LONG count, LONG* before);
BOOL WINAPI SetEvent(HANDLE event);
BOOL WINAPI ResetEvent(HANDLE event);
DWORD WINAPI WaitForSingleObject(HANDLE handle, DWORD timeout_ms);
DWORD WINAPI WaitForSingleObjectEx(HANDLE handle, DWORD timeout_ms, BOOL alertable);
DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE* handles, BOOL all, DWORD timeout_ms);
BOOL WINAPI RegisterWaitForSingleObject(PHANDLE wait,
                                        HANDLE object,
                                        WAITORTIMERCALLBACK callback,
                                        PVOID context,
                                        ULONG timeout_ms,
                                        ULONG flags);
BOOL WINAPI UnregisterWaitEx(HANDLE wait, HANDLE done);
BOOL WINAPI UnregisterWait(HANDLE wait);
typedef void(CALLBACK* PTIMERAPCROUTINE)(LPVOID, DWORD, DWORD);
HANDLE WINAPI CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES security,
                                     LPCWSTR name,
                                     DWORD flags,
                                     DWORD access);
BOOL WINAPI SetWaitableTimer(HANDLE timer,
                             const LARGE_INTEGER* due,
                             LONG period_ms,
                             PTIMERAPCROUTINE routine,
                             LPVOID arg,
                             BOOL resume);
BOOL WINAPI CreateTimerQueueTimer(PHANDLE timer,
                                  HANDLE queue,
                                  WAITORTIMERCALLBACK callback,
                                  PVOID context,
                                  DWORD due_ms,
                                  DWORD period_ms,
                                  ULONG flags);
BOOL WINAPI DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE done);

typedef struct nt_pool_wait* PTP_WAIT;
typedef struct nt_pool_instance* PTP_CALLBACK_INSTANCE;
typedef struct nt_pool_environment* PTP_CALLBACK_ENVIRON;
typedef DWORD TP_WAIT_RESULT;
typedef void(CALLBACK* PTP_WAIT_CALLBACK)(PTP_CALLBACK_INSTANCE, PVOID, PTP_WAIT, TP_WAIT_RESULT);
PTP_WAIT WINAPI CreateThreadpoolWait(PTP_WAIT_CALLBACK callback,
                                     PVOID context,
                                     PTP_CALLBACK_ENVIRON environment);
void WINAPI SetThreadpoolWait(PTP_WAIT wait, HANDLE object, LPFILETIME timeout);
void WINAPI WaitForThreadpoolWaitCallbacks(PTP_WAIT wait, BOOL cancel);
void WINAPI CloseThreadpoolWait(PTP_WAIT wait);

/* ---- Locks ---- */

void WINAPI InitializeSRWLock(PSRWLOCK lock);
void WINAPI AcquireSRWLockExclusive(PSRWLOCK lock);
void WINAPI AcquireSRWLockShared(PSRWLOCK lock);
BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock);
BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK lock);
void WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock);
void WINAPI ReleaseSRWLockShared(PSRWLOCK lock);
void WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section);
void WINAPI EnterCriticalSection(LPCRITICAL_SECTION section);
BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section);
void WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section);
void WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section);
void WINAPI InitializeConditionVariable(PCONDITION_VARIABLE variable);
BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE variable,
                                      PSRWLOCK lock,
                                      DWORD timeout_ms,
                                      ULONG flags);
BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE variable,
                                     LPCRITICAL_SECTION section,
                                     DWORD timeout_ms);
void WINAPI WakeConditionVariable(PCONDITION_VARIABLE variable);
void WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE variable);
BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once,
                                PINIT_ONCE_FN fn,
                                PVOID parameter,
                                LPVOID* context);

/* ---- Threads ---- */

#define TLS_OUT_OF_INDEXES 0xffffffffu
#define FLS_OUT_OF_INDEXES 0xffffffffu
#define CREATE_SUSPENDED 4u
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x10000u
#define STILL_ACTIVE 259u
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES security,
                           SIZE_T stack,
                           LPTHREAD_START_ROUTINE fn,
                           LPVOID arg,
                           DWORD flags,
                           LPDWORD id);
DWORD WINAPI ResumeThread(HANDLE thread);
BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code);
HANDLE WINAPI GetCurrentThread(void);
DWORD WINAPI GetCurrentThreadId(void);
DWORD WINAPI GetThreadId(HANDLE thread);
BOOL WINAPI SwitchToThread(void);
void WINAPI Sleep(DWORD ms);
DWORD WINAPI SleepEx(DWORD ms, BOOL alertable);
DWORD WINAPI TlsAlloc(void);
BOOL WINAPI TlsFree(DWORD index);
LPVOID WINAPI TlsGetValue(DWORD index);
BOOL WINAPI TlsSetValue(DWORD index, LPVOID value);
DWORD WINAPI FlsAlloc(PFLS_CALLBACK_FUNCTION callback);
BOOL WINAPI FlsFree(DWORD index);
PVOID WINAPI FlsGetValue(DWORD index);
BOOL WINAPI FlsSetValue(DWORD index, PVOID value);

/* ---- The clock ---- */

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER* ticks);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER* per_sec);
DWORD WINAPI GetTickCount(void);
ULONGLONG WINAPI GetTickCount64(void);
void WINAPI GetSystemTimeAsFileTime(LPFILETIME now);
void WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME now);

/* ---- Security ---- */

BOOL WINAPI OpenProcessToken(HANDLE process, DWORD access, PHANDLE token);
BOOL WINAPI OpenThreadToken(HANDLE thread, DWORD access, BOOL as_self, PHANDLE token);
BOOL WINAPI ImpersonateNamedPipeClient(HANDLE pipe);
BOOL WINAPI RevertToSelf(void);
BOOL WINAPI SetThreadToken(PHANDLE thread, HANDLE token);
BOOL WINAPI GetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR descriptor,
                                       PSID* owner,
                                       LPBOOL defaulted);
BOOL WINAPI GetTokenInformation(
    HANDLE token, TOKEN_INFORMATION_CLASS what, LPVOID to, DWORD size, PDWORD needed);
BOOL WINAPI InitializeSid(PSID sid, PSID_IDENTIFIER_AUTHORITY authority, BYTE count);
PDWORD WINAPI GetSidSubAuthority(PSID sid, DWORD index);
DWORD WINAPI GetLengthSid(PSID sid);
BOOL WINAPI InitializeAcl(PACL acl, DWORD size, DWORD revision);
BOOL WINAPI AddAccessAllowedAce(PACL acl, DWORD revision, DWORD access, PSID sid);
BOOL WINAPI AddAccessDeniedAce(PACL acl, DWORD revision, DWORD access, PSID sid);
BOOL WINAPI AddMandatoryAce(PACL acl, DWORD revision, DWORD flags, DWORD policy, PSID sid);
BOOL WINAPI InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, DWORD revision);
BOOL WINAPI SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present,
                                      PACL dacl,
                                      BOOL defaulted);
BOOL WINAPI SetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      BOOL present,
                                      PACL sacl,
                                      BOOL defaulted);
BOOL WINAPI SetKernelObjectSecurity(HANDLE handle,
                                    SECURITY_INFORMATION what,
                                    PSECURITY_DESCRIPTOR descriptor);

BOOL WINAPI CreateWellKnownSid(WELL_KNOWN_SID_TYPE which, PSID domain, PSID to, DWORD* room);
BOOL WINAPI GetAce(PACL acl, DWORD index, LPVOID* ace);
BOOL WINAPI EqualSid(PSID a, PSID b);
BOOL WINAPI GetKernelObjectSecurity(
    HANDLE handle, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR to, DWORD room, LPDWORD needed);
BOOL WINAPI GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present,
                                      PACL* dacl,
                                      LPBOOL defaulted);
BOOL WINAPI GetSecurityDescriptorSacl(PSECURITY_DESCRIPTOR descriptor,
                                      LPBOOL present,
                                      PACL* sacl,
                                      LPBOOL defaulted);

#endif /* NT_WINBASE_H_ */
