/* What test/api needs to run over the model: each test is run under several seeds, each in a process of
 * its own, since tests keep what they know in static variables. NT_SEED in the environment: under that one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "host.h"
#include "memory.h"
#include "nt.h"

enum {
  SEEDS = 3
};

/* Tests that wait themselves for a peer or for another process, on the loop's thread, or with a lock of
 * their own. */
static const char* const waiting_tests[] = {
    "cond_timedwait_times_out",
    "mutex_recursive",
    "mutex_trylock",
    "rwlock_try",
    "tcp_open_adopts_a_connected_socket",
    "y3_tty_win_stop_and_close_while_typing_lines",
    "y3_tty_win_stop_and_close_while_typing_raw",
};

static char note[64];
static int is_first;

static void let_it_wait(void) {
  size_t i;

  for (i = 0; i < sizeof(waiting_tests) / sizeof(waiting_tests[0]); i++)
    if (strcmp(__argv[1], waiting_tests[i]) == 0)
      (void) nt_may_block(1);
}

/* Of what not every machine can do: a layered provider keeps a socket that is to leave (X6). */
static int is_for_a_whole_machine(const char* test) {
  return strncmp(test, "x6_", 3) == 0 || strcmp(test, "p2_pair_has_no_name") == 0;
}

static void begin(uint64_t seed) {
  snprintf(note, sizeof(note), "nt: under NT_SEED=%llu\n", (unsigned long long) seed);
  nt_note = note;
  nt_begin(seed);
  nt_sockets_are_ifs = seed % 4 != 3;
  if (is_for_a_whole_machine(__argv[1]))
    nt_sockets_are_ifs = nt_pipes_have_folder = 1;
  let_it_wait();
  memory_begin();
}

/* ThreadSanitizer looks at one order for most of them, and at all where the library has threads, or handlers on
 * others': streams that go between threads (X6), signals, terminals, processes, asyncs. */
static int has_threads(const char* test) {
  return strncmp(test, "x6_", 3) == 0 || strstr(test, "signal") != NULL ||
         strstr(test, "tty") != NULL || strstr(test, "process") != NULL ||
         strstr(test, "async") != NULL;
}

/* In the children it returns, to the test. A process of the model goes on in the run it belongs to. */
void api_native_begin(void) {
  uint64_t seeds = HARNESS_TSAN && !has_threads(__argv[1]) ? 1 : SEEDS;
  const char* one;
  uint64_t seed;

  if (nt_is_child()) { /* which asks no more than it does in another run */
    let_it_wait();
    memory_begin();
    return;
  }
  one = getenv("NT_SEED");
  if (one != NULL) {
    begin(strtoull(one, NULL, 0));
    return;
  }
  for (seed = 1; seed <= seeds; seed++) {
    int status = 0;

    if (host_try(&status)) {
      is_first = seed == 1;
      begin(seed);
      return;
    }
    if (status != 0) {
      fprintf(stderr, "nt: that was NT_SEED=%llu\n", (unsigned long long) seed);
      host_exit(status);
    }
  }
  host_exit(0);
}

/* A look for what else leaks costs more than a test does: the first seed's shows it. */
void api_native_end(void) {
  memory_end();
  if (nt_is_child())
    return;
  nt_end();
  if (!is_first && getenv("NT_SEED") == NULL)
    host_exit(0);
}
