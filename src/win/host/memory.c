/* The memory of the machine. What the process uses is in system/system.c. */
#include "win/base/base.h"

static MEMORYSTATUSEX look(void) {
  MEMORYSTATUSEX status;

  status.dwLength = sizeof(status);
  if (!GlobalMemoryStatusEx(&status)) {
    status.ullTotalPhys = 0;
    status.ullAvailPhys = 0;
  }
  return status;
}

uint64_t uv_get_total_memory(void) {
  return look().ullTotalPhys;
}

uint64_t uv_get_free_memory(void) {
  return look().ullAvailPhys;
}

/* A job may limit its processes, but not what they have in RAM: there is nothing to compare. */
uint64_t uv_get_constrained_memory(void) {
  return 0;
}

uint64_t uv_get_available_memory(void) {
  return uv_get_free_memory();
}
