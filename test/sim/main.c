/* Runs seeds: `--seed N` one of them, `-v` with its trace; `--runs N --from S` many, with
 * `--progress` naming each on standard error, for those that end without a word, and `--digest` telling
 * there in a number what each did (digest.cmake). With
 * `--scenario NAME` the seeds are schedules of that program of scenarios.c. `--marks` runs all of
 * those too, and then counts the rare states (marks.h): one that was not reached is a failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "sim.h"

enum {
  SCHEDULES = 25 /* of each scenario, for the marks; a scenario's own test has more */
};

static struct {
  unsigned long long from;
  unsigned long long runs;
  const char* scenario;
  int progress;
  int digest;
  int marks;
} wanted;

static int usage(const char* name) {
  fprintf(stderr,
          "usage: %s [--scenario NAME | --marks] --seed N [-v] | --runs N [--from S] [--progress | "
          "--digest]\n",
          name);
  return 2;
}

static int parse(int argc, char** argv) {
  int at;

  for (at = 1; at < argc; at++) {
    const char* value = at + 1 < argc ? argv[at + 1] : NULL;

    if (strcmp(argv[at], "-v") == 0) {
      sim_verbose = 1;
      continue;
    }
    if (strcmp(argv[at], "--progress") == 0) {
      wanted.progress = 1;
      continue;
    }
    if (strcmp(argv[at], "--digest") == 0) {
      wanted.digest = 1;
      continue;
    }
    if (strcmp(argv[at], "--marks") == 0) {
      wanted.marks = 1;
      continue;
    }
    if (value == NULL)
      return 0;
    if (strcmp(argv[at], "--seed") == 0) {
      wanted.from = strtoull(value, NULL, 10);
      wanted.runs = 1;
    } else if (strcmp(argv[at], "--runs") == 0) {
      wanted.runs = strtoull(value, NULL, 10);
    } else if (strcmp(argv[at], "--from") == 0) {
      wanted.from = strtoull(value, NULL, 10);
    } else if (strcmp(argv[at], "--scenario") == 0) {
      wanted.scenario = value;
    } else {
      return 0;
    }
    at++;
  }
  return wanted.runs > 0 && !(wanted.marks && wanted.scenario != NULL);
}

/* 0 when one of the rare states was never reached. */
static int count_marks(void) {
  static const char* const names[] = {
#define NAME(name, text) #name ": " text,
      SIM_MARKS(NAME)
#undef NAME
  };
  int all = 1;
  int i;

  for (i = 0; i < SIM_MARK_COUNT; i++) {
    printf("%9lu  %s\n", sim_marks[i], names[i]);
    if (sim_marks[i] > 0)
      continue;
    fprintf(stderr, "not reached: %s\n", names[i]);
    all = 0;
  }
  return all;
}

static void run_scenarios(void) {
  const char* name;
  size_t number;
  uint64_t seed;

  for (number = 0; (name = scenario_name(number)) != NULL; number++)
    for (seed = 0; seed < SCHEDULES; seed++)
      (void) scenario_run(name, seed);
}

int main(int argc, char** argv) {
  unsigned long long i;

  if (!parse(argc, argv))
    return usage(argv[0]);
  sim_catch_asserts();
  if (uv_replace_allocator(sim_malloc, sim_realloc, sim_calloc, sim_free) != 0)
    return 1;
  for (i = 0; i < wanted.runs; i++) {
    uint64_t seed = wanted.from + i;

    if (wanted.progress)
      fprintf(stderr, "at seed %llu\n", (unsigned long long) seed);
    if (wanted.scenario == NULL)
      program_run(seed);
    else if (!scenario_run(wanted.scenario, seed))
      return usage(argv[0]);
    if (wanted.digest)
      fprintf(stderr, "%llu: %016llx\n", (unsigned long long) seed,
              (unsigned long long) sim_digest());
  }
  if (wanted.marks)
    run_scenarios();
  if (wanted.marks && !count_marks())
    return 1;
  printf("%llu runs from seed %llu: every rule held\n", wanted.runs, wanted.from);
  return 0;
}
