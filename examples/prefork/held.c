/* hold of prefork_held, a prefork for tests: at a place that a test has named the master is as slow as on
 * a machine that has other things to do, until the test lets it go on. So what can happen meanwhile does
 * happen, and what a test of that counts is the same every time.
 *
 * A test names a place by a file of that name in the current folder, and lets go by removing it. */
#include <stdio.h>

#include "../relay/report.h"
#include "hold.h"
#include "uv.h"

#define LOOK_MS 5

static int is_there(const char* name) {
  FILE* file = fopen(name, "r");
  if (file != NULL)
    fclose(file);
  return file != NULL;
}

void hold(const char* place) {
  if (!is_there(place))
    return;
  report(REPORT_NORMAL, "is held: %s", place);
  while (is_there(place))
    uv_sleep(LOOK_MS);
}
