/* Makes calls of Windows fail. The linker leads every call of these functions, by the library and by
 * the model's own upper half, to faults_native.c (--wrap); nothing else is told. */
#ifndef FAULTS_NATIVE_H_
#define FAULTS_NATIVE_H_

#include "nt.h"

#include <mswsock.h>
#include <stddef.h>

/* XX(symbol). What libc has too is the model's by a symbol of its own (NT_OWN), and the functions
 * that Winsock gives by WSAIoctl have ours. */
#define FAULT_CALLS(XX)                  \
  XX(CreateEventW)                       \
  XX(CreateFileW)                        \
  XX(CreateIoCompletionPort)             \
  XX(CreateNamedPipeW)                   \
  XX(CreateThread)                       \
  XX(CreateThreadpoolWait)               \
  XX(CreateTimerQueueTimer)              \
  XX(ConnectNamedPipe)                   \
  XX(DuplicateHandle)                    \
  XX(GetConsoleMode)                     \
  XX(GetConsoleScreenBufferInfo)         \
  XX(GetNamedPipeClientProcessId)        \
  XX(GetNamedPipeHandleStateW)           \
  XX(GetNamedPipeInfo)                   \
  XX(GetNamedPipeServerProcessId)        \
  XX(GetNumberOfConsoleInputEvents)      \
  XX(GetQueuedCompletionStatusEx)        \
  XX(GetTokenInformation)                \
  XX(OpenProcess)                        \
  XX(OpenProcessToken)                   \
  XX(PeekConsoleInputW)                  \
  XX(PeekNamedPipe)                      \
  XX(PostQueuedCompletionStatus)         \
  XX(ReadConsoleInputW)                  \
  XX(ReadConsoleW)                       \
  XX(ReadFile)                           \
  XX(RegisterWaitForSingleObject)        \
  XX(SetConsoleCursorPosition)           \
  XX(SetConsoleMode)                     \
  XX(SetFileCompletionNotificationModes) \
  XX(SetNamedPipeHandleState)            \
  XX(WriteConsoleInputW)                 \
  XX(WriteConsoleW)                      \
  XX(WriteFile)                          \
  XX(WSADuplicateSocketW)                \
  XX(WSAIoctl)                           \
  XX(WSARecv)                            \
  XX(WSASend)                            \
  XX(WSASocketW)                         \
  XX(ioctlsocket)                        \
  XX(nt_accept_ex)                       \
  XX(nt_bind)                            \
  XX(nt_connect_ex)                      \
  XX(nt_getsockopt)                      \
  XX(nt_listen)                          \
  XX(nt_setsockopt)                      \
  XX(nt_shutdown)                        \
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

/* The n-th of these calls from now on (1: the next) fails with that error, and fault_times - 1 that follow
 * it, and no other; 0: none. */
void faults_plan(enum fault_call call, enum fault_form form, long n, DWORD error);
/* How many of these calls were made since. */
long faults_seen(void);
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
