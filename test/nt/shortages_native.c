/* Rule E1 for what a program asks its system by way of the library: each call of Windows that an answer
 * needs fails once, with an error of its page that says that something is short, or is not as it was.
 * The question then has that error's code, or is answered all the same; it leaves no handle and no
 * memory behind, and has its answer when it is asked again.
 *
 * Each try is a process of its own: much is asked once in the life of one. */
#include "shortages_native.h"

#include <stdio.h>

#include "every.h"
#include "harness.h"
#include "host.h"
#include "memory.h"

enum {
  MOST_CALLS = 200,
  NO_MORE = 3 /* the end of a try in which nothing was left to fail */
};

/* With what, and the two codes that tell it: that of the error, and of who only knows that it failed. */
static const struct shortage {
  enum fault_call call;
  enum fault_form form;
  DWORD error;
  int also;
} shortages[] = {
#define SHORT(call) \
  { CALL_##call, ANY_FORM, ERROR_NO_SYSTEM_RESOURCES, UV_EIO }
#define SHORT_AS(call, form, error, also) \
  { CALL_##call, form##_FORM, error, also }
    SHORT(AddAccessAllowedAce),
    SHORT(AddMandatoryAce),
    SHORT_AS(ConvertInterfaceIndexToLuid, ANY, ERROR_NOT_ENOUGH_MEMORY, 0),
    SHORT_AS(ConvertInterfaceIndexToLuid, ANY, ERROR_FILE_NOT_FOUND, UV_ENXIO),
    SHORT(CreateEventW),
    SHORT(CreateFileW),
    SHORT(CreateIoCompletionPort),
    SHORT(CreateJobObjectW),
    SHORT(CreateNamedPipeW),
    SHORT(CreateProcessW),
    SHORT_AS(CreateProcessW, ANY, ERROR_ACCESS_DENIED, UV_EACCES),
    SHORT_AS(CreateProcessW, ANY, 740 /* ERROR_ELEVATION_REQUIRED */, UV_EACCES),
    SHORT_AS(CreateProcessW, ANY, ERROR_BAD_EXE_FORMAT, UV_EINVAL),
    SHORT_AS(CreateProcessW, ANY, ERROR_EXE_MACHINE_TYPE_MISMATCH, UV_EINVAL),
    SHORT_AS(CreateProcessW, ANY, ERROR_DIRECTORY, UV_ENOENT),
    SHORT(CreatePseudoConsole),
    SHORT_AS(CreateThread, ANY, ERROR_NOT_ENOUGH_MEMORY, UV_EAGAIN),
    SHORT(CreateTimerQueueTimer),
    SHORT(CreateToolhelp32Snapshot),
    SHORT(DuplicateHandle),
    SHORT(FlsAlloc),
    SHORT_AS(GetAdaptersAddresses, ANY, ERROR_NOT_ENOUGH_MEMORY, 0),
    SHORT_AS(GetAdaptersAddresses, ANY, ERROR_NO_DATA, 0),
    SHORT_AS(GetAdaptersAddresses, ANY, ERROR_ADDRESS_NOT_ASSOCIATED, 0),
    /* The list has grown meanwhile. */
    SHORT_AS(GetAdaptersAddresses, ANY, ERROR_BUFFER_OVERFLOW, 0),
    SHORT_AS(GetAddrInfoW, ANY, WSATRY_AGAIN, UV_EAI_AGAIN),
    SHORT_AS(GetAddrInfoW, ANY, WSAEINVAL, UV_EAI_BADFLAGS),
    SHORT_AS(GetAddrInfoW, ANY, WSANO_RECOVERY, UV_EAI_FAIL),
    SHORT_AS(GetAddrInfoW, ANY, WSAEAFNOSUPPORT, UV_EAI_FAMILY),
    SHORT_AS(GetAddrInfoW, ANY, WSA_NOT_ENOUGH_MEMORY, UV_EAI_MEMORY),
    SHORT_AS(GetAddrInfoW, ANY, WSAHOST_NOT_FOUND, UV_EAI_NONAME),
    SHORT_AS(GetAddrInfoW, ANY, WSANO_DATA, UV_EAI_NODATA),
    SHORT_AS(GetAddrInfoW, ANY, WSATYPE_NOT_FOUND, UV_EAI_SERVICE),
    SHORT_AS(GetAddrInfoW, ANY, WSAESOCKTNOSUPPORT, UV_EAI_SOCKTYPE),
    SHORT_AS(GetAddrInfoW, ANY, WSANOTINITIALISED, UV_ENETDOWN),
    SHORT(GetComputerNameExW),
    SHORT(GetCurrentDirectoryW),
    SHORT(GetEnvironmentStringsW),
    SHORT(GetEnvironmentVariableW),
    SHORT(GetKernelObjectSecurity),
    SHORT(GetModuleFileNameW),
    SHORT_AS(GetNameInfoW, ANY, WSAHOST_NOT_FOUND, UV_EAI_NONAME),
    SHORT(GetNamedPipeClientProcessId),
    SHORT(GetNamedPipeServerProcessId),
    SHORT_AS(GetProcAddress, ANY, ERROR_PROC_NOT_FOUND, UV_ENOSYS),
    SHORT(GetProcessIoCounters),
    SHORT(GetProcessTimes),
    SHORT(GetSecurityDescriptorOwner),
    SHORT(GetTempPathW),
    SHORT(GetTokenInformation),
    SHORT(ImpersonateNamedPipeClient),
    SHORT_AS(ImpersonateNamedPipeClient, ANY, ERROR_CANNOT_IMPERSONATE, 0),
    SHORT(InitializeAcl),
    SHORT_AS(InitializeProcThreadAttributeList, PLAIN, ERROR_NOT_ENOUGH_MEMORY, 0),
    SHORT(InitializeSecurityDescriptor),
    SHORT(InitializeSid),
    SHORT(K32GetProcessMemoryInfo),
    SHORT(OpenProcess),
    SHORT(OpenProcessToken),
    SHORT(OpenThreadToken),
    SHORT_AS(OpenThreadToken, ANY, 1347 /* ERROR_CANT_OPEN_ANONYMOUS */, 0),
    SHORT(RegisterWaitForSingleObject),
    SHORT(ResizePseudoConsole),
    SHORT(RevertToSelf),
    SHORT(SetConsoleCtrlHandler),
    SHORT(SetCurrentDirectoryW),
    SHORT(SetEnvironmentVariableW),
    SHORT(SetHandleInformation),
    SHORT(SetInformationJobObject),
    SHORT(SetSecurityDescriptorDacl),
    SHORT(SetSecurityDescriptorSacl),
    SHORT(TlsAlloc),
    SHORT(UpdateProcThreadAttribute),
    SHORT_AS(WSAIoctl, ANY, WSAENOBUFS, 0),
    SHORT_AS(WSASocketW, ANY, WSAEMFILE, 0),
    SHORT_AS(WSAStartup, ANY, WSASYSNOTREADY, UV_ENETDOWN),
    SHORT_AS(_beginthreadex, ANY, ERROR_NOT_ENOUGH_MEMORY, UV_EAGAIN),
    SHORT_AS(_open_osfhandle, ANY, ERROR_TOO_MANY_OPEN_FILES, 0),
    SHORT_AS(ioctlsocket, ANY, WSAENOBUFS, 0),
    SHORT_AS(nt_accept, ANY, WSAENOBUFS, 0),
    SHORT_AS(nt_bind, ANY, WSAENOBUFS, 0),
    SHORT_AS(nt_connect, ANY, WSAENOBUFS, 0),
    SHORT(nt_create_pipe),
    SHORT_AS(nt_getpeername, ANY, WSAENOBUFS, 0),
    SHORT_AS(nt_getsockname, ANY, WSAENOBUFS, 0),
    SHORT_AS(nt_listen, ANY, WSAENOBUFS, 0),
    SHORT(nt_open_file),
    SHORT(nt_profile_directory),
    SHORT_AS(nt_query_object, ANY, ERROR_NO_SYSTEM_RESOURCES, UV_EBADF),
    SHORT(nt_reg_get_value),
    SHORT_AS(nt_setsockopt, ANY, WSAENOBUFS, 0),
#undef SHORT
#undef SHORT_AS
};

enum {
  SHORTAGES = sizeof(shortages) / sizeof(shortages[0])
};

/* Of the library's own memory, which is as good as a call. */
static const struct shortage no_memory = {CALLS, ANY_FORM, ERROR_NOT_ENOUGH_MEMORY, UV_EAI_MEMORY};

static void plan(const struct shortage* shortage, long n) {
  if (shortage->call == CALLS)
    memory_fail_nth(n);
  else
    faults_plan(shortage->call, shortage->form, n, shortage->error);
}

/* In a process of its own, which it ends. */
static void try_once(const struct shortage* shortage, long n, int (*ask)(void), int is_told) {
  static char note[120];
  long live;
  long seen;
  int r;

  snprintf(note, sizeof(note), "nt: the call %ld of %s fails with %u\n", n,
           shortage->call == CALLS ? "memory" : fault_call_name(shortage->call), shortage->error);
  nt_note = note;
  nt_begin(1);
  fault_error = uv_translate_sys_error((int) shortage->error);
  fault_also = shortage->also;
  live = memory_live();
  seen = -memory_calls();
  plan(shortage, n);
  r = ask();
  seen = shortage->call == CALLS ? seen + memory_calls() : faults_seen();
  plan(shortage, 0);
  if (r != 0)
    check_fault(r);
  if (seen < n)
    CHECK_EQ(r, 0);
  else
    CHECK(r != 0 || !is_told || n > 1);
  /* It was this one time. */
  if (seen >= n)
    CHECK_EQ(ask(), 0);
  uv_library_shutdown();
  CHECK_EQ(memory_live(), live);
  nt_end();
  host_exit(seen < n ? NO_MORE : 0);
}

static void fail_each(const struct shortage* shortage, int (*ask)(void), int is_told) {
  int status = 0;
  long n;

  for (n = 1; n < MOST_CALLS && status == 0; n++)
    if (host_try(&status))
      try_once(shortage, n, ask, is_told);
  if (status != NO_MORE || (is_told && n == 2)) /* It failed, or the call was not made once. */
    FAIL(shortage->call == CALLS ? "memory" : fault_call_name(shortage->call));
}

void shortages_in(int (*ask)(void), const enum fault_call* told, size_t count) {
  size_t i;

  nt_end();
  for (i = 0; i < SHORTAGES; i++) {
    int is_told = 0;
    size_t k;

    for (k = 0; k < count; k++)
      is_told |= told[k] == shortages[i].call;
    fail_each(&shortages[i], ask, is_told);
  }
  fail_each(&no_memory, ask, 0);
  nt_begin(1);
}
