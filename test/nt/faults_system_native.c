/* See faults_native.h. Each function here stands in for the one of that name: what a process asks its
 * system for, and not for bytes. */
#include "faults_native.h"

#include <errno.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include <process.h>
#include <psapi.h>
#include <sddl.h>
#include <tlhelp32.h>
#include <winternl.h>
#include <ws2tcpip.h>

#define PLAIN(type, failure, name, parameters, arguments) \
  FAULTS_STAND_IN(ANY_FORM, type, failure, name, parameters, arguments)

enum {
  SHORTAGE = (int) 0xC000009Au /* STATUS_INSUFFICIENT_RESOURCES, of what is ntdll's */
};

/* ---- The process ---- */

PLAIN(BOOL,
      FALSE,
      CreateProcessW,
      (LPCWSTR program,
       LPWSTR command,
       LPSECURITY_ATTRIBUTES process,
       LPSECURITY_ATTRIBUTES thread,
       BOOL inherit,
       DWORD flags,
       LPVOID environment,
       LPCWSTR folder,
       LPSTARTUPINFOW startup,
       LPPROCESS_INFORMATION made),
      (program, command, process, thread, inherit, flags, environment, folder, startup, made))
/* Without a list it says how large one has to be, and that is how it always is. */
FAULTS_STAND_IN(list != NULL ? PLAIN_FORM : CONTEXT_FORM,
                BOOL,
                FALSE,
                InitializeProcThreadAttributeList,
                (LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD count, DWORD flags, SIZE_T* size),
                (list, count, flags, size))
PLAIN(BOOL,
      FALSE,
      UpdateProcThreadAttribute,
      (LPPROC_THREAD_ATTRIBUTE_LIST list,
       DWORD flags,
       DWORD_PTR attribute,
       PVOID value,
       SIZE_T size,
       PVOID previous,
       SIZE_T* returned),
      (list, flags, attribute, value, size, previous, returned))
PLAIN(BOOL, FALSE, GetExitCodeProcess, (HANDLE process, LPDWORD code), (process, code))
PLAIN(DWORD, (DWORD) -1, ResumeThread, (HANDLE thread), (thread))
PLAIN(HANDLE,
      NULL,
      CreateJobObjectW,
      (LPSECURITY_ATTRIBUTES security, LPCWSTR name),
      (security, name))
PLAIN(BOOL,
      FALSE,
      SetInformationJobObject,
      (HANDLE job, JOBOBJECTINFOCLASS what, LPVOID info, DWORD size),
      (job, what, info, size))
PLAIN(BOOL,
      FALSE,
      SetHandleInformation,
      (HANDLE handle, DWORD mask, DWORD flags),
      (handle, mask, flags))
PLAIN(HANDLE, INVALID_HANDLE_VALUE, CreateToolhelp32Snapshot, (DWORD flags, DWORD id), (flags, id))
PLAIN(BOOL,
      FALSE,
      GetProcessTimes,
      (HANDLE process, LPFILETIME made, LPFILETIME ended, LPFILETIME kernel, LPFILETIME user),
      (process, made, ended, kernel, user))
PLAIN(BOOL,
      FALSE,
      K32GetProcessMemoryInfo,
      (HANDLE process, PROCESS_MEMORY_COUNTERS* info, DWORD size),
      (process, info, size))
PLAIN(
    BOOL, FALSE, GetProcessIoCounters, (HANDLE process, IO_COUNTERS* counters), (process, counters))
PLAIN(BOOL, FALSE, SetConsoleCtrlHandler, (PHANDLER_ROUTINE handler, BOOL add), (handler, add))

/* ---- Threads ---- */

PLAIN(DWORD, TLS_OUT_OF_INDEXES, TlsAlloc, (void), ())
PLAIN(DWORD, FLS_OUT_OF_INDEXES, FlsAlloc, (PFLS_CALLBACK_FUNCTION callback), (callback))

uintptr_t __real__beginthreadex(
    void* security, unsigned stack, unsigned (*fn)(void*), void* arg, unsigned flags, unsigned* id);
uintptr_t __wrap__beginthreadex(
    void* security, unsigned stack, unsigned (*fn)(void*), void* arg, unsigned flags, unsigned* id);

/* "EAGAIN if there are too many threads." */
uintptr_t __wrap__beginthreadex(void* security,
                                unsigned stack,
                                unsigned (*fn)(void*),
                                void* arg,
                                unsigned flags,
                                unsigned* id) {
  if (!faults_fail(CALL__beginthreadex, ANY_FORM, "_beginthreadex"))
    return __real__beginthreadex(security, stack, fn, arg, flags, id);
  errno = EAGAIN;
  return 0;
}

/* ---- Surroundings ---- */

PLAIN(LPWSTR, NULL, GetEnvironmentStringsW, (void), ())
PLAIN(DWORD, 0, GetEnvironmentVariableW, (LPCWSTR name, LPWSTR to, DWORD room), (name, to, room))
PLAIN(BOOL, FALSE, SetEnvironmentVariableW, (LPCWSTR name, LPCWSTR value), (name, value))
PLAIN(DWORD, 0, GetCurrentDirectoryW, (DWORD room, LPWSTR to), (room, to))
PLAIN(BOOL, FALSE, SetCurrentDirectoryW, (LPCWSTR path), (path))
PLAIN(DWORD,
      0,
      GetFullPathNameW,
      (const WCHAR* path, DWORD room, WCHAR* to, WCHAR** name),
      (path, room, to, name))
PLAIN(DWORD, 0, GetShortPathNameW, (const WCHAR* path, WCHAR* to, DWORD room), (path, to, room))
PLAIN(DWORD, 0, GetTempPathW, (DWORD room, LPWSTR to), (room, to))
PLAIN(DWORD, 0, GetModuleFileNameW, (HMODULE module, LPWSTR to, DWORD room), (module, to, room))
PLAIN(BOOL,
      FALSE,
      GetComputerNameExW,
      (COMPUTER_NAME_FORMAT format, LPWSTR to, LPDWORD room),
      (format, to, room))
/* A Windows that has it not yet, or no longer. */
PLAIN(FARPROC, NULL, GetProcAddress, (HMODULE module, LPCSTR name), (module, name))

/* ---- Pseudo consoles, whose calls return what COM does ---- */

FAULTS_STAND_IN(ANY_FORM,
                HRESULT,
                (HRESULT) (0x80070000u | faults_error()),
                CreatePseudoConsole,
                (COORD size, HANDLE keys, HANDLE screen, DWORD flags, HPCON* made),
                (size, keys, screen, flags, made))
FAULTS_STAND_IN(ANY_FORM,
                HRESULT,
                (HRESULT) (0x80070000u | faults_error()),
                ResizePseudoConsole,
                (HPCON console, COORD size),
                (console, size))

/* ---- Security ---- */

PLAIN(BOOL,
      FALSE,
      InitializeSid,
      (PSID sid, PSID_IDENTIFIER_AUTHORITY authority, BYTE count),
      (sid, authority, count))
PLAIN(BOOL, FALSE, InitializeAcl, (PACL acl, DWORD size, DWORD revision), (acl, size, revision))
PLAIN(BOOL,
      FALSE,
      AddAccessAllowedAce,
      (PACL acl, DWORD revision, DWORD access, PSID sid),
      (acl, revision, access, sid))
PLAIN(BOOL,
      FALSE,
      AddAccessDeniedAce,
      (PACL acl, DWORD revision, DWORD access, PSID sid),
      (acl, revision, access, sid))
PLAIN(BOOL,
      FALSE,
      ConvertStringSecurityDescriptorToSecurityDescriptorW,
      (LPCWSTR text, DWORD revision, PSECURITY_DESCRIPTOR* made, PULONG size),
      (text, revision, made, size))
PLAIN(BOOL,
      FALSE,
      AddMandatoryAce,
      (PACL acl, DWORD revision, DWORD flags, DWORD policy, PSID sid),
      (acl, revision, flags, policy, sid))
PLAIN(BOOL,
      FALSE,
      InitializeSecurityDescriptor,
      (PSECURITY_DESCRIPTOR descriptor, DWORD revision),
      (descriptor, revision))
PLAIN(BOOL,
      FALSE,
      SetSecurityDescriptorDacl,
      (PSECURITY_DESCRIPTOR descriptor, BOOL present, PACL dacl, BOOL defaulted),
      (descriptor, present, dacl, defaulted))
PLAIN(BOOL,
      FALSE,
      SetSecurityDescriptorSacl,
      (PSECURITY_DESCRIPTOR descriptor, BOOL present, PACL sacl, BOOL defaulted),
      (descriptor, present, sacl, defaulted))
PLAIN(BOOL,
      FALSE,
      SetKernelObjectSecurity,
      (HANDLE handle, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor),
      (handle, what, descriptor))

/* ---- The network ---- */

PLAIN(int, (int) faults_error(), WSAStartup, (WORD version, LPWSADATA data), (version, data))
PLAIN(SOCKET,
      INVALID_SOCKET,
      nt_accept,
      (SOCKET sock, struct sockaddr* addr, int* len),
      (sock, addr, len))
PLAIN(int,
      SOCKET_ERROR,
      nt_connect,
      (SOCKET sock, const struct sockaddr* addr, int len),
      (sock, addr, len))
PLAIN(int,
      SOCKET_ERROR,
      nt_getsockname,
      (SOCKET sock, struct sockaddr* addr, int* len),
      (sock, addr, len))
PLAIN(int,
      SOCKET_ERROR,
      nt_getpeername,
      (SOCKET sock, struct sockaddr* addr, int* len),
      (sock, addr, len))
PLAIN(int,
      (int) faults_error(),
      GetAddrInfoW,
      (PCWSTR node, PCWSTR service, const ADDRINFOW* hints, ADDRINFOW** list),
      (node, service, hints, list))
PLAIN(int,
      (int) faults_error(),
      GetNameInfoW,
      (const struct sockaddr* addr,
       socklen_t len,
       WCHAR* node,
       DWORD node_room,
       WCHAR* service,
       DWORD service_room,
       int flags),
      (addr, len, node, node_room, service, service_room, flags))
PLAIN(ULONG,
      faults_error(),
      GetAdaptersAddresses,
      (ULONG family, ULONG flags, PVOID reserved, PIP_ADAPTER_ADDRESSES list, PULONG size),
      (family, flags, reserved, list, size))
PLAIN(DWORD,
      faults_error(),
      ConvertInterfaceIndexToLuid,
      (NET_IFINDEX index, NET_LUID* luid),
      (index, luid))
PLAIN(DWORD,
      faults_error(),
      GetExtendedTcpTable,
      (PVOID table, PDWORD size, BOOL order, ULONG family, TCP_TABLE_CLASS what, ULONG reserved),
      (table, size, order, family, what, reserved))

/* ---- What is looked up by name ---- */

PLAIN(LONG,
      (LONG) faults_error(),
      nt_reg_get_value,
      (HKEY key,
       const WCHAR* path,
       const WCHAR* name,
       DWORD flags,
       DWORD* type,
       void* to,
       DWORD* size),
      (key, path, name, flags, type, to, size))
PLAIN(BOOL, FALSE, nt_profile_directory, (HANDLE token, WCHAR* to, DWORD* room), (token, to, room))
PLAIN(LONG,
      SHORTAGE,
      nt_query_object,
      (HANDLE handle, int what, void* info, ULONG size, ULONG* length),
      (handle, what, info, size, length))
PLAIN(LONG,
      SHORTAGE,
      nt_query_file,
      (HANDLE handle, void* status, void* info, ULONG size, int what),
      (handle, status, info, size, what))
PLAIN(LONG,
      SHORTAGE,
      nt_set_file,
      (HANDLE handle, void* status, void* info, ULONG size, int what),
      (handle, status, info, size, what))
PLAIN(LONG,
      SHORTAGE,
      nt_allocate_reserve,
      (HANDLE * made, void* attributes, int type),
      (made, attributes, type))
PLAIN(LONG,
      SHORTAGE,
      nt_create_wait_packet,
      (HANDLE * made, ACCESS_MASK access, void* attributes),
      (made, access, attributes))
PLAIN(LONG,
      SHORTAGE,
      nt_associate_wait_packet,
      (HANDLE handle,
       HANDLE port,
       HANDLE object,
       void* key,
       void* overlapped,
       LONG status,
       ULONG_PTR info,
       BOOLEAN* already),
      (handle, port, object, key, overlapped, status, info, already))
PLAIN(LONG,
      SHORTAGE,
      nt_post_reserve,
      (HANDLE handle, HANDLE with, void* key, void* overlapped, LONG status, ULONG_PTR info),
      (handle, with, key, overlapped, status, info))
PLAIN(LONG,
      SHORTAGE,
      nt_open_file,
      (HANDLE * handle,
       ACCESS_MASK access,
       OBJECT_ATTRIBUTES* object,
       IO_STATUS_BLOCK* status,
       ULONG share,
       ULONG options),
      (handle, access, object, status, share, options))
PLAIN(LONG,
      SHORTAGE,
      nt_create_pipe,
      (HANDLE * handle,
       ULONG access,
       OBJECT_ATTRIBUTES* object,
       IO_STATUS_BLOCK* status,
       ULONG share,
       ULONG disposition,
       ULONG options,
       ULONG type,
       ULONG read_mode,
       ULONG completion_mode,
       ULONG instances,
       ULONG in,
       ULONG out,
       LARGE_INTEGER* timeout),
      (handle,
       access,
       object,
       status,
       share,
       disposition,
       options,
       type,
       read_mode,
       completion_mode,
       instances,
       in,
       out,
       timeout))
PLAIN(LONG,
      SHORTAGE,
      nt_fs_control,
      (HANDLE handle,
       HANDLE event,
       void* routine,
       void* context,
       void* status,
       ULONG code,
       void* in,
       ULONG in_size,
       void* out,
       ULONG out_size),
      (handle, event, routine, context, status, code, in, in_size, out, out_size))
PLAIN(LONG,
      SHORTAGE,
      nt_device_control,
      (HANDLE handle,
       HANDLE event,
       void* routine,
       void* context,
       void* status,
       ULONG code,
       void* in,
       ULONG in_size,
       void* out,
       ULONG out_size),
      (handle, event, routine, context, status, code, in, in_size, out, out_size))
