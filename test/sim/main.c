/* Runs seeds: `--seed N` one of them, `-v` with its trace; `--runs N --from S` many, with
 * `--progress` naming each on standard error, for those that end without a word. With
 * `--scenario NAME` the seeds are schedules of that program of scenarios.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "sim.h"

static int usage(const char* name) {
  fprintf(stderr, "usage: %s [--scenario NAME] --seed N [-v] | --runs N [--from S] [--progress]\n",
          name);
  return 2;
}

int main(int argc, char** argv) {
  unsigned long long from = 0;
  unsigned long long runs = 0;
  unsigned long long i;
  const char* scenario = NULL;
  int progress = 0;
  int at;

  for (at = 1; at < argc; at++) {
    const char* value = at + 1 < argc ? argv[at + 1] : NULL;

    if (strcmp(argv[at], "-v") == 0) {
      sim_verbose = 1;
      continue;
    }
    if (strcmp(argv[at], "--progress") == 0) {
      progress = 1;
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
    } else if (strcmp(argv[at], "--scenario") == 0) {
      scenario = value;
    } else {
      return usage(argv[0]);
    }
    at++;
  }
  if (runs == 0)
    return usage(argv[0]);
  if (uv_replace_allocator(sim_malloc, sim_realloc, sim_calloc, sim_free) != 0)
    return 1;
  for (i = 0; i < runs; i++) {
    if (progress)
      fprintf(stderr, "at seed %llu\n", from + i);
    if (scenario == NULL)
      program_run(from + i);
    else if (!scenario_run(scenario, from + i))
      return usage(argv[0]);
  }
  printf("%llu runs from seed %llu: every rule held\n", runs, from);
  return 0;
}
