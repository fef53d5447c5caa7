/* Rule E1 for Windows: in every scenario of test/fault, every call of Windows fails once, with every
 * error that its documentation names and that can come from outside: shortage, a connection that
 * was lost, a name that is somebody's. What Windows does every day nobody notices; what it lacks
 * is told by its code, or got by without. Whatever fails: no handle and no memory stays behind, no
 * operation is left to the kernel, nothing hangs, and the loop can be closed.
 *
 * NT_FROM in the environment is the first seed, NT_SEEDS how many there are; NT_ROW is the only row of
 * the table that is tried. A failure names all three, and the number of the call. Fewer seeds than usual
 * need not meet all that a scenario has to make. */
#include <stdio.h>
#include <stdlib.h>

#include "every.h"
#include "faults_native.h"
#include "harness.h"
#include "memory.h"
#include "parts.h"
#include "scenarios.h"

enum {
  MOST_CALLS = 2000,
  SEEDS = 8, /* what each scenario has to meet it meets with fewer */
  SHORTAGE_SEEDS = 5
};

enum how {
  UNNOTICED,
  TOLD,   /* or got by without */
  ONLY_AS /* the same, but not by its own code */
};

struct fault {
  enum fault_call call;
  enum fault_form form;
  DWORD error; /* or NTSTATUS, of what operations come to */
  enum how how;
  int also; /* another code by which the library may tell it; ONLY_AS: the one */
};

#define UNNOTICED_ROW(call, form, error) \
  { CALL_##call, form##_FORM, (DWORD) (error), UNNOTICED, 0 }
#define TOLD_ROW(call, form, error) \
  { CALL_##call, form##_FORM, (DWORD) (error), TOLD, 0 }
#define TOLD_AS(call, form, error, also) \
  { CALL_##call, form##_FORM, (DWORD) (error), TOLD, also }

#define TOLD_ONLY_AS(call, form, error, as) \
  { CALL_##call, form##_FORM, (DWORD) (error), ONLY_AS, as }

/* Sources: the page of each call in Microsoft's documentation, "Return value" and "Remarks"; where it
 * names no codes ("call GetLastError"), the two that a shortage of memory of the system has. */
static const struct fault faults[] = {
    /* Early, and with nothing: a time-out is counted in ticks. */
    UNNOTICED_ROW(GetQueuedCompletionStatusEx, ANY, WAIT_TIMEOUT),
    /* A wake-up that finds no memory is late, not lost. */
    UNNOTICED_ROW(PostQueuedCompletionStatus, ANY, ERROR_NO_SYSTEM_RESOURCES),
    /* What was there a moment ago is not there yet. */
    UNNOTICED_ROW(WSARecv, PLAIN, WSAEWOULDBLOCK),
    UNNOTICED_ROW(WSASend, PLAIN, WSAEWOULDBLOCK),
    /* A write that is short of memory waits (rule A4). */
    UNNOTICED_ROW(WSASend, PLAIN, WSAENOBUFS),
    UNNOTICED_ROW(WSASend, OVERLAPPED, WSAENOBUFS),
    UNNOTICED_ROW(WSASend, OVERLAPPED, WSAEWOULDBLOCK),
    /* All instances are busy. */
    UNNOTICED_ROW(CreateFileW, OVERLAPPED, ERROR_PIPE_BUSY),
    /* A client has reset its connection while it waited; this one is another's. */
    UNNOTICED_ROW(nt_accept_ex, ANY, WSAECONNRESET),
    /* Who shares the handle cancelled all that this process has pending on it. */
    UNNOTICED_ROW(READ_ENDS, ANY, ST_CANCELLED),

    TOLD_ROW(CreateEventW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(CreateEventW, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(CreateIoCompletionPort, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(CreateIoCompletionPort, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_AS(CreateThread, ANY, ERROR_NOT_ENOUGH_MEMORY, UV_EAGAIN),
    TOLD_ROW(SetFileCompletionNotificationModes, ANY, ERROR_INVALID_PARAMETER),
    TOLD_ROW(CreateThreadpoolWait, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(RegisterWaitForSingleObject, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(DuplicateHandle, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(OpenProcess, ANY, ERROR_ACCESS_DENIED),
    TOLD_ROW(OpenProcessToken, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(GetTokenInformation, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(_open_osfhandle, ANY, ERROR_TOO_MANY_OPEN_FILES),
    TOLD_ROW(CreateNamedPipeW, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(CreateNamedPipeW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_AS(CreateNamedPipeW, ANY, ERROR_PIPE_BUSY, UV_EADDRINUSE),
    TOLD_ROW(CreateFileW, ANY, ERROR_FILE_NOT_FOUND),
    TOLD_ROW(CreateFileW, ANY, ERROR_NO_SYSTEM_RESOURCES),
    /* The pipe may go one way only, and is tried so. */
    TOLD_AS(CreateFileW, ANY, ERROR_ACCESS_DENIED, UV_EPIPE),
    TOLD_ROW(ConnectNamedPipe, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(GetNamedPipeInfo, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(SetNamedPipeHandleState, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(GetNamedPipeHandleStateW, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(GetNamedPipeServerProcessId, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(GetNamedPipeClientProcessId, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(PeekNamedPipe, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(ReadFile, OVERLAPPED, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(ReadFile, OVERLAPPED, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(ReadFile, PLAIN, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(WriteFile, OVERLAPPED, ERROR_NOT_ENOUGH_QUOTA),
    TOLD_ROW(WriteFile, OVERLAPPED, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(WriteFile, PLAIN, ERROR_NO_SYSTEM_RESOURCES),
    /* The console is another process. */
    TOLD_ROW(GetConsoleMode, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(SetConsoleMode, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(GetConsoleScreenBufferInfo, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(GetNumberOfConsoleInputEvents, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(PeekConsoleInputW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(ReadConsoleInputW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(ReadConsoleW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    UNNOTICED_ROW(SetConsoleCursorPosition, ANY, ERROR_NOT_ENOUGH_MEMORY),
    UNNOTICED_ROW(WriteConsoleInputW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(WriteConsoleW, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(CreateTimerQueueTimer, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(WSASocketW, ANY, WSAEMFILE),
    TOLD_ROW(WSASocketW, ANY, WSAENOBUFS),
    TOLD_ROW(WSADuplicateSocketW, ANY, WSAEMFILE),
    TOLD_ROW(WSADuplicateSocketW, ANY, WSAENOBUFS),
    TOLD_ROW(WSAIoctl, ANY, WSAENETDOWN),
    TOLD_ROW(WSARecv, OVERLAPPED, WSAECONNRESET),
    /* Reading ends, which UV_ENOBUFS would not say (rule R3). */
    TOLD_ONLY_AS(WSARecv, OVERLAPPED, WSAEWOULDBLOCK, UV_ENOMEM),
    TOLD_ONLY_AS(WSARecv, OVERLAPPED, WSAENOBUFS, UV_ENOMEM),
    TOLD_ROW(WSARecv, PLAIN, WSAECONNRESET),
    TOLD_ROW(WSARecv, PLAIN, WSAENETRESET),
    TOLD_ROW(WSASend, PLAIN, WSAECONNRESET),
    TOLD_AS(WSASend, PLAIN, WSAECONNABORTED, UV_ECONNRESET),
    TOLD_ROW(ioctlsocket, ANY, WSAENETDOWN),
    TOLD_ROW(nt_bind, ANY, WSAENOBUFS),
    /* What is not bound cannot be passed. */
    TOLD_AS(nt_bind, ANY, WSAEADDRINUSE, UV_EINVAL),
    TOLD_ROW(nt_listen, ANY, WSAEMFILE),
    TOLD_ROW(nt_listen, ANY, WSAENOBUFS),
    TOLD_ROW(nt_shutdown, ANY, WSAENETDOWN),
    TOLD_ROW(nt_getsockopt, ANY, WSAENETDOWN),
    TOLD_ROW(nt_setsockopt, PLAIN, WSAENETDOWN),
    TOLD_ROW(nt_connect_ex, ANY, WSAENOBUFS),
    TOLD_ROW(nt_connect_ex, ANY, WSAENETUNREACH),
    TOLD_ROW(nt_connect_ex, ANY, WSAETIMEDOUT),
    TOLD_ROW(nt_accept_ex, ANY, WSAENOBUFS),
    /* What is not transmitted is copied. */
    UNNOTICED_ROW(nt_transmit_file, ANY, WSAEINVAL),
    UNNOTICED_ROW(nt_transmit_file, ANY, WSAENOBUFS),
    UNNOTICED_ROW(nt_transmit_file, ANY, ERROR_ACCESS_DENIED),
    UNNOTICED_ROW(GetFileSizeEx, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_transmit_file, ANY, WSAECONNRESET),
    TOLD_AS(nt_transmit_file, ANY, WSAECONNABORTED, UV_ECONNRESET),
    /* Somebody has cut it meanwhile, or has a lock in it. */
    TOLD_ROW(nt_transmit_file, ANY, ERROR_HANDLE_EOF),
    TOLD_ROW(nt_transmit_file, ANY, ERROR_LOCK_VIOLATION),
    /* The rights of a pipe: without them it is not made. */
    TOLD_ROW(InitializeSid, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(InitializeAcl, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(AddAccessAllowedAce, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(AddAccessDeniedAce, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(ConvertStringSecurityDescriptorToSecurityDescriptorW, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(AddMandatoryAce, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(InitializeSecurityDescriptor, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(SetSecurityDescriptorDacl, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(SetSecurityDescriptorSacl, ANY, ERROR_NO_SYSTEM_RESOURCES),
    /* Of ntdll, which has another way where it is refused. */
    TOLD_ROW(nt_open_file, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_create_pipe, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_fs_control, ANY, ERROR_NO_SYSTEM_RESOURCES),
    UNNOTICED_ROW(nt_device_control, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_set_file, ANY, ERROR_NO_SYSTEM_RESOURCES),
    /* Without it time-outs end at ticks. */
    UNNOTICED_ROW(CreateWaitableTimerExW, ANY, ERROR_NO_SYSTEM_RESOURCES),
    UNNOTICED_ROW(CreateWaitableTimerExW, ANY, ERROR_INVALID_PARAMETER),
    UNNOTICED_ROW(SetWaitableTimer, ANY, ERROR_NO_SYSTEM_RESOURCES),
    UNNOTICED_ROW(nt_create_wait_packet, ANY, ERROR_NO_SYSTEM_RESOURCES),
    UNNOTICED_ROW(nt_associate_wait_packet, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_allocate_reserve, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_post_reserve, ANY, ERROR_NO_SYSTEM_RESOURCES),
    TOLD_ROW(nt_getsockname, ANY, WSAENOBUFS),
    TOLD_ROW(GetExtendedTcpTable, ANY, ERROR_NOT_ENOUGH_MEMORY),
    TOLD_ROW(READ_ENDS, ANY, ST_CONNECTION_RESET),
    TOLD_ROW(READ_ENDS, ANY, ST_INSUFFICIENT_RESOURCES),
    TOLD_ROW(WRITE_ENDS, ANY, ST_INSUFFICIENT_RESOURCES),
    TOLD_ROW(CONTROL_ENDS, ANY, ST_INSUFFICIENT_RESOURCES),
};

/* What the library makes of it; of an NTSTATUS there are two readings, Winsock's and that of files. */
static void expect(const struct fault* fault) {
  fault_error = 0;
  fault_also = 0;
  if (fault->how == UNNOTICED)
    return;
  if (fault->call >= CALL_READ_ENDS) {
    fault_error = uv_translate_sys_error(nt_status_wsa((NTSTATUS) fault->error));
    fault_also = uv_translate_sys_error((int) nt_status_error((NTSTATUS) fault->error));
    return;
  }
  fault_error = fault->how == ONLY_AS ? fault->also : uv_translate_sys_error((int) fault->error);
  fault_also = fault->also;
}

static void plan(const struct fault* fault, long n) {
  if (fault->call < CALL_READ_ENDS)
    faults_plan(fault->call, fault->form, n, fault->error);
  else
    /* That of a pipe waits for its client and for nothing that could be short. */
    nt_plan(fault->call == CALL_CONTROL_ENDS ? "socket" : NULL,
            fault->call == CALL_READ_ENDS    ? NT_READ
            : fault->call == CALL_WRITE_ENDS ? NT_WRITE
                                             : NT_CONTROL,
            n, (NTSTATUS) fault->error);
}

/* The rows whose calls the scenario makes at all when nothing fails: the others would change nothing. */
static unsigned char is_made[sizeof(faults) / sizeof(faults[0])];

static void note_calls(void) {
  size_t i;

  for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
    is_made[i] = faults[i].call >= CALL_READ_ENDS || faults_made(faults[i].call, faults[i].form);
}

/* One run. How often the call was made. */
static long fail_nth(const struct fault* fault, long n, uint64_t seed, void (*scenario)(void)) {
  static char note[160];
  long live = memory_live();
  long made;

  snprintf(note, sizeof(note), "nt: row %u: %s%s, the call %ld, fails with %u, under seed %llu\n",
           (unsigned) (fault - faults), fault_call_name(fault->call),
           fault->form == OVERLAPPED_FORM ? " (overlapped)"
           : fault->form == PLAIN_FORM    ? " (plain)"
                                          : "",
           n, fault->error, (unsigned long long) seed);
  nt_note = note;
  nt_begin(seed);
  plan(fault, n);
  scenario();
  if (n == 0)
    note_calls();
  made = fault->call < CALL_READ_ENDS ? faults_seen() : nt_plan_seen();
  plan(fault, 0);
  nt_end();
  CHECK_EQ(memory_live(), live);
  CHECK(fault->how != UNNOTICED || !scene_failed);
  nt_note = NULL;
  return made;
}

static long fail_each(const struct fault* fault, uint64_t seed, void (*scenario)(void)) {
  long n;

  expect(fault);
  for (n = 1; n < MOST_CALLS; n++) {
    long made = fail_nth(fault, n, seed, scenario);

    if (made < n) {
      CHECK(!scene_failed);
      return made;
    }
  }
  FAIL("a scenario with more calls than anybody wrote");
}

static void run_clean(uint64_t seed, void (*scenario)(void)) {
  fault_error = fault_also = 0;
  (void) fail_nth(&faults[0], 0, seed, scenario);
}

static uint64_t number(const char* name, uint64_t otherwise) {
  const char* value = getenv(name);

  return value == NULL ? otherwise : strtoull(value, NULL, 0);
}

static int is_shortage(int error) {
  int code = uv_translate_sys_error(error);

  return code == UV_ENOMEM || code == UV_ENOBUFS || code == UV_EMFILE;
}

void fault_native_calls_of(void (*scenario)(void), const enum fault_call* named, size_t count) {
  uint64_t from = number("NT_FROM", 1);
  uint64_t seeds = number("NT_SEEDS", SEEDS);
  uint64_t all = sizeof(faults) / sizeof(faults[0]);
  uint64_t row = number("NT_ROW", all);
  long made[CALLS] = {0};
  uint64_t seed;
  size_t i;

  nt_end();
  for (seed = from; seed < from + seeds; seed++) {
    run_clean(seed, scenario);
    for (i = 0; i < all; i++)
      if ((row == i || row == all) && is_made[i])
        made[faults[i].call] += fail_each(&faults[i], seed, scenario);
  }
  for (i = 0; i < count && row == all && seeds >= SEEDS; i++)
    if (made[named[i]] == 0)
      FAIL(fault_call_name(named[i]));
  nt_begin(from);
}

void fault_native_shortage_in(void (*scenario)(void)) {
  uint64_t from = number("NT_FROM", 1);
  uint64_t seeds = number("NT_SEEDS", SHORTAGE_SEEDS);
  uint64_t all = sizeof(faults) / sizeof(faults[0]);
  uint64_t row = number("NT_ROW", all);
  long made = 0;
  uint64_t seed;
  size_t i;

  nt_end();
  fault_times = 3;
  for (seed = from; seed < from + seeds; seed++) {
    run_clean(seed, scenario);
    for (i = 0; i < all; i++)
      if ((row == i || row == all) && is_made[i] && faults[i].how == TOLD &&
          faults[i].call < CALL_READ_ENDS && is_shortage((int) faults[i].error))
        made += fail_each(&faults[i], seed, scenario);
  }
  fault_times = 1;
  CHECK(made > 0);
  nt_begin(from);
}

/* The ends of a test's process: what could be said of a failure is said. */
void __real__Exit(int code);
void __wrap__Exit(int code);
void __real___assert_fail(const char* what, const char* file, unsigned line, const char* function);
void __wrap___assert_fail(const char* what, const char* file, unsigned line, const char* function);

void __wrap__Exit(int code) {
  if (nt_note != NULL)
    fputs(nt_note, stderr);
  fflush(stderr);
  __real__Exit(code);
}

void __wrap___assert_fail(const char* what, const char* file, unsigned line, const char* function) {
  if (nt_note != NULL)
    fputs(nt_note, stderr);
  fflush(stderr);
  __real___assert_fail(what, file, line, function);
}

void __asan_on_error(void);

void __asan_on_error(void) {
  if (nt_note != NULL)
    fputs(nt_note, stderr);
}

void fault_native_begin(void) {
  memory_begin();
  if (!nt_is_child())
    nt_begin(number("NT_FROM", 1));
}

void fault_native_end(void) {
  memory_end();
  if (!nt_is_child())
    nt_end();
}
