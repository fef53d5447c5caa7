/* What every system under a seed has, simulated or modelled: numbers, a trace, failures, and memory
 * that is counted. */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_STEPS = 1000000,
  HEADER = 16 /* in front of allocated memory; keeps its alignment */
};

struct sim_trouble sim_trouble;
int sim_verbose;
int sim_alloc_fail;
unsigned long sim_marks[SIM_MARK_COUNT];

static uint64_t seed;
static uint64_t random_state;
static uint64_t step;
static uint64_t digest;
static long live_allocations;

/* ---- Numbers, trace, failure ---- */

unsigned sim_below(unsigned bound) {
  uint64_t x;

  /* splitmix64 */
  random_state += 0x9e3779b97f4a7c15u;
  x = random_state;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  return (unsigned) ((x >> 11) % bound);
}

int sim_chance(unsigned percent) {
  return percent > 0 && sim_below(100) < percent;
}

void sim_trace(const char* format, ...) {
  va_list args;

  if (++step == MOST_STEPS) /* Every operation of the system comes by here. */
    sim_fail("a spin: the run has no end");
  digest = (digest ^ random_state ^ sim_clock_ms() ^ (unsigned char) format[2]) * 1099511628211u;
  if (!sim_verbose)
    return;
  printf("%6llu t=%-5llu ", (unsigned long long) step, (unsigned long long) sim_clock_ms());
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
}

void sim_fail(const char* format, ...) {
  va_list args;

  fflush(stdout);
  fprintf(stderr, "seed %llu step %llu: ", (unsigned long long) seed, (unsigned long long) step);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  fflush(stderr);
  _Exit(1); /* The leaks of a run cut short are of no interest. */
}

uint64_t sim_digest(void) {
  return digest;
}

/* ---- Memory ---- */

void* sim_malloc(size_t size) {
  char* block;

  if (sim_alloc_fail) {
    sim_alloc_fail = 0;
    return NULL;
  }
  block = malloc(size + HEADER);
  if (block == NULL)
    sim_fail("the test itself is out of memory");
  memset(block + HEADER, 0xa5, size);
  memcpy(block, &size, sizeof(size));
  live_allocations++;
  return block + HEADER;
}

void* sim_calloc(size_t count, size_t size) {
  void* ptr = sim_malloc(count * size);

  if (ptr != NULL)
    memset(ptr, 0, count * size);
  return ptr;
}

void sim_free(void* ptr) {
  size_t size;

  if (ptr == NULL)
    return;
  memcpy(&size, (char*) ptr - HEADER, sizeof(size));
  memset(ptr, 0xdd, size);
  live_allocations--;
  free((char*) ptr - HEADER);
}

void* sim_realloc(void* ptr, size_t size) {
  size_t before = 0;
  void* moved;

  if (ptr != NULL)
    memcpy(&before, (char*) ptr - HEADER, sizeof(before));
  moved = sim_malloc(size);
  if (moved == NULL)
    return NULL;
  if (ptr != NULL)
    memcpy(moved, ptr, before < size ? before : size);
  sim_free(ptr);
  return moved;
}

/* ---- A run ---- */

void sim_base_begin(uint64_t with_seed) {
  seed = with_seed;
  random_state = with_seed * 0x2545f4914f6cdd1du + 0x1234567;
  step = 0;
  digest = 14695981039346656037u; /* FNV-1a */
  sim_alloc_fail = 0;
  live_allocations = 0;
}

void sim_base_end(void) {
  if (live_allocations != 0)
    sim_fail("%ld allocations were not freed", live_allocations);
}
