/* Runs seeds: `--seed N` one of them, `-v` with its trace; `--runs N --from S` many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "sim.h"

static int usage(const char* name) {
  fprintf(stderr, "usage: %s --seed N [-v] | --runs N [--from S]\n", name);
  return 2;
}

int main(int argc, char** argv) {
  unsigned long long from = 0;
  unsigned long long runs = 0;
  unsigned long long i;
  int at;

  for (at = 1; at < argc; at++) {
    const char* value = at + 1 < argc ? argv[at + 1] : NULL;

    if (strcmp(argv[at], "-v") == 0) {
      sim_verbose = 1;
      continue;
    }
    if (value == NULL)
      return usage(argv[0]);
    if (strcmp(argv[at], "--seed") == 0) {
      from = strtoull(value, NULL, 10);
      runs = 1;
    } else if (strcmp(argv[at], "--runs") == 0) {
      runs = strtoull(value, NULL, 10);
    } else if (strcmp(argv[at], "--from") == 0) {
      from = strtoull(value, NULL, 10);
    } else {
      return usage(argv[0]);
    }
    at++;
  }
  if (runs == 0)
    return usage(argv[0]);
  if (uv_replace_allocator(sim_malloc, sim_realloc, sim_calloc, sim_free) != 0)
    return 1;
  for (i = 0; i < runs; i++)
    program_run(from + i);
  printf("%llu runs from seed %llu: every rule held\n", runs, from);
  return 0;
}
