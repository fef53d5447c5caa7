/* What tests ask of the shim (test/support/shim.h), where the system is the model. It behaves as the shim
 * would make it; and it counts. */
#include "shim.h"

#include <stdio.h>
#include <string.h>

#include "nt.h"

enum {
  MOST = 256
};

static struct {
  const char* name;
  size_t count;
} calls[MOST];

/* Calls have their names from literals, of which the linker may keep several. */
static void count(const char* call) {
  unsigned i;

  for (i = 0; i < MOST; i++) {
    if (calls[i].name == NULL)
      calls[i].name = call;
    if (strcmp(calls[i].name, call) == 0) {
      calls[i].count++;
      return;
    }
  }
  nt_fault("more kinds of calls than are counted");
}

int shim_use(const char* behaviours) {
  (void) behaviours;
  return 1;
}

void shim_count_begin(void) {
  memset(calls, 0, sizeof(calls));
  nt_watch = count;
}

void shim_count_end(void) {
  nt_watch = NULL;
}

size_t shim_count(const char* function) {
  size_t sum = 0;
  unsigned i;

  for (i = 0; i < MOST && calls[i].name != NULL; i++)
    if (function == NULL || strcmp(calls[i].name, function) == 0)
      sum += calls[i].count;
  return sum;
}

void shim_count_print(double operations) {
  unsigned i;

  for (i = 0; i < MOST && calls[i].name != NULL; i++)
    fprintf(stderr, "%10.2f %s\n", (double) calls[i].count / operations, calls[i].name);
}
