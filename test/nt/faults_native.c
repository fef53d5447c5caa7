/* See faults_native.h. Each function here stands in for the one of that name: what moves bytes, and
 * what that needs. What a process asks its system for is in faults_system_native.c. */
#include "faults_native.h"

#include "every.h"

#include <errno.h>
#include <io.h>
#include <string.h>

static enum fault_call failing = CALLS;
static enum fault_form failing_form;
static long left; /* until it fails */
static long seen;
static unsigned char was_made[CALLS][CONTEXT_FORM + 1];
static DWORD with;
static int paused;

void faults_plan(enum fault_call call, enum fault_form form, long n, DWORD error) {
  failing = n == 0 ? CALLS : call;
  failing_form = form;
  left = n;
  seen = 0;
  with = error;
  memset(was_made, 0, sizeof(was_made));
}

int faults_made(enum fault_call call, enum fault_form form) {
  return was_made[call][form];
}

void faults_pause(int on) {
  paused = on;
}

long faults_seen(void) {
  return seen;
}

int faults_are_of(enum fault_call call) {
  return failing == call;
}

const char* fault_call_name(enum fault_call call) {
  static const char* const names[] = {
#define NAME(name) #name,
      FAULT_CALLS(NAME)
#undef NAME
          "a read that is pending",
      "a write that is pending", "an operation that is pending"};

  return names[call];
}

int faults_fail(enum fault_call call, enum fault_form form, const char* name) {
  /* What a child lacks by way of a function that it looked up is not planned. */
  if (nt_is_child())
    return 0;
  was_made[call][ANY_FORM] = was_made[call][form] = 1;
  if (paused || call != failing || (failing_form != ANY_FORM && form != failing_form))
    return 0;
  seen++;
  left--;
  if (left > 0 || left <= -fault_times)
    return 0;
  nt_enter(name);
  nt_trace("  as planned: fails with %u", with);
  nt_error(with);
  return 1;
}

DWORD faults_error(void) {
  return with;
}

static enum fault_form form_of(const OVERLAPPED* overlapped) {
  return overlapped != NULL ? OVERLAPPED_FORM : PLAIN_FORM;
}

#define STAND_IN FAULTS_STAND_IN
#define PLAIN(type, failure, name, parameters, arguments) \
  STAND_IN(ANY_FORM, type, failure, name, parameters, arguments)

/* ---- Objects ---- */

PLAIN(HANDLE,
      NULL,
      CreateEventW,
      (LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name),
      (security, manual, set, name))
PLAIN(HANDLE,
      NULL,
      CreateIoCompletionPort,
      (HANDLE file, HANDLE port, ULONG_PTR key, DWORD threads),
      (file, port, key, threads))
PLAIN(HANDLE,
      NULL,
      CreateThread,
      (LPSECURITY_ATTRIBUTES security,
       SIZE_T stack,
       LPTHREAD_START_ROUTINE fn,
       LPVOID arg,
       DWORD flags,
       LPDWORD id),
      (security, stack, fn, arg, flags, id))
PLAIN(PTP_WAIT,
      NULL,
      CreateThreadpoolWait,
      (PTP_WAIT_CALLBACK callback, PVOID context, PTP_CALLBACK_ENVIRON environment),
      (callback, context, environment))
PLAIN(BOOL,
      FALSE,
      RegisterWaitForSingleObject,
      (PHANDLE wait,
       HANDLE object,
       WAITORTIMERCALLBACK callback,
       PVOID context,
       ULONG timeout_ms,
       ULONG flags),
      (wait, object, callback, context, timeout_ms, flags))
PLAIN(HANDLE, NULL, OpenProcess, (DWORD access, BOOL inherit, DWORD id), (access, inherit, id))
PLAIN(BOOL,
      FALSE,
      OpenProcessToken,
      (HANDLE process, DWORD access, PHANDLE token),
      (process, access, token))
PLAIN(BOOL,
      FALSE,
      GetTokenInformation,
      (HANDLE token, TOKEN_INFORMATION_CLASS what, LPVOID to, DWORD size, PDWORD needed),
      (token, what, to, size, needed))

PLAIN(BOOL,
      FALSE,
      OpenThreadToken,
      (HANDLE thread, DWORD access, BOOL as_self, PHANDLE token),
      (thread, access, as_self, token))
PLAIN(BOOL, FALSE, ImpersonateNamedPipeClient, (HANDLE pipe), (pipe))
PLAIN(BOOL, FALSE, RevertToSelf, (void), ())
PLAIN(
    BOOL,
    FALSE,
    GetKernelObjectSecurity,
    (HANDLE handle, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR to, DWORD room, LPDWORD needed),
    (handle, what, to, room, needed))
PLAIN(BOOL,
      FALSE,
      GetSecurityDescriptorOwner,
      (PSECURITY_DESCRIPTOR descriptor, PSID* owner, LPBOOL defaulted),
      (descriptor, owner, defaulted))

BOOL __real_DuplicateHandle(HANDLE from_process,
                            HANDLE from,
                            HANDLE to_process,
                            LPHANDLE to,
                            DWORD access,
                            BOOL inherit,
                            DWORD options);
BOOL __wrap_DuplicateHandle(HANDLE from_process,
                            HANDLE from,
                            HANDLE to_process,
                            LPHANDLE to,
                            DWORD access,
                            BOOL inherit,
                            DWORD options);

/* "DUPLICATE_CLOSE_SOURCE: closes the source handle. This occurs regardless of any error status
 * returned." */
BOOL __wrap_DuplicateHandle(HANDLE from_process,
                            HANDLE from,
                            HANDLE to_process,
                            LPHANDLE to,
                            DWORD access,
                            BOOL inherit,
                            DWORD options) {
  if (!faults_fail(CALL_DuplicateHandle, ANY_FORM, "DuplicateHandle"))
    return __real_DuplicateHandle(from_process, from, to_process, to, access, inherit, options);
  if (options & DUPLICATE_CLOSE_SOURCE) {
    (void) __real_DuplicateHandle(from_process, from, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
    nt_error(with);
  }
  return FALSE;
}

int __real__open_osfhandle(intptr_t handle, int flags);
int __wrap__open_osfhandle(intptr_t handle, int flags);

/* The only error that it has: no descriptor is left. */
int __wrap__open_osfhandle(intptr_t handle, int flags) {
  if (!faults_fail(CALL__open_osfhandle, ANY_FORM, "_open_osfhandle"))
    return __real__open_osfhandle(handle, flags);
  errno = EMFILE;
  return -1;
}

/* ---- The port ---- */

PLAIN(BOOL,
      FALSE,
      PostQueuedCompletionStatus,
      (HANDLE port, DWORD bytes, ULONG_PTR key, LPOVERLAPPED overlapped),
      (port, bytes, key, overlapped))
PLAIN(BOOL,
      FALSE,
      GetQueuedCompletionStatusEx,
      (HANDLE port,
       LPOVERLAPPED_ENTRY entries,
       ULONG room,
       PULONG count,
       DWORD timeout_ms,
       BOOL alertable),
      (port, entries, room, count, timeout_ms, alertable))
PLAIN(BOOL, FALSE, SetFileCompletionNotificationModes, (HANDLE file, UCHAR flags), (file, flags))

/* ---- Files and pipes ---- */

STAND_IN(flags& FILE_FLAG_OVERLAPPED ? OVERLAPPED_FORM : PLAIN_FORM,
         HANDLE,
         INVALID_HANDLE_VALUE,
         CreateFileW,
         (LPCWSTR name,
          DWORD access,
          DWORD share,
          LPSECURITY_ATTRIBUTES security,
          DWORD disposition,
          DWORD flags,
          HANDLE like),
         (name, access, share, security, disposition, flags, like))
PLAIN(HANDLE,
      INVALID_HANDLE_VALUE,
      CreateNamedPipeW,
      (LPCWSTR name,
       DWORD open,
       DWORD mode,
       DWORD instances,
       DWORD out,
       DWORD in,
       DWORD timeout_ms,
       LPSECURITY_ATTRIBUTES security),
      (name, open, mode, instances, out, in, timeout_ms, security))
PLAIN(BOOL, FALSE, ConnectNamedPipe, (HANDLE pipe, LPOVERLAPPED overlapped), (pipe, overlapped))
PLAIN(BOOL,
      FALSE,
      GetNamedPipeInfo,
      (HANDLE pipe, LPDWORD flags, LPDWORD out, LPDWORD in, LPDWORD most),
      (pipe, flags, out, in, most))
PLAIN(BOOL, FALSE, GetNamedPipeClientProcessId, (HANDLE pipe, PULONG id), (pipe, id))
PLAIN(BOOL, FALSE, GetNamedPipeServerProcessId, (HANDLE pipe, PULONG id), (pipe, id))
PLAIN(BOOL,
      FALSE,
      GetNamedPipeHandleStateW,
      (HANDLE pipe,
       LPDWORD mode,
       LPDWORD instances,
       LPDWORD bytes,
       LPDWORD timeout_ms,
       LPWSTR user,
       DWORD room),
      (pipe, mode, instances, bytes, timeout_ms, user, room))
PLAIN(BOOL,
      FALSE,
      PeekNamedPipe,
      (HANDLE pipe, LPVOID to, DWORD size, LPDWORD got, LPDWORD total, LPDWORD rest),
      (pipe, to, size, got, total, rest))
PLAIN(BOOL,
      FALSE,
      SetNamedPipeHandleState,
      (HANDLE pipe, LPDWORD mode, LPDWORD bytes, LPDWORD timeout_ms),
      (pipe, mode, bytes, timeout_ms))
STAND_IN(form_of(overlapped),
         BOOL,
         FALSE,
         ReadFile,
         (HANDLE file, LPVOID to, DWORD size, LPDWORD got, LPOVERLAPPED overlapped),
         (file, to, size, got, overlapped))
STAND_IN(form_of(overlapped),
         BOOL,
         FALSE,
         WriteFile,
         (HANDLE file, LPCVOID from, DWORD size, LPDWORD put, LPOVERLAPPED overlapped),
         (file, from, size, put, overlapped))

/* ---- The console ---- */

PLAIN(BOOL, FALSE, GetConsoleMode, (HANDLE console, LPDWORD mode), (console, mode))
PLAIN(BOOL, FALSE, SetConsoleMode, (HANDLE console, DWORD mode), (console, mode))
PLAIN(BOOL,
      FALSE,
      GetConsoleScreenBufferInfo,
      (HANDLE screen, CONSOLE_SCREEN_BUFFER_INFO* info),
      (screen, info))
PLAIN(BOOL, FALSE, SetConsoleCursorPosition, (HANDLE screen, COORD at), (screen, at))
PLAIN(BOOL, FALSE, GetNumberOfConsoleInputEvents, (HANDLE input, LPDWORD count), (input, count))
PLAIN(BOOL,
      FALSE,
      PeekConsoleInputW,
      (HANDLE input, INPUT_RECORD* records, DWORD room, LPDWORD count),
      (input, records, room, count))
PLAIN(BOOL,
      FALSE,
      ReadConsoleInputW,
      (HANDLE input, INPUT_RECORD* records, DWORD room, LPDWORD count),
      (input, records, room, count))
PLAIN(BOOL,
      FALSE,
      WriteConsoleInputW,
      (HANDLE input, const INPUT_RECORD* records, DWORD n, LPDWORD count),
      (input, records, n, count))
PLAIN(BOOL,
      FALSE,
      ReadConsoleW,
      (HANDLE input, LPVOID to, DWORD units, LPDWORD count, CONSOLE_READCONSOLE_CONTROL* control),
      (input, to, units, count, control))
PLAIN(BOOL,
      FALSE,
      WriteConsoleW,
      (HANDLE screen, const void* from, DWORD units, LPDWORD count, LPVOID none),
      (screen, from, units, count, none))
PLAIN(BOOL,
      FALSE,
      CreateTimerQueueTimer,
      (PHANDLE timer,
       HANDLE queue,
       WAITORTIMERCALLBACK callback,
       PVOID context,
       DWORD due_ms,
       DWORD period_ms,
       ULONG flags),
      (timer, queue, callback, context, due_ms, period_ms, flags))

PLAIN(HANDLE,
      NULL,
      CreateWaitableTimerExW,
      (LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags, DWORD access),
      (security, name, flags, access))
PLAIN(BOOL,
      FALSE,
      SetWaitableTimer,
      (HANDLE timer,
       const LARGE_INTEGER* due,
       LONG period_ms,
       PTIMERAPCROUTINE routine,
       LPVOID arg,
       BOOL resume),
      (timer, due, period_ms, routine, arg, resume))

/* ---- Winsock ---- */

PLAIN(SOCKET,
      INVALID_SOCKET,
      WSASocketW,
      (int family, int type, int protocol, LPWSAPROTOCOL_INFOW info, GROUP group, DWORD flags),
      (family, type, protocol, info, group, flags))
PLAIN(int,
      SOCKET_ERROR,
      WSADuplicateSocketW,
      (SOCKET sock, DWORD process, LPWSAPROTOCOL_INFOW info),
      (sock, process, info))
PLAIN(int,
      SOCKET_ERROR,
      WSAIoctl,
      (SOCKET sock,
       DWORD code,
       LPVOID in,
       DWORD in_size,
       LPVOID out,
       DWORD out_size,
       LPDWORD bytes,
       LPWSAOVERLAPPED overlapped,
       LPWSAOVERLAPPED_COMPLETION_ROUTINE routine),
      (sock, code, in, in_size, out, out_size, bytes, overlapped, routine))
STAND_IN(form_of(overlapped),
         int,
         SOCKET_ERROR,
         WSARecv,
         (SOCKET sock,
          LPWSABUF bufs,
          DWORD count,
          LPDWORD got,
          LPDWORD flags,
          LPWSAOVERLAPPED overlapped,
          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine),
         (sock, bufs, count, got, flags, overlapped, routine))
STAND_IN(form_of(overlapped),
         int,
         SOCKET_ERROR,
         WSASend,
         (SOCKET sock,
          LPWSABUF bufs,
          DWORD count,
          LPDWORD sent,
          DWORD flags,
          LPWSAOVERLAPPED overlapped,
          LPWSAOVERLAPPED_COMPLETION_ROUTINE routine),
         (sock, bufs, count, sent, flags, overlapped, routine))
PLAIN(int, SOCKET_ERROR, ioctlsocket, (SOCKET sock, long code, u_long* value), (sock, code, value))
PLAIN(int,
      SOCKET_ERROR,
      nt_bind,
      (SOCKET sock, const struct sockaddr* addr, int len),
      (sock, addr, len))
PLAIN(int, SOCKET_ERROR, nt_listen, (SOCKET sock, int backlog), (sock, backlog))
PLAIN(int, SOCKET_ERROR, nt_shutdown, (SOCKET sock, int how), (sock, how))
PLAIN(int,
      SOCKET_ERROR,
      nt_getsockopt,
      (SOCKET sock, int level, int name, char* value, int* len),
      (sock, level, name, value, len))
STAND_IN(level == SOL_SOCKET &&
                 (name == SO_UPDATE_ACCEPT_CONTEXT || name == SO_UPDATE_CONNECT_CONTEXT)
             ? CONTEXT_FORM
             : PLAIN_FORM,
         int,
         SOCKET_ERROR,
         nt_setsockopt,
         (SOCKET sock, int level, int name, const char* value, int len),
         (sock, level, name, value, len))
PLAIN(BOOL,
      FALSE,
      nt_connect_ex,
      (SOCKET sock,
       const struct sockaddr* addr,
       int len,
       PVOID data,
       DWORD size,
       LPDWORD sent,
       LPOVERLAPPED overlapped),
      (sock, addr, len, data, size, sent, overlapped))
PLAIN(BOOL,
      FALSE,
      nt_transmit_file,
      (SOCKET sock,
       HANDLE file,
       DWORD size,
       DWORD per_send,
       LPOVERLAPPED overlapped,
       LPTRANSMIT_FILE_BUFFERS buffers,
       DWORD flags),
      (sock, file, size, per_send, overlapped, buffers, flags))
PLAIN(BOOL, FALSE, GetFileSizeEx, (HANDLE file, PLARGE_INTEGER size), (file, size))
PLAIN(BOOL,
      FALSE,
      nt_accept_ex,
      (SOCKET sock,
       SOCKET to,
       PVOID memory,
       DWORD receive,
       DWORD local,
       DWORD remote,
       LPDWORD bytes,
       LPOVERLAPPED overlapped),
      (sock, to, memory, receive, local, remote, bytes, overlapped))
