/* os.h for Windows. */
#include "os.h"

#include <io.h>
#include <stdio.h>
#include <windows.h>

static uint64_t ticks(FILETIME time) {
  return (uint64_t) time.dwHighDateTime << 32 | time.dwLowDateTime;
}

uint64_t bench_cpu_ns(void) {
  FILETIME created;
  FILETIME ended;
  FILETIME system;
  FILETIME user;

  if (!GetProcessTimes(GetCurrentProcess(), &created, &ended, &system, &user))
    return 0;
  return (ticks(system) + ticks(user)) * 100; /* a FILETIME counts 100 ns */
}

/* The C run-time of Windows keeps no such count. */
uint64_t bench_heap_bytes(void) {
  return 0;
}

void bench_pipe_name(char name[BENCH_PIPE_NAME_SIZE]) {
  snprintf(name, BENCH_PIPE_NAME_SIZE, "\\\\.\\pipe\\uvstream-bench-%lu", GetCurrentProcessId());
}

int bench_write_byte(int fd) {
  return _write(fd, "", 1) == 1 ? 0 : -1;
}

void bench_close(int fd) {
  _close(fd);
}

static DWORD WINAPI run(void* arg) {
  struct bench_thread* thread = arg;

  thread->entry(thread->arg);
  return 0;
}

int bench_fileno(FILE* file) {
  return _fileno(file);
}

int bench_thread_start(struct bench_thread* thread, void (*entry)(void* arg), void* arg) {
  thread->entry = entry;
  thread->arg = arg;
  thread->native = CreateThread(NULL, 0, run, thread, 0, NULL);
  return thread->native == NULL ? -1 : 0;
}

void bench_thread_join(struct bench_thread* thread) {
  WaitForSingleObject(thread->native, INFINITE);
  CloseHandle(thread->native);
}
