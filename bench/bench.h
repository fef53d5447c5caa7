/* What every benchmark that uses uv.h shares: ending on an error, and the form of results,
 * which bench/run reads: one "name value" per line on the standard output.
 *
 * These sources are compiled against this library and against libuv. They use nothing that
 * only one of the two has. */
#ifndef BENCH_H_
#define BENCH_H_

#include <stdio.h>
#include <stdlib.h>

#include "os.h"
#include "uv.h"

/* A benchmark that met an error has no result: say where and end. */
static inline void check(int result, const char* what) {
  if (result >= 0)
    return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
  exit(1);
}

static inline void* allocate(size_t size) {
  void* memory = calloc(1, size);

  check(memory == NULL ? UV_ENOMEM : 0, "calloc");
  return memory;
}

static inline void result(const char* name, double value) {
  printf("%s %.3f\n", name, value);
}

/* The n-th argument as a number that is at least 1; `otherwise` when it is not there. */
static inline long argument(int argc, char** argv, int n, long otherwise) {
  long value = n < argc ? strtol(argv[n], NULL, 10) : otherwise;

  check(value < 1 ? UV_EINVAL : 0, "argument");
  return value;
}

/* Numbers that look like any, and the same ones each time and for both libraries. */
static inline uint64_t next_number(void) {
  static uint64_t state = 88172645463325252u;

  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* Of a timer that is not to come, in milliseconds: from an hour on, to a month. */
static inline uint64_t far_time(void) {
  return 3600000u + next_number() % 2592000000u;
}

/* A uv_alloc_cb: room for little that nobody looks at, in one thread. */
static inline void small_room(uv_handle_t* handle, size_t suggested_size, uv_buf_t* buf) {
  static char bytes[64];

  (void) handle;
  (void) suggested_size;
  *buf = uv_buf_init(bytes, sizeof(bytes));
}

/* What one thing took: */
struct measure {
  uint64_t cpu_ns;
  uint64_t wall_ns;
};

static inline struct measure measure_begin(void) {
  struct measure begin;

  begin.cpu_ns = bench_cpu_ns();
  begin.wall_ns = uv_hrtime();
  return begin;
}

/* ... prints it. */
static inline void measure_end(const struct measure* begin, long messages) {
  result("cpu_ns", (double) (bench_cpu_ns() - begin->cpu_ns));
  result("wall_ns", (double) (uv_hrtime() - begin->wall_ns));
  result("messages", (double) messages);
}

#endif /* BENCH_H_ */
