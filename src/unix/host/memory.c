/* The memory of the machine, and how much of it this process may have. What it uses is in
 * system/system.c. */
#include "unix/base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__APPLE__)
#  include <mach/mach.h>
#endif
#if defined(__FreeBSD__)
#  include <sys/sysctl.h>
#endif

static uint64_t page_size(void) {
  return (uint64_t) sysconf(_SC_PAGESIZE);
}

/* ---- The machine ---- */

uint64_t uv_get_total_memory(void) {
#if defined(_SC_PHYS_PAGES)
  long pages = sysconf(_SC_PHYS_PAGES);

  return pages > 0 ? (uint64_t) pages * page_size() : 0;
#else
  return 0;
#endif
}

#if defined(__linux__)

uint64_t uv_get_free_memory(void) {
  /* Some fifty short lines; a number is in KiB (proc(5)). */
  char text[4096];
  const char* at;

  if (uv__file_read("/proc/meminfo", text, sizeof(text)) > 0) {
    at = strstr(text, "MemAvailable:");
    if (at != NULL)
      return strtoull(at + strlen("MemAvailable:"), NULL, 10) * 1024;
  }
  return (uint64_t) sysconf(_SC_AVPHYS_PAGES) * page_size(); /* without what caches would give */
}

#elif defined(__APPLE__)

uint64_t uv_get_free_memory(void) {
  mach_msg_type_number_t count = HOST_VM_INFO64_COUNT;
  vm_statistics64_data_t info;

  if (host_statistics64(mach_host_self(), HOST_VM_INFO64, (host_info64_t) &info, &count) !=
      KERN_SUCCESS)
    return 0;
  return ((uint64_t) info.free_count + info.inactive_count) * page_size();
}

#elif defined(__FreeBSD__)

uint64_t uv_get_free_memory(void) {
  unsigned pages;
  size_t size = sizeof(pages);

  if (sysctlbyname("vm.stats.vm.v_free_count", &pages, &size, NULL, 0) != 0)
    return 0;
  return pages * page_size();
}

#else

uint64_t uv_get_free_memory(void) {
  return 0;
}

#endif

/* ---- The process ---- */

/* What a limit allows in all, and what is left of it. UINT64_MAX: there is no limit. */
struct allowance {
  uint64_t all;
  uint64_t left;
};

static void limit_to(struct allowance* allowance, uint64_t all, uint64_t used) {
  uint64_t left = all > used ? all - used : 0;

  if (all < allowance->all)
    allowance->all = all;
  if (left < allowance->left)
    allowance->left = left;
}

/* The numbers of /proc/self/statm that count against the two limits, from 1 on. */
enum column {
  ALL_PAGES = 1,
  DATA_PAGES = 6
};

#if defined(__linux__)

/* Where a hierarchy of control groups is, and what its files are called (cgroups(7)). */
struct hierarchy {
  const char* root;
  const char* limit;
  const char* used;
};

static const struct hierarchy unified = {"/sys/fs/cgroup", "memory.max", "memory.current"};
static const struct hierarchy of_memory = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                           "memory.usage_in_bytes"};

enum {
  MAX_GROUP = 1024 /* bytes of the path of a group; those of containers have some hundred */
};

/* 0: no such file, or no number in it, as the "max" of no limit. */
static uint64_t read_number(const struct hierarchy* in, const char* group, const char* name) {
  char path[MAX_GROUP + 64];
  char text[32];

  (void) snprintf(path, sizeof(path), "%s%s/%s", in->root, group, name);
  return uv__file_read(path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

/* The limit of a group holds for all groups in it. In a container the files may be those of its own
 * group at the root, while its name is that from outside; then there is nothing at the name. */
static void ask_groups(const struct hierarchy* in, char* group, struct allowance* allowance) {
  for (;;) {
    uint64_t limit = read_number(in, group, in->limit);
    char* slash = strrchr(group, '/');

    /* No limit is the largest number of pages in the older hierarchy. */
    if (limit > 0 && limit < INT64_MAX / page_size() * page_size())
      limit_to(allowance, limit, read_number(in, group, in->used));
    if (slash == NULL)
      return;
    *slash = '\0';
  }
}

/* A line of /proc/self/cgroup is "NUMBER:CONTROLLERS:/PATH"; the unified hierarchy has no
 * controllers there, and the older one, where it has the memory, comes first. 1: found. */
static int look_at_groups(struct allowance* allowance) {
  char text[4096];
  char group[MAX_GROUP];
  const struct hierarchy* in = &of_memory;
  const char* at;

  if (uv__file_read("/proc/self/cgroup", text, sizeof(text)) <= 0)
    return 0;
  at = strstr(text, ":memory:");
  if (at != NULL) {
    at += strlen(":memory:");
  } else {
    in = &unified;
    at = strstr(text, "0::");
    if (at == NULL)
      return 0;
    at += strlen("0::");
  }
  (void) snprintf(group, sizeof(group), "%.*s", (int) strcspn(at, "\n"), at);
  ask_groups(in, strcmp(group, "/") == 0 ? group + 1 : group, allowance);
  return 1;
}

static uint64_t count_pages(enum column column) {
  char text[128];
  char* at = text;
  uint64_t pages = 0;
  int i;

  if (uv__file_read("/proc/self/statm", text, sizeof(text)) <= 0)
    return 0;
  for (i = 0; i < (int) column; i++)
    pages = strtoull(at, &at, 10);
  return pages * page_size();
}

#else

static int look_at_groups(struct allowance* allowance) {
  (void) allowance;
  return 0;
}

static uint64_t count_pages(enum column column) {
  (void) column;
  return 0;
}

#endif

/* Returns whether anything could limit it. */
static int look(struct allowance* allowance) {
  struct rlimit limit;
  int known;

  allowance->all = UINT64_MAX;
  allowance->left = UINT64_MAX;
  known = look_at_groups(allowance);
  if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    limit_to(allowance, (uint64_t) limit.rlim_cur, count_pages(DATA_PAGES));
    known = 1;
  }
#if defined(RLIMIT_AS)
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    limit_to(allowance, (uint64_t) limit.rlim_cur, count_pages(ALL_PAGES));
    known = 1;
  }
#endif
  return known;
}

uint64_t uv_get_constrained_memory(void) {
  struct allowance allowance;

  return look(&allowance) ? allowance.all : 0;
}

uint64_t uv_get_available_memory(void) {
  struct allowance allowance;
  uint64_t left = uv_get_free_memory();

  (void) look(&allowance);
  return allowance.left < left ? allowance.left : left;
}
