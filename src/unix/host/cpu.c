/* The processors: what they are, what they did, and how many threads want them. */
#include "unix/base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__APPLE__)
#  include <mach/mach.h>
#endif
#if defined(__APPLE__) || defined(__FreeBSD__)
#  include <sys/sysctl.h>
#endif
#if defined(__FreeBSD__)
#  include <sys/resource.h>
#endif

#include "core/base/alloc.h"

void uv_loadavg(double avg[3]) {
  if (getloadavg(avg, 3) != 3)
    memset(avg, 0, 3 * sizeof(avg[0]));
}

#if defined(__linux__) || defined(__APPLE__) || defined(__FreeBSD__)

/* One block: the table, then the name, which all share: the processors of a machine are of one
 * model, or the system has no name for them. */
static uv_cpu_info_t* make_table(size_t count, const char* model, size_t model_len) {
  uv_cpu_info_t* table = uv__calloc(1, count * sizeof(*table) + model_len + 1);
  size_t i;

  if (table == NULL)
    return NULL;
  memcpy(table + count, model, model_len);
  for (i = 0; i < count; i++)
    table[i].model = (char*) (table + count);
  return table;
}

static uint64_t ms_of_ticks(uint64_t ticks, uint64_t ticks_per_sec) {
  return ticks_per_sec == 0 ? 0 : ticks * 1000 / ticks_per_sec;
}

#endif

#if defined(__linux__)

/* ---- Linux: /proc/cpuinfo, /proc/stat (proc(5)) and /sys ---- */

/* What follows the first "NAME : " at the beginning of a line; its end is that of the line. */
static const char* find_field(const char* text, const char* name) {
  size_t len = strlen(name);
  const char* line;

  for (line = text; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, name, len) == 0) {
      const char* at = line + len;

      at += strspn(at, " \t");
      if (*at == ':')
        return at + 1 + strspn(at + 1, " \t");
    }
  }
  return NULL;
}

/* The next line "cpuN ..." of /proc/stat at or behind `text`; what follows the number. */
static const char* find_processor(const char* text, unsigned* number) {
  for (; text != NULL; text = strchr(text, '\n')) {
    text += *text == '\n';
    if (strncmp(text, "cpu", 3) == 0 && text[3] >= '0' && text[3] <= '9') {
      char* end;

      *number = (unsigned) strtoul(text + 3, &end, 10);
      return end;
    }
  }
  return NULL;
}

static void read_times(struct uv_cpu_times_s* times, const char* numbers) {
  uint64_t ticks_per_sec = (uint64_t) sysconf(_SC_CLK_TCK);
  uint64_t ms[6]; /* user, nice, system, idle, waiting for a disk, interrupts */
  char* at = (char*) (uintptr_t) numbers;
  int i;

  for (i = 0; i < 6; i++)
    ms[i] = ms_of_ticks(strtoull(at, &at, 10), ticks_per_sec);
  times->user = ms[0];
  times->nice = ms[1];
  times->sys = ms[2];
  times->idle = ms[3];
  times->irq = ms[5];
}

/* In MHz: the most it may run at, where that is governed; else what it runs at (x86). */
static int measure_speed(unsigned number, const char* cpuinfo) {
  char path[96];
  char text[32];
  const char* field;

  (void) snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_max_freq",
                  number);
  if (uv__file_read(path, text, sizeof(text)) > 0)
    return (int) (strtoul(text, NULL, 10) / 1000);
  field = find_field(cpuinfo, "cpu MHz");
  return field == NULL ? 0 : (int) strtoul(field, NULL, 10);
}

static int list_processors(const char* stat,
                           const char* cpuinfo,
                           uv_cpu_info_t** cpu_infos,
                           int* count) {
  const char* model = find_field(cpuinfo, "model name"); /* x86 and others */
  uv_cpu_info_t* table;
  const char* at;
  unsigned number;
  int n = 0;

  if (model == NULL)
    model = find_field(cpuinfo, "cpu"); /* POWER */
  if (model == NULL)
    model = "unknown";
  for (at = find_processor(stat, &number); at != NULL; at = find_processor(at, &number))
    n++;
  if (n == 0)
    return UV_EIO;
  table = make_table((size_t) n, model, strcspn(model, "\n"));
  if (table == NULL)
    return UV_ENOMEM;
  n = 0;
  for (at = find_processor(stat, &number); at != NULL; at = find_processor(at, &number)) {
    read_times(&table[n].cpu_times, at);
    table[n++].speed = measure_speed(number, cpuinfo);
  }
  *cpu_infos = table;
  *count = n;
  return 0;
}

static int look(uv_cpu_info_t** cpu_infos, int* count) {
  char* stat;
  char* cpuinfo;
  int r = uv__file_take("/proc/stat", &stat);

  if (r < 0)
    return r;
  r = uv__file_take("/proc/cpuinfo", &cpuinfo);
  if (r == 0) {
    r = list_processors(stat, cpuinfo, cpu_infos, count);
    uv__free(cpuinfo);
  }
  uv__free(stat);
  return r;
}

#elif defined(__APPLE__)

static int look(uv_cpu_info_t** cpu_infos, int* count) {
  uint64_t ticks_per_sec = (uint64_t) sysconf(_SC_CLK_TCK);
  processor_cpu_load_info_data_t* loads;
  mach_msg_type_number_t size;
  uv_cpu_info_t* table;
  natural_t processors;
  natural_t i;
  uint64_t hz = 0; /* not told on Apple's own processors */
  char model[256] = "unknown";
  size_t len = sizeof(model);

  if (host_processor_info(mach_host_self(), PROCESSOR_CPU_LOAD_INFO, &processors,
                          (processor_info_array_t*) &loads, &size) != KERN_SUCCESS)
    return UV_EIO;
  (void) sysctlbyname("machdep.cpu.brand_string", model, &len, NULL, 0);
  len = sizeof(hz);
  (void) sysctlbyname("hw.cpufrequency", &hz, &len, NULL, 0);
  table = make_table(processors, model, strnlen(model, sizeof(model)));
  for (i = 0; table != NULL && i < processors; i++) {
    const unsigned* ticks = loads[i].cpu_ticks;

    table[i].speed = (int) (hz / 1000000);
    table[i].cpu_times.user = ms_of_ticks(ticks[CPU_STATE_USER], ticks_per_sec);
    table[i].cpu_times.nice = ms_of_ticks(ticks[CPU_STATE_NICE], ticks_per_sec);
    table[i].cpu_times.sys = ms_of_ticks(ticks[CPU_STATE_SYSTEM], ticks_per_sec);
    table[i].cpu_times.idle = ms_of_ticks(ticks[CPU_STATE_IDLE], ticks_per_sec);
  }
  (void) vm_deallocate(mach_task_self(), (vm_address_t) loads, size * sizeof(natural_t));
  if (table == NULL)
    return UV_ENOMEM;
  *cpu_infos = table;
  *count = (int) processors;
  return 0;
}

#elif defined(__FreeBSD__)

static int look(uv_cpu_info_t** cpu_infos, int* count) {
  uint64_t ticks_per_sec = (uint64_t) sysconf(_SC_CLK_TCK);
  uv_cpu_info_t* table;
  long(*ticks)[CPUSTATES];
  int mhz = 0; /* not told by every machine */
  char model[256] = "unknown";
  size_t len = sizeof(model);
  size_t size = 0;
  size_t i;

  (void) sysctlbyname("hw.model", model, &len, NULL, 0);
  len = sizeof(mhz);
  (void) sysctlbyname("hw.clockrate", &mhz, &len, NULL, 0);
  if (sysctlbyname("kern.cp_times", NULL, &size, NULL, 0) != 0)
    return UV__ERR(errno);
  ticks = uv__malloc(size);
  if (ticks == NULL)
    return UV_ENOMEM;
  if (sysctlbyname("kern.cp_times", ticks, &size, NULL, 0) != 0) {
    int error = errno;
    uv__free(ticks);
    return UV__ERR(error);
  }
  size /= sizeof(*ticks);
  table = make_table(size, model, strnlen(model, sizeof(model)));
  for (i = 0; table != NULL && i < size; i++) {
    table[i].speed = mhz;
    table[i].cpu_times.user = ms_of_ticks((uint64_t) ticks[i][CP_USER], ticks_per_sec);
    table[i].cpu_times.nice = ms_of_ticks((uint64_t) ticks[i][CP_NICE], ticks_per_sec);
    table[i].cpu_times.sys = ms_of_ticks((uint64_t) ticks[i][CP_SYS], ticks_per_sec);
    table[i].cpu_times.idle = ms_of_ticks((uint64_t) ticks[i][CP_IDLE], ticks_per_sec);
    table[i].cpu_times.irq = ms_of_ticks((uint64_t) ticks[i][CP_INTR], ticks_per_sec);
  }
  uv__free(ticks);
  if (table == NULL)
    return UV_ENOMEM;
  *cpu_infos = table;
  *count = (int) size;
  return 0;
}

#else

static int look(uv_cpu_info_t** cpu_infos, int* count) {
  (void) cpu_infos;
  (void) count;
  return UV_ENOSYS;
}

#endif

int uv_cpu_info(uv_cpu_info_t** cpu_infos, int* count) {
  return cpu_infos == NULL || count == NULL ? UV_EINVAL : look(cpu_infos, count);
}
