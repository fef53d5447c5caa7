/* What the benchmarks need from the operating system beside the library under test: clocks
 * of CPU time, the heap, a name for a pipe, a descriptor, a thread. One file per system has it: os_unix.c, os_win.c. */
#ifndef BENCH_OS_H_
#define BENCH_OS_H_

#include <stdint.h>
#include <stdio.h>

/* User plus system time of this process, in nanoseconds. */
uint64_t bench_cpu_ns(void);

/* Bytes that malloc has given out and not taken back; 0 where nobody can tell. */
uint64_t bench_heap_bytes(void);

/* A name that only this process gives to a pipe. It is short: sun_path ends after some hundred
 * bytes. */
#define BENCH_PIPE_NAME_SIZE 64
void bench_pipe_name(char name[BENCH_PIPE_NAME_SIZE]);

/* A descriptor of uv_pipe() that is no stream. Writes a byte: 0 or -1. */
int bench_write_byte(int fd);
void bench_close(int fd);

int bench_fileno(FILE* file);

struct bench_thread {
  void (*entry)(void* arg);
  void* arg;
  void* native;
};

/* Run entry(arg) on a thread. `thread` stays where it is until the join. 0 or -1. */
int bench_thread_start(struct bench_thread* thread, void (*entry)(void* arg), void* arg);
void bench_thread_join(struct bench_thread* thread);

#endif /* BENCH_OS_H_ */
