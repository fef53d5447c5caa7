/* What a program asks about its process and its host: numbers, names, clocks and use of memory.
 * Paths are in path.c, the environment in env.c. */
#include "win/text/text.h"

#include <psapi.h>
#include <stdio.h>
#include <string.h>
#include <tlhelp32.h>

enum {
  TICKS_PER_SEC = 10000000, /* of FILETIME */
  NS_PER_SEC = 1000000000
};

/* ---- Clocks ---- */

static uint64_t ticks_of(FILETIME time) {
  return (uint64_t) time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* Ticks since 1970; FILETIME begins with the year 1601. */
static int64_t ticks_now(void) {
  FILETIME now;

  GetSystemTimePreciseAsFileTime(&now);
  return (int64_t) (ticks_of(now) - 116444736000000000u);
}

int uv_clock_gettime(uv_clock_id clock_id, uv_timespec64_t* ts) {
  int64_t ticks;
  uint64_t ns;

  if (ts == NULL)
    return UV_EFAULT;
  switch (clock_id) {
  case UV_CLOCK_MONOTONIC:
    ns = uv_hrtime();
    ts->tv_sec = (int64_t) (ns / NS_PER_SEC);
    ts->tv_nsec = (int32_t) (ns % NS_PER_SEC);
    return 0;
  case UV_CLOCK_REALTIME:
    ticks = ticks_now();
    ts->tv_sec = ticks / TICKS_PER_SEC;
    ts->tv_nsec = (int32_t) (ticks % TICKS_PER_SEC * 100);
    return 0;
  default:
    return UV_EINVAL;
  }
}

int uv_gettimeofday(uv_timeval64_t* tv) {
  int64_t ticks;

  if (tv == NULL)
    return UV_EINVAL;
  ticks = ticks_now();
  tv->tv_sec = ticks / TICKS_PER_SEC;
  tv->tv_usec = (int32_t) (ticks % TICKS_PER_SEC / 10);
  return 0;
}

int uv_uptime(double* uptime) {
  if (uptime == NULL)
    return UV_EINVAL;
  *uptime = (double) GetTickCount64() / 1000.0;
  return 0;
}

/* ---- The process ---- */

uv_pid_t uv_os_getpid(void) {
  return (uv_pid_t) GetCurrentProcessId();
}

uv_pid_t uv_os_getppid(void) {
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  DWORD own = GetCurrentProcessId();
  PROCESSENTRY32W entry;
  uv_pid_t parent = 0;
  BOOL more;

  if (all == INVALID_HANDLE_VALUE)
    return 0;
  entry.dwSize = sizeof(entry);
  for (more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry)) {
    if (entry.th32ProcessID == own) {
      parent = (uv_pid_t) entry.th32ParentProcessID;
      break;
    }
  }
  CloseHandle(all);
  return parent;
}

int uv_resident_set_memory(size_t* rss) {
  PROCESS_MEMORY_COUNTERS memory;

  if (rss == NULL)
    return UV_EINVAL;
  memory.cb = sizeof(memory);
  if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory)))
    return uv__error_translate(GetLastError());
  *rss = memory.WorkingSetSize;
  return 0;
}

static uv_timeval_t time_of(FILETIME time) {
  uint64_t ticks = ticks_of(time);
  uv_timeval_t result;

  result.tv_sec = (long) (ticks / TICKS_PER_SEC);
  result.tv_usec = (long) (ticks % TICKS_PER_SEC / 10);
  return result;
}

int uv_getrusage(uv_rusage_t* rusage) {
  FILETIME made;
  FILETIME ended;
  FILETIME kernel;
  FILETIME user;
  PROCESS_MEMORY_COUNTERS memory;
  IO_COUNTERS io;
  HANDLE self = GetCurrentProcess();

  if (rusage == NULL)
    return UV_EINVAL;
  memory.cb = sizeof(memory);
  if (!GetProcessTimes(self, &made, &ended, &kernel, &user) ||
      !K32GetProcessMemoryInfo(self, &memory, sizeof(memory)) || !GetProcessIoCounters(self, &io))
    return uv__error_translate(GetLastError());
  memset(rusage, 0, sizeof(*rusage));
  rusage->ru_utime = time_of(user);
  rusage->ru_stime = time_of(kernel);
  rusage->ru_maxrss = memory.PeakWorkingSetSize / 1024;
  rusage->ru_majflt = memory.PageFaultCount;
  rusage->ru_inblock = io.ReadOperationCount;
  rusage->ru_oublock = io.WriteOperationCount;
  return 0;
}

int uv_getrusage_thread(uv_rusage_t* rusage) {
  FILETIME made;
  FILETIME ended;
  FILETIME kernel;
  FILETIME user;

  if (rusage == NULL)
    return UV_EINVAL;
  if (!GetThreadTimes(GetCurrentThread(), &made, &ended, &kernel, &user))
    return uv__error_translate(GetLastError());
  memset(rusage, 0, sizeof(*rusage));
  rusage->ru_utime = time_of(user);
  rusage->ru_stime = time_of(kernel);
  return 0;
}

/* ---- The host ---- */

int uv_os_gethostname(char* buffer, size_t* size) {
  WCHAR name[UV_MAXHOSTNAMESIZE];
  DWORD units = UV_MAXHOSTNAMESIZE;

  if (buffer == NULL || size == NULL || *size == 0)
    return UV_EINVAL;
  /* The name that gethostname gives, without a need for Winsock. */
  if (!GetComputerNameExW(ComputerNameDnsHostname, name, &units))
    return uv__error_translate(GetLastError());
  return uv__wide_give(name, units, buffer, size);
}

/* GetVersion lies to programs whose manifest does not name this Windows; this call does not. */
static int get_version(OSVERSIONINFOW* info) {
  typedef LONG(WINAPI * get_version_fn)(OSVERSIONINFOW*);
  get_version_fn get = (get_version_fn) uv__import(L"ntdll.dll", "RtlGetVersion");

  memset(info, 0, sizeof(*info));
  info->dwOSVersionInfoSize = sizeof(*info);
  return get != NULL && get(info) >= 0 ? 0 : UV_ENOSYS;
}

/* "Windows 10 Pro", as far as the registry knows; Windows 11 calls itself 10 there. */
static void get_product(const OSVERSIONINFOW* info, char* buffer, size_t size) {
  WCHAR name[80];

  buffer[0] = '\0';
  if (uv__registry_get(L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", L"ProductName",
                       RRF_RT_REG_SZ, name, sizeof(name)) < 0)
    return;
  if (uv__wide_give(name, wcslen(name), buffer, &size) < 0)
    return;
  if (info->dwBuildNumber >= 22000 && strncmp(buffer, "Windows 10", 10) == 0)
    buffer[9] = '1';
}

static const char* name_machine(void) {
  SYSTEM_INFO info;

  GetNativeSystemInfo(&info);
  switch (info.wProcessorArchitecture) {
  case PROCESSOR_ARCHITECTURE_AMD64:
    return "x86_64";
  case PROCESSOR_ARCHITECTURE_INTEL:
    return "i686";
  case PROCESSOR_ARCHITECTURE_ARM64:
    return "arm64";
  case PROCESSOR_ARCHITECTURE_ARM:
    return "arm";
  default:
    return "unknown";
  }
}

int uv_os_uname(uv_utsname_t* buffer) {
  OSVERSIONINFOW info;
  int r;

  if (buffer == NULL)
    return UV_EINVAL;
  r = get_version(&info);
  if (r < 0)
    return r;
  snprintf(buffer->sysname, sizeof(buffer->sysname), "Windows_NT");
  snprintf(buffer->release, sizeof(buffer->release), "%lu.%lu.%lu", info.dwMajorVersion,
           info.dwMinorVersion, info.dwBuildNumber);
  get_product(&info, buffer->version, sizeof(buffer->version));
  snprintf(buffer->machine, sizeof(buffer->machine), "%s", name_machine());
  return 0;
}
