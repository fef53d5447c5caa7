/* A thread's and a process's share of the processors: priorities, and on which they run; and what
 * threads are called. Threads themselves are in system/thread.c. */
#include "win/text/text.h"

#include "core/base/alloc.h"

/* ---- Names, which Windows 10 has since its version 1607 ---- */

int uv_thread_setname(const char* name) {
  typedef LONG(WINAPI * set_name_fn)(HANDLE, const WCHAR*);
  set_name_fn set_name = (set_name_fn) uv__import(L"kernelbase.dll", "SetThreadDescription");
  WCHAR* wide;
  int r;

  if (name == NULL)
    return UV_EINVAL;
  if (set_name == NULL)
    return UV_ENOSYS;
  r = uv__wide_make(name, &wide);
  if (r < 0)
    return r;
  if (set_name(GetCurrentThread(), wide) < 0)
    r = UV_ENOMEM;
  uv__free(wide);
  return r;
}

/* Cut between two characters. */
static void give_cut(const WCHAR* wide, char* name, size_t size) {
  size--;
  (void) uv_utf16_to_wtf8((const uint16_t*) wide, -1, &name, &size);
}

int uv_thread_getname(uv_thread_t* tid, char* name, size_t size) {
  typedef LONG(WINAPI * get_name_fn)(HANDLE, WCHAR**);
  get_name_fn get_name = (get_name_fn) uv__import(L"kernelbase.dll", "GetThreadDescription");
  WCHAR* wide;

  if (name == NULL || size == 0)
    return UV_EINVAL;
  if (get_name == NULL)
    return UV_ENOSYS;
  if (get_name(*tid, &wide) < 0)
    return UV_EINVAL;
  give_cut(wide, name, size);
  LocalFree(wide);
  return 0;
}

/* ---- Priorities ---- */

/* The five of uv.h have the values of Windows'. */
int uv_thread_setpriority(uv_thread_t tid, int priority) {
  if (priority < UV_THREAD_PRIORITY_LOWEST || priority > UV_THREAD_PRIORITY_HIGHEST)
    return UV_EINVAL;
  return SetThreadPriority(tid, priority) ? 0 : uv__error_translate(GetLastError());
}

int uv_thread_getpriority(uv_thread_t tid, int* priority) {
  int value;

  if (priority == NULL)
    return UV_EINVAL;
  value = GetThreadPriority(tid);
  if (value == THREAD_PRIORITY_ERROR_RETURN)
    return uv__error_translate(GetLastError());
  *priority = value;
  return 0;
}

/* From the highest class to the lowest, with the value that stands for it: a process gets the first
 * whose value is not above its own. */
static const struct {
  DWORD priority_class;
  int priority;
} classes[] = {
    {REALTIME_PRIORITY_CLASS, UV_PRIORITY_HIGHEST},
    {HIGH_PRIORITY_CLASS, UV_PRIORITY_HIGH},
    {ABOVE_NORMAL_PRIORITY_CLASS, UV_PRIORITY_ABOVE_NORMAL},
    {NORMAL_PRIORITY_CLASS, UV_PRIORITY_NORMAL},
    {BELOW_NORMAL_PRIORITY_CLASS, UV_PRIORITY_BELOW_NORMAL},
    {IDLE_PRIORITY_CLASS, UV_PRIORITY_LOW},
};

enum {
  CLASSES = sizeof(classes) / sizeof(classes[0])
};

static int open_process(uv_pid_t pid, DWORD access, HANDLE* process) {
  *process = pid == 0 ? GetCurrentProcess() : OpenProcess(access, FALSE, (DWORD) pid);
  if (*process != NULL)
    return 0;
  return GetLastError() == ERROR_INVALID_PARAMETER ? UV_ESRCH : uv__error_translate(GetLastError());
}

static void close_process(uv_pid_t pid, HANDLE process) {
  if (pid != 0)
    CloseHandle(process);
}

static int get_class(HANDLE process, int* priority) {
  DWORD found = GetPriorityClass(process);
  int i;

  if (found == 0)
    return uv__error_translate(GetLastError());
  for (i = 0; i < CLASSES; i++) {
    if (classes[i].priority_class == found) {
      *priority = classes[i].priority;
      return 0;
    }
  }
  return UV_EINVAL; /* a class of the future */
}

int uv_os_getpriority(uv_pid_t pid, int* priority) {
  HANDLE process;
  int r;

  if (priority == NULL)
    return UV_EINVAL;
  r = open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION, &process);
  if (r < 0)
    return r;
  r = get_class(process, priority);
  close_process(pid, process);
  return r;
}

/* Whoever may not have the highest gets the next from the system itself. */
int uv_os_setpriority(uv_pid_t pid, int priority) {
  HANDLE process;
  int i = CLASSES - 1;
  int r;

  if (priority < UV_PRIORITY_HIGHEST || priority > UV_PRIORITY_LOW)
    return UV_EINVAL;
  while (i > 0 && priority < classes[i].priority)
    i--;
  r = open_process(pid, PROCESS_SET_INFORMATION, &process);
  if (r < 0)
    return r;
  if (!SetPriorityClass(process, classes[i].priority_class))
    r = uv__error_translate(GetLastError());
  close_process(pid, process);
  return r;
}

/* ---- Processors: those of the group that the thread is in, which are 64 at most ---- */

int uv_cpumask_size(void) {
  return (int) sizeof(DWORD_PTR) * 8;
}

static void spread(DWORD_PTR bits, char* cpumask) {
  int i;

  for (i = 0; i < uv_cpumask_size(); i++)
    cpumask[i] = bits >> i & 1;
}

int uv_thread_getaffinity(uv_thread_t* tid, char* cpumask, size_t mask_size) {
  GROUP_AFFINITY affinity;

  if (mask_size < (size_t) uv_cpumask_size())
    return UV_EINVAL;
  if (!GetThreadGroupAffinity(*tid, &affinity))
    return uv__error_translate(GetLastError());
  spread(affinity.Mask, cpumask);
  return 0;
}

int uv_thread_setaffinity(uv_thread_t* tid, char* cpumask, char* oldmask, size_t mask_size) {
  DWORD_PTR bits = 0;
  DWORD_PTR before;
  DWORD_PTR mine;
  DWORD_PTR all;
  int i;

  if (mask_size < (size_t) uv_cpumask_size())
    return UV_EINVAL;
  for (i = 0; i < uv_cpumask_size(); i++)
    bits |= (DWORD_PTR) (cpumask[i] != 0) << i;
  /* What the process may not use is left out, as Linux does; here it would be an error. A process in
   * several groups has empty masks, and then the system decides. */
  if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all) && mine != 0)
    bits &= mine;
  before = bits == 0 ? 0 : SetThreadAffinityMask(*tid, bits);
  if (before == 0)
    return bits == 0 ? UV_EINVAL : uv__error_translate(GetLastError());
  if (oldmask != NULL)
    spread(before, oldmask);
  return 0;
}

int uv_thread_getcpu(void) {
  return (int) GetCurrentProcessorNumber();
}
