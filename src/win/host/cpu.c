/* The processors of the machine: what they are, and what they did. */
#include "win/text/text.h"

#include <string.h>
#include <wchar.h>

#include "core/base/alloc.h"

/* What ntdll tells of each processor; the type of that name hides the last two times. In ticks of
 * 100 ns. */
struct processor_times {
  LARGE_INTEGER idle;
  LARGE_INTEGER kernel; /* idle too */
  LARGE_INTEGER user;
  LARGE_INTEGER dpc;
  LARGE_INTEGER interrupt;
  ULONG interrupts;
};

enum {
  TICKS_PER_MS = 10000,
  PROCESSOR_TIMES = 8, /* SystemProcessorPerformanceInformation */
  MAX_PROCESSORS = 64  /* of the group that the calling thread is in, which alone is told of */
};

void uv_loadavg(double avg[3]) {
  memset(avg, 0, 3 * sizeof(avg[0]));
}

/* How many there are, or an error. */
static int measure(struct processor_times* times, ULONG bytes) {
  typedef LONG(NTAPI * query_fn)(int, void*, ULONG, ULONG*);
  query_fn query = (query_fn) uv__import(L"ntdll.dll", "NtQuerySystemInformation");
  ULONG used = 0;

  if (query == NULL)
    return UV_ENOSYS;
  if (query(PROCESSOR_TIMES, times, bytes, &used) < 0)
    return UV_EIO;
  return (int) (used / sizeof(*times));
}

/* Where the registry has what the firmware says of a processor, by a number below 100. */
static void name_key(WCHAR key[64], int number) {
  static const WCHAR folder[] = L"HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\";
  WCHAR* at = key + sizeof(folder) / sizeof(folder[0]) - 1;

  memcpy(key, folder, sizeof(folder));
  if (number >= 10)
    *at++ = (WCHAR) (L'0' + number / 10);
  *at++ = (WCHAR) (L'0' + number % 10);
  *at = 0;
}

static int measure_speed(int number) {
  WCHAR key[64];
  DWORD mhz;

  name_key(key, number);
  return uv__registry_get(key, L"~MHz", RRF_RT_REG_DWORD, &mhz, sizeof(mhz)) < 0 ? 0 : (int) mhz;
}

/* Of the first, for all: the processors of a machine are of one model. */
static void name_model(char* model, size_t size) {
  WCHAR key[64];
  WCHAR name[128];

  name_key(key, 0);
  if (uv__registry_get(key, L"ProcessorNameString", RRF_RT_REG_SZ, name, sizeof(name)) < 0 ||
      uv__wide_give(name, wcslen(name), model, &size) < 0)
    memcpy(model, "unknown", sizeof("unknown"));
}

static uint64_t ms_of(LARGE_INTEGER ticks) {
  return (uint64_t) ticks.QuadPart / TICKS_PER_MS;
}

static void fill(uv_cpu_info_t* info, const struct processor_times* times, int number) {
  info->speed = measure_speed(number);
  info->cpu_times.user = ms_of(times->user);
  info->cpu_times.sys = ms_of(times->kernel) - ms_of(times->idle);
  info->cpu_times.idle = ms_of(times->idle);
  info->cpu_times.irq = ms_of(times->interrupt);
}

int uv_cpu_info(uv_cpu_info_t** cpu_infos, int* count) {
  struct processor_times times[MAX_PROCESSORS];
  uv_cpu_info_t* table;
  char model[3 * 128 + 1];
  int n;
  int i;

  if (cpu_infos == NULL || count == NULL)
    return UV_EINVAL;
  n = measure(times, sizeof(times));
  if (n < 0)
    return n;
  name_model(model, sizeof(model));
  /* One block: the table, then the name. */
  table = uv__calloc(1, (size_t) n * sizeof(*table) + strlen(model) + 1);
  if (table == NULL)
    return UV_ENOMEM;
  memcpy(table + n, model, strlen(model) + 1);
  for (i = 0; i < n; i++) {
    table[i].model = (char*) (table + n);
    fill(&table[i], &times[i], i);
  }
  *cpu_infos = table;
  *count = n;
  return 0;
}
