/* os.h for Unix. */
#include "os.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#if defined(__GLIBC__)
#  include <malloc.h>
#endif

uint64_t bench_cpu_ns(void) {
  struct timespec ts;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
  return (uint64_t) ts.tv_sec * 1000000000u + (uint64_t) ts.tv_nsec;
}

uint64_t bench_heap_bytes(void) {
#if defined(__GLIBC__)
  struct mallinfo2 info = mallinfo2();

  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

void bench_pipe_name(char name[BENCH_PIPE_NAME_SIZE]) {
  snprintf(name, BENCH_PIPE_NAME_SIZE, "/tmp/uvstream-bench-%ld", (long) getpid());
}

int bench_write_byte(int fd) {
  return write(fd, "", 1) == 1 ? 0 : -1;
}

void bench_close(int fd) {
  close(fd);
}

static void* run(void* arg) {
  struct bench_thread* thread = arg;

  thread->entry(thread->arg);
  return NULL;
}

int bench_fileno(FILE* file) {
  return fileno(file);
}

int bench_thread_start(struct bench_thread* thread, void (*entry)(void* arg), void* arg) {
  pthread_t* native = malloc(sizeof(*native));

  if (native == NULL)
    return -1;
  thread->entry = entry;
  thread->arg = arg;
  thread->native = native;
  if (pthread_create(native, NULL, run, thread) == 0)
    return 0;
  free(native);
  return -1;
}

void bench_thread_join(struct bench_thread* thread) {
  pthread_t* native = thread->native;

  pthread_join(*native, NULL);
  free(native);
}
