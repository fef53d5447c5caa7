/* What the machine and its processes have used and are called: times, memory, the list of processes, the
 * registry. A process's time is that of its calls; what it computes between them takes none. */
#include "proc.h"

#include <string.h>

#include "psapi.h"
#include "tlhelp32.h"

enum {
  TICKS_PER_CALL = 10 /* of FILETIME: a microsecond */
};

static FILETIME file_time(uint64_t ticks) {
  FILETIME time;

  time.dwLowDateTime = (DWORD) ticks;
  time.dwHighDateTime = (DWORD) (ticks >> 32);
  return time;
}

BOOL WINAPI GetProcessTimes(
    HANDLE handle, LPFILETIME made, LPFILETIME ended, LPFILETIME kernel, LPFILETIME user) {
  const struct nt_process* process;

  nt_enter("GetProcessTimes");
  process = nt_find(handle, &nt_process_class, 0);
  if (process == NULL)
    return FALSE;
  *made = file_time(NT_EPOCH + process->began);
  *ended = file_time(0);
  *kernel = file_time(process->calls * TICKS_PER_CALL);
  *user = file_time(process->calls * TICKS_PER_CALL / 2);
  return TRUE;
}

BOOL WINAPI K32GetProcessMemoryInfo(HANDLE handle, PROCESS_MEMORY_COUNTERS* info, DWORD size) {
  nt_enter("K32GetProcessMemoryInfo");
  if (nt_find(handle, &nt_process_class, 0) == NULL)
    return FALSE;
  if (size < sizeof(*info))
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  memset(info, 0, sizeof(*info));
  info->cb = sizeof(*info);
  info->PageFaultCount = 1000;
  info->WorkingSetSize = 8 << 20;
  info->PeakWorkingSetSize = 9 << 20;
  return TRUE;
}

BOOL WINAPI GetProcessIoCounters(HANDLE handle, IO_COUNTERS* counters) {
  const struct nt_process* process;

  nt_enter("GetProcessIoCounters");
  process = nt_find(handle, &nt_process_class, 0);
  if (process == NULL)
    return FALSE;
  memset(counters, 0, sizeof(*counters));
  counters->ReadOperationCount = process->reads;
  counters->WriteOperationCount = process->writes;
  return TRUE;
}

/* ---- The list of processes ---- */

struct snapshot {
  struct nt_object object;
  unsigned at;
  unsigned count;
  DWORD ids[64][2]; /* its own, its parent's */
};

static void destroy(struct nt_object* object) {
  nt_free(object);
}

static const struct nt_class snapshot_class = {.name = "list of processes", .destroy = destroy};

HANDLE WINAPI CreateToolhelp32Snapshot(DWORD flags, DWORD id) {
  struct snapshot* snapshot;
  const struct nt_process* process;
  HANDLE handle;

  nt_enter("CreateToolhelp32Snapshot");
  (void) id;
  if (flags != TH32CS_SNAPPROCESS)
    nt_absent("CreateToolhelp32Snapshot of something else");
  snapshot = nt_object_new(&snapshot_class, sizeof(*snapshot));
  for (process = nt_process_list(); process != NULL && snapshot->count < 64;
       process = process->next) {
    if (process->ended)
      continue;
    snapshot->ids[snapshot->count][0] = process->id;
    snapshot->ids[snapshot->count++][1] = process->parent_id;
  }
  handle = nt_handle(snapshot, 0, 0);
  nt_unref(snapshot);
  return handle;
}

BOOL WINAPI Process32NextW(HANDLE handle, PROCESSENTRY32W* entry) {
  struct snapshot* snapshot;

  nt_enter("Process32NextW");
  snapshot = nt_find(handle, &snapshot_class, 0);
  if (snapshot == NULL)
    return FALSE;
  if (entry->dwSize < sizeof(*entry))
    return nt_error(ERROR_BAD_LENGTH);
  if (snapshot->at == snapshot->count)
    return nt_error(ERROR_NO_MORE_FILES);
  entry->th32ProcessID = snapshot->ids[snapshot->at][0];
  entry->th32ParentProcessID = snapshot->ids[snapshot->at++][1];
  return TRUE;
}

BOOL WINAPI Process32FirstW(HANDLE handle, PROCESSENTRY32W* entry) {
  struct snapshot* snapshot = nt_find(handle, &snapshot_class, 0);

  if (snapshot != NULL)
    snapshot->at = 0;
  return Process32NextW(handle, entry);
}

/* ---- Names ---- */

BOOL WINAPI GetComputerNameExW(COMPUTER_NAME_FORMAT format, LPWSTR to, LPDWORD room) {
  static const WCHAR name[] = L"model";
  DWORD units = sizeof(name) / sizeof(name[0]) - 1;

  nt_enter("GetComputerNameExW");
  (void) format;
  if (*room <= units) {
    *room = units + 1;
    return nt_error(ERROR_MORE_DATA);
  }
  wcscpy(to, name);
  *room = units;
  return TRUE;
}

LONG WINAPI nt_reg_get_value(HKEY key,
                             const WCHAR* path,
                             const WCHAR* name,
                             DWORD flags,
                             DWORD* type,
                             void* to,
                             DWORD* size);

LONG WINAPI nt_reg_get_value(HKEY key,
                             const WCHAR* path,
                             const WCHAR* name,
                             DWORD flags,
                             DWORD* type,
                             void* to,
                             DWORD* size) {
  static const WCHAR product[] = L"Windows 10 Pro";

  nt_enter("RegGetValueW");
  (void) key;
  (void) path;
  (void) flags;
  (void) type;
  if (wcscmp(name, L"ProductName") != 0)
    return ERROR_FILE_NOT_FOUND;
  if (*size < sizeof(product))
    return ERROR_MORE_DATA;
  memcpy(to, product, sizeof(product));
  *size = sizeof(product);
  return ERROR_SUCCESS;
}

BOOL WINAPI nt_profile_directory(HANDLE token, WCHAR* to, DWORD* room);

BOOL WINAPI nt_profile_directory(HANDLE token, WCHAR* to, DWORD* room) {
  static const WCHAR path[] = L"C:\\users\\model";
  DWORD units = sizeof(path) / sizeof(path[0]);

  nt_enter("GetUserProfileDirectoryW");
  (void) token;
  if (to == NULL || *room < units) {
    *room = units;
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  }
  wcscpy(to, path);
  *room = units;
  return TRUE;
}

/* ---- Processors ---- */

BOOL WINAPI GetProcessGroupAffinity(HANDLE handle, USHORT* count, USHORT* groups) {
  nt_enter("GetProcessGroupAffinity");
  if (nt_find(handle, &nt_process_class, 0) == NULL)
    return FALSE;
  if (*count < 1) {
    *count = 1;
    return nt_error(ERROR_INSUFFICIENT_BUFFER);
  }
  *count = 1;
  groups[0] = 0;
  return TRUE;
}

DWORD WINAPI GetActiveProcessorCount(WORD group) {
  nt_enter("GetActiveProcessorCount");
  (void) group;
  return 4;
}
