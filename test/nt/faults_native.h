/* Makes calls of Windows fail. The linker leads every call of these functions, by the library and by
 * the model's own upper half, to faults_native.c and faults_system_native.c (--wrap); nothing else is
 * told. */
#ifndef FAULTS_NATIVE_H_
#define FAULTS_NATIVE_H_

#include "nt.h"

#include <mswsock.h>
#include <stddef.h>

/* XX(symbol). What libc has too is the model's by a symbol of its own (NT_OWN), and the functions
 * that Winsock gives by WSAIoctl have ours. */
#define FAULT_CALLS(XX)                                    \
  XX(AddAccessAllowedAce)                                  \
  XX(AddAccessDeniedAce)                                   \
  XX(AddMandatoryAce)                                      \
  XX(ConnectNamedPipe)                                     \
  XX(ConvertInterfaceIndexToLuid)                          \
  XX(ConvertStringSecurityDescriptorToSecurityDescriptorW) \
  XX(CreateEventW)                                         \
  XX(CreateFileW)                                          \
  XX(CreateIoCompletionPort)                               \
  XX(CreateJobObjectW)                                     \
  XX(CreateNamedPipeW)                                     \
  XX(CreateProcessW)                                       \
  XX(CreatePseudoConsole)                                  \
  XX(CreateThread)                                         \
  XX(CreateThreadpoolWait)                                 \
  XX(CreateTimerQueueTimer)                                \
  XX(CreateToolhelp32Snapshot)                             \
  XX(CreateWaitableTimerExW)                               \
  XX(DuplicateHandle)                                      \
  XX(FlsAlloc)                                             \
  XX(GetAdaptersAddresses)                                 \
  XX(GetAddrInfoW)                                         \
  XX(GetComputerNameExW)                                   \
  XX(GetConsoleMode)                                       \
  XX(GetConsoleScreenBufferInfo)                           \
  XX(GetCurrentDirectoryW)                                 \
  XX(GetEnvironmentStringsW)                               \
  XX(GetEnvironmentVariableW)                              \
  XX(GetExitCodeProcess)                                   \
  XX(GetExtendedTcpTable)                                  \
  XX(GetFileSizeEx)                                        \
  XX(GetFullPathNameW)                                     \
  XX(GetKernelObjectSecurity)                              \
  XX(GetModuleFileNameW)                                   \
  XX(GetNamedPipeClientProcessId)                          \
  XX(GetNamedPipeHandleStateW)                             \
  XX(GetNamedPipeInfo)                                     \
  XX(GetNamedPipeServerProcessId)                          \
  XX(GetNameInfoW)                                         \
  XX(GetNumberOfConsoleInputEvents)                        \
  XX(GetProcAddress)                                       \
  XX(GetProcessIoCounters)                                 \
  XX(GetProcessTimes)                                      \
  XX(GetQueuedCompletionStatusEx)                          \
  XX(GetSecurityDescriptorOwner)                           \
  XX(GetShortPathNameW)                                    \
  XX(GetTempPathW)                                         \
  XX(GetTokenInformation)                                  \
  XX(ImpersonateNamedPipeClient)                           \
  XX(InitializeAcl)                                        \
  XX(InitializeProcThreadAttributeList)                    \
  XX(InitializeSecurityDescriptor)                         \
  XX(InitializeSid)                                        \
  XX(K32GetProcessMemoryInfo)                              \
  XX(OpenProcess)                                          \
  XX(OpenProcessToken)                                     \
  XX(OpenThreadToken)                                      \
  XX(PeekConsoleInputW)                                    \
  XX(PeekNamedPipe)                                        \
  XX(PostQueuedCompletionStatus)                           \
  XX(ReadConsoleInputW)                                    \
  XX(ReadConsoleW)                                         \
  XX(ReadFile)                                             \
  XX(RegisterWaitForSingleObject)                          \
  XX(ResizePseudoConsole)                                  \
  XX(ResumeThread)                                         \
  XX(RevertToSelf)                                         \
  XX(SetConsoleCtrlHandler)                                \
  XX(SetConsoleCursorPosition)                             \
  XX(SetConsoleMode)                                       \
  XX(SetCurrentDirectoryW)                                 \
  XX(SetEnvironmentVariableW)                              \
  XX(SetFileCompletionNotificationModes)                   \
  XX(SetHandleInformation)                                 \
  XX(SetInformationJobObject)                              \
  XX(SetKernelObjectSecurity)                              \
  XX(SetNamedPipeHandleState)                              \
  XX(SetSecurityDescriptorDacl)                            \
  XX(SetSecurityDescriptorSacl)                            \
  XX(SetWaitableTimer)                                     \
  XX(TlsAlloc)                                             \
  XX(UpdateProcThreadAttribute)                            \
  XX(WriteConsoleInputW)                                   \
  XX(WriteConsoleW)                                        \
  XX(WriteFile)                                            \
  XX(WSADuplicateSocketW)                                  \
  XX(WSAIoctl)                                             \
  XX(WSARecv)                                              \
  XX(WSASend)                                              \
  XX(WSASocketW)                                           \
  XX(WSAStartup)                                           \
  XX(ioctlsocket)                                          \
  XX(nt_accept)                                            \
  XX(nt_accept_ex)                                         \
  XX(nt_bind)                                              \
  XX(nt_connect)                                           \
  XX(nt_connect_ex)                                        \
  XX(nt_allocate_reserve)                                  \
  XX(nt_associate_wait_packet)                             \
  XX(nt_create_pipe)                                       \
  XX(nt_create_wait_packet)                                \
  XX(nt_device_control)                                    \
  XX(nt_fs_control)                                        \
  XX(nt_getpeername)                                       \
  XX(nt_getsockname)                                       \
  XX(nt_getsockopt)                                        \
  XX(nt_listen)                                            \
  XX(nt_open_file)                                         \
  XX(nt_post_reserve)                                      \
  XX(nt_profile_directory)                                 \
  XX(nt_query_file)                                        \
  XX(nt_query_object)                                      \
  XX(nt_reg_get_value)                                     \
  XX(nt_set_file)                                          \
  XX(nt_setsockopt)                                        \
  XX(nt_shutdown)                                          \
  XX(nt_transmit_file)                                     \
  XX(_beginthreadex)                                       \
  XX(_open_osfhandle)

enum fault_call {
#define ROW(name) CALL_##name,
  FAULT_CALLS(ROW)
#undef ROW
  /* Not calls, but what becomes of operations (nt_plan). */
  CALL_READ_ENDS,
  CALL_WRITE_ENDS,
  CALL_CONTROL_ENDS,
  CALLS
};

/* Of a call of Winsock or of files that has an OVERLAPPED, or has none; and of an option that tells a
 * socket of its connection. */
enum fault_form {
  ANY_FORM,
  OVERLAPPED_FORM,
  PLAIN_FORM,
  CONTEXT_FORM
};

/* For the stand-ins: counts a call; 1 when this is the one that fails, and then the last error is
 * set, which some calls return (faults_error). */
int faults_fail(enum fault_call call, enum fault_form form, const char* name);
DWORD faults_error(void);

#define FAULTS_STAND_IN(form, type, failure, name, parameters, arguments) \
  type __real_##name parameters;                                          \
  type __wrap_##name parameters;                                          \
  type __wrap_##name parameters {                                         \
    if (faults_fail(CALL_##name, form, #name))                            \
      return failure;                                                     \
    return __real_##name arguments;                                       \
  }

/* The n-th of these calls from now on (1: the next) fails with that error, and fault_times - 1 that follow
 * it, and no other; 0: none. */
void faults_plan(enum fault_call call, enum fault_form form, long n, DWORD error);
/* Between a 1 and a 0 nothing fails, and nothing is counted. */
void faults_pause(int on);
/* How many of these calls were made since. */
long faults_seen(void);
/* Whether any such call was made since, paused or not, whatever is planned. */
int faults_made(enum fault_call call, enum fault_form form);
/* Whether this is the call that fails, has failed or would have. */
int faults_are_of(enum fault_call call);
const char* fault_call_name(enum fault_call call);

/* fault_native.c: fails each of these calls once, with each error that it has there, under seeds. The calls
 * that are named are those that the scenario has to make, or it would prove nothing. */
void fault_native_calls_of(void (*scenario)(void), const enum fault_call* named, size_t count);
/* The same, only that what lacks memory lacks it three times in a row. */
void fault_native_shortage_in(void (*scenario)(void));
#define FAIL_CALLS_OF(scenario, ...)                                          \
  do {                                                                        \
    static const enum fault_call named[] = {__VA_ARGS__};                     \
    fault_native_calls_of(scenario, named, sizeof(named) / sizeof(named[0])); \
  } while (0)

#endif /* FAULTS_NATIVE_H_ */
