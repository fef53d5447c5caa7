/* What the system tells about itself, and functions that are looked up by name at run time. What
 * ntdll answers about file objects is in query.c. */
#include "sched.h"

#include <string.h>

LONG NTAPI nt_query_object(HANDLE handle, int what, void* info, ULONG size, ULONG* length);
extern LONG NTAPI nt_open_file(void);
extern LONG NTAPI nt_create_pipe(void);
extern LONG NTAPI nt_fs_control(void);
extern LONG NTAPI nt_device_control(void);
LONG NTAPI nt_query_file(HANDLE handle, void* status, void* info, ULONG size, int what);
LONG WINAPI nt_reg_get_value(HKEY key,
                             const WCHAR* path,
                             const WCHAR* name,
                             DWORD flags,
                             DWORD* type,
                             void* to,
                             DWORD* size);
BOOL WINAPI nt_profile_directory(HANDLE token, WCHAR* to, DWORD* room);
LONG NTAPI nt_set_file(HANDLE handle, void* status, void* info, ULONG size, int what);
LONG NTAPI nt_allocate_reserve(HANDLE* made, void* attributes, int type);
LONG NTAPI nt_post_reserve(
    HANDLE handle, HANDLE with, void* key, void* overlapped, LONG status, ULONG_PTR info);
LONG NTAPI nt_create_wait_packet(HANDLE* made, ACCESS_MASK access, void* attributes);
extern LONG NTAPI nt_associate_wait_packet(void);
LONG NTAPI nt_cancel_wait_packet(HANDLE handle, BOOLEAN also_signalled);
void WINAPI nt_query_unbiased(ULONGLONG* units);

/* ---- Functions by name ---- */

/* The bytes are the seed's: names that the library makes up repeat with a run. */
static BOOLEAN WINAPI generate_random(void* to, ULONG size) {
  ULONG i;

  nt_enter("SystemFunction036");
  for (i = 0; i < size; i++)
    ((unsigned char*) to)[i] = (unsigned char) nt_below(256);
  return TRUE;
}

static LONG WINAPI get_version(OSVERSIONINFOW* info) {
  info->dwMajorVersion = 10;
  info->dwMinorVersion = 0;
  info->dwBuildNumber = 19045;
  return 0;
}

/* "Compares two object handles to determine if they refer to the same underlying kernel object." */
static BOOL WINAPI compare_objects(HANDLE first, HANDLE second) {
  struct nt_object* object;

  nt_enter("CompareObjectHandles");
  object = nt_find(first, NULL, 0);
  return object != NULL && object == nt_find(second, NULL, 0);
}

/* Asked by who ends in main: all threads are there still. */
static BOOLEAN NTAPI is_ending(void) {
  nt_enter("RtlDllShutdownInProgress");
  return FALSE;
}

static const struct {
  const char* name;
  FARPROC entry;
} functions[] = {
    {"CreatePseudoConsole", (FARPROC) (void (*)(void)) CreatePseudoConsole},
    {"ResizePseudoConsole", (FARPROC) (void (*)(void)) ResizePseudoConsole},
    {"ClosePseudoConsole", (FARPROC) (void (*)(void)) ClosePseudoConsole},
    {"CompareObjectHandles", (FARPROC) (void (*)(void)) compare_objects},
    {"NtQueryObject", (FARPROC) (void (*)(void)) nt_query_object},
    {"NtQueryInformationFile", (FARPROC) (void (*)(void)) nt_query_file},
    {"NtAllocateReserveObject", (FARPROC) (void (*)(void)) nt_allocate_reserve},
    {"NtSetIoCompletionEx", (FARPROC) (void (*)(void)) nt_post_reserve},
    {"NtCreateWaitCompletionPacket", (FARPROC) (void (*)(void)) nt_create_wait_packet},
    {"NtAssociateWaitCompletionPacket", (FARPROC) (void (*)(void)) nt_associate_wait_packet},
    {"NtCancelWaitCompletionPacket", (FARPROC) (void (*)(void)) nt_cancel_wait_packet},
    {"QueryUnbiasedInterruptTimePrecise", (FARPROC) (void (*)(void)) nt_query_unbiased},
    {"NtSetInformationFile", (FARPROC) (void (*)(void)) nt_set_file},
    {"NtOpenFile", (FARPROC) (void (*)(void)) nt_open_file},
    {"NtCreateNamedPipeFile", (FARPROC) (void (*)(void)) nt_create_pipe},
    {"NtFsControlFile", (FARPROC) (void (*)(void)) nt_fs_control},
    {"NtDeviceIoControlFile", (FARPROC) (void (*)(void)) nt_device_control},
    {"RegGetValueW", (FARPROC) (void (*)(void)) nt_reg_get_value},
    {"GetUserProfileDirectoryW", (FARPROC) (void (*)(void)) nt_profile_directory},
    {"OpenProcessToken", (FARPROC) (void (*)(void)) OpenProcessToken},
    {"RtlDllShutdownInProgress", (FARPROC) (void (*)(void)) is_ending},
    {"RtlGetVersion", (FARPROC) (void (*)(void)) get_version},
    {"SystemFunction036", (FARPROC) (void (*)(void)) generate_random},
};

static struct nt_module { int loaded; } system_module = {1};

HMODULE WINAPI GetModuleHandleW(LPCWSTR name) {
  nt_enter("GetModuleHandleW");
  (void) name;
  return &system_module;
}

HMODULE WINAPI GetModuleHandleA(LPCSTR name) {
  nt_enter("GetModuleHandleA");
  (void) name;
  return &system_module;
}

BOOL WINAPI GetModuleHandleExW(DWORD flags, LPCWSTR name, HMODULE* module) {
  nt_enter("GetModuleHandleExW");
  (void) flags;
  (void) name;
  *module = &system_module;
  return TRUE;
}

HMODULE WINAPI LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags) {
  nt_enter("LoadLibraryExW");
  (void) name;
  (void) file;
  (void) flags;
  return &system_module;
}

FARPROC WINAPI GetProcAddress(HMODULE module, LPCSTR name) {
  size_t i;

  nt_enter("GetProcAddress");
  (void) module;
  for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
    if (strcmp(functions[i].name, name) == 0 &&
        (nt_has_pseudo_consoles || strstr(name, "PseudoConsole") == NULL))
      return functions[i].entry;
  nt_error(ERROR_PROC_NOT_FOUND);
  return NULL;
}

/* ---- The machine ---- */

BOOL WINAPI GetProcessAffinityMask(HANDLE process, DWORD_PTR* mine, DWORD_PTR* all) {
  nt_enter("GetProcessAffinityMask");
  (void) process;
  *mine = *all = 0xf;
  return TRUE;
}

void WINAPI GetNativeSystemInfo(SYSTEM_INFO* info) {
  nt_enter("GetNativeSystemInfo");
  memset(info, 0, sizeof(*info));
  info->wProcessorArchitecture = PROCESSOR_ARCHITECTURE_AMD64;
  info->dwPageSize = 4096;
  info->dwNumberOfProcessors = 4;
  info->dwAllocationGranularity = 65536;
}
